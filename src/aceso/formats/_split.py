"""Cut a JSON text into the elements of its `entry` array, without holding more than one of them.

A Bundle may be larger than memory. It is read in blocks; strings and brackets are found by one
regular expression, all else is left to the parser that gets each element. What is between the
elements is checked here; what is in them is not.

Limits: one element may have 64 MiB, all the rest of the top level together as much.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from .canonical import JsonError

__all__ = ["MAX_PART", "Element", "Rest", "split", "top_level_type"]

MAX_PART = 64 << 20
_BLOCK = 1 << 18
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[{}\[\]]', re.DOTALL)
_OPEN_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+\\?\Z', re.DOTALL)
_STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_PLAIN = rb'[^"{}\[\]]*+'
_FLAT = _PLAIN + rb"(?:" + _STRING + _PLAIN + rb")*+"
# The next bracket that is in no string and is not of a pair with nothing but strings between, in
# one step: it is what most of the time goes to.
_BRACKET = re.compile(
    _PLAIN
    + rb"(?:(?:" + _STRING + rb"|\{" + _FLAT + rb"\}|\[" + _FLAT + rb"\])" + _PLAIN + rb")*+"
    + rb"([{}\[\]])",
    re.DOTALL,
)  # fmt: skip
_TYPE = re.compile(rb'"resourceType"\s*:\s*"([A-Za-z]{1,64})"')
_MAX_NESTING = 10_000


@dataclass(frozen=True, slots=True)
class Element:
    """One element of `entry`; `data` is None when it is larger than `MAX_PART`."""

    index: int
    data: bytes | None


@dataclass(frozen=True, slots=True)
class Rest:
    """The top-level object with its `entry` array emptied."""

    data: bytes


def top_level_type(head: bytes) -> str | None:
    """The `resourceType` of the object that `head` begins, or None if `head` does not say."""
    depth = 0
    position = 0
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if not text.startswith(b"{"):
        return None
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in (b"{", b"["):
            depth += 1
        elif token in (b"}", b"]"):
            depth -= 1
            if depth == 0:
                return None
        elif depth == 1 and token == b'"resourceType"':
            found = _TYPE.match(text, match.start())
            if found:
                return found[1].decode()
        position = match.end()
    if depth == 1:
        found = _TYPE.search(text, position)
        return found[1].decode() if found else None
    return None


def split(
    stream: BinaryIO, *, entries: bool, key: bytes = b'"entry"', listed: bool = False
) -> Iterator[Element | Rest]:
    """Yield each element of the top-level array `key` if `entries`, then what is left.

    With `listed` the whole text is such an array, and nothing is left.
    Raises JsonError where the text ends too early or is no JSON between the elements.
    """
    rest = bytearray()
    keep_from = 0  # Where the part that is being kept begins in `buffer`.
    buffer = b""
    base = 0  # The offset of `buffer` in the stream.
    position = 0  # Where to look for the next token in `buffer`.
    depth = 1 if listed else 0
    index = -1
    in_entries = False
    element_from: int | None = None
    element_size = 0
    dropped = False  # The element being read is too large to keep.
    last_key = key if listed else b""
    done = False
    gap_from = 0
    first = True

    while True:
        # Twice as much each time while one text is open, so that it is searched in linear time.
        block = stream.read(max(_BLOCK, len(buffer) - position))
        if first:
            first = False
            if block.startswith(b"\xef\xbb\xbf"):
                block = block[3:]
                base = 3
        # Keep only what is still needed: the element or the rest that has begun.
        if element_from is not None and not dropped:
            start = element_from
        elif in_entries:
            start = min(gap_from, position)
        else:
            rest += buffer[keep_from:position]
            keep_from = position
            start = position
            if len(rest) > MAX_PART:
                raise JsonError(
                    "it holds more than 64 MiB outside of its entries; split the file",
                    code="too_large",
                )
        if dropped:
            start = position
        buffer = buffer[start:] + block
        base += start
        position -= start
        keep_from = max(0, keep_from - start)
        gap_from = max(0, gap_from - start)
        if element_from is not None:
            element_from = 0 if dropped else element_from - start

        limit = len(buffer)
        # A string that the block cuts is left for the next turn.
        while position < limit:
            if element_from is not None:
                found = _BRACKET.match(buffer, position)
                if found is None:
                    break
                position = found.end()
                if found[1] in b"{[":
                    depth += 1
                    if depth > _MAX_NESTING:
                        raise JsonError("it is nested too deep to be read", code="too_deep")
                else:
                    depth -= 1
                    if depth == 2:
                        yield Element(index, None if dropped else buffer[element_from:position])
                        element_from = None
                        dropped = False
                        gap_from = position
                continue
            match = _TOKEN.search(buffer, position)
            if match is None:
                quote = buffer.find(b'"', position)
                position = limit if quote < 0 else quote
                break
            token = match[0]
            quote = buffer.find(b'"', position, match.start())
            if quote >= 0:  # A string is still open before this token.
                position = quote
                break
            at = match.start()
            position = match.end()
            if done:
                raise JsonError(f"something follows its end at byte {base + at}", offset=base + at)
            if token == b"{" or token == b"[":
                depth += 1
                if depth > _MAX_NESTING:
                    raise JsonError("it is nested too deep to be read", code="too_deep")
                if depth == 1 and token == b"[":
                    raise JsonError("its top level is a list, not a resource", offset=base + at)
                if in_entries and depth == 3:
                    _check_gap(buffer[gap_from:at], index, base + at)
                    index += 1
                    element_from = at
                    dropped = False
                elif entries and depth == 2 and token == b"[" and last_key == key:
                    in_entries = True
                    rest += buffer[keep_from:position]
                    gap_from = position
                    index = -1
            elif token == b"}" or token == b"]":
                depth -= 1
                if depth < 0:
                    raise JsonError(f"a bracket closes nothing at byte {base + at}")
                if in_entries and depth == 1:
                    _check_end(buffer[gap_from:at], index, base + at)
                    in_entries = False
                    last_key = b""
                    keep_from = at
                    done = listed
                elif depth == 0:
                    done = True
            elif depth == 1:
                last_key = token
            elif in_entries and depth == 2:
                raise JsonError(f"an entry is no object at byte {base + at}", offset=base + at)
        if element_from is not None and not dropped:
            element_size = len(buffer) - element_from
            if element_size > MAX_PART:
                dropped = True
        if dropped and not block:
            break
        # A string larger than a part can't be skipped by the expression; it would be kept whole.
        if len(buffer) - position > MAX_PART:
            raise JsonError(
                f"a single text of more than 64 MiB begins at byte {base + position}",
                code="too_large",
                offset=base + position,
            )
        if not block:
            break

    if not done:
        where = f"entry {index + 1}" if index >= 0 else "the middle"
        raise JsonError(
            f"it ends too early, in {where}; get the whole file and import it again",
            code="truncated",
        )
    if buffer[position:].strip():
        raise JsonError(f"something follows its end at byte {base + position}")
    rest += buffer[keep_from:position]
    yield Rest(bytes(rest))


def _check_gap(gap: bytes, index: int, offset: int) -> None:
    wanted = b"" if index < 0 else b","
    if gap.strip() != wanted:
        raise JsonError(f"there is something between two entries before byte {offset}")


def _check_end(gap: bytes, index: int, offset: int) -> None:
    if gap.strip():
        raise JsonError(f"there is something after the last entry before byte {offset}")
