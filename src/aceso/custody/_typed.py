"""Addresses and typed messages, as custody uses them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aceso.ethereum import address_bytes, address_text, keccak
from aceso.signing import digest, sign
from aceso.signing import recover_digest as recover

__all__ = ["Domain", "address", "address_bytes", "digest", "keccak", "recover", "sign"]

Domain = Mapping[str, Any]


def address(value: str | bytes) -> str:
    """An address with its EIP-55 checksum, or a `ValueError`."""
    return address_text(address_bytes(value) if isinstance(value, str) else bytes(value))
