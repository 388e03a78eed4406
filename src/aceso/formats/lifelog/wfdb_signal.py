"""The samples of a WFDB signal file, and the marks of an annotation file, in PhysioNet's formats.

    for block in samples(stream, "212", 60_000): ...     # lists of integers, None where missing
    for mark in read_marks(data): ...                   # Mark(sample=77, symbol="N", text="")

Formats 8, 16, 24, 32, 61, 80, 160, 212, 310 and 311 of signal(5); the MIT format of annot(5).
"""

from __future__ import annotations

import array
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import accumulate
from typing import IO

__all__ = ["FORMATS", "Mark", "Samples", "read_marks", "samples", "summed"]

_SYMBOLS = (
    " ", "N", "L", "R", "a", "V", "F", "J", "A", "S", "E", "j", "/", "Q", "~", "", "|", "", "s",
    "T", "*", "D", '"', "=", "p", "B", "^", "t", "+", "u", "?", "!", "[", "]", "e", "n", "@", "x",
    "f", "(", ")", "r",
)  # fmt: skip
_SKIP, _NUM, _SUB, _CHN, _AUX = 59, 60, 61, 62, 63

Samples = list[int | None]


def _words(data: bytes, kind: str, *, big: bool = False) -> array.array[int]:
    found = array.array(kind)
    found.frombytes(data)
    if big != (sys.byteorder == "big"):
        found.byteswap()
    return found


def _holed(values: list[int], missing: int) -> Samples:
    return [None if one == missing else one for one in values]


def _format16(data: bytes) -> Samples:
    return _holed(list(_words(data, "h")), -(1 << 15))


def _format61(data: bytes) -> Samples:
    return _holed(list(_words(data, "h", big=True)), -(1 << 15))


def _format160(data: bytes) -> Samples:
    return _holed([one - (1 << 15) for one in _words(data, "H")], -(1 << 15))


def _format32(data: bytes) -> Samples:
    return _holed(list(_words(data, "i")), -(1 << 31))


def _format24(data: bytes) -> Samples:
    parts = zip(data[::3], data[1::3], data[2::3], strict=True)
    values = [low | middle << 8 | (high - ((high & 128) << 1)) << 16 for low, middle, high in parts]
    return _holed(values, -(1 << 23))


def _format80(data: bytes) -> Samples:
    return _holed([one - 128 for one in data], -128)


def _format212(data: bytes) -> Samples:
    values = [0] * (len(data) // 3 * 2)
    values[::2] = [a | (b & 15) << 8 for a, b in zip(data[::3], data[1::3], strict=True)]
    values[1::2] = [c | (b & 240) << 4 for c, b in zip(data[2::3], data[1::3], strict=True)]
    return _holed([one - 4096 if one > 2047 else one for one in values], -2048)


def _format310(data: bytes) -> Samples:
    words = _words(data, "H")
    values = []
    for one, two in zip(words[::2], words[1::2], strict=True):
        values += [one >> 1 & 1023, two >> 1 & 1023, one >> 11 | (two >> 11) << 5]
    return _holed([one - 1024 if one > 511 else one for one in values], -512)


def _format311(data: bytes) -> Samples:
    values = []
    for word in _words(data, "I"):
        values += [word & 1023, word >> 10 & 1023, word >> 20 & 1023]
    return _holed([one - 1024 if one > 511 else one for one in values], -512)


# Bytes of the smallest group, samples in it, and how it is read. Format 8 holds differences.
FORMATS: dict[str, tuple[int, int, Callable[[bytes], Samples]]] = {
    "8": (1, 1, lambda data: [one - ((one & 128) << 1) for one in data]),
    "16": (2, 1, _format16),
    "24": (3, 1, _format24),
    "32": (4, 1, _format32),
    "61": (2, 1, _format61),
    "80": (1, 1, _format80),
    "160": (2, 1, _format160),
    "212": (3, 2, _format212),
    "310": (4, 3, _format310),
    "311": (4, 3, _format311),
}


# How many samples are whole in so many bytes of a packed group.
_COMPLETE = {("212", 2): 1, ("310", 2): 1, ("310", 3): 1, ("311", 2): 1, ("311", 3): 2}


def samples(stream: IO[bytes], name: str, count: int) -> Iterator[Samples]:
    """Blocks of `count` samples, a multiple of 6, the last with what is left."""
    size, held, decode = FORMATS[name]
    while data := stream.read(count // held * size):
        whole = data[: len(data) // size * size]
        found = decode(whole)
        rest = data[len(whole) :]
        if rest and (complete := _COMPLETE.get((name, len(rest)))):
            # The last group is written only as far as there are samples.
            found += decode(rest.ljust(size, b"\x00"))[:complete]
        if not found:
            return
        yield found


def summed(differences: Samples, start: int) -> Samples:
    """What the differences of format 8 add up to."""
    found: Samples = []
    found.extend(accumulate((one or 0 for one in differences), initial=start))
    return found[1:]


@dataclass(frozen=True, slots=True)
class Mark:
    """One annotation: the number of a sample, PhysioNet's symbol, what was written with it, and
    the numbers beside it, whose meaning is the database's."""

    sample: int
    symbol: str
    text: str = field(default="", repr=False)
    subtype: int = 0
    channel: int = 0
    number: int = 0


def read_marks(data: bytes) -> Iterator[Mark]:
    """The marks of an annotation file in MIT format. Raises ValueError where it breaks off."""
    at = time = channel = number = 0
    pending: Mark | None = None
    while at + 1 < len(data):
        word = data[at] | data[at + 1] << 8
        code, value = word >> 10, word & 1023
        at += 2
        if code == 0 and value == 0:
            break
        if code == _SKIP:
            high, low = data[at : at + 2], data[at + 2 : at + 4]
            if len(low) < 2:
                raise ValueError("cut off")
            interval = int.from_bytes(high, "little", signed=True) << 16
            time += interval + int.from_bytes(low, "little")
            at += 4
        elif code == _AUX:
            text = data[at : at + value].split(b"\x00")[0].decode("latin-1")
            at += value + value % 2
            if pending is not None and text.strip().isprintable():
                pending = replace(pending, text=text.strip())
        elif code in (_NUM, _SUB, _CHN):
            told = (value & 255) - ((value & 128) << 1)
            # A channel and a number hold for what follows, too, until there are others.
            if code == _NUM:
                number = told
            elif code == _CHN:
                channel = told
            if pending is not None:
                subtype = told if code == _SUB else pending.subtype
                pending = replace(pending, subtype=subtype, channel=channel, number=number)
        else:
            if pending is not None:
                yield pending
            time += value
            symbol = _SYMBOLS[code] if code < len(_SYMBOLS) else ""
            symbol = symbol.strip() or f"[{code}]"
            pending = Mark(time, symbol, channel=channel, number=number)
    else:
        raise ValueError("it has no end")
    if pending is not None:
        yield pending
