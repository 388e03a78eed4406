"""A market and who trades on it, from `tests.contracts.trading`."""

from tests.contracts.trading import market, steady_clock, trade

__all__ = ["market", "steady_clock", "trade"]
