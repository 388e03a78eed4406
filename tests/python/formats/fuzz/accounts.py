"""Small files of the accounts of Garmin, Polar and Google, and of Android's Health Connect."""

from __future__ import annotations

import json
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

__all__ = ["ACCOUNTS", "health_connect"]

_SCHEMA = """
CREATE TABLE application_info_table (row_id INTEGER PRIMARY KEY, package_name TEXT, app_name TEXT);
CREATE TABLE steps_record_table (
    row_id INTEGER PRIMARY KEY, uuid BLOB, app_info_id INTEGER, start_time INTEGER,
    start_zone_offset INTEGER, end_time INTEGER, end_zone_offset INTEGER, local_date INTEGER,
    count INTEGER
);
CREATE TABLE weight_record_table (
    row_id INTEGER PRIMARY KEY, app_info_id INTEGER, time INTEGER, zone_offset INTEGER, weight REAL
);
CREATE TABLE blood_pressure_record_table (
    row_id INTEGER PRIMARY KEY, app_info_id INTEGER, time INTEGER, zone_offset INTEGER,
    systolic REAL, diastolic REAL, body_position INTEGER
);
CREATE TABLE heart_rate_record_table (
    row_id INTEGER PRIMARY KEY, app_info_id INTEGER, start_time INTEGER, start_zone_offset INTEGER,
    end_time INTEGER, end_zone_offset INTEGER
);
CREATE TABLE heart_rate_record_series_table (
    beats_per_minute INTEGER, epoch_millis INTEGER, parent_key INTEGER
);
CREATE TABLE sleep_session_record_table (
    row_id INTEGER PRIMARY KEY, app_info_id INTEGER, start_time INTEGER, start_zone_offset INTEGER,
    end_time INTEGER, end_zone_offset INTEGER, title TEXT, notes TEXT
);
CREATE TABLE sleep_stages_table (
    parent_key INTEGER, stage_start_time INTEGER, stage_end_time INTEGER, stage_type INTEGER
);
INSERT INTO application_info_table VALUES (1, 'com.example.band', 'Band');
INSERT INTO steps_record_table VALUES
    (1, x'00', 1, 1717167600000, 32400, 1717167660000, 32400, 19875, 12);
INSERT INTO weight_record_table VALUES (1, 1, 1717167600000, 32400, 70500.5);
INSERT INTO blood_pressure_record_table VALUES (1, 1, 1717167600000, -12600, 121.0, 79.5, 1);
INSERT INTO heart_rate_record_table VALUES
    (1, 1, 1717167600000, 32400, 1717167660000, 32400);
INSERT INTO heart_rate_record_series_table VALUES (62, 1717167600000, 1), (63, 1717167605500, 1);
INSERT INTO sleep_session_record_table VALUES
    (1, 1, 1717167600000, 32400, 1717196400000, 32400, '', NULL);
INSERT INTO sleep_stages_table VALUES
    (1, 1717167600000, 1717171200000, 4), (1, 1717171200000, 1717174800000, 6);
"""


def health_connect(more: str = "") -> bytes:
    """An export of Health Connect, after the SQL of `more`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export"
        database = sqlite3.connect(path)
        database.executescript(f"PRAGMA page_size = 1024; {_SCHEMA}{more}")
        database.close()
        return path.read_bytes()


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


DAY = {
    "userProfilePK": 1, "calendarDate": "2024-05-31", "uuid": "u", "totalKilocalories": 2100.0,
    "totalSteps": 8000, "totalDistanceMeters": 6000, "restingHeartRate": 52, "minHeartRate": 48,
    "maxHeartRate": 140, "moderateIntensityMinutes": 10, "bodyBattery": {"charged": 1},
    "allDayStress": {"aggregatorList": [{"type": "TOTAL", "averageStressLevel": 25},
                                        {"type": "AWAKE", "averageStressLevel": -1}]},
}  # fmt: skip
NIGHT = {
    "sleepStartTimestampGMT": "2024-05-30T14:10:00.0", "calendarDate": "2024-05-31",
    "sleepEndTimestampGMT": "2024-05-30T22:10:00.0", "deepSleepSeconds": 5400,
    "lightSleepSeconds": 14400, "remSleepSeconds": 6000, "awakeSleepSeconds": 1200,
    "averageRespiration": 14.0, "lowestRespiration": 11.0, "highestRespiration": 18.0,
    "retro": False, "sleepScores": {"overallScore": 82},
}  # fmt: skip
ACTIVITY = {
    "activityId": 1, "name": "", "activityType": "running", "beginTimestamp": 1717107000000,
    "startTimeLocal": 1717139400000.0, "duration": 1805000.0, "distance": 501000.0,
    "avgHr": 140.0, "maxHr": 160.0, "calories": 1257.0, "avgSpeed": 0.27,
}  # fmt: skip
SESSION = {
    "exportVersion": "1.6", "startTime": "2024-05-31T07:10:00.000", "timeZoneOffset": "540",
    "exercises": [{
        "startTime": "2024-05-31T07:10:00.000", "stopTime": "2024-05-31T07:40:05.000",
        "timezoneOffset": 540, "duration": "PT30M5S", "distance": 5010.0, "sport": "RUNNING",
        "heartRate": {"min": 90, "avg": 140, "max": 160},
        "samples": {
            "heartRate": [{"dateTime": "2024-05-31T07:10:00.000", "value": 100},
                          {"dateTime": "2024-05-31T07:10:01.000", "value": 101},
                          {"dateTime": "2024-05-31T07:10:02.000"}],
            "altitude": [{"dateTime": "2024-05-31T07:10:00.000", "value": 11.5}],
            "speed": [{"dateTime": "2024-05-31T07:10:00.000", "value": 9.5}],
            "recordedRoute": [{"dateTime": "2024-05-31T07:10:00.000", "longitude": 127.0,
                               "latitude": 37.5, "altitude": 10.0}],
        },
    }],
}  # fmt: skip
POLAR_DAY = {
    "exportVersion": "1.6", "date": "2024-05-31",
    "summary": {"stepCount": 8000, "stepsDistance": 6000.5, "calories": 2100,
                "sleepDuration": "PT7H30M"},
    "samples": {"steps": [{"localTime": "07:10:00", "value": 12}], "mets": []},
}  # fmt: skip
POLAR_HEART = {
    "deviceDays": [{"userId": 1, "date": "2024-05-31", "samples": [
        {"heartRate": 62, "secondsFromDayStart": 60, "source": "OPTICAL"},
        {"heartRate": 63, "secondsFromDayStart": 90000, "source": "OPTICAL"}]}],
}  # fmt: skip
POLAR_NIGHT = {
    "night": "2024-05-31", "evaluation": {"asleepDuration": "PT25800S"},
    "sleepResult": {"hypnogram": {
        "sleepStart": "2024-05-30T23:10:00.000+09:00", "sleepEnd": "2024-05-31T07:10:00.000+09:00",
        "sleepStateChanges": [{"offsetFromStart": "PT0S", "state": "WAKE"},
                              {"offsetFromStart": "PT600S", "state": "NONREM2"}]}},
}  # fmt: skip
FIT_SESSION = {
    "fitnessActivity": "walking", "startTime": "2024-05-31T00:00:00Z",
    "endTime": "2024-05-31T00:30:00Z", "duration": "1800s",
    "segment": [{"fitnessActivity": "walking", "startTime": "2024-05-31T00:00:00Z",
                 "endTime": "2024-05-31T00:30:00Z"}],
    "aggregate": [{"metricName": "com.google.step_count.delta", "intValue": 3000},
                  {"metricName": "com.google.heart_minutes.x", "floatValue": 20.5}],
}  # fmt: skip
FIT_NIGHT = {
    "fitnessActivity": "sleep", "startTime": "2024-05-30T23:00:00Z",
    "endTime": "2024-05-31T07:00:00Z",
    "segment": [{"fitnessActivity": "sleep.deep", "startTime": "2024-05-30T23:00:00Z",
                 "endTime": "2024-05-31T00:30:00Z"}],
}  # fmt: skip
FIT_DAY = (
    b"Start time,End time,Move Minutes count,Distance (m),Step count\n"
    b"00:00:00.000+09:00,00:15:00.000+09:00,1,50.2,60\n"
    b"23:45:00.000+09:00,00:00:00.000+09:00,,,7\n"
)

# By the name of the format, as in `seeds`.
ACCOUNTS: dict[str, tuple[bytes, ...]] = {
    "garmin-days": (_json([DAY]),),
    "garmin-sleep": (_json([NIGHT]),),
    "garmin-activities": (_json([{"summarizedActivitiesExport": [ACTIVITY]}]),),
    "polar-session": (_json(SESSION),),
    "polar-activity": (_json(POLAR_DAY),),
    "polar-heart-rate": (_json(POLAR_HEART),),
    "polar-sleep": (_json([POLAR_NIGHT]),),
    "google-fit-session": (_json(FIT_SESSION), _json(FIT_NIGHT)),
    "google-fit-day": (FIT_DAY,),
    "health-connect": (health_connect(),),
}
