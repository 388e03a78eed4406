"""Times as exporters write them, made ISO 8601: with a zone only where the source knows it.

    iso("2024-05-01 07:30:00.000", offset("UTC+0900"))     # a local time and its zone
    utc_to_local("2024-05-01 07:30:00.000", offset("UTC+0900"))   # an instant, told in that zone
    slashed("05/31/24 7:30:00 AM", "mdy")                   # a local time without a zone
    epoch("1515913323392740449", 9)                         # nanoseconds

All raise ValueError for what is no such time. Seconds that the source leaves out are zero, as FHIR
asks; a fraction keeps its digits.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

__all__ = [
    "add_seconds",
    "day_order",
    "epoch",
    "epoch_at",
    "is_before",
    "iso",
    "offset",
    "slashed",
    "utc_to_local",
]

_ISO = re.compile(
    r"(\d{4}-\d{2}-\d{2})"
    r"(?:[T ](\d{2}:\d{2})(?::(\d{2})(\.\d{1,9})?)?\s?(Z|UTC|[+-]\d{2}(?::?\d{2})?)?)?\Z"
)
_SLASHED = re.compile(
    r"(\d{1,4})([/.-])(\d{1,2})\2(\d{4}|\d{2})\.?"
    r"(?:[ T,]\s?(\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,9})?)?(?:\s?([AaPp])\.?[Mm]\.?)?)?\Z",
    re.ASCII,
)
_OFFSET = re.compile(r"(?:UTC|GMT)?\s?([+-])(\d{2}):?(\d{2})\Z", re.ASCII)
_MOST = 253402300799  # The last second of the year 9999.


def iso(text: str, zone: str = "") -> str:
    """An ISO 8601 time or day. `zone` is used where the text has none of its own."""
    found = _ISO.match(text.strip())
    if found is None:
        raise ValueError("no ISO 8601 time")
    day, clock, seconds, fraction, own = found.groups()
    _check(day, clock, seconds)
    if not clock:
        return str(day)
    return f"{day}T{clock}:{seconds or '00'}{_shorter(fraction)}{_zone(own) or zone}"


def utc_to_local(text: str, zone: str) -> str:
    """A time in UTC without a mark, told in `zone`: the same instant, on the person's own day."""
    moment = iso(text)
    if len(moment) == 10 or not zone:
        return moment if len(moment) == 10 else moment + "Z"
    whole, dot, fraction = moment.partition(".")
    try:
        local = datetime.fromisoformat(whole) + _delta(zone)
    except OverflowError as exc:
        raise ValueError("out of the calendar") from exc
    return f"{local.isoformat()}{dot}{fraction}{zone}"


def slashed(text: str, order: str) -> str:
    """A day, or a day and a clock, as `order` has them: `mdy`, `dmy` or `ymd`."""
    found = _SLASHED.match(text.strip())
    if found is None:
        raise ValueError("no time of this form")
    first, _, second, third, hour, minute, seconds, fraction, half = found.groups()
    year, month, day = {
        "mdy": (third, first, second),
        "dmy": (third, second, first),
        "ymd": (first, second, third),
    }[order]
    if len(year) == 2:
        year = f"20{year}"
    date = f"{year}-{int(month):02}-{int(day):02}"
    if hour is None:
        _check(date, None, None)
        return date
    clock = f"{_hour(int(hour), half):02}:{minute}"
    _check(date, clock, seconds)
    return f"{date}T{clock}:{seconds or '00'}{_shorter(fraction)}"


def day_order(text: str) -> str:
    """What one slashed time proves about its order: `mdy`, `dmy`, or nothing."""
    found = _SLASHED.match(text.strip())
    if found is None or len(found[1]) == 4:
        return ""
    first, second = int(found[1]), int(found[3])
    if first > 12 >= second:
        return "dmy"
    return "mdy" if second > 12 >= first else ""


def epoch(digits: str, scale: int, zone: str = "") -> str:
    """A count of 10^-`scale` seconds since 1970 in UTC, told in UTC or in `zone`."""
    if not re.fullmatch(r"-?\d{1,20}", digits, re.ASCII):
        raise ValueError("no count of seconds")
    count = int(digits)
    seconds, rest = divmod(count, 10**scale)
    if abs(seconds) > _MOST:
        raise ValueError("out of the calendar")
    try:
        moment = datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
        if zone:
            moment += _delta(zone)
    except (OverflowError, OSError) as exc:
        raise ValueError("out of the calendar") from exc
    fraction = f".{rest:0{scale}}".rstrip("0") if rest else ""
    return f"{moment.isoformat()}{fraction}{zone or 'Z'}"


def epoch_at(digits: str, place: str) -> str:
    """Seconds since 1970 in UTC, told by the clock of a place such as `Asia/Seoul`; in UTC where
    the place isn't known."""
    moment = epoch(digits, 0)
    try:
        there = datetime.fromtimestamp(int(digits), _place(place))
        away = there.utcoffset()
    except (KeyError, ValueError, OverflowError, OSError):
        return moment
    if away is None or away.total_seconds() % 60:
        return moment
    minutes = int(away.total_seconds()) // 60
    zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
    return epoch(digits, 0, zone)


@lru_cache(64)
def _place(name: str) -> ZoneInfo:
    if not re.fullmatch(r"[A-Za-z_+-]{1,32}(?:/[A-Za-z0-9_+-]{1,32}){0,2}", name):
        raise ValueError("no place")
    return ZoneInfo(name)


def offset(text: str) -> str:
    """`UTC+0900` or `+09:00` as `+09:00`."""
    found = _OFFSET.match(text.strip())
    if found is None:
        raise ValueError("no offset from UTC")
    zone = f"{found[1]}{found[2]}:{found[3]}"
    _delta(zone)
    return zone


def add_seconds(moment: str, seconds: int) -> str:
    """A time of ours, later by whole seconds, with the zone that it has."""
    found = re.fullmatch(r"([\d-]{10}T[\d:]{8})(\.\d+)?(Z|[+-]\d\d:\d\d)?", moment)
    if found is None:
        raise ValueError("a day has no clock")
    try:
        later = datetime.fromisoformat(found[1]) + timedelta(seconds=seconds)
    except OverflowError as exc:
        raise ValueError("out of the calendar") from exc
    return f"{later.isoformat()}{found[2] or ''}{found[3] or ''}"


def is_before(moment: str, other: str) -> bool:
    """Whether one time of ours is before another. Of clocks without a zone an hour is let pass, by
    which they are set back in autumn."""
    if moment[19:] == other[19:] and moment >= other:
        return False
    if len(moment) == 10 or len(other) == 10:
        return moment[:10] < other[:10]
    one, two = (_instant(text) for text in (moment, other))
    if (one.tzinfo is None) != (two.tzinfo is None):
        one, two = one.replace(tzinfo=None), two.replace(tzinfo=None)
    slack = timedelta(hours=1) if one.tzinfo is None else timedelta()
    return two - one > slack


@lru_cache(1024)
def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _hour(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError("no hour of a half day")
    return hour % 12 + (12 if half in "pP" else 0)


def _zone(own: str | None) -> str:
    if not own:
        return ""
    if own in ("Z", "UTC"):
        return "Z"
    return offset(own if len(own) > 3 else f"{own}00")


def _shorter(fraction: str | None) -> str:
    return fraction if fraction and fraction.strip(".0") else ""


@lru_cache(8192)
def _check(day: str, clock: str | None, seconds: str | None) -> None:
    datetime.fromisoformat(f"{day}T{clock or '00:00'}:{seconds or '00'}")


@lru_cache(256)
def _delta(zone: str) -> timedelta:
    hours, minutes = int(zone[1:3]), int(zone[4:6])
    if hours > 14 or minutes > 59:
        raise ValueError("no offset from UTC")
    return (-1 if zone[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes)
