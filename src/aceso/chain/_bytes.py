"""Small things about bytes, hashes and addresses, for the chain."""

from __future__ import annotations

from aceso.ethereum import checksum, keccak

__all__ = ["as_bytes", "as_int", "checksum", "keccak"]


def as_bytes(text: str) -> bytes:
    """From the hexadecimal text of JSON-RPC."""
    return bytes.fromhex(text.removeprefix("0x"))


def as_int(text: str | int) -> int:
    """From the hexadecimal quantity of JSON-RPC; Ganache sometimes gives a number."""
    return text if isinstance(text, int) else int(text, 16)
