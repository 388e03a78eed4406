"""Withdrawal goes through whatever else fails, and two devices of one person lose nothing.

withdrawing  with every custodian stopped, the chain has it; so with a custodian that has no key
unknown      nobody is withdrawn from who was never let in
renewal      one grantee without a key keeps back neither the new keys nor the others
bar          only personas with a consent in force say so
devices      what each of two devices did is there after both have saved
forgotten    what one device deleted the other does not bring back; a cut is finished
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from eth_account import Account

from aceso.codes import CLINICAL, DataClass, Use
from aceso.flows import NothingToOpenError, Person, Reader
from aceso.flows.errors import CustodianKeyError
from aceso.vault import CommitteeNote, Manifest

from .conftest import Bundle, World

LABS = DataClass.LABS


@pytest.fixture
def forgetful(world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Have the chain say that an account revoked its key."""
    participants = type(world.network.suite.participants)
    key_of = participants.key_of

    def revoke(account: str) -> None:
        def without(self: object, asked: str, **more: object) -> tuple[bytes, int]:
            return (bytes(32), 0) if asked == account else key_of(self, asked, **more)

        monkeypatch.setattr(participants, "key_of", without)
        world.network.__dict__.pop("sealing_cards", None)

    yield revoke
    world.network.__dict__.pop("sealing_cards", None)


def _epoch(person: Person) -> int:
    return person.manifest.epochs.get(int(LABS), 0)


def _count(reader: Reader, person: Person, folder: Path) -> int:
    persona = person.persona_for(reader.grantee).address
    return len(reader.open_all(persona, classes=LABS, folder=folder))


def test_with_every_custodian_stopped_the_chain_has_the_withdrawal(
    world: World, person: Person, stranger: Reader, bundle: Bundle
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    before = person.manifest.version
    with world.down(*world.keepers):
        assert person.unshare(stranger.grantee).block_number
        assert person.consents() == []
    assert person.network.troubles
    # The new key is known on the device; the saved index follows as soon as it can.
    assert (_epoch(person), person.manifest.version) == (1, before)
    again = Person(world.network, person.profile)
    assert _epoch(again) == 1
    again.sync()
    assert again.manifest.version == before + 1


def test_a_custodian_that_revoked_its_key_keeps_back_no_withdrawal(
    world: World,
    person: Person,
    stranger: Reader,
    bundle: Bundle,
    forgetful: Callable[[str], None],
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    forgetful(world.keepers[0].address)
    with world.elsewhere() as network:
        later = Person(network, person.profile)
        later.unshare(stranger.grantee)
        assert later.consents() == []
        # And nothing is sealed to a key that the chain does not know.
        with pytest.raises(CustodianKeyError):
            later.import_files([bundle(name="later.json", start=20)])


def test_everything_is_withdrawn_with_every_custodian_stopped(
    world: World, person: Person, stranger: Reader, physician: Reader
) -> None:
    for reader in (stranger, physician):
        person.share(reader.grantee, classes=LABS, uses=Use.TREAT)
    with world.down(*world.keepers):
        assert len(person.unshare_everything()) == 2
    assert person.consents() == []


def test_somebody_unknown_cannot_be_withdrawn_from(person: Person, stranger: Reader) -> None:
    with pytest.raises(NothingToOpenError) as refused:
        person.unshare(stranger.grantee)
    assert refused.value.code == "E_NOT_SHARED"


def test_a_withdrawal_is_sent_again_though_nothing_is_in_force(
    person: Person, stranger: Reader
) -> None:
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    person.unshare(stranger.grantee)
    assert person.unshare(stranger.grantee).block_number


def test_a_grantee_without_a_key_gets_the_new_class_key_later(
    world: World,
    person: Person,
    stranger: Reader,
    physician: Reader,
    bundle: Bundle,
    tmp_path: Path,
) -> None:
    leaving = world.cast(Reader, "professional", None)
    person.import_files([bundle()])
    for reader in (leaving, stranger, physician):
        person.share(reader.grantee, classes=LABS, uses=Use.TREAT)
    stranger.receiving.revoke()
    person.unshare(leaving.grantee)
    assert _epoch(person) == 1
    person.import_files([bundle(name="later.json", start=20)])
    assert _count(physician, person, tmp_path / "physician") == 4
    stranger.receiving.publish()
    again = Person(world.network, person.profile)
    again.sync()
    assert _count(stranger, again, tmp_path / "stranger") == 4


def test_a_bar_speaks_only_for_personas_with_a_consent_in_force(
    person: Person, stranger: Reader, physician: Reader, bundle: Bundle
) -> None:
    person.import_files([bundle()])
    for reader in (stranger, physician):
        person.share(reader.grantee, classes=LABS, uses=Use.TREAT)
    person.unshare(physician.grantee)
    assert len(person.bar(stranger.account.address)) == 1


def test_two_devices_lose_nothing_of_each_other(
    world: World, person: Person, stranger: Reader, physician: Reader, bundle: Bundle
) -> None:
    person.import_files([bundle()])
    other = Person(world.network, world.profile("person", person.profile.seed))
    other.restore()
    other.share(stranger.grantee, classes=CLINICAL, uses=Use.TREAT)
    other.import_files([bundle(name="other.json", start=20)])
    # This device has not heard of it, and saves.
    person.share(physician.grantee, classes=LABS, uses=Use.TREAT)
    for device in (person, Person(world.network, other.profile)):
        assert set(device.manifest.relationships) == {stranger.grantee, physician.grantee}
        assert set(other.manifest.records) <= set(device.manifest.records)
    # It reads what the other imported, too.
    person.sync()
    assert {stored.entry.record_id for stored in person.profile.store.entries()} >= set(
        other.manifest.records
    )
    assert len(person.who_can_see()) == 2


def test_what_one_device_forgot_the_other_does_not_bring_back(
    world: World, person: Person, stranger: Reader, bundle: Bundle
) -> None:
    person.import_files([bundle()])
    other = Person(world.network, world.profile("person", person.profile.seed))
    other.restore()
    record_id = next(one for one, note in person.records() if note.data_class == LABS)
    cid = person.entry(record_id).cid
    person.forget(record_id)
    # The other device still has it, has not heard of it, and saves.
    assert record_id in other.manifest.records
    other.share(stranger.grantee, classes=CLINICAL, uses=Use.TREAT)
    for device in (other, Person(world.network, person.profile)):
        device.sync()
        assert record_id not in device.manifest.records
        assert device.profile.store.entry(record_id) is None
    assert not world.network.ipfs.is_pinned(cid)
    fresh = Person(world.network, world.profile("person", person.profile.seed))
    assert fresh.restore() == len(person.records())
    assert record_id in fresh.manifest.forgotten


def test_a_deletion_that_was_cut_off_is_finished(
    world: World, person: Person, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.import_files([bundle()])
    record_id = next(one for one, note in person.records() if note.data_class == LABS)

    def cut(_: bytes) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(person.profile.store, "delete", cut)
        with pytest.raises(KeyboardInterrupt):
            person.forget(record_id)
    again = Person(world.network, person.profile)
    again.sync()
    assert record_id not in dict(again.records())
    assert again.profile.store.entry(record_id) is None


def test_a_list_is_noted_though_the_device_stopped_when_it_was_opened(
    world: World, person: Person
) -> None:
    persona = person.persona(0)
    person.opening(persona, LABS)
    again = Person(world.network, person.profile)
    assert again.manifest.lists == {}
    again.card(persona, LABS)
    assert len(Person(world.network, person.profile).manifest.lists) == 1


def test_merging_takes_both_and_prefers_the_newer() -> None:
    one, two, three = (Account.create().address for _ in range(3))
    first, second = (CommitteeNote((name,), ("http://x",), 1) for name in (one, two))
    old = Manifest(
        version=4,
        relationships={b"a": 2, b"b": 3},
        epochs={1: 2, 2: 0},
        lists={one: 0, two: 1},
        committees=[first, second],
    )
    new = Manifest(
        version=6,
        relationships={b"a": 5},
        epochs={1: 1, 3: 1},
        lists={three: 0},
        committees=[second],
    )
    merged = old.merged(new)
    assert merged.version == 6
    assert merged.relationships == {b"a": 5, b"b": 3}
    assert merged.epochs == {1: 2, 2: 0, 3: 1}
    assert {key: merged.committees[place] for key, place in merged.lists.items()} == {
        one: first,
        two: second,
        three: second,
    }
