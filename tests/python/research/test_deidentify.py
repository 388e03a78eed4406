"""
extract
├── nothing that identifies is left: names, numbers, addresses, text, references, ids
├── codes, values with their digits, and intervals between dates are kept
├── dates are moved by the order's own shift, or become years
├── only the classes that were asked for are in it, and never the unclassified
├── the same order makes the same bytes; another order doesn't
└── it says what was removed, without values
"""

from __future__ import annotations

import json
from datetime import date

import pytest

from aceso import formats, samples
from aceso.codes import DataClass
from aceso.errors import UsageError
from aceso.research import METHOD, VERSION, extract

KEY = b"order key of thirty-two bytes ..."


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    made = []
    for sample in samples.generate(tmp_path_factory.mktemp("samples"), seed=3):
        with formats.import_file(sample.path) as imported:
            made += list(imported.records())
    return made


def everything():
    return DataClass((1 << 25) - 1)


def entries(made):
    return [entry["resource"] for entry in json.loads(made.data)["entry"]]


def test_nothing_that_identifies_is_left(records):
    text = extract(records, classes=everything(), order_key=KEY).data.decode()

    for forbidden in (
        "가상",
        "모의",
        "예제",
        "SAMPLE-",
        "010-0000",
        "서울",
        "Patient/",
        "Organization/",
        "visit-",
        "hangang",
        "display",
        "reference",
        "narrative",
        "data",
        "시계",
    ):
        assert forbidden not in text, forbidden
    for resource in json.loads(text)["entry"]:
        assert not {
            "id",
            "meta",
            "identifier",
            "name",
            "text",
            "subject",
            "note",
            "extension",
        } & set(resource["resource"])


def test_codes_and_values_are_kept(records):
    made = extract(records, classes=DataClass.LABS, order_key=KEY)
    found = [one for one in entries(made) if one["code"]["coding"][0]["code"] == "4548-4"]

    assert len(found) == 16
    assert all(one["valueQuantity"]["unit"] == "%" for one in found)
    original = {
        json.loads(record.fields[key])["value"]
        for record in records
        for key in record.fields
        if key.endswith("/valueQuantity") and json.loads(record.fields[key]).get("unit") == "%"
    }
    assert {one["valueQuantity"]["value"] for one in found} == original


def test_intervals_are_kept_and_dates_are_not(records):
    def days(key):
        made = extract(records, classes=DataClass.LABS, order_key=key)
        return sorted({date.fromisoformat(one["effectiveDateTime"]) for one in entries(made)})

    true = sorted({record.day for record in records if record.data_class is DataClass.LABS})
    one, other = days(KEY), days(bytes(32))

    assert [later - one[0] for later in one] == [later - true[0] for later in true]
    assert 1 <= (true[0] - one[0]).days <= 364
    assert one != other


def test_dates_can_be_years(records):
    made = extract(records, classes=DataClass.LABS, order_key=KEY, dates="year")

    assert {one["effectiveDateTime"] for one in entries(made)} <= {"2022", "2023", "2024", "2025"}
    assert made.method.endswith("dates: year")


def test_only_what_was_asked_for_is_in_it(records):
    text = extract(
        records, classes=DataClass.LABS | DataClass.ACTIVITY, order_key=KEY
    ).data.decode()

    assert "75622-1" not in text and "44261-6" not in text
    assert "55423-8" in text and "8867-4" not in text


def test_a_sensitive_resource_in_a_bundle_of_labs_is_left_out():
    hidden = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "75622-1"}]},
        "valueString": "x",
    }

    assert extract([hidden], classes=DataClass.LABS, order_key=KEY).resources == 0
    assert extract([hidden], classes=DataClass.HIV, order_key=KEY).resources == 1


def test_unknown_elements_and_local_codes_are_dropped():
    resource = {
        "resourceType": "Condition",
        "code": {
            "coding": [
                {"system": "http://hl7.org/fhir/sid/icd-10", "code": "E11", "display": "박아픔"},
                {"system": "https://hospital.example/codes", "code": "E11-PARK"},
            ],
            "text": "박아픔",
        },
        "박아픔": 1,
        "note": [{"text": "call 010-1234-5678"}],
    }
    made = extract([resource], classes=DataClass.PROBLEMS, order_key=KEY)

    assert entries(made) == [
        {
            "resourceType": "Condition",
            "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "E11"}]},
        }
    ]
    assert "박아픔" not in "".join(made.removed_paths)
    assert {"Condition.note", "Condition.code.text", "Condition.…"} <= set(made.removed_paths)


@pytest.mark.parametrize(("born", "shown"), [("1980-02-03", "1980"), ("1920-02-03", "1900")])
def test_a_birth_date_becomes_a_year(born, shown):
    person = {"resourceType": "Patient", "birthDate": born, "gender": "female"}
    visit = {"resourceType": "Encounter", "status": "finished", "period": {"start": "2024-01-01"}}
    made = extract([person, visit], classes=DataClass.ENCOUNTERS, order_key=KEY)

    assert {"resourceType": "Patient", "gender": "female", "birthDate": shown} in entries(made)


def test_one_order_has_one_extract(records):
    made = [
        extract(order, classes=DataClass.LABS, order_key=KEY) for order in (records, records[::-1])
    ]

    assert made[0] == made[1]
    assert (made[0].version, made[0].method) == (VERSION, f"{METHOD}; dates: shift")
    assert made[0].data != extract(records, classes=DataClass.LABS, order_key=bytes(32)).data


@pytest.mark.parametrize("resource", [b"{", b'{"a": NaN}', {"a": float("nan")}, {"a": object()}])
def test_what_is_no_json_is_refused_in_a_sentence(resource):
    with pytest.raises(formats.FormatError) as caught:
        extract([resource], classes=DataClass.LABS, order_key=KEY)

    assert caught.value.code == "E_EXTRACT_RESOURCE"


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": {}},
        {"resourceType": "Observation", "code": {"coding": True}, "category": 5},
        {"resourceType": "Bundle", "entry": 5},
        {"resourceType": "Patient", "birthDate": {"x": 1}},
    ],
)
def test_what_is_no_r4_does_no_harm(resource):
    assert not extract([resource], classes=everything(), order_key=KEY).data.count(b"coding")


def test_a_short_key_is_refused(records):
    with pytest.raises(UsageError):
        extract(records, classes=DataClass.LABS, order_key=b"short")
