"""
Every function in the ABIs that changes state, called by a stranger about somebody else (R1, R4)
├── moves nothing of theirs: grants, head, roles, conditions, key, institution, anchors
└── without a signature, or with the stranger's own, is refused wherever it names them
doors.toml (docs/acl.md is compared by tests/python/doors/test_acl.py)
└── names every state-changing function of every contract, as a door or not, and why
"""

import json
import tomllib
from pathlib import Path

import pytest
from brownie import web3
from eth_abi import encode
from eth_account import Account
from eth_account.messages import encode_defunct

from tests.contracts.acting import DAY, grantee_of, terms

ROOT = Path(__file__).resolve().parents[3]
ABIS = ROOT / "src" / "aceso" / "abi"
REGISTRIES = ("ConsentRegistry", "ParticipantRegistry", "RecordRegistry")
ROOT_LEAF = "0x" + "01" * 32
KEY = b"\x05" * 32


def functions(contract):
    """The state-changing functions of a contract, by name."""
    abi = json.loads((ABIS / f"{contract}.json").read_text(encoding="utf-8"))["abi"]
    return {
        item["name"]: item
        for item in abi
        if item["type"] == "function" and item["stateMutability"] in ("nonpayable", "payable")
    }


def doors():
    return tomllib.loads((ROOT / "doors.toml").read_text(encoding="utf-8"))["contract"]


CALLS = [(contract, name) for contract in REGISTRIES for name in functions(contract)]


@pytest.fixture(scope="module")
def settled(registry, participants, records, subject, grantee, authority, accounts, chain):
    """A subject with something of everything."""
    given = terms(grantee_of(grantee))
    registry.grant(tuple(given.values()), {"from": subject})
    registry.bar(accounts[7], {"from": subject})
    registry.setPrimaryPhysician(accounts[4], 0, chain[-1].timestamp + 300 * DAY, {"from": subject})
    participants.proposeAccreditation(subject, 3, 3, {"from": authority})
    participants.openInstitution(subject, {"from": authority})
    web3.provider.make_request("evm_mine", [chain[-1].timestamp + 2 * DAY])
    participants.accredit(subject, {"from": authority})
    participants.proposeAccreditation(subject, 4, 4, {"from": authority})
    participants.setMember(1, grantee, 2**40 - 1, 1, {"from": subject})
    participants.publishKey(KEY, {"from": subject})
    records.anchor(ROOT_LEAF, ROOT_LEAF, {"from": subject})


@pytest.fixture
def picture(registry, participants, records, subject, grantee, accounts):
    def take():
        found = [
            registry.standing(subject, grantee_of(account), account)
            for account in (grantee, accounts[4], accounts[7], accounts[5])
        ]
        return [
            *map(tuple, found),
            participants.hasRoles(subject, 3),
            participants.conditionsOf(subject),
            tuple(participants.keyOf(subject)),
            tuple(participants.institution(1)),
            tuple(participants.isMember(1, subject, grantee)),
            participants.authority(),
            tuple(records.verify(subject, ROOT_LEAF, ROOT_LEAF, [])),
        ]

    return take


def value(parameter, subject, signature):
    """A plausible value that names the subject wherever an address can be named."""
    kind, name = parameter["type"], parameter["name"]
    if kind == "tuple":
        return tuple(value(part, subject, signature) for part in parameter["components"])
    if kind.endswith("[]"):
        return [value(parameter | {"type": kind[:-2]}, subject, signature)] * 2
    if kind == "address":
        return str(subject)
    if kind == "bytes32":
        return bytes.fromhex(grantee_of("0x90F79bf6EB2c4f870365E785982E1f101E93b906")[2:])
    if kind == "bytes":
        return signature
    if name in ("deadline", "validUntil"):
        return web3.eth.get_block("latest")["timestamp"] + DAY
    return 1


def type_of(parameter):
    if parameter["type"].startswith("tuple"):
        inner = ",".join(type_of(part) for part in parameter["components"])
        return f"({inner}){parameter['type'][5:]}"
    return parameter["type"]


@pytest.mark.parametrize(("contract", "name"), CALLS)
def test_moves_nothing_of_another(
    settled, picture, registry, participants, records, subject, contract, name
):
    place = {
        "ConsentRegistry": registry,
        "ParticipantRegistry": participants,
        "RecordRegistry": records,
    }[contract]
    key = "0x" + "d4" * 32
    item = functions(contract)[name]
    types = [type_of(parameter) for parameter in item["inputs"]]
    selector = web3.keccak(text=f"{name}({','.join(types)})")[:4]
    own = bytes(Account.sign_message(encode_defunct(text="mine"), key).signature)
    before = picture()

    outcomes = []
    for signature in (b"", bytes(65), own, KEY):
        values = [value(parameter, subject, signature) for parameter in item["inputs"]]
        call = {
            "from": web3.eth.accounts[5],
            "to": place.address,
            "data": web3.to_hex(selector + encode(types, values)),
            "gas": hex(1_000_000),
        }
        answer = web3.provider.make_request("eth_sendTransaction", [call])
        receipt = web3.eth.wait_for_transaction_receipt(answer["result"], timeout=10)
        outcomes.append(receipt["status"])

    assert picture() == before
    if name.endswith("WithSig"):
        assert outcomes == [0] * 4


def every_contract():
    return sorted(path.stem for path in ABIS.glob("*.json"))


def test_the_doors_are_those_of_the_abis():
    expected = {
        f"{contract}.{name}" for contract in every_contract() for name in functions(contract)
    }

    assert set(doors()) == expected


def test_every_door_says_why():
    for name, entry in doors().items():
        assert isinstance(entry["door"], bool), name
        assert len(entry["why"]) > 10, name
        assert entry["who"], name
