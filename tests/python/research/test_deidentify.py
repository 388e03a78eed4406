"""
extract
├── nothing that identifies is left: names, numbers, addresses, text, references, ids
├── codes, values with their digits, and intervals between dates are kept
├── dates are moved by the study's own shift, or become years
│   ├── alike in all orders of a study, unlike in another study or of another person
│   └── what tells an age over 89 goes: birth years, ages, and dates too far back
├── births become bands, an address its State or country or nothing, codes their parents
├── text goes, unless a stated recogniser keeps the whole of it
├── only the classes that were asked for are in it, and never the unclassified
├── the same order makes the same bytes; another study doesn't
└── it says what was removed, by which paragraph, without values
"""

from __future__ import annotations

import json
from datetime import date

import pytest

from aceso import formats, samples
from aceso.codes import DataClass
from aceso.errors import UsageError
from aceso.research import QUALITATIVE_RESULTS, RULES, Rules, rule_of, shift_key
from aceso.research import extract as make
from aceso.vault import EXTRACT_METHOD, EXTRACT_VERSION

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


def extract(records, *, classes, order_key=KEY, **more):
    return make(records, Rules(classes=classes, key=order_key, **more))


def text_of(made):
    return b"".join(made.files().values()).decode()


def entries(made):
    return [json.loads(line) for line in text_of(made).splitlines()]


def test_nothing_that_identifies_is_left(records):
    made = extract(records, classes=everything())
    text = text_of(made)

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
    for resource in entries(made):
        assert not {
            "id",
            "meta",
            "identifier",
            "name",
            "text",
            "subject",
            "note",
            "extension",
        } & set(resource)


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
    assert made.parameters["dates"] == "year"


def test_only_what_was_asked_for_is_in_it(records):
    text = text_of(extract(records, classes=DataClass.LABS | DataClass.ACTIVITY))

    assert "75622-1" not in text and "44261-6" not in text
    assert "55423-8" in text and "8867-4" not in text


def test_a_sensitive_resource_in_a_bundle_of_labs_is_left_out():
    hidden = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "75622-1"}]},
        "valueString": "x",
    }

    assert extract([hidden], classes=DataClass.LABS, order_key=KEY).count == 0
    assert extract([hidden], classes=DataClass.HIV, order_key=KEY).count == 1


def test_unknown_elements_and_local_codes_are_dropped():
    resource = {
        "resourceType": "Condition",
        "code": {
            "coding": [
                {"system": "http://hl7.org/fhir/sid/icd-10", "code": "E11", "display": "박아픔"},
                {"system": "https://hospital.example/codes", "code": "E11-PARK"},
                {"system": "http://hl7.org/fhir/sid/us-ssn", "code": "123-45-6789"},
                {"system": "http://loinc.org/KimNara", "code": "4548-4"},
                {"system": "http://snomed.info/sct/KimNara", "code": "44054006"},
                {"system": "http://loinc.org", "code": "KimNara"},
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
    assert "박아픔" not in "".join(made.removed)
    assert {"Condition.note", "Condition.code.text", "Condition.…"} <= set(made.removed)


@pytest.mark.parametrize(
    ("born", "band", "shown"),
    [
        ("1983-02-03", 1, "1983"),
        ("1983-02-03", 5, "1980"),
        ("1983-02-03", 20, "1980"),
        ("1936-02-03", 5, "1935"),
        ("1935-12-31", 1, "1900"),
        ("1920", 5, "1900"),
        ("1983-02-03", 0, None),
    ],
)
def test_a_birth_date_becomes_a_band_of_years(born, band, shown):
    person = {"resourceType": "Patient", "birthDate": born, "gender": "female"}
    visit = {"resourceType": "Encounter", "status": "finished", "period": {"start": "2024-01-01"}}
    made = extract([person, visit], classes=DataClass.ENCOUNTERS, birth_band=band)
    (found,) = (one for one in entries(made) if one["resourceType"] == "Patient")

    assert (found["gender"], found.get("birthDate")) == ("female", shown)
    assert made.removed["Patient.birthDate"] == "C"


def test_old_records_tell_of_nobody_that_they_are_over_89_by_now():
    person = {"resourceType": "Patient", "birthDate": "1936-02-03", "gender": "female"}
    visit = {"resourceType": "Encounter", "status": "finished", "period": {"start": "2004-01-01"}}
    infant = visit | {"period": {"start": "1936-02-03"}}
    made = extract([person, visit, infant], classes=DataClass.ENCOUNTERS, year=2026)
    (found,) = (one for one in entries(made) if one["resourceType"] == "Patient")

    assert found["birthDate"] == "1900"
    assert "193" not in json.dumps(entries(made))


def test_no_date_and_no_age_tells_that_somebody_is_over_89():
    def aged(value, unit):
        quantity = {"value": value, "unit": unit, "system": "http://unitsofmeasure.org"}
        code = [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "E11"}]
        return {"resourceType": "Condition", "code": {"coding": code}, "onsetAge": quantity}

    first = {
        "resourceType": "Immunization",
        "status": "completed",
        "vaccineCode": {"coding": [{"system": "http://hl7.org/fhir/sid/cvx", "code": "33"}]},
        "occurrenceDateTime": "1934-05-06",
    }
    newest = first | {"occurrenceDateTime": "2024-05-06"}
    asked = DataClass.PROBLEMS | DataClass.IMMUNIZATIONS
    ages = [aged(89, "a"), aged(90, "a"), aged(1092, "mo"), aged(40_000, "d"), aged(3, "aeon")]
    made = extract([first, newest, *ages], classes=asked)
    found = [one.get("onsetAge", {}) for one in entries(made) if one["resourceType"] == "Condition"]
    dates = [one.get("occurrenceDateTime") for one in entries(made) if "vaccineCode" in one]

    assert sorted((str(one.get("value")), one.get("comparator")) for one in found) == [
        ("89", None),
        ("90", ">="),
        ("90", ">="),
        ("90", ">="),
        ("None", None),
    ]
    assert dates.count(None) == 1 and all(one is None or one > "2022" for one in dates)


@pytest.mark.parametrize(
    ("region", "shown"),
    [
        ("none", None),
        ("country", [{"country": "KR"}, {"country": "US"}]),
        ("state", [{"country": "KR", "state": "KR-41"}, {"country": "US", "state": "US-MA"}]),
    ],
)
def test_of_an_address_at_most_the_state_stays(region, shown):
    person = {
        "resourceType": "Patient",
        "gender": "male",
        "address": [
            {"line": ["효원로 1"], "city": "수원시", "state": "경기도", "postalCode": "16444"},
            {"text": "1 Elm Street", "city": "Quincy", "state": "Massachusetts", "country": "US"},
            {"state": "1 Elm Street", "country": "somewhere of mine"},
        ],
    }
    made = extract([person], classes=DataClass.ENCOUNTERS, region=region)
    (found,) = entries(made)

    assert found.get("address") == shown
    assert made.removed["Patient.address"] == "B"


def test_codes_of_what_a_person_has_can_become_their_parents():
    def coded(system, code):
        return {"resourceType": "Condition", "code": {"coding": [{"system": system, "code": code}]}}

    icd, snomed = "http://hl7.org/fhir/sid/icd-10-cm", "http://snomed.info/sct"
    given = [coded(icd, "E11.65"), coded(icd, "E11"), coded(snomed, "44054006")]
    made = extract(given, classes=DataClass.PROBLEMS, parent_codes=True)

    codes = sorted(one["code"]["coding"][0]["code"] for one in entries(made))
    assert codes == ["44054006", "E11", "E11.6"]


def test_text_stays_only_where_a_recogniser_keeps_all_of_it():
    def said(text):
        return {
            "resourceType": "Observation",
            "status": "final",
            "category": [
                {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                            "code": "laboratory",
                        }
                    ]
                }
            ],
            "code": {"coding": [{"system": "http://loinc.org", "code": "5778-6"}]},
            "valueString": text,
        }

    texts = ["Negative", " 1:80 ", "음성", "negative, says Dr Kim", "2024-01-02", "Kim"]
    dropped = extract(map(said, texts), classes=DataClass.LABS)
    kept = extract(map(said, texts), classes=DataClass.LABS, recogniser=QUALITATIVE_RESULTS)

    assert not any("valueString" in one for one in entries(dropped))
    assert sorted(one["valueString"] for one in entries(kept) if "valueString" in one) == [
        " 1:80 ",
        "Negative",
        "음성",
    ]
    assert kept.parameters["recogniser"] == "qualitative-results/1"


def _observed(*codes, **more):
    systems = {"location": "urn:aceso:measure"}
    coding = [{"system": systems.get(one, "http://loinc.org"), "code": one} for one in codes]
    return {"resourceType": "Observation", "status": "final", "code": {"coding": coding}, **more}


def test_where_somebody_was_is_never_in_an_extract():
    origin = {"value": 0, "unit": "deg", "code": "deg", "system": "http://unitsofmeasure.org"}
    track = {"origin": origin, "period": 1000, "dimensions": 2, "data": "45.79 14.30"}
    given = [
        _observed("location", valueSampledData=track),
        _observed("8867-4", valueSampledData=track),
        _observed("21112-8", valueDateTime="1980-02-03"),
        _observed("85354-9", component=[_observed("45401-7", valueQuantity={"value": 16444})]),
    ]
    with_records = extract(given, classes=everything())

    assert entries(with_records) == [_observed("8867-4")]
    assert {"Observation.valueSampledData": "B", "Observation.value": "B"}.items() <= dict(
        with_records.removed
    ).items()


def test_a_study_has_one_shift_and_another_study_another():
    secret = bytes(range(32))
    keys = {
        shift_key(secret, "study:1"),
        shift_key(secret, "study:2"),
        shift_key(secret[::-1], "study:1"),
    }

    def moved(key, *days):
        visits = [{"resourceType": "Encounter", "period": {"start": day}} for day in days]
        made = extract(visits, classes=DataClass.ENCOUNTERS, order_key=key)
        return [date.fromisoformat(one["period"]["start"]) for one in entries(made)]

    shifts = set()
    for key in keys:
        (alone,) = moved(key, "2024-02-29T23:59:59+09:00")
        both = sorted(moved(key, "2024-02-29", "2023-02-28"))
        # Another order of the same study brings the same day, and the same interval.
        assert both == [alone - (date(2024, 2, 29) - date(2023, 2, 28)), alone]
        shifts.add(date(2024, 2, 29) - alone)
    assert len(shifts) == 3


def test_each_removed_path_is_named_with_its_paragraph():
    person = {
        "resourceType": "Patient",
        "id": "p-1",
        "identifier": [{"value": "800101-1234567"}],
        "name": [{"family": "박"}],
        "telecom": [{"value": "010-1234-5678"}],
        "photo": [{"url": "http://x"}],
        "gender": "male",
        "text": {"div": "<div>박</div>"},
        "nickname": "박",
    }
    removed = extract([person], classes=DataClass.ENCOUNTERS).removed

    assert removed == {
        "Patient.id": "R",
        "Patient.identifier": "G",
        "Patient.name": "A",
        "Patient.…": "-",
        "Patient.photo": "Q",
        "Patient.telecom": "D",
        "Patient.text": "A-R",
    }
    assert [rule.letter for rule in sorted(RULES, key=lambda one: one.letter)] == list(
        "ABCDEFGHIJKLMNOPQR"
    )
    assert rule_of("Device.serialNumber").letter == "M"


def test_one_order_has_one_extract(records):
    made = [
        extract(order, classes=DataClass.LABS, order_key=KEY) for order in (records, records[::-1])
    ]

    assert made[0].files() == made[1].files()
    parameters = made[0].parameters
    assert (parameters["method"], parameters["version"]) == (EXTRACT_METHOD, EXTRACT_VERSION)
    other = extract(records, classes=DataClass.LABS, order_key=bytes(32))
    assert made[0].files() != other.files()
    assert KEY.hex() not in json.dumps(dict(parameters)) and KEY not in repr(made[0]).encode()


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
    assert "coding" not in text_of(extract([resource], classes=everything(), order_key=KEY))


def test_a_short_key_is_refused(records):
    with pytest.raises(UsageError):
        extract(records, classes=DataClass.LABS, order_key=b"short")
