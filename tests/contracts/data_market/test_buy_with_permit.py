"""
buyWithPermit
├── a good permit: takes the allowance and buys, in one transaction
├── somebody else used the permit first: buys all the same
├── a bad or late permit, and no allowance: refuses as the coin does
└── a bad permit, but the allowance was given: buys
"""

import brownie
import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data

from tests.contracts.trading import DAY, KEY, PRICE
from tests.support import typed

pytestmark = pytest.mark.both_chains

PERMIT = {
    "Permit": [
        {"name": "owner", "type": "address"},
        {"name": "spender", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ]
}


@pytest.fixture
def permit(trade, coin, market):
    """The buyer's permit for the price, as (deadline, v, r, s); `given` replaces parts of it."""
    coin.approve(market, 0, {"from": trade.buyer})

    def sign(**given):
        message = {
            "owner": str(trade.buyer),
            "spender": str(market),
            "value": PRICE,
            "nonce": coin.nonces(trade.buyer),
            "deadline": trade.now + DAY,
        } | given
        domain = {
            "name": "Aceso",
            "version": "1",
            "chainId": brownie.chain.id,
            "verifyingContract": str(coin),
        }
        signable = encode_typed_data(domain, PERMIT, message)
        signed = Account.sign_message(signable, trade.buyer.private_key)
        r, s = (number.to_bytes(32, "big") for number in (signed.r, signed.s))
        return message["deadline"], signed.v, r, s

    return sign


def test_buys_in_one_transaction(trade, coin, market, permit):
    number = trade.offer()

    tx = market.buyWithPermit(number, KEY, *permit(), {"from": trade.buyer})

    assert market.orderOf(number, trade.buyer)[1]
    assert coin.balanceOf(market) == PRICE
    assert coin.allowance(trade.buyer, market) == 0
    assert tx.events["OrderBought"]["price"] == PRICE


def test_a_permit_that_was_used_first_does_no_harm(trade, coin, market, permit):
    number = trade.offer()
    deadline, v, r, s = permit()
    coin.permit(trade.buyer, market, PRICE, deadline, v, r, s, {"from": trade.stranger})

    market.buyWithPermit(number, KEY, deadline, v, r, s, {"from": trade.buyer})

    assert market.orderOf(number, trade.buyer)[1]
    assert coin.balanceOf(market) == PRICE


@pytest.mark.parametrize("given", [{"value": PRICE - 1}, {"nonce": 7}, {"deadline": 1}])
def test_refuses_a_bad_permit(trade, market, permit, given):
    number = trade.offer()

    with brownie.reverts(typed("ERC20InsufficientAllowance", market, 0, PRICE)):
        market.buyWithPermit(number, KEY, *permit(**given), {"from": trade.buyer})


def test_the_allowance_counts_not_the_permit(trade, coin, market, permit):
    number = trade.offer()
    bad = permit(nonce=7)
    coin.approve(market, PRICE, {"from": trade.buyer})

    market.buyWithPermit(number, KEY, *bad, {"from": trade.buyer})

    assert coin.allowance(trade.buyer, market) == 0


def test_a_stranger_cannot_use_it_to_buy(trade, coin, market, permit):
    number = trade.offer()

    with brownie.reverts(typed("ERC20InsufficientAllowance", market, 0, PRICE)):
        market.buyWithPermit(number, KEY, *permit(), {"from": trade.stranger})
    assert coin.allowance(trade.buyer, market) == 0
