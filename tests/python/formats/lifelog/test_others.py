"""
tables of other trackers
├── Zepp: minutes, days and nights; a night without any minute is none
├── Garmin Connect: activities, with thousands or a decimal comma, and a distance without a unit
├── Polar Flow: seconds of a session, from its beginning; the person stays in the source
└── Fitabase: the person is its Id, and two are never mixed
"""

from __future__ import annotations

from .conftest import parts

GARMIN = "Activity Type,Date,Favorite,Title,Distance,Calories,Time,Avg HR,Max HR,Avg Pace,Ascent\n"
POLAR = (
    "Name,Sport,Date,Start time,Duration,Total distance (km),Average heart rate (bpm)\n"
    "Sujin Park,Running,29-08-2026,22:00:00,00:00:02,0,85\n"
    "Sample rate,Time,HR (bpm),Speed (km/h),\n"
)


def test_zepp_minutes_days_and_nights(take):
    assert take("date,time,heartRate\n2026-01-01,07:13,107\n").said == [
        ("heart_rate", "2026-01-01T07:13:00", "107 /min")
    ]
    days = take("date,steps,distance,runDistance,calories\n2023-01-04,5351,4160,0,202\n")
    assert days.said == [
        ("step_count", "2023-01-04", "5351 {steps}"),
        ("distance", "2023-01-04", "4160 m"),
        ("calories_burned", "2023-01-04", "202 kcal"),
    ]
    night = take(
        "date,deepSleepTime,shallowSleepTime,wakeTime,start,stop,REMTime,naps\n"
        "2026-01-01,96,198,12,2026-01-01 06:47:00+0000,2026-01-01 12:13:00+0000,32,\n"
        "2026-01-02,0,0,0,2026-01-02 06:47:00+0000,2026-01-02 06:47:00+0000,0,\n"
    )
    assert night.said == [("sleep_duration", "2026-01-01T06:47:00+00:00", "326 min")]
    assert parts(night.observations[0]) == {
        "sleep_deep": "96 min",
        "sleep_light": "198 min",
        "sleep_rem": "32 min",
        "sleep_awake": "12 min",
    }
    assert night.codes == ["columns_left", "no_value"]


def test_garmin_activities(take):
    taken = take(
        GARMIN
        + 'Running,2026-08-20 07:15:23,false,Morning Run,6.21,"1,024",00:50:12,148,171,8:05,203\n'
        + 'Cycling,2026-08-17 09:00:00,false,Spin,"7,00",640,01:10:00,--,--,--,150\n'
        + "Walking,bad date,false,x,1,1,00:10:00,1,1,1,1\n"
    )

    assert taken.said == [
        ("workout", "2026-08-20T07:15:23", "Running"),
        ("workout", "2026-08-17T09:00:00", "Cycling"),
    ]
    assert parts(taken.observations[0]) == {
        "duration": "3012 s",
        "distance": "6.21",
        "calories_burned": "1024 kcal",
        "heart_rate": "148 /min",
        "maximum": "171 /min",
    }
    assert parts(taken.observations[1])["distance"] == "7.00"
    assert taken.codes == ["columns_left", "bad_value"]


def test_a_polar_session_by_its_seconds(take):
    taken = take(POLAR + "1,00:00:00,85,,\n1,00:00:01,,,\n1,02:00:00,86,,\n")

    assert taken.said == [
        ("workout", "2026-08-29T22:00:00", "Running"),
        ("heart_rate", "2026-08-29T22:00:00", "85 /min"),
        ("heart_rate", "2026-08-30T00:00:00", "86 /min"),
    ]
    assert taken.codes == ["me", "no_value"]
    assert "Sujin" not in repr(taken.observations) + repr(taken.outcomes)


def test_fitabase_is_of_people(take, importing, write):
    head = "Id,ActivityMinute,Steps\n"
    one = head + "1503960366,4/12/2016 12:01:00 AM,7\n1503960366,4/12/2016 1:02:00 PM,8\n"
    assert take(one).said == [
        ("step_count", "2016-04-12T00:01:00", "7 {steps}"),
        ("step_count", "2016-04-12T13:02:00", "8 {steps}"),
    ]

    two = importing(write(one + "1624580081,4/12/2016 12:01:00 AM,9\n"))
    assert not two.records
    assert two.codes == {"several_people"}


def test_a_fitabase_night_has_a_day_and_no_time(take):
    taken = take(
        "Id,SleepDay,TotalSleepRecords,TotalMinutesAsleep,TotalTimeInBed\n"
        "1503960366,4/12/2016 12:00:00 AM,1,327,346\n"
    )

    assert taken.said == [("sleep_duration", "2016-04-12", "327 min")]
