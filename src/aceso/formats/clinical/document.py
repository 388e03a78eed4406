"""Documents and pictures: PDF, PNG, JPEG, TIFF, HEIC, GIF, WebP, RTF, HTML, plain text.

Each becomes a DocumentReference (what it is, how large, its hash, when it was made if it says so)
and a record of its own with the file, byte for byte. Nothing in a file is rendered or run.

The words of a PDF, an RTF or a text serve to find its class: sensitive ones first; without any it
is NOTES. What has no words that can be read (a scan, a photograph) is UNCLASSIFIED.

Limits: a document doesn't say in a way that a program can trust who it is about; it is taken for
the person's who imports it. A table in text is no document, it is kept as not understood.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from aceso.codes import DataClass

from .._classify import classify_text
from .._head import HEAD_BYTES, Head
from .._model import Format, Item, Kind, Outcome
from .._reader import Reader, Source
from ..canonical import number
from ._resource import kept, made, moment
from .document_body import FileBody
from .document_picture import taken, whole
from .document_words import Words, words
from .fhir import refused

__all__ = ["PROSE", "READERS", "is_prose"]

_KINDS = (
    Format("pdf", "application/pdf", "PDF document", "PDF 문서"),
    Format("png", "image/png", "PNG picture", "PNG 그림"),
    Format("jpeg", "image/jpeg", "JPEG picture", "JPEG 그림"),
    Format("tiff", "image/tiff", "TIFF picture", "TIFF 그림"),
    Format("heic", "image/heic", "HEIC picture", "HEIC 그림"),
    Format("gif", "image/gif", "GIF picture", "GIF 그림"),
    Format("webp", "image/webp", "WebP picture", "WebP 그림"),
    Format("rtf", "application/rtf", "RTF document", "RTF 문서"),
    Format("html", "text/html", "HTML page", "HTML 문서"),
)
_PROSE = Format("text", "text/plain", "plain text", "텍스트 문서")
_MAX_TEXT = 4 << 20
_PDF_TIME = re.compile(r"D:(\d{4,14})(?:([+-])(\d{2})'?(\d{2})?|(Z))?")
_RTF_HIDDEN = re.compile(
    r"\{\\(?:fonttbl|colortbl|stylesheet|info|\*)[^{}]*(?:\{[^{}]*\}[^{}]*)*\}"
)
_RTF_CODE = re.compile(r"\\u(-?\d{1,6})\s?\??|\\'([0-9a-fA-F]{2})|\\[a-zA-Z]+-?\d* ?|[{}]|\\.")
_TAGS = re.compile(r"<(?:script|style)\b.*?</(?:script|style)\s*>|<[^<>]{0,10000}>", re.S | re.I)
_WORD = re.compile(r"[^\W\d_]{2,}")


def _kind(head: Head) -> str:
    """The name of the format by its first bytes, or nothing."""
    raw = head.raw
    if raw[128:132] == b"DICM":
        return ""  # Its preamble may be that of a TIFF.
    if b"%PDF-" in raw[:1024] and not raw.startswith((b"PK", b"\x1f\x8b", b"{", b"<")):
        return "pdf"
    for magic, name in (
        (b"\x89PNG\r\n\x1a\n", "png"),
        (b"\xff\xd8\xff", "jpeg"),
        (b"II*\x00", "tiff"),
        (b"MM\x00*", "tiff"),
        (b"GIF87a", "gif"),
        (b"GIF89a", "gif"),
        (b"{\\rtf", "rtf"),
    ):
        if raw.startswith(magic):
            return name
    if raw[:4] == b"RIFF" and raw[8:12] == b"WEBP":
        return "webp"
    if raw[4:8] == b"ftyp" and raw[8:12] in (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim"):
        return "heic"
    start = head.text[:512].lower()
    if start.startswith((b"<!doctype html", b"<html")) or (b"<?xml" in start and b"<html" in start):
        return "html"
    return ""


def is_prose(head: Head) -> bool:
    """Whether it is text that somebody wrote in sentences: no table, no list of keys, no code."""
    text = _decoded(head.text[:HEAD_BYTES], whole_file=head.is_whole)
    if not text or text[:1] in "{[<#%@!\"'-/" or head.is_gzip or head.is_zip:
        return False
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines:
        return False
    letters = sum(one.isalpha() or one.isspace() for one in text)
    marks = sum(line.count("\t") + line.count("|") + line.count(";") for line in lines)
    commas = [line.count(",") for line in lines]
    table = len(lines) > 1 and min(commas) >= 1 and max(commas) == min(commas)
    sentences = sum(len(_WORD.findall(line)) >= 4 for line in lines)
    keys = sum(re.match(r"\s*[\w-]+\s*[:=]", line) is not None for line in lines)
    return (
        letters >= 0.7 * len(text)
        and marks <= len(lines) // 4
        and not table
        and keys <= len(lines) // 2
        and sentences >= max(1, len(lines) // 4)
    )


def _decoded(data: bytes, *, whole_file: bool) -> str:
    """Text in UTF-8 or CP949; empty where it is neither. The last character may be cut."""
    if b"\x00" in data:
        return ""
    for encoding in ("utf-8", "cp949"):
        for cut in range(1 if whole_file else 4):
            try:
                return data[: len(data) - cut].decode(encoding)
            except UnicodeDecodeError:
                continue
    return ""


def _read(source: Source, form: Format) -> Iterator[Item]:
    path = source.path
    if not _is_whole(source, form):
        reason = "the file breaks off before its end; get the whole file"
        yield refused(path, "/", reason, "truncated", "DocumentReference")
        return
    told = words(path) if form.name == "pdf" else Words()
    if told.broken:
        reason = "the PDF is damaged and can't be opened; get the file again"
        yield refused(path, "/", reason, "damaged", "DocumentReference")
        return
    data_class, why = _class(source, form, told)
    body = FileBody.of(path)
    attachment: dict[str, Any] = {
        "contentType": form.media_type,
        "size": number(str(body.size)),
        "hash": base64.b64encode(body.sha1).decode("ascii"),
        **_created(source, form, told),
    }
    document = {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [{"attachment": attachment}],
    }
    outcome, piece = made(path, document, "/", data_class=data_class)
    if piece is None:
        yield outcome, None
        return
    piece = replace(piece, why_class=why)
    yield replace(outcome, reason=why), piece
    whole_file = replace(
        piece,
        media_type=form.media_type,
        body=body,
        fields=body.fields(form.media_type),
        alone=True,
    )
    said = f"the file as it is; {why}"
    yield Outcome(Kind.IMPORTED, "/", "Binary", said, "", path, data_class), whole_file
    if told.encrypted:
        reason = "the PDF is locked with a password, so its words were not read"
        yield kept(path, "/", reason, "encrypted")


def _is_whole(source: Source, form: Format) -> bool:
    if form.name != "pdf":
        return whole(source.path, form.media_type)
    with source.path.open("rb") as stream:
        stream.seek(max(0, source.path.stat().st_size - 4096))
        return b"%%EOF" in stream.read()


def _class(source: Source, form: Format, told: Words) -> tuple[DataClass, str]:
    """The class of the document by its words."""
    text, read = told.text, told.complete
    if form.media_type.startswith(("text/", "application/rtf")):
        text, read = _text_of(source, form)
    found = classify_text(text) if text else None
    if found is not None:
        return found.data_class, found.why
    if read:
        return DataClass.NOTES, "a document whose words were read, and none is of a sensitive list"
    return DataClass.UNCLASSIFIED, "its contents can't be read here"


def _text_of(source: Source, form: Format) -> tuple[str, bool]:
    with source.path.open("rb") as stream:
        data = stream.read(_MAX_TEXT + 1)
    read = len(data) <= _MAX_TEXT
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = data.decode("utf-16", "replace")
    else:
        text = _decoded(data, whole_file=read)
    if form.name == "rtf":
        return _rtf_words(data.decode("latin-1")), read
    if form.name == "html":
        return _TAGS.sub(" ", text), read and bool(text)
    return text, read and bool(text)


def _rtf_words(text: str) -> str:
    """The words of an RTF, in the Korean code page where it has bytes of one."""
    out = bytearray()
    at = 0
    text = _RTF_HIDDEN.sub("", text)
    for found in _RTF_CODE.finditer(text):
        out += text[at : found.start()].encode("latin-1")
        at = found.end()
        if found[1]:
            out += chr(int(found[1]) % 0x10000).encode("cp949", "ignore")
        elif found[2]:
            out.append(int(found[2], 16))
        elif found[0].startswith(("\\par", "\\line", "\\tab")):
            out += b"\n"
    out += text[at:].encode("latin-1")
    return bytes(out).decode("cp949", "replace")


def _created(source: Source, form: Format, told: Words) -> dict[str, Any]:
    """When the file says that it was made; nothing where it doesn't, or says no time."""
    text, zone = "", ""
    if form.name == "pdf":
        found = _PDF_TIME.match(told.created)
        if found is not None:
            text = found[1]
            zone = (
                "Z" if found[5] else f"{found[2]}{found[3]}{found[4] or '00'}" if found[2] else ""
            )
    elif form.name in ("jpeg", "tiff"):
        when, zone = taken(source.head.raw)
        text = when.replace(":", "").replace(" ", "")
    try:
        return moment("creation", text, zone) if text else {}
    except ValueError:
        return {}


def _reader(form: Format) -> Reader:
    def recognises(head: Head) -> bool:
        return _kind(head) == form.name

    return Reader(form, recognises, lambda source: _read(source, form))


READERS = tuple(_reader(form) for form in _KINDS)
# Told only of what no other reader knows, so it is asked last, by `unknown`.
PROSE = Reader(_PROSE, is_prose, lambda source: _read(source, _PROSE))
