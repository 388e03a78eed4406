"""
series
├── one for each code and unit: two units are two series
├── components and sampled data too, each at its time
├── points on no even grid are at their own milliseconds; empty cells of a thin grid are no gaps
├── positions and electrocardiograms are no trends
├── what is told of a workout, and extremes, are series of their own
├── counts that begin at once are at their ends
├── units as people write them
├── a missing value is a gap, a bound is left out, what is entered in error too
├── a time without a zone keeps its clock
├── names in the language of the reader
└── odd values raise nothing
"""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aceso.formats.canonical import parse
from aceso.pictures import read_series

from .conftest import measured


def test_two_units_are_two_series():
    found = read_series(
        [
            measured("2339-0", 95, "mg/dL", "2024-01-01"),
            measured("2339-0", 5.3, "mmol/L", "2024-01-02"),
            measured("2339-0", 99, "mg/dL", "2024-01-03"),
        ],
        language="en",
    )
    assert [(one.unit, [point.value for point in one.points]) for one in found] == [
        ("mg/dL", [95.0, 99.0]),
        ("mmol/L", [5.3]),
    ]
    assert {one.loinc for one in found} == {"2339-0"}


def test_components_are_series():
    pressure = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "85354-9"}]},
        "effectiveDateTime": "2024-01-01",
        "component": [
            {
                "code": {"coding": [{"system": "http://loinc.org", "code": code}]},
                "valueQuantity": {"value": value, "unit": "mmHg"},
            }
            for code, value in (("8480-6", 120), ("8462-4", 80))
        ],
    }
    found = read_series([pressure], language="ko")
    assert [(one.name, one.points[0].value) for one in found] == [
        ("수축기 혈압", 120.0),
        ("이완기 혈압", 80.0),
    ]


def test_sampled_data_are_points_with_gaps():
    observation = measured("8867-4", 0, "", "2024-01-01T10:00:00Z")
    del observation["valueQuantity"]
    observation["valueSampledData"] = {
        "origin": {"value": 10, "unit": "/min"},
        "period": 1000,
        "factor": 2,
        "dimensions": 1,
        "data": "25 E 26.5 U",
    }
    (series,) = read_series([observation], language="en")
    assert [(point.at.second, point.value) for point in series.points] == [
        (0, 60.0),
        (1, None),
        (2, 63.0),
        (3, None),
    ]


def sampled(code, data, dimensions=1, period=1000, unit="/min"):
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "urn:aceso:measure", "code": code}]},
        "effectiveDateTime": "2024-01-01T10:00:00Z",
        "valueSampledData": {
            "origin": {"value": 0, "unit": unit},
            "period": period,
            "dimensions": dimensions,
            "data": data,
        },
    }


def test_points_on_no_even_grid_are_at_their_own_times():
    (series,) = read_series(
        [sampled("heart_rate", "0 60 1500 61 90001 62", dimensions=2, period=1)], language="en"
    )
    assert [(point.at.minute, point.at.second, point.value) for point in series.points] == [
        (0, 0, 60.0),
        (0, 1, 61.0),
        (1, 30, 62.0),
    ]


def test_empty_cells_of_a_thin_grid_are_no_gaps():
    (series,) = read_series([sampled("heart_rate", "60 E E 61 E E 62")], language="en")
    assert [point.value for point in series.points] == [60.0, 61.0, 62.0]


def test_positions_and_electrocardiograms_are_no_trends():
    found = [
        sampled("location", "37.5 127.0 37.6 127.1", dimensions=2, unit="deg"),
        sampled("ecg", "1 2 3", unit="uV"),
    ]
    assert read_series(found, language="en") == []


def component(code, value, unit):
    return {
        "code": {"coding": [{"system": "urn:aceso:measure", "code": code}]},
        "valueQuantity": {"value": value, "code": unit},
    }


def test_what_is_told_of_a_workout_is_no_value_of_the_day():
    day = {
        **component("calories_burned", 2100, "kcal"),
        "status": "final",
        "effectiveDateTime": "2024-01-01",
    }
    workout = {
        "status": "final",
        "effectiveDateTime": "2024-01-01",
        "code": {"coding": [{"system": "urn:aceso:measure", "code": "workout"}]},
        "component": [component("calories_burned", 300, "kcal")],
    }
    found = read_series([day, workout], language="ko")
    assert [(one.name, one.points[0].value) for one in found] == [
        ("소모 열량", 2100.0),
        ("운동: 소모 열량", 300.0),
    ]


def test_the_lowest_of_one_is_not_that_of_another():
    found = read_series(
        [
            {
                **component(code, value, unit),
                "status": "final",
                "effectiveDateTime": "2024-01-01",
                "component": [component("minimum", low, unit)],
            }
            for code, value, low, unit in (
                ("heart_rate", 60, 50, "/min"),
                ("respiratory_rate", 14, 11, "/min"),
            )
        ],
        language="en",
    )
    assert {one.name: one.points[0].value for one in found} == {
        "Heart rate": 60.0,
        "Heart rate: Lowest": 50.0,
        "Respiratory rate": 14.0,
        "Respiratory rate: Lowest": 11.0,
    }


def test_counts_that_begin_at_once_are_at_their_ends():
    found = [
        {
            **component("step_count", value, "{steps}"),
            "status": "final",
            "effectivePeriod": {
                "start": "2024-01-01T00:00:00Z",
                "end": f"2024-01-01T{hour}:00:00Z",
            },
        }
        for hour, value in (("08", 100), ("09", 250), ("10", 900))
    ]
    (series,) = read_series(found, language="en")
    assert [(point.at.hour, point.value) for point in series.points] == [
        (8, 100.0),
        (9, 250.0),
        (10, 900.0),
    ]
    assert (series.name, series.unit) == ("Steps", "")


@pytest.mark.parametrize(
    ("unit", "written"), [("Cel", "°C"), ("mm[Hg]", "mmHg"), ("{score}", ""), ("count/min", "/min")]
)
def test_units_are_as_people_write_them(unit, written):
    (series,) = read_series([measured("1-1", 5, unit, "2024-01-01")], language="en")
    assert series.unit == written


def test_a_name_of_healthkit_is_readable():
    observation = measured("1-1", 5, "min", "2024-01-01")
    observation["code"] = {
        "coding": [{"system": "x", "code": "HKQuantityTypeIdentifierAppleStandTime"}]
    }
    (series,) = read_series([observation], language="en")
    assert series.name == "Apple Stand Time"


def test_what_is_no_value():
    absent = measured("8867-4", 0, "/min", "2024-01-02")
    absent["valueQuantity"] = {"unit": "/min"}
    absent["dataAbsentReason"] = {"text": "not measured"}
    above = measured("8867-4", 300, "/min", "2024-01-03")
    above["valueQuantity"]["comparator"] = ">"
    wrong = {**measured("8867-4", 999, "/min", "2024-01-04"), "status": "entered-in-error"}
    (series,) = read_series(
        [measured("8867-4", 60, "/min", "2024-01-01"), absent, above, wrong], language="en"
    )
    assert [point.value for point in series.points] == [60.0, None]


def test_a_local_clock_is_kept():
    observation = measured("8867-4", 60, "/min", "2024-01-01")
    observation["_effectiveDateTime"] = {
        "extension": [{"url": "urn:aceso:local-time", "valueTime": "07:05:00"}]
    }
    elsewhere = measured("8867-4", 61, "/min", "2024-01-01T07:06:00-11:00")
    (series,) = read_series([elsewhere, observation], language="en")
    assert [point.at for point in series.points] == [
        datetime(2024, 1, 1, 7, 5),
        datetime(2024, 1, 1, 7, 6),
    ]


def test_numbers_of_canonical_json_are_read():
    text = (
        b'{"status":"final","code":{"text":"HbA1c"},"effectiveDateTime":"2024-01-01",'
        b'"valueQuantity":{"value":5.70,"unit":"%"}}'
    )
    (series,) = read_series([parse(text)], language="en")
    assert (series.name, series.points[0].value) == ("HbA1c", 5.7)


@pytest.mark.parametrize("value", [None, "x", [], {}, True, float("nan"), "1e999", "1e16"])
def test_odd_values_raise_nothing(value):
    assert read_series([measured("1-1", value, "g", "2024-01-01")], language="en") == []


@pytest.mark.parametrize("when", ["9999-12-31", "0001-01-01", "2024-02-30", "2024", "soon", ""])
def test_a_time_that_is_none_is_left_out(when):
    assert read_series([measured("1-1", 5, "g", when)], language="en") == []


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "code",
                    "coding",
                    "text",
                    "value",
                    "unit",
                    "start",
                    "low",
                    "high",
                    "data",
                    "period",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "code",
                "component",
                "valueQuantity",
                "valueSampledData",
                "referenceRange",
                "effectivePeriod",
                "_effectiveDateTime",
            ]
        ),
        JSON,
    )
)
@settings(max_examples=100, deadline=None)
def test_odd_observations_raise_nothing(observation):
    read_series([{**observation, "effectiveDateTime": "2024-01-01"}], language="en")
