"""
series
├── one for each code and unit: two units are two series
├── components and sampled data too, each at its time
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
