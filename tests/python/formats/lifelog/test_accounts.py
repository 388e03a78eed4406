"""
the accounts that Garmin, Polar, Google, Fitbit, WHOOP and Zepp give a person
├── days, nights and activities with their units and zones, and what is left is told
├── a series along a training session, in the zone of the session
├── what only a file's name says is taken from it, in a folder and in an archive; else it is kept
└── a device's zero for nothing measured is none
"""

from __future__ import annotations

import pytest

from aceso.formats import Kind
from aceso.formats.lifelog._durations import iso_seconds

from ..fuzz.accounts import (
    ACTIVITY,
    DAY,
    FIT_DAY,
    FIT_NIGHT,
    FIT_SESSION,
    NIGHT,
    POLAR_DAY,
    POLAR_HEART,
    POLAR_NIGHT,
    SESSION,
)
from ..fuzz.seeds import zip_of
from .conftest import parts


def test_days_of_garmin(take):
    taken = take([DAY])

    assert ("step_count", "2024-05-31", "8000 {steps}") in taken.said
    assert ("distance", "2024-05-31", "6000 m") in taken.said
    assert [one for one in taken.said if one[0] == "stress"] == [
        ("stress", "2024-05-31", "25 {score}")
    ]
    beats = next(one for one in taken.observations if parts(one))
    assert parts(beats) == {"minimum": "48 /min", "maximum": "140 /min"}
    assert taken.codes == ["columns_left"]


def test_nights_of_garmin(take):
    taken = take([NIGHT, {"sleepStartTimestampGMT": None, "calendarDate": "2024-06-01"}])

    assert taken.said == [
        ("sleep_duration", "2024-05-30T14:10:00Z", "25800 s"),
        ("respiratory_rate", "2024-05-30T14:10:00Z", "14.0 /min"),
        ("sleep_score", "2024-05-30T14:10:00Z", "82 {score}"),
    ]
    assert taken.codes == ["no_value"]


def test_activities_of_garmin(take):
    taken = take([{"summarizedActivitiesExport": [ACTIVITY, {**ACTIVITY, "beginTimestamp": "x"}]}])

    assert taken.said == [("workout", "2024-05-31T07:10:00+09:00", "running")]
    assert parts(taken.observations[0])["distance"] == "501000.0 cm"
    # In kcal in one export, in kJ in another.
    assert parts(taken.observations[0])["calories_burned"] == "1257.0"
    assert taken.codes == ["bad_value", "columns_left"]


def test_a_training_session_of_polar(take):
    taken = take(SESSION)

    assert {one[1] for one in taken.said} == {"2024-05-31T07:10:00+09:00"}
    assert parts(taken.observations[0])["duration"] == "1805 s"
    series = [one["valueSampledData"]["data"] for one in taken.observations[1:]]
    assert series == ["100 101", "37.5 127.0 10.0 E E E"]
    assert taken.codes == ["columns_left"]


def test_a_day_of_polar(take):
    said = take(POLAR_DAY).said

    assert ("step_count", "2024-05-31", "8000 {steps}") in said
    assert ("step_count", "2024-05-31T07:10:00", "12 {steps}") in said
    assert ("sleep_duration", "2024-05-31", "27000 s") in said


def test_heart_rate_of_polar(take):
    taken = take(POLAR_HEART)

    assert taken.said == [("heart_rate", "2024-05-31T00:01:00", "62 /min")]
    assert taken.codes == ["bad_value"]


def test_a_night_of_polar(take):
    assert take([POLAR_NIGHT]).said == [
        ("sleep_duration", "2024-05-30T23:10:00+09:00", "25800 s"),
        ("sleep_stage", "2024-05-30T23:10:00+09:00", "awake"),
        ("sleep_stage", "2024-05-30T23:20:00+09:00", "light"),
    ]


def test_sessions_of_google_fit(take):
    walk, night = take(FIT_SESSION), take(FIT_NIGHT)

    assert walk.said == [("workout", "2024-05-31T00:00:00Z", "walking")]
    assert parts(walk.observations[0]) == {"step_count": "3000 {steps}", "duration": "1800 s"}
    assert walk.codes == ["not_understood"]
    assert [one[0::2] for one in night.said] == [("sleep_duration", ""), ("sleep_stage", "deep")]


@pytest.fixture
def named(take, tmp_path):
    def write(name, content):
        path = tmp_path / name
        path.write_bytes(content)
        return take(path)

    return write


STEPS = (
    b'[{"dateTime":"05/31/24 15:00:00","value":"12"},{"dateTime":"05/31/24 15:01:00","value":""}]'
)


def test_a_series_that_its_name_tells(named):
    taken = named("steps-2024-05-31.json", STEPS)

    assert taken.said == [("step_count", "2024-05-31T15:00:00Z", "12 {steps}")]
    assert taken.codes == ["no_value"]


def test_the_minutes_of_a_day_are_of_that_day(named):
    taken = named("sedentary_minutes-2024-05-31.json", STEPS)

    assert taken.said == [("sedentary_minutes", "2024-05-31", "12 min")]


@pytest.mark.parametrize("name", ["steps.json", "my steps-2024-05-31.json", "x-2024-05-31.json"])
def test_a_series_of_another_name_is_kept(named, name):
    assert named(name, STEPS).codes == ["nameless_series"]


def test_a_series_in_an_archive(take):
    taken = take(zip_of(**{"Takeout/Fitbit/calories-2024-05-31 (1).json": STEPS}))

    assert taken.said == [("calories_burned", "2024-05-31T15:00:00Z", "12 kcal")]


BEATS = "timestamp,beats per minute,data source\n2024-05-31T00:00:00Z,57.5,x\n"


def test_a_resting_heart_rate_is_no_heart_rate(named, take):
    more = BEATS + "2024-06-01T00:00:00Z,58,x\n"
    resting = [("resting_heart_rate", "2024-05-31", "57.5 /min")]

    assert named("daily_resting_heart_rate.csv", BEATS.encode()).said == resting
    assert take(more).said[:1] == resting
    assert take(more + "2024-06-01T00:00:05Z,60,x\n").said[0] == (
        "heart_rate", "2024-05-31T00:00:00Z", "57.5 /min",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("distance", ("distance", "8.80 m")),
        ("weight grams", ("body_weight", "8.80 g")),
        ("breaths per minute", ("respiratory_rate", "8.80 /min")),
        ("oxygen saturation percentage", ("oxygen_saturation", "8.80 %")),
    ],
)
def test_what_google_writes_of_fitbit(take, column, said):
    taken = take(f"timestamp,{column},data source\n2026-08-01T01:15:09.096319Z,8.80,x\n")

    assert taken.said == [(said[0], "2026-08-01T01:15:09.096319Z", said[1])]


def test_the_quarters_of_a_day(named):
    taken = named("2024-05-31.csv", FIT_DAY)

    steps = [one for one in taken.observations if "Steps" in one["code"]["text"]]
    assert [one["effectivePeriod"] for one in steps] == [
        {"start": "2024-05-31T00:00:00+09:00", "end": "2024-05-31T00:15:00+09:00"},
        {"start": "2024-05-31T23:45:00+09:00", "end": "2024-06-01T00:00:00+09:00"},
    ]


def test_the_quarters_of_no_day_are_kept(take):
    (only,) = take(FIT_DAY.decode()).outcomes
    assert (only.kind, only.code) == (Kind.KEPT, "nameless_series")


def test_whoop(take):
    taken = take(
        "Workout start time,Workout end time,Cycle timezone,Activity name,Duration (min),Strain\n"
        "2024-05-31 07:10:00,2024-05-31 07:40:00,UTC+09:00,Running,30,12.5\n"
        "2024-05-31 07:10:00,2024-05-31 07:40:00,Seoul,Running,30,12.5\n"
    )
    assert taken.said == [("workout", "2024-05-31T07:10:00+09:00", "Running")]
    assert parts(taken.observations[0]) == {"duration": "30 min"}
    assert taken.codes == ["columns_left", "bad_value"]


def test_a_zero_of_zepp_is_nothing_measured(take):
    taken = take(
        "time,weight,height,bmi,fatRate,bodyWaterRate,boneMass\n"
        "2024-05-31 07:10:00+0000,70.5,175.0,23.0,0.0,0.0,0.0\n"
    )
    assert [one[2] for one in taken.said] == ["70.5 kg", "175.0 cm", "23.0 kg/m2"]


def test_durations():
    assert iso_seconds("PT1H30M5.5S") == "5405.5"
    assert iso_seconds("1800s") == "1800"
    for wrong in ("PT", "P1D", "", "1800", "PT-5S"):
        with pytest.raises(ValueError):
            iso_seconds(wrong)
