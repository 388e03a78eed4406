"""What a contract's refusal means, in English and Korean, and what to do about it.

    except RefusedError as failure:
        print(sentence(failure.error, failure.values, "ko_KR"))

One pair of sentences for each custom error of the suite; a test fails when one is missing. Values
of the error stand in braces. docs/errors.md is made from the same table.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from aceso.codes import Reason, label

from ._dispute_sentences import DISPUTE_SENTENCES
from ._market_sentences import MARKET_SENTENCES
from ._reward_sentences import REWARD_SENTENCES
from .abi import error_formats
from .calls import Call, Receipt
from .errors import OrderDeniedError, RefusedError

__all__ = ["SENTENCES", "error_code", "markdown", "refused", "sentence"]

_PANIC: Final = bytes.fromhex("4e487b71")
_TEXT: Final = bytes.fromhex("08c379a0")
_OTHER: Final = "Other"
# Values that are seconds since 1970.
_TIMES: Final = {
    *("readyAt", "validFrom", "validUntil", "latest", "deadline", "until", "anchoredAt"),
    *("majority", "committed", "inForceFrom", "reviewUntil", "stop", "ends"),
    *("endsAt", "endedAt"),
}
# The terms of an offer, in the order of the struct; a study has a researcher in the first place.
_TERMS: Final = (
    ("who makes it", "내는 사람"),
    ("its price", "가격"),
    ("its institution", "기관"),
    ("its committee", "위원회"),
    ("its duration", "이용 기간"),
    ("the institution's part", "기관 몫"),
    ("its use", "이용 목적"),
    ("its classes", "자료 종류"),
    ("its disease", "질환"),
    ("its conditions", "조건"),
    ("its delivery period", "인도 기한"),
    # Those that a study has beside.
    ("its deadline", "모집 기한"),
    ("its cap", "정원"),
    ("its criteria", "대상 기준"),
    ("its document", "기준 문서"),
    ("its keys", "받는 열쇠 목록"),
)
_STATES: Final = (
    ("is none", "없습니다"),
    ("is open", "인도를 기다립니다"),
    ("is delivered", "인도되었습니다"),
    ("is settled", "정산되었습니다"),
    ("is disputed", "분쟁 중입니다"),
)
_STAGES: Final = (
    ("does not exist", "없습니다"),
    ("waits for its panel", "심사단을 추첨하고 있습니다"),
    ("is being voted on", "심사 중입니다"),
    ("was upheld", "인용되었습니다"),
    ("was dismissed", "기각되었습니다"),
    ("lapsed", "실효되었습니다"),
)

_ROOT_STATES: Final = (
    ("was not posted", "올라오지 않았습니다"),
    ("is posted", "올라와 있습니다"),
    ("is challenged", "이의를 다투고 있습니다"),
    ("stands", "확정되었습니다"),
)
_BAN_STATES: Final = (
    ("is none", "없습니다"),
    ("is proposed", "제안되었습니다"),
    ("stands", "내려졌습니다"),
    ("is appealed", "이의를 다투고 있습니다"),
    ("is final", "확정되었습니다"),
)
_NAMED: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "term": _TERMS,
    "state": _STATES,
    "stage": _STAGES,
    "rootState": _ROOT_STATES,
    "banState": _BAN_STATES,
}

_OF_THE_ECONOMY: Final = {**MARKET_SENTENCES, **DISPUTE_SENTENCES, **REWARD_SENTENCES}

SENTENCES: Final[Mapping[str, tuple[str, str]]] = {
    # ParticipantRegistry
    "ParticipantNotAuthority": (
        "{caller} is not the authority: only the authority's wallet may do this.",
        "{caller} 계정은 인증 기관이 아닙니다. 인증 기관의 지갑만 할 수 있습니다.",
    ),
    "ParticipantNotInstitution": (
        "{caller} does not run institution {number}: send this from the institution's own account.",
        "{caller} 계정은 {number}번 기관의 계정이 아닙니다. 기관 계정으로 보내십시오.",
    ),
    "ParticipantNotReady": (
        "The accreditation of {account} is not ready before {readyAt} (1970 means that none was "
        "proposed): wait until then, or have the authority propose it.",
        "{account} 계정의 인증은 {readyAt}부터 확정할 수 있습니다(1970년이면 제안된 적이 "
        "없습니다). 그때까지 기다리거나 인증 기관에 제안을 요청하십시오.",
    ),
    "ParticipantInvalidAccount": (
        "The account is the zero address: name the account that is meant.",
        "계정이 0 주소입니다. 대상 계정을 지정하십시오.",
    ),
    "ParticipantInvalidKey": (
        "A published key has from 32 to 4,096 bytes, not {length}: publish the public key itself.",
        "공개하는 열쇠는 32바이트에서 4,096바이트여야 하는데 {length}바이트입니다. 공개 열쇠 "
        "자체를 올리십시오.",
    ),
    "CommitteeInvalidSize": (
        "A committee has 2 to 16 members of as many institutions and a threshold from 2 on, not "
        "{members} members of {institutions} with threshold {threshold}: correct the list.",
        "위원회는 서로 다른 기관의 구성원 2~16명과 2 이상의 정족수가 필요합니다(구성원 "
        "{members}, 기관 {institutions}, 정족수 {threshold}). 목록을 고치십시오.",
    ),
    "CommitteeInvalidOrder": (
        "Institution {institution} is out of order: name the institutions in rising order, each "
        "once.",
        "{institution}번 기관의 순서가 틀렸습니다. 기관을 번호 순서로 한 번씩만 적으십시오.",
    ),
    "CommitteeInvalidMember": (
        "{member} is not an accredited custodian of institution {institution} now: have it "
        "accredited and made a member first.",
        "{member} 계정은 지금 {institution}번 기관의 인증된 보관자가 아닙니다. 먼저 인증과 "
        "등록을 받으십시오.",
    ),
    "CheckpointUnorderedInsertion": (
        "A standing can't be written before an earlier one: the chain's clock went back; ask "
        "whoever runs the chain.",
        "자격을 과거 시점에 기록할 수 없습니다. 체인의 시계가 되돌아갔으니 운영자에게 알리십시오.",
    ),
    # ConsentRegistry
    "ConsentInvalidGrantee": (
        "{grantee} names no account and no group: name whom the consent is for.",
        "{grantee}에 해당하는 계정이나 집단이 없습니다. 누구에게 동의하는지 지정하십시오.",
    ),
    "ConsentInvalidClasses": (
        "These classes of data ({classes}) are none, unknown, or for a physician not clinical: "
        "name classes of the vocabulary.",
        "자료 종류({classes})가 비었거나 목록에 없거나, 주치의에게 열 수 없는 종류입니다. 목록에 "
        "있는 종류를 고르십시오.",
    ),
    "ConsentInvalidUses": (
        "These uses ({uses}) are none or unknown: name uses of the vocabulary.",
        "이용 목적({uses})이 비었거나 목록에 없습니다. 목록에 있는 목적을 고르십시오.",
    ),
    "ConsentInvalidDisease": (
        "Disease {disease} does not fit the uses: name a disease for research on one disease, and "
        "only then.",
        "질환 {disease}이(가) 목적과 맞지 않습니다. 한 질환 연구일 때만 질환을 지정하십시오.",
    ),
    "ConsentInvalidPeriod": (
        "The period from {validFrom} to {validUntil} is empty, over, or ends after {latest}, the "
        "limit for these uses: choose an end between now and then.",
        "{validFrom}부터 {validUntil}까지의 기간이 비었거나 지났거나 허용 한도({latest})를 "
        "넘습니다. 지금과 그 사이로 끝을 정하십시오.",
    ),
    "ConsentGranteeBarred": (
        "{grantee} is barred: lift the bar first if you do want to permit this account.",
        "{grantee} 계정은 차단되어 있습니다. 허락하려면 먼저 차단을 푸십시오.",
    ),
    "ConsentNotBarred": (
        "{actor} is not barred: there is nothing to lift.",
        "{actor} 계정은 차단되어 있지 않습니다. 풀 차단이 없습니다.",
    ),
    "ConsentExpiredSignature": (
        "The signed consent could be submitted until {deadline}: sign it again.",
        "서명한 동의는 {deadline}까지만 낼 수 있었습니다. 다시 서명하십시오.",
    ),
    "ConsentInvalidSignature": (
        "The signature is not that of {subject} over this act as things stand: another act came "
        "first, or another key signed. Read the state again and sign anew.",
        "지금 상태에서 {subject}의 서명이 아닙니다. 다른 행위가 먼저 처리되었거나 다른 열쇠로 "
        "서명했습니다. 상태를 다시 읽고 서명하십시오.",
    ),
    # RecordRegistry
    "RecordInvalidCommitment": (
        "A root or a leaf is never zero: name the record that is meant.",
        "루트나 잎은 0일 수 없습니다. 대상 기록을 지정하십시오.",
    ),
    "RecordAlreadyAnchored": (
        "{issuer} anchored this batch at {anchoredAt}: nothing more is to be done.",
        "{issuer}이(가) {anchoredAt}에 이미 등록한 묶음입니다. 더 할 일이 없습니다.",
    ),
    "RecordAlreadyEnded": (
        "{issuer} has superseded or retracted this record before: it can't be ended twice.",
        "{issuer}이(가) 이미 대체하거나 철회한 기록입니다. 두 번 끝낼 수 없습니다.",
    ),
    "RecordExpiredSignature": (
        "The signed act on a record could be submitted until {deadline}: sign it again.",
        "서명한 기록 행위는 {deadline}까지만 낼 수 있었습니다. 다시 서명하십시오.",
    ),
    "RecordInvalidSignature": (
        "The signature is not that of {issuer} over this act: sign with the issuer's key.",
        "{issuer}의 서명이 아닙니다. 발급자의 열쇠로 서명하십시오.",
    ),
    # AccessLog
    "LogUnaccredited": (
        "{custodian} is no accredited custodian: have it accredited, then anchor its log.",
        "{custodian} 계정은 인증된 수탁자가 아닙니다. 인증을 받은 뒤 기록을 등록하십시오.",
    ),
    "LogNotLonger": (
        "The log of {custodian} was anchored with {anchored} entries, and {size} are no more: "
        "nothing is to be done, unless entries were lost.",
        "{custodian}의 기록은 이미 {anchored}건으로 등록되어 있어 {size}건은 더 길지 않습니다. "
        "기록이 사라진 것이 아니라면 더 할 일이 없습니다.",
    ),
    "LogInvalidSignature": (
        "The signature is not that of {custodian} over this head: sign with the custodian's key.",
        "이 기록에 대한 {custodian}의 서명이 아닙니다. 수탁자의 열쇠로 서명하십시오.",
    ),
    # MultiSigWallet
    "WalletInvalidOwners": (
        "The owners must be in rising order, each once, and no fewer than the threshold: correct "
        "the list.",
        "소유자는 주소 순서로 한 번씩, 정족수 이상이어야 합니다. 목록을 고치십시오.",
    ),
    "WalletNotSigned": (
        "{signed} owners signed, and {threshold} have to: collect more signatures, in the order of "
        "the owners.",
        "소유자 {signed}명이 서명했고 {threshold}명이 필요합니다. 소유자 순서대로 서명을 더 "
        "모으십시오.",
    ),
    "WalletCallFailed": (
        "The wallet's call failed: {reason}",
        "지갑의 호출이 실패했습니다: {reason}",
    ),
    # Guardianship
    "GuardianInvalidAccount": (
        "{guardian} can't be a guardian: name somebody else than nobody and yourself.",
        "{guardian} 계정은 후견인이 될 수 없습니다. 본인이나 0 주소가 아닌 계정을 지정하십시오.",
    ),
    "GuardianInvalidPowers": (
        "The powers ({powers}) are none or unknown: name to share, to stop or to recover.",
        "권한({powers})이 없거나 알 수 없는 것입니다. 공유, 중지, 복구 가운데 지정하십시오.",
    ),
    "GuardianInvalidPeriod": (
        "The period from {validFrom} to {validUntil} is empty, over, or ends after "
        "{latest}: a guardian ends at majority at the latest, or in 50 years.",
        "{validFrom}부터 {validUntil}까지의 기간이 비었거나 지났거나 {l"
        "atest} 뒤에 끝납니다. 후견은 늦어도 성년이 되는 때나 50년 안에 끝나야 합"
        "니다.",
    ),
    "GuardianInvalidMajority": (
        "The majority {majority} does not stand: it is the beginning of a quarter, at "
        "most 21 years ahead, and once committed ({committed}) it can't be changed.",
        "성년 시점 {majority}은(는) 쓸 수 없습니다. 분기의 시작이어야 하고 21"
        "년 안이어야 하며, 한 번 정하면({committed}) 바꿀 수 없습니다.",
    ),
    "GuardianInvalidThreshold": (
        "A seed is recovered by 2 to 16 guardians together, not {threshold}: choose "
        "another number.",
        "시드는 후견인 2~16명이 함께 복구합니다({threshold}명은 안 됩니다). 다른 수를 고르십시오.",
    ),
    "GuardianNotNamed": (
        "{guardian} has no appointment by {subject} that waits to be accepted: ask the "
        "person to name you first.",
        "{subject}이(가) {guardian}을(를) 후견인으로 정해 두지 않았거나 "
        "이미 수락했습니다. 먼저 지정을 요청하십시오.",
    ),
    "GuardianNotInForce": (
        "{guardian} may not do this for {subject} now (power {powers}): a guardian acts"
        " within their appointment, for a minor or while incapacity is in force.",
        "{guardian}은(는) 지금 {subject}을(를) 대신할 수 없습니다(권한 "
        "{powers}). 후견인은 정해진 범위에서, 미성년자이거나 의사능력 상실이 확인된"
        " 동안에만 대신합니다.",
    ),
    "GuardianInvalidShare": (
        "{actor} can't be let in until {validUntil}: choose a time from now on and not "
        "after {latest}, when the guardian ends.",
        "{actor} 계정을 {validUntil}까지 들일 수 없습니다. 지금보다 뒤이고"
        " 후견이 끝나는 {latest}보다 늦지 않은 시각을 고르십시오.",
    ),
    "ClaimNotPhysician": (
        "{caller} is no accredited physician of institution {institution}: only such may attest.",
        "{caller} 계정은 {institution}번 기관에 속한 인증된 의사가 아닙니"
        "다. 그런 의사만 확인할 수 있습니다.",
    ),
    "ClaimNotIndependent": (
        "{physician} of institution {institution} is not independent of the first "
        "physician: neither may belong to the other's institution.",
        "{institution}번 기관의 {physician} 의사는 첫 번째 의사와 독립"
        "적이지 않습니다. 서로의 기관에 속하지 않은 의사여야 합니다.",
    ),
    "ClaimInvalid": (
        "Physicians can't attest claim {claim} now: it was confirmed before (in force "
        "from {inForceFrom}; 1970 means not), or is not theirs to make.",
        "의사가 지금 {claim}번 주장을 확인할 수 없습니다. 이미 확인되었거나({inF"
        "orceFrom}부터, 1970년이면 아님) 의사가 하는 주장이 아닙니다.",
    ),
    "RecoveryInvalidCount": (
        "{guardians} guardians signed, and this recovery takes {threshold} to 16 (0 "
        "means that none was prepared): collect more signatures.",
        "후견인 {guardians}명이 서명했고, 이 복구에는 {threshold}~16명"
        "이 필요합니다(0이면 준비되지 않음). 서명을 더 모으십시오.",
    ),
    "RecoveryInvalidOrder": (
        "The guardians are not in rising order, or {guardian} is there twice: sort them"
        " and name each once.",
        "후견인이 오름차순이 아니거나 {guardian}이(가) 두 번 있습니다. 정렬하고 "
        "한 번씩만 적으십시오.",
    ),
    "RecoveryStands": (
        "Another recovery stands until {validUntil}: the person can end it by a veto.",
        "다른 복구가 {validUntil}까지 진행 중입니다. 본인이 거부하면 끝낼 수 있습니다.",
    ),
    "PersonaAlreadySucceeded": (
        "{subject} was succeeded by {successor}, for good: act as the new persona.",
        "{subject}은(는) {successor}(으)로 영구히 이어졌습니다. 새 페르소나로 하십시오.",
    ),
    "PersonaInvalidSuccessor": (
        "{successor} can't succeed: it is nobody, the persona itself, or was succeeded "
        "before. Choose a new persona.",
        "{successor} 계정은 이을 수 없습니다. 0 주소이거나 같은 페르소나이거나 "
        "이미 이어진 것입니다. 새 페르소나를 고르십시오.",
    ),
    "GuardianExpiredSignature": (
        "The signed act could be submitted until {deadline}: sign it again.",
        "서명한 행위는 {deadline}까지만 낼 수 있었습니다. 다시 서명하십시오.",
    ),
    "GuardianInvalidSignature": (
        "The signature is not that of {signer} over this act as things stand: sign it again.",
        "서명이 지금 상태에서 {signer}이(가) 한 것이 아닙니다. 다시 서명하십시오.",
    ),
    # EmergencyAccess
    "EmergencyNotClinician": (
        "{caller} is no accredited emergency clinician of institution {institution}: ask the "
        "authority and the institution.",
        "{caller} 계정은 {institution}번 기관에 속한 인증된 응급 의료진이 아닙니다. 인증 기관과 "
        "소속 기관에 문의하십시오.",
    ),
    "EmergencyInvalidSubject": (
        "No glass of {subject} can be broken: name the persona on the card, and not yourself.",
        "{subject} 계정에는 응급 접근을 열 수 없습니다. 카드에 적힌 페르소나를 지정하십시오.",
    ),
    "EmergencyInvalidWindow": (
        "{window} seconds are too long: an emergency access lasts 24 hours at most.",
        "{window}초는 너무 깁니다. 응급 접근은 최대 24시간입니다.",
    ),
    "EmergencyAlreadyOpen": (
        "The access is open already, as number {number}: it is never prolonged. Open again when "
        "it is over.",
        "{number}번으로 이미 열려 있으며 연장되지 않습니다. 끝난 뒤에 다시 여십시오.",
    ),
    "EmergencyWasStopped": (
        "Access {number} was stopped by the person or a guardian: this clinician stays out until a "
        "panel finds it justified.",
        "본인이나 후견인이 {number}번 접근을 중지했습니다. 심사에서 정당하다고 인정될 때까지 이 "
        "의료진은 다시 열 수 없습니다.",
    ),
    "EmergencyTooMany": (
        "{clinician} opened as many accesses today as anybody may in a day: a colleague has to.",
        "{clinician} 계정은 하루에 열 수 있는 수를 다 썼습니다. 동료가 열어야 합니다.",
    ),
    "EmergencyNotOpen": (
        "{clinician} has no open emergency access to the data of {subject}.",
        "{clinician} 계정에 열린 {subject}의 응급 접근이 없습니다.",
    ),
    "EmergencyNotEntitled": (
        "{account} can't stop this: only {subject} or a guardian with the power to stop can.",
        "{account} 계정은 중지할 수 없습니다. {subject} 본인이나 중지 권한이 있는 후견인만 할 수 "
        "있습니다.",
    ),
    "EmergencyUnknown": (
        "There is no emergency access {number}: check the number.",
        "{number}번 응급 접근은 없습니다. 번호를 확인하십시오.",
    ),
    "EmergencyNotOver": (
        "Access {number} goes on until {validUntil}: it is reviewed when it is over.",
        "{number}번 접근은 {validUntil}까지 계속됩니다. 끝난 뒤에 심사합니다.",
    ),
    "EmergencyAlreadyDecided": (
        "Access {number} was decided before, for good.",
        "{number}번 접근의 심사는 이미 끝났습니다.",
    ),
    "EmergencyReviewEnded": (
        "The review of access {number} ended at {reviewUntil}: anybody can settle it now.",
        "{number}번 접근의 심사 기한이 {reviewUntil}에 끝났습니다. 이제 누구나 정산할 수 있습니다.",
    ),
    "EmergencyReviewOpen": (
        "The review of access {number} goes on until {reviewUntil}: settle it after that.",
        "{number}번 접근의 심사가 {reviewUntil}까지 계속됩니다. 그 뒤에 정산하십시오.",
    ),
    "EmergencyNotReviewer": (
        "{caller} is no accredited member of an ethics board of institution {institution}: ask "
        "the authority and the institution.",
        "{caller} 계정은 {institution}번 기관의 인증된 윤리위원이 아닙니다. 인증 기관과 소속 "
        "기관에 문의하십시오.",
    ),
    "EmergencyNotIndependent": (
        "{reviewer} of institution {institution} is not independent of the clinician or of another "
        "reviewer: somebody else has to review.",
        "{institution}번 기관의 {reviewer} 계정은 의료진이나 다른 심사자와 독립적이지 않습니다. "
        "다른 사람이 심사해야 합니다.",
    ),
    "EmergencyNoCredit": (
        "{account} has no credit to take to {to}.",
        "{account} 계정에는 {to} 계정으로 보낼 코인이 없습니다.",
    ),
    "EmergencyExpiredSignature": (
        "The signed act could be submitted until {deadline}: sign it again.",
        "서명한 행위는 {deadline}까지만 낼 수 있었습니다. 다시 서명하십시오.",
    ),
    "EmergencyInvalidSignature": (
        "The signature is not that of {signer} over this act as things stand: sign it again.",
        "서명이 지금 상태에서 {signer}이(가) 한 것이 아닙니다. 다시 서명하십시오.",
    ),
} | _OF_THE_ECONOMY

_OTHER_SENTENCE: Final = (
    "The contract refused {call} without a reason that we know ({text}): check what was handed in.",
    "계약이 {call}을(를) 알 수 없는 이유로 거부했습니다({text}). 입력을 확인하십시오.",
)


def error_code(error: str) -> str:
    """The stable code of a custom error: E_REFUSED_CONSENT_NOT_BARRED for ConsentNotBarred."""
    words = re.findall(r"[A-Z]+\d+(?=[A-Z])|[A-Z]+(?![a-z])|[A-Z][a-z0-9]+", error)
    return "E_REFUSED_" + "_".join(word.upper() for word in words)


def sentence(error: str, values: Mapping[str, Any], lang: str = "en") -> str:
    """Say in English, or Korean for a locale such as "ko_KR", what a refusal means."""
    column = 1 if lang.lower().startswith("ko") else 0
    text = SENTENCES.get(error, _OTHER_SENTENCE)[column]
    shown = {name: _shown(name, value, column) for name, value in values.items()}
    group = values.get("group")
    if error.startswith("Study") and isinstance(group, int):
        # A study and its revision, as people name them.
        shown["group"] = f"study:{group >> 16}.{group & 0xFFFF}"
    return text.format(**shown)


def _shown(name: str, value: Any, column: int) -> str:
    if name in _TIMES and isinstance(value, int):
        return _time(value)
    if name == "reason" and isinstance(value, int):
        return label(Reason(value), "ko" if column else "en")
    if name == "reason" and isinstance(value, bytes):
        inside, found = _parse(value)
        return sentence(inside, found, "ko" if column else "en") if inside else "0x" + value.hex()
    names = _NAMED.get(name, ())
    if isinstance(value, int) and value < len(names):
        return names[value][column]
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return str(value)


def _time(seconds: int) -> str:
    try:
        moment = datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, OSError, ValueError):
        return str(seconds)
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def _parse(data: bytes) -> tuple[str, dict[str, Any]]:
    """The name and values of a custom error; no name for what is none of ours."""
    known = error_formats().get(data[:4])
    if known is None:
        return "", {}
    try:
        values = known.inputs.decode(data[4:])
    except Exception:  # The decoder has many ways to say that bytes are not what they should be.
        return "", {}
    return known.name, dict(zip(known.inputs.names, values, strict=True))


def refused(call: Call, data: bytes, *, text: str, receipt: Receipt | None) -> RefusedError:
    """The error to raise for what a contract returned as it reverted."""
    error, values = _parse(data)
    if error == "WalletCallFailed":
        # What counts is why the call inside failed.
        inside, found = _parse(values["reason"])
        if inside:
            error, values = inside, found
    if not error:
        error, values = _OTHER, {"call": call.name or call.to, "text": _reason(data) or text}
    kind = OrderDeniedError if error == "OrderDenied" else RefusedError
    return kind(
        sentence(error, values),
        error=error,
        code=error_code(error),
        values=values,
        contract=call.name.partition(".")[0],
        receipt=receipt,
    )


def _reason(data: bytes) -> str:
    """What the compiler's own errors say."""
    if data[:4] == _PANIC and len(data) >= 36:
        return f"panic 0x{int.from_bytes(data[4:36], 'big'):x}"
    if data[:4] == _TEXT and len(data) >= 68:
        length = int.from_bytes(data[36:68], "big")
        return data[68 : 68 + length].decode("utf-8", "replace")
    return ""


def markdown() -> str:
    """The text of docs/errors.md."""
    lines = [
        "# What the contracts refuse, and what to do",
        "",
        "Made from `src/aceso/chain/failures.py` by `make generate`. Do not edit.",
        "",
        "| error | code | English | 한국어 |",
        "|---|---|---|---|",
    ]
    for name, (english, korean) in sorted(SENTENCES.items()):
        lines.append(f"| `{name}` | `{error_code(name)}` | {english} | {korean} |")
    return "\n".join(lines) + "\n"
