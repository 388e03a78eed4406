"""Whether a person's own records meet the criteria of a study, and why.

The evaluation reads what it is given and nothing else, sends nothing, and ends after a bounded
number of steps. Its answer is for the person's own screen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from aceso.errors import InputError

from ..deidentify import parent_code
from ._document import Bound, Criteria, Criterion
from ._fhirpath import Evaluator

__all__ = ["Finding", "Match", "match"]

MAX_RESOURCES: Final = 200_000
MAX_STEPS: Final = 5_000_000
_DAY: Final = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?(?=T|\Z)", re.ASCII)
_DATES: Final = (
    *(
        "effectiveDateTime",
        "effectiveInstant",
        "onsetDateTime",
        "recordedDate",
        "performedDateTime",
    ),
    *("occurrenceDateTime", "authoredOn", "whenHandedOver", "issued"),
)
_PERIODS: Final = ("effectivePeriod", "onsetPeriod", "performedPeriod", "period")
_CONCEPTS: Final = ("code", "medicationCodeableConcept", "vaccineCode", "type")
# What was entered by mistake, refuted or not done is no finding.
_NOT_SO: Final = frozenset({"entered-in-error", "not-done", "refuted", "cancelled"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One criterion, and whether it holds of the person."""

    criterion: Criterion
    holds: bool


@dataclass(frozen=True, slots=True)
class Match:
    """Whether a person matches: when every criterion holds."""

    findings: tuple[Finding, ...]

    @property
    def matches(self) -> bool:
        return all(one.holds for one in self.findings)


def match(criteria: Criteria, resources: Iterable[Mapping[str, Any]], *, today: date) -> Match:
    """Evaluate `criteria` over a person's resources, on the day `today`."""
    held: list[Mapping[str, Any]] = []
    for resource in resources:
        held.append(resource)
        if len(held) > MAX_RESOURCES:
            raise InputError(
                f"There are more than {MAX_RESOURCES} resources to evaluate the criteria over.",
                code="E_COHORT_RECORDS",
                details={"most": MAX_RESOURCES},
            )
    evaluator = Evaluator(MAX_STEPS)
    findings = []
    for one in criteria.criteria:
        met = _met(one, held, today, evaluator)
        findings.append(Finding(one, met != one.exclude))
    return Match(tuple(findings))


def _met(one: Criterion, held: list[Mapping[str, Any]], today: date, evaluator: Evaluator) -> bool:
    if one.expression is not None:
        return evaluator.truth(one.expression, held)
    if one.kind == "age":
        ages = [_age(text, today) for text in _of_patients(held, "birthDate")]
        return any(age is not None and _within(Decimal(age), one.low, one.high) for age in ages)
    if one.kind == "gender":
        genders = {code for _, code in one.codings}
        return any(text in genders for text in _of_patients(held, "gender"))
    kind = one.about if one.kind == "finding" else "Observation"
    return any(
        _is_so(resource, one)
        for resource in held
        if resource.get("resourceType") == kind and _in_period(resource, one)
    )


def _of_patients(held: list[Mapping[str, Any]], key: str) -> Iterator[str]:
    for one in held:
        if one.get("resourceType") == "Patient" and isinstance(one.get(key), str):
            yield one[key]


def _age(born: str, today: date) -> int | None:
    """Full years; None where the day of birth is not said to the day."""
    found = _DAY.match(born)
    if found is None or found[3] is None:
        return None
    month, day = int(found[2]), int(found[3])
    return today.year - int(found[1]) - ((today.month, today.day) < (month, day))


def _within(value: Decimal, low: Bound | None, high: Bound | None) -> bool:
    if low is not None and (value < low.value or (value == low.value and not low.closed)):
        return False
    return high is None or value < high.value or (value == high.value and high.closed)


def _is_so(resource: Mapping[str, Any], one: Criterion) -> bool:
    states = [resource.get("status"), *_codes(resource.get("verificationStatus"))]
    if any(state in _NOT_SO for state in states):
        return False
    if one.kind == "finding":
        return any(
            _is_below(coding, wanted)
            for key in _CONCEPTS
            for coding in _codings(resource.get(key))
            for wanted in one.codings
        )
    parts = [resource, *(part for part in _list(resource.get("component")))]
    return any(
        ("http://loinc.org", one.about) in _codings(part.get("code")) and _has_value(part, one)
        for part in parts
        if isinstance(part, Mapping)
    )


def _has_value(part: Mapping[str, Any], one: Criterion) -> bool:
    if one.low is None and one.high is None:
        return True
    quantity = part.get("valueQuantity")
    if not isinstance(quantity, Mapping) or "comparator" in quantity:
        return False
    if one.unit not in (quantity.get("code"), quantity.get("unit")):
        return False
    try:
        return _within(Decimal(str(quantity.get("value"))), one.low, one.high)
    except InvalidOperation:
        return False


def _list(node: Any) -> list[Any]:
    return node if isinstance(node, list) else [] if node is None else [node]


def _codings(node: Any) -> set[tuple[str, str]]:
    found = set()
    for concept in _list(node):
        for one in _list(concept.get("coding")) if isinstance(concept, Mapping) else ():
            if isinstance(one, Mapping):
                found.add((str(one.get("system")), str(one.get("code"))))
    return found


def _codes(node: Any) -> list[str]:
    return [code for _, code in _codings(node)]


def _is_below(coding: tuple[str, str], wanted: tuple[str, str]) -> bool:
    """Whether it is this code, or one whose parents lead to it."""
    system, code = coding
    if system != wanted[0]:
        return False
    above: str | None = code
    while above is not None:
        if above == wanted[1]:
            return True
        above = parent_code(system, above)
    return False


def _in_period(resource: Mapping[str, Any], one: Criterion) -> bool:
    """Whether its date lies in the criterion's period; without a date it lies in none."""
    if not one.start and not one.end:
        return True
    texts = [resource.get(key) for key in _DATES]
    for key in _PERIODS:
        period = resource.get(key)
        texts.append(period.get("start") if isinstance(period, Mapping) else None)
    days = [text[:10] for text in texts if isinstance(text, str) and len(text) >= 10]
    return any(
        (not one.start or one.start <= day) and (not one.end or day <= one.end) for day in days
    )
