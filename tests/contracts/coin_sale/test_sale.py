"""
CoinSale
├── buy
│   ├── mints exactly the rate for each wei; one event of its own
│   ├── nothing paid: refuses
│   └── up to its cap, not one unit beyond
├── sendProceeds
│   ├── all ether goes to the commons, whoever calls
│   ├── the commons does not take it: refuses, the ether stays
│   └── again: sends what came since
└── ether without a call: refused
"""

import brownie
import pytest

from tests.contracts.trading import COIN
from tests.support import typed

pytestmark = pytest.mark.both_chains

RATE = 1000


@pytest.fixture
def small(trade, RewardCoin, CoinSale):
    """A sale of 10 wei's worth, and the coin that it sells."""

    def deploy(commons):
        by = {"from": trade.deployer}
        sale = trade.deployer.get_deployment_address(trade.deployer.nonce + 1)
        coin = RewardCoin.deploy(sale, trade.treasury, 10**9 * COIN, by)
        return CoinSale.deploy(coin, commons, RATE, 10 * RATE, by), coin

    return deploy


@pytest.mark.parametrize("paid", [1, 3, 10**18 + 1])
def test_mints_exactly_the_rate(trade, coin, paid):
    sold, cap = trade.sale.sold()

    tx = trade.sale.buy({"from": trade.stranger, "value": paid})

    assert coin.balanceOf(trade.stranger) == paid * 1000
    assert tuple(trade.sale.sold()) == (sold + paid * 1000, cap)
    assert trade.sale.rate() == RATE
    assert [event.name for event in tx.events] == ["CoinSold", "Transfer"]
    assert tx.events["CoinSold"] == {
        "buyer": trade.stranger,
        "paid": paid,
        "amount": paid * 1000,
    }


def test_refuses_nothing(trade):
    with brownie.reverts(typed("SaleNothingPaid")):
        trade.sale.buy({"from": trade.stranger})


def test_up_to_its_cap(trade, small):
    sale, coin = small(trade.commons)

    with brownie.reverts(typed("SaleCapExceeded", 11 * RATE, 10 * RATE)):
        sale.buy({"from": trade.stranger, "value": 11})
    sale.buy({"from": trade.stranger, "value": 9})
    with brownie.reverts(typed("SaleCapExceeded", 2 * RATE, RATE)):
        sale.buy({"from": trade.stranger, "value": 2})
    sale.buy({"from": trade.stranger, "value": 1})
    with brownie.reverts(typed("SaleCapExceeded", RATE, 0)):
        sale.buy({"from": trade.stranger, "value": 1})
    assert coin.totalSupply() == 10 * RATE


def test_an_amount_that_overflows_is_refused(trade, small, web3):
    sale, _coin = small(trade.commons)
    data = sale.buy.encode_input()
    call = {"from": str(trade.stranger), "to": sale.address, "data": data, "value": 2**250}

    with pytest.raises(Exception, match=r"(?i)fund|revert|overflow|balance"):
        web3.eth.call(call)


@pytest.mark.parametrize("by", ["stranger", "treasury"])
def test_proceeds_go_to_the_commons_only(trade, small, by):
    sale, _coin = small(trade.commons)
    sale.buy({"from": trade.other, "value": 7})
    before = trade.commons.balance()

    tx = sale.sendProceeds({"from": getattr(trade, by)})

    assert trade.commons.balance() == before + 7
    assert sale.balance() == 0
    assert len(tx.events) == 1
    assert tx.events["ProceedsSent"] == {"commons": trade.commons, "amount": 7}


def test_what_came_since_is_sent_again(trade, small):
    sale, _coin = small(trade.commons)
    before = trade.commons.balance()
    for paid in (3, 4):
        sale.buy({"from": trade.other, "value": paid})
        sale.sendProceeds({"from": trade.stranger})

    assert trade.commons.balance() == before + 7


def test_a_commons_that_refuses_leaves_it_here(trade, small):
    # The market takes no ether.
    sale, coin = small(trade.market)
    sale.buy({"from": trade.stranger, "value": 7})

    with brownie.reverts(typed("SaleTransferFailed", trade.market)):
        sale.sendProceeds({"from": trade.stranger})

    assert sale.balance() == 7
    # And the sale goes on.
    sale.buy({"from": trade.stranger, "value": 3})
    assert coin.balanceOf(trade.stranger) == 10 * RATE


@pytest.mark.parametrize("name", ["sale", "coin", "market", "participants", "consents"])
def test_ether_without_a_call_is_refused(trade, name):
    contract = getattr(trade, name)
    before = contract.balance()

    with brownie.reverts():
        trade.stranger.transfer(contract, 1)
    assert contract.balance() == before
