"""Ethereum's hash, its addresses and its times, in one place."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

import sha3

__all__ = [
    "ADDRESS_BYTES",
    "NOBODY",
    "address_bytes",
    "address_text",
    "checksum",
    "keccak",
    "moment_text",
]

ADDRESS_BYTES: Final = 20
# The address that contracts have where there is none.
NOBODY: Final = "0x" + "00" * ADDRESS_BYTES
_HEX: Final = frozenset("0123456789abcdef")


def keccak(data: bytes) -> bytes:
    """Keccak-256, as Ethereum has it."""
    digest: bytes = sha3.keccak_256(data).digest()
    return digest


@lru_cache(maxsize=65_536)  # The same accounts come again and again.
def address_bytes(address: str) -> bytes:
    """The 20 bytes of an address in hexadecimal, in whatever case, or a `ValueError`."""
    text = address.removeprefix("0x").lower()
    if len(text) != 2 * ADDRESS_BYTES or not _HEX.issuperset(text):
        raise ValueError(f"{address!r} is not an address: 0x and 40 hexadecimal digits")
    return bytes.fromhex(text)


@lru_cache(maxsize=65_536)
def address_text(data: bytes) -> str:
    """An address as EIP-55 writes it."""
    if len(data) != ADDRESS_BYTES:
        raise ValueError(f"an address must have {ADDRESS_BYTES} bytes, and has {len(data)}")
    text = data.hex()
    marks = keccak(text.encode()).hex()
    return "0x" + "".join(
        letter.upper() if int(mark, 16) > 7 else letter
        for letter, mark in zip(text, marks, strict=False)
    )


def checksum(address: str) -> str:
    """An address in text as EIP-55 writes it, or a `ValueError`."""
    if not address.startswith(("0x", "0X")):
        raise ValueError(f"{address!r} is not an address: 0x and 40 hexadecimal digits")
    return address_text(address_bytes("0x" + address[2:]))


def moment_text(seconds: int) -> str:
    """A moment to the minute, in UTC, as people read it."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")
