"""WFDB, the format of PhysioNet: a header (`.hea`), its signal files, and marks of beats (`.atr`).

Import the header; the files that it names are looked for beside it, in the folder or the archive. A
signal becomes the samples as they are stored, with FHIR's `origin` and `factor` for what they are
in mV: nothing is rounded. A recording is cut in Observations of 250,000 samples or fewer, with the
number of the first one. Marks are a second Observation: a component for each, with the number of
the sample and PhysioNet's symbol.

A recording of several segments becomes one Observation that says which segment, or gap, lies where,
and what each segment's own header gives, to the byte: so nothing is doubled where both come.

Where the samples don't add up to the sum in the header, the recording is refused. What comments say
about the person (age, medicines) stays in the source file. A recording without a date has none
here.

Limits: formats that `wfdb_signal` doesn't know (FLAC) are kept and not read. Of a signal that is
skewed against the others, the samples from before the first frame are left in the source.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import fhirkit

from aceso.codes import DataClass

from .._head import Head
from .._model import FHIR_JSON, BytesBody, Format, Item, Kind, Outcome, Piece
from .._reader import Reader, Source
from ..canonical import canonical_bytes, number
from ._measure import Reading, observation, skip
from .wfdb_header import GAP, Recording, Segment, Signal, Wrong, is_header, read_header
from .wfdb_signal import Mark, Samples, read_marks, samples, summed

__all__ = ["FORMAT", "READERS"]

FORMAT = Format("wfdb", "text/plain", "WFDB recording", "WFDB 심전도 기록")

_SYSTEM = "https://physionet.org/wfdb"
_UCUM = "http://unitsofmeasure.org"
_MAX_SAMPLES = 500_000  # Of all signals together, in one Observation.
_MAX_MARKS = 5_000
_MAX_ANNOTATIONS = 64 << 20
# How the files of marks end that PhysioNet's databases and programs write.
_ANNOTATORS = ("atr", "qrs", "ecg", "ann", "ari", "apn", "st", "wqrs", "sqrs", "gqrs")
_UNITS = {"mV": "mV", "uV": "uV", "V": "V", "mmHg": "mm[Hg]", "%": "%", "NU": "1"}


def _is_header(head: Head) -> bool:
    return is_header(head.text)


def _read(source: Source) -> Iterator[Item]:
    try:
        recording, has_comments = read_header(source.path)
        if recording.segments:
            yield from _segments(source, recording)
        else:
            yield from _signals(source, recording)
    except Wrong as exc:
        yield _wrong(source.path, exc)
        return
    yield from _marks(source, recording)
    if has_comments:
        reason = "what comments say about the person stays in the source file"
        yield skip(source.path, "comments", reason, "comment")


def _wrong(path: Path, exc: Wrong) -> Item:
    said = f"{exc.reason}; it is kept in the source file"
    return Outcome(exc.kind, f"line {exc.line}", "", said, exc.code, path), None


def _segments(source: Source, recording: Recording) -> Iterator[Item]:
    """Where each segment lies, and then what is in each."""
    first = 0
    spans = []
    for index, segment in enumerate(recording.segments, 1):
        spans.append((index, first, segment))
        first += segment.length
    # One of no length says only which signals there may be.
    spans = [one for one in spans if one[2].length]
    for at in range(0, len(spans), _MAX_MARKS):
        yield _index(source.path, recording, spans[at : at + _MAX_MARKS])
    read: set[str] = {GAP}
    for index, _, segment in spans:
        if segment.name not in read:
            read.add(segment.name)
            for outcome, piece in _segment(source, segment):
                outcome.place = f"segment {index}, {outcome.place}"
                if piece is not None:
                    piece.place = outcome.place
                yield outcome, piece


def _index(path: Path, recording: Recording, spans: list[tuple[int, int, Segment]]) -> Item:
    resource = observation(Reading("ecg", ""))
    resource["component"] = [
        {
            "code": {
                "coding": [{"system": _SYSTEM, "code": "gap" if one.name == GAP else "segment"}],
                "text": one.name,
            },
            "valueRange": {
                "low": {"value": number(str(first))},
                "high": {"value": number(str(first + one.length - 1))},
            },
        }
        for _, first, one in spans
    ]
    _, first, _ = spans[0]
    _, last, segment = spans[-1]
    _place_in_time(resource, recording, first, last + segment.length - first)
    return _item(path, recording, resource, f"segments {spans[0][0]} to {spans[-1][0]}")


def _segment(source: Source, segment: Segment) -> Iterator[Item]:
    """What the header of a segment gives by itself."""
    path = source.sibling(f"{segment.name}.hea")
    if path is None:
        reason = (
            "its header isn't beside it; import the whole recording, from one folder or archive"
        )
        said = f"{reason}; what the recording says of it is kept in the source file"
        yield Outcome(Kind.KEPT, "header", "", said, "signal_missing", source.path), None
        return
    try:
        recording, _ = read_header(path)
        if recording.segments:
            raise Wrong(1, "a segment has segments of its own")
        yield from _signals(source, recording)
    except Wrong as exc:
        yield _wrong(source.path, exc)
        return
    yield from _marks(source, recording)


@dataclass(slots=True)
class _Channel:
    """One signal as it is read: the samples of one Observation, and the sum of all so far."""

    signal: Signal
    values: Samples
    total: int = 0
    holed: bool = False


def _signals(source: Source, recording: Recording) -> Iterator[Item]:
    """Read everything twice: what isn't what was written must not be taken at all."""
    channels: list[_Channel] = []
    total = 0
    for done, _, channels in _blocks(source, recording):
        total = done
        for channel in channels:
            channel.total += sum(one or 0 for one in channel.values)
            channel.holed |= None in channel.values or channel.signal.skew > 0
    is_cut = not total or total < recording.length
    for channel in channels:
        # A hole counts as what stands for it, which no sum tells from a sample.
        told = channel.signal.sum
        known = told is not None and not is_cut and not channel.holed
        if known and (channel.total - (told or 0)) & 0xFFFF:
            reason = "the samples of a signal don't add up to the sum in the header"
            raise Wrong(1, reason, "checksum")
    for end, count, channels in _blocks(source, recording):
        yield _block(source.path, recording, channels, end - count)
    if is_cut:
        reason = "a signal file is shorter than the header says; copy the whole recording"
        raise Wrong(1, reason, "truncated")


def _blocks(source: Source, recording: Recording) -> Iterator[tuple[int, int, list[_Channel]]]:
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
            raise Wrong(2, "signals of one file say different things about it")
    if len({group[0].signal.file for group in groups}) < len(groups):
        raise Wrong(2, "signals of one file don't follow each other")
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
        raise Wrong(2, reason, "signal_missing", Kind.KEPT)
    stream = stack.enter_context(found.open("rb"))
    stream.seek(first.offset)
    blocks = _unpacked(stream, group, frames)
    if any(one.signal.skew for one in group):
        blocks = _unskewed(blocks, group, frames)
    for count, columns in blocks:
        for channel, values in zip(group, columns, strict=True):
            channel.values = values
        yield count


def _unpacked(
    stream: IO[bytes], group: list[_Channel], frames: int
) -> Iterator[tuple[int, list[Samples]]]:
    """Up to so many frames of a file at a time: how many there are, and the samples by channel."""
    kind = group[0].signal.format
    width = sum(one.signal.many for one in group)
    last = [one.signal.first for one in group]
    for block in samples(stream, kind, frames * width):
        count = len(block) // width
        columns = []
        at = 0
        for index, channel in enumerate(group):
            many = channel.signal.many
            if many == 1:
                values = block[at : count * width : width]
            else:
                starts = range(at, count * width, width)
                values = [one for start in starts for one in block[start : start + many]]
            if kind == "8":
                values = summed(values, last[index])
                last[index] = values[-1] if values and values[-1] is not None else last[index]
            columns.append(values)
            at += many
        yield count, columns


def _unskewed(
    blocks: Iterator[tuple[int, list[Samples]]], group: list[_Channel], frames: int
) -> Iterator[tuple[int, list[Samples]]]:
    """The same with each signal moved back by its skew, and holes at its end for it."""
    many = [one.signal.many for one in group]
    left_out = [one.signal.skew * one.signal.many for one in group]
    waiting: list[Samples] = [[] for _ in group]
    total = given = 0

    def taken(count: int) -> tuple[int, list[Samples]]:
        parts = [one[: count * each] for one, each in zip(waiting, many, strict=True)]
        for one, each in zip(waiting, many, strict=True):
            del one[: count * each]
        return count, parts

    for count, columns in blocks:
        total += count
        for index, values in enumerate(columns):
            waiting[index] += values[left_out[index] :]
            left_out[index] = max(left_out[index] - len(values), 0)
        while all(len(one) >= frames * each for one, each in zip(waiting, many, strict=True)):
            given += frames
            yield taken(frames)
    while given < total:
        count = min(frames, total - given)
        for one, each in zip(waiting, many, strict=True):
            one.extend([None] * (count * each - len(one)))
        given += count
        yield taken(count)


def _block(path: Path, recording: Recording, channels: list[_Channel], done: int) -> Item:
    count = len(channels[0].values) // channels[0].signal.many
    reading = Reading("ecg", "")
    resource = observation(reading)
    resource["component"] = [_component(recording, channel) for channel in channels]
    _place_in_time(resource, recording, done, count)
    return _item(path, recording, resource, f"samples {done + 1} to {done + count}")


def _component(recording: Recording, channel: _Channel) -> dict[str, Any]:
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


def _place_in_time(resource: dict[str, Any], recording: Recording, first: int, count: int) -> None:
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


def _item(path: Path, recording: Recording, resource: dict[str, Any], place: str) -> Item:
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


def _event(recording: Recording, day: date | None) -> str:
    return f"recording {recording.name}" if day is None else f"day {day.isoformat()}"


def _marks(source: Source, recording: Recording) -> Iterator[Item]:
    for ending in _ANNOTATORS:
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


def _marked(path: Path, recording: Recording, marks: list[Mark], ending: str, done: int) -> Item:
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
    more = (("subtype", mark.subtype), ("channel", mark.channel), ("number", mark.number))
    if any(value for _, value in more):
        told["extension"] = [
            {"url": f"urn:aceso:wfdb-{name}", "valueInteger": number(str(value))}
            for name, value in more
            if value
        ]
    return told


READERS = (Reader(FORMAT, _is_header, _read),)
