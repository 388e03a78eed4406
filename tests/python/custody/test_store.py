"""
the store, in a file of SQLite and in PostgreSQL
├── migrations
│  ├── give exactly the tables that the program uses
│  ├── bring a database of schema 2 along, with what is in it, and what it lacks; what was in the
│  │   clear before is nowhere afterwards
│  ├── are all there or not at all, if they break off
│  └── refuse what is newer or unknown, by name
├── together
│  ├── gives each its own answer, from fewer commits than there were acts
│  ├── leaves nothing of an act that refuses, alone or among others, which it writes
│  └── answers nobody, and keeps nothing, if the commit fails
├── tidying
│  └── brings what was written into the file, which no commit has to
├── the log
│  └── has one tree, whoever wrote it and in which transactions
└── forgetting
   ├── a row in PostgreSQL is never to be opened again, whatever the server keeps
   └── a row of another database, or an older folder, is refused
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from aceso.custody import RequestRefusedError
from aceso.custody._migrate import SCHEMA
from aceso.custody._store import Store, tables
from aceso.custody._tables import meta
from aceso.custody.logbook import log_leaf
from aceso.custody.merkle import Tree
from aceso.errors import IntegrityError, ServiceError, UsageError

from .postgres import PostgresServer

KEY = b"k" * 32
OPENING = "what was signed to open a list"
BOOK, OTHER = b"b" * 20, b"o" * 32

MakeStore = Callable[[], Store]


@pytest.fixture(params=["sqlite", "postgresql"])
def make_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MakeStore]:
    """Opens the same database each time."""
    url = None
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = server.database()
    made: list[Store] = []

    def make() -> Store:
        if url is None and made:
            made.pop().close()
        made.append(Store(tmp_path / "custodian", KEY, url))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def store(make_store: MakeStore) -> Store:
    return make_store()


def note(store: Store, name: str) -> str | None:
    with store.read() as connection:
        return store.note(connection, name)


def test_gives_exactly_the_tables_that_are_used(store: Store) -> None:
    with store.read() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), meta)
    assert [one for one in differences if "alembic_version" not in str(one)] == []


def earlier(path: Path) -> None:
    """A database as a program of schema 2 left it, that never kept a recovery."""
    from importlib import import_module

    frozen = import_module("aceso.custody.migrations.versions.0002_as_it_was")._meta
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        frozen.create_all(
            connection, tables=[t for t in frozen.sorted_tables if t.name != "recoveries"]
        )
        connection.execute(sa.text("INSERT INTO notes VALUES ('schema', '2'), ('home', 'here')"))
        connection.execute(
            sa.text("INSERT INTO withdrawals VALUES (:s, 'Withdrawal', :t, 4, :g)"),
            {"s": b"s" * 20, "t": b"t" * 32, "g": b"sig"},
        )
        connection.execute(
            sa.text("INSERT INTO lists VALUES (:k, 1, 0, :t, '', 2, '', 20)"),
            {"k": b"k" * 20, "t": b"t" * 32},
        )
        connection.execute(
            sa.text("INSERT INTO openings VALUES (:k, :p, 1, 0, :d)"),
            {"k": b"k" * 20, "p": b"p" * 20, "d": json.dumps({"message": OPENING})},
        )
        for record in (b"1" * 32, b"2" * 32):
            connection.execute(
                sa.text("INSERT INTO entries VALUES (NULL, :k, :r, :r, :r, 10, '')"),
                {"k": b"k" * 20, "r": record},
            )
    engine.dispose()


def test_brings_schema_2_along(tmp_path: Path) -> None:
    earlier(tmp_path / "custodian.sqlite")
    store = Store(tmp_path, KEY)
    assert note(store, "home") == "here"
    with store.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), meta) == []
        kept = connection.execute(sa.select(tables.withdrawals)).one()
        records = connection.execute(sa.select(tables.lists.c.records)).scalar_one()
        (opening,) = connection.execute(sa.select(tables.openings)).all()
    assert (kept.counter, kept.signature, kept.tries) == (4, b"sig", 0)
    assert records == 2
    told = store.box.open(opening.document, (b"opening", b"k" * 20, b"p" * 20))
    assert json.loads(told) == {"message": OPENING}
    lie = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert OPENING.encode() not in lie
    store.close()


def test_is_there_as_a_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "custodian.sqlite"
    earlier(path)
    before = _schema(path)

    def breaks(*_: object, **__: object) -> None:
        raise RuntimeError("the lights went out")

    with monkeypatch.context() as during:
        # One of the last things that the newest step does.
        during.setattr("alembic.op.execute", breaks)
        with pytest.raises(RuntimeError, match="lights"):
            Store(tmp_path, KEY)
    assert _schema(path) == before
    Store(tmp_path, KEY).close()
    assert _schema(path) != before


def _schema(path: Path) -> list[tuple[str, ...]]:
    database = sqlite3.connect(path)
    found = database.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
    database.close()
    return found


@pytest.mark.parametrize("said", ["1", "99"])
def test_refuses_another_schema_by_name(make_store: MakeStore, said: str) -> None:
    store = make_store()
    with store.write() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = :v"), {"v": said})
    with pytest.raises(ServiceError, match=f"has schema {said}") as refused:
        make_store()
    assert refused.value.code == "E_CUSTODY_SCHEMA"


def test_refuses_a_schema_from_before_migrations(tmp_path: Path) -> None:
    earlier(tmp_path / "custodian.sqlite")
    database = sqlite3.connect(tmp_path / "custodian.sqlite")
    with database:
        database.execute("UPDATE notes SET value = '1' WHERE name = 'schema'")
    database.close()
    with pytest.raises(ServiceError, match="has schema 1"):
        Store(tmp_path, KEY)


def test_an_older_program_would_refuse_it(store: Store) -> None:
    assert note(store, "schema") == SCHEMA


@pytest.mark.parametrize("url", ["mysql://somewhere/db", "custodian.sqlite", "postgresql"])
def test_takes_no_other_database(tmp_path: Path, url: str) -> None:
    with pytest.raises(UsageError, match="postgresql://") as refused:
        Store(tmp_path, KEY, url)
    assert refused.value.code == "E_CUSTODY_DATABASE"


# --- Together ---------------------------------------------------------------------------------


def commits(store: Store) -> list[int]:
    """Counts the commits of this store from now on."""
    counted = [0]

    @sa.event.listens_for(store._engine, "commit")
    def _count(connection: object) -> None:
        counted[0] += 1

    return counted


def all_at_once(store: Store, acts: list[Callable[[sa.Connection], object]]) -> list[object]:
    """Have these done while another transaction holds the database, so that all of them wait."""
    with ThreadPoolExecutor(len(acts)) as pool:
        with store.write():
            futures = [pool.submit(store.together, act) for act in acts]
            arrived = threading.Event()
            while len(store._waiting) < len(acts):
                arrived.wait(0.001)
        return [future.exception() or future.result() for future in futures]


def test_shares_a_commit(store: Store) -> None:
    counted = commits(store)

    def act(number: int) -> Callable[[sa.Connection], int]:
        def write(connection: sa.Connection) -> int:
            store.append(connection, BOOK, b"receipt %d" % number)
            return number

        return write

    answers = all_at_once(store, [act(number) for number in range(8)])
    assert answers == list(range(8))
    # One of the other transaction, one of all eight.
    assert counted[0] == 2
    with store.read() as connection:
        assert len(store.lines(connection, BOOK, 0, 100)) == 8


def test_a_refusal_leaves_nothing_and_stops_nobody(store: Store) -> None:
    def good(connection: sa.Connection) -> str:
        store.append(connection, BOOK, b"good")
        return "done"

    def bad(connection: sa.Connection) -> str:
        store.set_note(connection, "bad", "was here")
        store.append(connection, BOOK, b"bad")
        raise RequestRefusedError("No.", code="E_NO")

    found = all_at_once(store, [good, bad, good])
    assert [str(one) for one in found] == ["done", "No.", "done"]
    assert note(store, "bad") is None
    with store.read() as connection:
        assert [line.receipt for line in store.lines(connection, BOOK, 0, 9)] == [b"good"] * 2


def test_a_refusal_alone_leaves_nothing(store: Store) -> None:
    refused = RequestRefusedError("No.", code="E_NO", status=409, custodian="0x" + "11" * 20)

    def refuse(connection: sa.Connection) -> None:
        store.set_note(connection, "half", "done")
        store.append(connection, BOOK, b"receipt")
        raise refused

    with pytest.raises(RequestRefusedError) as raised:
        store.together(refuse)

    assert raised.value is refused
    assert note(store, "half") is None
    with store.read() as connection:
        assert store.tree(connection).size == 0


def test_what_the_database_refuses_is_one_requests_alone(store: Store) -> None:
    def twice(connection: sa.Connection) -> str:
        store.set_note(connection, "a", "1")
        connection.execute(sa.insert(tables.notes).values(name="a", value="2"))
        return "never"

    found = all_at_once(store, [twice, lambda connection: "done"])
    assert isinstance(found[0], ServiceError) and found[0].code == "E_CUSTODY_STORE_DOWN"
    assert found[1] == "done"
    assert note(store, "a") is None


def test_nobody_is_answered_if_the_commit_fails(store: Store) -> None:
    def fails(connection: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    sa.event.listen(store._engine, "commit", fails)

    def act(connection: sa.Connection) -> str:
        store.append(connection, BOOK, b"receipt")
        return "done"

    with ThreadPoolExecutor(3) as pool:
        futures = [pool.submit(store.together, act) for _ in range(3)]
        assert all(future.exception() is not None for future in futures)
    sa.event.remove(store._engine, "commit", fails)
    with store.read() as connection:
        assert store.lines(connection, BOOK, 0, 9) == []
    assert store.together(act) == "done"


# --- Tidying ----------------------------------------------------------------------------------


def test_tidying_brings_what_was_written_into_the_file(tmp_path: Path) -> None:
    store = Store(tmp_path, KEY)
    file, wrote = tmp_path / "custodian.sqlite", 8 << 20
    try:
        with store.write() as connection:
            store.set_note(connection, "long", "x" * wrote)
        assert file.stat().st_size < wrote

        store.tidy()

        assert file.stat().st_size > wrote
        assert note(store, "long") == "x" * wrote
    finally:
        store.close()


# --- The log ----------------------------------------------------------------------------------


def test_has_one_tree(make_store: MakeStore) -> None:
    first = make_store()
    second = make_store() if first.is_shared else first

    def write(number: int) -> None:
        store, book = (first, BOOK) if number % 2 else (second, OTHER)
        if number % 3:
            store.together(lambda connection: store.append(connection, book, b"%d" % number))
        else:
            with store.write() as connection:
                store.append(connection, book, b"%d" % number)
                store.append(connection, OTHER, b"and %d" % number)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(30)))
    with first.read() as connection:
        lines = [
            (line.place, book, line)
            for book in (BOOK, OTHER)
            for line in first.lines(connection, book, 0, 100)
        ]
        tree = first.tree(connection)
    assert sorted(place for place, _, _ in lines) == list(range(40))
    kept: dict[tuple[int, int], bytes] = {}
    again = Tree(0, lambda level, position: kept[level, position])
    for _, book, line in sorted(lines, key=lambda one: one[0]):
        kept |= again.append(log_leaf(book, line.number, line.receipt))
    with first.read() as connection:
        tree = first.tree(connection)
        assert (tree.size, tree.root) == (40, again.root)
    for book in (BOOK, OTHER):
        numbers = sorted(line.number for _, one, line in lines if one == book)
        assert numbers == list(range(1, len(numbers) + 1))


# --- Forgetting -------------------------------------------------------------------------------


def test_what_the_server_keeps_of_a_forgotten_row_opens_nothing(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    store = Store(tmp_path, KEY, postgres.database())
    place = (b"entry", b"list", b"record")
    sealed, kept = (store.box.close_row(b"the plain entry", place) for _ in range(2))
    with store.write() as connection:
        store.append(connection, BOOK, sealed)
    row_key = _row_key(tmp_path, sealed)
    assert row_key in _bytes(tmp_path)
    with store.write() as connection:
        connection.execute(sa.delete(tables.log))
        store.forget(connection, sealed)
    assert store.empty_log()

    # PostgreSQL has the bytes still, in its log if nowhere else, and never had the key of the row.
    there = b"".join(path.read_bytes() for path in postgres.data.rglob("*") if path.is_file())
    assert sealed[-40:] in there
    assert row_key not in there and row_key.hex().encode() not in there
    assert row_key not in _bytes(tmp_path)
    with pytest.raises(IntegrityError, match="forgotten") as refused:
        store.box.open(sealed, place)
    assert refused.value.code == "E_CUSTODY_STORE"
    assert store.box.open(kept, place) == b"the plain entry"
    store.close()


def test_a_deletion_that_comes_to_nothing_leaves_the_row_its_key(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    store = Store(tmp_path, KEY, postgres.database())
    place = (b"entry", b"list", b"record")
    sealed = store.box.close_row(b"the plain entry", place)

    with pytest.raises(ZeroDivisionError), store.write() as connection:
        store.forget(connection, sealed)
        raise ZeroDivisionError
    with store.write() as connection, suppress(ZeroDivisionError), connection.begin_nested():
        store.forget(connection, sealed)
        raise ZeroDivisionError

    assert store.empty_log()
    assert store.box.open(sealed, place) == b"the plain entry"
    store.close()


def test_what_a_killed_process_deleted_is_forgotten_at_the_start(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    database = postgres.database()
    store = Store(tmp_path, KEY, database)
    place = (b"entry", b"list", b"record")
    sealed = store.box.close_row(b"the plain entry", place)
    # As one that is killed after its transaction, which didn't come to forget.
    with store.write() as connection:
        connection.execute(sa.insert(tables.forgotten_rows).values(number=sealed[1:17]))
    store.close()

    again = Store(tmp_path, KEY, database)

    with pytest.raises(IntegrityError, match="forgotten"):
        again.box.open(sealed, place)
    with again.read() as connection:
        assert connection.execute(sa.select(tables.forgotten_rows)).all() == []
    again.close()


def _row_key(folder: Path, sealed: bytes) -> bytes:
    database = sqlite3.connect(folder / "rowkeys.sqlite")
    found = database.execute("SELECT key FROM row_keys WHERE number = ?", (sealed[1:17],))
    key = bytes(found.fetchone()[0])
    database.close()
    return key


def _bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.iterdir())


def test_a_row_opens_in_its_place_only(store: Store) -> None:
    for close in (store.box.close, store.box.close_row):
        sealed = close(b"plain", (b"entry", b"one"))
        assert store.box.open(sealed, (b"entry", b"one")) == b"plain"
        with pytest.raises(IntegrityError):
            store.box.open(sealed, (b"entry", b"two"))
        with pytest.raises(IntegrityError):
            store.box.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), (b"entry", b"one"))


def test_nobody_else_reads_its_files(store: Store) -> None:
    files = [path for path in store.folder.iterdir() if path.suffix == ".sqlite"]
    assert files
    assert not any(path.stat().st_mode & 0o77 for path in files)
