"""A market and who trades on it, from `tests.contracts.trading`."""

from tests.contracts.trading import bought, coin, delivered, market, steady_clock, trade

__all__ = ["bought", "coin", "delivered", "market", "steady_clock", "trade"]
