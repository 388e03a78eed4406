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

import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import TracebackType

from ._fields import record_fields, resource_fields
from ._head import Head
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
from ._registry import format_of, head_of, read, source_file
from ._store import SAME, Family, Row, Store
from .people import People, PersonInFile
from .unknown import UNKNOWN

__all__ = ["Imported", "group", "import_file"]

# A record that grows larger is cut in parts, so that none needs more memory than this to make.
_MAX_RECORD = 8 << 20
_SEVERAL = "the file is about several people"


class Imported:
    """What one file gave. Use it as a context manager: closing it removes the temporary file."""

    def __init__(self, path: Path, found: Format, head: Head | None = None):
        self.path = path
        self.format = found
        self._head = head
        self._store = Store()
        self._counts: Counter[Kind] | None = None
        self._alone: list[Piece] = []
        self._alone_seen: set[tuple[bytes, bytes]] = set()
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
        self._store.close()
        self._folder.cleanup()

    @property
    def source(self) -> SourceFile:
        """The file itself, to be sealed byte for byte beside what was understood of it."""
        if self._source is None:
            classes = self._store.classes()
            # What wasn't understood may be anything, so the whole file may be, unless its kind says
            # what it is: reads of a genome are a genome.
            if self.counts[Kind.KEPT] or self.counts[Kind.REFUSED]:
                classes |= self._store.left_classes()
            self._source = source_file(self.path, classes=classes, head=self._head)
        return self._source

    @property
    def counts(self) -> Counter[Kind]:
        """How many parts of the file ended in which way."""
        if self._counts is None:
            self._counts = self._store.counts()
        return self._counts

    def outcomes(self) -> Iterator[Outcome]:
        """What became of each part of the file, in the order of the file."""
        return self._store.outcomes(self.path)

    def records(self) -> Iterator[RecordDraft]:
        """The records to seal, in an order that depends on the contents only."""
        yield from _grouped(self._store)
        for piece in sorted(self._alone, key=lambda one: one.body.sha256):
            yield _record_alone(piece)

    def add(self, item: Item) -> None:
        """Take in one item of `read`."""
        outcome, piece = item
        self._counts = None
        if outcome.people or (piece is not None and piece.subject):
            self._people.see(outcome, piece)
        if piece is not None and piece.alone:
            key = (piece.lineage, piece.body.sha256)
            if key in self._alone_seen:
                outcome = replace(outcome, kind=Kind.UNCHANGED, reason=SAME, code="same")
            else:
                self._alone_seen.add(key)
                self._alone.append(piece)
        self._store.add(outcome, piece)

    @property
    def people(self) -> tuple[PersonInFile, ...]:
        """Whom the file is about. Of a file about several, nothing is taken until one is chosen."""
        return self._people.found

    def choose(self, key: str | None) -> None:
        """Keep what is about the person `key` of a file about several; nothing if it is nobody."""
        if len(self.people) < 2:
            return
        self._counts = None
        chosen = key if key is not None and self._people.knows(key) else None
        for subject in self._store.subjects():
            if chosen is None:
                self._set_aside(subject, _SEVERAL, "several_people")
            elif not self._people.is_about(subject, chosen):
                self._set_aside(subject, "it is about another person", "another_person")
        if chosen is None and not self._store.says(Kind.REFUSED, "several_people"):
            self._store.set_kept_aside(_SEVERAL, "several_people")
            reason = (
                f"it is about {len(self.people)} people, who are never mixed; nothing is taken, "
                "say which of them is you and import it again"
            )
            refused = Outcome(Kind.REFUSED, "/", "", reason, "several_people", self.path)
            self._store.add(refused, None)

    def _set_aside(self, subject: str, reason: str, code: str) -> None:
        self._alone = [piece for piece in self._alone if piece.subject != subject]
        self._store.set_aside(subject, reason, code)


def import_file(
    path: str | os.PathLike[str],
    *,
    subject_hint: str | None = None,
    keys: tuple[Path, ...] = (),
) -> Imported:
    """Read the whole of `path`. Its contents never make this raise.

    `keys` are files and folders of public keys that the person trusts, to check what is signed.
    """
    head = head_of(path)
    imported = Imported(head.path, format_of(head), head)
    try:
        for item in read(
            path, head=head, subject_hint=subject_hint, workspace=imported.workspace, keys=keys
        ):
            imported.add(item)
        imported.choose(subject_hint)
    except BaseException:
        imported.close()
        raise
    return imported


def group(pieces: Iterable[Piece]) -> Iterator[RecordDraft]:
    """Group pieces of any files to records. Pieces that are equal byte for byte are one."""
    with Imported(Path(), UNKNOWN) as imported:
        for piece in pieces:
            imported.add((Outcome(Kind.IMPORTED, piece.place), piece))
        yield from imported.records()


def _grouped(store: Store) -> Iterator[RecordDraft]:
    for family in store.families():
        rows: list[Row] = []
        size = 0
        for row in store.rows(family):
            length = len(row[1])
            if rows and size + length > _MAX_RECORD:
                yield _record(family, rows)
                rows, size = [], 0
            rows.append(row)
            size += length
        if rows:
            yield _record(family, rows)


def _record(family: Family, rows: list[Row]) -> RecordDraft:
    # By columns, for speed: a phone's export has millions of rows.
    types, bodies, places, reasons, days, times = zip(*rows, strict=True)
    joined = b'},{"resource":'.join(bodies)
    data = b'{"entry":[{"resource":%b}],"resourceType":"Bundle","type":"collection"}' % joined
    first_day = min(filter(None, days), default=None)
    return RecordDraft(
        data_class=family.data_class,
        media_type=FHIR_JSON,
        body=BytesBody(data),
        issued_at=max(filter(None, times), default=None),
        day=date.fromisoformat(first_day) if first_day else None,
        source_place=min(places, key=lambda place: (len(place), place)),
        why_class="; ".join(list(dict.fromkeys(reasons))[:3]),
        pieces=len(rows),
        fields=record_fields(bodies),
        subject=family.subject,
        issuer=family.issuer,
        lineage=family.lineage,
        resource_types=tuple(dict.fromkeys(types)),
    )


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
        lineage=piece.lineage,
        resource_types=(piece.resource_type,),
    )


def _fields_alone(body: Body, fields: Mapping[str, bytes] | None) -> Mapping[str, bytes]:
    if fields is not None:
        return fields
    with body.open() as stream:
        return resource_fields(stream.read(), "")
