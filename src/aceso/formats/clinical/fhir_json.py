"""FHIR in JSON: a Bundle of any size, a list of resources, one resource, or one a line (NDJSON).

A Bundle and a list are read one entry at a time. Lines may end in CR LF, be blank, and begin with a
byte order mark, as the servers of bulk exports write them. A file in UTF-16 or CP949 is read where
it can be nothing else (`fhir_text`), and an outcome says so.

Limits: one resource may have 64 MiB. JSON broken inside an entry costs that entry; broken between
entries, it costs the rest.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import IO, BinaryIO, cast

from .._head import HEAD_BYTES, Head
from .._model import Format, Item, Kind, Outcome
from .._reader import Reader, Source
from .._split import MAX_PART, Element, Rest, split, top_level_type
from ..canonical import JsonError, parse
from .fhir import entry_items, frame, refused, value_items
from .fhir_text import BLOCK, encoding_of, head_text, opened

__all__ = ["BUNDLE", "LIST", "NDJSON", "READERS"]

BUNDLE = Format("fhir", "application/fhir+json", "FHIR R4 (JSON)", "FHIR R4 (JSON)")
LIST = Format("fhir-list", "application/json", "FHIR R4 (JSON list)", "FHIR R4 (JSON 목록)")
NDJSON = Format("fhir-ndjson", "application/fhir+ndjson", "FHIR R4 (NDJSON)", "FHIR R4 (NDJSON)")

_LINE_TYPE = re.compile(rb'\s*\{.*"resourceType"\s*:\s*"', re.DOTALL)
_BLANKS = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"
# A list is read as the entries of a Bundle that isn't there. Where a list is cut, the mark behind
# it falls into a resource, which has no such element, or is where no mark may be.
_BEFORE_LIST = b'{"entry":'
_AFTER_LIST = b',"~":0}'
_TOO_LARGE = "it is larger than 64 MiB; the source file keeps it, but it is not read"


def _is_ndjson(head: Head) -> bool:
    if head.is_gzip:
        return False
    text = head_text(head.raw, head.text)
    if not text.startswith(b"{"):
        return False
    first, newline, second = text.partition(b"\n")
    second = second.lstrip().removeprefix(_BOM).lstrip()
    if newline and second:
        whole = first.rstrip().endswith(b"}") and _LINE_TYPE.match(first)
        return bool(whole) and second.startswith(b"{")
    return not head.is_whole and b'"resourceType"' in text and _goes_on(head.path)


def _goes_on(path: Path) -> bool:
    """Whether the first line, too long for the head, is an object, and another object follows."""
    last = b""
    ended = False
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            while not ended and (at := block.find(b"\n")) >= 0:
                line, block = block[:at].rstrip(_BLANKS), block[at + 1 :]
                last = line[-1:] or last
                # A blank line at the beginning is no line.
                ended = bool(last)
            if not ended:
                last = block.rstrip(_BLANKS)[-1:] or last
            elif last != b"}":
                return False
            elif rest := block.lstrip(_BLANKS + _BOM):
                return rest.startswith(b"{")
    return False


def _is_json(head: Head) -> bool:
    if head.is_gzip or not head_text(head.raw, head.text).startswith(b"{") or _is_ndjson(head):
        return False
    return _resource_type(head) is not None


def _is_list(head: Head) -> bool:
    text = head_text(head.raw, head.text)
    if head.is_gzip or not text.startswith(b"["):
        return False
    first = text[1:].lstrip()
    if not first.startswith(b"{"):
        return False
    found = top_level_type(first)
    if found is not None or head.is_whole:
        return found is not None
    # It may come behind much else in the first object.
    with _buffered(_Joined(opened(head.path, "utf-8"))) as stream:
        try:
            for part in split(stream, entries=True):
                return isinstance(part, Element) and top_level_type(part.data or b"") is not None
        except JsonError:
            return False
    return False


@lru_cache(4)  # A head is asked more than once, and the file behind it may be large.
def _resource_type(head: Head) -> str | None:
    """The `resourceType` of the object that a file holds."""
    found = top_level_type(head_text(head.raw, head.text))
    if found is not None or len(head.raw) < HEAD_BYTES:
        return found
    # It may come last, behind entries of any size: canonical JSON puts it there.
    with head.path.open("rb") as stream:
        try:
            for part in split(stream, entries=True):
                if isinstance(part, Rest):
                    return top_level_type(part.data)
        except JsonError:
            return None
    return None


def _read_json(source: Source) -> Iterator[Item]:
    read = _read_bundle if _resource_type(source.head) == "Bundle" else _read_single
    encoding = encoding_of(source.path)
    yield from _encoding(source.path, encoding)
    with opened(source.path, encoding) as stream:
        try:
            yield from read(source.path, stream)
        except UnicodeDecodeError:
            yield _not_decoded(source.path)


def _read_list(source: Source) -> Iterator[Item]:
    encoding = encoding_of(source.path)
    yield from _encoding(source.path, encoding)
    with _Joined(opened(source.path, encoding)) as stream:
        try:
            yield from _read_elements(source.path, stream)
        except UnicodeDecodeError:
            yield _not_decoded(source.path)


def _read_lines(source: Source) -> Iterator[Item]:
    encoding = encoding_of(source.path)
    yield from _encoding(source.path, encoding)
    with opened(source.path, encoding) as stream:
        try:
            yield from _read_ndjson(source.path, stream)
        except UnicodeDecodeError:
            yield _not_decoded(source.path)


def _encoding(path: Path, encoding: str) -> Iterator[Item]:
    if encoding != "utf-8":
        reason = (
            f"the file is in {encoding.upper()} and not in UTF-8; it was read as such, which "
            "changes no number and no code"
        )
        yield Outcome(Kind.SKIPPED, "/", "", reason, "encoding", path), None


def _not_decoded(path: Path) -> Item:
    reason = "its bytes are not in the encoding that it begins in; save it as UTF-8 and try again"
    return refused(path, "/", reason, "not_utf8")


class _Joined(io.RawIOBase):
    """A list within a Bundle that isn't there. `end` is where the list ends, once it is read."""

    def __init__(self, stream: BinaryIO):
        self._all = (io.BytesIO(_BEFORE_LIST), stream, io.BytesIO(_AFTER_LIST))
        self._streams: list[IO[bytes]] = list(self._all)
        self.end = 0

    def readable(self) -> bool:
        return True

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        while self._streams:
            part = self._streams[0].read(len(target))
            if part:
                target[: len(part)] = part
                if len(self._streams) > 1:
                    self.end += len(part)
                return len(part)
            self._streams.pop(0)
        return 0

    def close(self) -> None:
        for stream in self._all:
            stream.close()
        super().close()


def _buffered(stream: _Joined) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(stream, BLOCK))


def _read_bundle(path: Path, stream: BinaryIO) -> Iterator[Item]:
    """Read a Bundle, one entry at a time. What is left of the Bundle is one outcome of its own."""
    seen = 0
    try:
        for part in split(stream, entries=True):
            if isinstance(part, Rest):
                yield _shell(path, part, seen)
                continue
            seen += 1
            place = f"/entry/{part.index}"
            if part.data is None:
                yield refused(path, place, _TOO_LARGE, "too_large")
                continue
            yield from _entry(path, place, part)
    except JsonError as exc:
        yield refused(path, "/", _and_the_rest(exc), exc.code)


def _and_the_rest(exc: JsonError) -> str:
    """What is wrong, and what becomes of the entries that come after it."""
    if exc.code in ("truncated", "duplicate_key"):
        return exc.reason
    return f"{exc.reason}; what comes after it is not read"


def _read_elements(path: Path, stream: _Joined) -> Iterator[Item]:
    """Read a list of resources."""
    try:
        for part in split(_buffered(stream), entries=True):
            if isinstance(part, Rest):
                continue
            place = f"/{part.index}"
            if part.data is None:
                yield refused(path, place, _TOO_LARGE, "too_large")
                continue
            try:
                value = parse(part.data)
            except JsonError as exc:
                yield refused(path, place, exc.reason, exc.code)
                continue
            yield from value_items(path, value, place)
    except JsonError as exc:
        if exc.offset is not None and exc.offset >= stream.end:
            exc = JsonError("its list does not end; get the whole file", code="truncated")
        offset = None if exc.offset is None else exc.offset - len(_BEFORE_LIST)
        reason = _and_the_rest(exc).replace(f"byte {exc.offset}", f"byte {offset}")
        yield refused(path, "/", reason, exc.code)


def _read_single(path: Path, stream: BinaryIO) -> Iterator[Item]:
    """Read one resource."""
    data = stream.read(MAX_PART + 1)
    if len(data) > MAX_PART:
        yield refused(path, "/", _TOO_LARGE, "too_large")
        return
    try:
        value = parse(data)
    except JsonError as exc:
        yield refused(path, "/", exc.reason, exc.code)
        return
    yield from value_items(path, value, "/")


def _read_ndjson(path: Path, stream: BinaryIO) -> Iterator[Item]:
    """Read one resource a line. A Bundle on a line is read as its entries."""
    number = 0
    while line := stream.readline(MAX_PART + 1):
        number += 1
        place = f"line {number}"
        if len(line) > MAX_PART:
            while line and not line.endswith(b"\n"):
                line = stream.readline(MAX_PART)
            yield refused(path, place, _TOO_LARGE, "too_large")
            continue
        line = line.removeprefix(_BOM).strip()
        if not line:
            continue
        try:
            value = parse(line)
        except JsonError as exc:
            yield refused(path, place, exc.reason, exc.code)
            continue
        yield from value_items(path, value, place)


def _entry(path: Path, place: str, part: Element) -> Iterator[Item]:
    try:
        entry = parse(part.data or b"")
    except JsonError as exc:
        yield refused(path, place, exc.reason, exc.code)
        return
    if not isinstance(entry, dict):
        yield refused(path, place, "an entry is an object, and this is none", "not_r4")
        return
    yield from entry_items(path, entry, place)


def _shell(path: Path, rest: Rest, entries: int) -> Item:
    """Check what a Bundle says beside its entries."""
    try:
        value = parse(rest.data)
    except JsonError as exc:
        return refused(path, "/", exc.reason, exc.code)
    return frame(path, value, entries)


READERS = (
    Reader(NDJSON, _is_ndjson, _read_lines),
    Reader(BUNDLE, _is_json, _read_json),
    Reader(LIST, _is_list, _read_list),
)
