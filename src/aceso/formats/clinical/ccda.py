"""Clinical documents: C-CDA R2.1 (CCD and its kin), CDA R2 of other realms, unstructured CDA.

    ClinicalDocument
    ├── recordTarget            Patient
    ├── the document itself     DocumentReference: type, date, author, custodian, size and hash
    ├── section with entries    a resource for each entry
    ├── section without         DocumentReference with its words as plain text
    └── nonXMLBody              DocumentReference with the attachment, its hash checked

Narrative is taken as words; its markup is never rendered. Entities are refused, and nothing that a
document points to is ever fetched.

Limits: templates of C-CDA that no resource stands for are kept, with their place and number. A
document about several people is kept: CDA doesn't say which of them a statement is about.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from typing import Any

from .._head import Head
from .._model import Format, Item
from .._reader import Reader, Source
from .._xml import XmlError
from ..canonical import number
from ._resource import clean, digest_id, instant, kept, made, moment, partial_date, skipped
from .ccda_entries import Entries, Made
from .ccda_left import safe_name, unread
from .ccda_node import Node, Part, Section, parts
from .ccda_types import address, concept, human_name, identifiers, name_of, telecom
from .document_check import AttachmentError, decoded
from .fhir import refused

__all__ = ["FORMAT", "READERS"]

FORMAT = Format("ccda", "application/cda+xml", "clinical document (C-CDA)", "진료 문서 (C-CDA)")

_ROOT = "{urn:hl7-org:v3}ClinicalDocument"
_GENDER = {"M": "male", "F": "female", "UN": "other"}
# Parts of the header that become something, or say nothing of a person.
_READ = {
    *("realmCode", "typeId", "templateId", "id", "code", "title", "effectiveTime", "author"),
    *("recordTarget", "custodian", "component"),
}
# Of those, the ones that say how the document came about and not what it tells of a person.
_OF_THE_DOCUMENT = frozenset({"component", "confidentialityCode", "languageCode"})


def _is_cda(head: Head) -> bool:
    return head.xml_root == _ROOT


def _read(source: Source) -> Iterator[Item]:
    document = _Document(source)
    with source.path.open("rb") as stream:
        try:
            for part in parts(stream):
                yield from document.part(part)
        except XmlError as exc:
            yield refused(source.path, exc.place, exc.reason, exc.code)


class _Document:
    def __init__(self, source: Source):
        self._path = source.path
        self._people: list[str] = []
        self._source = ""
        self._entries: Entries | None = None
        self._reference: dict[str, Any] = {}

    def part(self, part: Part) -> Iterator[Item]:
        if part.header is not None:
            yield from self._header(part.header)
        elif part.entry is not None and part.section is not None:
            yield from self._entry(part.section, part.entry, part.number)
        elif part.section is not None:
            yield from self._section(part.section)
        elif part.unstructured is not None:
            yield from self._unstructured(part.unstructured)

    def _header(self, node: Node) -> Iterator[Item]:
        if self._entries is not None or self._people:
            return
        custodian = node.first("custodian", "assignedCustodian", "representedCustodianOrganization")
        named = identifiers(custodian)
        if named:
            # One custodian is one issuer, whatever else a document says of it.
            self._source = f"urn:cda:custodian:{digest_id(named[0]['system'], named[0]['value'])}"
        for target in node.all("recordTarget"):
            patient, wrong = self._patient(target.first("patientRole"))
            self._people.append(patient["id"])
            yield made(self._path, patient, f"line {target.line}")
            if wrong:
                reason = "the birth time is no time; it was left out"
                yield refused(self._path, f"line {target.line}", reason, "bad_value", "Patient")
        if len(self._people) == 1:
            self._entries = Entries(self._people[0], self._source)
        yield from self._whole(node, custodian)
        left = list(dict.fromkeys(_left_of(node)))
        if left:
            reason = f"parts of the header have no place in what was read: {', '.join(left)}"
            yield kept(self._path, f"line {node.line}", reason)

    def _patient(self, role: Node) -> tuple[dict[str, Any], bool]:
        person = role.first("patient")
        names = [human_name(one) for one in person.all("name") if not one.null]
        known = identifiers(role)
        born, wrong = "", False
        try:
            text = person.first("birthTime").get("value")
            born = partial_date(text) if text else ""
        except ValueError:
            wrong = True
        key = (known[0]["system"], known[0]["value"]) if known else (str(names), born)
        patient: dict[str, Any] = {
            "resourceType": "Patient",
            "id": digest_id("Patient", *key),
            "meta": {"source": self._source},
            "identifier": known,
            "name": names,
            "telecom": [telecom(one) for one in role.all("telecom") if one.get("value")],
            "gender": _GENDER.get(person.first("administrativeGenderCode").get("code"), ""),
            "birthDate": born,
            "address": [address(one) for one in role.all("addr") if not one.null],
        }
        marital = person.first("maritalStatusCode")
        patient["maritalStatus"] = concept(marital) if marital.get("code") else {}
        patient["communication"] = [
            {"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": code}]}}
            for one in person.all("languageCommunication")
            if (code := one.first("languageCode").get("code"))
        ]
        dead = person.first("sdtc:deceasedInd").get("value")
        if dead:
            patient["deceasedBoolean"] = dead == "true"
        return patient, wrong

    def _whole(self, node: Node, custodian: Node) -> Iterator[Item]:
        """The document as it is, by what it says of itself; the source file holds its bytes."""
        digest = hashlib.sha1(usedforsecurity=False)
        size = 0
        with self._path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
                size += len(block)
        names = identifiers(node)
        reference: dict[str, Any] = {
            "resourceType": "DocumentReference",
            "meta": {"source": self._source},
            "status": "current",
            "masterIdentifier": names[0] if names else {},
            "type": concept(node.first("code")) if node.first("code") else {},
            "author": [
                {"display": shown}
                for one in node.all("author")
                if (shown := name_of(one.first("assignedAuthor")))
            ],
            "custodian": {"display": clean(custodian.first("name").text)},
        }
        if len(self._people) == 1:
            reference["subject"] = {"reference": f"Patient/{self._people[0]}"}
        attachment = {
            "contentType": FORMAT.media_type,
            "title": clean(node.first("title").text),
            "size": number(str(size)),
            "hash": base64.b64encode(digest.digest()).decode("ascii"),
        }
        stated = node.first("effectiveTime").get("value")
        try:
            if stated:
                attachment |= moment("creation", stated)
                reference |= instant("date", stated)
        except ValueError:
            reason = "the time of the document is no time; it was left out"
            yield refused(self._path, f"line {node.line}", reason, "bad_value")
        self._reference = dict(reference)
        reference["content"] = [{"attachment": attachment}]
        yield made(self._path, reference, f"line {node.line}")

    def _entry(self, section: Section, entry: Node, index: int) -> Iterator[Item]:
        place = f"section {section.number}, entry {index}, line {entry.line}"
        if self._entries is None:
            yield kept(self._path, place, self._nobody(), "several_people")
            return
        for one in self._entries.read(section, entry, place):
            yield self._item(one)

    def _item(self, one: Made) -> Item:
        if one.resource is not None:
            return made(self._path, one.resource, one.place)
        if one.refused:
            reason = f"{one.reason}; it is kept in the source file"
            return refused(self._path, one.place, reason, one.code)
        if one.code in ("null_flavor", "empty_segment"):
            return skipped(self._path, one.place, one.reason, one.code)
        return kept(self._path, one.place, one.reason, one.code)

    def _section(self, section: Section) -> Iterator[Item]:
        place = f"section {section.number}, line {section.line}"
        left = list(dict.fromkeys(name for one in section.others for name in unread(one)))
        if left:
            reason = f"parts of the section have no place in what was read: {', '.join(left[:30])}"
            yield kept(self._path, place, reason)
        words = "\n".join(
            line for one in "".join(section.words).split("\n") if (line := " ".join(one.split()))
        )
        if section.entries:
            reason = "the words of a section whose entries are read by themselves"
            yield skipped(self._path, place, reason, "narrative")
        elif not words:
            yield skipped(self._path, place, "the section is empty", "empty_segment")
        elif self._entries is None:
            yield kept(self._path, place, self._nobody(), "several_people")
        else:
            data = words.encode("utf-8", "replace")
            document = {
                key: one
                for key, one in self._reference.items()
                if key not in ("masterIdentifier", "type")
            }
            document["type"] = concept(section.code) if section.code is not None else {}
            attachment = {
                "contentType": "text/plain;charset=utf-8",
                "title": clean(section.title),
                "data": base64.b64encode(clean(words).encode("utf-8", "replace")).decode("ascii"),
            }
            document["content"] = [{"attachment": attachment}]
            if len(data) > 4 << 20:
                yield kept(self._path, place, "its words are too many to be read", "too_large")
            else:
                yield made(self._path, document, place)

    def _unstructured(self, body: Node) -> Iterator[Item]:
        place = f"line {body.line}"
        text = body.first("text")
        if text.first("reference"):
            reason = "the document lies outside of this file, where nothing is fetched from"
            yield kept(self._path, place, reason, "outside")
            return
        try:
            data = decoded(
                text.text if text.get("representation") == "B64" else None,
                text=text.text,
                digest=text.get("integrityCheck"),
                algorithm=text.get("integrityCheckAlgorithm") or "SHA-1",
                compression=text.get("compression"),
            )
        except AttachmentError as exc:
            yield refused(self._path, place, exc.reason, exc.code, "DocumentReference")
            return
        if not data:
            yield skipped(self._path, place, "the body is empty", "empty_segment")
            return
        document = dict(self._reference)
        document.pop("masterIdentifier", None)
        attachment = {
            "contentType": clean(text.get("mediaType")) or "text/plain",
            "data": base64.b64encode(data).decode("ascii"),
            "size": number(str(len(data))),
            "hash": base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode(),
        }
        document["content"] = [{"attachment": attachment}]
        yield made(self._path, document, place)

    def _nobody(self) -> str:
        if self._people:
            return "the document is about several people, and doesn't say which of them this is"
        return "the document doesn't say who it is about (recordTarget)"


def _left_of(header: Node) -> Iterator[str]:
    """Parts of the header that are in no resource: whole ones by their name, others by the path."""
    for one in header.children:
        if one.name in _READ:
            yield from () if one.name == "component" else unread(one)
        elif one.name not in _OF_THE_DOCUMENT:
            yield safe_name(one)


READERS = (Reader(FORMAT, _is_cda, _read),)
