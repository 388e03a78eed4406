"""YAML as the values that `canonical.parse` gives for JSON: only what JSON has too.

A document is read event by event: anchors and aliases (which grow without bound), tags, several
documents and a key twice are refused, and nothing of YAML ever makes an object of Python.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from ..canonical import MAX_DEPTH, NUMBER, JsonError, number

__all__ = ["MAX_BYTES", "parse_yaml"]

MAX_BYTES = 1 << 20

_PLAIN = {"true": True, "True": True, "false": False, "False": False}
_NULLS = ("", "~", "null", "Null", "NULL")
_ZEROS = re.compile(r"-?0[0-9]")


def parse_yaml(data: bytes) -> Any:
    """The one document of `data`, or JsonError."""
    if len(data) > MAX_BYTES:
        raise JsonError("it is YAML of more than 1 MiB; ask for JSON", code="too_large")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise JsonError("it is not UTF-8; save it as UTF-8", code="not_utf8") from exc
    try:
        return _document(text)
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark is not None else ""
        raise JsonError(f"it is not valid YAML{where}", code="broken_yaml") from exc
    except RecursionError as exc:
        raise JsonError(f"it is nested more than {MAX_DEPTH} deep", code="too_deep") from exc


def _document(text: str) -> Any:
    # Open collections, each with the key that waits for its value.
    stack: list[list[Any]] = []
    result: list[Any] = []

    def put(value: Any) -> None:
        if not stack:
            result.append(value)
            return
        top = stack[-1]
        if isinstance(top[0], list):
            top[0].append(value)
        elif top[1] is None:
            if not isinstance(value, str) or value in top[0]:
                raise JsonError("a key appears twice, or is no text", code="duplicate_key")
            top[1] = value
        else:
            top[0][top[1]] = value
            top[1] = None

    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise JsonError("it has anchors, which can grow without end", code="xml_entity")
        if getattr(event, "tag", None) is not None:
            raise JsonError("it has a tag, which JSON doesn't have", code="broken_yaml")
        if isinstance(event, yaml.ScalarEvent):
            is_key = bool(stack) and isinstance(stack[-1][0], dict) and stack[-1][1] is None
            put(event.value if is_key else _scalar(event))
        elif isinstance(event, yaml.SequenceStartEvent | yaml.MappingStartEvent):
            if len(stack) >= MAX_DEPTH:
                raise JsonError(f"it is nested more than {MAX_DEPTH} deep", code="too_deep")
            stack.append([[] if isinstance(event, yaml.SequenceStartEvent) else {}, None])
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            put(stack.pop()[0])
        elif isinstance(event, yaml.DocumentStartEvent) and result:
            raise JsonError("it holds several documents; split it", code="broken_yaml")
    if not result:
        raise JsonError("it holds nothing", code="broken_yaml")
    return result[0]


def _scalar(event: yaml.ScalarEvent) -> Any:
    value = str(event.value)
    if "\x00" in value:
        raise JsonError("it holds the character U+0000", code="control_character")
    if event.style is not None:
        return value
    if value in _NULLS:
        return None
    if value in _PLAIN:
        return _PLAIN[value]
    if NUMBER.match(value) and not _ZEROS.match(value):
        return number(value)
    return value
