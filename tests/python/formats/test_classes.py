"""
classes
├── an HIV test is HIV, not labs, by code, by word and in Korean
│   └── however its code system is spelt; codes of the lists have their check digits
├── sensitive codes of each list, by LOINC, SNOMED CT, ICD-10 and KCD
├── a medicine by its ATC code, however ATC is spelt; what only cures hepatitis B is no HIV
├── words in notes and narrative raise the class; hearing aids don't
│   ├── denied too, with Korean particles behind them, in full width or in markup
│   ├── in a line of any length; no English word goes over the end of one
│   └── words that merely look alike don't
├── a document that can't be read, and what no list knows, is UNCLASSIFIED
├── ordinary resources have their ordinary classes
├── HealthKit types have theirs
└── a file of several classes is sealed as UNCLASSIFIED
"""

from __future__ import annotations

import base64
import re
import unicodedata
from importlib import resources

import pytest

from aceso.codes import SENSITIVE, DataClass
from aceso.formats._classify import classify, load, most_sensitive
from aceso.formats.check_digits import is_loinc, is_snomed_concept

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


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("HIV negative", "HIV"),
        ("HIV양성", "HIV"),
        ("HIV는 음성", "HIV"),
        ("ＨＩＶ 검사", "HIV"),
        ("H\u200bIV", "HIV"),
        ("<b>HI</b>V", "HIV"),
        ("&#72;IV", "HIV"),
        ("AIDS로 진단", "HIV"),
        ("면역결핍", "HIV"),
        ("에이즈 아님", "HIV"),
        ("no alcohol use", "SUBSTANCE_USE"),
        ("음주 안 함", "SUBSTANCE_USE"),
        ("음주력 없음", "SUBSTANCE_USE"),
        ("술을 끊음", "SUBSTANCE_USE"),
        ("denies suicidal ideation", "MENTAL_HEALTH"),
        ("우울증 없음", "MENTAL_HEALTH"),
        ("PTSD가 의심됨", "MENTAL_HEALTH"),
        ("조증 삽화", "MENTAL_HEALTH"),
        ("피해 망상", "MENTAL_HEALTH"),
        ("not pregnant", "SEXUAL_REPRODUCTIVE"),
        ("임신 아님", "SEXUAL_REPRODUCTIVE"),
        ("습관성 유산", "SEXUAL_REPRODUCTIVE"),
        ("no history of domestic violence", "VIOLENCE"),
        ("가정 폭력은 없었다고 함", "VIOLENCE"),
        ("&#54617;&#45824; 의심", "VIOLENCE"),
    ],
)
def test_a_topic_raises_the_class_even_when_denied(text, name):
    assert classify(observation("0000-0", note=[{"text": text}])).data_class.name == name
    narrative = {"status": "generated", "div": f"<div>{text}</div>"}
    assert classify(observation("0000-0", text=narrative)).data_class.name == name
    long = f"{'- ' * 200}{text}{' -' * 200}"
    assert classify(observation("0000-0", note=[{"text": long}])).data_class.name == name


def test_no_english_word_goes_over_the_end_of_a_line():
    """Lines are judged one by one, and what was found in one is remembered."""
    words = [word for row in load("sensitive.toml")["class"] for word in row["words"]]
    over = re.compile(r"\\[sSWD]|\[\^|\n")
    assert [word for word in words if word.isascii() and over.search(word)] == []


@pytest.mark.parametrize(
    "text",
    [
        "다음주 내원",
        "수술을 마치고 퇴원",
        "안구 건조증",
        "망상적혈구 수",
        "유산균 복용",
        "유산소 운동",
        "책임부서에 문의",
        "계산후 귀가",
        "강북구 수유동",
        "김해리",
        "금주 내원",
        "referred to a specialist",
        "hearing aids",
        "the audit of the clinic",
    ],
)
def test_words_that_look_alike_do_not(text):
    assert classify(observation("4548-4", note=[{"text": text}])).data_class.name == "LABS"


@pytest.mark.parametrize(
    "system",
    [
        "urn:oid:1.2.410.100110.400.10",
        "http://www.hl7korea.or.kr/CodeSystem/kostat-kcd-8",
        "urn:oid:2.16.840.1.113883.6.3",
        "한국표준질병사인분류",
    ],
)
def test_kcd_is_told_however_it_is_named(system):
    assert classify(condition(system, "F32.10")).data_class.name == "MENTAL_HEALTH"
    assert classify(condition(system, "I10.9")).data_class.name == "PROBLEMS"


def test_an_edi_code_is_no_diagnosis():
    system = "http://www.hl7korea.or.kr/CodeSystem/hira-edi-procedure"
    procedure = {
        "resourceType": "Procedure",
        "code": {"coding": [{"system": system, "code": "F6001"}]},
    }

    assert classify(procedure).data_class.name == "PROCEDURES"


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


@pytest.mark.parametrize(
    "system",
    [
        "http://loinc.org",
        "http://LOINC.org",
        "urn:oid:2.16.840.1.113883.6.1",
        "2.16.840.1.113883.6.1",
    ],
)
@pytest.mark.parametrize("code", ["75622-1", "5220-9", "57975-5", "7919-4", "80387-4", "49580-4"])
def test_an_hiv_code_is_hiv_however_its_system_is_spelt(system, code):
    resource = observation(code={"coding": [{"system": system, "code": code}]})

    assert classify(resource).data_class is DataClass.HIV


def test_another_system_is_not_taken_for_one_of_them():
    coding = {"system": "urn:oid:2.16.840.1.113883.6.103", "code": "75622-1"}
    resource = observation(code={"coding": [coding]})

    assert classify(resource).data_class is not DataClass.HIV


def test_every_loinc_code_of_the_lists_has_its_check_digit():
    folder = resources.files("aceso.formats").joinpath("codelists")
    texts = [one.read_text("utf-8") for one in folder.iterdir() if one.name.endswith(".toml")]
    codes = [code for text in texts for code in re.findall(r'"([0-9]{1,7}-[0-9])"', text)]

    assert len(codes) > 400
    assert [code for code in codes if not is_loinc(code)] == []


def test_every_snomed_concept_of_the_lists_has_its_check_digit():
    codes = [code for each in load("sensitive.toml")["class"] for code in each["snomed"]]

    assert len(codes) > 200
    assert [code for code in codes if not is_snomed_concept(code)] == []


@pytest.mark.parametrize(
    ("code", "right"),
    [
        # As the technical guide of SNOMED CT and the Users' Guide of LOINC have them.
        ("74400008", True),
        ("900000000000207008", True),
        ("74400018", False),
        ("74400009", False),
        ("4548-4", True),
        ("4548-5", False),
        ("850312-1", False),
    ],
)
def test_a_check_digit_tells_a_mistyped_code(code, right):
    assert (is_loinc(code) or is_snomed_concept(code)) is right


def medication(system, code):
    coding = {"code": code} | ({"system": system} if system else {})
    return {"resourceType": "MedicationRequest", "medicationCodeableConcept": {"coding": [coding]}}


@pytest.mark.parametrize(
    "system",
    [
        "http://www.whocc.no/atc",
        "https://WWW.WHOCC.NO/atcddd",
        "urn:oid:2.16.840.1.113883.6.73",
        "2.16.840.1.113883.6.73",
        "ATC코드",
        "",
    ],
)
@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("J05AR20", "HIV"),
        ("J05AE10", "HIV"),
        ("J05AF07", "HIV"),
        ("J05AF", "HIV"),
        ("J05AG03", "HIV"),
        ("J05AJ03", "HIV"),
        ("n06ab04", "MENTAL_HEALTH"),
        ("N05BA12", "MENTAL_HEALTH"),
        ("N07BC02", "SUBSTANCE_USE"),
        ("N07BB01", "SUBSTANCE_USE"),
        ("G03AA07", "SEXUAL_REPRODUCTIVE"),
        ("J05AF10", "MEDICATIONS"),
        ("N07BA01", "MEDICATIONS"),
        ("C10AA05", "MEDICATIONS"),
    ],
)
def test_a_medicine_is_as_sensitive_as_its_atc_code(system, code, name):
    assert classify(medication(system, code)).data_class.name == name


def test_an_atc_code_is_none_of_icd():
    # N06 of ICD-10 is of the kidney; F32 of ATC does not exist, and "match" is not ATC.
    assert classify(condition(ICD, "N06")).data_class is DataClass.PROBLEMS
    assert classify(condition("http://x.example/match/icd-10", "F32")).data_class is (
        DataClass.MENTAL_HEALTH
    )
