"""WFDB, the format of PhysioNet: a header (`.hea`), its signal files, and marks of beats (`.atr`).

Import the header; the files that it names are looked for beside it, in the folder or the archive. A
signal becomes the samples as they are stored, with FHIR's `origin` and `factor` for what they are
in mV: nothing is rounded. A recording is cut in Observations of 250,000 samples or fewer, with the
number of the first one. Marks are a second Observation: a component for each, with the number of
the sample and PhysioNet's symbol.

Where the samples don't add up to the sum in the header, the recording is refused. What comments say
about the person (age, medicines) stays in the source file. A recording without a date has none
here.

Limits: several segments, a skew between signals, and formats that `wfdb_signal` doesn't know (FLAC)
are kept and not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import fhirkit

from aceso.codes import DataClass

from .._head import Head
from .._model import FHIR_JSON, BytesBody, Format, Item, Kind, Outcome, Piece
from .._reader import Reader, Source
from ..canonical import canonical_bytes, number
from ._measure import Reading, observation, skip
from ._series import plain_number
from .wfdb_signal import FORMATS, Mark, Samples, read_marks, samples, summed

__all__ = ["FORMAT", "READERS"]

FORMAT = Format("wfdb", "text/plain", "WFDB recording", "WFDB 심전도 기록")

_SYSTEM = "https://physionet.org/wfdb"
_UCUM = "http://unitsofmeasure.org"
_MAX_HEADER = 1 << 20
_MAX_SIGNALS = 256
_MAX_SAMPLES = 500_000  # Of all signals together, in one Observation.
_MAX_MARKS = 5_000
_MAX_ANNOTATIONS = 64 << 20
_RECORD = re.compile(
    r"(?P<name>[\w-]{1,80})(?:/(?P<segments>\d{1,6}))?\s+(?P<signals>\d{1,6})"
    r"(?:\s+(?P<rate>\d{1,9}(?:\.\d{1,9})?)(?:/[-\d.()eE]+)?"
    r"(?:\s+(?P<length>\d{1,12})"
    r"(?:\s+(?P<clock>\d{1,2}:\d{1,2}(?::\d{1,2}(?:\.\d{1,6})?)?)"
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
_UNITS = {"mV": "mV", "uV": "uV", "V": "V", "mmHg": "mm[Hg]", "%": "%", "NU": "1"}


@dataclass(frozen=True, slots=True)
class _Signal:
    file: str
    format: str
    many: int
    offset: int
    gain: Decimal
    baseline: int
    unit: str
    first: int
    sum: int | None
    label: str


@dataclass(frozen=True, slots=True)
class _Recording:
    name: str
    rate: Decimal
    length: int
    start: datetime | None
    signals: tuple[_Signal, ...]


class _Wrong(Exception):
    def __init__(self, line: int, reason: str, code: str = "wfdb", kind: Kind = Kind.REFUSED):
        super().__init__(reason)
        self.line = line
        self.reason = reason
        self.code = code
        self.kind = kind


def _is_header(head: Head) -> bool:
    lines = _lines(head.text[:4096])
    if len(lines) < 2:
        return False
    record = _RECORD.match(lines[0][1])
    if record is None or record["rate"] is None:
        return False
    if record["segments"]:
        return re.match(r"\S+\s+\d+\s*\Z", lines[1][1]) is not None
    return _SIGNAL.match(lines[1][1]) is not None


def _lines(data: bytes) -> list[tuple[int, str]]:
    """The lines that aren't empty and no comments, with their numbers."""
    text = data.decode("latin-1")
    lines = [(at, line.strip()) for at, line in enumerate(text.splitlines(), 1)]
    return [(at, line) for at, line in lines if line and not line.startswith("#")]


def _read(source: Source) -> Iterator[Item]:
    path = source.path
    try:
        with path.open("rb") as stream:
            data = stream.read(_MAX_HEADER + 1)
        if len(data) > _MAX_HEADER:
            raise _Wrong(1, "it is larger than 1 MiB, which no header is", "too_large")
        recording = _recording(_lines(data))
        yield from _signals(source, recording)
    except _Wrong as exc:
        place = f"line {exc.line}"
        said = f"{exc.reason}; it is kept in the source file"
        yield Outcome(exc.kind, place, "", said, exc.code, path), None
        return
    yield from _marks(source, recording)
    if b"#" in data:
        reason = "what comments say about the person stays in the source file"
        yield skip(path, "comments", reason, "comment")


def _recording(lines: list[tuple[int, str]]) -> _Recording:
    at, line = lines[0]
    found = _RECORD.match(line)
    if found is None or not found["rate"] or Decimal(found["rate"]) <= 0:
        raise _Wrong(at, "the line about the recording can't be read")
    if found["segments"]:
        reason = "a recording of several segments is not understood yet; import each header"
        raise _Wrong(at, reason, "not_understood", Kind.KEPT)
    count = int(found["signals"])
    if not 0 < count <= _MAX_SIGNALS or len(lines) < count + 1:
        raise _Wrong(at, "it has not as many signals as it says")
    signals = tuple(_signal(at, line) for at, line in lines[1 : count + 1])
    length = int(found["length"] or 0)
    start = _start(at, found["clock"], found["day"])
    return _Recording(found["name"], Decimal(found["rate"]), length, start, signals)


def _start(at: int, clock: str | None, day: str | None) -> datetime | None:
    if not day or not clock:
        return None
    days, months, years = (int(one) for one in day.split("/"))
    parts = [float(one) for one in clock.split(":")]
    seconds = parts[0] * 60 + parts[1] if len(parts) == 2 else 0.0
    if len(parts) == 3:
        seconds = (parts[0] * 60 + parts[1]) * 60 + parts[2]
    try:
        return datetime(years, months, days) + timedelta(seconds=seconds)
    except (ValueError, OverflowError) as exc:
        raise _Wrong(at, "its date is not in the calendar") from exc


def _signal(at: int, line: str) -> _Signal:
    found = _SIGNAL.match(line)
    if found is None:
        raise _Wrong(at, "the line about a signal can't be read")
    if found["format"] not in FORMATS:
        reason = f"signal format {found['format']} is not understood yet"
        raise _Wrong(at, reason, "not_understood", Kind.KEPT)
    if int(found["skew"] or 0):
        reason = "signals that are skewed against each other are not understood yet"
        raise _Wrong(at, reason, "not_understood", Kind.KEPT)
    try:
        gain = Decimal(plain_number(found["gain"] or "200"))
    except ValueError as exc:
        raise _Wrong(at, "the gain of a signal is no number") from exc
    zero = int(found["zero"] or 0)
    return _Signal(
        file=found["file"],
        format=found["format"],
        many=max(int(found["many"] or 1), 1),
        offset=int(found["offset"] or 0),
        gain=gain if gain else Decimal(200),
        baseline=int(found["baseline"]) if found["baseline"] else zero,
        unit=found["unit"] or "mV",
        first=int(found["first"]) if found["first"] else zero,
        sum=int(found["sum"]) if found["sum"] else None,
        label=(found["label"] or "").strip(),
    )


@dataclass(slots=True)
class _Channel:
    """One signal as it is read: the samples of one Observation, and the sum of all so far."""

    signal: _Signal
    values: Samples
    total: int = 0
    holed: bool = False


def _signals(source: Source, recording: _Recording) -> Iterator[Item]:
    """Read everything twice: what isn't what was written must not be taken at all."""
    channels: list[_Channel] = []
    total = 0
    for done, _, channels in _blocks(source, recording):
        total = done
        for channel in channels:
            channel.total += sum(one or 0 for one in channel.values)
            channel.holed |= None in channel.values
    is_cut = not total or total < recording.length
    for channel in channels:
        # A hole counts as what stands for it, which no sum tells from a sample.
        told = channel.signal.sum
        known = told is not None and not is_cut and not channel.holed
        if known and (channel.total - (told or 0)) & 0xFFFF:
            reason = "the samples of a signal don't add up to the sum in the header"
            raise _Wrong(1, reason, "checksum")
    for end, count, channels in _blocks(source, recording):
        yield _block(source.path, recording, channels, end - count)
    if is_cut:
        reason = "a signal file is shorter than the header says; copy the whole recording"
        raise _Wrong(1, reason, "truncated")


def _blocks(source: Source, recording: _Recording) -> Iterator[tuple[int, int, list[_Channel]]]:
    """How many frames were read so far and now, and the channels that hold them."""
    channels = [_Channel(one, []) for one in recording.signals]
    width = sum(one.many for one in recording.signals)
    # A multiple of 6, so that no packed group is cut.
    frames = max(_MAX_SAMPLES // width // 6, 1) * 6
    done = 0
    with ExitStack() as stack:
        groups = [_frames(stack, source, group, frames) for group in _files(channels)]
        while not recording.length or done < recording.length:
            count = min(next(group, 0) for group in groups)
            if recording.length:
                count = min(count, recording.length - done)
            if count <= 0:
                return
            for channel in channels:
                channel.values = channel.values[: count * channel.signal.many]
            done += count
            yield done, count, channels


def _files(channels: list[_Channel]) -> list[list[_Channel]]:
    groups: list[list[_Channel]] = []
    for channel in channels:
        if groups and groups[-1][0].signal.file == channel.signal.file:
            groups[-1].append(channel)
        else:
            groups.append([channel])
    for group in groups:
        if len({(one.signal.format, one.signal.offset) for one in group}) > 1:
            raise _Wrong(2, "signals of one file say different things about it")
    return groups


def _frames(stack: ExitStack, source: Source, group: list[_Channel], frames: int) -> Iterator[int]:
    """Fill the channels of one file, `frames` at a time; how many there were."""
    first = group[0].signal
    found = source.sibling(first.file)
    if found is None:
        reason = (
            "the signal file that it names isn't beside it; import the header together with it, "
            "from one folder or archive"
        )
        raise _Wrong(2, reason, "signal_missing", Kind.KEPT)
    width = sum(one.signal.many for one in group)
    last = [one.signal.first for one in group]
    stream = stack.enter_context(found.open("rb"))
    stream.seek(first.offset)
    for block in samples(stream, first.format, frames * width):
        at = 0
        for index, channel in enumerate(group):
            many = channel.signal.many
            if many == 1:
                values = block[at::width]
            else:
                values = [
                    one
                    for start in range(at, len(block) - width + 1, width)
                    for one in block[start : start + many]
                ]
            if first.format == "8":
                values = summed(values, last[index])
                last[index] = values[-1] if values and values[-1] is not None else last[index]
            channel.values = values
            at += many
        yield len(block) // width


def _block(path: Path, recording: _Recording, channels: list[_Channel], done: int) -> Item:
    count = len(channels[0].values) // channels[0].signal.many
    reading = Reading("ecg", "")
    resource = observation(reading)
    resource["component"] = [_component(recording, channel) for channel in channels]
    _place_in_time(resource, recording, done, count)
    return _item(path, recording, resource, f"samples {done + 1} to {done + count}")


def _component(recording: _Recording, channel: _Channel) -> dict[str, Any]:
    signal = channel.signal
    unit = _UNITS.get(signal.unit, "")
    origin: dict[str, Any] = {
        "value": _decimal(-signal.baseline / signal.gain),
        "unit": signal.unit,
    }
    if unit:
        origin |= {"system": _UCUM, "code": unit}
    return {
        "code": {"coding": [{"system": _SYSTEM, "code": "signal"}], "text": signal.label or "-"},
        "valueSampledData": {
            "origin": origin,
            "period": _decimal(1000 / (recording.rate * signal.many)),
            "factor": _decimal(1 / signal.gain),
            "dimensions": number("1"),
            "data": " ".join("E" if one is None else str(one) for one in channel.values),
        },
    }


def _decimal(value: Decimal) -> str:
    return number(f"{round(value, 12):f}".rstrip("0").rstrip(".") if value else "0")


def _place_in_time(resource: dict[str, Any], recording: _Recording, first: int, count: int) -> None:
    """When it was, as far as the header knows: a clock without a zone; and the first sample."""
    resource.pop("effectiveDateTime", None)
    resource["extension"] = [{"url": "urn:aceso:first-sample", "valueInteger": number(str(first))}]
    if recording.start is not None:
        step = 1 / float(recording.rate)
        start = recording.start + timedelta(seconds=first * step)
        end = start + timedelta(seconds=count * step)
        timed = observation(Reading("ecg", _local(start), _local(end)))
        resource |= {key: timed[key] for key in timed if "effective" in key}


def _local(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")


def _item(path: Path, recording: _Recording, resource: dict[str, Any], place: str) -> Item:
    data = canonical_bytes(resource)
    if fhirkit.validate(data):
        reason = "a text or a number in it is none that a record may hold; it is kept in the source"
        return Outcome(Kind.REFUSED, place, "", reason, "bad_value", path), None
    day = recording.start.date() if recording.start else None
    why = "an electrocardiogram is BIOSIGNAL"
    piece = Piece(
        data_class=DataClass.BIOSIGNAL,
        media_type=FHIR_JSON,
        body=BytesBody(data),
        resource_type="Observation",
        place=place,
        why_class=why,
        event=_event(recording, day),
        day=day,
        issued_at=_local(recording.start) if recording.start else None,
    )
    return Outcome(Kind.IMPORTED, place, "ecg", why, "", path, DataClass.BIOSIGNAL), piece


def _event(recording: _Recording, day: date | None) -> str:
    return f"recording {recording.name}" if day is None else f"day {day.isoformat()}"


def _marks(source: Source, recording: _Recording) -> Iterator[Item]:
    for ending in ("atr", "qrs"):
        found = source.sibling(f"{recording.name}.{ending}")
        if found is None:
            continue
        if found.stat().st_size > _MAX_ANNOTATIONS:
            reason = "the file of marks is larger than 64 MiB; it is not read"
            yield Outcome(Kind.REFUSED, ending, "", reason, "too_large", source.path), None
            continue
        marks: list[Mark] = []
        count = 0
        try:
            for mark in read_marks(found.read_bytes()):
                marks.append(mark)
                if len(marks) == _MAX_MARKS:
                    yield _marked(source.path, recording, marks, ending, count)
                    count += len(marks)
                    marks = []
        except ValueError:
            reason = "the file of marks is cut off; what came before was read"
            yield Outcome(Kind.REFUSED, ending, "", reason, "truncated", source.path), None
        if marks:
            yield _marked(source.path, recording, marks, ending, count)


def _marked(path: Path, recording: _Recording, marks: list[Mark], ending: str, done: int) -> Item:
    resource = observation(Reading("ecg_annotation", ""))
    resource["component"] = [_mark(one) for one in marks]
    first = max(marks[0].sample, 0)
    _place_in_time(resource, recording, first, max(marks[-1].sample - first, 0))
    return _item(path, recording, resource, f"{ending}, marks {done + 1} to {done + len(marks)}")


def _mark(mark: Mark) -> dict[str, Any]:
    told: dict[str, Any] = {
        "code": {"coding": [{"system": f"{_SYSTEM}/annotation", "code": mark.symbol}]},
        "valueInteger": number(str(mark.sample)),
    }
    if mark.text:
        told["interpretation"] = [{"text": mark.text}]
    return told


READERS = (Reader(FORMAT, _is_header, _read),)
