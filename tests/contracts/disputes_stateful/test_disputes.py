"""
disputes, over hundreds of acts, each foretold by a ledger that knows nothing of the contract
├── the rules of README.md hold, and each act ends as the ledger foretold
├── most acts succeed; every kind of act did, and disputes ended in each way that there is
└── in the end a stranger ends and settles everything, and no coin is left
"""

import pytest

from tests.contracts.disputes_stateful.driver import DISMISSED, LAPSED, UPHELD, Driver

STEPS, MOST_STEPS = 150, 600
KINDS = {
    *("deliver", "settle", "join", "leave", "accreditation", "open", "draw", "renew", "vote"),
    *("end", "second panel", "silence of both panels", "pay"),
}


@pytest.mark.parametrize("seed", [3])
def test_the_rules_hold(trade, accounts, evaluators, seed):
    driver = Driver(trade, accounts, evaluators, seed)

    def is_enough() -> bool:
        return {UPHELD, DISMISSED, LAPSED} <= set(driver.ended) and set(+driver.succeeded) >= KINDS

    driver.run(STEPS, MOST_STEPS, is_enough)

    # So that it is no history of refusals.
    assert is_enough(), driver.succeeded
    assert sum(driver.succeeded.values()) >= 0.6 * sum(driver.tried.values())
    driver.free_everything()
