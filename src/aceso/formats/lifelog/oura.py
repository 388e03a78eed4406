"""Oura: answers of its API, version 1 and 2, the JSON of its export, and the export's tables.

A record is told by its own keys, wherever it lies: a night has `bedtime_start`, a day's activity
`steps`, a heart rate `bpm`. Times have their zone. A night's phases are one digit for five minutes:
1 deep, 2 light, 3 REM, 4 awake; equal ones in a row become one stage. Durations are in seconds.

Limits: contributors to a score, tags and sessions are kept; the daily series of movement and MET
are left in the source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from .._head import Head
from .._model import Format, Item
from .._reader import Reader, Source
from ..canonical import is_number
from ._json import digits, document, text
from ._measure import Reading, item, keep, refuse, skip, told
from ._table import Bad, decimal, find_layout, rows
from ._time import add_seconds, iso

__all__ = ["OURA", "READERS", "TABLE"]

OURA = Format("oura", "application/json", "Oura", "오우라")
TABLE = Format("oura-csv", "text/csv", "Oura (CSV)", "오우라 (CSV)")

_PHASES = {"1": "deep", "2": "light", "3": "rem", "4": "awake"}
_SYSTEM = "https://cloud.ouraring.com/v2/docs"
_PHASE_SECONDS = 300
# Version 2, or version 1, of the name of each part of a night.
_NIGHT = (
    (("deep_sleep_duration", "deep"), "sleep_deep", "s"),
    (("light_sleep_duration", "light"), "sleep_light", "s"),
    (("rem_sleep_duration", "rem"), "sleep_rem", "s"),
    (("awake_time", "awake"), "sleep_awake", "s"),
    (("time_in_bed", "duration"), "sleep_in_bed", "s"),
    (("latency", "onset_latency"), "sleep_latency", "s"),
    (("efficiency",), "sleep_efficiency", "%"),
)
_NIGHT_ALSO = (
    (("average_heart_rate", "hr_average"), "heart_rate"),
    (("average_hrv", "rmssd"), "heart_rate_variability"),
    (("average_breath", "breath_average"), "respiratory_rate"),
    (("lowest_heart_rate", "hr_lowest"), "resting_heart_rate"),
)
_ACTIVITY = (
    (("steps",), "step_count", ""),
    (("active_calories", "cal_active"), "calories_burned", ""),
    (("equivalent_walking_distance", "daily_movement"), "distance", "m"),
    (("sedentary_time",), "sedentary_minutes", "s"),
)
_LISTS = re.compile(
    rb'"(?:bedtime_start|sleep_phase_5_min|hypnogram_5min|readiness_score_delta'
    rb"|temperature_deviation|equivalent_walking_distance|spo2_percentage|stress_high"
    rb'|cal_active|score_activity_balance|active_calories)"|"contributors"\s*:\s*\{'
)
_LIST = re.compile(
    rb'"(?:data|sleep|readiness|activity|daily_\w{1,20}|heart_?rate|workout)"\s*:\s*\['
)
_KNOWN_LISTS = frozenset({"data", "sleep", "readiness", "activity", "daily_sleep", "heartrate",
                          "daily_readiness", "daily_activity", "daily_spo2", "heart_rate",
                          "daily_stress", "workout"})  # fmt: skip
_TABLES = (
    frozenset({"bedtime_start", "bedtime_end", "total_sleep_duration", "day"}),
    frozenset({"steps", "active_calories", "day", "score"}),
    frozenset({"temperature_deviation", "score", "day"}),
    frozenset({"bpm", "source", "timestamp"}),
)


def _recognises(head: Head) -> bool:
    keys = head.json_keys
    if head.is_json_list or not keys & _KNOWN_LISTS or "resourceType" in keys:
        return False
    start = _LIST.search(head.text)
    beats = all(name in head.text for name in (b'"bpm"', b'"source"', b'"timestamp"'))
    return start is not None and (beats or _LISTS.search(head.text) is not None)


def _read(source: Source) -> Iterator[Item]:
    value, wrong = document(source)
    if wrong is not None:
        yield wrong
        return
    for name, list_ in sorted(value.items()) if isinstance(value, dict) else ():
        if not isinstance(list_, list):
            if list_ is not None and name not in ("next_token", "next"):
                kept = "a part of this kind is not understood yet"
                yield keep(source.path, "/", kept)
            continue
        for index, one in enumerate(list_):
            place = f"/{name}/{index}" if name in _KNOWN_LISTS else f"/*/{index}"
            yield from _record(source, place, one)


def _is_header(cells: tuple[str, ...]) -> bool:
    return any(table <= set(cells) for table in _TABLES)


def _is_table(head: Head) -> bool:
    layout = find_layout(head, _is_header)
    return layout is not None and layout.line == 1


def _read_table(source: Source) -> Iterator[Item]:
    layout = find_layout(source.head, _is_header)
    if layout is None:
        return
    for row in rows(source, layout):
        if isinstance(row, Bad):
            yield refuse(source.path, f"line {row.line}", row.reason, row.code)
        elif not row.is_blank:
            yield from _record(source, f"line {row.line}", dict(row.cells))


def _record(source: Source, place: str, value: Any) -> Iterator[Item]:
    try:
        if not isinstance(value, dict):
            raise ValueError("no object")
        readings = list(_readings(value))
    except ValueError:
        yield refuse(source.path, place, "its value or its time can't be read", "bad_value")
        return
    if not readings:
        if value.keys() & {"bedtime_start", "steps", "bpm", "score", "spo2_percentage"}:
            yield skip(source.path, place, "nothing was measured here", "no_value")
        else:
            yield keep(source.path, place, "a record of this kind is not understood yet")
    for reading in readings:
        yield item(source.path, reading, place=place)


def _readings(value: dict[str, Any]) -> Iterator[Reading]:
    if "bedtime_start" in value:
        yield from _night(value)
    elif "bpm" in value and "timestamp" in value:
        number = _number(value, ("bpm",))
        if number:
            native = (_SYSTEM, text(value.get("source")) or "heartrate")
            yield Reading("heart_rate", iso(text(value.get("timestamp"))), value=number,
                          native=native)  # fmt: skip
    elif "spo2_percentage" in value:
        spo2 = value["spo2_percentage"]
        number = _number(spo2, ("average",)) if isinstance(spo2, dict) else ""
        if number:
            yield Reading("oxygen_saturation", _day(value), value=number)
    elif "steps" in value or "cal_active" in value:
        for names, measure, unit in _ACTIVITY:
            if number := _number(value, names):
                yield Reading(measure, _day(value), value=number, unit=unit)
        yield from _score(value, "activity_score")
    elif "start_datetime" in value and "activity" in value:
        start, end = iso(text(value["start_datetime"])), iso(text(value.get("end_datetime")))
        parts = tuple(
            Reading(measure, start, value=number, unit=unit)
            for name, measure, unit in (
                ("calories", "calories_burned", ""),
                ("distance", "distance", "m"),
            )
            if (number := _number(value, (name,)))
        )
        yield Reading("workout", start, end, text=text(value["activity"]), parts=parts)
    elif "temperature_deviation" in value or "score_activity_balance" in value:
        if number := _number(value, ("temperature_deviation",)):
            yield Reading("temperature_deviation", _day(value), value=number)
        yield from _score(value, "readiness_score")
    elif "score" in value:
        # Of the scores that have nothing else beside them, only sleep's has these contributors.
        said = value.get("contributors")
        if isinstance(said, dict) and {"deep_sleep", "rem_sleep"} & said.keys():
            yield from _score(value, "sleep_score")


def _score(value: dict[str, Any], measure: str) -> Iterator[Reading]:
    if number := _number(value, ("score",)):
        yield Reading(measure, _day(value), value=number)


def _night(value: dict[str, Any]) -> Iterator[Reading]:
    start, end = iso(text(value["bedtime_start"])), iso(text(value.get("bedtime_end")))
    parts = tuple(
        Reading(measure, start, value=number, unit=unit)
        for names, measure, unit in _NIGHT
        if (number := _number(value, names))
    )
    total = _number(value, ("total_sleep_duration", "total"))
    yield Reading("sleep_duration", start, end, value=total, unit="s", parts=parts)
    for names, measure in _NIGHT_ALSO:
        number = _number(value, names)
        if number and number.strip("0."):
            yield Reading(measure, start, end, value=number)
    phases = text(value.get("sleep_phase_5_min")) or text(value.get("hypnogram_5min"))
    yield from _stages(start, phases)
    for name, measure in (("heart_rate", "heart_rate"), ("hrv", "heart_rate_variability")):
        yield from _sampled(value.get(name), measure)
    # Version 1: a value every five minutes, zero where there is none.
    for name, measure in (("hr_5min", "heart_rate"), ("rmssd_5min", "heart_rate_variability")):
        items = value.get(name)
        for index, one in enumerate(items if isinstance(items, list) else ()):
            if is_number(one) and digits(one).strip("0."):
                yield Reading(
                    measure, add_seconds(start, index * _PHASE_SECONDS), value=digits(one)
                )
    if number := _number(value, ("temperature_delta",)):
        yield Reading("temperature_deviation", start, end, value=number)


def _stages(start: str, phases: str) -> Iterator[Reading]:
    if not phases.isascii() or phases.strip("1234"):
        raise ValueError("a phase that is none")
    at = 0
    for phase, run in groupby(phases):
        length = len(list(run))
        begin = add_seconds(start, at * _PHASE_SECONDS)
        end = add_seconds(start, (at + length) * _PHASE_SECONDS)
        yield Reading("sleep_stage", begin, end, text=_PHASES[phase], native=(_SYSTEM, phase))
        at += length


def _sampled(series: Any, measure: str) -> Iterator[Reading]:
    """`{"interval": 300.0, "items": [null, 50.0], "timestamp": …}`."""
    if not isinstance(series, dict) or not isinstance(series.get("items"), list):
        return
    start, interval = iso(text(series.get("timestamp"))), float(digits(series.get("interval")))
    if interval != int(interval) or not 0 < interval < 86400:
        raise ValueError("no interval that a clock can count")
    for index, value in enumerate(series["items"]):
        if is_number(value):
            yield Reading(measure, add_seconds(start, index * int(interval)), value=digits(value))


def _number(value: dict[str, Any], names: tuple[str, ...]) -> str:
    """The digits under the first of `names`; in a table a number is a text."""
    for name in names:
        one = value.get(name)
        if is_number(one):
            return digits(one)
        if isinstance(one, str) and one.strip():
            return decimal(one)
    return ""


def _day(value: dict[str, Any]) -> str:
    return iso(text(value.get("day")) or text(value.get("summary_date")))


READERS = (Reader(OURA, _recognises, told(_read)), Reader(TABLE, _is_table, told(_read_table)))
