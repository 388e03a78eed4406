"""Open mHealth and IEEE 1752.1: data points with a header, one, a list, or one a line; and bodies.

A header names its schema, `schema_id`: `omh:heart-rate:2.0`. A body alone is told by the one
measure that it has. What a schema asks for is asked for here: a time frame, a number, and a unit of
the schema's list; the unit is written in UCUM and the value as it is.

Limits: schemas that are not listed are kept, one by one, and so is a part of a day ("morning").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from .._head import Head
from .._model import Format, Item
from .._reader import Reader, Source
from ..canonical import is_number, plain
from ._json import digits, elements, text
from ._measure import Reading, item, keep, refuse, told
from ._time import add_seconds, iso

__all__ = ["OMH", "READERS"]

OMH = Format("open-mhealth", "application/json", "Open mHealth / IEEE 1752.1", "오픈 엠헬스")

_MASS = {"fg": "fg", "pg": "pg", "ng": "ng", "ug": "ug", "mg": "mg", "g": "g", "kg": "kg",
         "gr": "[gr]", "oz": "[oz_av]", "lb": "[lb_av]"}  # fmt: skip
_LENGTH = {"mm": "mm", "cm": "cm", "m": "m", "km": "km", "in": "[in_i]", "ft": "[ft_i]",
           "yd": "[yd_i]", "mi": "[mi_i]"}  # fmt: skip
_TIME = {"ms": "ms", "sec": "s", "min": "min", "h": "h", "d": "d", "wk": "wk"}
_SECONDS = {"sec": 1, "min": 60, "h": 3600, "d": 86400, "wk": 604800}
_HEAT = {"K": "K", "C": "Cel", "F": "[degF]"}


@dataclass(frozen=True, slots=True)
class _Schema:
    """The key of the body that has the value, what it measures, and its units in UCUM."""

    key: str
    measure: str
    units: dict[str, str]


_SCHEMAS = {
    "blood-glucose": _Schema("blood_glucose", "blood_glucose",
                             {"mg/dL": "mg/dL", "mmol/L": "mmol/L"}),
    "body-fat-percentage": _Schema("body_fat_percentage", "body_fat_percentage", {"%": "%"}),
    "body-height": _Schema("body_height", "body_height", _LENGTH),
    "body-mass-index": _Schema("body_mass_index", "body_mass_index", {"kg/m^2": "kg/m2",
                                                                      "kg/m2": "kg/m2"}),
    "body-temperature": _Schema("body_temperature", "body_temperature", _HEAT),
    "body-weight": _Schema("body_weight", "body_weight", _MASS),
    "calories-burned": _Schema("kcal_burned", "calories_burned", {"kcal": "kcal"}),
    "heart-rate": _Schema("heart_rate", "heart_rate", {"beats/min": "/min"}),
    "heart-rate-variability": _Schema("heart_rate_variability", "heart_rate_variability", _TIME),
    "minutes-moderate-activity": _Schema("minutes_moderate_activity", "active_minutes",
                                         {"min": "min"}),
    "oxygen-saturation": _Schema("oxygen_saturation", "oxygen_saturation", {"%": "%"}),
    "respiratory-rate": _Schema("respiratory_rate", "respiratory_rate", {"breaths/min": "/min"}),
    "rr-interval": _Schema("rr_interval", "rr_interval", {"ms": "ms"}),
    "sleep-duration": _Schema("sleep_duration", "sleep_duration",
                              {unit: _TIME[unit] for unit in ("sec", "min", "h")}),
    "speed": _Schema("speed", "speed", {"m/s": "m/s", "km/h": "km/h"}),
    "step-count": _Schema("step_count", "step_count", {"steps": "{steps}"}),
    "total-sleep-time": _Schema("total_sleep_time", "sleep_duration", _TIME),
}  # fmt: skip
_BY_KEY = {schema.key: name for name, schema in _SCHEMAS.items()}
_EPISODE = (
    ("total_sleep_time", "sleep_duration", _TIME),
    ("latency_to_sleep_onset", "sleep_latency", _TIME),
    ("wake_after_sleep_onset", "sleep_awake", _TIME),
    ("sleep_maintenance_efficiency_percentage", "sleep_efficiency", {"%": "%"}),
    ("sleep_efficiency_percentage", "sleep_efficiency", {"%": "%"}),
    ("deep_sleep_duration", "sleep_deep", _TIME),
    ("light_sleep_duration", "sleep_light", _TIME),
    ("rem_sleep_duration", "sleep_rem", _TIME),
)
_EPISODE_KEYS = frozenset(name for name, _, _ in _EPISODE[1:]) | {"is_main_sleep"}
_NAMES = frozenset(_BY_KEY) | {"systolic_blood_pressure", "diastolic_blood_pressure"}
# An older body says its steps as a bare number, and such words may be anybody's.
_VALUE = re.compile(
    rb'"(' + "|".join(sorted(_NAMES)).encode() + rb')"\s*:\s*\{[^{}]{0,400}"(?:unit|value)"\s*:'
)
_SCHEMAS_URL = "https://www.openmhealth.org/schemas/omh"
_CIRCUMSTANCES: dict[str, frozenset[str]] = {
    "specimen_source": frozenset(
        {"breath", "capillary blood", "interstitial fluid", "lacrimal fluid", "saliva", "sweat",
         "tears", "urine"}),
    "blood_specimen_type": frozenset({"whole blood", "plasma", "serum"}),
    "temporal_relationship_to_meal": frozenset(),
    "temporal_relationship_to_sleep": frozenset({"before sleeping", "during sleep", "on waking"}),
    "temporal_relationship_to_physical_activity": frozenset(
        {"at rest", "active", "before exercise", "after exercise", "during exercise"}),
    "measurement_location": frozenset(),
    "measurement_method": frozenset({"pulse oximetry"}),
    "body_posture": frozenset({"sitting", "lying down", "standing", "semi-recumbent"}),
    "position_during_measurement": frozenset({"sitting", "lying down", "standing"}),
    "system": frozenset({"peripheral capillary"}),
    "oxygen_therapy_mode_of_administration": frozenset({"nasal cannula"}),
    "reported_activity_intensity": frozenset({"light", "moderate", "vigorous"}),
    "descriptive_statistic": frozenset(
        {"average", "count", "maximum", "median", "minimum", "standard deviation", "sum",
         "variance", "20th percentile", "80th percentile", "lower quartile", "upper quartile",
         "quartile deviation", "1st quintile", "2nd quintile", "3rd quintile", "4th quintile"}),
    "descriptive_statistic_denominator": frozenset(
        {"d", "wk", "Mo", "episode", "meal", "session"}),
}  # fmt: skip
# A count or a duration is one of an interval, and not of a moment.
_INTERVALS = frozenset(
    {"calories-burned", "sleep-duration", "step-count", "total-sleep-time", "sleep-episode"}
)
_MORE_KEYS = frozenset({"effective_time_frame", "user_notes", *_CIRCUMSTANCES})
_ALSO = ("activity_name", "supplemental_oxygen_flow_rate")
_OF_BLOOD = frozenset({"", "capillary blood", "whole blood"})
_STATISTIC = "https://www.openmhealth.org/schemas/omh/descriptive-statistic"


def _recognises(head: Head) -> bool:
    keys = head.json_keys
    if {"header", "body"} <= keys and b'"schema_id"' in head.text:
        return True
    if head.is_json_list and not keys & {"effective_time_frame"}:
        return False
    if keys & _NAMES and _VALUE.search(head.text):
        return True
    return "effective_time_frame" in keys and bool(
        keys & (_EPISODE_KEYS | _NAMES | {"activity_name"})
    )


def _read(source: Source) -> Iterator[Item]:
    for place, value, wrong in elements(source):
        if wrong is not None:
            yield wrong
            continue
        try:
            reading = _reading(value)
        except _Unknown:
            reason = "a data point of this schema is not understood yet"
            yield keep(source.path, place, reason)
            continue
        except _Wrong as exc:
            yield refuse(source.path, place, str(exc), "omh")
            continue
        except ValueError:
            reason = "its value or its time can't be read"
            yield refuse(source.path, place, reason, "bad_value")
            continue
        yield item(source.path, reading, place=place)


class _Unknown(Exception):
    """A schema that no list names."""


class _Wrong(ValueError):
    """What the schema asks for and isn't there: a sentence."""


def _reading(value: Any) -> Reading:
    if not isinstance(value, dict):
        raise _Wrong("a data point is an object, and this is none")
    if "header" not in value or "body" not in value:
        return _body(value, _schema_of(value))
    header, body = value["header"], value["body"]
    if not isinstance(header, dict) or not isinstance(body, dict):
        raise _Wrong("the header and the body of a data point are objects, and one is none")
    schema = header.get("schema_id")
    if not isinstance(schema, dict) or not text(schema.get("name")):
        raise _Wrong("its header doesn't name the schema of the body")
    if text(schema.get("namespace")) not in ("omh", "ieee"):
        raise _Unknown
    reading = _body(body, text(schema["name"]))
    provenance = header.get("acquisition_provenance")
    provenance = provenance if isinstance(provenance, dict) else {}
    modality = text(provenance.get("modality")) or text(header.get("modality"))
    return replace(
        reading,
        device=text(provenance.get("source_name")),
        subject=text(header.get("user_id")),
        self_reported=modality in ("self-reported", "self_reported"),
    )


def _schema_of(body: dict[str, Any]) -> str:
    if "systolic_blood_pressure" in body or "diastolic_blood_pressure" in body:
        return "blood-pressure"
    if body.keys() & _EPISODE_KEYS:
        return "sleep-episode"
    if "activity_name" in body and "kcal_burned" not in body:
        return "physical-activity"
    found = [name for key, name in _BY_KEY.items() if key in body]
    if len(found) != 1 or body.keys() - {_SCHEMAS[found[0]].key, *_MORE_KEYS, *_ALSO}:
        raise _Unknown
    return found[0]


def _body(body: dict[str, Any], name: str) -> Reading:
    if name not in _SCHEMAS and name not in (
        "blood-pressure",
        "sleep-episode",
        "physical-activity",
    ):
        raise _Unknown
    frame = body.get("effective_time_frame")
    start, end = _frame(frame)
    if name in _INTERVALS and isinstance(frame, dict) and "date_time" in frame:
        # Version 1.0 of steps and calories allowed a moment; what it counts is not said by it.
        raise _Wrong("it counts over an interval, and its time frame is a moment")
    note = text(body.get("user_notes"))
    circumstances = _circumstances(body, start)
    native = None
    statistic = text(body.get("descriptive_statistic"))
    if statistic:
        native = (_STATISTIC, statistic)
    if name == "blood-pressure":
        parts = tuple(
            _quantity(body, key, key, {"mmHg": "mm[Hg]"}, start)
            for key in ("systolic_blood_pressure", "diastolic_blood_pressure")
        )
        parts += circumstances
        return Reading("blood_pressure", start, end, parts=parts, native=native, note=note)
    if name == "sleep-episode":
        parts = tuple(
            _quantity(body, key, measure, units, start)
            for key, measure, units in _EPISODE
            if key in body
        )
        total = next((part for part in parts if part.measure == "sleep_duration"), None)
        rest = tuple(part for part in parts if part is not total)
        return Reading(
            "sleep_duration",
            start,
            end,
            value=total.value if total else "",
            unit=total.unit if total else "",
            parts=rest,
            note=note,
        )
    if name == "physical-activity":
        activity = text(body.get("activity_name"))
        if not activity:
            raise _Wrong("it doesn't name the activity, which its schema asks for")
        if "metadata" in body:
            raise _Unknown
        parts = tuple(
            _quantity(body, key, measure, units, start)
            for key, measure, units in (
                ("duration", "duration", _TIME),
                ("distance", "distance", _LENGTH),
                ("kcal_burned", "calories_burned", {"kcal": "kcal"}),
            )
            if key in body
        )
        return Reading("workout", start, end, text=activity, parts=parts, note=note)
    schema = _SCHEMAS[name]
    measure = _glucose(body) if name == "blood-glucose" else schema.measure
    value = _quantity(body, schema.key, measure, schema.units, start)
    return replace(value, end=end, native=native, note=note, parts=circumstances)


def _circumstances(body: dict[str, Any], start: str) -> tuple[Reading, ...]:
    """How it was measured, in the schema's own words."""
    found = []
    for key, words in _CIRCUMSTANCES.items():
        if key not in body:
            continue
        word = text(body[key])
        if not word or (words and word not in words):
            raise _Wrong("a word in it is none of those that the schema allows")
        if key != "descriptive_statistic":
            native = (_SCHEMAS_URL, key)
            found.append(Reading("context", start, text=word, native=native))
    flow = body.get("supplemental_oxygen_flow_rate")
    if flow is not None:
        one = {"supplemental_oxygen_flow_rate": flow}
        name = "supplemental_oxygen_flow_rate"
        rate = _quantity(one, name, "context", {"L/min": "L/min"}, start)
        found.append(replace(rate, native=(_SCHEMAS_URL, name)))
    return tuple(found)


def _glucose(body: dict[str, Any]) -> str:
    source = text(body.get("specimen_source")) or text(body.get("blood_specimen_type"))
    if source == "interstitial fluid":
        return "interstitial_glucose"
    return "blood_glucose" if source in _OF_BLOOD else "glucose"


def _quantity(
    body: dict[str, Any], key: str, measure: str, units: dict[str, str], start: str
) -> Reading:
    value = body.get(key)
    if key == "step_count" and is_number(value):
        return Reading(measure, start, value=digits(value))  # Version 1.0 had no unit.
    if not isinstance(value, dict):
        raise _Wrong("the measure that its schema asks for isn't there")
    if not is_number(value.get("value")):
        raise _Wrong("its value is no number")
    unit = units.get(text(value.get("unit")))
    if unit is None:
        raise _Wrong("its unit is none of those that the schema allows")
    return Reading(measure, start, value=digits(value["value"]), unit=unit)


def _frame(frame: Any) -> tuple[str, str]:
    if not isinstance(frame, dict) or ("date_time" in frame) == ("time_interval" in frame):
        raise _Wrong("its time frame is missing, or is not one time or one interval")
    if "date_time" in frame:
        return _zoned(frame["date_time"]), ""
    interval = frame["time_interval"]
    if not isinstance(interval, dict):
        raise _Wrong("its time interval is no object")
    start, end = interval.get("start_date_time"), interval.get("end_date_time")
    if start is not None and end is not None:
        return _zoned(start), _zoned(end)
    if start is not None:
        begin = _zoned(start)
        return begin, add_seconds(begin, _length(interval.get("duration")))
    if end is not None:
        finish = _zoned(end)
        return add_seconds(finish, -_length(interval.get("duration"))), finish
    if text(interval.get("date")):
        raise _Unknown
    raise _Wrong("its time interval has neither start nor end")


def _zoned(value: Any) -> str:
    return iso(text(value))


def _length(value: Any) -> int:
    """A duration in whole seconds: 9 h, 0.5 min."""
    if not isinstance(value, dict) or not is_number(value.get("value")):
        raise _Wrong("its time interval has no duration")
    unit = _SECONDS.get(text(value.get("unit")))
    if unit is None:
        raise _Wrong("its duration is in no unit that a clock can count")
    seconds = float(str(plain(value["value"]))) * unit
    if not 0 <= seconds < 1e10 or seconds != int(seconds):
        raise _Wrong("its duration is no whole number of seconds")
    return int(seconds)


READERS = (Reader(OMH, _recognises, told(_read)),)
