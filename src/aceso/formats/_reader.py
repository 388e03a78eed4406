"""What a format is to the registry: how it is told, and how it is read.

    READERS = (Reader(GPX, recognises=_is_gpx, read=_read),)

A reader gets a `Source` and yields items; nothing about the contents is ever raised. Each module
of `clinical`, `genome` and `lifelog` has a tuple `READERS`, and the registry asks them in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ._head import Head
from ._model import Format, Item

__all__ = ["Budget", "Reader", "Source"]

_MAX_BYTES = 16 << 30


def _no_sibling(name: str) -> Path | None:
    return None


class Budget:
    """How much may still be unpacked in one import, whatever lies in what."""

    def __init__(self) -> None:
        self.left = _MAX_BYTES


@dataclass(frozen=True, slots=True)
class Source:
    """A file to read. `path` stays where it is until the import is closed, so a body may be read
    from it later.

    `subject_hint` says whose data are wanted: the id of a Patient, or the name of a sample.
    `workspace` is a folder of this import alone, removed when it is closed. `sibling` gives the
    file that lay beside this one under a plain name, where a format is made of several files.
    `name` is the plain name under which it came, of which nothing is told but what the maker of a
    format leaves out of the file: which series it is, which day. It may be a person's.
    `depth` says how many archives the file lay in, and `budget` how much more these may unpack.
    `keys` are files and folders of public keys that
    the person trusts, to check what is signed.
    """

    path: Path = field(repr=False)
    head: Head = field(repr=False)
    workspace: Path = field(repr=False)
    subject_hint: str | None = field(default=None, repr=False)
    sibling: Callable[[str], Path | None] = field(default=_no_sibling, repr=False)
    name: str = field(default="", repr=False)
    depth: int = 0
    budget: Budget = field(default_factory=Budget, repr=False)
    keys: tuple[Path, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Reader:
    """One format. `recognises` looks at the head alone, and is true of no other format's files.

    `unpacks` says that it takes a file that is gzip as it is. For all others the archive unpacks.
    """

    format: Format
    recognises: Callable[[Head], bool]
    read: Callable[[Source], Iterator[Item]]
    unpacks: bool = False
