"""HL7 v2 messages, as hospitals and laboratories send them (ER7, with bars), read to FHIR R4.

    MSH|^~\\&|LIS|HOSP|…          the frame: separators, character set, zone of all its times
    PID|1||123^^^HOSP^MR||…       Patient; all that follows is about this person, until the next PID
    OBR|1||F1|…                   DiagnosticReport
    OBX|1|NM|2345-7^…||5.40|…     Observation, with the notes (NTE) that follow it

One file may hold any number of messages, batches (BHS) and files of batches (FHS). Each segment has
an outcome with its line; fields that have no place in the resource are named, once a message, with
their repetitions (`OBX-5[2]`) and components (`PID-3.6`).

Limits: what HL7 v2 leaves to local agreement stays as the sender wrote it: codes of local tables,
texts for numbers. Pointers to data elsewhere (RP) are never followed. HL7 v2 in XML is kept.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from .._head import Head
from .._model import Format, Item
from .._reader import Reader, Source
from ..canonical import number
from ._resource import clean, digest_id, kept, made, moment, skipped
from .fhir import refused
from .hl7v2_map import Context
from .hl7v2_text import Message, Segment, Stray, messages
from .hl7v2_types import concept, person
from .hl7v2_value import attachments, reference_range, values

__all__ = ["FORMAT", "READERS"]

FORMAT = Format("hl7v2", "x-application/hl7-v2+er7", "HL7 v2 message", "HL7 v2 메시지")

_START = re.compile(rb"(?:MSH|BHS|FHS)([!-/:-@\[-`{-~])[!-/:-@\[-`{-~]{0,6}\1")
_FRAME = {"MSH", "EVN", "SFT", "UAC", "MSA", "QRD", "QPD", "QAK", "DSC"}
_TEXTS = ("TX", "FT")
_NUMBERED = frozenset({"PID-1", "PV1-1", "OBR-1", "AL1-1", "DG1-1", "NTE-1"})
_MAX_NAMES = 40


def _is_hl7v2(head: Head) -> bool:
    text = head.text.lstrip(b"\x0b\x1c\r\n \t")
    return not head.is_gzip and _START.match(text) is not None


def _read(source: Source) -> Iterator[Item]:
    found = 0
    open_frames: dict[str, tuple[int, int]] = {}
    with source.path.open("rb") as stream:
        for one in messages(stream):
            if isinstance(one, Message):
                found += 1
                yield from _Message(source, one).items()
            else:
                yield from _stray(source, one, open_frames, found)
        for name, (line, _) in open_frames.items():
            if found:
                reason = f"the file ends without {name[:1]}TS, so the end of it may be missing"
                yield refused(source.path, f"line {line}", reason, "truncated")
    if not found:
        yield refused(source.path, "/", "there is no message (MSH) in the file", "empty_file")


def _stray(
    source: Source, stray: Stray, open_frames: dict[str, tuple[int, int]], found: int
) -> Iterator[Item]:
    place = f"line {stray.line}"
    if stray.too_large:
        reason = "the message is larger than 64 MiB; the source file keeps it, but it is not read"
        yield refused(source.path, place, reason, "too_large")
    elif stray.name in ("FHS", "BHS"):
        open_frames[stray.name] = (stray.line, found)
        yield skipped(source.path, place, "the frame of a batch of messages", "frame", stray.name)
    elif stray.name in ("FTS", "BTS"):
        _, before = open_frames.pop(f"{stray.name[0]}HS", (0, 0))
        said = stray.fields[1].strip() if len(stray.fields) > 1 else ""
        if stray.name == "BTS" and said.isdigit() and int(said[:9]) != found - before:
            reason = f"the batch is to hold another number of messages than the {found - before}"
            reason += " that are in it; ask for it again"
            yield refused(source.path, place, reason, "truncated")
        else:
            yield skipped(source.path, place, "the end of a batch of messages", "frame", stray.name)
    else:
        yield kept(source.path, place, "the text here belongs to no segment")


class _Message:
    """The walk through one message."""

    def __init__(self, source: Source, message: Message):
        self._path = source.path
        self._message = message
        self._context = Context(message)
        self._kind = ("", "")
        self._obr: Segment | None = None
        self._report: dict[str, Any] | None = None
        self._report_line = 0
        self._orc: Segment | None = None
        self._last: dict[str, Any] | None = None  # What a NTE is a note on.
        self._last_place = ""
        self._document: dict[str, Any] | None = None
        self._document_line = 0
        self._document_text: list[str] = []
        self._vaccine = False

    def items(self) -> Iterator[Item]:
        message = self._message
        for line in message.unreadable:
            reason = "the text is not in the character set that the message states, nor in UTF-8"
            yield refused(
                self._path, f"line {line}", f"{reason} or CP949; save it as UTF-8", "not_utf8"
            )
        if not message.segments or message.segments[0].name != "MSH":
            return
        for _, group in groupby(message.segments, key=_run()):
            run = list(group)
            yield from self._run(run)
        yield from self._close()
        yield from self._leftovers()

    def _run(self, run: list[Segment]) -> Iterator[Item]:
        """One segment, or several OBX that are the lines of one text."""
        segment = run[0]
        place = f"line {segment.line}"
        name = segment.name
        if name not in ("NTE", "RXR", "TQ1"):
            yield from self._flush()
        if name in _FRAME:
            if name == "MSH":
                self._header(segment)
            segment.used.update(range(200))
            yield skipped(self._path, place, "the frame of the message", "frame", name)
        elif name == "PID":
            yield from self._close()
            yield made(self._path, self._context.pid(segment), place)
        elif name == "PV1":
            if any(segment.raw(n) for n in range(2, 53)):
                yield made(self._path, self._context.pv1(segment), place)
            else:
                yield skipped(self._path, place, "the segment is empty", "empty_segment", name)
        elif name == "ORC":
            yield from self._close()
            self._orc = segment
            yield skipped(self._path, place, "an order, read with what it orders", "frame", name)
        elif name == "OBR":
            yield from self._close()
            self._begin_report(segment)
            if self._report is None:
                self._hold(self._context.request(segment, self._orc), place)
        elif name == "OBX":
            yield from self._observation(run)
        elif name == "NTE":
            yield from self._note(segment, place)
        elif name == "TXA":
            yield from self._close()
            self._document = _document(self._context, segment)
            self._document_line = segment.line
        else:
            yield from self._other(segment, place)

    def _other(self, segment: Segment, place: str) -> Iterator[Item]:
        context = self._context
        name = segment.name
        if name in ("AL1", "IAM") and segment.raw(3):
            self._hold(context.allergy(segment), place)
        elif name == "DG1" and (segment.raw(3) or segment.raw(4)):
            self._hold(context.diagnosis(segment), place)
        elif name == "PRB" and segment.raw(3):
            self._hold(context.problem(segment), place)
        elif name == "PR1" and (segment.raw(3) or segment.raw(4)):
            self._hold(context.procedure(segment), place)
        elif name == "RXA" and segment.raw(5):
            self._vaccine = self._kind[0] == "VXU" or "CVX" in segment.raw(5).upper()
            read = context.immunization if self._vaccine else context.administration
            self._hold(read(segment, self._orc), place)
        elif name in ("RXE", "RXO") and segment.raw(2 if name == "RXE" else 1):
            self._hold(context.prescription(segment, self._orc), place)
        elif name == "RXR" and self._last is not None:
            self._route(segment, self._last)
            yield skipped(self._path, place, "a route, read with what it is of", "frame", name)
        else:
            segment.used.update(range(200))
            reason = (
                f"a segment {name} is not understood yet"
                if _known(name)
                else ("a segment of the sender's own is not understood")
            )
            yield kept(self._path, place, reason, "not_understood", name if _known(name) else "")

    def _header(self, msh: Segment) -> None:
        context = self._context
        context.sender = clean(msh.get(3))
        context.facility = clean(msh.get(4)) or context.sender
        self._kind = (msh.get(9).upper(), msh.get(9, 2).upper())
        zone = re.search(r"[+-]\d{4}\Z", msh.get(7))
        context.zone = zone[0] if zone else ""

    def _begin_report(self, obr: Segment) -> None:
        self._obr = obr
        self._report_line = obr.line
        order = self._kind[0] in ("ORM", "OML", "OMG", "OMI", "ORL")
        self._report = None if order else self._context.report(obr)

    def _observation(self, run: list[Segment]) -> Iterator[Item]:
        obx = run[0]
        place = f"line {obx.line}" if len(run) == 1 else f"lines {obx.line}-{run[-1].line}"
        if self._document is not None:
            yield from self._into_document(self._document, run, place)
            return
        kind = obx.get(2).upper()
        code = concept(self._message, obx.raw(3))
        if not code["coding"] and not code["text"]:
            if self._obr is None:
                yield refused(
                    self._path, place, "it doesn't say what was observed (OBX-3)", "bad_value"
                )
                return
            code = concept(self._message, self._obr.raw(4))
        try:
            if kind == "ED":
                self._hold(self._attached(obx, code), place)
                return
            said, *others = values(self._message, obx, self._context.zone)
            if others:
                said["component"] = [{"code": code, **one} for one in others]
            if len(run) > 1:
                lines = [clean(one.text(5)) for one in run]
                said = {"valueString": "\n".join(lines).strip("\n")}
        except ValueError:
            reason = "its value (OBX-5) isn't of the type that OBX-2 states"
            yield refused(self._path, place, reason, "bad_value", "Observation")
            return
        self._hold(self._observed(obx, code, said), place)
        for one in run[1:]:
            # What a line says as the first one does is told of; what it says else is not.
            one.used |= {n for n in obx.used if one.peek(n) == obx.peek(n)} | {1, 5}

    def _observed(self, obx: Segment, code: dict[str, Any], said: dict[str, Any]) -> dict[str, Any]:
        context = self._context
        message = self._message
        report = self._report["id"] if self._report else ""
        sub = clean(obx.get(4))
        id = digest_id(
            "Observation", context.patient, context.encounter, report, obx.plain(3), sub, obx.get(1)
        )
        observed = context.base("Observation", id=id) | context.visit()
        observed |= {
            "status": context.result_status(obx, self._obr),
            "category": context.category(self._obr),
            "code": code,
            **said,
            "interpretation": context.interpretation(obx),
            "referenceRange": reference_range(message, obx),
            "method": concept(message, obx.raw(17)) if obx.raw(17) else {},
            "bodySite": concept(message, obx.raw(20)) if obx.raw(20) else {},
        }
        when = context.time("effectiveDateTime", obx, 14)
        if not when and self._obr is not None:
            when = context.time("effectiveDateTime", self._obr, 7)
        observed |= when
        makers = [clean(" ".join(filter(None, message.parts(one)))) for one in obx.repeats(23)]
        makers += _people(message, obx, 16)
        observed["performer"] = [{"display": one} for one in makers if one]
        if not {"valueQuantity", "valueRange", "valueRatio", "valueString"} & said.keys():
            obx.used.discard(6)
        if sub:
            tag = {"url": "urn:aceso:hl7v2:OBX-4", "valueString": sub}
            observed["extension"] = [tag]
        obx.used.add(1)
        if self._report is not None:
            self._report.setdefault("result", []).append({"reference": f"Observation/{id}"})
        return observed

    def _attached(self, obx: Segment, code: dict[str, Any]) -> dict[str, Any]:
        context = self._context
        document = context.base("DocumentReference")
        document |= {
            "status": "current",
            "type": code,
            "content": [{"attachment": one} for one in attachments(self._message, obx)],
            "context": {"encounter": [context.visit().get("encounter", {})]},
        }
        when = obx.get(14) or (self._obr.get(7) if self._obr is not None else "")
        try:
            stated = moment("start", when, context.zone) if when else {}
        except ValueError:
            context.wrong.append((obx.line, "OBX-14"))
            stated = {}
        document["context"]["period"] = stated
        obx.used.update((1, 2, 5, 11, 14))
        return document

    def _into_document(
        self, document: dict[str, Any], run: list[Segment], place: str
    ) -> Iterator[Item]:
        """OBX after TXA are the body of the document."""
        for obx in run:
            if obx.get(2).upper() == "ED":
                try:
                    found = attachments(self._message, obx)
                except ValueError:
                    reason = "the attachment (OBX-5) isn't in the encoding that it states"
                    yield refused(self._path, place, reason, "bad_value", "DocumentReference")
                    continue
                document.setdefault("content", []).extend({"attachment": one} for one in found)
            else:
                self._document_text.append(clean(obx.text(5)))
            obx.used.update((1, 2, 5, 11))
        yield skipped(self._path, place, "the body of the document, read with it", "frame", "OBX")

    def _note(self, nte: Segment, place: str) -> Iterator[Item]:
        text = clean(nte.text(3))
        nte.used.add(1)
        target = self._last
        if target is None and self._report is not None:
            target = self._report
        if not text:
            yield skipped(self._path, place, "the note is empty", "empty_segment", "NTE")
        elif target is None:
            yield kept(self._path, place, "a note on the message as a whole", kind="NTE")
        elif target["resourceType"] == "DiagnosticReport":
            told = target.get("conclusion")
            target["conclusion"] = f"{told}\n{text}" if told else text
            yield skipped(self._path, place, "a note, read with its report", "frame", "NTE")
        elif target["resourceType"] == "DocumentReference":
            target["description"] = text
            yield skipped(self._path, place, "a note, read with its document", "frame", "NTE")
        else:
            notes = target.setdefault("note", [])
            if notes and target.get("resourceType") == "Observation":
                notes[0]["text"] += f"\n{text}"
            else:
                notes.append({"text": text})
            yield skipped(self._path, place, "a note, read with what it is on", "frame", "NTE")

    def _route(self, rxr: Segment, of: dict[str, Any]) -> None:
        route = concept(self._message, rxr.raw(1))
        site = concept(self._message, rxr.raw(2)) if rxr.raw(2) else {}
        kind = of["resourceType"]
        if kind == "Immunization":
            of |= {"route": route, "site": site}
        elif kind == "MedicationRequest":
            of["dosageInstruction"][0] |= {"route": route, "site": site}
        elif kind == "MedicationAdministration":
            of.setdefault("dosage", {})
            of["dosage"] = {**(of["dosage"] or {}), "route": route, "site": site}
        else:
            rxr.used.clear()

    def _hold(self, resource: dict[str, Any], place: str) -> None:
        """A resource that the notes after it belong to."""
        self._last, self._last_place = resource, place

    def _flush(self) -> Iterator[Item]:
        if self._last is not None:
            resource, self._last = self._last, None
            yield made(self._path, resource, self._last_place)

    def _close(self) -> Iterator[Item]:
        """End what an OBR, an ORC or a TXA began."""
        yield from self._flush()
        if self._report is not None:
            yield made(self._path, self._report, f"line {self._report_line}")
        if self._document is not None:
            text = "\n".join(self._document_text)
            if text.strip():
                data = text.encode("utf-8", "replace")
                inline = {
                    "contentType": "text/plain;charset=utf-8",
                    "data": base64.b64encode(data).decode("ascii"),
                    "size": number(str(len(data))),
                }
                self._document.setdefault("content", []).append({"attachment": inline})
            self._document.setdefault("content", [{"attachment": {"title": "not in the message"}}])
            yield made(self._path, self._document, f"line {self._document_line}")
        self._obr = self._report = self._orc = self._document = None
        self._document_text = []

    def _leftovers(self) -> Iterator[Item]:
        """What no resource has a place for, by name."""
        for line, name in self._context.wrong:
            reason = f"{name} is to be a time, and is none; it was left out"
            yield refused(self._path, f"line {line}", reason, "bad_value")
        lines: dict[str, int] = {}
        names: dict[str, dict[str, None]] = {}
        for segment in self._message.segments:
            if _known(segment.name):
                for one in segment.unused:
                    lines.setdefault(segment.name, segment.line)
                    names.setdefault(segment.name, {})[f"{segment.name}-{one}"] = None
        for name, found in names.items():
            left = [one for one in found if one not in _NUMBERED]
            if left:
                shown = ", ".join(left[:_MAX_NAMES])
                shown += f" and {more} more" if (more := len(left) - _MAX_NAMES) > 0 else ""
                reason = f"the fields {shown} have no place in what was read"
                yield kept(self._path, f"line {lines[name]}", reason, "not_understood")


def _run() -> Any:
    """Numbers segments so that the OBX that are lines of one text have the same number."""
    state: dict[str, Any] = {"number": 0, "key": None}

    def key(segment: Segment) -> int:
        mine: tuple[str, ...] | None = None
        if segment.name == "OBX" and segment.peek(2).strip().upper() in _TEXTS:
            mine = (segment.peek(3), segment.peek(4), segment.peek(11), segment.peek(2))
        if mine is None or mine != state["key"]:
            state["number"] += 1
        state["key"] = mine
        return int(state["number"])

    return key


def _known(name: str) -> bool:
    """A name that can't be anything but a segment's: three characters, none of the sender's own."""
    return re.fullmatch(r"[A-Y][A-Z0-9]{2}", name) is not None


def _people(message: Message, segment: Segment, field: int) -> list[str]:
    return [person(message, one) for one in segment.repeats(field)]


def _document(context: Context, txa: Segment) -> dict[str, Any]:
    """TXA to DocumentReference."""
    message = context.message
    document = context.base("DocumentReference")
    status = txa.get(17).upper()
    document |= {
        "status": "current",
        "docStatus": {"AU": "final", "LA": "final", "IN": "preliminary", "DI": "preliminary"}.get(
            status, ""
        ),
        "type": concept(message, txa.raw(2)),
        "author": [{"display": one} for one in _people(message, txa, 9)],
    }
    if txa.get(12):
        value = clean(txa.get(12))
        document["identifier"] = [{"system": "urn:hl7v2:TXA-12", "value": value}]
    stated = context.time("start", txa, 4)
    document["context"] = {
        "encounter": [context.visit().get("encounter", {})],
        "period": stated,
    }
    return document


READERS = (Reader(FORMAT, _is_hl7v2, _read),)
