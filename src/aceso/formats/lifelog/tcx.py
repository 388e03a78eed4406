"""TCX, Garmin's Training Center: activities with their laps and the points of their tracks.

An activity and each of its laps is one workout with its totals; heart rate, speed, cadence, power,
distance and position along it are series (`_series`). Courses and planned workouts are kept and not
read: they are plans. Notes that the person wrote stay in the source file.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .._head import Head
from .._model import Format, Item, Kind, Outcome
from .._reader import Reader, Source
from .._xml import XmlError
from ._measure import Reading, item, keep, told
from ._nodes import Node, Nodes
from ._series import Track, milliseconds, plain_number, zone_of
from .gpx import Points

__all__ = ["FORMAT", "READERS"]

FORMAT = Format("tcx", "application/vnd.garmin.tcx+xml", "Garmin TCX", "가민 TCX")

_SYSTEM = "http://www.garmin.com/xmlschemas/TrainingCenterDatabase/v2"
_MAX_POINTS = 500_000
_TOTALS = (
    ("TotalTimeSeconds", "duration", "s"),
    ("DistanceMeters", "distance", "m"),
    ("Calories", "calories_burned", "kcal"),
    ("MaximumSpeed", "speed", "m/s"),
    ("AvgSpeed", "speed", "m/s"),
    ("Cadence", "cadence", "/min"),
    ("AvgRunCadence", "cadence", "/min"),
    ("MaxRunCadence", "cadence", "/min"),
    ("AvgWatts", "power", "W"),
    ("MaxWatts", "power", "W"),
)
_BEATS = ("AverageHeartRateBpm", "MaximumHeartRateBpm")
_POINT = {
    "AltitudeMeters": "altitude",
    "DistanceMeters": "distance",
    "Cadence": "cadence",
    "RunCadence": "cadence",
    "Speed": "speed",
    "Watts": "power",
}

_PLACED = frozenset({"Time", "LatitudeDegrees", "LongitudeDegrees", "Value", "SensorState"})


def _is_tcx(head: Head) -> bool:
    return head.xml_root.rpartition("}")[2] == "TrainingCenterDatabase"


@dataclass(slots=True)
class _Activity:
    points: Points
    laps: list[Node] = field(default_factory=list)


@told
def _read(source: Source) -> Iterator[Item]:
    path = source.path
    nodes = Nodes({"Trackpoint", "Lap", "Activity", "Course", "Workout"})
    activity = _Activity(Points(path, Track()))
    count = 0
    try:
        with path.open("rb") as stream:
            for node in nodes.read(stream):
                count += 1
                if count > _MAX_POINTS:
                    raise XmlError("it has more than 500,000 points; split it", "too_large")
                if node.name == "Trackpoint":
                    _point(activity.points, node)
                elif node.name == "Lap":
                    activity.laps.append(node)
                else:
                    if node.name == "Activity":
                        yield from _items(path, activity, node)
                    else:
                        yield keep(path, f"line {node.line}", "a plan, not a measurement")
                    activity = _Activity(Points(path, Track()))
    except XmlError as exc:
        if activity.laps or activity.points.track.points:
            yield from _items(path, activity, Node("Activity", {}, max(exc.line, 1)))
        yield Outcome(Kind.REFUSED, exc.place, "", exc.reason, exc.code, path), None


def _point(points: Points, node: Node) -> None:
    values: dict[str, str] = {}
    for one in node.walk():
        measure = _POINT.get(one.name)
        if one.children or not one.content.strip() or one.name in _PLACED:
            continue
        if measure is not None:
            values.setdefault(measure, one.content.strip())
        else:
            points.left += 1
    beats = node.text("HeartRateBpm", "Value")
    if beats:
        values["heart_rate"] = beats
    position = None
    latitude = node.text("Position", "LatitudeDegrees")
    longitude = node.text("Position", "LongitudeDegrees")
    if latitude or longitude:
        position = latitude, longitude
    points.add(node.line, node.text("Time"), position, values)


def _items(path: Path, activity: _Activity, node: Node) -> Iterator[Item]:
    points = activity.points
    points.track.device = node.text("Creator", "Name")[:80]
    sport = node.attributes.get("Sport", "")
    native = (_SYSTEM, sport) if sport.isalnum() and len(sport) < 40 else None
    span = points.span()
    if span is not None:
        whole = Reading("workout", *span, device=points.track.device, native=native)
        yield item(path, whole, place=f"line {node.line}")
    for lap in activity.laps:
        yield from _lap(path, points.track, lap)
    yield from points.finish(f"line {node.line}")


def _lap(path: Path, track: Track, lap: Node) -> Iterator[Item]:
    place = f"line {lap.line}"
    parts = []
    try:
        begun = lap.attributes.get("StartTime", "")
        at, track_local = milliseconds(begun)
        clock = Track(local=track_local, zone=zone_of(begun))
        told_totals = {one.name: one.content.strip() for one in lap.walk() if one.content.strip()}
        for name, measure, unit in _TOTALS:
            if name in told_totals:
                value = plain_number(told_totals[name])
                parts.append(Reading(measure, "", value=value, unit=unit, native=(_SYSTEM, name)))
        seconds = float(plain_number(told_totals.get("TotalTimeSeconds", "0")))
        start, end = clock.moment(at), clock.moment(at + round(seconds * 1000))
    except (ValueError, OverflowError):
        reason = "a time or a number of this lap can't be read; it is kept in the source file"
        yield Outcome(Kind.REFUSED, place, "", reason, "bad_value", path), None
        return
    native = (_SYSTEM, "Lap")
    device = track.device
    whole = Reading("workout", start, end, device=device, native=native, parts=tuple(parts))
    yield item(path, whole, place=place)
    for name in _BEATS:
        beats = lap.text(name, "Value")
        if beats:
            native = (_SYSTEM, name)
            one = Reading("heart_rate", start, end, beats, device=device, native=native)
            yield item(path, one, place=place)


READERS = (Reader(FORMAT, _is_tcx, _read),)
