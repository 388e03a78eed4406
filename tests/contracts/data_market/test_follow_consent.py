"""
followConsent: a person renews their grant, and the order goes on
├── seen, replaced and seen again: paid as if nothing had been, at the end and in parts
├── for every buyer, through any number of renewals, whoever carried the grants
├── nobody settles between a grant and its sighting; what nobody saw in time goes back
├── a stop after it counts, and so does the end of the newest grant
├── not followed, so all goes back
│   ├── withdrawn in between, replaced twice, withdrawn with everything else, seen too late
│   └── narrower: fewer classes, more conditions, a later beginning
├── refuses what is not in force, and what it saw already
└── the client says beforehand what each of them earns: `stop_of`
"""

import brownie
import pytest

from aceso.chain import GrantWord, HeadWord, OrderHead, OrderTail, Sighting, Standing, stop_of
from aceso.codes import Condition, DataClass, Use
from tests.contracts.trading import COIN, DAY, DURATION, LABS, PRICE, Shares
from tests.support import typed


@pytest.fixture
def seen():
    """What was seen last, as a client knows it."""
    return {}


@pytest.fixture
def see(trade, market, seen):
    def act(number=1, at=None):
        trade._when(at)
        tx = market.followConsent(trade.subject, number, {"from": trade.stranger})
        word, _, _ = trade.consents.standing(trade.subject, trade.group(number), trade.buyer)
        since = tx.events["ConsentFollowed"]["since"]
        seen[number] = Sighting(GrantWord.parse(word), since, tx.timestamp, tx.block_number)
        return tx

    return act


@pytest.fixture
def settle(trade, market, seen):
    """Settle an order, which earns what a client foretold."""

    def act(order, at=None):
        head, tail = market.getOrder(order)
        head, tail = OrderHead.parse(head), OrderTail.parse(tail)
        words = trade.consents.standing(trade.subject, trade.group(tail.offer), head.buyer)
        standing = Standing(*map(GrantWord.parse, words[:2]), HeadWord.parse(words[2]))
        stop = stop_of(tail, head.end, standing, seen.get(tail.offer), at or trade.now)
        tx = trade.settle(order, at=at)
        earned = tx.events["OrderSettled"]["earned"]
        assert earned == PRICE * max(stop - head.start, 0) // DURATION
        return tx

    return act


@pytest.fixture
def sold(trade, market, see):
    """A delivered order whose grant was seen and ends before it: its number and start."""
    number = trade.offer(granted=False)
    begin = trade.now
    trade.grant(number, validFrom=begin, validUntil=begin + 20 * DAY)
    see(number)
    order = trade.buy(number)
    return order, trade.deliver(order).timestamp, begin


@pytest.mark.both_chains
def test_paid_as_if_nothing_had_been(trade, market, see, sold):
    order, start, begin = sold
    trade.grant(1, at=start + 10 * DAY, validFrom=begin, validUntil=begin + 200 * DAY)
    tx = see()

    trade.settle(order, at=start + DURATION)

    assert tx.events["ConsentFollowed"]["since"] == 1
    assert tx.events["ConsentFollowed"]["grants"] == 2
    assert market.creditOf(trade.subject) == Shares.of(PRICE, 0).subject
    assert market.creditOf(trade.buyer) == 0


def test_without_being_seen_before_all_goes_back(trade, market, see, settle):
    number = trade.offer(granted=False)
    begin = trade.now
    trade.grant(number, validFrom=begin, validUntil=begin + 20 * DAY)
    order = trade.buy(number)
    start = trade.deliver(order).timestamp
    trade.grant(1, at=start + 10 * DAY, validFrom=begin, validUntil=begin + 200 * DAY)
    see()

    settle(order)

    assert market.creditOf(trade.buyer) == PRICE


def test_nobody_settles_between_a_grant_and_its_sighting(trade, market, see, sold, settle):
    """Whoever carries the grant, and settles before anybody can see it."""
    order, start, begin = sold
    trade.grant(1, at=start + 10 * DAY, validFrom=begin, validUntil=begin + 200 * DAY)

    with brownie.reverts(typed("OrderNotOver", order, start + DURATION)):
        trade.settle(order)
    market.settlePart(order, {"from": trade.stranger})
    see(at=begin + 20 * DAY - 1)

    settle(order, at=start + DURATION)
    assert market.creditOf(trade.subject) == Shares.of(PRICE, 0).subject


def test_what_nobody_saw_in_time_goes_back(trade, market, sold, settle):
    order, start, begin = sold
    trade.grant(1, at=start + 10 * DAY, validFrom=begin, validUntil=begin + 200 * DAY)

    settle(order, at=begin + 20 * DAY)

    assert market.creditOf(trade.buyer) == PRICE


def test_for_every_buyer_and_any_number_of_renewals(trade, market, see, sold, settle):
    order, start, begin = sold
    trade.grant(1, at=start + 5 * DAY, validFrom=begin, validUntil=begin + 25 * DAY)
    see()
    other = trade.buy(1, trade.other)
    begun = trade.deliver(other).timestamp
    trade.grant(1, at=start + 10 * DAY, validFrom=begin, validUntil=begin + 100 * DAY)
    see()
    with brownie.reverts(typed("ConsentSeen", trade.subject, 1, 3)):
        see()

    market.settlePart(order, {"from": trade.stranger})
    settle(order, at=start + DURATION)
    settle(other, at=begun + DURATION)

    assert market.creditOf(trade.subject) == 2 * Shares.of(PRICE, 0).subject


@pytest.mark.parametrize("how", ["withdrawn", "all", "barred"])
def test_a_stop_after_it_counts(trade, market, see, sold, settle, how):
    order, start, begin = sold
    trade.grant(1, at=start + DAY, validFrom=begin, validUntil=begin + 200 * DAY)
    see()
    stops = {"all": trade.withdraw_all, "barred": lambda at: trade.bar(trade.buyer, at)}
    stops.get(how, lambda at: trade.withdraw(1, at))(at=start + 2 * DAY)

    settle(order)

    earned = PRICE * 2 * DAY // DURATION
    assert market.creditOf(trade.subject) == Shares.of(earned, 0).subject
    assert market.creditOf(trade.buyer) == PRICE - earned


def test_the_newest_grant_ends_it(trade, market, see, sold, settle):
    order, start, begin = sold
    trade.grant(1, at=start + DAY, validFrom=begin, validUntil=start + 25 * DAY)
    see()

    settle(order, at=start + 25 * DAY)

    earned = PRICE * 25 * DAY // DURATION
    assert market.creditOf(trade.subject) == Shares.of(earned, 0).subject


@pytest.mark.parametrize(
    "how", ["withdrawn", "twice", "all", "late", "classes", "conditions", "uses", "later"]
)
def test_what_does_not_follow_is_not_paid(trade, market, see, sold, how, settle):
    order, start, begin = sold
    begins, ends = {"validFrom": begin}, {"validUntil": begin + 200 * DAY}
    changed = {
        "classes": {"classes": int(DataClass.SLEEP)},
        "conditions": {"conditions": int(Condition.NCU)},
        "uses": {"uses": int(Use.POA)},
        "later": {"validFrom": start + 3 * DAY},
    }.get(how, {})
    if how == "withdrawn":
        trade.withdraw(1, at=start + DAY)
    elif how == "all":
        trade.withdraw_all(at=start + DAY)
    elif how == "twice":
        trade.grant(1, at=start + DAY, **(begins | ends))
    trade.grant(1, at=start + 2 * DAY, **(begins | ends | changed))
    tx = see(at=begin + 20 * DAY if how == "late" else start + 4 * DAY)
    assert tx.events["ConsentFollowed"]["since"] == tx.events["ConsentFollowed"]["grants"]

    settle(order)

    assert market.creditOf(trade.subject) == 0
    assert market.creditOf(trade.buyer) == PRICE


def test_more_classes_than_before_follow(trade, market, see, sold, settle):
    order, start, begin = sold
    more = {"classes": LABS | int(DataClass.SLEEP), "validUntil": begin + 200 * DAY}
    trade.grant(1, at=start + DAY, validFrom=begin, **more)
    see()

    settle(order, at=start + DURATION)

    assert market.creditOf(trade.subject) == Shares.of(PRICE, 0).subject


def test_refuses_what_is_not_in_force(trade, see):
    number = trade.offer(granted=False, price=COIN)
    error = typed("ConsentNotInForce", trade.subject, number)
    with brownie.reverts(error):
        see(number)
    trade.grant(number, validFrom=trade.now + DAY, validUntil=trade.now + 2 * DAY)
    with brownie.reverts(error):
        see(number)
    trade.withdraw(number)
    with brownie.reverts(error):
        see(number)
