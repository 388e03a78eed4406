"""Segments of HL7 v2 as FHIR R4 resources, by the published maps of v2-to-FHIR.

Source: HL7 v2-to-FHIR (https://github.com/HL7/v2-to-fhir), ConceptMaps of the segments AL1, DG1,
OBR, OBX, ORC, PID, PV1 and RXA and of their tables; IAM, PRB, PR1, RXE, RXO and TXA, for which it
has none, by chapter 3, 4, 6, 9 and 12 of HL7 v2.8.

What a segment says in a field that is mapped nowhere is named by the reader as kept.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ._resource import clean, digest_id, instant, moment, partial_date, quantity, urn
from .hl7v2_text import Message, Segment
from .hl7v2_types import (
    GENDER,
    address,
    coded,
    concept,
    contact,
    entity,
    identifier,
    name,
    person,
    table,
    unit,
)

__all__ = ["Context"]

_CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"
_PARTICIPATION = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
_ACT = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_ENCOUNTER_CLASS = {"E": "EMER", "I": "IMP", "O": "AMB", "P": "PRENC"}
_ENCOUNTER_STATUS = {
    **dict.fromkeys("EIORBCN", "in-progress"),
    "P": "planned",
    "U": "unknown",
}
_RESULT_STATUS = {
    "A": "amended",
    "C": "corrected",
    "D": "entered-in-error",
    "F": "final",
    "P": "preliminary",
    "X": "cancelled",
    "W": "entered-in-error",
    "I": "registered",
    "R": "preliminary",
    "S": "preliminary",
    "U": "final",
    "V": "final",
}
_REPORT_STATUS = {
    "O": "registered",
    "I": "registered",
    "S": "registered",
    "P": "preliminary",
    "A": "partial",
    "C": "corrected",
    "R": "partial",
    "F": "final",
    "X": "cancelled",
}
_ALLERGY_CATEGORY = {
    "DA": "medication",
    "DRUG": "medication",
    "FA": "food",
    "FOOD": "food",
    "EA": "environment",
    "AA": "biologic",
    "PA": "environment",
    "LA": "environment",
}
_CRITICALITY = {"SV": "high", "MI": "low"}
_VACCINE_STATUS = {"CP": "completed", "RE": "not-done", "NA": "not-done", "PA": "completed"}
_ORDER_STATUS = {
    "CM": "completed",
    "DC": "stopped",
    "CA": "cancelled",
    "HD": "on-hold",
    "IP": "active",
    "SC": "active",
    "A": "active",
    "ER": "entered-in-error",
}
_CONTROL_STATUS = {
    "NW": "active",
    "OK": "active",
    "RE": "active",
    "SC": "active",
    "CA": "cancelled",
    "OC": "cancelled",
    "CR": "cancelled",
    "DC": "stopped",
    "OD": "stopped",
    "DR": "stopped",
    "HD": "on-hold",
    "OH": "on-hold",
}
_INTERPRETATIONS = {
    *("L", "H", "LL", "HH", "<", ">", "LX", "HX", "LU", "HU", "N", "A", "AA", "U", "D", "B", "W"),
    *("S", "SDD", "SYN-S", "I", "R", "SYN-R", "NS", "IND", "POS", "NEG", "NR", "RR", "DET", "ND"),
    *("EXP", "UNE", "CAR", "E", "EX", "WR", "NCL", "TOX"),
}
_INTERPRETATION = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
_LABORATORY = re.compile(r"\b(?:LAB|LIS|LIMS|LABORATORY)\b|_(?:LAB|LIS)\b|\b(?:LAB|LIS)_", re.I)
_RESIDENT = re.compile(r"\d{6}-?[1-8]\d{6}\Z")


@dataclass(slots=True)
class Context:
    """What one message has said so far, and what of it could not be read."""

    message: Message
    zone: str = ""
    sender: str = field(default="", repr=False)
    facility: str = field(default="", repr=False)
    patient: str = field(default="", repr=False)
    encounter: str = field(default="", repr=False)
    wrong: list[tuple[int, str]] = field(default_factory=list)

    def base(self, kind: str, *, id: str = "", subject: str = "subject") -> dict[str, Any]:
        """The elements that all resources of a message begin with."""
        made: dict[str, Any] = {"resourceType": kind, "id": id}
        source = self.facility or self.sender
        if source:
            made["meta"] = {"source": urn("hl7v2:facility", source)}
        if self.patient and subject:
            made[subject] = {"reference": f"Patient/{self.patient}"}
        return made

    def visit(self, element: str = "encounter") -> dict[str, Any]:
        return {element: {"reference": f"Encounter/{self.encounter}"}} if self.encounter else {}

    def time(self, element: str, segment: Segment, number: int, *, at: str = "") -> dict[str, Any]:
        """A dateTime field; one that is none is left out, and said."""
        text = at or segment.get(number)
        try:
            if not text.strip():
                return {}
            if element == "issued":
                return instant(element, text, self.zone)
            return moment(element, text, self.zone)
        except ValueError:
            self.wrong.append((segment.line, f"{segment.name}-{number}"))
            return {}

    def day(self, segment: Segment, number: int) -> str:
        text = segment.get(number)
        try:
            return partial_date(text) if text else ""
        except ValueError:
            self.wrong.append((segment.line, f"{segment.name}-{number}"))
            return ""

    # Segments

    def pid(self, pid: Segment) -> dict[str, Any]:
        """PID to Patient."""
        message = self.message
        identifiers = [
            identifier(message, one, self.facility, kind)
            for number, kind in ((3, ""), (2, "PI"), (4, ""), (18, "AN"))
            for one in pid.repeats(number)
        ]
        national = clean(pid.get(19))
        if national:
            kind = "NNKOR" if _RESIDENT.match(national) else "SS"
            where = "urn:hl7v2:PID-19"
            identifiers.append({"system": where, "type": table(203, kind), "value": national})
        identifiers = [one for one in identifiers if one]
        names = [name(message, one) for number in (5, 9) for one in pid.repeats(number)]
        born = self.day(pid, 7)
        first = identifiers[0] if identifiers else None
        key = (first["system"], first["value"]) if first else (str(names[:1]), born)
        self.patient = digest_id("Patient", *key)
        self.encounter = ""
        made = self.base("Patient", id=self.patient, subject="")
        made |= {
            "identifier": identifiers,
            "name": names,
            "telecom": [
                contact(message, one, use)
                for number, use in ((13, "home"), (14, "work"))
                for one in pid.repeats(number)
            ],
            "gender": coded(GENDER, pid.get(8)),
            "birthDate": born,
            "address": [address(message, one) for one in pid.repeats(11)],
        }
        made["telecom"] = [one for one in made["telecom"] if one["value"]]
        if marital := pid.raw(16):
            made["maritalStatus"] = concept(
                message, marital, "http://terminology.hl7.org/CodeSystem/v2-0002"
            )
        if language := pid.raw(15):
            made["communication"] = [{"language": concept(message, language)}]
        if pid.get(29):
            made |= self.time("deceasedDateTime", pid, 29)
        elif pid.get(30) in ("Y", "N"):
            made["deceasedBoolean"] = pid.get(30) == "Y"
        return made

    def pv1(self, pv1: Segment) -> dict[str, Any]:
        """PV1 to Encounter."""
        message = self.message
        patient_class = pv1.get(2).upper()
        number = clean(pv1.get(19))
        admitted = pv1.get(44)
        key = (number, self.facility) if number else (self.patient, admitted, patient_class)
        self.encounter = digest_id("Encounter", *key)
        made = self.base("Encounter", id=self.encounter)
        known = coded(_ENCOUNTER_CLASS, patient_class)
        v2 = "http://terminology.hl7.org/CodeSystem/v2-0004"
        made["class"] = {
            "system": _ACT if known else v2,
            "code": known or clean(pv1.get(2)) or "U",
        }
        discharged = pv1.get(45)
        made["status"] = (
            "finished" if discharged else coded(_ENCOUNTER_STATUS, patient_class) or "unknown"
        )
        made["identifier"] = [
            identifier(message, one, self.facility, "VN") for one in pv1.repeats(19)
        ]
        made["period"] = self.time("start", pv1, 44) | self.time("end", pv1, 45)
        made["type"] = [concept(message, one) for one in pv1.repeats(4)]
        made["serviceType"] = concept(message, pv1.raw(10)) if pv1.raw(10) else {}
        made["participant"] = [
            {
                "type": [{"coding": [{"system": _PARTICIPATION, "code": role}]}],
                "individual": {"display": person(message, one)},
            }
            for field_number, role in ((7, "ATND"), (8, "REF"), (9, "CON"), (17, "ADM"))
            for one in pv1.repeats(field_number)
        ]
        place = " ".join(clean(one) for one in message.parts(pv1.raw(3)) if one)
        made["location"] = [{"location": {"display": place}}] if place else []
        return made

    def allergy(self, segment: Segment) -> dict[str, Any]:
        """AL1 or IAM to AllergyIntolerance."""
        message = self.message
        deleted = segment.name == "IAM" and segment.get(6).upper() == "D"
        made = self.base("AllergyIntolerance", subject="patient") | self.visit()
        system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-"
        if deleted:
            made["verificationStatus"] = {
                "coding": [{"system": system + "verification", "code": "entered-in-error"}]
            }
        else:
            made["clinicalStatus"] = {"coding": [{"system": system + "clinical", "code": "active"}]}
        category = coded(_ALLERGY_CATEGORY, segment.get(2))
        made["category"] = [category] if category else []
        if category or segment.get(2).upper() == "MA":
            made["type"] = "allergy"
        elif segment.raw(2):
            segment.used.discard(2)
        made["code"] = concept(message, segment.raw(3))
        severity = segment.get(4).upper()
        made["criticality"] = coded(_CRITICALITY, severity)
        reactions = [
            {"text": clean(" ".join(filter(None, message.parts(one))))}
            for one in segment.repeats(5)
        ]
        if reactions:
            reaction: dict[str, Any] = {"manifestation": reactions}
            if severity == "MO":
                reaction["severity"] = "moderate"
            made["reaction"] = [reaction]
        elif severity == "MO":
            segment.used.discard(4)
        if segment.name == "AL1":
            made |= self.time("onsetDateTime", segment, 6)
        else:
            made |= self.time("onsetDateTime", segment, 11) | self.time("recordedDate", segment, 13)
        return made

    def diagnosis(self, dg1: Segment) -> dict[str, Any]:
        """DG1 to Condition."""
        message = self.message
        made = self.base("Condition") | self.visit()
        made["code"] = concept(message, dg1.raw(3), _method(dg1.get(2)))
        words = clean(dg1.text(4))
        if words:
            made["code"]["text"] = words
        made |= self.time("onsetDateTime", dg1, 5) | self.time("recordedDate", dg1, 19)
        made["category"] = [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/condition-category",
                        "code": "encounter-diagnosis",
                    }
                ]
            }
        ]
        made["identifier"] = [entity(message, one, self.facility, "") for one in dg1.repeats(20)]
        asserter = [person(message, one) for one in dg1.repeats(16)]
        made["asserter"] = {"display": asserter[0]} if asserter else {}
        if dg1.get(21).upper() == "D":
            made["verificationStatus"] = _entered_in_error()
        return made

    def problem(self, prb: Segment) -> dict[str, Any]:
        """PRB to Condition."""
        message = self.message
        made = self.base("Condition") | self.visit()
        made["code"] = concept(message, prb.raw(3))
        made["identifier"] = [entity(message, one, self.facility, "") for one in prb.repeats(4)]
        made |= self.time("recordedDate", prb, 7) | self.time("abatementDateTime", prb, 9)
        made |= self.time("onsetDateTime", prb, 16)
        made["category"] = [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/condition-category",
                        "code": "problem-list-item",
                    }
                ]
            }
        ]
        if prb.get(1).upper() == "DE":
            made["verificationStatus"] = _entered_in_error()
        return made

    def procedure(self, pr1: Segment) -> dict[str, Any]:
        """PR1 to Procedure."""
        made = self.base("Procedure") | self.visit()
        made["status"] = "unknown"
        made["code"] = concept(self.message, pr1.raw(3), _method(pr1.get(2)))
        words = clean(pr1.text(4))
        if words and not made["code"]["text"]:
            made["code"]["text"] = words
        made |= self.time("performedDateTime", pr1, 5)
        made["performer"] = [
            {"actor": {"display": person(self.message, one)}}
            for number in (11, 12)
            for one in pr1.repeats(number)
        ]
        return made

    def immunization(self, rxa: Segment, orc: Segment | None) -> dict[str, Any]:
        """RXA, with its ORC, to Immunization."""
        message = self.message
        made = self.base("Immunization", subject="patient") | self.visit()
        made["identifier"] = self.order_identifiers(orc)
        made["vaccineCode"] = concept(message, rxa.raw(5))
        made |= self.time("occurrenceDateTime", rxa, 3)
        if not rxa.get(3):
            made["occurrenceString"] = "not stated"
        if rxa.get(6) not in ("", "999"):
            made["doseQuantity"] = quantity(rxa.get(6), **unit(message, rxa.raw(7)))
        status = coded(_VACCINE_STATUS, rxa.get(20)) or "completed"
        made["status"] = "entered-in-error" if rxa.get(21).upper() == "D" else status
        refusals = [concept(message, one) for one in rxa.repeats(18)]
        if refusals:
            made["statusReason"] = refusals[0]
            if not rxa.get(20):
                made["status"] = "not-done"
        sources = [message.part(one, 1) for one in rxa.repeats(9)]
        if any(re.fullmatch(r"0\d", one) for one in sources):
            made["primarySource"] = "00" in sources
        made["note"] = [
            {"text": clean(" ".join(filter(None, message.parts(one))))} for one in rxa.repeats(9)
        ]
        made["performer"] = [
            {"actor": {"display": person(message, one)}} for one in rxa.repeats(10)
        ]
        made["lotNumber"] = clean(rxa.get(15))
        made["expirationDate"] = self.day(rxa, 16)
        maker = [*message.parts(rxa.raw(17)), ""]
        made["manufacturer"] = {"display": clean(maker[1] or maker[0])}
        made["reasonCode"] = [concept(message, one) for one in rxa.repeats(19)]
        made |= self.time("recorded", rxa, 22)
        return made

    def administration(self, rxa: Segment, orc: Segment | None) -> dict[str, Any]:
        """RXA outside of a vaccination message to MedicationAdministration."""
        made = self.base("MedicationAdministration") | self.visit("context")
        made["identifier"] = self.order_identifiers(orc)
        made["status"] = coded(_VACCINE_STATUS, rxa.get(20)) or "completed"
        made["medicationCodeableConcept"] = concept(self.message, rxa.raw(5))
        made |= self.time("effectiveDateTime", rxa, 3)
        if rxa.get(6) not in ("", "999"):
            dose = quantity(rxa.get(6), **unit(self.message, rxa.raw(7)))
            made["dosage"] = {"dose": dose} if dose else {}
        made["performer"] = [
            {"actor": {"display": person(self.message, one)}} for one in rxa.repeats(10)
        ]
        return made

    def prescription(self, segment: Segment, orc: Segment | None) -> dict[str, Any]:
        """RXE or RXO, with its ORC, to MedicationRequest."""
        message = self.message
        encoded = segment.name == "RXE"
        code, low, high, units, instructions = (2, 3, 4, 5, 7) if encoded else (1, 2, 3, 4, 7)
        made = self.base("MedicationRequest") | self.visit()
        made |= {
            "identifier": self.order_identifiers(orc),
            "status": self.order_status(orc),
            "intent": "order",
            "medicationCodeableConcept": concept(message, segment.raw(code)),
        }
        of = unit(message, segment.raw(units))
        least, most = quantity(segment.get(low), **of), quantity(segment.get(high), **of)
        dose: dict[str, Any] = {}
        if least is not None:
            dose = {"doseRange": {"low": least, "high": most}} if most else {"doseQuantity": least}
        dosage: dict[str, Any] = {"text": clean(segment.text(instructions))}
        if dose:
            dosage["doseAndRate"] = [dose]
        made["dosageInstruction"] = [dosage]
        if encoded:
            quantity_given = quantity(segment.get(10), **unit(message, segment.raw(11)))
            made["dispenseRequest"] = {"quantity": quantity_given}
            number = clean(segment.get(15))
            if number:
                made["identifier"].append(
                    {"system": urn("hl7v2:facility", self.facility or "-"), "value": number}
                )
            made["note"] = [{"text": clean(segment.text(21))}] if segment.text(21) else []
        if orc is not None:
            made |= self.time("authoredOn", orc, 9)
            by = [person(message, one) for one in orc.repeats(12)]
            made["requester"] = {"display": by[0]} if by else {}
        return made

    def request(self, obr: Segment, orc: Segment | None) -> dict[str, Any]:
        """OBR of an order to ServiceRequest."""
        message = self.message
        made = self.base("ServiceRequest") | self.visit()
        made |= {
            "identifier": [
                *(entity(message, one, self.facility, "PLAC") for one in obr.repeats(2)),
                *(entity(message, one, self.facility, "FILL") for one in obr.repeats(3)),
            ],
            "status": self.order_status(orc),
            "intent": "order",
            "code": concept(message, obr.raw(4)),
            "reasonCode": [concept(message, one) for one in obr.repeats(31)],
        }
        by = [person(message, one) for one in obr.repeats(16)]
        made["requester"] = {"display": by[0]} if by else {}
        if orc is not None:
            made |= self.time("authoredOn", orc, 9)
        return made

    def report(self, obr: Segment) -> dict[str, Any]:
        """OBR to DiagnosticReport; its results come as their own."""
        message = self.message
        names = [
            *(entity(message, one, self.facility, "PLAC") for one in obr.repeats(2)),
            *(entity(message, one, self.facility, "FILL") for one in obr.repeats(3)),
        ]
        names = [one for one in names if one]
        code = concept(message, obr.raw(4))
        key = names[-1]["value"] if names else obr.get(7)
        id = digest_id("DiagnosticReport", self.patient, self.facility, key, obr.plain(4))
        made = self.base("DiagnosticReport", id=id) | self.visit()
        made |= {
            "identifier": names,
            "code": code if code["coding"] or code["text"] else {"text": "not stated"},
            "status": coded(_REPORT_STATUS, obr.get(25)) or "unknown",
        }
        start, end = self.time("start", obr, 7), self.time("end", obr, 8)
        if end and end["end"] != start.get("start"):
            made["effectivePeriod"] = start | end
        elif start:
            made |= self.time("effectiveDateTime", obr, 7)
        made |= self.time("issued", obr, 22)
        section = obr.get(24).upper()
        if section:
            made["category"] = [table(74, section)]
        made["resultsInterpreter"] = [
            {
                "display": clean(
                    message.unescaped(one.replace(message.sub, " ").replace(message.component, " "))
                )
            }
            for one in obr.repeats(32)
        ]
        return made

    def category(self, obr: Segment | None) -> list[dict[str, Any]]:
        """What kind of observation it is: by OBR-24, else by the system that sent it."""
        section = obr.get(24).upper() if obr is not None else ""
        code = ""
        if section in _LABORATORY_SECTIONS:
            code = "laboratory"
        elif section in _IMAGING_SECTIONS:
            code = "imaging"
        elif not section and _LABORATORY.search(f"{self.sender} {self.facility}"):
            code = "laboratory"
        return [{"coding": [{"system": _CATEGORY, "code": code}]}] if code else []

    def interpretation(self, obx: Segment) -> list[dict[str, Any]]:
        """OBX-8."""
        found = []
        for one in obx.repeats(8):
            code = self.message.part(one, 1).upper()
            if code in _INTERPRETATIONS:
                found.append({"coding": [{"system": _INTERPRETATION, "code": code}]})
            else:
                found.append(concept(self.message, one) if one else {})
        return found

    def result_status(self, obx: Segment, obr: Segment | None) -> str:
        own = coded(_RESULT_STATUS, obx.get(11))
        if own or obx.get(11):
            return own or "unknown"
        said = coded(_RESULT_STATUS, obr.get(25)) if obr is not None else ""
        return said or "unknown"

    def order_status(self, orc: Segment | None) -> str:
        if orc is None:
            return "unknown"
        return coded(_ORDER_STATUS, orc.get(5)) or coded(_CONTROL_STATUS, orc.get(1)) or "unknown"

    def order_identifiers(self, orc: Segment | None) -> list[dict[str, Any]]:
        if orc is None:
            return []
        return [
            entity(self.message, one, self.facility, kind)
            for number, kind in ((2, "PLAC"), (3, "FILL"))
            for one in orc.repeats(number)
        ]


# HL7 v2 table 0074.
_LABORATORY_SECTIONS = {
    *("LAB", "CH", "HM", "MB", "SP", "CP", "IMM", "BLB", "MCB", "MYC", "OSL", "PAR", "SR", "TX"),
    *("URN", "VR", "BG", "CG"),
}
_IMAGING_SECTIONS = {"RAD", "RUS", "RX", "CT", "NMR", "NMS", "VUS", "OUS", "EC"}


def _entered_in_error() -> dict[str, Any]:
    system = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
    return {"coding": [{"system": system, "code": "entered-in-error"}]}


def _method(code: str) -> str:
    """The system that DG1-2 or PR1-2 names for a code without one of its own."""
    return {
        "I9": "http://hl7.org/fhir/sid/icd-9-cm",
        "I10": "http://hl7.org/fhir/sid/icd-10",
        "ICD10": "http://hl7.org/fhir/sid/icd-10",
        "KCD": "http://www.hl7korea.or.kr/CodeSystem/kostat-kcd-8",
        "C4": "http://www.ama-assn.org/go/cpt",
    }.get(code.strip().upper(), "")
