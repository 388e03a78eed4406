"""Sealing a body of any size: Crypt4GH data segments, padded.

    dek = new_dek()
    body = seal_stream(source, sealed, dek)        # what IPFS gets
    open_stream(sealed, target, dek, body)         # checks all of it, then releases

The plaintext is followed by zeros up to the next Padmé length of at least 4 KiB, so that a size
says little (at most 12 % is added above that), and cut into segments of 64 KiB. A segment is

    nonce (12) | ciphertext (at most 65,536) | tag (16)

under ChaCha20-Poly1305 with a random nonce and no associated data, as GA4GH's Crypt4GH says.
Nothing in a segment says where it belongs: Crypt4GH alone accepts segments that were cut off,
swapped or repeated. So the whole body is checked against its SHA-256 and its length before a byte
is released, and `open_stream` reads its source twice. A DEK is for one record: make a new one each
time.

Memory is constant, save for 16 bytes per segment while opening (256 KiB for each GiB), by which the
second reading knows that the source is still the one that was checked. One thing is left open: who
made the record, and so knows its key, can make a body whose digest is right and whose later
segments don't open. What came before them is then released before the error: write to a temporary
file and keep it only when `open_stream` returns.
"""

from __future__ import annotations

import errno
import hashlib
import hmac
import io
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from ._bytes import exactly
from .errors import OpeningError

__all__ = [
    "DEK_BYTES",
    "Body",
    "check_body",
    "new_dek",
    "new_nonces",
    "open_bytes",
    "open_stream",
    "padded_length",
    "seal_bytes",
    "seal_stream",
    "sealed_length",
]

DEK_BYTES: Final = 32
SEGMENT_BYTES: Final = 65_536
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16
_EXTRA_BYTES: Final = _NONCE_BYTES + _TAG_BYTES
_SEALED_SEGMENT_BYTES: Final = SEGMENT_BYTES + _EXTRA_BYTES
_SEGMENTS_AT_ONCE: Final = 8
_SMALLEST: Final = 4_096
# What is written at once: whole pages, where they begin. Segments end anywhere in a page, and to
# write those as they come costs the system half as much again.
_BLOCK_BYTES: Final = 1 << 19


@dataclass(frozen=True, slots=True)
class Body:
    """What a sealed body must be: its digest, its length, and the length of what is in it."""

    sha256: bytes
    sealed_length: int
    length: int

    def __post_init__(self) -> None:
        exactly(self.sha256, 32, "a SHA-256")


def new_dek() -> bytes:
    """A fresh data key."""
    return os.urandom(DEK_BYTES)


def new_nonces(count: int) -> list[bytes]:
    """As many fresh nonces: from the system each time, so that neither a fork nor a machine that
    was put back to an earlier state draws one twice."""
    drawn = os.urandom(count * _NONCE_BYTES)
    return [drawn[at : at + _NONCE_BYTES] for at in range(0, len(drawn), _NONCE_BYTES)]


def padded_length(length: int) -> int:
    """The Padmé length of `length`, at least 4 KiB."""
    if length < 0:
        raise ValueError("a length isn't negative")
    length = max(length, _SMALLEST)
    exponent = length.bit_length() - 1
    mask = (1 << (exponent - exponent.bit_length())) - 1
    return (length + mask) & ~mask


def sealed_length(length: int) -> int:
    """How long the sealed body of a plaintext of `length` is."""
    padded = padded_length(length)
    return padded + -(-padded // SEGMENT_BYTES) * _EXTRA_BYTES


def _fill(source: BinaryIO, view: memoryview) -> int:
    """Read until `view` is full or the source ends, and say how much."""
    # A file that can read into our buffer saves a copy of all of it.
    into = getattr(source, "readinto", None)
    done = 0
    while done < len(view):
        if into is not None:
            count = into(view[done:]) or 0
        else:
            part = source.read(len(view) - done)
            count = len(part)
            view[done : done + count] = part
        if not count:
            break
        done += count
    return done


def seal_stream(source: BinaryIO, target: BinaryIO, dek: bytes) -> Body:
    """Seal everything that `source` has left, under a `dek` that is used for nothing else.

    Where both are files, the room for it is reserved first, so that a full disk is told of before
    the work is done and not after.
    """
    cipher = ChaCha20Poly1305(exactly(dek, DEK_BYTES, "a data key"))
    plain = memoryview(bytearray(_SEGMENTS_AT_ONCE * SEGMENT_BYTES))
    parts = [plain[at : at + SEGMENT_BYTES] for at in range(0, len(plain), SEGMENT_BYTES)]
    sealed = memoryview(bytearray(_BLOCK_BYTES + _SEGMENTS_AT_ONCE * _SEALED_SEGMENT_BYTES))
    digest = hashlib.sha256()
    reserved = _reserve(source, target)
    length = written = at = 0
    padding = -1
    while padding:
        if padding < 0:
            used = _fill(source, plain)
            length += used
            if used < len(plain):
                padding = padded_length(length) - length
        else:
            used = 0
        if padding > 0:
            zeros = min(padding, len(plain) - used)
            plain[used : used + zeros] = bytes(zeros)
            padding -= zeros
            used += zeros
        whole, rest = divmod(used, SEGMENT_BYTES)
        batch = parts[:whole]
        if rest:
            batch.append(parts[whole][:rest])
        begin = at
        for nonce, part in zip(new_nonces(len(batch)), batch, strict=True):
            body = at + _NONCE_BYTES
            sealed[at:body] = nonce
            at = body + len(part) + _TAG_BYTES
            cipher.encrypt_into(nonce, part, None, sealed[body:at])
        digest.update(sealed[begin:at])
        while at >= _BLOCK_BYTES or (at and not padding):
            size = min(at, _BLOCK_BYTES)
            target.write(sealed[:size])
            written += size
            at -= size
            sealed[:at] = sealed[size : size + at]
    if written < reserved:
        target.truncate()
    return Body(sha256=digest.digest(), sealed_length=written, length=length)


def _reserve(source: BinaryIO, target: BinaryIO) -> int:
    """Have the system find room in `target` for what `source` will be, where it can; say how much.

    Raises OSError if there is none.
    """
    try:
        here = target.tell()
        left = os.fstat(source.fileno()).st_size - source.tell()
        known = stat.S_ISREG(os.fstat(target.fileno()).st_mode) and left > 0
        if not known or os.fstat(target.fileno()).st_size != here:
            return 0
        os.posix_fallocate(target.fileno(), here, sealed_length(left))
    except (OSError, AttributeError) as exc:
        if getattr(exc, "errno", None) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        return 0  # In memory, a pipe, or a system that can't: it is written as it comes.
    return sealed_length(left)


def _not_the_body() -> OpeningError:
    return OpeningError(
        "The body is not the one that was sealed: its length or its digest is another. Fetch it "
        "again, from another source.",
        code="E_VAULT_BODY",
    )


def _batches(source: BinaryIO) -> Iterator[memoryview]:
    buffer = memoryview(bytearray(_SEGMENTS_AT_ONCE * _SEALED_SEGMENT_BYTES))
    while used := _fill(source, buffer):
        yield buffer[:used]


def check_body(source: BinaryIO, body: Body) -> bytes:
    """Read all of `source`, check that it is `body`, and give back the tags of its segments."""
    if body.length < 0 or body.sealed_length != sealed_length(body.length):
        raise _not_the_body()
    digest = hashlib.sha256()
    tags = bytearray()
    total = 0
    for batch in _batches(source):
        total += len(batch)
        if total > body.sealed_length:
            raise _not_the_body()
        digest.update(batch)
        for start in range(0, len(batch), _SEALED_SEGMENT_BYTES):
            segment = batch[start : start + _SEALED_SEGMENT_BYTES]
            tags += segment[-_TAG_BYTES:]
    if total != body.sealed_length or not hmac.compare_digest(digest.digest(), body.sha256):
        raise _not_the_body()
    return bytes(tags)


def open_stream(source: BinaryIO, target: BinaryIO, dek: bytes, body: Body) -> None:
    """Check that `source`, from where it stands, is all of `body`; then write its plaintext.

    The source must be seekable: it is read twice. Raises `OpeningError`.
    """
    cipher = ChaCha20Poly1305(exactly(dek, DEK_BYTES, "a data key"))
    start_of_body = source.tell()
    tags = check_body(source, body)
    source.seek(start_of_body)
    plain = memoryview(bytearray(_SEGMENTS_AT_ONCE * SEGMENT_BYTES))
    left = body.length
    number = 0
    for batch in _batches(source):
        used = 0
        for start in range(0, len(batch), _SEALED_SEGMENT_BYTES):
            segment = batch[start : start + _SEALED_SEGMENT_BYTES]
            tag = tags[number * _TAG_BYTES : (number + 1) * _TAG_BYTES]
            number += 1
            size = len(segment) - _EXTRA_BYTES
            if size <= 0 or segment[-_TAG_BYTES:] != tag:
                raise _not_the_body()
            try:
                cipher.decrypt_into(
                    segment[:_NONCE_BYTES],
                    segment[_NONCE_BYTES:],
                    None,
                    plain[used : used + size],
                )
            except InvalidTag as exc:
                raise OpeningError(
                    "The body does not open with this key: it is another record's."
                ) from exc
            used += size
        released = min(used, left)
        target.write(plain[:released])
        left -= released
    if number * _TAG_BYTES != len(tags):
        raise _not_the_body()


def seal_bytes(plaintext: bytes, dek: bytes) -> tuple[bytes, Body]:
    """`seal_stream`, for what fits in memory."""
    sealed = io.BytesIO()
    body = seal_stream(io.BytesIO(plaintext), sealed, dek)
    return sealed.getvalue(), body


def open_bytes(sealed: bytes, dek: bytes, body: Body) -> bytes:
    """`open_stream`, for what fits in memory."""
    plain = io.BytesIO()
    open_stream(io.BytesIO(sealed), plain, dek, body)
    return plain.getvalue()
