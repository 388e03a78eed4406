"""Which FHIR elements may stay in an extract, and how the value of each is treated.

What no list names is left out, so an element that R4 does not have, or that nobody here thought of,
never gets through.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = [
    "AGE",
    "AGES",
    "BIRTH",
    "CODE",
    "COMPONENT",
    "DATE",
    "IDENTIFYING",
    "KEPT",
    "OBSERVATION",
    "OF_AN_AGE",
    "PERIOD",
    "PLAIN",
    "RANGE",
    "REGION",
    "TEXT",
    "VALUE",
    "WHOLE",
    "YEARS",
]

CODE: Final = "code"
VALUE: Final = "value"
DATE: Final = "date"
PERIOD: Final = "period"
PLAIN: Final = "plain"
WHOLE: Final = "whole"
COMPONENT: Final = "component"
RANGE: Final = "range"
AGE: Final = "age"
YEARS: Final = "years"
BIRTH: Final = "birth"
REGION: Final = "region"
TEXT: Final = "text"

OBSERVATION: Final[Mapping[str, str]] = {
    "status": PLAIN,
    "category": CODE,
    "code": CODE,
    "effectiveDateTime": DATE,
    "effectivePeriod": PERIOD,
    "effectiveInstant": DATE,
    "issued": DATE,
    "valueQuantity": VALUE,
    "valueCodeableConcept": CODE,
    "valueBoolean": PLAIN,
    "valueString": TEXT,
    "valueDateTime": DATE,
    "valuePeriod": PERIOD,
    "valueInteger": WHOLE,
    "valueRange": RANGE,
    "valueRatio": RANGE,
    "valueSampledData": VALUE,
    "dataAbsentReason": CODE,
    "interpretation": CODE,
    "bodySite": CODE,
    "method": CODE,
    "referenceRange": COMPONENT,
    "component": COMPONENT,
    "low": VALUE,
    "high": VALUE,
    "numerator": VALUE,
    "denominator": VALUE,
}
# Of an observation that says an age, in the place of its values; how else it says one, goes.
OF_AN_AGE: Final[Mapping[str, str]] = {
    **{key: how for key, how in OBSERVATION.items() if not key.startswith("value")},
    "valueQuantity": AGE,
    "valueInteger": YEARS,
}
KEPT: Final[Mapping[str, Mapping[str, str]]] = {
    "Observation": OBSERVATION,
    "DiagnosticReport": {
        "status": PLAIN,
        "category": CODE,
        "code": CODE,
        "effectiveDateTime": DATE,
        "effectivePeriod": PERIOD,
        "issued": DATE,
        "conclusionCode": CODE,
    },
    "Condition": {
        "clinicalStatus": CODE,
        "verificationStatus": CODE,
        "category": CODE,
        "severity": CODE,
        "code": CODE,
        "bodySite": CODE,
        "onsetDateTime": DATE,
        "onsetPeriod": PERIOD,
        "onsetAge": AGE,
        "abatementAge": AGE,
        "abatementDateTime": DATE,
        "abatementPeriod": PERIOD,
        "recordedDate": DATE,
    },
    "Procedure": {
        "status": PLAIN,
        "category": CODE,
        "code": CODE,
        "performedDateTime": DATE,
        "performedPeriod": PERIOD,
        "reasonCode": CODE,
        "bodySite": CODE,
        "outcome": CODE,
        "complication": CODE,
    },
    "MedicationRequest": {
        "status": PLAIN,
        "intent": PLAIN,
        "category": CODE,
        "medicationCodeableConcept": CODE,
        "authoredOn": DATE,
        "reasonCode": CODE,
    },
    "MedicationStatement": {
        "status": PLAIN,
        "medicationCodeableConcept": CODE,
        "effectiveDateTime": DATE,
        "effectivePeriod": PERIOD,
        "reasonCode": CODE,
    },
    "MedicationAdministration": {
        "status": PLAIN,
        "medicationCodeableConcept": CODE,
        "effectiveDateTime": DATE,
        "effectivePeriod": PERIOD,
    },
    "MedicationDispense": {
        "status": PLAIN,
        "medicationCodeableConcept": CODE,
        "quantity": VALUE,
        "daysSupply": VALUE,
        "whenHandedOver": DATE,
    },
    "Immunization": {
        "status": PLAIN,
        "vaccineCode": CODE,
        "occurrenceDateTime": DATE,
        "site": CODE,
        "route": CODE,
        "doseQuantity": VALUE,
        "primarySource": PLAIN,
    },
    "AllergyIntolerance": {
        "clinicalStatus": CODE,
        "verificationStatus": CODE,
        "type": PLAIN,
        "category": PLAIN,
        "criticality": PLAIN,
        "code": CODE,
        "onsetDateTime": DATE,
        "recordedDate": DATE,
    },
    "Encounter": {
        "status": PLAIN,
        "class": CODE,
        "type": CODE,
        "period": PERIOD,
        "reasonCode": CODE,
    },
    "Patient": {"gender": PLAIN, "birthDate": BIRTH, "address": REGION},
    "Specimen": {"status": PLAIN, "type": CODE, "receivedTime": DATE},
    "ImagingStudy": {"status": PLAIN, "modality": CODE, "started": DATE, "procedureCode": CODE},
}
# LOINC codes of answers that identify in themselves, with the paragraph by which they go.
IDENTIFYING: Final[Mapping[str, str]] = {
    "45392-8": "A",  # First name
    "45394-4": "A",  # Last name
    "56799-0": "B",  # Address
    "45401-7": "B",  # Postal code
    "21112-8": "C",  # Birth date
    "42077-8": "D",  # Phone number
    "45396-9": "G",  # Social security number
    "45397-7": "I",  # Medicare number
    "45400-9": "I",  # Medicaid number
}
# Codes of answers that are somebody's age: LOINC and SNOMED CT.
AGES: Final = frozenset(
    {
        "30525-0",  # Age
        "21611-9",  # Age, estimated
        "21612-7",  # Age, reported
        "29553-5",  # Age, calculated
        "35659-2",  # Age at specimen collection
        "397669002",  # Age
        "424144002",  # Current chronological age
        "445518008",  # Age at onset of a finding
    }
)
