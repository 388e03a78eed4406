"""What somebody puts on a list, or leaves there, that is not what it should be.

junk         neither the person nor a reader is stopped by an entry that does not open
forgotten    a record that was deleted is not taken again, and what comes after it is
deliver      a delivery that was cut off goes on; a body that is gone is left out; no such order
rotated      a reader who changed their key opens what was shared again
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from aceso.chain.market import Market
from aceso.codes import DataClass, Use
from aceso.flows import Issuer, NothingToOpenError, Person, Reader, Researcher, Seller
from aceso.vault import (
    Body,
    CapsuleContext,
    ListEntry,
    OpeningError,
    PrivateKey,
    RecordKey,
    make_capsule,
)

from .conftest import Bundle, World

LABS = DataClass.LABS
_DAY = 24 * 60 * 60


def _post_junk(world: World, person: Person, issuer: Issuer, reader: Reader) -> bytes:
    """What any holder of a card can post: an entry sealed to nobody's keys."""
    card = person.card(person.persona_for(reader.grantee), LABS)
    opening = card.opening(int(LABS))
    nobody = PrivateKey.generate().public_key
    context = CapsuleContext(
        chain_id=card.chain_id,
        record_id=os.urandom(32),
        data_class=int(LABS),
        epoch=opening.epoch,
        list_key=opening.list_key,
    )
    capsule = make_capsule(
        context,
        RecordKey(os.urandom(32), Body(os.urandom(32), 4124, 100)),
        custodians=card.committee(opening),
        threshold=opening.threshold,
        reader_key=nobody,
        owner_key=nobody,
    )
    entry = ListEntry(
        cid=world.network.ipfs.add(b"junk"),
        capsule=capsule,
        issuer=issuer.account.address,
        root=os.urandom(32),
        envelope=b"junk",
    )
    world.network.committee.post(
        entry,
        list_key=opening.list_key,
        signer=issuer.account,
        issuer=issuer.account.address,
    )
    return entry.record_id


# Junk


def test_junk_stops_neither_the_person_nor_the_reader(
    world: World,
    person: Person,
    physician: Reader,
    laboratory: Issuer,
    bundle: Bundle,
    tmp_path: Path,
) -> None:
    person.import_files([bundle()])
    person.share(physician.grantee, classes=LABS, uses=Use.TREAT)
    junk = _post_junk(world, person, laboratory, physician)
    persona = person.persona_for(physician.grantee).address
    opened = physician.open_all(persona, classes=LABS, folder=tmp_path / "chart")
    assert len(opened) == 2
    assert [one.entry.record_id for one in physician.unopened] == [junk]
    assert (person.sync(), person.rejected) == (0, 1)
    assert junk not in dict(person.records())
    assert person.import_files([bundle(name="later.json", start=40)]).added > 0
    fresh = Person(world.network, world.profile("person", person.profile.seed))
    assert fresh.restore() == len(person.records())


def test_junk_that_a_device_learnt_once_does_not_stop_it(
    world: World, person: Person, physician: Reader, laboratory: Issuer, bundle: Bundle
) -> None:
    junk = _post_junk(world, person, laboratory, physician)
    persona = person.persona_for(physician.grantee)
    (entry,) = world.network.committee.listing(
        actor=persona,
        subject=persona.address,
        grantee=bytes(12) + bytes.fromhex(persona.address[2:]),
        use=Use.PATRQT,
        data_class=LABS,
    ).entries
    person.profile.store.learn(entry, person.keys.list_key(int(LABS), 0).address)
    assert person.import_files([bundle()]).added == len(person.records())
    assert junk not in dict(person.records())


def test_only_junk_is_an_error(
    world: World, person: Person, physician: Reader, laboratory: Issuer, tmp_path: Path
) -> None:
    person.share(physician.grantee, classes=LABS, uses=Use.TREAT)
    _post_junk(world, person, laboratory, physician)
    persona = person.persona_for(physician.grantee).address
    with pytest.raises(OpeningError):
        physician.open_all(persona, classes=LABS, folder=tmp_path)


# Forgotten


def test_what_was_forgotten_is_not_sealed_again_and_the_rest_is(
    person: Person, bundle: Bundle
) -> None:
    path = bundle()
    person.import_files([path])
    record_id = next(one for one, note in person.records() if note.data_class == LABS)
    person.forget(record_id)
    again = person.import_files([path])
    assert (again.added, again.refused, again.receipts) == (0, (), ())
    (report,) = again.files
    told = [one for one in report.outcomes if one.code == "forgotten"]
    assert [(one.kind.value, one.place) for one in told] == [("skipped", "/entry/1/resource")]
    assert report.counts["skipped"] == 1
    assert record_id not in dict(person.records())
    assert person.profile.store.entry(record_id) is None
    assert person.import_files([bundle(name="later.json", start=40)]).added > 0


def test_what_was_forgotten_elsewhere_is_refused_by_the_custodians(
    person: Person, bundle: Bundle
) -> None:
    path = bundle()
    person.import_files([path])
    record_id = next(one for one, note in person.records() if note.data_class == LABS)
    person.forget(record_id)
    # As a device that has not heard of it.
    person.manifest.forgotten.clear()
    again = person.import_files([path])
    assert again.added == 0
    assert [(one.record_id, one.error.code) for one in again.refused] == [(record_id, "E_DELETED")]
    assert record_id not in dict(person.records())
    assert person.profile.store.entry(record_id) is None


def test_a_custodian_that_lists_what_was_forgotten_is_not_heard(
    person: Person, bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.import_files([bundle()])
    record_id = next(one for one, note in person.records() if note.data_class == LABS)
    entry = person.entry(record_id)
    person.forget(record_id)
    listing = person.network.committee.listing

    def with_the_old(**asked: object) -> object:
        found = listing(**asked)
        if asked["data_class"] != LABS:
            return found
        return replace(found, entries=(*found.entries, entry))

    monkeypatch.setattr(person.network.committee, "listing", with_the_old)
    assert person.sync() == 0
    assert record_id not in dict(person.records())
    assert person.profile.store.entry(record_id) is None


# Deliver


@pytest.fixture
def order(world: World, person: Person, researcher: Researcher, bundle: Bundle) -> int:
    person.import_files([bundle()])
    number, _ = Seller(person).offer(classes=LABS, use=Use.HMB, price=10**18, seconds=30 * _DAY)
    researcher.buy_coin(wei=10**15)
    world.confirm()
    bought = researcher.buy(number)
    world.confirm()
    return bought.order


def test_a_delivery_that_was_cut_off_goes_on(
    person: Person,
    researcher: Researcher,
    order: int,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(Market, "deliver", cut)
        with pytest.raises(KeyboardInterrupt):
            Seller(person).deliver(order)
    delivered = Seller(person).deliver(order)
    assert (delivered.count, len(delivered.receipts)) == (2, 1)
    researcher.open(order, tmp_path / "extract.json")


def test_a_record_that_does_not_open_is_left_out(
    person: Person, order: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = next(one for one, note in person.records() if note.data_class == LABS)
    key_of = Person.key_of

    def key(self: Person, entry: ListEntry) -> RecordKey:
        if entry.record_id == broken:
            raise OpeningError("It does not open.")
        return key_of(self, entry)

    monkeypatch.setattr(Person, "key_of", key)
    delivered = Seller(person).deliver(order)
    assert (delivered.count, delivered.left_out) == (1, (broken,))


def test_an_order_that_nobody_made_is_not_delivered(person: Person) -> None:
    with pytest.raises(NothingToOpenError) as told:
        Seller(person).deliver(10**6)
    assert told.value.code == "E_NO_ORDER"


# Rotated


def test_a_reader_with_a_new_key_opens_what_was_shared_again(
    world: World, person: Person, physician: Reader, bundle: Bundle, tmp_path: Path
) -> None:
    person.import_files([bundle()])
    before = PrivateKey.generate().public_key.to_bytes()
    call = world.network.suite.participants.publish_key(before)
    world.network.sender(physician.account).send(call)
    person.share(physician.grantee, classes=LABS, uses=Use.TREAT)
    physician.receiving.publish()
    person.share(physician.grantee, classes=LABS, uses=Use.TREAT)
    world.confirm()
    persona = person.persona_for(physician.grantee).address
    assert len(physician.open_all(persona, classes=LABS, folder=tmp_path)) == 2
