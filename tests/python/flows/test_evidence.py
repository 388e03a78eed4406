"""Evidence as a file: read back as it was written, and refused when it is anything else."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest

from aceso.flows import Evidence, EvidenceError
from aceso.vault import FieldTree, head_fields


@pytest.fixture
def evidence() -> Evidence:
    record_id = os.urandom(32)
    head = head_fields(
        record_id=record_id,
        data_class=16,
        issued_at=1_700_000_000,
        lineage=(),
        holder="0x" + "33" * 20,
        digest=os.urandom(32),
    )
    tree = FieldTree.of(head, dek=os.urandom(32), record_id=record_id)
    shown = {name: head[name] for name in ("digest", "class", "issuedAt")}
    return Evidence("0x" + "22" * 20, bytes(32), tree.root, (b"\1" * 32,), tree.disclose(shown))


def test_evidence_is_read_back(evidence: Evidence) -> None:
    again = Evidence.from_json(evidence.to_json())
    assert again == evidence
    assert again.disclosure.check(again.fields_root)["class"] == (16).to_bytes(4, "big")


def test_evidence_says_its_format(evidence: Evidence) -> None:
    said = json.loads(evidence.to_json())
    assert (said["format"], said["version"]) == ("aceso-evidence", 1)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "7", '"text"', "{}", '{"format": "aceso-evidence"}', "[" * 99_999],
    ids=["empty", "cut", "list", "null", "number", "text", "bare", "without its parts", "deep"],
)
def test_what_is_no_evidence_is_refused(text: str) -> None:
    with pytest.raises(EvidenceError) as refused:
        Evidence.from_json(text)
    assert (refused.value.code, refused.value.exit_code) == ("E_EVIDENCE_FORMAT", 3)


@pytest.mark.parametrize(
    "changed",
    [
        {"format": "another"},
        {"version": 2},
        {"root": "zz"},
        {"root": 7},
        {"proof": 7},
        {"proof": ["zz"]},
        {"fields": None},
        {"fields": [7]},
        {"fieldsRoot": None},
    ],
    ids=str,
)
def test_evidence_with_a_spoilt_part_is_refused(evidence: Evidence, changed: Any) -> None:
    said = json.loads(evidence.to_json()) | changed
    with pytest.raises(EvidenceError) as refused:
        Evidence.from_json(json.dumps(said))
    assert refused.value.code == "E_EVIDENCE_FORMAT"
