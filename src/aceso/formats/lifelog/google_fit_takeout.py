"""Google Fit in Takeout: sessions (JSON), and the quarter hours of a day (CSV).

A session is one workout, or a night with its stages. The table of a day has clocks and no day; the
file's name says it, `2024-05-31.csv`. Where it has another name, the rows are kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from .._head import Head
from .._model import Format, Item
from .._reader import Reader, Source
from ..canonical import is_number
from ._durations import iso_seconds
from ._json import digits, document, text
from ._measure import Reading, item, keep, refuse, told
from ._spec import Spec, find_spec, read_spec
from ._table import Row
from ._time import add_seconds, iso
from .google_fit import DAY_COLUMNS

__all__ = ["DAY", "READERS", "SESSION"]

SESSION = Format("google-fit-session", "application/json", "Google Fit session", "구글 핏 세션")
DAY = Format("google-fit-day", "text/csv", "Google Fit, a day (CSV)", "구글 핏 하루 (CSV)")

_SYSTEM = "https://developers.google.com/fit/datatypes"
_NAMED = re.compile(r"(\d{4}-\d\d-\d\d)(?: ?\(\d{1,3}\))?\.csv\Z", re.ASCII)
_METRICS = {
    "com.google.step_count.delta": ("step_count", ""),
    "com.google.calories.expended": ("calories_burned", ""),
    "com.google.distance.delta": ("distance", "m"),
    "com.google.active_minutes": ("active_minutes", ""),
    "com.google.heart_minutes.summary": ("active_zone_minutes", ""),
    "com.google.speed.summary": ("speed", ""),
}
_STAGES = {
    "sleep.light": "light",
    "sleep.deep": "deep",
    "sleep.rem": "rem",
    "sleep.awake": "awake",
}
_QUARTERS = (
    Spec("day", ("Start time", "End time", "Step count"), "Start time", DAY_COLUMNS, "End time"),
    Spec(
        "day",
        ("Start time", "End time", "Move Minutes count"),
        "Start time",
        DAY_COLUMNS,
        "End time",
    ),
)


def _is_session(head: Head) -> bool:
    return not head.is_json_list and (
        {"fitnessActivity", "startTime", "endTime", "segment"} <= head.json_keys
    )


def _read_session(source: Source) -> Iterator[Item]:
    value, wrong = document(source)
    if wrong is not None:
        yield wrong
        return
    try:
        readings = list(_session(value))
    except ValueError:
        yield refuse(source.path, "/", "its value or its time can't be read", "bad_value")
        return
    for place, reading in readings:
        yield item(source.path, reading, place=place)
    for index, metric in enumerate(_list(value.get("aggregate"))):
        if not isinstance(metric, dict) or text(metric.get("metricName")) not in _METRICS:
            reason = "a total of this kind is not understood yet"
            yield keep(source.path, f"/aggregate/{index}", reason)


def _session(value: Any) -> Iterator[tuple[str, Reading]]:
    if not isinstance(value, dict):
        raise ValueError("no object")
    kind = text(value.get("fitnessActivity"))
    start, end = iso(text(value.get("startTime"))), iso(text(value.get("endTime")))
    parts = tuple(
        Reading(measure, start, value=_number(metric), unit=unit)
        for metric in _list(value.get("aggregate"))
        if isinstance(metric, dict) and text(metric.get("metricName")) in _METRICS
        for measure, unit in (_METRICS[text(metric["metricName"])],)
    )
    if "duration" in value:
        parts += (Reading("duration", start, value=iso_seconds(text(value["duration"]))),)
    if kind == "sleep":
        yield "/", Reading("sleep_duration", start, end, parts=parts)
    else:
        yield "/", Reading("workout", start, end, text=kind, parts=parts)
    segments = _list(value.get("segment"))
    for index, one in enumerate(segments):
        if not isinstance(one, dict):
            raise ValueError("no segment")
        within = text(one.get("fitnessActivity"))
        begin, finish = iso(text(one.get("startTime"))), iso(text(one.get("endTime")))
        if within in _STAGES:
            stage, native = _STAGES[within], (_SYSTEM, within)
            reading = Reading("sleep_stage", begin, finish, text=stage, native=native)
        elif (within, begin, finish) == (kind, start, end):
            continue
        else:
            reading = Reading("workout", begin, finish, text=within)
        yield f"/segment/{index}", reading


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _number(metric: dict[str, Any]) -> str:
    for name in ("floatValue", "intValue"):
        if is_number(metric.get(name)):
            return digits(metric[name])
    raise ValueError("no number")


def _is_day(head: Head) -> bool:
    return find_spec(head, _QUARTERS) is not None


def _read_day(source: Source) -> Iterator[Item]:
    found = find_spec(source.head, _QUARTERS)
    named = _NAMED.match(source.name)
    if found is None or named is None:
        reason = "only the file's name says of which day its rows are, and it has another name"
        yield keep(source.path, "/", reason, "nameless_series")
        return
    spec, layout = found
    day = named[1]

    def clock(cell: str, row: Row) -> str:
        moment = iso(f"{day}T{cell}")
        # The last quarter ends at midnight, on the next day.
        ends = cell == row["End time"] and cell != row["Start time"]
        return add_seconds(moment, 86400) if ends and cell.startswith("00:00:00") else moment

    yield from read_spec(source, replace(spec, clock=clock), layout)


READERS = (
    Reader(SESSION, _is_session, told(_read_session)),
    Reader(DAY, _is_day, told(_read_day)),
)
