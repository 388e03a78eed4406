"""DSTU2 and STU3 turned into R4, where nothing is lost on the way.

    convert("DSTU2", resource)      # a new resource in the shape of R4, or NotSafe

What was renamed, what became a list and which codes changed stands in
`codelists/fhir_versions.toml`; what takes more than that is here. The caller checks the result
against R4: an element that R4 has no place for makes that check fail, and the resource is kept as
it came.

DSTU2 allowed a time without a zone and R4 doesn't. A zone is never invented: such a time becomes
its day, with the clock beside it in the extension `urn:aceso:local-time`.

Limits: codes keep the systems that the source gives them, old addresses of HL7 included. References
to a resource that changed its name are followed, no others.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

from .._classify import load
from .fhir_elements import RESOURCE, element

__all__ = ["NotSafe", "convert"]

_Resource = dict[str, Any]
_LOCAL = "urn:aceso:local-time"
_LOCAL_TIME = re.compile(r"(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?)\Z")
_ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_ROLE = "http://terminology.hl7.org/CodeSystem/v2-0443"
_ALLERGY = "http://terminology.hl7.org/CodeSystem/allergyintolerance-"
# Kinds of encounter of DSTU2, in the codes of HL7 v3 that R4 asks for.
_CLASSES = {
    "inpatient": "IMP",
    "outpatient": "AMB",
    "ambulatory": "AMB",
    "emergency": "EMER",
    "home": "HH",
    "field": "FLD",
    "daytime": "SS",
    "virtual": "VR",
}
_ALLERGY_STATUS = {
    "active": ("clinicalStatus", "clinical"),
    "inactive": ("clinicalStatus", "clinical"),
    "resolved": ("clinicalStatus", "clinical"),
    "unconfirmed": ("verificationStatus", "verification"),
    "confirmed": ("verificationStatus", "verification"),
    "refuted": ("verificationStatus", "verification"),
    "entered-in-error": ("verificationStatus", "verification"),
}


class NotSafe(Exception):
    """The resource can't be turned into R4 without losing something."""


def convert(version: str, resource: _Resource) -> _Resource:
    """`resource` of `version` as R4 would have it. Raises NotSafe."""
    table = _tables().get(version, {})
    kind = str(resource.get("resourceType"))
    if kind not in table:
        raise NotSafe("its type is not among those that are converted")
    try:
        return _converted(resource, kind, table, _SPECIAL.get((version, kind)))
    except (AttributeError, KeyError, TypeError) as exc:
        raise NotSafe("a part of it has another shape than its version gives it") from exc


def _converted(
    resource: _Resource,
    kind: str,
    table: dict[str, dict[str, Any]],
    special: Callable[[_Resource], None] | None,
) -> _Resource:
    rules = table[kind]
    made: _Resource = copy.deepcopy(resource)
    _everywhere(made, {old: row["type"] for old, row in table.items() if "type" in row})
    if special is not None:
        special(made)
    _apply(made, rules)
    made["resourceType"] = rules.get("type", kind)
    _local_times(made, made["resourceType"])
    return made


@cache
def _tables() -> dict[str, dict[str, dict[str, Any]]]:
    return load("fhir_versions.toml")


def _apply(made: _Resource, rules: dict[str, Any]) -> None:
    for name, status in rules.get("negations", {}).items():
        _negation(made, name, status)
    for name, codes in rules.get("codes", {}).items():
        if name in made:
            if made[name] not in codes and made[name] not in codes.values():
                raise NotSafe(f"a code of {name} has no equal in R4")
            made[name] = codes.get(made[name], made[name])
    for name, system in rules.get("concepts", {}).items():
        if name in made:
            if f"_{name}" in made or not isinstance(made[name], str):
                raise NotSafe(f"{name} is more than a code")
            made[name] = {"coding": [{"system": system, "code": made[name]}]}
    for name in rules.get("singles", ()):
        made.update(_single(made, name))
    for name in rules.get("texts", ()):
        if isinstance(made.get(name), str):
            made[name] = [{"text": made[name]}]
    for path in rules.get("lists", ()):
        for holder, name in _holders(made, path):
            if name in holder and not isinstance(holder[name], list):
                holder[name] = [holder[name]]
    for name in rules.get("encounters", ()):
        _encounter(made, name)
    for path, new in sorted(rules.get("rename", {}).items(), key=lambda row: -row[0].count(".")):
        for holder, name in _holders(made, path):
            _move(holder, name, new)
    for name, value in rules.get("set", {}).items():
        made.setdefault(name, value)


def _negation(made: _Resource, name: str, status: str) -> None:
    flag = made.pop(name, None)
    if f"_{name}" in made or flag not in (None, True, False):
        raise NotSafe(f"{name} is more than a flag")
    if flag:
        made["status"] = status


def _single(made: _Resource, name: str) -> _Resource:
    value = made.get(name)
    if not isinstance(value, list):
        return {}
    if len(value) != 1:
        raise NotSafe(f"R4 has room for one {name} only")
    return {name: value[0]}


def _encounter(made: _Resource, name: str) -> None:
    value = made.get(name)
    if value is None:
        return
    text = value.get("reference") if isinstance(value, dict) else None
    if not isinstance(text, str) or "EpisodeOfCare" in text:
        raise NotSafe(f"its {name} may be no encounter")


def _holders(made: _Resource, path: str) -> Iterator[tuple[_Resource, str]]:
    """Each object that has the last name of `path`, with that name."""
    first, _, rest = path.partition(".")
    if not rest:
        if first in made or f"_{first}" in made:
            yield made, first
        return
    below = made.get(first)
    for one in below if isinstance(below, list) else [below]:
        if isinstance(one, dict):
            yield from _holders(one, rest)


def _move(holder: _Resource, old: str, new: str) -> None:
    for mark in ("", "_"):
        if mark + old not in holder:
            continue
        if mark + new in holder:
            raise NotSafe(f"both {old} and {new} are in it")
        holder[mark + new] = holder.pop(mark + old)


def _everywhere(value: Any, renamed: dict[str, str]) -> None:
    """What holds in every resource: references, names of people, timings."""
    stack = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(node)
        elif isinstance(node, dict):
            _reference(node, renamed)
            family = node.get("family")
            if isinstance(family, list) and len(family) == 1 and "_family" not in node:
                node["family"] = family[0]
            _timing(node.get("repeat"))
            stack.extend(node.values())


def _local_times(node: _Resource, kind: str) -> None:
    """Write each time without a zone as its day, by the types that R4 gives the elements."""
    for name, value in list(node.items()):
        known = element(kind, name)
        if known is None:
            continue
        if known.type == "dateTime" and isinstance(value, str):
            _local_time(node, name, value)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                below = str(one.get("resourceType")) if known.type == RESOURCE else known.type
                _local_times(one, below)


def _local_time(node: _Resource, name: str, text: str) -> None:
    found = _LOCAL_TIME.match(text)
    if found is not None:
        node[name] = found[1]
        beside = node.setdefault(f"_{name}", {})
        beside.setdefault("extension", []).append({"url": _LOCAL, "valueTime": found[2]})


def _reference(node: _Resource, renamed: dict[str, str]) -> None:
    text = node.get("reference")
    if isinstance(text, str):
        for old, new in renamed.items():
            head, found, tail = text.rpartition(f"{old}/")
            if found and (not head or head.endswith("/")):
                node["reference"] = f"{head}{new}/{tail}"


def _timing(repeat: Any) -> None:
    if not isinstance(repeat, dict):
        return
    for old, new in (("periodUnits", "periodUnit"), ("durationUnits", "durationUnit")):
        if old in repeat:
            _move(repeat, old, new)
    if isinstance(repeat.get("when"), str):
        repeat["when"] = [repeat["when"]]


def _dosages(made: _Resource, name: str) -> None:
    """Doses and rates have moved into an element of their own."""
    for dosage in made.get(name) or ():
        if not isinstance(dosage, dict):
            continue
        moved: _Resource = {}
        for old, new in (
            ("quantityQuantity", "doseQuantity"),
            ("quantityRange", "doseRange"),
            ("doseQuantity", "doseQuantity"),
            ("doseRange", "doseRange"),
            ("rateRatio", "rateRatio"),
            ("rateRange", "rateRange"),
            ("rateQuantity", "rateQuantity"),
        ):
            if old in dosage:
                moved[new] = dosage.pop(old)
        if moved:
            dosage["doseAndRate"] = [moved]
        if "siteCodeableConcept" in dosage:
            _move(dosage, "siteCodeableConcept", "site")
        if "additionalInstructions" in dosage:
            _move(dosage, "additionalInstructions", "additionalInstruction")
            dosage["additionalInstruction"] = [dosage["additionalInstruction"]]


def _one_medication(made: _Resource) -> None:
    """A code beside a reference to a contained medicine of the same code says nothing more."""
    concept, reference = made.get("medicationCodeableConcept"), made.get("medicationReference")
    if concept is None or not isinstance(reference, dict):
        return
    for one in made.get("contained") or ():
        own = f"#{one.get('id')}" if isinstance(one, dict) else ""
        if own == reference.get("reference") and one.get("code") == concept:
            del made["medicationCodeableConcept"]
            return
    raise NotSafe("it names its medicine twice, and not alike")


def _medication_statement_2(made: _Resource) -> None:
    made.update(_single(made, "medicationCodeableConcept"))
    _one_medication(made)
    _dosages(made, "dosage")


def _medication_order(made: _Resource) -> None:
    _one_medication(made)
    _dosages(made, "dosageInstruction")


def _medication_statement_3(made: _Resource) -> None:
    taken = made.pop("taken", None)
    status = {"y": None, "na": None, "n": "not-taken", "unk": "unknown"}
    if taken is not None and taken not in status:
        raise NotSafe("a code of taken has no equal in R4")
    if taken is not None and status[taken]:
        made["status"] = status[taken]
    _dosages(made, "dosage")


def _medication_request_3(made: _Resource) -> None:
    requester = made.get("requester")
    if isinstance(requester, dict) and "agent" in requester:
        if "onBehalfOf" in requester:
            raise NotSafe("R4 has no room for whom the requester acted for")
        made["requester"] = requester["agent"]
    substitution = made.get("substitution")
    if isinstance(substitution, dict) and isinstance(substitution.get("allowed"), bool):
        _move(substitution, "allowed", "allowedBoolean")
    _dosages(made, "dosageInstruction")


def _allergy_2(made: _Resource) -> None:
    status = made.pop("status", None)
    if status is None:
        return
    if status not in _ALLERGY_STATUS:
        raise NotSafe("its status has no equal in R4")
    name, system = _ALLERGY_STATUS[status]
    made[name] = {"coding": [{"system": _ALLERGY + system, "code": status}]}


def _encounter_2(made: _Resource) -> None:
    kind = made.get("class")
    if isinstance(kind, str):
        if kind not in _CLASSES:
            raise NotSafe("its class has no equal in R4")
        made["class"] = {"system": _ACT, "code": _CLASSES[kind]}
    indication = made.pop("indication", None)
    if isinstance(indication, list):
        made["diagnosis"] = [{"condition": one} for one in indication]


def _immunization(made: _Resource) -> None:
    reported = made.pop("reported", None)
    if isinstance(reported, bool):
        made["primarySource"] = not reported
    who = [
        {"function": {"coding": [{"system": _ROLE, "code": code}]}, "actor": made.pop(name)}
        for name, code in (("performer", "AP"), ("requester", "OP"))
        if isinstance(made.get(name), dict)
    ]
    if who:
        made["performer"] = who
    explanation = made.pop("explanation", None)
    if isinstance(explanation, dict):
        if "reason" in explanation:
            _move(explanation, "reason", "reasonCode")
        if "reasonNotGiven" in explanation:
            _move(explanation, "reasonNotGiven", "statusReason")
        explanation.update(_single(explanation, "statusReason"))
        made.update(explanation)
    if made.get("vaccinationProtocol"):
        raise NotSafe("R4 has no room for all of its protocol of vaccination")
    made.pop("vaccinationProtocol", None)


def _report_3(made: _Resource) -> None:
    performers = made.get("performer")
    if isinstance(performers, list):
        if any(isinstance(one, dict) and "role" in one for one in performers):
            raise NotSafe("R4 has no room for the role of who made the report")
        made["performer"] = [
            one["actor"] if isinstance(one, dict) and "actor" in one else one for one in performers
        ]


def _observation_3(made: _Resource) -> None:
    for one in made.pop("related", None) or ():
        new = {"has-member": "hasMember", "derived-from": "derivedFrom"}.get(str(one.get("type")))
        if new is None:
            raise NotSafe("R4 has no room for how it is related to another")
        made.setdefault(new, []).append(one.get("target"))


_SPECIAL: dict[tuple[str, str], Callable[[_Resource], None]] = {
    ("DSTU2", "Observation"): _observation_3,
    ("DSTU2", "MedicationStatement"): _medication_statement_2,
    ("DSTU2", "MedicationOrder"): _medication_order,
    ("DSTU2", "AllergyIntolerance"): _allergy_2,
    ("DSTU2", "Encounter"): _encounter_2,
    ("DSTU2", "Immunization"): _immunization,
    ("STU3", "Observation"): _observation_3,
    ("STU3", "MedicationStatement"): _medication_statement_3,
    ("STU3", "MedicationRequest"): _medication_request_3,
    ("STU3", "Immunization"): _immunization,
    ("STU3", "DiagnosticReport"): _report_3,
}
