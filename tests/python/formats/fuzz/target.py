"""What must hold of any bytes at all, and how bytes are changed to look for what doesn't.

    check(data, folder)                     # raises Broken where a promise isn't kept
    mutate(data, random, others)            # cuts, flips, splices, repeats, huge numbers, …

A format that checks a sum over its bytes, or packs them, would refuse every changed byte at the
door. `REPACK` changes what is inside and puts the sum right again.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
import zipfile
import zlib
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from aceso.formats import FormatError, Kind, Outcome, import_file

from .seeds import CANARY, fit_file, fit_of, health_card, zip_of

__all__ = ["REPACK", "Broken", "check", "mutate", "mutated"]

# Longer than any word that a sentence of ours and a file of another may share by accident.
_RUN = 40
_MAX_INPUT = 1 << 16

Mutator = Callable[[bytes, random.Random, list[bytes]], bytes]


class Broken(AssertionError):
    """A promise that an import didn't keep."""


def check(data: bytes, folder: Path) -> None:
    """Import `data` twice, and hold what comes of it against what is promised of every file."""
    path = folder / "input"
    path.write_bytes(data)
    first = _imported(path, data)
    if first != _imported(path, data):
        raise Broken("the same bytes gave different outcomes or records")


def _imported(path: Path, data: bytes) -> Any:
    try:
        with import_file(path) as imported:
            outcomes = list(imported.outcomes())
            records = []
            for record in imported.records():
                with record.body.open() as stream:
                    body = stream.read()
                if hashlib.sha256(body).digest() != record.body.sha256:
                    raise Broken("a body isn't what its hash says")
                if len(body) != record.body.size:
                    raise Broken("a body hasn't the size that it says")
                records.append((record.data_class, record.body.sha256, record.pieces))
            if imported.source.sha256 != hashlib.sha256(data).digest():
                raise Broken("the source file isn't the file")
    except FormatError as exc:
        return exc.code
    if not outcomes:
        raise Broken("no outcome")
    text = data.decode("utf-8", "replace")
    for outcome in outcomes:
        _check_outcome(outcome, text)
    said = sum(one.kind is Kind.IMPORTED for one in outcomes)
    if said != sum(pieces for _, _, pieces in records):
        raise Broken("the records don't hold as many pieces as the outcomes say")
    return outcomes, records


def _check_outcome(outcome: Outcome, text: str) -> None:
    if not outcome.place:
        raise Broken("an outcome without a place")
    if outcome.kind is not Kind.IMPORTED and not (outcome.reason and outcome.code):
        raise Broken(f"an outcome without reason or code: {outcome}")
    said = f"{outcome.place}\n{outcome.reason}\n{outcome.resource_type}\n{outcome.code}"
    if CANARY in said or CANARY in repr(outcome):
        raise Broken(f"an outcome names the person: {outcome}")
    for part in said.replace("/", "\n").split("\n"):
        for start in range(len(part) - _RUN + 1):
            if part[start : start + _RUN] in text:
                raise Broken(f"an outcome repeats the file: {outcome}")


_HUGE = (
    b"9" * 5000,
    b"1e400",
    b"-1e400",
    b"1" + b"0" * 400,
    b"0.1e-999999999",
    b"NaN",
    b"Infinity",
    b"-0",
    b"18446744073709551616",
    b"9223372036854775808",
    b"2147483648",
    b"4294967295",
)
_DATES = (
    b"9999-99-99",
    b"0000-00-00",
    b"0001-01-01T00:00:00-14:00",
    b"9999-12-31T23:59:59.9Z",
    b"2024-02-30",
    b"99999999999999999999",
    b"10000-01-01",
    b"2024-06-01 24:00:00 +9999",
)
_TEXTS = (
    b"\x00",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\\ud800",
    "\ud800".encode("utf-8", "surrogatepass"),
    CANARY.encode(),
    b'"',
    b"<",
    b"]]>",
    b"&x;",
    b"{",
    b"[" * 200,
    b"<a>" * 200,
    b"\r",
    b"\n\n",
    b",,,,",
    b"\t",
    "가\u1100\u1161".encode(),
    "가".encode("cp949"),
    b"null",
    b"true",
    b"{}",
    b"[]",
    b"__proto__",
    b"\xf0\x9f\x92\x89",
    b"\x1a",
    b"%s%n",
    b"../../x",
    b"file:///etc/passwd",
    b"=cmd()",
    b"x" * 3000,
)
_WORDS = (b"0", b"1", b"-1", b"255", b"65536", b'""', b"1e5")
_DIGITS = frozenset(b"0123456789")
_MARKS = b'{}[]<>,:;|"\n\r\t/&^~='


def _flip(data: bytearray, rng: random.Random) -> None:
    for _ in range(rng.choice((1, 1, 2, 8))):
        at = rng.randrange(len(data))
        data[at] ^= 1 << rng.randrange(8)


def _byte(data: bytearray, rng: random.Random) -> None:
    data[rng.randrange(len(data))] = rng.choice((0, 1, 127, 128, 255, rng.randrange(256)))


def _cut(data: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(data))
    del data[start : start + rng.choice((1, 2, 16, 256, len(data)))]


def _repeat(data: bytearray, rng: random.Random) -> None:
    start = rng.randrange(len(data))
    block = data[start : start + rng.choice((1, 8, 64, 512))]
    data[start:start] = block * rng.choice((1, 2, 30))


def _swap(data: bytearray, rng: random.Random) -> None:
    size = rng.choice((1, 8, 64))
    one, two = sorted(rng.randrange(len(data)) for _ in range(2))
    data[one : one + size], data[two : two + size] = (
        data[two : two + size],
        data[one : one + size],
    )


def _insert(data: bytearray, rng: random.Random) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = rng.choice(rng.choice((_HUGE, _DATES, _TEXTS, _WORDS)))


def _number(data: bytearray, rng: random.Random) -> None:
    """Another number in the place of one."""
    start = rng.randrange(len(data))
    while start < len(data) and data[start] not in _DIGITS:
        start += 1
    end = start
    while end < len(data) and data[end] in _DIGITS:
        end += 1
    data[start:end] = rng.choice(rng.choice((_HUGE, _DATES, _WORDS)))


def _token(data: bytearray, rng: random.Random) -> None:
    """Another word between two marks, or none, or twice."""
    start = rng.randrange(len(data))
    while start < len(data) and data[start] not in _MARKS:
        start += 1
    end = start + 1
    while end < len(data) and data[end] not in _MARKS:
        end += 1
    old = bytes(data[start + 1 : end])
    data[start + 1 : end] = rng.choice((b"", old * 2, rng.choice(_TEXTS), rng.choice(_DATES)))


def _line(data: bytearray, rng: random.Random) -> None:
    """A line left out, doubled, or in another's place."""
    lines = bytes(data).splitlines(keepends=True)
    at = rng.randrange(len(lines))
    line = lines.pop(at)
    lines[at:at] = [line] * rng.choice((0, 2, 2, 40))
    if rng.random() < 0.2:
        rng.shuffle(lines)
    data[:] = b"".join(lines)


_KINDS = (_flip, _byte, _cut, _repeat, _swap, _insert, _number, _number, _token, _token, _line)


def mutate(data: bytes, rng: random.Random, others: list[bytes]) -> bytes:
    """A few changes to `data`; `others` are files to splice with."""
    if others and rng.random() < 0.08:
        other = rng.choice(others)
        data = data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]
    changed = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        if changed:
            rng.choice(_KINDS)(changed, rng)
    if rng.random() < 0.02:
        return _encoded(bytes(changed), rng)
    return bytes(changed[:_MAX_INPUT])


def _encoded(data: bytes, rng: random.Random) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(rng.choice(("utf-16", "utf-8-sig", "cp949", "utf-16-be")), "replace")


def _repacked_fit(data: bytes, rng: random.Random, others: list[bytes]) -> bytes:
    return fit_file(mutate(fit_of(data), rng, [fit_of(other) for other in others if other]))


def _repacked_gzip(data: bytes, rng: random.Random, others: list[bytes]) -> bytes:
    try:
        inner = zlib.decompressobj(31).decompress(data, _MAX_INPUT)
    except zlib.error:
        return mutate(data, rng, others)
    return gzip.compress(mutate(inner, rng, others), mtime=0)


def _repacked_zip(data: bytes, rng: random.Random, others: list[bytes]) -> bytes:
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            members = {name: archive.open(name).read(_MAX_INPUT) for name in archive.namelist()}
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError):
        return mutate(data, rng, others)
    if not members:
        return mutate(data, rng, others)
    name = rng.choice(sorted(members))
    return zip_of(**(members | {name: mutate(members[name], rng, others)}))


def _repacked_card(data: bytes, rng: random.Random, others: list[bytes]) -> bytes:
    try:
        packed = json.loads(data)["verifiableCredential"][0].split(".")[1]
        payload = zlib.decompress(base64.urlsafe_b64decode(packed + "=="), wbits=-15)
    except (ValueError, LookupError, TypeError, AttributeError, zlib.error):
        return mutate(data, rng, others)
    return health_card(mutate(payload, rng, others))


REPACK: dict[str, Mutator] = {
    "fit": _repacked_fit,
    "gzip": _repacked_gzip,
    "zip": _repacked_zip,
    "health-card": _repacked_card,
}


def mutated(name: str, data: bytes, rng: random.Random, others: list[bytes]) -> bytes:
    """`data` of the format `name` with a few changes, inside what it is packed in or outside."""
    change = REPACK.get(name, mutate)
    if change is not mutate and data and rng.random() < 0.25:
        change = mutate
    return change(data, rng, others)[:_MAX_INPUT]
