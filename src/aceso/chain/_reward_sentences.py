"""What the refusals of `RewardPool` and `RewardBoard` mean: see `failures`."""

from __future__ import annotations

from typing import Final

__all__ = ["REWARD_SENTENCES"]

REWARD_SENTENCES: Final[dict[str, tuple[str, str]]] = {
    # RewardPool, RewardBoard
    "RewardInvalidEmission": (
        "A part of the schedule of emission is zero: deploy with another.",
        "발행 일정의 항목 하나가 0입니다. 다른 값으로 배포하십시오.",
    ),
    "RewardNotBoard": (
        "{caller} is not the board: only the board that the pool was deployed with may do this.",
        "{caller}은(는) 보상 위원회 계약이 아닙니다. 배포할 때 정한 위원회만 할 수 있습니다.",
    ),
    "EpochNotOver": (
        "Epoch {epoch} goes on until {ends}: its rewards are posted after that.",
        "{epoch}번 기간은 {ends}까지 계속됩니다. 보상은 그 뒤에 올립니다.",
    ),
    "EpochAlreadyPaid": (
        "Epoch {epoch} has its root for good.",
        "{epoch}번 기간의 보상 목록은 이미 확정되었습니다.",
    ),
    "RootInvalidTotals": (
        "The root is empty, or {total} (of institutions {institutions}) is not within the budget "
        "of {budget} and the 20 % of institutions: compute it again.",
        "보상 목록이 비었거나, 합계 {total}(기관 {institutions})이(가) 예산 {budget} 또는 기관 "
        "한도 20%를 넘습니다. 다시 계산하십시오.",
    ),
    "RewardInvalidProof": (
        "Reward {index} of epoch {epoch} is not under a root that stands: check the proof, or wait "
        "until the root stands.",
        "{epoch}번 기간의 {index}번 보상이 확정된 목록에 없습니다. 증명을 확인하거나 확정될 "
        "때까지 기다리십시오.",
    ),
    "RewardAlreadyClaimed": (
        "Reward {index} of epoch {epoch} was booked before.",
        "{epoch}번 기간의 {index}번 보상은 이미 반영되었습니다.",
    ),
    "RewardExceedsTotal": (
        "The rewards of epoch {epoch} would come to {claimed}, and {total} were posted: its root "
        "is false. Tell the evaluators.",
        "{epoch}번 기간의 보상이 {claimed}이(가) 되어 올라온 합계 {total}을(를) 넘습니다. 목록이 "
        "잘못되었습니다. 평가자에게 알리십시오.",
    ),
    "RewardBanned": (
        "{account} is banned from rewards: see what was found, and appeal while there is time.",
        "{account} 계정은 보상이 정지되었습니다. 사유를 보고 기한 안에 이의를 제기하십시오.",
    ),
    "RewardNothingToTake": (
        "There is nothing to take of reward {index} of epoch {epoch}: the record stands, or all "
        "has vested or was taken.",
        "{epoch}번 기간의 {index}번 보상에서 회수할 것이 없습니다. 기록이 유효하거나, 모두 "
        "확정되었거나 이미 회수되었습니다.",
    ),
    "RewardNothingVested": (
        "Nothing more has vested for {account}: try later.",
        "{account} 계정에 새로 확정된 보상이 없습니다. 나중에 다시 하십시오.",
    ),
    "BoardNotEvaluator": (
        "{caller} is no accredited evaluator of institution {institution}: ask the authority and "
        "the institution.",
        "{caller} 계정은 {institution}번 기관의 인증된 평가자가 아닙니다. 인증 기관과 소속 "
        "기관에 문의하십시오.",
    ),
    "BoardNotIndependent": (
        "{evaluator} of institution {institution} is not independent of a side or of another "
        "evaluator: somebody else has to do it.",
        "{institution}번 기관의 {evaluator} 계정은 당사자나 다른 평가자와 독립적이지 않습니다. "
        "다른 사람이 해야 합니다.",
    ),
    "RootWrongState": (
        "The root of epoch {epoch} {rootState}, with a time limit of {until}: this step is not "
        "possible now.",
        "{epoch}번 기간의 보상 목록이 {rootState}(기한 {until}). 지금은 할 수 없는 단계입니다.",
    ),
    "RootTriedBefore": (
        "Institution {institution} posted or challenged this same root of epoch {epoch} before: "
        "another institution has to.",
        "{institution}번 기관은 {epoch}번 기간의 같은 목록을 이미 올렸거나 다투었습니다. 다른 "
        "기관이 해야 합니다.",
    ),
    "BanWrongState": (
        "The ban of {account} {banState}, with a time limit of {until}: this step is not possible "
        "now.",
        "{account} 계정의 정지가 {banState}(기한 {until}). 지금은 할 수 없는 단계입니다.",
    ),
    "BondNone": (
        "{account} has no bond that is free.",
        "{account} 계정에 돌려받을 보증금이 없습니다.",
    ),
    "BoardInvalidSignature": (
        "The signature is not that of {account} over this appeal: sign it again.",
        "서명이 이 이의 제기에 대한 {account}의 것이 아닙니다. 다시 서명하십시오.",
    ),
}
