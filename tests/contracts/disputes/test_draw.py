"""
draw
├── three of different institutions, none tied to a party; they vote from now on
├── never one who
│   ├── lost the accreditation, or left before
│   ├── belongs to the institution of a custodian of the committee
│   ├── belongs with who paid, with the subject, or with the institution that shares
│   ├── is of the same institution as another, or a member of both
│   └── joined after the lot was fixed, or left and joined again
├── nobody moves the lot
│   ├── each is drawn about as often, whoever left and joined again how often
│   ├── whoever names others as members keeps nobody out but their own
│   └── every place of up to 32 is looked at
├── two are enough, one is not: refuses, says how many
├── before the block of the lot is past: refuses, says when
├── 256 blocks later: the lot is gone
│   ├── who paid fixes another, once for a panel
│   └── nobody else does, and nobody a second one: refuses, and the dispute lapses
├── with another committee: refuses
└── past its deadline, or twice: refuses
"""

import brownie
import pytest
from brownie import web3

from aceso.codes import Role
from tests.contracts.disputes.conftest import (
    DRAWING,
    FIRST_INSTITUTION,
    LOT_DELAY,
    LOT_LASTS,
    VOTING,
)
from tests.contracts.trading import FOREVER, ZERO, mine_blocks
from tests.support import typed

VOTING_STATE, LAPSED = 2, 5


@pytest.mark.both_chains
def test_draws_three_who_vote(trade, disputes, joined, opens):
    number = opens()
    mine_blocks(LOT_DELAY + 1)

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


def test_not_who_left_and_joined_again(disputes, three, opens, draws):
    number = opens()
    disputes.leavePanel({"from": three[1]})
    disputes.joinPanel(FIRST_INSTITUTION + 1, {"from": three[1]})

    assert set(draws(number)) == {three[0], three[2], ZERO}


def test_who_joined_again_before_can_be_drawn(disputes, three, opens, draws):
    disputes.leavePanel({"from": three[1]})
    disputes.joinPanel(FIRST_INSTITUTION + 1, {"from": three[1]})

    assert set(draws(opens())) == set(three)


def test_leaving_and_joining_moves_no_lot(trade, disputes, joined, opens):
    """One of seven leaves and comes back 16 times. If each time made a blank place before theirs,
    the lot would fall on them in three of four panels, not in three of seven.
    """
    restless = joined[6]
    for _ in range(16):
        disputes.leavePanel({"from": restless})
        disputes.joinPanel(FIRST_INSTITUTION + 6, {"from": restless})
    number = opens()
    mine_blocks(LOT_DELAY - 1)

    panels = _panels_of_many_lots(trade, disputes, number, 63)

    # A binomial of 63 panels and 3/7: 27, with a deviation of 4. Five of them to either side.
    drawn = [sum(each in panel for panel in panels) for each in joined]
    assert sum(drawn) == 3 * 63
    assert all(7 < times < 47 for times in drawn), drawn
    # In the first seat 9, with a deviation of 3.
    assert sum(panel[0] == restless for panel in panels) < 26


def test_joining_once_the_lot_is_known_moves_nobody(trade, disputes, evaluators, opens):
    for place, each in enumerate(evaluators[:6], start=FIRST_INSTITUTION):
        disputes.joinPanel(place, {"from": each})
    number = opens()
    joins = [(evaluators[6], FIRST_INSTITUTION + 6)]

    mine_blocks(LOT_DELAY - 1)

    panels = _panels_of_many_lots(trade, disputes, number, 4)

    assert _panels_of_many_lots(trade, disputes, number, 4, joins) == panels


def test_naming_others_as_members_keeps_nobody_out(trade, disputes, three, opens):
    """The institution of the first names the two others, once the lot is known."""
    number = opens()
    mine_blocks(LOT_DELAY + 1)
    trade.participants.setMember(FIRST_INSTITUTION, three[1], FOREVER, 0, {"from": trade.authority})
    trade.participants.setMember(FIRST_INSTITUTION, three[2], FOREVER, 0, {"from": trade.authority})

    disputes.draw(number, trade.committees[1], {"from": trade.stranger})

    drawn = [disputes.seatOf(number, seat)[0] for seat in range(3)]
    assert set(drawn) == {three[1], three[2], ZERO}
    assert drawn[2] == ZERO


def test_every_place_of_a_small_pool_is_looked_at(disputes, joined, opens, draws):
    """Five of seven are gone: the two who are left are found, wherever the lot fell."""
    for each in joined[2:]:
        disputes.leavePanel({"from": each})

    assert set(draws(opens())) == {*joined[:2], ZERO}


@pytest.mark.parametrize("count", [0, 1])
def test_refuses_a_panel_that_is_too_small(trade, disputes, evaluators, opens, count):
    for place, each in enumerate(evaluators[:count], start=FIRST_INSTITUTION):
        disputes.joinPanel(place, {"from": each})
    number = opens()
    mine_blocks(LOT_DELAY + 1)

    with brownie.reverts(typed("DisputePanelTooSmall", number, count)):
        disputes.draw(number, trade.committees[1], {"from": trade.stranger})


def test_refuses_before_the_block_of_the_lot_is_past(trade, disputes, joined, opens, block_now):
    number = opens()

    with brownie.reverts(typed("DisputeTooEarly", number, block_now() + LOT_DELAY)):
        disputes.draw(number, trade.committees[1], {"from": trade.stranger})


def test_who_paid_fixes_another_lot(trade, disputes, joined, opens, draws, block_now):
    number = opens()
    mine_blocks(LOT_DELAY + LOT_LASTS + 1)

    tx = disputes.draw(number, trade.committees[1], {"from": trade.buyer})

    assert tx.events["DisputeDrawnLater"] == {
        "number": number,
        "drawBlock": block_now() + LOT_DELAY,
    }
    assert len(set(draws(number))) == 3


def test_nobody_else_fixes_another_lot(trade, disputes, joined, opens, block_now):
    number = opens()
    gone = block_now() + LOT_DELAY
    mine_blocks(LOT_DELAY + LOT_LASTS + 1)

    for who in (trade.subject, trade.stranger):
        with brownie.reverts(typed("DisputeLotGone", number, gone)):
            disputes.draw(number, trade.committees[1], {"from": who})


def test_nobody_gets_a_third_lot(trade, disputes, joined, opens, block_now):
    """Who waits for the lot that they like has two."""
    number = opens()
    until = trade.now + DRAWING
    mine_blocks(LOT_DELAY + LOT_LASTS + 1)
    disputes.draw(number, trade.committees[1], {"from": trade.buyer})
    gone = block_now() + LOT_DELAY
    mine_blocks(LOT_DELAY + LOT_LASTS + 1)

    with brownie.reverts(typed("DisputeLotGone", number, gone)):
        disputes.draw(number, trade.committees[1], {"from": trade.buyer})

    trade.at(until)
    disputes.end(number, {"from": trade.stranger})
    assert disputes.disputeOf(number)[3] == LAPSED


def test_the_hash_of_the_last_block_still_counts(trade, disputes, joined, opens):
    number = opens()
    mine_blocks(LOT_DELAY + LOT_LASTS - 1)

    disputes.draw(number, trade.committees[1], {"from": trade.stranger})

    assert disputes.disputeOf(number)[3] == VOTING_STATE


def test_refuses_another_committee(trade, disputes, joined, opens):
    number = opens()
    mine_blocks(LOT_DELAY + 1)

    with brownie.reverts(typed("DisputeCommitteeUnknown", number, 1)):
        disputes.draw(number, trade.committees[2], {"from": trade.stranger})


def test_refuses_past_its_deadline(trade, disputes, joined, opens):
    number = opens()
    until = trade.now + DRAWING
    mine_blocks(LOT_DELAY + 1)
    trade.at(until)

    with brownie.reverts(typed("DisputePastDeadline", number, until)):
        disputes.draw(number, trade.committees[1], {"from": trade.stranger})


def test_refuses_twice(trade, disputes, panel):
    number, _ = panel

    with brownie.reverts(typed("DisputeWrongState", number, VOTING_STATE)):
        disputes.draw(number, trade.committees[1], {"from": trade.stranger})


def _panels_of_many_lots(trade, disputes, number, count, joins=()):
    """The panels that this dispute would have by one or another next block, where these who join
    do so once that is known. Past Brownie, which remembers what is rolled back."""
    rpc, now = web3.provider.make_request, trade.now
    committee = trade.committees[1]
    acts = [(who, disputes.joinPanel.encode_input(institution)) for who, institution in joins]
    acts.append((trade.stranger, disputes.draw.encode_input(number, committee)))
    found = []
    for later in range(1, count + 1):
        kept = rpc("evm_snapshot", [])["result"]
        # The block of the lot: of another second it has another hash.
        rpc("evm_mine", [now + later])
        for who, data in acts:
            act = {"from": str(who), "to": disputes.address, "data": data, "gas": 2_000_000}
            web3.eth.wait_for_transaction_receipt(web3.eth.send_transaction(act))
        found.append([disputes.seatOf(number, seat)[0] for seat in range(3)])
        rpc("evm_revert", [kept])
    return found
