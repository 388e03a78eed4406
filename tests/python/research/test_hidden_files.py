"""
files in which every field that could be somebody's name says who it is, read and put in an extract
├── HL7 v2: names, numbers and days in the fields of codes, units, flags and values
├── Apple Health: sources, devices, an app's own keys and values
├── a glucose meter's table: rows of the person, serial numbers, seconds since 1970
└── Open mHealth, Nightscout: users, notes, devices, instants
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from aceso import formats
from aceso.codes import DataClass
from aceso.research import QUALITATIVE_RESULTS, Package, Rules, extract

if TYPE_CHECKING:
    from pathlib import Path

NEEDLES = (
    *("kim", "nara", "김하늘", "하늘", "sn-889", "xk21", "0042117", "16444", "suwon", "hyowon"),
    *("850312", "010-1234", "patients.example", "strava", "1930", "1950"),
    *("2024-01-31", "20240131", "1706659", "1706688"),
)
HL7 = [
    r"MSH|^~\&|LAB|KIMHOSP|EHR|KIM|20240131081500||ORU^R01|0042117|P|2.5",
    "PID|1||0042117^^^KIM^MR||KIM^NARA^^^^^L||19300203|F|||HYOWON-RO 1^^SUWON^^16444^KR||"
    "010-1234-5678|||||850312-1234567",
    "PV1|1|KIM|NARA^KIM|||||KIM^NARA|||||||||||0042117" + "|" * 25 + "20240131081500",
    "OBR|1|0042117|0042117|58410-2^KIM NARA^LN|||20240131081500|||||||||KIM^NARA||||||"
    "20240131081500||LAB|F",
    "OBX|1|NM|718-7^Hemoglobin KIM^LN||13.5|KIM|12-16 KIM|KIM|||F|||20240131081500||KIM^NARA",
    "OBX|2|NM|KIMNARA^KIM^L||8503121234567|16444|12-16|KIM|||F|||20240131081500",
    "OBX|3|NM|6690-2^WBC^LN||1706659200|10*9/L||N|||F|||20240131",
    "OBX|4|ST|718-7^Hb^LN||KIM 20240131||||||F|||20240131",
    "OBX|5|CE|718-7^Hb^LN||KIM^NARA^HL70078||||||F|||20240131",
    "NTE|1||KIM NARA 010-1234-5678",
]
RECORDED = (
    'creationDate="2024-01-31 08:15:00 +0900" startDate="2024-01-31 08:00:00 +0900" '
    'endDate="2024-01-31 08:10:00 +0900"'
)
APPLE = f"""<?xml version="1.0" encoding="UTF-8"?>
<HealthData locale="ko_KR"><ExportDate value="2024-01-31 08:15:00 +0900"/>
<Me HKCharacteristicTypeIdentifierDateOfBirth="1950-02-03"/>
<Record type="HKQuantityTypeIdentifierStepCount" sourceName="김하늘의 Apple Watch" {RECORDED}
 device="&lt;&lt;HKDevice: 0x1&gt;, name:Kim, serial:SN-889-XK21&gt;" unit="count" value="120">
 <MetadataEntry key="com.strava.athlete.KimNara" value="Kim Nara"/>
 <MetadataEntry key="HKExternalUUID" value="0042117-kim"/></Record>
<Workout workoutActivityType="HKWorkoutActivityTypeRunning" duration="30" durationUnit="min"
 sourceName="Kim Nara" {RECORDED}>
 <MetadataEntry key="HKWorkoutBrandName" value="Kim gym"/>
 <MetadataEntry key="1706659200" value="1706659200"/></Workout>
</HealthData>
"""
CLARITY = [
    "Index,Timestamp (YYYY-MM-DDThh:mm:ss),Event Type,Event Subtype,Patient Info,Device Info,"
    "Source Device ID,Glucose Value (mg/dL),Insulin Value (u),Carb Value (grams),"
    "Duration (hh:mm:ss),Glucose Rate of Change (mg/dL/min),Transmitter Time (Long Integer),"
    "Transmitter ID",
    "1,,FirstName,,Nara" + "," * 9,
    "2,,LastName,,Kim" + "," * 9,
    "3,,DateOfBirth,,1950-02-03" + "," * 9,
    "4,,Device,,,Dexcom G6 Mobile App,SN-889-XK21" + "," * 7,
    "5,2024-01-31T08:15:00,EGV,,,,SN-889-XK21,101,,,,,1706659200,8XK21Z",
    "6,2024-01-31T08:20:00,EGV,,,,SN-889-XK21,105,,,,,1706659500,8XK21Z",
]
WEIGHT = {
    "header": {
        "id": "kim-nara-0042117",
        "creation_date_time": "2024-01-31T08:15:00Z",
        "user_id": "kim@patients.example",
        "schema_id": {"namespace": "omh", "name": "body-weight", "version": "1.0"},
        "acquisition_provenance": {"source_name": "Kim app"},
    },
    "body": {
        "body_weight": {"value": 72, "unit": "kg"},
        "effective_time_frame": {"date_time": "2024-01-31T08:15:00Z"},
        "user_notes": "Kim Nara 010-1234-5678",
    },
}
GLUCOSE = {
    "_id": "0042117abc",
    "device": "xDrip-Kim",
    "date": 1706659200000,
    "dateString": "2024-01-31T00:00:00.000Z",
    "sgv": 120,
    "type": "sgv",
    "direction": "Flat",
    "notes": "Kim",
}
FILES = {
    "message.hl7": "\r".join(HL7) + "\r",
    "export.xml": APPLE,
    "clarity.csv": "\n".join(CLARITY) + "\n",
    "weight.json": json.dumps(WEIGHT),
    "entries.json": json.dumps([GLUCOSE]),
}


@pytest.mark.parametrize("name", FILES)
def test_an_extract_of_a_file_says_of_nobody_who_it_is(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(FILES[name], "utf-8")
    rules = Rules(
        classes=DataClass((1 << 24) - 1),
        key=b"k" * 32,
        region="state",
        recogniser=QUALITATIVE_RESULTS,
    )
    with formats.import_file(path) as imported:
        made = extract(imported.records(), rules)

    about = json.dumps(dict(Package.make(made, blind=bytes(32)).about), ensure_ascii=False)
    text = (b"\n".join(made.files().values()).decode() + about).casefold()
    assert made.count and [one for one in NEEDLES if one in text] == []
