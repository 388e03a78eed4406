"""The check digits of codes, by which a mistyped one, or a number that is none of them, is told.

    is_loinc("4548-4")              # Mod 10, appendix C of the LOINC Users' Guide
    is_kd_code("8806659002219")     # GS1's, of medicines in Korea
    is_snomed_concept("44054006")   # Verhoeff's dihedral digit, as SNOMED CT's guides have it

All ask for the form too; that a code was ever given out, no check digit says.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["is_kd_code", "is_loinc", "is_snomed_concept"]

_LOINC: Final = re.compile(r"(?:[0-9]{1,5}|1[0-9]{5})-[0-9]\Z", re.ASCII)
# Behind the item, the partition: 00 for a concept of the international edition; 10 for another's,
# behind the seven digits of whose it is.
_CONCEPT: Final = re.compile(r"[1-9](?:[0-9]{2,14}0|[0-9]{0,7}[1-9][0-9]{6}1)0[0-9]\Z", re.ASCII)

# A GTIN of 13 digits of a Korean maker of medicines.
_KD: Final = re.compile(r"8806[0-9]{9}\Z", re.ASCII)

# Multiplication in the dihedral group of ten elements, and the powers of Verhoeff's permutation.
_PRODUCT: Final = tuple(
    tuple(
        (a + b) % 5 if max(a, b) < 5
        else 5 + (a + b) % 5 if a < 5
        else 5 + (a - b) % 5 if b < 5
        else (a - b) % 5
        for b in range(10)
    )
    for a in range(10)
)  # fmt: skip
_FIRST: Final = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def is_loinc(code: str) -> bool:
    """Whether it is in the form of a LOINC term's code, with its check digit."""
    if not _LOINC.match(code):
        return False
    digits, _, check = code.partition("-")
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 if place % 2 else 2)
        total += doubled // 10 + doubled % 10
    return str(-total % 10) == check


def is_kd_code(code: str) -> bool:
    """Whether it is in the form of a Korean medicine's standard code, with its check digit."""
    if not _KD.match(code):
        return False
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(code)) % 10 == 0


def is_snomed_concept(code: str) -> bool:
    """Whether it is in the form of a SNOMED CT concept id, with its check digit."""
    if not _CONCEPT.match(code):
        return False
    found = 0
    for place, digit in enumerate(reversed(code)):
        turned = int(digit)
        for _ in range(place % 8):
            turned = _FIRST[turned]
        found = _PRODUCT[found][turned]
    return found == 0
