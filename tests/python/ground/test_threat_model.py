"""
docs/threat-model.md
├── names only tests that exist
└── has every adversary, each with something that holds
"""

from __future__ import annotations

import ast
import re

import pytest

from tests.python.shared_data import ROOT

PAGE = (ROOT / "docs" / "threat-model.md").read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)))
ADVERSARIES = (
    "Chain observer",
    "IPFS peer",
    "Fewer than m custodians, also with a grantee",
    "m or more custodians, without a grantee",
    "m custodians with one grantee",
    "A future quantum computer",
    "Grantee after withdrawal or end",
    "Grantee of one class",
    "Researcher",
    "Seller",
    "Relayer",
    "Institution that lost accreditation",
    "Authority",
    "Emergency reader",
    "Anyone",
)


@pytest.mark.parametrize(("file", "name"), NAMED, ids=lambda part: part.rpartition("/")[2])
def test_names_a_test_that_exists(file, name):
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert name in functions


def test_every_adversary_is_there():
    sections = dict(re.findall(r"^### (.+?)\n(.*?)(?=^##|\Z)", PAGE, re.M | re.S))
    assert set(sections) >= set(ADVERSARIES)
    for title in ADVERSARIES:
        assert "Must not" in sections[title]
        assert "::test_" in sections[title]
