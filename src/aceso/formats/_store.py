"""Where an import puts what it reads, until it is asked for: on disk, in order, in little memory.

    store = Store()
    store.add(outcome, piece)                   # for each part of the file, in its order
    store.outcomes(path)                        # the same, with what repeats said to be unchanged
    for family in store.families():             # what belongs to one record, by its lineage
        for row in store.rows(family): ...

A phone's export has millions of parts, so each costs one row: rows are written in batches, what
many of them have in common is written once, and they are sorted once, when all are there.

Limit: all of it lies in an unnamed temporary file, in the clear, until `close`.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from aceso.codes import DataClass

from ._model import BytesBody, Kind, Outcome, Piece

__all__ = ["SAME", "Family", "Row", "Store"]

_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -16384;
CREATE TABLE said (
    id INTEGER PRIMARY KEY, kind TEXT, type TEXT, reason TEXT, code TEXT, class INTEGER, why TEXT
);
CREATE TABLE family (
    id INTEGER PRIMARY KEY, lineage BLOB UNIQUE, class INTEGER, subject TEXT, issuer TEXT
);
CREATE TABLE part (
    number INTEGER PRIMARY KEY, said INTEGER NOT NULL, place TEXT NOT NULL, family INTEGER,
    type TEXT, digest BLOB, body BLOB, day TEXT, issued TEXT
);
CREATE TABLE same (number INTEGER PRIMARY KEY);
"""
_SORT = """
CREATE INDEX part_order ON part (family, type, digest) WHERE digest IS NOT NULL
"""
_FIND_SAME = """
INSERT INTO same
    SELECT part.number FROM part JOIN (
        SELECT family, type, digest, MIN(number) AS first FROM part WHERE digest IS NOT NULL
        GROUP BY family, type, digest HAVING COUNT(*) > 1
    ) AS twice USING (family, type, digest) WHERE part.number > twice.first
"""
_INSERT = "INSERT INTO part VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?)"
_ROWS = """
SELECT part.type, body, place, why, day, issued FROM part JOIN said ON said.id = part.said
WHERE family = ? AND digest IS NOT NULL AND number NOT IN same ORDER BY part.type, digest
"""
_OUTCOMES = """
SELECT kind, place, said.type, reason, code, class, part.number IN same
FROM part JOIN said ON said.id = part.said ORDER BY part.number
"""
_SAID_ABOUT = """
SELECT id, type FROM said WHERE id IN (
    SELECT said FROM part WHERE family IN (SELECT id FROM family WHERE subject = ?)
)
"""
_SET_ASIDE = """
UPDATE part SET said = ?, digest = NULL, body = NULL
WHERE said = ? AND family IN (SELECT id FROM family WHERE subject = ?)
"""
_SAID_KEPT = "SELECT id, type FROM said WHERE kind = ?"
_SET_ALL_ASIDE = "UPDATE part SET said = ?, digest = NULL, body = NULL WHERE said = ?"
# A batch is written when it has so many rows or so many bytes.
_BATCH_ROWS = 2_000
_BATCH_BYTES = 4 << 20
_MAX_CACHED = 50_000

SAME = "the same resource, byte for byte, came before it"


# One piece of a record: its resource type, its bytes, its place, why it has its class, its day and
# when it was issued.
Row: TypeAlias = tuple[str, bytes, str, str, str | None, str | None]


@dataclass(frozen=True, slots=True)
class Family:
    """What belongs together: one class, one issuer, one person, one encounter or day."""

    id: int
    lineage: bytes = field(repr=False)
    data_class: DataClass
    subject: str = field(repr=False)
    issuer: str = field(repr=False)


class Store:
    """The outcomes and the pieces of one import. `add` all, then ask.

    Of a piece that is a record `alone`, only the outcome is put down here."""

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(_SCHEMA)
        self._database.execute("BEGIN")
        self._rows: list[tuple[object, ...]] = []
        self._bytes = 0
        self._said: dict[tuple[object, ...], int] = {}
        self._families: dict[tuple[object, ...], int] = {}
        self._sorted = False

    def close(self) -> None:
        self._database.close()

    def add(self, outcome: Outcome, piece: Piece | None) -> None:
        """Put down one part of the file; `piece` is what is to go into a record with others."""
        said = self._said_id(outcome, "" if piece is None else piece.why_class)
        row: tuple[object, ...]
        if piece is None:
            row = (said, outcome.place, None, None, None, None, None, None)
        elif piece.alone:
            row = (said, outcome.place, self._family_id(piece), None, None, None, None, None)
        else:
            body = piece.body
            if isinstance(body, BytesBody):
                data = body.data
            else:
                with body.open() as stream:
                    data = stream.read()
            day = piece.day
            row = (
                said,
                outcome.place,
                self._family_id(piece),
                piece.resource_type,
                hashlib.sha256(data).digest(),
                data,
                None if day is None else day.isoformat(),
                piece.issued_at,
            )
            self._bytes += len(data)
        self._rows.append(row)
        if len(self._rows) >= _BATCH_ROWS or self._bytes >= _BATCH_BYTES:
            self._write()

    def counts(self) -> Counter[Kind]:
        """How many parts ended in which way."""
        self._sort()
        found: Counter[Kind] = Counter()
        for kind, count in self._database.execute(
            "SELECT kind, COUNT(*) FROM part JOIN said ON said.id = part.said GROUP BY kind"
        ):
            found[Kind(kind)] += count
        for kind, count in self._database.execute(
            "SELECT kind, COUNT(*) FROM same JOIN part USING (number) JOIN said "
            "ON said.id = part.said GROUP BY kind"
        ):
            found[Kind(kind)] -= count
            found[Kind.UNCHANGED] += count
        return found

    def classes(self) -> DataClass:
        """Every class of a piece."""
        found = DataClass(0)
        self._write()
        for (value,) in self._database.execute("SELECT DISTINCT class FROM family"):
            found |= DataClass(value)
        return found

    def left_classes(self) -> DataClass:
        """The classes of what was kept or refused: any class, of what nobody knows the class of."""
        found = DataClass(0)
        for (value,) in self._database.execute(
            "SELECT DISTINCT class FROM said WHERE kind IN (?, ?)",
            (Kind.KEPT.value, Kind.REFUSED.value),
        ):
            found |= DataClass.UNCLASSIFIED if value is None else DataClass(value)
        return found

    def outcomes(self, source: Path) -> Iterator[Outcome]:
        """What became of each part, in the order of the file."""
        self._sort()
        for kind, place, type_, reason, code, value, same in self._database.execute(_OUTCOMES):
            if same:
                kind, reason, code = Kind.UNCHANGED.value, SAME, "same"
            data_class = None if value is None else DataClass(value)
            yield Outcome(Kind(kind), place, type_, reason, code, source, data_class)

    def subjects(self) -> list[str]:
        """Everybody whom a piece is about; an empty text for pieces about nobody."""
        self._write()
        found = self._database.execute("SELECT DISTINCT subject FROM family ORDER BY id")
        return [subject for (subject,) in found]

    def says(self, kind: Kind, code: str) -> bool:
        """Whether any outcome is of this kind and code."""
        found = self._database.execute(
            "SELECT 1 FROM said WHERE kind = ? AND code = ?", (kind.value, code)
        )
        return found.fetchone() is not None

    def set_aside(self, subject: str, reason: str, code: str) -> None:
        """Leave out what is about `subject`, and say so in its outcomes."""
        self._write()
        self._sorted = False
        kinds = self._database.execute(_SAID_ABOUT, (subject,)).fetchall()
        for said, resource_type in kinds:
            outcome = Outcome(Kind.SKIPPED, "", resource_type, reason, code)
            self._database.execute(_SET_ASIDE, (self._said_id(outcome, ""), said, subject))

    def set_kept_aside(self, reason: str, code: str) -> None:
        """Say of what would be kept in the source file that it is left out, where that is not
        sealed either."""
        self._write()
        self._sorted = False
        kept = self._database.execute(_SAID_KEPT, (Kind.KEPT.value,)).fetchall()
        for said, resource_type in kept:
            outcome = Outcome(Kind.SKIPPED, "", resource_type, reason, code)
            self._database.execute(_SET_ALL_ASIDE, (self._said_id(outcome, ""), said))

    def families(self) -> Iterator[Family]:
        """Every family, by lineage: an order that depends on the contents only."""
        self._sort()
        for id_, lineage, value, subject, issuer in self._database.execute(
            "SELECT id, lineage, class, subject, issuer FROM family ORDER BY lineage"
        ):
            yield Family(id_, lineage, DataClass(value), subject, issuer)

    def rows(self, family: Family) -> Iterator[Row]:
        """The pieces of a family, each once, by type and digest."""
        self._sort()
        return iter(self._database.execute(_ROWS, (family.id,)))

    def _said_id(self, outcome: Outcome, why: str) -> int:
        data_class = outcome.data_class
        key = (
            outcome.kind.value,
            outcome.resource_type,
            outcome.reason,
            outcome.code,
            None if data_class is None else int(data_class),
            why,
        )
        found = self._said.get(key)
        if found is None:
            cursor = self._database.execute("INSERT INTO said VALUES (NULL,?,?,?,?,?,?)", key)
            found = _id(cursor)
            if len(self._said) >= _MAX_CACHED:
                self._said.clear()
            self._said[key] = found
        return found

    def _family_id(self, piece: Piece) -> int:
        key = (
            int(piece.data_class),
            piece.media_type,
            piece.issuer,
            piece.subject,
            piece.event,
        )
        found = self._families.get(key)
        if found is None:
            found = self._new_family(piece)
            if len(self._families) >= _MAX_CACHED:
                self._families.clear()
            self._families[key] = found
        return found

    def _new_family(self, piece: Piece) -> int:
        lineage = piece.lineage
        known = self._database.execute("SELECT id FROM family WHERE lineage = ?", (lineage,))
        for (found,) in known:
            return int(found)
        return _id(
            self._database.execute(
                "INSERT INTO family VALUES (NULL, ?, ?, ?, ?)",
                (lineage, int(piece.data_class), piece.subject, piece.issuer),
            )
        )

    def _write(self) -> None:
        self._database.executemany(_INSERT, self._rows)
        self._rows.clear()
        self._bytes = 0

    def _sort(self) -> None:
        if self._rows or not self._sorted:
            self._write()
            self._database.execute("DROP INDEX IF EXISTS part_order")
            self._database.execute("DELETE FROM same")
            self._database.execute(_SORT)
            self._database.execute(_FIND_SAME)
            self._sorted = True


def _id(cursor: sqlite3.Cursor) -> int:
    if cursor.lastrowid is None:
        raise AssertionError("an INSERT gives a row")
    return cursor.lastrowid
