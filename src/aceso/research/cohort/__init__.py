"""Criteria of a study, evaluated by the person's own client: nobody learns who did not match.

criteria = Criteria.read(data)
criteria.commitment == terms.cohort
found = match(criteria, resources, today=date.today())
found.matches, found.findings
"""

from __future__ import annotations

from ._document import Criteria, CriteriaError, Criterion
from ._fhirpath import ExpressionError
from ._match import Finding, Match, match

__all__ = [
    "Criteria",
    "CriteriaError",
    "Criterion",
    "ExpressionError",
    "Finding",
    "Match",
    "match",
]
