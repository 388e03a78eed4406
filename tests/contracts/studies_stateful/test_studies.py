"""
studies, over a thousand acts
├── the invariants of market_stateful/README.md hold after every one, and each ends as foretold
├── most acts succeed, and every kind of act did
└── in the end a stranger frees every order and every budget, and all is paid out but stray coin
    and remainders
"""

from __future__ import annotations

from tests.contracts.studies_stateful.driver import StudyDriver

SEED, STEPS = 20280101, 700


def test_the_invariants_hold(research, accounts):
    driver = StudyDriver(research, accounts, SEED)

    driver.run(STEPS)

    assert sum(driver.succeeded.values()) >= 0.85 * sum(driver.tried.values())
    done = {name for name, count in driver.succeeded.items() if count}
    assert done == set(driver.tried) - {"refused"}
    assert min(driver.succeeded[name] for name in ("enrol", "deliver", "settle")) >= 40
    stopped = [order for order in driver.ledger.orders.values() if order.stops]
    assert len(stopped) >= 5
    driver.free_everything()
