"""Open what a person holds, one record at a time, for an export or a picture.

    opening = OpenedRecords(person, classes)
    with Resources.of(opening) as resources:
        …
    opening.failed      # records that did not open, and why

Each record is opened into a private folder, handed on, and deleted before the next one: the vault
is never in the clear as a whole. Put TMPDIR on an encrypted disk where that is not enough.

A record that does not open does not stop the others; whoever exports says which are missing.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from aceso.codes import DataClass
from aceso.errors import AcesoError
from aceso.exports import Held
from aceso.vault import Envelope, RecordNote

from .person import Person

__all__ = ["OpenedRecords"]


@dataclass(frozen=True, slots=True)
class _Opened:
    """A body in a file that is there until the next record is asked for."""

    path: Path = field(repr=False)
    size: int
    sha256: bytes

    def open(self) -> BinaryIO:
        return self.path.open("rb")


def _no_progress(done: int, of: int) -> None:
    return None


class OpenedRecords:
    """The records of some classes, opened as they are iterated over."""

    def __init__(
        self,
        person: Person,
        classes: DataClass,
        *,
        wanted: Callable[[RecordNote], bool] | None = None,
        progress: Callable[[int, int], None] = _no_progress,
    ):
        self._person = person
        self._progress = progress
        self.listed = [
            (record_id, note)
            for record_id, note in person.records()
            if note.data_class & classes and (wanted is None or wanted(note))
        ]
        self.failed: list[tuple[bytes, AcesoError]] = []

    def __iter__(self) -> Iterator[Held]:
        self.failed.clear()
        with tempfile.TemporaryDirectory(prefix="aceso-") as folder:
            path = Path(folder, "record")
            for done, (record_id, note) in enumerate(self.listed):
                self._progress(done, len(self.listed))
                try:
                    envelope = self._person.open_record(record_id, path)
                except AcesoError as exc:
                    self.failed.append((record_id, exc))
                    continue
                yield _held(note, envelope, path)
                path.unlink(missing_ok=True)
            self._progress(len(self.listed), len(self.listed))


def _held(note: RecordNote, envelope: Envelope, path: Path) -> Held:
    return Held(
        DataClass(note.data_class),
        envelope.media_type,
        _Opened(path, note.body.length, envelope.digest),
        note.day,
        # A file as it came shows these of itself, and no standardised record has them.
        is_source={"/media_type", "/sha256", "/size"} <= envelope.hashes.keys(),
    )
