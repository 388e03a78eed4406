"""A market whose deliveries are judged, and evaluators of seven institutions.

Institutions 1 to 5 are the custodians'. What a test expects of money is written out in integers.
"""

from __future__ import annotations

from typing import Any

import pytest
from brownie import project, web3

from aceso.codes import Role
from tests.contracts.actors import employ
from tests.contracts.trading import COIN, DAY, Trade, delivered, market, mine_blocks, steady_clock
from tests.contracts.trading import bought as bought

__all__ = ["bought", "delivered", "market", "steady_clock"]

WINDOW = 3 * DAY
BOND = 60 * COIN + 7
FEE = 4 * COIN + 1
DRAWING, VOTING = 7 * DAY, 14 * DAY
# In blocks: how far ahead the lot lies, and how long its hash is there.
LOT_DELAY, LOT_LASTS = 96, 256
SAID = "0x" + "5a" * 32
FIRST_INSTITUTION = 6
CANNOT_OPEN, NOT_AS_OFFERED = range(2)


@pytest.fixture(scope="module")
def trade(accounts):
    (loaded,) = project.get_loaded_projects()
    made = Trade(loaded, accounts, window=WINDOW, judged=(BOND, FEE, DRAWING, VOTING))
    made.coin.approve(made.disputes, 1000 * COIN, {"from": made.buyer})
    return made


@pytest.fixture(scope="module")
def disputes(trade):
    return trade.disputes


@pytest.fixture(scope="module")
def evaluators(trade, accounts):
    """One of each of seven institutions; none can be drawn yet."""
    found = accounts[8:15]
    staff = [(each, Role.EVALUATOR, at) for at, each in enumerate(found, FIRST_INSTITUTION)]
    employ(trade.participants, trade.authority, staff, institutions=len(found))
    return found


@pytest.fixture
def joined(disputes, evaluators):
    """All of them can be drawn."""
    for place, each in enumerate(evaluators, start=FIRST_INSTITUTION):
        disputes.joinPanel(place, {"from": each})
    return evaluators


@pytest.fixture
def opens(trade, disputes, market, delivered):
    """The buyer disputes an order; gives the number."""

    def act(order: int | None = None, by: Any = None, ground: int = CANNOT_OPEN) -> int:
        tx = disputes.open(market, order or delivered, ground, SAID, {"from": by or trade.buyer})
        return int(tx.events["DisputeOpened"]["number"])

    return act


@pytest.fixture
def draws(trade, disputes):
    """Draw as soon as it can be; gives the evaluators, seat by seat."""

    def act(number: int, committee: int = 1) -> list[Any]:
        mine_blocks(LOT_DELAY + 1)
        disputes.draw(number, trade.committees[committee], {"from": trade.stranger})
        return [disputes.seatOf(number, seat)[0] for seat in range(3)]

    return act


@pytest.fixture
def panel(joined, opens, draws):
    """A dispute whose panel is drawn: its number, and who sits where."""
    number = opens()
    return number, draws(number)


@pytest.fixture
def block_now():
    return lambda: int(web3.eth.block_number)
