"""A small document under a symmetric key, padded: for what only holders of that key read.

    magic (4) | version (1) | suite (1) | nonce (12) | ciphertext | tag (16)

The plaintext is a length (4), the document, and zeros up to a Padmé length of at least 4 KiB.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from ._bytes import Reader, be
from .errors import FormatError, OpeningError
from .hpke import SUITE
from .segments import new_nonces, padded_length

__all__ = ["open_box", "seal_box"]

_NONCE_BYTES: Final = 12


def seal_box(document: bytes, *, key: bytes, magic: bytes, bound: bytes, version: int = 1) -> bytes:
    """Seal `document`, bound to its magic, version and suite, and to `bound`."""
    head = magic + bytes([version, SUITE])
    plain = be(len(document), 4, "a document's length") + document
    plain += bytes(padded_length(len(plain)) - len(plain))
    (nonce,) = new_nonces(1)
    return head + nonce + ChaCha20Poly1305(key).encrypt(nonce, plain, head + bound)


def open_box(
    sealed: bytes,
    *,
    key: bytes,
    magic: bytes,
    bound: bytes,
    what: str,
    versions: Collection[int] = (1,),
) -> tuple[int, bytes]:
    """Open what `seal_box` made, or raise `OpeningError`; give its version and the document."""
    reader = Reader(sealed, what)
    reader.expect(magic, "magic")
    version = reader.one_of(versions, "version")
    reader.expect(bytes([SUITE]), "suite")
    head = magic + bytes([version, SUITE])
    nonce = reader.take(_NONCE_BYTES, "nonce")
    try:
        plain = ChaCha20Poly1305(key).decrypt(nonce, sealed[reader.at :], head + bound)
    except InvalidTag as exc:
        raise OpeningError(
            f"The {what} does not open: it was changed, or belongs to another key or record."
        ) from exc
    inner = Reader(plain, what)
    document = inner.take(inner.number(4, "length"), "document")
    if any(plain[inner.at :]) or len(plain) != padded_length(inner.at):
        raise FormatError(f"The {what} is padded with something else than zeros.")
    return version, document
