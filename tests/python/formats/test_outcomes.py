"""
the page of outcomes
├── says of every sample file what it says now
├── has a line for each file, a second where people are asked about, and the reason of each refusal
└── a page that differs is named, and nothing is written
"""

from __future__ import annotations

import json

import pytest

from tests.python.shared_data import SHARED, needs_shared, shared_files
from tools import outcomes


@needs_shared
def test_every_sample_file_has_the_outcome_that_the_page_says():
    assert outcomes.page(SHARED) == outcomes.PAGE.read_text("utf-8")


@needs_shared
def test_every_sample_file_has_its_line():
    page = outcomes.PAGE.read_text("utf-8")
    names = {line.split("`")[1] for line in page.splitlines() if line.startswith("| `")}
    assert names == {path.name for path in shared_files()}


@pytest.fixture
def folder(tmp_path):
    held = tmp_path / "set" / "clinical"
    held.mkdir(parents=True)
    patient = {"resourceType": "Patient", "id": "one", "name": [{"text": "김가명"}]}
    other = {"resourceType": "Patient", "id": "two", "name": [{"text": "이가명"}]}
    (held / "a.json").write_text(json.dumps(patient))
    entries = [{"resource": patient}, {"resource": other}]
    both = {"resourceType": "Bundle", "type": "collection", "entry": entries}
    (held / "b.json").write_text(json.dumps(both))
    (held / "c.vcf").write_bytes(b"##fileformat=VCFv4.2\n#CHROM\tPOS\n")
    return held.parent


def test_each_file_has_a_line_and_a_reason(folder):
    rows = [line for line in outcomes.page(folder).splitlines() if line.startswith("| ")][1:]

    first, asked, answered, refused = (row.split(" | ") for row in rows)
    assert first == ["| `a.json`", "FHIR R4 (JSON)", "imported 1", "encounters 1", " |"]
    assert asked[0] == "| `b.json`" and "`several_people` at /: it is about 2 people" in asked[4]
    assert answered[0] == "| … as the first" and answered[3] == "encounters 1"
    assert refused[2] == "refused 1" and "`vcf` at line 2: " in refused[4]
    assert "가명" not in "".join(rows)


def test_a_page_that_differs_is_named(folder, tmp_path, monkeypatch, capsys):
    page = tmp_path / "page.md"
    monkeypatch.setattr(outcomes, "PAGE", page)
    assert outcomes.main([str(folder)]) == 0
    assert outcomes.main([str(folder), "--check"]) == 0

    (folder / "clinical" / "a.json").write_text("{}")
    kept = page.read_bytes()
    assert outcomes.main([str(folder), "--check"]) == 1
    assert "a.json" in capsys.readouterr().out
    assert page.read_bytes() == kept
