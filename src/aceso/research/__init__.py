"""What research gets: extracts with the direct identifiers dropped, never an original; and whether
one matches what a study looks for, which is one's own to know."""

from __future__ import annotations

from .case import Case, CasePart, CaseShare, Step, Verdict, asked_of, replay
from .case_file import CaseFile
from .cohort import Criteria, CriteriaError, Criterion, ExpressionError, Finding, Match, match
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
from .origin import (
    Asked,
    Origin,
    OriginError,
    OriginProof,
    Patient,
    Standing,
    class_of_source,
)
from .package import PACKAGE_TYPE, Package
from .study_document import StudyDocument

__all__ = [
    "PACKAGE_TYPE",
    "QUALITATIVE_RESULTS",
    "RULES",
    "Anonymised",
    "Asked",
    "Case",
    "CaseFile",
    "CasePart",
    "CaseShare",
    "Criteria",
    "CriteriaError",
    "Criterion",
    "ExpressionError",
    "Extract",
    "Finding",
    "Locus",
    "Match",
    "Origin",
    "OriginError",
    "OriginProof",
    "Package",
    "Patient",
    "Recogniser",
    "Rules",
    "Standing",
    "Step",
    "StudyDocument",
    "Verdict",
    "anonymise",
    "asked_of",
    "class_of_source",
    "extract",
    "match",
    "measured",
    "quasi_identifiers",
    "replay",
    "rule_of",
    "shift_key",
]
