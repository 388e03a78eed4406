"""Make an extract of FHIR R4 resources without the direct identifiers of HIPAA's Safe Harbor.

    made = extract(resources, classes=DataClass.LABS | DataClass.ACTIVITY, order_key=key)
    seal(made.data); publish(made.method, made.version, made.removed_paths)

What is kept is listed, not what is dropped: an element that no list names is left out. Kept are
codes of published systems, values with units, interpretations, reference ranges, statuses, and
dates. Dropped are names, telecoms, addresses, identifiers, photos, contacts, free text and
narrative, attachments, extensions and every reference, so that no two resources of an extract can
be joined by one.

All dates of an order are moved back by the same 1 to 364 days (HMAC-SHA256 under the order's key),
so that intervals stay true and the dates of two orders don't match. Times of day and zones go. A
birth date becomes a year, and "1900" from the age of 89 on. Safe Harbor itself lets only years
stay: `dates="year"` does that, at the price of the intervals.

Limits: this removes direct identifiers. It is not k-anonymity: rare codes and unusual values in
themselves can still single a person out. The class RESEARCH_EXTRACT, the buyer's promise and the
log stay needed.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

from aceso.codes import DataClass
from aceso.errors import UsageError
from aceso.formats import FormatError, Piece, RecordDraft, canonical_bytes
from aceso.formats._classify import classify
from aceso.formats.canonical import JsonError, is_number, parse, plain

__all__ = ["METHOD", "VERSION", "Extract", "extract"]

METHOD = (
    "aceso: kept elements listed; HIPAA Safe Harbor direct identifiers, text and references dropped"
)
VERSION = "1"

Dates = Literal["shift", "year"]

# Elements that may stay, by resource type; for each, how its value is treated.
_CODE, _VALUE, _DATE, _PERIOD, _PLAIN, _COMPONENT, _RANGE = (
    "code",
    "value",
    "date",
    "period",
    "plain",
    "component",
    "range",
)
_OBSERVATION = {
    "status": _PLAIN,
    "category": _CODE,
    "code": _CODE,
    "effectiveDateTime": _DATE,
    "effectivePeriod": _PERIOD,
    "effectiveInstant": _DATE,
    "issued": _DATE,
    "valueQuantity": _VALUE,
    "valueCodeableConcept": _CODE,
    "valueBoolean": _PLAIN,
    "valueInteger": _PLAIN,
    "valueRange": _RANGE,
    "valueRatio": _RANGE,
    "valueSampledData": _VALUE,
    "dataAbsentReason": _CODE,
    "interpretation": _CODE,
    "bodySite": _CODE,
    "method": _CODE,
    "referenceRange": _COMPONENT,
    "component": _COMPONENT,
    "low": _VALUE,
    "high": _VALUE,
    "numerator": _VALUE,
    "denominator": _VALUE,
}
_KEPT: dict[str, dict[str, str]] = {
    "Observation": _OBSERVATION,
    "DiagnosticReport": {
        "status": _PLAIN,
        "category": _CODE,
        "code": _CODE,
        "effectiveDateTime": _DATE,
        "effectivePeriod": _PERIOD,
        "issued": _DATE,
        "conclusionCode": _CODE,
    },
    "Condition": {
        "clinicalStatus": _CODE,
        "verificationStatus": _CODE,
        "category": _CODE,
        "severity": _CODE,
        "code": _CODE,
        "bodySite": _CODE,
        "onsetDateTime": _DATE,
        "onsetPeriod": _PERIOD,
        "abatementDateTime": _DATE,
        "abatementPeriod": _PERIOD,
        "recordedDate": _DATE,
    },
    "Procedure": {
        "status": _PLAIN,
        "category": _CODE,
        "code": _CODE,
        "performedDateTime": _DATE,
        "performedPeriod": _PERIOD,
        "reasonCode": _CODE,
        "bodySite": _CODE,
        "outcome": _CODE,
        "complication": _CODE,
    },
    "MedicationRequest": {
        "status": _PLAIN,
        "intent": _PLAIN,
        "category": _CODE,
        "medicationCodeableConcept": _CODE,
        "authoredOn": _DATE,
        "reasonCode": _CODE,
    },
    "MedicationStatement": {
        "status": _PLAIN,
        "medicationCodeableConcept": _CODE,
        "effectiveDateTime": _DATE,
        "effectivePeriod": _PERIOD,
        "reasonCode": _CODE,
    },
    "MedicationAdministration": {
        "status": _PLAIN,
        "medicationCodeableConcept": _CODE,
        "effectiveDateTime": _DATE,
        "effectivePeriod": _PERIOD,
    },
    "MedicationDispense": {
        "status": _PLAIN,
        "medicationCodeableConcept": _CODE,
        "quantity": _VALUE,
        "daysSupply": _VALUE,
        "whenHandedOver": _DATE,
    },
    "Immunization": {
        "status": _PLAIN,
        "vaccineCode": _CODE,
        "occurrenceDateTime": _DATE,
        "site": _CODE,
        "route": _CODE,
        "doseQuantity": _VALUE,
        "primarySource": _PLAIN,
    },
    "AllergyIntolerance": {
        "clinicalStatus": _CODE,
        "verificationStatus": _CODE,
        "type": _PLAIN,
        "category": _PLAIN,
        "criticality": _PLAIN,
        "code": _CODE,
        "onsetDateTime": _DATE,
        "recordedDate": _DATE,
    },
    "Encounter": {
        "status": _PLAIN,
        "class": _CODE,
        "type": _CODE,
        "period": _PERIOD,
        "reasonCode": _CODE,
    },
    "Patient": {"gender": _PLAIN, "birthDate": "birth"},
    "Specimen": {"status": _PLAIN, "type": _CODE, "receivedTime": _DATE},
    "ImagingStudy": {"status": _PLAIN, "modality": _CODE, "started": _DATE, "procedureCode": _CODE},
}
# A coding stays when its system is published: a local code may be a person's own.
_SYSTEMS = re.compile(
    r"https?://(loinc\.org|snomed\.info/|unitsofmeasure\.org|terminology\.hl7\.org/|hl7\.org/fhir/"
    r"|www\.nlm\.nih\.gov/research/umls/rxnorm|www\.whocc\.no/atc|dicom\.nema\.org/"
    r"|developer\.apple\.com/documentation/healthkit|www\.hl7korea\.or\.kr/(fhir/krcore/)?CodeSystem/)"
    r"|urn:oid:2\.16\.840\.1\.113883\.6\."
)
_SAFE_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9./_:{}%\[\]*^-]{0,63}\Z")
_SAFE_UNIT = re.compile(r"[A-Za-z0-9%/.*^\[\]{}()µμ°·'\"_-]{1,32}\Z")
_DAY = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_OLDEST = 89


@dataclass(frozen=True, slots=True)
class Extract:
    """An extract, ready to be sealed for one order, and how it was made."""

    data: bytes = field(repr=False)
    removed_paths: tuple[str, ...]
    method: str
    version: str
    resources: int
    sha256: bytes


def extract(
    resources: Iterable[bytes | dict[str, Any] | Piece | RecordDraft],
    *,
    classes: DataClass,
    order_key: bytes,
    dates: Dates = "shift",
) -> Extract:
    """Make the extract of those `resources` that are of `classes`, for the order of `order_key`.

    A record is taken by its class; a resource by what its contents say, sensitive ones first.
    Bundles are opened. Nothing of an unasked class is in the result, and UNCLASSIFIED never is.
    """
    if len(order_key) < 16:
        raise UsageError(
            "The key of the order is shorter than 16 bytes; make it with the vault.",
            code="E_EXTRACT_KEY",
        )
    wanted = [
        resource
        for resource in _opened(resources, classes)
        if isinstance(resource.get("resourceType"), str) and resource["resourceType"] in _KEPT
    ]
    maker = _Maker(order_key, dates, _newest(wanted))
    kept = []
    for resource in wanted:
        made = maker.resource(resource)
        if len(made) > 1:
            kept.append(canonical_bytes(made))
    kept.sort()
    body = b",".join(b'{"resource":' + one + b"}" for one in kept)
    data = b'{"entry":[' + body + b'],"resourceType":"Bundle","type":"collection"}'
    if not kept:
        data = b'{"resourceType":"Bundle","type":"collection"}'
    return Extract(
        data=data,
        removed_paths=tuple(sorted(maker.removed)),
        method=f"{METHOD}; dates: {dates}",
        version=VERSION,
        resources=len(kept),
        sha256=hashlib.sha256(data).digest(),
    )


def _opened(
    resources: Iterable[bytes | dict[str, Any] | Piece | RecordDraft], classes: DataClass
) -> Iterable[dict[str, Any]]:
    classes &= ~(DataClass.UNCLASSIFIED | DataClass.RESEARCH_EXTRACT)
    for one in resources:
        if isinstance(one, Piece | RecordDraft):
            if not one.data_class & classes or "fhir" not in one.media_type:
                continue
            with one.body.open() as stream:
                value = _parsed(stream.read())
        else:
            value = _parsed(one)
        for resource in _flat(value):
            # Judged again: a record may have been given a lower class by hand.
            if classify(resource).data_class & classes or _judged_lower(one, resource, classes):
                yield resource


def _parsed(data: bytes | dict[str, Any]) -> Any:
    try:
        value = parse(data if isinstance(data, bytes) else canonical_bytes(data))
        canonical_bytes(value)
    except (JsonError, TypeError, ValueError) as exc:
        why = exc.reason if isinstance(exc, JsonError) else "it holds what JSON can't"
        raise FormatError(
            f"A resource can't be put in an extract: {why}.", code="E_EXTRACT_RESOURCE"
        ) from exc
    return value


def _judged_lower(one: object, resource: dict[str, Any], classes: DataClass) -> bool:
    """Whether a record's own class lets in a resource that no sensitive list names."""
    if not isinstance(one, Piece | RecordDraft):
        return False
    contents = classify(resource).data_class
    return bool(one.data_class & classes) and contents in _ORDINARY


_ORDINARY = frozenset(one for one in DataClass if one < DataClass.MENTAL_HEALTH) | {
    DataClass.UNCLASSIFIED
}


def _flat(value: Any) -> Iterable[dict[str, Any]]:
    if not isinstance(value, dict):
        return
    if value.get("resourceType") == "Bundle":
        entries = value.get("entry")
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict):
                yield from _flat(entry.get("resource"))
    else:
        yield value


def _newest(resources: list[dict[str, Any]]) -> int:
    """The year of the newest event, against which an age is counted."""
    years = [1900]
    for resource in resources:
        for key, value in resource.items():
            texts = value.values() if isinstance(value, dict) else [value]
            if key != "birthDate":
                for text in texts:
                    found = _DAY.match(text) if isinstance(text, str) else None
                    if found:
                        years.append(int(found[1]))
    return max(years)


class _Maker:
    """Makes the resources of one order."""

    def __init__(self, order_key: bytes, dates: Dates, newest_year: int):
        digest = hmac.digest(order_key, b"aceso extract date shift", "sha256")
        self._shift = timedelta(days=1 + int.from_bytes(digest[:8], "big") % 364)
        self._dates = dates
        self._newest_year = newest_year
        self.removed: set[str] = set()

    def resource(self, resource: dict[str, Any]) -> dict[str, Any]:
        kind = str(resource["resourceType"])
        made: dict[str, Any] = {"resourceType": kind}
        made.update(self._elements(resource, _KEPT[kind], kind))
        return made

    def _elements(self, node: dict[str, Any], kept: dict[str, str], path: str) -> dict[str, Any]:
        made = {}
        for key, value in node.items():
            if key == "resourceType":
                continue
            how = kept.get(key)
            treated = None if how is None else self._treat(how, value, f"{path}.{key}")
            if treated is None or treated in ({}, []):
                # An unknown key could itself be a name.
                self.removed.add(
                    f"{path}.{key}" if key.isascii() and key.isalnum() else f"{path}.…"
                )
            else:
                made[key] = treated
        return made

    def _treat(self, how: str, value: Any, path: str) -> Any:
        if how in (_CODE, _COMPONENT, _RANGE) and isinstance(value, list):
            treated = [self._treat(how, one, path) for one in value]
            return [one for one in treated if one]
        if how == _CODE:
            return self._code(value, path)
        if how in (_COMPONENT, _RANGE):
            return self._elements(value, _OBSERVATION, path) if isinstance(value, dict) else None
        if how == _VALUE:
            return self._quantity(value, path)
        if how == _DATE:
            return self._date(value)
        if how == _PERIOD:
            if not isinstance(value, dict):
                return None
            moved = {key: self._date(value.get(key)) for key in ("start", "end")}
            return {key: one for key, one in moved.items() if one}
        if how == "birth":
            return self._birth(value)
        return self._plain(value)

    def _plain(self, value: Any) -> Any:
        if isinstance(value, list):
            return [one for one in value if self._plain(one) is not None]
        if isinstance(value, bool) or is_number(value):
            return value
        return value if isinstance(value, str) and _SAFE_CODE.match(value) else None

    def _code(self, value: Any, path: str) -> Any:
        """A concept with the codings of published systems; displays and texts are dropped."""
        if not isinstance(value, dict):
            return None
        if "coding" not in value:
            return self._coding(value, path)
        codings = value["coding"] if isinstance(value["coding"], list) else []
        kept = [one for one in (self._coding(c, f"{path}.coding") for c in codings) if one]
        for key in value:
            if key != "coding" and key.isalnum():
                self.removed.add(f"{path}.{key}")
        return {"coding": kept} if kept else None

    def _coding(self, value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            return None
        system, code = value.get("system"), value.get("code")
        if not isinstance(system, str) or not _SYSTEMS.match(system):
            return None
        if not isinstance(code, str) or not _SAFE_CODE.match(code):
            return None
        if "display" in value:
            self.removed.add(f"{path}.display")
        return {"system": system, "code": code}

    def _quantity(self, value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            return None
        made: dict[str, Any] = {}
        for key, one in value.items():
            if key in ("value", "factor", "period", "dimensions", "lowerLimit", "upperLimit"):
                if is_number(one):
                    made[key] = one
            elif key in ("unit", "code"):
                if isinstance(one, str) and _SAFE_UNIT.match(one):
                    made[key] = one
            elif key == "comparator":
                if one in ("<", "<=", ">=", ">"):
                    made[key] = one
            elif key == "system":
                if isinstance(one, str) and _SYSTEMS.match(one):
                    made[key] = one
            elif key == "origin":
                made[key] = self._quantity(one, f"{path}.origin")
            elif key == "data" and isinstance(one, str) and re.fullmatch(r"[0-9EULeE+. -]*", one):
                made[key] = one
            if key not in made and key.isalnum():
                self.removed.add(f"{path}.{key}")
        return made

    def _date(self, value: Any) -> str | None:
        """The day, moved; as exact as it was, and never more exact than a day."""
        found = _DAY.match(value) if isinstance(value, str) and not is_number(value) else None
        if found is None:
            return None
        try:
            day = date(int(found[1]), int(found[2] or 7), int(found[3] or 1))
            moved = (day - self._shift).isoformat()
        except (ValueError, OverflowError):
            return None
        if self._dates == "year":
            # The year as it was: Safe Harbor lets years stay, and a moved one would only be wrong.
            return found[1]
        return moved if found[3] else moved[:7] if found[2] else moved[:4]

    def _birth(self, value: Any) -> str | None:
        found = _DAY.match(str(plain(value)))
        if found is None:
            return None
        year = int(found[1])
        return "1900" if self._newest_year - year >= _OLDEST else f"{year:04d}"
