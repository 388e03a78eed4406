"""What a refusal of the contract of disputes means: part of the table in `failures`."""

from __future__ import annotations

from typing import Final

__all__ = ["DISPUTE_SENTENCES"]

DISPUTE_SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "PanelNotEvaluator": (
        "{caller} is no accredited evaluator of institution {institution}: ask the authority and "
        "the institution.",
        "{caller} 계정은 {institution}번 기관에 속한 인증된 평가자가 아닙니다. 인증 기관과 소속 "
        "기관에 문의하십시오.",
    ),
    "PanelUnchanged": (
        "{evaluator} can be drawn already or, for institution 0, can't be drawn anyway: there is "
        "nothing to change.",
        "{evaluator} 계정은 이미 추첨 대상이거나(기관 0이면 대상이 아니어서) 바꿀 것이 없습니다.",
    ),
    "DisputeNotPayer": (
        "{caller} did not pay for order {order}: only who paid may dispute it.",
        "{caller} 계정은 주문 {order}의 값을 내지 않았습니다. 값을 낸 계정만 이의를 제기할 수 "
        "있습니다.",
    ),
    "DisputeNothingSaid": (
        "There is no digest of the evidence or of the reason: write it down first.",
        "증거나 이유의 다이제스트가 없습니다. 먼저 작성하십시오.",
    ),
    "DisputeWrongState": (
        "Dispute {number} {stage}, so this can't be done with it.",
        "{number}번 분쟁은 지금 이 일을 할 수 없습니다(상태: {stage}).",
    ),
    "DisputeTooEarly": (
        "The panel of dispute {number} is drawn by the hash of block {drawBlock}: wait for the "
        "block after it.",
        "{number}번 분쟁의 심사단은 {drawBlock}번 블록의 해시로 추첨합니다. 그다음 블록까지 "
        "기다리십시오.",
    ),
    "DisputeLotGone": (
        "The lot of dispute {number} was the hash of block {drawBlock}, which is gone. Only who "
        "paid has another fixed, by drawing, and once for a panel; without a lot it lapses.",
        "{number}번 분쟁의 추첨은 {drawBlock}번 블록의 해시였으나 이제 없습니다. 값을 낸 계정만 "
        "심사단마다 한 번 다시 추첨하게 할 수 있고, 추첨이 없으면 분쟁은 실효됩니다.",
    ),
    "DisputeCommitteeUnknown": (
        "These are not the members and threshold of committee {committee}, which dispute {number} "
        "is about: use those of its registration.",
        "{number}번 분쟁에 관계된 {committee}번 위원회의 구성원과 정족수가 아닙니다. 등록된 값을 "
        "쓰십시오.",
    ),
    "DisputePanelTooSmall": (
        "Only {found} of those whom the lot of dispute {number} fell on have nothing to do with "
        "the parties: more evaluators have to be ready, or the dispute lapses.",
        "{number}번 분쟁에서 추첨된 이 가운데 당사자와 무관한 사람이 {found}명뿐입니다. 평가자가 "
        "더 있어야 하며, 없으면 분쟁은 실효됩니다.",
    ),
    "DisputeNotYourVote": (
        "{caller} can't vote in seat {seat} of dispute {number}: it is somebody else's, has voted, "
        "or the accreditation ended.",
        "{caller} 계정은 {number}번 분쟁의 {seat}번 자리에서 투표할 수 없습니다. 다른 사람의 "
        "자리이거나 이미 투표했거나 인증이 끝났습니다.",
    ),
    "DisputePastDeadline": (
        "This step of dispute {number} could be taken until {until}: anybody can end it now.",
        "{number}번 분쟁의 이 단계는 {until}까지였습니다. 이제 누구나 끝낼 수 있습니다.",
    ),
    "DisputeNotOver": (
        "Dispute {number} can't be ended before {until}: wait until then.",
        "{number}번 분쟁은 {until} 전에는 끝낼 수 없습니다. 그때까지 기다리십시오.",
    ),
    "DisputeNoCredit": (
        "Nothing is owed to {account} by the contract of disputes.",
        "분쟁 계약에서 {account} 계정이 받을 금액이 없습니다.",
    ),
}
