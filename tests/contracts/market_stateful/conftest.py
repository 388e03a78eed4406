"""A market and who trades on it, from `tests.contracts.trading`; orders can be disputed."""

import pytest
from brownie import project

from tests.contracts.trading import Trade, coin, market, steady_clock

__all__ = ["coin", "market", "steady_clock", "trade"]

WINDOW = 10 * 60


@pytest.fixture(scope="module")
def trade(accounts):
    (loaded,) = project.get_loaded_projects()
    return Trade(loaded, accounts, window=WINDOW)
