"""A batch of leaves under one root, as OpenZeppelin's standard Merkle tree has it.

    batch = make_batch([leaf, another])
    batch.root                        # what `anchor` writes
    batch.proof(leaf)                 # what `verify` takes
    check_proof(batch.root, leaf, proof)

Leaves are sorted, laid out as a complete binary tree, and each pair is sorted before it is hashed,
so `MerkleProof.verify` of OpenZeppelin and `@openzeppelin/merkle-tree` agree with it.

A batch is filled up with random leaves to a power of two, at least 16: neither the root nor a
proof's length says how many records somebody made on one day.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from ._bytes import exactly, keccak
from .errors import OpeningError

__all__ = ["Batch", "check_proof", "make_batch", "root_of", "standard_leaf"]

_SMALLEST: Final = 16


def standard_leaf(encoded: bytes) -> bytes:
    """OpenZeppelin's standard leaf of what was ABI-encoded: keccak twice, so no node is a leaf."""
    return keccak(keccak(encoded))


def _tree(leaves: Sequence[bytes]) -> list[bytes]:
    """A complete binary tree as an array: the children of i are 2i+1 and 2i+2."""
    count = len(leaves)
    nodes = [b""] * (count - 1)
    nodes.extend(reversed(leaves))
    for at in range(count - 2, -1, -1):
        left, right = nodes[2 * at + 1], nodes[2 * at + 2]
        nodes[at] = keccak(left + right if left < right else right + left)
    return nodes


@dataclass(frozen=True, slots=True)
class Batch:
    """A tree and where each leaf is in it."""

    root: bytes
    _nodes: list[bytes] = field(repr=False)
    _at: dict[bytes, int] = field(repr=False)

    def __len__(self) -> int:
        return len(self._at)

    def proof(self, leaf: bytes) -> tuple[bytes, ...]:
        """The siblings of `leaf`, from the bottom up."""
        try:
            at = self._at[leaf]
        except KeyError:
            raise ValueError("this leaf is not in the batch") from None
        nodes = self._nodes
        siblings = []
        while at:
            siblings.append(nodes[at + 1 if at & 1 else at - 1])
            at = (at - 1) >> 1
        return tuple(siblings)

    def proofs(self) -> dict[bytes, tuple[bytes, ...]]:
        """The proof of every leaf, filling included."""
        nodes = self._nodes
        paths: list[tuple[bytes, ...]] = [()] * len(nodes)
        for at in range(1, len(nodes)):
            sibling = nodes[at + 1 if at & 1 else at - 1]
            paths[at] = (sibling, *paths[(at - 1) >> 1])
        return {leaf: paths[at] for leaf, at in self._at.items()}


def tree_of(leaves: Iterable[bytes]) -> Batch:
    """The tree of exactly these leaves."""
    ordered = sorted(leaves)
    if not ordered:
        raise ValueError("a tree has at least one leaf")
    if len(set(ordered)) != len(ordered):
        raise ValueError("a leaf is in a tree once")
    for leaf in ordered:
        exactly(leaf, 32, "a leaf")
    nodes = _tree(ordered)
    last = len(nodes) - 1
    return Batch(nodes[0], nodes, {leaf: last - index for index, leaf in enumerate(ordered)})


def make_batch(leaves: Iterable[bytes]) -> Batch:
    """The tree of these leaves and of as many random ones as fill it up."""
    given = list(leaves)
    if not given:
        raise ValueError("a batch has at least one record")
    size = max(_SMALLEST, 1 << (len(given) - 1).bit_length())
    return tree_of(given + [os.urandom(32) for _ in range(size - len(given))])


def root_of(leaf: bytes, proof: Iterable[bytes]) -> bytes:
    """The root that this proof leads to."""
    node = exactly(leaf, 32, "a leaf")
    for sibling in proof:
        exactly(sibling, 32, "a proof's step")
        node = keccak(node + sibling if node < sibling else sibling + node)
    return node


def check_proof(root: bytes, leaf: bytes, proof: Iterable[bytes]) -> None:
    """Raise `OpeningError` unless `leaf` is under `root`."""
    if root_of(leaf, proof) != root:
        raise OpeningError(
            "The leaf is not under this root: the proof is another record's, or was changed.",
            code="E_VAULT_PROOF",
        )
