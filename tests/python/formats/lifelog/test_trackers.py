"""
trackers
├── Fitbit: minutes of the sample to the last value, archive tables, Takeout, its API
│   ├── a night: minutes asleep, stages, and short awakenings apart
│   └── a series that only its file's name explains is kept
├── Samsung Health: UTC told in the person's zone, one row for all devices, stages, binning
├── Google Fit: daily tables, points of Takeout, the aggregate API to the nanosecond
├── Withings: value times ten to the power of unit, digit for digit; another's is not taken
└── Oura: nights with their phases, days, heart rate; as JSON and as a table
"""

from __future__ import annotations

import csv
import json
from collections import Counter

import pytest

from tests.python.shared_data import SHARED, needs_shared

from .conftest import measure, parts


@needs_shared
def test_every_minute_of_the_fitbit_sample_is_there(take):
    path = SHARED / "lifelog" / "fitbit_minute_hr_steps.csv"
    with path.open() as stream:
        rows = list(csv.DictReader(stream))
    taken = take(path)

    # 11,380 lines: a header and 11,379 values; a minute without a heart rate has no line.
    assert Counter(said[0] for said in taken.said) == {"step_count": 5760, "heart_rate": 5619}
    expected = []
    for row in rows:
        hour, minute = divmod(int(row["time"]) // 60, 60)
        name, unit = ("heart_rate", "/min") if row["type"] == "heart rate" else (
            "step_count", "{steps}")  # fmt: skip
        moment = f"{row['date']}T{hour:02}:{minute:02}:00"
        expected.append((name, moment, f"{row['value']} {unit}"))
    assert taken.said == expected


@needs_shared
def test_minutes_can_be_plotted_by_day(take):
    taken = take(SHARED / "lifelog" / "fitbit_minute_hr_steps.csv")
    steps: Counter[str] = Counter()
    for name, moment, number in taken.said:
        if name == "step_count":
            steps[moment[:10]] += int(number.split()[0])

    # As awk sums the file up.
    assert steps == {
        "2017-06-23": 10577, "2017-06-24": 12871, "2017-06-25": 2850, "2017-06-26": 11951,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("table", "said", "data_class"),
    [
        (
            "timestamp,average_value,lower_bound,upper_bound\n2024-01-11T00:00:00Z,96.5,93.0,99.9\n",
            ("oxygen_saturation", "2024-01-11T00:00:00Z", "96.5 %"),
            "BIOSIGNAL",
        ),
        (
            "timestamp,rmssd,nremhr,entropy\n2024-07-21T00:00:00,29.232,49.623,2.472\n",
            ("heart_rate_variability", "2024-07-21T00:00:00", "29.232 ms"),
            "BIOSIGNAL",
        ),
        (
            "date_time,heart_zone_id,total_minutes\n2026-09-15T08:40,FAT_BURN,1\n",
            ("active_zone_minutes", "2026-09-15T08:40:00", "1 min"),
            "ACTIVITY",
        ),
        (
            "sleep_log_entry_id,timestamp,overall_score,composition_score,revitalization_score,"
            "duration_score,deep_sleep_in_minutes,resting_heart_rate,restlessness\n"
            "53621952045,2026-09-20T08:14:30Z,82,,83,,93,,0.1444\n",
            ("sleep_score", "2026-09-20T08:14:30Z", "82 {score}"),
            "SLEEP",
        ),
        (
            "DATE,UPDATED_AT,STRESS_SCORE,SLEEP_POINTS,STATUS,CALCULATION_FAILED\n"
            "2026-09-20T00:00:00,2026-09-20T09:00:00.1,67,20,READY,false\n",
            ("stress", "2026-09-20T00:00:00", "67 {score}"),
            "MENTAL_HEALTH",
        ),
        (
            "id,cycle_start_date,cycle_end_date,ovulation_start_date,ovulation_end_date,"
            "period_start_date,period_end_date\n1,2024-01-03,2024-01-30,,,2024-01-03,2024-01-07\n",
            ("menstruation", "2024-01-03", "2024-01-03"),
            "SEXUAL_REPRODUCTIVE",
        ),
    ],
)
def test_fitbit_archive_tables(take, table, said, data_class):
    taken = take(table)

    assert taken.said == [said]
    assert taken.classes == [data_class]
    assert set(taken.codes) <= {"columns_left"}


def test_a_failed_stress_score_is_none(take):
    taken = take(
        "DATE,UPDATED_AT,STRESS_SCORE,STATUS,CALCULATION_FAILED\n"
        "2026-09-20T00:00:00,2026-09-20T09:00:00.1,0,NO_DATA,true\n"
    )

    assert taken.codes == ["no_value"]


NIGHT = {
    "logId": 26589710670,
    "dateOfSleep": "2020-02-21",
    "startTime": "2020-02-20T23:21:30.000",
    "endTime": "2020-02-21T07:03:30.000",
    "minutesAsleep": 408,
    "minutesAwake": 54,
    "timeInBed": 462,
    "efficiency": 97,
    "levels": {
        "summary": {
            "deep": {"count": 5, "minutes": 104},
            "light": {"count": 26, "minutes": 218},
            "rem": {"count": 6, "minutes": 86},
            "wake": {"count": 33, "minutes": 54},
        },
        "data": [
            {"dateTime": "2020-02-20T23:21:30.000", "level": "wake", "seconds": 630},
            {"dateTime": "2020-02-20T23:32:00.000", "level": "light", "seconds": 30},
        ],
        "shortData": [{"dateTime": "2020-02-20T23:32:00.000", "level": "wake", "seconds": 120}],
    },
}


@pytest.mark.parametrize("wrapped", [lambda night: [night], lambda night: {"sleep": [night]}])
def test_a_night_of_fitbit(take, wrapped):
    night, first, second, short = take(wrapped(NIGHT)).observations

    assert night["effectivePeriod"]["end"] == "2020-02-21"
    assert night["valueQuantity"]["value"] == "408"
    assert parts(night) == {
        "sleep_deep": "104 min",
        "sleep_light": "218 min",
        "sleep_rem": "86 min",
        "sleep_awake": "54 min",
        "sleep_in_bed": "462 min",
        "sleep_efficiency": "97 %",
    }
    assert (measure(first), first["valueString"]) == ("sleep_stage", "wake")
    clock = [
        one["effectivePeriod"][f"_{name}"]["extension"][0]["valueTime"]
        for one in (first, second)
        for name in ("start", "end")
    ]
    assert clock == ["23:21:30", "23:32:00", "23:32:00", "23:32:30"]
    assert measure(short) == "sleep_awakening"


def test_takeout_series_are_read_where_they_say_what_they_are(take):
    taken = take(
        [
            {"dateTime": "09/01/16 23:59:55", "value": {"bpm": 71, "confidence": 2}},
            {"dateTime": "03/01/24 00:00:00",
             "value": {"date": "03/01/24", "value": 53.01231098175049, "error": 6.787}},
            {"dateTime": "03/02/24 00:00:00", "value": {"date": None, "value": 0.0, "error": 0.0}},
            {"dateTime": "13/02/24 00:00:00", "value": {"bpm": 71, "confidence": 2}},
        ]
    )  # fmt: skip

    assert taken.said == [
        ("heart_rate", "2016-09-01T23:59:55Z", "71 /min"),
        ("resting_heart_rate", "2024-03-01", "53.01231098175049 /min"),
    ]
    assert taken.codes == ["no_value", "bad_value"]


def test_a_series_that_only_its_name_explains_is_kept(take):
    taken = take([{"dateTime": "09/01/16 00:00:00", "value": "12"}] * 3)

    assert taken.kinds == ["kept"]
    assert taken.codes == ["nameless_series"]


def test_fitbit_api_intraday_takes_its_day_from_beside_it(take):
    taken = take(
        {
            "activities-heart": [{"dateTime": "2020-01-01", "value": {"restingHeartRate": 58}}],
            "activities-heart-intraday": {
                "dataset": [{"time": "00:01:00", "value": 64}],
                "datasetInterval": 1,
                "datasetType": "minute",
            },
        }
    )

    assert taken.said == [
        ("resting_heart_rate", "2020-01-01", "58 /min"),
        ("heart_rate", "2020-01-01T00:01:00", "64 /min"),
    ]


def samsung(kind, *lines):
    return f"com.samsung.{kind},7006011,3\n" + "".join(f"{line},\n" for line in lines)


def test_samsung_is_told_in_the_zone_of_the_person(take):
    prefix = "com.samsung.health.heart_rate."
    names = ("start_time", "end_time", "time_offset", "heart_rate", "min", "max", "deviceuuid")
    taken = take(
        samsung(
            "shealth.tracker.heart_rate",
            "tag_id," + ",".join(prefix + name for name in names),
            "1,2024-05-01 22:30:00.000,2024-05-01 22:39:59.000,UTC+0900,72.0,60.0,90.0,dev",
            "1,2024-05-01 22:30:00.000,,UTC+0900,,,,dev",
            "1,2024-05-01 22:30:00.000,,somewhere,72.0,,,dev",
        ).encode("utf-8-sig")
    )

    assert taken.said == [("heart_rate", "2024-05-02T07:30:00+09:00", "72.0 /min")]
    assert parts(taken.observations[0]) == {"minimum": "60.0 /min", "maximum": "90.0 /min"}
    assert taken.codes == ["columns_left", "no_value", "bad_value"]


def test_samsung_days_count_each_step_once(take):
    # 1758067200000 is 2025-09-17 in UTC (date -u).
    taken = take(
        samsung(
            "shealth.step_daily_trend",
            "count,day_time,source_type,distance",
            "9092,1758067200000,-2,6000.5",
            "5000,1758067200000,0,3000",
            "70,1758153600000,0,50",
        )
    )

    assert taken.said == [
        ("step_count", "2025-09-17", "9092 {steps}"),
        ("distance", "2025-09-17", "6000.5 m"),
        ("step_count", "2025-09-18", "70 {steps}"),
        ("distance", "2025-09-18", "50 m"),
    ]
    assert taken.codes == ["part_of_total"]


@pytest.mark.parametrize(
    ("kind", "header", "row", "said", "data_class"),
    [
        ("health.sleep_stage", "start_time,end_time,stage,sleep_id,time_offset",
         "2026-10-04 20:55:00.000,2026-10-05 00:15:00.000,40003,a,UTC+0200",
         ("sleep_stage", "2026-10-04T22:55:00+02:00", "deep"), "SLEEP"),
        ("shealth.stress", "start_time,end_time,score,time_offset",
         "2026-10-04 20:55:00.000,,35,UTC+0200",
         ("stress", "2026-10-04T22:55:00+02:00", "35 {score}"), "MENTAL_HEALTH"),
        ("health.weight", "weight,body_fat,start_time,time_offset",
         "71.20,,2026-10-03 05:30:00.000,UTC+0200",
         ("body_weight", "2026-10-03T07:30:00+02:00", "71.20 kg"), "BIOSIGNAL"),
        ("health.blood_glucose", "glucose,start_time,time_offset,meal_type",
         "5.5,2026-10-03 05:30:00.000,UTC+0200,1",
         ("blood_glucose", "2026-10-03T07:30:00+02:00", "5.5 mmol/L"), "BIOSIGNAL"),
        ("health.water_intake", "amount,start_time,time_offset",
         "250.0,2026-10-03 05:30:00.000,UTC+0200",
         ("water_intake", "2026-10-03T07:30:00+02:00", "250.0 mL"), "DIET"),
        ("health.cycle.flow", "start_time,time_offset,flow",
         "2026-10-03 05:30:00.000,UTC+0200,2",
         ("menstruation", "2026-10-03T07:30:00+02:00", "flow: 2"), "SEXUAL_REPRODUCTIVE"),
    ],
)  # fmt: skip
def test_samsung_kinds(take, kind, header, row, said, data_class):
    taken = take(samsung(kind, header, row))

    assert taken.said == [said]
    assert taken.classes == [data_class]


def test_samsung_blood_pressure_is_one_with_both_numbers(take):
    (pressure,) = take(
        samsung(
            "shealth.tracker.blood_pressure",
            ",".join(
                f"com.samsung.health.blood_pressure.{name}"
                for name in ("start_time", "time_offset", "systolic", "diastolic", "pulse")
            ),
            "2026-07-16 08:05:00.000,UTC+0900,128.0,82.0,70",
        )
    ).observations

    assert parts(pressure) == {
        "systolic_blood_pressure": "128.0 mm[Hg]",
        "diastolic_blood_pressure": "82.0 mm[Hg]",
        "heart_rate": "70 /min",
    }


def test_a_samsung_table_of_an_unknown_kind_is_kept(take):
    assert take(samsung("shealth.badge", "start_time,title,x", "2026,a,b")).kinds == ["kept"]


def test_glucose_that_cannot_be_in_mmol_is_refused(take):
    table = samsung("health.blood_glucose", "glucose,start_time,x", "95,2026-10-03 05:30:00.000,")

    assert "bad_value" in take(table).codes


def test_samsung_binning_data(take):
    taken = take(
        [{"start_time": 1758067200000, "end_time": 1758067259000, "heart_rate": 52.0,
          "heart_rate_min": 50.0, "heart_rate_max": 55.0}]
    )  # fmt: skip

    assert taken.said == [("heart_rate", "2025-09-17T00:00:00Z", "52.0 /min")]


def test_google_fit_daily_table(take):
    taken = take(
        "Date,Move Minutes count,Calories (kcal),Distance (m),Low latitude (deg),Step count\n"
        "2024-06-01,42,2145.5,3251.4,37.5,4871\n2024-06-02,,,,,\n"
    )

    assert taken.said == [
        ("step_count", "2024-06-01", "4871 {steps}"),
        ("calories_burned", "2024-06-01", "2145.5 kcal"),
        ("distance", "2024-06-01", "3251.4 m"),
        ("active_minutes", "2024-06-01", "42 min"),
    ]
    assert taken.codes == ["columns_left", "no_value"]


def test_google_fit_points_of_takeout(take):
    def point(kind, value, **more):
        return {"fitValue": [{"value": value}], "dataTypeName": kind,
                "startTimeNanos": "1515913323392740449", "endTimeNanos": "1515913323392740449",
                "originDataSourceId": "raw:com.google.heart_rate.bpm:com.x:Fossil:Gen 5:1:h",
                **more}  # fmt: skip

    taken = take(
        {
            "Data Source": "derived:x",
            "Data Points": [
                point("com.google.heart_rate.bpm", {"fpVal": 72.50}),
                point("com.google.sleep.segment", {"intVal": 5}),
                point("com.google.unheard.of", {"intVal": 5}),
                point("com.google.weight", {}),
                point("com.google.weight", {"fpVal": 70.0}, startTimeNanos="soon"),
            ],
        }
    )

    moment = "2018-01-14T07:02:03.392740449Z"
    assert taken.said == [("heart_rate", moment, "72.5 /min"), ("sleep_stage", moment, "deep")]
    assert taken.observations[0]["device"] == {"display": "Fossil Gen 5"}
    assert taken.codes == ["not_understood", "no_value", "bad_value"]
    assert taken.outcomes[2].place == "/Data Points/2"


def test_a_google_fit_summary_is_average_then_highest_then_lowest(take):
    point = {
        "startTimeNanos": "1515913323000000000",
        "endTimeNanos": "1515913323000000000",
        "dataTypeName": "com.google.heart_rate.summary",
        "value": [{"fpVal": 70.5}, {"fpVal": 120.0}, {"fpVal": 55.0}],
    }
    taken = take({"bucket": [{"startTimeMillis": "1", "dataset": [{"point": [point]}]}]})

    assert taken.said == [("heart_rate", "2018-01-14T07:02:03Z", "70.5 /min")]
    assert parts(taken.observations[0]) == {"maximum": "120.0 /min", "minimum": "55.0 /min"}


@needs_shared
def test_the_google_fit_sample_to_the_nanosecond(take):
    taken = take(SHARED / "lifelog" / "googlefit_aggregate.json")

    assert taken.said == [
        ("step_count", "2018-01-14T07:02:03.392740449Z", "2823 {steps}"),
        ("step_count", "2018-01-15T06:00:00Z", "10226 {steps}"),
        ("body_weight", "2018-01-15T07:17:14.476Z", "72.57477569580078 kg"),
        ("step_count", "2018-01-16T15:03:19.272563632Z", "1598 {steps}"),
    ]


def group(*measures, **more):
    return {
        "status": 0,
        "body": {
            "timezone": "Asia/Seoul",
            "measuregrps": [
                {"grpid": 1, "attrib": 0, "date": 1693651151, "category": 1, "model": "Body+",
                 "measures": [
                     {"value": value, "type": kind, "unit": unit} for kind, value, unit in measures
                 ], **more}
            ],
        },
    }  # fmt: skip


def test_withings_keeps_every_digit(take):
    taken = take(
        group((1, 118003, -3), (1, 70500, -3), (6, 250, -1), (12, 5, -2), (11, 6, 1), (4, 0, 0))
    )

    numbers = [said[2] for said in taken.said]
    assert numbers == ["118.003 kg", "70.500 kg", "25.0 %", "0.05 Cel", "60 /min", "0 m"]
    assert taken.said[0][1] == "2023-09-02T19:39:11+09:00"


def test_withings_groups_alone(take):
    groups = group((1, 118003, -3))["body"]["measuregrps"]

    taken = take(groups)

    assert taken.said == [("body_weight", "2023-09-02T10:39:11Z", "118.003 kg")]


def test_the_fat_of_an_arm_is_not_that_of_the_body(take):
    groups = group((8, 300, -2), (8, 2100, -2), (1, 700, -1))["body"]["measuregrps"]
    groups[0]["measures"][0]["position"] = 2
    groups[0]["measures"][1]["position"] = 7

    taken = take(groups)

    assert [one[0::2] for one in taken.said] == [
        ("fat_mass", "21.00 kg"),
        ("body_weight", "70.0 kg"),
    ]
    assert taken.kinds == ["kept", "imported", "imported"]


def test_withings_takes_no_one_elses_weight(take):
    assert take(group((1, 700, -1), attrib=1)).kinds == ["kept"]
    assert take(group((1, 700, -1), category=2)).kinds == ["skipped"]
    (own,) = take(group((1, 700, -1), attrib=2)).observations
    assert own["method"] == {"text": "self-reported"}


@needs_shared
def test_the_withings_samples(take):
    folder = SHARED / "lifelog"
    said = take(folder / "withings_measurement.json").said
    assert said == [("body_weight", "2023-09-02T12:39:11+02:00", "118.003 kg")] * 2

    sleep = take(folder / "withings_sleep.json")
    counts = Counter(said[0] for said in sleep.said)
    series = json.loads((folder / "withings_sleep.json").read_bytes())["body"]["series"]
    assert counts["sleep_stage"] == len(series) == 613
    assert counts["heart_rate"] == sum(len(one["hr"]) for one in series)
    words = {0: "awake", 1: "light", 2: "deep", 3: "rem"}
    stages = [said[2] for said in sleep.said if said[0] == "sleep_stage"]
    assert stages == [words[one["state"]] for one in series]


def test_withings_tables(take):
    taken = take(
        'Date,"Weight (kg)","Fat mass (kg)","Bone mass (kg)","Muscle mass (kg)","Hydration (kg)",'
        'Comments\n"2024-01-15 10:30:00",75.50,15.2,,,,\n'
    )
    assert taken.said == [
        ("body_weight", "2024-01-15T10:30:00", "75.50 kg"),
        ("fat_mass", "2024-01-15T10:30:00", "15.2 kg"),
    ]

    taken = take(
        'Date,"Heart rate",Systolic,Diastolic,Comments\n"2024-01-15 10:30:00",61,130,85,\n'
    )
    assert parts(taken.observations[0]) == {
        "systolic_blood_pressure": "130 mm[Hg]",
        "diastolic_blood_pressure": "85 mm[Hg]",
        "heart_rate": "61 /min",
    }

    night = take(
        'from,to,"light (s)","deep (s)","rem (s)","awake (s)","wake up"\n'
        "2024-01-15T23:10:00+01:00,2024-01-16T07:00:00+01:00,14400,5400,5100,3300,2\n"
    )
    assert night.said == [("sleep_duration", "2024-01-15T23:10:00+01:00", "24900 s")]
    assert parts(night.observations[0])["sleep_awake"] == "3300 s"

    pounds = take('Date,"Weight (lb)","Fat mass (lb)",Comments\n"2024-01-15 10:30:00",178,39.6,\n')
    assert pounds.said[0][2] == "178 [lb_av]"


OURA_NIGHT = {
    "id": "a1",
    "day": "2024-05-02",
    "type": "long_sleep",
    "bedtime_start": "2024-05-01T23:40:00.000+09:00",
    "bedtime_end": "2024-05-02T00:05:00.000+09:00",
    "total_sleep_duration": 1200,
    "deep_sleep_duration": 300,
    "awake_time": 300,
    "average_heart_rate": 58.5,
    "sleep_phase_5_min": "42211",
    "heart_rate": {
        "interval": 300.0, "items": [None, 60.0], "timestamp": "2024-05-01T23:40:00.000+09:00"
    },
}  # fmt: skip


def test_a_night_of_oura(take):
    taken = take({"data": [OURA_NIGHT], "next_token": None})

    assert taken.said == [
        ("sleep_duration", "2024-05-01T23:40:00+09:00", "1200 s"),
        ("heart_rate", "2024-05-01T23:40:00+09:00", "58.5 /min"),
        ("sleep_stage", "2024-05-01T23:40:00+09:00", "awake"),
        ("sleep_stage", "2024-05-01T23:45:00+09:00", "light"),
        ("sleep_stage", "2024-05-01T23:55:00+09:00", "deep"),
        ("heart_rate", "2024-05-01T23:45:00+09:00", "60.0 /min"),
    ]
    assert parts(taken.observations[0]) == {"sleep_deep": "300 s", "sleep_awake": "300 s"}
    assert taken.observations[4]["effectivePeriod"]["end"] == "2024-05-02T00:05:00+09:00"


def test_an_oura_table_has_the_same_night(take):
    names = [name for name in OURA_NIGHT if name != "heart_rate"]
    table = ";".join(names) + "\n" + ";".join(str(OURA_NIGHT[name]) for name in names) + "\n"

    assert take(table).said == take({"data": [OURA_NIGHT]}).said[:-1]


def test_days_of_oura(take):
    taken = take(
        {
            "activity": [
                {"summary_date": "2020-01-02", "steps": 7000, "cal_active": 300, "score": 80}
            ],
            "readiness": [{"summary_date": "2020-01-02", "score": 77, "score_activity_balance": 9}],
            "tags": [{"day": "2020-01-02", "text": "x"}],
        }
    )

    assert taken.said == [
        ("step_count", "2020-01-02", "7000 {steps}"),
        ("calories_burned", "2020-01-02", "300 kcal"),
        ("activity_score", "2020-01-02", "80 {score}"),
        ("readiness_score", "2020-01-02", "77 {score}"),
    ]
    assert taken.kinds[-1] == "kept"
