"""The header of a WFDB recording, by header(5) of PhysioNet: a line about it, one for each signal.

recording = read_header(path)           # raises Wrong, with its line
recording.signals, recording.segments   # of several segments it has the names of their headers
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from .._model import Kind
from ._series import plain_number
from .wfdb_signal import FORMATS

__all__ = ["GAP", "Recording", "Segment", "Signal", "Wrong", "is_header", "read_header"]

GAP = "~"
_MAX_HEADER = 1 << 20
_MAX_SIGNALS = 256
_MAX_SEGMENTS = 10_000
_MAX_SKEW = 100_000
_RECORD = re.compile(
    r"(?P<name>[\w-]{1,80})(?:/(?P<segments>\d{1,6}))?\s+(?P<signals>\d{1,6})"
    r"(?:\s+(?P<rate>\d{1,9}(?:\.\d{1,9})?)(?:/[-\d.()eE]+)?"
    r"(?:\s+(?P<length>\d{1,12})"
    r"(?:\s+(?P<clock>(?:\d{1,2}:){0,2}\d{1,2}(?:\.\d{1,6})?)"
    r"(?:\s+(?P<day>\d{1,2}/\d{1,2}/\d{4}))?)?)?)?\s*\Z",
    re.ASCII,
)
_SIGNAL = re.compile(
    r"(?P<file>[^\s/\\]{1,200})\s+(?P<format>\d{1,3})(?:x(?P<many>\d{1,4}))?(?::(?P<skew>\d{1,9}))?"
    r"(?:\+(?P<offset>\d{1,12}))?"
    r"(?:\s+(?P<gain>-?[\d.eE+-]{1,30})(?:\((?P<baseline>-?\d{1,12})\))?(?:/(?P<unit>\S{1,40}))?"
    r"(?:\s+\d{1,3}(?:\s+(?P<zero>-?\d{1,12})(?:\s+(?P<first>-?\d{1,12})"
    r"(?:\s+(?P<sum>-?\d{1,12})(?:\s+\d{1,9}(?:\s+(?P<label>.{1,200}))?)?)?)?)?)?)?\s*\Z"
)
_SEGMENT = re.compile(r"(?P<name>~|[\w-]{1,80})\s+(?P<length>\d{1,12})\s*\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Signal:
    file: str
    format: str
    many: int  # Samples in a frame.
    skew: int  # Frames of the file that come before its first one.
    offset: int
    gain: Decimal
    baseline: int
    unit: str
    first: int
    sum: int | None
    label: str


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of a recording, by the name of its header; `GAP` where nothing was recorded."""

    name: str
    length: int


@dataclass(frozen=True, slots=True)
class Recording:
    """What a header says. `length` is in frames, zero where it isn't said."""

    name: str
    rate: Decimal
    length: int
    start: datetime | None
    signals: tuple[Signal, ...] = ()
    segments: tuple[Segment, ...] = ()


class Wrong(Exception):
    """Why a recording isn't read: a sentence, and the line of the header that it is about."""

    def __init__(self, line: int, reason: str, code: str = "wfdb", kind: Kind = Kind.REFUSED):
        super().__init__(reason)
        self.line = line
        self.reason = reason
        self.code = code
        self.kind = kind


def is_header(text: bytes) -> bool:
    """Whether a file that begins so is the header of a recording."""
    lines = _lines(text[:4096])
    if len(lines) < 2:
        return False
    record = _RECORD.match(lines[0][1])
    if record is None or record["rate"] is None:
        return False
    return (_SEGMENT if record["segments"] else _SIGNAL).match(lines[1][1]) is not None


def read_header(path: Path) -> tuple[Recording, bool]:
    """What the header at `path` says, and whether there are comments in it."""
    with path.open("rb") as stream:
        data = stream.read(_MAX_HEADER + 1)
    if len(data) > _MAX_HEADER:
        raise Wrong(1, "it is larger than 1 MiB, which no header is", "too_large")
    lines = _lines(data)
    if not lines:
        raise Wrong(1, "it has no line about the recording")
    return _recording(lines), b"#" in data


def _lines(data: bytes) -> list[tuple[int, str]]:
    """The lines that aren't empty and no comments, with their numbers."""
    text = data.decode("latin-1")
    lines = [(at, line.strip()) for at, line in enumerate(text.splitlines(), 1)]
    return [(at, line) for at, line in lines if line and not line.startswith("#")]


def _recording(lines: list[tuple[int, str]]) -> Recording:
    at, line = lines[0]
    found = _RECORD.match(line)
    if found is None or not found["rate"] or Decimal(found["rate"]) <= 0:
        raise Wrong(at, "the line about the recording can't be read")
    name, rate, length = found["name"], Decimal(found["rate"]), int(found["length"] or 0)
    start = _start(at, found["clock"], found["day"])
    if found["segments"]:
        segments = _segments(at, lines[1:], int(found["segments"]))
        return Recording(name, rate, length, start, segments=segments)
    count = int(found["signals"])
    if not 0 < count <= _MAX_SIGNALS or len(lines) < count + 1:
        raise Wrong(at, "it has not as many signals as it says")
    signals = tuple(_signal(at, line) for at, line in lines[1 : count + 1])
    return Recording(name, rate, length, start, signals)


def _segments(at: int, lines: list[tuple[int, str]], count: int) -> tuple[Segment, ...]:
    if count > _MAX_SEGMENTS:
        raise Wrong(at, f"it has more than {_MAX_SEGMENTS} segments", "too_large")
    if not count or len(lines) < count:
        raise Wrong(at, "it has not as many segments as it says")
    found = []
    for number, line in lines[:count]:
        segment = _SEGMENT.match(line)
        if segment is None:
            raise Wrong(number, "the line about a segment can't be read")
        found.append(Segment(segment["name"], int(segment["length"])))
    return tuple(found)


def _start(at: int, clock: str | None, day: str | None) -> datetime | None:
    if not day or not clock:
        return None
    days, months, years = (int(one) for one in day.split("/"))
    # Hours may be left out, and minutes too.
    *before, seconds = clock.split(":")
    hours, minutes = [0, 0, *map(int, before)][-2:]
    if hours > 23 or minutes > 59 or float(seconds) >= 60:
        raise Wrong(at, "its time is none that a clock shows")
    try:
        midnight = datetime(years, months, days)
        return midnight + timedelta(hours=hours, minutes=minutes, seconds=float(seconds))
    except (ValueError, OverflowError) as exc:
        raise Wrong(at, "its date is not in the calendar") from exc


def _signal(at: int, line: str) -> Signal:
    found = _SIGNAL.match(line)
    if found is None:
        raise Wrong(at, "the line about a signal can't be read")
    if found["file"] == GAP:
        reason = "it says which signals a recording may have, and holds none"
        raise Wrong(at, reason, "no_measurement", Kind.SKIPPED)
    if found["format"] not in FORMATS:
        reason = f"signal format {found['format']} is not understood yet"
        raise Wrong(at, reason, "not_understood", Kind.KEPT)
    if int(found["skew"] or 0) > _MAX_SKEW:
        raise Wrong(at, f"a signal is skewed by more than {_MAX_SKEW} frames", "too_large")
    try:
        gain = Decimal(plain_number(found["gain"] or "200"))
    except ValueError as exc:
        raise Wrong(at, "the gain of a signal is no number") from exc
    zero = int(found["zero"] or 0)
    return Signal(
        file=found["file"],
        format=found["format"],
        many=max(int(found["many"] or 1), 1),
        skew=int(found["skew"] or 0),
        offset=int(found["offset"] or 0),
        gain=gain if gain else Decimal(200),
        baseline=int(found["baseline"]) if found["baseline"] else zero,
        unit=found["unit"] or "mV",
        first=int(found["first"]) if found["first"] else zero,
        sum=int(found["sum"]) if found["sum"] else None,
        label=(found["label"] or "").strip(),
    )
