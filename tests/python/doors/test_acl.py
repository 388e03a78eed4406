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
from functools import cache
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


@pytest.fixture(scope="module")
def found() -> dict[str, frozenset[str]]:
    return acl.checks()


@cache
def checked(check: str) -> dict[str, frozenset[str]]:
    """What is found in a contract that makes this check; it takes seconds to compile."""
    sources = {"contracts/Planted.sol": SHELL.replace("CHECK", check)}
    return acl.checks(["Planted"], more=sources)


def planted(check: str, who: str) -> list[str]:
    """What is said against a contract that makes this check, and a table that says this."""
    found = checked(check)
    assert set(found) == {"Planted.change"}
    return acl.disagreements(found, {"Planted.change": {"who": who}})


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


SIGNED = "if (!_isSigned(subject, hash, signature)) revert No();"


@pytest.mark.parametrize(
    ("check", "who"),
    [
        ("", "the subject"),
        ("", "the authority"),
        ("", "anybody, with the subject's signature"),
        ("if (msg.sender != subject) revert No();", "the authority"),
        ("if (msg.sender != subject) revert No();", "anybody, with the subject's signature"),
        (SIGNED, "the subject"),
    ],
)
def test_one_that_checks_something_else_is_noticed(check: str, who: str) -> None:
    assert planted(check, who)


@pytest.mark.parametrize(
    ("check", "who"),
    [
        ("", "anybody"),
        ("if (msg.sender != subject) revert No();", "the subject"),
        (SIGNED, "anybody, with the subject's signature"),
    ],
)
def test_one_that_checks_what_it_says_is_not(check: str, who: str) -> None:
    assert planted(check, who) == []
