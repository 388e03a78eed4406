"""What a picture shows, before it is drawn: axes, broken lines, bars, and bands behind them.

    chart = trend(series)
    chart.lines      # runs of points without a gap between them
    chart.bands      # reference ranges, and from when to when they held
    chart.x, chart.y # an axis: where it begins and ends, and its marks

A gap is a point without a value, or a time far longer than is usual between two points of a dense
series. A point with a gap on each side is a line of one point, and is drawn as a dot.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

from .series import Point, Series

__all__ = ["Axis", "Band", "Chart", "Dot", "time_axis", "trend", "value_axis"]

# From so many points on, a series is dense: its usual step says what a gap is.
_DENSE = 24
_USUAL = 6.0
_EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Dot:
    """A value at a time, in seconds of the local clock."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Band:
    """A reference range, and from when to when it held; None is no bound on that side."""

    start: float
    end: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis: where it begins and ends, and its marks with their words."""

    start: float
    end: float
    marks: tuple[tuple[float, str], ...]

    def share(self, value: float) -> float:
        """How far along the axis a value is, from 0 to 1."""
        return (value - self.start) / (self.end - self.start)


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture of one unit. `bars` are days, `lines` runs of points."""

    title: str
    unit: str
    x: Axis
    y: Axis
    lines: tuple[tuple[Dot, ...], ...] = field(default=(), repr=False)
    bars: tuple[Dot, ...] = field(default=(), repr=False)
    bands: tuple[Band, ...] = field(default=(), repr=False)
    bar_seconds: float = 86_400.0

    @property
    def is_empty(self) -> bool:
        return not self.lines and not self.bars

    @property
    def dots(self) -> int:
        """How many values there are."""
        return sum(len(line) for line in self.lines) + len(self.bars)


def trend(series: Series) -> Chart:
    """The chart of a series."""
    lines = tuple(_runs(series.points))
    xs = [dot.x for line in lines for dot in line]
    x = time_axis(xs)
    bands = tuple(_bands(series.points, x))
    values = [dot.y for line in lines for dot in line]
    values += [bound for band in bands for bound in (band.low, band.high) if bound is not None]
    return Chart(series.name, series.unit, x, value_axis(values), lines, (), bands)


def seconds(at: datetime) -> float:
    """A moment of the local clock as a number."""
    return (at - _EPOCH).total_seconds()


def _runs(points: Sequence[Point]) -> Iterator[tuple[Dot, ...]]:
    times = [seconds(point.at) for point in points]
    steps = [later - earlier for earlier, later in pairwise(times)]
    steps = [step for step in steps if step > 0]
    longest = _USUAL * median(steps) if len(steps) + 1 >= _DENSE else math.inf
    run: list[Dot] = []
    for at, point in zip(times, points, strict=True):
        if run and (point.value is None or at - run[-1].x > longest):
            yield tuple(run)
            run = []
        if point.value is not None:
            run.append(Dot(at, point.value))
    if run:
        yield tuple(run)


def _bands(points: Sequence[Point], x: Axis) -> Iterator[Band]:
    """One band for each run of points with the same range; the first and last reach the edges."""
    ranged = [point for point in points if point.low is not None or point.high is not None]
    start = x.start
    for index, point in enumerate(ranged):
        last = index + 1 == len(ranged)
        if not last and (ranged[index + 1].low, ranged[index + 1].high) == (point.low, point.high):
            continue
        end = x.end if last else (seconds(point.at) + seconds(ranged[index + 1].at)) / 2
        yield Band(start, end, point.low, point.high)
        start = end


def value_axis(values: Sequence[float], *, from_zero: bool = False) -> Axis:
    """An axis with round marks that has all values in it."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if from_zero:
        low = min(0.0, low)
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        # One value alone: a tenth around it.
        room = abs(high) * 0.1 or 1.0
        low, high = (low if from_zero else low - room), high + room
    step = _round_step((high - low) / 5)
    first, last = math.floor(low / step), math.ceil(high / step)
    marks = tuple((n * step, _number(n * step, step)) for n in range(first, last + 1))
    return Axis(first * step, last * step, marks)


def _number(value: float, step: float) -> str:
    digits = max(0, -math.floor(math.log10(step)))
    return f"{value:,.{digits}f}" if digits <= 5 and abs(value) < 1e7 else f"{value:.4g}"


def _round_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next((n * power for n in (1, 2, 2.5, 5) if n * power >= rough * 0.999), 10 * power)


def time_axis(xs: Sequence[float]) -> Axis:
    """An axis of time with marks at round days, months or years, in numbers that every language
    reads."""
    start, end = (min(xs), max(xs)) if xs else (0.0, 86_400.0)
    if end - start < 60:
        start, end = start - 43_200, end + 43_200
    room = (end - start) * 0.03
    start, end = start - room, end + room
    marks = list(_time_marks(start, end))
    if marks and not marks[0][1].startswith(str(_moment(marks[0][0]).year)):
        # The others are within the same days: the first says of which year.
        marks[0] = (marks[0][0], _moment(marks[0][0]).strftime("%Y-%m-%d"))
    return Axis(start, end, tuple(marks))


_HOUR, _DAY = 3_600.0, 86_400.0
_SHORT = (
    (60.0, "%H:%M"),
    (300.0, "%H:%M"),
    (900.0, "%H:%M"),
    (_HOUR, "%H:%M"),
    (3 * _HOUR, "%m-%d %H:%M"),
    (6 * _HOUR, "%m-%d %H:%M"),
)
_DAYS = (1, 2, 7, 14)
_MONTHS = (1, 3, 6, 12, 24, 60, 120, 240)


def _time_marks(start: float, end: float) -> Iterator[tuple[float, str]]:
    span = end - start
    for step, words in _SHORT:
        if span / step <= 8:
            at = math.ceil(start / step) * step
            while at <= end:
                yield at, _moment(at).strftime(words)
                at += step
            return
    for days in _DAYS:
        if span / (days * _DAY) <= 8:
            at = math.ceil(start / (days * _DAY)) * days * _DAY
            while at <= end:
                yield at, _moment(at).strftime("%Y-%m-%d" if days > 2 else "%m-%d")
                at += days * _DAY
            return
    months = next((n for n in _MONTHS if span / (n * 30.44 * _DAY) <= 8), _MONTHS[-1] * 5)
    first = _moment(start)
    count = first.year * 12 + first.month - 1
    count += -count % months
    while True:
        year, month = divmod(count, 12)
        if not 1 <= year <= 9999:
            return
        at = seconds(datetime(year, month + 1, 1))
        if at > end:
            return
        if at >= start:
            yield at, f"{year}" if months % 12 == 0 else f"{year}-{month + 1:02}"
        count += months


def _moment(at: float) -> datetime:
    return _EPOCH + timedelta(seconds=at)
