"""Google Fit: the tables of Takeout, its raw points in JSON, and answers of its aggregate API.

A point has its time in nanoseconds since 1970 in UTC and a type, whose units Google's
documentation fixes: steps, kcal, metres, kilograms, beats per minute. Sleep and activity are
numbers of a list there; their words are given beside them.

Limits: a type that is not listed is kept, by its name in the outcome's place only. A point without
a value is nothing measured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .._head import Head
from .._model import Format, Item
from .._reader import Reader, Source
from ..canonical import is_number
from ._json import digits, document, elements, text
from ._measure import Reading, item, keep, refuse, skip, told
from ._spec import Column, Spec, find_spec, read_spec
from ._time import epoch

__all__ = ["AGGREGATE", "DAILY", "DAY_COLUMNS", "POINTS", "READERS"]

DAILY = Format("google-fit-daily", "text/csv", "Google Fit, daily (CSV)", "구글 핏 일별 (CSV)")
POINTS = Format("google-fit", "application/json", "Google Fit points", "구글 핏 자료")
AGGREGATE = Format("google-fit-api", "application/json", "Google Fit API", "구글 핏 API")

_SYSTEM = "https://developers.google.com/fit/datatypes"
# What the first value of a type is; `average`, `max`, `min` in a row for the summaries.
_SINGLE = {
    "com.google.step_count.delta": ("step_count", ""),
    "com.google.calories.expended": ("calories_burned", ""),
    "com.google.distance.delta": ("distance", "m"),
    "com.google.active_minutes": ("active_minutes", ""),
    "com.google.heart_minutes": ("active_zone_minutes", ""),
    "com.google.heart_rate.bpm": ("heart_rate", ""),
    "com.google.weight": ("body_weight", ""),
    "com.google.height": ("body_height", "m"),
    "com.google.body.fat.percentage": ("body_fat_percentage", ""),
    "com.google.oxygen_saturation": ("oxygen_saturation", ""),
    "com.google.body.temperature": ("body_temperature", ""),
    "com.google.speed": ("speed", ""),
    "com.google.hydration": ("water_intake", "L"),
    "com.google.blood_glucose": ("blood_glucose", "mmol/L"),
    "com.google.respiratory_rate": ("respiratory_rate", ""),
}
_SUMMARY = {
    "com.google.weight.summary": ("body_weight", "kg"),
    "com.google.heart_rate.summary": ("heart_rate", "/min"),
    "com.google.speed.summary": ("speed", "m/s"),
    "com.google.height.summary": ("body_height", "m"),
}
_SLEEP = {
    "1": "awake",
    "2": "asleep",
    "3": "awake, out of bed",
    "4": "light",
    "5": "deep",
    "6": "rem",
}
_MENSTRUATION = {"1": "spotting", "2": "light", "3": "medium", "4": "heavy"}
DAY_COLUMNS = {
    "Step count": Column("step_count"),
    "Calories (kcal)": Column("calories_burned"),
    "Distance (m)": Column("distance", unit="m"),
    "Move Minutes count": Column("active_minutes"),
    "Heart Minutes": Column("active_zone_minutes"),
    "Average heart rate (bpm)": Column(
        "heart_rate",
        parts={
            "Min heart rate (bpm)": Column("minimum", unit="/min"),
            "Max heart rate (bpm)": Column("maximum", unit="/min"),
        },
    ),
    "Average weight (kg)": Column(
        "body_weight",
        parts={
            "Min weight (kg)": Column("minimum", unit="kg"),
            "Max weight (kg)": Column("maximum", unit="kg"),
        },
    ),
    "Average speed (m/s)": Column(
        "speed",
        parts={
            "Min speed (m/s)": Column("minimum", unit="m/s"),
            "Max speed (m/s)": Column("maximum", unit="m/s"),
        },
    ),
    "Sleeping duration (ms)": Column("sleep_duration", unit="ms"),
}
# It has only the columns of what was measured.
_DAILY = (
    Spec("daily", ("Date", "Step count", "Calories (kcal)"), "Date", DAY_COLUMNS),
    Spec("daily", ("Date", "Step count", "Move Minutes count"), "Date", DAY_COLUMNS),
)


def _is_daily(head: Head) -> bool:
    return find_spec(head, _DAILY) is not None


def _read_daily(source: Source) -> Iterator[Item]:
    found = find_spec(source.head, _DAILY)
    if found is not None:
        yield from read_spec(source, *found)


def _is_points(head: Head) -> bool:
    keys = head.json_keys
    return not head.is_json_list and {"Data Source", "Data Points"} <= keys


def _read_points(source: Source) -> Iterator[Item]:
    for place, value, wrong in elements(source, "Data Points"):
        if wrong is not None:
            yield wrong
        else:
            yield from _point(source, place, value, value.get("fitValue"))


def _is_aggregate(head: Head) -> bool:
    return "bucket" in head.json_keys and re.search(
        rb'"(?:startTimeMillis|dataSourceId|dataset)"', head.text
    ) is not None  # fmt: skip


def _read_aggregate(source: Source) -> Iterator[Item]:
    for place, value, wrong in elements(source, "bucket"):
        if wrong is not None:
            yield wrong
            continue
        sets = value.get("dataset")
        for index, dataset in enumerate(sets if isinstance(sets, list) else ()):
            points = dataset.get("point") if isinstance(dataset, dict) else None
            for number, point in enumerate(points if isinstance(points, list) else ()):
                where = f"{place}/dataset/{index}/point/{number}"
                values = point.get("value") if isinstance(point, dict) else None
                yield from _point(source, where, point, values)


def _is_dataset(head: Head) -> bool:
    return {"dataSourceId", "point"} <= head.json_keys and b"dataTypeName" in head.text


def _read_dataset(source: Source) -> Iterator[Item]:
    value, wrong = document(source)
    if wrong is not None:
        yield wrong
        return
    points = value.get("point") if isinstance(value, dict) else None
    for number, point in enumerate(points if isinstance(points, list) else ()):
        values = point.get("value") if isinstance(point, dict) else None
        yield from _point(source, f"/point/{number}", point, values)


def _point(source: Source, place: str, point: Any, values: Any) -> Iterator[Item]:
    try:
        if not isinstance(point, dict):
            raise ValueError("no object")
        reading = _reading(point, _numbers(values))
    except _Unknown:
        reason = "a point of this type is not understood yet"
        yield keep(source.path, place, reason)
        return
    except ValueError:
        reason = "its value or its time can't be read"
        yield refuse(source.path, place, reason, "bad_value")
        return
    if reading is None:
        yield skip(source.path, place, "nothing was measured here", "no_value")
    else:
        yield item(source.path, reading, place=place)


class _Unknown(Exception):
    """A type that no list names."""


def _reading(point: dict[str, Any], numbers: list[str]) -> Reading | None:
    kind = text(point.get("dataTypeName"))
    start = epoch(text(point.get("startTimeNanos")), 9)
    end = epoch(text(point.get("endTimeNanos")), 9)
    device = _device(text(point.get("originDataSourceId")))
    native = (_SYSTEM, kind)
    if not numbers:
        return None
    if kind in _SINGLE:
        measure, unit = _SINGLE[kind]
        return Reading(
            measure, start, end, value=numbers[0], unit=unit, device=device, native=native
        )
    if kind in _SUMMARY:
        measure, unit = _SUMMARY[kind]
        parts = tuple(
            Reading(part, start, value=value, unit=unit)
            for part, value in zip(("maximum", "minimum"), numbers[1:3], strict=False)
        )
        return Reading(
            measure, start, end, value=numbers[0], device=device, native=native, parts=parts,
            unit=unit,
        )  # fmt: skip
    words = {
        "com.google.sleep.segment": ("sleep_stage", _SLEEP),
        "com.google.menstruation": ("menstruation", _MENSTRUATION),
    }
    if kind in words:
        measure, list_ = words[kind]
        return Reading(
            measure, start, end, text=list_.get(numbers[0], numbers[0]), device=device,
            native=(_SYSTEM, f"{kind} {numbers[0]}"),
        )  # fmt: skip
    if kind == "com.google.activity.segment":
        return Reading(
            "workout", start, end, device=device, native=(_SYSTEM, f"{kind} {numbers[0]}")
        )
    if kind == "com.google.blood_pressure" and len(numbers) >= 2:
        names = ("systolic_blood_pressure", "diastolic_blood_pressure")
        parts = tuple(
            Reading(part, start, value=value)
            for part, value in zip(names, numbers[:2], strict=True)
        )
        return Reading("blood_pressure", start, end, device=device, native=native, parts=parts)
    raise _Unknown


def _numbers(values: Any) -> list[str]:
    """The numbers of a point: `{"fpVal": 1}` in the API, `{"value": {"fpVal": 1}}` in Takeout."""
    numbers = []
    for one in values if isinstance(values, list) else ():
        value = one.get("value", one) if isinstance(one, dict) else None
        if not isinstance(value, dict):
            raise ValueError("no value")
        for name in ("fpVal", "intVal"):
            if is_number(value.get(name)):
                numbers.append(digits(value[name]))
                break
    return numbers


def _device(origin: str) -> str:
    """Maker and model of `raw:type:[package:]maker:model:id:name`; no id of the device."""
    parts = origin.split(":")
    at = {6: 2, 7: 3}.get(len(parts))
    return "" if at is None else " ".join(part for part in parts[at : at + 2] if part)


READERS = (
    Reader(DAILY, _is_daily, told(_read_daily)),
    Reader(POINTS, _is_points, told(_read_points)),
    Reader(AGGREGATE, _is_aggregate, told(_read_aggregate)),
    Reader(AGGREGATE, _is_dataset, told(_read_dataset)),
)
