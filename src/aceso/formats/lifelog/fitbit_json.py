"""Fitbit in JSON: the files of Google Takeout and of the account archive, and answers of its API.

Fitbit writes no zone. Nights, weights and workouts are by the clock of the person, and told so;
heart rate and the series of a minute are in UTC, as those who compared them found; a day is a day.

The series of steps, calories, distance and minutes are `dateTime` and `value`, and only the file's
name says which it is: `steps-2024-05-31.json`. Where it has another name, such a file is kept, as
one outcome.

Limits: weight is in the unit that the person chose, which the file doesn't say: it is given without
one, and so are a distance and a height.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from .._head import Head
from .._model import Format, Item
from .._reader import Reader, Source
from ..canonical import is_number
from ._json import digits, document, elements, text
from ._measure import NO_UNIT, Reading, item, keep, refuse, skip, told
from ._table import decimal
from ._time import add_seconds, iso, slashed

__all__ = ["API", "READERS", "TAKEOUT"]

TAKEOUT = Format("fitbit-takeout", "application/json", "Fitbit (Takeout)", "핏빗 (Takeout)")
API = Format("fitbit-api", "application/json", "Fitbit API", "핏빗 API")

_SYSTEM = "https://dev.fitbit.com/build/reference/web-api"
_SHORT = re.compile(r"\d{2}/\d{2}/\d{2} \d{2}:\d{2}:\d{2}\Z")
_INTRADAY = {
    "activities-heart-intraday": ("heart_rate", ""),
    "activities-steps-intraday": ("step_count", ""),
    "activities-calories-intraday": ("calories_burned", ""),
    "activities-floors-intraday": ("floors_climbed", ""),
    "activities-distance-intraday": ("distance", NO_UNIT),
    "activities-elevation-intraday": ("elevation", NO_UNIT),
}
_DAILY = {
    "activities-steps": ("step_count", ""),
    "activities-calories": ("calories_burned", ""),
    "activities-floors": ("floors_climbed", ""),
    "activities-distance": ("distance", NO_UNIT),
    "activities-minutesSedentary": ("sedentary_minutes", ""),
}
_STAGES = {"deep": "sleep_deep", "light": "sleep_light", "rem": "sleep_rem", "wake": "sleep_awake"}
_NAMED = re.compile(r"([a-z_]{1,40})-\d{4}-\d\d-\d\d(?: ?\(\d{1,3}\))?(?:\.json)?\Z", re.ASCII)
_OF_MINUTES = {
    "steps": ("step_count", ""),
    "calories": ("calories_burned", ""),
    "distance": ("distance", NO_UNIT),
    "altitude": ("elevation", NO_UNIT),
}
_SERIES = {
    **_OF_MINUTES,
    "sedentary_minutes": ("sedentary_minutes", ""),
    "lightly_active_minutes": ("active_minutes", ""),
    "moderately_active_minutes": ("active_minutes", ""),
    "very_active_minutes": ("active_minutes", ""),
}
_ZONED = re.compile(r"(?:Z|[+-]\d\d:\d\d)\Z")
_DISTANCES = {"Kilometer": "km", "Mile": "[mi_i]", "Meter": "m"}
_LEVELS = frozenset({*_STAGES, "asleep", "restless", "awake", "unknown"})


def _is_takeout(head: Head) -> bool:
    keys = head.json_keys
    if not head.is_json_list:
        return False
    if {"dateTime", "value"} <= keys:
        return _SHORT.search(_first_time(head)) is not None
    return (
        {"logId", "dateOfSleep", "levels"} <= keys
        or {"logId", "activityName", "startTime"} <= keys
        or ({"logId", "weight", "bmi", "date", "time"} <= keys)
    )


def _first_time(head: Head) -> str:
    found = re.search(rb'"dateTime"\s*:\s*"([^"]{0,40})"', head.text)
    return found[1].decode("ascii", "replace") if found else ""


def _is_api(head: Head) -> bool:
    keys = head.json_keys
    if head.is_json_list:
        return False
    if keys & (_INTRADAY.keys() | _DAILY.keys() | {"activities-heart"}):
        return True
    return "sleep" in keys and b'"dateOfSleep"' in head.text


def _read_takeout(source: Source) -> Iterator[Item]:
    nameless = 0
    found = _NAMED.match(source.name)
    name = found[1] if found else ""
    for place, value, wrong in elements(source):
        if wrong is not None:
            yield wrong
        elif not isinstance(value.get("value"), str) and not is_number(value.get("value")):
            yield from _items(source, place, value, _readings)
        elif name in _SERIES:
            yield from _items(source, place, value, lambda one: _named(name, one))
        else:
            nameless += not _is_nothing(value)
    if nameless:
        reason = f"only the file's name says what its {nameless} values measure"
        yield keep(source.path, "/", reason, "nameless_series")


def _is_nothing(value: dict[str, Any]) -> bool:
    return not text(value["value"]) and not is_number(value["value"])


def _named(name: str, value: dict[str, Any]) -> Iterator[Reading]:
    """A value of the series that the file is named for."""
    if _is_nothing(value):
        raise _Nothing
    measure, unit = _SERIES[name]
    number = decimal(text(value["value"]))
    start = _time(text(value.get("dateTime")))
    start = _utc(start) if name in _OF_MINUTES else start[:10]
    yield Reading(measure, start, value=number, unit=unit, native=(_SYSTEM, name))


def _items(
    source: Source,
    place: str,
    value: Any,
    read: Callable[[dict[str, Any]], Iterator[Reading]],
) -> Iterator[Item]:
    try:
        if not isinstance(value, dict):
            raise ValueError("no object")
        readings = list(read(value))
    except _Nothing:
        yield skip(source.path, place, "nothing was measured here", "no_value")
        return
    except ValueError:
        yield refuse(source.path, place, "its value or its time can't be read", "bad_value")
        return
    if not readings:
        yield keep(source.path, place, "a record of this kind is not understood yet")
    for reading in readings:
        yield item(source.path, reading, place=place)


class _Nothing(Exception):
    """A record that says itself that it holds nothing."""


def _readings(value: dict[str, Any]) -> Iterator[Reading]:
    inner = value.get("value")
    if isinstance(inner, dict):
        yield from _valued(_time(text(value.get("dateTime"))), inner)
    elif "dateOfSleep" in value:
        yield from _sleep(value)
    elif "activityName" in value:
        yield _exercise(value)
    elif "weight" in value and "bmi" in value:
        yield from _weight(value)


def _valued(start: str, inner: dict[str, Any]) -> Iterator[Reading]:
    if "bpm" in inner:
        parts: tuple[Reading, ...] = ()
        if is_number(inner.get("confidence")):
            parts = (Reading("confidence", start, value=digits(inner["confidence"])),)
        yield Reading("heart_rate", _utc(start), value=digits(inner["bpm"]), parts=parts)
    elif {"date", "value", "error"} <= inner.keys():
        resting = digits(inner["value"]) if inner["value"] is not None else "0"
        if not resting.strip("0."):
            raise _Nothing
        yield Reading("resting_heart_rate", start[:10], value=resting)
    elif "demographicVO2Max" in inner:
        yield Reading("vo2max", start[:10], value=digits(inner["demographicVO2Max"]))
    elif "restingHeartRate" in inner:
        yield Reading("resting_heart_rate", start[:10], value=digits(inner["restingHeartRate"]))


def _sleep(value: dict[str, Any]) -> Iterator[Reading]:
    start, end = iso(text(value.get("startTime"))), iso(text(value.get("endTime")))
    levels = value.get("levels")
    levels = levels if isinstance(levels, dict) else {}
    summary = levels.get("summary")
    summary = summary if isinstance(summary, dict) else {}
    parts = [
        Reading(measure, start, value=digits(summary[name]["minutes"]))
        for name, measure in _STAGES.items()
        if isinstance(summary.get(name), dict) and is_number(summary[name].get("minutes"))
    ]
    for name, measure in (
        ("timeInBed", "sleep_in_bed"),
        ("minutesToFallAsleep", "sleep_latency"),
        ("efficiency", "sleep_efficiency"),
    ):
        if is_number(value.get(name)):
            parts.append(Reading(measure, start, value=digits(value[name])))
    asleep = digits(value["minutesAsleep"]) if is_number(value.get("minutesAsleep")) else ""
    yield Reading("sleep_duration", start, end, value=asleep, parts=tuple(parts))
    # The short ones lie within the stages, and are told apart so that no minute counts twice.
    for name, measure in (("data", "sleep_stage"), ("shortData", "sleep_awakening")):
        segments = levels.get(name)
        for segment in segments if isinstance(segments, list) else ():
            if not isinstance(segment, dict) or text(segment.get("level")) not in _LEVELS:
                raise ValueError("no stage that is known")
            begin = iso(text(segment.get("dateTime")))
            finish = add_seconds(begin, int(digits(segment.get("seconds"))))
            yield Reading(measure, begin, finish, text=text(segment["level"]))


def _exercise(value: dict[str, Any]) -> Reading:
    start = _time(text(value.get("startTime")))
    parts = tuple(
        Reading(measure, start, value=digits(value[name]), unit=unit)
        for name, measure, unit in (
            ("duration", "duration", "ms"),
            ("calories", "calories_burned", ""),
            ("steps", "step_count", ""),
            ("averageHeartRate", "heart_rate", ""),
        )
        if is_number(value.get(name))
    )
    if is_number(value.get("distance")):
        unit = _DISTANCES.get(text(value.get("distanceUnit")), NO_UNIT)
        parts += (Reading("distance", start, value=digits(value["distance"]), unit=unit),)
    return Reading("workout", start, text=text(value["activityName"]), parts=parts)


def _weight(value: dict[str, Any]) -> Iterator[Reading]:
    day = text(value.get("date"))
    clock = text(value.get("time"))
    start = slashed(f"{day} {clock}", "mdy") if "/" in day else iso(f"{day} {clock}")
    device = text(value.get("source"))
    yield Reading("body_weight", start, value=digits(value["weight"]), unit=NO_UNIT, device=device)
    yield Reading("body_mass_index", start, value=digits(value["bmi"]), device=device)
    if is_number(value.get("fat")):
        yield Reading("body_fat_percentage", start, value=digits(value["fat"]), device=device)


def _utc(moment: str) -> str:
    """A time that is in UTC, and says no zone."""
    return f"{moment}Z" if len(moment) >= 19 and _ZONED.search(moment) is None else moment


def _time(said: str) -> str:
    return slashed(said, "mdy") if "/" in said else iso(said)


def _read_api(source: Source) -> Iterator[Item]:
    value, wrong = document(source)
    if wrong is not None or not isinstance(value, dict):
        yield wrong or refuse(source.path, "/", "it is no object", "bad_value")
        return
    day = _day_of(value)
    for name, part in sorted(value.items()):
        place = f"/{name}" if re.fullmatch(r"[A-Za-z-]{1,40}", name) else "/*"
        if name in _INTRADAY:
            yield from _intraday(source, place, part, day, *_INTRADAY[name])
        elif isinstance(part, list) and name in {*_DAILY, "activities-heart", "sleep"}:
            for index, one in enumerate(part):
                where = f"{place}/{index}"
                if name in _DAILY and isinstance(one, dict):
                    yield from _daily(source, where, one, *_DAILY[name])
                else:
                    yield from _items(source, where, one, _readings)
        elif name != "summary":
            yield keep(source.path, place, "a part of this kind is not understood yet")


def _day_of(value: dict[str, Any]) -> str:
    """The day of an intraday series: that of the one day beside it."""
    days = {
        text(one.get("dateTime"))
        for name, part in value.items()
        if name.startswith("activities-") and isinstance(part, list)
        for one in part
        if isinstance(one, dict)
    }
    return days.pop() if len(days) == 1 else ""


def _daily(
    source: Source, place: str, one: dict[str, Any], measure: str, unit: str
) -> Iterator[Item]:
    try:
        start = iso(text(one.get("dateTime")))
    except ValueError:
        yield refuse(source.path, place, "its time can't be read", "bad_value")
        return
    yield item(
        source.path, Reading(measure, start, value=text(one.get("value")), unit=unit), place=place
    )


def _intraday(
    source: Source, place: str, part: Any, day: str, measure: str, unit: str
) -> Iterator[Item]:
    points = part.get("dataset") if isinstance(part, dict) else None
    for index, point in enumerate(points if isinstance(points, list) else ()):
        where = f"{place}/dataset/{index}"
        try:
            if not isinstance(point, dict) or not day:
                raise ValueError("no time")
            start = iso(f"{day}T{text(point.get('time'))}")
            reading = Reading(measure, start, value=digits(point.get("value")), unit=unit)
        except ValueError:
            reason = "its value or its time can't be read"
            yield refuse(source.path, where, reason, "bad_value")
            continue
        yield item(source.path, reading, place=where)


READERS = (
    Reader(TAKEOUT, _is_takeout, told(_read_takeout)),
    Reader(API, _is_api, told(_read_api)),
)
