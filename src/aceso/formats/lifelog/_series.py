"""A workout with what was measured along it: one Observation for the whole, one for each series.

    track = Track(device="garmin fenix5")
    track.add(Point(at=1497191649000, values={"heart_rate": "61", "speed": "2.77"}))
    yield from track.items(path, place="session 1")

A series is a FHIR SampledData on an even grid of time, the widest one that every point lies on,
with `E` where there is no value; so nothing is averaged, moved or made up. Long pauses cut it in
several. Points that no such grid fits have milliseconds since the start before each value (one more
of `dimensions`, and a `period` of 1).

A track of positions has latitude, longitude and, where there is one, altitude; it is LOCATION, for
it leads to a person's home.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from .._model import Item
from ..canonical import number
from ._measure import Reading, item, measure, skip

__all__ = [
    "POSITION",
    "Point",
    "Track",
    "decimal",
    "instant",
    "milliseconds",
    "plain_number",
    "sampled_data",
    "zone_of",
]

POSITION = ("latitude", "longitude", "altitude")
# In the order in which they are written; everything else that a point holds is left to its caller.
_MEASURES = (
    "heart_rate", "speed", "cadence", "power", "distance", "air_temperature", "respiratory_rate",
)  # fmt: skip
_UNITS = {"distance": "m"}
_UCUM = "http://unitsofmeasure.org"
_MAX_SPARSE = 20  # Cells of the grid for each point.
_PAUSE = 60_000
_DAY = 86_400_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INSTANT = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\s?(Z|[+-]\d\d:?\d\d)?\Z", re.ASCII
)
_NUMBER = re.compile(r"[+]?(-?)(\d{0,40})(?:\.(\d{0,40}))?(?:[eE]([+-]?\d{1,2}))?\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Point:
    """What was measured at one instant: milliseconds since 1970, and numbers as text."""

    at: int
    values: Mapping[str, str] = field(repr=False)


@dataclass(slots=True)
class Track:
    """The points of one workout. `zone` is how far the person's clock is from UTC, if known; where
    the times are `local`, they are those of a clock that nobody knows the zone of."""

    device: str = field(default="", repr=False)
    zone: timedelta | None = None
    local: bool = False
    points: list[Point] = field(default_factory=list, repr=False)

    def add(self, point: Point) -> None:
        self.points.append(point)

    def moment(self, at: int) -> str:
        return instant(at, self.zone, local=self.local)

    def items(self, path: Path, place: str) -> Iterator[Item]:
        """One item for each series of each stretch without a pause."""
        points, repeated = _in_order(self.points)
        if repeated:
            reason = f"{repeated} points are at a time that a point before them has; it is taken"
            yield skip(path, place, reason, "repeated_time")
        for stretch in _stretches(points):
            yield from self._stretch(path, place, stretch)

    def _stretch(self, path: Path, place: str, points: Sequence[Point]) -> Iterator[Item]:
        for name in _MEASURES:
            if any(name in point.values for point in points):
                yield self._series(path, place, points, name, (name,))
        if any("latitude" in point.values for point in points):
            has_altitude = any("altitude" in point.values for point in points)
            yield self._series(path, place, points, "location", POSITION[: 2 + has_altitude])
        elif any("altitude" in point.values for point in points):
            yield self._series(path, place, points, "altitude", ("altitude",))

    def _series(
        self, path: Path, place: str, points: Sequence[Point], name: str, columns: Sequence[str]
    ) -> Item:
        unit = _UNITS.get(name) or measure(name).unit
        sampled = _sampled(points, columns, unit)
        reading = Reading(
            name,
            start=self.moment(points[0].at),
            end=self.moment(points[-1].at),
            device=self.device,
            extra={"valueSampledData": sampled},
        )
        if len(points) == 1:
            reading = replace(reading, end="")
        return item(path, reading, place=place)


def _sampled(points: Sequence[Point], columns: Sequence[str], unit: str) -> dict[str, Any]:
    offsets = [point.at - points[0].at for point in points]
    period = math.gcd(*offsets) or 1000
    rows = [" ".join(point.values.get(one, "E") for one in columns) for point in points]
    dimensions = len(columns)
    if offsets[-1] // period >= _MAX_SPARSE * len(points):
        period, dimensions = 1, dimensions + 1
        cells = [f"{offset} {row}" for offset, row in zip(offsets, rows, strict=True)]
    else:
        cells = [" ".join("E" * dimensions)] * (offsets[-1] // period + 1)
        for offset, row in zip(offsets, rows, strict=True):
            cells[offset // period] = row
    return sampled_data(unit, str(period), dimensions, " ".join(cells))


def sampled_data(unit: str, period: str, dimensions: int, data: str) -> dict[str, Any]:
    """A FHIR SampledData whose values are in `unit`, `period` milliseconds apart."""
    return {
        "origin": {"value": number("0"), "unit": unit, "system": _UCUM, "code": unit},
        "period": number(period),
        "dimensions": number(str(dimensions)),
        "data": data,
    }


def _in_order(points: Sequence[Point]) -> tuple[list[Point], int]:
    first: dict[int, Point] = {}
    for point in points:
        known = first.setdefault(point.at, point)
        if known is not point:
            # Two messages of one second: what the first leaves open, the second may say.
            first[point.at] = Point(point.at, {**point.values, **known.values})
    ordered = [first[at] for at in sorted(first)]
    return ordered, len(points) - len(ordered)


def _stretches(points: Sequence[Point]) -> Iterator[Sequence[Point]]:
    if not points:
        return
    steps = sorted(b.at - a.at for a, b in pairwise(points))
    usual = steps[(len(steps) - 1) // 2] if steps else 0
    pause = min(max(_PAUSE, _MAX_SPARSE * usual), _DAY)
    start = 0
    for index in range(1, len(points)):
        # A stretch is of one day, for a record is.
        if points[index].at - points[index - 1].at > pause:
            yield points[start:index]
            start = index
    yield points[start:]


def instant(at: int, zone: timedelta | None = None, *, local: bool = False) -> str:
    """Milliseconds since 1970 as an ISO 8601 time: in UTC, in the person's zone, or in none.

    Raises OverflowError out of the calendar."""
    moment = _EPOCH + timedelta(milliseconds=at) + (zone or timedelta())
    seconds = moment.strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    fraction = f".{at % 1000:03}" if at % 1000 else ""
    if zone is None:
        return f"{seconds}{fraction}{'' if local else 'Z'}"
    minutes = round(zone.total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    return f"{seconds}{fraction}{sign}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def milliseconds(text: str) -> tuple[int, bool]:
    """A time as milliseconds since 1970, and whether it is local, for it has no zone.

    ValueError if it is no time."""
    found = _INSTANT.match(text.strip())
    if found is None:
        raise ValueError("no time")
    day, clock, part, zone = found.groups()
    moment = datetime.fromisoformat(f"{day}T{clock}{'+00:00' if zone in (None, 'Z') else zone}")
    fraction = int((part or "").ljust(3, "0")[:3])
    return (moment - _EPOCH) // timedelta(milliseconds=1) + fraction, zone is None


def zone_of(text: str) -> timedelta | None:
    """How far a time's clock is from UTC, where it says so and is not UTC itself."""
    found = _INSTANT.match(text.strip())
    if found is None or found[4] in (None, "Z"):
        return None
    zone = found[4].replace(":", "")
    away = timedelta(hours=int(zone[1:3]), minutes=int(zone[3:5]))
    return (-away if zone[0] == "-" else away) or None


def plain_number(text: str) -> str:
    """A number as people write it (+1.5, .5, 15e-1) as FHIR does, its digits kept.

    ValueError if it is none."""
    found = _NUMBER.match(text.strip())
    if found is None or not (found[2] or found[3]):
        raise ValueError("no number")
    sign, whole, part, power = found.groups()
    if power:
        return f"{Decimal(f'{sign}{whole or 0}.{part or 0}e{power}'):f}"
    return f"{sign}{whole.lstrip('0') or '0'}{'.' + part if part else ''}"


def decimal(value: float, digits: int = 6) -> str:
    """A number that came out of a division, as short as it is exact. ValueError if it is none."""
    if not math.isfinite(value) or abs(value) > 1e15:
        raise ValueError("no number")
    text = f"{round(value, digits):.{digits}f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
