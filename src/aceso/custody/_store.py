"""What a custodian keeps, in SQLite.

Capsules, entries, sealed class keys and receipts are encrypted with a key that is not in the
database (ChaCha20-Poly1305, bound to the row they belong to), so a copy of the database shows who
has how many records of which class, and nothing that could be opened even with the custodian's
HPKE key. Deleting overwrites: SQLite zeroes what it frees, and the write-ahead log is cut before a
deletion is confirmed. What the file system or a disk keeps of overwritten blocks is beyond us.

One process writes at a time (the folder is locked), one thread at a time, in short transactions,
each on disk before it is answered: a process that is killed loses nothing that it has said.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, Final

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from aceso.errors import IntegrityError, ServiceError

from .logbook import log_leaf
from .merkle import Tree

__all__ = ["Box", "Store", "tables"]

_DATABASE: Final = "custodian.sqlite"
_NONCE_BYTES: Final = 12
_CHECKPOINT_SECONDS: Final = 5.0
_SCHEMA: Final = 2

_meta = sa.MetaData()


class tables:
    """The tables. Addresses and digests are bytes."""

    notes = sa.Table(
        "notes",
        _meta,
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.String),
    )
    lists = sa.Table(
        "lists",
        _meta,
        sa.Column("list_key", sa.LargeBinary(20), primary_key=True),
        sa.Column("data_class", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        # All that every opening of this list must repeat.
        sa.Column("terms", sa.LargeBinary(32), nullable=False),
        sa.Column("custodians", sa.LargeBinary, nullable=False),
        sa.Column("threshold", sa.Integer, nullable=False),
        sa.Column("log_key", sa.LargeBinary, nullable=False),
        sa.Column("used_bytes", sa.BigInteger, nullable=False),
    )
    openings = sa.Table(
        "openings",
        _meta,
        sa.Column("list_key", sa.LargeBinary(20), primary_key=True),
        sa.Column("persona", sa.LargeBinary(20), primary_key=True),
        sa.Column("data_class", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("document", sa.String, nullable=False),
        sa.Index("openings_by_persona", "persona", "data_class"),
    )
    entries = sa.Table(
        "entries",
        _meta,
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("list_key", sa.LargeBinary(20), nullable=False),
        sa.Column("record_id", sa.LargeBinary(32), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("capsule", sa.LargeBinary(32), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("entry", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("list_key", "record_id"),
        # Numbers are never used again, so that a page's end stays where it was.
        sqlite_autoincrement=True,
    )
    sealed_keys = sa.Table(
        "sealed_keys",
        _meta,
        sa.Column("list_key", sa.LargeBinary(20), primary_key=True),
        sa.Column("persona", sa.LargeBinary(20), primary_key=True),
        sa.Column("grantee", sa.LargeBinary(32), primary_key=True),
        sa.Column("receiving_key", sa.LargeBinary(32), primary_key=True),
        sa.Column("data_class", sa.BigInteger, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
    )
    heads = sa.Table(
        "heads",
        _meta,
        sa.Column("head_key", sa.LargeBinary(20), primary_key=True),
        sa.Column("version", sa.String, nullable=False),
        sa.Column("cid", sa.String, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
    )
    nonces = sa.Table(
        "nonces",
        _meta,
        sa.Column("signer", sa.LargeBinary(20), primary_key=True),
        sa.Column("nonce", sa.LargeBinary(32), primary_key=True),
        sa.Column("deadline", sa.BigInteger, nullable=False, index=True),
    )
    withdrawals = sa.Table(
        "withdrawals",
        _meta,
        sa.Column("subject", sa.LargeBinary(20), primary_key=True),
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("target", sa.LargeBinary, primary_key=True),
        sa.Column("counter", sa.Integer, nullable=False),
        sa.Column("signature", sa.LargeBinary, nullable=False),
    )
    deletions = sa.Table(
        "deletions",
        _meta,
        sa.Column("list_key", sa.LargeBinary(20), primary_key=True),
        sa.Column("record_id", sa.LargeBinary(32), primary_key=True),
        sa.Column("capsule", sa.LargeBinary(32), nullable=False),
        sa.Column("deleted_at", sa.BigInteger, nullable=False),
    )
    extracts = sa.Table(
        "extracts",
        _meta,
        sa.Column("order", sa.LargeBinary(32), primary_key=True),
        sa.Column("record_id", sa.LargeBinary(32), nullable=False),
        sa.Column("subject", sa.LargeBinary(20), nullable=False),
        sa.Column("buyer", sa.LargeBinary(20), nullable=False),
        sa.Column("offer", sa.BigInteger, nullable=False),
        sa.Column("use", sa.Integer, nullable=False),
        sa.Column("data_class", sa.BigInteger, nullable=False),
        sa.Column("disease", sa.BigInteger, nullable=False),
        sa.Column("receiving_key", sa.LargeBinary(32), nullable=False),
        sa.Column("leaf", sa.LargeBinary(32), nullable=False),
        sa.Column("digest", sa.LargeBinary(32), nullable=False),
        sa.Column("capsule", sa.LargeBinary(32), nullable=False),
        sa.Column("entry", sa.LargeBinary, nullable=False),
    )
    recoveries = sa.Table(
        "recoveries",
        _meta,
        sa.Column("persona", sa.LargeBinary(20), primary_key=True),
        # Decimal text: a version may have 64 bits without a sign.
        sa.Column("version", sa.String, nullable=False),
        sa.Column("deposit", sa.LargeBinary, nullable=False),
    )
    log = sa.Table(
        "log",
        _meta,
        # The place in the tree, from 0.
        sa.Column("place", sa.BigInteger, primary_key=True, autoincrement=False),
        # The list's key, or an order's number.
        sa.Column("book", sa.LargeBinary, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.Column("receipt", sa.LargeBinary, nullable=False),
        sa.UniqueConstraint("book", "number"),
    )
    # What of the log's Merkle tree is full, and never changes.
    log_nodes = sa.Table(
        "log_nodes",
        _meta,
        sa.Column("level", sa.Integer, primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
    )


class Box:
    """Encrypts what lies in the database, each thing bound to its place."""

    def __init__(self, key: bytes):
        self._cipher = ChaCha20Poly1305(key)

    def close(self, plain: bytes, place: Sequence[bytes]) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, _bound(place))

    def open(self, sealed: bytes, place: Sequence[bytes]) -> bytes:
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound(place))
        except (InvalidTag, ValueError) as exc:
            raise IntegrityError(
                "A row of the custodian's database does not open with its key file. Restore both "
                "from the same backup.",
                code="E_CUSTODY_STORE",
            ) from exc


def _bound(place: Sequence[bytes]) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in place)


@dataclass(frozen=True, slots=True)
class LogLine:
    """The `number`th receipt of a book, at `place` in the tree."""

    place: int
    number: int
    receipt: bytes


class Store:
    """The database of one custodian."""

    def __init__(self, folder: Path, key: bytes):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock_file = _lock(folder)
        self._path = folder / _DATABASE
        self.box = Box(hashlib.sha256(b"aceso/v1/custodian-store\0" + key).digest())
        self._writing = threading.Lock()
        # Made by us, so that nobody else may read it from its first byte on.
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
        self._engine = _engine(self._path)
        with self.write() as connection:
            _meta.create_all(connection)
            if self.note(connection, "schema") is None:
                self.set_note(connection, "schema", str(_SCHEMA))
            elif self.note(connection, "schema") != str(_SCHEMA):
                raise ServiceError(
                    f"{self._path} was written by another version of this program. Use that one, "
                    "or another folder.",
                    code="E_CUSTODY_SCHEMA",
                )

    def close(self) -> None:
        self._engine.dispose()
        self._lock_file.close()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes. It is on disk when this returns."""
        with (
            self._writing,
            self._engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    def empty_log(self) -> bool:
        """Bring the write-ahead log into the database and cut it; whether that was done."""
        deadline = time.monotonic() + _CHECKPOINT_SECONDS
        while True:
            with self._writing, self._engine.connect() as connection:
                raw = connection.connection.dbapi_connection
                if raw is None:
                    return False
                busy, _, _ = raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if not busy:
                return True
            if time.monotonic() > deadline:
                return False

    def note(self, connection: Connection, name: str) -> str | None:
        found = connection.execute(
            sa.select(tables.notes.c.value).where(tables.notes.c.name == name)
        ).scalar()
        return None if found is None else str(found)

    def set_note(self, connection: Connection, name: str, value: str) -> None:
        connection.execute(sa.delete(tables.notes).where(tables.notes.c.name == name))
        connection.execute(sa.insert(tables.notes).values(name=name, value=value))

    # --- The log --------------------------------------------------------------------------------

    def append(self, connection: Connection, book: bytes, receipt: bytes) -> None:
        """Add a receipt to a book, and to the tree over all books."""
        log, nodes = tables.log, tables.log_nodes
        last = connection.execute(sa.select(sa.func.max(log.c.number)).where(log.c.book == book))
        number = (last.scalar() or 0) + 1
        tree = self.tree(connection)
        place = tree.size
        kept = tree.append(log_leaf(book, number, receipt))
        connection.execute(
            sa.insert(log).values(place=place, book=book, number=number, receipt=receipt)
        )
        connection.execute(
            sa.insert(nodes),
            [
                {"level": level, "position": position, "hash": hash_}
                for (level, position), hash_ in kept.items()
            ],
        )

    def tree(self, connection: Connection) -> Tree:
        """The tree over all receipts, as this transaction sees it."""
        nodes = tables.log_nodes
        last = connection.execute(sa.select(sa.func.max(tables.log.c.place))).scalar()

        # The proofs of neighbours go through the same nodes.
        @cache
        def read(level: int, position: int) -> bytes:
            return bytes(
                connection.execute(
                    sa.select(nodes.c.hash).where(
                        nodes.c.level == level, nodes.c.position == position
                    )
                ).scalar_one()
            )

        return Tree(0 if last is None else last + 1, read)

    def lines(self, connection: Connection, book: bytes, after: int, limit: int) -> list[LogLine]:
        log = tables.log
        rows = connection.execute(
            sa.select(log.c.place, log.c.number, log.c.receipt)
            .where(log.c.book == book, log.c.number > after)
            .order_by(log.c.number)
            .limit(limit)
        )
        return [LogLine(row.place, row.number, row.receipt) for row in rows]


def _lock(folder: Path) -> IO[str]:
    file = (folder / "lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise ServiceError(
            f"Another process serves {folder}. Stop it, or choose another folder.",
            code="E_CUSTODY_FOLDER_IN_USE",
        ) from None
    return file


def _engine(path: Path) -> Engine:
    engine = sa.create_engine(
        f"sqlite:///{path}",
        connect_args={"check_same_thread": False},
        pool_size=16,
        max_overflow=32,
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, record: object) -> None:
        # Transactions are begun below, not by the driver.
        connection.isolation_level = None
        for pragma in (
            "busy_timeout = 10000",
            "journal_mode = WAL",
            "synchronous = FULL",
            "secure_delete = ON",
            "temp_store = MEMORY",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine
