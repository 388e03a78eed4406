"""The Apple Health export, `export.xml`, read element by element.

Each measurement becomes a FHIR R4 Observation with the type and the unit of HealthKit, a LOINC code
where one is listed, and the number digit for digit. They are grouped by class and day.

The export carries a document type of its own, so one is allowed; an entity never is, inside or
outside, so there is nothing to expand and nothing to fetch.

Limits: metadata of a measurement, routes, ECG traces and clinical records that the archive carries
beside `export.xml` are kept in the source file and not read. A measurement that repeats exactly is
one.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from datetime import date
from functools import cache, lru_cache
from json.encoder import encode_basestring as _string
from pathlib import Path
from typing import IO, Any
from xml.parsers import expat

from aceso.codes import DataClass

from .._classify import load
from .._head import Head
from .._model import FHIR_JSON, BytesBody, Format, Item, Kind, Outcome, Piece
from .._reader import Reader, Source
from ..canonical import NUMBER as _NUMBER
from ..canonical import canonical_bytes, number

__all__ = ["FORMAT", "READERS", "SYSTEM"]

FORMAT = Format("apple-health", "application/xml", "Apple Health", "Apple 건강")

SYSTEM = "https://developer.apple.com/documentation/healthkit"
_LOINC = "http://loinc.org"
_BLOCK = 1 << 17
_MAX_XML = 16 << 30
_ROOT = re.compile(rb"<HealthData[\s>/]|<!DOCTYPE\s+HealthData[\s\[>]")
_KIND = re.compile(r"HK(?:Quantity|Category|Correlation|Data|Document)?Type(?:Identifier)?")
_NAME = re.compile(r"[A-Za-z0-9]{1,80}\Z")
_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(?:\s*([+-]\d{2}):?(\d{2})|Z)?\Z")
# What is said of a workout or a day beside its type, as components.
_WORKOUT = (("duration", "durationUnit"), ("totalDistance", "totalDistanceUnit"),
            ("totalEnergyBurned", "totalEnergyBurnedUnit"))  # fmt: skip
_SUMMARY = (
    ("activeEnergyBurned", "activeEnergyBurnedUnit"),
    ("appleMoveTime", ""),
    ("appleExerciseTime", ""),
    ("appleStandHours", ""),
)


class _XmlError(Exception):
    def __init__(self, reason: str, code: str):
        super().__init__(reason)
        self.reason = reason
        self.code = code


def _is_export(head: Head) -> bool:
    return head.text.startswith(b"<") and _ROOT.search(head.text) is not None


def _read(source: Source) -> Iterator[Item]:
    """Yield an item for each measurement, workout and day."""
    with source.path.open("rb") as stream:
        yield from _parse(source.path, stream)


def _parse(path: Path, stream: IO[bytes]) -> Iterator[Item]:
    parser = expat.ParserCreate(namespace_separator=None)
    parser.buffer_text = True
    reader = _Reader(path, parser)
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.EntityDeclHandler = reader.entity
    parser.ExternalEntityRefHandler = reader.entity
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    items = reader.items
    size = 0
    try:
        while block := stream.read(_BLOCK):
            size += len(block)
            if size > _MAX_XML:
                raise _XmlError("it unpacks to more than 16 GiB", "too_large")
            parser.Parse(block, False)
            while items:
                yield items.popleft()
        parser.Parse(b"", True)
        while items:
            yield items.popleft()
    except expat.ExpatError as exc:
        while items:
            yield items.popleft()
        place = f"line {exc.lineno}"
        reason = (
            f"the XML breaks off or is wrong at line {exc.lineno}, column {exc.offset + 1}; what "
            "came before it was read, export it again for the rest"
        )
        yield Outcome(Kind.REFUSED, place, "", reason, "broken_xml", path), None
    except _XmlError as exc:
        while items:
            yield items.popleft()
        place = f"line {parser.CurrentLineNumber}"
        yield Outcome(Kind.REFUSED, place, "", exc.reason, exc.code, path), None
    except (ValueError, LookupError):
        while items:
            yield items.popleft()
        place = f"line {parser.CurrentLineNumber}"
        reason = "the data are damaged here, or in an encoding that can't be read; export it again"
        yield Outcome(Kind.REFUSED, place, "", reason, "damaged", path), None


class _Reader:
    """Turns elements into items as the parser meets them."""

    def __init__(self, path: Path, parser: expat.XMLParserType):
        self.items: deque[Item] = deque()
        self._path = path
        self._parser = parser
        self._depth = 0
        self._route = False

    def entity(self, *_: object) -> int:
        raise _XmlError(
            "it declares an XML entity, which no export of Apple Health does; it is not read",
            "xml_entity",
        )

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > 64:
            raise _XmlError("it is nested more than 64 deep", "too_deep")
        if name == "Record":
            self._add(name, lambda: _measurement(attributes))
        elif name == "Workout":
            self._add(name, lambda: _workout(attributes))
        elif name == "ActivitySummary":
            self._add(name, lambda: _summary(attributes))
        elif name == "Me":
            self._say(
                Kind.SKIPPED, name, "date of birth and the like stay in the source file", "me"
            )
        elif name in ("WorkoutRoute", "ClinicalRecord", "Audiogram", "VisionPrescription"):
            reason = f"a {name} is not understood yet; it is kept in the source file"
            self._say(Kind.KEPT, name, reason, "not_understood")

    def end(self, name: str) -> None:
        self._depth -= 1

    def _add(self, name: str, make: Any) -> None:
        try:
            data_class, why, kind, day, start, data = make()
        except (ValueError, KeyError) as exc:
            said = exc.args[0] if isinstance(exc, _Missing) else "its values can't be read"
            self._say(Kind.REFUSED, name, f"{said}; it is kept in the source file", "bad_value")
            return
        place = f"line {self._parser.CurrentLineNumber}"
        piece = Piece(
            data_class=data_class,
            media_type=FHIR_JSON,
            body=BytesBody(data),
            resource_type="Observation",
            place=place,
            why_class=why,
            event=f"day {day}",
            day=_valid_day(day),
            issued_at=start,
        )
        outcome = Outcome(Kind.IMPORTED, place, kind, why, "", self._path, data_class)
        self.items.append((outcome, piece))

    def _say(self, kind: Kind, name: str, reason: str, code: str) -> None:
        place = f"line {self._parser.CurrentLineNumber}"
        self.items.append((Outcome(kind, place, name, reason, code, self._path), None))


class _Missing(ValueError):
    """A sentence about an element that lacks what it needs."""


_Made = tuple[DataClass, str, str, str, str, bytes]


def _measurement(attributes: dict[str, str]) -> _Made:
    identifier = attributes.get("type", "")
    short = _KIND.sub("", identifier)
    if not _NAME.match(short):
        raise _Missing("the type of the measurement is no name")
    data_class, why = _class(short)
    start = _time(attributes.get("startDate", ""))
    end = _time(attributes.get("endDate") or attributes.get("startDate", ""))
    # Written in place, keys in their order, for speed: an export has millions of these. A test
    # compares the bytes with those of `canonical_bytes`.
    parts = ['{"code":', _code_json(identifier, short)]
    source = attributes.get("sourceName", "").strip()
    if source:
        parts += [',"device":{"display":', _string(source), "}"]
    if start == end:
        parts += [',"effectiveDateTime":"', start, '"']
    else:
        parts += [',"effectivePeriod":{"end":"', end, '","start":"', start, '"}']
    parts.append(',"resourceType":"Observation","status":"final"')
    value = attributes.get("value", "")
    if _NUMBER.match(value):
        unit = attributes.get("unit", "").strip()
        shown = f'"unit":{_string(unit)},' if unit else ""
        parts += [',"valueQuantity":{', shown, '"value":', value, "}"]
    elif value.strip():
        parts += [',"valueString":', _string(value)]
    parts.append("}")
    data = "".join(parts).encode("utf-8")
    return data_class, why, identifier, start[:10], start, data


def _workout(attributes: dict[str, str]) -> _Made:
    identifier = attributes.get("workoutActivityType", "")
    if not _NAME.match(identifier):
        raise _Missing("the type of the workout is no name")
    resource = _observation(attributes, identifier)
    _put_components(resource, attributes, _WORKOUT)
    start = _time(attributes["startDate"])
    why = "a workout is ACTIVITY"
    return DataClass.ACTIVITY, why, identifier, start[:10], start, canonical_bytes(resource)


def _summary(attributes: dict[str, str]) -> _Made:
    day = attributes.get("dateComponents", "")
    date.fromisoformat(day)
    resource: dict[str, Any] = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": SYSTEM, "code": "HKActivitySummary"}]},
        "effectiveDateTime": day,
    }
    _put_components(resource, attributes, _SUMMARY)
    why = "a summary of a day's movement is ACTIVITY"
    return DataClass.ACTIVITY, why, "ActivitySummary", day, day, canonical_bytes(resource)


def _observation(attributes: dict[str, str], identifier: str) -> dict[str, Any]:
    start = _time(attributes.get("startDate", ""))
    end = _time(attributes.get("endDate") or attributes.get("startDate", ""))
    resource: dict[str, Any] = {
        "resourceType": "Observation",
        "status": "final",
        "code": _code(identifier, ""),
    }
    if start == end:
        resource["effectiveDateTime"] = start
    else:
        resource["effectivePeriod"] = {"start": start, "end": end}
    source = attributes.get("sourceName", "").strip()
    if source:
        resource["device"] = {"display": source}
    return resource


def _quantity(value: str, unit: str | None) -> dict[str, Any]:
    quantity: dict[str, Any] = {"value": number(value)}
    if unit and unit.strip():
        quantity["unit"] = unit.strip()
    return quantity


def _put_components(
    resource: dict[str, Any], attributes: dict[str, str], names: tuple[tuple[str, str], ...]
) -> None:
    components = []
    for name, unit in names:
        if attributes.get(name):
            components.append(
                {
                    "code": {"coding": [{"system": SYSTEM, "code": name}]},
                    "valueQuantity": _quantity(attributes[name], attributes.get(unit)),
                }
            )
    if components:
        resource["component"] = components


def _time(text: str) -> str:
    found = _TIME.match(text.strip())
    if found is None:
        raise _Missing("its start or end is no date and time")
    _valid_day(found[1])
    zone = f"{found[3]}:{found[4]}" if found[3] else "Z"
    return f"{found[1]}T{found[2]}{zone}"


@lru_cache(4096)
def _valid_day(text: str) -> date:
    return date.fromisoformat(text)


@cache
def _code_json(identifier: str, short: str) -> str:
    return canonical_bytes(_code(identifier, short)).decode()


def _code(identifier: str, short: str) -> dict[str, Any]:
    coding = [{"system": SYSTEM, "code": identifier}]
    loinc = _tables()[2].get(short)
    if loinc is not None:
        coding.insert(0, {"system": _LOINC, "code": loinc})
    return {"coding": coding}


@cache
def _tables() -> tuple[dict[str, DataClass], tuple[tuple[str, DataClass], ...], dict[str, str]]:
    lists = load("healthkit.toml")
    exact = {name: DataClass[key] for key, names in lists["classes"].items() for name in names}
    prefixes = tuple(
        (name, DataClass[key]) for key, names in lists["prefixes"].items() for name in names
    )
    return exact, prefixes, lists["loinc"]


@cache
def _class(short: str) -> tuple[DataClass, str]:
    exact, prefixes, _ = _tables()
    known = exact.get(short)
    if known is None:
        known = next((one for prefix, one in prefixes if short.startswith(prefix)), None)
    if known is None:
        return DataClass.UNCLASSIFIED, "no list says what class this HealthKit type is of"
    return known, f"a HealthKit type of the {known.name} list"


READERS = (Reader(FORMAT, _is_export, _read),)
