"""Coin as people write it, and as the chain counts it: 10^18 base units are one coin, exactly."""

from __future__ import annotations

import re

from aceso.errors import UsageError

__all__ = ["base_units", "coin"]

_DECIMALS = 18
# Contracts keep prices in 96 bits.
_MOST = 2**96 - 1
_AMOUNT = re.compile(r"(\d{1,30})(?:\.(\d{1,18}))?\Z")


def coin(amount: int) -> str:
    """Base units as coin, without needless zeros."""
    whole, part = divmod(amount, 10**_DECIMALS)
    digits = f"{part:0{_DECIMALS}d}".rstrip("0")
    return f"{whole}.{digits}" if digits else str(whole)


def base_units(text: str) -> int:
    """Coin as base units, or a `UsageError`."""
    found = _AMOUNT.match(text.strip())
    if found is None:
        raise UsageError(
            f"{text!r} is not an amount of coin. Write digits, with at most 18 after the point.",
            code="E_AMOUNT",
        )
    part = (found[2] or "").ljust(_DECIMALS, "0")
    amount = int(found[1] + part)
    if amount > _MOST:
        raise UsageError(
            f"{text!r} is more coin than there can be: {coin(_MOST)} at most.", code="E_AMOUNT_MOST"
        )
    return amount
