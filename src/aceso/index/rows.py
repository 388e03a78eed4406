"""What the index answers."""

from __future__ import annotations

from dataclasses import dataclass, field

from aceso.chain import (
    GrantWord,
    OfferTerms,
    OrderState,
    Protocol,
    Studies,
    StudyTerms,
    UnionTerms,
)
from aceso.codes import Condition, DataClass, Use

__all__ = [
    "CommitteeRow",
    "ConsentRow",
    "EnrolmentRow",
    "InstitutionRow",
    "OfferRow",
    "OrderRow",
    "RecordEnd",
    "RecordRow",
    "StudyRow",
    "UnionOrderRow",
    "UnionRow",
]


@dataclass(frozen=True, slots=True)
class ConsentRow:
    """What a persona granted to one grantee, as it stands; `is_live` tells if it still permits.

    `ended` is true once everything was withdrawn after the grant, or, for a primary physician, when
    another was chosen. Whether a group has a given member only the chain says.
    """

    subject: str
    grantee: bytes
    classes: DataClass
    uses: Use
    conditions: Condition
    disease: int
    valid_from: int
    valid_until: int
    primary: bool
    barred: bool
    ended: bool
    notice: bytes
    changed_at: int
    block: int
    word: GrantWord = field(repr=False)

    def is_live(self, now: int) -> bool:
        """Whether it permits anything at `now`."""
        return (
            bool(self.classes)
            and not self.barred
            and not self.ended
            and self.valid_from <= now < self.valid_until
        )


@dataclass(frozen=True, slots=True)
class RecordRow:
    """A batch of records that an issuer anchored."""

    issuer: str
    root: bytes
    batch: bytes
    anchored_at: int
    block: int
    tx_hash: bytes


@dataclass(frozen=True, slots=True)
class RecordEnd:
    """A record that its issuer replaced (`successor`) or retracted (none)."""

    issuer: str
    leaf: bytes
    successor: bytes | None
    ended_at: int


@dataclass(frozen=True, slots=True)
class OfferRow:
    """An offer; closed ones take no more buyers."""

    number: int
    terms: OfferTerms
    is_open: bool
    made_at: int


@dataclass(frozen=True, slots=True)
class OrderRow:
    """An order, with what became of it so far."""

    order: int
    offer: int
    buyer: str
    subject: str
    price: int
    receiving_key: bytes
    state: OrderState
    bought_at: int
    delivered_at: int | None
    extract: bytes | None
    capsule: bytes | None
    earned: int | None
    refunded: int | None


@dataclass(frozen=True, slots=True)
class StudyRow:
    """A revision of a study; `board` approved it, or none did. A closed study takes nobody."""

    study: int
    revision: int
    terms: StudyTerms
    protocol: Protocol
    board: str | None
    closed_at: int | None
    made_at: int

    @property
    def group(self) -> int:
        """What people grant to."""
        return Studies.group_of(self.study, self.revision)


@dataclass(frozen=True, slots=True)
class EnrolmentRow:
    """An order of a study, with what became of it so far."""

    order: int
    study: int
    revision: int
    researcher: str
    subject: str
    price: int
    place: int
    state: OrderState
    made_at: int
    delivered_at: int | None
    extract: bytes | None
    capsule: bytes | None
    earned: int | None
    refunded: int | None


@dataclass(frozen=True, slots=True)
class UnionRow:
    """A union, and how many are in it. A closed one takes nobody."""

    number: int
    terms: UnionTerms
    members: int
    opened_at: int
    closed_at: int | None


@dataclass(frozen=True, slots=True)
class UnionClaim:
    """What a member was paid of an order, in the coin's unit. What went back of their part is None
    while it runs: then `earned` is what they were paid by now."""

    earned: int
    refunded: int | None


@dataclass(frozen=True, slots=True)
class UnionOrderRow:
    """An order of a union. `members` divide its price once it is delivered, and `claims` says what
    became of each part that something was paid of, by member."""

    order: int
    union: int
    buyer: str
    price: int
    minimum: int
    receiving_key: bytes
    state: OrderState
    bought_at: int
    delivered_at: int | None
    members: int | None
    extract: bytes | None
    capsule: bytes | None
    refunded: int | None
    claims: dict[str, UnionClaim]


@dataclass(frozen=True, slots=True)
class CommitteeRow:
    """A committee as it was registered."""

    number: int
    members: tuple[str, ...]
    threshold: int
    institutions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class InstitutionRow:
    """An institution; `closed_at` is none while it is open."""

    number: int
    account: str
    valid_from: int
    closed_at: int | None
