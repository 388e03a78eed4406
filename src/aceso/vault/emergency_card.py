"""The emergency card: a persona, and the secret that the emergency classes' keys are sealed to.

    card = EmergencyCard(chain_id=…, contract=…, persona=…, secret=keys.emergency_key(index))
    card.to_text()                                     # what the QR code says
    EmergencyCard.from_text(scanned)
    sealed = card.seal(institution's published key)    # a copy for a hospital that the person names

The card alone opens nothing: a custodian serves shares only to an accredited clinician whose glass
is open for this persona, and to that clinician's own key. Who has both reads what the person chose.

The text is `ACESO-E1:` and base32 without padding, in capitals, so that a QR code packs it densely:
chain (8 bytes), contract of the emergency group (20), persona (20), secret (32) and the first four
bytes of the SHA-256 of all that, against slips of a hand that types it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass, field
from typing import Final

from ._bytes import address_bytes, address_text, be
from .errors import FormatError
from .hpke import PRIVATE_KEY_BYTES, PrivateKey, PublicKey, open_sealed, seal

__all__ = ["EmergencyCard"]

_MARK: Final = "ACESO-E1:"
_LABEL: Final = b"aceso/v1/emergency-card\0"
_CHECK_BYTES: Final = 4
_BYTES: Final = 8 + 20 + 20 + PRIVATE_KEY_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyCard:
    """What is on a card. `contract` is where a clinician breaks the glass."""

    chain_id: int
    contract: str
    persona: str
    secret: PrivateKey = field(repr=False)

    def to_text(self) -> str:
        """What the QR code says."""
        body = self._body()
        check = hashlib.sha256(_LABEL + body).digest()[:_CHECK_BYTES]
        return _MARK + base64.b32encode(body + check).decode("ascii").rstrip("=")

    @classmethod
    def from_text(cls, text: str) -> EmergencyCard:
        """Read what was scanned or typed, or raise `FormatError`."""
        found = "".join(text.split()).upper()
        if not found.startswith(_MARK):
            raise FormatError("This is no emergency card. Its text begins with ACESO-E1.")
        packed = found.removeprefix(_MARK)
        try:
            data = base64.b32decode(packed + "=" * (-len(packed) % 8))
        except (binascii.Error, ValueError) as exc:
            raise _misread() from exc
        body, check = data[:_BYTES], data[_BYTES:]
        if len(body) != _BYTES or hashlib.sha256(_LABEL + body).digest()[:_CHECK_BYTES] != check:
            raise _misread()
        return cls._of(body)

    def seal(self, to: PublicKey) -> bytes:
        """A copy that only the institution with this published key can open."""
        return seal(to, self._body(), info=_LABEL)

    @classmethod
    def open(cls, sealed: bytes, private: PrivateKey) -> EmergencyCard:
        """Open a copy, or raise `OpeningError`."""
        body = open_sealed(private, sealed, info=_LABEL)
        if len(body) != _BYTES:
            raise FormatError("The sealed card has another length than a card.")
        return cls._of(body)

    def _body(self) -> bytes:
        return b"".join(
            (
                be(self.chain_id, 8, "a chain id"),
                address_bytes(self.contract),
                address_bytes(self.persona),
                self.secret.to_bytes(),
            )
        )

    @classmethod
    def _of(cls, body: bytes) -> EmergencyCard:
        return cls(
            chain_id=int.from_bytes(body[:8], "big"),
            contract=address_text(body[8:28]),
            persona=address_text(body[28:48]),
            secret=PrivateKey.from_bytes(body[48:]),
        )


def _misread() -> FormatError:
    return FormatError("The card was misread: its checksum is wrong. Scan it again.")
