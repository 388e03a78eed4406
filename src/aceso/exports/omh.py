"""Measurements as Open mHealth data points, the newest published schema of each measure.

    write_data_points(resources, stream)     # (written, left out)

One JSON array of data points: a header (`header-1.2`) and a body. Schemas, their versions and the
words for units are those of github.com/openmhealth/schemas, directory schema/omh.

A data point needs a time with a zone. A measurement without one, or in a unit that the schema
doesn't have, is left out and counted: a zone is never invented and a value never converted.

Limits: only what there is a schema for; of a blood pressure both numbers must be there.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from aceso.formats.canonical import canonical_bytes, is_number

from ._resources import Resources
from ._text import dicts
from .errors import NothingToExportError

__all__ = ["write_data_points"]

_LOINC = "http://loinc.org"
_OWN = "urn:aceso:measure"
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})\Z")


@dataclass(frozen=True, slots=True)
class _Schema:
    """A schema: its version, the key of its value, and its word for each unit that we have."""

    name: str
    version: str
    key: str
    units: dict[str, str]
    needs_interval: bool = False


_MASS = {"kg": "kg", "g": "g", "[lb_av]": "lb", "lb": "lb"}
_LENGTH = {"cm": "cm", "m": "m", "[in_i]": "in", "in": "in", "[ft_i]": "ft", "ft": "ft"}
_RATE = {"/min": "beats/min", "{beats}/min": "beats/min", "count/min": "beats/min"}
_PRESSURE = {"mm[Hg]": "mmHg", "mmHg": "mmHg"}
_HEART = _Schema("heart-rate", "2.0", "heart_rate", _RATE)
_WEIGHT = _Schema("body-weight", "3.0", "body_weight", _MASS)
_HEIGHT = _Schema("body-height", "2.0", "body_height", _LENGTH)
_MASS_INDEX = _Schema("body-mass-index", "3.0", "body_mass_index", {"kg/m2": "kg/m^2"})
_FAT = _Schema("body-fat-percentage", "2.0", "body_fat_percentage", {"%": "%"})
_GLUCOSE = _Schema("blood-glucose", "4.0", "blood_glucose", {"mg/dL": "mg/dL", "mmol/L": "mmol/L"})
_OXYGEN = _Schema("oxygen-saturation", "2.0", "oxygen_saturation", {"%": "%"})
_BREATH = _Schema(
    "respiratory-rate",
    "2.0",
    "respiratory_rate",
    {"/min": "breaths/min", "{breaths}/min": "breaths/min", "count/min": "breaths/min"},
)
_WARMTH = _Schema(
    "body-temperature",
    "4.0",
    "body_temperature",
    {"Cel": "C", "degC": "C", "[degF]": "F", "degF": "F", "K": "K"},
)
_STEPS = _Schema(
    "step-count",
    "3.0",
    "step_count",
    {"{steps}": "steps", "steps": "steps", "count": "steps"},
    needs_interval=True,
)
_BURNED = _Schema(
    "calories-burned", "2.0", "kcal_burned", {"kcal": "kcal", "Cal": "kcal"}, needs_interval=True
)
_SLEEP = _Schema(
    "total-sleep-time",
    "1.0",
    "total_sleep_time",
    {"min": "min", "h": "h", "s": "sec"},
    needs_interval=True,
)
_BY_CODE: dict[tuple[str, str], _Schema] = {
    (_LOINC, "8867-4"): _HEART,
    (_LOINC, "40443-4"): _HEART,
    (_LOINC, "29463-7"): _WEIGHT,
    (_LOINC, "8302-2"): _HEIGHT,
    (_LOINC, "39156-5"): _MASS_INDEX,
    (_LOINC, "41982-0"): _FAT,
    (_LOINC, "2339-0"): _GLUCOSE,
    (_LOINC, "15074-8"): _GLUCOSE,
    (_LOINC, "59408-5"): _OXYGEN,
    (_LOINC, "9279-1"): _BREATH,
    (_LOINC, "8310-5"): _WARMTH,
    (_LOINC, "55423-8"): _STEPS,
    (_LOINC, "41981-2"): _BURNED,
    (_LOINC, "93832-4"): _SLEEP,
    (_OWN, "step_count"): _STEPS,
}
_BLOOD_PRESSURE = ("blood-pressure", "4.0")
_SYSTOLIC, _DIASTOLIC = "8480-6", "8462-4"
_PRESSURE_CODES = frozenset({"85354-9", "55284-4"})


def write_data_points(resources: Resources, stream: BinaryIO) -> tuple[int, int]:
    """Write all data points; return how many, and how many measurements were left out."""
    written = left_out = 0
    for resource in resources.of_type("Observation"):
        observation = resource.parsed()
        if not _is_measure(observation):
            continue
        points = list(_points(observation, resource.data))
        left_out += not points
        for point in points:
            stream.write(b",\n" if written else b"[\n")
            stream.write(canonical_bytes(point))
            written += 1
    if not written:
        raise NothingToExportError(
            "There is no measurement among these records that Open mHealth has a schema for.",
            code="E_EXPORT_NO_MEASURE",
        )
    stream.write(b"\n]\n")
    return written, left_out


def _is_measure(observation: dict[str, Any]) -> bool:
    return _schema(observation) is not None or _is_pressure(observation)


def _points(observation: dict[str, Any], data: bytes) -> Iterator[dict[str, Any]]:
    if observation.get("status") in ("entered-in-error", "cancelled"):
        return
    frame = _time_frame(observation)
    if frame is None:
        return
    schema = _schema(observation)
    if schema is not None:
        value = _unit_value(observation.get("valueQuantity"), schema.units)
        if value is None or (schema.needs_interval and "time_interval" not in frame):
            return
        body: dict[str, Any] = {schema.key: value, "effective_time_frame": frame}
        yield _point(observation, data, (schema.name, schema.version), body)
        return
    parts = {
        code: _unit_value(one.get("valueQuantity"), _PRESSURE)
        for one in dicts(observation.get("component"))
        for _, code in _codes(one)
    }
    if parts.get(_SYSTOLIC) and parts.get(_DIASTOLIC):
        body = {
            "systolic_blood_pressure": parts[_SYSTOLIC],
            "diastolic_blood_pressure": parts[_DIASTOLIC],
            "effective_time_frame": frame,
        }
        yield _point(observation, data, _BLOOD_PRESSURE, body)


def _point(
    observation: dict[str, Any], data: bytes, schema: tuple[str, str], body: dict[str, Any]
) -> dict[str, Any]:
    digest = hashlib.sha256(data).digest()
    name, version = schema
    header: dict[str, Any] = {
        "id": str(uuid.UUID(bytes=digest[:16], version=4)),
        "creation_date_time": _created(observation, body["effective_time_frame"]),
        "schema_id": {"namespace": "omh", "name": name, "version": version},
    }
    device = observation.get("device")
    source = device.get("display") if isinstance(device, dict) else None
    if isinstance(source, str) and source:
        header["acquisition_provenance"] = {"source_name": source, "modality": "sensed"}
    return {"header": header, "body": body}


def _created(observation: dict[str, Any], frame: dict[str, Any]) -> str:
    """When the measurement was written down, as far as its source says."""
    issued = observation.get("issued")
    if isinstance(issued, str) and _MOMENT.match(issued):
        return issued
    interval = frame.get("time_interval")
    return str(interval["end_date_time"] if interval else frame["date_time"])


def _time_frame(observation: dict[str, Any]) -> dict[str, Any] | None:
    moment = observation.get("effectiveDateTime") or observation.get("effectiveInstant")
    if isinstance(moment, str):
        return {"date_time": moment} if _MOMENT.match(moment) else None
    period = observation.get("effectivePeriod")
    start, end = (
        (period.get(name) for name in ("start", "end"))
        if isinstance(period, dict)
        else (None, None)
    )
    if not all(isinstance(one, str) and _MOMENT.match(one) for one in (start, end)):
        return None
    return {"time_interval": {"start_date_time": start, "end_date_time": end}}


def _unit_value(quantity: Any, units: dict[str, str]) -> dict[str, Any] | None:
    # What is only known to be above or below has no place in the schema.
    if not isinstance(quantity, dict) or "comparator" in quantity:
        return None
    if not is_number(quantity.get("value")):
        return None
    for key in ("code", "unit"):
        unit = units.get(str(quantity.get(key)))
        if unit is not None:
            return {"value": quantity["value"], "unit": unit}
    return None


def _schema(observation: dict[str, Any]) -> _Schema | None:
    for system, code in _codes(observation):
        found = _BY_CODE.get((system, code))
        if found is not None:
            return found
    return None


def _is_pressure(observation: dict[str, Any]) -> bool:
    return any(system == _LOINC and code in _PRESSURE_CODES for system, code in _codes(observation))


def _codes(holder: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for concept in dicts(holder.get("code")):
        for coding in dicts(concept.get("coding")):
            yield str(coding.get("system")), str(coding.get("code"))
