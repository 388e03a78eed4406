"""
the token of an order
├── is there from the purchase on, and belongs to the buyer: ownerOf, balanceOf, locked
├── expires: 0 as long as the time has not begun, then its end
├── stays after the settlement; the next purchase takes its place
├── never moves: every way of moving or allowing reverts, also for its owner
├── a token that is not there: refuses; the zero address: refuses
└── says which interfaces it has
"""

import brownie
import pytest

from tests.contracts.trading import DURATION, PERIOD, ZERO
from tests.support import typed

pytestmark = pytest.mark.both_chains

WAYS = {
    "approve": lambda trade, order: (trade.other, order),
    "setApprovalForAll": lambda trade, order: (trade.other, True),
    "transferFrom": lambda trade, order: (trade.buyer, trade.other, order),
    "safeTransferFrom(address,address,uint256)": lambda trade, order: (
        trade.buyer,
        trade.other,
        order,
    ),
    "safeTransferFrom(address,address,uint256,bytes)": lambda trade, order: (
        trade.buyer,
        trade.other,
        order,
        b"",
    ),
}


def function(market, name):
    overloads = getattr(market, name.split("(")[0])
    return overloads[name[len("safeTransferFrom(") : -1]] if "(" in name else overloads


def test_is_made_by_the_purchase(trade, market):
    number = trade.offer()

    tx = market.buy(number, "0x" + "01" * 32, {"from": trade.buyer})

    order = tx.events["OrderBought"]["order"]
    (transfer,) = [event for event in tx.events["Transfer"] if event.address == market.address]
    assert (transfer["from"], transfer["to"], transfer["tokenId"]) == (ZERO, trade.buyer, order)
    assert tx.events["Locked"] == {"tokenId": order}
    assert market.ownerOf(order) == trade.buyer
    assert market.balanceOf(trade.buyer) == 1
    assert market.locked(order)


def test_expires_with_the_bought_time(trade, market, bought):
    assert market.expiresAt(bought) == 0

    start = trade.deliver(bought).timestamp

    assert market.expiresAt(bought) == start + DURATION


def test_stays_after_the_settlement(trade, market, bought):
    trade.settle(bought, at=trade.now + PERIOD)

    assert market.ownerOf(bought) == trade.buyer
    assert market.balanceOf(trade.buyer) == 1


def test_the_next_purchase_takes_its_place(trade, market, bought):
    trade.settle(bought, at=trade.now + PERIOD)

    tx = market.buy(1, "0x" + "01" * 32, {"from": trade.buyer})

    order = tx.events["OrderBought"]["order"]
    moved = [event for event in tx.events["Transfer"] if event.address == market.address]
    assert [(each["from"], each["to"], each["tokenId"]) for each in moved] == [
        (trade.buyer, ZERO, bought),
        (ZERO, trade.buyer, order),
    ]
    assert market.balanceOf(trade.buyer) == 1
    assert market.ownerOf(order) == trade.buyer
    with brownie.reverts(typed("TokenNonexistent", bought)):
        market.ownerOf(bought)


def test_a_buyer_has_a_token_of_each_offer(trade, market, bought):
    trade.buy(trade.offer())
    trade.buy(1, trade.other)

    assert market.balanceOf(trade.buyer) == 2
    assert market.balanceOf(trade.other) == 1


@pytest.mark.parametrize("by", ["buyer", "other", "subject"])
@pytest.mark.parametrize("way", list(WAYS))
def test_never_moves(trade, market, bought, way, by):
    with brownie.reverts(typed("TokenSoulbound")):
        function(market, way)(*WAYS[way](trade, bought), {"from": getattr(trade, by)})

    assert market.ownerOf(bought) == trade.buyer


def test_nobody_is_ever_approved(trade, market, bought):
    assert market.getApproved(bought) == ZERO
    assert not market.isApprovedForAll(trade.buyer, trade.other)


@pytest.mark.parametrize("view", ["ownerOf", "locked", "getApproved"])
def test_refuses_what_is_not_there(market, bought, view):
    with brownie.reverts(typed("TokenNonexistent", bought + 1)):
        getattr(market, view)(bought + 1)


def test_refuses_the_zero_address(market):
    with brownie.reverts(typed("TokenInvalidOwner", ZERO)):
        market.balanceOf(ZERO)


@pytest.mark.parametrize(
    ("interface", "has"),
    [
        ("0x01ffc9a7", True),  # ERC-165
        ("0x80ac58cd", True),  # ERC-721
        ("0xb45a3c0e", True),  # ERC-5192
        ("0x5b5e139f", False),  # ERC-721 with metadata
        ("0xffffffff", False),
    ],
)
def test_says_which_interfaces_it_has(market, interface, has):
    assert market.supportsInterface(interface) is has
