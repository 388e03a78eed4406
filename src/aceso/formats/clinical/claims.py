"""Files that lie beside a person's record: insurers' messages, logistics, registers, code lists.

They are told for what they are and kept whole. Nothing of them becomes a part of the record: a
claim is what was charged, not what was found, and the rest is about no person.

| X12 (835, 837, 834, 27x)  | `ISA` and its separators, the transaction by `ST` |
| EPCIS 1.x, 2.0            | root element `EPCISDocument`, or `epcisBody`       |
| ClinicalTrials.gov        | `clinical_study`, or `protocolSection`             |
| DUO and other code lists  | their columns or keys                              |
| HL7 v2 in XML             | a root of `urn:hl7-org:v2xml`                      |
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from .._head import Head
from .._model import Format, Item
from .._reader import Reader, Source
from ._resource import kept
from .fhir import refused

__all__ = ["READERS"]

_X12 = Format("x12", "application/edi-x12", "X12 insurance message", "X12 보험 메시지")
_EPCIS = Format("epcis", "", "EPCIS events of goods", "EPCIS 물류 기록")
_TRIALS = Format("clinicaltrials", "", "ClinicalTrials.gov study", "ClinicalTrials.gov 임상시험")
_CODES = Format("codelist", "", "list of codes", "코드 목록")
_V2XML = Format("hl7v2-xml", "application/xml", "HL7 v2 in XML", "HL7 v2 (XML)")
_TRANSACTIONS = {
    "835": "a payment and remittance advice",
    "837": "claims for health care",
    "834": "enrolments in a health plan",
    "820": "payments of premiums",
    "270": "questions about eligibility",
    "271": "answers about eligibility",
    "276": "questions about the status of claims",
    "277": "answers about the status of claims",
    "278": "requests for review of services",
    "999": "an acknowledgement",
    "997": "an acknowledgement",
}
_ISA = re.compile(rb"ISA([^A-Za-z0-9\s]).{2}\1.{10}\1", re.DOTALL)
_BLOCK = 1 << 20


def _is_x12(head: Head) -> bool:
    return not head.is_gzip and _ISA.match(head.text) is not None


def _read_x12(source: Source) -> Iterator[Item]:
    with source.path.open("rb") as stream:
        start = stream.read(4096)
        at = start.find(b"ISA")
        header = start[at : at + 107]
        if len(header) < 106:
            yield refused(source.path, "/", "the X12 message breaks off in its header", "truncated")
            return
        separator, end = header[3:4], header[105:106]
        stream.seek(at)
        kinds: dict[str, int] = {}
        frames = {b"ISA": 0, b"IEA": 0}
        rest = b""
        while block := stream.read(_BLOCK):
            *segments, rest = (rest + block).split(end)
            rest = rest[-_BLOCK:]
            for segment in segments:
                cells = segment.strip().split(separator, 2)
                if cells[0] in frames:
                    frames[cells[0]] += 1
                elif cells[0] == b"ST" and len(cells) > 1:
                    code = cells[1].decode("latin-1")[:3]
                    kinds[code] = kinds.get(code, 0) + 1
    if frames[b"ISA"] != frames[b"IEA"]:
        reason = "the X12 message breaks off before its end (IEA); ask for it again"
        yield refused(source.path, "/", reason, "truncated")
    names = [
        f"{count} × {code}, {_TRANSACTIONS[code]}" if code in _TRANSACTIONS else f"{count} others"
        for code, count in sorted(kinds.items())
    ]
    what = "; ".join(names) or "no transaction"
    yield kept(source.path, "/", f"an insurer's message in X12 ({what})", "claim")


def _keeping(sentence: str, code: str = "side_file") -> Callable[[Source], Iterator[Item]]:
    def read(source: Source) -> Iterator[Item]:
        yield kept(source.path, "/", sentence, code)

    return read


def _is_epcis(head: Head) -> bool:
    name = head.xml_root.rpartition("}")[2]
    return name in ("EPCISDocument", "EPCISQueryDocument") or "epcisBody" in head.json_keys


def _is_trial(head: Head) -> bool:
    return head.xml_root == "{}clinical_study" or "protocolSection" in head.json_keys


def _is_v2xml(head: Head) -> bool:
    return head.xml_root.startswith("{urn:hl7-org:v2xml}")


def _is_codes(head: Head) -> bool:
    if head.json_keys >= {"locale", "countries"}:
        return True
    columns = tuple(one.lower() for one in head.columns)
    if columns[:4] == ("id", "shorthand", "label", "description") and b"DUO:" in head.text:
        return True
    return re.match(rb'\[\s*\[\s*"[A-Z]{2}",\s*"[A-Z]{3}",\s*"\d{3}"', head.text) is not None


READERS = (
    Reader(_X12, _is_x12, _read_x12),
    Reader(_EPCIS, _is_epcis, _keeping("events of goods and medicines in a supply chain (EPCIS)")),
    Reader(
        _TRIALS, _is_trial, _keeping("the description of a clinical trial (ClinicalTrials.gov)")
    ),
    Reader(_CODES, _is_codes, _keeping("a list of codes, about no person")),
    Reader(
        _V2XML,
        _is_v2xml,
        _keeping("HL7 v2 in XML is not understood yet; ask for it with bars", "not_understood"),
    ),
)
