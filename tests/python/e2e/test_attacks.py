"""Attacks that design by threshold has to stand, with everything that the attacker really has.

custodians without a grantee     all three key files and every entry: nothing opens
a former grantee                 with one custodian of the two that it takes, and its old keys
one class                        its key opens no other
a stranger's persona             claims a list: refused, and the list is as before
an old signature                 of a withdrawal or a grant, sent again
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aceso.chain import RefusedError, Terms, acts
from aceso.codes import DataClass, Reason, Use
from aceso.custody import CustodianKeys, DeniedError, RequestRefusedError
from aceso.flows import HOME, Person, Reader
from aceso.vault import (
    KeyBinding,
    ListEntry,
    Opening,
    OpeningError,
    PrivateKey,
    SignedOpening,
    VerifiedShare,
    join,
    open_class_key,
    open_share,
)

from .conftest import Bundle, World

LABS = DataClass.LABS


def _stolen_shares(world: World, entry: ListEntry, *places: int) -> list[VerifiedShare]:
    """The shares of an entry, opened with the key files of these custodians."""
    keys = [CustodianKeys.read(world.keepers[place].folder) for place in places]
    return [open_share(entry.capsule, one.address, one.private) for one in keys]


def _class_key(reader: Reader, person: Person, data_class: DataClass) -> PrivateKey:
    """The key that the person left for a grantee, as the grantee opens it."""
    persona = person.persona_for(reader.grantee).address
    (left,) = reader.listing(persona, data_class=data_class).sealed_keys
    return open_class_key(
        left.sealed,
        reader.receiving.current,
        binding=KeyBinding(
            chain_id=reader.network.suite.chain_id,
            list_key=left.list_key,
            persona=persona,
            grantee=reader.grantee,
            data_class=int(data_class),
            epoch=left.epoch,
        ),
    )


def _entries(person: Person, data_class: DataClass) -> list[ListEntry]:
    return [
        person.entry(record_id)
        for record_id, note in person.records()
        if note.data_class == data_class
    ]


def test_all_custodians_together_open_nothing(
    world: World, person: Person, bundle: Bundle, sensitive: dict[str, Any]
) -> None:
    """They have every share and every entry, and no class key."""
    person.import_files([bundle(sensitive)])
    keys = [CustodianKeys.read(keeper.folder).private for keeper in world.keepers]
    for record_id, _ in person.records():
        entry = person.entry(record_id)
        shares = _stolen_shares(world, entry, 0, 1, 2)
        assert len(shares) == 3
        for key in keys:
            with pytest.raises(OpeningError):
                join(entry.capsule, shares, key)


def test_the_same_shares_open_with_the_class_key(
    world: World, person: Person, stranger: Reader, bundle: Bundle
) -> None:
    """That the attack above fails is for want of the class key, and of nothing else."""
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    class_key = _class_key(stranger, person, LABS)
    for entry in _entries(person, LABS):
        opened = join(entry.capsule, _stolen_shares(world, entry, 0, 2), class_key)
        assert opened == person.key_of(entry)


def test_a_grantee_of_one_class_opens_no_other(
    world: World, person: Person, stranger: Reader, bundle: Bundle, image: dict[str, Any]
) -> None:
    """Not even with the shares of all custodians."""
    person.import_files([bundle(image)])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    class_key = _class_key(stranger, person, LABS)
    for data_class in (DataClass.IMAGING, DataClass.PROBLEMS, DataClass.UNCLASSIFIED):
        (entry,) = _entries(person, data_class)
        with pytest.raises(OpeningError):
            join(entry.capsule, _stolen_shares(world, entry, 0, 1, 2), class_key)


def test_a_former_grantee_with_one_custodian_opens_nothing(
    world: World, person: Person, stranger: Reader, bundle: Bundle
) -> None:
    """With the class key of its time and the entry, and one share less than it takes."""
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    persona = person.persona_for(stranger.grantee).address
    class_key = _class_key(stranger, person, LABS)
    entry = stranger.listing(persona, data_class=LABS).entries[0]
    person.unshare(stranger.grantee)
    for place in range(3):
        with pytest.raises(OpeningError):
            join(entry.capsule, _stolen_shares(world, entry, place), class_key)
    with pytest.raises(DeniedError) as refused:
        world.network.committee.open_key(
            entry,
            actor=stranger.account,
            subject=persona,
            grantee=stranger.grantee,
            use=Use.TREAT,
            data_class=LABS,
            receiving_key=stranger.receiving.current,
            reader_key=class_key,
        )
    assert refused.value.reason is Reason.WITHDRAWN


def test_the_old_key_opens_nothing_that_came_later(
    world: World, person: Person, stranger: Reader, bundle: Bundle
) -> None:
    """All custodians and a former grantee: the records of its time, the stated limit; no later."""
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    class_key = _class_key(stranger, person, LABS)
    person.unshare(stranger.grantee)
    earlier = {entry.record_id for entry in _entries(person, LABS)}
    person.import_files([bundle(name="later.json", start=20)])
    later = [entry for entry in _entries(person, LABS) if entry.record_id not in earlier]
    assert len(later) == 2
    for entry in later:
        with pytest.raises(OpeningError):
            join(entry.capsule, _stolen_shares(world, entry, 0, 1, 2), class_key)


def test_a_sealed_class_key_opens_for_nobody_else(
    person: Person, stranger: Reader, physician: Reader, bundle: Bundle
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    persona = person.persona_for(stranger.grantee).address
    (left,) = stranger.listing(persona, data_class=LABS).sealed_keys
    with pytest.raises(OpeningError):
        open_class_key(
            left.sealed,
            physician.receiving.current,
            binding=KeyBinding(
                chain_id=person.network.suite.chain_id,
                list_key=left.list_key,
                persona=persona,
                grantee=physician.grantee,
                data_class=int(LABS),
                epoch=left.epoch,
            ),
        )


def test_a_strangers_persona_cannot_claim_a_list(
    world: World, person: Person, bundle: Bundle
) -> None:
    """The attacker has a vault of their own, and signs what it can: as persona, not as list."""
    person.import_files([bundle()])
    attacker = Person(world.network, world.profile("person"))
    theirs = person.opening(person.persona(HOME), LABS).opening
    suite = world.network.suite
    persona = attacker.persona(HOME)
    claimed = Opening(
        persona=persona.address,
        list_key=theirs.list_key,
        data_class=theirs.data_class,
        epoch=theirs.epoch,
        class_key=theirs.class_key,
        owner_key=theirs.owner_key,
        custodians=theirs.custodians,
        threshold=theirs.threshold,
        registry=theirs.registry,
        log_key=theirs.log_key,
    )
    digest = claimed.digest(suite.chain_id)
    signers = (persona, attacker.keys.list_key(int(LABS), 0))
    mine, of_another_list = (bytes(one.unsafe_sign_hash(digest).signature) for one in signers)
    with pytest.raises(RequestRefusedError):
        world.network.committee.open_list(SignedOpening(claimed, mine, of_another_list))
    # Nor with the list's own signature, which was for another persona.
    given = person.opening(person.persona(HOME), LABS).list_signature
    with pytest.raises(RequestRefusedError):
        world.network.committee.open_list(SignedOpening(claimed, mine, given))
    listing = world.network.committee.listing(
        actor=persona,
        subject=persona.address,
        grantee=bytes(12) + bytes.fromhex(persona.address[2:]),
        use=Use.PATRQT,
        data_class=LABS,
    )
    assert (listing.entries, listing.openings) == ((), ())


def test_nobody_asks_in_anothers_name(
    world: World, person: Person, stranger: Reader, physician: Reader, bundle: Bundle
) -> None:
    """A grant to the physician is of no use to somebody who names the physician as grantee."""
    person.import_files([bundle()])
    person.share(physician.grantee, classes=LABS, uses=Use.TREAT)
    with pytest.raises(DeniedError) as refused:
        world.network.committee.listing(
            actor=stranger.account,
            subject=person.persona_for(physician.grantee).address,
            grantee=physician.grantee,
            use=Use.TREAT,
            data_class=LABS,
        )
    assert refused.value.reason is Reason.NOT_GRANTEE


def test_a_held_grant_does_not_undo_a_withdrawal(
    world: World, person: Person, stranger: Reader, bundle: Bundle
) -> None:
    """The relayer keeps a signed renewal back, and sends it after the person has withdrawn."""
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    suite, now = world.network.suite, world.network.suite.now()
    persona = person.persona_for(stranger.grantee)
    terms = Terms(
        grantee=stranger.grantee,
        classes=LABS,
        uses=Use.TREAT,
        conditions=0,
        disease=0,
        valid_from=now,
        valid_until=now + 3600,
        notice=bytes(32),
    )
    held = acts.grant(suite, persona, terms)
    person.unshare(stranger.grantee)
    with pytest.raises(RefusedError):
        world.network.relayer.send(held)
    assert person.who_can_see() == []


def test_a_withdrawal_is_of_no_use_twice(
    world: World, person: Person, stranger: Reader, bundle: Bundle, tmp_path: Path
) -> None:
    """The relayer can't end a consent that is given later with a withdrawal of before."""
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    persona = person.persona_for(stranger.grantee)
    old = acts.withdraw(world.network.suite, persona, stranger.grantee)
    world.network.relayer.send(old.call)
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    with pytest.raises(RefusedError):
        world.network.relayer.send(old.call)
    opened = stranger.open_all(persona.address, classes=LABS, folder=tmp_path)
    assert len(opened) == 2
