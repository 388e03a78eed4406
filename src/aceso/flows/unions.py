"""Data unions: what is delivered for an order of one, part by part.

parts = Parts(Part(persona, extract, capsule) for …)
parts.root, parts.digest            # what the committee signs, as extract and capsule
claim(suite, order, parts, persona) # what anybody sends, once the part is due
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from aceso.chain import Call, Part, Suite
from aceso.ethereum import keccak
from aceso.vault import Batch, make_batch, standard_leaf

__all__ = ["Parts", "claim", "leaf_of"]


def leaf_of(part: Part) -> bytes:
    """Where a part is in the tree of a delivery."""
    member = bytes.fromhex(part.member[2:])
    return standard_leaf(bytes(12) + member + part.extract + part.capsule)


class Parts:
    """The parts of one delivery, a member each."""

    def __init__(self, parts: Iterable[Part]) -> None:
        self._parts = {part.member.lower(): part for part in parts}

    @cached_property
    def _tree(self) -> Batch:
        return make_batch([leaf_of(part) for part in self._parts.values()])

    @property
    def root(self) -> bytes:
        """What the committee signs as the extract. Random leaves fill the tree, so that it doesn't
        say how many delivered: it is the same for as long as this object is kept."""
        return self._tree.root

    @property
    def digest(self) -> bytes:
        """What the committee signs as the capsule: that of the sorted leaves."""
        return keccak(b"".join(sorted(leaf_of(part) for part in self._parts.values())))

    def part_of(self, member: str) -> Part:
        """Raise `KeyError` where the member delivered nothing."""
        return self._parts[member.lower()]

    def proof_of(self, member: str) -> list[bytes]:
        return list(self._tree.proof(leaf_of(self.part_of(member))))


def claim(suite: Suite, order: int, parts: Parts, member: str) -> Call:
    """The call that pays one member's part."""
    return suite.unions.claim(order, parts.part_of(member), parts.proof_of(member))
