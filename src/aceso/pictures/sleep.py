"""How long somebody slept, night by night.

    found = nights(observations)         # the day on which they woke, and the hours asleep
    sleep_chart(found, title="Sleep")

A night is what ended on a day. Where a device wrote spans (asleep, awake, in bed), those asleep
count, and what two devices say of the same minutes counts once. Where one wrote the length, that
counts. A night without data is no bar: not zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from aceso.exports._text import dicts
from aceso.formats.canonical import plain

from .chart import Chart, Dot, seconds, time_axis, value_axis
from .series import moment

__all__ = ["Night", "nights", "sleep_chart"]

_SLEEP_CODES = frozenset(
    {"93832-4", "sleep_duration", "sleep_stage", "HKCategoryTypeIdentifierSleepAnalysis"}
)
_HOURS = {"min": 1 / 60, "h": 1.0, "s": 1 / 3600, "hr": 1.0, "ms": 1 / 3_600_000}
_AWAKE = ("awake", "inbed", "in bed", "wake", "restless", "out_of_bed", "outofbed")
_LONGEST_HOURS = 24.0
_LONGEST = timedelta(hours=_LONGEST_HOURS)


@dataclass(frozen=True, slots=True)
class Night:
    """The hours asleep of the night that ended on a day."""

    day: date
    hours: float


def nights(observations: Iterable[dict[str, Any]]) -> list[Night]:
    """The nights of all sleep observations, the earliest first."""
    spans: dict[date, list[tuple[datetime, datetime]]] = {}
    lengths: dict[date, float] = {}
    for observation in observations:
        start, end = moment(observation), moment(observation, end=True)
        if not _is_sleep(observation) or start is None:
            continue
        day = (end or start).date()
        hours = _length(observation)
        if hours is not None:
            lengths[day] = max(hours, lengths.get(day, 0.0))
        elif end is not None and start < end <= start + _LONGEST and not _is_awake(observation):
            spans.setdefault(day, []).append((start, end))
    found = dict(lengths)
    for day, of_day in spans.items():
        found.setdefault(day, _together(of_day))
    return [Night(day, hours) for day, hours in sorted(found.items()) if hours > 0]


def sleep_chart(found: list[Night], *, title: str, unit: str = "h") -> Chart:
    """Bars, one a night."""
    bars = tuple(Dot(seconds(datetime.combine(one.day, time(12))), one.hours) for one in found)
    x = time_axis([edge for bar in bars for edge in (bar.x - 43_200, bar.x + 43_200)])
    y = value_axis([bar.y for bar in bars], from_zero=True)
    return Chart(title, unit, x, y, bars=bars)


def _is_sleep(observation: dict[str, Any]) -> bool:
    return any(
        str(coding.get("code")) in _SLEEP_CODES
        for concept in dicts(observation.get("code"))
        for coding in dicts(concept.get("coding"))
    ) and str(observation.get("status")) not in ("entered-in-error", "cancelled")


def _length(observation: dict[str, Any]) -> float | None:
    quantity = observation.get("valueQuantity")
    if not isinstance(quantity, dict):
        return None
    factor = _HOURS.get(str(quantity.get("code") or quantity.get("unit")))
    try:
        hours = float(plain(quantity.get("value"))) * factor if factor else None
    except (TypeError, ValueError):
        return None
    return hours if hours is not None and 0 <= hours <= _LONGEST_HOURS else None


def _is_awake(observation: dict[str, Any]) -> bool:
    words = " ".join(_words(observation)).lower()
    return any(word in words for word in _AWAKE)


def _words(observation: dict[str, Any]) -> Iterator[str]:
    text = observation.get("valueString")
    if isinstance(text, str):
        yield text
    for concept in dicts(observation.get("valueCodeableConcept")):
        yield str(concept.get("text", ""))
        for coding in dicts(concept.get("coding")):
            yield str(coding.get("code", ""))


def _together(spans: list[tuple[datetime, datetime]]) -> float:
    """The hours that at least one of the spans covers."""
    total = 0.0
    until: datetime | None = None
    for start, end in sorted(spans):
        begin = start if until is None else max(start, until)
        if end > begin:
            total += (end - begin).total_seconds()
        until = end if until is None else max(until, end)
    return total / 3600
