"""Sealing a few bytes to one key: HPKE (RFC 9180) with a post-quantum hybrid.

    private = PrivateKey.generate()
    sealed = seal(private.public_key, b"a share", info=b"what it is for")
    opened = open_sealed(private, sealed, info=b"what it is for")

The suite is MLKEM768-X25519 (KEM 0x647a, X-Wing) / HKDF-SHA256 (0x0001) / ChaCha20-Poly1305
(0x0003), in base mode, single shot, without associated data: all context goes into `info`. It is
suite number 1 of every format of the vault. What is sealed is `enc` (1,120 bytes) followed by the
ciphertext and its tag: 1,136 bytes more than what went in.

Base mode says nothing about who sealed. Where that matters, a signature says it.
"""

from __future__ import annotations

import hashlib
import os
from functools import cached_property, lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from ._bytes import keccak
from .errors import FormatError, OpeningError

__all__ = [
    "OVERHEAD_BYTES",
    "PRIVATE_KEY_BYTES",
    "PUBLIC_KEY_BYTES",
    "SUITE",
    "PrivateKey",
    "PublicKey",
    "open_sealed",
    "seal",
]

SUITE: Final = 1
PUBLIC_KEY_BYTES: Final = 1216
PRIVATE_KEY_BYTES: Final = 32
OVERHEAD_BYTES: Final = 1136

_MLKEM_PUBLIC_BYTES: Final = 1184
_MLKEM_SEED_BYTES: Final = 64
_EXPANDED_BYTES: Final = 96
_ANYBODY: Final = X25519PrivateKey.from_private_bytes(bytes(32))
_HPKE = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


@lru_cache(maxsize=512)  # The same keys come again and again, and each takes a tenth of a ms.
def _hybrid(data: bytes) -> MLKEM768X25519PublicKey:
    x25519 = X25519PublicKey.from_public_bytes(data[_MLKEM_PUBLIC_BYTES:])
    # With one of low order no secret comes about, whoever tries.
    _ANYBODY.exchange(x25519)
    return MLKEM768X25519PublicKey(
        MLKEM768PublicKey.from_public_bytes(data[:_MLKEM_PUBLIC_BYTES]), x25519
    )


class PublicKey:
    """A key to seal to: 1,184 bytes of ML-KEM-768, then 32 of X25519, as in X-Wing."""

    __slots__ = ("_bytes", "_key")

    def __init__(self, data: bytes):
        if len(data) != PUBLIC_KEY_BYTES:
            raise FormatError(
                f"A public key has {PUBLIC_KEY_BYTES} bytes, and this has {len(data)}. "
                "Ask its owner for it again."
            )
        self._bytes = bytes(data)
        try:
            self._key = _hybrid(self._bytes)
        except ValueError as exc:
            raise FormatError("These bytes are not a public key. Ask its owner for it.") from exc

    @classmethod
    def from_bytes(cls, data: bytes) -> PublicKey:
        """Read what `to_bytes` wrote."""
        return cls(data)

    def to_bytes(self) -> bytes:
        """The 1,216 bytes."""
        return self._bytes

    @property
    def digest(self) -> bytes:
        """Keccak-256 of the bytes: how a contract or a signed message names this key."""
        return keccak(self._bytes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and self._bytes == other._bytes

    def __hash__(self) -> int:
        return hash(self._bytes)

    def __repr__(self) -> str:
        return f"PublicKey({self.digest.hex()[:16]}…)"


class PrivateKey:
    """The key that opens: a seed of 32 bytes, as in X-Wing. Its `repr` shows the public half."""

    def __init__(self, seed: bytes):
        if len(seed) != PRIVATE_KEY_BYTES:
            raise FormatError(
                f"A private key has {PRIVATE_KEY_BYTES} bytes, and this has {len(seed)}."
            )
        self._seed = bytes(seed)
        expanded = hashlib.shake_256(self._seed).digest(_EXPANDED_BYTES)
        self._mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:_MLKEM_SEED_BYTES])
        self._x25519 = X25519PrivateKey.from_private_bytes(expanded[_MLKEM_SEED_BYTES:])
        self._key = MLKEM768X25519PrivateKey(self._mlkem, self._x25519)

    @classmethod
    def generate(cls) -> PrivateKey:
        """A fresh key, from the system's randomness."""
        return cls(os.urandom(PRIVATE_KEY_BYTES))

    @classmethod
    def from_bytes(cls, data: bytes) -> PrivateKey:
        """Read what `to_bytes` wrote."""
        return cls(data)

    def to_bytes(self) -> bytes:
        """The 32 secret bytes."""
        return self._seed

    @cached_property
    def public_key(self) -> PublicKey:
        """The half that may be shown."""
        return PublicKey(
            self._mlkem.public_key().public_bytes_raw()
            + self._x25519.public_key().public_bytes_raw()
        )

    def __repr__(self) -> str:
        return f"PrivateKey(of {self.public_key!r})"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a private key is not pickled; keep its bytes where secrets are kept")


def seal(public: PublicKey, plaintext: bytes, *, info: bytes) -> bytes:
    """Encrypt `plaintext` so that only the holder of `public` opens it, and only for `info`."""
    return _HPKE.encrypt(plaintext, public._key, info)


def open_sealed(private: PrivateKey, sealed: bytes, *, info: bytes) -> bytes:
    """Decrypt what `seal` made, or raise `OpeningError`."""
    try:
        return _HPKE.decrypt(sealed, private._key, info)
    except (InvalidTag, ValueError) as exc:
        raise OpeningError(
            "This does not open: it was changed, or sealed to another key or for another purpose."
        ) from exc
