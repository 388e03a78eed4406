"""An International Patient Summary: a FHIR R4 document that a hospital anywhere can read.

    write_ips(summary, stream, now=datetime.now(UTC))

The document has the six sections of `summary`, problems, medications and allergies always, the
others also where they are empty: an empty one says `unavailable`, never that there is nothing (HL7
FHIR IPS 2.0.0, "Empty Sections and Missing Data"). Its author is the person, who made it of what
they hold.

Inside, each resource has a new name (`urn:uuid:`, from its contents) and the person is the subject
of all. So a summary is no copy of the records, and is not to be taken back into them: use the
Bundle for that.

Limits: checked against R4, not against the profiles of the IPS, which ask for codes that a source
may not have.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from datetime import datetime
from html import escape
from typing import Any, BinaryIO

from aceso.formats.canonical import canonical_bytes

from ._narrative import plain_narratives
from .summary import Line, Section, Summary, medication_id

__all__ = ["write_ips"]

_LOINC = "http://loinc.org"
_EMPTY = "http://terminology.hl7.org/CodeSystem/list-empty-reason"
# Sections of the IPS: LOINC code and display as its guide has them, and the titles.
_SECTIONS = {
    "problems": ("11450-4", "Problem list - Reported", "Problems", "문제 목록"),
    "medications": (
        "10160-0",
        "History of Medication use Narrative",
        "Medications",
        "복용 약",
    ),
    "allergies": (
        "48765-2",
        "Allergies and adverse reactions Document",
        "Allergies and intolerances",
        "알레르기와 과민 반응",
    ),
    "immunizations": (
        "11369-6",
        "History of Immunization Narrative",
        "Immunizations",
        "예방접종",
    ),
    "results": (
        "30954-2",
        "Relevant diagnostic tests/laboratory data Narrative",
        "Results",
        "검사 결과",
    ),
    "procedures": ("47519-4", "History of Procedures Document", "Procedures", "시술과 수술"),
}
_TITLE = {"en": "International Patient Summary", "ko": "국제 환자 요약"}
_UNKNOWN = {
    "en": "No information is available here. This does not say that there is none.",
    "ko": "여기에는 정보가 없습니다. 없다는 뜻은 아닙니다.",
}


def write_ips(summary: Summary, stream: BinaryIO, *, now: datetime) -> int:
    """Write the document; return how many entries it has."""
    document = _document(summary, now)
    stream.write(canonical_bytes(document) + b"\n")
    return len(document["entry"])


def _document(summary: Summary, now: datetime) -> dict[str, Any]:
    moment = now.isoformat(timespec="seconds")
    patient = plain_narratives(summary.patient)
    patient_url = _url(patient)
    entries: dict[str, dict[str, Any]] = {}
    sections = [_section(section, summary, patient_url, entries) for section in summary.sections]
    composition = {
        "resourceType": "Composition",
        "status": "final",
        "language": summary.language,
        "type": {
            "coding": [{"system": _LOINC, "code": "60591-5", "display": "Patient summary Document"}]
        },
        "subject": {"reference": patient_url},
        "author": [{"reference": patient_url}],
        "date": moment,
        "title": _TITLE[summary.language],
        "section": sections,
    }
    composition_url = _url(composition)
    return {
        "resourceType": "Bundle",
        "type": "document",
        "identifier": {"system": "urn:ietf:rfc:3986", "value": composition_url},
        "timestamp": moment,
        "entry": [
            {"fullUrl": composition_url, "resource": composition},
            {"fullUrl": patient_url, "resource": patient},
            *({"fullUrl": url, "resource": one} for url, one in entries.items()),
        ],
    }


def _section(
    section: Section, summary: Summary, patient_url: str, entries: dict[str, dict[str, Any]]
) -> dict[str, Any]:
    code, display, english, korean = _SECTIONS[section.name]
    made: dict[str, Any] = {
        "title": korean if summary.language == "ko" else english,
        "code": {"coding": [{"system": _LOINC, "code": code, "display": display}]},
        "text": {"status": "generated", "div": _narrative(section, summary.language)},
    }
    if not section.lines:
        made["emptyReason"] = {
            "coding": [{"system": _EMPTY, "code": "unavailable", "display": "Unavailable"}]
        }
        return made
    made["entry"] = []
    for line in section.lines:
        for url, resource, is_line in _named(line, summary, patient_url):
            entries[url] = resource
            if is_line:
                made["entry"].append({"reference": url})
    return made


def _named(
    line: Line, summary: Summary, patient_url: str
) -> Iterator[tuple[str, dict[str, Any], bool]]:
    """The resource of a line and the medicine that it refers to, under their new names."""
    resource = plain_narratives(line.resource)
    whose = "patient" if resource["resourceType"] in _BY_PATIENT else "subject"
    resource[whose] = {"reference": patient_url}
    referred = resource.get("medicationReference")
    if isinstance(referred, dict) and isinstance(referred.get("reference"), str):
        medicine = summary.medications.get(medication_id(referred["reference"]))
        if medicine is not None:
            medicine = plain_narratives(medicine)
            url = _url(medicine)
            resource["medicationReference"] = {**referred, "reference": url}
            yield url, medicine, False
    yield _url(resource), resource, True


_BY_PATIENT = frozenset({"AllergyIntolerance", "Immunization"})


def _narrative(section: Section, language: str) -> str:
    if not section.lines:
        body = f"<p>{escape(_UNKNOWN[language])}</p>"
    else:
        rows = (
            f"<tr><td>{escape(line.what)}</td><td>{escape(line.said)}</td>"
            f"<td>{escape(line.day)}</td></tr>"
            for line in section.lines
        )
        body = f"<table><tbody>{''.join(rows)}</tbody></table>"
    return f'<div xmlns="http://www.w3.org/1999/xhtml">{body}</div>'


def _url(resource: dict[str, Any]) -> str:
    """A name made of the contents: the same resource has the same one."""
    digest = hashlib.sha256(canonical_bytes(resource)).digest()
    return f"urn:uuid:{uuid.UUID(bytes=digest[:16], version=4)}"
