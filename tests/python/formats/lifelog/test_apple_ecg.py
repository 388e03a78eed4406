"""
ECG of an Apple Watch
├── in English, Korean and German, with points and commas: the same trace, time and rate
├── who it is stays in the source file; what is told of the trace is in its words
├── a value that is none leaves a hole and is refused by line
└── a table of another app is none
"""

from __future__ import annotations

import json

import pytest

from aceso.formats import Kind, detect

ENGLISH = """Name,Invented Person
Date of Birth,"Feb 5, 1952"
Recorded Date,2024-05-01 10:30:00 +0900
Classification,Sinus Rhythm
Symptoms,
Software Version,1.90
Device,"Watch7,11"
Sample Rate,512 hertz


Lead,Lead I
Unit,µV

-48.673
-59.681
0
12.5
"""
KOREAN = (
    ENGLISH.replace("Name", "이름")
    .replace("Date of Birth", "생년월일")
    .replace("Recorded Date", "기록 날짜")
    .replace("Classification,Sinus Rhythm", "분류,동리듬")
    .replace("Symptoms", "증상")
    .replace("Software Version", "소프트웨어 버전")
    .replace("Device", "기기")
    .replace("Sample Rate,512 hertz", "샘플률,512헤르츠")
    .replace("Lead,Lead I", "유도,I 유도")
    .replace("Unit", "단위")
)
GERMAN = (
    ENGLISH.replace("Recorded Date", "Aufzeichnungsdatum")
    .replace("Classification,Sinus Rhythm", "Klassifizierung,Sinusrhythmus")
    .replace("Sample Rate,512 hertz", "Messrate,512\u00a0Hertz")
    .replace("-48.673\n-59.681\n0\n12.5", "-48,673\n-59,681\n0\n12,5")
)


def only(read):
    (record,) = read.records
    (entry,) = json.loads(record.canonical)["entry"]
    return entry["resource"]


@pytest.mark.parametrize(
    "text", [ENGLISH, KOREAN, GERMAN, "\ufeff" + ENGLISH.replace("\n", "\r\n")]
)
def test_the_same_trace_in_every_language(write, importing, text):
    read = importing(write(text))
    found = only(read)

    assert read.kinds == ["imported"] and read.classes == {"BIOSIGNAL"}
    sampled = found["valueSampledData"]
    assert sampled["data"] == "-48.673 -59.681 0 12.5"
    assert (sampled["period"], sampled["origin"]["unit"]) == (1.953125, "uV")
    assert found["effectivePeriod"] == {
        "start": "2024-05-01T10:30:00+09:00",
        "end": "2024-05-01T10:30:00.008+09:00",
    }


def test_who_it_is_stays_in_the_source(write, importing):
    read = importing(write(KOREAN))
    said = read.records[0].canonical.decode()
    assert "Invented" not in said and "1952" not in said
    told = {
        part["code"]["coding"][0]["code"]: part["valueString"] for part in only(read)["component"]
    }
    assert told == {"Classification": "동리듬", "SoftwareVersion": "1.90", "Device": "Watch7,11"}


def test_a_rate_with_a_fraction(write, importing):
    for rate in ("512.844 hertz", "512,844 hertz", '"512,844 hertz"'):
        read = importing(write(ENGLISH.replace("512 hertz", rate)))
        assert only(read)["valueSampledData"]["period"] == pytest.approx(1000 / 512.844)


def test_a_value_that_is_none(write, importing):
    read = importing(write(ENGLISH.replace("-59.681", "nan")))
    assert [(one.kind, one.place) for one in read.outcomes] == [
        (Kind.REFUSED, "line 15"),
        (Kind.IMPORTED, "/"),
    ]
    assert only(read)["valueSampledData"]["data"] == "-48.673 E 0 12.5"


@pytest.mark.parametrize(
    "text",
    [
        "hart\n1\n2\n3\n4\n",
        "time,value\n2024-05-01 10:30:00 +0900,512 hertz\n1\n2\n3\n",
        ENGLISH.replace("Unit,µV", "Unit,kg"),
        ENGLISH.replace("+0900", ""),
    ],
)
def test_a_table_of_another_app_is_none(write, text):
    assert detect(write(text)).name != "apple-ecg"
