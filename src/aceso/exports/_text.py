"""FHIR values as words for a person.

Only what a person may read: a concept's text, a quantity with the digits that it came with, the day
of a time. Resident registration numbers are masked wherever they stand in a text: what is printed
is handed around.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from aceso.formats.canonical import plain
from aceso.formats.korea import mask

__all__ = ["concept", "day_of", "dicts", "masked", "name_of", "quantity", "range_text"]

_SPACES = re.compile(r"\s+")
_DAY = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")


def masked(text: str) -> str:
    """The text in one line, with the last six digits of resident registration numbers masked."""
    return _SPACES.sub(" ", mask(text)).strip()


def dicts(value: Any) -> Iterator[dict[str, Any]]:
    """The objects of a value that may be one, a list of them, or anything else."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            yield one


def concept(value: Any) -> str:
    """What a CodeableConcept, or the first of a list, is called."""
    for one in dicts(value):
        text = _string(one.get("text"))
        if text:
            return masked(text)
        codings = list(dicts(one.get("coding")))
        for key in ("display", "code"):
            for coding in codings:
                text = _string(coding.get(key))
                if text:
                    return masked(text)
    return ""


def quantity(value: Any) -> str:
    """A Quantity with its digits as they came: `5.10 mmol/L`."""
    if not isinstance(value, dict) or "value" not in value:
        return ""
    number = str(plain(value["value"]))
    comparator = _string(value.get("comparator"))
    unit = _string(value.get("unit")) or _string(value.get("code"))
    return masked(f"{comparator}{number} {unit}")


def range_text(observation: dict[str, Any]) -> str:
    """The first reference range that has a number: `3.9–5.5`, `≤ 5.5`, `≥ 60`."""
    for one in dicts(observation.get("referenceRange")):
        low, high = (_bound(one.get(name)) for name in ("low", "high"))
        if low and high:
            return f"{low}–{high}"
        if low or high:
            return f"≥ {low}" if low else f"≤ {high}"
    return ""


def day_of(resource: dict[str, Any], names: Sequence[str]) -> str:
    """The day, month or year that the first of these elements says."""
    for name in names:
        value = resource.get(name)
        if isinstance(value, dict):
            value = value.get("start") or value.get("end")
        found = _DAY.match(value) if isinstance(value, str) else None
        if found:
            return found[0]
    return ""


def name_of(patient: dict[str, Any]) -> str:
    """The person's name as they write it."""
    for one in dicts(patient.get("name")):
        text = _string(one.get("text"))
        if text:
            return masked(text)
        given = one.get("given")
        parts = [_string(part) for part in (given if isinstance(given, list) else ())]
        family = _string(one.get("family"))
        # A Korean name is written family first, without a space.
        joined = family + "".join(parts) if _korean(family) else " ".join([*parts, family])
        if joined.strip():
            return masked(joined)
    return ""


def _korean(text: str) -> bool:
    return any("가" <= letter <= "힣" for letter in text)


def _bound(value: Any) -> str:
    return str(plain(value["value"])) if isinstance(value, dict) and "value" in value else ""


def _string(value: Any) -> str:
    return value if isinstance(value, str) and not value.startswith("\x00") else ""
