"""
dispute, resolve: what only the contract of disputes may do, and what waits for it
├── anybody else calls: refuses, names the caller
├── dispute
│   ├── no such order, open, settled, or disputed already: refuses, says what it is
│   ├── delivered, within the challenge window: nothing of it is paid from now on; one event
│   └── at the end of the window: refuses, says when it was over
├── resolve
│   ├── not disputed: refuses
│   ├── upheld: all goes back to the buyer, the order is settled for good
│   └── not upheld: as it was; it earns all, also the time of the dispute
├── settle and settlePart
│   ├── within the window: refuse, also when the time was over or stopped before
│   ├── stopped before the delivery: goes back at once, there is nothing to dispute
│   ├── while it is disputed: refuse
│   └── a dispute that nobody resolves lapses after 180 days: it settles as if there were none
├── isMember: not while it is disputed
└── partiesOf, challenge: who takes part, until when, and who decides
"""

import brownie
import pytest
from brownie import project

from tests.contracts.trading import DAY, DURATION, PERIOD, PRICE, ZERO, Shares, Trade
from tests.support import typed

pytestmark = pytest.mark.both_chains

NOTHING, OPEN, DELIVERED, SETTLED, DISPUTED = range(5)
WINDOW = 3 * DAY
LAPSE = 180 * DAY


@pytest.fixture(scope="module")
def trade(accounts):
    (loaded,) = project.get_loaded_projects()
    return Trade(loaded, accounts, window=WINDOW)


@pytest.fixture
def start(trade, delivered):
    """The second of the delivery."""
    return (int(trade.market.getOrder(delivered)[0]) >> 160) & (2**40 - 1)


@pytest.fixture
def disputed(trade, delivered):
    trade.market.dispute(delivered, {"from": trade.disputes})
    return delivered


@pytest.mark.parametrize("who", ["buyer", "subject", "authority", "stranger"])
def test_refuses_everybody_else(trade, market, delivered, who):
    caller = getattr(trade, who)

    with brownie.reverts(typed("OrderNotDisputes", caller)):
        market.dispute(delivered, {"from": caller})
    with brownie.reverts(typed("OrderNotDisputes", caller)):
        market.resolve(delivered, True, {"from": caller})


def test_disputes_within_the_window(trade, market, delivered, start):
    trade.at(start + WINDOW - 1)
    tx = market.dispute(delivered, {"from": trade.disputes})

    assert trade.state(delivered) == DISPUTED
    assert len(tx.events) == 1
    assert tx.events["OrderDisputed"] == {"order": delivered}


def test_refuses_at_the_end_of_the_window(trade, market, delivered, start):
    trade.at(start + WINDOW)
    with brownie.reverts(typed("OrderPastChallenge", delivered, start + WINDOW)):
        market.dispute(delivered, {"from": trade.disputes})


def test_refuses_to_dispute_what_was_not_delivered(trade, market, bought):
    with brownie.reverts(typed("OrderWrongState", bought, OPEN)):
        market.dispute(bought, {"from": trade.disputes})
    with brownie.reverts(typed("OrderWrongState", bought + 1, NOTHING)):
        market.dispute(bought + 1, {"from": trade.disputes})


def test_refuses_a_second_dispute(trade, market, disputed):
    with brownie.reverts(typed("OrderWrongState", disputed, DISPUTED)):
        market.dispute(disputed, {"from": trade.disputes})


@pytest.mark.parametrize("upheld", [True, False])
def test_refuses_to_resolve_what_is_not_disputed(trade, market, delivered, upheld):
    with brownie.reverts(typed("OrderWrongState", delivered, DELIVERED)):
        market.resolve(delivered, upheld, {"from": trade.disputes})


def test_upheld_all_goes_back(trade, market, disputed):
    tx = market.resolve(disputed, True, {"from": trade.disputes})

    assert trade.state(disputed) == SETTLED
    assert market.creditOf(trade.buyer) == PRICE
    assert market.creditOf(trade.subject) == 0
    assert trade.fees(1, trade.commons) == (0, 0)
    assert [event.name for event in tx.events] == ["OrderResolved", "OrderSettled"]
    assert tx.events["OrderResolved"] == {"order": disputed, "upheld": True}
    assert tx.events["OrderSettled"] == {"order": disputed, "earned": 0, "refunded": PRICE}
    with brownie.reverts(typed("OrderWrongState", disputed, SETTLED)):
        trade.settle(disputed)
    with brownie.reverts(typed("OrderWrongState", disputed, SETTLED)):
        market.resolve(disputed, True, {"from": trade.disputes})


def test_not_upheld_it_is_as_it_was(trade, market, disputed, start):
    trade.at(start + 20 * DAY)
    tx = market.resolve(disputed, False, {"from": trade.disputes})

    assert trade.state(disputed) == DELIVERED
    assert len(tx.events) == 1
    assert tx.events["OrderResolved"] == {"order": disputed, "upheld": False}
    trade.settle(disputed, at=start + DURATION)
    assert market.creditOf(trade.subject) == Shares.of(PRICE, 0).subject
    assert market.creditOf(trade.buyer) == 0


def test_nothing_is_paid_of_a_disputed_order(trade, market, disputed, start):
    with brownie.reverts(typed("OrderWrongState", disputed, DISPUTED)):
        trade.settle(disputed, at=start + DURATION)
    with brownie.reverts(typed("OrderWrongState", disputed, DISPUTED)):
        market.settlePart(disputed, {"from": trade.stranger})


def test_a_dispute_that_nobody_resolves_lapses(trade, market, disputed, start):
    lapses = start + WINDOW + LAPSE
    with brownie.reverts(typed("OrderWrongState", disputed, DISPUTED)):
        trade.settle(disputed, at=lapses - 1)

    trade.settle(disputed, at=lapses)

    assert market.creditOf(trade.subject) == Shares.of(PRICE, 0).subject
    with brownie.reverts(typed("OrderWrongState", disputed, SETTLED)):
        market.resolve(disputed, True, {"from": trade.disputes})


@pytest.mark.parametrize("stop", ["withdrawn", "over"])
def test_what_was_earned_waits_for_the_end_of_the_window(trade, market, stop):
    number = trade.offer(duration=DAY)
    order = trade.buy(number)
    start = int(trade.deliver(order).timestamp)
    if stop == "withdrawn":
        trade.withdraw(number, at=start + 100)

    with brownie.reverts(typed("OrderNotOver", order, start + WINDOW)):
        trade.settle(order, at=start + WINDOW - 1)
    trade.settle(order, at=start + WINDOW)

    earned = PRICE * 100 // DAY if stop == "withdrawn" else PRICE
    assert market.creditOf(trade.subject) == Shares.of(earned, 0).subject
    assert market.creditOf(trade.buyer) == PRICE - earned


def test_what_earned_nothing_goes_back_at_once(trade, market):
    number = trade.offer()
    order = trade.buy(number)
    trade.withdraw(number)
    trade.deliver(order)

    trade.settle(order)

    assert market.creditOf(trade.buyer) == PRICE


def test_what_was_not_delivered_does_not_wait(trade, market, bought):
    trade.settle(bought, at=trade.now + PERIOD)

    assert market.creditOf(trade.buyer) == PRICE


def test_a_withdrawal_before_a_dispute_still_counts(trade, market, delivered, start):
    trade.withdraw(1, at=start + DAY)
    market.dispute(delivered, {"from": trade.disputes})
    market.resolve(delivered, False, {"from": trade.disputes})

    trade.settle(delivered, at=start + WINDOW)

    earned = PRICE * DAY // DURATION
    assert market.creditOf(trade.subject) == Shares.of(earned, 0).subject


def test_nobody_is_a_member_of_what_is_disputed(trade, market, delivered):
    assert tuple(market.isMember(1, trade.subject, trade.buyer)) == (True, 0)

    market.dispute(delivered, {"from": trade.disputes})
    assert tuple(market.isMember(1, trade.subject, trade.buyer)) == (False, 0)

    market.resolve(delivered, False, {"from": trade.disputes})
    assert tuple(market.isMember(1, trade.subject, trade.buyer)) == (True, 0)


def test_no_second_order_while_one_is_disputed(trade, market, disputed):
    with brownie.reverts(typed("OrderLive", disputed)):
        trade.buy(1)


def test_says_who_takes_part(trade, market):
    order = trade.buy(trade.offer(institution=str(trade.institution), institutionBps=700))

    assert tuple(market.partiesOf(order)) == (trade.subject, trade.buyer, trade.institution, 1, 700)
    with brownie.reverts(typed("OrderWrongState", order + 1, NOTHING)):
        market.partiesOf(order + 1)


def test_says_until_when_and_who_decides(trade, market):
    assert tuple(market.challenge()) == (WINDOW, trade.disputes)


def test_without_a_contract_of_disputes_nobody_disputes(trade, DataMarket):
    market = DataMarket.deploy(
        *(trade.consents, trade.participants, trade.coin, trade.commons, ZERO, 0),
        {"from": trade.deployer},
    )

    with brownie.reverts(typed("OrderNotDisputes", trade.stranger)):
        market.dispute(1 << 16, {"from": trade.stranger})
