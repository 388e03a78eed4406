"""A small file of each format, made by hand: where fuzzing starts, and what the registry must tell.

Names of people in them are CANARY. No outcome may ever say it.
"""

from __future__ import annotations

import base64
import gzip
import io
import json
import struct
import zipfile
import zlib
from typing import Any

from .accounts import ACCOUNTS

__all__ = ["BESIDE", "CANARY", "SEEDS", "fit_file", "fit_of", "health_card", "zip_of"]

CANARY = "Zq7Sujin"

_LOINC = "http://loinc.org"


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _observation(**more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": {"coding": [{"system": _LOINC, "code": "4548-4"}]},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2024-05-01T10:00:00+09:00",
        "valueQuantity": {"value": 5.40, "unit": "%", "code": "%"},
        "note": [{"text": f"{CANARY} said"}],
    } | more


_PATIENT = {
    "resourceType": "Patient",
    "id": "p1",
    "name": [{"family": CANARY, "given": ["가상"]}],
    "birthDate": "1980-02-02",
}
_BUNDLE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [{"resource": _PATIENT}, {"fullUrl": "urn:uuid:1", "resource": _observation()}],
}
_OLD = {
    "resourceType": "Bundle",
    "type": "collection",
    "meta": {"fhirVersion": "1.0.2"},
    "entry": [
        {
            "resource": {
                "resourceType": "MedicationOrder",
                "id": "m",
                "status": "active",
                "patient": {"reference": "Patient/p1"},
                "medicationCodeableConcept": {"text": CANARY},
                "dateWritten": "2015-01-01",
            }
        },
        {
            "resource": {
                "resourceType": "Condition",
                "patient": {"reference": "Patient/p1"},
                "code": {"text": "x"},
                "verificationStatus": "confirmed",
            }
        },
    ],
}
_FHIR_XML = (
    '<?xml version="1.0"?><Bundle xmlns="http://hl7.org/fhir"><type value="collection"/>'
    f'<entry><resource><Patient><id value="p1"/><name><family value="{CANARY}"/></name></Patient>'
    '</resource></entry><entry><resource><Observation><text><status value="generated"/>'
    '<div xmlns="http://www.w3.org/1999/xhtml"><p>a</p></div></text><status value="final"/>'
    '<code><coding><system value="http://loinc.org"/><code value="4548-4"/></coding></code>'
    '<subject><reference value="Patient/p1"/></subject><valueQuantity><value value="1.00"/>'
    "</valueQuantity></Observation></resource></entry></Bundle>"
)


def health_card(payload: bytes) -> bytes:
    """A card with a signature that nobody made."""
    pack = zlib.compressobj(wbits=-15)
    body = pack.compress(payload) + pack.flush()
    head = _json({"zip": "DEF", "alg": "ES256", "kid": "k"})
    parts = (head, body, b"\x01" * 64)
    jws = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    return _json({"verifiableCredential": [jws]})


CARD = _json(
    {
        "iss": "https://example.org/issuer",
        "nbf": 1620992383.218,
        "vc": {
            "type": ["https://smarthealth.cards#health-card"],
            "credentialSubject": {"fhirVersion": "4.0.1", "fhirBundle": _BUNDLE},
        },
    }
)

_HL7 = "\r".join(
    (
        r"MSH|^~\&|LIS|HANGANG|ACESO|ME|20240501103000+0900||ORU^R01|1|P|2.5|||||||UNICODE UTF-8",
        f"PID|1||M-1^^^HANGANG^MR||{CANARY}^가상||19800202|F",
        "PV1|1|O|||||||||||||||||V-7",
        "AL1|1|DA|1191^Aspirin^RXNORM|MO|rash",
        "DG1|1||E11.9^Diabetes^I10|||W",
        "OBR|1||F-9^LIS|24323-8^CMP^LN|||20240501093000|||||||||||||||20240501102000||LAB|F",
        "OBX|1|NM|2345-7^Glucose^LN||5.40|mmol/L^^UCUM|3.9-5.5|N|||F",
        r"OBX|2|TX|8251-1^Comment^LN||a\.br\b\T\c\X41\||||||F",
        "OBX|3|ED|18842-5^Summary^LN||^application^pdf^Base64^JVBERi0=||||||F",
        "NTE|1||words",
        "",
    )
)
_CCDA = (
    '<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><id root="1.2.9" extension="D"/>'
    '<title>T</title><effectiveTime value="20240501103000+0900"/><recordTarget><patientRole>'
    f'<id root="1.2.3" extension="M-1"/><patient><name><given>가</given><family>{CANARY}</family>'
    '</name><administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/>'
    '<birthTime value="1980"/></patient></patientRole></recordTarget><component><structuredBody>'
    '<component><section><code code="30954-2" codeSystem="2.16.840.1.113883.6.1"/><title>R</title>'
    "<text><table><tr><td>words</td></tr></table></text><entry>"
    '<observation classCode="OBS" moodCode="EVN"><id root="1.2.4"/><code code="2345-7" '
    'codeSystem="2.16.840.1.113883.6.1"/><statusCode code="completed"/>'
    '<effectiveTime value="20240501093000+0900"/><value xsi:type="PQ" value="5.40" unit="mmol/L"/>'
    "<referenceRange><observationRange><value xsi:type='IVL_PQ'><low value='3.9'/></value>"
    "</observationRange></referenceRange></observation></entry><entry>"
    '<substanceAdministration classCode="SBADM" moodCode="EVN"><statusCode code="active"/>'
    '<effectiveTime xsi:type="IVL_TS"><low value="2011"/></effectiveTime><consumable>'
    '<manufacturedProduct><manufacturedMaterial><code code="573621" '
    'codeSystem="2.16.840.1.113883.6.88"/></manufacturedMaterial></manufacturedProduct>'
    "</consumable></substanceAdministration></entry></section></component></structuredBody>"
    "</component></ClinicalDocument>"
)
_CDA_FILE = (
    '<ClinicalDocument xmlns="urn:hl7-org:v3"><recordTarget><patientRole><id root="1" '
    'extension="2"/></patientRole></recordTarget><component><nonXMLBody><text mediaType='
    '"application/pdf" representation="B64" integrityCheck="zRcXr36pGcMe/s5XL7/wTj5OZOI=" '
    'integrityCheckAlgorithm="SHA-1">JVBERi0xLjQK</text></nonXMLBody></component>'
    "</ClinicalDocument>"
)

_VCF = (
    b"##fileformat=VCFv4.3\n##contig=<ID=1,length=249250621>\n"
    b'##INFO=<ID=DP,Number=1,Type=Integer,Description="x">\n'
    b'##FORMAT=<ID=GT,Number=1,Type=String,Description="x">\n'
    b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tZq7Sujin\n"
    b"1\t5\trs1\tA\tC,<DEL>\t50.0\tPASS\tDP=7\tGT\t0/1\n1\t9\t.\tAT\t.\t.\t.\t.\tGT\t0|0\n"
)


def _bcf() -> bytes:
    header = b"".join(
        (
            b"##fileformat=VCFv4.2\n",
            b'##FILTER=<ID=PASS,Description="x",IDX=0>\n',
            b"##contig=<ID=chr1,length=1000,IDX=0>\n",
            b'##INFO=<ID=DP,Number=1,Type=Integer,Description="x",IDX=1>\n',
            b'##INFO=<ID=AF,Number=A,Type=Float,Description="x",IDX=2>\n',
            b'##FORMAT=<ID=GT,Number=1,Type=String,Description="x",IDX=3>\n',
            b"#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tZq7Sujin\n",
        )
    )
    shared = struct.pack("<iiif", 0, 4, 1, 50.0) + struct.pack("<II", 2 << 16 | 2, 1 << 24 | 1)
    shared += b"\x07" + b"\x17A" + b"\x17C" + b"\x11\x00" + b"\x11\x01\x12\x2c\x01"
    shared += b"\x11\x02\x15" + struct.pack("<f", 0.1)
    individual = b"\x11\x03\x21\x02\x05"
    record = struct.pack("<II", len(shared), len(individual)) + shared + individual
    return b"BCF\x02\x02" + struct.pack("<I", len(header) + 1) + header + b"\0" + record


def _fit_crc(data: bytes) -> int:
    table = (0x0000, 0xCC01, 0xD801, 0x1400, 0xF001, 0x3C00, 0x2800, 0xE401,
             0xA001, 0x6C00, 0x7800, 0xB401, 0x5000, 0x9C01, 0x8801, 0x4400)  # fmt: skip
    crc = 0
    for byte in data:
        for nibble in (byte & 15, byte >> 4):
            crc = (crc >> 4) ^ table[crc & 15] ^ table[nibble]
    return crc


def fit_of(data: bytes) -> bytes:
    """What lies between the header and the checksum of a FIT file."""
    return data[data[0] : -2] if data else b""


def fit_file(records: bytes) -> bytes:
    """A FIT file of these records, with right lengths and checksums."""
    head = struct.pack("<BBHI4s", 14, 0x20, 2132, len(records), b".FIT")
    head += struct.pack("<H", _fit_crc(head))
    return head + records + struct.pack("<H", _fit_crc(head + records))


def _fit() -> bytes:
    def definition(local: int, number: int, *fields: tuple[int, int, int]) -> bytes:
        packed = b"".join(bytes(field) for field in fields)
        return struct.pack("<BBBHB", 0x40 | local, 0, 0, number, len(fields)) + packed

    at = 1_000_000_000
    file_id = definition(0, 0, (0, 1, 0), (1, 2, 0x84), (4, 4, 0x86))
    file_id += struct.pack("<BBHI", 0, 4, 1, at)
    record = definition(1, 20, (253, 4, 0x86), (3, 1, 2), (0, 4, 0x85), (1, 4, 0x85))
    for second in range(4):
        record += struct.pack("<BIBii", 1, at + second, 90 + second, 1 << 28, 1 << 29)
    session = definition(2, 18, (253, 4, 0x86), (2, 4, 0x86), (5, 1, 0), (7, 4, 0x86))
    session += struct.pack("<BIIBI", 2, at + 4, at, 1, 4000)
    return fit_file(file_id + record + session)


def zip_of(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


_SPAN = 'startDate="2024-06-01 08:00:00 +0900" endDate="2024-06-01 08:05:30 +0900"'
_APPLE = (
    '<?xml version="1.0"?><!DOCTYPE HealthData [<!ELEMENT HealthData ANY>]>'
    '<HealthData locale="ko_KR"><ExportDate value="2024-06-02 00:00:00 +0900"/>'
    '<Me HKCharacteristicTypeIdentifierDateOfBirth="1980-02-02"/>'
    f'<Record type="HKQuantityTypeIdentifierHeartRate" sourceName="{CANARY}" unit="count/min" '
    f'{_SPAN} value="72.0"><MetadataEntry key="HKWasUserEntered" value="1"/></Record>'
    f'<Record type="HKCategoryTypeIdentifierSleepAnalysis" {_SPAN} value="HKCategoryValueSleep'
    'AnalysisAsleepREM"/><Workout workoutActivityType="HKWorkoutActivityTypeRunning" '
    f'duration="5.10" durationUnit="min" {_SPAN}><WorkoutRoute><FileReference path="/r.gpx"/>'
    '</WorkoutRoute></Workout><ActivitySummary dateComponents="2024-06-01" '
    'activeEnergyBurned="59.50"/></HealthData>'
)
_CLARITY = (
    "Index,Timestamp (YYYY-MM-DDThh:mm:ss),Event Type,Event Subtype,Patient Info,Device Info,"
    "Source Device ID,Glucose Value (mg/dL),Insulin Value (u),Carb Value (grams),"
    "Duration (hh:mm:ss),Glucose Rate of Change (mg/dL/min),Transmitter Time (Long Integer),"
    f"Transmitter ID\n1,,FirstName,,{CANARY},,,,,,,,,\n2,,Device,,,Dexcom G6,Android,,,,,,,\n"
    "4,2024-05-01T00:04:27,EGV,,,,Android,104,,,,,8404012,8X\n"
    "5,2024-05-01T00:09:27,EGV,,,,Android,Low,,,,,8404312,8X\n"
    "8,2024-05-01T07:31:00,Insulin,Fast-Acting,,,Android,,4.50,,,,,\n"
    "10,2024-05-01T18:00:00,Exercise,Heavy,,,Android,,,,0:45:00,,,\n"
)
_LIBRE = (
    f"Glucose Data,Generated on,02-05-2024 17:28 UTC,Generated by,{CANARY}\n\n"
    "Device,Serial Number,Device Timestamp,Record Type,Historic Glucose mg/dL,"
    "Scan Glucose mg/dL,Non-numeric Rapid-Acting Insulin,Rapid-Acting Insulin (units),"
    "Non-numeric Food,Carbohydrates (grams),Carbohydrates (servings),"
    "Non-numeric Long-Acting Insulin,Long-Acting Insulin Value (units),Notes,"
    "Strip Glucose mg/dL,Ketone mmol/L,Meal Insulin (units),Correction Insulin (units),"
    "User Change Insulin (units)\n"
    "FreeStyle Libre 3,AB-1,13-05-2024 08:15,0,104,,,,,,,,,,,,,,\n"
    f"FreeStyle Libre 3,AB-1,13-05-2024 08:30,6,,,,,,,,,,{CANARY},,,,,\n"
    "FreeStyle Libre 3,AB-1,13-05-2024 09:15,1,,99,,,,,,,,,,,,,\n"
)
_NIGHT = {
    "logId": 26589710670,
    "dateOfSleep": "2020-02-21",
    "startTime": "2020-02-20T23:21:30.000",
    "endTime": "2020-02-21T07:03:30.000",
    "minutesAsleep": 408,
    "minutesAwake": 54,
    "timeInBed": 462,
    "levels": {
        "summary": {"deep": {"count": 5, "minutes": 104}},
        "data": [{"dateTime": "2020-02-20T23:21:30.000", "level": "wake", "seconds": 630}],
        "shortData": [{"dateTime": "2020-02-20T23:32:00.000", "level": "wake", "seconds": 120}],
    },
}
_GPX = (
    "<?xml version='1.0'?><gpx xmlns='http://www.topografix.com/GPX/1/1' creator='watch' "
    "xmlns:t='http://www.garmin.com/xmlschemas/TrackPointExtension/v1' version='1.1'><trk>"
    f"<name>{CANARY}</name><trkseg>"
    + "".join(
        f"\n<trkpt lat='37.50' lon='127.10'><ele>1.0</ele><time>2024-05-01T23:00:0{second}Z</time>"
        "<extensions><t:TrackPointExtension><t:hr>90</t:hr></t:TrackPointExtension></extensions>"
        "</trkpt>"
        for second in range(3)
    )
    + "</trkseg></trk></gpx>"
)
_TCX = (
    '<TrainingCenterDatabase xmlns="http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2">'
    '<Activities><Activity Sport="Running"><Id>2024-05-01T23:00:00Z</Id>'
    '<Lap StartTime="2024-05-01T23:00:00Z"><TotalTimeSeconds>2.0</TotalTimeSeconds>'
    "<DistanceMeters>7.5</DistanceMeters><Calories>3</Calories><Track>"
    + "".join(
        f"<Trackpoint><Time>2024-05-01T23:00:0{second}Z</Time><Position><LatitudeDegrees>37.5"
        "</LatitudeDegrees><LongitudeDegrees>127.1</LongitudeDegrees></Position>"
        "<HeartRateBpm><Value>90</Value></HeartRateBpm></Trackpoint>"
        for second in range(3)
    )
    + f"</Track></Lap><Notes>{CANARY}</Notes></Activity></Activities></TrainingCenterDatabase>"
)
_WEIGHT = {
    "header": {
        "id": "1",
        "creation_date_time": "2020-02-05T07:25:00Z",
        "user_id": CANARY,
        "schema_id": {"namespace": "omh", "name": "body-weight", "version": "2.0"},
    },
    "body": {
        "body_weight": {"value": 50.10, "unit": "kg"},
        "effective_time_frame": {"date_time": "2020-02-05T07:25:00-08:00"},
    },
}
_STEPS = {
    "step_count": {"value": 7, "unit": "steps"},
    "effective_time_frame": {
        "time_interval": {
            "start_date_time": "2016-02-05T21:35:00Z",
            "duration": {"value": 9, "unit": "h"},
        }
    },
}
_POLAR = (
    "Name,Sport,Date,Start time,Duration,Total distance (km),Average heart rate (bpm)\n"
    f"{CANARY},Running,29-08-2026,22:00:00,00:00:02,0,85\n"
    "Sample rate,Time,HR (bpm),Speed (km/h),\n1,00:00:00,85,,\n1,00:00:01,,,\n1,00:00:02,86,,\n"
)
_GARMIN = (
    "Activity Type,Date,Favorite,Title,Distance,Calories,Time,Avg HR,Max HR,Avg Pace,Ascent\n"
    f'Running,2026-08-20 07:15:23,false,{CANARY},6.21,"1,024",00:50:12,148,171,8:05,203\n'
)
_POINT = {
    "fitValue": [{"value": {"fpVal": 72.50}}],
    "dataTypeName": "com.google.heart_rate.bpm",
    "startTimeNanos": "1515913323392740449",
    "endTimeNanos": "1515913323392740449",
    "originDataSourceId": "raw:com.google.heart_rate.bpm:com.x:Fossil:Gen 5:1:h",
}
_BUCKET = {
    "startTimeMillis": "1515913323392",
    "endTimeMillis": "1515999723392",
    "dataset": [
        {
            "dataSourceId": "derived:com.google.step_count.delta:x",
            "point": [
                {
                    "startTimeNanos": "1515913323392740449",
                    "endTimeNanos": "1515913383392740449",
                    "dataTypeName": "com.google.step_count.delta",
                    "value": [{"intVal": 2823, "mapVal": []}],
                }
            ],
        }
    ],
}
_WITHINGS = {
    "status": 0,
    "body": {
        "timezone": "Asia/Seoul",
        "measuregrps": [
            {
                "grpid": 1,
                "attrib": 0,
                "date": 1693651151,
                "category": 1,
                "measures": [{"value": 118003, "type": 1, "unit": -3}],
            }
        ],
    },
}
_OURA = {
    "sleep": [
        {
            "bedtime_start": "2020-01-01T23:00:00+09:00",
            "bedtime_end": "2020-01-02T07:00:00+09:00",
            "summary_date": "2020-01-01",
            "total": 25000,
            "deep": 5000,
            "hypnogram_5min": "443212",
            "score": 80,
            "hr_5min": [0, 53, 51],
        }
    ]
}

_WFDB = (
    b"100 2 360 1000\n100.dat 212 200 11 1024 995 0 0 MLII\n"
    b"100.dat 212 200 11 1024 1011 0 0 V5\n# 69 M 1085 1629 x1\n"
)

# What lies beside the file of a format that is made of several.
BESIDE: dict[str, dict[str, bytes]] = {
    "wfdb": {"100.dat": bytes(range(256)) * 12, "100.atr": b"\x0a\x04\x32\x04\x00\x00"},
}

# By the name of the format; what is beside the first of each are its other shapes.
SEEDS: dict[str, tuple[bytes, ...]] = {
    "fhir": (_json(_BUNDLE), _json(_observation()), _json(_OLD)),
    "fhir-ndjson": (_json(_PATIENT) + b"\n" + _json(_observation()) + b"\n",),
    "fhir-list": (_json([_PATIENT, _observation()]),),
    "fhir-xml": (_FHIR_XML.encode(),),
    "health-card": (health_card(CARD),),
    "hl7v2": (_HL7.encode(), b"\x0b" + _HL7.replace("\r", "\n").encode("cp949") + b"\x1c\r"),
    "ccda": (_CCDA.encode(), _CDA_FILE.encode()),
    "vcf": (_VCF, gzip.compress(_VCF, mtime=0)),
    "bcf": (_bcf(),),
    "genotypes": (
        b"# This data file generated by 23andMe at: Fri Jul 31 00:41:13 2020\n"
        b"# rsid\tchromosome\tposition\tgenotype\nrs1\t1\t101\tAA\nrs2\t1\t102\tGC\n"
        b"rs3\t2\t5\t--\ni4\tX\t9\tT\n",
        b'RSID,CHROMOSOME,POSITION,RESULT\n"rs1","1","101","AA"\n"rs2","1","102","CG"\n',
        b"#AncestryDNA raw data download\nrsid\tchromosome\tposition\tallele1\tallele2\n"
        b"rs1\t1\t101\tA\tA\nrs2\t23\t102\tG\t0\n",
    ),
    "tabix": (b"TBI\x01" + bytes(32),),
    "csi": (b"CSI\x01" + bytes(32),),
    "bai": (b"BAI\x01" + bytes(8),),
    "bam": (b"BAM\x01" + bytes(8),),
    "cram": (b"CRAM\x03\x00" + bytes(20),),
    "sam": (b"@HD\tVN:1.6\tSO:coordinate\n@SQ\tSN:chr1\tLN:248956422\n",),
    "fastq": (b"@SEQ_ID x\nGATTTGGGGTTC\n+\n!''*((((***+\n",),
    "fasta": (b">chrM\nGATCACAGGTCTATCACCCTATTAACCACTCACGGGAGC\n",),
    "2bit": (b"\x43\x27\x41\x1a\x00\x00\x00\x00",),
    "plink-bed": (b"\x6c\x1b\x01\xff\x00",),
    "plink-ped": (b"F1 I1 0 0 1 -9 A A C G 0 0 T T\n",),
    "plink-bim": (b"1\trs1\t0\t752566\tG\tA\n1\trs2\t0\t752721\tA\tG\n",),
    "plink-map": (b"1 rs3131972 0 752721\n1 rs12562034 0 768448\n",),
    "plink-fam": (b"F1 I1 0 0 1 -9\n",),
    "gff": (b"##gff-version 3\nchr1\tx\tgene\t1\t9\t.\t+\t.\tID=g\n",),
    "bed": (b"track name=x\nchr7\t127471196\t127472363\tPos1\n",),
    "apple-health": (_APPLE.encode(),),
    "dexcom-clarity": (_CLARITY.encode("utf-8-sig"),),
    "fit": (_fit(),),
    "fitbit-minutes": (
        b'"","time","value","type","date"\n"1",0,66,"heart rate",2017-06-26\n'
        b'"2",60,12,"steps",2017-06-26\n',
    ),
    "fitbit-archive": (
        b"timestamp,rmssd,nremhr,entropy\n2024-07-21T00:00:00,29.232,49.623,2.472\n",
        b"date_time,heart_zone_id,total_minutes\n2026-09-15T08:40,FAT_BURN,1\n",
    ),
    "fitbit-takeout": (
        _json([_NIGHT]),
        _json([{"dateTime": "09/01/16 23:59:55", "value": {"bpm": 71, "confidence": 2}}]),
    ),
    "fitbit-api": (
        _json({"sleep": [_NIGHT]}),
        _json(
            {
                "activities-heart": [{"dateTime": "2020-01-01", "value": {"restingHeartRate": 58}}],
                "activities-heart-intraday": {
                    "dataset": [{"time": "00:01:00", "value": 64}],
                    "datasetInterval": 1,
                    "datasetType": "minute",
                },
            }
        ),
    ),
    "google-fit-daily": (
        b"Date,Move Minutes count,Calories (kcal),Distance (m),Low latitude (deg),Step count\n"
        b"2024-06-01,42,2145.5,3251.4,37.5,4871\n2024-06-02,,,,,\n",
    ),
    "google-fit": (_json({"Data Source": "derived:x", "Data Points": [_POINT]}),),
    "google-fit-api": (_json({"bucket": [_BUCKET]}), _json(_BUCKET["dataset"][0])),
    "gpx": (_GPX.encode(),),
    "libreview": (_LIBRE.encode(),),
    "nightscout": (
        _json([{"date": 1527924300000, "dateString": "2018-06-02T00:25:00-0700", "sgv": 101,
                "type": "sgv", "direction": "Flat", "device": "cgm"},
               {"date": 1527924300123, "sgv": 100, "type": "sgv", "utcOffset": 540}]),
        _json([{"eventType": "Correction Bolus", "created_at": "2018-06-02T07:05:00Z",
                "insulin": 1.5, "glucose": 130, "units": "mg/dl", "notes": CANARY}]),
        _json([{"_type": "Bolus", "timestamp": "2018-06-02T00:05:00-07:00", "amount": 0.5}]),
    ),
    "open-mhealth": (_json(_WEIGHT), _json(_STEPS), _json([_WEIGHT]), _json(_WEIGHT) * 2),
    "tracker-csv": (
        b"date,time,heartRate\n2026-01-01,07:13,107\n",
        _GARMIN.encode(),
        b"Id,ActivityMinute,Steps\n1503960366,4/12/2016 12:01:00 AM,7\n",
    ),
    "polar-csv": (_POLAR.encode(),),
    "oura": (
        _json(_OURA),
        _json({"heart_rate": [{"bpm": 60, "source": "awake",
                               "timestamp": "2021-01-01T01:02:03+00:00"}]}),
    ),
    "oura-csv": (
        b"id,day,bedtime_start,bedtime_end,total_sleep_duration,type\n"
        b"a1,2024-05-02,2024-05-01T23:40:00.000+09:00,2024-05-02T00:05:00.000+09:00,1200,long\n",
    ),
    "samsung-health": (
        "com.samsung.shealth.stress,7006011,3\nstart_time,end_time,score,time_offset,\n"
        "2026-10-04 20:55:00.000,,35,UTC+0200,\n".encode("utf-8-sig"),
    ),
    "samsung-series": (
        _json([{"start_time": 1758067200000, "end_time": 1758067259000, "heart_rate": 52.0,
                "heart_rate_min": 50.0, "heart_rate_max": 55.0}]),
    ),
    "withings-api": (_json(_WITHINGS),),
    "withings-csv": (
        b'Date,"Heart rate",Systolic,Diastolic,Comments\n"2024-01-15 10:30:00",61,130,85,\n',
        b'Date,"Weight (lb)","Fat mass (lb)",Comments\n"2024-01-15 10:30:00",178,39.6,\n',
    ),
    "tcx": (_TCX.encode(),),
    **ACCOUNTS,
    "wfdb": (b"100 2 360 650000\n100.dat 212 200 11 1024 995 -22131 0 MLII\n", _WFDB),
    "zip": (
        zip_of(**{"a/export.xml": _APPLE.encode(), "b": _json(_BUNDLE)}),
        zip_of(one=zip_of(two=_VCF)),
        zip_of(**{"r/100.hea": _WFDB, "r/100.dat": bytes(range(250)) * 12}),
    ),
    "gzip": (gzip.compress(_json(_BUNDLE), mtime=0), gzip.compress(_GPX.encode(), mtime=0)),
    "unknown": (b"hello\n", b"\x00\x01\x02", b"<root><a/></root>", b'{"a":1}'),
    "empty": (b"",),
    "dicom": (bytes(128) + b"DICM\x02\x00\x00\x00UL\x04\x00\x00\x00\x00\x00",),
    "pdf": (b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n",),
    "png": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(17),),
    "jpeg": (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(9) + b"\xff\xd9",),
    "tiff": (b"II*\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00",),
    "heic": (b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",),
    "gif": (b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",),
    "webp": (b"RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00/" + bytes(12),),
    "rtf": (b"{\\rtf1\\ansi words}",),
    "html": (b"<!DOCTYPE html><html><body><p>words</p></body></html>",),
    "x12": (
        b"ISA*00*          *00*          *ZZ*S              *ZZ*R              *200101*1200*^*"
        b"00501*000000001*0*T*:~GS*HP*S*R*20200101*1200*1*X*005010X221A1~ST*835*0001~SE*2*0001~GE*1*1~"
        b"IEA*1*000000001~",
    ),
    "epcis": (b'<epcis:EPCISDocument xmlns:epcis="urn:epcglobal:epcis:xsd:1"/>',),
    "clinicaltrials": (_json({"protocolSection": {"identificationModule": {"nctId": "NCT0"}}}),),
    "codelist": (_json({"locale": "ko", "countries": {"KR": "x"}}),),
    "hl7v2-xml": (b'<ORU_R01 xmlns="urn:hl7-org:v2xml"><MSH/></ORU_R01>',),
    "phenopacket": (
        _json({
            "id": "p",
            "subject": {"id": "s1", "sex": "MALE"},
            "phenotypicFeatures": [{"type": {"id": "HP:0001250", "label": "Seizure"}}],
            "metaData": {"created": "2024-05-01T00:00:00Z", "phenopacketSchemaVersion": "2.0"},
        }),
    ),
    "vrs": (
        _json({
            "type": "Allele",
            "location": {
                "type": "SequenceLocation",
                "sequenceReference": {
                    "type": "SequenceReference",
                    "refgetAccession": "SQ.IIB53T8CNeJJdUqzn9V_JnRtQadwWCbl",
                },
                "start": 44908821,
                "end": 44908822,
            },
            "state": {"type": "LiteralSequenceExpression", "sequence": "T"},
        }),
    ),
    "apple-ecg": (
        b"Name,x\nDate of Birth,\"Jan 1, 1980\"\nRecorded Date,2024-05-01 10:00:00 +0900\n"
        b"Classification,Sinus Rhythm\nSymptoms,\nSoftware Version,1.90\nDevice,\"Watch6,2\"\n"
        b"Sample Rate,512 hertz\n\n\nLead,Lead I\nUnit,\xc2\xb5V\n\n" + b"1.5\n-2.25\n3\n" * 40,
    ),
}  # fmt: skip
