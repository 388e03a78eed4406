"""What a grant that has ended can't open any more, and what those who remain still can.

ended        at the end of its time, by lost accreditation, by a bar: a new epoch at the next sync
remaining    get the new keys, all of them, also after a kill -9 in the middle
issuers      seal to the new epoch with the card of their next contact
published    a newer key: sealed anew at the next sync; a revoked one: nothing is released
coalitions   m custodians alone; a grantee with m - 1; m custodians with a grantee: their classes
             and epochs, and no more
"""

from __future__ import annotations

from pathlib import Path

import pytest

from aceso.chain import acts, grantee_of_account
from aceso.codes import DataClass, Role, Use
from aceso.custody import CustodianKeys, RequestRefusedError
from aceso.errors import AcesoError
from aceso.flows import Issuer, Person, Profile, Reader
from aceso.flows.errors import LostAccreditationError
from aceso.vault import (
    KeyBinding,
    ListEntry,
    OpeningError,
    PrivateKey,
    join,
    open_class_key,
    open_share,
)

from .conftest import PASSPHRASE, Bundle, World
from .cutting import Cutting

LABS = DataClass.LABS
PROBLEMS = DataClass.PROBLEMS
_HOUR = 3600


def _epoch(person: Person, data_class: DataClass = LABS) -> int:
    return person.manifest.epochs.get(int(data_class), 0)


def _count(reader: Reader, person: Person, folder: Path) -> int:
    persona = person.persona_for(reader.grantee).address
    return len(reader.open_all(persona, classes=LABS, folder=folder))


def _class_keys(
    reader: Reader, person: Person, data_class: DataClass = LABS
) -> dict[int, PrivateKey]:
    """The class keys, by epoch, that are left for a grantee and open with the key they have now."""
    persona = person.persona_for(reader.grantee).address
    opened = {}
    for left in reader.listing(persona, data_class=data_class).sealed_keys:
        if left.receiving_key != reader.receiving.current.public_key.digest:
            continue
        binding = KeyBinding(
            chain_id=reader.network.suite.chain_id,
            list_key=left.list_key,
            persona=persona,
            grantee=reader.grantee,
            data_class=int(data_class),
            epoch=left.epoch,
        )
        opened[left.epoch] = open_class_key(left.sealed, reader.receiving.current, binding=binding)
    return opened


# Ended


def test_a_grant_that_has_run_out_begins_an_epoch_at_the_next_sync(
    world: World,
    person: Person,
    stranger: Reader,
    physician: Reader,
    bundle: Bundle,
    tmp_path: Path,
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT, seconds=_HOUR)
    person.share(physician.grantee, classes=LABS, uses=Use.TREAT)
    person.sync()
    assert _epoch(person) == 0
    world.devnet.chain.advance_time(_HOUR + 1)
    # Another device of the person notices as well as the one that shared.
    other = Person(world.network, world.profile("person", person.profile.seed))
    other.restore()
    assert _epoch(other) == 1
    person.sync()
    assert (_epoch(person), _epoch(person, PROBLEMS)) == (1, 0)
    person.import_files([bundle(name="later.json", start=20)])
    assert _count(physician, person, tmp_path) == 4
    person.sync()
    assert _epoch(person) == 1


def test_who_lost_accreditation_gets_no_new_keys_and_it_is_said(
    world: World, person: Person, physician: Reader, stranger: Reader, bundle: Bundle
) -> None:
    person.import_files([bundle()])
    for reader in (physician, stranger):
        person.share(reader.grantee, classes=LABS, uses=Use.TREAT)
    world.authority.unaccredit(physician.account.address, Role.PHYSICIAN)
    person.network.troubles.clear()
    person.sync()
    assert _epoch(person) == 1
    told = [one for one in person.network.troubles if isinstance(one, LostAccreditationError)]
    assert physician.account.address.lower() in told[0].message.lower()
    # The stranger never was accredited, and has lost nothing.
    assert set(_class_keys(stranger, person)) == {0, 1}
    assert set(_class_keys(physician, person)) == {0}


def test_a_bar_begins_an_epoch(person: Person, stranger: Reader, bundle: Bundle) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    person.bar(stranger.account.address)
    person.sync()
    assert _epoch(person) == 1


def test_fewer_classes_begin_an_epoch_of_those_that_are_gone(
    person: Person, stranger: Reader, bundle: Bundle
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS | PROBLEMS, uses=Use.TREAT)
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    person.sync()
    assert (_epoch(person, LABS), _epoch(person, PROBLEMS)) == (0, 1)


# Remaining


@pytest.mark.parametrize("point", ["event:key:1", "before:Committee.send:2"])
def test_new_keys_reach_all_who_remain_though_the_device_was_killed(
    world: World, person: Person, bundle: Bundle, cutting: Cutting, point: str, tmp_path: Path
) -> None:
    person.import_files([bundle()])
    readers = [world.cast(Reader, "professional", None) for _ in range(4)]
    for reader in readers:
        person.share(reader.grantee, classes=LABS, uses=Use.TREAT)
    leaving, *remaining = readers
    # As if it had been withdrawn on another device, or had run out: this one has yet to notice.
    persona = person.persona_for(leaving.grantee)
    world.network.relayer.send(acts.withdraw(world.network.suite, persona, leaving.grantee).call)
    folder = person.profile.folder
    cutting.off(world.devnet.folder, folder, "sync:", point)

    profile = Profile.open(folder, passphrase=PASSPHRASE)
    left: list[int] = []
    again = Person(world.network, profile)
    again.sync(progress=lambda step, count: left.append(count) if step == "key" else None)

    assert _epoch(again) == 1
    # What was left before the kill is not left again.
    assert sum(left) == 2
    again.import_files([bundle(name="later.json", start=20)])
    for number, reader in enumerate(remaining):
        assert _count(reader, again, tmp_path / str(number)) == 4
    profile.close()


def test_an_issuer_learns_of_the_new_epoch_from_the_card(
    person: Person,
    stranger: Reader,
    physician: Reader,
    laboratory: Issuer,
    bundle: Bundle,
    tmp_path: Path,
) -> None:
    path = bundle()
    persona = person.persona_for(grantee_of_account(laboratory.account.address))
    classes = laboratory.classes_of([path])
    before = person.card(persona, classes)
    for reader in (stranger, physician):
        person.share(reader.grantee, classes=LABS, uses=Use.TREAT)
    person.unshare(stranger.grantee)
    after = person.card(persona, classes).check()

    assert (before.opening(int(LABS)).epoch, after.opening(int(LABS)).epoch) == (0, 1)
    assert before.opening(int(LABS)).class_key != after.opening(int(LABS)).class_key
    laboratory.issue(after, [path])
    assert _count(physician, person, tmp_path) == 2
    person.sync()
    assert {note.epoch for _, note in person.records() if note.data_class == LABS} == {1}


# Published keys


def test_a_newer_published_key_is_sealed_to_at_the_next_sync(
    world: World, person: Person, stranger: Reader, bundle: Bundle, tmp_path: Path
) -> None:
    person.import_files([bundle()])
    former = PrivateKey.generate().public_key.to_bytes()
    participants = world.network.suite.participants
    world.network.sender(stranger.account).send(participants.publish_key(former))
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    stranger.receiving.publish()
    with pytest.raises(AcesoError) as none:
        _count(stranger, person, tmp_path)
    assert none.value.code == "E_NO_CLASS_KEY"
    person.sync()
    assert _count(stranger, person, tmp_path) == 2
    # The same again changes nothing.
    left: list[int] = []
    person.sync(progress=lambda step, count: left.append(count) if step == "key" else None)
    assert left == []


def test_nothing_is_released_to_a_revoked_key(
    world: World, person: Person, stranger: Reader, bundle: Bundle, tmp_path: Path
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    assert _count(stranger, person, tmp_path / "before") == 2
    participants = world.network.suite.participants
    revoked, _ = participants.key_of(stranger.account.address)
    stranger.receiving.revoke()
    with pytest.raises(RequestRefusedError) as refused:
        _count(stranger, person, tmp_path / "after")
    assert refused.value.code == "E_RECEIVING_KEY"
    # Nor is it ever published again.
    assert stranger.receiving.publish() is not None
    assert participants.key_of(stranger.account.address)[0] not in (revoked, bytes(32))


# Coalitions


def _shares(world: World, entry: ListEntry, *places: int) -> list[object]:
    """What the key files of these custodians open of an entry."""
    keys = [CustodianKeys.read(world.keepers[place].folder) for place in places]
    return [open_share(entry.capsule, one.address, one.private) for one in keys]


def _opened(world: World, entry: ListEntry, places: tuple[int, ...], keys: list[PrivateKey]) -> int:
    """With how many of these keys the custodians at these places open an entry."""
    count = 0
    for key in keys:
        try:
            join(entry.capsule, _shares(world, entry, *places), key)  # type: ignore[arg-type]
        except OpeningError:
            continue
        count += 1
    return count


def test_what_each_coalition_opens(
    world: World, person: Person, stranger: Reader, physician: Reader, bundle: Bundle
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    given = list(_class_keys(stranger, person).values())
    person.unshare(stranger.grantee)
    person.share(physician.grantee, classes=LABS | PROBLEMS, uses=Use.TREAT)
    person.import_files([bundle(name="later.json", start=20)])
    entries = {record_id: person.entry(record_id) for record_id, _ in person.records()}
    labs: dict[int, list[ListEntry]] = {0: [], 1: []}
    others: list[ListEntry] = []
    for record_id, note in person.records():
        if note.data_class == LABS:
            labs[note.epoch].append(entries[record_id])
        else:
            others.append(entries[record_id])
    assert (len(labs[0]), len(labs[1])) == (2, 2) and others
    custodians = [CustodianKeys.read(keeper.folder).private for keeper in world.keepers]
    everyone = (0, 1, 2)

    # m custodians, and all of them, alone: nothing.
    assert not any(_opened(world, one, everyone, custodians) for one in entries.values())
    # A grantee with m - 1 custodians: nothing, of their own time either.
    grantee = [stranger.receiving.current, *given]
    for place in everyone:
        assert not any(_opened(world, one, (place,), grantee) for one in entries.values())
    # m custodians with a grantee: what was given to that grantee, the stated limit, and no more.
    assert all(_opened(world, one, (0, 1), grantee) == 1 for one in labs[0])
    assert not any(_opened(world, one, everyone, grantee) for one in labs[1] + others)
    # Also with all that the custodians keep sealed for others.
    for left in physician.listing(
        person.persona_for(physician.grantee).address, data_class=LABS
    ).sealed_keys:
        for key in (*custodians, *grantee):
            binding = KeyBinding(
                chain_id=world.network.suite.chain_id,
                list_key=left.list_key,
                persona=left.persona,
                grantee=left.grantee,
                data_class=left.data_class,
                epoch=left.epoch,
            )
            with pytest.raises(OpeningError):
                open_class_key(left.sealed, key, binding=binding)
