"""What an element of the Apple Health export becomes: a FHIR R4 Observation, as canonical bytes.

    made = measurement(attributes, children)
    made.data_class, made.kind, made.start, made.data

The type and the unit are HealthKit's, with a LOINC and a UCUM code where the lists have one. A
number keeps its digits. HealthKit writes a percentage as a fraction, 0.97 for 97 %: its point is
moved. What is said beside a measurement (metadata) becomes components; what the person typed in
themself is marked as reported by the patient.

Left out, and kept in the source file: when a measurement was written down, the version of the app,
and the description of the device, which has an address in memory in it and is new in every export.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from json.encoder import encode_basestring as _string
from typing import Any, NamedTuple

import fhirkit

from aceso.codes import DataClass

from .._classify import classify_text, healthkit_class, load
from ..canonical import NUMBER, canonical_bytes, number
from ._series import plain_number
from ._time import is_before

__all__ = [
    "SYSTEM",
    "Element",
    "Made",
    "Unreadable",
    "audiogram",
    "correlation",
    "measurement",
    "prescription",
    "summary",
    "workout",
]

SYSTEM = "https://developer.apple.com/documentation/healthkit"
_LOINC = "http://loinc.org"
_UCUM = "http://unitsofmeasure.org"
_LOCAL = "urn:aceso:local-time"
_KIND = re.compile(r"HK(?:Quantity|Category|Correlation|Data|Document)?Type(?:Identifier)?")
_NAME = re.compile(r"[A-Za-z0-9]{1,80}\Z")
_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)[ T]((?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d)(?:\s*(?:([+-](?:0\d|1[0-4])):?"
    r"([0-5]\d)|(Z)))?\Z",
    re.ASCII,
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)
# As older exports write it.
_PACKED_TIME = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)([+-]\d{4})\Z", re.ASCII)
_SHORT = 64  # A value that has no more letters, with its unit, is remembered.
_MOST = 1e15  # Nothing that a phone measures is more, in any unit.
_WORDLESS = re.compile(r"[\W\d_]*|[0-9A-Fa-f-]{32,36}|.")
_REPORTED = (
    b'"meta":{"security":[{"code":"PATRPT",'
    b'"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue"}]},'
)
_SENSITIVE = (
    DataClass.MENTAL_HEALTH
    | DataClass.SEXUAL_REPRODUCTIVE
    | DataClass.HIV
    | DataClass.SUBSTANCE_USE
    | DataClass.VIOLENCE
    | DataClass.UNCLASSIFIED
)


class Unreadable(ValueError):
    """A sentence about an element that lacks what it needs."""


@dataclass(slots=True)
class Element:
    """An element with what is in it. `line` is where it begins."""

    name: str
    attributes: dict[str, str]
    line: int
    children: list[Element]
    too_many: bool = False


@dataclass(slots=True)
class Made:
    """One Observation: its class and why, its HealthKit type, when it began, and its bytes."""

    data_class: DataClass
    why: str
    kind: str
    start: str
    data: bytes


class _Type(NamedTuple):
    short: str
    data_class: DataClass
    why: str
    code_json: bytes
    is_quantity: bool


def measurement(attributes: dict[str, str], children: list[Element]) -> Made:
    """A `Record`."""
    # Written in place, keys in their order, for speed: an export has millions of these. A test
    # compares the bytes with those of `canonical_bytes`. They are put together as bytes: a text
    # with one letter of Korean in it takes twice as long.
    known = _type(attributes.get("type", ""))
    start = attributes.get("startDate", "")
    end = attributes.get("endDate") or start
    timed = _when(start, end)
    beside = _beside(children) if children else _NOTHING
    if timed is None:
        return _without_zone(attributes, children, known)
    value, unit = attributes.get("value", ""), attributes.get("unit", "")
    written = _short_value_json if len(value) + len(unit) <= _SHORT else _value_json
    data = b'{"code":%b%b%b,%b,%b"resourceType":"Observation","status":"final"%b}' % (
        known.code_json,
        beside.components,
        _device(attributes.get("sourceName", "")),
        timed,
        beside.meta,
        written(value, unit, known.is_quantity),
    )
    data_class, why = known.data_class, known.why
    if beside.raised is not None and not data_class & _SENSITIVE:
        data_class, why = beside.raised
    return Made(data_class, why, attributes["type"], _moment(start)[0], data)


def _without_zone(attributes: dict[str, str], children: list[Element], known: _Type) -> Made:
    """A `Record` of an app that writes local times."""
    resource = _observation(attributes) | _value(attributes, known.is_quantity)
    resource["code"] = _code(attributes["type"], known.short)
    _add_components(resource, _metadata(children))
    element = Element("Record", attributes, 0, children)
    return _made(resource, known.data_class, known.why, element)


def correlation(element: Element) -> Made:
    """A `Correlation`: what was measured at once, such as both numbers of a blood pressure."""
    known = _type(element.attributes.get("type", ""))
    resource = _observation(element.attributes)
    resource["code"] = _code(element.attributes["type"], known.short)
    parts = []
    for child in element.children:
        if child.name == "Record":
            inner = _type(child.attributes.get("type", ""))
            code = _code(child.attributes["type"], inner.short)
            parts.append({"code": code, **_value(child.attributes, inner.is_quantity)})
    _add_components(resource, [*parts, *_metadata(element.children)])
    return _made(resource, known.data_class, known.why, element)


def workout(element: Element) -> Made:
    """A `Workout` with its totals, statistics, events, activities and the name of its route."""
    attributes = element.attributes
    kind = attributes.get("workoutActivityType", "")
    if not _NAME.match(kind):
        raise Unreadable("the type of the workout is no name")
    resource = _observation(attributes)
    resource["code"] = _code(kind, "")
    parts = _measures(attributes, ("duration", "totalDistance", "totalEnergyBurned"))
    parts += _measures(attributes, ("totalSwimmingStrokeCount", "totalFlightsClimbed"))
    for child in element.children:
        parts += _workout_part(child)
    _add_components(resource, [*parts, *_metadata(element.children)])
    return _made(resource, DataClass.ACTIVITY, "a workout is ACTIVITY", element)


def summary(element: Element) -> Made:
    """An `ActivitySummary`: the rings of a day and their goals."""
    attributes = element.attributes
    day = attributes.get("dateComponents", "")
    try:
        date.fromisoformat(day)
    except ValueError as exc:
        raise Unreadable("its day is none") from exc
    resource: dict[str, Any] = {
        "resourceType": "Observation",
        "status": "final",
        "code": _code("HKActivitySummary", ""),
        "effectiveDateTime": day,
    }
    names = [name for name in attributes if name != "dateComponents" and name[-4:] != "Unit"]
    _add_components(resource, _measures(attributes, names))
    why = "a summary of a day's movement is ACTIVITY"
    data = _checked(resource)
    return Made(DataClass.ACTIVITY, why, "ActivitySummary", day, data)


def audiogram(element: Element) -> Made:
    """An `Audiogram`: how loud a tone had to be to be heard, by ear and frequency."""
    resource = _observation(element.attributes)
    resource["code"] = _code("HKDataTypeIdentifierAudiogram", "")
    parts = []
    for point in element.children:
        if point.name == "SensitivityPoint":
            for ear in ("leftEar", "rightEar"):
                if point.attributes.get(f"{ear}Value", "").strip():
                    parts.append(_tone(point.attributes, ear))
    _add_components(resource, [*parts, *_metadata(element.children)])
    why = "a hearing test of a phone is BIOSIGNAL"
    return _made(resource, DataClass.BIOSIGNAL, why, element)


def prescription(element: Element) -> Made:
    """A `VisionPrescription`, for glasses or lenses."""
    attributes = element.attributes
    issued = attributes.get("dateIssued", "")
    resource = _observation({**attributes, "startDate": issued, "endDate": issued})
    resource["code"] = _code("HKVisionPrescription", "")
    parts = [_said(name, attributes[name]) for name in ("type", "brand", "expirationDate")
             if attributes.get(name, "").strip()]  # fmt: skip
    for eye in element.children:
        if eye.name in ("RightEye", "LeftEye"):
            names = [name for name in eye.attributes if name[-4:] != "Unit"]
            parts += _measures(eye.attributes, names, prefix=f"{eye.name}.")
    _add_components(resource, [*parts, *_metadata(element.children)])
    why = "a prescription of glasses is PROCEDURES"
    return _made(resource, DataClass.PROCEDURES, why, element)


class _Beside(NamedTuple):
    components: bytes
    meta: bytes
    raised: tuple[DataClass, str] | None


_NOTHING = _Beside(b"", b"", None)


def _beside(children: list[Element]) -> _Beside:
    """What is said beside a measurement, as JSON."""
    meta = b""
    raised = None
    told = []
    for child in children:
        if child.name == "MetadataEntry":
            key, value = child.attributes.get("key", ""), child.attributes.get("value", "")
            part, sensitive = _entry_json(key, value)
            told.append(part)
            raised = raised or sensitive
            if key == "HKWasUserEntered" and value == "1":
                meta = _REPORTED
    beats = _beats(children)
    if beats:
        told.append(_said_json("InstantaneousBeatsPerMinute", beats))
    told = sorted(one for one in told if one)
    components = b',"component":[%b]' % b",".join(told) if told else b""
    return _Beside(components, meta, raised)


def _beats(children: Iterable[Element]) -> str:
    """The single beats under a heart rate variability, each with its time as the phone wrote it."""
    return "; ".join(
        f"{beat.attributes.get('bpm', '')} {beat.attributes.get('time', '')}"
        for part in children
        if part.name == "HeartRateVariabilityMetadataList"
        for beat in part.children
    )


@lru_cache(1 << 14)
def _entry_json(key: str, value: str) -> tuple[bytes, tuple[DataClass, str] | None]:
    if not key.strip() or not value.strip():
        return b"", None
    return _said_json(key, value), _raised(value)


def _raised(value: str) -> tuple[DataClass, str] | None:
    if _WORDLESS.fullmatch(value):
        return None
    found = classify_text(value)
    return None if found is None else (found.data_class, found.why)


def _said_json(key: str, value: str) -> bytes:
    return canonical_bytes(_said(key, value))


def _said(key: str, value: str) -> dict[str, Any]:
    return {"code": {"coding": [{"system": SYSTEM, "code": key.strip()}]}, "valueString": value}


def _metadata(children: Iterable[Element]) -> list[dict[str, Any]]:
    return [
        _said(child.attributes["key"], child.attributes["value"])
        for child in children
        if child.name == "MetadataEntry"
        and child.attributes.get("key", "").strip()
        and child.attributes.get("value", "").strip()
    ]


def _workout_part(child: Element) -> list[dict[str, Any]]:
    attributes = child.attributes
    if child.name == "WorkoutStatistics":
        kind = _KIND.sub("", attributes.get("type", ""))
        return [
            _measure(f"{kind}.{name}", attributes[name], attributes.get("unit", ""))
            for name in ("sum", "average", "minimum", "maximum")
            if attributes.get(name, "").strip()
        ]
    if child.name in ("WorkoutEvent", "WorkoutActivity"):
        name = attributes.get("type") or attributes.get("workoutActivityType") or child.name
        told = [attributes.get(one, "") for one in ("date", "startDate", "endDate")]
        if attributes.get("duration"):
            told.append(f"{attributes['duration']} {attributes.get('durationUnit', '')}")
        text = " ".join(one.strip() for one in told if one.strip())
        inner = [part for one in child.children for part in _workout_part(one)]
        return [*([_said(name, text)] if text else ()), *inner, *_metadata(child.children)]
    if child.name == "WorkoutRoute":
        paths = [one.attributes.get("path", "") for one in child.children]
        return [_said("WorkoutRoute", path) for path in paths if path.strip()]
    return []


def _tone(point: dict[str, str], ear: str) -> dict[str, Any]:
    value, unit = point[f"{ear}Value"], point.get(f"{ear}Unit", "")
    tone = f"{point.get('frequencyValue', '')} {point.get('frequencyUnit', '')}".strip()
    return {**_measure(f"{ear}Sensitivity", value, unit), "interpretation": [{"text": tone}]}


def _measures(
    attributes: dict[str, str], names: Iterable[str], *, prefix: str = ""
) -> list[dict[str, Any]]:
    told = []
    for name in names:
        value = attributes.get(name, "")
        if value.strip():
            unit = attributes.get(f"{name}Unit") or attributes.get(
                f"{name.removesuffix('Goal')}Unit", ""
            )
            told.append(_measure(prefix + name, value, unit))
    return told


def _measure(name: str, value: str, unit: str) -> dict[str, Any]:
    code = {"coding": [{"system": SYSTEM, "code": name}]}
    if not NUMBER.match(value):
        raise Unreadable("a number in it is none")
    return {"code": code, "valueQuantity": _quantity(value, unit)}


def _quantity(value: str, unit: str) -> dict[str, Any]:
    unit = unit.strip()
    quantity: dict[str, Any] = {"value": number(_shifted(value) if unit == "%" else value)}
    if unit:
        quantity["unit"] = unit
        code = _tables().ucum.get(unit)
        if code:
            quantity |= {"system": _UCUM, "code": code}
    return quantity


def _shifted(value: str) -> str:
    """A fraction as a percentage: the point two places to the right, no digit lost."""
    if "e" in value or "E" in value:
        try:
            value = plain_number(value)
        except ValueError as exc:
            raise Unreadable("a percentage in it is no number") from exc
    if not re.fullmatch(r"-?\d{1,40}(\.\d{1,80})?", value):
        raise Unreadable("a percentage in it is no number")
    sign, text = ("-", value[1:]) if value.startswith("-") else ("", value)
    whole, _, part = text.partition(".")
    whole, part = whole + part[:2].ljust(2, "0"), part[2:]
    return f"{sign}{whole.lstrip('0') or '0'}{'.' + part if part else ''}"


def _value(attributes: dict[str, str], is_quantity: bool) -> dict[str, Any]:
    value = attributes.get("value", "")
    if NUMBER.match(value):
        _check_size(value)
        return {"valueQuantity": _quantity(value, attributes.get("unit", ""))}
    if is_quantity:
        raise Unreadable("its value is no number")
    return {"valueString": value} if value.strip() else {}


def _value_json(value: str, unit: str, is_quantity: bool) -> bytes:
    if NUMBER.match(value):
        _check_size(value)
        if unit.strip() == "%":
            value = _shifted(value)
        return b',"valueQuantity":{%b"value":%b}' % (_unit_json(unit), value.encode())
    if is_quantity:
        raise Unreadable("its value is no number")
    return b',"valueString":' + _string(value).encode() if value.strip() else b""


# Pulses, steps and stages of sleep come again and again.
_short_value_json = lru_cache(1 << 13)(_value_json)


def _check_size(value: str) -> None:
    # Few digits and no power are never too much, and most numbers are such.
    if (len(value) > 15 or "e" in value or "E" in value) and abs(float(value)) >= _MOST:
        raise Unreadable("its value is none that can be measured")


@lru_cache(1024)
def _unit_json(unit: str) -> bytes:
    unit = unit.strip()
    if not unit:
        return b""
    code = _tables().ucum.get(unit)
    coded = f'"code":{_string(code)},"system":"{_UCUM}",' if code else ""
    return f'{coded}"unit":{_string(unit)},'.encode()


@lru_cache(1024)
def _device(source: str) -> bytes:
    source = source.strip()
    return b',"device":{"display":%b}' % _string(source).encode() if source else b""


def _observation(attributes: dict[str, str]) -> dict[str, Any]:
    start = attributes.get("startDate", "")
    end = attributes.get("endDate") or start
    resource: dict[str, Any] = {"resourceType": "Observation", "status": "final"}
    if start == end:
        resource |= _timed("effectiveDateTime", start)
    else:
        resource["effectivePeriod"] = {**_timed("start", start), **_timed("end", end)}
    source = attributes.get("sourceName", "").strip()
    if source:
        resource["device"] = {"display": source}
    return resource


def _timed(name: str, text: str) -> dict[str, Any]:
    moment, clock = _moment(text)
    if not clock:
        return {name: moment}
    return {
        name: moment[:10],
        f"_{name}": {"extension": [{"url": _LOCAL, "valueTime": clock}]},
    }


def _when(start: str, end: str) -> bytes | None:
    """The time as JSON; None where it has no zone, which takes an element in another place."""
    first, clock = _moment(start)
    if start == end:
        return None if clock else b'"effectiveDateTime":"%b"' % first.encode()
    last, other = _moment(end)
    if clock or other:
        return None
    if (last < first or last[19:] != first[19:]) and is_before(last, first):
        raise Unreadable("its end is before its start")
    return b'"effectivePeriod":{"end":"%b","start":"%b"}' % (last.encode(), first.encode())


@lru_cache(1024)
def _moment(text: str) -> tuple[str, str]:
    """A time in ISO 8601; and its clock alone, where it has no zone and is no instant."""
    found = _TIME.match(text)
    if found is None:
        packed = _PACKED_TIME.match(text)
        if packed is None:
            found = _TIME.match(text.strip())
        else:
            year, month, day, hour, minute, second, zone = packed.groups()
            found = _TIME.match(f"{year}-{month}-{day} {hour}:{minute}:{second} {zone}")
    if found is None:
        if not _DAY.match(text):
            raise Unreadable("its start or end is no date and time")
        _check_day(text)
        return text, ""
    day, clock, hours, minutes, utc = found.groups()
    _check_day(day)
    if hours:
        return f"{day}T{clock}{hours}:{minutes}", ""
    return (f"{day}T{clock}Z", "") if utc else (f"{day}T{clock}", clock)


@lru_cache(4096)
def _check_day(text: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError as exc:
        raise Unreadable("its day is not in the calendar") from exc


def _add_components(resource: dict[str, Any], parts: list[dict[str, Any]]) -> None:
    if parts:
        resource["component"] = sorted(parts, key=canonical_bytes)


def _made(resource: dict[str, Any], data_class: DataClass, why: str, element: Element) -> Made:
    for child in element.children:
        raised = _raised(child.attributes.get("value", "")) if not data_class & _SENSITIVE else None
        if child.name == "MetadataEntry" and raised is not None:
            data_class, why = raised
    kind = str(resource["code"]["coding"][-1]["code"])
    attributes = element.attributes
    start = _moment(attributes.get("startDate") or attributes.get("dateIssued", ""))[0]
    return Made(data_class, why, kind, start, _checked(resource))


def _checked(resource: dict[str, Any]) -> bytes:
    data = canonical_bytes(resource)
    if fhirkit.validate(data):
        raise Unreadable("a text or a time in it is none that a record may hold")
    return data


@lru_cache(4096)
def _type(identifier: str) -> _Type:
    short = _KIND.sub("", identifier)
    if not _NAME.match(short):
        raise Unreadable("the type of the measurement is no name")
    data_class, why = _class(short)
    code = canonical_bytes(_code(identifier, short))
    return _Type(short, data_class, why, code, identifier.startswith("HKQuantityType"))


def _code(identifier: str, short: str) -> dict[str, Any]:
    coding = [{"system": SYSTEM, "code": identifier}]
    loinc = _tables().loinc.get(short)
    if loinc is not None:
        coding.insert(0, {"system": _LOINC, "code": loinc})
    return {"coding": coding}


class _Tables(NamedTuple):
    loinc: dict[str, str]
    ucum: dict[str, str]


@cache
def _tables() -> _Tables:
    lists = load("healthkit.toml")
    return _Tables(lists["loinc"], lists["ucum"])


def _class(short: str) -> tuple[DataClass, str]:
    known = healthkit_class(short)
    if known is None:
        return DataClass.UNCLASSIFIED, "no list says what class this HealthKit type is of"
    return known, f"a HealthKit type of the {known.name} list"
