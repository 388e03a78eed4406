"""What the readers of phones and devices have in common: a measure becomes a FHIR R4 Observation.

    reading = Reading("heart_rate", start="2024-05-01T10:00:00+09:00", value="62", device="Watch")
    yield item(path, reading, place="line 7")

The measures, with class, LOINC code and UCUM unit, are those of `codelists/measures.toml`. A value
is given as the text of the source, so that its digits stay as they are. Grouping is by class, day
and device.

A time without a zone is not a time in FHIR, and a zone is never invented. Such a time is written as
its day, with the clock beside it in an extension, `urn:aceso:local-time`; `when` reads it back.

One row of a source is one Observation, minute series too: gaps stay gaps, and digits digits.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import fhirkit

from aceso.codes import DataClass

from .._classify import Classified, classify_text, load
from .._model import FHIR_JSON, BytesBody, Item, Kind, Outcome, Piece
from .._reader import Source
from ..canonical import NUMBER, canonical_bytes, number
from ._time import is_before

__all__ = [
    "NO_UNIT",
    "Impossible",
    "Measure",
    "Reading",
    "is_possible",
    "item",
    "keep",
    "measure",
    "observation",
    "refuse",
    "skip",
    "told",
    "when",
]

_LOINC = "http://loinc.org"
_UCUM = "http://unitsofmeasure.org"
# Codes for what LOINC has no code for: our own names, in a system of our own.
_OWN = "urn:aceso:measure"
NO_UNIT = "-"  # The source doesn't say the unit, and it isn't the same everywhere.
_LOCAL = "urn:aceso:local-time"
_LOCAL_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# What may be below zero; of anything else such a number is a message of the device.
_BELOW_ZERO = frozenset(
    {"air_temperature", "altitude", "context", "elevation", "glucose_trend", "location", "maximum",
     "minimum", "skin_temperature", "temperature_deviation"}
)  # fmt: skip
_MOST = 1e15  # Nothing that is measured at home is more, in any unit.
_SENSITIVE = (
    DataClass.MENTAL_HEALTH
    | DataClass.SEXUAL_REPRODUCTIVE
    | DataClass.HIV
    | DataClass.SUBSTANCE_USE
    | DataClass.VIOLENCE
    | DataClass.UNCLASSIFIED
)


@dataclass(frozen=True, slots=True)
class Measure:
    """One row of `codelists/measures.toml`."""

    name: str
    data_class: DataClass
    loinc: str
    unit: str
    en: str
    ko: str
    molar: str = ""  # The LOINC code of the same in moles, where LOINC tells the two apart.


@dataclass(frozen=True, slots=True)
class Reading:
    """One value at a time or over a period. `start` and `end` are ISO 8601, with a zone if the
    source has one, or a day. `value` is a decimal number as text; `text` what is no number.
    `unit` is the UCUM unit where it isn't the measure's own, NO_UNIT where the source says none.
    `comparator` is `<` or `>` where the device says only that the value is out of its range.
    `parts` are readings at the same time, such as both numbers of a blood pressure. `native` is
    (system, code) of the source. `note` is what somebody wrote beside it, and `subject` whom the
    source says it is about."""

    measure: str
    start: str
    end: str = ""
    value: str = field(default="", repr=False)
    text: str = field(default="", repr=False)
    unit: str = ""
    device: str = field(default="", repr=False)
    native: tuple[str, str] | None = None
    parts: tuple[Reading, ...] = field(default=(), repr=False)
    extra: dict[str, Any] | None = field(default=None, repr=False)  # More elements, as FHIR.
    comparator: str = ""
    note: str = field(default="", repr=False)
    subject: str = field(default="", repr=False)
    self_reported: bool = False


def item(path: Path, reading: Reading, *, place: str, resource_type: str = "") -> Item:
    """The outcome and the piece of a reading; refused where its number or its day is none."""
    known = measure(reading.measure)
    try:
        day = date.fromisoformat(reading.start[:10])
        data = canonical_bytes(observation(reading))
        if reading.end and is_before(reading.end, reading.start):
            return refuse(path, place, "its end is before its start", "bad_value")
    except Impossible:
        reason = "its value is none that can be measured"
        return refuse(path, place, reason, "bad_value")
    except ValueError:
        return refuse(path, place, "its value or its time can't be read", "bad_value")
    if fhirkit.validate(data):
        return refuse(
            path, place, "a text or a time in it is none that a record may hold", "bad_value"
        )
    raised = _raised(reading) if not known.data_class & _SENSITIVE else None
    data_class = raised.data_class if raised else known.data_class
    why = raised.why if raised else f"{known.en} is {known.data_class.name}"
    piece = Piece(
        data_class=data_class,
        media_type=FHIR_JSON,
        body=BytesBody(data),
        resource_type="Observation",
        place=place,
        why_class=why,
        subject=reading.subject,
        issuer=reading.device,
        event=f"day {day.isoformat()}",
        day=day,
        issued_at=reading.start,
    )
    kind = resource_type or known.name
    return Outcome(Kind.IMPORTED, place, kind, why, "", path, data_class), piece


def _raised(reading: Reading) -> Classified | None:
    """The sensitive class that words of the source point to."""
    texts = [reading.text, reading.note, reading.native[1] if reading.native else ""]
    texts += [part.text for part in reading.parts]
    said = "\n".join(one for one in texts if one)
    return _sensitive_words(said) if said else None


@lru_cache(4096)
def _sensitive_words(text: str) -> Classified | None:
    return classify_text(text)


def keep(path: Path, place: str, reason: str, code: str = "not_understood") -> Item:
    """A part that nothing here understands."""
    return Outcome(
        Kind.KEPT, place, "", f"{reason}; it is kept in the source file", code, path
    ), None


def skip(path: Path, place: str, reason: str, code: str) -> Item:
    """A part that is understood and left out."""
    return Outcome(Kind.SKIPPED, place, "", reason, code, path), None


def refuse(path: Path, place: str, reason: str, code: str) -> Item:
    """A row that can't be read; the file goes on."""
    said = f"{reason}; it is kept in the source file"
    return Outcome(Kind.REFUSED, place, "", said, code, path), None


def told(read: Callable[[Source], Iterator[Item]]) -> Callable[[Source], Iterator[Item]]:
    """The same reader, which says so where a file holds nothing at all."""

    def reading(source: Source) -> Iterator[Item]:
        seen = False
        for one in read(source):
            seen = True
            yield one
        if not seen:
            reason = "it is of this kind, but holds no measurement"
            yield skip(source.path, "/", reason, "no_measurement")

    return reading


class Impossible(ValueError):
    """A number that the measure can't have."""


def is_possible(value: str, name: str) -> bool:
    """Whether a measure may have this number: not below zero, and not beyond all that there is."""
    size = float(value)
    return abs(size) < _MOST and (size >= 0 or name in _BELOW_ZERO)


def observation(reading: Reading) -> dict[str, Any]:
    """The FHIR R4 Observation of a reading. Raises ValueError where its value is no number."""
    resource: dict[str, Any] = {"resourceType": "Observation", "status": "final"}
    resource["code"] = _code(reading)
    if reading.end and reading.end != reading.start:
        resource["effectivePeriod"] = {
            **_moment("start", reading.start),
            **_moment("end", reading.end),
        }
    else:
        resource |= _moment("effectiveDateTime", reading.start)
    if reading.device:
        resource["device"] = {"display": _clean(reading.device)}
    resource.update(_value(reading))
    if reading.note:
        resource["note"] = [{"text": _clean(reading.note)}]
    if reading.self_reported:
        resource["method"] = {"text": "self-reported"}
    if reading.parts:
        resource["component"] = [{"code": _code(one), **_value(one)} for one in reading.parts]
    resource.update(reading.extra or {})
    return resource


def when(resource: dict[str, Any]) -> str:
    """When an Observation began, as its source said it: a time without a zone has none."""
    period = resource.get("effectivePeriod")
    holder, name = (period, "start") if period else (resource, "effectiveDateTime")
    for extension in holder.get(f"_{name}", {}).get("extension", ()):
        if extension["url"] == _LOCAL:
            return f"{holder[name]}T{extension['valueTime']}"
    return str(holder[name])


def _moment(name: str, text: str) -> dict[str, Any]:
    local = _LOCAL_TIME.match(text)
    if local is None:
        return {name: text}
    return {name: local[1], f"_{name}": {"extension": [{"url": _LOCAL, "valueTime": local[2]}]}}


def _clean(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("a control character")
    return text.strip()


def _code(reading: Reading) -> dict[str, Any]:
    known = measure(reading.measure)
    loinc = known.molar if known.unit == "mg/dL" and reading.unit == "mmol/L" else known.loinc
    coding = [{"system": _LOINC, "code": loinc}] if loinc else []
    coding.append({"system": _OWN, "code": known.name})
    if reading.native is not None:
        # A code of FHIR has single blanks; a name of the source may have more.
        code = " ".join(reading.native[1].split())
        coding.append({"system": reading.native[0], "code": code})
    return {"coding": coding, "text": known.en}


def _value(reading: Reading) -> dict[str, Any]:
    if reading.value:
        if not NUMBER.match(reading.value):
            raise ValueError("not a number")
        if not is_possible(reading.value, reading.measure):
            raise Impossible("no number of this measure")
        quantity: dict[str, Any] = {"value": number(reading.value)}
        if reading.comparator:
            quantity["comparator"] = reading.comparator
        unit = reading.unit or measure(reading.measure).unit
        if unit and unit != NO_UNIT:
            quantity |= {"unit": unit, "system": _UCUM, "code": unit}
        return {"valueQuantity": quantity}
    return {"valueString": _clean(reading.text)} if reading.text else {}


def measure(name: str) -> Measure:
    """The measure of this name; KeyError if `measures.toml` has none."""
    return _measures()[name]


@cache
def _measures() -> dict[str, Measure]:
    return {
        name: Measure(name, DataClass[row.pop("class")], **row)
        for name, row in load("measures.toml")["measure"].items()
    }
