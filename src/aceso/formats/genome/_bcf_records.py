"""Records of BCF 2.1 and 2.2 as lines of VCF, checked byte by byte.

The layout is that of section 6 of the VCF specification: lengths, fixed fields, then typed values.
Nothing is taken on trust: a length, type, key or offset that leads outside of its record is a
BcfError, and no allocation is larger than the bytes that are there.

Numbers are written with as few digits as give the same 32 bits back, so 0.5 stays 0.5.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

__all__ = ["MAGIC", "BcfError", "lines"]

MAGIC = (b"BCF\x02\x01", b"BCF\x02\x02")

_MAX_HEADER = 64 << 20
_MAX_RECORD = 32 << 20
_MAX_INDEX = 1 << 20
_IDX = re.compile(rb",IDX=([0-9]{1,9})(?=[,>])")
_ENTRY = re.compile(rb"##(FILTER|INFO|FORMAT|contig)=<.*?\bID=([^,>]+)")
_FLAG = re.compile(rb"\bType=Flag\b")
_BREAKS = re.compile(rb"[\t\r\n\x00]")
_FIXED = struct.Struct("<iiifII")
_SIZES = {0: 0, 1: 1, 2: 2, 3: 4, 5: 4, 7: 1}
_CODES = {1: "b", 2: "h", 3: "i"}
_MISSING = {1: -(2**7), 2: -(2**15), 3: -(2**31)}
_FLOAT_MISSING, _FLOAT_END = 0x7F800001, 0x7F800002
_CHAR = 7


class BcfError(Exception):
    """What is wrong with record `number`, or with the header where it is 0."""

    def __init__(self, number: int, reason: str, code: str = "damaged"):
        super().__init__(reason)
        self.number = number
        self.reason = reason
        self.code = code


class _Broken(Exception):
    """What is wrong, where the number of the record is known further up."""


@dataclass(slots=True)
class _Names:
    """The dictionaries of a header: what stands for a number of a record."""

    strings: dict[int, bytes] = field(default_factory=lambda: {0: b"PASS"})
    contigs: dict[int, bytes] = field(default_factory=dict)
    flags: set[int] = field(default_factory=set)
    samples: int = 0


@dataclass(slots=True)
class _Cursor:
    data: bytes
    at: int = 0

    def take(self, size: int) -> bytes:
        end = self.at + size
        if end > len(self.data):
            raise _Broken("a value is longer than its record")
        part = self.data[self.at : end]
        self.at = end
        return part

    def kind(self) -> tuple[int, int]:
        """Type and length of the value that follows."""
        (byte,) = self.take(1)
        kind, length = byte & 15, byte >> 4
        if kind not in _SIZES:
            raise _Broken("a value has a type that BCF doesn't have")
        if length == 15:
            length = self.integer()
            if length < 0:
                raise _Broken("a value has a length below zero")
        return kind, length

    def integer(self) -> int:
        """A typed whole number."""
        kind, length = self.kind()
        if kind not in _CODES or length != 1:
            raise _Broken("a whole number was expected")
        return int(struct.unpack("<" + _CODES[kind], self.take(_SIZES[kind]))[0])

    def values(self) -> tuple[int, int, bytes]:
        kind, length = self.kind()
        return kind, length, self.take(_SIZES[kind] * length)

    def text(self) -> bytes:
        kind, _, raw = self.values()
        if kind not in (0, _CHAR):
            raise _Broken("a text was expected")
        return _clean(raw)


def lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of VCF that a BCF holds. Raises BcfError; the stream's own errors pass through."""
    head = stream.read(9)
    if head[:5] not in MAGIC or len(head) < 9:
        raise BcfError(0, "it is no BCF 2.1 or 2.2, or is cut off in its first bytes", "truncated")
    size = int.from_bytes(head[5:9], "little")
    if size > _MAX_HEADER:
        raise BcfError(0, "its header says that it is larger than 64 MiB", "too_large")
    text = stream.read(size)
    if len(text) < size:
        raise BcfError(0, "it is cut off within its header; get the whole file", "truncated")
    header = text.rstrip(b"\x00")
    if b"\x00" in header:
        raise BcfError(0, "its header has a zero byte among its lines")
    names = _names(header)
    yield from (_IDX.sub(b"", line) + b"\n" for line in header.split(b"\n") if line)
    number = 0
    while sizes := stream.read(8):
        number += 1
        if len(sizes) < 8:
            raise BcfError(number, "the file is cut off here; get the whole file", "truncated")
        shared, individual = struct.unpack("<II", sizes)
        if shared > _MAX_RECORD or individual > _MAX_RECORD:
            raise BcfError(number, "a record is larger than 32 MiB", "too_large")
        data = stream.read(shared + individual)
        if len(data) < shared + individual:
            raise BcfError(number, "the file is cut off here; get the whole file", "truncated")
        try:
            yield _line(names, data[:shared], data[shared:])
        except _Broken as exc:
            raise BcfError(number, f"{exc}; get the file anew") from exc


def _names(header: bytes) -> _Names:
    names = _Names()
    known: dict[bytes, int] = {b"PASS": 0}
    last = b""
    for line in header.split(b"\n"):
        last = line or last
        found = _ENTRY.match(line)
        if found is None:
            continue
        stated = _IDX.search(line)
        index = int(stated[1]) if stated else None
        if index is not None and index > _MAX_INDEX:
            raise BcfError(0, "its header has a number of a name that is far too high")
        if found[1] == b"contig":
            names.contigs[len(names.contigs) if index is None else index] = found[2]
            continue
        # A name that INFO and FORMAT share has one number.
        if index is None:
            index = known.get(found[2], max(names.strings) + 1)
        known.setdefault(found[2], index)
        names.strings[index] = found[2]
        if found[1] == b"INFO" and _FLAG.search(line):
            names.flags.add(index)
    if not last.startswith(b"#CHROM\t"):
        raise BcfError(0, "its header has no #CHROM line at its end")
    names.samples = max(0, last.count(b"\t") - 8)
    return names


def _line(names: _Names, shared: bytes, individual: bytes) -> bytes:
    cursor = _Cursor(shared)
    contig, pos, _, qual, counts, samples = _FIXED.unpack(cursor.take(_FIXED.size))
    quality = shared[12:16]
    alleles, infos = counts >> 16, counts & 0xFFFF
    formats, people = samples >> 24, samples & 0xFFFFFF
    if contig not in names.contigs:
        raise _Broken("a record names a sequence that the header doesn't have")
    if people != names.samples:
        raise _Broken("a record has another number of samples than the header")
    if not alleles or pos < -1:
        raise _Broken("a record has no REF, or no position")
    identifier = cursor.text()
    bases = [cursor.text() for _ in range(alleles)]
    filters = [_name(names, index) for index in _integers(*cursor.values())]
    parts = []
    for _ in range(infos):
        index = cursor.integer()
        key = _name(names, index)
        kind, length, raw = cursor.values()
        if index in names.flags:
            parts.append(key)
        else:
            parts.append(key + b"=" + _said(kind, length, raw))
    if cursor.at != len(shared):
        raise _Broken("a record is longer than what is in it")
    cells = [
        names.contigs[contig],
        b"%d" % (pos + 1),
        identifier or b".",
        bases[0],
        b",".join(bases[1:]) or b".",
        _float(int.from_bytes(quality, "little"), qual),
        b";".join(filters) or b".",
        b";".join(parts) or b".",
    ]
    if people:
        cells += _samples(names, _Cursor(individual), formats, people)
    elif individual:
        raise _Broken("a record has values of samples, and the header has no samples")
    return b"\t".join(cells) + b"\n"


def _samples(names: _Names, cursor: _Cursor, formats: int, people: int) -> list[bytes]:
    keys: list[bytes] = []
    columns: list[list[bytes]] = []
    for _ in range(formats):
        key = _name(names, cursor.integer())
        kind, length = cursor.kind()
        step = _SIZES[kind] * length
        raw = cursor.take(step * people)
        said: Callable[[int, int, bytes], bytes] = _genotype if key == b"GT" else _said
        keys.append(key)
        columns.append(
            [said(kind, length, raw[at * step : (at + 1) * step]) for at in range(people)]
        )
    if cursor.at != len(cursor.data):
        raise _Broken("a record is longer than what is in it")
    if not keys:
        return [b"."] * (people + 1)
    return [b":".join(keys), *(b":".join(one) for one in zip(*columns, strict=True))]


def _name(names: _Names, index: int) -> bytes:
    try:
        return names.strings[index]
    except KeyError:
        raise _Broken("a record names a key that the header doesn't have") from None


def _clean(raw: bytes) -> bytes:
    text = raw.rstrip(b"\x00")
    if _BREAKS.search(text):
        raise _Broken("a text has a tab, a zero byte or the end of a line in it")
    return text


def _integers(kind: int, length: int, raw: bytes) -> list[int]:
    if kind == 0:
        return []
    if kind not in _CODES:
        raise _Broken("a list of whole numbers was expected")
    return list(struct.unpack(f"<{length}{_CODES[kind]}", raw))


def _said(kind: int, length: int, raw: bytes) -> bytes:
    """A value as VCF writes it."""
    if kind == _CHAR:
        return _clean(raw) or b"."
    if kind == 5:
        bits = struct.unpack(f"<{length}I", raw)
        if _FLOAT_END in bits:
            bits = bits[: bits.index(_FLOAT_END)]
        floats = struct.unpack(f"<{length}f", raw)
        return b",".join(map(_float, bits, floats)) or b"."
    values = _integers(kind, length, raw)
    if not values:
        return b"."
    missing = _MISSING[kind]
    if missing + 1 in values:
        values = values[: values.index(missing + 1)]
    return b",".join(b"." if one == missing else b"%d" % one for one in values) or b"."


def _genotype(kind: int, length: int, raw: bytes) -> bytes:
    if kind not in _CODES:
        raise _Broken("a genotype is not made of whole numbers")
    end, missing = _MISSING[kind] + 1, _MISSING[kind]
    said = b""
    for one in _integers(kind, length, raw):
        if one == end:
            break
        if one == missing:
            one = 0
        if one < 0:
            raise _Broken("a genotype has an allele below zero")
        if said:
            said += b"|" if one & 1 else b"/"
        allele = (one >> 1) - 1
        said += b"." if allele < 0 else b"%d" % allele
    return said or b"."


def _float(bits: int, value: float) -> bytes:
    if bits == _FLOAT_MISSING:
        return b"."
    if value != value or value in (float("inf"), float("-inf")):
        return b"nan" if value != value else b"inf" if value > 0 else b"-inf"
    for digits in (6, 7, 8, 9):
        said = f"{value:.{digits}g}"
        if struct.unpack("<f", struct.pack("<f", float(said)))[0] == value:
            break
    return said.encode("ascii")
