"""
CoinSale, its terms and caps
├── made on terms that are empty or out of bounds: refuses, and names the term
├── up to its cap in all, not one unit beyond
└── the cap of a day
    ├── not one unit beyond, of ether and token together
    ├── at the next midnight of UTC it is whole again, and what was left of yesterday is lost
    └── a sale of which a day was never used up sells no more than its cap in all
"""

import brownie
import pytest

from tests.contracts.coin_sale.conftest import RATE, TOKEN_PRICE
from tests.contracts.trading import COIN, DAY, ZERO
from tests.support import typed


def midnight(trade):
    """The next of UTC."""
    return (trade.now // DAY + 1) * DAY


@pytest.mark.parametrize(
    ("place", "changed"),
    [
        (0, {"rate": 0, "token": "none", "price": 0}),
        (1, {"token": "coin"}),
        (1, {"token": "nobody"}),
        (2, {"price": 0}),
        (2, {"token": "none"}),
        (3, {"cap": 0, "day_cap": 0}),
        (4, {"day_cap": 0}),
        (4, {"day_cap": 11}),
    ],
)
def test_terms_out_of_bounds_are_refused(trade, make, CoinSale, FeeToken, place, changed):
    found = {"rate": 1, "token": "good", "price": 1, "cap": 10, "day_cap": 10} | changed
    tokens = {"none": ZERO, "coin": trade.coin, "nobody": trade.stranger}
    named = tokens.get(found["token"]) or make(FeeToken, 0)
    terms = (found["rate"], named, *(found[name] for name in ("price", "cap", "day_cap")))

    # What a constructor refuses with, Brownie shows as its bytes.
    refused = brownie.web3.keccak(text="SaleInvalidTerm(uint8)")[:4].hex() + f"{place:064x}"
    with pytest.raises(Exception, match=refused):
        brownie.web3.eth.call(
            {
                "from": str(trade.deployer),
                "data": CoinSale.deploy.encode_input(
                    trade.participants, trade.coin, trade.commons, terms
                ),
            }
        )


def test_up_to_its_cap(trade, shop):
    found = shop(cap=10 * RATE)
    sale = found.sale

    with brownie.reverts(typed("SaleCapExceeded", 11 * RATE, 10 * RATE)):
        sale.buy({"from": trade.stranger, "value": 11})
    sale.buy({"from": trade.stranger, "value": 9})
    with brownie.reverts(typed("SaleCapExceeded", 2 * RATE, RATE)):
        sale.buy({"from": trade.stranger, "value": 2})
    sale.buy({"from": trade.stranger, "value": 1})
    with brownie.reverts(typed("SaleCapExceeded", RATE, 0)):
        sale.buy({"from": trade.stranger, "value": 1})
    assert found.coin.totalSupply() == 10 * RATE


def test_up_to_the_cap_of_a_day(trade, shop, make, FeeToken):
    found = shop(make(FeeToken, 0), day_cap=5 * COIN)
    sale = found.sale
    trade.mine(midnight(trade))

    sale.buy({"from": trade.stranger, "value": 3 * COIN // RATE})
    with brownie.reverts(typed("SaleDayCapExceeded", 3 * COIN, 2 * COIN)):
        sale.buyWithToken(3 * TOKEN_PRICE, {"from": trade.buyer})
    sale.buyWithToken(2 * TOKEN_PRICE, {"from": trade.buyer})
    with brownie.reverts(typed("SaleDayCapExceeded", RATE, 0)):
        sale.buy({"from": trade.stranger, "value": 1})

    assert tuple(sale.soldToday()) == (5 * COIN, 5 * COIN)
    assert found.coin.totalSupply() == 5 * COIN


def test_a_day_is_whole_again_at_midnight(trade, shop):
    sale = shop(day_cap=10 * RATE).sale
    first = midnight(trade)
    trade.at(first + DAY - 1)
    sale.buy({"from": trade.stranger, "value": 9})
    assert tuple(sale.soldToday()) == (9 * RATE, 10 * RATE)

    trade.at(first + DAY)
    with brownie.reverts(typed("SaleDayCapExceeded", 11 * RATE, 10 * RATE)):
        sale.buy({"from": trade.stranger, "value": 11})
    assert tuple(sale.soldToday()) == (0, 10 * RATE)
    sale.buy({"from": trade.stranger, "value": 10})

    assert tuple(sale.soldToday()) == (10 * RATE, 10 * RATE)
    assert sale.sold()[0] == 19 * RATE


def test_days_together_stay_under_the_cap_in_all(trade, shop):
    sale = shop(cap=15 * RATE, day_cap=10 * RATE).sale
    first = midnight(trade)
    trade.at(first)
    sale.buy({"from": trade.stranger, "value": 10})
    trade.at(first + DAY)

    with brownie.reverts(typed("SaleCapExceeded", 6 * RATE, 5 * RATE)):
        sale.buy({"from": trade.stranger, "value": 6})
