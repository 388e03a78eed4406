"""
Apple Health
├── every Observation is valid R4, and in canonical bytes
├── numbers keep their digits, and a category is text
├── a record is one class and one day
├── a measurement that can't be read is refused by line, and the rest is read
└── routes are kept, and date of birth is left in the source
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

    assert found.fields["/entry/0/resource/valueQuantity"] == b'{"unit":"kg","value":70.50}'
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


def test_routes_are_kept(write, importing):
    route = '<WorkoutRoute><FileReference path="/workout-routes/r.gpx"/></WorkoutRoute>'
    read_ = importing(write(export("<Me/>", route)))

    assert read_.kinds == ["skipped", "kept"]
