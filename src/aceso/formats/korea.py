"""Resident registration numbers (주민등록번호, 외국인등록번호): found, and masked on display.

    find_resident_numbers("환자 900101-1234568")   # one, at 3 to 17, its last digit right
    mask("환자 900101-1234568")                    # "환자 900101-1******"
    mask_json(resource)                            # the same in every text of a value

Thirteen digits: a day of birth, a digit for century and sex, six more of which the last was a check
digit until October 2020. Since then the six are drawn by lot, so a wrong check digit means nothing.

A number parted by a dash or blanks counts wherever its day exists. Thirteen digits in a row may be
the code of a medicine or a moment in milliseconds: they count where the check digit is right, where
the birth is of October 2020 or later, or where words before them say what they are.

Limits: masking is for the eye. The record keeps the number, and an extract for research drops it
(`aceso.research`). Numbers in pictures, and digits written as words, are not found.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

__all__ = ["ResidentNumber", "find_resident_numbers", "mask", "mask_json"]

_DIGIT = "[0-9０-９]"
_DASHES = r"[-‐‑‒–—―−－﹣~∼]"
_NUMBER = re.compile(
    rf"(?<!{_DIGIT})({_DIGIT}{{6}})([ \t\u00a0\u3000]{{0,2}}{_DASHES}?[ \t\u00a0\u3000]{{0,2}})"
    rf"({_DIGIT}{{7}})(?!{_DIGIT})"
)
_SAID = re.compile(r"주민|외국인|등록\s?번호|resident|\brrn\b|national id|NNKOR", re.IGNORECASE)
_SAID_WITHIN = 40
_WEIGHTS = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
_CENTURIES = {"9": 1800, "0": 1800, "1": 1900, "2": 1900, "5": 1900, "6": 1900}
_FOREIGN = "5678"
_BY_LOT_SINCE = date(2020, 10, 1)
# How FHIR says that an identifier is one: the system of the ministry, and HL7's type for Korea.
_SYSTEM = re.compile(
    r"mois\.go\.kr/rrn|(?:^|[/:#-])rrn\Z|resident-?(?:registration-?)?number", re.I
)
_TYPE = "NNKOR"
_SHOWN = 7


@dataclass(frozen=True, slots=True)
class ResidentNumber:
    """Where a number is. `checked` says whether its last digit is right by the rule until 2020."""

    start: int
    end: int
    foreigner: bool
    checked: bool


def find_resident_numbers(text: str) -> list[ResidentNumber]:
    """Every resident registration number in `text`, in order."""
    return list(_found(text, said=False))


def mask(text: str) -> str:
    """`text` with the last six digits of each number replaced by asterisks."""
    return _masked(text, said=False)


def mask_json(value: Any) -> Any:
    """`value` with every text in it masked. An identifier that says that it is a resident
    registration number is masked whatever its digits are."""
    if isinstance(value, dict):
        said = _is_identifier(value)
        return {
            key: _masked(one, said=True)
            if said and key == "value" and isinstance(one, str)
            else mask_json(one)
            for key, one in value.items()
        }
    if isinstance(value, list):
        return [mask_json(one) for one in value]
    return mask(value) if isinstance(value, str) else value


def _found(text: str, *, said: bool) -> Iterator[ResidentNumber]:
    for match in _NUMBER.finditer(text):
        digits = unicodedata.normalize("NFKC", match[1] + match[3])
        born = _born(digits)
        if born is None:
            continue
        checked = _is_checked(digits)
        apart = bool(match[2]) or said
        if not (apart or checked or born >= _BY_LOT_SINCE or _is_said(text, match.start())):
            continue
        # Of nobody who lives: only the check digit tells it from another number.
        if born.year < 1900 and not checked:
            continue
        yield ResidentNumber(match.start(), match.end(), digits[6] in _FOREIGN, checked)


def _born(digits: str) -> date | None:
    century = _CENTURIES.get(digits[6], 2000)
    try:
        return date(century + int(digits[:2]), int(digits[2:4]), int(digits[4:6]))
    except ValueError:
        return None


def _is_checked(digits: str) -> bool:
    total = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=False))
    base = 13 if digits[6] in _FOREIGN else 11
    return (base - total % 11) % 10 == int(digits[12])


def _is_said(text: str, start: int) -> bool:
    return _SAID.search(text, max(0, start - _SAID_WITHIN), start) is not None


def _masked(text: str, *, said: bool) -> str:
    parts = []
    at = 0
    for found in _found(text, said=said):
        parts.append(text[at : found.start])
        parts.append(_hidden(text[found.start : found.end]))
        at = found.end
    return "".join([*parts, text[at:]]) if parts else text


def _hidden(number: str) -> str:
    seen = 0
    shown = []
    for one in number:
        seen += one.isdigit()
        shown.append("*" if one.isdigit() and seen > _SHOWN else one)
    return "".join(shown)


def _is_identifier(value: dict[str, Any]) -> bool:
    system = value.get("system")
    if isinstance(system, str) and _SYSTEM.search(system):
        return True
    kind = value.get("type")
    codings = kind.get("coding") if isinstance(kind, dict) else None
    return any(
        isinstance(one, dict) and one.get("code") == _TYPE
        for one in (codings if isinstance(codings, list) else ())
    )
