"""
the market, over thousands of acts
├── the invariants of README.md hold after every one, and each ends as the ledger foretold
├── most acts succeed, and every kind of act did
├── in the end a stranger frees every order, and all is paid out but stray coin and remainders
└── what an act costs does not grow with what was done before
"""

from __future__ import annotations

import pytest
from brownie import web3

from tests.contracts.market_stateful.driver import Driver
from tests.contracts.trading import DAY, HMB, KEY, LABS, NONE, PERIOD, terms

pytestmark = pytest.mark.both_chains

STEPS, STEPS_ON_GANACHE = 1000, 200


@pytest.fixture
def is_ganache():
    return "ganache" in web3.client_version.lower()


@pytest.mark.parametrize("seed", [20270101, 7])
def test_the_invariants_hold(trade, accounts, is_ganache, seed):
    driver = Driver(trade, accounts, seed)

    driver.run(STEPS_ON_GANACHE if is_ganache else STEPS)

    assert sum(driver.succeeded.values()) >= 0.75 * sum(driver.tried.values())
    done = {name for name, count in driver.succeeded.items() if count}
    assert done >= {"buy", "deliver", "settle", "pay_credit", "pay_fee", "pay_commons"}
    if not is_ganache:
        assert done == set(driver.tried) - {"refused"}
        assert min(driver.succeeded[name] for name in ("buy", "deliver", "settle")) >= 75
    driver.free_everything()


def test_cost_does_not_grow(trade, accounts, is_ganache):
    """G3: 10 earlier offers, grants and orders, and 400 of them."""
    driver = Driver(trade, accounts, 1)
    subject, buyer = driver.subjects[0], driver.buyers[0]
    assert driver.send(buyer, trade.sale.buy, value=10**18)
    count = 0

    def round_trip() -> dict[str, int]:
        nonlocal count
        count += 1
        costs = {}
        offered = tuple(terms(subject, price=10**12).values())
        now = driver.now
        granted = (driver._group(count), LABS, HMB, 0, 0, now, now + 300 * DAY, NONE)
        assert driver.send(subject, driver.market.offer, offered)
        costs["offer"] = driver.gas
        assert driver.send(subject, driver.consents.grant, granted)
        costs["grant"] = driver.gas
        assert driver.send(buyer, driver.market.buy, count, KEY)
        costs["buy"] = driver.gas
        return costs

    def settle(number: int) -> int:
        order = driver.number(driver.market.orderOf, number, buyer)
        assert driver.send(driver.stranger, driver.market.settle, order)
        return driver.gas

    for _ in range(10):
        early = round_trip()
    for _ in range(50 if is_ganache else 400):
        late = round_trip()
    driver.now += PERIOD
    settle(1)
    early["settle"], late["settle"] = settle(10), settle(count)

    for name, cost in early.items():
        assert late[name] <= 1.05 * cost, f"{name} rose from {cost} to {late[name]}"
