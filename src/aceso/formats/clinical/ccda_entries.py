"""Entries of C-CDA sections as FHIR R4 resources.

Source: HL7 C-CDA R2.1, and the mapping of C-CDA on FHIR (https://github.com/HL7/ccda-on-fhir). What
an entry holds beside that is named by its path as kept, never dropped in silence. A statement that
something was *not* so (negationInd) is written only where FHIR has a way to say it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ._resource import clean, digest_id, quantity
from .ccda_left import safe_name, unread
from .ccda_node import Node, Section
from .ccda_types import (
    concept,
    identifiers,
    name_of,
    period,
    physical,
    tables,
    time_of,
    value,
)

__all__ = ["Entries", "Made"]

_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_PLANNED = ("RQO", "INT", "PRMS", "PRP", "ARQ", "APT", "GOL")
# SNOMED CT codes of the Problem Status and Severity value sets of C-CDA R2.1.
_STATUS = {"55561003": "active", "73425007": "inactive", "413322009": "resolved"}
_SEVERITY = {"255604002": "mild", "6736007": "moderate", "24484000": "severe"}
_SEVERITY |= {"371923003": "mild", "371924009": "moderate", "399166001": "severe"}
_CRITICALITY = {"CRITL": "low", "CRITH": "high", "CRITU": "unable-to-assess"}
# Allergy and Intolerance Type (2.16.840.1.113883.3.88.12.3221.6.2).
_ALLERGY_CATEGORY = {
    "416098002": "medication",
    "59037007": "medication",
    "419511003": "medication",
    "414285001": "food",
    "235719002": "food",
    "418471000": "food",
    "426232007": "environment",
}
_INTOLERANCE = frozenset({"59037007", "235719002"})
_REPORT = {"completed": "final", "active": "preliminary", "aborted": "cancelled"}
_REPORT["nullified"] = "entered-in-error"
_EVENT = {
    "nullified": "entered-in-error",
    "completed": "completed",
    "active": "in-progress",
    "aborted": "stopped",
    "cancelled": "not-done",
}
_TAKING = {
    "nullified": "entered-in-error",
    "completed": "completed",
    "active": "active",
    "aborted": "stopped",
    "suspended": "on-hold",
}
_ASKED = {
    "nullified": "entered-in-error",
    "active": "active",
    "completed": "completed",
    "aborted": "revoked",
    "cancelled": "revoked",
    "suspended": "on-hold",
    "new": "active",
}
# Statements within a statement: each has a kind of its own.
_MAX_PATH = 8
_MAX_NAMES = 30
_RELATIONS = frozenset({"entryRelationship", "component", "participant", "precondition"})
# HL7 v3 ActEncounterCode.
_CLASSES = frozenset({"AMB", "EMER", "FLD", "HH", "IMP", "ACUTE", "NONAC", "OBSENC", "SS", "VR"})


@dataclass(frozen=True, slots=True)
class Made:
    """A resource with its place, or why there is none."""

    place: str
    resource: dict[str, Any] | None = field(repr=False)
    reason: str = ""
    code: str = "not_understood"
    refused: bool = False


class Entries:
    """Turns entries to resources about one person, as one custodian wrote them."""

    def __init__(self, subject: str, source: str):
        self._subject = subject
        self._source = source
        self._section = Section(0, 0)
        self._by_template = {oid: name for name, oid in tables()["templates"].items()}
        self._sections = tables()["sections"]

    def read(self, section: Section, entry: Node, place: str) -> Iterator[Made]:
        """The resources of one entry, and what of it is in none."""
        self._section = section
        statements = [one for one in entry.children if one.name not in ("templateId", "text")]
        if not statements:
            yield Made(place, None, "the entry is empty", "empty_segment")
        for node in statements:
            try:
                yield from self._statement(node, place)
            except ValueError:
                reason = "a number or a time in it is none"
                yield Made(place, None, reason, "bad_value", refused=True)
                continue
            left = list(dict.fromkeys(_left(node)))
            if left:
                names = ", ".join(left[:_MAX_NAMES])
                names += f" and {more} more" if (more := len(left) - _MAX_NAMES) > 0 else ""
                yield Made(place, None, f"what it says beside that is not understood yet: {names}")

    def _statement(self, node: Node, place: str) -> Iterator[Made]:
        node.used = True
        if node.null and not node.first("value") and not node.first("code").get("code"):
            yield Made(
                place, None, "the source says that it has no such information", "null_flavor"
            )
            return
        names = self._templates(node)
        kind = node.name
        if kind == "organizer":
            yield from self._organizer(node, place, names)
        elif kind == "act" and _concern(names, node):
            yield from self._concern(node, place)
        elif kind in ("procedure", "observation", "act", "encounter") and _planned(node):
            yield self._made(place, self._request(node))
        elif kind == "observation":
            yield self._observed(node, place, names)
        elif kind == "substanceAdministration":
            yield self._made(place, self._substance(node, names))
        elif kind == "procedure" or (kind == "act" and "procedure_act" in names):
            yield self._made(place, self._procedure(node))
        elif kind == "encounter":
            yield self._made(place, self._encounter(node))
            yield from self._diagnoses(node, place)
        else:
            yield Made(place, None, f"an entry of the kind {_shown(node)} is not understood yet")
            _use(node)

    def _observed(self, node: Node, place: str, names: set[str]) -> Made:
        if "allergy" in names or (self._is("allergies") and node.first("participant")):
            return self._made(place, self._allergy(node, None))
        if "problem" in names:
            return self._made(place, self._condition(node, None))
        if "procedure_observation" in names:
            return self._made(place, self._procedure(node))
        if _negated(node):
            reason = "it says that something was not observed, which an Observation can't say"
            _use(node)
            return Made(place, None, reason, "negated")
        return self._made(place, self._observation(node))

    def _organizer(self, node: Node, place: str, names: set[str]) -> Iterator[Made]:
        if "family_organizer" in names or self._is("family"):
            yield self._made(place, self._family(node))
            return
        results = []
        for number, component in enumerate(node.all("component"), 1):
            component.used = True
            below = f"{place}, component {number}"
            for inner in component.children:
                inner_names = self._templates(inner)
                if inner.name == "observation" and not _planned(inner) and not _negated(inner):
                    inner.used = True
                    if "problem" in inner_names or "allergy" in inner_names:
                        yield self._observed(inner, below, inner_names)
                        continue
                    try:
                        observation = self._observation(inner)
                    except ValueError:
                        reason = "a number or a time in it is none"
                        yield Made(below, None, reason, "bad_value", refused=True)
                        continue
                    results.append({"reference": f"Observation/{observation['id']}"})
                    yield self._made(below, observation)
                else:
                    yield from self._statement(inner, below)
        if node.get("classCode") == "BATTERY" and node.first("code"):
            yield self._made(place, self._report(node, results))

    def _concern(self, act: Node, place: str) -> Iterator[Made]:
        found = 0
        for relation in act.all("entryRelationship"):
            inner = relation.first("observation")
            names = self._templates(inner)
            if not inner or relation.used:
                continue
            relation.used = inner.used = True
            found += 1
            where = place if found == 1 else f"{place}, observation {found}"
            if inner.null and not inner.first("value").get("code"):
                reason = "the source says that it has no such information"
                yield Made(where, None, reason, "null_flavor")
            elif "allergy" in names or self._is("allergies"):
                yield self._made(where, self._allergy(inner, act))
            else:
                yield self._made(where, self._condition(inner, act))
        if not found:
            yield Made(place, None, "a concern without an observation", "empty_segment")

    # Resources

    def _condition(self, node: Node, concern: Node | None) -> dict[str, Any]:
        words = self._section.by_id
        made = self._base("Condition", node)
        coded = node.first("value")
        made["code"] = concept(coded, words)
        if coded.null and not made["code"]["text"]:
            made["code"]["text"] = clean(words.get(_pointer(node), "")) or "not stated"
        made |= self._span(node, "onsetDateTime", "abatementDateTime")
        made |= self._authored(node, concern, "recordedDate", "recorder")
        system = "http://terminology.hl7.org/CodeSystem/condition-"
        if _is_void(node) or (concern is not None and _is_void(concern)):
            made["verificationStatus"] = _one(f"{system}ver-status", "entered-in-error")
        elif _negated(node):
            made["verificationStatus"] = _one(f"{system}ver-status", "refuted")
        else:
            status = self._related(node, "problem_status").first("value").get("code")
            resolved = bool(node.first("effectiveTime", "high").get("value"))
            said = _STATUS.get(status) or ("resolved" if resolved else "")
            if not said and concern is not None:
                done = concern.first("statusCode").get("code") == "completed"
                said = "resolved" if done else "active"
            made["clinicalStatus"] = _one(f"{system}clinical", said or "active")
        is_list = self._is("problems") or concern is not None
        category = "problem-list-item" if is_list else "encounter-diagnosis"
        made["category"] = [_one(f"{system}category", category)]
        made["note"] = self._comments(node)
        severity = self._related(node, "severity").first("value")
        made["severity"] = concept(severity, words) if severity else {}
        return made

    def _allergy(self, node: Node, concern: Node | None) -> dict[str, Any]:
        words = self._section.by_id
        made = self._base("AllergyIntolerance", node, "patient")
        kind = node.first("value").get("code")
        category = _ALLERGY_CATEGORY.get(kind, "")
        made["category"] = [category] if category else []
        made["type"] = "intolerance" if kind in _INTOLERANCE else "allergy" if kind else ""
        of: dict[str, Any] = {}
        for participant in node.all("participant"):
            substance = participant.first("participantRole", "playingEntity")
            if substance:
                _use(participant)
                of = concept(substance.first("code"), words)
                of["text"] = of["text"] or clean(substance.first("name").text)
                break
        if not of.get("coding") and not of.get("text"):
            of = concept(node.first("value"), words)
        made["code"] = of
        system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-"
        if _is_void(node) or (concern is not None and _is_void(concern)):
            made["verificationStatus"] = _one(f"{system}verification", "entered-in-error")
        elif _negated(node):
            made["verificationStatus"] = _one(f"{system}verification", "refuted")
        else:
            status = self._related(node, "allergy_status").first("value").get("code")
            done = concern is not None and concern.first("statusCode").get("code") == "completed"
            resolved = bool(node.first("effectiveTime", "high").get("value")) or done
            said = _STATUS.get(status) or ("resolved" if resolved else "active")
            made["clinicalStatus"] = _one(f"{system}clinical", said)
        made |= self._span(node, "onsetDateTime", "")
        made |= self._authored(node, concern, "recordedDate", "recorder")
        made["reaction"] = [self._reaction(one) for one in self._all_related(node, "reaction")]
        criticality = self._related(node, "criticality").first("value").get("code")
        made["criticality"] = _CRITICALITY.get(criticality, "")
        severity = self._related(node, "severity").first("value")
        if severity:
            # FHIR has a severity for each reaction only; that of the allergy stands in words.
            told = concept(severity, words)
            made["note"] = [{"text": f"severity: {told['text'] or told['coding'][0]['code']}"}]
        made["note"] = [*made.get("note", []), *self._comments(node)]
        return made

    def _reaction(self, node: Node) -> dict[str, Any]:
        severity = self._related(node, "severity").first("value").get("code")
        return {
            "manifestation": [concept(node.first("value"), self._section.by_id)],
            "severity": _SEVERITY.get(severity, ""),
            **self._span(node, "onset", ""),
        }

    def _observation(self, node: Node) -> dict[str, Any]:
        words = self._section.by_id
        made = self._base("Observation", node)
        status = node.first("statusCode").get("code")
        made["status"] = _REPORT.get(status, "unknown" if status else "final")
        made["code"] = self._code(node)
        made["category"] = self._category()
        values = list(node.all("value"))
        if values:
            made |= value(values[0], words)
        if len(values) > 1:
            made["component"] = [{"code": made["code"], **value(one, words)} for one in values[1:]]
        if not values and node.first("code").null:
            made["dataAbsentReason"] = {"text": "not stated"}
        made |= self._when(node, "effectiveDateTime", "effectivePeriod")
        made["interpretation"] = [
            concept(one, words) for one in node.all("interpretationCode") if not one.null
        ]
        made["method"] = _maybe(node.first("methodCode"), words)
        made["bodySite"] = _maybe(node.first("targetSiteCode"), words)
        made["performer"] = self._people(node, "performer") or self._people(node, "author")
        made["referenceRange"] = [self._reference(one) for one in node.all("referenceRange")]
        made["note"] = self._comments(node)
        key = f"{made['code']}{made.get('effectiveDateTime')}{made.get('effectivePeriod')}"
        said = "".join(f"{one.attributes}{one.text}" for one in values)
        ids = "".join(f"{one['system']}|{one['value']}" for one in made["identifier"])
        made["id"] = digest_id("Observation", self._subject, ids, key, said)
        return made

    def _reference(self, node: Node) -> dict[str, Any]:
        inner = node.first("observationRange")
        made: dict[str, Any] = {"text": clean(inner.first("text").text)}
        said = inner.first("value")
        if said.type in ("IVL_PQ", "IVL_REAL", "IVL_INT"):
            made["low"] = physical(said.first("low"))
            made["high"] = physical(said.first("high"))
        elif said:
            made["text"] = made["text"] or clean(said.text) or clean(said.get("displayName"))
        return made

    def _report(self, node: Node, results: list[dict[str, Any]]) -> dict[str, Any]:
        made = self._base("DiagnosticReport", node)
        status = node.first("statusCode").get("code")
        made |= {
            "status": _REPORT.get(status, "unknown"),
            "code": self._code(node),
            "category": [_one("http://terminology.hl7.org/CodeSystem/v2-0074", "LAB")],
            "result": results,
            "performer": self._people(node, "performer") or self._people(node, "author"),
        }
        made |= self._when(node, "effectiveDateTime", "effectivePeriod")
        return made

    def _substance(self, node: Node, names: set[str]) -> dict[str, Any]:
        if "immunization" in names or self._is("immunizations"):
            return self._immunization(node)
        words = self._section.by_id
        asked = node.get("moodCode") in _PLANNED
        made = self._base("MedicationRequest" if asked else "MedicationStatement", node)
        status = node.first("statusCode").get("code")
        made["status"] = _TAKING.get(status, "unknown")
        if _negated(node):
            made["status"] = "cancelled" if asked else "not-taken"
        made["medicationCodeableConcept"] = self._material(node)
        when, timing = self._dosing(node)
        dosage: dict[str, Any] = {
            "text": clean(words.get(_pointer(node), "")) or clean(node.first("text").text),
            "timing": timing,
            "route": _maybe(node.first("routeCode"), words),
            "site": _maybe(node.first("approachSiteCode"), words),
        }
        dose, rate = node.first("doseQuantity"), node.first("rateQuantity")
        given: dict[str, Any] = {}
        amount = physical(dose) if dose else None
        if amount:
            given["doseQuantity"] = amount
        elif dose.first("low"):
            given["doseRange"] = {
                "low": physical(dose.first("low")),
                "high": physical(dose.first("high")),
            }
        if rate and physical(rate):
            given["rateQuantity"] = physical(rate)
        dosage["doseAndRate"] = [given] if given else []
        if asked:
            made["intent"] = "order" if node.get("moodCode") == "RQO" else "plan"
            bounds = when.get("effectivePeriod")
            if bounds:
                dosage["timing"] = timing | {
                    "repeat": {**timing.get("repeat", {}), "boundsPeriod": bounds}
                }
            elif when:
                dosage["timing"] = timing | _event_of(when)
            made["dosageInstruction"] = [dosage]
            made |= self._authored(node, None, "authoredOn", "requester")
        else:
            made["dosage"] = [dosage]
            made |= when
            made |= self._authored(node, None, "dateAsserted", "")
        made["reasonCode"] = [
            concept(one.first("value"), words) for one in self._all_related(node, "indication")
        ]
        made["note"] = self._comments(node)
        return made

    def _immunization(self, node: Node) -> dict[str, Any]:
        words = self._section.by_id
        made = self._base("Immunization", node, "patient")
        void = "entered-in-error" if _is_void(node) else ""
        made["status"] = void or ("not-done" if _negated(node) else "completed")
        made["vaccineCode"] = self._material(node)
        when = time_of("occurrenceDateTime", node.first("effectiveTime"))
        made |= when or {"occurrenceString": "not stated"}
        product = node.first("consumable", "manufacturedProduct")
        made["lotNumber"] = clean(product.first("manufacturedMaterial", "lotNumberText").text)
        made["manufacturer"] = {
            "display": clean(product.first("manufacturerOrganization", "name").text)
        }
        made["route"] = _maybe(node.first("routeCode"), words)
        made["site"] = _maybe(node.first("approachSiteCode"), words)
        made["doseQuantity"] = physical(node.first("doseQuantity"))
        made["performer"] = [{"actor": one} for one in self._people(node, "performer")]
        refusal = self._related(node, "refusal")
        made["statusReason"] = _maybe(refusal.first("code"), words)
        made["note"] = self._comments(node)
        return made

    def _procedure(self, node: Node) -> dict[str, Any]:
        words = self._section.by_id
        made = self._base("Procedure", node)
        status = _EVENT.get(node.first("statusCode").get("code"), "unknown")
        made["status"] = "not-done" if _negated(node) else status
        made["code"] = self._code(node)
        made |= self._when(node, "performedDateTime", "performedPeriod")
        made["bodySite"] = [concept(one, words) for one in node.all("targetSiteCode")]
        made["performer"] = [{"actor": one} for one in self._people(node, "performer")]
        made["reasonCode"] = [
            concept(one.first("value"), words) for one in self._all_related(node, "indication")
        ]
        made["note"] = self._comments(node)
        found = node.first("value")
        if found and (found.text or found.get("code") or found.get("value")):
            made["outcome"] = concept(found, words) if found.get("code") else {"text": found.text}
        return made

    def _request(self, node: Node) -> dict[str, Any]:
        made = self._base("ServiceRequest", node)
        made["status"] = _ASKED.get(node.first("statusCode").get("code"), "unknown")
        made["intent"] = "order" if node.get("moodCode") == "RQO" else "plan"
        made["doNotPerform"] = True if _negated(node) else None
        made["code"] = self._code(node)
        made |= self._when(node, "occurrenceDateTime", "occurrencePeriod")
        made |= self._authored(node, None, "authoredOn", "requester")
        made["note"] = self._comments(node)
        return made

    def _encounter(self, node: Node) -> dict[str, Any]:
        made = self._base("Encounter", node)
        ended = node.first("effectiveTime", "high").get("value")
        completed = node.first("statusCode").get("code") == "completed" or ended
        void = "entered-in-error" if _is_void(node) else ""
        made["status"] = void or ("finished" if completed else "unknown")
        code = node.first("code")
        coding = next(
            (one for one in (code, *code.all("translation")) if one.get("code") in _CLASSES), None
        )
        act = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
        null = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"
        made["class"] = (
            {"system": act, "code": coding.get("code")}
            if coding
            else {"system": null, "code": "UNK"}
        )
        made["type"] = [self._code(node)]
        when = node.first("effectiveTime")
        made["period"] = period(when) or time_of("start", when)
        made["participant"] = [{"individual": one} for one in self._people(node, "performer")]
        for participant in node.all("participant"):
            if participant.get("typeCode") == "LOC":
                _use(participant)
                role = participant.first("participantRole")
                shown = clean(role.first("playingEntity", "name").text) or clean(
                    role.first("code").get("displayName")
                )
                made["location"] = [{"location": {"display": shown}}] if shown else []
        made["reasonCode"] = [
            concept(one.first("value"), self._section.by_id)
            for one in self._all_related(node, "indication")
        ]
        return made

    def _diagnoses(self, node: Node, place: str) -> Iterator[Made]:
        for relation in node.all("entryRelationship"):
            for inner in relation.all("act", "entryRelationship", "observation"):
                if "problem" in self._templates(inner) and not inner.used:
                    _use(relation)
                    yield self._made(f"{place}, diagnosis", self._condition(inner, None))

    def _family(self, node: Node) -> dict[str, Any]:
        words = self._section.by_id
        made = self._base("FamilyMemberHistory", node, "patient")
        made["status"] = "completed"
        relative = node.first("subject", "relatedSubject")
        made["relationship"] = concept(relative.first("code"), words)
        gender = relative.first("subject", "administrativeGenderCode").get("code")
        known = {"M": "male", "F": "female"}.get(gender, "")
        uri = "http://hl7.org/fhir/administrative-gender"
        made["sex"] = _one(uri, known) if known else {}
        born = relative.first("subject", "birthTime").get("value")
        if born:
            made["bornDate"] = time_of("bornDate", relative.first("subject", "birthTime"))[
                "bornDate"
            ]
        conditions = []
        for component in node.all("component"):
            inner = component.first("observation")
            if inner and not _negated(inner):
                component.used = inner.used = True
                condition: dict[str, Any] = {"code": concept(inner.first("value"), words)}
                for relation in inner.all("entryRelationship"):
                    age = relation.first("observation").first("value")
                    if age.type == "PQ" and age.get("unit") in ("a", "mo", "wk", "d"):
                        _use(relation)
                        condition["onsetAge"] = physical(age)
                conditions.append(condition)
        made["condition"] = conditions
        return made

    # Parts of resources

    def _base(self, kind: str, node: Node, subject: str = "subject") -> dict[str, Any]:
        made: dict[str, Any] = {"resourceType": kind, "identifier": identifiers(node)}
        if self._source:
            made["meta"] = {"source": self._source}
        made[subject] = {"reference": f"Patient/{self._subject}"}
        return made

    def _made(self, place: str, resource: dict[str, Any]) -> Made:
        return Made(place, resource)

    def _code(self, node: Node) -> dict[str, Any]:
        words = self._section.by_id
        made = concept(node.first("code"), words)
        if not made["coding"] and not made["text"]:
            told = clean(words.get(_pointer(node), "")) or clean(node.first("text").text)
            made["text"] = told or clean(self._section.title) or "not stated"
        return made

    def _category(self) -> list[dict[str, Any]]:
        for name, code in (
            ("results", "laboratory"),
            ("vitals", "vital-signs"),
            ("social", "social-history"),
            ("procedures", "procedure"),
        ):
            if self._is(name):
                return [_one(_CATEGORY, code)]
        return []

    def _material(self, node: Node) -> dict[str, Any]:
        material = node.first("consumable", "manufacturedProduct", "manufacturedMaterial")
        words = self._section.by_id
        made = concept(material.first("code"), words)
        if not made["coding"] and not made["text"]:
            told = clean(material.first("name").text) or clean(words.get(_pointer(node), ""))
            made["text"] = told or "not stated"
        return made

    def _dosing(self, node: Node) -> tuple[dict[str, Any], dict[str, Any]]:
        when: dict[str, Any] = {}
        timing: dict[str, Any] = {}
        for one in node.all("effectiveTime"):
            if one.type == "PIVL_TS" and one.first("period").get("value"):
                amount = quantity(one.first("period").get("value"))
                unit = one.first("period").get("unit")
                if amount and unit in ("s", "min", "h", "d", "wk", "mo", "a"):
                    timing = {"repeat": {"period": amount["value"], "periodUnit": unit}}
            elif one.type == "EIVL_TS":
                event = one.first("event").get("code")
                timing = {"code": {"text": clean(event)}}
            elif one.get("value"):
                when = time_of("effectiveDateTime", one)
            elif found := period(one):
                when = {"effectivePeriod": found}
        return when, timing

    def _when(self, node: Node, single: str, span: str) -> dict[str, Any]:
        found = node.first("effectiveTime")
        if found.get("value"):
            return time_of(single, found)
        made = period(found)
        return {span: made} if made else {}

    def _span(self, node: Node, start: str, end: str) -> dict[str, Any]:
        found = node.first("effectiveTime")
        made = time_of(start, found)
        high = found.first("high")
        if end and high.get("value"):
            made |= time_of(end, high)
        return made

    def _authored(self, node: Node, concern: Node | None, when: str, who: str) -> dict[str, Any]:
        for one in (node, concern):
            author = one.first("author") if one is not None else None
            if author:
                made = time_of(when, author.first("time"))
                shown = name_of(author.first("assignedAuthor"))
                if who and shown:
                    made[who] = {"display": shown}
                return made
        return {}

    def _people(self, node: Node, role: str) -> list[dict[str, Any]]:
        name = "assignedAuthor" if role == "author" else "assignedEntity"
        shown = [name_of(one.first(name)) for one in node.all(role)]
        return [{"display": one} for one in shown if one]

    def _comments(self, node: Node) -> list[dict[str, Any]]:
        words = self._section.by_id
        found = []
        for one in self._all_related(node, "comment"):
            told = clean(words.get(_pointer(one), "")) or clean(one.first("text").text)
            if told:
                found.append({"text": told})
        return found

    def _related(self, node: Node, template: str) -> Node:
        return next(self._all_related(node, template), Node("", {}, node.line))

    def _all_related(self, node: Node, template: str) -> Iterator[Node]:
        for relation in node.all("entryRelationship"):
            for inner in relation.children:
                if template in self._templates(inner):
                    relation.used = inner.used = True
                    yield inner

    def _templates(self, node: Node) -> set[str]:
        known = self._by_template
        return {known[oid] for oid in node.templates() if oid in known}

    def _is(self, name: str) -> bool:
        return any(code in self._sections[name] for code in self._section.codes)


def _event_of(when: dict[str, Any]) -> dict[str, Any]:
    """A single time as the event of a Timing."""
    event = {"event": [when["effectiveDateTime"]]}
    stated = when.get("_effectiveDateTime")
    return event | ({"_event": [stated]} if stated else {})


def _negated(node: Node) -> bool:
    return node.get("negationInd").lower() in ("true", "1")


def _is_void(node: Node) -> bool:
    """Whether it was written by mistake. Other states are told of where they are read."""
    return node.first("statusCode").attributes.get("code") == "nullified"


def _planned(node: Node) -> bool:
    return node.get("moodCode") in _PLANNED


def _concern(names: set[str], act: Node) -> bool:
    return bool({"concern_problem", "concern_allergy"} & names) or (
        act.first("code").get("code") == "CONC"
    )


def _pointer(node: Node) -> str:
    """The ID in the narrative that an entry's text points to."""
    return node.first("text", "reference").get("value").removeprefix("#")


def _maybe(node: Node, words: dict[str, str]) -> dict[str, Any]:
    return concept(node, words) if node else {}


def _one(system: str, code: str) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def _use(node: Node) -> None:
    """Mark a part and all in it as taken in."""
    stack = [node]
    while stack:
        one = stack.pop()
        one.used = True
        stack.extend(one.children)


def _left(node: Node, before: str = "") -> Iterator[str]:
    """What of a statement nothing took in: other statements by their kind, the rest by its path."""
    for child in node.children:
        if child.name in _RELATIONS:
            if not child.used:
                yield before + _shown(child)
                continue
            for inner in child.children:
                path = f"{before}{child.name}/"
                known = inner.used and path.count("/") < _MAX_PATH
                yield from (
                    _left(inner, f"{path}{safe_name(inner)}/") if known else unread(inner, path)
                )
        else:
            yield from unread(child, before)


def _shown(node: Node) -> str:
    """A name for a part: those of the standard only, and the template's number."""
    inner = next((one for one in node.children if one.templates()), node)
    root = min(inner.templates(), default="")
    name = safe_name(node)
    return f"{name} {root}" if re.fullmatch(r"[0-9.]{5,60}", root) else name
