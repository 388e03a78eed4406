"""Polar Flow, the JSON of its account export: training sessions, days, heart rate, nights.

    training-session-….json     a workout for each exercise, and what was measured along it
    activity-….json             steps, distance and energy of a day, steps of its minutes
    247ohr_….json               heart rate, all day long
    sleep_result_….json         nights with their stages

Times are those of the watch's clock, with the zone that a session says; other files say none.

Limits: speed is in km/h there and left, as are METs and zones; a session's own totals are those of
its exercises. What nobody here knows is counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .._head import Head
from .._model import Format, Item
from .._reader import Reader, Source
from ..canonical import is_number
from ._durations import iso_seconds
from ._json import digits, document, elements, text
from ._measure import Reading, item, keep, refuse, skip, told
from ._series import Point, Track, milliseconds, plain_number, zone_of
from ._time import add_seconds, iso

__all__ = ["ACTIVITY", "HEART", "NIGHTS", "READERS", "SESSION"]

SESSION = Format("polar-session", "application/json", "Polar training session", "폴라 운동")
ACTIVITY = Format("polar-activity", "application/json", "Polar activity of a day", "폴라 하루 활동")
HEART = Format("polar-heart-rate", "application/json", "Polar heart rate", "폴라 심박수")
NIGHTS = Format("polar-sleep", "application/json", "Polar sleep", "폴라 수면")

_SYSTEM = "https://flow.polar.com"
_SERIES = {
    "heartRate": "heart_rate",
    "cadence": "cadence",
    "altitude": "altitude",
    "distance": "distance",
    "temperature": "air_temperature",
    "leftPedalPower": "power",
}
_STATES = {"WAKE": "awake", "REM": "rem", "NONREM1": "light", "NONREM2": "light", "NONREM3": "deep"}
_WRONG = "its value or its time can't be read"


def _is_session(head: Head) -> bool:
    keys = head.json_keys
    return {"exportVersion", "exercises", "startTime"} <= keys and not head.is_json_list


def _is_activity(head: Head) -> bool:
    keys = head.json_keys
    held = {"exportVersion", "date"} <= keys and bool(keys & {"summary", "samples"})
    return held and not head.is_json_list


def _is_heart(head: Head) -> bool:
    return "deviceDays" in head.json_keys and b'"secondsFromDayStart"' in head.text


def _are_nights(head: Head) -> bool:
    return head.is_json_list and {"night", "sleepResult"} <= head.json_keys


def _read_session(source: Source) -> Iterator[Item]:
    value, wrong = document(source)
    if wrong is not None:
        yield wrong
        return
    exercises = value.get("exercises") if isinstance(value, dict) else None
    for index, one in enumerate(_list(exercises)):
        place = f"/exercises/{index}"
        try:
            yield from list(_exercise(source, place, one, value))
        except (ValueError, OverflowError):
            yield refuse(source.path, place, _WRONG, "bad_value")


def _exercise(source: Source, place: str, one: Any, session: dict[str, Any]) -> Iterator[Item]:
    if not isinstance(one, dict):
        raise ValueError("no object")
    zone = _zone(one.get("timezoneOffset", session.get("timeZoneOffset")))
    start, end = (iso(text(one.get(name)), zone) for name in ("startTime", "stopTime"))
    parts = []
    if "duration" in one:
        parts.append(Reading("duration", start, value=iso_seconds(text(one["duration"]))))
    for name, measure, unit in (
        ("distance", "distance", "m"),
        ("kiloCalories", "calories_burned", ""),
        ("ascent", "elevation", "m"),
    ):
        if is_number(one.get(name)):
            parts.append(Reading(measure, start, value=_digits(one[name]), unit=unit))
    beats = one.get("heartRate")
    for name, measure in (("avg", "heart_rate"), ("min", "minimum"), ("max", "maximum")):
        if isinstance(beats, dict) and is_number(beats.get(name)):
            parts.append(Reading(measure, start, value=_digits(beats[name]), unit="/min"))
    sport = text(one.get("sport"))
    native = (_SYSTEM, sport) if sport else None
    yield item(
        source.path, Reading("workout", start, end, native=native, parts=tuple(parts)), place=place
    )
    samples = one.get("samples")
    if isinstance(samples, dict):
        yield from _samples(source, f"{place}/samples", samples, zone)


def _samples(source: Source, place: str, samples: dict[str, Any], zone: str) -> Iterator[Item]:
    points: dict[int, dict[str, str]] = {}
    left = 0
    for name, series in samples.items():
        columns: tuple[str, ...]
        if name == "recordedRoute":
            columns = ("latitude", "longitude", "altitude")
        elif name in _SERIES:
            columns = ("value",)
        else:
            left += len(_list(series))
            continue
        for one in _list(series):
            if not isinstance(one, dict):
                raise ValueError("no sample")
            # Where the sensor had nothing to say, there is a time alone.
            found = {key: _digits(one[key]) for key in columns if is_number(one.get(key))}
            if found:
                at, _ = milliseconds(iso(text(one.get("dateTime")), zone))
                told_as = {_SERIES.get(name, key) if key == "value" else key: value
                           for key, value in found.items()}  # fmt: skip
                held = points.setdefault(at, {})
                # Of two heights, that of the position goes with it.
                held |= told_as if name == "recordedRoute" else told_as | held
    track = Track(zone=zone_of(f"2000-01-01T00:00:00{zone}"), local=not zone)
    for at, values in points.items():
        track.add(Point(at, values))
    yield from track.items(source.path, place)
    if left:
        reason = f"{left} more values in its points are not read; the source file has them"
        yield skip(source.path, place, reason, "columns_left")


def _read_activity(source: Source) -> Iterator[Item]:
    value, wrong = document(source)
    if wrong is not None:
        yield wrong
        return
    try:
        readings = list(_activity(value))
    except ValueError:
        yield refuse(source.path, "/", _WRONG, "bad_value")
        return
    for place, reading in readings:
        yield item(source.path, reading, place=place)


def _activity(value: Any) -> Iterator[tuple[str, Reading]]:
    if not isinstance(value, dict):
        raise ValueError("no object")
    day = iso(text(value.get("date")))
    summary = value.get("summary")
    summary = summary if isinstance(summary, dict) else {}
    for name, measure, unit in (
        ("stepCount", "step_count", ""),
        ("stepsDistance", "distance", "m"),
        ("calories", "calories_burned", ""),
    ):
        if is_number(summary.get(name)):
            number = _digits(summary[name])
            yield f"/summary/{name}", Reading(measure, day, value=number, unit=unit)
    if text(summary.get("sleepDuration")):
        slept = iso_seconds(text(summary["sleepDuration"]))
        yield "/summary/sleepDuration", Reading("sleep_duration", day, value=slept, unit="s")
    samples = value.get("samples")
    steps = samples.get("steps") if isinstance(samples, dict) else None
    for index, one in enumerate(_list(steps)):
        if not isinstance(one, dict):
            raise ValueError("no sample")
        if is_number(one.get("value")):
            start = iso(f"{day}T{text(one.get('localTime'))}")
            yield (
                f"/samples/steps/{index}",
                Reading("step_count", start, value=_digits(one["value"])),
            )


def _read_heart(source: Source) -> Iterator[Item]:
    for place, day, wrong in elements(source, "deviceDays"):
        if wrong is not None:
            yield wrong
            continue
        for index, one in enumerate(_list(day.get("samples"))):
            here = f"{place}/samples/{index}"
            try:
                if not isinstance(one, dict):
                    raise ValueError("no sample")
                seconds = int(digits(one.get("secondsFromDayStart")))
                if not 0 <= seconds < 86400:
                    raise ValueError("no second of a day")
                start = add_seconds(iso(f"{text(day.get('date'))}T00:00:00"), seconds)
                native = (_SYSTEM, text(one.get("source")) or "heartRate")
                reading = Reading(
                    "heart_rate", start, value=digits(one.get("heartRate")), native=native
                )
            except ValueError:
                yield refuse(source.path, here, _WRONG, "bad_value")
                continue
            yield item(source.path, reading, place=here)


def _read_nights(source: Source) -> Iterator[Item]:
    for place, value, wrong in elements(source):
        if wrong is not None:
            yield wrong
            continue
        try:
            readings = list(_night(value))
        except ValueError:
            yield refuse(source.path, place, _WRONG, "bad_value")
            continue
        if not readings:
            yield keep(source.path, place, "a night of this kind is not understood yet")
        for reading in readings:
            yield item(source.path, reading, place=place)


def _night(value: dict[str, Any]) -> Iterator[Reading]:
    result = value.get("sleepResult")
    hypnogram = result.get("hypnogram") if isinstance(result, dict) else None
    if not isinstance(hypnogram, dict):
        return
    start, end = iso(text(hypnogram.get("sleepStart"))), iso(text(hypnogram.get("sleepEnd")))
    evaluation = value.get("evaluation")
    asleep = ""
    if isinstance(evaluation, dict) and text(evaluation.get("asleepDuration")):
        asleep = iso_seconds(text(evaluation["asleepDuration"]))
    yield Reading("sleep_duration", start, end, value=asleep, unit="s")
    changes = []
    for one in _list(hypnogram.get("sleepStateChanges")):
        state = text(one.get("state")) if isinstance(one, dict) else ""
        if state not in _STATES:
            raise ValueError("no state that is known")
        offset = int(float(iso_seconds(text(one.get("offsetFromStart")))))
        changes.append((add_seconds(start, offset), state))
    ends = [begin for begin, _ in changes[1:]] + [end]
    for (begin, state), finish in zip(changes, ends, strict=True):
        native = (_SYSTEM, state)
        yield Reading("sleep_stage", begin, finish, text=_STATES[state], native=native)


def _zone(minutes: Any) -> str:
    """Minutes from UTC, a number or a text, as `+09:00`; empty where there are none."""
    said = text(minutes)
    if not said.lstrip("-").isdigit() or abs(int(said)) > 14 * 60:
        return ""
    away = abs(int(said))
    return f"{'-' if said.startswith('-') else '+'}{away // 60:02}:{away % 60:02}"


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _digits(value: Any) -> str:
    return plain_number(digits(value))


READERS = (
    Reader(SESSION, _is_session, told(_read_session)),
    Reader(ACTIVITY, _is_activity, told(_read_activity)),
    Reader(HEART, _is_heart, told(_read_heart)),
    Reader(NIGHTS, _are_nights, told(_read_nights)),
)
