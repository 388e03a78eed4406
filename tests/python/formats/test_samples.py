"""
samples
├── the same seed writes the same bytes, another seed doesn't
├── people of a study: the same for a seed, each unlike the others, all of them test data
├── every resource is valid R4, and says that it is test data
├── a hospital, a laboratory and a phone give files of every kind of class
└── the invented genome carries the pharmacogenes that it says
"""

from __future__ import annotations

import json

import fhirkit

from aceso import samples
from aceso.formats import Kind

from .conftest import import_all


def test_the_same_seed_writes_the_same_bytes(tmp_path):
    one, same, other = (
        [sample.path.read_bytes() for sample in samples.generate(tmp_path / name, seed=seed)]
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )

    assert one == same
    assert all(left != right for left, right in zip(one, other, strict=True))


def test_people_of_a_study_are_made_again_and_unlike_each_other(tmp_path):
    one, same, other = (
        [path.read_bytes() for path in samples.generate_people(tmp_path / name, 6, seed=seed)]
        for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )

    assert one == same and not set(one) & set(other)
    assert len(set(one)) == 6
    for entry in json.loads(one[0])["entry"]:
        assert not fhirkit.validate(json.dumps(entry["resource"]).encode())
        assert entry["resource"]["meta"]["tag"][0]["code"] == "HTEST"


def test_every_resource_is_valid_and_says_that_it_is_a_test(sample_files):
    bundle = json.loads(sample_files[0].path.read_bytes())

    for entry in bundle["entry"]:
        assert not fhirkit.validate(json.dumps(entry["resource"]).encode())
        assert entry["resource"]["meta"]["tag"][0]["code"] == "HTEST"
    assert "##note=invented" in sample_files[1].path.read_text()
    assert "Invented" in sample_files[2].path.read_text(encoding="utf-8")


def test_all_of_it_is_imported(sample_files):
    classes = set()
    for sample in sample_files:
        read = import_all(sample.path)
        assert {one.kind for one in read.outcomes} <= {Kind.IMPORTED, Kind.SKIPPED}
        classes |= read.classes

    assert [sample.issuer for sample in sample_files] == ["hospital", "laboratory", "phone"]
    assert classes == {
        "ACTIVITY", "ALLERGIES", "BIOSIGNAL", "ENCOUNTERS", "GENOME_PANEL", "HIV", "IMMUNIZATIONS",
        "LABS", "MEDICATIONS", "MENTAL_HEALTH", "NOTES", "PROBLEMS", "SLEEP", "VITALS",
    }  # fmt: skip


def test_the_genome_carries_pharmacogenes(sample_files):
    rows = [line.split("\t") for line in sample_files[1].path.read_text().splitlines()]
    found = {row[2]: row[9].split(":")[0] for row in rows if len(row) > 9}

    assert len(rows) > 3000
    assert (found["rs4244285"], found["rs4986893"]) == ("0/1", "0/1")
