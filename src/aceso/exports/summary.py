"""What a summary of one person says: chosen once, for the IPS document and for the printed page.

    Summary.of(resources, language="ko", subject=None, sensitive=DataClass(0))

Chosen are problems, medications, allergies, immunizations, results and procedures; of things with
the same name the newest, and what still holds before what is over. What was entered in error,
refuted or not done is left out. Sensitive classes are left out unless each is named.

Limits: names are compared as they are written; two codes of one thing stand there twice. A summary
is no proof of absence: an empty section says that nothing is known here, never that there is
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from aceso.codes import SENSITIVE, DataClass
from aceso.formats.clinical.fhir_check import first_error

from ._resources import Resource, Resources
from ._text import concept, day_of, dicts, quantity, range_text
from .errors import NothingToExportError

__all__ = ["SECTIONS", "Line", "Section", "Summary"]

_NONE = DataClass(0)
_OVER = frozenset(
    {"inactive", "remission", "resolved", "completed", "stopped", "on-hold", "ended", "cancelled"}
)
_NOT_SO = frozenset({"entered-in-error", "refuted", "not-done", "not-taken", "cancelled", "draft"})


@dataclass(frozen=True, slots=True)
class Line:
    """One thing: what it is called, what is said of it, since or on which day, and whether it still
    holds."""

    what: str = field(repr=False)
    said: str = field(repr=False)
    day: str = field(repr=False)
    is_over: bool
    resource: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Section:
    """A section and its lines, those that hold first, then the newest first."""

    name: str
    lines: tuple[Line, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    types: tuple[str, ...]
    what: tuple[str, ...]
    days: tuple[str, ...]
    said: Callable[[dict[str, Any]], str]


def _status(resource: dict[str, Any]) -> str:
    return concept(resource.get("clinicalStatus"))


def _dose(resource: dict[str, Any]) -> str:
    for name in ("dosage", "dosageInstruction"):
        for one in dicts(resource.get(name)):
            text = one.get("text")
            if isinstance(text, str) and text:
                return text
    return ""


def _reaction(resource: dict[str, Any]) -> str:
    found = [concept(one.get("manifestation")) for one in dicts(resource.get("reaction"))]
    parts = [one for one in found if one]
    criticality = resource.get("criticality")
    if criticality in ("high", "low"):
        parts.append(f"({criticality})")
    return " ".join(parts)


def _result(resource: dict[str, Any]) -> str:
    value = quantity(resource.get("valueQuantity")) or concept(resource.get("valueCodeableConcept"))
    if not value and isinstance(resource.get("valueString"), str):
        value = resource["valueString"]
    if not value:
        parts = [
            f"{concept(one.get('code'))} {quantity(one.get('valueQuantity'))}".strip()
            for one in dicts(resource.get("component"))
            if quantity(one.get("valueQuantity"))
        ]
        value = "; ".join(parts)
    between = range_text(resource)
    return f"{value} [{between}]" if value and between else value


def _nothing(resource: dict[str, Any]) -> str:
    return ""


_MEDICATION = ("medicationCodeableConcept", "medicationReference")
SECTIONS: tuple[_Kind, ...] = (
    _Kind(
        "problems",
        ("Condition",),
        ("code",),
        ("onsetDateTime", "onsetPeriod", "recordedDate"),
        _status,
    ),
    _Kind(
        "medications",
        ("MedicationStatement", "MedicationRequest"),
        _MEDICATION,
        ("effectivePeriod", "effectiveDateTime", "authoredOn", "dateAsserted"),
        _dose,
    ),
    _Kind(
        "allergies",
        ("AllergyIntolerance",),
        ("code",),
        ("onsetDateTime", "recordedDate", "lastOccurrence"),
        _reaction,
    ),
    _Kind("immunizations", ("Immunization",), ("vaccineCode",), ("occurrenceDateTime",), _nothing),
    _Kind(
        "results",
        ("Observation",),
        ("code",),
        ("effectiveDateTime", "effectivePeriod", "issued"),
        _result,
    ),
    _Kind(
        "procedures",
        ("Procedure",),
        ("code",),
        ("performedDateTime", "performedPeriod"),
        _nothing,
    ),
)


@dataclass(frozen=True, slots=True)
class Summary:
    """One person and what is chosen of their records. `medications` are those that lines refer to,
    by id."""

    patient: dict[str, Any] = field(repr=False)
    sections: tuple[Section, ...]
    language: str
    medications: dict[str, dict[str, Any]] = field(repr=False, default_factory=dict)

    @classmethod
    def of(
        cls,
        resources: Resources,
        *,
        language: str,
        subject: str | None = None,
        sensitive: DataClass = _NONE,
    ) -> Summary:
        """Choose. `subject` is the id of the Patient, where the records are of several people."""
        about = resources.about(subject)
        patient = _patient(resources, about)
        medications = {
            str(one["id"]): one
            for one in (found.parsed() for found in resources.of_type("Medication"))
            if isinstance(one.get("id"), str)
        }
        shut = SENSITIVE & ~sensitive
        sections = tuple(
            Section(kind.name, _lines(kind, resources, about, shut, medications))
            for kind in SECTIONS
        )
        if len(patient) == 1 and not any(section.lines for section in sections):
            raise NothingToExportError(
                "There is nothing to sum up among these records. Import something first, or name "
                "other classes.",
                code="E_EXPORT_EMPTY",
            )
        return cls(patient, sections, language, medications)


def _patient(resources: Resources, about: Callable[[Resource], bool]) -> dict[str, Any]:
    """The fullest description of the person; an empty Patient where there is none."""
    best: dict[str, Any] = {"resourceType": "Patient"}
    for found in resources.of_type("Patient"):
        patient = found.parsed()
        if about(found) and len(patient) > len(best) and first_error(found.data) is None:
            best = patient
    return best


def _lines(
    kind: _Kind,
    resources: Resources,
    about: Callable[[Resource], bool],
    shut: DataClass,
    medications: dict[str, dict[str, Any]],
) -> tuple[Line, ...]:
    newest: dict[str, Line] = {}
    for name in kind.types:
        for line in _made(kind, resources.of_type(name), about, shut, medications):
            known = newest.get(line.what)
            if known is None or (not line.is_over, line.day) > (not known.is_over, known.day):
                newest[line.what] = line
    by_day = sorted(newest.values(), key=lambda line: line.what)
    by_day.sort(key=lambda line: line.day, reverse=True)
    return tuple(sorted(by_day, key=lambda line: line.is_over))


def _made(
    kind: _Kind,
    found: Iterable[Resource],
    about: Callable[[Resource], bool],
    shut: DataClass,
    medications: dict[str, dict[str, Any]],
) -> Iterable[Line]:
    for one in found:
        # What an issuer sent is kept as it is; a summary must be readable.
        if one.classes & shut or first_error(one.data) is not None:
            continue
        if kind.name == "results" and not one.classes & DataClass.LABS:
            continue
        resource = one.parsed()
        if not _holds(resource) or not about(one):
            continue
        what = _what(kind, resource, medications)
        said = kind.said(resource)
        if what and (said or kind.name != "results"):
            statuses = _statuses(resource)
            yield Line(what, said, day_of(resource, kind.days), bool(statuses & _OVER), resource)


def _what(kind: _Kind, resource: dict[str, Any], medications: dict[str, dict[str, Any]]) -> str:
    for name in kind.what:
        value = resource.get(name)
        found = concept(value)
        if not found and isinstance(value, dict) and isinstance(value.get("reference"), str):
            display = value.get("display")
            found = display if isinstance(display, str) else ""
            referred = medications.get(medication_id(value["reference"]))
            if referred is not None:
                found = concept(referred.get("code")) or found
        if found:
            return found
    return ""


def medication_id(reference: str) -> str:
    """The id that a reference ends with."""
    return reference.removeprefix("urn:uuid:").rpartition("/")[2]


def _statuses(resource: dict[str, Any]) -> set[str]:
    if resource.get("resourceType") in ("Observation", "Procedure", "Immunization"):
        return set()
    found = {
        str(coding.get("code"))
        for one in dicts(resource.get("clinicalStatus"))
        for coding in dicts(one.get("coding"))
    }
    return found | {str(resource.get("status"))}


def _holds(resource: dict[str, Any]) -> bool:
    """Not what was entered in error, refuted, or never done."""
    codes = {
        str(coding.get("code"))
        for one in dicts(resource.get("verificationStatus"))
        for coding in dicts(one.get("coding"))
    }
    return not (codes | {str(resource.get("status"))}) & _NOT_SO
