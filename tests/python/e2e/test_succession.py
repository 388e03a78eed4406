"""A child comes of age: a new seed takes over, and the old one opens nothing at the custodians.

everything   every record opens under the new seed; what was issued still proves itself
old seed     its capsules are gone, its consents withdrawn, its guardians ended
later        what comes later is sealed to keys that the old seed never had
again        done twice, nothing more happens; with the same seed it is refused
cut off      at any step, doing it again brings the rest, and nothing is lost or made twice
away         a custodian that was away is named, with its old capsules and its part of the sealed
             seed and of the will, and deletes them when it is done again
followed     the new seed finds the consents, records and orders of the personas it came after
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from eth_account import Account

from aceso.chain import GuardianPower, Request, grantee_of_account
from aceso.codes import CLINICAL, DataClass, Reason, Use
from aceso.errors import InputError
from aceso.flows import (
    HOME,
    RESEARCH,
    Guarded,
    Guardian,
    HandedOver,
    Issuer,
    Person,
    Reader,
    Seller,
    consents_ever,
    earlier_personas,
    evidence_of,
    hand_over,
    orders_ever,
    verify,
)
from aceso.flows.sealed_seed import move_seed
from aceso.vault import OpeningError, open_as_owner

from .conftest import Bundle, Keeper, World, observation

LABS = DataClass.LABS
_WILL_OF = b"will of "


@pytest.fixture
def new(world: World) -> Person:
    return Person(world.network, world.profile("person"))


@pytest.fixture
def guardian(world: World, person: Person) -> Guardian:
    made = Guardian(world.network, Account.create())
    guarded = Guarded(person)
    now = world.network.suite.now()
    guarded.name(
        made.account.address,
        powers=GuardianPower.SHARE | GuardianPower.STOP,
        majority=now + 400 * 86_400,
    )
    made.accept(guarded.persona.address)
    return made


@pytest.fixture
def handed(
    person: Person,
    new: Person,
    guardian: Guardian,
    hospital: Issuer,
    stranger: Reader,
    bundle: Bundle,
    tmp_path: Path,
) -> tuple[HandedOver, dict[bytes, bytes]]:
    """A vault with own and issued records that somebody may read, handed over; and what was in
    it."""
    person.import_files([bundle()])
    known = grantee_of_account(hospital.account.address)
    card = person.card(person.persona_for(known), CLINICAL)
    hospital.issue(card, [bundle(observation(50, "718-7", "2025-01-02", 11.5), name="new.json")])
    person.sync()
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    contents = {}
    for record_id in person.manifest.records:
        path = tmp_path / record_id.hex()
        person.open_record(record_id, path)
        contents[record_id] = path.read_bytes()
    return hand_over(person, new), contents


def test_everything_opens_under_the_new_seed(
    world: World,
    new: Person,
    hospital: Issuer,
    handed: tuple[HandedOver, dict[bytes, bytes]],
    tmp_path: Path,
) -> None:
    done, contents = handed
    assert done.records == len(contents) > 5
    again = Person(world.network, world.profile("person", new.profile.seed))
    assert again.restore() == len(contents)
    issued = 0
    for record_id, wanted in contents.items():
        path = tmp_path / "again" / record_id.hex()
        envelope = again.open_record(record_id, path)
        assert path.read_bytes() == wanted
        entry = again.entry(record_id)
        if entry.issuer == hospital.account.address:
            evidence = evidence_of(entry, envelope, again.key_of(entry).dek)
            assert verify(world.network, path, evidence).genuine
            issued += 1
    assert issued


def test_the_old_seed_opens_nothing_any_more(
    world: World,
    person: Person,
    new: Person,
    guardian: Guardian,
    stranger: Reader,
    handed: tuple[HandedOver, dict[bytes, bytes]],
) -> None:
    done, contents = handed
    suite = world.network.suite
    assert done.deleted == len(contents)
    again = Person(world.network, world.profile("person", person.profile.seed))
    assert again.restore() == 0
    persona = person.persona_for(stranger.grantee).address
    question = Request(persona, stranger.account.address, stranger.grantee, Use.TREAT, LABS)
    assert suite.decide(question).reason is Reason.WITHDRAWN
    guarded = Guarded(person).persona.address
    assert suite.guardianship.person(guarded).successor == Guarded(new).persona.address
    assert not suite.guardianship.is_guardian(guarded, guardian.account.address, GuardianPower.STOP)


def test_what_comes_later_is_of_the_new_seed(
    person: Person, new: Person, handed: tuple[HandedOver, dict[bytes, bytes]], bundle: Bundle
) -> None:
    new.import_files([bundle(name="later.json", start=70)])
    later = [one for one in new.manifest.records if one not in handed[1]]
    assert later
    for record_id in later:
        with pytest.raises(OpeningError):
            open_as_owner(new.entry(record_id).capsule, person.keys.owner_key())
    assert new.persona(HOME).address != person.persona(HOME).address


def test_done_again_it_does_nothing_more(
    person: Person, new: Person, handed: tuple[HandedOver, dict[bytes, bytes]]
) -> None:
    again = hand_over(person, new)

    assert (again.records, again.deleted, again.succeeded) == (len(handed[1]), 0, ())


def test_cut_off_at_any_step_it_goes_on(
    world: World, person: Person, new: Person, stranger: Reader, bundle: Bundle, tmp_path: Path
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    kept = set(person.manifest.records)
    seen: list[str] = []

    def cut(wanted: str, after: int) -> Callable[[str, int], None]:
        def tell(step: str, count: int) -> None:
            seen.append(step)
            if seen.count(wanted) == after:
                raise KeyboardInterrupt

        return tell

    for step in ("kept", "posted", "deleted", "succeeded"):
        seen.clear()
        before, after = (Person(world.network, one.profile) for one in (person, new))
        with pytest.raises(KeyboardInterrupt):
            hand_over(before, after, progress=cut(step, 1 if step == "succeeded" else 2))

    before, after = (Person(world.network, one.profile) for one in (person, new))
    done = hand_over(before, after)

    assert done.records == len(kept)
    again = Person(world.network, world.profile("person", new.profile.seed))
    assert again.restore() == len(kept)
    for record_id in kept:
        again.open_record(record_id, tmp_path / record_id.hex())
    old = Person(world.network, world.profile("person", person.profile.seed))
    assert old.restore() == 0
    assert not before.consents()
    assert set(earlier_personas(after)) >= {
        person.persona(HOME).address,
        person.persona_for(stranger.grantee).address,
    }


def test_a_custodian_that_was_away_is_named_and_deletes_it_later(
    world: World, person: Person, new: Person, bundle: Bundle
) -> None:
    person.import_files([bundle()])
    guarded = Guarded(person)
    guarded.prepare([Account.create().address for _ in range(2)], threshold=2)
    person.write_will()
    away = world.keepers[2]

    with world.down(away):
        done = hand_over(person, new)
        assert (done.deleted, done.waiting) == (done.records, (away.address,))
    left = _kept_by(away) & _of(person)
    known = bytes.fromhex(guarded.persona.address[2:])
    assert len(left) > 2 and {known, _WILL_OF + known} < left
    again = hand_over(person, new)

    assert again.waiting == ()
    assert not any(_kept_by(keeper) & _of(person) for keeper in world.keepers)
    # Nor does a move of the old vault leave its seed anew.
    move_seed(person)
    assert not any(_kept_by(keeper) & _of(person) for keeper in world.keepers)


def _of(person: Person) -> set[bytes]:
    """The keys under which a custodian has something of a vault."""
    lists = {bytes.fromhex(one[2:]) for one in person.manifest.lists}
    personas = {bytes.fromhex(one[2:]) for one in person.personas()}
    return lists | personas | {_WILL_OF + one for one in personas}


def _kept_by(keeper: Keeper) -> set[bytes]:
    """The lists that a custodian has entries of, and the personas whose sealed seed or will it
    has."""
    with closing(sqlite3.connect(f"file:{keeper.folder}/custodian.sqlite?mode=ro", uri=True)) as at:
        lists = at.execute("SELECT list_key FROM entries").fetchall()
        seeds = at.execute("SELECT persona FROM recoveries WHERE deposit != x''").fetchall()
        wills = at.execute("SELECT persona FROM wills WHERE deposit != x''").fetchall()
    return {bytes(one) for (one,) in [*lists, *seeds]} | {_WILL_OF + bytes(one) for (one,) in wills}


def test_the_new_seed_finds_what_the_old_one_did(
    person: Person, new: Person, stranger: Reader, bundle: Bundle
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    granted = person.persona_for(stranger.grantee).address
    Seller(person).offer(classes=LABS, use=Use.GRU, price=10**18, seconds=86_400)
    hand_over(person, new)

    earlier = earlier_personas(new)
    assert earlier[person.persona(HOME).address] == new.persona(HOME).address
    assert earlier[person.persona(RESEARCH).address] == new.persona(RESEARCH).address
    assert earlier[granted] == new.persona_for(stranger.grantee).address
    assert granted in {row.subject for row in consents_ever(new, live=False)}
    assert consents_ever(new) == []
    assert orders_ever(new) == []
    # Nobody else's is followed.
    assert not set(earlier) & set(new.personas())


def test_the_same_seed_is_refused(world: World, person: Person) -> None:
    twin = Person(world.network, world.profile("person", person.profile.seed))

    with pytest.raises(InputError) as refused:
        hand_over(person, twin)
    assert refused.value.code == "E_SAME_SEED"
