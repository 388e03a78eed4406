"""A vault in one file: made, lost, and brought back, with and without anybody to ask.

alone      with seed and file every own record is read; no custodian, chain or IPFS node is asked
dead       all custodians gone: a new device has the vault again, and opens its records
restored   custodians and node that lost everything are given it again
older      what was forgotten since stays forgotten; an index that is known to be newer is kept
refused    a cut or changed file, another person's: nothing of it is kept; the old one stays
resumed    cut off in between, restoring again brings the rest
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from aceso.chain import grantee_of_account
from aceso.codes import DataClass, Use
from aceso.custody import Committee
from aceso.flows import (
    BackupFileError,
    Network,
    Person,
    Reader,
    make_backup,
    read_records,
    restore_backup,
)
from aceso.vault import OpeningError, RollbackError

from .conftest import HAEMOGLOBIN, Bundle, Keeper, World, observation


@dataclass
class Vault:
    """A vault that no test changes, what is in it, and its backup."""

    person: Person
    kept: dict[bytes, bytes]
    file: Path


@pytest.fixture(scope="module")
def vault(world: World, tmp_path_factory: pytest.TempPathFactory) -> Vault:
    folder = tmp_path_factory.mktemp("vault")
    hospital = world.institution()[0]
    person = Person(world.network, world.profile("person"))
    for name, start in (("own", 1), ("issued", 40)):
        resources = [
            observation(start + at, HAEMOGLOBIN, f"2024-01-0{at + 1}", 13) for at in (0, 1)
        ]
        bundle = {"resourceType": "Bundle", "type": "collection"}
        bundle["entry"] = [{"resource": one} for one in resources]  # type: ignore[assignment]
        (folder / f"{name}.json").write_text(json.dumps(bundle))
    # So that a backup has several segments.
    (folder / "picture").write_bytes(os.urandom(200_000))
    person.import_files([folder / "own.json", folder / "picture"])
    known = grantee_of_account(hospital.account.address)
    hospital.issue(person.card(person.persona_for(known), DataClass.LABS), [folder / "issued.json"])
    person.sync()
    kept = contents(person, folder / "kept")
    assert len(kept) > 3
    made = make_backup(person, folder / "vault.aceso")
    assert (made.records, made.bodies, made.without_body) == (len(kept), len(kept), [])
    return Vault(person, kept, made.path)


def contents(person: Person, folder: Path) -> dict[bytes, bytes]:
    found = {}
    for record_id in person.manifest.records:
        path = folder / record_id.hex()
        person.open_record(record_id, path)
        found[record_id] = path.read_bytes()
    return found


@contextmanager
def all_dead(world: World) -> Iterator[Network]:
    """The network when no custodian answers any more."""
    nowhere = [one | {"url": "http://127.0.0.1:9"} for one in world.devnet.custodians]
    with world.elsewhere(custodians=nowhere) as network:
        yield network


def device(world: World, person: Person) -> Person:
    """Another device of the same person, on which nothing is."""
    return Person(world.network, world.profile("person", person.profile.seed))


def test_the_owner_reads_every_own_record_alone_and_offline(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(*_: object) -> None:
        raise AssertionError("somebody was asked")

    monkeypatch.setattr(socket.socket, "connect", no_network)

    read = read_records(vault.person.profile.seed, vault.file, tmp_path / "read")

    assert sorted(one.read_bytes() for one in read.files) == sorted(vault.kept.values())
    assert {one.name[:16] for one in read.files} == {one.hex()[:16] for one in vault.kept}
    assert read.without_body == []
    assert not [one for one in (tmp_path / "read").iterdir() if one.name.startswith(".")]


def test_a_new_device_has_the_vault_again_when_all_custodians_are_dead(
    world: World, vault: Vault, tmp_path: Path
) -> None:
    with all_dead(world) as network:
        new = Person(network, world.profile("person", vault.person.profile.seed))
        restored = restore_backup(new, vault.file)

        assert (restored.records, restored.new) == (len(vault.kept), len(vault.kept))
        assert {one.code for one in restored.troubles} == {"E_CUSTODIANS_TOO_FEW"}
        assert contents(new, tmp_path / "again") == vault.kept
        assert new.manifest.relationships == vault.person.manifest.relationships


def test_bodies_that_the_node_lost_are_on_it_again(
    world: World, vault: Vault, tmp_path: Path
) -> None:
    cids = [note.cid for note in vault.person.manifest.records.values()]
    for cid in cids:
        world.network.ipfs.remove(cid)
    assert not any(world.network.ipfs.has(cid) for cid in cids)

    restored = restore_backup(device(world, vault.person), vault.file)

    assert restored.bodies == len(cids)
    assert all(world.network.ipfs.is_pinned(cid) for cid in cids)
    assert contents(vault.person, tmp_path / "again") == vault.kept


def test_a_custodian_that_lost_everything_is_given_it_again(
    world: World, person: Person, stranger: Reader, bundle: Bundle, tmp_path: Path
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=DataClass.LABS, uses=Use.TREAT)
    made = make_backup(person, tmp_path / "vault.aceso")
    keeper = world.keepers[2]
    with world.down(keeper):
        lost(keeper, "custodian.sqlite", "lost.sqlite")
    try:
        custodian = world.network.committee.custodians[2]
        alone = Committee([custodian], 1, world.network.suite)
        persona = person.persona_for(stranger.grantee)

        def listed() -> tuple[int, int]:
            found = alone.listing(
                actor=stranger.account,
                subject=persona.address,
                grantee=stranger.grantee,
                use=Use.TREAT,
                data_class=DataClass.LABS,
            )
            return len(found.entries), len(found.sealed_keys)

        assert listed() == (0, 0)
        restored = restore_backup(device(world, person), made.path, repost=True)
        assert (restored.reposted, restored.troubles) == (made.records, [])
        assert listed() == (2, 1)
    finally:
        with world.down(keeper):
            lost(keeper, "lost.sqlite", "custodian.sqlite")


def lost(keeper: Keeper, name: str, other: str) -> None:
    """Move a custodian's database away, or back over another."""
    for ending in ("", "-wal", "-shm"):
        (keeper.folder / (other + ending)).unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            (keeper.folder / (name + ending)).rename(keeper.folder / (other + ending))


def test_an_older_backup_takes_nothing_back(
    world: World, person: Person, bundle: Bundle, tmp_path: Path
) -> None:
    person.import_files([bundle()])
    file = make_backup(person, tmp_path / "vault.aceso").path
    gone = next(iter(person.manifest.records))
    person.forget(gone)
    person.import_files([bundle(name="later.json", start=60)])
    newer = set(person.manifest.records)

    restored = restore_backup(person, file)

    assert (restored.is_older, restored.forgotten, restored.new) == (True, 1, 0)
    assert set(person.manifest.records) == newer
    assert gone in person.manifest.forgotten
    new = device(world, person)
    assert restore_backup(new, file).forgotten == 1
    assert new.profile.store.entry(gone) is None


def test_where_a_newer_index_is_known_and_not_to_be_read_it_has_to_be_said(
    world: World, person: Person, bundle: Bundle, tmp_path: Path
) -> None:
    person.import_files([bundle()])
    made = make_backup(person, tmp_path / "vault.aceso")
    person.forget(next(iter(person.manifest.records)))
    cid = (person.profile.store.get("manifest-cid") or b"").decode()
    world.network.ipfs.remove(cid)
    before = len(world.network.troubles)
    new = device(world, person)

    with pytest.raises(RollbackError):
        restore_backup(new, made.path)
    assert new.profile.store.entries() == []
    allowed = restore_backup(new, made.path, allow_older=True)

    assert allowed.is_older
    assert allowed.records == made.records
    del world.network.troubles[before:]


def test_a_broken_or_strange_file_leaves_nothing(
    world: World, vault: Vault, tmp_path: Path
) -> None:
    data = vault.file.read_bytes()
    cut, changed = tmp_path / "cut", tmp_path / "changed"
    cut.write_bytes(data[:-20_000])
    changed.write_bytes(data[:-20_000] + bytes([data[-20_000] ^ 1]) + data[-19_999:])
    new = device(world, vault.person)
    for broken in (cut, changed):
        with pytest.raises(OpeningError):
            restore_backup(new, broken)
        with pytest.raises(OpeningError):
            read_records(vault.person.profile.seed, broken, tmp_path / "nothing")
    assert new.profile.store.entries() == []
    assert not (tmp_path / "nothing").exists()
    stranger = Person(world.network, world.profile("person"))
    with pytest.raises(OpeningError) as refused:
        restore_backup(stranger, vault.file)
    assert refused.value.code == "E_BACKUP_NOT_OPENED"


def test_a_backup_that_fails_leaves_the_earlier_one(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = vault.file.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(BackupFileError) as failed:
        make_backup(vault.person, vault.file)

    assert failed.value.code == "E_BACKUP_WRITE"
    assert vault.file.read_bytes() == before
    assert [one.name for one in vault.file.parent.iterdir() if "draft" in one.name] == []


def test_cut_off_it_is_done_again(world: World, vault: Vault, tmp_path: Path) -> None:
    new = device(world, vault.person)
    done = 0

    def cut(step: str, count: int) -> None:
        nonlocal done
        done += step == "kept"
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        restore_backup(new, vault.file, progress=cut)
    assert len(new.profile.store.entries()) == 3

    again = restore_backup(new, vault.file)

    assert again.new == len(vault.kept) - 3
    assert contents(new, tmp_path / "again") == vault.kept


def test_a_backup_without_bodies_opens_what_the_node_has(
    world: World, vault: Vault, tmp_path: Path
) -> None:
    made = make_backup(vault.person, tmp_path / "capsules.aceso", with_bodies=False)
    new = device(world, vault.person)
    restore_backup(new, made.path)

    assert (made.records, made.bodies) == (len(vault.kept), 0)
    assert contents(new, tmp_path / "again") == vault.kept
    read = read_records(vault.person.profile.seed, made.path, tmp_path / "none")
    assert (read.files, len(read.without_body)) == ([], len(vault.kept))
