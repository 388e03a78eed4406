"""Unions: one offer by many people, whose parts of an order are claimed one by one.

    suite.unions.claim(order, part, parts.proof(leaf))

What is delivered is a tree of parts: `aceso.vault.PartList`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aceso.codes import Condition, DataClass, Use
from aceso.ethereum import NOBODY, keccak

from .calls import Call
from .market import OrderDesk
from .node import BlockTag
from .requests import Committee, Delivery
from .words import _bits

__all__ = ["Membership", "Part", "UnionTerms", "Unions"]

_NONE = Condition(0)


@dataclass(frozen=True, slots=True)
class UnionTerms:
    """What a union offers: an extract of each member's data, at `price` for all together.
    `origin_shown`: each shows its buyer that issuers who vouch for the member issued it."""

    keeper: str
    price: int
    committee: int
    duration: int
    delivery_period: int
    voucher: str
    use: Use
    classes: DataClass
    institution: str = NOBODY
    institution_bps: int = 0
    disease: int = 0
    conditions: Condition = _NONE
    origin_shown: bool = False

    def astuple(self) -> tuple[Any, ...]:
        """In the order of the Solidity struct."""
        return (
            *(self.keeper, self.price, self.institution, self.committee, self.duration),
            *(self.institution_bps, self.delivery_period, self.voucher, int(self.use)),
            *(int(self.classes), self.disease, int(self.conditions), self.origin_shown),
        )

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> UnionTerms:
        """From the struct as the contract answers it, or its event tells it."""
        return cls(
            keeper=values["keeper"],
            price=int(values["price"]),
            committee=values["committee"],
            duration=values["duration"],
            delivery_period=values["deliveryPeriod"],
            voucher=values["voucher"],
            use=Use(values["use"]),
            classes=DataClass(values["classes"]),
            institution=values["institution"],
            institution_bps=values["institutionBps"],
            disease=values["disease"],
            conditions=Condition(values["conditions"]),
            origin_shown=values["originShown"],
        )


@dataclass(frozen=True, slots=True)
class Membership:
    """What a union knows of a person; `joined_at` is 0 if they never joined, `left_at` if they are
    in. They are counted by the place that they were given last. `leavings` is how often they said
    that they leave."""

    joined_at: int
    left_at: int
    grants: int
    epoch: int
    place: int
    joins: int
    leavings: int

    @property
    def is_in(self) -> bool:
        return self.joined_at != 0 and self.left_at == 0

    @classmethod
    def parse(cls, word: int) -> Membership:
        return cls(
            joined_at=_bits(word, 0, 40),
            left_at=_bits(word, 40, 40),
            grants=_bits(word, 80, 24),
            epoch=_bits(word, 104, 24),
            place=_bits(word, 128, 24),
            joins=_bits(word, 152, 16),
            leavings=_bits(word, 168, 24),
        )


@dataclass(frozen=True, slots=True)
class Part:
    """One member's part of a delivery: their extract's leaf, and the digest of its capsule."""

    member: str
    extract: bytes
    capsule: bytes

    def astuple(self) -> tuple[str, bytes, bytes]:
        return (self.member, self.extract, self.capsule)


class Unions(OrderDesk):
    """The desk of unions."""

    @staticmethod
    def order_number(number: int, buyer: str, count: int) -> int:
        """The order that the purchase of this count, from 1, by a buyer of a union makes."""
        words = (number, int(buyer, 16), count)
        digest = keccak(b"".join(one.to_bytes(32, "big") for one in words))
        return int.from_bytes(digest, "big") & ~0xFFFF | 1

    def open(self, terms: UnionTerms) -> Call:
        return self.call("open", terms.astuple())

    def close(self, number: int) -> Call:
        return self.call("close", number)

    def vouch(self, voucher: str, account: str, mark: bytes, signature: bytes) -> Call:
        return self.call("vouch", voucher, account, mark, signature)

    def join(self, number: int, mark: bytes) -> Call:
        return self.call("join", number, mark)

    def join_with_sig(
        self, subject: str, number: int, mark: bytes, deadline: int, signature: bytes
    ) -> Call:
        return self.call("joinWithSig", subject, number, mark, deadline, signature)

    def leave(self, number: int) -> Call:
        return self.call("leave", number)

    def leave_with_sig(self, subject: str, number: int, signature: bytes) -> Call:
        return self.call("leaveWithSig", subject, number, signature)

    def strike(self, number: int, subject: str) -> Call:
        """Take out somebody whose consent has ended."""
        return self.call("strike", number, subject)

    def buy(self, number: int, receiving_key: bytes, minimum: int) -> Call:
        return self.call("buy", number, receiving_key, minimum)

    def deliver_parts(
        self,
        delivery: Delivery,
        count: int,
        root: bytes,
        committee: Committee,
        signers: int,
        signatures: list[bytes],
    ) -> Call:
        """`signers` has the bit of each member's place; their signatures are in that order."""
        arguments = (delivery.astuple(), count, root, committee.astuple(), signers, signatures)
        return self.call("deliverParts", *arguments)

    def claim(self, order: int, part: Part, proof: list[bytes]) -> Call:
        return self.call("claim", order, part.astuple(), proof)

    def accuse(self, order: int, part: Part, proof: list[bytes]) -> Call:
        """Say, as the buyer, that a delivered part doesn't open, to dispute all of these."""
        return self.call("accuse", order, part.astuple(), proof)

    def accusations_of(self, order: int) -> tuple[int, bool, bool]:
        """How many parts were accused, and whether a dispute was opened about them, and upheld."""
        count, is_disputed, is_upheld = self.read("accusationsOf", order)
        return count, is_disputed, is_upheld

    def is_accused(self, order: int, place: int) -> bool:
        """Whether the part of the member of this place was accused."""
        return bool(self.read("isAccused", order, place)[0])

    def order_of(self, number: int, buyer: str) -> tuple[int, bool]:
        """The newest order of the buyer, or what the first would be, and whether there was one."""
        order, exists = self.read("orderOf", number, buyer)
        return order, exists

    def get_union(self, number: int, *, block: BlockTag = "latest") -> UnionTerms:
        return UnionTerms.parse(self.read("getUnion", number, block=block)[0])

    def roll_of(self, number: int) -> tuple[int, bool]:
        """How many members there are, and whether it is open."""
        members, is_open = self.read("rollOf", number)
        return members, is_open

    def membership_of(self, number: int, subject: str) -> Membership:
        return Membership.parse(self.read("membershipOf", number, subject)[0])

    def shares_of(self, order: int) -> tuple[int, int, bytes]:
        """By how many an order is divided, how many claimed, and the root of what was delivered."""
        members, claims, root = self.read("sharesOf", order)
        return members, claims, root

    def is_claimed(self, order: int, place: int) -> bool:
        """Whether the part of the member of this place was claimed."""
        return bool(self.read("isClaimed", order, place)[0])

    def persona_of(self, voucher: str, mark: bytes) -> str:
        """Whose mark it is; the zero address if nobody's."""
        return str(self.read("personaOf", voucher, mark)[0])

    def union_count(self) -> int:
        return int(self.read("unionCount")[0])
