"""FHIR resources without the identifiers of Safe Harbor.

What is kept is listed (`_elements`), not what is dropped. Kept are codes of published systems,
values with units, interpretations, reference ranges, statuses, and dates. Dropped are names,
telecoms, addresses, identifiers, photos, contacts, free text and narrative, attachments, extensions
and every reference, so that no two resources of an extract can be joined by one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from aceso.formats.canonical import NUMBER, is_number, number, plain
from aceso.formats.clinical.fhir_elements import is_name, is_type

from ._dates import OLDEST, Calendar, year_of
from ._elements import (
    AGE,
    AGES,
    BIRTH,
    CODE,
    COMPONENT,
    DATE,
    IDENTIFYING,
    KEPT,
    OBSERVATION,
    OF_AN_AGE,
    PERIOD,
    RANGE,
    REGION,
    TEXT,
    VALUE,
    WHOLE,
    YEARS,
)
from ._hierarchies import band, parent_code, region_of
from ._rules import Rules
from ._safe_harbor import rule_of
from ._words import is_code_of, is_measure, is_plain_code, is_unit

__all__ = ["CONCEPTS", "FhirMaker", "newest_year"]

# A coding stays when its system is published: a local code may be a person's own. The systems of
# identifiers that HL7 names beside them (sid/us-ssn, NamingSystem) are none of these.
_SYSTEMS: Final = re.compile(
    r"https?://("
    r"loinc\.org|unitsofmeasure\.org|human-phenotype-ontology\.org"
    r"|snomed\.info/sct(/[0-9]{6,18}(/version/[0-9]{8})?)?"
    r"|terminology\.hl7\.org/CodeSystem/[A-Za-z0-9.-]{1,60}"
    r"|hl7\.org/fhir/(sid/(icd|cvx|mvx|ndc|icf|icpc)[a-z0-9-]{0,16}|[a-z-]{1,50})"
    r"|hl7\.org/fhir/[a-z]{2}/[a-z-]{1,20}/CodeSystem/[A-Za-z0-9-]{1,60}"
    r"|www\.nlm\.nih\.gov/research/umls/rxnorm|www\.whocc\.no/atc(ddd)?"
    r"|dicom\.nema\.org/resources/ontology/DCM|purl\.obolibrary\.org/obo/[a-z]{2,12}(\.owl)?"
    r"|www\.cms\.gov/Medicare/Coding/(ICD10|HCPCSReleaseCodeSets)"
    r"|ncicb\.nci\.nih\.gov/xml/owl/EVS/Thesaurus\.owl"
    r"|developer\.apple\.com/documentation/healthkit|developer\.withings\.com/api-reference"
    r"|developers\.google\.com/fit/datatypes|www\.openmhealth\.org/schemas/omh"
    r"|www\.hl7korea\.or\.kr/(fhir/krcore/)?CodeSystem/[A-Za-z0-9-]{1,60}"
    r")\Z"
    r"|urn:oid:2\.16\.840\.1\.113883\.6\.[0-9.]{1,30}\Z"
    r"|urn:iso:std:iso:11073:10101\Z|urn:aceso:measure\Z"
)
_SAMPLES: Final = re.compile(r"[0-9EULeE+. -]*\Z")
# No shorter text is a day or an identifier.
_SHORTEST_LONG: Final = 8
# Units of an age, with how many of each make a year.
_PER_YEAR: Final[Mapping[str, Decimal]] = {
    **dict.fromkeys(("a", "year", "years", "yr", "yrs", "y", "세"), Decimal(1)),
    **dict.fromkeys(("mo", "month", "months"), Decimal(12)),
    **dict.fromkeys(("wk", "week", "weeks"), Decimal("52.1775")),
    **dict.fromkeys(("d", "day", "days"), Decimal("365.2425")),
}
_YEARS: Final = ("a", "year", "years", "yr", "yrs", "y", "세")
# Elements whose codes say what a person has: these are made more general when they are rare.
CONCEPTS: Final = frozenset(
    {"Condition.code", "Condition.bodySite", "Procedure.code", "AllergyIntolerance.code"}
    | {"DiagnosticReport.conclusionCode", "Encounter.reasonCode", "Procedure.reasonCode"}
    | {"MedicationRequest.reasonCode", "MedicationStatement.reasonCode", "Procedure.complication"}
    | {
        f"{kind}.medicationCodeableConcept"
        for kind in ("MedicationRequest", "MedicationStatement", "MedicationAdministration")
    }
    | {"MedicationDispense.medicationCodeableConcept"}
)


def newest_year(resources: Iterable[Mapping[str, Any]]) -> int:
    """The year of the newest event, against which an age is counted."""
    years = [1900]
    for resource in resources:
        for key, value in resource.items():
            if key in ("birthDate", "meta"):
                continue
            for text in value.values() if isinstance(value, dict) else [value]:
                found = year_of(text) if isinstance(text, str) else None
                if found is not None:
                    years.append(found)
    return max(years)


class FhirMaker:
    """Makes the resources of one extract, and knows what it removed."""

    def __init__(self, rules: Rules, newest: int):
        self._rules = rules
        self._calendar = Calendar(rules.key, rules.dates, newest)
        # The removed paths, with the letter of the rule by which each went.
        self.removed: dict[str, str] = {}

    def resource(self, resource: Mapping[str, Any]) -> dict[str, Any] | None:
        """The resource as it may stay; None where nothing of it may."""
        kind = str(resource["resourceType"])
        kept = KEPT.get(kind)
        if kept is None:
            self._gone(kind if is_type(kind) else "…")
            return None
        made = self._elements(resource, kept, kind)
        if kind == "Observation" and not self._says_what(made):
            return None
        return {"resourceType": kind, **made} if made else None

    def _says_what(self, made: dict[str, Any]) -> bool:
        """Whether an observation still says what was observed, and that is no identifier: a value
        without a code is of no use, and may be a place."""
        if "code" not in made:
            self._gone("Observation.code", "R")
            return False
        named = made["code"] if isinstance(made["code"], dict) else {}
        codings = [*named.get("coding", ())]
        for part in made.get("component", ()):
            codings += part.get("code", {}).get("coding", ()) if isinstance(part, dict) else ()
        letters = [IDENTIFYING[one["code"]] for one in codings if one["code"] in IDENTIFYING]
        if letters:
            self._gone("Observation.value", letters[0])
        return not letters

    def _gone(self, path: str, letter: str = "") -> None:
        self.removed.setdefault(path, letter or rule_of(path).letter)

    def _gone_key(self, path: str, key: str) -> None:
        # A key that R4 does not have could itself be a name.
        self._gone(f"{path}.{key}" if is_name(key) else f"{path}.…")

    def _elements(
        self, node: Mapping[str, Any], kept: Mapping[str, str], path: str
    ) -> dict[str, Any]:
        if kept is OBSERVATION and _says_age(node.get("code")):
            kept = OF_AN_AGE
        made = {}
        for key, value in node.items():
            if key == "resourceType":
                continue
            how = kept.get(key)
            treated = None if how is None else self._treat(how, value, f"{path}.{key}")
            if treated is None or treated in ({}, []):
                self._gone_key(path, key)
            else:
                made[key] = treated
        return made

    def _treat(self, how: str, value: Any, path: str) -> Any:
        if how in (CODE, COMPONENT, RANGE, REGION) and isinstance(value, list):
            treated = [self._treat(how, one, path) for one in value]
            return [one for one in treated if one]
        if how == CODE:
            return self._code(value, path)
        if how in (COMPONENT, RANGE):
            return self._elements(value, OBSERVATION, path) if isinstance(value, dict) else None
        if how in (VALUE, AGE):
            return self._quantity(value, path, age=how == AGE)
        if how == YEARS:
            return self._years(value, path)
        if how == WHOLE:
            return value if is_number(value) and is_measure(plain(value)) else None
        if how == DATE:
            return self._date(value, path)
        if how == PERIOD:
            return self._period(value, path)
        if how == BIRTH:
            return self._birth(value, path)
        if how == REGION:
            return self._region(value, path)
        if how == TEXT:
            recogniser = self._rules.recogniser
            keeps = isinstance(value, str) and recogniser is not None and recogniser.keeps(value)
            return value if keeps else None
        return self._plain(value)

    def _plain(self, value: Any) -> Any:
        if isinstance(value, list):
            # FHIR has no list in a list: what is in one was not looked at.
            treated = [self._plain(one) for one in value if not isinstance(one, list)]
            return [one for one in treated if one is not None]
        if isinstance(value, bool):
            return value
        # A number has no place here, and would be anybody's.
        is_text = isinstance(value, str) and not is_number(value)
        return value if is_text and is_plain_code(value) else None

    def _code(self, value: Any, path: str) -> Any:
        """A concept with the codings of published systems; displays and texts are dropped."""
        if not isinstance(value, dict):
            return None
        if "coding" not in value:
            return self._coding(value, path, path)
        codings = value["coding"] if isinstance(value["coding"], list) else []
        kept: list[Any] = []
        for one in codings:
            made = self._coding(one, f"{path}.coding", path)
            if made and made not in kept:
                kept.append(made)
        for key in value:
            if key != "coding":
                self._gone_key(path, key)
        return {"coding": kept} if kept else None

    def _coding(self, value: Any, path: str, concept: str) -> Any:
        if not isinstance(value, dict):
            return None
        system, code = value.get("system"), value.get("code")
        for key in value:
            if key not in ("system", "code"):
                self._gone_key(path, key)
        is_kept = (
            isinstance(system, str)
            and _SYSTEMS.match(system)
            and isinstance(code, str)
            and is_code_of(system, code)
        )
        if not is_kept:
            self._gone(path)
            return None
        if self._rules.parent_codes and concept in CONCEPTS:
            code = parent_code(str(system), str(code)) or code
        return {"system": system, "code": code}

    def _quantity(self, value: Any, path: str, *, age: bool = False) -> Any:
        if not isinstance(value, dict):
            return None
        made: dict[str, Any] = {}
        for key, one in value.items():
            if key in ("value", "factor", "period", "dimensions", "lowerLimit", "upperLimit"):
                if is_number(one) and is_measure(plain(one)):
                    made[key] = one
            elif key in ("unit", "code"):
                if isinstance(one, str) and (is_unit(one) or _is_term(value, one)):
                    made[key] = one
            elif key == "comparator":
                if one in ("<", "<=", ">=", ">"):
                    made[key] = one
            elif key == "system":
                if isinstance(one, str) and _SYSTEMS.match(one):
                    made[key] = one
            elif key == "origin":
                made[key] = self._quantity(one, f"{path}.origin")
            elif key == "data" and isinstance(one, str) and _are_samples(one):
                made[key] = one
            if key not in made:
                self._gone_key(path, key)
        origin = made.get("origin")
        if isinstance(origin, dict) and "deg" in (origin.get("unit"), origin.get("code")):
            # A track, whatever it is called.
            self._gone(path, "B")
            return None
        return self._young(made, path, age=age)

    def _young(self, made: dict[str, Any], path: str, *, age: bool) -> Any:
        """An age over 89 becomes ">= 90 years"; whatever is counted in years is taken for one."""
        unit = made.get("code") or made.get("unit")
        per_year = _PER_YEAR.get(unit) if isinstance(unit, str) else None
        if age and per_year is None:
            # An age of a unit that we don't know may be any.
            return None
        if per_year is None or "value" not in made or (not age and unit not in _YEARS):
            return made
        try:
            years = Decimal(plain(made["value"])) / per_year
        except (InvalidOperation, ArithmeticError):
            return None
        if years <= OLDEST:
            return made
        self._gone(f"{path}.value", "C")
        kept = {"value": number("90"), "comparator": ">=", "unit": "a"}
        if "system" in made:
            kept |= {"system": "http://unitsofmeasure.org", "code": "a"}
        return kept

    def _years(self, value: Any, path: str) -> Any:
        """An age as a whole number, which is taken for years; none over 89."""
        if not is_number(value) or not is_measure(plain(value)):
            return None
        return value if Decimal(plain(value)) <= OLDEST else None

    def _date(self, value: Any, path: str) -> str | None:
        if not isinstance(value, str) or is_number(value):
            return None
        moved = self._calendar.date(value)
        if moved is not None:
            # The day as it was went, by rule C, whatever stands in its place.
            self._gone(path, "C")
        return moved

    def _period(self, value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            return None
        moved = {key: self._date(value.get(key), path) for key in ("start", "end")}
        for key in value:
            if key not in moved:
                self._gone_key(path, key)
        return {key: one for key, one in moved.items() if one}

    def _birth(self, value: Any, path: str) -> str | None:
        year = self._calendar.birth_year(str(plain(value)))
        self._gone(path, "C")
        first = None if year is None else band(year, self._rules.birth_band)
        return None if first is None else f"{first:04d}"

    def _region(self, value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            return None
        self._gone(path, "B")
        return region_of(value, self._rules.region)


def _says_age(concept: Any) -> bool:
    codings = concept.get("coding") if isinstance(concept, dict) else None
    listed = codings if isinstance(codings, list) else []
    return any(isinstance(one, dict) and one.get("code") in AGES for one in listed)


def _are_samples(data: str) -> bool:
    """Whether all of it are measurements, and none an instant or an identifier."""
    if not _SAMPLES.match(data):
        return False
    return all(one in ("E", "L", "U") or _is_sample(one) for one in data.split())


def _is_sample(text: str) -> bool:
    # Most are short, and there are millions of them.
    if len(text) < _SHORTEST_LONG:
        return True
    return NUMBER.match(text) is not None and is_measure(text)


def _is_term(quantity: Mapping[str, Any], code: str) -> bool:
    """Whether the unit is a code of a published system other than UCUM, and not only a number."""
    system = quantity.get("system")
    named = isinstance(system, str) and _SYSTEMS.match(system) and "unitsofmeasure" not in system
    return bool(named) and code == quantity.get("code") and is_code_of(str(system), code)
