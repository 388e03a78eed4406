"""
CoinSale, for ether
├── buy
│   ├── mints exactly the rate for each wei; one event of its own
│   ├── nothing paid: refuses
│   └── a sale that takes no ether: refuses
├── sendProceeds
│   ├── all ether goes to the commons, whoever calls
│   ├── the commons does not take it: refuses, the ether stays
│   └── again: sends what came since
└── ether without a call: refused
"""

import brownie
import pytest

from tests.contracts.coin_sale.conftest import RATE
from tests.contracts.trading import ZERO
from tests.support import typed


@pytest.mark.both_chains
def test_mints_exactly_the_rate(trade, coin):
    sold, cap = trade.sale.sold()
    paid = 10**18 + 1

    tx = trade.sale.buy({"from": trade.stranger, "value": paid})

    assert coin.balanceOf(trade.stranger) == paid * 1000
    assert tuple(trade.sale.sold()) == (sold + paid * 1000, cap)
    assert trade.sale.rate() == RATE
    assert [event.name for event in tx.events] == ["CoinSold", "Transfer"]
    assert tx.events["CoinSold"] == {
        "buyer": trade.stranger,
        "token": ZERO,
        "paid": paid,
        "amount": paid * 1000,
    }


def test_refuses_nothing(trade):
    with brownie.reverts(typed("SaleNothingPaid")):
        trade.sale.buy({"from": trade.stranger})


def test_a_sale_for_a_token_alone_takes_no_ether(trade, shop, make, FeeToken):
    sale = shop(make(FeeToken, 0), rate=0).sale

    with brownie.reverts(typed("SaleNotForEther")):
        sale.buy({"from": trade.stranger, "value": 1})


def test_an_amount_that_overflows_is_refused(trade, web3):
    data = trade.sale.buy.encode_input()
    call = {"from": str(trade.stranger), "to": trade.sale.address, "data": data, "value": 2**250}

    with pytest.raises(Exception, match=r"(?i)fund|revert|overflow|balance"):
        web3.eth.call(call)


@pytest.mark.parametrize("by", ["stranger", "treasury"])
def test_proceeds_go_to_the_commons_only(trade, shop, by):
    sale = shop().sale
    sale.buy({"from": trade.other, "value": 7})
    before = trade.commons.balance()

    tx = sale.sendProceeds({"from": getattr(trade, by)})

    assert trade.commons.balance() == before + 7
    assert sale.balance() == 0
    assert len(tx.events) == 1
    assert tx.events["ProceedsSent"] == {"commons": trade.commons, "token": ZERO, "amount": 7}


def test_what_came_since_is_sent_again(trade, shop):
    sale = shop().sale
    before = trade.commons.balance()
    for paid in (3, 4):
        sale.buy({"from": trade.other, "value": paid})
        sale.sendProceeds({"from": trade.stranger})

    assert trade.commons.balance() == before + 7


def test_a_commons_that_refuses_leaves_it_here(trade, shop):
    # The market takes no ether.
    found = shop(commons=trade.market)
    found.sale.buy({"from": trade.stranger, "value": 7})

    with brownie.reverts(typed("SaleTransferFailed", trade.market)):
        found.sale.sendProceeds({"from": trade.stranger})

    assert found.sale.balance() == 7
    # And the sale goes on.
    found.sale.buy({"from": trade.stranger, "value": 3})
    assert found.coin.balanceOf(trade.stranger) == 10 * RATE


@pytest.mark.parametrize("name", ["sale", "coin", "market", "participants", "consents"])
def test_ether_without_a_call_is_refused(trade, name):
    contract = getattr(trade, name)
    before = contract.balance()

    with brownie.reverts():
        trade.stranger.transfer(contract, 1)
    assert contract.balance() == before
