"""Small things about bytes, hashes and addresses."""

from __future__ import annotations

from functools import lru_cache

import sha3

__all__ = ["as_bytes", "as_int", "checksum", "keccak"]


def keccak(data: bytes) -> bytes:
    """Keccak-256, as Ethereum has it."""
    digest: bytes = sha3.keccak_256(data).digest()
    return digest


@lru_cache(maxsize=65_536)
def checksum(address: str) -> str:
    """The address as EIP-55 writes it, or raise `ValueError`."""
    if len(address) != 42 or not address.startswith(("0x", "0X")):
        raise ValueError(f"{address!r} is not an address: 0x and 40 hexadecimal digits")
    body = address[2:].lower()
    bytes.fromhex(body)
    marks = keccak(body.encode()).hex()
    return "0x" + "".join(
        letter.upper() if int(mark, 16) > 7 else letter
        for letter, mark in zip(body, marks, strict=False)
    )


def as_bytes(text: str) -> bytes:
    """From the hexadecimal text of JSON-RPC."""
    return bytes.fromhex(text.removeprefix("0x"))


def as_int(text: str | int) -> int:
    """From the hexadecimal quantity of JSON-RPC; Ganache sometimes gives a number."""
    return text if isinstance(text, int) else int(text, 16)
