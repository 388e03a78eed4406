"""
views
├── orderOf: the number that an order would have, has, or had last
├── getOrder: zeros where there is none, or where a later one took its place
├── getOffer: zeros where there is none
├── creditOf, feesOf: 0 for whoever never earned
└── the domain: that of the suite, for this contract
"""

import brownie
import pytest
from brownie import web3
from eth_abi import encode

from tests.contracts.trading import PERIOD, ZERO

pytestmark = pytest.mark.both_chains


def test_the_number_is_known_beforehand(trade, market):
    number = trade.offer()
    digest = web3.keccak(encode(["uint96", "address"], [number, str(trade.buyer)]))
    # The lowest 16 bits hold the sequence, from 1.
    expected = int.from_bytes(digest, "big") >> 16 << 16 | 1

    assert tuple(market.orderOf(number, trade.buyer)) == (expected, False)
    assert trade.buy(number) == expected
    assert tuple(market.orderOf(number, trade.buyer)) == (expected, True)


def test_a_later_order_takes_its_place(trade, market, bought):
    trade.settle(bought, at=trade.now + PERIOD)
    assert market.getOrder(bought)[0] != 0

    again = trade.buy(1)

    assert tuple(market.getOrder(bought)) == (0, 0)
    assert market.getOrder(again)[0] != 0


@pytest.mark.parametrize("order", [0, 1, 1 << 16, 2**256 - 1])
def test_an_order_that_never_was(market, order):
    assert tuple(market.getOrder(order)) == (0, 0)


@pytest.mark.parametrize("number", [0, 1, 2**96 - 1])
def test_an_offer_that_never_was(market, number):
    assert tuple(market.getOffer(number)) == (ZERO, 0, ZERO, *[0] * 8, False)


def test_nobody_is_owed_anything_at_first(trade, market):
    assert market.creditOf(trade.buyer) == 0
    assert trade.fees(1, trade.commons) == (0, 0)
    assert market.offerCount() == 0


def test_the_domain(market):
    fields, name, version, chain_id, contract, salt, extensions = market.eip712Domain()

    assert str(fields) == "0x0f"
    assert (name, version, chain_id, contract) == ("Aceso", "1", brownie.chain.id, market)
    assert int(str(salt), 16) == 0
    assert list(extensions) == []
