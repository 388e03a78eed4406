"""
buy
├── the consent permits it
│   ├── locks the price, writes order and token, says so in the market's events
│   ├── remembers price, end of delivery and counters, which nothing changes later
│   └── is the same for the subject's other offers: withdrawing one leaves the others
├── the consent denies it (not granted, withdrawn, ended, not yet, barred, class, use, disease,
│   condition, all withdrawn): refuses with the reason, and nothing moved
├── a condition is attested: sells
├── there is no such offer, or it is closed: refuses
├── the receiving key is zero: refuses
├── the buyer has a live order of this offer: refuses; another buyer or offer is free
├── the last order is settled: sells again, with the next number
└── too little allowed, or too little coin: refuses as the coin does
"""

import brownie
import pytest

from aceso.codes import Condition, DataClass, Reason, Use
from tests.contracts.trading import DAY, DURATION, KEY, NONE, PERIOD, PRICE, grantee_of
from tests.support import typed

pytestmark = pytest.mark.both_chains

NOTHING, OPEN, DELIVERED, SETTLED = range(4)


def fields(word, *widths):
    """The fields of a packed word, from its lowest bit."""
    found = []
    for width in widths:
        found.append(word & ((1 << width) - 1))
        word >>= width
    return found


def test_locks_the_price(trade, coin, market):
    number = trade.offer()
    before = coin.balanceOf(trade.buyer)

    market.buy(number, KEY, {"from": trade.buyer})

    assert coin.balanceOf(market) == PRICE
    assert coin.balanceOf(trade.buyer) == before - PRICE


def test_says_so_in_its_events(trade, market):
    number = trade.offer()

    tx = market.buy(number, KEY, {"from": trade.buyer})

    order, exists = market.orderOf(number, trade.buyer)
    assert exists
    own = [event for event in tx.events if event.address == market.address]
    assert [event.name for event in own] == ["Transfer", "Locked", "OrderBought"]
    assert tx.events["OrderBought"] == {
        "order": order,
        "offer": number,
        "buyer": trade.buyer,
        "price": PRICE,
        "receivingKey": KEY,
    }


def test_remembers_what_it_was_bought_under(trade, market):
    trade.withdraw_all()
    number = trade.offer()
    trade.grant(number)
    trade.bar(trade.buyer)
    trade.unbar(trade.buyer)

    order = trade.buy(number)

    head, tail = market.getOrder(order)
    assert fields(head, 160, 40, 32, 16, 8) == [
        int(str(trade.buyer), 16),
        trade.now,
        DURATION,
        1,
        OPEN,
    ]
    # Two grants to the offer, one epoch, one bar.
    assert fields(tail, 96, 48, 40, 24, 24, 8) == [PRICE, number, trade.now + PERIOD, 2, 1, 1]


def test_nothing_changes_the_terms_later(trade, market, bought):
    before = tuple(market.getOrder(bought))
    number, _exists = 1, True
    market.closeOffer(number, {"from": trade.subject})
    trade.offer(price=1)
    trade.withdraw(number)

    assert tuple(market.getOrder(bought)) == before


def _denials(trade, number):
    """What the subject does, and what buying is refused with then."""
    now = trade.now
    by = {"from": trade.subject}
    return {
        Reason.WITHDRAWN: lambda: trade.withdraw(number),
        Reason.ENDED: lambda: trade.grant(number, validUntil=now + 60),
        Reason.NOT_YET: lambda: trade.grant(number, validFrom=now + DAY),
        Reason.BARRED: lambda: trade.bar(trade.buyer),
        Reason.CLASS: lambda: trade.grant(number, classes=int(DataClass.SLEEP)),
        Reason.USE: lambda: trade.grant(number, uses=int(Use.POA)),
        Reason.CONDITION: lambda: trade.grant(number, conditions=int(Condition.IRB)),
        "all": lambda: trade.consents.withdrawAll(by),
    }


@pytest.mark.parametrize(
    "reason",
    [
        Reason.WITHDRAWN,
        Reason.ENDED,
        Reason.NOT_YET,
        Reason.BARRED,
        Reason.CLASS,
        Reason.USE,
        Reason.CONDITION,
        "all",
    ],
)
def test_refuses_what_the_consent_denies(trade, coin, market, reason):
    number = trade.offer()
    before = coin.balanceOf(trade.buyer)
    _denials(trade, number)[reason]()
    trade.at(trade.now + 60)

    with brownie.reverts(typed("OrderDenied", Reason.WITHDRAWN if reason == "all" else reason)):
        market.buy(number, KEY, {"from": trade.buyer})

    assert coin.balanceOf(trade.buyer) == before
    assert market.balanceOf(trade.buyer) == 0
    assert not market.orderOf(number, trade.buyer)[1]


def test_refuses_what_was_never_granted(trade, market):
    number = trade.offer(granted=False)

    with brownie.reverts(typed("OrderDenied", Reason.NOT_GRANTED)):
        market.buy(number, KEY, {"from": trade.buyer})


def test_refuses_another_disease(trade, market):
    number = trade.offer(granted=False, use=int(Use.DS), disease=5015)
    trade.grant(number, uses=int(Use.DS), disease=5016)

    with brownie.reverts(typed("OrderDenied", Reason.DISEASE)):
        market.buy(number, KEY, {"from": trade.buyer})


def test_a_direct_grant_to_the_buyer_is_no_grant_to_the_offer(trade, market):
    number = trade.offer(granted=False)
    trade.grant(0, grantee=grantee_of(0, trade.buyer))

    with brownie.reverts(typed("OrderDenied", Reason.NOT_GRANTED)):
        market.buy(number, KEY, {"from": trade.buyer})


@pytest.mark.parametrize("attested", [0, int(Condition.IRB), int(Condition.IRB | Condition.NPU)])
def test_conditions_have_to_be_attested(trade, market, attested):
    number = trade.offer(conditions=int(Condition.IRB | Condition.NPU))
    by = {"from": trade.authority}
    trade.participants.proposeAccreditation(trade.buyer, 0, attested, by)
    trade.participants.accredit(trade.buyer, by)

    if attested == int(Condition.IRB | Condition.NPU):
        assert trade.state(trade.buy(number)) == OPEN
    else:
        with brownie.reverts(typed("OrderDenied", Reason.CONDITION)):
            market.buy(number, KEY, {"from": trade.buyer})


def test_withdrawing_one_offer_leaves_the_others(trade):
    first, second = trade.offer(), trade.offer()
    trade.withdraw(first)

    assert trade.state(trade.buy(second)) == OPEN


def test_the_last_second_of_the_grant(trade, market):
    number = trade.offer()
    until = trade.now + DAY
    trade.grant(number, validUntil=until)

    assert trade.state(trade.buy(number, at=until - 1)) == OPEN
    trade.at(until)
    with brownie.reverts(typed("OrderDenied", Reason.ENDED)):
        market.buy(number, KEY, {"from": trade.other})


@pytest.mark.parametrize("number", [0, 2, 2**96 - 1])
def test_refuses_an_offer_that_is_not_there(trade, market, number):
    trade.offer()

    with brownie.reverts(typed("OfferNotOpen", number)):
        market.buy(number, KEY, {"from": trade.buyer})


def test_refuses_a_closed_offer(trade, market):
    number = trade.offer()
    market.closeOffer(number, {"from": trade.subject})

    with brownie.reverts(typed("OfferNotOpen", number)):
        market.buy(number, KEY, {"from": trade.buyer})


def test_refuses_no_key(trade, market):
    number = trade.offer()

    with brownie.reverts(typed("OrderInvalidKey")):
        market.buy(number, NONE, {"from": trade.buyer})


@pytest.mark.parametrize("state", [OPEN, DELIVERED])
def test_refuses_a_second_live_order(trade, market, bought, state):
    if state == DELIVERED:
        trade.deliver(bought)

    with brownie.reverts(typed("OrderLive", bought)):
        market.buy(1, KEY, {"from": trade.buyer})


def test_another_buyer_and_another_offer_are_free(trade, bought):
    other = trade.buy(1, trade.other)
    second = trade.buy(trade.offer())

    assert len({bought, other, second}) == 3
    assert {trade.state(order) for order in (bought, other, second)} == {OPEN}


def test_sells_again_after_the_last_was_settled(trade, market, bought):
    trade.settle(bought, at=trade.now + PERIOD)

    again = trade.buy(1)

    assert again == bought + 1
    assert tuple(market.orderOf(1, trade.buyer)) == (again, True)
    assert trade.state(again) == OPEN
    assert trade.state(bought) == NOTHING
    # The refund of the first is still there.
    assert market.creditOf(trade.buyer) == PRICE


def test_refuses_without_allowance(trade, coin, market):
    number = trade.offer()
    coin.approve(market, PRICE - 1, {"from": trade.buyer})

    with brownie.reverts(typed("ERC20InsufficientAllowance", market, PRICE - 1, PRICE)):
        market.buy(number, KEY, {"from": trade.buyer})


def test_refuses_without_coin(trade, coin, market):
    number = trade.offer()
    coin.transfer(trade.other, coin.balanceOf(trade.buyer) - 1, {"from": trade.buyer})

    with brownie.reverts(typed("ERC20InsufficientBalance", trade.buyer, 1, PRICE)):
        market.buy(number, KEY, {"from": trade.buyer})


def test_takes_no_ether(trade, market):
    number = trade.offer()

    with brownie.reverts():
        market.buy(number, KEY, {"from": trade.buyer, "value": 1})
    with brownie.reverts():
        trade.stranger.transfer(market, 1)
    assert market.balance() == 0
