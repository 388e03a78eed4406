"""
settle: the one exit of an order, once; a withdrawal takes nothing away that was earned (E4)
├── there is no such order, or its place was taken by a later one: refuses
├── it was settled before: refuses
├── it was not delivered
│   ├── before its deadline: refuses, says until when
│   ├── at its deadline: all goes back
│   └── the consent was stopped: all goes back at once
├── it was delivered
│   ├── before its end: refuses, says until when
│   ├── at its end: all is earned, and divided to the unit
│   ├── to an institution with a share: it gets its share
│   ├── stopped in the midst (withdrawn, all withdrawn, barred, ended): pro rata to the unit
│   ├── stopped in the second of the delivery, or before it: all goes back
│   ├── stopped at its end, or after: all is earned
│   ├── withdrawn twice: the first stop counts
│   ├── barred twice: the first stop counts
│   ├── two stops: the earlier counts, whichever it is
│   ├── all withdrawn twice, barred and unbarred, or granted anew: all goes back
│   └── the offer is closed, or the buyer is granted something else: nothing changes
└── anybody may call, also the buyer; exactly one event
"""

import itertools

import brownie
import pytest

from tests.contracts.trading import DAY, DURATION, PERIOD, PRICE, Shares
from tests.support import typed

pytestmark = pytest.mark.both_chains

NOTHING, OPEN, DELIVERED, SETTLED = range(4)


@pytest.fixture
def start(trade, bought):
    """The second of the delivery."""
    return int(trade.deliver(bought).timestamp)


def settled(tx, order, earned):
    """One event that says what was earned, and that the rest goes back."""
    assert len(tx.events) == 1
    assert tx.events["OrderSettled"] == {
        "order": order,
        "earned": earned,
        "refunded": PRICE - earned,
    }


def test_refuses_an_order_that_never_was(trade, market):
    with brownie.reverts(typed("OrderWrongState", 1 << 16, NOTHING)):
        market.settle(1 << 16, {"from": trade.stranger})


@pytest.mark.parametrize("step", [-1, 1])
def test_refuses_another_sequence_of_the_same_buyer(trade, market, bought, step):
    with brownie.reverts(typed("OrderWrongState", bought + step, NOTHING)):
        market.settle(bought + step, {"from": trade.stranger})


def test_refuses_a_second_settlement(trade, market, start, bought):
    trade.settle(bought, at=start + DURATION)

    with brownie.reverts(typed("OrderWrongState", bought, SETTLED)):
        market.settle(bought, {"from": trade.stranger})

    assert market.creditOf(trade.subject) == Shares.of(PRICE, 0).subject


def test_refuses_before_the_deadline(trade):
    order = trade.buy(trade.offer())
    deadline = trade.now + PERIOD

    with brownie.reverts(typed("OrderNotOver", order, deadline)):
        trade.settle(order, at=deadline - 1)


def test_gives_all_back_at_the_deadline(trade, market, bought):
    tx = trade.settle(bought, at=trade.now + PERIOD)

    settled(tx, bought, 0)
    assert market.creditOf(trade.buyer) == PRICE
    assert market.creditOf(trade.subject) == 0
    assert trade.fees(1, trade.commons) == (0, 0)
    assert trade.state(bought) == SETTLED


@pytest.mark.parametrize("stop", ["withdraw", "withdraw_all", "bar"])
def test_gives_all_back_when_stopped_before_delivery(trade, market, stop):
    number = trade.offer()
    order = trade.buy(number)
    {
        "withdraw": lambda: trade.withdraw(number),
        "withdraw_all": trade.withdraw_all,
        "bar": lambda: trade.bar(trade.buyer),
    }[stop]()

    settled(trade.settle(order), order, 0)
    assert market.creditOf(trade.buyer) == PRICE


def test_refuses_before_the_end(trade, start, bought):
    with brownie.reverts(typed("OrderNotOver", bought, start + DURATION)):
        trade.settle(bought, at=start + DURATION - 1)


def test_all_is_earned_at_the_end(trade, market, start, bought):
    tx = trade.settle(bought, at=start + DURATION)

    settled(tx, bought, PRICE)
    # 5 % of 3,000,000,000,000,000,007 is 150,000,000,000,000,000.35.
    assert trade.fees(1, trade.commons) == (150_000_000_000_000_000, 0)
    assert market.creditOf(trade.subject) == 2_700_000_000_000_000_007
    assert market.creditOf(trade.buyer) == 0
    assert trade.state(bought) == SETTLED


@pytest.mark.parametrize("bps", [1, 1000, 2000])
def test_an_institution_gets_its_share(trade, market, bps):
    order = trade.buy(trade.offer(institution=str(trade.institution), institutionBps=bps))
    start = trade.deliver(order).timestamp

    settled(trade.settle(order, at=start + DURATION), order, PRICE)
    expected = {1: 300_000_000_000_000, 1000: 3 * 10**17, 2000: 6 * 10**17 + 1}[bps]
    assert market.creditOf(trade.institution) == expected
    assert market.creditOf(trade.subject) == PRICE - 2 * 150_000_000_000_000_000 - expected
    assert 10 * market.creditOf(trade.subject) >= 7 * PRICE


@pytest.mark.parametrize("stop", ["withdraw", "withdraw_all", "bar", "ended"])
@pytest.mark.parametrize("allowed", [1, 7 * DAY + 11, DURATION - 1])
def test_pays_for_the_time_that_was_allowed(trade, market, stop, allowed):
    number = trade.offer(institution=str(trade.institution), institutionBps=1500)
    begun = trade.now + 100
    if stop == "ended":
        trade.grant(number, at=begun - 50, validUntil=begun + allowed)
    order = trade.buy(number)
    trade.deliver(order, at=begun)
    if stop == "withdraw":
        trade.withdraw(number, at=begun + allowed)
    elif stop == "withdraw_all":
        trade.withdraw_all(at=begun + allowed)
    elif stop == "bar":
        trade.bar(trade.buyer, at=begun + allowed)

    tx = trade.settle(order, at=begun + allowed + (0 if stop == "ended" else 500))

    earned = PRICE * allowed // DURATION
    expected = Shares.of(earned, 1500)
    settled(tx, order, earned)
    assert trade.fees(1, trade.commons) == (expected.committee, 0)
    assert market.creditOf(trade.institution) == expected.institution
    assert market.creditOf(trade.subject) == expected.subject
    assert market.creditOf(trade.buyer) == PRICE - earned


def test_a_grant_that_has_not_ended_yet_stops_nothing(trade):
    number = trade.offer()
    begun = trade.now + 100
    trade.grant(number, at=begun - 50, validUntil=begun + DAY)
    order = trade.buy(number)
    trade.deliver(order, at=begun)

    with brownie.reverts(typed("OrderNotOver", order, begun + DAY)):
        trade.settle(order, at=begun + DAY - 1)


def test_gives_all_back_when_stopped_before_it_was_delivered_anyway(trade, market):
    number = trade.offer()
    order = trade.buy(number)
    stopped = trade.withdraw(number).timestamp
    trade.deliver(order, at=stopped + 60)

    settled(trade.settle(order), order, 0)
    assert market.creditOf(trade.buyer) == PRICE
    assert trade.fees(1, trade.commons) == (0, 0)


@pytest.mark.parametrize("late", [0, 1])
def test_all_is_earned_when_stopped_at_the_end_or_after(trade, late):
    number = trade.offer()
    order = trade.buy(number)
    start = trade.deliver(order).timestamp
    trade.withdraw(number, at=start + DURATION + late)

    settled(trade.settle(order), order, PRICE)


@pytest.mark.parametrize("again", ["withdraw", "bar"])
def test_the_first_stop_counts(trade, again):
    number = trade.offer()
    order = trade.buy(number)
    start = trade.deliver(order).timestamp

    def stop(at):
        return trade.withdraw(number, at) if again == "withdraw" else trade.bar(trade.buyer, at)

    stop(start + DAY)
    stop(start + 3 * DAY)

    settled(trade.settle(order), order, PRICE * DAY // DURATION)


@pytest.mark.parametrize(
    ("first", "second"), itertools.permutations(["withdraw", "withdraw_all", "bar"], 2)
)
def test_the_earlier_of_two_stops_counts(trade, first, second):
    number = trade.offer()
    order = trade.buy(number)
    start = trade.deliver(order).timestamp
    stops = {
        "withdraw": lambda at: trade.withdraw(number, at),
        "withdraw_all": trade.withdraw_all,
        "bar": lambda at: trade.bar(trade.buyer, at),
    }
    stops[first](start + 2 * DAY)
    stops[second](start + 5 * DAY)

    settled(trade.settle(order), order, PRICE * 2 * DAY // DURATION)


@pytest.mark.parametrize("act", ["all_twice", "bar_and_unbar", "granted_anew", "withdrawn_granted"])
def test_gives_all_back_where_the_stop_cannot_be_told(trade, market, act):
    number = trade.offer()
    order = trade.buy(number)
    start = trade.deliver(order).timestamp
    if act == "all_twice":
        trade.withdraw_all(start + DAY)
        trade.withdraw_all(start + 2 * DAY)
    elif act == "bar_and_unbar":
        trade.bar(trade.buyer, start + DAY)
        trade.unbar(trade.buyer, start + 2 * DAY)
    else:
        if act == "withdrawn_granted":
            trade.withdraw(number, start + DAY)
        trade.grant(number, start + 2 * DAY)

    settled(trade.settle(order, at=start + 3 * DAY), order, 0)
    assert market.creditOf(trade.buyer) == PRICE
    assert market.creditOf(trade.subject) == 0


def test_what_was_before_the_purchase_stops_nothing(trade):
    trade.withdraw_all()
    trade.bar(trade.buyer)
    trade.unbar(trade.buyer)
    number = trade.offer()
    trade.withdraw(number)
    trade.grant(number)
    order = trade.buy(number)
    start = trade.deliver(order).timestamp

    settled(trade.settle(order, at=start + DURATION), order, PRICE)


def test_other_acts_of_the_subject_stop_nothing(trade):
    number, other = trade.offer(), trade.offer()
    order = trade.buy(number)
    start = trade.deliver(order).timestamp
    trade.withdraw(other)
    trade.bar(trade.stranger)
    trade.grant(0, grantee="0x" + "00" * 12 + str(trade.buyer)[2:])
    trade.market.closeOffer(number, {"from": trade.subject})

    with brownie.reverts(typed("OrderNotOver", order, start + DURATION)):
        trade.settle(order)
    settled(trade.settle(order, at=start + DURATION), order, PRICE)


@pytest.mark.parametrize("who", ["buyer", "subject", "stranger", "relayer"])
def test_anybody_may_call(trade, start, bought, who):
    tx = trade.settle(bought, at=start + DURATION, by=getattr(trade, who))

    settled(tx, bought, PRICE)


def test_no_coin_moves(trade, coin, market, start, bought):
    held = coin.balanceOf(market)

    trade.settle(bought, at=start + DURATION)

    assert coin.balanceOf(market) == held == PRICE
