"""What the readers of phones and devices have in common: a measure becomes a FHIR R4 Observation.

    reading = Reading("heart_rate", start="2024-05-01T10:00:00+09:00", value="62", device="Watch")
    yield item(path, reading, place="line 7")

The measures, with class, LOINC code and UCUM unit, are those of `codelists/measures.toml`. A value
is given as the text of the source, so that its digits stay as they are. Grouping is by class, day
and device.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from aceso.codes import DataClass

from .._classify import load
from .._model import FHIR_JSON, BytesBody, Item, Kind, Outcome, Piece
from ..canonical import NUMBER, canonical_bytes, number

__all__ = ["Measure", "Reading", "item", "measure", "observation", "refuse"]

_LOINC = "http://loinc.org"
_UCUM = "http://unitsofmeasure.org"
# Codes for what LOINC has no code for: our own names, in a system of our own.
_OWN = "urn:aceso:measure"


@dataclass(frozen=True, slots=True)
class Measure:
    """One row of `codelists/measures.toml`."""

    name: str
    data_class: DataClass
    loinc: str
    unit: str
    en: str
    ko: str


@dataclass(frozen=True, slots=True)
class Reading:
    """One value at a time or over a period. `start` and `end` are ISO 8601, with a zone if the
    source has one, or a day. `value` is a decimal number as text; `text` what is no number.
    `unit` is the UCUM unit where it isn't the measure's own. `parts` are readings at the same
    time, such as both numbers of a blood pressure. `native` is (system, code) of the source."""

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


def item(path: Path, reading: Reading, *, place: str, resource_type: str = "") -> Item:
    """The outcome and the piece of a reading; refused where its number or its day is none."""
    known = measure(reading.measure)
    try:
        resource = observation(reading)
        day = date.fromisoformat(reading.start[:10])
    except ValueError:
        return refuse(path, place, "its value or its time can't be read", "bad_value")
    why = f"{known.en} is {known.data_class.name}"
    piece = Piece(
        data_class=known.data_class,
        media_type=FHIR_JSON,
        body=BytesBody(canonical_bytes(resource)),
        resource_type="Observation",
        place=place,
        why_class=why,
        issuer=reading.device,
        event=f"day {day.isoformat()}",
        day=day,
        issued_at=reading.start,
    )
    kind = resource_type or known.name
    return Outcome(Kind.IMPORTED, place, kind, why, "", path, known.data_class), piece


def refuse(path: Path, place: str, reason: str, code: str) -> Item:
    """A row that can't be read; the file goes on."""
    said = f"{reason}; it is kept in the source file"
    return Outcome(Kind.REFUSED, place, "", said, code, path), None


def observation(reading: Reading) -> dict[str, Any]:
    """The FHIR R4 Observation of a reading. Raises ValueError where its value is no number."""
    resource: dict[str, Any] = {"resourceType": "Observation", "status": "final"}
    resource["code"] = _code(reading)
    if reading.end and reading.end != reading.start:
        resource["effectivePeriod"] = {"start": reading.start, "end": reading.end}
    else:
        resource["effectiveDateTime"] = reading.start
    if reading.device:
        resource["device"] = {"display": reading.device}
    resource.update(_value(reading))
    if reading.parts:
        resource["component"] = [{"code": _code(one), **_value(one)} for one in reading.parts]
    resource.update(reading.extra or {})
    return resource


def _code(reading: Reading) -> dict[str, Any]:
    known = measure(reading.measure)
    coding = [{"system": _LOINC, "code": known.loinc}] if known.loinc else []
    coding.append({"system": _OWN, "code": known.name})
    if reading.native is not None:
        coding.append({"system": reading.native[0], "code": reading.native[1]})
    return {"coding": coding, "text": known.en}


def _value(reading: Reading) -> dict[str, Any]:
    if reading.value:
        if not NUMBER.match(reading.value):
            raise ValueError("not a number")
        quantity: dict[str, Any] = {"value": number(reading.value)}
        unit = reading.unit or measure(reading.measure).unit
        if unit:
            quantity |= {"unit": unit, "system": _UCUM, "code": unit}
        return {"valueQuantity": quantity}
    return {"valueString": reading.text} if reading.text else {}


def measure(name: str) -> Measure:
    """The measure of this name; KeyError if `measures.toml` has none."""
    return _measures()[name]


@cache
def _measures() -> dict[str, Measure]:
    return {
        name: Measure(
            name, DataClass[row["class"]], row["loinc"], row["unit"], row["en"], row["ko"]
        )
        for name, row in load("measures.toml")["measure"].items()
    }
