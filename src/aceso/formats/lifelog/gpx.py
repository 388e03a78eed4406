"""GPX 1.0 and 1.1: the tracks that a phone or a watch wrote down, and its waypoints.

A track is a workout, a series of positions, and a series of each thing that was measured on the way
(`_series`): heart rate, cadence, power, temperature and speed, from the extensions of Garmin,
Apple, Strava and others, which are told by their names alone.

A point whose position is none is refused by its line. A track without times is kept and not read,
for nothing says when it was; so is a route, which is a plan. What people named their tracks stays
in the source file. GPX says that its times are UTC; one without a mark is taken for local.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from .._head import Head
from .._model import Format, Item, Kind, Outcome
from .._reader import Reader, Source
from .._xml import XmlError
from ._measure import Reading, is_possible, item, keep, skip, told
from ._nodes import Node, Nodes
from ._series import Point, Track, milliseconds, plain_number, zone_of

__all__ = ["FORMAT", "READERS", "Points"]

FORMAT = Format("gpx", "application/gpx+xml", "GPX track", "GPX 경로")

_SYSTEM = "http://www.topografix.com/GPX"
_MAX_POINTS = 500_000
_MEASURED = {
    "hr": "heart_rate",
    "heartrate": "heart_rate",
    "cad": "cadence",
    "cadence": "cadence",
    "runcadence": "cadence",
    "power": "power",
    "powerinwatts": "power",
    "watts": "power",
    "atemp": "air_temperature",
    "speed": "speed",
}

# What the person, or a program, wrote about a point; it stays in the source.
_WORDS = frozenset({"name", "cmt", "desc", "src", "link", "text", "sym", "type", "url", "urlname"})


def _is_gpx(head: Head) -> bool:
    return head.xml_root.rpartition("}")[2] == "gpx"


@dataclass(slots=True)
class Points:
    """Points as they come, and what is wrong with them. Shared with TCX."""

    path: Path
    track: Track
    local: int = 0  # How many have a time without a zone.
    zones: set[timedelta | None] = field(default_factory=set)
    timeless: int = 0
    left: int = 0  # Values in them that nothing here understands.
    items: list[Item] = field(default_factory=list)

    def add(
        self, line: int, time: str, position: tuple[str, str] | None, values: dict[str, str]
    ) -> None:
        """Take one point in. `position` is latitude and longitude; None where it has none."""
        found: dict[str, str] = {}
        if position is not None:
            if not _is_position(*position):
                self._refuse(line, "its latitude or longitude is none", "not_a_position")
                return
            found["latitude"], found["longitude"] = map(plain_number, position)
        for name, value in values.items():
            try:
                found[name] = plain_number(value)
            except ValueError:
                self._refuse(line, "a number in it is none, and is left out of it", "bad_value")
                continue
            if not is_possible(found[name], name):
                del found[name]
                reason = "a number in it is none that can be measured, and is left out of it"
                self._refuse(line, reason, "bad_value")
        if not time:
            self.timeless += 1
            return
        try:
            at, is_local = milliseconds(time)
        except (ValueError, OverflowError):
            self._refuse(line, "its time can't be read", "bad_value")
            return
        if found:
            self.local += is_local
            self.zones.add(zone_of(time))
            self.track.add(Point(at, found))

    def finish(self, place: str) -> Iterator[Item]:
        """What is wrong, and the series."""
        yield from self.items
        self._settle()
        if self.timeless:
            reason = f"{self.timeless} points have no time, so nothing says when they were"
            yield keep(self.path, place, reason, "no_time")
        if self.left:
            reason = f"{self.left} more values in its points are not read; the source file has them"
            yield skip(self.path, place, reason, "columns_left")
        yield from self.track.items(self.path, place)

    def _settle(self) -> None:
        """By which clock the times are told: in the zone that all of them have."""
        points = self.track.points
        self.track.local = bool(points) and self.local == len(points)
        if len(self.zones) == 1:
            (self.track.zone,) = self.zones

    def span(self) -> tuple[str, str] | None:
        """From when to when the points are."""
        times = [point.at for point in self.track.points]
        if not times:
            return None
        self._settle()
        return self.track.moment(min(times)), self.track.moment(max(times))

    def _refuse(self, line: int, reason: str, code: str) -> None:
        said = f"{reason}; it is kept in the source file"
        outcome = Outcome(Kind.REFUSED, f"line {line}", "", said, code, self.path)
        self.items.append((outcome, None))


def _is_position(latitude: str, longitude: str) -> bool:
    try:
        return (
            abs(float(plain_number(latitude))) <= 90 and abs(float(plain_number(longitude))) <= 180
        )
    except ValueError:
        return False


@told
def _read(source: Source) -> Iterator[Item]:
    path = source.path
    nodes = Nodes({"trkpt", "trk", "wpt", "rte"})
    track, marks = Points(path, Track()), Points(path, Track())
    count = 0
    try:
        with path.open("rb") as stream:
            for node in nodes.read(stream):
                device = nodes.root.get("creator", "").strip()[:80]
                count += 1
                if count > _MAX_POINTS:
                    raise XmlError("it has more than 500,000 points; split it", "too_large")
                if node.name == "trkpt":
                    _point(track, node)
                elif node.name == "wpt":
                    marks.track.device = device
                    _point(marks, node)
                elif node.name == "trk":
                    track.track.device = device
                    yield from _track(track, node)
                    track = Points(path, Track())
                else:
                    yield keep(path, f"line {node.line}", "a route is a plan, not a measurement")
    except XmlError as exc:
        yield from track.finish("the track that breaks off")
        yield from marks.finish("waypoints")
        yield Outcome(Kind.REFUSED, exc.place, "", exc.reason, exc.code, path), None
        return
    yield from marks.finish("waypoints")


def _point(points: Points, node: Node) -> None:
    values: dict[str, str] = {}
    height = node.text("ele")
    if height:
        values["altitude"] = height
    for one in node.walk():
        if one.children or not one.content.strip() or one.name in ("ele", "time"):
            continue
        measure = _MEASURED.get(one.name.lower())
        if measure is not None:
            values.setdefault(measure, one.content.strip())
        elif one.name not in _WORDS:
            points.left += 1
    position = node.attributes.get("lat", ""), node.attributes.get("lon", "")
    points.add(node.line, node.text("time"), position, values)


def _track(points: Points, node: Node) -> Iterator[Item]:
    place = f"line {node.line}"
    span = points.span()
    if span is not None:
        kind = node.text("type")
        native = (_SYSTEM, kind) if kind.replace("_", "").isalnum() and len(kind) < 40 else None
        whole = Reading("workout", *span, device=points.track.device, native=native)
        yield item(points.path, whole, place=place)
    yield from points.finish(place)


READERS = (Reader(FORMAT, _is_gpx, _read),)
