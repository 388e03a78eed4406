"""
Every view of every contract, on a suite in which nothing has happened yet (G5)
├── answers whatever it is asked: zeros, ones, the largest of each type, long and empty bytes
└── but for those named here, with a reason, each of which does refuse something
"""

import json
from pathlib import Path

import pytest
from brownie import project, web3
from eth_abi import encode
from eth_utils.abi import collapse_if_tuple, function_abi_to_4byte_selector

from tests.contracts.acting import DAY
from tests.contracts.trading import COIN
from tests.contracts.uniting import Unity

ABIS = Path(__file__).resolve().parents[3] / "src" / "aceso" / "abi"
NO_TRANSFERS = "a token never moves: the standard's acts always refuse, and so are views"
OF_NOBODY = "ERC-721 wants a refusal for what is not there"
TOKENS = ("DataMarket", "Studies", "Unions")
MAY_REFUSE = {
    **{
        f"{desk}.{act}": NO_TRANSFERS
        for desk in TOKENS
        for act in ("approve", "safeTransferFrom", "setApprovalForAll", "transferFrom")
    },
    **{
        f"{desk}.{view}": OF_NOBODY
        for desk in TOKENS
        for view in ("balanceOf", "expiresAt", "getApproved", "locked", "ownerOf")
    },
    **{
        f"{desk}.partiesOf": "what nobody bought has no parties to judge between" for desk in TOKENS
    },
    "Guardianship.claimOf": "a number that is no claim can't be read",
    "Unions.deliver": "a union is delivered to in parts: the desk's act always refuses",
    "Unions.settlePart": "a union is paid by claims: the desk's act always refuses",
    "RewardPool.checkRoot": "asked for its refusal, which says what is wrong",
}
WHOLE = {
    "zeros": (0, b"\0", 0),
    "ones": (1, b"\1", 1),
    "largest": (None, b"\xff", 3),
}


@pytest.fixture(scope="module")
def suite(accounts):
    """A contract of each kind, by name."""
    (made,) = project.get_loaded_projects()
    unity, by = Unity(made, accounts), {"from": accounts[0]}
    participants, consents, coin = unity.participants, unity.consents, unity.coin
    records = made.RecordRegistry.deploy(participants, by)
    guardianship = made.Guardianship.deploy(participants, DAY, DAY, by)
    disputes = made.Disputes.deploy(participants, coin, 5 * COIN, COIN, DAY, DAY, by)
    board_at = accounts[0].get_deployment_address(accounts[0].nonce + 1)
    pool = made.RewardPool.deploy(records, coin, board_at, (10**12, 8, DAY), by)
    board = made.RewardBoard.deploy(participants, coin, pool, DAY, DAY, 1, by)
    # What is linked with the newest of them.
    for library in (made.Offers, made.Settlement, made.StudyBook):
        library.deploy(by)
    rest = (coin, accounts[2], disputes, DAY, by)
    return {
        "AccessLog": made.AccessLog.deploy(participants, by),
        "CoinSale": unity.sale,
        "ConsentRegistry": consents,
        "DataMarket": made.DataMarket.deploy(consents, participants, *rest),
        "Disputes": disputes,
        "EmergencyAccess": made.EmergencyAccess.deploy(
            participants, guardianship, coin, COIN, DAY, by
        ),
        "Guardianship": guardianship,
        "ParticipantRegistry": participants,
        "RecordRegistry": records,
        "RewardBoard": board,
        "RewardCoin": coin,
        "RewardPool": pool,
        "Studies": made.Studies.deploy(consents, participants, *rest),
        "Unions": unity.unions,
    }


def value_of(kind, components, whole):
    """One value of a type."""
    number, byte, length = WHOLE[whole]
    if kind.endswith("[]"):
        return [value_of(kind[:-2], components, whole)] * length
    if kind == "tuple":
        return tuple(value_of(each["type"], each.get("components"), whole) for each in components)
    if kind == "address":
        return "0x" + (b"\xff" if number is None else bytes(19) + byte).hex().rjust(40, "f")
    if kind == "bool":
        return bool(number is None or number)
    if kind == "bytes":
        return byte * 33 * length
    if kind == "string":
        return "x" * 33 * length
    if kind.startswith("bytes"):
        return byte * int(kind[5:])
    bits = int(kind.removeprefix("uint"))
    return 2**bits - 1 if number is None else number


def asked(contract, view, whole):
    """Whether it answers."""
    given = [value_of(each["type"], each.get("components"), whole) for each in view["inputs"]]
    kinds = [collapse_if_tuple(each) for each in view["inputs"]]
    data = function_abi_to_4byte_selector(view) + encode(kinds, given)
    call = {"to": contract.address, "data": "0x" + data.hex(), "gas": hex(20_000_000)}
    return "error" not in web3.provider.make_request("eth_call", [call, "latest"])


@pytest.fixture(scope="module")
def refused(suite):
    """The views that refused, each with what."""
    found = {}
    for name, contract in suite.items():
        abi = json.loads((ABIS / f"{name}.json").read_text(encoding="utf-8"))["abi"]
        for view in abi:
            if view["type"] != "function" or view["stateMutability"] not in ("view", "pure"):
                continue
            for whole in WHOLE:
                if not asked(contract, view, whole):
                    found.setdefault(f"{name}.{view['name']}", []).append(whole)
    return found


def test_every_contract_is_asked(suite):
    others = {"MultiSigWallet", "Offers", "Settlement", "StudyBook", "UnionBook", "UnionShares"}

    assert set(suite) == {path.stem for path in ABIS.glob("*.json")} - others


def test_a_view_answers_whatever_it_is_asked(refused):
    assert {name: said for name, said in refused.items() if name not in MAY_REFUSE} == {}


def test_those_that_may_refuse_do(refused):
    assert set(MAY_REFUSE) <= set(refused)
