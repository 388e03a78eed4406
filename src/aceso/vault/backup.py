"""A backup: index, capsules and bodies of a vault in one file, which the seed opens, and it alone.

    with BackupWriter(stream, keys) as backup:
        backup.manifest(manifest.version, manifest.seal(keys))
        backup.entry(BackedUp(entry, day, step, leaves))
        backup.body(entry.cid, source)
    for part in read_backup(stream, keys):
        part.kind, part.data, part.source

The file is cut into segments of 64 KiB, each sealed on its own, numbered, and the last one marked
as such: the STREAM construction, as age has it. So a file that was cut, lengthened, or put together
from two is told from a whole one, and a file of any size is read with one segment in memory.

Whoever has the seed and the file reads every record whose body is in it, and needs nobody: neither
custodians, nor a chain, nor IPFS. That also holds for what was forgotten after it was made: a
backup doesn't forget, so destroy those from before.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum
from types import TracebackType
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ._bytes import Reader, be, exactly
from .errors import FormatError, OpeningError
from .hpke import SUITE
from .keys import VaultKeys
from .record import ListEntry
from .segments import padded_length

__all__ = ["BackedUp", "BackupPart", "BackupWriter", "PartKind", "chain_of", "read_backup"]

_MAGIC: Final = b"ABAK"
_VERSION: Final = 1
_LABEL: Final = b"aceso/v1/backup-file"
_SALT_BYTES: Final = 32
_HEAD_BYTES: Final = len(_MAGIC) + 2 + 8 + _SALT_BYTES
_SEGMENT_BYTES: Final = 1 << 16
_TAG_BYTES: Final = 16
_CID_BYTES: Final = 59
# An entry with very many fields has some megabytes; an index of a million records, more.
_LONGEST: Final = 1 << 30


class PartKind(IntEnum):
    """What a part of a backup is."""

    MANIFEST = 1
    ENTRY = 2
    BODY = 3
    END = 4


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A list entry and what its device knew of it: its day, how far it was on its way (0 sealed, 1
    anchored, 2 posted), and the digest of its batch's leaves."""

    entry: ListEntry
    day: str
    step: int
    leaves: bytes

    def to_bytes(self) -> bytes:
        day = self.day.encode()
        head = bytes([self.step]) + exactly(self.leaves, 32, "a digest") + bytes([len(day)]) + day
        return head + self.entry.to_bytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> BackedUp:
        reader = Reader(data, "backup's entry")
        step = reader.one_of((0, 1, 2), "step")
        leaves = reader.take(32, "leaves")
        try:
            day = reader.take(reader.number(1, "day's length"), "day").decode()
        except UnicodeDecodeError as exc:
            raise FormatError("The day of an entry in the backup is no text.") from exc
        return cls(ListEntry.from_bytes(data[reader.at :]), day, step, leaves)


@dataclass(frozen=True, slots=True)
class BackupPart:
    """A part: `data` is a manifest's box or an entry's bytes, `number` a manifest's version, and
    `cid` and `source` are a body's, which is read before the next part is asked for."""

    kind: PartKind
    data: bytes = field(default=b"", repr=False)
    number: int = 0
    cid: str = ""
    source: BinaryIO | None = field(default=None, repr=False)


class BackupWriter:
    """Writes a backup to a stream: the manifest first, then each entry, and after it its body."""

    def __init__(self, stream: BinaryIO, keys: VaultKeys):
        self._stream = stream
        head = _MAGIC + bytes([_VERSION, SUITE]) + be(keys.chain_id, 8) + os.urandom(_SALT_BYTES)
        self._head = head
        self._cipher = _cipher(keys, head)
        self._waiting = bytearray()
        self._number = self._length = self._entries = self._bodies = 0
        stream.write(head)

    def __enter__(self) -> BackupWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            self._finish()

    def manifest(self, version: int, sealed: bytes) -> None:
        """The index, as it is sealed for IPFS, with its version."""
        self._part(PartKind.MANIFEST, be(version, 8, "a version") + sealed)

    def entry(self, entry: BackedUp) -> None:
        """An entry, with the capsule that opens its body."""
        self._part(PartKind.ENTRY, entry.to_bytes())
        self._entries += 1

    def body(self, cid: str, source: BinaryIO, length: int) -> None:
        """The sealed body of the last entry: `length` bytes that `source` has left."""
        name = exactly(cid.encode("ascii"), _CID_BYTES, "a CID")
        self._write(bytes([PartKind.BODY]) + be(len(name) + length, 8) + name)
        left = length
        while left:
            block = source.read(min(left, _SEGMENT_BYTES))
            if not block:
                raise ValueError(f"a body ends {left} bytes before its length")
            self._write(block)
            left -= len(block)
        self._bodies += 1

    def _part(self, kind: PartKind, data: bytes) -> None:
        self._write(bytes([kind]) + be(len(data), 8) + data)

    def _write(self, data: bytes) -> None:
        self._length += len(data)
        self._waiting += data
        # One segment always waits, since only the last one is marked.
        while len(self._waiting) > _SEGMENT_BYTES:
            self._seal(bytes(self._waiting[:_SEGMENT_BYTES]), is_last=False)
            del self._waiting[:_SEGMENT_BYTES]

    def _finish(self) -> None:
        self._part(PartKind.END, be(self._entries, 8) + be(self._bodies, 8))
        left = padded_length(self._length) - self._length
        while left:
            zeros = min(left, _SEGMENT_BYTES)
            self._write(bytes(zeros))
            left -= zeros
        self._seal(bytes(self._waiting), is_last=True)

    def _seal(self, plain: bytes, *, is_last: bool) -> None:
        nonce = _nonce(self._number, is_last=is_last)
        self._stream.write(self._cipher.encrypt(nonce, plain, self._head))
        self._number += 1


def read_backup(stream: BinaryIO, keys: VaultKeys) -> Iterator[BackupPart]:
    """The parts of a backup in their order, each as soon as it is opened; `OpeningError` where it
    does not open. Only who comes to the end knows that the whole file is as it was written."""
    plain = _Plain(stream, keys)
    entries = bodies = 0
    is_first = True
    while True:
        try:
            kind = PartKind(plain.exactly(1, "part")[0])
        except ValueError as exc:
            raise FormatError(
                "The backup has a part of an unknown kind. It may come from a newer version of "
                "this program."
            ) from exc
        length = int.from_bytes(plain.exactly(8, "part's length"), "big")
        if is_first != (kind is PartKind.MANIFEST):
            raise FormatError("The backup does not begin with its index, or has two of them.")
        is_first = False
        if kind is PartKind.BODY:
            if not length - _CID_BYTES >= 0 or bodies >= entries:
                raise FormatError("A body in the backup has no entry before it, or no name.")
            cid = plain.exactly(_CID_BYTES, "body's name").decode("ascii", "replace")
            source = _Part(plain, length - _CID_BYTES)
            yield BackupPart(kind, cid=cid, source=source)  # type: ignore[arg-type]
            source.skip()
            bodies += 1
            continue
        if length > _LONGEST:
            raise FormatError("A part of the backup is longer than any can be.")
        data = plain.exactly(length, "part")
        if kind is PartKind.END:
            if data != be(entries, 8) + be(bodies, 8):
                raise FormatError("The backup counts other parts than it has.")
            plain.end()
            yield BackupPart(kind)
            return
        if kind is PartKind.MANIFEST:
            if length < 8:
                raise FormatError("The index in the backup has no version.")
            yield BackupPart(kind, data[8:], int.from_bytes(data[:8], "big"))
            continue
        entries += 1
        yield BackupPart(kind, data)


def _cipher(keys: VaultKeys, head: bytes) -> ChaCha20Poly1305:
    salt = head[-_SALT_BYTES:]
    derived = HKDF(SHA256(), length=32, salt=salt, info=_LABEL).derive(keys.backup_key())
    return ChaCha20Poly1305(derived)


def _nonce(number: int, *, is_last: bool) -> bytes:
    return be(number, 11, "a segment's number") + bytes([is_last])


def chain_of(stream: BinaryIO) -> int:
    """The home chain of the vault whose backup this is, which its keys are for."""
    reader = Reader(stream.read(_HEAD_BYTES), "backup")
    stream.seek(0)
    reader.expect(_MAGIC, "magic")
    reader.one_of((_VERSION,), "version")
    reader.expect(bytes([SUITE]), "suite")
    return reader.number(8, "chain id")


class _Plain:
    """What is in the segments, opened one by one."""

    def __init__(self, stream: BinaryIO, keys: VaultKeys):
        chain = chain_of(stream)
        if chain != keys.chain_id:
            raise OpeningError(
                f"The backup is of a vault on chain {chain}, and this is chain {keys.chain_id}. "
                "Name the network that it was made on.",
                code="E_BACKUP_CHAIN",
                chain=chain,
                here=keys.chain_id,
            )
        self._stream = stream
        self._head = stream.read(_HEAD_BYTES)
        self._cipher = _cipher(keys, self._head)
        self._sealed = stream.read(_SEGMENT_BYTES + _TAG_BYTES)
        self._number = self._length = 0
        self._open = b""
        self._at = 0

    def some(self, most: int) -> bytes:
        """Between one and `most` bytes; none at the end."""
        if self._at == len(self._open) and not self._next():
            return b""
        found = self._open[self._at : self._at + most]
        self._at += len(found)
        self._length += len(found)
        return found

    def exactly(self, length: int, what: str) -> bytes:
        parts = bytearray()
        while len(parts) < length:
            part = self.some(length - len(parts))
            if not part:
                raise FormatError(f"The backup ends within its {what}.")
            parts += part
        return bytes(parts)

    def end(self) -> None:
        """Nothing may follow but the padding."""
        wanted = padded_length(self._length) - self._length
        while part := self.some(_SEGMENT_BYTES):
            wanted -= len(part)
            if any(part):
                raise FormatError("The backup is followed by something that doesn't belong.")
        if wanted:
            raise FormatError("The backup is padded to another length than it should be.")

    def _next(self) -> bool:
        sealed = self._sealed
        if not sealed:
            return False
        self._sealed = self._stream.read(_SEGMENT_BYTES + _TAG_BYTES)
        try:
            nonce = _nonce(self._number, is_last=not self._sealed)
            self._open = self._cipher.decrypt(nonce, sealed, self._head)
        except InvalidTag as exc:
            raise OpeningError(
                "The backup does not open: it is of another seed, or was changed or cut."
                if not self._number
                else "The backup was cut or changed after it was written. Take another copy.",
                code="E_BACKUP_NOT_OPENED",
            ) from exc
        self._number += 1
        self._at = 0
        return bool(self._open)


class _Part:
    """One body in a backup, as a stream."""

    def __init__(self, plain: _Plain, length: int):
        self._plain = plain
        self._left = length

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        found = bytearray()
        while len(found) < wanted:
            part = self._plain.some(wanted - len(found))
            if not part:
                raise FormatError("The backup ends within a body.")
            found += part
        self._left -= len(found)
        return bytes(found)

    def skip(self) -> None:
        while self._left:
            self.read(min(self._left, _SEGMENT_BYTES))
