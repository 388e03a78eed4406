"""
end: silence locks nothing
├── before the step's deadline: refuses, says until when
├── no panel was drawn, or could be: lapses; the bond goes back, the order is as it was
├── the first panel didn't decide: a second one, in which nobody of the first sits
├── the second didn't either: lapses; whoever voted was paid
├── the desk let it lapse before, and somebody settled: the bond goes back all the same
└── it is over: refuses
"""

import brownie

from tests.contracts.disputes.conftest import (
    BOND,
    DRAWING,
    FEE,
    FIRST_INSTITUTION,
    LOT_DELAY,
    SAID,
    VOTING,
    WINDOW,
)
from tests.contracts.trading import DAY, PRICE, Shares, mine_blocks
from tests.support import typed

DELIVERED, SETTLED = 2, 3
DRAWING_STATE, VOTING_STATE, LAPSED = 1, 2, 5


def test_refuses_before_the_deadline(trade, disputes, joined, opens):
    number = opens()
    until = trade.now + DRAWING
    trade.at(until - 1)

    with brownie.reverts(typed("DisputeNotOver", number, until)):
        disputes.end(number, {"from": trade.stranger})


def test_no_panel_and_it_lapses(trade, disputes, opens, delivered):
    number = opens()
    trade.at(trade.now + DRAWING)

    tx = disputes.end(number, {"from": trade.stranger})

    assert tx.events["DisputeEnded"] == {"number": number, "state": LAPSED}
    assert disputes.creditOf(trade.buyer) == BOND
    assert trade.state(delivered) == DELIVERED


def test_a_panel_that_can_t_be_drawn_locks_nothing(trade, disputes, evaluators, opens, delivered):
    disputes.joinPanel(FIRST_INSTITUTION, {"from": evaluators[0]})
    number = opens()
    until = trade.now + DRAWING
    mine_blocks(LOT_DELAY + 1)
    with brownie.reverts(typed("DisputePanelTooSmall", number, 1)):
        disputes.draw(number, trade.committees[1], {"from": trade.stranger})
    trade.at(until)

    disputes.end(number, {"from": trade.stranger})

    assert disputes.creditOf(trade.buyer) == BOND
    assert trade.state(delivered) == DELIVERED


def test_a_second_panel_of_others(trade, disputes, panel, draws, block_now):
    number, first = panel
    disputes.vote(number, 0, True, SAID, {"from": first[0]})
    trade.at(trade.now + VOTING)

    tx = disputes.end(number, {"from": trade.stranger})

    assert tx.events["DisputeDrawnLater"] == {
        "number": number,
        "drawBlock": block_now() + LOT_DELAY,
    }
    found = disputes.disputeOf(number)
    assert (found[3], found[5], found[6]) == (DRAWING_STATE, trade.now + DRAWING, 2)
    second = draws(number)
    assert len(set(second)) == 3
    assert not set(second) & set(first)
    # What the first panel said doesn't count for the second.
    disputes.vote(number, 0, True, SAID, {"from": second[0]})
    assert disputes.disputeOf(number)[3] == VOTING_STATE


def test_two_silent_panels_and_it_lapses(trade, disputes, panel, draws, delivered):
    number, first = panel
    disputes.vote(number, 0, True, SAID, {"from": first[0]})
    disputes.vote(number, 1, False, SAID, {"from": first[1]})
    trade.at(trade.now + VOTING)
    disputes.end(number, {"from": trade.stranger})
    draws(number)
    trade.at(trade.now + VOTING)

    disputes.end(number, {"from": trade.stranger})

    assert disputes.disputeOf(number)[3] == LAPSED
    assert disputes.creditOf(trade.buyer) == BOND - 2 * FEE
    assert trade.state(delivered) == DELIVERED


def test_settled_after_the_desk_s_own_limit(trade, disputes, market, panel, delivered):
    number, _ = panel
    trade.settle(delivered, at=trade.now + WINDOW + 180 * DAY)
    assert market.creditOf(trade.subject) == Shares.of(PRICE, 0).subject
    disputes.end(number, {"from": trade.stranger})
    trade.at(trade.now + DRAWING)

    disputes.end(number, {"from": trade.stranger})

    assert disputes.creditOf(trade.buyer) == BOND
    assert trade.state(delivered) == SETTLED


def test_refuses_when_it_is_over(trade, disputes, opens):
    number = opens()
    trade.at(trade.now + DRAWING)
    disputes.end(number, {"from": trade.stranger})

    with brownie.reverts(typed("DisputeWrongState", number, LAPSED)):
        disputes.end(number, {"from": trade.stranger})
