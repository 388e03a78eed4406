"""
settlePart: what a long order earned so far, by anyone's call
├── there is no such order, or it is open, settled: refuses
├── delivered
│   ├── the challenge window isn't over: refuses, says until when
│   ├── pays by 65,536th of the duration, rounded down; one event with all that was paid so far
│   ├── nothing was earned since the last part: refuses
│   └── over, or stopped: refuses, says since when: it can be settled as a whole
├── in the end each has what they would have without any part, to the unit
│   └── at the end, and at a stop; with an institution; of tiny prices
├── a stop that can't be told any more: what was paid stays paid, the rest goes back
└── price, group, deadline and the counts of the order never change
"""

import brownie
import pytest
from brownie import project

from tests.contracts.trading import COIN, DAY, DURATION, PRICE, Shares, Trade
from tests.support import typed

pytestmark = pytest.mark.both_chains

NOTHING, OPEN, DELIVERED, SETTLED, DISPUTED = range(5)
WINDOW = 2 * DAY


@pytest.fixture(scope="module")
def trade(accounts):
    (loaded,) = project.get_loaded_projects()
    return Trade(loaded, accounts, window=WINDOW)


@pytest.fixture
def part(trade, market):
    def settle(order, at=None):
        if at is not None:
            trade.at(at)
        return market.settlePart(order, {"from": trade.stranger})

    return settle


@pytest.fixture
def sold(trade):
    """Sell, and deliver: the order, its offer, and the second of the delivery."""

    def sell(**changed):
        number = trade.offer(**changed)
        order = trade.buy(number)
        return order, number, int(trade.deliver(order).timestamp)

    return sell


def paid(price, duration, elapsed):
    """What is paid of an order once this time of it has passed."""
    return price * ((elapsed << 16) // duration) >> 16


def test_refuses_what_was_not_delivered(trade, part, bought):
    with brownie.reverts(typed("OrderWrongState", bought, OPEN)):
        part(bought)
    with brownie.reverts(typed("OrderWrongState", bought + 1, NOTHING)):
        part(bought + 1)


def test_refuses_within_the_challenge_window(part, sold):
    order, _, start = sold()

    with brownie.reverts(typed("OrderNotOver", order, start + WINDOW)):
        part(order, at=start + WINDOW - 1)


def test_pays_what_was_earned_so_far(trade, market, part, sold):
    order, _, start = sold(institution=str(trade.institution), institutionBps=1500)
    before = market.getOrder(order)

    tx = part(order, at=start + 10 * DAY)

    earned = paid(PRICE, DURATION, 10 * DAY)
    assert 0 < PRICE * 10 * DAY // DURATION - earned < PRICE >> 15
    assert len(tx.events) == 1
    assert tx.events["OrderPartSettled"] == {"order": order, "earned": earned}
    fee = earned * 5 // 100
    assert trade.fees(1, trade.commons) == (fee, 0)
    assert market.creditOf(trade.institution) == earned * 15 // 100
    assert market.creditOf(trade.subject) == earned * 75 // 100
    assert market.creditOf(trade.buyer) == 0
    head, tail = market.getOrder(order)
    assert head == before[0]
    assert tail & (2**240 - 1) == before[1]
    assert tail >> 240 == (10 * DAY << 16) // DURATION


def test_refuses_when_nothing_was_earned_since(trade, part, sold):
    order, _, start = sold()
    part(order, at=start + 10 * DAY)

    # A 65,536th of thirty days is 39 seconds.
    with brownie.reverts(typed("CreditNone", trade.subject)):
        part(order, at=start + 10 * DAY + 1)


@pytest.mark.parametrize("stop", ["end", "withdrawn"])
def test_refuses_what_can_be_settled_as_a_whole(trade, part, sold, stop):
    order, number, start = sold()
    over = start + DURATION
    if stop == "withdrawn":
        over = start + 5 * DAY
        trade.withdraw(number, at=over)

    with brownie.reverts(typed("OrderOver", order, over)):
        part(order, at=start + DURATION if stop == "end" else over + DAY)


@pytest.mark.parametrize("bps", [0, 1, 1999])
@pytest.mark.parametrize("price", [1, 19, 20, 41, COIN - 1])
@pytest.mark.parametrize("stopped", [False, True])
def test_in_the_end_all_is_as_without_parts(trade, market, part, sold, bps, price, stopped):
    institution = {"institution": str(trade.institution)} if bps else {}
    order, number, start = sold(price=price, institutionBps=bps, **institution)
    for moment in (3 * DAY, 3 * DAY + 777, 11 * DAY, 19 * DAY):
        if paid(price, DURATION, moment) > (paid(price, DURATION, moment - 777)):
            part(order, at=start + moment)
    over = 25 * DAY + 5 if stopped else DURATION
    if stopped:
        trade.withdraw(number, at=start + over)

    tx = trade.settle(order, at=start + DURATION)

    earned = price * over // DURATION
    expected = Shares.of(earned, bps)
    assert tx.events["OrderSettled"]["earned"] == earned
    assert trade.fees(1, trade.commons) == (expected.committee, 0)
    assert market.creditOf(trade.institution) == expected.institution
    assert market.creditOf(trade.subject) == expected.subject
    assert market.creditOf(trade.buyer) == price - earned


def test_what_was_paid_stays_paid_where_the_stop_cannot_be_told(trade, market, part, sold):
    order, number, start = sold()
    part(order, at=start + 10 * DAY)
    earned = paid(PRICE, DURATION, 10 * DAY)
    trade.grant(number, at=start + 12 * DAY)

    tx = trade.settle(order)

    assert tx.events["OrderSettled"] == {
        "order": order,
        "earned": earned,
        "refunded": PRICE - earned,
    }
    assert market.creditOf(trade.buyer) == PRICE - earned
    assert market.creditOf(trade.subject) == Shares.of(earned, 0).subject


def test_refuses_a_settled_order(trade, part, sold):
    order, _, start = sold()
    trade.settle(order, at=start + DURATION)

    with brownie.reverts(typed("OrderWrongState", order, SETTLED)):
        part(order)
