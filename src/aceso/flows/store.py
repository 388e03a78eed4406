"""What a device remembers between two commands: entries, and which step each has reached.

A record goes SEALED -> ANCHORED -> POSTED. The step is written when it is done, so that a command
that was cut off goes on where it was, and no step is done twice: the same root can be anchored only
once, and a custodian takes the same entry any number of times.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

from aceso.formats import Fact
from aceso.vault import ListEntry

__all__ = ["Batch", "Step", "Store", "Stored"]


# An entry that was dealt out anew and is not posted yet: an earlier one of the record is.
_DEALT = 2


class Step(IntEnum):
    """How far a record is on its way."""

    SEALED = 1  # The body is on IPFS and was read back; the entry is kept here.
    ANCHORED = 2  # The root of its batch is on chain.
    POSTED = 3  # The custodians have the entry.


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry, where it belongs, and how far it is."""

    entry: ListEntry
    list_key: str
    day: str
    step: Step

    @property
    def is_posted(self) -> bool:
        return self.step is Step.POSTED


@dataclass(frozen=True, slots=True)
class Batch:
    """A root on its way to the chain. `leaves` is the digest in the CID of the list of leaves."""

    root: bytes
    leaves: bytes


_SCHEMA = """
CREATE TABLE IF NOT EXISTS batch (
    root BLOB PRIMARY KEY, leaves BLOB NOT NULL, anchored INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS entry (
    record_id BLOB PRIMARY KEY, list_key TEXT NOT NULL, day TEXT NOT NULL, root BLOB NOT NULL,
    data BLOB NOT NULL, posted INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS adding (cid TEXT PRIMARY KEY) STRICT;
CREATE TABLE IF NOT EXISTS opened (
    list_key TEXT, persona TEXT, PRIMARY KEY (list_key, persona)
) STRICT;
CREATE TABLE IF NOT EXISTS fact (
    record_id BLOB NOT NULL, identity BLOB NOT NULL, statement BLOB NOT NULL, version TEXT NOT NULL,
    digest BLOB NOT NULL, PRIMARY KEY (record_id, digest)
) WITHOUT ROWID, STRICT;
CREATE INDEX IF NOT EXISTS fact_identity ON fact (identity);
CREATE INDEX IF NOT EXISTS fact_statement ON fact (statement);
CREATE INDEX IF NOT EXISTS fact_digest ON fact (digest);
CREATE TABLE IF NOT EXISTS leaving (
    record_id BLOB, list_key TEXT, PRIMARY KEY (record_id, list_key)
) STRICT;
CREATE TABLE IF NOT EXISTS kept (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;
"""

_ENTRIES = (
    "SELECT data, list_key, day, anchored, posted FROM entry JOIN batch USING (root) "
    "{where} ORDER BY day, record_id"
)


class Store:
    """The file `store.db` of a profile."""

    def __init__(self, path: Path):
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.executescript(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;"
            + _SCHEMA
        )

    def close(self) -> None:
        self._database.close()

    # Bodies that are on IPFS and in no entry yet: what a cut-off import left behind.

    def note_added(self, cid: str) -> None:
        self._database.execute("INSERT OR IGNORE INTO adding VALUES (?)", (cid,))

    def left_behind(self) -> list[str]:
        """Bodies of a sealing that was cut off. Nothing refers to them, so they can be unpinned."""
        return [cid for (cid,) in self._database.execute("SELECT cid FROM adding")]

    def forget_added(self) -> None:
        self._database.execute("DELETE FROM adding")

    # Batches and entries.

    def keep(self, batch: Batch, entries: Iterable[tuple[ListEntry, str, str]]) -> None:
        """Keep a batch with its entries (entry, list key, day), all or none of them."""
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.execute("INSERT INTO batch VALUES (?, ?, 0)", (batch.root, batch.leaves))
            self._database.executemany(
                "INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?, ?, 0)",
                (
                    (entry.record_id, list_key, day, entry.root, entry.to_bytes())
                    for entry, list_key, day in entries
                ),
            )
            self._database.execute("DELETE FROM adding")

    def unanchored(self) -> list[Batch]:
        rows = self._database.execute("SELECT root, leaves FROM batch WHERE NOT anchored")
        return [Batch(root, leaves) for root, leaves in rows]

    def anchored(self, root: bytes) -> None:
        self._database.execute("UPDATE batch SET anchored = 1 WHERE root = ?", (root,))

    def unposted(self) -> list[Stored]:
        """Entries whose root is on chain and that the custodians don't have yet."""
        return self._entries("WHERE batch.anchored AND NOT entry.posted")

    def posted(self, *record_ids: bytes) -> None:
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany(
                "UPDATE entry SET posted = 1 WHERE record_id = ?", ((one,) for one in record_ids)
            )

    def replace(self, entries: Iterable[tuple[Stored, ListEntry, str]]) -> None:
        """Keep for each record another entry, with the key of another list, which is to be posted;
        the one before is to be deleted from its own list."""
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            for before, entry, list_key in entries:
                self._database.execute(
                    "INSERT OR IGNORE INTO leaving VALUES (?, ?)",
                    (entry.record_id, before.list_key),
                )
                self._database.execute(
                    "UPDATE entry SET data = ?, list_key = ?, posted = ? WHERE record_id = ?",
                    (entry.to_bytes(), list_key, _DEALT, entry.record_id),
                )

    def dealt(self) -> list[Stored]:
        """Entries that took the place of another on the device, and not yet at the custodians."""
        return self._entries("WHERE entry.posted = 2")

    def leaving(self) -> list[tuple[bytes, str]]:
        """Records, with the keys of lists, whose former entries are to be deleted: those only whose
        new entry is posted."""
        rows = self._database.execute(
            "SELECT record_id, leaving.list_key FROM leaving LEFT JOIN entry USING (record_id) "
            "WHERE entry.posted IS NOT ? ORDER BY record_id",
            (_DEALT,),
        )
        return list(rows)

    def left(self, gone: Iterable[tuple[bytes, str]]) -> None:
        """Note former entries that were deleted."""
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany(
                "DELETE FROM leaving WHERE record_id = ? AND list_key = ?", gone
            )

    def relearn(self, entry: ListEntry, list_key: str) -> None:
        """Keep the entry of a record that another device moved to another list."""
        self._database.execute(
            "UPDATE entry SET data = ?, list_key = ?, posted = 1 WHERE record_id = ?",
            (entry.to_bytes(), list_key, entry.record_id),
        )

    def is_kept(self, entry: ListEntry) -> bool:
        """Whether this very entry is kept here."""
        row = self._database.execute(
            "SELECT 1 FROM entry WHERE record_id = ? AND data = ?",
            (entry.record_id, entry.to_bytes()),
        ).fetchone()
        return row is not None

    def learn(self, entry: ListEntry, list_key: str, day: str = "") -> bool:
        """Keep an entry that somebody else posted; say whether it was new."""
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.execute(
                "INSERT OR IGNORE INTO batch VALUES (?, ?, 1)", (entry.root, bytes(32))
            )
            row = (entry.record_id, list_key, day, entry.root, entry.to_bytes())
            added = self._database.execute(
                "INSERT OR IGNORE INTO entry VALUES (?, ?, ?, ?, ?, 1)", row
            )
        return added.rowcount > 0

    def restore(self, stored: Stored, leaves: bytes) -> bool:
        """Keep an entry as a backup has it, as far on its way as it was; say whether it was new."""
        entry = stored.entry
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.execute(
                "INSERT OR IGNORE INTO batch VALUES (?, ?, ?)",
                (entry.root, leaves, stored.step >= Step.ANCHORED),
            )
            added = self._database.execute(
                "INSERT OR IGNORE INTO entry VALUES (?, ?, ?, ?, ?, ?)",
                (
                    *(entry.record_id, stored.list_key, stored.day, entry.root),
                    *(entry.to_bytes(), stored.step is Step.POSTED),
                ),
            )
        return added.rowcount > 0

    def leaves(self, root: bytes) -> bytes:
        """The digest in the CID of a batch's list of leaves; zeros where somebody else made it."""
        row = self._database.execute("SELECT leaves FROM batch WHERE root = ?", (root,)).fetchone()
        return bytes(32) if row is None else bytes(row[0])

    def entries(self) -> list[Stored]:
        return self._entries("")

    def list_of(self, record_id: bytes) -> str | None:
        """The key of the list that a record's entry is on."""
        row = self._database.execute(
            "SELECT list_key FROM entry WHERE record_id = ?", (record_id,)
        ).fetchone()
        return None if row is None else str(row[0])

    def entry(self, record_id: bytes) -> Stored | None:
        found = self._entries("WHERE entry.record_id = ?", record_id)
        return found[0] if found else None

    def delete(self, record_id: bytes) -> None:
        """Forget an entry and its capsule; the pages are overwritten."""
        self._database.execute("DELETE FROM entry WHERE record_id = ?", (record_id,))
        self.drop_facts(record_id)
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _entries(self, where: str, *values: object) -> list[Stored]:
        # `where` is one of the literals above; what a caller gives is in `values`.
        rows = self._database.execute(_ENTRIES.format(where=where), values)
        return [
            Stored(ListEntry.from_bytes(data), list_key, day, _step(anchored, posted))
            for data, list_key, day, anchored, posted in rows
        ]

    # What is in the records, as it is compared with what comes.

    def note_facts(self, record_id: bytes, facts: Iterable[Fact]) -> None:
        # All at once, also because a commit for each would take milliseconds.
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany(
                "INSERT OR IGNORE INTO fact VALUES (?, ?, ?, ?, ?)",
                (
                    (record_id, one.identity, one.statement, one.version, one.digest)
                    for one in facts
                ),
            )

    def facts(self, record_id: bytes) -> list[Fact]:
        rows = self._database.execute(
            "SELECT identity, statement, version, digest FROM fact WHERE record_id = ?",
            (record_id,),
        )
        return [Fact(*row) for row in rows]

    def related(self, fact: Fact) -> set[bytes]:
        """Records that hold this fact, another version of it, or the same from another source."""
        rows = self._database.execute(
            "SELECT record_id FROM fact WHERE digest = :digest "
            "UNION SELECT record_id FROM fact WHERE identity = :identity AND :identity <> x'' "
            "UNION SELECT record_id FROM fact WHERE statement = :statement AND :statement <> x''",
            {
                "digest": fact.digest,
                "identity": fact.identity,
                "statement": fact.statement,
            },
        )
        return {record_id for (record_id,) in rows}

    def drop_facts(self, record_id: bytes) -> None:
        self._database.execute("DELETE FROM fact WHERE record_id = ?", (record_id,))

    # Lists that were opened for a persona, and small values.

    def is_opened(self, list_key: str, persona: str) -> bool:
        row = self._database.execute(
            "SELECT 1 FROM opened WHERE list_key = ? AND persona = ?", (list_key, persona)
        ).fetchone()
        return row is not None

    def opened(self, *lists: tuple[str, str]) -> None:
        """Note lists that are open for a persona: (list key, persona)."""
        with self._database:
            self._database.execute("BEGIN IMMEDIATE")
            self._database.executemany("INSERT OR IGNORE INTO opened VALUES (?, ?)", lists)

    def put(self, name: str, value: bytes) -> None:
        self._database.execute("INSERT OR REPLACE INTO kept VALUES (?, ?)", (name, value))

    def names(self, prefix: str) -> list[str]:
        """The names of all values that begin so."""
        rows = self._database.execute(
            "SELECT name FROM kept WHERE substr(name, 1, ?) = ? ORDER BY name",
            (len(prefix), prefix),
        )
        return [name for (name,) in rows]

    def get(self, name: str) -> bytes | None:
        row = self._database.execute("SELECT value FROM kept WHERE name = ?", (name,)).fetchone()
        return None if row is None else bytes(row[0])


def _step(anchored: int, posted: int) -> Step:
    if posted:
        return Step.POSTED
    return Step.ANCHORED if anchored else Step.SEALED
