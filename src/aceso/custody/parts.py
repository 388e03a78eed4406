"""Whose part is which: what a custodian tells the buyer of a union's order.

    told = Parts.from_bytes(data).among(published)      # those that were delivered
    told.part_of(member)

What is published of a delivery are the leaves alone (`aceso.vault.PartList`). Whoever is a party of
the order is told the parts: the buyer all, a member their own. A part is 84 bytes, member 20 |
extract 32 | capsule 32, and they are sorted by member.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from aceso.chain import Part
from aceso.errors import IntegrityError
from aceso.ethereum import address_bytes, address_text, keccak
from aceso.vault import PartList, part_leaf

__all__ = ["Held", "Parts", "leaf_of", "part_book"]

_MEMBER_BYTES: Final = 20
_PART_BYTES: Final = _MEMBER_BYTES + 64


def leaf_of(part: Part) -> bytes:
    """Where a part is in the tree of a delivery."""
    return part_leaf(part.member, part.extract, part.capsule)


def part_book(order: int, member: str) -> bytes:
    """Under what a custodian keeps a member's part of an order of a union."""
    return keccak(order.to_bytes(32, "big") + address_bytes(member))


@dataclass(frozen=True, slots=True)
class Held:
    """That a threshold of a committee holds a part of an order: `signers` has the bit of each
    member's place, and their signatures of `PartHeld` are in that order. It names nobody."""

    part: bytes
    members: tuple[str, ...]
    threshold: int
    signers: int
    signatures: tuple[bytes, ...]

    @property
    def signed_by(self) -> tuple[str, ...]:
        """The members whose signatures there are, in their order."""
        return tuple(one for at, one in enumerate(self.members) if self.signers >> at & 1)

    def to_json(self) -> dict[str, Any]:
        return {
            "part": "0x" + self.part.hex(),
            "members": list(self.members),
            "threshold": self.threshold,
            "signers": self.signers,
            "signatures": ["0x" + one.hex() for one in self.signatures],
        }


class Parts:
    """Parts of one order, a member's each."""

    def __init__(self, parts: Iterable[Part]):
        self._parts = {address_bytes(part.member): part for part in parts}

    def __len__(self) -> int:
        return len(self._parts)

    def __iter__(self) -> Iterator[Part]:
        """By member."""
        return (self._parts[member] for member in sorted(self._parts))

    def to_bytes(self) -> bytes:
        return b"".join(address_bytes(one.member) + one.extract + one.capsule for one in self)

    @classmethod
    def from_bytes(cls, data: bytes) -> Parts:
        """Read what `to_bytes` wrote, or raise `IntegrityError`."""
        parts = cls(
            Part(
                address_text(data[at : at + _MEMBER_BYTES]),
                data[at + _MEMBER_BYTES : at + _MEMBER_BYTES + 32],
                data[at + _MEMBER_BYTES + 32 : at + _PART_BYTES],
            )
            for at in range(0, len(data) - _PART_BYTES + 1, _PART_BYTES)
        )
        if parts.to_bytes() != data:
            raise IntegrityError(
                "This is not a list of the parts of a union's order.", code="E_UNION_LIST"
            )
        return parts

    def published(self) -> PartList:
        """What is published of them. Raise `ValueError` where there are none."""
        return PartList.of(map(leaf_of, self))

    def among(self, published: PartList) -> Parts:
        """Those that were delivered."""
        delivered = frozenset(published.leaves)
        return Parts(part for part in self if leaf_of(part) in delivered)

    def part_of(self, member: str) -> Part | None:
        """A member's, if it is there."""
        return self._parts.get(address_bytes(member))
