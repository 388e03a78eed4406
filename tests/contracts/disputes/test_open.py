"""
open
├── by who paid, within the challenge window: the order is disputed, the bond is taken
├── by anybody else, the subject too: refuses, names the caller
├── without a digest of evidence: refuses
├── not delivered, past the window, or disputed already: refuses as the desk does, takes no bond
├── without coin for the bond: refuses, the order is as it was
└── at a desk that lies: takes nobody's bond but the caller's
"""

import brownie
import pytest

from tests.contracts.disputes.conftest import (
    BOND,
    DRAWING,
    LOT_DELAY,
    NOT_AS_OFFERED,
    SAID,
    WINDOW,
)
from tests.contracts.trading import NONE
from tests.support import typed

DRAWING_STATE, DISPUTED, OPEN, DELIVERED = 1, 4, 1, 2


def test_holds_the_order_and_takes_the_bond(trade, disputes, market, delivered, block_now):
    before = trade.coin.balanceOf(trade.buyer)

    tx = disputes.open(market, delivered, NOT_AS_OFFERED, SAID, {"from": trade.buyer})

    assert trade.state(delivered) == DISPUTED
    assert before - trade.coin.balanceOf(trade.buyer) == BOND
    assert trade.coin.balanceOf(disputes) == BOND
    assert tx.events["DisputeOpened"] == {
        "number": 1,
        "desk": market,
        "order": delivered,
        "payer": trade.buyer,
        "ground": NOT_AS_OFFERED,
        "evidence": SAID,
        "drawBlock": block_now() + LOT_DELAY,
    }
    assert tuple(disputes.disputeOf(1)) == (
        str(market),
        delivered,
        str(trade.buyer),
        DRAWING_STATE,
        NOT_AS_OFFERED,
        trade.now + DRAWING,
        1,
        block_now() + LOT_DELAY,
    )


@pytest.mark.parametrize("who", ["subject", "authority", "stranger", "institution"])
def test_refuses_who_did_not_pay(trade, disputes, market, delivered, who):
    caller = getattr(trade, who)

    with brownie.reverts(typed("DisputeNotPayer", delivered, caller)):
        disputes.open(market, delivered, 0, SAID, {"from": caller})


def test_refuses_without_evidence(trade, disputes, market, delivered):
    with brownie.reverts(typed("DisputeNothingSaid")):
        disputes.open(market, delivered, 0, NONE, {"from": trade.buyer})


def test_refuses_what_was_not_delivered(trade, disputes, market, bought):
    with brownie.reverts(typed("OrderWrongState", bought, OPEN)):
        disputes.open(market, bought, 0, SAID, {"from": trade.buyer})

    assert trade.coin.balanceOf(disputes) == 0


def test_refuses_past_the_window(trade, disputes, market, delivered):
    start = trade.now
    trade.at(start + WINDOW)

    with brownie.reverts(typed("OrderPastChallenge", delivered, start + WINDOW)):
        disputes.open(market, delivered, 0, SAID, {"from": trade.buyer})


def test_refuses_a_second_at_the_same_time(trade, disputes, market, opens, delivered):
    opens()

    with brownie.reverts(typed("OrderWrongState", delivered, DISPUTED)):
        disputes.open(market, delivered, 0, SAID, {"from": trade.buyer})


def test_refuses_without_coin_for_the_bond(trade, disputes, market, delivered):
    trade.coin.approve(disputes, BOND - 1, {"from": trade.buyer})

    with brownie.reverts(typed("ERC20InsufficientAllowance", disputes, BOND - 1, BOND)):
        disputes.open(market, delivered, 0, SAID, {"from": trade.buyer})

    assert trade.state(delivered) == DELIVERED
