"""A record that was forgotten is gone: from every disk, and for whoever has the seed and its body.

searched   not 64 bytes of entry or capsule on either device, at any custodian, in free pages or WAL
opened     the seed, a new device and the body bring nothing back; the node has no block of it
away       a custodian that was away is asked again, and every one's signed receipt is shown; by
           another device if the one that forgot it is lost
stale      a device that was away opens it until it hears of it, and brings nothing back after
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from aceso.custody._typed import digest, recover
from aceso.flows import NothingToOpenError, Person, forgotten
from aceso.vault import OpeningError, open_as_owner, open_bytes

from .conftest import Bundle, Keeper, World


def on_disk(folder: Path) -> bytes:
    """Every byte of every file, with what lies in free pages and logs."""
    return b"".join(one.read_bytes() for one in sorted(folder.rglob("*")) if one.is_file())


def holds(where: bytes, what: bytes, *, but: bytes = b"") -> bool:
    """Whether any 64 bytes of it are there: a page may have cut it. `but` is what may stay: entries
    of one batch have their root and the head of their capsules in common."""
    parts = (what[at : at + 64] for at in range(0, len(what) - 64, 32))
    return any(part in where for part in parts if part not in but)


def row_of(keeper: Keeper, record_id: bytes) -> bytes:
    """The custodian's encrypted row."""
    base = sqlite3.connect(f"file:{keeper.folder}/custodian.sqlite?mode=ro", uri=True)
    try:
        question = "SELECT entry FROM entries WHERE record_id = ?"
        return bytes(base.execute(question, (record_id,)).fetchone()[0])
    finally:
        base.close()


@pytest.fixture
def second(world: World, person: Person, bundle: Bundle) -> Person:
    """Another device of a person with records."""
    person.import_files([bundle()])
    made = Person(world.network, world.profile("person", person.profile.seed))
    made.restore()
    return made


def test_nothing_of_it_is_left_on_any_disk_and_nothing_opens_it(
    world: World, person: Person, second: Person
) -> None:
    record_id = next(iter(person.manifest.records))
    entry, note = person.entry(record_id), person.manifest.records[record_id]
    key, body = person.key_of(entry), world.network.ipfs.read(entry.cid)
    rows = [row_of(keeper, record_id) for keeper in world.keepers]
    devices = [one.profile.folder for one in (person, second)]
    staying = b"".join(
        person.entry(one).to_bytes() for one in person.manifest.records if one != record_id
    )
    assert all(holds(on_disk(folder), entry.to_bytes(), but=staying) for folder in devices)

    person.forget(record_id)
    second.sync()

    for folder in devices:
        left = on_disk(folder)
        assert not holds(left, entry.to_bytes(), but=staying)
        assert key.dek not in left
    for keeper, row in zip(world.keepers, rows, strict=True):
        left = on_disk(keeper.folder)
        assert not holds(left, row)
        assert not holds(left, entry.to_bytes(), but=staying)
    assert not world.network.ipfs.has(entry.cid)
    # Who kept the body has the seed, too, and a new device with it.
    again = Person(world.network, world.profile("person", person.profile.seed))
    again.restore()
    assert record_id not in again.manifest.records
    with pytest.raises(NothingToOpenError):
        again.entry(record_id)
    others = [again.entry(one) for one in again.manifest.records]
    assert others
    for other in others:
        with pytest.raises(OpeningError):
            open_bytes(body, open_as_owner(other.capsule, again.keys.owner_key()).dek, note.body)


def test_a_custodian_that_was_away_is_asked_again(
    world: World, person: Person, bundle: Bundle
) -> None:
    person.import_files([bundle()])
    record_id = next(iter(person.manifest.records))
    away = world.keepers[2]
    before = len(world.network.troubles)

    with world.down(away):
        assert len(person.forget(record_id)) == 2
        (one,) = forgotten(person.profile.store)
        assert one.waiting == (away.address,)
    person.sync()

    (one,) = forgotten(person.profile.store)
    assert one.waiting == ()
    assert set(one.deleted_at) == {keeper.address for keeper in world.keepers}
    domain = world.network.suite.domain("ConsentRegistry")
    for custodian, moment in one.deleted_at.items():
        said = {
            "custodian": custodian,
            "listKey": one.list_key,
            "recordId": one.record_id,
            "capsule": one.capsule,
            "deletedAt": moment,
        }
        hashed = digest("DeletionReceipt", said, domain)
        assert recover(hashed, one.signatures[custodian]) == custodian
    del world.network.troubles[before:]


def test_another_device_asks_one_that_was_away(
    world: World, person: Person, bundle: Bundle
) -> None:
    person.import_files([bundle()])
    record_id = next(iter(person.manifest.records))
    away = world.keepers[2]
    with world.down(away):
        person.forget(record_id)
    assert row_of(away, record_id)
    fresh = Person(world.network, world.profile("person", person.profile.seed))
    fresh.restore()

    fresh.sync()

    with pytest.raises(TypeError):
        row_of(away, record_id)
    (one,) = forgotten(fresh.profile.store)
    assert (one.waiting, away.address in one.deleted_at, bool(one.capsule)) == ((), True, True)
    for device in (person, fresh, person):
        device.sync()
    assert person.manifest.owed == fresh.manifest.owed == {}


def test_a_stale_device_brings_nothing_back(
    world: World, person: Person, second: Person, bundle: Bundle, tmp_path: Path
) -> None:
    record_id = next(iter(person.manifest.records))
    person.forget(record_id)
    # It has not heard of it: the capsule is still there, and opens. That is so until it syncs.
    assert second.key_of(second.entry(record_id)).dek

    # The next command on it.
    second = Person(world.network, second.profile)
    second.import_files([bundle(), bundle(name="later.json", start=60)])

    assert record_id not in second.manifest.records
    assert second.profile.store.entry(record_id) is None
    person.sync()
    assert record_id not in person.manifest.records
    assert person.profile.store.entry(record_id) is None
