"""What a device remembers: the step of each record, whole batches, and nothing once deleted.

steps     sealed, anchored, posted; all or none of a batch; in order of their days
left      bodies without an entry, until there is one
learn     an entry that somebody else posted, once
delete    no byte is left, also of what the database had in its log
crash     what was written is there when the file is opened again
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from aceso.flows import Step, Store
from aceso.flows.store import Batch
from aceso.storage import cid_from_digest
from aceso.vault import (
    Body,
    CapsuleContext,
    ListEntry,
    PrivateKey,
    RecordKey,
    make_capsule,
)

_LIST = "0x" + "11" * 20
_KEYS = [PrivateKey.generate() for _ in range(3)]


def _entry(number: int, root: bytes) -> ListEntry:
    record_id = hashlib.sha256(number.to_bytes(4, "big")).digest()
    capsule = make_capsule(
        CapsuleContext(
            chain_id=31337, record_id=record_id, data_class=16, epoch=0, list_key="0x" + "33" * 20
        ),
        RecordKey(os.urandom(32), Body(bytes(32), 200, 100)),
        custodians=[(f"0x{place:040x}", key.public_key) for place, key in enumerate(_KEYS, 1)],
        threshold=2,
        reader_key=_KEYS[0].public_key,
        owner_key=_KEYS[1].public_key,
    )
    return ListEntry(
        cid=cid_from_digest(hashlib.sha256(record_id).digest()),
        capsule=capsule,
        issuer="0x" + "22" * 20,
        root=root,
        envelope=os.urandom(200),
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "store.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    made = Store(path)
    yield made
    made.close()


@pytest.fixture
def batch() -> Batch:
    return Batch(os.urandom(32), os.urandom(32))


def _kept(store: Store, batch: Batch, *days: str) -> list[ListEntry]:
    entries = [_entry(number, batch.root) for number, _ in enumerate(days)]
    store.keep(batch, [(one, _LIST, day) for one, day in zip(entries, days, strict=True)])
    return entries


def _steps(store: Store) -> list[Step]:
    return [one.step for one in store.entries()]


def test_a_record_goes_step_by_step(store: Store, batch: Batch) -> None:
    (entry,) = _kept(store, batch, "2024-01-01")
    assert (_steps(store), store.unanchored(), store.unposted()) == ([Step.SEALED], [batch], [])
    store.anchored(batch.root)
    assert (_steps(store), store.unanchored()) == ([Step.ANCHORED], [])
    assert [one.entry.digest for one in store.unposted()] == [entry.digest]
    store.posted(entry.record_id)
    assert (_steps(store), store.unposted()) == ([Step.POSTED], [])


def test_an_entry_comes_back_byte_by_byte(store: Store, batch: Batch) -> None:
    (entry,) = _kept(store, batch, "2024-01-01")
    found = store.entry(entry.record_id)
    assert found is not None
    assert (found.entry.to_bytes(), found.list_key, found.day) == (
        entry.to_bytes(),
        _LIST,
        "2024-01-01",
    )
    assert store.entry(bytes(32)) is None


def test_entries_are_in_order_of_their_days(store: Store, batch: Batch) -> None:
    _kept(store, batch, "2024-03-01", "2022-01-01", "2023-01-01")
    assert [one.day for one in store.entries()] == ["2022-01-01", "2023-01-01", "2024-03-01"]


def test_a_batch_is_kept_whole_or_not_at_all(store: Store, batch: Batch) -> None:
    def cut_off() -> Iterator[tuple[ListEntry, str, str]]:
        yield _entry(1, batch.root), _LIST, "2024-01-01"
        raise KeyboardInterrupt

    store.note_added("a body")
    with pytest.raises(KeyboardInterrupt):
        store.keep(batch, cut_off())
    assert (store.entries(), store.unanchored(), store.left_behind()) == ([], [], ["a body"])


def test_a_batch_is_kept_once(store: Store, batch: Batch) -> None:
    _kept(store, batch, "2024-01-01")
    with pytest.raises(sqlite3.IntegrityError):
        _kept(store, batch, "2024-01-01")


def test_bodies_are_left_behind_until_their_entries_are_kept(store: Store, batch: Batch) -> None:
    for cid in ("one", "two", "one"):
        store.note_added(cid)
    assert sorted(store.left_behind()) == ["one", "two"]
    _kept(store, batch, "2024-01-01")
    assert store.left_behind() == []


def test_what_was_left_behind_can_be_forgotten(store: Store) -> None:
    store.note_added("one")
    store.forget_added()
    assert store.left_behind() == []


def test_an_entry_is_learnt_once_and_needs_nothing_more(store: Store, batch: Batch) -> None:
    entry = _entry(1, batch.root)
    assert [store.learn(entry, _LIST), store.learn(entry, _LIST)] == [True, False]
    assert (_steps(store), store.unanchored(), store.unposted()) == ([Step.POSTED], [], [])


def test_learning_does_not_undo_a_step(store: Store, batch: Batch) -> None:
    (entry,) = _kept(store, batch, "2024-01-01")
    assert not store.learn(entry, _LIST)
    assert _steps(store) == [Step.SEALED]


def test_nothing_is_left_of_what_was_deleted(store: Store, batch: Batch, path: Path) -> None:
    first, second = _kept(store, batch, "2024-01-01", "2024-01-02")
    store.anchored(batch.root)
    store.posted(first.record_id)
    secret = first.envelope
    held = b"".join(one.read_bytes() for one in path.parent.iterdir())
    assert secret in held
    store.delete(first.record_id)
    held = b"".join(one.read_bytes() for one in path.parent.iterdir())
    assert secret not in held and first.record_id not in held
    assert second.envelope in held
    assert [one.entry.record_id for one in store.entries()] == [second.record_id]


def test_what_was_written_is_there_after_a_crash(store: Store, batch: Batch, path: Path) -> None:
    """Another opens the file while the first has not closed it."""
    (entry,) = _kept(store, batch, "2024-01-01")
    store.anchored(batch.root)
    again = Store(path)
    try:
        assert [one.entry.record_id for one in again.unposted()] == [entry.record_id]
    finally:
        again.close()


def test_lists_and_small_values_are_kept(store: Store) -> None:
    assert not store.is_opened(_LIST, "persona")
    store.opened((_LIST, "persona"))
    store.opened((_LIST, "persona"))
    assert store.is_opened(_LIST, "persona")
    assert not store.is_opened(_LIST, "another")
    assert store.get("name") is None
    store.put("name", b"one")
    store.put("name", b"two")
    assert store.get("name") == b"two"
