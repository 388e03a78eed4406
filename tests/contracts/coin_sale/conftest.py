"""A coin and its sale, from `tests.contracts.trading`; and sales on other terms.

A token of these tests has 6 decimals, and a coin costs `TOKEN_PRICE` of its base units, which
divides nothing evenly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.contracts.trading import COIN, DAY, ZERO, coin, market, steady_clock, trade

__all__ = ["DELAY", "RATE", "TOKEN_PRICE", "Shop", "coin", "market", "steady_clock", "trade"]

RATE = 1000
TOKEN_PRICE = 300_007
DELAY = 7 * DAY
# Allowed to the sale by whoever buys.
ALLOWED = 10**18


@dataclass(frozen=True, slots=True)
class Shop:
    """A sale, the coin that it sells, and the token that it takes."""

    sale: Any
    coin: Any
    token: Any


@pytest.fixture
def shop(trade, RewardCoin, CoinSale):
    """A sale on these terms; its authority can end it after `DELAY`."""

    def deploy(
        token: Any = None,
        *,
        commons: Any = None,
        rate: int = RATE,
        price: int = TOKEN_PRICE,
        cap: int = 10**6 * COIN,
        day_cap: int | None = None,
        participants: Any = None,
    ) -> Shop:
        by = {"from": trade.deployer}
        sold_at = trade.deployer.get_deployment_address(trade.deployer.nonce + 1)
        coin = RewardCoin.deploy(sold_at, trade.treasury, 10**9 * COIN, by)
        taken = (token or ZERO, price if token else 0)
        terms = (rate, *taken, cap, cap if day_cap is None else day_cap)
        registry = participants or trade.participants
        sale = CoinSale.deploy(registry, coin, commons or trade.commons, terms, by)
        if token:
            token.transfer(trade.buyer, 10**15, by)
            token.approve(sale, ALLOWED, {"from": trade.buyer})
        return Shop(sale, coin, token)

    return deploy


@pytest.fixture
def make(trade):
    """A token of its deployer's."""
    return lambda kind, *arguments: kind.deploy(*arguments, {"from": trade.deployer})
