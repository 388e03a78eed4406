"""A class key, sealed to a grantee and left at the custodians.

    binding = KeyBinding(chain_id=…, list_key=…, persona=…, grantee=…, data_class=…, epoch=…)
    sealed = seal_class_key(keys.class_key(LABS, 0), to=published_key, binding=binding)
    class_key = open_class_key(sealed, published_private, binding=binding)

The seal is bound to who gives what to whom, so that a custodian can't hand one grantee's key to
another as theirs, nor an old epoch's as a new one's. Who sealed it is said by the list key's
signature over `SealedKeys`, whose `sealedKey` is the SHA-256 of these bytes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from ._bytes import Reader, address_bytes, be, exactly
from .hpke import (
    OVERHEAD_BYTES,
    PRIVATE_KEY_BYTES,
    SUITE,
    PrivateKey,
    PublicKey,
    open_sealed,
    seal,
)

__all__ = ["KeyBinding", "open_class_key", "seal_class_key", "sealed_key_digest"]

_HEAD: Final = b"AKEY\x01" + bytes([SUITE])
_LABEL: Final = b"aceso/v1/class-key-for\0"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyBinding:
    """Who gives the key of which class and epoch to whom. `grantee` is the 32 bytes on chain."""

    chain_id: int
    list_key: str
    persona: str
    grantee: bytes
    data_class: int
    epoch: int

    def info(self) -> bytes:
        """The bytes that the seal is bound to."""
        return b"".join(
            (
                _LABEL,
                _HEAD,
                be(self.chain_id, 8, "a chain id"),
                address_bytes(self.list_key),
                address_bytes(self.persona),
                exactly(self.grantee, 32, "a grantee"),
                be(self.data_class, 4, "a data class"),
                be(self.epoch, 4, "an epoch"),
            )
        )


def seal_class_key(class_key: PrivateKey, *, to: PublicKey, binding: KeyBinding) -> bytes:
    """Seal `class_key` to the grantee's published key: 1,174 bytes."""
    return _HEAD + seal(to, class_key.to_bytes(), info=binding.info())


def open_class_key(sealed: bytes, private: PrivateKey, *, binding: KeyBinding) -> PrivateKey:
    """Open what `seal_class_key` made, or raise `OpeningError`."""
    reader = Reader(sealed, "sealed class key")
    reader.expect(_HEAD[:4], "magic")
    reader.expect(_HEAD[4:5], "version")
    reader.expect(_HEAD[5:], "suite")
    inner = reader.take(PRIVATE_KEY_BYTES + OVERHEAD_BYTES, "seal")
    reader.end()
    return PrivateKey(open_sealed(private, inner, info=binding.info()))


def sealed_key_digest(sealed: bytes) -> bytes:
    """SHA-256: how `SealedKeys.sealedKey` names these bytes."""
    return hashlib.sha256(sealed).digest()
