"""
what a device writes and nobody can have measured
├── a number below zero, or beyond all that there is, is refused by its place
├── what may be below zero may be
├── an end before its start is refused; an hour of a clock without a zone is let pass
└── a bad number costs its own measure only, and a hole in a series
"""

from __future__ import annotations

import json

import pytest

from aceso.formats.lifelog._time import is_before

from .conftest import value

CLOCK = {"effective_time_frame": {"date_time": "2024-05-31T09:00:00+09:00"}}
EXPORT = (
    '<HealthData><Record type="HKQuantityTypeIdentifier{kind}" sourceName="w" unit="{unit}" '
    'startDate="{start}" endDate="{end}" value="{value}"/></HealthData>'
)


def record(value="60", kind="HeartRate", unit="count/min", start="10:00:00 +0900", end=None):
    start, end = (f"2024-05-01 {one}" for one in (start, end or start))
    return EXPORT.format(kind=kind, unit=unit, start=start, end=end, value=value)


@pytest.mark.parametrize("number", ["1e999", "-1", "1e15"])
def test_a_heart_rate_that_none_can_have(take, number):
    body = json.dumps({"heart_rate": {"value": 0, "unit": "beats/min"}, **CLOCK})

    taken = take(body.replace('"value": 0', f'"value": {number}'))

    assert taken.codes == ["bad_value"]
    assert taken.outcomes[0].reason.startswith("its value is none that can be measured")


def test_a_deviation_may_be_below_zero(take):
    taken = take({"data": [{"day": "2024-05-31", "score": 80, "temperature_deviation": -0.25,
                            "contributors": {}}]})  # fmt: skip
    assert ("temperature_deviation", "2024-05-31", "-0.25 Cel") in taken.said


def test_an_apple_number_beyond_all(take):
    assert take(record("1e400")).codes == ["bad_value"]
    (found,) = take(record("9.7e-1", kind="OxygenSaturation", unit="%")).observations
    assert value(found) == "97 %"


@pytest.mark.parametrize(
    ("start", "end", "kept"),
    [
        ("10:00:00 +0900", "09:00:00 +0900", False),
        ("10:00:00 +0900", "02:00:00 +0100", True),
        ("10:00:00 +0900", "10:30:00 +1000", False),
        # The clock goes back in autumn: an hour later it shows the same.
        ("01:30:00 -0700", "01:10:00 -0800", True),
    ],
)
def test_an_apple_end_before_its_start(take, start, end, kept):
    assert take(record(start=start, end=end)).codes == ([] if kept else ["bad_value"])


def test_an_end_before_its_start(take):
    table = "timestamp,steps,data source\n"
    night = [{"logId": 1, "dateOfSleep": "2024-05-31", "startTime": "2024-05-31T23:10:00.000",
              "endTime": "2024-05-31T07:10:00.000", "levels": {}}]  # fmt: skip
    assert take(table + "2024-05-31T00:00:00Z,12,x\n").codes == []
    assert take(night).codes == ["bad_value"]


def test_a_clock_that_is_set_back():
    assert not is_before("2024-11-03T01:10:00", "2024-11-03T01:50:00")
    assert is_before("2024-11-03T00:10:00", "2024-11-03T01:50:00")
    assert not is_before("2024-11-03T01:00:00Z", "2024-11-03T01:00:00.5+01:00")
    assert not is_before("2024-11-03", "2024-11-03T10:00:00Z")
    assert is_before("2024-11-02", "2024-11-03T10:00:00Z")
    assert is_before("2024-11-03T01:00:00Z", "2024-11-03T01:00:00.5Z")


def test_one_measure_of_a_group_costs_no_other(take):
    group = {"grpid": 1, "attrib": 0, "date": 1693651151, "category": 1,
             "measures": [{"value": 70500, "type": 1, "unit": -3},
                          {"value": 1, "type": 1, "unit": 99}]}  # fmt: skip

    taken = take([group])

    assert [said[2] for said in taken.said] == ["70.500 kg"]
    assert taken.outcomes[1].place.endswith("/measures/1")


TCX = (
    '<TrainingCenterDatabase xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2">'
    '<Activities><Activity Sport="Running"><Lap StartTime="2024-05-01T09:00:00+09:00">'
    "<TotalTimeSeconds>2</TotalTimeSeconds><Track>{points}</Track></Lap></Activity></Activities>"
    "</TrainingCenterDatabase>"
)
POINT = "<Trackpoint><Time>2024-05-01T09:00:0{n}+09:00</Time>{more}</Trackpoint>"


def points(*beats, more=""):
    inner = "".join(
        POINT.format(n=n, more=f"<HeartRateBpm><Value>{one}</Value></HeartRateBpm>{more}")
        for n, one in enumerate(beats)
    )
    return TCX.format(points=inner)


def test_a_beat_below_zero_is_a_hole(take):
    taken = take(points(100, -1, 102))

    series = next(one for one in taken.observations if "valueSampledData" in one)
    assert series["valueSampledData"]["data"] == "100 102"
    assert taken.codes == ["bad_value"]


def test_a_track_keeps_the_zone_of_its_times(take):
    taken = take(points(100, 101))

    assert {one["effectivePeriod"]["start"] for one in taken.observations} == {
        "2024-05-01T09:00:00+09:00"
    }


def test_values_of_points_that_are_not_read_are_told(take):
    taken = take(points(100, 101, more="<Extensions><X><Balance>50</Balance></X></Extensions>"))

    assert taken.codes == ["columns_left"]


def test_blanks_before_the_declaration_are_let_pass(take):
    taken = take(' \n <?xml version="1.0"?>' + points(100, "x"))

    assert [one.place for one in taken.outcomes if one.code] == ["line 2"]
    assert len(taken.observations) == 3
