"""The tree of blocks that a file becomes, worked out here and not taken on trust.

IPFS cuts a file into blocks and names the root of their tree. Who wants to know that a node stored,
or gave back, exactly these bytes has to build the same tree. `FileHasher` does so in one pass, in
memory that grows with the logarithm of the file:

    hasher = FileHasher()
    hasher.update(part)
    hasher.digest()           # the digest in the CID of the file

The layout is the one of `ipfs add --chunker=size-262144 --raw-leaves=false --cid-version=0`, which
every Kubo makes: blocks of 256 KiB, each a UnixFS file node, under balanced nodes of up to 174
links. A file that somebody else added with other settings has another tree and so another CID: it
can be fetched, but it can't be checked by this module.

`read_node` reads one block of such a tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

__all__ = ["CHUNK_BYTES", "MULTIHASH", "FileHasher", "Node", "NodeError", "read_node"]

CHUNK_BYTES: Final = 256 * 1024
# What goes before a digest in every name of IPFS: sha2-256, 32 bytes.
MULTIHASH: Final = b"\x12\x20"
_LINKS: Final = 174

# Protobuf keys: a field number and a wire type (0 a number, 2 bytes).
_PB_DATA, _PB_LINK = b"\x0a", b"\x12"
_LINK_HASH, _LINK_NAME, _LINK_SIZE = b"\x0a", b"\x12", b"\x18"
_FILE, _FILE_DATA, _FILE_SIZE, _FILE_BLOCK = b"\x08\x02", b"\x12", b"\x18", b"\x20"


@dataclass(frozen=True, slots=True)
class _Branch:
    digest: bytes
    stored: int  # Bytes of the block and of all below it.
    content: int  # Bytes of the file that it holds.


class FileHasher:
    """The digest in the CID of a file, from its bytes."""

    def __init__(self) -> None:
        self._pending = bytearray()
        self._levels: list[list[_Branch]] = [[]]
        self._length = 0

    @property
    def length(self) -> int:
        """How many bytes were hashed so far."""
        return self._length

    def update(self, data: bytes) -> None:
        """Add the next bytes of the file."""
        self._length += len(data)
        self._pending += data
        whole = len(self._pending) // CHUNK_BYTES * CHUNK_BYTES
        if whole:
            with memoryview(self._pending) as view:
                for start in range(0, whole, CHUNK_BYTES):
                    self._push(0, _leaf(bytes(view[start : start + CHUNK_BYTES])))
            del self._pending[:whole]

    def digest(self) -> bytes:
        """Return the digest of the root. Nothing can be added afterwards."""
        if self._pending or not self._length:
            self._push(0, _leaf(bytes(self._pending)))
            self._pending.clear()
        level = 0
        while level < len(self._levels) - 1 or len(self._levels[level]) > 1:
            if self._levels[level]:
                self._close(level)
            level += 1
        return self._levels[level][0].digest

    def _push(self, level: int, branch: _Branch) -> None:
        if level == len(self._levels):
            self._levels.append([])
        self._levels[level].append(branch)
        if len(self._levels[level]) == _LINKS:
            self._close(level)

    def _close(self, level: int) -> None:
        branches = self._levels[level]
        self._levels[level] = []
        self._push(level + 1, _parent(branches))


def _leaf(data: bytes) -> _Branch:
    content = _FILE
    if data:
        content += _FILE_DATA + _varint(len(data)) + data
    content += _FILE_SIZE + _varint(len(data))
    return _branch(_PB_DATA + _varint(len(content)) + content, below=0, content=len(data))


def _parent(branches: list[_Branch]) -> _Branch:
    links = bytearray()
    sizes = bytearray()
    for branch in branches:
        link = _LINK_HASH + _varint(34) + MULTIHASH + branch.digest + _LINK_NAME + b"\0"
        link += _LINK_SIZE + _varint(branch.stored)
        links += _PB_LINK + _varint(len(link)) + link
        sizes += _FILE_BLOCK + _varint(branch.content)
    content = sum(branch.content for branch in branches)
    data = _FILE + _FILE_SIZE + _varint(content) + sizes
    block = bytes(links) + _PB_DATA + _varint(len(data)) + data
    return _branch(block, below=sum(branch.stored for branch in branches), content=content)


def _branch(block: bytes, *, below: int, content: int) -> _Branch:
    return _Branch(sha256(block).digest(), len(block) + below, content)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


class NodeError(ValueError):
    """The block is not a node of a file."""


@dataclass(frozen=True, slots=True)
class Node:
    """One block of the tree of a file."""

    data: bytes
    size: int
    links: tuple[bytes, ...]  # Digests, in order.
    sizes: tuple[int, ...]  # Bytes of the file under each link.
    stored: int  # Bytes of all blocks under the links.
    raw_links: frozenset[int]  # Which links lead to raw blocks.


def read_node(block: bytes) -> Node:
    """Read a dag-pb block of a UnixFS file, or raise `NodeError`."""
    links: list[bytes] = []
    raw: set[int] = set()
    stored = 0
    content = b""
    for field, value in _fields(block):
        if field == 2 and isinstance(value, bytes):
            parts = dict(_fields(value))
            digest, is_raw = _link_digest(parts.get(1))
            if is_raw:
                raw.add(len(links))
            links.append(digest)
            size = parts.get(3, 0)
            stored += size if isinstance(size, int) else 0
        elif field == 1 and isinstance(value, bytes):
            content = value
    data = b""
    size_of_all = kind = 0
    sizes: list[int] = []
    for field, value in _fields(content):
        if field == 1 and isinstance(value, int):
            kind = value
        elif field == 2 and isinstance(value, bytes):
            data = value
        elif field == 3 and isinstance(value, int):
            size_of_all = value
        elif field == 4 and isinstance(value, int):
            sizes.append(value)
    if kind not in (0, 2):
        raise NodeError("the block is a directory or of another kind, not a file")
    if len(sizes) != len(links):
        raise NodeError("the block names other sizes than links")
    return Node(data, size_of_all, tuple(links), tuple(sizes), stored, frozenset(raw))


def _link_digest(cid: bytes | int | None) -> tuple[bytes, bool]:
    if isinstance(cid, bytes):
        if len(cid) == 34 and cid.startswith(MULTIHASH):
            return cid[2:], False
        if len(cid) == 36 and cid[:1] == b"\x01" and cid[2:4] == MULTIHASH:
            return cid[4:], cid[1] == 0x55
    raise NodeError("the block links to something that is not named by sha2-256")


def _fields(data: bytes) -> list[tuple[int, bytes | int]]:
    found: list[tuple[int, bytes | int]] = []
    place = 0
    while place < len(data):
        key, place = _read_varint(data, place)
        number, place = _read_varint(data, place)
        if key & 7 == 0:
            found.append((key >> 3, number))
        elif key & 7 == 2 and place + number <= len(data):
            found.append((key >> 3, data[place : place + number]))
            place += number
        else:
            raise NodeError("the block is not a protobuf message")
    return found


def _read_varint(data: bytes, place: int) -> tuple[int, int]:
    number = shift = 0
    while place < len(data) and shift < 64:
        byte = data[place]
        number |= (byte & 0x7F) << shift
        place += 1
        if byte < 0x80:
            return number, place
        shift += 7
    raise NodeError("the block ends within a number")
