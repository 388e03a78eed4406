"""Which version of FHIR a resource is of, and what it would be in R4.

    stated_version(resource)               # by its profile: "DSTU2", "STU3", "R5", or None
    version_by_shape("Patient", resource)  # by elements that only another version has
    as_r4("DSTU2", resource)               # in R4, checked; NotSafe if that would lose something

R4 is assumed until something says otherwise. R5 is recognised and not converted.
"""

from __future__ import annotations

from typing import Any

from ..canonical import canonical_bytes
from .fhir_check import first_error
from .fhir_old import NotSafe, convert

__all__ = ["NotSafe", "as_r4", "stated_version", "version_by_shape"]

# What is tried for each, in this order.
_CONVERTED = {"DSTU2": ("DSTU2",), "STU3": ("STU3",), "DSTU2 or STU3": ("STU3", "DSTU2")}

# Shapes that only another version has, by resource type: element, and a test of its value.
_SHAPES: dict[str, tuple[tuple[str, str, type | None], ...]] = {
    "Condition": (
        ("patient", "DSTU2", dict),
        ("dateRecorded", "DSTU2", None),
        ("clinicalStatus", "DSTU2 or STU3", str),
        ("assertedDate", "STU3", None),
        ("context", "STU3", dict),
        ("participant", "R5", None),
    ),
    "Observation": (
        ("comments", "DSTU2", None),
        ("comment", "STU3", None),
        ("related", "DSTU2 or STU3", None),
        ("context", "STU3", dict),
        ("category", "DSTU2", dict),
        ("triggeredBy", "R5", None),
        ("instantiatesCanonical", "R5", None),
    ),
    "Encounter": (
        ("class", "DSTU2", str),
        ("reason", "DSTU2 or STU3", list),
        ("class", "R5", list),
        ("actualPeriod", "R5", None),
    ),
    "AllergyIntolerance": (
        ("substance", "DSTU2", None),
        ("assertedDate", "STU3", None),
        ("type", "R5", dict),
    ),
    "Immunization": (
        ("wasNotGiven", "DSTU2", None),
        ("notGiven", "STU3", None),
        ("reported", "DSTU2", None),
        ("date", "DSTU2 or STU3", None),
    ),
    "MedicationStatement": (
        ("patient", "DSTU2", None),
        ("wasNotTaken", "DSTU2", None),
        ("taken", "STU3", None),
        ("medication", "R5", dict),
    ),
    "MedicationRequest": (
        ("medication", "R5", dict),
        ("definition", "STU3", None),
        ("context", "STU3", dict),
    ),
    "DiagnosticReport": (
        ("codedDiagnosis", "DSTU2 or STU3", None),
        ("image", "DSTU2 or STU3", None),
        ("context", "STU3", dict),
    ),
    "MedicationDispense": (("medication", "R5", dict),),
    "Procedure": (
        ("notPerformed", "DSTU2", None),
        ("notDone", "STU3", None),
        ("context", "STU3", dict),
        ("occurrenceDateTime", "R5", None),
    ),
    "DocumentReference": (
        ("indexed", "DSTU2 or STU3", None),
        ("class", "DSTU2 or STU3", dict),
        ("attester", "R5", None),
    ),
    "FamilyMemberHistory": (("notDone", "STU3", None),),
    "CarePlan": (("relatedPlan", "DSTU2", None), ("definition", "STU3", None)),
    "Patient": (("animal", "DSTU2 or STU3", None),),
}


def as_r4(version: str, resource: dict[str, Any]) -> dict[str, Any]:
    """`resource` of `version` in R4. Raises NotSafe, whose text says why without any value."""
    if version not in _CONVERTED:
        raise NotSafe("that version is not converted")
    why = ""
    for one in _CONVERTED[version]:
        try:
            made = convert(one, resource)
        except NotSafe as exc:
            why = why or str(exc)
            continue
        issue = first_error(canonical_bytes(made))
        if issue is None:
            return made
        why = why or issue
    raise NotSafe(why)


def stated_version(value: dict[str, Any]) -> str | None:
    meta = value.get("meta")
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    for profile in profiles if isinstance(profiles, list) else ():
        if not isinstance(profile, str):
            continue
        if "/DSTU2/" in profile or "/dstu2/" in profile:
            return "DSTU2"
        if "/STU3/" in profile or "/stu3/" in profile:
            return "STU3"
        if "/5.0/" in profile or "/R5/" in profile:
            return "R5"
    return None


def version_by_shape(kind: str, value: dict[str, Any]) -> str | None:
    names = value.get("name")
    if kind in ("Patient", "Practitioner") and isinstance(names, list | dict):
        for name in names if isinstance(names, list) else [names]:
            if isinstance(name, dict) and isinstance(name.get("family"), list):
                return "DSTU2"
    for key, version, shape in _SHAPES.get(kind, ()):
        if key in value and (shape is None or isinstance(value[key], shape)):
            return version
    return None
