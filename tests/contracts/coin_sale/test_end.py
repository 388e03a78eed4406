"""
CoinSale, its end
├── announceEnd
│   ├── nothing is sold from the delay on, and everything in the second before
│   ├── by anybody but the authority: refuses
│   ├── again: refuses, and the end stays where it was
│   └── what came in still goes to the commons afterwards
└── callOffEnd
    ├── before the end: the sale goes on, and can be ended anew after the whole delay
    ├── after the end: refuses; it is for ever
    ├── nothing announced: refuses
    └── by anybody but the authority: refuses
"""

import brownie
import pytest

from tests.contracts.coin_sale.conftest import DELAY, TOKEN_PRICE
from tests.contracts.trading import COIN
from tests.support import typed


@pytest.fixture
def sale(trade, shop, make, FeeToken, ParticipantRegistry):
    registry = ParticipantRegistry.deploy(trade.authority, DELAY, {"from": trade.deployer})
    return shop(make(FeeToken, 0), participants=registry).sale


@pytest.fixture
def announced(trade, sale):
    """The sale, and when it ends."""
    sale.announceEnd({"from": trade.authority})
    return sale, int(sale.endsAt())


@pytest.mark.both_chains
def test_nothing_is_sold_after_the_delay(trade, sale):
    assert sale.endsAt() == 0

    tx = sale.announceEnd({"from": trade.authority})

    ends = tx.timestamp + DELAY
    assert sale.endsAt() == ends
    assert len(tx.events) == 1
    assert tx.events["SaleEndAnnounced"] == {"endsAt": ends}
    trade.at(ends - 1)
    sale.buy({"from": trade.stranger, "value": 1})
    trade.at(ends)
    with brownie.reverts(typed("SaleOver", ends)):
        sale.buy({"from": trade.stranger, "value": 1})
    with brownie.reverts(typed("SaleOver", ends)):
        sale.buyWithToken(TOKEN_PRICE, {"from": trade.buyer})


def test_only_the_authority_ends_it(trade, announced):
    sale, _ends = announced
    for by in (trade.stranger, trade.commons, trade.deployer, trade.buyer):
        with brownie.reverts(typed("SaleNotAuthority", by)):
            sale.announceEnd({"from": by})
        with brownie.reverts(typed("SaleNotAuthority", by)):
            sale.callOffEnd({"from": by})


def test_an_end_that_is_announced_stays_where_it_is(trade, announced):
    sale, ends = announced

    with brownie.reverts(typed("SaleEnding", ends)):
        sale.announceEnd({"from": trade.authority})
    assert sale.endsAt() == ends


def test_proceeds_are_sent_after_the_end(trade, announced):
    sale, ends = announced
    sale.buy({"from": trade.stranger, "value": 3})
    sale.buyWithToken(TOKEN_PRICE, {"from": trade.buyer})
    before = trade.commons.balance()
    trade.mine(ends)

    sale.sendProceeds({"from": trade.stranger})
    tx = sale.sendTokenProceeds({"from": trade.stranger})

    assert trade.commons.balance() == before + 3
    assert tx.events["ProceedsSent"]["amount"] == TOKEN_PRICE


def test_an_end_is_called_off(trade, announced):
    sale, ends = announced

    tx = sale.callOffEnd({"from": trade.authority})

    assert sale.endsAt() == 0
    assert [event.name for event in tx.events] == ["SaleEndCalledOff"]
    trade.at(ends)
    sale.buy({"from": trade.stranger, "value": COIN // 10**6})
    again = sale.announceEnd({"from": trade.authority})
    assert sale.endsAt() == again.timestamp + DELAY


def test_an_end_is_for_ever(trade, announced):
    sale, ends = announced
    trade.at(ends)

    with brownie.reverts(typed("SaleOver", ends)):
        sale.callOffEnd({"from": trade.authority})
    with brownie.reverts(typed("SaleEnding", ends)):
        sale.announceEnd({"from": trade.authority})


def test_nothing_announced_is_nothing_to_call_off(trade, sale):
    with brownie.reverts(typed("SaleNotEnding")):
        sale.callOffEnd({"from": trade.authority})
