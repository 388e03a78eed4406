"""The FHIR resources of many records: each once, in order, with the records that it came in.

They are put in order in an unnamed temporary database, so that a vault may be larger than memory.

A record comes back from an export by what its resources say (see `aceso.formats`). `Resources`
judges each resource as an import would; a record that would not come back so is `marked`: its
resources are exported with the mark that `aceso.formats` reads.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from aceso.codes import DataClass
from aceso.formats import FHIR_JSON, Kind, Outcome, Piece
from aceso.formats.canonical import JsonError, canonical_bytes, parse
from aceso.formats.clinical.fhir import standardise
from aceso.formats.people import People

from ._held import Held
from .errors import NothingToExportError, SeveralPeopleError

__all__ = ["Resource", "Resources"]

_NAME_DIGITS = 16
_SEEN = Outcome(Kind.IMPORTED, "")
_SCHEMA = """
CREATE TABLE resource (
    type TEXT NOT NULL, id TEXT NOT NULL, digest BLOB NOT NULL, body BLOB NOT NULL,
    subject TEXT NOT NULL,
    PRIMARY KEY (type, id, digest)
) WITHOUT ROWID;
CREATE TABLE part (
    digest BLOB NOT NULL, record INTEGER NOT NULL, key BLOB NOT NULL,
    PRIMARY KEY (digest, record)
) WITHOUT ROWID;
CREATE INDEX part_of_record ON part (record);
CREATE INDEX part_of_key ON part (key);
CREATE TABLE record (
    number INTEGER PRIMARY KEY, class INTEGER NOT NULL, name TEXT NOT NULL, marked INTEGER NOT NULL
);
"""
# A record comes back by itself if its resources fall together as one, alone, and in no other.
_MARK = """
UPDATE record SET marked = 1 WHERE
    number IN (SELECT record FROM part GROUP BY record HAVING count(DISTINCT key) > 1)
    OR number IN (
        SELECT record FROM part WHERE key IN (
            SELECT key FROM part GROUP BY key HAVING count(DISTINCT record) > 1))
    OR number IN (
        SELECT record FROM part WHERE digest IN (
            SELECT digest FROM part GROUP BY digest HAVING count(*) > 1));
"""
_LISTED = """
SELECT resource.body, resource.subject,
        group_concat(DISTINCT record.class || '/' || record.name || '/' || record.marked)
    FROM resource JOIN part USING (digest) JOIN record ON record.number = part.record
    {where} GROUP BY type, id, digest ORDER BY type, id, digest
"""


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource: its canonical bytes, whom it is about as its source says, the classes of the
    records that it is in, and the marks (class and name) of those that would not come back by
    themselves."""

    data: bytes = field(repr=False)
    subject: str = field(repr=False)
    marks: tuple[tuple[DataClass, str], ...]
    classes: DataClass

    def parsed(self) -> dict[str, Any]:
        """The resource with numbers as `aceso.formats.canonical` carries them."""
        found: dict[str, Any] = parse(self.data)
        return found


class Resources:
    """All FHIR resources of some records. Close it, or use it in a `with`."""

    def __init__(self) -> None:
        # An unnamed database lies in a file that is deleted already, and is gone with us.
        self._database = sqlite3.connect("", isolation_level=None)
        self._database.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA
        )
        self.people = People()
        self.records = 0
        # Records that hold no FHIR: files as they came, genomes.
        self.others = 0
        # Records that say they are FHIR and can't be read as such: an issuer made them.
        self.unreadable = 0

    @classmethod
    def of(cls, held: Iterable[Held]) -> Resources:
        """Read the records; what is no FHIR is only counted."""
        found = cls()
        try:
            found._database.execute("BEGIN")
            for one in held:
                found._add(one)
            found._database.execute(_MARK)
            found._database.execute("COMMIT")
        except BaseException:
            found.close()
            raise
        return found

    def __enter__(self) -> Resources:
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

    def __len__(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM resource").fetchone()[0])

    def __iter__(self) -> Iterator[Resource]:
        return self._listed("")

    def of_type(self, resource_type: str) -> Iterator[Resource]:
        """Those of one type, by id."""
        return self._listed("WHERE type = ?", resource_type)

    def about(self, subject: str | None) -> Callable[[Resource], bool]:
        """Whether a resource is about one person: the one named, by the id of their Patient, or
        the only one there is. SeveralPeopleError where it isn't clear who."""
        found = self.people.found
        if subject is None:
            if len(found) > 1:
                raise SeveralPeopleError(
                    f"These records are about {len(found)} people, and this is of one. Name the "
                    "id of the one with --subject.",
                    code="E_EXPORT_PEOPLE",
                    details={"count": len(found)},
                )
            return lambda resource: True
        if not self.people.knows(subject):
            raise NothingToExportError(
                "Nobody in these records has that id. Name the id of a Patient in them.",
                code="E_EXPORT_SUBJECT",
            )
        return lambda resource: self.people.is_about(resource.subject, subject)

    def _listed(self, where: str, *values: object) -> Iterator[Resource]:
        # `where` is one of the literals above; what a caller gives is in `values`.
        for row in self._database.execute(_LISTED.format(where=where), values):
            yield _resource(*row)

    def _add(self, held: Held) -> None:
        if held.is_source or held.media_type != FHIR_JSON:
            self.others += 1
            return
        with held.body.open() as stream:
            body = stream.read()
        try:
            found = [(one, canonical_bytes(one)) for one in _inside(parse(body))]
        except JsonError:
            self.unreadable += 1
            return
        if not found:
            self.unreadable += 1
            return
        self.records += 1
        name = hashlib.sha256(body).hexdigest()[:_NAME_DIGITS]
        number = self.records
        marked = False
        for resource, data in found:
            piece = standardise(resource, place="")
            self.people.see(_SEEN, piece)
            marked |= piece.data_class != held.data_class
            key, digest = _key(piece), hashlib.sha256(data).digest()
            own = resource.get("id")
            self._database.execute(
                "INSERT OR IGNORE INTO resource VALUES (?, ?, ?, ?, ?)",
                (
                    piece.resource_type,
                    own if isinstance(own, str) else "",
                    digest,
                    data,
                    piece.subject,
                ),
            )
            self._database.execute(
                "INSERT OR IGNORE INTO part VALUES (?, ?, ?)", (digest, number, key)
            )
        self._database.execute(
            "INSERT INTO record VALUES (?, ?, ?, ?)",
            (number, int(held.data_class), name, int(marked)),
        )


def _inside(value: Any) -> Iterator[dict[str, Any]]:
    """The resources of a record: of a Bundle, or the one that it is."""
    if not isinstance(value, dict) or not isinstance(value.get("resourceType"), str):
        return
    if value["resourceType"] != "Bundle":
        yield value
        return
    entries = value.get("entry")
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict):
            yield from _inside(entry.get("resource"))


def _key(piece: Piece) -> bytes:
    """Which record an import would put the resource into."""
    parts = [str(int(piece.data_class)), piece.issuer, piece.subject, piece.event]
    return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).digest()


def _resource(data: bytes, subject: str, said: str) -> Resource:
    classes = DataClass(0)
    marks = []
    for one in sorted(said.split(",")):
        number, name, marked = one.split("/")
        classes |= DataClass(int(number))
        if marked == "1":
            marks.append((DataClass(int(number)), name))
    return Resource(data, subject, tuple(marks), classes)
