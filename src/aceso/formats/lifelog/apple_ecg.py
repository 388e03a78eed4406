"""The electrocardiograms of an Apple Watch, as the export has them: `electrocardiograms/ecg_….csv`.

    Name,…                         one line for the name, one for the day of birth
    Recorded Date,2024-05-01 10:30:00 +0900
    Classification,Sinus Rhythm
    Symptoms,                      and so on, in the language of the phone
    Sample Rate,512 hertz
    Lead,Lead I
    Unit,µV

    -48.673                        a value a line; -48,673 where the phone writes commas

Both the words and the decimal sign are those of the phone, so a line is told by what its value
looks like: the time, the rate, the unit. What stands before the time, name and day of birth, stays
in the source file. What comes after it is kept in its words. One Observation, the trace as
SampledData, with the digits of the file.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from .._head import Head
from .._model import Format, Item, Kind, Outcome
from .._reader import Reader, Source
from ..canonical import number
from ._measure import Reading, item
from ._series import instant, milliseconds
from .apple_elements import SYSTEM

__all__ = ["FORMAT", "READERS"]

FORMAT = Format("apple-ecg", "text/csv", "Apple Watch ECG", "Apple Watch 심전도")

_MAX_BYTES = 32 << 20
_MAX_HEADER = 40
_MAX_LINE = 1_000
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ?[+-]\d{4}\Z", re.ASCII)
_RATE = re.compile(r"([0-9]{2,4}(?:[.,][0-9]{1,6})?)[\s\u00a0\u202f]?[^\d\s.,][^\d]{0,20}\Z")
_UNIT = re.compile(r"(?:([µμu])|(m))V\Z")
_VALUE = re.compile(r"-?\d{1,9}(?:[.,]\d{1,12})?\Z", re.ASCII)
# What comes after the time, in the order in which every phone writes it.
_AFTER = ("Classification", "Symptoms", "SoftwareVersion", "Device")
_ENGLISH = {"average heart rate": "AverageHeartRate", "lead": "Lead"}


@dataclass(slots=True)
class _Trace:
    """What the lines above the values say."""

    time: str = ""
    rate: str = ""
    unit: str = ""
    told: list[tuple[str, str]] = field(default_factory=list, repr=False)

    @property
    def is_whole(self) -> bool:
        return bool(self.time and self.rate and self.unit)


def _is_ecg(head: Head) -> bool:
    text = head.text[:8192].decode("utf-8", "replace")
    trace, rest = _header(text.splitlines())
    return trace.is_whole and sum(_VALUE.match(line.strip()) is not None for line in rest) > 2


def _header(lines: list[str]) -> tuple[_Trace, list[str]]:
    """What the first lines say, and the lines from the first value on."""
    trace = _Trace()
    after = 0
    for at, line in enumerate(lines[:_MAX_HEADER]):
        if _VALUE.match(line.strip()):
            return trace, lines[at:]
        key, value = _cells(line)
        if not trace.time:
            trace.time = value if _TIME.match(value) else ""
        elif after < len(_AFTER) and key:
            trace.told.append((_AFTER[after], value))
            after += 1
        elif not trace.rate and (rate := _RATE.match(value)):
            trace.rate = rate[1].replace(",", ".")
        elif unit := _UNIT.match(value):
            trace.unit = "mV" if unit[2] else "uV"
        elif key.lower() in _ENGLISH:
            trace.told.append((_ENGLISH[key.lower()], value))
    return trace, []


def _cells(line: str) -> tuple[str, str]:
    """The key and the value of a line: `Device,"Watch7,11"`, or `Sample Rate,511,4 hertz`."""
    key, _, rest = line[:_MAX_LINE].partition(",")
    if rest.startswith('"'):
        try:
            rest = next(csv.reader([rest]), [""])[0]
        except csv.Error:
            rest = rest.strip('"')
    return key.strip().strip('"'), rest.strip()


def _read(source: Source) -> Iterator[Item]:
    path = source.path
    if path.stat().st_size > _MAX_BYTES:
        reason = "it is larger than 32 MiB, which no such recording is"
        yield Outcome(Kind.REFUSED, "/", "", reason, "too_large", path), None
        return
    text = path.read_bytes().decode("utf-8-sig", "replace")
    lines = text.splitlines()
    trace, rest = _header(lines)
    first = len(lines) - len(rest) + 1
    values = []
    for at, line in enumerate(rest, first):
        value = line.strip().strip('"')
        if _VALUE.match(value):
            values.append(value.replace(",", "."))
        elif value:
            values.append("E")
            reason = "a value of the trace is no number; a hole is left for it"
            yield Outcome(Kind.REFUSED, f"line {at}", "", reason, "bad_value", path), None
    rate = Decimal(trace.rate or 0)
    if not 1 <= rate <= 10_000:
        reason = "the sample rate can't be one; it is kept in the source file"
        yield Outcome(Kind.REFUSED, "/", "", reason, "bad_value", path), None
        return
    yield item(path, _reading(trace, rate, values), place="/", resource_type="ecg")


def _reading(trace: _Trace, rate: Decimal, values: list[str]) -> Reading:
    period = round(1000 / rate, 9)
    sampled = {
        "origin": {
            "value": number("0"),
            "unit": trace.unit,
            "system": "http://unitsofmeasure.org",
            "code": trace.unit,
        },
        "period": number(f"{period:f}".rstrip("0").rstrip(".") if period % 1 else f"{period:.0f}"),
        "dimensions": number("1"),
        "data": " ".join(values),
    }
    components = [
        {"code": {"coding": [{"system": SYSTEM, "code": name}]}, "valueString": value}
        for name, value in trace.told
        if value
    ]
    start = trace.time
    zone = f"{start[-5:-2]}:{start[-2:]}"
    begin = f"{start[:10]}T{start[11:19]}{zone}"
    extra = {"valueSampledData": sampled} | ({"component": components} if components else {})
    return Reading(
        "ecg",
        start=begin,
        end=_end(begin, round(period * len(values))),
        native=(SYSTEM, "HKElectrocardiogramType"),
        extra=extra,
    )


def _end(begin: str, lasting: int) -> str:
    """The time `lasting` milliseconds after `begin`, in its zone; nothing where it is no time."""
    try:
        at, _ = milliseconds(begin)
        sign = -1 if begin[-6] == "-" else 1
        zone = sign * timedelta(hours=int(begin[-5:-3]), minutes=int(begin[-2:]))
        return instant(at + lasting, zone)
    except (ValueError, OverflowError):
        return ""


READERS = (Reader(FORMAT, _is_ecg, _read),)
