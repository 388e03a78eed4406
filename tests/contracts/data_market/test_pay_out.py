"""
payCredit
├── something is owed: pays exactly that, once, to whom it is owed, whoever calls
├── nothing is owed, or no more: refuses
└── what is earned later: pays that
payCommitteeFee
├── each member gets an equal part, once; what can't be divided waits
├── after more was earned: only what is new
└── another committee is shown, or nothing is owed: refuses; there is no such place: reverts
payCommons
├── the commons gets as much as the committee, once, whoever calls
└── nothing is owed: refuses
"""

import brownie
import pytest

from tests.contracts.trading import DURATION, PERIOD, PRICE
from tests.support import typed

pytestmark = pytest.mark.both_chains

# 5 % of 3,000,000,000,000,000,007; a third of that is 50,000,000,000,000,000.
FEE = 150_000_000_000_000_000


@pytest.fixture
def paid(trade):
    """An order of the whole price that was earned and settled."""
    order = trade.buy(trade.offer(institution=str(trade.institution), institutionBps=1000))
    start = trade.deliver(order).timestamp
    trade.settle(order, at=start + DURATION)
    return order


@pytest.mark.parametrize("by", ["subject", "stranger"])
def test_pays_exactly_what_is_owed(trade, coin, market, paid, by):
    owed = PRICE - 2 * FEE - 3 * 10**17

    tx = market.payCredit(trade.subject, {"from": getattr(trade, by)})

    assert coin.balanceOf(trade.subject) == owed
    assert market.creditOf(trade.subject) == 0
    assert coin.balanceOf(market) == PRICE - owed
    assert len(tx.events) == 1
    assert tx.events["Transfer"] == {"from": market, "to": trade.subject, "value": owed}


def test_pays_once(trade, market, paid):
    market.payCredit(trade.subject, {"from": trade.stranger})

    with brownie.reverts(typed("CreditNone", trade.subject)):
        market.payCredit(trade.subject, {"from": trade.stranger})


def test_refuses_where_nothing_is_owed(trade, market):
    with brownie.reverts(typed("CreditNone", trade.stranger)):
        market.payCredit(trade.stranger, {"from": trade.stranger})


def test_pays_what_is_earned_later(trade, coin, market, paid):
    before = coin.balanceOf(trade.buyer)
    for _ in range(2):
        order = trade.buy(1)
        trade.settle(order, at=trade.now + PERIOD)
        market.payCredit(trade.buyer, {"from": trade.stranger})
        assert coin.balanceOf(trade.buyer) == before


def test_credits_add_up(trade, market):
    for number in (trade.offer(), trade.offer()):
        trade.settle(trade.buy(number), at=trade.now + PERIOD)

    assert market.creditOf(trade.buyer) == 2 * PRICE


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_member_gets_its_part_once(trade, coin, market, paid, place):
    member = trade.custodians[place]

    tx = market.payCommitteeFee(1, trade.committees[1], place, {"from": trade.stranger})

    assert coin.balanceOf(member) == 50_000_000_000_000_000
    assert trade.fees(1, member) == (FEE, 50_000_000_000_000_000)
    assert [event.name for event in tx.events] == ["FeePaid", "Transfer"]
    assert tx.events["FeePaid"] == {
        "committee": 1,
        "payee": member,
        "amount": 50_000_000_000_000_000,
    }
    with brownie.reverts(typed("CreditNone", member)):
        market.payCommitteeFee(1, trade.committees[1], place, {"from": trade.stranger})


def test_what_cannot_be_divided_waits(trade, coin, market):
    # Of 41 units the committee has 2, of which three members have nothing yet.
    member = trade.custodians[0]
    for earned in (2, 4, 6):
        order = trade.buy(trade.offer(price=41))
        start = trade.deliver(order).timestamp
        trade.settle(order, at=start + DURATION)
        assert trade.fees(1, member)[0] == earned
        if earned == 2:
            with brownie.reverts(typed("CreditNone", member)):
                market.payCommitteeFee(1, trade.committees[1], 0, {"from": trade.stranger})
    for place in range(3):
        market.payCommitteeFee(1, trade.committees[1], place, {"from": trade.stranger})

    assert [coin.balanceOf(each) for each in trade.custodians[:3]] == [2, 2, 2]


def test_only_what_is_new(trade, coin, market, paid):
    market.payCommitteeFee(1, trade.committees[1], 0, {"from": trade.stranger})
    order = trade.buy(1)
    start = trade.deliver(order).timestamp
    trade.settle(order, at=start + DURATION)

    tx = market.payCommitteeFee(1, trade.committees[1], 0, {"from": trade.stranger})

    assert tx.events["FeePaid"]["amount"] == 50_000_000_000_000_000
    assert coin.balanceOf(trade.custodians[0]) == 100_000_000_000_000_000


def test_refuses_another_committee(trade, market, paid):
    with brownie.reverts(typed("CommitteeUnknown", 1)):
        market.payCommitteeFee(1, trade.committees[2], 0, {"from": trade.stranger})
    with brownie.reverts(typed("CommitteeUnknown", 3)):
        market.payCommitteeFee(3, trade.committees[1], 0, {"from": trade.stranger})


def test_committees_are_kept_apart(trade, market, paid):
    with brownie.reverts(typed("CreditNone", trade.custodians[0])):
        market.payCommitteeFee(2, trade.committees[2], 0, {"from": trade.stranger})


def test_there_is_no_such_place(trade, market, paid):
    with brownie.reverts():
        market.payCommitteeFee(1, trade.committees[1], 3, {"from": trade.stranger})


def test_the_commons_gets_as_much_once(trade, coin, market, paid):
    tx = market.payCommons(1, {"from": trade.stranger})

    assert coin.balanceOf(trade.commons) == FEE
    assert [event.name for event in tx.events] == ["FeePaid", "Transfer"]
    assert tx.events["FeePaid"] == {"committee": 1, "payee": trade.commons, "amount": FEE}
    with brownie.reverts(typed("CreditNone", trade.commons)):
        market.payCommons(1, {"from": trade.stranger})


def test_all_that_came_in_goes_out(trade, coin, market, paid):
    by = {"from": trade.stranger}
    for place in range(3):
        market.payCommitteeFee(1, trade.committees[1], place, by)
    market.payCommons(1, by)
    for account in (trade.subject, trade.institution):
        market.payCredit(account, by)

    assert coin.balanceOf(market) == 0


def test_refuses_the_commons_what_nobody_earned(trade, market):
    with brownie.reverts(typed("CreditNone", trade.commons)):
        market.payCommons(1, {"from": trade.stranger})
