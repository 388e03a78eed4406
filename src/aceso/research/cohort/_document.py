"""The criteria of a study: a FHIR R4 Group that describes and does not list its members.

    criteria = Criteria.read(data)
    criteria.commitment                   # keccak-256 of its RFC 8785 bytes: what a study names

A characteristic is one of

    age         code LOINC 30525-0, with a Quantity or a Range in years (`a`)
    gender      code LOINC 76689-9, with a concept of FHIR's administrative genders
    a finding   code of the system http://hl7.org/fhir/resource-types (`Condition`, `Procedure`,
                `MedicationRequest`, …), with a concept: a resource of that type has that code, or
                for ICD-10 and ATC one below it
    a value     any other LOINC code, with a Quantity (and a comparator), a Range, or true: an
                Observation of that code has such a value, in that unit
    expression  an extension http://hl7.org/fhir/StructureDefinition/cqf-expression with an
                Expression of the language text/fhirpath, beside valueBoolean true (`_fhirpath`
                states the subset)

`exclude` turns one around, and `period` bounds a finding or a value by its date. A subject matches
when every characteristic holds. Anything else in the document is refused in a sentence, never
passed over: a criterion that is not understood would let in whom it should not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import rfc8785

from aceso.errors import InputError
from aceso.ethereum import keccak
from aceso.formats.canonical import JsonError, parse

from ._fhirpath import ExpressionError, Node
from ._fhirpath import parse as parse_expression

__all__ = ["AGE", "GENDER", "RESOURCE_TYPES", "Criteria", "CriteriaError", "Criterion"]

MAX_BYTES: Final = 64 << 10
MAX_CRITERIA: Final = 40

AGE: Final = "30525-0"
GENDER: Final = "76689-9"
RESOURCE_TYPES: Final = "http://hl7.org/fhir/resource-types"
_LOINC: Final = "http://loinc.org"
_GENDERS: Final = "http://hl7.org/fhir/administrative-gender"
_EXPRESSION: Final = "http://hl7.org/fhir/StructureDefinition/cqf-expression"
_FINDINGS: Final = frozenset(
    {"Condition", "Procedure", "MedicationRequest", "MedicationStatement", "AllergyIntolerance"}
    | {"MedicationAdministration", "MedicationDispense", "Immunization", "Encounter"}
    | {"DiagnosticReport"}
)
_KNOWN: Final = frozenset(
    {"resourceType", "id", "meta", "text", "language", "identifier", "active", "type", "actual"}
    | {"code", "name", "characteristic"}
)
_KNOWN_PARTS: Final = frozenset({"extension", "id", "code", "exclude", "period"})
_VALUES: Final = ("valueCodeableConcept", "valueBoolean", "valueQuantity", "valueRange")
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", re.ASCII)


class CriteriaError(InputError):
    """The document is not one that a client here can evaluate."""

    def __init__(self, why: str):
        super().__init__(
            f"These criteria can't be used: {why}. Ask the study for a document of the form in "
            "docs/research.md.",
            code="E_COHORT_DOCUMENT",
            details={"why": why},
        )


@dataclass(frozen=True, slots=True)
class Bound:
    """An end of a range: the value, and whether it belongs to the range."""

    value: Decimal
    closed: bool


@dataclass(frozen=True, slots=True)
class Criterion:
    """One characteristic. `kind` is age, gender, finding, value or expression."""

    kind: str
    exclude: bool
    # The resource type of a finding; the LOINC code of a value.
    about: str = ""
    # Concepts of which one has to be met: system and code.
    codings: tuple[tuple[str, str], ...] = ()
    low: Bound | None = None
    high: Bound | None = None
    unit: str = ""
    start: str = ""
    end: str = ""
    expression: Node | None = None
    # The expression as it stands in the document.
    text: str = ""


@dataclass(frozen=True, slots=True)
class Criteria:
    """The criteria of a study, and what it is bound to by."""

    name: str
    criteria: tuple[Criterion, ...]
    commitment: bytes

    @classmethod
    def read(cls, data: bytes) -> Criteria:
        """Read a document, or raise `CriteriaError` or `ExpressionError`."""
        if len(data) > MAX_BYTES:
            raise CriteriaError(f"the document is larger than {MAX_BYTES >> 10} KiB")
        try:
            # Refuses what two readers could read differently, such as a key that appears twice.
            parse(data)
            document = json.loads(data)
            commitment = keccak(rfc8785.dumps(document))
        except JsonError as exc:
            raise CriteriaError(exc.reason) from exc
        except (ValueError, RecursionError) as exc:
            raise CriteriaError("it has no canonical form (RFC 8785)") from exc
        if not isinstance(document, dict) or document.get("resourceType") != "Group":
            raise CriteriaError("it is not a FHIR Group")
        if document.get("actual") is not False or document.get("type") != "person":
            raise CriteriaError("it is not a Group of persons that describes them (actual: false)")
        _only(document, _KNOWN, "the Group")
        given = document.get("characteristic")
        if not isinstance(given, list) or not 0 < len(given) <= MAX_CRITERIA:
            raise CriteriaError(f"it has no characteristics, or more than {MAX_CRITERIA}")
        criteria = tuple(_criterion(one, index) for index, one in enumerate(given, 1))
        return cls(_shown(document.get("name")), criteria, commitment)


def _only(node: Mapping[str, Any], known: frozenset[str], what: str) -> None:
    strange = sorted(key for key in node if key not in known)
    if strange:
        raise CriteriaError(f"{what} has an element {_shown(strange[0])!r} that is not known here")


def _shown(text: object) -> str:
    """A text of the document as it may be shown: short, and of letters that are seen."""
    found = text if isinstance(text, str) else ""
    return "".join(one for one in found if one.isprintable())[:80]


def _criterion(node: Any, index: int) -> Criterion:
    what = f"characteristic {index}"
    if not isinstance(node, dict):
        raise CriteriaError(f"{what} is no object")
    _only(node, _KNOWN_PARTS | frozenset(_VALUES), what)
    exclude = node.get("exclude")
    if not isinstance(exclude, bool):
        raise CriteriaError(f"{what} does not say whether it excludes")
    values = [key for key in _VALUES if key in node]
    if len(values) != 1:
        raise CriteriaError(f"{what} has no value, or several")
    if "extension" in node:
        return _expression(node, exclude, what)
    start, end = _period(node.get("period"), what)
    (system, code), *more = _codings(node.get("code"), f"the code of {what}")
    if more:
        raise CriteriaError(f"{what} has several codes")
    value = node[values[0]]
    if system == RESOURCE_TYPES and code in _FINDINGS and values[0] == "valueCodeableConcept":
        codings = _codings(value, f"the value of {what}")
        return Criterion("finding", exclude, code, codings, start=start, end=end)
    if system == _LOINC and code == GENDER and values[0] == "valueCodeableConcept":
        codings = _codings(value, f"the value of {what}")
        if any(one[0] != _GENDERS for one in codings):
            raise CriteriaError(f"{what} names a gender that is none of FHIR's")
        return Criterion("gender", exclude, codings=codings)
    if system == _LOINC and code != GENDER and values[0] != "valueCodeableConcept":
        return _measured(code, values[0], value, exclude, (start, end), what)
    raise CriteriaError(f"{what} has a code and a value that are not understood together")


def _measured(
    code: str, kind: str, value: Any, exclude: bool, period: tuple[str, str], what: str
) -> Criterion:
    start, end = period
    if kind == "valueBoolean":
        if value is not True or code == AGE:
            raise CriteriaError(f"{what} has a value that says nothing; use true and exclude")
        return Criterion("value", exclude, code, start=start, end=end)
    low, high, unit = _bounds(kind, value, what)
    if code == AGE:
        if unit != "a":
            raise CriteriaError(f"{what} has an age that is not in years (a)")
        return Criterion("age", exclude, low=low, high=high, unit=unit)
    return Criterion("value", exclude, code, low=low, high=high, unit=unit, start=start, end=end)


def _bounds(kind: str, value: Any, what: str) -> tuple[Bound | None, Bound | None, str]:
    if not isinstance(value, dict):
        raise CriteriaError(f"{what} has a value that is no object")
    if kind == "valueRange":
        _only(value, frozenset({"low", "high"}), what)
        ends = [_number(value.get(key), what) for key in ("low", "high")]
        units = {unit for found in ends if found is not None for unit in found[1:]}
        if len(units) != 1:
            raise CriteriaError(f"{what} has a range without an end, or with two units")
        low, high = (Bound(found[0], True) if found else None for found in ends)
        return low, high, units.pop()
    found = _number(value, what)
    if found is None:
        raise CriteriaError(f"{what} has no number")
    comparator = value.get("comparator", "=")
    if comparator not in ("<", "<=", ">=", ">", "="):
        raise CriteriaError(f"{what} has a comparator that is not known here")
    bound = Bound(found[0], comparator in ("<=", ">=", "="))
    is_low, is_high = comparator in (">", ">=", "="), comparator in ("<", "<=", "=")
    return bound if is_low else None, bound if is_high else None, found[1]


def _number(node: Any, what: str) -> tuple[Decimal, str] | None:
    if node is None:
        return None
    if not isinstance(node, dict):
        raise CriteriaError(f"{what} has a value that is no object")
    _only(node, frozenset({"value", "comparator", "unit", "system", "code"}), what)
    number, unit = node.get("value"), node.get("code")
    if isinstance(number, bool) or not isinstance(number, int | float) or not isinstance(unit, str):
        raise CriteriaError(f"{what} has a quantity without a number and a UCUM code")
    return Decimal(str(number)), unit


def _codings(node: Any, what: str) -> tuple[tuple[str, str], ...]:
    codings = node.get("coding") if isinstance(node, dict) else None
    made: list[tuple[str, str]] = []
    for one in codings if isinstance(codings, list) else ():
        system, code = (one.get("system"), one.get("code")) if isinstance(one, dict) else ("", "")
        if not isinstance(system, str) or not isinstance(code, str) or not system or not code:
            raise CriteriaError(f"{what} has a coding without system and code")
        made.append((system, code))
    if not made:
        raise CriteriaError(f"{what} has no coding")
    return tuple(made)


def _period(node: Any, what: str) -> tuple[str, str]:
    if node is None:
        return "", ""
    if not isinstance(node, dict):
        raise CriteriaError(f"the period of {what} is no object")
    _only(node, frozenset({"start", "end"}), f"the period of {what}")
    ends = [node.get(key, "") for key in ("start", "end")]
    if not all(isinstance(one, str) and (not one or _DAY.match(one)) for one in ends):
        raise CriteriaError(f"the period of {what} has an end that is no day")
    return ends[0], ends[1]


def _expression(node: Mapping[str, Any], exclude: bool, what: str) -> Criterion:
    extensions = node["extension"]
    if node.get("valueBoolean") is not True or "period" in node:
        raise CriteriaError(f"{what} has an expression beside another value than true")
    if not isinstance(extensions, list) or len(extensions) != 1:
        raise CriteriaError(f"{what} has extensions that are not known here")
    one = extensions[0]
    said = one.get("valueExpression") if isinstance(one, dict) else None
    if not isinstance(said, dict) or one.get("url") != _EXPRESSION:
        raise CriteriaError(f"{what} has an extension that is not known here")
    text = said.get("expression")
    if said.get("language") != "text/fhirpath" or not isinstance(text, str):
        raise CriteriaError(f"{what} has an expression that is not text/fhirpath")
    try:
        parsed = parse_expression(text)
    except RecursionError as exc:
        raise ExpressionError("it is nested too deep") from exc
    return Criterion("expression", exclude, expression=parsed, text=_shown(text))
