"""
classes
├── an HIV test is HIV, not labs, by code, by word and in Korean
├── sensitive codes of each list, by LOINC, SNOMED CT, ICD-10 and KCD
├── words in notes and narrative raise the class; hearing aids don't
├── a document that can't be read, and what no list knows, is UNCLASSIFIED
├── ordinary resources have their ordinary classes
├── HealthKit types have theirs
└── a file of several classes is sealed as UNCLASSIFIED
"""

from __future__ import annotations

import base64
import unicodedata

import pytest

from aceso.codes import SENSITIVE, DataClass
from aceso.formats._classify import classify, load, most_sensitive

from .conftest import observation

KCD = "http://www.hl7korea.or.kr/CodeSystem/kostat-kcd-8"
ICD = "http://hl7.org/fhir/sid/icd-10"


def condition(system, code, text=""):
    return {
        "resourceType": "Condition",
        "subject": {"reference": "Patient/1"},
        "code": {"coding": [{"system": system, "code": code}], "text": text},
    }


@pytest.mark.parametrize(
    "resource",
    [
        observation("75622-1"),
        observation("20447-9"),
        observation("0000-0", note=[{"text": "HIV Ab negative"}]),
        observation("0000-0", code={"text": "인체면역결핍바이러스 항체"}),
        observation("0000-0", code={"text": unicodedata.normalize("NFD", "에이즈 검사")}),
        observation("0000-0", text={"status": "generated", "div": "<div>AIDS defining</div>"}),
        condition("http://snomed.info/sct", "86406008"),
        condition(ICD, "B20"),
        condition(KCD, "B24"),
        condition(ICD, "Z21"),
    ],
)
def test_hiv_is_not_labs(resource):
    assert classify(resource).data_class is DataClass.HIV


@pytest.mark.parametrize(
    ("resource", "name"),
    [
        (condition(ICD, "F32.1"), "MENTAL_HEALTH"),
        (condition(KCD, "F20"), "MENTAL_HEALTH"),
        (condition("", "x", "공황장애"), "MENTAL_HEALTH"),
        (observation("44261-6"), "MENTAL_HEALTH"),
        (condition(ICD, "F10.2"), "SUBSTANCE_USE"),
        (observation("75626-2"), "SUBSTANCE_USE"),
        (condition("http://snomed.info/sct", "72892002"), "SEXUAL_REPRODUCTIVE"),
        (condition(ICD, "A54.9"), "SEXUAL_REPRODUCTIVE"),
        (condition(ICD, "O80"), "SEXUAL_REPRODUCTIVE"),
        (condition(KCD, "T74.1"), "VIOLENCE"),
        (condition(ICD, "Y05"), "VIOLENCE"),
        (condition("", "x", "가정폭력"), "VIOLENCE"),
        (condition(ICD, "E11.9"), "PROBLEMS"),
        (condition(ICD, "J45"), "PROBLEMS"),
        (condition("", "x", "hearing aids fitted"), "PROBLEMS"),
        (observation("4548-4"), "LABS"),
        (observation("8867-4"), "VITALS"),
        (observation("51961-1"), "PHARMACOGENES"),
        ({"resourceType": "MolecularSequence"}, "GENOME_PANEL"),
        ({"resourceType": "Patient"}, "ENCOUNTERS"),
        (
            {"resourceType": "Claim", "diagnosis": [{"code": {"text": "임신"}}]},
            "SEXUAL_REPRODUCTIVE",
        ),
        ({"resourceType": "QuestionnaireResponse"}, "UNCLASSIFIED"),
        ({"resourceType": "FamilyMemberHistory"}, "UNCLASSIFIED"),
    ],
)
def test_a_resource_has_its_class(resource, name):
    assert classify(resource).data_class.name == name


@pytest.mark.parametrize(
    ("kind", "content", "name"),
    [
        ("text/plain", "혈당을 점검함", "NOTES"),
        ("text/plain", "prescribed dolutegravir", "HIV"),
        ("application/pdf", "%PDF-1.7", "UNCLASSIFIED"),
        ("image/jpeg", "", "NOTES"),
    ],
)
def test_a_document_is_read_or_guarded(kind, content, name):
    attachment = {"contentType": kind, "data": base64.b64encode(content.encode()).decode()}
    document = {"resourceType": "DocumentReference", "content": [{"attachment": attachment}]}

    assert classify(document).data_class.name == name


def test_why_names_lists_and_no_value():
    judged = classify(condition("", "x", "HIV and depression of 박아픔"))

    assert judged.data_class is DataClass.HIV
    assert judged.why == "a word of the HIV list is in it, and of MENTAL_HEALTH"


def test_a_file_of_several_classes_is_guarded():
    assert most_sensitive(DataClass.LABS)[0] is DataClass.LABS
    assert most_sensitive(DataClass.LABS | DataClass.HIV)[0] is DataClass.UNCLASSIFIED
    assert most_sensitive(DataClass(0))[0] is DataClass.UNCLASSIFIED


def test_every_sensitive_class_has_a_list():
    named = DataClass.UNCLASSIFIED
    for row in load("sensitive.toml")["class"]:
        named |= DataClass[row["code"]]
        assert row["icd"] and row["loinc"] and row["snomed"] and row["words"]
    assert named == SENSITIVE


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("HKQuantityTypeIdentifierHeartRate", "BIOSIGNAL"),
        ("HKQuantityTypeIdentifierStepCount", "ACTIVITY"),
        ("HKQuantityTypeIdentifierDietaryEnergyConsumed", "DIET"),
        ("HKCategoryTypeIdentifierSleepAnalysis", "SLEEP"),
        ("HKCategoryTypeIdentifierSexualActivity", "SEXUAL_REPRODUCTIVE"),
        ("HKCategoryTypeIdentifierMindfulSession", "MENTAL_HEALTH"),
        ("HKQuantityTypeIdentifierNumberOfAlcoholicBeverages", "SUBSTANCE_USE"),
        ("HKQuantityTypeIdentifierNeverHeardOf", "UNCLASSIFIED"),
    ],
)
def test_healthkit_types_have_their_class(kind, name, write, importing):
    when = "2024-06-01 08:00:00 +0900"
    record = f'<Record type="{kind}" startDate="{when}" endDate="{when}" value="1.50"/>'
    read = importing(write(f"<HealthData>{record}</HealthData>"))

    assert read.classes == {name}
    assert b'"value":1.50' in read.records[0].canonical
