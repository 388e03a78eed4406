"""
isMember, and decide through it
├── nobody bought: no member
├── open: a member until the deadline of the delivery
├── delivered: a member until the end of the bought time
├── settled: no member
├── asked of another subject, another offer, another actor: no member
└── conditions: those attested of the buyer where the offer has any, else none
"""

import pytest

from aceso.codes import Condition, Reason
from tests.contracts.trading import DAY, DURATION, HMB, LABS, PERIOD

pytestmark = pytest.mark.both_chains


@pytest.fixture
def asked(trade, market):
    def ask(number=1, subject=None, actor=None):
        found = market.isMember(number, subject or trade.subject, actor or trade.buyer)
        return tuple(found)

    return ask


def test_nobody_bought(trade, asked):
    trade.offer()

    assert asked() == (False, 0)


def test_open_until_the_deadline(trade, asked):
    trade.buy(trade.offer())
    deadline = trade.now + PERIOD

    trade.mine(deadline - 1)
    assert asked() == (True, 0)
    trade.mine(deadline)
    assert asked() == (False, 0)


def test_delivered_until_the_end(trade, bought, asked):
    end = trade.deliver(bought).timestamp + DURATION

    trade.mine(end - 1)
    assert asked() == (True, 0)
    trade.mine(end)
    assert asked() == (False, 0)


def test_settled_no_more(trade, market, bought, asked):
    trade.deliver(bought)
    trade.withdraw(1)
    trade.settle(bought)

    assert asked() == (False, 0)


def test_another_subject_offer_or_actor(trade, bought, asked):
    trade.offer()

    assert asked() == (True, 0)
    assert asked(subject=trade.other) == (False, 0)
    assert asked(number=2) == (False, 0)
    assert asked(actor=trade.other) == (False, 0)


def test_conditions_are_those_attested_of_the_buyer(trade, asked):
    by = {"from": trade.authority}
    attested = int(Condition.IRB | Condition.NCU)
    trade.participants.proposeAccreditation(trade.buyer, 0, attested, by)
    trade.participants.accredit(trade.buyer, by)
    trade.buy(trade.offer())
    trade.buy(trade.offer(conditions=int(Condition.IRB)))

    assert asked(number=1) == (True, 0)
    assert asked(number=2) == (True, attested)


def test_the_decision_follows(trade, bought):
    def decide():
        request = (trade.subject, trade.buyer, trade.group(1), HMB, LABS, 0)
        return Reason(trade.consents.decide(request)[1])

    assert decide() is Reason.MEMBER
    start = trade.deliver(bought).timestamp
    trade.mine(start + DAY)
    assert decide() is Reason.MEMBER
    trade.withdraw(1)
    assert decide() is Reason.WITHDRAWN
