"""Addresses and typed messages, as custody uses them: `aceso.chain` hashes, signs and recovers."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import sha3

from aceso.chain.typed import digest, sign
from aceso.chain.typed import recover_digest as recover

__all__ = ["Domain", "address", "address_bytes", "digest", "keccak", "recover", "sign"]

Domain = Mapping[str, Any]


def keccak(data: bytes) -> bytes:
    """Ethereum's keccak-256."""
    found: bytes = sha3.keccak_256(data).digest()
    return found


def address_bytes(text: str) -> bytes:
    """The 20 bytes of an address, or a `ValueError`."""
    data = bytes.fromhex(text.removeprefix("0x"))
    if len(data) != 20:
        raise ValueError(f"not an address: {text!r}")
    return data


@lru_cache(maxsize=65_536)
def _checksummed(data: bytes) -> str:
    text = data.hex()
    marks = keccak(text.encode()).hex()
    return "0x" + "".join(
        letter.upper() if int(mark, 16) > 7 else letter
        for letter, mark in zip(text, marks, strict=False)
    )


def address(value: str | bytes) -> str:
    """An address with its EIP-55 checksum, or a `ValueError`."""
    data = address_bytes(value) if isinstance(value, str) else bytes(value)
    if len(data) != 20:
        raise ValueError(f"an address has 20 bytes, not {len(data)}")
    return _checksummed(data)
