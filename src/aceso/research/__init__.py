"""What research gets: extracts with the direct identifiers dropped, never an original."""

from __future__ import annotations

from .deidentify import (
    QUALITATIVE_RESULTS,
    RULES,
    Anonymised,
    Extract,
    Locus,
    Recogniser,
    Rules,
    anonymise,
    extract,
    measured,
    quasi_identifiers,
    rule_of,
    shift_key,
)
from .package import PACKAGE_TYPE, Package

__all__ = [
    "PACKAGE_TYPE",
    "QUALITATIVE_RESULTS",
    "RULES",
    "Anonymised",
    "Extract",
    "Locus",
    "Package",
    "Recogniser",
    "Rules",
    "anonymise",
    "extract",
    "measured",
    "quasi_identifiers",
    "rule_of",
    "shift_key",
]
