"""What is delivered for an order of a data union: many members' parts, under one word that their
committee signs.

    parts = PartList.of(part_leaf(member, extract, capsule) for …)
    parts.extract                     # what the committee signs, of the count and the root
    parts.to_bytes()                  # what is published, under the digest that it signs beside it
    PartList.parse(data).proof(leaf)  # what a member makes anew from that, and claims by

Published are the leaves alone. A leaf is the hash of a member, the leaf of their extract and the
digest of its capsule; who doesn't know both can't tell whose it is, nor whether somebody's is
there. How many there are is public anyhow: the price is divided by it. So the tree has no others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

from ._bytes import address_bytes, exactly, keccak
from .batch import Batch, standard_leaf, tree_of
from .errors import FormatError

__all__ = ["MAX_PARTS", "PartList", "part_leaf"]

_LEAF_BYTES: Final = 32
# So that a list is 2 MiB at most, which is read at once.
MAX_PARTS: Final = 1 << 16


def part_leaf(member: str, extract: bytes, capsule: bytes) -> bytes:
    """Where a part is: the standard leaf of `(address, bytes32, bytes32)`."""
    exactly(extract, 32, "an extract's leaf")
    exactly(capsule, 32, "a capsule's digest")
    return standard_leaf(bytes(12) + address_bytes(member) + extract + capsule)


@dataclass(frozen=True)
class PartList:
    """The leaves of one delivery, sorted, each once."""

    leaves: tuple[bytes, ...]

    @classmethod
    def of(cls, leaves: Iterable[bytes]) -> PartList:
        found = tuple(sorted(leaves))
        if not 0 < len(found) <= MAX_PARTS or len(set(found)) != len(found):
            raise ValueError(f"a delivery has 1 to {MAX_PARTS} parts, and each once")
        return cls(found)

    @classmethod
    def parse(cls, data: bytes) -> PartList:
        """Raise `FormatError` unless these are published leaves."""
        count, rest = divmod(len(data), _LEAF_BYTES)
        leaves = tuple(data[at * _LEAF_BYTES : (at + 1) * _LEAF_BYTES] for at in range(count))
        if rest or not 0 < count <= MAX_PARTS or any(a >= b for a, b in pairwise(leaves)):
            raise FormatError(
                "This is not a list of the parts of a delivery: sorted leaves of 32 bytes. Fetch "
                "the one under the digest that the committee signed."
            )
        return cls(leaves)

    def to_bytes(self) -> bytes:
        """What is published."""
        return b"".join(self.leaves)

    def __len__(self) -> int:
        return len(self.leaves)

    @cached_property
    def _tree(self) -> Batch:
        return tree_of(self.leaves)

    @property
    def root(self) -> bytes:
        return self._tree.root

    @property
    def extract(self) -> bytes:
        """What the committee signs as the extract: `keccak256(abi.encode(count, root))`."""
        return keccak(len(self).to_bytes(32, "big") + self.root)

    def proof(self, leaf: bytes) -> tuple[bytes, ...]:
        """The proof that a part is among these; raise `ValueError` where it isn't."""
        return self._tree.proof(leaf)
