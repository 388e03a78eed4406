"""
vote
├── the second that says the same decides
│   ├── upheld: all goes back to who paid, price and what is left of the bond
│   └── dismissed: the order is as it was, what is left of the bond is the subject's
├── each vote is paid from the bond, whichever way it goes; the event names its reason
├── from a seat that isn't the caller's, twice, or without the accreditation: refuses
├── without a reason: refuses
└── past the deadline, or when it is over: refuses

payCredit: sends all that is owed, once, to its owner, by anybody's call
"""

import brownie
import pytest

from aceso.codes import Role
from tests.contracts.disputes.conftest import BOND, FEE, SAID, VOTING
from tests.contracts.trading import DURATION, NONE, PRICE, Shares
from tests.support import typed

DELIVERED, SETTLED, DISPUTED = 2, 3, 4
VOTING_STATE, UPHELD, DISMISSED = 2, 3, 4


def votes(disputes, number, seats, *said):
    for seat, upheld in enumerate(said):
        tx = disputes.vote(number, seat, upheld, SAID, {"from": seats[seat]})
    return tx


def test_upheld_all_goes_back(trade, disputes, market, panel, delivered):
    number, seats = panel

    tx = votes(disputes, number, seats, True, True)

    assert trade.state(delivered) == SETTLED
    assert market.creditOf(trade.buyer) == PRICE
    assert market.creditOf(trade.subject) == 0
    assert disputes.creditOf(trade.buyer) == BOND - 2 * FEE
    assert tx.events["DisputeEnded"] == {"number": number, "state": UPHELD}


def test_dismissed_the_order_goes_on(trade, disputes, market, panel, delivered):
    number, seats = panel
    start = (int(market.getOrder(delivered)[0]) >> 160) & (2**40 - 1)

    tx = votes(disputes, number, seats, False, True, False)

    assert trade.state(delivered) == DELIVERED
    assert disputes.creditOf(trade.subject) == BOND - 3 * FEE
    assert disputes.creditOf(trade.buyer) == 0
    assert tx.events["DisputeEnded"] == {"number": number, "state": DISMISSED}

    trade.settle(delivered, at=start + DURATION)

    assert market.creditOf(trade.subject) == Shares.of(PRICE, 0).subject


def test_each_vote_is_paid_and_says_why(disputes, panel, delivered, trade):
    number, seats = panel

    tx = disputes.vote(number, 1, True, SAID, {"from": seats[1]})

    assert disputes.creditOf(seats[1]) == FEE
    assert len(tx.events) == 1
    assert tx.events["DisputeVoted"] == {
        "number": number,
        "evaluator": seats[1],
        "upheld": True,
        "reason": SAID,
    }
    assert trade.state(delivered) == DISPUTED


def test_one_of_each_decides_nothing(trade, disputes, panel, delivered):
    number, seats = panel

    votes(disputes, number, seats, True, False)

    assert disputes.disputeOf(number)[3] == VOTING_STATE
    assert trade.state(delivered) == DISPUTED


@pytest.mark.parametrize("seat", [1, 2, 3, 8, 255])
def test_refuses_another_seat(disputes, panel, seat):
    number, seats = panel

    with brownie.reverts(typed("DisputeNotYourVote", number, seat, seats[0])):
        disputes.vote(number, seat, True, SAID, {"from": seats[0]})


def test_refuses_a_second_vote(disputes, panel):
    number, seats = panel
    disputes.vote(number, 0, True, SAID, {"from": seats[0]})

    with brownie.reverts(typed("DisputeNotYourVote", number, 0, seats[0])):
        disputes.vote(number, 0, True, SAID, {"from": seats[0]})


def test_refuses_who_lost_the_accreditation(trade, disputes, panel):
    number, seats = panel
    trade.participants.unaccredit(seats[0], int(Role.EVALUATOR), 0, {"from": trade.authority})

    with brownie.reverts(typed("DisputeNotYourVote", number, 0, seats[0])):
        disputes.vote(number, 0, True, SAID, {"from": seats[0]})


def test_refuses_without_a_reason(disputes, panel):
    number, seats = panel

    with brownie.reverts(typed("DisputeNothingSaid")):
        disputes.vote(number, 0, True, NONE, {"from": seats[0]})


def test_refuses_past_the_deadline(trade, disputes, panel):
    number, seats = panel
    until = trade.now + VOTING
    trade.at(until)

    with brownie.reverts(typed("DisputePastDeadline", number, until)):
        disputes.vote(number, 0, True, SAID, {"from": seats[0]})


def test_refuses_when_it_is_over(disputes, panel):
    number, seats = panel
    votes(disputes, number, seats, True, True)

    with brownie.reverts(typed("DisputeWrongState", number, UPHELD)):
        disputes.vote(number, 2, True, SAID, {"from": seats[2]})


def test_pays_what_is_owed_once(trade, disputes, panel):
    number, seats = panel
    votes(disputes, number, seats, True, True)
    before = trade.coin.balanceOf(trade.buyer)

    disputes.payCredit(trade.buyer, {"from": trade.stranger})

    assert trade.coin.balanceOf(trade.buyer) - before == BOND - 2 * FEE
    with brownie.reverts(typed("DisputeNoCredit", trade.buyer)):
        disputes.payCredit(trade.buyer, {"from": trade.stranger})
    assert trade.coin.balanceOf(disputes) == 2 * FEE
