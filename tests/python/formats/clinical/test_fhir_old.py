"""
DSTU2 and STU3
├── a published DSTU2 file: 48 of 51 resources are turned into R4, three are kept with the reason
├── each kind of resource becomes what HL7's maps between versions say
├── a time without a zone is a day with the clock beside it; none is invented
├── what R4 has no room for keeps the resource whole
├── what only STU3 has tells it, also where a profile says nothing of the version
└── R5, and parts of any shape, end in a reason and never in an exception
"""

from __future__ import annotations

import json

import fhirkit
import pytest

from aceso.formats import Kind
from aceso.formats.clinical.fhir_old import NotSafe, convert
from aceso.formats.clinical.fhir_version import as_r4
from tests.python.shared_data import SHARED, needs_shared

from ..conftest import bundle, import_all

PATIENT = {"reference": "Patient/1"}
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
ALLERGY = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"


def concept(system, code):
    return {"coding": [{"system": system, "code": code}]}


@needs_shared
def test_a_published_dstu2_file_is_converted():
    path = SHARED / "clinical" / "dstu2_diabetes.json"
    outcomes = [one for one in import_all(path, "DDME").outcomes if "/resource" in one.place]

    kept = [one for one in outcomes if one.kind is Kind.KEPT]
    assert len(outcomes) == 51
    assert [one.resource_type for one in kept] == [
        "AllergyIntolerance",
        "MedicationStatement",
        "MedicationStatement",
    ]
    assert all("DSTU2" in one.reason and "without loss" in one.reason for one in kept)
    imported = [one for one in outcomes if one.kind is Kind.IMPORTED]
    assert len(imported) == 18
    assert all(one.reason.endswith("converted from DSTU2") for one in imported)


CASES = [
    (
        "DSTU2",
        {
            "resourceType": "Patient",
            "name": [{"family": ["가상"], "given": ["환자"]}],
            "careProvider": [{"reference": "Practitioner/1"}],
        },
        {
            "resourceType": "Patient",
            "name": [{"family": "가상", "given": ["환자"]}],
            "generalPractitioner": [{"reference": "Practitioner/1"}],
        },
    ),
    (
        "DSTU2",
        {
            "resourceType": "Condition",
            "patient": PATIENT,
            "dateRecorded": "2015-02",
            "code": {"text": "x"},
            "category": {"text": "y"},
            "clinicalStatus": "resolved",
            "verificationStatus": "confirmed",
            "notes": "z",
        },
        {
            "resourceType": "Condition",
            "subject": PATIENT,
            "recordedDate": "2015-02",
            "code": {"text": "x"},
            "category": [{"text": "y"}],
            "clinicalStatus": concept(CLINICAL, "resolved"),
            "verificationStatus": concept(VERIFICATION, "confirmed"),
            "note": [{"text": "z"}],
        },
    ),
    (
        "DSTU2",
        {
            "resourceType": "AllergyIntolerance",
            "patient": PATIENT,
            "substance": {"text": "땅콩"},
            "status": "active",
            "criticality": "CRITH",
            "category": "food",
            "lastOccurence": "2015",
        },
        {
            "resourceType": "AllergyIntolerance",
            "patient": PATIENT,
            "code": {"text": "땅콩"},
            "clinicalStatus": concept(ALLERGY, "active"),
            "criticality": "high",
            "category": ["food"],
            "lastOccurrence": "2015",
        },
    ),
    (
        "DSTU2",
        {
            "resourceType": "MedicationOrder",
            "patient": PATIENT,
            "dateWritten": "2015-02-01",
            "status": "active",
            "medicationCodeableConcept": {"text": "x"},
            "prescriber": {"reference": "Practitioner/1"},
            "priorPrescription": {"reference": "MedicationOrder/7"},
            "dosageInstruction": [
                {
                    "text": "y",
                    "doseQuantity": {"value": "5"},
                    "siteCodeableConcept": {"text": "arm"},
                    "timing": {"repeat": {"periodUnits": "d"}},
                }
            ],
        },
        {
            "resourceType": "MedicationRequest",
            "intent": "order",
            "subject": PATIENT,
            "authoredOn": "2015-02-01",
            "status": "active",
            "medicationCodeableConcept": {"text": "x"},
            "requester": {"reference": "Practitioner/1"},
            "priorPrescription": {"reference": "MedicationRequest/7"},
            "dosageInstruction": [
                {
                    "text": "y",
                    "doseAndRate": [{"doseQuantity": {"value": "5"}}],
                    "site": {"text": "arm"},
                    "timing": {"repeat": {"periodUnit": "d"}},
                }
            ],
        },
    ),
    (
        "DSTU2",
        {
            "resourceType": "Immunization",
            "status": "completed",
            "date": "2015-02-01",
            "vaccineCode": {"text": "x"},
            "patient": PATIENT,
            "wasNotGiven": False,
            "reported": True,
        },
        {
            "resourceType": "Immunization",
            "status": "completed",
            "occurrenceDateTime": "2015-02-01",
            "vaccineCode": {"text": "x"},
            "patient": PATIENT,
            "primarySource": False,
        },
    ),
    (
        "DSTU2",
        {
            "resourceType": "Encounter",
            "status": "finished",
            "class": "inpatient",
            "patient": PATIENT,
            "reason": [{"text": "x"}],
        },
        {
            "resourceType": "Encounter",
            "status": "finished",
            "class": {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "IMP"},
            "subject": PATIENT,
            "reasonCode": [{"text": "x"}],
        },
    ),
    (
        "DSTU2",
        {
            "resourceType": "DiagnosticReport",
            "status": "final",
            "category": {"text": "x"},
            "code": {"text": "y"},
            "subject": PATIENT,
            "performer": {"display": "z"},
            "codedDiagnosis": [{"text": "d"}],
        },
        {
            "resourceType": "DiagnosticReport",
            "status": "final",
            "category": [{"text": "x"}],
            "code": {"text": "y"},
            "subject": PATIENT,
            "performer": [{"display": "z"}],
            "conclusionCode": [{"text": "d"}],
        },
    ),
    (
        "DSTU2",
        {
            "resourceType": "Procedure",
            "subject": PATIENT,
            "status": "aborted",
            "notPerformed": False,
            "performer": [{"actor": {"display": "a"}, "role": {"text": "r"}}],
            "request": {"reference": "ProcedureRequest/1"},
        },
        {
            "resourceType": "Procedure",
            "subject": PATIENT,
            "status": "stopped",
            "performer": [{"actor": {"display": "a"}, "function": {"text": "r"}}],
            "basedOn": [{"reference": "ProcedureRequest/1"}],
        },
    ),
    (
        "STU3",
        {
            "resourceType": "MedicationStatement",
            "subject": PATIENT,
            "status": "active",
            "taken": "n",
            "medicationCodeableConcept": {"text": "x"},
        },
        {
            "resourceType": "MedicationStatement",
            "subject": PATIENT,
            "status": "not-taken",
            "medicationCodeableConcept": {"text": "x"},
        },
    ),
    (
        "STU3",
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "x"},
            "comment": "y",
            "context": {"reference": "Encounter/1"},
            "interpretation": {"text": "H"},
            "related": [{"type": "has-member", "target": {"reference": "Observation/2"}}],
        },
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "x"},
            "note": [{"text": "y"}],
            "encounter": {"reference": "Encounter/1"},
            "interpretation": [{"text": "H"}],
            "hasMember": [{"reference": "Observation/2"}],
        },
    ),
    (
        "STU3",
        {
            "resourceType": "Immunization",
            "status": "completed",
            "notGiven": True,
            "date": "2018-02-01",
            "vaccineCode": {"text": "x"},
            "patient": PATIENT,
            "practitioner": [{"actor": {"display": "a"}, "role": {"text": "r"}}],
            "explanation": {"reasonNotGiven": [{"text": "w"}]},
        },
        {
            "resourceType": "Immunization",
            "status": "not-done",
            "occurrenceDateTime": "2018-02-01",
            "vaccineCode": {"text": "x"},
            "patient": PATIENT,
            "performer": [{"actor": {"display": "a"}, "function": {"text": "r"}}],
            "statusReason": {"text": "w"},
        },
    ),
]


@pytest.mark.parametrize(("version", "old", "new"), CASES)
def test_a_resource_becomes_what_the_maps_say(version, old, new):
    before = json.dumps(old)

    made = convert(version, old)

    assert made == new
    assert json.dumps(old) == before
    numbered = json.dumps(made).replace('"value": "5"', '"value": 5')
    assert not [one for one in fhirkit.validate(numbered.encode()) if one.severity == "error"]


def test_a_time_without_a_zone_is_a_day_and_a_clock():
    made = as_r4(
        "DSTU2",
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": "x"},
            "category": {"text": "y"},
            "effectivePeriod": {"start": "2016-01-04T14:00:00", "end": "2016-01-04T15:00:00Z"},
        },
    )

    assert made["effectivePeriod"] == {
        "start": "2016-01-04",
        "_start": {"extension": [{"url": "urn:aceso:local-time", "valueTime": "14:00:00"}]},
        "end": "2016-01-04T15:00:00Z",
    }


@pytest.mark.parametrize(
    ("version", "resource"),
    [
        ("DSTU2", {"resourceType": "AllergyIntolerance", "category": "other"}),
        ("DSTU2", {"resourceType": "Encounter", "class": "other"}),
        ("DSTU2", {"resourceType": "Condition", "abatementBoolean": True, "patient": PATIENT}),
        ("DSTU2", {"resourceType": "Condition", "verificationStatus": "unknown"}),
        ("DSTU2", {"resourceType": "Observation", "reliability": "ok", "status": "final"}),
        ("DSTU2", {"resourceType": "Order"}),
        ("STU3", {"resourceType": "Condition", "context": {"reference": "EpisodeOfCare/1"}}),
        ("STU3", {"resourceType": "Patient", "animal": {"species": {"text": "dog"}}}),
        ("R5", {"resourceType": "Encounter", "class": [{"text": "x"}]}),
    ],
)
def test_what_r4_has_no_room_for_is_not_converted(version, resource):
    with pytest.raises(NotSafe):
        as_r4(version, resource)


@pytest.mark.parametrize("junk", [None, True, "x", [], [None], {"x": []}, [[{}]]])
@pytest.mark.parametrize(("version", "old", "new"), CASES)
def test_parts_of_any_shape_never_raise(version, old, new, junk):
    for key in [*old, "contained", "explanation", "performer", "stage", "taken", "related"]:
        if key != "resourceType":
            try:
                as_r4(version, old | {key: junk})
            except NotSafe as exc:
                assert str(exc)


def test_the_outcome_says_what_was_done(write, importing):
    order = {"resourceType": "MedicationOrder", "patient": PATIENT, "status": "active"}
    medicine = {"medicationCodeableConcept": {"text": "x"}}
    read = importing(write(bundle(order | medicine, order, {"resourceType": "Order"})))

    assert read.kinds == ["imported", "kept", "kept", "skipped"]
    assert read.outcomes[0].resource_type == "MedicationRequest"
    assert read.outcomes[0].reason.endswith("; converted from DSTU2")
    assert read.outcomes[0].code == "converted"


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("Observation", {"code": {"text": "x"}, "status": "final"}),
        ("Condition", {"code": {"text": "x"}, "clinicalStatus": "active"}),
        ("Procedure", {"code": {"text": "x"}, "status": "completed"}),
        ("DiagnosticReport", {"code": {"text": "x"}, "status": "final"}),
    ],
)
def test_an_encounter_by_its_name_in_stu3_tells_the_version(kind, more, importing, write):
    us_core = {"profile": [f"http://hl7.org/fhir/us/core/StructureDefinition/{kind}"]}
    context = {"context": {"reference": "Encounter/1"}, "subject": PATIENT}
    read = importing(write({"resourceType": kind, "id": "a", "meta": us_core} | more | context))

    (outcome,) = read.outcomes
    assert outcome.code == "converted"
    assert b'"encounter":{"reference":"Encounter/1"}' in read.records[0].canonical
