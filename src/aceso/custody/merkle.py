"""The Merkle tree of a log that only grows: RFC 9162, section 2.1 (as RFC 6962), over SHA-256.

    tree = Tree(size, read)                  # read(level, position) -> a node that was kept
    kept = tree.append(leaf_hash(entry))     # {(level, position): hash}: the nodes to keep with it
    tree.root, tree.inclusion(index), tree.consistency(earlier)

    root_of_inclusion(leaf_hash(entry), index, size, proof)      # compare with the head's root
    is_consistent(earlier, earlier_root, size, root, proof)

A node is kept when the part of the tree below it is full, and never changes then: node (level,
position) covers the leaves from position * 2^level on, 2^level of them. So an append writes two
nodes on average, and a proof reads as many as the tree is high, whatever the size.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

__all__ = ["EMPTY_ROOT", "Tree", "is_consistent", "leaf_hash", "root_of_inclusion"]

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()

Read = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry: of another kind than a node's, so that none passes as the other."""
    return hashlib.sha256(b"\x00" + entry).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


class Tree:
    """A tree of `size` leaves, whose full parts are kept elsewhere."""

    def __init__(self, size: int, read: Read):
        self.size = size
        self._read = read

    def append(self, leaf: bytes) -> dict[tuple[int, int], bytes]:
        """Add a leaf's hash, and say which nodes are full now."""
        kept = {(0, self.size): leaf}
        level, position = 0, self.size
        while position % 2:
            leaf = _node(self._read(level, position - 1), leaf)
            level, position = level + 1, position // 2
            kept[level, position] = leaf
        self.size += 1
        return kept

    @property
    def root(self) -> bytes:
        """The root, or the hash of nothing."""
        return self._hash(0, self.size) if self.size else EMPTY_ROOT

    def inclusion(self, index: int) -> list[bytes]:
        """The proof that the leaf at `index`, from 0, is in the tree."""
        if not 0 <= index < self.size:
            raise ValueError("no leaf is there")
        return self._path(index, 0, self.size)

    def consistency(self, earlier: int) -> list[bytes]:
        """The proof that the tree of the first `earlier` leaves grew into this one."""
        if not 0 < earlier <= self.size:
            raise ValueError("no tree of that size grew into this one")
        return self._subproof(earlier, 0, self.size, complete=True)

    def _hash(self, start: int, end: int) -> bytes:
        """The hash over the leaves from `start` to before `end`."""
        count = end - start
        if count & (count - 1) == 0:
            level = count.bit_length() - 1
            return self._read(level, start >> level)
        middle = start + _split(count)
        return _node(self._hash(start, middle), self._hash(middle, end))

    def _path(self, index: int, start: int, end: int) -> list[bytes]:
        if end - start == 1:
            return []
        middle = start + _split(end - start)
        if index < middle:
            return [*self._path(index, start, middle), self._hash(middle, end)]
        return [*self._path(index, middle, end), self._hash(start, middle)]

    def _subproof(self, earlier: int, start: int, end: int, *, complete: bool) -> list[bytes]:
        if earlier == end:
            return [] if complete else [self._hash(start, end)]
        middle = start + _split(end - start)
        if earlier <= middle:
            left = self._subproof(earlier, start, middle, complete=complete)
            return [*left, self._hash(middle, end)]
        right = self._subproof(earlier, middle, end, complete=False)
        return [*right, self._hash(start, middle)]


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return 1 << ((count - 1).bit_length() - 1)


def root_of_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root that this proof leads to (RFC 9162, 2.1.3.2), or None where it is none."""
    if not 0 <= index < size or any(len(part) != HASH_BYTES for part in proof):
        return None
    first, last, found = index, size - 1, leaf
    for part in proof:
        if last == 0:
            return None
        if first % 2 or first == last:
            found = _node(part, found)
            while not first % 2 and first:
                first, last = first >> 1, last >> 1
        else:
            found = _node(found, part)
        first, last = first >> 1, last >> 1
    return found if last == 0 else None


def is_consistent(
    earlier: int, earlier_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether the tree of `earlier` leaves grew into that of `size` (RFC 9162, 2.1.4.2)."""
    if earlier == size:
        return not proof and earlier_root == root
    if not 0 < earlier < size or any(len(part) != HASH_BYTES for part in proof):
        return False
    path = list(proof)
    if earlier & (earlier - 1) == 0:
        path.insert(0, earlier_root)
    if not path:
        return False
    first, last = earlier - 1, size - 1
    while first % 2:
        first, last = first >> 1, last >> 1
    old = new = path[0]
    for part in path[1:]:
        if last == 0:
            return False
        if first % 2 or first == last:
            old, new = _node(part, old), _node(part, new)
            while not first % 2 and first:
                first, last = first >> 1, last >> 1
        else:
            new = _node(new, part)
        first, last = first >> 1, last >> 1
    return last == 0 and old == earlier_root and new == root
