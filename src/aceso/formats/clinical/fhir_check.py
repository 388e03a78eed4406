"""Whether a resource has the structure of R4: types, cardinality and formats, by `fhirkit`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import fhirkit

from ..canonical import JsonError, parse
from .fhir_elements import RESOURCE, element, is_name

__all__ = ["first_error"]

_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_TYPE = re.compile(r"(?<!\S)\S++(?= is not a FHIR R4 resource type)")
_AMOUNT = re.compile(r"\A-?[0-9][0-9.eE+-]*+(?= is )")
# A day that not every month has, as the first of what a text says.
_RARE_DAY = re.compile(rb'"[0-9]{4}-(?:02-(?:29|30|31)|(?:04|06|09|11)-31)')
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_TIMES = frozenset({"date", "dateTime", "instant"})
_STEP = re.compile(r"(_?[A-Za-z][A-Za-z0-9]*)(?:\[(?:x|\d{1,6})\])?\Z")


def first_error(data: bytes) -> str | None:
    """What is wrong by the structure of R4, with the path in the resource and without the value."""
    try:
        issues = fhirkit.validate(data)
    except fhirkit.ParseError as exc:
        return f"it can't be read as FHIR: {_without_values(str(exc))}"
    errors = [issue for issue in issues if issue.severity == "error"]
    if not errors:
        return _impossible_day(data) if _RARE_DAY.search(data) else None
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"at {_safe_path(errors[0].path)}: {_without_values(errors[0].message)}{more}"


def _without_values(message: str) -> str:
    # The library quotes what it found. An element name is named by the path; a value may be a name.
    plain = _AMOUNT.sub("the value", _QUOTED.sub("the value", message))
    return _TYPE.sub("this", plain)[:200]


def _impossible_day(data: bytes) -> str | None:
    """Where a date is of a day that its month hasn't; the library looks at its digits alone."""
    try:
        resource = parse(data)
    except JsonError:
        return None
    for path, text in _times(resource, "", str(resource.get("resourceType"))):
        found = _DAY.match(text)
        if found is not None and not _is_day(*map(int, found.groups())):
            return f"at {_safe_path(path)}: that month has no such day"
    return None


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return year == 0
    return True


def _times(value: Any, path: str, kind: str) -> Iterator[tuple[str, str]]:
    """Each date, dateTime and instant of a value of the type `kind`, with its path."""
    if isinstance(value, list):
        for number, one in enumerate(value):
            yield from _times(one, f"{path}[{number}]", kind)
    elif isinstance(value, dict):
        if not path or kind == RESOURCE:
            kind = str(value.get("resourceType"))
            path = path or kind
        for name, one in value.items():
            known = element(kind, name)
            if known is not None:
                yield from _times(one, f"{path}.{name}", known.type)
    elif isinstance(value, str) and kind in _TIMES:
        yield path, value


def _safe_path(path: str) -> str:
    """The path as far as R4 has its names; any other key could be the name of a person."""
    steps = path.split(".")
    return ".".join(step if _is_safe(step) else "…" for step in steps[:20])


def _is_safe(step: str) -> bool:
    found = _STEP.match(step)
    return found is not None and is_name(found[1])
