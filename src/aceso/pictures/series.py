"""Numbers over time, out of FHIR Observations: one series for each code and unit.

    read_series(observations, language="ko")

A number is a `valueQuantity`, that of a component, or one of the samples of a `SampledData`. What
was measured in two units becomes two series: nothing is converted, and no axis has two units. A
measurement without a value (`dataAbsentReason`, a sample `E`, `U` or `L`) is a point without a
value: the line is broken there. On a grid of which most cells are empty, such a cell is none.

What is told of a workout, and the lowest and highest of something, are series of their own: they
are no values of the day. Counts that all begin at once (steps since midnight) are at their ends.

Left out: positions and electrocardiograms, which are no trends; what is entered in error, values
that are only known to be above or below something, and what can only be a slip or a placeholder (a
year 9999, a number beyond 10^15).
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from aceso.exports._text import concept, dicts, masked
from aceso.formats._classify import load
from aceso.formats.canonical import plain

__all__ = ["Point", "Series", "moment", "read_series"]

_LOCAL = "urn:aceso:local-time"
_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2}:\d{2})(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})?)?\Z"
)
_CLOCK = re.compile(r"\d{2}:\d{2}:\d{2}")
_NOT_SO = frozenset({"entered-in-error", "cancelled"})
_NO_SAMPLE = frozenset({"E", "U", "L"})
# Beyond these a number or a year is a slip or a placeholder, and would flatten the picture.
_LARGEST = 1e15
_YEARS = range(1850, 2151)
_MOST_SAMPLES = 1_000_000
# What is no number over time: where somebody was, and a curve of half a minute.
_NO_TRENDS = frozenset({"location", "ecg", "ecg_annotation"})
_OF_ANOTHER = frozenset({"minimum", "maximum", "confidence", "context", "duration"})
_WORKOUT = "HKWorkoutActivityType"
_EXTREME = re.compile(r"(?:[Mm]ax|[Mm]in)(?:imum)?(?:[A-Z_]\w*)?\Z")
_HEALTHKIT = re.compile(r"HK(?:Quantity|Category|Correlation|Data)?Type(?:Identifier)?|"
                        r"HKWorkoutActivityType")  # fmt: skip
_ONE_WORD = re.compile(r"[a-zA-Z]+(?:[A-Z_.][a-z]+)+\Z", re.ASCII)
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])|[._]")
# UCUM as people write it; what is in braces is a word for a count, which the name says already.
_WRITTEN = {"Cel": "°C", "[degF]": "°F", "mm[Hg]": "mmHg", "[lb_av]": "lb", "[mi_i]": "mi",
            "[ft_i]": "ft", "[in_i]": "in", "uV": "µV", "kg/m2": "kg/m²",
            "count": "", "count/min": "/min"}  # fmt: skip
_BRACES = re.compile(r"\{[^{}]*\}")
_LOINC = "http://loinc.org"
_OWN = "urn:aceso:measure"


@dataclass(frozen=True, slots=True)
class Point:
    """A value, or None where there was none, and the reference range that came with it."""

    at: datetime
    value: float | None = field(repr=False)
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """All values of one code in one unit, the earliest first. `code` is `system|code`, or the name
    where there is no code."""

    code: str
    name: str
    unit: str
    points: tuple[Point, ...] = field(repr=False)

    @property
    def loinc(self) -> str:
        system, _, code = self.code.partition("|")
        return code if system == _LOINC else ""


def read_series(observations: Iterable[dict[str, Any]], *, language: str) -> list[Series]:
    """The series of all observations, by name and unit."""
    found: dict[tuple[str, str], dict[Point, datetime]] = {}
    names: dict[str, str] = {}
    for observation in observations:
        if str(observation.get("status")) in _NOT_SO:
            continue
        at = moment(observation)
        whole, title = _named(observation, language)
        if at is None or _codes(observation) & _NO_TRENDS:
            continue
        end = moment(observation, end=True) or at
        for holder in (observation, *dicts(observation.get("component"))):
            code, name = _named(holder, language)
            if holder is not observation and _is_aside(observation, holder):
                code, name = f"{whole} {code}", f"{title}: {name}"
            for unit, point in _points(holder, at) if code else ():
                names.setdefault(code, name)
                found.setdefault((code, unit), {})[point] = end
    made = []
    for (code, unit), points in found.items():
        if any(point.value is not None for point in points):
            ordered = sorted(_spread(points), key=lambda point: point.at)
            made.append(Series(code, names[code], unit, tuple(ordered)))
    return sorted(made, key=lambda one: (one.name, one.code, one.unit))


def _spread(points: dict[Point, datetime]) -> list[Point]:
    """Values at their beginnings; at their ends, where most of them begin at once."""
    if len(points) > 2 and 2 * len({point.at for point in points}) < len(points):
        return [replace(point, at=end) for point, end in points.items()]
    return list(points)


def moment(observation: dict[str, Any], end: bool = False) -> datetime | None:
    """When it began (or ended) by the clock of the place; a day without a clock is its noon."""
    name = "end" if end else "start"
    period = observation.get("effectivePeriod")
    if isinstance(period, dict) and (name in period or end):
        return _clock(period, name)
    for name in ("effectiveDateTime", "effectiveInstant", "issued"):
        found = _clock(observation, name)
        if found is not None:
            return found
    return None


def _clock(holder: dict[str, Any], name: str) -> datetime | None:
    text = holder.get(name)
    found = _MOMENT.match(text) if isinstance(text, str) else None
    if found is None:
        return None
    clock = found[2] or "12:00:00"
    for beside in dicts(holder.get(f"_{name}")):
        for extension in dicts(beside.get("extension")):
            local = extension.get("valueTime")
            if extension.get("url") == _LOCAL and isinstance(local, str) and _CLOCK.match(local):
                clock = local[:8]
    try:
        at = datetime.fromisoformat(f"{found[1]}T{clock}")
    except ValueError:
        return None
    return at if at.year in _YEARS else None


def _codings(holder: dict[str, Any]) -> list[tuple[str, str]]:
    return [
        (str(one.get("system") or ""), str(one["code"]))
        for value in dicts(holder.get("code"))
        for one in dicts(value.get("coding"))
        if isinstance(one.get("code"), str)
    ]


def _codes(holder: dict[str, Any]) -> set[str]:
    return {code for system, code in _codings(holder) if system == _OWN}


def _is_aside(observation: dict[str, Any], component: dict[str, Any]) -> bool:
    """Whether a component says something of its whole, and is no value like those by themselves."""
    if _codes(component) & _OF_ANOTHER:
        return True
    return any(code == "workout" or code.startswith(_WORKOUT) for _, code in _codings(observation))


def _named(holder: dict[str, Any], language: str) -> tuple[str, str]:
    """The code that tells series apart (LOINC first), and what a person calls it."""
    codings = _codings(holder)
    codings.sort(key=lambda one: one[0] != _LOINC)
    name = _readable(concept(holder.get("code")))
    for system, code in codings:
        known = _names().get((system, code))
        if known is not None:
            name = known[language == "ko"]
            break
    code = "|".join(codings[0]) if codings else name
    theirs = (one for system, one in codings if system != _OWN)
    extreme = next((one for one in theirs if _EXTREME.match(one)), "")
    if extreme:
        # What a watch calls the highest of a lap is no value at its beginning.
        return f"{code} {extreme}", f"{name or code}: {_readable(extreme)}"
    return code, name or code


def _readable(name: str) -> str:
    """`HKQuantityTypeIdentifierAppleStandTime` as `Apple Stand Time`; others as they are."""
    found = _HEALTHKIT.match(name)
    if found is None and not _ONE_WORD.match(name):
        return name
    short = name[found.end() :] if found else name
    return _WORD.sub(" ", short).strip() or name


@cache
def _names() -> dict[tuple[str, str], tuple[str, str]]:
    found = {}
    for name, row in load("measures.toml")["measure"].items():
        words = (row["en"], row["ko"])
        found[_OWN, name] = words
        if row["loinc"]:
            found[_LOINC, row["loinc"]] = words
    return found


def _points(holder: dict[str, Any], at: datetime) -> Iterator[tuple[str, Point]]:
    low, high = _range(holder)
    quantity = holder.get("valueQuantity")
    if isinstance(quantity, dict):
        value = _number(quantity.get("value"))
        if "comparator" in quantity:
            return
        if value is not None or "dataAbsentReason" in holder:
            yield _unit(quantity), Point(at, value, low, high)
        return
    samples = holder.get("valueSampledData")
    if isinstance(samples, dict):
        yield from _samples(samples, at, low, high)


def _samples(
    samples: dict[str, Any], at: datetime, low: float | None, high: float | None
) -> Iterator[tuple[str, Point]]:
    origin = samples.get("origin")
    zero = _number(origin.get("value")) if isinstance(origin, dict) else None
    period = _number(samples.get("period"))
    factor = _number(samples.get("factor"))
    data = samples.get("data")
    if zero is None or not period or period <= 0 or not isinstance(data, str):
        return
    unit = _unit(origin) if isinstance(origin, dict) else ""
    texts = data.split()[:_MOST_SAMPLES]
    # Several dimensions are several lines, one behind the other at each moment; the first is drawn.
    dimensions = max(1, int(_number(samples.get("dimensions")) or 1))
    # Points on no even grid have their milliseconds since the start before them.
    timed = period == 1 and dimensions > 1
    cells = texts[1 if timed else 0 :: dimensions]
    thin = 2 * sum(text in _NO_SAMPLE for text in cells) > len(cells)
    for index, text in enumerate(cells):
        value = None if text in _NO_SAMPLE else _number(text)
        if value is None and thin:
            continue
        scaled = None if value is None else zero + value * (1.0 if factor is None else factor)
        offset = _number(texts[index * dimensions]) if timed else index * period
        if offset is None:
            continue
        try:
            when = at + timedelta(milliseconds=offset)
        except OverflowError:
            return
        if when.year not in _YEARS:
            return
        yield unit, Point(when, scaled, low, high)


def _range(holder: dict[str, Any]) -> tuple[float | None, float | None]:
    for one in dicts(holder.get("referenceRange")):
        low, high = (
            _number(bound.get("value")) if isinstance(bound, dict) else None
            for bound in (one.get("low"), one.get("high"))
        )
        if low is not None or high is not None:
            return low, high
    return None, None


def _unit(quantity: dict[str, Any]) -> str:
    for key in ("unit", "code"):
        text = quantity.get(key)
        if isinstance(text, str) and text:
            return masked(_WRITTEN.get(text, _BRACES.sub("", text)))
    return ""


def _number(value: Any) -> float | None:
    text = plain(value)
    if not isinstance(text, str | int | float) or isinstance(text, bool):
        return None
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) and abs(found) <= _LARGEST else None
