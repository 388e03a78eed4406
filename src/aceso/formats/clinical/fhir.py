"""A FHIR resource, from whatever file it came, turned into a piece of a record.

Each resource is checked against the structure of R4 (types, cardinality, formats), classified, and
written in canonical bytes; one that is wrong is refused with its place, and the rest is read on.

DSTU2 and STU3 are turned into R4 where nothing is lost by it, and else kept (`fhir_version`).

Limits: profiles, terminology bindings and invariants are not checked. R5 is recognised and kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import fhirkit

from aceso.codes import SENSITIVE, DataClass

from .._classify import Classified, classify, other_version
from .._model import FHIR_JSON, BytesBody, Item, Kind, Outcome, Piece
from .._returned import measured, returned
from ..canonical import JsonError, canonical_bytes
from .document_check import wrong_attachment
from .fhir_check import first_error
from .fhir_version import NotSafe, as_r4, stated_version, version_by_shape
from .korea_dates import with_solar_birthday

__all__ = [
    "entry_items",
    "first_error",
    "frame",
    "refused",
    "standardise",
    "value_items",
]

_R4 = frozenset(fhirkit.RESOURCE_TYPES)
_TYPE_NAME = re.compile(r"[A-Z][A-Za-z]{1,63}\Z")
_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")

# Elements that say when, best first. A record's day is the day of what it tells, not of its upload.
_WHEN = (
    "effectiveDateTime",
    "effectivePeriod",
    "effectiveInstant",
    "performedDateTime",
    "performedPeriod",
    "occurrenceDateTime",
    "occurrencePeriod",
    "onsetDateTime",
    "onsetPeriod",
    "authoredOn",
    "period",
    "billablePeriod",
    "started",
    "recordedDate",
    "recorded",
    "whenHandedOver",
    "dateAsserted",
    "created",
    "issued",
    "date",
    "authored",
    "assertedDate",
)
_ISSUED = ("issued", "recordedDate", "authoredOn", "recorded", "date", "created", "dateAsserted")
# Elements that name who made a resource, best first.
_ISSUERS = (
    "performer",
    "serviceProvider",
    "custodian",
    "author",
    "asserter",
    "recorder",
    "requester",
    "provider",
    "insurer",
    "managingOrganization",
)
# What is told of a group, a device or a place is about nobody.
_OTHER_SUBJECT = re.compile(r"(?:.*/)?(?!Patient/|Person/|RelatedPerson/)[A-Z][A-Za-z]+/[^/]+\Z")
_SUBJECTS = ("subject", "patient", "beneficiary", "individual", "for")
_PEOPLE = ("Patient", "Person")


def standardise(
    resource: dict[str, Any],
    *,
    place: str,
    full_url: str = "",
    data_class: DataClass | None = None,
    data: bytes | None = None,
) -> Piece:
    """Make a piece of a resource of `parse` that is already known to be R4. `data` are its
    canonical bytes, where they were made already."""
    kind = str(resource["resourceType"])
    judged = _judged(resource)
    when = _when(resource, _WHEN)
    day = _day(when)
    return Piece(
        data_class=judged.data_class if data_class is None else data_class,
        media_type=FHIR_JSON,
        body=BytesBody(canonical_bytes(resource) if data is None else data),
        resource_type=kind,
        place=place,
        why_class=judged.why,
        subject=_subject(resource, full_url),
        issuer=_issuer(resource),
        event=_event(resource, full_url) or (f"day {day.isoformat()}" if day else "undated"),
        day=day,
        issued_at=_when(resource, _ISSUED) or when,
    )


def _judged(resource: dict[str, Any]) -> Classified:
    """The class: a sensitive one first, then that of what our own readers wrote, then the rest."""
    found = classify(resource)
    if found.data_class == DataClass.UNCLASSIFIED or not found.data_class & SENSITIVE:
        own = measured(resource)
        if own is not None:
            return Classified(own, f"its code is {own.name} in the list of measures")
    return found


def refused(path: Path, place: str, reason: str, code: str, resource_type: str = "") -> Item:
    """An outcome that refuses what is at `place`."""
    return Outcome(Kind.REFUSED, place, resource_type, reason, code, path), None


def entry_items(path: Path, entry: dict[str, Any], place: str) -> Iterator[Item]:
    """The items of one parsed entry of a Bundle."""
    resource = entry.get("resource")
    if resource is None:
        reason = "the entry has no resource, only a request, a response or a link"
        yield Outcome(Kind.SKIPPED, place, "", reason, "no_resource", path), None
        return
    full_url = entry.get("fullUrl")
    items = value_items(
        path, resource, f"{place}/resource", full_url if isinstance(full_url, str) else ""
    )
    yield from returned(items, entry)


def value_items(path: Path, value: Any, place: str, full_url: str = "") -> Iterator[Item]:
    """The items of a parsed resource; a Bundle inside is read as its entries."""
    if isinstance(value, dict) and value.get("resourceType") == "Bundle":
        entries = value.get("entry")
        if isinstance(entries, list) and entries:
            for index, entry in enumerate(entries):
                below = f"{place.rstrip('/')}/entry/{index}/resource"
                inner = entry.get("resource") if isinstance(entry, dict) else None
                yield from value_items(path, inner, below)
            return
    yield _resource(path, value, place, full_url)


def frame(path: Path, value: dict[str, Any], entries: int) -> Item:
    """The outcome of a Bundle itself, of which `entries` entries were read."""
    if not entries and isinstance(value.get("entry"), dict | str):
        reason = "the entries of the Bundle are no list, so none of them is read"
        return refused(path, "/", reason, "not_r4", "Bundle")
    if not entries:
        return refused(
            path,
            "/",
            "the Bundle has no entries; nothing is in it",
            "empty_bundle",
            "Bundle",
        )
    value.pop("entry", None)
    issue = first_error(canonical_bytes(value))
    if issue is not None:
        return refused(path, "/", issue, "not_r4", "Bundle")
    reason = "the frame of the Bundle; its entries have outcomes of their own"
    return Outcome(Kind.SKIPPED, "/", "Bundle", reason, "bundle_frame", path), None


def _resource(path: Path, value: Any, place: str, full_url: str) -> Item:
    if not isinstance(value, dict):
        return refused(path, place, "a resource is an object, and this is none", "not_a_resource")
    kind = value.get("resourceType")
    if not isinstance(kind, str) or not _TYPE_NAME.match(kind):
        return refused(
            path, place, "it has no resourceType, so it is no resource", "not_a_resource"
        )
    version = stated_version(value)
    if kind not in _R4:
        version = version or other_version(kind)
        if version is None:
            return refused(
                path, place, "its resourceType is of no version of FHIR that we know", "not_r4"
            )
    if version is not None:
        return _other(path, value, place, full_url, version)
    try:
        data = canonical_bytes(value)
    except JsonError as exc:
        return refused(path, place, exc.reason, exc.code, kind)
    issue = first_error(data)
    if issue is not None:
        version = version_by_shape(kind, value)
        if version is not None:
            return _other(path, value, place, full_url, version)
        turned = with_solar_birthday(value)
        if turned is None or first_error(canonical_bytes(turned)) is not None:
            return refused(path, place, issue, "not_r4", kind)
        piece = standardise(turned, place=place, full_url=full_url)
        reason = f"{piece.why_class}; the day of birth was told by the lunar calendar"
        return Outcome(Kind.IMPORTED, place, kind, reason, "lunar", path, piece.data_class), piece
    # A key of canonical bytes is written in one way, and few resources have this one.
    changed = wrong_attachment(value) if b'"data":' in data else None
    if changed is not None:
        return refused(path, place, changed, "wrong_hash", kind)
    piece = standardise(value, place=place, full_url=full_url, data=data)
    return Outcome(Kind.IMPORTED, place, kind, piece.why_class, "", path, piece.data_class), piece


def _other(path: Path, value: dict[str, Any], place: str, full_url: str, version: str) -> Item:
    """A resource of another version: turned into R4 where nothing is lost by it, else kept."""
    try:
        made = as_r4(version, value)
    except (NotSafe, JsonError) as exc:
        reason = (
            f"it is FHIR {version} and can't be turned into R4 without loss, for {exc}; it is kept "
            "in the source file, ask for an R4 export to have it read"
        )
        kind = str(value["resourceType"])
        return Outcome(Kind.KEPT, place, kind, reason, "fhir_version", path), None
    kind = str(made["resourceType"])
    piece = standardise(made, place=place, full_url=full_url)
    reason = f"{piece.why_class}; converted from {version}"
    return Outcome(Kind.IMPORTED, place, kind, reason, "converted", path, piece.data_class), piece


def _when(resource: dict[str, Any], names: tuple[str, ...]) -> str | None:
    for name in names:
        value = resource.get(name)
        if isinstance(value, dict):
            value = value.get("start") or value.get("end")
        if isinstance(value, str) and value[:1].isdigit():
            return value
    return None


def _day(when: str | None) -> date | None:
    found = _DAY.match(when or "")
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def _reference(value: Any) -> str:
    """The id that a reference ends with: `urn:uuid:x` and `Patient/x` are one."""
    if isinstance(value, list):
        for one in value:
            found = _reference(one)
            if found:
                return found
        return ""
    if not isinstance(value, dict):
        return ""
    text = value.get("reference")
    if not isinstance(text, str):
        actor = value.get("actor")
        return _reference(actor) if isinstance(actor, dict) else ""
    return normal_reference(text)


def normal_reference(text: str) -> str:
    """The id that a reference ends with."""
    text = text.partition("/_history/")[0]
    return text.removeprefix("urn:uuid:").removeprefix("urn:oid:").rpartition("/")[2]


def _own_id(resource: dict[str, Any], full_url: str) -> str:
    own = resource.get("id")
    return normal_reference(full_url) if full_url else own if isinstance(own, str) else ""


def _subject(resource: dict[str, Any], full_url: str) -> str:
    if resource.get("resourceType") in _PEOPLE:
        return _own_id(resource, full_url)
    for name in _SUBJECTS:
        value = resource.get(name)
        found = _reference(value)
        if found and not _OTHER_SUBJECT.match(_text(value)):
            return found
    return ""


def _text(value: Any) -> str:
    text = value.get("reference") if isinstance(value, dict) else None
    return text if isinstance(text, str) else ""


def _issuer(resource: dict[str, Any]) -> str:
    for name in _ISSUERS:
        found = _reference(resource.get(name))
        if found:
            return found
    meta = resource.get("meta")
    source = meta.get("source") if isinstance(meta, dict) else None
    return source if isinstance(source, str) else ""


def _event(resource: dict[str, Any], full_url: str) -> str:
    kind = resource.get("resourceType")
    if kind == "Encounter":
        own = _own_id(resource, full_url)
        return f"encounter {own}" if own else ""
    context = resource.get("context")
    for value in (resource.get("encounter"), context):
        if isinstance(value, dict) and "encounter" in value:
            value = value["encounter"]
        found = _reference(value)
        if found:
            return f"encounter {found}"
    return ""
