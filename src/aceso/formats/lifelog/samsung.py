"""Samsung Health: the CSV files of "download personal data", and the series in JSON beside them.

The first line names the kind of table, the second its columns, some with the kind before them. A
time is in UTC, and `time_offset` says where the person was: it is told there. `day_time` is a day.
Units are those that the documentation of the Samsung Health SDK fixes; glucose is in mmol/L there.

Limits: a day has a row for each device and one of all together; where there is one of all, the
others are left out, or every step would count twice. Kinds that are not listed are kept whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._head import Head
from .._model import Format, Item
from .._reader import Reader, Source
from ._json import digits, elements
from ._measure import Reading, item, keep, refuse, skip, told
from ._table import Bad, Layout, Row, decimal, find_layout, rows
from ._time import epoch, iso, offset, utc_to_local

__all__ = ["READERS", "SAMSUNG", "SERIES"]

SAMSUNG = Format("samsung-health", "text/csv", "Samsung Health (CSV)", "삼성 헬스 (CSV)")
SERIES = Format("samsung-series", "application/json", "Samsung Health series", "삼성 헬스 시계열")

_FIRST = re.compile(rb"com\.samsung\.s?health\.([a-z0-9_.]{1,80}),\s*\d{1,12}\s*(?:,|\r|\n|\Z)")
_MILLISECONDS = re.compile(rb'"start_time"\s*:\s*[1-9]\d{11,12}\b')
_TIMES = ("start_time", "day_time", "create_time", "date")
_STAGES = {"40001": "awake", "40002": "light", "40003": "deep", "40004": "rem"}
_SYSTEM = "https://developer.samsung.com/health"
_ALL_DEVICES = "-2"
# What 1 mmol/L more than this would be is no glucose of a living person, but mg/dL.
_MOST_MMOL = 60


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of table: what its columns measure, and which go with the first."""

    values: Mapping[str, str]
    parts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    text: str = ""  # A column of codes or words, which is the value.
    whole: str = ""  # The measure of a row that has no value of its own.


_DAY = _Kind(
    {
        "step_count": "step_count",
        "count": "step_count",
        "distance": "distance",
        "calorie": "calories_burned",
        "floor_count": "floors_climbed",
    },
    units={"distance": "m"},
)
_CYCLE = _Kind({}, text="flow|amount|mood|symptom|symptom_type|status|sexual_activity|type",
               whole="menstruation")  # fmt: skip
_KINDS: dict[str, _Kind] = {
    "tracker.heart_rate": _Kind({"heart_rate": "heart_rate"}, {
        "min": ("minimum", "/min"), "max": ("maximum", "/min")}),
    "heart_rate": _Kind({"heart_rate": "heart_rate"}, {
        "min": ("minimum", "/min"), "max": ("maximum", "/min")}),
    "step_daily_trend": _DAY,
    "tracker.pedometer_day_summary": _DAY,
    "activity.day_summary": _DAY,
    "tracker.pedometer_step_count": _DAY,
    "step_count": _DAY,
    "floors_climbed": _Kind({"floor": "floors_climbed"}),
    "tracker.floors_day_summary": _Kind({"floor_count": "floors_climbed"}),
    "sleep": _Kind({"sleep_duration": "sleep_duration"}, {
        "efficiency": ("sleep_efficiency", ""), "sleep_score": ("sleep_score", ""),
        "total_rem_duration": ("sleep_rem", ""), "total_light_duration": ("sleep_light", "")},
        whole="sleep_in_bed"),
    "sleep_stage": _Kind({}, text="stage", whole="sleep_stage"),
    "sleep_snoring": _Kind({}, whole="snoring"),
    "weight": _Kind({
        "weight": "body_weight", "height": "body_height", "body_fat": "body_fat_percentage",
        "body_fat_mass": "fat_mass", "skeletal_muscle_mass": "muscle_mass",
        "fat_free_mass": "lean_body_mass", "total_body_water": "body_water"}),
    "height": _Kind({"height": "body_height"}),
    "blood_pressure": _Kind({}, {
        "systolic": ("systolic_blood_pressure", ""),
        "diastolic": ("diastolic_blood_pressure", ""), "pulse": ("heart_rate", "")},
        whole="blood_pressure"),
    "blood_glucose": _Kind({"glucose": "blood_glucose"}, units={"glucose": "mmol/L"}),
    "tracker.oxygen_saturation": _Kind({"spo2": "oxygen_saturation"}, {
        "min": ("minimum", "%"), "max": ("maximum", "%"), "heart_rate": ("heart_rate", "")}),
    "oxygen_saturation": _Kind({"spo2": "oxygen_saturation"}),
    "respiratory_rate": _Kind({"average": "respiratory_rate"}),
    "skin_temperature": _Kind({"temperature": "skin_temperature"}, {
        "min": ("minimum", "Cel"), "max": ("maximum", "Cel")}),
    "body_temperature": _Kind({"temperature": "body_temperature"}),
    "stress": _Kind({"score": "stress"}, {
        "min": ("minimum", "{score}"), "max": ("maximum", "{score}")}),
    "mood": _Kind({}, text="mood_type", whole="mood"),
    "exercise": _Kind({}, {
        "duration": ("duration", "ms"), "calorie": ("calories_burned", ""),
        "distance": ("distance", "m"), "mean_heart_rate": ("heart_rate", ""),
        "max_heart_rate": ("maximum", "/min"), "count": ("step_count", "{count}")},
        text="exercise_type", whole="workout"),
    "water_intake": _Kind({"amount": "water_intake"}),
    "caffeine_intake": _Kind({"amount": "caffeine"}),
    "food_intake": _Kind({"calorie": "food_intake"}),
    "nutrition": _Kind({"calorie": "food_intake", "carbohydrate": "carbohydrate"}),
}  # fmt: skip
for _name in ("tracker.blood_pressure", "tracker.blood_glucose", "tracker.stress"):
    _KINDS[_name] = _KINDS[_name.removeprefix("tracker.")]


def _recognises(head: Head) -> bool:
    return _FIRST.match(head.text) is not None


def _is_header(cells: tuple[str, ...]) -> bool:
    return len(cells) > 2 and any(cell.rpartition(".")[2] in _TIMES for cell in cells)


def _read(source: Source) -> Iterator[Item]:
    found = _FIRST.match(source.head.text)
    layout = find_layout(source.head, _is_header)
    name = found[1].decode() if found else ""
    kind = _CYCLE if "cycle" in name.split(".") else _KINDS.get(name)
    if kind is None or layout is None or layout.line != 2:
        reason = "a table of Samsung Health of this kind is not understood yet"
        yield keep(source.path, "line 1", reason)
        return
    table = _Table(source, layout, kind)
    known = {*kind.values, *kind.parts, *kind.text.split("|"), *_TIMES, "end_time", "time_offset",
             "deviceuuid", "datauuid", "pkg_name", "update_time", "source_type"}  # fmt: skip
    left = sum(cell.rpartition(".")[2] not in known for cell in layout.columns if cell)
    if left:
        reason = f"{left} more columns of this table are not read; the source file holds them"
        yield skip(source.path, "line 2", reason, "columns_left")
    for row in rows(source, layout):
        place = f"line {row.line}"
        if isinstance(row, Bad):
            yield refuse(source.path, place, row.reason, row.code)
        elif not row.is_blank:
            yield from table.row(row, place)


class _Table:
    """One table: its columns by their short names, and the days that have a row of all devices."""

    def __init__(self, source: Source, layout: Layout, kind: _Kind):
        self._path = source.path
        self._kind = kind
        self._names: dict[str, str] = {}
        # The longer name is the one that the app's own tables have: it comes last, and wins.
        for column in sorted(layout.columns, key=lambda one: one.count(".")):
            self._names[column.rpartition(".")[2]] = column
        self._together: set[str] = set()
        if "source_type" in self._names and "day_time" in self._names:
            for row in rows(source, layout):
                if isinstance(row, Row) and self._get(row, "source_type") == _ALL_DEVICES:
                    self._together.add(self._get(row, "day_time"))

    def row(self, row: Row, place: str) -> Iterator[Item]:
        one_of = self._get(row, "source_type")
        if one_of not in ("", _ALL_DEVICES) and self._get(row, "day_time") in self._together:
            reason = "the row of all devices together holds what is in it"
            yield skip(self._path, place, reason, "part_of_total")
            return
        try:
            readings = list(self._readings(row))
        except ValueError:
            reason = "its value or its time can't be read"
            yield refuse(self._path, place, reason, "bad_value")
            return
        if not readings:
            yield skip(self._path, place, "nothing was measured in this row", "no_value")
        for reading in readings:
            yield item(self._path, reading, place=place)

    def _get(self, row: Row, name: str) -> str:
        return row[self._names.get(name, "")]

    def _readings(self, row: Row) -> Iterator[Reading]:
        kind = self._kind
        if not any(
            self._get(row, name) for name in (*kind.values, *kind.parts, *kind.text.split("|"))
        ) and not (kind.whole and self._get(row, "end_time")):
            return
        start, end = self._times(row)
        device = self._get(row, "deviceuuid")
        parts = tuple(
            Reading(measure, start, value=decimal(self._get(row, name)), unit=unit)
            for name, (measure, unit) in kind.parts.items()
            if self._get(row, name)
        )
        found = False
        for name, measure in kind.values.items():
            cell = self._get(row, name)
            if not cell:
                continue
            value = decimal(cell)
            if kind.units.get(name) == "mmol/L" and float(value) > _MOST_MMOL:
                raise ValueError("glucose that can't be in mmol/L")
            unit = kind.units.get(name, "")
            yield Reading(
                measure, start, end, value=value, unit=unit, device=device,
                parts=() if found else parts,
            )  # fmt: skip
            found = True
        if kind.whole and not found:
            yield from self._whole(row, start, end, device, parts)

    def _whole(
        self, row: Row, start: str, end: str, device: str, parts: tuple[Reading, ...]
    ) -> Iterator[Reading]:
        kind = self._kind
        words = [(name, self._get(row, name)) for name in kind.text.split("|") if name]
        said = [(name, word) for name, word in words if word]
        if kind.whole == "sleep_stage":
            stage = _STAGES.get(said[0][1]) if said else None
            if stage is None:
                raise ValueError("no stage that is known")
            native = (_SYSTEM, said[0][1])
            yield Reading(kind.whole, start, end, text=stage, device=device, native=native)
            return
        text = ", ".join(word if len(words) == 1 else f"{name}: {word}" for name, word in said)
        yield Reading(kind.whole, start, end, text=text, device=device, parts=parts)

    def _times(self, row: Row) -> tuple[str, str]:
        zone = self._get(row, "time_offset")
        zone = offset(zone) if zone else ""
        start = self._get(row, "start_time")
        if start:
            end = self._get(row, "end_time")
            return _moment(start, zone), _moment(end, zone) if end else ""
        day = self._get(row, "day_time") or self._get(row, "date")
        if day:
            # A day is written as the midnight at its beginning, as if it were in UTC.
            return (epoch(day, 3) if day.isdigit() else iso(day))[:10], ""
        return _moment(self._get(row, "create_time"), zone), ""


def _moment(text: str, zone: str) -> str:
    return epoch(text, 3, zone) if text.isdigit() else utc_to_local(text, zone)


_SERIES = {
    "heart_rate": ("heart_rate", ""),
    "spo2": ("oxygen_saturation", ""),
    "score": ("stress", ""),
    "rmssd": ("heart_rate_variability", ""),
    "respiratory_rate": ("respiratory_rate", ""),
}


def _is_series(head: Head) -> bool:
    keys = head.json_keys
    measured = keys & _SERIES.keys() and ("score" not in keys or "score_min" in keys)
    times = {"start_time", "end_time"} <= keys and _MILLISECONDS.search(head.text) is not None
    return head.is_json_list and times and bool(measured)


def _read_series(source: Source) -> Iterator[Item]:
    for place, value, wrong in elements(source):
        if wrong is not None:
            yield wrong
            continue
        try:
            readings = list(_series(value))
        except ValueError:
            reason = "its value or its time can't be read"
            yield refuse(source.path, place, reason, "bad_value")
            continue
        if not readings:
            yield skip(source.path, place, "nothing was measured here", "no_value")
        for reading in readings:
            yield item(source.path, reading, place=place)


def _series(value: dict[str, Any]) -> Iterator[Reading]:
    start = epoch(digits(value.get("start_time")), 3)
    end = epoch(digits(value.get("end_time")), 3)
    for name, (measure, unit) in _SERIES.items():
        if name not in value:
            continue
        parts = tuple(
            Reading(part, start, value=digits(value[key]), unit="/min")
            for key, part in (("heart_rate_min", "minimum"), ("heart_rate_max", "maximum"))
            if key in value
        )
        yield Reading(measure, start, end, value=digits(value[name]), unit=unit, parts=parts)


READERS = (
    Reader(SAMSUNG, _recognises, told(_read)),
    Reader(SERIES, _is_series, told(_read_series)),
)
