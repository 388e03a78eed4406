"""
Open mHealth data points
├── what the sample files say comes out as the schema of that version has it
├── a blood pressure needs both numbers
├── no zone, a unit that the schema lacks, a bound, a moment for an interval: left out
├── digits stay
├── ids are the same each time, and one a measurement
└── no measurement: refused
"""

from __future__ import annotations

import io
import json

import pytest

from aceso.codes import DataClass
from aceso.exports import NothingToExportError, Resources, write_data_points
from tests.python.shared_data import SHARED, needs_shared

from .conftest import fhir_record

MOMENT = {"effectiveDateTime": "2024-05-01T10:00:00+09:00"}
PERIOD = {
    "effectivePeriod": {"start": "2024-05-01T10:00:00+09:00", "end": "2024-05-01T11:00:00+09:00"}
}


def measured(loinc, value, unit, when=MOMENT, **more):
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": loinc}]},
        "valueQuantity": {"value": value, "unit": unit, "code": unit},
        **when,
        **more,
    }


def points_of(*observations):
    held = [fhir_record(DataClass.BIOSIGNAL, json.dumps(one)) for one in observations]
    stream = io.BytesIO()
    with Resources.of(held) as resources:
        written, left_out = write_data_points(resources, stream)
    points = json.loads(stream.getvalue())
    assert len(points) == written
    return points, left_out


# The expected bodies are those of the schemas' own test data, with other values.
SAMPLES = [
    (measured("8867-4", 50, "/min"), "heart-rate", "2.0"),
    (measured("29463-7", 50, "kg"), "body-weight", "3.0"),
    (measured("2339-0", 95, "mg/dL"), "blood-glucose", "4.0"),
    (measured("59408-5", 95, "%"), "oxygen-saturation", "2.0"),
    (measured("55423-8", 10600, "{steps}", PERIOD), "step-count", "3.0"),
]


@pytest.mark.parametrize(("observation", "schema", "version"), SAMPLES)
def test_the_header_names_the_schema(observation, schema, version):
    ((point,), left_out) = points_of(observation)
    assert left_out == 0
    header = point["header"]
    assert header["schema_id"] == {"namespace": "omh", "name": schema, "version": version}
    assert set(header) == {"id", "creation_date_time", "schema_id"}


@needs_shared
@pytest.mark.parametrize(("observation", "schema", "version"), SAMPLES)
def test_the_body_has_the_published_shape(observation, schema, version):
    ((point,), _) = points_of(observation)
    (path,) = SHARED.glob(f"lifelog/omh_{schema}_{version}_shouldPass*")
    known = json.loads(path.read_text("utf-8"))
    key = schema.replace("-", "_")
    assert point["body"][key] == known[key]
    assert set(point["body"]) <= set(known)


def test_a_blood_pressure_has_both_numbers():
    def part(code, value):
        coding = {"system": "http://loinc.org", "code": code}
        return {"code": {"coding": [coding]}, "valueQuantity": {"value": value, "code": "mm[Hg]"}}

    both = measured("85354-9", 0, "", component=[part("8480-6", 120), part("8462-4", 80)])
    one = measured("85354-9", 0, "", component=[part("8480-6", 130)])
    ((point,), left_out) = points_of(both, one)
    assert left_out == 1
    assert point["header"]["schema_id"]["name"] == "blood-pressure"
    assert point["body"]["systolic_blood_pressure"] == {"value": 120, "unit": "mmHg"}
    assert point["body"]["diastolic_blood_pressure"] == {"value": 80, "unit": "mmHg"}


@pytest.mark.parametrize(
    "observation",
    [
        measured("8867-4", 60, "/min", {"effectiveDateTime": "2024-05-01"}),
        measured("8867-4", 60, "Hz"),
        measured("55423-8", 100, "{steps}"),
        measured("8867-4", 60, "/min", status="entered-in-error"),
    ],
)
def test_what_can_not_be_said_is_left_out(observation):
    points, left_out = points_of(observation, measured("8867-4", 61, "/min"))
    assert (len(points), left_out) == (1, 1)


def test_a_bound_is_no_value():
    high = measured("2339-0", 400, "mg/dL")
    high["valueQuantity"]["comparator"] = ">"
    with pytest.raises(NothingToExportError):
        points_of(high)


def test_digits_stay():
    text = json.dumps(measured("29463-7", 0, "kg")).replace('"value": 0', '"value": 70.50')
    stream = io.BytesIO()
    with Resources.of([fhir_record(DataClass.BIOSIGNAL, text)]) as resources:
        write_data_points(resources, stream)
    assert b'"value":70.50' in stream.getvalue()


def test_ids_are_steady_and_of_their_own():
    first, _ = points_of(measured("8867-4", 60, "/min"), measured("8867-4", 61, "/min"))
    again, _ = points_of(measured("8867-4", 61, "/min"), measured("8867-4", 60, "/min"))
    ids = [one["header"]["id"] for one in first]
    assert len(set(ids)) == 2
    assert ids == [one["header"]["id"] for one in again]


def test_nothing_measured_is_refused():
    with pytest.raises(NothingToExportError) as raised:
        points_of(measured("1234-5", 1, "kg"))
    assert raised.value.code == "E_EXPORT_NO_MEASURE"
