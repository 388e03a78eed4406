"""FIT, the files of Garmin, Wahoo, Suunto, COROS and other sport watches, decoded by `fitdecode`.

    activity     one Observation for each session and lap; a series of heart rate, speed, cadence,
                 power, distance and position (see `_series`)
    monitoring   steps, distance, energy and heart rate of a day
    wellness     stress, breathing, oxygen, sleep level, heart rate variability, resting heart rate
    scale, cuff  body weight and blood pressure

A file may be several, one after the other. Times are UTC; where the watch says what its own clock
showed, they are told in that zone. A position of 2^31 semicircles is 180 degrees.

What a checksum says is wrong is refused whole: no value of it can be trusted. Of a file that is cut
off, what came before the cut is read; of one that is damaged, but for the last message, which may
be where the damage begins. Messages about the watch and its settings are skipped, those
that no public profile names are kept in the source file, as are fields that apps of other makers
put in.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import fitdecode
import fitdecode.profile

from .._head import Head
from .._model import Format, Item, Kind, Outcome
from .._reader import Reader, Source
from ._measure import Reading, item, keep, skip, told
from ._series import Point, Track, decimal, sampled_data

__all__ = ["FORMAT", "READERS"]

FORMAT = Format("fit", "application/vnd.ant.fit", "Garmin FIT", "가민 FIT")

SYSTEM = "https://developer.garmin.com/fit"
_MAX_BYTES = 32 << 20
# Of four days on end, a second each; each costs a kilobyte until the file is read.
_MAX_MESSAGES = 350_000
_EPOCH = 631_065_600  # 1989-12-31 in UTC, where the time of FIT begins.
# Below this a time is the seconds since the watch was switched on.
_LEAST = 0x10000000
_DEGREES = 180 / (1 << 31)
# What fitdecode may raise on damaged contents: its own, and what its arithmetic stumbles over.
_BROKEN = (
    # The reader states with `assert` what a hostile file need not keep to.
    fitdecode.FitError, ArithmeticError, AssertionError, AttributeError, LookupError, TypeError,
    ValueError, struct.error,
)  # fmt: skip

_POINT = {
    "heart_rate": "heart_rate",
    "enhanced_speed": "speed",
    "speed": "speed",
    "cadence": "cadence",
    "power": "power",
    "distance": "distance",
    "temperature": "air_temperature",
    "enhanced_respiration_rate": "respiratory_rate",
    "enhanced_altitude": "altitude",
    "altitude": "altitude",
}
_READ = {*_POINT, "timestamp", "position_lat", "position_long", "compressed_speed_distance"}
_PROFILE = {
    one.name
    for kind in fitdecode.profile.MESSAGE_TYPES.values()
    for one in kind.fields.values()
    if kind.name == "record"
}
# Of a session or a lap: field, measure, unit.
_TOTALS = (
    ("total_elapsed_time", "duration", "s"),
    ("total_timer_time", "duration", "s"),
    ("total_distance", "distance", "m"),
    ("total_calories", "calories_burned", "kcal"),
    ("total_ascent", "elevation", "m"),
    ("total_descent", "elevation", "m"),
    ("enhanced_avg_speed", "speed", "m/s"),
    ("enhanced_max_speed", "speed", "m/s"),
    ("avg_speed", "speed", "m/s"),
    ("max_speed", "speed", "m/s"),
    ("avg_cadence", "cadence", "/min"),
    ("avg_running_cadence", "cadence", "/min"),
    ("avg_power", "power", "W"),
    ("max_power", "power", "W"),
    ("normalized_power", "power", "W"),
)
# Messages with a time and values of their own: message, field, measure, unit.
_SINGLE: dict[str, tuple[tuple[str, str, str], ...]] = {
    "respiration_rate": (("respiration_rate", "respiratory_rate", "/min"),),
    "spo2_data": (("reading_spo2", "oxygen_saturation", "%"),),
    "monitoring_hr_data": (("resting_heart_rate", "resting_heart_rate", "/min"),),
    "hrv_status_summary": (("last_night_average", "heart_rate_variability", "ms"),),
    "hrv_value": (("value", "heart_rate_variability", "ms"),),
    "weight_scale": (
        ("weight", "body_weight", "kg"),
        ("bmi", "body_mass_index", "kg/m2"),
        ("percent_fat", "body_fat_percentage", "%"),
        ("muscle_mass", "muscle_mass", "kg"),
        ("bone_mass", "bone_mass", "kg"),
    ),
}
_STEPPING = ("walking", "running")


def _is_fit(head: Head) -> bool:
    return len(head.raw) >= 12 and head.raw[0] in (12, 14) and head.raw[8:12] == b".FIT"


@dataclass(slots=True)
class _File:
    """What one FIT file (of maybe several in one) has said so far."""

    number: int
    device: str = ""
    zone: timedelta | None = None
    since: int | None = None  # When the day of a monitoring file began.
    clock: int = 0  # The last whole time stamp, in seconds of FIT.
    since_start: int | None = None  # What to add to seconds since the start for a local time.
    points: list[Point] = field(default_factory=list)
    workouts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    readings: list[tuple[str, int, int, Reading]] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    known: Counter[str] = field(default_factory=Counter)
    developer: Counter[str] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)  # Fields of records, by their name.
    beats: list[str] = field(default_factory=list)  # Milliseconds between one and the next.


@told
def _read(source: Source) -> Iterator[Item]:
    path = source.path
    if path.stat().st_size > _MAX_BYTES:
        reason = "the file is larger than 32 MiB, which no watch writes; split it"
        yield _refused(path, "/", reason, "too_large")
        return
    files: list[_File] = []
    fault: Item | None = None
    try:
        for count, (file, message, place) in enumerate(_messages(path, files), 1):
            if count > _MAX_MESSAGES:
                reason = (
                    f"it has more than {_MAX_MESSAGES} messages; what came before was read, split "
                    "it for the rest"
                )
                fault = _refused(path, place, reason, "too_large")
                break
            _take(file, message, place)
    except fitdecode.FitCRCError:
        reason = (
            "its checksum is wrong, so that none of its values can be trusted; copy it from the "
            "watch again"
        )
        yield _refused(path, "/", reason, "checksum")
        return
    except fitdecode.FitEOFError:
        reason = "the file is cut off; what came before was read, copy it from the watch again"
        fault = _refused(path, "/", reason, "truncated")
    except _BROKEN:
        reason = (
            "the file is damaged; what came before was read, but for the last message, which may "
            "be wrong; copy it from the watch again"
        )
        fault = _refused(path, "/", reason, "damaged")
    for one in files:
        yield from _items(path, one)
    if fault is not None:
        yield fault


def _messages(path: Path, files: list[_File]) -> Iterator[tuple[_File, Any, str]]:
    """Each message with its file and place, once what follows it could be read, too."""
    last: tuple[_File, Any, str] | None = None
    try:
        with fitdecode.FitReader(
            str(path),
            check_crc=fitdecode.CrcCheck.RAISE,
            error_handling=fitdecode.ErrorHandling.IGNORE,
        ) as frames:
            for index, frame in enumerate(frames):
                if last is not None:
                    yield last
                    last = None
                if isinstance(frame, fitdecode.FitHeader):
                    files.append(_File(len(files) + 1))
                elif isinstance(frame, fitdecode.FitDataMessage) and files:
                    last = files[-1], frame, f"message {index}"
    except fitdecode.FitEOFError:
        # Where a file is cut off, what stands before the cut is whole.
        if last is not None:
            yield last
        raise
    if last is not None:
        yield last


def _take(file: _File, message: Any, place: str) -> None:
    values = {one.name: one for one in message.fields if one.value is not None}
    stamp = values.get("timestamp")
    if stamp is not None and isinstance(stamp.raw_value, int):
        file.clock = stamp.raw_value
    name = message.name
    file.known[name] += 1
    for one in values.values():
        if getattr(one.field, "dev_data_index", None) is not None:
            file.developer[name] += 1
    if name == "file_id":
        product = values.get("garmin_product") or values.get("product")
        told = [values.get("manufacturer"), product]
        file.device = " ".join(str(one.value) for one in told if one is not None)[:80]
    elif name in ("activity", "monitoring_info"):
        _clock(file, values, is_day=name == "monitoring_info")
    elif name == "record":
        _point(file, values)
    elif name in ("session", "lap"):
        plain = {key: one.value for key, one in values.items()}
        for key in ("start_time", "timestamp"):
            plain[key] = values[key].raw_value if key in values else None
        file.workouts.append((f"{name} {file.known[name]}", plain))
    elif name == "monitoring":
        _monitoring(file, values, place)
    elif name == "stress_level":
        _stress(file, values, place)
    elif name == "blood_pressure":
        _pressure(file, values, place)
    elif name == "sleep_level":
        level = values.get("sleep_level")
        if level is not None:
            _single(file, place, Reading("sleep_stage", "", text=str(level.value)))
    elif name == "hrv":
        file.beats.extend(_intervals(values))
    elif name in _SINGLE:
        for key, measure, unit in _SINGLE[name]:
            if key in values:
                _value(file, place, measure, values[key].value, unit)
    elif name.startswith("unknown_"):
        file.unknown[name] += 1


def _intervals(values: dict[str, Any]) -> Iterator[str]:
    found = values.get("time")
    for one in found.value if found is not None and isinstance(found.value, tuple) else ():
        if isinstance(one, int | float):
            yield decimal(one * 1000)


def _clock(file: _File, values: dict[str, Any], *, is_day: bool) -> None:
    """What the clock of the person showed at a time that is known in UTC."""
    stamp, local = values.get("timestamp"), values.get("local_timestamp")
    if stamp is None or not isinstance(stamp.raw_value, int):
        return
    if is_day:
        file.since = stamp.raw_value
    if local is not None and isinstance(local.raw_value, int):
        if stamp.raw_value < _LEAST:
            file.since_start = local.raw_value - stamp.raw_value
            return
        minutes = round((local.raw_value - stamp.raw_value) / 60)
        if abs(minutes) <= 14 * 60 and minutes % 15 == 0:
            file.zone = timedelta(minutes=minutes)


def _point(file: _File, values: dict[str, Any]) -> None:
    stamp = values.get("timestamp")
    if stamp is None or not isinstance(stamp.raw_value, int):
        file.unknown["record without a time"] += 1
        return
    found: dict[str, str] = {}
    for name, measure in _POINT.items():
        value = values.get(name)
        if value is not None and isinstance(value.value, int | float):
            found.setdefault(measure, decimal(value.value))
    latitude, longitude = values.get("position_lat"), values.get("position_long")
    if latitude is not None and longitude is not None:
        degrees = latitude.value * _DEGREES, longitude.value * _DEGREES
        if abs(degrees[0]) <= 90 and abs(degrees[1]) <= 180:
            found["latitude"], found["longitude"] = (decimal(one, 8) for one in degrees)
        else:
            file.unknown["position that is none"] += 1
    file.points.append(Point(stamp.raw_value, found))
    for name in values.keys() - _READ:
        file.unread[name if name in _PROFILE else "unknown"] += 1


def _monitoring(file: _File, values: dict[str, Any], place: str) -> None:
    short = values.get("timestamp_16")
    if "timestamp" not in values and short is not None and isinstance(short.value, int):
        file.clock += (short.value - file.clock) & 0xFFFF
    if "heart_rate" in values:
        _value(file, place, "heart_rate", values["heart_rate"].value, "/min")
    kind = values.get("activity_type")
    steps = values.get("cycles")
    if "steps" in values:
        _value(file, place, "step_count", values["steps"].value, "{steps}", day=True)
    elif steps is not None and kind is not None and kind.value in _STEPPING:
        # Half a stride each; the profile counts strides here.
        _value(file, place, "step_count", steps.value * 2, "{steps}", day=True)
    if "distance" in values:
        _value(file, place, "distance", values["distance"].value, "m", day=True)
    for name in ("active_calories", "calories"):
        if name in values:
            _value(file, place, "calories_burned", values[name].value, "kcal", day=True)


def _stress(file: _File, values: dict[str, Any], place: str) -> None:
    level, at = values.get("stress_level_value"), values.get("stress_level_time")
    if at is not None and isinstance(at.raw_value, int):
        file.clock = at.raw_value
    # Below zero it says why there is none: off the wrist, too much movement.
    if level is not None and isinstance(level.value, int) and level.value >= 0:
        _value(file, place, "stress", level.value, "{score}")


def _pressure(file: _File, values: dict[str, Any], place: str) -> None:
    parts = tuple(
        Reading(measure, "", value=decimal(values[name].value))
        for name, measure in (
            ("systolic_pressure", "systolic_blood_pressure"),
            ("diastolic_pressure", "diastolic_blood_pressure"),
        )
        if name in values
    )
    if parts:
        _single(file, place, Reading("blood_pressure", "", parts=parts))
    if "heart_rate" in values:
        _value(file, place, "heart_rate", values["heart_rate"].value, "/min")


def _value(
    file: _File, place: str, measure: str, value: Any, unit: str, *, day: bool = False
) -> None:
    if isinstance(value, tuple):
        value = next((one for one in value if one is not None), None)
    if not isinstance(value, int | float):
        return
    reading = Reading(measure, "", value=decimal(value), unit=unit)
    _single(file, place, reading, day=day)


def _single(file: _File, place: str, reading: Reading, *, day: bool = False) -> None:
    """A reading at the time of the message; a count of a `day` is since the day began."""
    start = end = file.clock
    if day and file.since is not None and file.since < file.clock:
        start = file.since
    file.readings.append((place, start, end, reading))


def _items(path: Path, file: _File) -> Iterator[Item]:
    prefix = f"file {file.number}, " if file.number > 1 else ""
    for name, values in file.workouts:
        yield from _workout(path, f"{prefix}{name}", file, name, values)
    track = Track(file.device, file.zone, file.since_start is not None)
    yield from _beats(path, prefix, file, track)
    timeless = 0
    for point in file.points:
        at = _milliseconds(file, point.at)
        if at is None:
            timeless += 1
        else:
            track.add(Point(at, point.values))
    yield from track.items(path, f"{prefix}records")
    for place, start, end, reading in file.readings:
        first, last = _milliseconds(file, start), _milliseconds(file, end)
        if first is None or last is None:
            timeless += 1
            continue
        timed = replace(
            reading, start=track.moment(first), end=track.moment(last), device=file.device
        )
        yield item(path, timed, place=prefix + place)
    if timeless:
        reason = f"{timeless} messages have no time of day, for the clock of the watch was not set"
        yield _refused(path, f"{prefix}messages", reason, "no_time")
    yield from _left_out(path, prefix, file)


def _beats(path: Path, prefix: str, file: _File, track: Track) -> Iterator[Item]:
    """The intervals between beats, one after the other from where the records begin."""
    if not file.beats:
        return
    begin = _milliseconds(file, file.points[0].at) if file.points else None
    if begin is None:
        yield _refused(path, f"{prefix}hrv", "nothing says when its beats were", "no_time")
        return
    at = Decimal(0)
    cells = []
    for beat in file.beats:
        at += Decimal(beat)
        cells.append(f"{at} {beat}")
    sampled = sampled_data("ms", "1", 2, " ".join(cells))
    first, last = track.moment(begin), track.moment(begin + int(at))
    reading = Reading(
        "rr_interval", first, last, device=file.device, extra={"valueSampledData": sampled}
    )
    yield item(path, reading, place=f"{prefix}hrv")


def _workout(
    path: Path, place: str, file: _File, name: str, values: dict[str, Any]
) -> Iterator[Item]:
    begin, end = values.get("start_time"), values.get("timestamp")
    start = _milliseconds(file, begin if isinstance(begin, int) else end)
    if start is None:
        yield _refused(path, place, "nothing says when it was", "no_time")
        return
    stop = _milliseconds(file, end)
    elapsed = values.get("total_elapsed_time")
    if isinstance(elapsed, int | float):
        stop = start + round(elapsed * 1000)
    clock = Track(zone=file.zone, local=file.since_start is not None)
    first, last = clock.moment(start), clock.moment(start if stop is None else stop)
    kind = str(values.get("sport", "")) or "unknown"
    parts = [
        Reading(measure, "", value=decimal(values[key]), unit=unit, native=(SYSTEM, key))
        for key, measure, unit in _TOTALS
        if isinstance(values.get(key), int | float)
        and not (key[:3] in ("avg", "max") and f"enhanced_{key}" in values)
    ]
    native = (SYSTEM, f"{name.partition(' ')[0]}.{kind}")
    whole = Reading("workout", first, last, device=file.device, native=native, parts=tuple(parts))
    yield item(path, whole, place=place)
    for key in ("avg_heart_rate", "max_heart_rate"):
        if isinstance(values.get(key), int | float):
            beat = decimal(values[key])
            native = (SYSTEM, key)
            beats = Reading("heart_rate", first, last, beat, device=file.device, native=native)
            yield item(path, beats, place=place)


def _left_out(path: Path, prefix: str, file: _File) -> Iterator[Item]:
    used = {"record", "session", "lap", "monitoring", "stress_level", "blood_pressure",
            "sleep_level", "hrv", *_SINGLE}  # fmt: skip
    for name, count in file.unknown.items():
        reason = f"{count} messages of a kind that no public profile names, or without a sense"
        yield keep(path, f"{prefix}{name}", reason)
    for name, count in file.developer.items():
        reason = f"{count} values of fields that another maker's app put in"
        yield keep(path, f"{prefix}developer fields of {name}", reason)
    for name, count in sorted(file.unread.items()):
        reason = f"{count} values of a field that is not understood yet"
        yield keep(path, f"{prefix}records, {name}", reason)
    without = file.known["monitoring"] - len({place for place, *_ in file.readings})
    if without > 0:
        reason = f"{without} messages about a day tell how intense it was, and no measurement"
        yield skip(path, f"{prefix}monitoring", reason, "no_value")
    settings = sum(
        count
        for name, count in file.known.items()
        if name not in used and not name.startswith("unknown_")
    )
    if settings:
        reason = f"{settings} messages about the watch, its settings and its events"
        yield skip(path, f"{prefix}messages", reason, "settings")


def _milliseconds(file: _File, seconds: Any) -> int | None:
    """A time of FIT as milliseconds since 1970; None where the watch knew no time."""
    if not isinstance(seconds, int):
        return None
    if seconds < _LEAST:
        if file.since_start is None:
            return None
        seconds += file.since_start
    return int(seconds + _EPOCH) * 1000


def _refused(path: Path, place: str, reason: str, code: str) -> Item:
    return Outcome(Kind.REFUSED, place, "", reason, code, path), None


READERS = (Reader(FORMAT, _is_fit, _read),)
