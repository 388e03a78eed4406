"""
Apple Health
├── every Observation is valid R4, and in canonical bytes
├── numbers keep their digits, and a category is text
├── a record is one class and one day
├── a measurement that can't be read is refused by line, and the rest is read
├── date of birth is left in the source, and what isn't known is kept
├── what is said beside a measurement
│   ├── is in it in one order, and marks what the person typed in
│   └── raises the class where it names something sensitive
├── a fraction is a percentage
├── a correlation has its parts, and what repeats is one
├── a workout has its statistics, events and the name of its route
├── a hearing test and a prescription of glasses
├── a document type that is broken is not read, an entity is refused
└── a file that breaks off gives what came before, and says so
"""

from __future__ import annotations

import json

import fhirkit

from aceso.formats import Kind, canonical_bytes, read
from aceso.formats.canonical import parse

START = 'startDate="2024-06-01 08:00:00 +0900"'
SPAN = START + ' endDate="2024-06-01 08:05:30 +0900"'


def export(*elements):
    return f"<HealthData><ExportDate value='x'/>{''.join(elements)}</HealthData>"


def record(kind, more):
    return f'<Record type="HK{kind}" sourceName=" 시계 &quot;둘&quot; " {more}/>'


def test_every_observation_is_valid_and_canonical(write, sample_files):
    path = write(
        export(
            record("QuantityTypeIdentifierHeartRate", f'{START} unit="count/min" value="72"'),
            record("QuantityTypeIdentifierStepCount", f'{SPAN} unit=" " value="5e2"'),
            record("CategoryTypeIdentifierSleepAnalysis", f'{SPAN} value="HKAsleep"'),
            record("CategoryTypeIdentifierMindfulSession", SPAN),
            f'<Workout workoutActivityType="HKRun" duration="5.10" durationUnit="min" {SPAN}/>',
            '<ActivitySummary dateComponents="2024-06-01" activeEnergyBurned="59.50"/>',
        )
    )
    phone = next(sample.path for sample in sample_files if sample.issuer == "phone")
    pieces = [piece for one in (path, phone) for _, piece in read(one) if piece is not None]

    assert len(pieces) > 500
    for piece in pieces:
        data = piece.body.open().read()
        assert canonical_bytes(parse(data)) == data
        assert not fhirkit.validate(data)


def test_numbers_keep_their_digits(write, importing):
    path = write(
        export(record("QuantityTypeIdentifierBodyMass", f'{START} unit="kg" value="70.50"'))
    )
    (found,) = importing(path).records

    assert found.fields["/entry/0/resource/valueQuantity"] == (
        b'{"code":"kg","system":"http://unitsofmeasure.org","unit":"kg","value":70.50}'
    )
    assert json.loads(found.canonical)["entry"][0]["resource"]["device"] is not None


def test_a_record_is_one_class_and_one_day(sample_files, importing):
    phone = next(sample.path for sample in sample_files if sample.issuer == "phone")
    records = importing(phone).records

    assert len({(one.data_class, one.day) for one in records}) == len(records)
    assert all(one.day is not None and one.issued_at for one in records)


def test_what_cannot_be_read_is_refused_by_line(write, importing):
    bad = [
        record("QuantityTypeIdentifierStepCount", 'startDate="yesterday" value="1"'),
        record("QuantityTypeIdentifierStepCount", 'startDate="2024-13-01 08:00:00 +0900"'),
        "<Record/>",
        '<Workout workoutActivityType="a b"/>',
        '<ActivitySummary dateComponents="x"/>',
    ]
    good = record("QuantityTypeIdentifierStepCount", f'{SPAN} value="1"')
    outcomes = importing(write(export(*(f"\n{one}" for one in [*bad, good])))).outcomes

    kinds = [one.kind for one in outcomes]
    assert kinds == [Kind.REFUSED] * 5 + [Kind.IMPORTED]
    assert [one.place for one in outcomes] == [f"line {line}" for line in range(2, 8)]


def resources(read_):
    return [
        entry["resource"]
        for record in read_.records
        for entry in json.loads(record.canonical)["entry"]
    ]


def test_what_is_not_known_is_kept(write, importing):
    clinical = '<ClinicalRecord resourceFilePath="/clinical-records/Observation-1.json"/>'
    read_ = importing(write(export("<Me/>", clinical, "<StateOfMind valence='1'/>")))

    assert read_.kinds == ["skipped", "skipped", "kept"]
    assert [one.code for one in read_.outcomes] == ["me", "beside", "not_understood"]


def with_metadata(*entries, kind="QuantityTypeIdentifierHeartRate"):
    inside = "".join(f'<MetadataEntry key="{key}" value="{value}"/>' for key, value in entries)
    return f'<Record type="HK{kind}" {START} unit="count/min" value="72">{inside}</Record>'


def test_metadata_is_in_one_order(write, importing):
    entries = [("HKWasUserEntered", "1"), ("HKTimeZone", "Asia/Seoul"), ("empty", " ")]
    one = importing(write(export(with_metadata(*entries))))
    other = importing(write(export(with_metadata(*reversed(entries)))))

    assert one.records[0].canonical == other.records[0].canonical
    (found,) = resources(one)
    said = [(part["code"]["coding"][0]["code"], part["valueString"]) for part in found["component"]]
    assert sorted(said) == [("HKTimeZone", "Asia/Seoul"), ("HKWasUserEntered", "1")]
    assert found["meta"]["security"][0]["code"] == "PATRPT"
    assert not fhirkit.validate(json.dumps(found).encode())


def test_metadata_raises_the_class(write, importing):
    note = with_metadata(("note", "after the HIV test"))
    assert importing(write(export(note))).classes == {"HIV"}


def test_a_fraction_is_a_percentage(write, importing):
    values = {"0.97": "97", "0.970": "97.0", "1": "100", "0.0345": "3.45", "0.234567": "23.4567"}
    for written, expected in values.items():
        one = record(
            "QuantityTypeIdentifierOxygenSaturation", f'{START} unit="%" value="{written}"'
        )
        (found,) = importing(write(export(one))).records
        told = found.fields["/entry/0/resource/valueQuantity"]
        assert told.endswith(b'"unit":"%","value":' + expected.encode() + b"}")


def test_a_correlation_has_its_parts(write, importing):
    parts = [
        record(f"QuantityTypeIdentifierBloodPressure{part}", f'{START} unit="mmHg" value="{value}"')
        for part, value in (("Systolic", "121"), ("Diastolic", "80"))
    ]
    both = f'<Correlation type="HKCorrelationTypeIdentifierBloodPressure" {START}>'
    read_ = importing(write(export(both, *parts, "</Correlation>", *parts)))

    assert read_.kinds == ["imported"] * 3 + ["unchanged"] * 2
    (pair,) = [one for one in resources(read_) if "component" in one]
    assert {part["valueQuantity"]["value"] for part in pair["component"]} == {121, 80}
    assert not fhirkit.validate(json.dumps(pair).encode())


EFFORT = record(
    "QuantityTypeIdentifierWorkoutEffortScore", f'{SPAN} unit="appleEffortScore" value="6"'
)


def test_a_workout_has_what_is_in_it(write, importing):
    inside = f"""
      <MetadataEntry key="HKIndoorWorkout" value="0"/>
      <WorkoutEvent type="HKWorkoutEventTypePause" date="2024-06-01 08:02:00 +0900"/>
      <WorkoutStatistics type="HKQuantityTypeIdentifierHeartRate" {SPAN}
        average="141.5" minimum="99" maximum="171" unit="count/min"/>
      <WorkoutRoute sourceName="x"><FileReference path="/workout-routes/r.gpx"/></WorkoutRoute>
      {EFFORT}
    """
    workout = f'<Workout workoutActivityType="HKRun" {SPAN}>{inside}</Workout>'
    read_ = importing(write(export(workout)))

    assert read_.kinds == ["imported"] * 2
    (found,) = [one for one in resources(read_) if "component" in one]
    told = {
        part["code"]["coding"][0]["code"]: part.get("valueString") or part["valueQuantity"]["value"]
        for part in found["component"]
    }
    assert told == {
        "HKIndoorWorkout": "0",
        "HKWorkoutEventTypePause": "2024-06-01 08:02:00 +0900",
        "HeartRate.average": 141.5,
        "HeartRate.minimum": 99,
        "HeartRate.maximum": 171,
        "WorkoutRoute": "/workout-routes/r.gpx",
    }


def test_ears_and_eyes(write, importing):
    ears = f"""<Audiogram type="HKDataTypeIdentifierAudiogram" sourceName="x" {SPAN}>
      <SensitivityPoint frequencyValue="1000" frequencyUnit="Hz" leftEarValue="15"
        leftEarUnit="dBHL" rightEarValue="20" rightEarUnit="dBHL"/></Audiogram>"""
    eyes = """<VisionPrescription type="glasses" dateIssued="2024-06-01 00:00:00 +0900">
      <RightEye sphere="-2.25" sphereUnit="D"/><LeftEye sphere="-2.00" sphereUnit="D"/>
      </VisionPrescription>"""
    read_ = importing(write(export(ears, eyes)))

    assert read_.kinds == ["imported"] * 2
    assert read_.classes == {"BIOSIGNAL", "PROCEDURES"}
    parts = [part for one in resources(read_) for part in one["component"]]
    told = {
        part["code"]["coding"][0]["code"]: part["valueQuantity"]["value"]
        for part in parts
        if "valueQuantity" in part
    }
    assert told == {
        "leftEarSensitivity": 15,
        "rightEarSensitivity": 20,
        "RightEye.sphere": -2.25,
        "LeftEye.sphere": -2.0,
    }


STEPS = record("QuantityTypeIdentifierStepCount", f'{SPAN} value="1"')


def test_a_broken_document_type_is_not_read(write, importing):
    ios16 = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE HealthData [
<!ELEMENT VisionPrescription EMPTY>
<!ATTLIST VisionPrescription
  type CDATA #REQUIRED
<!ELEMENT RightEye EMPTY>
>
]>
"""
    read_ = importing(write(ios16 + export("\n", STEPS)))
    assert [(one.kind, one.place) for one in read_.outcomes] == [(Kind.IMPORTED, "line 10")]

    entity = ios16.replace("<!ELEMENT V", '<!ENTITY x "y">\n<!ELEMENT V')
    (refused,) = importing(write(entity + export(STEPS))).outcomes
    assert (refused.kind, refused.code, refused.place) == (Kind.REFUSED, "xml_entity", "line 3")


def test_a_file_that_breaks_off(write, importing):
    whole = export("\n", STEPS, "\n", STEPS.replace('value="1"', 'value="2"'))
    read_ = importing(write(whole[: whole.index('value="2"')]))

    assert [(one.kind.value, one.code) for one in read_.outcomes] == [
        ("imported", ""),
        ("refused", "truncated"),
    ]


def test_a_time_without_a_zone_gets_none(write, importing):
    local = record("QuantityTypeIdentifierStepCount", 'startDate="2024-06-01 08:00:00" value="1"')
    (found,) = resources(importing(write(export(local))))

    assert found["effectiveDateTime"] == "2024-06-01"
    extension = found["_effectiveDateTime"]["extension"][0]
    assert extension["valueTime"] == "08:00:00"
