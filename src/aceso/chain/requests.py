"""What is asked of the contracts and what they answer, as values with names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Any, Final

from aceso.codes import Condition, DataClass, Emergency, Reason, Use
from aceso.ethereum import NOBODY

from .words import GrantWord, HeadWord

__all__ = [
    "AnchoredHead",
    "Appointment",
    "Claim",
    "Committee",
    "Decision",
    "Delivery",
    "EmergencyOutcome",
    "EmergencyStatistics",
    "Evidence",
    "GuardianPower",
    "Institution",
    "NewestOpening",
    "OfferTerms",
    "Opening",
    "Parties",
    "Person",
    "Protocol",
    "RecordStanding",
    "Recovery",
    "Request",
    "Seat",
    "Standing",
    "StudyState",
    "StudyTerms",
    "Terms",
]


_NONE: Final = Condition(0)


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks to do: `actor` wants data of `classes` of `subject` for one `use`, under
    what was granted to `grantee`."""

    subject: str
    actor: str
    grantee: bytes
    use: Use
    classes: DataClass
    disease: int = 0


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer to a `Request`, and the block at which it was given."""

    permitted: bool
    reason: Reason
    block_number: int
    block_hash: bytes


@dataclass(frozen=True, slots=True)
class Standing:
    """The words that a decision reads."""

    grant: GrantWord
    actor_grant: GrantWord
    head: HeadWord


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a grant. `notice` is the hash of the text that the person was shown."""

    grantee: bytes
    classes: DataClass | int
    uses: Use | int
    conditions: Condition | int
    disease: int
    valid_from: int
    valid_until: int
    notice: bytes

    def astuple(self) -> tuple[bytes, int, int, int, int, int, int, bytes]:
        return (
            self.grantee,
            int(self.classes),
            int(self.uses),
            int(self.conditions),
            self.disease,
            self.valid_from,
            self.valid_until,
            self.notice,
        )


@dataclass(frozen=True, slots=True)
class OfferTerms:
    """What a person offers: an extract of their data of `classes`, for one `use`, for `duration`
    seconds, at `price` base units of coin. Closed when `delivery_period` is 0. `origin_shown`: the
    buyer is shown that issuers who vouch for the subject issued what it was made from."""

    subject: str
    price: int
    institution: str
    committee: int
    duration: int
    institution_bps: int
    use: Use | int
    classes: DataClass | int
    disease: int
    conditions: Condition | int
    delivery_period: int
    origin_shown: bool = False

    def astuple(self) -> tuple[str, int, str, int, int, int, int, int, int, int, int, bool]:
        return (
            self.subject,
            self.price,
            self.institution,
            self.committee,
            self.duration,
            self.institution_bps,
            int(self.use),
            int(self.classes),
            self.disease,
            int(self.conditions),
            self.delivery_period,
            self.origin_shown,
        )


@dataclass(frozen=True, slots=True)
class Delivery:
    """What a committee attests: the extract of `order` is held ready for the buyer's key."""

    order: int
    extract: bytes
    receiving_key: bytes
    capsule: bytes

    def astuple(self) -> tuple[int, bytes, bytes, bytes]:
        return (self.order, self.extract, self.receiving_key, self.capsule)


@dataclass(frozen=True, slots=True)
class StudyTerms:
    """What a researcher asks for in one revision of a study; its documents are in `Protocol`."""

    researcher: str
    price: int
    committee: int
    duration: int
    use: Use
    classes: DataClass
    delivery_period: int
    deadline: int
    cap: int
    institution: str = NOBODY
    institution_bps: int = 0
    disease: int = 0
    conditions: Condition = _NONE

    def astuple(self) -> tuple[Any, ...]:
        """In the order of the Solidity struct."""
        return (
            *(self.researcher, self.price, self.institution, self.committee, self.duration),
            *(self.institution_bps, int(self.use), int(self.classes), self.disease),
            *(int(self.conditions), self.delivery_period, self.deadline, self.cap),
        )

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> StudyTerms:
        """From the struct as the contract answers it, or its event tells it."""
        return cls(
            researcher=values["researcher"],
            price=values["price"],
            committee=values["committee"],
            duration=values["duration"],
            use=Use(values["use"]),
            classes=DataClass(values["classes"]),
            delivery_period=values["deliveryPeriod"],
            deadline=values["deadline"],
            cap=values["cap"],
            institution=values["institution"],
            institution_bps=values["institutionBps"],
            disease=values["disease"],
            conditions=Condition(values["conditions"]),
        )


@dataclass(frozen=True, slots=True)
class Protocol:
    """The documents of a revision: the commitment to its criteria, and the digests in the CIDs of
    the document that they are evaluated from and of the list of receiving keys."""

    cohort: bytes
    document: bytes
    keys: bytes

    def astuple(self) -> tuple[bytes, bytes, bytes]:
        return (self.cohort, self.document, self.keys)


@dataclass(frozen=True, slots=True)
class StudyState:
    """How a study stands: coin held and not locked, subjects enrolled, the newest revision, and how
    many of its places were given out, to those who left too."""

    budget: int
    enrolled: int
    revision: int
    deadline: int
    is_closed: bool
    places: int


@dataclass(frozen=True, slots=True)
class Parties:
    """Who takes part in an order; `institution_bps` of 10,000 of what is earned is the
    institution's."""

    subject: str
    payer: str
    institution: str
    committee: int
    institution_bps: int


@dataclass(frozen=True, slots=True)
class Committee:
    """Custodians that hold keys together, as they were registered."""

    members: tuple[str, ...]
    threshold: int

    def astuple(self) -> tuple[list[str], int]:
        return (list(self.members), self.threshold)


@dataclass(frozen=True, slots=True)
class Institution:
    """Who runs an institution, and since and until when it counts."""

    account: str
    valid_from: int
    valid_until: int


class RecordStanding(IntEnum):
    """How a record stands, as its issuer says."""

    STANDS = 0
    SUPERSEDED = 1
    RETRACTED = 2


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the chain says of a record. `anchored_at` is 0 if its issuer never anchored it."""

    anchored_at: int
    accredited: bool
    standing: RecordStanding


class GuardianPower(IntFlag):
    """What a guardian may do: let accounts in, stop what is done without the subject's word, help
    recover a lost seed."""

    SHARE = 1
    STOP = 2
    RECOVER = 4


class Claim(IntEnum):
    """What can be claimed of a subject. `CAPACITY` takes incapacity and death back."""

    INCAPACITY = 0
    DEATH = 1
    CAPACITY = 2
    RECOVERY = 3


@dataclass(frozen=True, slots=True)
class Appointment:
    """How a subject names a guardian. `majority` is 0 for an adult, or as it was committed before;
    `threshold` is how many guardians recover a seed together, 0 as it was before."""

    guardian: str
    powers: GuardianPower | int
    valid_from: int
    valid_until: int
    majority: int = 0
    threshold: int = 0

    def astuple(self) -> tuple[str, int, int, int, int, int]:
        return (
            self.guardian,
            int(self.powers),
            self.valid_from,
            self.valid_until,
            self.majority,
            self.threshold,
        )


@dataclass(frozen=True, slots=True)
class Seat:
    """How a guardian was appointed, and the counts that signatures name."""

    powers: GuardianPower
    valid_from: int
    valid_until: int
    accepted: bool
    appointments: int
    removals: int


@dataclass(frozen=True, slots=True)
class Person:
    """What guardianship keeps of a subject. A majority, threshold, successor or will that there
    isn't is zero."""

    majority: int
    threshold: int
    successor: str
    will: bytes
    wills: int


@dataclass(frozen=True, slots=True)
class Recovery:
    """A recovery that stands: for whom, and from and until when. Zeros if none does."""

    requester: str
    ready_at: int
    valid_until: int


@dataclass(frozen=True, slots=True)
class AnchoredHead:
    """How long a custodian's log was when its head was anchored last. All zero if it never was."""

    size: int
    anchored_at: int
    root: bytes


class EmergencyOutcome(IntEnum):
    """What became of an opening."""

    PENDING = 0
    JUSTIFIED = 1
    UNJUSTIFIED = 2
    UNREVIEWED = 3


@dataclass(frozen=True, slots=True)
class Opening:
    """A break-glass: of whom, by whom, why, reviewed until when, and what became of it."""

    subject: str
    clinician: str
    institution: int
    reason: Emergency
    review_until: int
    outcome: EmergencyOutcome


@dataclass(frozen=True, slots=True)
class NewestOpening:
    """The newest opening of a subject by a clinician; its number is 0 if there was none."""

    number: int
    valid_until: int
    stopped: bool


@dataclass(frozen=True, slots=True)
class EmergencyStatistics:
    """How many openings there were, and what became of them."""

    opened: int
    stopped: int
    justified: int
    unjustified: int
    unreviewed: int

    @property
    def pending(self) -> int:
        return self.opened - self.justified - self.unjustified - self.unreviewed
