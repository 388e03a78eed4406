"""The vocabulary: data classes, uses, conditions, roles, and the reasons of a decision.

Generated from vocabulary.toml by `make generate`. Do not edit.

    label(DataClass.LABS | DataClass.SLEEP, "ko")   # "검사 결과, 수면"
    Use.GRU in ALLOWED_BY[Use.HMB]                  # True: a grant for GRU covers a request for HMB

A sensitive class is never part of `CLINICAL`: a person names it, or it stays shut.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, IntFlag
from types import MappingProxyType

__all__ = [
    "ALLOWED_BY",
    "CLINICAL",
    "GENOME",
    "LIFELOG",
    "MAX_DAYS",
    "RESEARCH",
    "SENSITIVE",
    "Condition",
    "DataClass",
    "Emergency",
    "Reason",
    "Role",
    "Use",
    "label",
]


class DataClass(IntFlag):
    """A kind of data. A record is of exactly one."""

    PROBLEMS = 1 << 0
    MEDICATIONS = 1 << 1
    ALLERGIES = 1 << 2
    IMMUNIZATIONS = 1 << 3
    LABS = 1 << 4
    VITALS = 1 << 5
    IMAGING = 1 << 6
    PROCEDURES = 1 << 7
    NOTES = 1 << 8
    ENCOUNTERS = 1 << 9
    MENTAL_HEALTH = 1 << 10
    SEXUAL_REPRODUCTIVE = 1 << 11
    HIV = 1 << 12
    SUBSTANCE_USE = 1 << 13
    VIOLENCE = 1 << 14
    UNCLASSIFIED = 1 << 15
    GENOME_WHOLE = 1 << 16
    GENOME_PANEL = 1 << 17
    PHARMACOGENES = 1 << 18
    ACTIVITY = 1 << 19
    DIET = 1 << 20
    SLEEP = 1 << 21
    BIOSIGNAL = 1 << 22
    LOCATION = 1 << 23
    RESEARCH_EXTRACT = 1 << 24


class Use(IntFlag):
    """What data may be used for: HL7 v3 PurposeOfUse and GA4GH DUO."""

    TREAT = 1 << 0
    ETREAT = 1 << 1
    COC = 1 << 2
    PATRQT = 1 << 3
    HPAYMT = 1 << 4
    PUBHLTH = 1 << 5
    NRES = 1 << 6
    GRU = 1 << 7
    HMB = 1 << 8
    DS = 1 << 9
    POA = 1 << 10


class Condition(IntFlag):
    """What else must hold, attested by an accreditor and never by the one who asks."""

    NPU = 1 << 0
    NCU = 1 << 1
    NPUNCU = 1 << 2
    IRB = 1 << 3
    PUB = 1 << 4
    RTN = 1 << 5
    NMDS = 1 << 6
    GSO = 1 << 7
    NPOA = 1 << 8
    CC = 1 << 9
    NRI = 1 << 10


class Role(IntFlag):
    """What an account is accredited for."""

    ISSUER = 1 << 0
    PHYSICIAN = 1 << 1
    EMERGENCY_CLINICIAN = 1 << 2
    RESEARCHER = 1 << 3
    CUSTODIAN = 1 << 4
    STATION = 1 << 5
    INSURER = 1 << 6
    SUPPLIER = 1 << 7
    PHARMACY = 1 << 8
    ETHICS_BOARD = 1 << 9
    EVALUATOR = 1 << 10


class Reason(IntEnum):
    """Why a request is permitted or denied."""

    SELF = 0
    GRANTED = 1
    PRIMARY_PHYSICIAN = 2
    MEMBER = 3
    BARRED = 4
    NOT_GRANTED = 5
    WITHDRAWN = 6
    NOT_YET = 7
    ENDED = 8
    NOT_PRIMARY = 9
    CLASS = 10
    USE = 11
    DISEASE = 12
    NOT_GRANTEE = 13
    GROUP_SILENT = 14
    NOT_MEMBER = 15
    CONDITION = 16

    @property
    def permits(self) -> bool:
        """Whether the answer that goes with this reason is yes."""
        return self in _PERMITS


_PERMITS = frozenset({Reason.SELF, Reason.GRANTED, Reason.PRIMARY_PHYSICIAN, Reason.MEMBER})


class Emergency(IntEnum):
    """Why a clinician breaks the glass of a person who can't be asked."""

    UNCONSCIOUS = 0
    CANNOT_SPEAK = 1
    DANGER_TO_LIFE = 2
    LASTING_HARM = 3


CLINICAL = (
    DataClass.PROBLEMS
    | DataClass.MEDICATIONS
    | DataClass.ALLERGIES
    | DataClass.IMMUNIZATIONS
    | DataClass.LABS
    | DataClass.VITALS
    | DataClass.IMAGING
    | DataClass.PROCEDURES
    | DataClass.NOTES
    | DataClass.ENCOUNTERS
)
SENSITIVE = (
    DataClass.MENTAL_HEALTH
    | DataClass.SEXUAL_REPRODUCTIVE
    | DataClass.HIV
    | DataClass.SUBSTANCE_USE
    | DataClass.VIOLENCE
    | DataClass.UNCLASSIFIED
)
GENOME = DataClass.GENOME_WHOLE | DataClass.GENOME_PANEL | DataClass.PHARMACOGENES
LIFELOG = (
    DataClass.ACTIVITY | DataClass.DIET | DataClass.SLEEP | DataClass.BIOSIGNAL | DataClass.LOCATION
)
RESEARCH = DataClass.RESEARCH_EXTRACT

# The uses of a grant that cover a request for one use.
ALLOWED_BY: Mapping[Use, Use] = MappingProxyType(
    {
        Use.TREAT: Use.TREAT,
        Use.ETREAT: Use.ETREAT,
        Use.COC: Use.COC,
        Use.PATRQT: Use.PATRQT,
        Use.HPAYMT: Use.HPAYMT,
        Use.PUBHLTH: Use.PUBHLTH,
        Use.NRES: Use.NRES,
        Use.GRU: Use.GRU | Use.NRES,
        Use.HMB: Use.HMB | Use.GRU | Use.NRES,
        Use.DS: Use.DS | Use.HMB | Use.GRU | Use.NRES,
        Use.POA: Use.POA | Use.GRU | Use.NRES,
    }
)

# The longest window, in days, of a grant that names the use.
MAX_DAYS: Mapping[Use, int] = MappingProxyType(
    {
        Use.TREAT: 1827,
        Use.ETREAT: 3653,
        Use.COC: 366,
        Use.PATRQT: 366,
        Use.HPAYMT: 366,
        Use.PUBHLTH: 366,
        Use.NRES: 1827,
        Use.GRU: 1827,
        Use.HMB: 1827,
        Use.DS: 1827,
        Use.POA: 1827,
    }
)

# Bits of two kinds are equal as numbers, so the kind is part of the key.
_LABELS: Mapping[tuple[type, int], tuple[str, str]] = {
    (DataClass, DataClass.PROBLEMS): ("problems and diagnoses", "문제 목록과 진단"),
    (DataClass, DataClass.MEDICATIONS): ("medications", "투약"),
    (DataClass, DataClass.ALLERGIES): ("allergies", "알레르기"),
    (DataClass, DataClass.IMMUNIZATIONS): ("immunizations", "예방접종"),
    (DataClass, DataClass.LABS): ("laboratory results", "검사 결과"),
    (DataClass, DataClass.VITALS): ("vital signs", "활력징후"),
    (DataClass, DataClass.IMAGING): ("imaging", "영상"),
    (DataClass, DataClass.PROCEDURES): ("procedures", "시술과 수술"),
    (DataClass, DataClass.NOTES): ("clinical notes", "의무기록 서술"),
    (DataClass, DataClass.ENCOUNTERS): ("encounters", "진료 내역"),
    (DataClass, DataClass.MENTAL_HEALTH): ("mental health", "정신건강"),
    (DataClass, DataClass.SEXUAL_REPRODUCTIVE): (
        "sexual and reproductive health",
        "성과 재생산 건강",
    ),
    (DataClass, DataClass.HIV): ("HIV", "HIV"),
    (DataClass, DataClass.SUBSTANCE_USE): ("substance use", "물질 사용"),
    (DataClass, DataClass.VIOLENCE): ("violence", "폭력 피해"),
    (DataClass, DataClass.UNCLASSIFIED): ("not classified yet", "아직 분류되지 않음"),
    (DataClass, DataClass.GENOME_WHOLE): ("whole genome", "전장 유전체"),
    (DataClass, DataClass.GENOME_PANEL): ("variants panel", "변이 패널"),
    (DataClass, DataClass.PHARMACOGENES): ("pharmacogenes", "약물유전체"),
    (DataClass, DataClass.ACTIVITY): ("activity", "활동"),
    (DataClass, DataClass.DIET): ("diet", "식이"),
    (DataClass, DataClass.SLEEP): ("sleep", "수면"),
    (DataClass, DataClass.BIOSIGNAL): ("biosignals", "생체신호"),
    (DataClass, DataClass.LOCATION): ("location", "위치"),
    (DataClass, DataClass.RESEARCH_EXTRACT): ("research extract", "연구용 추출본"),
    (Use, Use.TREAT): ("treatment", "진료"),
    (Use, Use.ETREAT): ("emergency treatment", "응급 진료"),
    (Use, Use.COC): ("coordination of care", "진료 연계"),
    (Use, Use.PATRQT): ("at the patient's request", "본인 요청"),
    (Use, Use.HPAYMT): ("payment of care", "의료비 지급"),
    (Use, Use.PUBHLTH): ("public health", "공중보건"),
    (Use, Use.NRES): ("any use (no restriction)", "제한 없는 이용"),
    (Use, Use.GRU): ("general research", "일반 연구"),
    (Use, Use.HMB): ("health, medical and biomedical research", "보건·의생명 연구"),
    (Use, Use.DS): ("research on one disease", "특정 질환 연구"),
    (Use, Use.POA): ("population origins and ancestry research", "인구 기원·조상 연구"),
    (Condition, Condition.NPU): ("not-for-profit organisations only", "비영리 기관만"),
    (Condition, Condition.NCU): ("non-commercial use only", "비상업적 이용만"),
    (Condition, Condition.NPUNCU): (
        "not-for-profit, non-commercial use only",
        "비영리·비상업적 이용만",
    ),
    (Condition, Condition.IRB): ("ethics approval required", "윤리위원회 승인 필요"),
    (Condition, Condition.PUB): ("results must be published", "결과 공개 의무"),
    (Condition, Condition.RTN): ("results must be returned", "결과 환원 의무"),
    (Condition, Condition.NMDS): ("no general methods research", "방법론 연구 제외"),
    (Condition, Condition.GSO): ("genetic studies only", "유전 연구만"),
    (Condition, Condition.NPOA): ("no ancestry research", "조상 연구 금지"),
    (Condition, Condition.CC): ("clinical care use", "임상 진료 이용"),
    (Condition, Condition.NRI): ("no attempt to re-identify", "재식별 시도 금지"),
    (Role, Role.ISSUER): ("issuer of records", "기록 발급 기관"),
    (Role, Role.PHYSICIAN): ("physician", "의사"),
    (Role, Role.EMERGENCY_CLINICIAN): ("emergency clinician", "응급 의료진"),
    (Role, Role.RESEARCHER): ("researcher", "연구자"),
    (Role, Role.CUSTODIAN): ("custodian", "수탁자"),
    (Role, Role.STATION): ("data station", "데이터 스테이션"),
    (Role, Role.INSURER): ("insurer", "보험자"),
    (Role, Role.SUPPLIER): ("supplier", "공급자"),
    (Role, Role.PHARMACY): ("pharmacy", "약국"),
    (Role, Role.ETHICS_BOARD): ("ethics board", "윤리위원회"),
    (Role, Role.EVALUATOR): ("evaluator", "평가자"),
    (Reason, Reason.SELF): ("it is the person themself", "본인입니다"),
    (Reason, Reason.GRANTED): ("the person granted it", "본인이 허락했습니다"),
    (Reason, Reason.PRIMARY_PHYSICIAN): (
        "the person chose this primary physician",
        "본인이 정한 주치의입니다",
    ),
    (Reason, Reason.MEMBER): (
        "the person granted it to a group that this account is a member of",
        "본인이 허락한 기관·단체의 구성원입니다",
    ),
    (Reason, Reason.BARRED): ("the person barred this account", "본인이 이 계정을 차단했습니다"),
    (Reason, Reason.NOT_GRANTED): (
        "the person never granted anything to this grantee",
        "본인이 허락한 적이 없습니다",
    ),
    (Reason, Reason.WITHDRAWN): ("the person withdrew the consent", "본인이 동의를 철회했습니다"),
    (Reason, Reason.NOT_YET): (
        "the consent has not begun yet",
        "동의 기간이 아직 시작되지 않았습니다",
    ),
    (Reason, Reason.ENDED): ("the consent has ended", "동의 기간이 끝났습니다"),
    (Reason, Reason.NOT_PRIMARY): (
        "the person has another primary physician now",
        "본인의 주치의가 바뀌었습니다",
    ),
    (Reason, Reason.CLASS): (
        "the consent does not cover this class of data",
        "동의에 이 종류의 자료가 들어 있지 않습니다",
    ),
    (Reason, Reason.USE): (
        "the consent does not cover this use",
        "동의에 이 이용 목적이 들어 있지 않습니다",
    ),
    (Reason, Reason.DISEASE): (
        "the consent is for research on another disease",
        "다른 질환 연구에 대한 동의입니다",
    ),
    (Reason, Reason.NOT_GRANTEE): (
        "this account is not the one that the person named",
        "본인이 지정한 계정이 아닙니다",
    ),
    (Reason, Reason.GROUP_SILENT): (
        "the group did not answer who its members are",
        "해당 기관·단체가 구성원 확인에 답하지 않았습니다",
    ),
    (Reason, Reason.NOT_MEMBER): (
        "this account is not a member of the group at this time",
        "이 계정은 지금 해당 기관·단체의 구성원이 아닙니다",
    ),
    (Reason, Reason.CONDITION): (
        "a condition of the consent has not been attested",
        "동의에 붙은 조건이 확인되지 않았습니다",
    ),
    (Emergency, Emergency.UNCONSCIOUS): ("the person is not conscious", "의식이 없습니다"),
    (Emergency, Emergency.CANNOT_SPEAK): (
        "the person can't make themself understood",
        "의사소통을 할 수 없습니다",
    ),
    (Emergency, Emergency.DANGER_TO_LIFE): (
        "waiting for an answer would endanger life",
        "답을 기다리면 생명이 위험합니다",
    ),
    (Emergency, Emergency.LASTING_HARM): (
        "waiting for an answer would do lasting harm",
        "답을 기다리면 영구적인 손상이 우려됩니다",
    ),
}


def label(code: DataClass | Use | Condition | Role | Reason | Emergency, lang: str = "en") -> str:
    """Say `code` in English or Korean; several bits together as a list.

    `lang` is a locale such as "ko_KR.UTF-8": what begins with "ko" is Korean, all else English.
    A bit that has no meaning here, as of a newer version, is shown as a number.
    """
    column = 1 if lang.lower().startswith("ko") else 0
    if isinstance(code, IntEnum):
        return _label(code, column)
    return ", ".join(_label(bit, column) for bit in _bits(code))


def _bits(code: IntFlag) -> list[IntFlag]:
    return [type(code)(1 << place) for place in range(code.bit_length()) if code >> place & 1]


def _label(code: IntFlag | IntEnum, column: int) -> str:
    names = _LABELS.get((type(code), code))
    return names[column] if names else f"0x{int(code):x}"
