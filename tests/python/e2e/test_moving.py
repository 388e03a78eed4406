"""A custodian leaves and another joins: every share is dealt out anew, and nothing is lost.

moved        all records are locked for the new committee, in lists of a new epoch; the former
             entries are deleted; who is let in opens all, with one of the new committee away
former       a key of the former epoch opens nothing of what was dealt anew
killed       at any step, by kill -9, and done again: each record once, nothing left over
away         a custodian that leaves and does not answer is named, and asked again the next time
owed         a deletion that one owed as it left is asked for when it is back, and stops nothing
receipts     what one that left gave out before is in the receipts, and it is named if it is silent
revoked      one that left and revoked its key, and serves on, deletes what it had
unknown      former custodians of which nothing is known any more are named, and the rest goes on
devices      another device finds what was moved, and can go on
seed         the sealed seed goes along: guardians bring it back from the new committee with the
             words that they had; who left has none of it and takes none of before; cut off, it
             goes on
will         the will goes along with its wishes, and one that left deletes its part
guardians    the keys of what a guardian and the emergency group were let see go along as well
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from aceso.chain import GuardianPower
from aceso.codes import DataClass, Use
from aceso.custody import Committee, RequestRefusedError, publish, revoke
from aceso.devnet import add_custodian
from aceso.flows import (
    EmergencyProfile,
    Guarded,
    Guardian,
    GuardianShare,
    Network,
    Person,
    Profile,
    Reader,
    SeedMove,
    check_logs,
    forgotten,
    move,
    recover_seed,
    start_recovery,
)
from aceso.flows.emergency import emergency_group
from aceso.flows.healing import own_listing
from aceso.flows.reader import guardian_group
from aceso.vault import ListEntry, PrivateKey, deposits_of

from .conftest import PASSPHRASE, Bundle, World
from .cutting import Cutting
from .test_epochs import _class_keys, _opened

LABS = DataClass.LABS
DAY = 86_400


@pytest.fixture(scope="module")
def facts(world: World) -> dict[str, Any]:
    """The network after the first custodian has left and a fourth has joined."""
    said = json.loads((world.devnet.folder / "devnet.json").read_text())
    fourth = add_custodian(world.devnet, world.network.suite, 4)
    later = [*world.devnet.custodians[1:], fourth]
    return dict(said) | {"custodians": later}


@pytest.fixture
def later(facts: dict[str, Any], tmp_path: Path) -> Iterator[Network]:
    (tmp_path / "later.json").write_text(json.dumps(facts))
    with Network.read(tmp_path / "later.json") as network:
        yield network


@contextmanager
def _alone(network: Network, person: Person, address: str) -> Iterator[Callable[[], int]]:
    """How many of a person's laboratory results one custodian lists."""
    (one,) = (one for one in network.committee.custodians if one.address == address)
    committee = Committee([one], 1, network.suite)
    persona = person.persona(0)

    def count() -> int:
        listing = committee.listing(
            actor=persona,
            subject=persona.address,
            grantee=bytes(12) + bytes.fromhex(persona.address[2:]),
            use=Use.PATRQT,
            data_class=LABS,
        )
        return len(listing.entries)

    yield count


def _cut_off(cutting: Cutting, later: Network, folder: Path, tmp_path: Path, point: str) -> Person:
    """A move that is killed at this point, in a process of its own; the person as they go on."""
    cutting.off(tmp_path / "later.json", folder, "move:", point)
    return Person(later, Profile.open(folder, passphrase=PASSPHRASE))


def _check(person: Person, network: Network) -> None:
    """All records are of the new committee, once, and open."""
    stored = {one.entry.record_id: one.entry for one in person.profile.store.entries()}
    assert stored.keys() == person.manifest.records.keys() and len(stored) == 5
    for entry in stored.values():
        assert entry.capsule.custodians == network.facts.members
        assert person.key_of(entry).dek
        assert entry.capsule.context.epoch == person.manifest.records[entry.record_id].epoch
    assert person.profile.store.leaving() == person.profile.store.dealt() == []
    listed: list[ListEntry] = []
    for data_class in {DataClass(note.data_class) for _, note in person.records()}:
        for persona in person._personas_of(data_class):
            listed += own_listing(person, persona, data_class).entries
    assert {one.digest for one in listed} == {one.digest for one in stored.values()}


def test_a_move_deals_every_share_out_anew(
    world: World,
    person: Person,
    stranger: Reader,
    later: Network,
    bundle: Bundle,
    tmp_path: Path,
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    former = _class_keys(stranger, person)
    moving = Person(later, person.profile)

    moved = move(moving)

    assert (moved.classes, moved.records, moved.deleted, moved.kept_by) == (4, 5, 5, {})
    _check(moving, later)
    # The one that left has none of it any more, nor has one that stayed.
    for keeper in world.keepers[:2]:
        with _alone(world.network, person, keeper.address) as count:
            assert count() == (0 if keeper is world.keepers[0] else 2)
    # Who is let in opens everything, with one of the new committee away.
    persona = moving.persona_for(stranger.grantee).address
    reader = Reader(later, stranger.profile)
    with world.down(world.keepers[2]):
        assert len(reader.open_all(persona, classes=LABS, folder=tmp_path / "chart")) == 2
    # A key of before opens nothing of it, with all the custodians that stayed.
    for record_id, note in moving.records():
        if note.data_class == LABS:
            entry = moving.entry(record_id)
            assert not _opened(world, entry, (1, 2), list(former.values()))
    # Moving again is nothing to do.
    again = move(moving)
    assert (again.classes, again.records, again.deleted) == (0, 0, 0)


@pytest.mark.parametrize(
    "point",
    ["before:Committee.try_to_send", "after:Committee.try_to_send", "before:Store.left"],
)
def test_a_move_that_was_killed_goes_on(
    cutting: Cutting,
    world: World,
    person: Person,
    stranger: Reader,
    later: Network,
    bundle: Bundle,
    tmp_path: Path,
    point: str,
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    folder = person.profile.folder
    again = _cut_off(cutting, later, folder, tmp_path, point)
    move(again)

    _check(again, later)
    assert again.manifest.epochs[int(LABS)] == 1
    reader = Reader(later, stranger.profile)
    persona = again.persona_for(stranger.grantee).address
    assert len(reader.open_all(persona, classes=LABS, folder=tmp_path / "chart")) == 2
    again.profile.close()


def test_one_that_leaves_without_an_answer_is_named_and_asked_again(
    world: World, person: Person, later: Network, bundle: Bundle
) -> None:
    person.import_files([bundle()])
    moving = Person(later, person.profile)
    leaver = world.keepers[0]
    with world.down(leaver):
        moved = move(moving)
        assert set(moved.kept_by) == {leaver.address}
        assert (moved.records, moved.deleted) == (5, 0)
    with _alone(world.network, person, leaver.address) as count:
        assert count() == 2
        again = move(moving)
        assert (again.records, again.deleted, again.kept_by) == (0, 5, {})
        assert count() == 0
    _check(moving, later)


def test_a_deletion_that_one_owed_as_it_left_is_made_when_it_is_back(
    world: World, person: Person, later: Network, bundle: Bundle
) -> None:
    person.import_files([bundle()])
    record_id = next(one for one, note in person.records() if note.data_class == LABS)
    leaver = world.keepers[0]
    moving = Person(later, person.profile)
    with _alone(world.network, person, leaver.address) as count:
        with world.down(leaver):
            person.forget(record_id)
            moving.sync()
            move(moving)
            assert [one.waiting for one in forgotten(person.profile.store)] == [(leaver.address,)]
        assert count() == 2
        moving.sync()

        assert count() == 1
    (one,) = forgotten(person.profile.store)
    assert one.waiting == () and leaver.address in one.deleted_at


def test_the_receipts_of_one_that_left_are_shown(
    world: World, person: Person, stranger: Reader, later: Network, bundle: Bundle, tmp_path: Path
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    world.confirm()
    stranger.open_all(
        person.persona_for(stranger.grantee).address, classes=LABS, folder=tmp_path / "chart"
    )
    moving, leaver = Person(later, person.profile), world.keepers[0]
    move(moving)

    report = check_logs(moving)

    assert report.problems == []
    (listed,) = (
        one
        for one in report.accesses
        if one.actor == stranger.account.address and one.act == "list"
    )
    assert set(listed.times) == {keeper.address for keeper in world.keepers}
    assert leaver.address in report.heads
    with world.down(leaver):
        silent = check_logs(moving).problems
    assert [getattr(one, "custodian", None) for one in silent] == [leaver.address]


def test_one_that_revoked_its_key_deletes_what_it_had(
    world: World, person: Person, later: Network, bundle: Bundle
) -> None:
    person.import_files([bundle()])
    leaver = world.keepers[0]
    keys = (leaver.folder, world.devnet.chain_url, world.devnet.folder / "deployment.json")
    assert revoke(*keys) == (leaver.address, True)
    try:
        moved = move(Person(later, person.profile))
    finally:
        publish(*keys)

    assert (moved.deleted, moved.kept_by) == (5, {})
    with _alone(world.network, person, leaver.address) as count:
        assert count() == 0


def test_former_custodians_that_are_not_known_are_named(
    person: Person, later: Network, bundle: Bundle
) -> None:
    person.import_files([bundle()])
    # Accounts that never published a key, as on another chain.
    unknown = tuple(Account.create().address for _ in range(3))
    (note,) = person.manifest.committees
    person.manifest.committees[0] = replace(note, custodians=unknown)
    person._save_manifest()

    moving = Person(later, person.profile)
    moved = move(moving)

    assert (moved.records, moved.deleted, set(moved.kept_by)) == (5, 0, set(unknown))
    assert {getattr(one, "custodian", None) for one in check_logs(moving).problems} == set(unknown)


def test_another_device_finds_what_was_moved(
    world: World, person: Person, later: Network, bundle: Bundle
) -> None:
    person.import_files([bundle()])
    other = Person(world.network, world.profile("person", person.profile.seed))
    other.restore()
    move(Person(later, person.profile))

    there = Person(later, other.profile)
    there.sync()

    _check(there, later)
    fresh = Person(later, world.profile("person", person.profile.seed))
    assert fresh.restore() == 5
    record_id = next(one for one, note in there.records() if note.data_class == LABS)
    assert len(there.forget(record_id)) == 3


# The sealed seed, and the keys of those who act for a person


@pytest.fixture
def guardians(world: World) -> list[Guardian]:
    return [Guardian(world.network, Account.create()) for _ in range(2)]


@pytest.fixture
def words(world: World, person: Person, guardians: list[Guardian]) -> list[str]:
    """The recovery is prepared at the former committee, and both guardians accepted."""
    guarded = Guarded(person)
    shares: list[GuardianShare] = guarded.prepare(
        [one.account.address for one in guardians], threshold=2
    )
    for one in guardians:
        one.accept(guarded.persona.address)
    return [one.words for one in shares]


def _may_recover(
    world: World, network: Network, guardians: list[Guardian], persona: str
) -> LocalAccount:
    """Who may bring the seed back now: guardians began it, and the delay is over."""
    requester: LocalAccount = Account.create()
    deadline = network.suite.now() + DAY
    start_recovery(
        network,
        [one.support(persona, requester.address, deadline=deadline) for one in guardians],
    )
    ready = network.suite.guardianship.recovery(persona).ready_at
    world.devnet.chain.advance_time(ready - network.suite.now())
    world.confirm()
    return requester


def _one_that_left(world: World) -> Committee:
    address = world.keepers[0].address
    here = world.network.committee.custodians
    leaver = next(one for one in here if one.address == address)
    return Committee([leaver], 1, world.network.suite)


def _replayed(world: World, person: Person) -> str:
    """How the one that left refuses what the person signed before."""
    note = person.manifest.recovery
    assert note is not None
    persona = Guarded(person).persona
    former = deposits_of(
        bytes(1174),
        chain_id=world.network.suite.chain_id,
        persona=persona.address,
        version=note.version - 1,
        custodians=world.network.facts.members,
        threshold=2,
    )
    with pytest.raises(RequestRefusedError) as refused:
        _one_that_left(world).leave_deposits(persona, former)
    return str(refused.value.code)


def test_a_sealed_seed_goes_along_and_the_words_stay_good(
    world: World, person: Person, later: Network, guardians: list[Guardian], words: list[str]
) -> None:
    persona = Guarded(person).persona.address
    before = person.manifest.recovery
    moving = Person(later, person.profile)

    moved = move(moving)

    assert (moved.seed, moved.kept_by) == (SeedMove.MOVED, {})
    note = moving.manifest.recovery
    assert before is not None
    assert note is not None
    assert (note.at.custodians, note.is_whole) == (later.facts.members, True)
    assert (note.key, note.version > before.version, note.former) == (before.key, True, {})
    assert _replayed(world, moving) == "E_RECOVERY_ROLLBACK"
    assert move(moving).seed is SeedMove.HERE
    requester = _may_recover(world, later, guardians, persona)
    seed = recover_seed(later, requester, persona, words)
    assert seed.mnemonic == person.profile.seed.mnemonic
    # Nor does the one that left give anything to whom the chain names.
    with pytest.raises(RequestRefusedError) as refused:
        _one_that_left(world).recover(requester, persona, PrivateKey.generate())
    assert refused.value.code == "E_RECOVERY_UNKNOWN"


def test_a_will_goes_along_with_its_wishes(world: World, person: Person, later: Network) -> None:
    person.write_will({bytes(12) + b"\1" * 20})
    before, leaver = person.manifest.will, world.keepers[0]
    moving = Person(later, person.profile)
    with world.down(leaver):
        moved = move(moving)
        assert (moved.will, set(moved.kept_by)) == (True, {leaver.address})

    again = move(moving)

    note = moving.manifest.will
    assert (again.will, again.kept_by) == (False, {})
    assert before is not None
    assert note is not None
    assert (note.at.custodians, note.is_whole, note.former) == (later.facts.members, True, {})
    assert (note.keep, note.digest) == (before.keep, before.digest)


def test_one_that_left_with_a_part_of_the_seed_is_named_and_asked_again(
    world: World, person: Person, later: Network, words: list[str]
) -> None:
    moving, leaver = Person(later, person.profile), world.keepers[0]
    with world.down(leaver):
        moved = move(moving)
        assert (moved.seed, set(moved.kept_by)) == (SeedMove.MOVED, {leaver.address})
    # Another device of the person knows whom to ask.
    other = Person(later, world.profile("person", person.profile.seed))
    other.restore()

    again = move(other)

    assert (again.seed, again.kept_by) == (SeedMove.HERE, {})
    assert other.manifest.recovery is not None
    assert not other.manifest.recovery.former
    assert _replayed(world, other) == "E_RECOVERY_ROLLBACK"


@pytest.mark.parametrize(
    "point", ["after:Committee.leave_deposits", "after:Committee.delete_deposits"]
)
def test_a_sealed_seed_that_was_cut_off_goes_along_the_next_time(
    cutting: Cutting,
    world: World,
    person: Person,
    later: Network,
    guardians: list[Guardian],
    words: list[str],
    tmp_path: Path,
    point: str,
) -> None:
    persona, folder = Guarded(person).persona.address, person.profile.folder
    again = _cut_off(cutting, later, folder, tmp_path, point)
    assert move(again).kept_by == {}

    note = again.manifest.recovery
    assert note is not None
    assert (note.is_whole, note.former) == (True, {})
    seed = recover_seed(later, _may_recover(world, later, guardians, persona), persona, words)
    assert seed.mnemonic == person.profile.seed.mnemonic
    again.profile.close()


def test_a_seed_that_was_left_before_its_key_was_noted_is_told_of(
    person: Person, later: Network, words: list[str]
) -> None:
    moving = Person(later, person.profile)
    moving.sync()
    moving.manifest.recovery = None
    moving._keep_manifest()
    moving._catch_up = lambda: None  # type: ignore[method-assign]

    assert move(moving).seed is SeedMove.UNKNOWN


def test_what_a_guardian_and_the_emergency_group_were_let_see_goes_along(
    world: World, person: Person, later: Network, bundle: Bundle, tmp_path: Path
) -> None:
    person.import_files([bundle()])
    holder = world.cast(Reader, "professional", None)
    guardian = Guardian(world.network, holder.account, holder.receiving)
    guarded = Guarded(person)
    majority = world.network.suite.now() + 365 * DAY
    guarded.name(holder.account.address, powers=GuardianPower.SHARE, majority=majority)
    guardian.accept(guarded.persona.address)
    guarded.entrust(holder.account.address, classes=LABS, uses=Use.TREAT)
    EmergencyProfile(person).prepare(LABS)
    moving = Person(later, person.profile)

    move(moving)

    for group in (guardian_group(later, holder.account.address), emergency_group(later)):
        assert moving.manifest.holders[group][int(LABS)].epoch == 1
    # From the new committee alone: one that was in the former one, and the one that joined.
    there = Guardian(later, holder.account, holder.receiving)
    with world.down(world.keepers[2]):
        read = there.read(guarded.persona.address, classes=LABS, folder=tmp_path / "guardian")
    assert len(read) == 2
