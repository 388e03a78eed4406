"""
Every act that changes something, and `decide`, by somebody who has 10 entries of each kind, and
then 10,000
├── each was measured: those of the ABIs, but for the few that are named here with a reason
└── none costs 5 % more or less (G3)
"""

import json
from pathlib import Path

import pytest

from tests.contracts.growth.crowd import Suite
from tests.contracts.growth.filling import light_node

ABIS = Path(__file__).resolve().parents[3] / "src" / "aceso" / "abi"
FEW, MANY = 10, 10_000
# What every desk of orders does in the same code, and measured at the market.
AT_THE_MARKET = (
    *("deliver", "dispute", "resolve", "settlePart", "payCredit", "payCommitteeFee", "payCommons"),
    "followConsent",
)
OF_UNIONS = (
    *("buy", "claim", "deliverParts", "join", "joinWithSig", "leave", "leaveWithSig", "settle"),
    "strike",
)
NOT_MEASURED = {
    f"{desk}.{act}": "as at the market: the same code"
    for desk in ("Studies", "Unions")
    for act in AT_THE_MARKET
    if desk != "Unions" or act not in ("deliver", "settlePart")
}
NOT_MEASURED |= {f"Unions.{act}": "with members, in test_unions" for act in OF_UNIONS}
NOT_MEASURED |= {
    "Unions.open": "reads nothing that grows; as `Studies.open`",
    "Unions.accuse": "the proof of a claim, and two words of the order's own",
    "Unions.close": "one word of the union's own",
    "Unions.vouch": "one word of the mark's own",
    **dict.fromkeys(
        ("CoinSale.buy", "CoinSale.buyWithToken", "CoinSale.buyWithPermit"),
        "reads one word and mints: as `mint`",
    ),
    **dict.fromkeys(("CoinSale.sendProceeds", "CoinSale.sendTokenProceeds"), "sends one sum"),
    **dict.fromkeys(("CoinSale.announceEnd", "CoinSale.callOffEnd"), "writes one word"),
    "Disputes.draw": "costs what the lot costs: from two candidates to thirty-two, and no more",
    "MultiSigWallet.execute": "a wallet for local networks",
    "RewardPool.freeze": "the board's, in `ban` and `endAppeal`",
    "RewardPool.setRoot": "the board's, in `endRoot`",
    "RewardCoin.permit": "OpenZeppelin's, which needs a key's signature; as `approve`",
}
ACTS = sorted(
    f"{path.stem}.{item['name']}"
    for path in ABIS.glob("*.json")
    for item in json.loads(path.read_text(encoding="utf-8"))["abi"]
    if item["type"] == "function" and item["stateMutability"] in ("nonpayable", "payable")
)
MORE = (
    "ConsentRegistry.grant anew",
    "ParticipantRegistry.publishKey anew",
    "ConsentRegistry.decide",
    "ConsentRegistry.decide of a member",
)


@pytest.fixture(scope="module")
def costs(accounts, tmp_path_factory):
    """What each act costs at few entries, and at many: one filling for all."""
    with light_node(tmp_path_factory.mktemp("growth")):
        suite = Suite(accounts)
        suite.fill(FEW)
        # Once beforehand: the first of all acts writes what all share.
        suite.costs()
        few = suite.costs()
        suite.fill(MANY)
        return few, suite.costs()


def test_no_act_was_left_out(costs):
    measured = {act for act in ACTS if act not in NOT_MEASURED}

    assert set(costs[0]) == measured | set(MORE)
    assert set(NOT_MEASURED) <= set(ACTS)


@pytest.mark.parametrize("act", [*(act for act in ACTS if act not in NOT_MEASURED), *MORE])
def test_costs_the_same_with_many_entries(costs, act):
    few, many = (found[act] for found in costs)

    assert few > 1_000
    assert abs(many - few) < 0.05 * few, (few, many)
