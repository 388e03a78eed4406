"""The messages that people and institutions sign (EIP-712).

Generated from eip712/*.json by `make generate`. Do not edit.

The domain of each is {"name": "Aceso", "version": "1", "chainId", "verifyingContract"}, where the
verifying contract is the one named by `verifier`.
"""

# ruff: noqa: E501
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = ["TYPES", "TypedStruct"]


@dataclass(frozen=True, slots=True)
class TypedStruct:
    """One message: its fields, the contract whose domain it belongs to, and what it says."""

    primary_type: str
    verifier: str
    encoded_type: str  # `encodeType` of EIP-712, whose hash is the type hash.
    types: dict[str, list[dict[str, str]]]  # As `eth_account.messages.encode_typed_data` takes it.
    en: str
    ko: str

    def sentence(self, lang: str) -> str:
        """What signing it does, in Korean for a locale such as "ko_KR", else in English."""
        return self.ko if lang.lower().startswith("ko") else self.en


_STRUCTS: dict[str, TypedStruct] = {
    "Anchor": TypedStruct(
        primary_type="Anchor",
        verifier="RecordRegistry",
        encoded_type="Anchor(address issuer,bytes32 root,bytes32 batch,uint256 deadline)",
        types={
            "Anchor": [
                {"name": "issuer", "type": "address"},
                {"name": "root", "type": "bytes32"},
                {"name": "batch", "type": "bytes32"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        en="Anchor a batch of records by the root of its Merkle tree.",
        ko="기록 묶음을 머클 루트로 등록합니다.",
    ),
    "Appointment": TypedStruct(
        primary_type="Appointment",
        verifier="Guardianship",
        encoded_type="Appointment(address subject,address guardian,uint8 powers,uint40 validFrom,uint40 validUntil,uint40 majority,uint8 threshold,uint24 appointments,uint24 removals,uint256 deadline)",
        types={
            "Appointment": [
                {"name": "subject", "type": "address"},
                {"name": "guardian", "type": "address"},
                {"name": "powers", "type": "uint8"},
                {"name": "validFrom", "type": "uint40"},
                {"name": "validUntil", "type": "uint40"},
                {"name": "majority", "type": "uint40"},
                {"name": "threshold", "type": "uint8"},
                {"name": "appointments", "type": "uint24"},
                {"name": "removals", "type": "uint24"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        en="Name a guardian, who may act for you as this says, from and until these times.",
        ko="이 사람을 후견인으로 정하여, 이 기간 동안 정한 권한으로 나를 대신하게 합니다.",
    ),
    "BanAppeal": TypedStruct(
        primary_type="BanAppeal",
        verifier="RewardBoard",
        encoded_type="BanAppeal(address account,uint16 ban)",
        types={
            "BanAppeal": [
                {"name": "account", "type": "address"},
                {"name": "ban", "type": "uint16"},
            ],
        },
        en="Appeal against being banned from rewards.",
        ko="보상 지급 정지에 이의를 제기합니다.",
    ),
    "Bar": TypedStruct(
        primary_type="Bar",
        verifier="ConsentRegistry",
        encoded_type="Bar(address subject,address actor,uint8 bars)",
        types={
            "Bar": [
                {"name": "subject", "type": "address"},
                {"name": "actor", "type": "address"},
                {"name": "bars", "type": "uint8"},
            ],
        },
        en="Bar this account, whatever else holds.",
        ko="다른 동의와 상관없이 이 계정을 차단합니다.",
    ),
    "Deletion": TypedStruct(
        primary_type="Deletion",
        verifier="ConsentRegistry",
        encoded_type="Deletion(address listKey,bytes32 recordId)",
        types={
            "Deletion": [
                {"name": "listKey", "type": "address"},
                {"name": "recordId", "type": "bytes32"},
            ],
        },
        en="Delete the capsule of a record.",
        ko="기록의 열쇠 봉투를 지웁니다.",
    ),
    "DeletionReceipt": TypedStruct(
        primary_type="DeletionReceipt",
        verifier="ConsentRegistry",
        encoded_type="DeletionReceipt(address custodian,address listKey,bytes32 recordId,bytes32 capsule,uint64 deletedAt)",
        types={
            "DeletionReceipt": [
                {"name": "custodian", "type": "address"},
                {"name": "listKey", "type": "address"},
                {"name": "recordId", "type": "bytes32"},
                {"name": "capsule", "type": "bytes32"},
                {"name": "deletedAt", "type": "uint64"},
            ],
        },
        en="A custodian's word that it deleted a capsule.",
        ko="수탁자가 열쇠 봉투를 지웠다는 확인입니다.",
    ),
    "Delivery": TypedStruct(
        primary_type="Delivery",
        verifier="DataMarket",
        encoded_type="Delivery(uint256 order,bytes32 extract,bytes32 receivingKey,bytes32 capsule)",
        types={
            "Delivery": [
                {"name": "order", "type": "uint256"},
                {"name": "extract", "type": "bytes32"},
                {"name": "receivingKey", "type": "bytes32"},
                {"name": "capsule", "type": "bytes32"},
            ],
        },
        en="Attest that the extract of an order is held ready for its buyer.",
        ko="주문의 추출본이 구매자를 위해 준비되었음을 확인합니다.",
    ),
    "EmergencyCredit": TypedStruct(
        primary_type="EmergencyCredit",
        verifier="EmergencyAccess",
        encoded_type="EmergencyCredit(address subject,address to,uint24 taken,uint256 deadline)",
        types={
            "EmergencyCredit": [
                {"name": "subject", "type": "address"},
                {"name": "to", "type": "address"},
                {"name": "taken", "type": "uint24"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        en="Send the coin that I am owed for emergency accesses to this account.",
        ko="응급 접근과 관련하여 내가 받을 코인을 이 계정으로 보냅니다.",
    ),
    "EmergencyStop": TypedStruct(
        primary_type="EmergencyStop",
        verifier="EmergencyAccess",
        encoded_type="EmergencyStop(address subject,address by,address clinician,uint64 number)",
        types={
            "EmergencyStop": [
                {"name": "subject", "type": "address"},
                {"name": "by", "type": "address"},
                {"name": "clinician", "type": "address"},
                {"name": "number", "type": "uint64"},
            ],
        },
        en="Stop this clinician's emergency access to my data, or to the data of the person whose guardian I am, at once.",
        ko="이 의료진의 응급 접근을 즉시 중단합니다. 대상은 나의 자료, 또는 내가 후견하는 사람의 자료입니다.",
    ),
    "Enrolment": TypedStruct(
        primary_type="Enrolment",
        verifier="Studies",
        encoded_type="Enrolment(address subject,uint256 group,uint256 order,uint256 deadline)",
        types={
            "Enrolment": [
                {"name": "subject", "type": "address"},
                {"name": "group", "type": "uint256"},
                {"name": "order", "type": "uint256"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        en="Enrol in a study under the terms of this revision.",
        ko="이 판의 조건으로 연구에 참여합니다.",
    ),
    "ExtractCertificate": TypedStruct(
        primary_type="ExtractCertificate",
        verifier="DataMarket",
        encoded_type="ExtractCertificate(uint256 order,address subject,address maker,bytes32 recordId,bytes32 contents,bytes32 lineage,string method,string version,bytes32 parameters,bytes32 removed,uint32 cohort,uint32 k)",
        types={
            "ExtractCertificate": [
                {"name": "order", "type": "uint256"},
                {"name": "subject", "type": "address"},
                {"name": "maker", "type": "address"},
                {"name": "recordId", "type": "bytes32"},
                {"name": "contents", "type": "bytes32"},
                {"name": "lineage", "type": "bytes32"},
                {"name": "method", "type": "string"},
                {"name": "version", "type": "string"},
                {"name": "parameters", "type": "bytes32"},
                {"name": "removed", "type": "bytes32"},
                {"name": "cohort", "type": "uint32"},
                {"name": "k", "type": "uint32"},
            ],
        },
        en="Certify how the extract of an order was made: by which method, version and parameters, what was removed, and from which records.",
        ko="주문의 추출본을 어떤 방법·버전·조건으로 만들었는지, 무엇을 뺐는지, 어느 기록에서 나왔는지 확인합니다.",
    ),
    "ExtractDeposit": TypedStruct(
        primary_type="ExtractDeposit",
        verifier="ConsentRegistry",
        encoded_type="ExtractDeposit(address desk,uint256 order,address subject,bytes32 recordId,bytes32 entry,bytes32 extract,bytes32 capsule)",
        types={
            "ExtractDeposit": [
                {"name": "desk", "type": "address"},
                {"name": "order", "type": "uint256"},
                {"name": "subject", "type": "address"},
                {"name": "recordId", "type": "bytes32"},
                {"name": "entry", "type": "bytes32"},
                {"name": "extract", "type": "bytes32"},
                {"name": "capsule", "type": "bytes32"},
            ],
        },
        en="Deposit the extract of an order of this desk with a custodian.",
        ko="이 창구의 주문 추출본을 수탁자에게 맡깁니다.",
    ),
    "Grant": TypedStruct(
        primary_type="Grant",
        verifier="ConsentRegistry",
        encoded_type="Grant(address subject,bytes32 grantee,uint32 classes,uint16 uses,uint24 conditions,uint24 disease,uint40 validFrom,uint40 validUntil,bytes32 notice,uint24 grants,uint24 withdrawals,uint24 epoch,uint256 deadline)",
        types={
            "Grant": [
                {"name": "subject", "type": "address"},
                {"name": "grantee", "type": "bytes32"},
                {"name": "classes", "type": "uint32"},
                {"name": "uses", "type": "uint16"},
                {"name": "conditions", "type": "uint24"},
                {"name": "disease", "type": "uint24"},
                {"name": "validFrom", "type": "uint40"},
                {"name": "validUntil", "type": "uint40"},
                {"name": "notice", "type": "bytes32"},
                {"name": "grants", "type": "uint24"},
                {"name": "withdrawals", "type": "uint24"},
                {"name": "epoch", "type": "uint24"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        en="Permit a grantee to use data of these classes for these uses, from and until these times.",
        ko="이 대상에게 이 종류의 자료를 이 목적으로 이 기간 동안 쓰도록 허락합니다.",
    ),
    "GuardianAcceptance": TypedStruct(
        primary_type="GuardianAcceptance",
        verifier="Guardianship",
        encoded_type="GuardianAcceptance(address subject,address guardian,uint24 appointments,uint24 removals,uint256 deadline)",
        types={
            "GuardianAcceptance": [
                {"name": "subject", "type": "address"},
                {"name": "guardian", "type": "address"},
                {"name": "appointments", "type": "uint24"},
                {"name": "removals", "type": "uint24"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        en="Accept to be this person's guardian.",
        ko="이 사람의 후견인이 되는 것을 받아들입니다.",
    ),
    "GuardianRemoval": TypedStruct(
        primary_type="GuardianRemoval",
        verifier="Guardianship",
        encoded_type="GuardianRemoval(address subject,address guardian,uint24 removals)",
        types={
            "GuardianRemoval": [
                {"name": "subject", "type": "address"},
                {"name": "guardian", "type": "address"},
                {"name": "removals", "type": "uint24"},
            ],
        },
        en="Remove this guardian, and everybody whom they let in.",
        ko="이 후견인과, 그가 들여보낸 모든 사람을 해제합니다.",
    ),
    "GuardianShare": TypedStruct(
        primary_type="GuardianShare",
        verifier="Guardianship",
        encoded_type="GuardianShare(address subject,address guardian,address actor,uint40 validUntil,uint24 ends,uint256 deadline)",
        types={
            "GuardianShare": [
                {"name": "subject", "type": "address"},
                {"name": "guardian", "type": "address"},
                {"name": "actor", "type": "address"},
                {"name": "validUntil", "type": "uint40"},
                {"name": "ends", "type": "uint24"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        en="As a guardian, let this account use this person's data until this time.",
        ko="후견인으로서, 이 계정이 이 시각까지 이 사람의 자료를 쓰게 합니다.",
    ),
    "GuardianUnshare": TypedStruct(
        primary_type="GuardianUnshare",
        verifier="Guardianship",
        encoded_type="GuardianUnshare(address subject,address guardian,address actor,uint24 ends)",
        types={
            "GuardianUnshare": [
                {"name": "subject", "type": "address"},
                {"name": "guardian", "type": "address"},
                {"name": "actor", "type": "address"},
                {"name": "ends", "type": "uint24"},
            ],
        },
        en="As a guardian, end what you let this account have.",
        ko="후견인으로서, 이 계정에 허락했던 것을 끝냅니다.",
    ),
    "ListOpening": TypedStruct(
        primary_type="ListOpening",
        verifier="ConsentRegistry",
        encoded_type="ListOpening(address persona,address listKey,uint32 dataClass,uint32 epoch,bytes classPublicKey,bytes ownerPublicKey,address[] custodians,uint8 threshold,address registry,bytes logKey)",
        types={
            "ListOpening": [
                {"name": "persona", "type": "address"},
                {"name": "listKey", "type": "address"},
                {"name": "dataClass", "type": "uint32"},
                {"name": "epoch", "type": "uint32"},
                {"name": "classPublicKey", "type": "bytes"},
                {"name": "ownerPublicKey", "type": "bytes"},
                {"name": "custodians", "type": "address[]"},
                {"name": "threshold", "type": "uint8"},
                {"name": "registry", "type": "address"},
                {"name": "logKey", "type": "bytes"},
            ],
        },
        en="Open the record list of one class and epoch at these custodians, for this persona.",
        ko="이 페르소나를 위해 이 수탁자들에게 한 종류의 기록 목록을 엽니다.",
    ),
    "ListPost": TypedStruct(
        primary_type="ListPost",
        verifier="ConsentRegistry",
        encoded_type="ListPost(address listKey,bytes32 recordId,bytes32 entry,address issuer)",
        types={
            "ListPost": [
                {"name": "listKey", "type": "address"},
                {"name": "recordId", "type": "bytes32"},
                {"name": "entry", "type": "bytes32"},
                {"name": "issuer", "type": "address"},
            ],
        },
        en="Post a record to a list.",
        ko="기록을 목록에 올립니다.",
    ),
    "ListRequest": TypedStruct(
        primary_type="ListRequest",
        verifier="ConsentRegistry",
        encoded_type="ListRequest(address subject,address actor,bytes32 grantee,uint16 use,uint32 dataClass,address custodian,bytes32 nonce,uint256 deadline)",
        types={
            "ListRequest": [
                {"name": "subject", "type": "address"},
                {"name": "actor", "type": "address"},
                {"name": "grantee", "type": "bytes32"},
                {"name": "use", "type": "uint16"},
                {"name": "dataClass", "type": "uint32"},
                {"name": "custodian", "type": "address"},
                {"name": "nonce", "type": "bytes32"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        en="Ask a custodian for the records of one class.",
        ko="수탁자에게 한 종류의 기록 목록을 요청합니다.",
    ),
    "LogHead": TypedStruct(
        primary_type="LogHead",
        verifier="AccessLog",
        encoded_type="LogHead(address custodian,uint64 size,bytes32 root)",
        types={
            "LogHead": [
                {"name": "custodian", "type": "address"},
                {"name": "size", "type": "uint64"},
                {"name": "root", "type": "bytes32"},
            ],
        },
        en="Say how long your access log is, and the root of its Merkle tree.",
        ko="열람 기록의 길이와 머클 루트를 밝힙니다.",
    ),
    "LogRequest": TypedStruct(
        primary_type="LogRequest",
        verifier="ConsentRegistry",
        encoded_type="LogRequest(address listKey,address custodian,bytes32 nonce,uint256 deadline)",
        types={
            "LogRequest": [
                {"name": "listKey", "type": "address"},
                {"name": "custodian", "type": "address"},
                {"name": "nonce", "type": "bytes32"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        en="Ask a custodian for the access log of a list.",
        ko="수탁자에게 한 목록의 열람 기록을 요청합니다.",
    ),
    "ManifestHead": TypedStruct(
        primary_type="ManifestHead",
        verifier="ConsentRegistry",
        encoded_type="ManifestHead(address headKey,uint64 version,string cid)",
        types={
            "ManifestHead": [
                {"name": "headKey", "type": "address"},
                {"name": "version", "type": "uint64"},
                {"name": "cid", "type": "string"},
            ],
        },
        en="The newest version of a vault's own index.",
        ko="금고 목록의 최신 판입니다.",
    ),
    "Objection": TypedStruct(
        primary_type="Objection",
        verifier="Guardianship",
        encoded_type="Objection(address subject,uint8 claim,uint24 objections)",
        types={
            "Objection": [
                {"name": "subject", "type": "address"},
                {"name": "claim", "type": "uint8"},
                {"name": "objections", "type": "uint24"},
            ],
        },
        en="Object to what is claimed of you: it falls at once.",
        ko="나에 대한 이 주장에 이의를 제기하여, 곧바로 무효로 합니다.",
    ),
    "Offer": TypedStruct(
        primary_type="Offer",
        verifier="DataMarket",
        encoded_type="Offer(address subject,uint96 price,address institution,uint24 committee,uint32 duration,uint16 institutionBps,uint16 use,uint32 classes,uint24 disease,uint24 conditions,uint32 deliveryPeriod,bool originShown,uint256 nonce,uint256 deadline)",
        types={
            "Offer": [
                {"name": "subject", "type": "address"},
                {"name": "price", "type": "uint96"},
                {"name": "institution", "type": "address"},
                {"name": "committee", "type": "uint24"},
                {"name": "duration", "type": "uint32"},
                {"name": "institutionBps", "type": "uint16"},
                {"name": "use", "type": "uint16"},
                {"name": "classes", "type": "uint32"},
                {"name": "disease", "type": "uint24"},
                {"name": "conditions", "type": "uint24"},
                {"name": "deliveryPeriod", "type": "uint32"},
                {"name": "originShown", "type": "bool"},
                {"name": "nonce", "type": "uint256"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        en="Offer an extract of data of these classes for sale.",
        ko="이 종류의 자료 추출본을 판매 제안합니다.",
    ),
    "OfferClosure": TypedStruct(
        primary_type="OfferClosure",
        verifier="DataMarket",
        encoded_type="OfferClosure(address subject,uint256 offer)",
        types={
            "OfferClosure": [
                {"name": "subject", "type": "address"},
                {"name": "offer", "type": "uint256"},
            ],
        },
        en="Close an offer to new buyers.",
        ko="제안을 닫아 새 구매를 받지 않습니다.",
    ),
    "OrderLogRequest": TypedStruct(
        primary_type="OrderLogRequest",
        verifier="ConsentRegistry",
        encoded_type="OrderLogRequest(uint256 order,address reader,address custodian,bytes32 nonce,uint256 deadline)",
        types={
            "OrderLogRequest": [
                {"name": "order", "type": "uint256"},
                {"name": "reader", "type": "address"},
                {"name": "custodian", "type": "address"},
                {"name": "nonce", "type": "bytes32"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        en="Ask a custodian for the access log of an order that you are a party of.",
        ko="수탁자에게 내가 당사자인 주문의 열람 기록을 요청합니다.",
    ),
    "PartHeld": TypedStruct(
        primary_type="PartHeld",
        verifier="Unions",
        encoded_type="PartHeld(uint256 order,bytes32 part,bytes32 receivingKey)",
        types={
            "PartHeld": [
                {"name": "order", "type": "uint256"},
                {"name": "part", "type": "bytes32"},
                {"name": "receivingKey", "type": "bytes32"},
            ],
        },
        en="Attest that a member's part of a union's order is held ready for its buyer; the part is a hash, which names nobody.",
        ko="조합 주문에서 한 조합원의 몫이 구매자를 위해 보관되었음을 확인합니다. 몫은 해시이며 누구인지 나타내지 않습니다.",
    ),
    "PartsRequest": TypedStruct(
        primary_type="PartsRequest",
        verifier="ConsentRegistry",
        encoded_type="PartsRequest(uint256 order,address reader,address custodian,bytes32 nonce,uint256 deadline)",
        types={
            "PartsRequest": [
                {"name": "order", "type": "uint256"},
                {"name": "reader", "type": "address"},
                {"name": "custodian", "type": "address"},
                {"name": "nonce", "type": "bytes32"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        en="Ask a custodian which parts it holds of a union's order that you are a party of.",
        ko="수탁자에게 내가 당사자인 조합 주문에서 보관 중인 몫을 요청합니다.",
    ),
    "PatientVouch": TypedStruct(
        primary_type="PatientVouch",
        verifier="RewardPool",
        encoded_type="PatientVouch(address issuer,address account,bytes32 tag)",
        types={
            "PatientVouch": [
                {"name": "issuer", "type": "address"},
                {"name": "account", "type": "address"},
                {"name": "tag", "type": "bytes32"},
            ],
        },
        en="Say that this account is the one research persona of the patient whom you know by this tag.",
        ko="이 계정이 이 표식으로 식별하는 환자의 유일한 연구 페르소나임을 확인합니다.",
    ),
    "PersonaVouch": TypedStruct(
        primary_type="PersonaVouch",
        verifier="Unions",
        encoded_type="PersonaVouch(address voucher,address account,bytes32 mark)",
        types={
            "PersonaVouch": [
                {"name": "voucher", "type": "address"},
                {"name": "account", "type": "address"},
                {"name": "mark", "type": "bytes32"},
            ],
        },
        en="Say that this account is the one persona of the person whom you know by this mark.",
        ko="이 계정이 이 표식으로 식별하는 사람의 유일한 페르소나임을 확인합니다.",
    ),
    "PrimaryPhysician": TypedStruct(
        primary_type="PrimaryPhysician",
        verifier="ConsentRegistry",
        encoded_type="PrimaryPhysician(address subject,address physician,uint32 classes,uint40 validUntil,uint24 grants,uint24 withdrawals,uint24 epoch,uint32 changes,uint256 deadline)",
        types={
            "PrimaryPhysician": [
                {"name": "subject", "type": "address"},
                {"name": "physician", "type": "address"},
                {"name": "classes", "type": "uint32"},
                {"name": "validUntil", "type": "uint40"},
                {"name": "grants", "type": "uint24"},
                {"name": "withdrawals", "type": "uint24"},
                {"name": "epoch", "type": "uint24"},
                {"name": "changes", "type": "uint32"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        en="Choose this primary physician.",
        ko="이 의사를 주치의로 정합니다.",
    ),
    "RecoveryDeletion": TypedStruct(
        primary_type="RecoveryDeletion",
        verifier="ConsentRegistry",
        encoded_type="RecoveryDeletion(address persona,uint64 version,address custodian)",
        types={
            "RecoveryDeletion": [
                {"name": "persona", "type": "address"},
                {"name": "version", "type": "uint64"},
                {"name": "custodian", "type": "address"},
            ],
        },
        en="Delete what you keep of my sealed seed of any version before this one.",
        ko="이 판보다 앞선, 봉인한 내 시드의 몫을 지웁니다.",
    ),
    "RecoveryDeletionReceipt": TypedStruct(
        primary_type="RecoveryDeletionReceipt",
        verifier="ConsentRegistry",
        encoded_type="RecoveryDeletionReceipt(address custodian,address persona,uint64 version,uint64 deletedAt)",
        types={
            "RecoveryDeletionReceipt": [
                {"name": "custodian", "type": "address"},
                {"name": "persona", "type": "address"},
                {"name": "version", "type": "uint64"},
                {"name": "deletedAt", "type": "uint64"},
            ],
        },
        en="A custodian's word that it keeps nothing of a sealed seed of any version before this one.",
        ko="수탁자가 이 판보다 앞선, 봉인된 시드의 몫을 보관하지 않는다는 확인입니다.",
    ),
    "RecoveryDeposit": TypedStruct(
        primary_type="RecoveryDeposit",
        verifier="ConsentRegistry",
        encoded_type="RecoveryDeposit(address persona,uint64 version,address custodian,bytes32 deposit)",
        types={
            "RecoveryDeposit": [
                {"name": "persona", "type": "address"},
                {"name": "version", "type": "uint64"},
                {"name": "custodian", "type": "address"},
                {"name": "deposit", "type": "bytes32"},
            ],
        },
        en="Leave what a custodian keeps of your sealed seed, for the case that you lose it.",
        ko="시드를 잃을 때를 위해, 봉인한 시드 가운데 이 수탁자가 보관할 몫을 맡깁니다.",
    ),
    "RecoveryRequest": TypedStruct(
        primary_type="RecoveryRequest",
        verifier="ConsentRegistry",
        encoded_type="RecoveryRequest(address persona,address requester,bytes receivingKey,address custodian,bytes32 nonce,uint256 deadline)",
        types={
            "RecoveryRequest": [
                {"name": "persona", "type": "address"},
                {"name": "requester", "type": "address"},
                {"name": "receivingKey", "type": "bytes"},
                {"name": "custodian", "type": "address"},
                {"name": "nonce", "type": "bytes32"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        en="Ask a custodian for what it keeps of a person's sealed seed, after the delay without a veto.",
        ko="거부 없이 대기 기간이 지난 뒤, 수탁자가 보관한 이 사람의 봉인된 시드 몫을 요청합니다.",
    ),
    "RecoverySupport": TypedStruct(
        primary_type="RecoverySupport",
        verifier="Guardianship",
        encoded_type="RecoverySupport(address subject,address guardian,address requester,uint24 objections,uint256 deadline)",
        types={
            "RecoverySupport": [
                {"name": "subject", "type": "address"},
                {"name": "guardian", "type": "address"},
                {"name": "requester", "type": "address"},
                {"name": "objections", "type": "uint24"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        en="As a guardian, help this account recover this person's seed.",
        ko="후견인으로서, 이 계정이 이 사람의 시드를 되찾는 것을 돕습니다.",
    ),
    "Release": TypedStruct(
        primary_type="Release",
        verifier="ConsentRegistry",
        encoded_type="Release(address custodian,bytes32 request,bytes32 capsule,bytes32 share)",
        types={
            "Release": [
                {"name": "custodian", "type": "address"},
                {"name": "request", "type": "bytes32"},
                {"name": "capsule", "type": "bytes32"},
                {"name": "share", "type": "bytes32"},
            ],
        },
        en="A custodian's word that it released this share.",
        ko="수탁자가 이 조각을 내주었다는 확인입니다.",
    ),
    "ReleaseRequest": TypedStruct(
        primary_type="ReleaseRequest",
        verifier="ConsentRegistry",
        encoded_type="ReleaseRequest(address subject,address actor,bytes32 grantee,uint16 use,uint32 dataClass,bytes32 recordId,bytes receivingKey,address custodian,bytes32 nonce,uint256 deadline)",
        types={
            "ReleaseRequest": [
                {"name": "subject", "type": "address"},
                {"name": "actor", "type": "address"},
                {"name": "grantee", "type": "bytes32"},
                {"name": "use", "type": "uint16"},
                {"name": "dataClass", "type": "uint32"},
                {"name": "recordId", "type": "bytes32"},
                {"name": "receivingKey", "type": "bytes"},
                {"name": "custodian", "type": "address"},
                {"name": "nonce", "type": "bytes32"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        en="Ask a custodian for its share of one record's key.",
        ko="수탁자에게 한 기록의 열쇠 조각을 요청합니다.",
    ),
    "Retraction": TypedStruct(
        primary_type="Retraction",
        verifier="RecordRegistry",
        encoded_type="Retraction(address issuer,bytes32 leaf,uint256 deadline)",
        types={
            "Retraction": [
                {"name": "issuer", "type": "address"},
                {"name": "leaf", "type": "bytes32"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        en="Retract a record.",
        ko="기록을 취소합니다.",
    ),
    "SealedKeys": TypedStruct(
        primary_type="SealedKeys",
        verifier="ConsentRegistry",
        encoded_type="SealedKeys(address listKey,address persona,bytes32 grantee,uint32 dataClass,uint32 epoch,bytes32 receivingKey,bytes32 sealedKey)",
        types={
            "SealedKeys": [
                {"name": "listKey", "type": "address"},
                {"name": "persona", "type": "address"},
                {"name": "grantee", "type": "bytes32"},
                {"name": "dataClass", "type": "uint32"},
                {"name": "epoch", "type": "uint32"},
                {"name": "receivingKey", "type": "bytes32"},
                {"name": "sealedKey", "type": "bytes32"},
            ],
        },
        en="Leave sealed class keys for a grantee.",
        ko="허락받은 대상에게 봉인한 종류별 열쇠를 맡깁니다.",
    ),
    "StationMandate": TypedStruct(
        primary_type="StationMandate",
        verifier="DataMarket",
        encoded_type="StationMandate(address research,address persona,address station)",
        types={
            "StationMandate": [
                {"name": "research", "type": "address"},
                {"name": "persona", "type": "address"},
                {"name": "station", "type": "address"},
            ],
        },
        en="Let this data station make the extracts of the research persona's orders from what the other persona shows it.",
        ko="이 데이터 스테이션이 다른 페르소나가 보여 주는 기록으로 연구용 페르소나의 주문 추출본을 만들게 합니다.",
    ),
    "Succession": TypedStruct(
        primary_type="Succession",
        verifier="Guardianship",
        encoded_type="Succession(address subject,address successor,uint256 deadline)",
        types={
            "Succession": [
                {"name": "subject", "type": "address"},
                {"name": "successor", "type": "address"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        en="Put one persona in the place of another, for good.",
        ko="한 페르소나가 다른 페르소나를 영구히 잇습니다.",
    ),
    "Supersession": TypedStruct(
        primary_type="Supersession",
        verifier="RecordRegistry",
        encoded_type="Supersession(address issuer,bytes32 leaf,bytes32 successor,uint256 deadline)",
        types={
            "Supersession": [
                {"name": "issuer", "type": "address"},
                {"name": "leaf", "type": "bytes32"},
                {"name": "successor", "type": "bytes32"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        en="Replace a record by a newer one.",
        ko="기록을 새 기록으로 대체합니다.",
    ),
    "Unbar": TypedStruct(
        primary_type="Unbar",
        verifier="ConsentRegistry",
        encoded_type="Unbar(address subject,address actor,uint24 grants,uint24 withdrawals,uint24 epoch,uint256 deadline)",
        types={
            "Unbar": [
                {"name": "subject", "type": "address"},
                {"name": "actor", "type": "address"},
                {"name": "grants", "type": "uint24"},
                {"name": "withdrawals", "type": "uint24"},
                {"name": "epoch", "type": "uint24"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        en="Lift the bar of this account.",
        ko="이 계정의 차단을 풉니다.",
    ),
    "UnionJoining": TypedStruct(
        primary_type="UnionJoining",
        verifier="Unions",
        encoded_type="UnionJoining(address subject,uint256 union,bytes32 mark,uint16 joins,uint24 leavings,uint256 deadline)",
        types={
            "UnionJoining": [
                {"name": "subject", "type": "address"},
                {"name": "union", "type": "uint256"},
                {"name": "mark", "type": "bytes32"},
                {"name": "joins", "type": "uint16"},
                {"name": "leavings", "type": "uint24"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        en="Join a data union under the consent that you gave it.",
        ko="동의한 조건으로 데이터 조합에 가입합니다.",
    ),
    "UnionLeaving": TypedStruct(
        primary_type="UnionLeaving",
        verifier="Unions",
        encoded_type="UnionLeaving(address subject,uint256 union,uint24 leavings)",
        types={
            "UnionLeaving": [
                {"name": "subject", "type": "address"},
                {"name": "union", "type": "uint256"},
                {"name": "leavings", "type": "uint24"},
            ],
        },
        en="Leave a data union at once.",
        ko="데이터 조합에서 즉시 탈퇴합니다.",
    ),
    "Will": TypedStruct(
        primary_type="Will",
        verifier="Guardianship",
        encoded_type="Will(address subject,bytes32 will,uint24 wills,uint256 deadline)",
        types={
            "Will": [
                {"name": "subject", "type": "address"},
                {"name": "will", "type": "bytes32"},
                {"name": "wills", "type": "uint24"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        en="Commit to what ends at your death and what does not.",
        ko="사망할 때 끝낼 것과 남길 것을 정해 둡니다.",
    ),
    "WillDeletion": TypedStruct(
        primary_type="WillDeletion",
        verifier="ConsentRegistry",
        encoded_type="WillDeletion(address persona,uint64 version,address custodian)",
        types={
            "WillDeletion": [
                {"name": "persona", "type": "address"},
                {"name": "version", "type": "uint64"},
                {"name": "custodian", "type": "address"},
            ],
        },
        en="Delete what you keep of my will of any version before this one.",
        ko="이 판보다 앞선, 내 유언의 몫을 지웁니다.",
    ),
    "WillDeletionReceipt": TypedStruct(
        primary_type="WillDeletionReceipt",
        verifier="ConsentRegistry",
        encoded_type="WillDeletionReceipt(address custodian,address persona,uint64 version,uint64 deletedAt)",
        types={
            "WillDeletionReceipt": [
                {"name": "custodian", "type": "address"},
                {"name": "persona", "type": "address"},
                {"name": "version", "type": "uint64"},
                {"name": "deletedAt", "type": "uint64"},
            ],
        },
        en="A custodian's word that it keeps nothing of a will of any version before this one.",
        ko="수탁자가 이 판보다 앞선, 유언의 몫을 보관하지 않는다는 확인입니다.",
    ),
    "WillDeposit": TypedStruct(
        primary_type="WillDeposit",
        verifier="ConsentRegistry",
        encoded_type="WillDeposit(address persona,uint64 version,address custodian,bytes32 deposit)",
        types={
            "WillDeposit": [
                {"name": "persona", "type": "address"},
                {"name": "version", "type": "uint64"},
                {"name": "custodian", "type": "address"},
                {"name": "deposit", "type": "bytes32"},
            ],
        },
        en="Leave what a custodian keeps of your will, for the case that you die.",
        ko="사망할 때를 위해, 유언 가운데 이 수탁자가 보관할 몫을 맡깁니다.",
    ),
    "WillRequest": TypedStruct(
        primary_type="WillRequest",
        verifier="ConsentRegistry",
        encoded_type="WillRequest(address persona,address requester,bytes receivingKey,address custodian,bytes32 nonce,uint256 deadline)",
        types={
            "WillRequest": [
                {"name": "persona", "type": "address"},
                {"name": "requester", "type": "address"},
                {"name": "receivingKey", "type": "bytes"},
                {"name": "custodian", "type": "address"},
                {"name": "nonce", "type": "bytes32"},
                {"name": "deadline", "type": "uint256"},
            ],
        },
        en="As a guardian, ask a custodian for what it keeps of the will of a person who died.",
        ko="후견인으로서, 사망한 사람의 유언 가운데 수탁자가 보관한 몫을 요청합니다.",
    ),
    "Withdrawal": TypedStruct(
        primary_type="Withdrawal",
        verifier="ConsentRegistry",
        encoded_type="Withdrawal(address subject,bytes32 grantee,uint24 withdrawals)",
        types={
            "Withdrawal": [
                {"name": "subject", "type": "address"},
                {"name": "grantee", "type": "bytes32"},
                {"name": "withdrawals", "type": "uint24"},
            ],
        },
        en="Withdraw what was granted to this grantee.",
        ko="이 대상에게 준 동의를 철회합니다.",
    ),
    "WithdrawalOfAll": TypedStruct(
        primary_type="WithdrawalOfAll",
        verifier="ConsentRegistry",
        encoded_type="WithdrawalOfAll(address subject,uint24 epoch)",
        types={
            "WithdrawalOfAll": [
                {"name": "subject", "type": "address"},
                {"name": "epoch", "type": "uint24"},
            ],
        },
        en="Withdraw every consent of this persona.",
        ko="이 페르소나의 모든 동의를 철회합니다.",
    ),
}

TYPES: Mapping[str, TypedStruct] = MappingProxyType(_STRUCTS)
