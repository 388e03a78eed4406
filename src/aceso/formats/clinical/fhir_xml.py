"""FHIR R4 in XML: a Bundle of any size, or one resource, turned into what the JSON would be.

The XML and the JSON of one resource give the same canonical bytes. What repeats, and what is a
number, is told by the definitions of R4 (`fhir_elements`); a decimal keeps its digits, an extension
of a primitive goes to `_name`, and the narrative stays as it was written.

An element that R4 doesn't have is carried over by its shape, so that the check that follows names
it, or another version of FHIR is told by it. Comments and processing instructions are left out.

Limits: an entry may have 64 MiB, its narrative 16. A document type is refused, as FHIR forbids it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from xml.parsers import expat

from .._head import Head
from .._model import Format, Item
from .._reader import Reader, Source
from .._split import MAX_PART
from .._xml import XmlError
from ..canonical import MAX_DEPTH, NUMBER, number
from . import fhir
from .fhir_elements import NUMBERS, RESOURCE, XHTML, element, is_type
from .fhir_text import BLOCK, xml_blocks

__all__ = ["FORMAT", "READERS"]

FORMAT = Format("fhir-xml", "application/fhir+xml", "FHIR R4 (XML)", "FHIR R4 (XML)")

_FHIR = "http://hl7.org/fhir"
_MAX_NARRATIVE = 16 << 20
_XHTML = "http://www.w3.org/1999/xhtml"
_SCHEMA = "http://www.w3.org/2001/XMLSchema-instance "
_DIV_START = re.compile(rb"<(?:([A-Za-z_][\w.-]*):)?div\b([^>]*)")
_TYPE_NAME = re.compile(r"[A-Z][A-Za-z]{1,63}\Z")
# Expat's words for a text that stops before its end.
_CUT = frozenset(
    {
        expat.errors.codes[text]
        for text in (
            expat.errors.XML_ERROR_NO_ELEMENTS,
            expat.errors.XML_ERROR_UNCLOSED_TOKEN,
            expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION,
            expat.errors.XML_ERROR_PARTIAL_CHAR,
        )
    }
)


def _parser() -> expat.XMLParserType:
    """A parser of UTF-8 that raises XmlError at a document type or an entity."""
    parser = expat.ParserCreate("utf-8", " ")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.ExternalEntityRefHandler = _refuse
    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    return parser


def _refuse(*_: object) -> NoReturn:
    raise XmlError(
        "it declares a document type or an entity, which FHIR forbids, for it can hide a bomb or "
        "another file; export it without",
        "xml_entity",
    )


@dataclass(slots=True)
class _Frame:
    """An element that is open. `type` is its type in R4, empty where R4 knows none."""

    name: str
    type: str
    many: bool
    value: str | None = None
    contents: dict[str, Any] = field(default_factory=dict)
    primitives: dict[str, list[tuple[Any, dict[str, Any] | None]]] = field(default_factory=dict)


@dataclass(slots=True)
class _Part:
    """An entry, or the whole of what is no entry, with what is wrong with it."""

    index: int | None
    contents: dict[str, Any]
    fault: XmlError | None


class _Builder:
    """Makes parts from what the parser meets."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self.parts: deque[_Part] = deque()
        self._parser = parser
        self._stack: list[_Frame] = []
        self._skip = 0  # How deep below an element that is not read any more.
        self._fault: XmlError | None = None
        self._frame_fault: XmlError | None = None
        self._entries = 0
        self._part_from = 0
        self._window = bytearray()
        self._window_from = 0
        self._fed = 0
        self._pending = bytearray()
        self._div_from: int | None = None
        self._div_depth = 0
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text

    def feed(self, block: bytes) -> None:
        """Parse a block, keeping as much of the text as a narrative in it needs.

        Expat looks at an open tag from its beginning each time, so one that goes on is given to it
        in ever larger blocks: otherwise a long attribute would take the square of its length.
        """
        self._pending += block
        if len(self._pending) >= self._open_bytes():
            self._parse()

    def close(self) -> None:
        self._parse()
        self._parser.Parse(b"", True)

    def _open_bytes(self) -> int:
        return self._fed - max(0, self._parser.CurrentByteIndex)

    def _parse(self) -> None:
        block, self._pending = bytes(self._pending), bytearray()
        if self._div_from is None:
            keep = max(0, len(self._window) - BLOCK)
            del self._window[:keep]
            self._window_from += keep
        self._window += block
        self._fed += len(block)
        self._parser.Parse(block, False)
        if self._open_bytes() > MAX_PART + BLOCK:
            raise XmlError("a single text in it is larger than 64 MiB; it is not read", "too_large")
        if self._div_from is not None and len(self._window) > _MAX_NARRATIVE:
            raise XmlError("a narrative in it is larger than 16 MiB; it is not read", "too_large")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if self._div_depth:
            self._div_depth += 1
            return
        if self._skip or self._fault is not None:
            self._skip += 1
            return
        space, _, name = tag.rpartition(" ")
        if space == _XHTML and name == "div" and self._stack:
            self._div_from = self._parser.CurrentByteIndex
            self._div_depth = 1
            return
        self._fault = self._unreadable(space)
        if self._fault is not None:
            self._skip = 1
            return
        if self._is_entry_of_bundle(name):
            self._part_from = self._parser.CurrentByteIndex
        self._open(name, attributes)

    def _unreadable(self, space: str) -> XmlError | None:
        if space != _FHIR:
            return XmlError("an element in it is of another namespace than FHIR's", "not_r4")
        if len(self._stack) >= MAX_DEPTH:
            return XmlError(f"it is nested more than {MAX_DEPTH} deep", "too_deep")
        if self._parser.CurrentByteIndex - self._part_from > MAX_PART:
            return XmlError("it is larger than 64 MiB; it is not read", "too_large")
        return None

    def _is_entry_of_bundle(self, name: str) -> bool:
        return len(self._stack) == 1 and name == "entry" and self._stack[0].type == "Bundle"

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        parent = self._stack[-1] if self._stack else None
        if parent is None or parent.type == RESOURCE:
            frame = _Frame(name, name if is_type(name) else "", False)
            frame.contents["resourceType"] = name
        else:
            holder = "Element" if _is_primitive(parent.type) else parent.type
            known = element(holder, name)
            frame = _Frame(name, known.type if known else "", bool(known and known.many))
        for key, text in attributes.items():
            if key == "value":
                frame.value = text
            elif key in ("id", "url"):
                frame.contents[key] = text
            elif not key.startswith(_SCHEMA):
                self._wrong("an attribute in it is none of FHIR's", "not_r4")
        self._stack.append(frame)

    def _end(self, tag: str) -> None:
        if self._div_depth:
            self._div_depth -= 1
            if not self._div_depth:
                self._end_div()
            return
        if self._skip:
            self._skip -= 1
            if not self._skip:
                self._leave_fault()
            return
        frame = self._stack.pop()
        _settle(frame)
        if not self._stack:
            self.parts.append(_Part(None, frame.contents, self._frame_fault or self._fault))
        elif len(self._stack) == 1 and frame.name == "entry" and self._stack[0].type == "Bundle":
            self._emit(frame.contents)
        else:
            _attach(self._stack[-1], frame)
        self._leave_fault()

    def _leave_fault(self) -> None:
        """Give up the part that is wrong once it is over: the entry, or the whole file."""
        if self._fault is None or self._skip:
            return
        if len(self._stack) <= 1:
            self._frame_fault = self._frame_fault or self._fault
            self._fault = None

    def _emit(self, contents: dict[str, Any]) -> None:
        self.parts.append(_Part(self._entries, contents, self._fault))
        self._entries += 1
        self._fault = None
        self._part_from = self._parser.CurrentByteIndex

    def _text(self, text: str) -> None:
        if not self._div_depth and not self._skip and text.strip():
            self._wrong("there is text in it where FHIR has only elements", "not_r4")

    def _wrong(self, reason: str, code: str) -> None:
        if len(self._stack) <= 1:
            self._frame_fault = self._frame_fault or XmlError(reason, code)
        elif self._fault is None:
            self._fault = XmlError(reason, code)

    def _end_div(self) -> None:
        start = (self._div_from or 0) - self._window_from
        close = self._window.find(b">", self._parser.CurrentByteIndex - self._window_from)
        self._div_from = None
        if start < 0 or close < 0:
            self._wrong("its narrative can't be read", "broken_xml")
            return
        text = _narrative(bytes(self._window[start : close + 1]))
        parent = self._stack[-1]
        known = element(parent.type, "div")
        if known is None or known.type != XHTML or "div" in parent.contents:
            self._wrong("there is a narrative in it where FHIR has none", "not_r4")
        parent.contents["div"] = text


def _settle(frame: _Frame) -> None:
    """Put the primitives that were gathered into the contents, values and extensions aligned."""
    for name, found in frame.primitives.items():
        if any(value is not None for value, _ in found):
            frame.contents[name] = [value for value, _ in found]
        if any(extra is not None for _, extra in found):
            frame.contents[f"_{name}"] = [extra for _, extra in found]
    frame.primitives.clear()


def _attach(parent: _Frame, frame: _Frame) -> None:
    if parent.type == RESOURCE and "resourceType" in frame.contents:
        # The element that holds a resource is that resource.
        if parent.contents:
            parent.contents = {"resourceType": ""}  # Two in one: nothing that is a resource.
        else:
            parent.contents = frame.contents
        return
    known = _is_primitive(frame.type)
    if frame.value is not None or (known and frame.contents):
        value = None if frame.value is None else _value(frame.type, frame.value)
        extra = frame.contents or None
        if frame.many and known:
            parent.primitives.setdefault(frame.name, []).append((value, extra))
            return
        if extra is not None:
            _put(parent, f"_{frame.name}", extra, False)
        if value is not None:
            _put(parent, frame.name, value, frame.many)
        return
    _put(parent, frame.name, frame.contents, frame.many)


def _put(parent: _Frame, name: str, value: Any, many: bool) -> None:
    there = parent.contents.get(name)
    if isinstance(there, list):
        there.append(value)
    elif there is not None:
        # More of it than R4 allows: a list, for the check to name.
        parent.contents[name] = [there, value]
    else:
        parent.contents[name] = [value] if many else value


def _is_primitive(kind: str) -> bool:
    return kind[:1].islower() and kind != XHTML


def _value(kind: str, text: str) -> Any:
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    if kind in NUMBERS and NUMBER.match(text):
        return number(text)
    return text


def _narrative(data: bytes) -> str:
    """The text of a `div` as JSON has it: as it was written, in the namespace of XHTML."""
    data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    found = _DIV_START.match(data)
    if found is None:
        return data.decode("utf-8")
    prefix, attributes = found[1], found[2]
    if prefix is not None:
        name = re.escape(prefix)
        data = re.sub(rb"(</?)" + name + rb":", rb"\1", data)
        data = data.replace(b"xmlns:" + prefix + b"=", b"xmlns=", 1)
        attributes = attributes.replace(b"xmlns:" + prefix + b"=", b"xmlns=")
    if not re.search(rb"\sxmlns\s*=", attributes):
        data = b'<div xmlns="' + _XHTML.encode() + b'"' + data[len(b"<div") :]
    return data.decode("utf-8")


def _is_fhir(head: Head) -> bool:
    space, _, name = head.xml_root[1:].partition("}")
    return space == _FHIR and _TYPE_NAME.match(name) is not None


def _read(source: Source) -> Iterator[Item]:
    """Yield an item for each entry of a Bundle, or for the one resource."""
    path = source.path
    builder = _Builder(_parser())
    seen = 0
    try:
        with source.path.open("rb") as stream:
            for block in xml_blocks(stream):
                builder.feed(block)
                while builder.parts:
                    part = builder.parts.popleft()
                    seen += part.index is not None
                    yield from _items(path, part, seen)
        builder.close()
        while builder.parts:
            yield from _items(path, builder.parts.popleft(), seen)
    except expat.ExpatError as exc:
        yield from _rest(path, builder, seen)
        yield _broken(path, exc)
    except XmlError as exc:
        yield from _rest(path, builder, seen)
        yield fhir.refused(path, "/", exc.reason, exc.code)
    except UnicodeError:
        yield from _rest(path, builder, seen)
        reason = "its bytes are not in the encoding that it says; save it as UTF-8 and try again"
        yield fhir.refused(path, "/", reason, "not_utf8")


def _rest(path: Path, builder: _Builder, seen: int) -> Iterator[Item]:
    """What was whole before the XML went wrong."""
    while builder.parts:
        part = builder.parts.popleft()
        if part.index is not None:
            yield from _items(path, part, seen)


def _broken(path: Path, exc: expat.ExpatError) -> Item:
    line, column = exc.lineno, exc.offset + 1
    cut = exc.code in _CUT
    what = "ends too early" if cut else "is wrong"
    reason = (
        f"the XML {what} at line {line}, column {column}; what came before it was read, get the "
        "whole file and import it again"
    )
    code = "truncated" if cut else "broken_xml"
    return fhir.refused(path, f"line {line}", reason, code)


def _items(path: Path, part: _Part, seen: int) -> Iterator[Item]:
    if part.index is None:
        if part.fault is not None:
            yield fhir.refused(path, "/", part.fault.reason, part.fault.code)
        elif part.contents.get("resourceType") == "Bundle":
            yield fhir.frame(path, part.contents, seen)
        else:
            yield from fhir.value_items(path, part.contents, "/")
        return
    place = f"/entry/{part.index}"
    if part.fault is not None:
        yield fhir.refused(path, f"{place}/resource", part.fault.reason, part.fault.code)
        return
    yield from fhir.entry_items(path, part.contents, place)


READERS = (Reader(FORMAT, _is_fhir, _read),)
