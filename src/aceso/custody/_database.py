"""The database behind a custodian's store: a file of SQLite, or a PostgreSQL server by its URL.

A writing transaction has the database for itself, in either: SQLite begins it with its one lock,
and in PostgreSQL the first statement takes an advisory lock, which ends with the transaction or
with the connection. So several processes may share one server, and what is read in a writing
transaction is what its predecessors wrote: the log's tree, nonces and withdrawals need no rules of
their own.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO, Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError

from aceso.errors import ServiceError, UsageError

__all__ = ["DATABASE", "begin_writing", "lock_folder", "open_file", "open_server", "parse_url"]

DATABASE: Final = "custodian.sqlite"
_PRAGMAS: Final = (
    "busy_timeout = 10000",
    "journal_mode = WAL",
    "synchronous = FULL",
    "secure_delete = ON",
    "temp_store = MEMORY",
    # Done by `Store.tidy`, beside the writers; where it isn't, at 64 MiB.
    "wal_autocheckpoint = 16384",
)
# A commit is on disk when it returns, whatever the server's default; and nobody waits for ever.
_SETTINGS: Final = (
    "SET synchronous_commit = on",
    "SET lock_timeout = '10s'",
    "SET statement_timeout = '30s'",
    "SET idle_in_transaction_session_timeout = '60s'",
)
# One for each thread that answers, which keeps it: opening one costs more than most questions.
_CONNECTIONS: Final = 64
_SERVER_CONNECTIONS: Final = 16
_WRITING: Final = int.from_bytes(b"aceso-wr", "big") >> 1


def parse_url(text: str) -> URL:
    """A URL of PostgreSQL, for the driver that we have."""
    try:
        url = make_url(text)
    except ArgumentError:
        url = None
    if url is None or url.get_backend_name() not in ("postgresql", "postgres"):
        # Without the URL: it may hold a password.
        raise UsageError(
            "The database's URL should begin with postgresql://. Leave --database out to keep "
            "everything in the folder.",
            code="E_CUSTODY_DATABASE",
        )
    return url.set(drivername="postgresql+psycopg")


def lock_folder(folder: Path) -> IO[str]:
    """One process at a time for a database that is a file."""
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


def open_file(path: Path) -> Engine:
    """A file of SQLite, made where there is none."""
    # Made by us, so that nobody else may read it from its first byte on.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    engine = sa.create_engine(
        f"sqlite:///{path}",
        connect_args={"check_same_thread": False},
        pool_size=_CONNECTIONS,
        max_overflow=0,
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, record: object) -> None:
        # Transactions are begun below, not by the driver.
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        options = connection.get_execution_options()
        if not options.get("glances"):
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")

    return engine


def open_server(url: URL) -> Engine:
    """A PostgreSQL server."""
    engine = sa.create_engine(
        url,
        # Several processes share what the server allows, 100 by default.
        pool_size=_SERVER_CONNECTIONS,
        max_overflow=0,
        # A connection that the server has dropped is noticed before it is used.
        pool_pre_ping=True,
        connect_args={"connect_timeout": 5, "application_name": "aceso-custodian"},
    )

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, record: object) -> None:
        connection.autocommit = True
        for setting in _SETTINGS:
            connection.execute(setting)
        connection.autocommit = False

    return engine


def begin_writing(connection: Connection) -> None:
    """Wait until no other process writes. SQLite has done so already."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITING})")
