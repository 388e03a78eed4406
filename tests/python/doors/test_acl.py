"""
docs/acl.md, doors.toml and the code (R5)
├── agree: every function that changes state is in both, and checks what they say
├── the functions are those of the ABIs
└── a function that nobody protected is noticed
    ├── one that is in no table
    ├── one that says it is the subject's, or the authority's, or signed, and checks nothing
    └── one whose check was removed from a function that it calls
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools import acl

ROOT = Path(__file__).resolve().parents[3]
SHELL = """
pragma solidity 0.8.37;
import {TypedData} from "contracts/libraries/TypedData.sol";
contract Planted is TypedData {
    mapping(address subject => uint256) private _words;
    error No();
    modifier onlyAuthority() { if (msg.sender != address(1)) revert No(); _; }
    function change(address subject, bytes32 hash, bytes calldata signature) external {
        _change(subject, hash, signature);
    }
    function _change(address subject, bytes32 hash, bytes calldata signature) private {
        CHECK
        _words[subject] = uint256(hash) + signature.length;
    }
    function look() external view returns (uint256) { return _words[msg.sender]; }
}
"""


SIGNED = "if (!_isSigned(subject, hash, signature)) revert No();"
CALLER = "if (msg.sender != subject) revert No();"
# By what they check. All are compiled with the suite, in one turn of some seconds.
PLANTED = {"": "PlantedOpen", CALLER: "PlantedCaller", SIGNED: "PlantedSigned"}


@pytest.fixture(scope="module")
def everything() -> dict[str, frozenset[str]]:
    """What is found in the suite, and in the contracts that make these checks."""
    sources = {
        f"contracts/{name}.sol": SHELL.replace("CHECK", check).replace("Planted", name)
        for check, name in PLANTED.items()
    }
    suite = sorted(path.stem for path in (ROOT / "src" / "aceso" / "abi").glob("*.json"))
    return acl.checks([*suite, *PLANTED.values()], more=sources)


@pytest.fixture(scope="module")
def found(everything: dict[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    return {name: said for name, said in everything.items() if not name.startswith("Planted")}


@pytest.fixture(scope="module")
def planted(everything: dict[str, frozenset[str]]) -> Callable[[str, str], list[str]]:
    """What is said against a contract that makes this check, and a table that says this."""

    def said(check: str, who: str) -> list[str]:
        name = f"{PLANTED[check]}.change"
        assert [one for one in everything if one.startswith(PLANTED[check] + ".")] == [name]
        return acl.disagreements({name: everything[name]}, {name: {"who": who}})

    return said


def test_the_page_is_that_of_the_code(found: dict[str, frozenset[str]]) -> None:
    doors: dict[str, Any] = acl._doors()

    assert acl.disagreements(found, doors) == []
    assert acl.PAGE.read_text(encoding="utf-8") == acl.page(found)


def test_the_functions_are_those_of_the_abis(found: dict[str, frozenset[str]]) -> None:
    expected = {
        f"{path.stem}.{item['name']}"
        for path in (ROOT / "src" / "aceso" / "abi").glob("*.json")
        for item in json.loads(path.read_text(encoding="utf-8"))["abi"]
        if item["type"] == "function" and item["stateMutability"] in ("nonpayable", "payable")
    }

    # What a library does is done by whoever is linked with it.
    assert set(found) == {name for name in expected if not name.startswith("Offers.")}


def test_one_that_is_in_no_table_is_noticed(found: dict[str, frozenset[str]]) -> None:
    doors = dict(acl._doors())
    del doors["ConsentRegistry.withdraw"]

    assert acl.disagreements(found, doors) == ["ConsentRegistry.withdraw is not in doors.toml"]


@pytest.mark.parametrize(
    ("check", "who"),
    [
        ("", "the subject"),
        ("", "the authority"),
        ("", "anybody, with the subject's signature"),
        (CALLER, "the authority"),
        (CALLER, "anybody, with the subject's signature"),
        (SIGNED, "the subject"),
    ],
)
def test_one_that_checks_something_else_is_noticed(
    planted: Callable[[str, str], list[str]], check: str, who: str
) -> None:
    assert planted(check, who)


@pytest.mark.parametrize(
    ("check", "who"),
    [
        ("", "anybody"),
        (CALLER, "the subject"),
        (SIGNED, "anybody, with the subject's signature"),
    ],
)
def test_one_that_checks_what_it_says_is_not(
    planted: Callable[[str, str], list[str]], check: str, who: str
) -> None:
    assert planted(check, who) == []
