"""From pieces to records: one class, one issuer, one person, one encounter or day.

    with import_file(path) as imported:
        for outcome in imported.outcomes(): ...
        for record in imported.records(): ...
        imported.source

Pieces are put in order on disk, not in memory, so a file of any size can be read. The body of a
record of FHIR resources is a Bundle of type `collection`, in canonical bytes, ordered by resource
type, id and contents: the order in the source doesn't matter, and the same contents are the same
bytes.

Limit: what is put in order lies in an unnamed temporary file, in the clear, until `close`.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any

from aceso.codes import DataClass

from ._model import (
    FHIR_JSON,
    Body,
    BytesBody,
    Format,
    Item,
    Kind,
    Outcome,
    Piece,
    RecordDraft,
    SourceFile,
)
from ._registry import detect, read, source_file
from .canonical import canonical_bytes, number, parse
from .people import People, PersonInFile
from .unknown import UNKNOWN

__all__ = ["Imported", "group", "import_file"]

# A record that grows larger is cut in parts, so that none needs more memory than this to make.
_MAX_RECORD = 8 << 20
# Up to here every element of every resource can be shown by itself.
_MAX_RESOURCES = 64
_BLOCK_RESOURCES = 256
_SCHEMA = """
CREATE TABLE piece (
    lineage BLOB NOT NULL, type TEXT NOT NULL, digest BLOB NOT NULL, body BLOB NOT NULL, place TEXT
    NOT NULL, class INTEGER NOT NULL, why TEXT NOT NULL, subject TEXT NOT NULL, issuer TEXT NOT
    NULL, day TEXT, issued TEXT, PRIMARY KEY (lineage, type, digest)
) WITHOUT ROWID;
CREATE TABLE outcome (
    kind TEXT, place TEXT, type TEXT, reason TEXT, code TEXT, class INTEGER, subject TEXT
);
"""


class Imported:
    """What one file gave. Use it as a context manager: closing it removes the temporary file."""

    def __init__(self, path: Path, found: Format):
        self.path = path
        self.format = found
        self.counts: Counter[Kind] = Counter()
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA
        )
        self._database.execute("BEGIN")
        self._alone: list[Piece] = []
        self._alone_seen: set[tuple[bytes, bytes]] = set()
        self._classes = DataClass(0)
        self._source: SourceFile | None = None
        self._people = People()
        self._folder = tempfile.TemporaryDirectory(prefix="aceso-")
        # What is unpacked from archives lies here until `close`.
        self.workspace = Path(self._folder.name)

    def __enter__(self) -> Imported:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._database.close()
        self._folder.cleanup()

    @property
    def source(self) -> SourceFile:
        """The file itself, to be sealed byte for byte beside what was understood of it."""
        if self._source is None:
            classes = self._classes
            # What wasn't understood may be anything, so the whole file may be.
            if self.counts[Kind.KEPT] or self.counts[Kind.REFUSED]:
                classes |= DataClass.UNCLASSIFIED
            self._source = source_file(self.path, classes=classes)
        return self._source

    def outcomes(self) -> Iterator[Outcome]:
        """What became of each part of the file, in the order of the file."""
        for kind, place, resource_type, reason, code, data_class in self._database.execute(
            "SELECT kind, place, type, reason, code, class FROM outcome ORDER BY rowid"
        ):
            yield Outcome(
                Kind(kind),
                place,
                resource_type,
                reason,
                code,
                self.path,
                None if data_class is None else DataClass(data_class),
            )

    def records(self) -> Iterator[RecordDraft]:
        """The records to seal, in an order that depends on the contents only."""
        yield from _grouped(self._database)
        for piece in sorted(self._alone, key=lambda one: one.body.sha256):
            yield _record_alone(piece)

    def add(self, item: Item) -> Outcome:
        """Take in one item of `read`, and say what became of it."""
        outcome, piece = item
        self._people.see(outcome, piece)
        if piece is not None and not self._keep(piece):
            outcome = Outcome(
                Kind.UNCHANGED,
                outcome.place,
                outcome.resource_type,
                "the same resource, byte for byte, came before it",
                "same",
                outcome.source,
                outcome.data_class,
            )
        self._insert_outcome(outcome, "" if piece is None else piece.subject)
        return outcome

    @property
    def people(self) -> tuple[PersonInFile, ...]:
        """Whom the file is about. Of a file about several, nothing is taken until one is chosen."""
        return self._people.found

    def choose(self, key: str | None) -> None:
        """Keep what is about the person `key` of a file about several; nothing if it is nobody."""
        if len(self.people) < 2:
            return
        chosen = key if key is not None and self._people.knows(key) else None
        subjects = [
            row[0] for row in self._database.execute("SELECT DISTINCT subject FROM outcome")
        ]
        for subject in subjects:
            if chosen is None:
                self._set_aside(subject, "the file is about several people", "several_people")
            elif not self._people.is_about(subject, chosen):
                self._set_aside(subject, "it is about another person", "another_person")
        said = Kind.REFUSED.value, "several_people"
        asked = self._database.execute(
            "SELECT 1 FROM outcome WHERE kind = ? AND code = ?", said
        ).fetchone()
        if chosen is None and asked is None:
            reason = (
                f"it is about {len(self.people)} people, who are never mixed; nothing is taken, "
                "say which of them is you and import it again"
            )
            self._insert_outcome(
                Outcome(Kind.REFUSED, "/", "", reason, "several_people", self.path), ""
            )

    def _set_aside(self, subject: str, reason: str, code: str) -> None:
        self._database.execute("DELETE FROM piece WHERE subject = ?", (subject,))
        self._alone = [piece for piece in self._alone if piece.subject != subject]
        taken = (subject, Kind.IMPORTED.value, Kind.UNCHANGED.value)
        for kind, count in self._database.execute(
            "SELECT kind, COUNT(*) FROM outcome WHERE subject = ? AND kind IN (?, ?) GROUP BY kind",
            taken,
        ).fetchall():
            self.counts[Kind(kind)] -= count
            self.counts[Kind.SKIPPED] += count
        self._database.execute(
            "UPDATE outcome SET kind = ?, reason = ?, code = ?, class = NULL "
            "WHERE subject = ? AND kind IN (?, ?)",
            (Kind.SKIPPED.value, reason, code, *taken),
        )

    def _insert_outcome(self, outcome: Outcome, subject: str) -> None:
        self.counts[outcome.kind] += 1
        self._database.execute(
            "INSERT INTO outcome VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                outcome.kind.value,
                outcome.place,
                outcome.resource_type,
                outcome.reason,
                outcome.code,
                None if outcome.data_class is None else int(outcome.data_class),
                subject,
            ),
        )

    def _keep(self, piece: Piece) -> bool:
        self._classes |= piece.data_class
        lineage = _lineage(piece)
        if piece.alone:
            key = (lineage, piece.body.sha256)
            if key in self._alone_seen:
                return False
            self._alone_seen.add(key)
            self._alone.append(piece)
            return True
        return _insert(self._database, lineage, piece)


def import_file(path: str | os.PathLike[str], *, subject_hint: str | None = None) -> Imported:
    """Read the whole of `path`. Its contents never make this raise."""
    imported = Imported(Path(path), detect(path))
    try:
        for item in read(path, subject_hint=subject_hint, workspace=imported.workspace):
            imported.add(item)
        imported.choose(subject_hint)
    except BaseException:
        imported.close()
        raise
    return imported


def group(pieces: Iterable[Piece]) -> Iterator[RecordDraft]:
    """Group pieces of any files to records. Pieces that are equal byte for byte are one."""
    imported = Imported(Path(), UNKNOWN)
    with imported:
        for piece in pieces:
            imported._keep(piece)
        yield from imported.records()


def _insert(database: sqlite3.Connection, lineage: bytes, piece: Piece) -> bool:
    with piece.body.open() as stream:
        body = stream.read()
    cursor = database.execute(
        "INSERT OR IGNORE INTO piece VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            lineage,
            piece.resource_type,
            hashlib.sha256(body).digest(),
            body,
            piece.place,
            int(piece.data_class),
            piece.why_class,
            piece.subject,
            piece.issuer,
            piece.day.isoformat() if piece.day else None,
            piece.issued_at,
        ),
    )
    return cursor.rowcount > 0


def _lineage(piece: Piece) -> bytes:
    parts = [str(int(piece.data_class)), piece.media_type, piece.issuer, piece.subject, piece.event]
    return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).digest()


def _grouped(database: sqlite3.Connection) -> Iterator[RecordDraft]:
    rows: list[tuple[Any, ...]] = []
    size = 0
    for row in database.execute("SELECT * FROM piece ORDER BY lineage, type, digest"):
        if rows and (row[0] != rows[0][0] or size + len(row[3]) > _MAX_RECORD):
            yield _record(rows)
            rows, size = [], 0
        rows.append(row)
        size += len(row[3])
    if rows:
        yield _record(rows)


def _record(rows: list[tuple[Any, ...]]) -> RecordDraft:
    first = rows[0]
    body = b",".join(b'{"resource":' + row[3] + b"}" for row in rows)
    data = b'{"entry":[' + body + b'],"resourceType":"Bundle","type":"collection"}'
    fields = _record_fields(rows)
    reasons = dict.fromkeys(row[6] for row in rows)
    days = sorted(row[9] for row in rows if row[9])
    issued = sorted(row[10] for row in rows if row[10])
    return RecordDraft(
        data_class=DataClass(first[5]),
        media_type=FHIR_JSON,
        body=BytesBody(data),
        issued_at=issued[-1] if issued else None,
        day=date.fromisoformat(days[0]) if days else None,
        source_place=min((row[4] for row in rows), key=lambda place: (len(place), place)),
        why_class="; ".join(list(reasons)[:3]),
        pieces=len(rows),
        fields=fields,
        subject=first[7],
        issuer=first[8],
        lineage=first[0],
        resource_types=tuple(dict.fromkeys(row[1] for row in rows)),
    )


def _record_fields(rows: list[tuple[Any, ...]]) -> dict[str, bytes]:
    """Each element of each resource; in a record of many resources, a digest of every 256 of them.

    The fields travel in the envelope of the record, so they must stay small beside the body.
    """
    fields: dict[str, bytes] = {"/resourceType": b'"Bundle"', "/type": b'"collection"'}
    if len(rows) <= _MAX_RESOURCES:
        for index, row in enumerate(rows):
            fields.update(resource_fields(parse(row[3]), f"/entry/{index}/resource"))
        return fields
    for start in range(0, len(rows), _BLOCK_RESOURCES):
        block = rows[start : start + _BLOCK_RESOURCES]
        joined = b",".join(row[3] for row in block)
        fields[f"/entry/{start}-{start + len(block) - 1}"] = canonical_bytes(
            {
                "length": number(str(len(joined))),
                "resources": number(str(len(block))),
                "sha256": hashlib.sha256(joined).hexdigest(),
            }
        )
    return fields


def _record_alone(piece: Piece) -> RecordDraft:
    return RecordDraft(
        data_class=piece.data_class,
        media_type=piece.media_type,
        body=piece.body,
        issued_at=piece.issued_at,
        day=piece.day,
        source_place=piece.place,
        why_class=piece.why_class,
        pieces=1,
        fields=_fields_alone(piece.body, piece.fields),
        subject=piece.subject,
        issuer=piece.issuer,
        lineage=_lineage(piece),
        resource_types=(piece.resource_type,),
    )


def _fields_alone(body: Body, fields: Mapping[str, bytes] | None) -> Mapping[str, bytes]:
    if fields is not None:
        return fields
    with body.open() as stream:
        return resource_fields(parse(stream.read()), "")


def resource_fields(resource: dict[str, Any], prefix: str) -> dict[str, bytes]:
    """One field for each element of a resource: its JSON pointer and its canonical bytes.

    An element is what can be shown or withheld as one: a code, a value with its unit, a date.
    """
    fields = {}
    for key, value in resource.items():
        escaped = key.replace("~", "~0").replace("/", "~1")
        fields[f"{prefix}/{escaped}"] = canonical_bytes(value)
    return fields
