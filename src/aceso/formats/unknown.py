"""A file that nothing here reads yet: it is kept whole, and its one outcome says so.

Text that somebody wrote in sentences is a document; it is asked about last, for much else is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ._head import Head
from ._model import Format, Item, Kind, Outcome
from ._reader import Reader, Source
from .canonical import JsonError, parse
from .clinical.document import PROSE

__all__ = ["EMPTY", "UNKNOWN", "guess_kind", "reader"]

EMPTY = Format("empty", "application/octet-stream", "empty file", "빈 파일")
UNKNOWN = Format("unknown", "", "not understood yet", "아직 읽지 못하는 형식")

_MAX_CHECKED = 16 << 20

# What a file says about itself in its first bytes. It names the file for a person, nothing more.
_MAGIC: tuple[tuple[bytes, str, str], ...] = (
    (b"%PDF-", "a PDF document", "application/pdf"),
    (b"\x89PNG", "a PNG picture", "image/png"),
    (b"\xff\xd8\xff", "a JPEG picture", "image/jpeg"),
    (b"BCF\x02", "a BCF file", "application/octet-stream"),
    (b"TBI\x01", "an index of a VCF file", "application/octet-stream"),
    (b"CSI\x01", "an index of a VCF or BCF file", "application/octet-stream"),
    (b"PK\x03\x04", "a ZIP archive", "application/zip"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "application/x-7z-compressed"),
    (b"Rar!\x1a\x07", "a RAR archive", "application/vnd.rar"),
    (b"\xfd7zXZ\x00", "a file packed with xz", "application/x-xz"),
    (b"BZh", "a file packed with bzip2", "application/x-bzip2"),
    (b"\x28\xb5\x2f\xfd", "a file packed with zstd", "application/zstd"),
    (b"MSH|", "an HL7 v2 message", "text/plain"),
    (b"ISA*", "an X12 message", "text/plain"),
)
_XML_ROOT = re.compile(rb"<(?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]{0,63})[\s/>]")
_ROOTS = {
    b"ClinicalDocument": "a C-CDA document",
    b"gpx": "a GPX track",
    b"TrainingCenterDatabase": "a TCX activity",
    b"EPCISDocument": "an EPCIS document",
    b"Bundle": "FHIR in XML",
    b"Patient": "FHIR in XML",
    b"Observation": "FHIR in XML",
}


# A settings file begins with [a word], too.
_JSON = re.compile(rb'\{\s*["}]|\[\s*(?:[\[{"\]]|-?\d|true|false|null)')


def guess_kind(head: bytes) -> tuple[str, str]:
    """What a file looks like, for a person, and its media type."""
    for magic, name, media_type in _MAGIC:
        if head.startswith(magic):
            return name, media_type
    if head[257:262] == b"ustar":
        return "a TAR archive", "application/x-tar"
    if head[8:12] == b".FIT":
        return "a FIT file", "application/octet-stream"
    if head[128:132] == b"DICM":
        return "a DICOM file", "application/dicom"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<"):
        found = _XML_ROOT.search(text)
        name = _ROOTS.get(found[1], "an XML file") if found else "an XML file"
        return name, "application/xml"
    if _JSON.match(text) and b"\x00" not in head:
        return "a JSON file", "application/json"
    if head and b"\x00" not in head:
        return "a text file", "text/plain"
    return "a file", "application/octet-stream"


def _read_unknown(source: Source) -> Iterator[Item]:
    """One outcome: kept, or refused if it says that it is JSON and is not."""
    name, media_type = guess_kind(source.head.raw)
    if media_type == "application/json":
        with source.path.open("rb") as stream:
            data = stream.read(_MAX_CHECKED + 1)
        if len(data) <= _MAX_CHECKED:
            try:
                parse(data.removeprefix(b"\xef\xbb\xbf"))
            except JsonError as exc:
                reason = f"it begins like JSON, but {exc.reason}; it is kept as it is"
                yield Outcome(Kind.REFUSED, "/", "", reason, exc.code, source.path), None
                return
    reason = f"{name} is not understood yet; it is kept whole, for its owner only"
    if name.endswith("archive") or " packed with " in name:
        reason = f"{name} is not opened; unpack it and import what is in it, it is kept whole"
    yield Outcome(Kind.KEPT, "/", "", reason, "not_understood", source.path), None


def _read_empty(source: Source) -> Iterator[Item]:
    reason = "the file is empty; export it again from where it came"
    yield Outcome(Kind.REFUSED, "/", "", reason, "empty_file", source.path), None


_EMPTY = Reader(EMPTY, lambda head: not head.raw, _read_empty)
_UNKNOWN = Reader(UNKNOWN, lambda head: True, _read_unknown)


def reader(head: Head) -> Reader:
    """The reader of what nothing else reads."""
    return next((one for one in (_EMPTY, PROSE) if one.recognises(head)), _UNKNOWN)
