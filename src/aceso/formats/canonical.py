"""Canonical JSON that keeps the digits of numbers.

The same resource must give the same bytes every time, or importing a file twice would add it twice.
RFC 8785 gives such bytes, but writes 1.00 as 1, and in FHIR the digits of a decimal carry meaning:
1.00 is a more precise measurement than 1. So ours is RFC 8785 with one change:

    a number is written with the characters that it was read with.

All else is as there: no white space, keys sorted, the shortest escapes, UTF-8, and no Unicode
normalisation. Keys are sorted by code point, which for the ASCII keys of FHIR is the same as by
UTF-16.

    canonical_bytes(parse(b'{"value": 1.00, "unit": "mg"}')) == b'{"unit":"mg","value":1.00}'

It refuses what has no single meaning: a key that appears twice, NaN and Infinity, a lone surrogate,
the character U+0000 (which FHIR forbids too), bytes that are not UTF-8, and nesting deeper than
100.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

__all__ = ["JsonError", "canonical_bytes", "number", "parse"]

MAX_DEPTH = 100

# A number is carried as a string that no JSON text of ours can hold otherwise: U+0000 is refused on
# reading. The standard library then parses and writes at the speed of C.
_MARK = "\x00"
_ESCAPED_MARK = "\\u0000"
_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?"
_WRITTEN = re.compile(rf'"\\u0000({_NUMBER})"')
# A mark that stands for no number, behind an even count of backslashes.
_STRAY_MARK = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
NUMBER = re.compile(rf"{_NUMBER}\Z")
_OPENING = re.compile(rb'"(?:[^"\\]|\\.)*+"|([\[{])|([\]}])', re.DOTALL)


_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
)


class JsonError(ValueError):
    """The bytes have no single meaning as JSON. `code` is stable; the text holds no value."""

    def __init__(self, reason: str, *, code: str = "broken_json", offset: int | None = None):
        super().__init__(reason)
        self.reason = reason
        self.code = code
        self.offset = offset


def number(text: str) -> str:
    """The value that stands for the number `text`, digit for digit."""
    if not NUMBER.match(text):
        raise ValueError("not a JSON number")
    return _MARK + text


def parse(data: bytes) -> Any:
    """Parse JSON; numbers come out as opaque strings that `canonical_bytes` writes as they were."""
    if b"\\u0000" in data or b"\x00" in data:
        raise JsonError(
            "it holds the character U+0000, which FHIR forbids", code="control_character"
        )
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise JsonError(
            f"it is not UTF-8 at byte {exc.start}; save it as UTF-8 and import it again",
            code="not_utf8",
            offset=exc.start,
        ) from exc
    _check_depth(data)
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as exc:
        raise JsonError(
            f"it is not valid JSON at line {exc.lineno}, column {exc.colno}", offset=exc.pos
        ) from exc
    except RecursionError as exc:
        raise _too_deep() from exc


def canonical_bytes(value: Any) -> bytes:
    """Write a value of `parse` in the one form that it has."""
    try:
        text = _ENCODER.encode(value)
        if _ESCAPED_MARK in text:
            text = _WRITTEN.sub(r"\1", text)
            # What a file says must never be written as JSON of ours.
            if _ESCAPED_MARK in text and _STRAY_MARK.search(text):
                raise JsonError("it holds the character U+0000", code="control_character")
        return text.encode("utf-8")
    except UnicodeEncodeError as exc:
        raise JsonError(
            "it holds half of a surrogate pair, which is no character", code="lone_surrogate"
        ) from exc
    except RecursionError as exc:
        raise _too_deep() from exc


def plain(value: Any) -> Any:
    """A number of `parse` as its text, anything else as it is."""
    return value[1:] if isinstance(value, str) and value.startswith(_MARK) else value


def is_number(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(_MARK)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise JsonError("a key appears twice in one object", code="duplicate_key")
    return result


def _no_constant(name: str) -> NoReturn:
    raise JsonError("it holds NaN or Infinity, which JSON has no number for", code="not_a_number")


_DECODER = json.JSONDecoder(
    parse_float=_MARK.__add__,
    parse_int=_MARK.__add__,
    parse_constant=_no_constant,
    object_pairs_hook=_object,
)


def _check_depth(data: bytes) -> None:
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return
    depth = 0
    for match in _OPENING.finditer(data):
        if match[1]:
            depth += 1
            if depth > MAX_DEPTH:
                raise _too_deep()
        elif match[2]:
            depth -= 1


def _too_deep() -> JsonError:
    return JsonError(f"it is nested more than {MAX_DEPTH} deep", code="too_deep")
