"""
Open mHealth and IEEE 1752.1
├── a body alone, a data point, a list, one a line: the same value
├── what a schema asks for: a time frame, an interval for a count, a number, a unit, its words
├── a header names the person and the source; unknown schemas and namespaces are kept
└── the samples that should pass pass, and those that should fail are refused
"""

from __future__ import annotations

import json

import pytest

from tests.python.shared_data import SHARED, needs_shared

from .conftest import parts

AT = {"effective_time_frame": {"date_time": "2020-02-05T07:25:00-08:00"}}
OVER = {
    "effective_time_frame": {
        "time_interval": {
            "start_date_time": "2016-02-05T21:35:00Z",
            "duration": {"value": 9, "unit": "h"},
        }
    }
}
WEIGHT = {"body_weight": {"value": 50.10, "unit": "kg"}, **AT}
SHOULD = sorted((SHARED / "lifelog").glob("omh_*"))


def point(body, name="body-weight", namespace="omh", **header):
    schema = {"namespace": namespace, "name": name, "version": "1.0"}
    made = {"id": "1", "creation_date_time": "2020-02-05T07:25:00Z", "schema_id": schema}
    return {"header": made | header, "body": body}


@pytest.mark.parametrize(
    "content",
    [
        WEIGHT,
        point(WEIGHT),
        [point(WEIGHT)],
        json.dumps(point(WEIGHT)) + "\n" + json.dumps(point(AT, "unheard-of")) + "\n",
        point(WEIGHT, namespace="ieee"),
        b"\xef\xbb\xbf" + json.dumps(WEIGHT).encode(),
        json.dumps(point(WEIGHT), indent=1).encode("utf-16"),
    ],
)
def test_one_value_in_each_form(take, content):
    taken = take(content)

    assert taken.said == [("body_weight", "2020-02-05T07:25:00-08:00", "50.1 kg")]


@pytest.mark.parametrize(
    "body",
    [
        {"body_weight": {"value": 50, "unit": "kg"}},
        {"body_weight": {"value": "50", "unit": "kg"}, **AT},
        {"body_weight": {"value": 50, "unit": "stone"}, **AT},
        {"body_weight": {"value": 50}, **AT},
        {"body_weight": {"value": 50, "unit": "kg"}, "effective_time_frame": {}},
        {"step_count": {"value": 50, "unit": "steps"}, **AT},
        {"heart_rate": {"value": 60, "unit": "beat/min"}, **AT},
        {"heart_rate": {"value": 60, "unit": "beats/min"}, **AT,
         "descriptive_statistic": "mode"},
        {"systolic_blood_pressure": {"value": 120, "unit": "mmHg"}, **AT},
        {"body_weight": {"value": 50, "unit": "kg"},
         "effective_time_frame": {"date_time": "2020-02-30T07:25:00Z"}},
        {"body_weight": {"value": 50, "unit": "kg"},
         "effective_time_frame": {"time_interval": {"start_date_time": "2020-02-03T07:25:00Z"}}},
    ],
)  # fmt: skip
def test_what_a_schema_asks_for_is_asked_for(take, body):
    taken = take(body)

    assert taken.kinds == ["refused"]
    assert taken.codes[0] in ("omh", "bad_value")


def test_an_interval_has_its_end(take):
    (steps,) = take({"step_count": {"value": 7, "unit": "steps"}, **OVER}).observations

    assert steps["effectivePeriod"] == {
        "start": "2016-02-05T21:35:00Z",
        "end": "2016-02-06T06:35:00Z",
    }


def test_a_blood_pressure_is_one_with_both_numbers(take):
    (pressure,) = take(
        {
            "systolic_blood_pressure": {"value": 160, "unit": "mmHg"},
            "diastolic_blood_pressure": {"value": 60, "unit": "mmHg"},
            "body_posture": "sitting",
            **AT,
        }
    ).observations

    assert parts(pressure) == {
        "systolic_blood_pressure": "160 mm[Hg]",
        "diastolic_blood_pressure": "60 mm[Hg]",
        "context": "sitting",
    }


@pytest.mark.parametrize(
    ("source", "loinc"),
    [
        ("capillary blood", "2339-0"),
        ("interstitial fluid", "99504-3"),
        ("tears", None),
    ],
)
def test_glucose_is_that_of_its_specimen(take, source, loinc):
    body = {"blood_glucose": {"value": 95, "unit": "mg/dL"}, "specimen_source": source, **AT}
    (glucose,) = take(body).observations

    codes = {one["system"]: one["code"] for one in glucose["code"]["coding"]}
    assert codes.get("http://loinc.org") == loinc


SAID = {
    "user_id": "joe",
    "acquisition_provenance": {"source_name": "Scale", "modality": "self-reported"},
}


def test_the_header_says_whose_and_from_where(importing, write):
    (record,) = importing(write([point(WEIGHT, **SAID)])).records

    assert record.subject == "joe"
    (entry,) = json.loads(record.canonical)["entry"]
    assert entry["resource"]["method"] == {"text": "self-reported"}
    assert entry["resource"]["device"] == {"display": "Scale"}


def test_points_of_two_people_are_not_mixed(importing, write):
    read = importing(write([point(WEIGHT, **SAID), point(WEIGHT, user_id="jane")]))

    assert not read.records
    assert read.codes == {"several_people"}


@pytest.mark.parametrize(
    "content",
    [point({}, "pace"), point(WEIGHT, namespace="acme"), {**WEIGHT, "unheard_of": 1}],
)
def test_what_no_schema_here_names_is_kept(take, content):
    assert take(content).kinds == ["kept"]


@needs_shared
@pytest.mark.parametrize("path", SHOULD, ids=lambda path: path.name)
def test_samples_end_as_they_should(take, path):
    taken = take(path)

    assert taken.kinds == ["imported" if "shouldPass" in path.name else "refused"]


@needs_shared
def test_a_night_of_the_samples(take):
    (night,) = take(next(path for path in SHOULD if "sleep-episode" in path.name)).observations

    assert night["valueQuantity"]["value"] == "8.5" and night["valueQuantity"]["code"] == "h"
    assert night["effectivePeriod"]["end"] == "2016-02-06T06:35:00Z"
    assert parts(night) == {
        "sleep_latency": "17.5 min",
        "sleep_awake": "30 min",
        "sleep_efficiency": "94.4 %",
    }
