"""JSON of phones and devices: a whole document, or the objects of a list, one at a time.

    for place, value in elements(source): ...               # a list, or one object a line
    for place, value in elements(source, "Data Points"): ...  # a list under a key at the top

A part that can't be read comes out as an item that refuses it, so a caller yields it on. Numbers
are the opaque values of `canonical.parse`; `text` gives their digits.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from .._model import Item
from .._reader import Source
from .._split import MAX_PART, Rest, split
from ..canonical import JsonError, is_number, parse, plain
from ._measure import refuse

__all__ = ["Part", "digits", "document", "elements", "text"]

Part = tuple[str, Any]
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def document(source: Source) -> tuple[Any, Item | None]:
    """The whole document, or None and why not. It may have 64 MiB."""
    with source.path.open("rb") as stream:
        data = stream.read(MAX_PART + 1)
    try:
        if len(data) > MAX_PART:
            raise JsonError("it has more than 64 MiB; export a shorter time", code="too_large")
        return parse(_utf8(data)), None
    except JsonError as exc:
        return None, refuse(source.path, "/", exc.reason, exc.code)


def elements(source: Source, key: str = "") -> Iterator[tuple[str, Any, Item | None]]:
    """Each object of the list that the document is, or that it has under `key`, with its place.

    The third is None, or an item that says why there is no object.
    """
    if not key and not source.head.is_json_list:
        yield from _lines(source)
        return
    prefix = f"/{_escaped(key)}/" if key else "/"
    seen = 0
    try:
        with source.path.open("rb") as raw:
            stream = _transcoded(raw, source)
            wanted = json.dumps(key or "entry").encode()
            for part in split(stream, entries=True, key=wanted, listed=not key):
                if isinstance(part, Rest):
                    _check_rest(part.data, key)
                    continue
                seen += 1
                yield _element(source, f"{prefix}{part.index}", part.data)
    except JsonError as exc:
        place = f"{prefix}{seen}"
        yield place, None, refuse(source.path, place, exc.reason, exc.code)


def text(value: Any) -> str:
    """A text or a number as text; empty for anything else."""
    if is_number(value):
        return str(plain(value))
    return value.strip() if isinstance(value, str) else ""


def digits(value: Any) -> str:
    """The digits of a JSON number; ValueError for a text, or anything else."""
    if not is_number(value):
        raise ValueError("no number")
    return str(plain(value))


def _check_rest(data: bytes, key: str) -> None:
    if key:
        parse(data)
    elif b"".join(data.split()) != b"[]":
        raise JsonError("something follows its end")


def _element(source: Source, place: str, data: bytes | None) -> tuple[str, Any, Item | None]:
    if data is None:
        reason = "it has more than 64 MiB"
        return place, None, refuse(source.path, place, reason, "too_large")
    try:
        value = parse(data)
    except JsonError as exc:
        return place, None, refuse(source.path, place, exc.reason, exc.code)
    if not isinstance(value, dict):
        reason = "an element of the list is no object"
        return place, None, refuse(source.path, place, reason, "bad_value")
    return place, value, None


def _lines(source: Source) -> Iterator[tuple[str, Any, Item | None]]:
    """A single document, or one object a line."""
    first = source.head.text.split(b"\n", 1)
    if len(first) < 2 or not first[0].rstrip().endswith(b"}") or not first[1].strip():
        value, wrong = document(source)
        yield "/", value, wrong
        return
    with source.path.open("rb") as stream:
        number = 0
        while line := stream.readline(MAX_PART + 1):
            number += 1
            if len(line) > MAX_PART:
                while line and not line.endswith(b"\n"):
                    line = stream.readline(MAX_PART)
                yield _element(source, f"line {number}", None)
            elif line := line.removeprefix(b"\xef\xbb\xbf").strip():
                yield _element(source, f"line {number}", line)


def _utf8(data: bytes) -> bytes:
    if data.startswith(_UTF16):
        try:
            return data.decode("utf-16").encode()
        except UnicodeError as exc:
            raise JsonError("it is damaged UTF-16", code="not_utf8") from exc
    return data.removeprefix(b"\xef\xbb\xbf")


def _transcoded(raw: BinaryIO, source: Source) -> BinaryIO:
    if not source.head.raw.startswith(_UTF16):
        return raw
    data = raw.read(MAX_PART + 1)
    if len(data) > MAX_PART:
        raise JsonError("it has more than 64 MiB; export a shorter time", code="too_large")
    return io.BytesIO(_utf8(data))


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
