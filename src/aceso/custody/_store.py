"""What a custodian keeps, in SQLite or in PostgreSQL.

Capsules, entries, openings, sealed class keys and receipts are encrypted with keys that are not in
the database (`_box`), so a copy of the database shows who has how many records of which class, and
nothing that could be opened even with the custodian's HPKE key. Deleting leaves nothing to open:
SQLite zeroes what it frees, and its write-ahead log is cut before a deletion is confirmed; for
PostgreSQL the row's own key is overwritten. What the file system or a disk keeps of overwritten
blocks is beyond us.

Writers take turns. What several requests have to write at the same time is written in one
transaction (`together`), each part with a savepoint of its own, and is on disk before any of them
is answered: a process that is killed loses nothing that it has said.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, TypeVar, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import SQLAlchemyError

from aceso.errors import AcesoError, ServiceError

from ._box import Box, RowKeyBox
from ._database import (
    DATABASE,
    begin_writing,
    lock_folder,
    open_file,
    open_server,
    parse_url,
)
from ._migrate import migrate
from ._tables import tables
from .errors import another
from .logbook import log_leaf
from .merkle import Tree

__all__ = ["Store", "tables"]

_CHECKPOINT_SECONDS: Final = 5.0
_T = TypeVar("_T")
# What every receipt asks is put together once.
_LAST_PLACE: Final = sa.select(sa.func.max(tables.log.c.place))
_LAST_NUMBER: Final = sa.select(sa.func.max(tables.log.c.number)).where(
    tables.log.c.book == sa.bindparam("book")
)
_NODE: Final = sa.select(tables.log_nodes.c.hash).where(
    tables.log_nodes.c.level == sa.bindparam("level"),
    tables.log_nodes.c.position == sa.bindparam("position"),
)


@dataclass(frozen=True, slots=True)
class LogLine:
    """The `number`th receipt of a book, at `place` in the tree."""

    place: int
    number: int
    receipt: bytes


class _Seat:
    """One part of a transaction that several share."""

    def __init__(self, act: Callable[[Connection], Any]):
        self.act = act
        self.is_done = False
        self.value: Any = None
        self.error: BaseException | None = None

    def run(self, connection: Connection) -> None:
        try:
            with _translated(), connection.begin_nested():
                self.value = self.act(connection)
        except AcesoError as error:
            self.error = error


class Store:
    """The database of one custodian."""

    def __init__(self, folder: Path, key: bytes, url: str | None = None):
        """`url`: of a PostgreSQL server, in place of a file in the folder."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        secret = hashlib.sha256(b"aceso/v1/custodian-store\0" + key).digest()
        self.folder = folder
        self.is_shared = url is not None
        self._lock_file: IO[str] | None = None
        if url is None:
            self._lock_file = lock_folder(folder)
            self._engine = open_file(folder / DATABASE)
            self.box = Box(secret)
        else:
            self._engine = open_server(parse_url(url))
            self.box = RowKeyBox(secret, folder)
        self._writing = threading.Lock()
        # One at a time: SQLite turns another away at once.
        self._tidying = threading.Lock()
        self._waiting: list[_Seat] = []
        self._waiting_lock = threading.Lock()
        self._lines: _NewLines | None = None
        self._forgets = False
        where = f"The database of {folder}" if self.is_shared else str(folder / DATABASE)
        try:
            with self.write() as connection:
                is_changed = migrate(connection, self.box, where)
            # What was in the clear before is not to stay in the log. And a process that was killed
            # may have deleted rows, and not come to overwrite their keys.
            if is_changed or self.is_shared:
                self.empty_log()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._engine.dispose()
        self.box.shut()
        if self._lock_file is not None:
            self._lock_file.close()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that writes, by itself. It is on disk when this returns."""
        with self._writing:
            with self._transaction() as connection:
                yield connection
            self._forget_noted()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with (
            _translated(),
            self._engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            begin_writing(connection)
            self._lines, self._forgets = _NewLines(connection), False
            try:
                yield connection
                self._lines.flush()
            finally:
                self._lines = None

    def together(self, act: Callable[[Connection], _T]) -> _T:
        """Do `act` in a transaction, which those that wait at the same time share.

        It is on disk when this returns. An act that raises an `AcesoError` leaves nothing behind,
        and the others are written all the same.
        """
        mine = _Seat(act)
        with self._waiting_lock:
            self._waiting.append(mine)
        # Whoever gets the turn does the work of all who wait, and they find it done.
        with self._writing:
            if not mine.is_done:
                self._serve()
        if mine.error is not None:
            raise mine.error
        return cast(_T, mine.value)

    def _serve(self) -> None:
        with self._waiting_lock:
            seats, self._waiting = self._waiting, []
        try:
            with self._transaction() as connection:
                if len(seats) == 1:
                    # What it leaves behind goes with the transaction, and no savepoint is needed.
                    seats[0].value = seats[0].act(connection)
                else:
                    self._run(connection, seats)
            self._forget_noted()
        except AcesoError as error:
            if len(seats) == 1:
                seats[0].error = error
                return
            for seat in seats:
                seat.error = another(error)
        except BaseException as error:
            for seat in seats:
                seat.error = error
            raise
        finally:
            for seat in seats:
                seat.is_done = True

    def _run(self, connection: Connection, seats: Sequence[_Seat]) -> None:
        for seat in seats:
            kept = self._lines.mark() if self._lines else 0
            seat.run(connection)
            if seat.error is not None and self._lines:
                self._lines.back_to(kept)

    def forget(self, connection: Connection, sealed: bytes) -> None:
        """Have nothing open what is left anywhere of a row that this transaction deletes. It is
        noted in the transaction and done after it: one that comes to nothing leaves the row as it
        was, with its key."""
        key = self.box.row_key(sealed)
        if key is not None:
            connection.execute(sa.insert(tables.forgotten_rows).values(number=key))
            self._forgets = True

    def _forget_noted(self, *, looks: bool = False) -> None:
        """Overwrite the keys of rows that were deleted; by whoever writes."""
        if not (self._forgets or looks):
            return
        table = tables.forgotten_rows
        with self.read() as connection:
            numbers = [
                bytes(one) for one in connection.execute(sa.select(table.c.number)).scalars()
            ]
        if not numbers:
            return
        self.box.forget(numbers)
        done = sa.delete(table).where(table.c.number == sa.bindparam("done"))
        with self._transaction() as connection:
            connection.execute(done, [{"done": one} for one in numbers])

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state."""
        with _translated(), self._engine.connect() as connection:
            if self.is_shared:
                connection = connection.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            with connection.begin():
                yield connection

    @contextmanager
    def glance(self) -> Iterator[Connection]:
        """For one question, which sees one state by itself."""
        with (
            _translated(),
            self._engine.connect().execution_options(glances=True) as connection,
        ):
            yield connection

    def tidy(self) -> None:
        """Bring what was written into the file, beside those who write: a commit that had to do it
        would keep all of them waiting."""
        if self.is_shared:
            return
        with self._tidying, _translated(), self._engine.connect() as connection:
            raw = connection.connection.dbapi_connection
            if raw is not None:
                raw.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()

    def empty_log(self) -> bool:
        """Cut what still holds the bytes of what was deleted; whether that was done."""
        if self.is_shared:
            with self._writing:
                self._forget_noted(looks=True)
            return self.box.empty_log()
        deadline = time.monotonic() + _CHECKPOINT_SECONDS
        while True:
            with (
                self._tidying,
                self._writing,
                _translated(),
                self._engine.connect() as connection,
            ):
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
        """Add a receipt to a book, and to the tree over all books, when the transaction ends."""
        if self._lines is None or self._lines.connection is not connection:
            raise RuntimeError("a receipt is written in a transaction that writes")
        self._lines.add(book, receipt)

    def tree(self, connection: Connection) -> Tree:
        """The tree over all receipts, as this transaction sees it."""
        return _tree(connection)[0]

    def lines(self, connection: Connection, book: bytes, after: int, limit: int) -> list[LogLine]:
        log = tables.log
        rows = connection.execute(
            sa.select(log.c.place, log.c.number, log.c.receipt)
            .where(log.c.book == book, log.c.number > after)
            .order_by(log.c.number)
            .limit(limit)
        )
        return [LogLine(row.place, row.number, row.receipt) for row in rows]


class _NewLines:
    """The receipts of one transaction, written at its end in two statements."""

    def __init__(self, connection: Connection):
        self.connection = connection
        self._new: list[tuple[bytes, bytes]] = []

    def add(self, book: bytes, receipt: bytes) -> None:
        self._new.append((book, receipt))

    def mark(self) -> int:
        return len(self._new)

    def back_to(self, mark: int) -> None:
        del self._new[mark:]

    def flush(self) -> None:
        if not self._new:
            return
        tree, known = _tree(self.connection)
        last: dict[bytes, int] = {}
        lines, nodes = [], []
        for book, receipt in self._new:
            if book not in last:
                last[book] = self.connection.execute(_LAST_NUMBER, {"book": book}).scalar() or 0
            last[book] += 1
            number, place = last[book], tree.size
            kept = tree.append(log_leaf(book, number, receipt))
            known |= kept
            lines.append({"place": place, "book": book, "number": number, "receipt": receipt})
            nodes += [
                {"level": level, "position": position, "hash": hash_}
                for (level, position), hash_ in kept.items()
            ]
        self.connection.execute(sa.insert(tables.log), lines)
        self.connection.execute(sa.insert(tables.log_nodes), nodes)


def _tree(connection: Connection) -> tuple[Tree, dict[tuple[int, int], bytes]]:
    """The tree, and the nodes of it that were read: the proofs of neighbours share most."""
    last = connection.execute(_LAST_PLACE).scalar()
    known: dict[tuple[int, int], bytes] = {}

    def read(level: int, position: int) -> bytes:
        found = known.get((level, position))
        if found is None:
            found = known[level, position] = bytes(
                connection.execute(_NODE, {"level": level, "position": position}).scalar_one()
            )
        return found

    return Tree(0 if last is None else last + 1, read), known


@contextmanager
def _translated() -> Iterator[None]:
    """What the database can't do is ours to mend, and nobody's mistake who asks."""
    try:
        yield
    except SQLAlchemyError as exc:
        kind = type(getattr(exc, "orig", None) or exc).__name__
        # Without its text: that quotes the statement and its values.
        raise ServiceError(
            f"The custodian's database does not do what it is asked ({kind}), so nothing is "
            "released. See that it runs and that its disk has room.",
            code="E_CUSTODY_STORE_DOWN",
            details={"kind": kind},
        ) from exc
