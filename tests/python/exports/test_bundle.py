"""
a Bundle of everything
├── every sample file that holds FHIR, exported and imported: the same classes and bytes
├── several files of one person together: the same, and each resource once
├── the same whatever the order of the records
├── is valid R4
├── a resource in two records comes back in both
├── a record whose class was raised comes back raised
├── a mark never lowers a class
├── two people keep their subjects
├── a full URL is a UUID's, and is there once
├── decimals keep their digits
└── nothing: refused
NDJSON
├── has one resource a line
└── imported: the same resources
"""

from __future__ import annotations

import io
import json

import fhirkit
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aceso.codes import DataClass
from aceso.exports import NothingToExportError, Resources, write_bundle, write_ndjson
from aceso.formats import FHIR_JSON
from tests.python.shared_data import SHARED, needs_shared

from .conftest import fhir_record, held_of, ids

# The largest file takes long, and is a Bundle as the others are.
LIMIT = 3 << 20
FILES = [
    path
    for pattern in ("clinical/*.json", "lifelog/*")
    for path in sorted(SHARED.glob(pattern))
    if path.stat().st_size <= LIMIT
]

LAB = (
    '{"code":{"coding":[{"code":"2345-7","system":"http://loinc.org"}]},'
    '"effectiveDateTime":"2024-05-0%d","id":"lab-%d","resourceType":"Observation",'
    '"status":"final","subject":{"reference":"Patient/%s"},'
    '"valueQuantity":{"code":"mg/dL","system":"http://unitsofmeasure.org","unit":"mg/dL","value":%s}}'
)


def lab(number, subject="a", value="5.0"):
    return LAB % (number, number, subject, value)


def exported(held, write=write_bundle):
    stream = io.BytesIO()
    with Resources.of(held) as resources:
        write(resources, stream)
    if write is write_bundle:
        issues = fhirkit.validate(stream.getvalue())
        assert [one for one in issues if one.severity == "error"] == []
    return stream.getvalue()


def back(data, tmp_path, name="exported.json", subject_hint=None):
    path = tmp_path / name
    path.write_bytes(data)
    return held_of(path, subject_hint)


def fhir_of(held):
    return [one for one in held if one.media_type == FHIR_JSON]


@needs_shared
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name[:40])
def test_a_sample_file_comes_back(path, tmp_path):
    held = fhir_of(held_of(path))
    if held:
        assert ids(back(exported(held), tmp_path)) == ids(held)
    else:
        with pytest.raises(NothingToExportError):
            exported(held)


@needs_shared
def test_files_of_one_person_together_come_back(tmp_path):
    names = ("clinical/Clemente*.json", "lifelog/apple_export*.xml", "lifelog/*heart*.csv")
    paths = [path for name in names for path in SHARED.glob(name)]
    held = [one for path in paths for one in fhir_of(held_of(path))]
    data = exported(held)
    assert ids(back(data, tmp_path)) == ids(held)
    resources = [json.dumps(entry["resource"]) for entry in json.loads(data)["entry"]]
    assert len(resources) == len(set(resources)) > 70


@given(st.permutations(range(4)))
@settings(deadline=None, max_examples=20)
def test_the_order_of_the_records_does_not_matter(order):
    records = [fhir_record(DataClass.LABS, lab(number)) for number in range(1, 5)]
    assert exported([records[index] for index in order]) == exported(records)


def test_it_is_valid_and_sorted():
    data = exported([fhir_record(DataClass.LABS, lab(2)), fhir_record(DataClass.LABS, lab(1))])
    bundle = json.loads(data)
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "collection")
    assert [entry["resource"]["id"] for entry in bundle["entry"]] == ["lab-1", "lab-2"]


def test_a_resource_in_two_records_comes_back_in_both(tmp_path):
    held = [
        fhir_record(DataClass.LABS, lab(1)),
        fhir_record(DataClass.LABS, lab(1), lab(2)),
    ]
    data = exported(held)
    assert len(json.loads(data)["entry"]) == 2
    assert ids(back(data, tmp_path)) == ids(held)


def test_a_raised_class_comes_back_raised(tmp_path):
    held = [fhir_record(DataClass.SEXUAL_REPRODUCTIVE, lab(1)), fhir_record(DataClass.LABS, lab(2))]
    assert ids(back(exported(held), tmp_path)) == ids(held)


def test_a_mark_lowers_no_class(tmp_path):
    hiv = lab(1).replace("2345-7", "75622-1")
    document = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {
                "extension": [{"url": "urn:aceso:record", "valueString": "ACTIVITY/0123456789ab"}],
                "resource": json.loads(hiv),
            }
        ],
    }
    (found,) = back(json.dumps(document).encode(), tmp_path)
    assert found.data_class == DataClass.HIV


def test_two_people_keep_their_subjects(tmp_path):
    held = [
        fhir_record(DataClass.LABS, lab(1, "parent")),
        fhir_record(DataClass.LABS, lab(1, "child")),
    ]
    data = exported(held)
    subjects = [entry["resource"]["subject"]["reference"] for entry in json.loads(data)["entry"]]
    assert sorted(subjects) == ["Patient/child", "Patient/parent"]
    for one, name in zip(held, ("parent", "child"), strict=True):
        assert ids(back(data, tmp_path, subject_hint=name)) == ids([one])


def test_full_urls_are_the_ids_and_each_is_there_once():
    uuid = "5f0c2f5e-0000-4000-8000-0123456789ab"
    first = lab(1).replace("lab-1", uuid)
    second = lab(2).replace("lab-2", uuid)
    data = exported([fhir_record(DataClass.LABS, first, second, lab(3))])
    urls = [entry.get("fullUrl") for entry in json.loads(data)["entry"]]
    assert sorted(url for url in urls if url) == [f"urn:uuid:{uuid}"]


def test_decimals_keep_their_digits():
    assert b'"value":5.10}' in exported([fhir_record(DataClass.LABS, lab(1, value="5.10"))])


def test_nothing_is_refused():
    with pytest.raises(NothingToExportError) as raised:
        exported([])
    assert raised.value.code == "E_EXPORT_EMPTY"


def test_ndjson_has_one_resource_a_line(tmp_path):
    held = [fhir_record(DataClass.LABS, lab(1), lab(2)), fhir_record(DataClass.LABS, lab(3))]
    data = exported(held, write_ndjson)
    lines = data.decode().splitlines()
    assert [json.loads(line)["id"] for line in lines] == ["lab-1", "lab-2", "lab-3"]
    again = back(data, tmp_path, "exported.ndjson")
    assert exported(again, write_ndjson) == data
