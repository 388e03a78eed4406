"""
draw
├── three of different institutions, none tied to a party; they vote from now on
├── never one who
│   ├── lost the accreditation, or left before
│   ├── belongs to the institution of a custodian of the committee
│   ├── belongs with who paid, with the subject, or with the institution that shares
│   ├── is of the same institution as another, or a member of both
│   └── joined after the lot was fixed
├── two are enough, one is not: refuses, says how many
├── before the block of the lot is past: refuses, says when
├── 256 blocks later: the lot is that of a later block
├── with another committee: refuses
└── past its deadline, or twice: refuses
"""

import brownie
import pytest
from brownie import chain

from aceso.codes import Role
from tests.contracts.disputes.conftest import DRAWING, FIRST_INSTITUTION, VOTING
from tests.contracts.trading import FOREVER, ZERO
from tests.support import typed

VOTING_STATE = 2


def test_draws_three_who_vote(trade, disputes, joined, opens):
    number = opens()
    chain.mine(2)

    tx = disputes.draw(number, trade.committees[1], {"from": trade.stranger})

    seats = [disputes.seatOf(number, seat) for seat in range(3)]
    assert len({seat[0] for seat in seats}) == 3 and {seat[0] for seat in seats} <= set(joined)
    assert [seat[1] for seat in seats] == [
        FIRST_INSTITUTION + joined.index(seat[0]) for seat in seats
    ]
    assert tx.events["DisputeDrawn"] == {
        "number": number,
        "first": seats[0][0],
        "second": seats[1][0],
        "third": seats[2][0],
        "votesUntil": trade.now + VOTING,
    }
    assert disputes.disputeOf(number)[3] == VOTING_STATE


def test_the_lot_differs(trade, disputes, joined, opens, draws, market):
    """Not always the same: eight disputes of eight orders, and more than one panel."""
    found = set()
    for _ in range(8):
        order = trade.buy(trade.offer())
        trade.deliver(order)
        found.add(tuple(draws(opens(order))))

    assert len(found) > 1


@pytest.fixture
def three(disputes, evaluators):
    """Only three can be drawn, so who sits is known."""
    for place, each in enumerate(evaluators[:3], start=FIRST_INSTITUTION):
        disputes.joinPanel(place, {"from": each})
    return evaluators[:3]


def test_not_who_lost_the_accreditation(trade, disputes, three, opens, draws):
    number = opens()
    by = {"from": trade.authority}
    trade.participants.unaccredit(three[1], int(Role.EVALUATOR), 0, by)

    assert set(draws(number)) == {three[0], three[2], ZERO}


def test_not_who_left(disputes, three, opens, draws):
    number = opens()
    disputes.leavePanel({"from": three[1]})

    assert set(draws(number)) == {three[0], three[2], ZERO}


@pytest.mark.parametrize("who", ["custodian", "buyer", "subject"])
def test_not_a_party_s_institution(trade, disputes, three, opens, draws, who):
    party = trade.custodians[1] if who == "custodian" else getattr(trade, who)
    place = FIRST_INSTITUTION + 1
    trade.participants.setMember(place, party, FOREVER, 0, {"from": trade.authority})

    assert set(draws(opens())) == {three[0], three[2], ZERO}


def test_not_the_institution_that_shares(trade, disputes, three, opens, draws):
    order = trade.buy(trade.offer(institution=str(trade.institution), institutionBps=1000))
    trade.deliver(order)
    place = FIRST_INSTITUTION + 2
    trade.participants.setMember(place, trade.institution, FOREVER, 0, {"from": trade.authority})

    assert set(draws(opens(order))) == {three[0], three[1], ZERO}


def test_not_two_with_ties_to_each_other(trade, disputes, three, opens, draws):
    place = FIRST_INSTITUTION + 1
    trade.participants.setMember(place, three[0], FOREVER, 0, {"from": trade.authority})

    drawn = set(draws(opens()))

    assert three[2] in drawn
    assert len(drawn & {three[0], three[1]}) == 1


def test_not_who_joined_after_the_lot(disputes, evaluators, opens, draws):
    for place, each in enumerate(evaluators[:2], start=FIRST_INSTITUTION):
        disputes.joinPanel(place, {"from": each})
    number = opens()
    for place, each in enumerate(evaluators[2:], start=FIRST_INSTITUTION + 2):
        disputes.joinPanel(place, {"from": each})

    assert set(draws(number)) == {*evaluators[:2], ZERO}


@pytest.mark.parametrize("count", [0, 1])
def test_refuses_a_panel_that_is_too_small(trade, disputes, evaluators, opens, count):
    for place, each in enumerate(evaluators[:count], start=FIRST_INSTITUTION):
        disputes.joinPanel(place, {"from": each})
    number = opens()
    chain.mine(2)

    with brownie.reverts(typed("DisputePanelTooSmall", number, count)):
        disputes.draw(number, trade.committees[1], {"from": trade.stranger})


def test_refuses_before_the_block_of_the_lot_is_past(trade, disputes, joined, opens, block_now):
    number = opens()

    with brownie.reverts(typed("DisputeTooEarly", number, block_now() + 1)):
        disputes.draw(number, trade.committees[1], {"from": trade.stranger})


def test_a_lot_that_is_gone_is_drawn_later(trade, disputes, joined, opens, draws, block_now):
    number = opens()
    chain.mine(260)

    tx = disputes.draw(number, trade.committees[1], {"from": trade.stranger})

    assert tx.events["DisputeDrawnLater"] == {"number": number, "drawBlock": block_now() + 1}
    assert len(set(draws(number))) == 3


def test_refuses_another_committee(trade, disputes, joined, opens):
    number = opens()
    chain.mine(2)

    with brownie.reverts(typed("DisputeCommitteeUnknown", number, 1)):
        disputes.draw(number, trade.committees[2], {"from": trade.stranger})


def test_refuses_past_its_deadline(trade, disputes, joined, opens):
    number = opens()
    until = trade.now + DRAWING
    chain.mine(2)
    trade.at(until)

    with brownie.reverts(typed("DisputePastDeadline", number, until)):
        disputes.draw(number, trade.committees[1], {"from": trade.stranger})


def test_refuses_twice(trade, disputes, panel):
    number, _ = panel

    with brownie.reverts(typed("DisputeWrongState", number, VOTING_STATE)):
        disputes.draw(number, trade.committees[1], {"from": trade.stranger})
