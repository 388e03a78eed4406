"""Which resources of two records are the same thing: written again, corrected, or told by others.

    for fact in facts_of(body):
        fact.identity     # which resource it is, in whatever version; empty if it has no name
        fact.statement    # what it says in codes, times and values that everybody uses
        fact.version      # of two with one identity, the greater is the newer
        fact.digest       # what it is, byte for byte

The identity of a resource is its type with its business identifiers; where it has none, its id
together with whom it is about, its code and its time, for ids such as `1` are given by every
server. The version is `meta.lastUpdated`, then `meta.versionId`, then the status: corrected over
final, entered in error over all.

Limits: what says the same in other codes is not seen to be the same. Resources without a code of a
public system and a time say nothing that could be compared.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from .canonical import JsonError, canonical_bytes, is_number, parse, plain

__all__ = ["Fact", "facts_of"]

_PUBLIC = (
    "http://loinc.org",
    "http://snomed.info/sct",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
    "http://hl7.org/fhir/sid/",
    "http://www.whocc.no/atc",
    "urn:oid:2.16.840.1.113883.6.",
)
_WHEN = (
    "effectiveDateTime",
    "effectivePeriod",
    "effectiveInstant",
    "performedDateTime",
    "performedPeriod",
    "occurrenceDateTime",
    "onsetDateTime",
    "onsetPeriod",
    "recordedDate",
    "authoredOn",
    "period",
)
_WHAT = ("code", "vaccineCode", "medicationCodeableConcept")
_ABOUT = ("subject", "patient", "beneficiary")
_VALUES = ("valueQuantity", "valueCodeableConcept", "valueString", "valueBoolean", "valueInteger")
_RANKS = {"preliminary": 1, "final": 2, "amended": 3, "corrected": 3, "entered-in-error": 4}


@dataclass(frozen=True, slots=True)
class Fact:
    """One resource as it is compared with others. `identity` and `statement` are 32 bytes or
    empty, `digest` is 32 bytes; none of them leaves the device."""

    identity: bytes = field(repr=False)
    statement: bytes = field(repr=False)
    version: str = field(repr=False)
    digest: bytes = field(repr=False)


def facts_of(body: bytes) -> list[Fact]:
    """The facts of a FHIR R4 Bundle or resource in JSON; none of bytes that are no such thing."""
    try:
        document = parse(body)
    except JsonError:
        return []
    if not isinstance(document, dict):
        return []
    if document.get("resourceType") != "Bundle":
        return [_fact(document)]
    entries = document.get("entry")
    resources = [
        entry.get("resource")
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, dict)
    ]
    return [_fact(resource) for resource in resources if isinstance(resource, dict)]


def _fact(resource: dict[str, Any]) -> Fact:
    return Fact(
        identity=_identity(resource),
        statement=_statement(resource),
        version=_version(resource),
        digest=hashlib.sha256(canonical_bytes(resource)).digest(),
    )


def _identity(resource: dict[str, Any]) -> bytes:
    kind = resource.get("resourceType")
    named = sorted(
        f"{one.get('system')}|{one['value'].strip()}"
        for one in _dicts(resource.get("identifier"))
        if isinstance(one.get("system"), str) and isinstance(one.get("value"), str)
    )
    if named:
        return _hash([kind, named])
    own = resource.get("id")
    if not isinstance(own, str):
        return b""
    about = [resource.get(name) for name in _ABOUT]
    return _hash([kind, own, about, [resource.get(name) for name in _WHAT], _when(resource)])


def _statement(resource: dict[str, Any]) -> bytes:
    codes = sorted(
        f"{coding['system']}|{coding['code']}"
        for name in _WHAT
        for coding in _codings(resource.get(name))
        if _is_public(coding)
    )
    when = _when(resource)
    if not codes or not when:
        return b""
    values = [_value(resource.get(name)) for name in _VALUES]
    parts = [
        [
            [f"{coding['system']}|{coding['code']}" for coding in _codings(one.get("code"))],
            [_value(one.get(name)) for name in _VALUES],
        ]
        for one in _dicts(resource.get("component"))
    ]
    parts.sort(key=canonical_bytes)
    return _hash([resource.get("resourceType"), codes, when, values, parts])


def _version(resource: dict[str, Any]) -> str:
    meta = resource.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    updated = meta.get("lastUpdated")
    number = meta.get("versionId")
    rank = _RANKS.get(str(resource.get("status")), 0)
    moment = _moment(updated) if isinstance(updated, str) else ""
    revision = number.zfill(12) if isinstance(number, str) and number.isdigit() else ""
    return f"{moment} {revision} {rank}"


def _when(resource: dict[str, Any]) -> str:
    for name in _WHEN:
        value = resource.get(name)
        if isinstance(value, dict):
            value = value.get("start")
        if isinstance(value, str):
            return _moment(value)
    return ""


def _moment(text: str) -> str:
    """A time with a zone in UTC, so that two ways of writing it are one; anything else as it is."""
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return text if moment.tzinfo is None else moment.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):  # Also at the ends of the calendar.
        return text


def _value(value: Any) -> Any:
    """A value without what differs between two writings of it: digits, display and unit names."""
    if is_number(value):
        return _decimal(value)
    if not isinstance(value, dict):
        return value
    if "coding" in value:
        return sorted(
            f"{coding['system']}|{coding['code']}"
            for coding in _codings(value)
            if _is_public(coding)
        )
    amount = value.get("value")
    shown = _decimal(amount) if is_number(amount) else None
    return [shown, value.get("code") or value.get("unit"), value.get("comparator")]


def _decimal(value: Any) -> str:
    text = str(plain(value))
    try:
        return str(Decimal(text).normalize())
    except ArithmeticError:  # More digits in its exponent than a program reckons with.
        return text


def _codings(value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, dict):
        return []
    return [
        coding
        for coding in _dicts(value.get("coding"))
        if isinstance(coding.get("system"), str) and isinstance(coding.get("code"), str)
    ]


def _is_public(coding: dict[str, Any]) -> bool:
    return str(coding["system"]).startswith(_PUBLIC)


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _hash(value: Any) -> bytes:
    return hashlib.sha256(canonical_bytes(value)).digest()
