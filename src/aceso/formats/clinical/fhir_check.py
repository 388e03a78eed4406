"""Whether a resource has the structure of R4: types, cardinality and formats, by `fhirkit`."""

from __future__ import annotations

import re

import fhirkit

from .fhir_elements import is_name

__all__ = ["first_error"]

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_TYPE = re.compile(r"\S+(?= is not a FHIR R4 resource type)")
_STEP = re.compile(r"(_?[A-Za-z][A-Za-z0-9]*)(?:\[(?:x|\d{1,6})\])?\Z")


def first_error(data: bytes) -> str | None:
    """What is wrong by the structure of R4, with the path in the resource and without the value."""
    try:
        issues = fhirkit.validate(data)
    except fhirkit.ParseError as exc:
        return f"it can't be read as FHIR: {_without_values(str(exc))}"
    errors = [issue for issue in issues if issue.severity == "error"]
    if not errors:
        return None
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"at {_safe_path(errors[0].path)}: {_without_values(errors[0].message)}{more}"


def _without_values(message: str) -> str:
    # The library quotes what it found. An element name is named by the path; a value may be a name.
    return _TYPE.sub("this", _QUOTED.sub("the value", message))[:200]


def _safe_path(path: str) -> str:
    """The path as far as R4 has its names; any other key could be the name of a person."""
    steps = path.split(".")
    return ".".join(step if _is_safe(step) else "…" for step in steps[:20])


def _is_safe(step: str) -> bool:
    found = _STEP.match(step)
    return found is not None and is_name(found[1])
