"""Studies and who takes part in them, from `tests.contracts.studying`; orders can be disputed."""

import pytest
from brownie import project

from tests.contracts.studying import Research, steady_clock

__all__ = ["research", "steady_clock"]

WINDOW = 10 * 60


@pytest.fixture(scope="module")
def research(accounts):
    (loaded,) = project.get_loaded_projects()
    return Research(loaded, accounts, window=WINDOW)
