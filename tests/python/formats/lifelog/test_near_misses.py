"""
what is nearly a file of a phone
├── tables of other programs with columns of the same names are not read as theirs
├── JSON of other programs with keys of the same names is not
├── no file is told as two formats
├── a list that is broken or cut is refused where it breaks, and what came before is read
└── any bytes after the beginning of any of these have an outcome, and never an exception
"""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aceso.formats import detect
from aceso.formats._head import look
from aceso.formats._registry import READERS
from aceso.formats.lifelog import READERS as OURS
from tests.python.shared_data import SHARED, needs_shared, shared_files

from ..conftest import import_all

TABLES = [
    "timestamp,value\n2024-01-01T00:00:00Z,95\n",
    "Date,Steps\n2024-01-01,100\n",
    "time,value,type,date\n0,66,heart rate,2017-06-26\n",
    "id,time,value,type,date\n1,0,66,heart rate,2017-06-26\n",
    "start,duration,value\n2024-06-07T09:22:00+02:00,[60],[61]\n",
    "Index,Timestamp,Event Type,Glucose Value (mg/dL)\n1,2024-01-01T00:00:00,EGV,100\n",
    "Device,Serial Number,Device Timestamp,Record Type,Historic Glucose mg/dL,Scan Glucose mg/dL\n",
    "com.samsung.health.weight\nweight,start_time\n70,2024-01-01 00:00:00\n",
    "com.samsung.smartthings.device,1,2\nx,start_time\n1,2\n",
    "date,value\n2024-01-01,1\n",
    "day,score\n2024-01-01,1\n",
    "date,time,heartrate\n2024-01-01,07:00,60\n",
    "Id,Time,Value\n1,4/12/2016 7:21:00 AM,97\n",
    "Activity Type,Date,Title\nRunning,2024-01-01,x\n",
    "Sample rate,Time,HR (bpm)\n1,00:00:00,85\n",
]
DOCUMENTS = [
    {"heart_rate": 60},
    {"heart_rate": {"average": 60}},
    {"header": {}, "body": {}},
    {"data": [{"name": "x", "value": 1}]},
    {"sleep": [{"from": 1, "to": 2}]},
    {"status": 0, "body": {"name": "x"}},
    {"bucket": "my-bucket", "Key": "x"},
    [{"date": 1527924300000, "value": 101}],
    [{"dateTime": "2016-09-01T00:00:00Z", "value": "12"}],
    [{"start_time": 1, "end_time": 2}],
    [{"timestamp": "2018-06-02T00:05:00-07:00", "type": "Bolus"}],
    [{"start_time": "2024-01-01", "end_time": "2024-01-02", "score": 3}],
    [{"eventType": "push", "created_at": "2018-06-02T00:05:00Z"}],
    [{"_type": "Tweet", "timestamp": "2018-06-02T00:05:00Z"}],
    {"data": [{"bpm": 120, "title": "a song"}]},
    {"status": 200, "result": [{"id": 1}]},
    {"data": [{"contributors": ["x"]}]},
    {"activities": [{"steps": 1}]},
    [],
    {},
]
STARTS = [
    b"com.samsung.health.weight,7006011,3\nweight,start_time,time_offset,\n70,",
    b"Index,Timestamp (YYYY-MM-DDThh:mm:ss),Event Type,Event Subtype,Patient Info,Device Info,"
    b"Source Device ID,Glucose Value (mg/dL),Insulin Value (u),Carb Value (grams),Duration\n1,",
    b'"","time","value","type","date"\n"1",',
    b"timestamp,rmssd,nremhr,entropy\n2024-",
    b"Date,Calories (kcal),Step count\n2024-",
    b"x\ny\na,b,c,d,Historic Glucose mg/dL,Scan Glucose mg/dL\n1,2,",
    b"date,time,heartRate\n2024-01-01,",
    b"Activity Type,Date,Favorite,Title,Distance,Calories,Time,Avg HR\nRunning,2024-",
    b"Name,Sport,Date,Start time,Duration\nx,y,01-02-2024,22:00:00,1\n"
    b"Sample rate,Time,HR (bpm)\n1,00:00:0",
    b"Id,ActivityMinute,Steps\n1503960366,4/12/2016 12:0",
    b"bedtime_start;bedtime_end;total_sleep_duration;day\n2024-",
    b'[{"sgv":100,"date":1527924300000},{"',
    b'[{"eventType":"x","created_at":"2018-06-02T00:05:00Z","notes":""},',
    b'{"bucket":[{"startTimeMillis":"1","dataset":[{"point":[',
    b'{"Data Source":"x","Data Points":[{"fitValue":[{"value":{"fpVal":1',
    b'{"status":0,"body":{"measuregrps":[{"date":1693651151,"measures":[{"value":1,"type":1,"unit":',
    b'{"data":[{"bedtime_start":"2024-05-01T23:40:00+09:00","bedtime_end":"',
    b'[{"dateTime":"09/01/16 00:00:00","value":',
    b'{"activities-heart":[{"dateTime":"2020-01-01","value":',
    b'{"header":{"schema_id":{"namespace":"omh","name":"heart-rate"}},"body":{"',
    b'{"heart_rate":{"unit":"beats/min","value":60},"effective_time_frame":',
]
# What hostile hands would write after such a beginning.
PIECES = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(
        [b'"', b"\n", b",", b"\x00", b"\xff", b"9" * 400, b"1e999999999", b"-", b"NaN", b"[" * 300,
         b"{" * 300, b"]}", b"null", b'"2024-01-01', b"{}", b"[]", b":", b"\\ud800", b"01/01/24",
         b'"value":"x"', b"UTC+9900", b"2024-13-45 25:61:61", b"\r", b";", b"true"]
    ),
)  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
def test_tables_of_others_are_not_read(table, write):
    read = import_all(write(table))

    # A short one may be a text that somebody wrote: then it is a document, and no measurement.
    assert read.format.name not in {reader.format.name for reader in OURS}
    assert not [one for one in read.records if "Observation" in one.resource_types]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_of_others_are_not_read(document, write):
    read = import_all(write(document))

    assert read.format.name == "unknown"
    assert not read.records


def test_no_file_is_told_as_two_formats(write):
    paths = [write(start) for start in STARTS] + shared_files()
    for path in paths:
        head = look(path)
        told = [reader.format.name for reader in READERS if reader.recognises(head)]
        assert len(told) <= 1, (path.name, told)


def test_each_beginning_is_told_as_one_of_ours(write):
    ours = {reader.format.name for reader in OURS}

    for start in STARTS:
        assert detect(write(start)).name in ours, start


@pytest.mark.parametrize(
    ("content", "kinds", "code"),
    [
        (b'[{"sgv":100,"date":1527924300000},{"sgv":10', ["imported", "refused"], "truncated"),
        (b'[{"sgv":100,"date":1527924300000},7]', ["imported", "refused"], "broken_json"),
        (b'[{"sgv":100,"date":1527924300000}] junk', ["imported", "refused"], "broken_json"),
        (b'[{"sgv":100,"sgv":1,"date":1527924300000}]', ["refused"], "duplicate_key"),
        (b'[{"sgv":NaN,"date":1527924300000}]', ["refused"], "not_a_number"),
        (b'[{"sgv":1e999,"date":1527924300000}]', ["refused"], "bad_value"),
        (b'[{"sgv":"100","date":1527924300000}]', ["refused"], "bad_value"),
    ],
)
def test_a_broken_list_is_read_up_to_the_break(content, kinds, code, write):
    read = import_all(write(content))

    assert read.kinds == kinds
    assert read.outcomes[-1].code == code


@needs_shared
@pytest.mark.parametrize("name", ["withings_workouts.json", "googlefit_aggregate.json"])
def test_a_cut_document_says_so(name, write):
    data = (SHARED / "lifelog" / name).read_bytes()
    read = import_all(write(data[: len(data) // 2]))

    assert read.outcomes[-1].code in ("truncated", "broken_json")


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(start=st.sampled_from(STARTS), tail=st.lists(PIECES, max_size=8))
def test_any_bytes_have_an_outcome(start, tail, tmp_path):
    path = tmp_path / "any"
    path.write_bytes(start + b"".join(tail))

    read = import_all(path)

    assert read.outcomes
    for outcome in read.outcomes:
        assert outcome.place and (outcome.kind.value == "imported" or outcome.reason)


VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(10**20), 10**20),
        st.floats(allow_nan=False, allow_infinity=False),
        st.sampled_from(["", "2024-01-01T00:00:00Z", "09/01/16 00:00:00", "mg/dL", "x\x01"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(
        st.sampled_from(["value", "fpVal", "date_time", "level", "minutes", "dataset", "bpm"]),
        inner, max_size=3)),
    max_leaves=6,
)  # fmt: skip
KEYS = [
    "sgv", "date", "dateString", "type", "eventType", "created_at", "_type", "timestamp", "amount",
    "header", "body", "schema_id", "effective_time_frame", "heart_rate", "dateTime", "value",
    "logId", "dateOfSleep", "levels", "startTime", "bedtime_start", "day", "steps", "bpm", "data",
    "status", "measuregrps", "bucket", "Data Points", "Data Source", "start_time", "end_time",
    "activities-heart", "activities-steps-intraday", "sleep", "utcOffset",
]  # fmt: skip


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    document=st.dictionaries(st.sampled_from(KEYS), VALUES, min_size=1, max_size=6),
    listed=st.booleans(),
)
def test_any_values_under_known_keys_have_an_outcome(document, listed, tmp_path):
    path = tmp_path / "any"
    path.write_text(json.dumps([document] if listed else document))

    assert import_all(path).outcomes
