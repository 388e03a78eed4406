"""What each operation costs: the scenarios behind `make gas`, by whom they are about.

The conditions are those of a suite in use. Contracts and their global slots have been used, the
sender is known, and the operation's own slot is fresh, unless the operation is a change of it.
Nothing is touched beforehand to make it cheaper. Views count their call frame, without the 21,000
and the calldata of a transaction. Where they play is in `gas_scene`.

    measure()              # {operation: gas}
    figures = run()        # the same, and the bytes of calldata
"""

from __future__ import annotations

from typing import Final

from tools import gas_consents, gas_economy, gas_emergencies, gas_guardians, gas_market, gas_rewards
from tools.gas_scene import BLOCK_SECONDS, GENESIS, HARDFORK, Figures, Scene, anvil

__all__ = ["CALLDATA", "CONDITIONS", "LATER", "measure", "run"]

# The most bytes of calldata: on a rollup that is most of the fee.
CALLDATA: Final = {"anchor": 132, "grant": 260, "grant_signed": 500, "buy": 100}

# Budgets of contracts that are still to come.
LATER: Final = (
    "supply_commission",
    "supply_handover",
    "claim_submit",
    "claim_decide",
    "claim_pay",
    "trial_register",
    "trial_enrol",
)

CONDITIONS: Final = {
    "chain": f"Anvil with --hardfork {HARDFORK}, from the second {GENESIS}",
    "blocks": f"a transaction each, {BLOCK_SECONDS} seconds apart by evm_setNextBlockTimestamp",
    "code": "src/aceso/abi, as compiled by make generate and as it is deployed",
    "state": (
        "steady: contracts and their global slots used before, the sender known; the operation's "
        "own slot fresh unless it is a change of it; nothing touched beforehand"
    ),
    "views": (
        "decide, decide_member, decide_ward, decide_emergency, guardian_check, "
        "verify_inclusion_1000 and verify_record are the call's own frame, without the 21,000 and "
        "the calldata of a transaction"
    ),
    "buy": "the allowance was given before and is not used up; not the buyer's first order",
    "buy_permit": "the buyer's second permit, for exactly the price",
    "settle": (
        "the committee, the commons, the institution and the subject as credits, by a stranger; "
        "all have earned before and been paid, and so has the buyer for settle_prorata"
    ),
    "credit_withdraw": (
        "to an account that holds coin and was paid before, of the last coin that the market "
        "holds, as for the limit that the budget is from; 4,800 more while it holds other coin"
    ),
    "reward_claim_1000": (
        "a proof of ten steps; the account, and the word of 256 rewards, were used before"
    ),
    "decide_member": (
        "a member of an institution; a buyer of an offer costs two slots more, some 4,200"
    ),
    "later": f"budgets of contracts that are still to come: {', '.join(LATER)}",
}


def measure() -> dict[str, int]:
    """The gas of every operation; stops where calldata is longer than it may be."""
    figures = run()
    for name, limit in CALLDATA.items():
        if figures.calldata[name] > limit:
            length = figures.calldata[name]
            raise SystemExit(f"{name} has {length} bytes of calldata, it may have {limit}")
    return figures.gas


def run() -> Figures:
    """Run every scenario on a fresh chain."""
    with anvil() as web3:
        scene = Scene(web3)
        gas_consents.records(scene)
        gas_consents.consents(scene)
        gas_market.market(scene)
        gas_consents.decisions(scene)
        gas_guardians.guardians(scene)
        gas_consents.logs(scene)
        gas_emergencies.emergencies(scene)
        gas_economy.run(scene)
        gas_rewards.run(scene)
        gas_guardians.resignation(scene)
        gas_consents.keys(scene)
        return scene.figures
