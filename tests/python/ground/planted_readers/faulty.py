"""Readers with one fault each, for the fuzzer to notice. No seed shows any of the faults."""

from __future__ import annotations

import resource
from collections.abc import Iterator

from aceso.formats import Format, Item, Kind, Outcome
from aceso.formats._reader import Reader, Source

SEEDS = {
    "raises": (b"FAULT1 xxxx",),
    "loops": (b"FAULT2 xxxx",),
    "allocates": (b"FAULT3 xxxx",),
    "chatters": (b"FAULT4 xxxx",),
    "dies": (b"FAULT5 xxxx",),
    "honest": (b"FAULT6 xxxx",),
}


def _behind(data: bytes) -> bool:
    """Whether it goes on with a byte that no seed has there."""
    return len(data) > 7 and data[7] >= 128


def _raises(source: Source) -> Iterator[Item]:
    if _behind(source.path.read_bytes()):
        raise ZeroDivisionError("planted")
    yield _kept(source)


def _loops(source: Source) -> Iterator[Item]:
    while _behind(source.path.read_bytes()):
        pass
    yield _kept(source)


def _allocates(source: Source) -> Iterator[Item]:
    held = []
    while _behind(source.path.read_bytes()) and len(held) < 4096:
        held.append(bytearray(16 << 20))
    yield _kept(source)


def _chatters(source: Source) -> Iterator[Item]:
    """Says a word of the file in a sentence."""
    text = source.path.read_bytes()
    if _behind(text):
        yield Outcome(Kind.KEPT, "/", "", "it holds Zq7Sujin", "x", source.path), None
    yield _kept(source)


def _dies(source: Source) -> Iterator[Item]:
    if _behind(source.path.read_bytes()):
        resource.setrlimit(resource.RLIMIT_CPU, (0, 0))
        while True:
            pass
    yield _kept(source)


def _honest(source: Source) -> Iterator[Item]:
    _behind(source.path.read_bytes())
    yield _kept(source)


def _kept(source: Source) -> Item:
    return Outcome(Kind.KEPT, "/", "", "it is kept", "not_understood", source.path), None


READERS = tuple(
    Reader(
        Format(name, "", name, name),
        lambda head, start=SEEDS[name][0][:6]: head.raw.startswith(start),  # type: ignore[misc]
        read,
    )
    for name, read in (
        ("raises", _raises),
        ("loops", _loops),
        ("allocates", _allocates),
        ("chatters", _chatters),
        ("dies", _dies),
        ("honest", _honest),
    )
)
