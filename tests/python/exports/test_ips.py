"""
an International Patient Summary
├── is a valid R4 document: Composition first, then the Patient
├── has the six sections with the codes of the guide's own examples
├── an empty section says unavailable, and never that there is nothing
├── each reference of the Composition leads to an entry
├── the newest result of each name, what holds before what is over
├── entered in error, refuted: left out
├── a sensitive class only when it is named
├── two people: asked about; named: only that one
├── a name with markup: escaped
└── a medicine that is referred to comes along
"""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime

import fhirkit
import pytest

from aceso.codes import DataClass
from aceso.exports import Resources, SeveralPeopleError, Summary, write_ips
from tests.python.shared_data import SHARED, needs_shared

from .conftest import fhir_record, held_of

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
PATIENT = (
    '{"birthDate":"1970-01-02","gender":"female","id":"a",'
    '"name":[{"family":"홍","given":["길동"]}],"resourceType":"Patient"}'
)


def condition(code, text, *, day="2020-01-01", verification="confirmed", status="active", who="a"):
    return json.dumps(
        {
            "resourceType": "Condition",
            "clinicalStatus": {"coding": [{"code": status}]},
            "verificationStatus": {"coding": [{"code": verification}]},
            "code": {"coding": [{"system": "http://snomed.info/sct", "code": code}], "text": text},
            "subject": {"reference": f"Patient/{who}"},
            "onsetDateTime": day,
        }
    )


def result(text, day, value, who="a"):
    return json.dumps(
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": text},
            "subject": {"reference": f"Patient/{who}"},
            "effectiveDateTime": day,
            "valueQuantity": {"value": value, "unit": "mg/dL"},
            "referenceRange": [{"low": {"value": 70}, "high": {"value": 99}}],
        }
    )


def summary_of(*held, **options):
    with Resources.of(held) as resources:
        return Summary.of(resources, **{"language": "en", **options})


def document_of(summary):
    stream = io.BytesIO()
    write_ips(summary, stream, now=NOW)
    assert not [one for one in fhirkit.validate(stream.getvalue()) if one.severity == "error"]
    return json.loads(stream.getvalue())


def sections_of(document):
    return {
        one["code"]["coding"][0]["code"]: one for one in document["entry"][0]["resource"]["section"]
    }


def lines(summary, name):
    (section,) = (one for one in summary.sections if one.name == name)
    return [(line.what, line.said, line.day) for line in section.lines]


@pytest.fixture
def simple():
    return summary_of(
        fhir_record(DataClass.ENCOUNTERS, PATIENT),
        fhir_record(DataClass.PROBLEMS, condition("44054006", "Diabetes <b>2</b>")),
        fhir_record(
            DataClass.LABS,
            result("Glucose", "2024-01-01", 110),
            result("Glucose", "2024-03-01", 95),
        ),
    )


def test_it_is_a_document(simple):
    document = document_of(simple)
    assert document["type"] == "document"
    assert document["timestamp"] == "2024-06-01T12:00:00+00:00"
    types = [entry["resource"]["resourceType"] for entry in document["entry"]]
    assert types == ["Composition", "Patient", "Condition", "Observation"]
    composition = document["entry"][0]["resource"]
    assert composition["type"]["coding"][0]["code"] == "60591-5"


@needs_shared
def test_its_sections_have_the_codes_of_a_published_one(simple):
    published = json.loads((SHARED / "clinical/ips_ips-nz-pj.json").read_text("utf-8"))
    known = {code: one["code"]["coding"][0] for code, one in sections_of(published).items()}
    ours = {
        code: one["code"]["coding"][0] for code, one in sections_of(document_of(simple)).items()
    }
    assert len(ours) == 6
    assert ours == {code: known[code] for code in ours}


def test_an_empty_section_is_unavailable(simple):
    section = sections_of(document_of(simple))["48765-2"]
    assert section["emptyReason"]["coding"][0]["code"] == "unavailable"
    assert "entry" not in section
    assert "does not say that there is none" in section["text"]["div"]


def test_its_references_lead_somewhere(simple):
    document = document_of(simple)
    urls = [entry["fullUrl"] for entry in document["entry"]]
    assert len(set(urls)) == len(urls)
    referred = [
        entry["reference"]
        for section in document["entry"][0]["resource"]["section"]
        for entry in section.get("entry", [])
    ]
    assert len(referred) == 2
    assert set(referred) < set(urls)
    subjects = {entry["resource"]["subject"]["reference"] for entry in document["entry"][2:]}
    assert subjects == {urls[1]}


def test_the_newest_result_stands_there(simple):
    assert lines(simple, "results") == [("Glucose", "95 mg/dL [70–99]", "2024-03-01")]


def test_what_holds_comes_first_and_errors_do_not_come():
    summary = summary_of(
        fhir_record(
            DataClass.PROBLEMS,
            condition("1", "Old", status="resolved", day="2023-01-01"),
            condition("2", "Now", day="2001-01-01"),
            condition("3", "Wrong", verification="entered-in-error"),
            condition("4", "Refuted", verification="refuted"),
        )
    )
    assert [what for what, _, _ in lines(summary, "problems")] == ["Now", "Old"]


def test_a_sensitive_class_is_named_or_left_out():
    held = [
        fhir_record(DataClass.PROBLEMS, condition("1", "Asthma")),
        fhir_record(DataClass.MENTAL_HEALTH, condition("35489007", "Depression")),
    ]
    assert [one[0] for one in lines(summary_of(*held), "problems")] == ["Asthma"]
    named = summary_of(*held, sensitive=DataClass.MENTAL_HEALTH)
    assert {one[0] for one in lines(named, "problems")} == {"Asthma", "Depression"}


def test_two_people_are_asked_about():
    held = [
        fhir_record(DataClass.PROBLEMS, condition("1", "Asthma")),
        fhir_record(DataClass.PROBLEMS, condition("2", "Gout", who="b")),
    ]
    with pytest.raises(SeveralPeopleError) as raised:
        summary_of(*held)
    assert raised.value.code == "E_EXPORT_PEOPLE"
    assert [one[0] for one in lines(summary_of(*held, subject="b"), "problems")] == ["Gout"]


def test_markup_is_escaped(simple):
    text = sections_of(document_of(simple))["11450-4"]["text"]["div"]
    assert "Diabetes &lt;b&gt;2&lt;/b&gt;" in text


def test_a_medicine_comes_along():
    medicine = '{"code":{"text":"Metformin"},"id":"m1","resourceType":"Medication"}'
    statement = json.dumps(
        {
            "resourceType": "MedicationStatement",
            "status": "active",
            "medicationReference": {"reference": "Medication/m1"},
            "subject": {"reference": "Patient/a"},
        }
    )
    summary = summary_of(
        fhir_record(DataClass.MEDICATIONS, medicine), fhir_record(DataClass.MEDICATIONS, statement)
    )
    assert lines(summary, "medications") == [("Metformin", "", "")]
    document = document_of(summary)
    by_url = {entry["fullUrl"]: entry["resource"] for entry in document["entry"]}
    (taken,) = (one for one in by_url.values() if one["resourceType"] == "MedicationStatement")
    assert by_url[taken["medicationReference"]["reference"]]["code"]["text"] == "Metformin"


@needs_shared
def test_a_whole_life_is_valid():
    (path,) = SHARED.glob("clinical/Vicenta*.json")
    summary = summary_of(*held_of(path), language="ko")
    assert sections_of(document_of(summary))["11450-4"]["title"] == "문제 목록"
