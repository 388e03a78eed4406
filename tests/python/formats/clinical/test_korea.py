"""
what Korean hospitals send
├── the published KR Core examples are read, person by person
├── a My HealthWay patient keeps its identifiers
├── a birthday marked as lunar becomes the day that the almanac says, the text kept beside it
│   └── unmarked, partial and impossible ones are not touched
└── partial dates stay partial
"""

from __future__ import annotations

from datetime import date

import pytest

from aceso.formats.canonical import parse
from aceso.formats.clinical.korea_dates import solar_date
from tests.python.shared_data import SHARED, needs_shared

from ..conftest import bundle, import_all, observation


@needs_shared
def test_the_kr_core_examples_are_read():
    path = SHARED / "clinical" / "krcore_draft_examples.bundle.json"
    first = import_all(path, "krcore-patient-example-01")
    second = import_all(path, "krcore-patient-example-02")

    assert "refused" not in first.kinds
    subjects = {record.subject for record in first.records}
    assert "krcore-patient-example-02" not in subjects
    assert "krcore-patient-example-01" in subjects
    assert not {one.subject for one in second.records} & {"krcore-patient-example-01"}
    assert "김영희".encode() in b"".join(record.canonical for record in second.records)


def test_identifiers_of_my_healthway_are_kept(write, importing):
    identifiers = [
        {
            "type": {
                "coding": [
                    {"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MHID"}
                ]
            },
            "system": "https://myhealthway.go.kr",
            "value": "my-1",
        },
        {"system": "https://mois.go.kr/rrn", "value": "900101-1234568"},
    ]
    read = importing(write({"resourceType": "Patient", "id": "p", "identifier": identifiers}))

    assert read.kinds == ["imported"]
    resource = parse(read.records[0].canonical)["entry"][0]["resource"]
    assert resource["identifier"] == identifiers
    assert "900101" not in repr(read.outcomes)


# The almanac of the Korea Astronomy and Space Science Institute: new year's days, Chuseok, and the
# first day of the leap fifth month of 2017.
ALMANAC = [
    ("음력 2024-01-01", date(2024, 2, 10)),
    ("음력 2023년 8월 15일", date(2023, 9, 29)),
    ("2023.08.15(음)", date(2023, 9, 29)),
    ("(음) 2023/8/15", date(2023, 9, 29)),
    ("음 20230815", date(2023, 9, 29)),
    ("２０２３-08-15 음력", date(2023, 9, 29)),
    ("음력 2017년 5월 1일", date(2017, 5, 26)),
    ("음력 2017년 윤5월 1일", date(2017, 6, 24)),
    ("2017-05-01 (음, 윤달)", date(2017, 6, 24)),
]


@pytest.mark.parametrize(("text", "day"), ALMANAC)
def test_a_lunar_day_is_what_the_almanac_says(text, day):
    assert solar_date(text) == day


@pytest.mark.parametrize(
    "text",
    [
        "2023-08-15",
        "양력 2023-08-15",
        "2023-08-15 (양), 음력 아님",
        "음력 2023-08",
        "음력 2023",
        "음력 2023-13-01",
        "음력 2023-08-31",
        "음력 2024-12-30",  # That month had 29 days: 31 December to 28 January.
        "음력 2018년 윤5월 1일",
        "음력 0001-01-01",
        "음력 9999-01-01",
        "음력",
        "마음 2023-08-15",
    ],
)
def test_what_is_no_lunar_day_is_left(text):
    assert solar_date(text) is None


def test_a_lunar_birthday_is_imported_with_its_text(write, importing):
    patient = {"resourceType": "Patient", "id": "p", "birthDate": "음력 2023년 8월 15일"}
    read = importing(write(bundle(patient, {**patient, "birthDate": "음력 2023-08"})))

    resource = parse(read.records[0].canonical)["entry"][0]["resource"]
    assert resource["birthDate"] == "2023-09-29"
    assert resource["_birthDate"]["extension"] == [
        {"url": "urn:aceso:lunar-date", "valueString": "음력 2023년 8월 15일"}
    ]
    assert read.outcomes[0].code == "lunar"
    assert read.kinds == ["imported", "refused", "skipped"]
    assert not [one for one in read.outcomes if "2023" in one.reason]


@pytest.mark.parametrize("when", ["2024", "2024-05"])
def test_partial_dates_stay_partial(when, write, importing):
    read = importing(write(observation(effectiveDateTime=when)))

    assert f'"effectiveDateTime":"{when}"'.encode() in read.records[0].canonical
    assert read.records[0].day is None
