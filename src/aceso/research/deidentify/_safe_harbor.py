"""The identifiers of HIPAA's Safe Harbor, each with the FHIR elements that carry it.

Source: 45 CFR 164.514(b)(2)(i)(A) to (R). What may stay is listed elsewhere (`_elements`); this
table only names the rule by which an element went, so that a certificate and a person reading it
can say why. An element that went because nothing says that it may stay is `NOT_LISTED`.

    rule_of("Patient.name.family").letter        # "A"
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

__all__ = ["NOT_LISTED", "RULES", "TEXT", "Rule", "rule_of"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One paragraph of 45 CFR 164.514(b)(2)(i)."""

    letter: str
    title: str
    # FHIR elements, by their last name or by the last two.
    elements: frozenset[str]


def _rule(letter: str, title: str, *elements: str) -> Rule:
    return Rule(letter, title, frozenset(elements))


RULES: Final = (
    _rule("G", "social security numbers", "Patient.identifier", "RelatedPerson.identifier"),
    _rule(
        "A",
        "names",
        *("name", "given", "family", "contact", "author", "authoredBy", "recorder", "asserter"),
        *(
            "performer",
            "participant",
            "requester",
            "interpreter",
            "resultsInterpreter",
            "collector",
        ),
        *("informationSource", "display", "generalPractitioner", "link", "custodian", "attester"),
    ),
    _rule(
        "B",
        "geographic subdivisions smaller than a State",
        *("address", "line", "city", "district", "postalCode", "location", "position", "origin"),
        *("managingOrganization", "serviceProvider", "hospitalization", "facility", "text.div"),
    ),
    _rule(
        "C",
        "elements of dates but the year, and ages over 89",
        *("birthDate", "deceasedDateTime", "effectiveDateTime", "effectivePeriod", "issued"),
        *("effectiveInstant", "effectiveTiming", "recordedDate", "onsetDateTime", "onsetPeriod"),
        *("onsetAge", "abatementAge", "abatementDateTime", "abatementPeriod", "authoredOn"),
        *("performedDateTime", "performedPeriod", "occurrenceDateTime", "period", "started"),
        *("whenHandedOver", "whenPrepared", "receivedTime", "lastOccurrence", "lastUpdated"),
        *("expirationDate", "valueDateTime", "valuePeriod", "valueTime", "date", "created"),
        *(
            "deceasedBoolean",
            "assertedDate",
            "dateAsserted",
            "statusHistory",
            "multipleBirthInteger",
        ),
    ),
    _rule("D", "telephone numbers", "telecom"),
    _rule("E", "fax numbers", "telecom.fax"),
    _rule("F", "electronic mail addresses", "telecom.email"),
    _rule("H", "medical record numbers", "identifier", "accession", "accessionIdentifier"),
    _rule("I", "health plan beneficiary numbers", "insurance", "subscriberId", "beneficiary"),
    _rule("J", "account numbers", "account"),
    _rule("K", "certificate and licence numbers", "qualification"),
    _rule("L", "vehicle identifiers", "vehicle"),
    _rule(
        "M",
        "device identifiers and serial numbers",
        *("device", "serialNumber", "lotNumber", "udiCarrier", "deviceName", "parent"),
    ),
    _rule("N", "web addresses", "url", "instantiatesUri", "implicitRules", "fullUrl", "endpoint"),
    _rule("O", "internet protocol addresses", "network"),
    _rule("P", "biometric identifiers", "attachment", "valueAttachment", "presentedForm", "media"),
    _rule("Q", "full-face photographs", "photo"),
    _rule(
        "R",
        "any other unique number, characteristic or code",
        *("id", "meta", "extension", "modifierExtension", "subject", "patient", "encounter"),
        *("reference", "basedOn", "partOf", "specimen", "hasMember", "derivedFrom", "result"),
        *("context", "contained", "groupIdentifier", "instantiatesCanonical", "focus", "request"),
        *("reasonReference", "series", "coding", "system", "code", "episodeOfCare", "appointment"),
        *(
            "diagnosis",
            "eventHistory",
            "imagingStudy",
            "medicationReference",
            "supportingInformation",
        ),
    ),
)
# Text may hold any of them.
TEXT: Final = _rule(
    "A-R",
    "free text, which may hold any of them",
    *(
        "text",
        "note",
        "div",
        "comment",
        "conclusion",
        "valueString",
        "patientInstruction",
        "reason",
    ),
    *("userSelected", "description", "dosageInstruction", "dosage", "valueCodeableConcept.text"),
)
NOT_LISTED: Final = Rule("-", "nothing says that it may stay", frozenset())

_BY_ELEMENT: Final[Mapping[str, Rule]] = MappingProxyType(
    {element: rule for rule in (TEXT, *reversed(RULES)) for element in rule.elements}
)


def rule_of(path: str) -> Rule:
    """The rule by which an element at this path is removed."""
    parts = path.split(".")
    return _BY_ELEMENT.get(".".join(parts[-2:])) or _BY_ELEMENT.get(parts[-1]) or NOT_LISTED
