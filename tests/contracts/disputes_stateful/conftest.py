"""A market whose deliveries are judged, and seven evaluators, from `tests.contracts.disputes`."""

from tests.contracts.disputes.conftest import evaluators, trade
from tests.contracts.trading import steady_clock

__all__ = ["evaluators", "steady_clock", "trade"]
