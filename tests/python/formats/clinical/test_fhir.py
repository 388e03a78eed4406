"""
FHIR R4
├── a decimal keeps its digits into the record
├── a Bundle, NDJSON and one resource give the same record bytes
├── the order of entries makes no difference; a repeated resource is one
├── one bad resource never ends an import
├── another version is named and kept
├── two people are never in one record; with a hint, the other is left out
├── an attachment of 8 MiB is read
└── records are one class, one encounter or day
"""

from __future__ import annotations

import base64
import json

import pytest

from aceso.codes import DataClass
from aceso.formats import Kind, detect

from ..conftest import bundle, observation


def test_decimals_keep_their_digits(write, importing):
    text = json.dumps(bundle(observation(valueQuantity={"value": 0, "unit": "%"})))
    read = importing(write(text.replace('"value": 0', '"value": 1.00')))

    assert b'"value":1.00' in read.records[0].canonical
    assert read.records[0].fields["/entry/0/resource/valueQuantity"] == b'{"unit":"%","value":1.00}'


def test_three_shapes_of_a_file_give_the_same_record(write, importing):
    one, two = observation(), observation(id="two")
    files = [
        write(bundle(one, two)),
        write(json.dumps(two) + "\n\n" + json.dumps(one) + "\n"),
        write(bundle(two, one, one)),
    ]

    found = [detect(path) for path in files]
    bodies = {importing(path).records[0].canonical for path in files}

    assert [one.name for one in found] == ["fhir", "fhir-ndjson", "fhir"]
    assert len(bodies) == 1


def test_a_type_that_comes_last_is_found(write, importing):
    body = {
        "entry": [{"resource": observation(note=[{"text": "x" * 90_000}])}],
        "type": "collection",
    }
    read = importing(write({**body, "resourceType": "Bundle"}))

    assert read.format.name == "fhir"
    assert read.classes == {"LABS"}


def test_a_repeated_resource_is_unchanged(write, importing):
    read = importing(write(bundle(observation(), observation())))

    assert read.kinds == ["imported", "unchanged", "skipped"]


def test_one_bad_resource_never_ends_an_import(write, importing):
    bad = [
        observation(status=None, id="no status"),
        {"resourceType": "Nonsense"},
        {"resourceType": "Observation"},
        "text",
        None,
        observation(secret="박아픔"),
    ]
    read = importing(write(bundle(observation(), *bad, observation(id="last"))))

    assert read.kinds.count("imported") == 2
    assert read.kinds.count("refused") == 5
    assert not [outcome for outcome in read.outcomes if "박아픔" in outcome.reason]
    refused = [outcome.place for outcome in read.outcomes if outcome.kind is Kind.REFUSED]
    assert refused[0] == "/entry/1/resource"


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "MedicationOrder", "patient": {"reference": "Patient/1"}},
        {"resourceType": "Patient", "name": [{"family": ["가상", "둘"]}]},
        {"resourceType": "Sequence"},
        {"resourceType": "GenomicStudy"},
        {"resourceType": "Encounter", "status": "finished", "class": [{"text": "x"}]},
    ],
)
def test_another_version_is_named_and_kept(resource, write, importing):
    read = importing(write(bundle(resource)))

    assert read.outcomes[0].kind is Kind.KEPT
    assert read.outcomes[0].code == "fhir_version"
    assert read.source.data_class is DataClass.UNCLASSIFIED


def test_two_people_are_never_in_one_record(write, importing):
    other = observation(id="two", subject={"reference": "Patient/p2"})
    path = write(bundle(observation(), other))

    asked = importing(path)
    assert asked.records == []
    assert asked.codes == {"bundle_frame", "several_people"}
    hinted = importing(path, "p2")
    assert [record.subject for record in hinted.records] == ["p2"]
    assert "another_person" in hinted.codes


def test_a_large_attachment_is_read(write, importing):
    document = {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [
            {
                "attachment": {
                    "contentType": "image/png",
                    "data": base64.b64encode(bytes(8 << 20)).decode(),
                }
            }
        ],
    }
    read = importing(write(bundle(document, observation())))

    assert read.classes == {"NOTES", "LABS"}


def test_a_record_is_one_class_and_one_encounter(write, importing):
    visit = {"encounter": {"reference": "Encounter/v1"}}
    read = importing(
        write(
            bundle(
                observation(id="a", **visit),
                observation(id="b", **visit, effectiveDateTime="2024-05-02"),
                observation(id="c", encounter={"reference": "urn:uuid:v2"}),
                observation("75622-1", id="d", **visit),
            )
        )
    )

    found = sorted((record.data_class.name, record.pieces) for record in read.records)
    assert found == [("HIV", 1), ("LABS", 1), ("LABS", 2)]
