"""
every file
├── of ours and of others: ends in outcomes, never in an exception
│   ├── the source file is whole, with its own digest
│   ├── imported a second time, it gives the same records
│   └── no outcome holds a name, a number or a date of the person
└── must-fail files of hts-specs are refused with a line, the passed ones are not
"""

from __future__ import annotations

import hashlib
import json
import re

import pytest

from aceso.formats import Kind
from tests.python.shared_data import SHARED, needs_shared, shared_files

from .conftest import import_all

OURS = ("hangang_hospital.fhir.json", "genome.vcf", "export.xml")
FILES = [*OURS, *shared_files()]


@pytest.fixture
def path(request, sample_files):
    by_name = {sample.path.name: sample.path for sample in sample_files}
    return by_name.get(request.param, request.param)


@pytest.mark.parametrize("path", FILES, indirect=True, ids=lambda p: getattr(p, "name", p))
def test_every_file_has_its_outcomes(path):
    first = import_all(path)

    assert first.outcomes
    for outcome in first.outcomes:
        assert outcome.place
        if outcome.kind is not Kind.IMPORTED:
            assert outcome.reason and outcome.code
        assert "Traceback" not in outcome.reason
    data = path.read_bytes()
    assert first.source.size == len(data)
    assert first.source.sha256 == hashlib.sha256(data).digest()
    imported = sum(outcome.kind is Kind.IMPORTED for outcome in first.outcomes)
    assert sum(record.pieces for record in first.records) == imported

    again = import_all(path)
    digests = [(record.data_class, record.body.sha256) for record in first.records]
    assert digests == [(record.data_class, record.body.sha256) for record in again.records]
    assert len(set(digests)) == len(digests)
    for record in first.records:
        assert hashlib.sha256(record.canonical).digest() == record.body.sha256
        assert len(record.canonical) == record.body.size


@pytest.mark.parametrize("path", FILES, indirect=True, ids=lambda p: getattr(p, "name", p))
def test_no_outcome_holds_a_value(path):
    read = import_all(path)
    if read.format.name not in ("fhir", "fhir-ndjson"):
        return
    private = set(_private(json.loads(path.read_bytes())))
    for outcome in read.outcomes:
        said = f"{outcome.place} {outcome.reason} {outcome!r}"
        assert not [word for word in private if re.search(rf"\b{re.escape(word)}\b", said)]


def _private(node):
    """Names, numbers and addresses that the file holds."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("family", "birthDate", "city", "line") and isinstance(value, str):
                yield value
            if key == "name" and isinstance(value, list):
                yield from (one["text"] for one in value if isinstance(one, dict) and "text" in one)
            if key == "given" and isinstance(value, list):
                yield from (one for one in value if isinstance(one, str) and len(one) > 2)
            yield from _private(value)
    elif isinstance(node, list):
        for one in node:
            yield from _private(one)


@needs_shared
def test_must_fail_files_are_refused_by_line():
    for path in SHARED.rglob("hts_*failed*"):
        (outcome,) = import_all(path).outcomes
        assert outcome.kind is Kind.REFUSED
        assert re.match(r"line [1-9]", outcome.place)


@needs_shared
def test_passed_files_are_not_refused():
    for path in SHARED.rglob("hts_*passed*"):
        assert import_all(path).codes == {"several_people"}
        assert import_all(path, "HG00096").kinds == ["imported"]
