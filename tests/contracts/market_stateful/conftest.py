"""A market and who trades on it, from `tests.contracts.trading`."""

from tests.contracts.trading import coin, market, steady_clock, trade

__all__ = ["coin", "market", "steady_clock", "trade"]
