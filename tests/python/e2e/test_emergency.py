"""An emergency: who opens what, with the card and with an open glass, and never without either.

opened      a paramedic with the card and an open glass opens what the person chose, and no more
            what comes later, and what was sealed anew after a withdrawal, opens with the same card
refused     before, after, closed, stopped by the person or by a guardian; without accreditation
card        without the card nothing opens, also not with another person's; alone it opens nothing
seen        the person sees who and why in the notices, and each release in the receipts
replaced    a lost card opens nothing any more, the new one does
copy        a named institution opens its sealed copy, and nobody else does; another device of the
            person knows who has one, and a new card is for them as well
review      two of other institutions decide, and the bond goes where they say
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from eth_account import Account

from aceso.chain import (
    EmergencyOutcome,
    RefusedError,
    Sender,
    guardian_acts,
)
from aceso.codes import DataClass, Emergency, Reason, Role, Use
from aceso.custody import DeniedError
from aceso.flows import (
    EmergencyProfile,
    Gateway,
    NothingToOpenError,
    Person,
    Rescuer,
    Reviewer,
    check_logs,
    emergency_group,
    stop_as_guardian,
)
from aceso.vault import EmergencyCard, OpeningError, PrivateKey

from .conftest import Bundle, World, resource

PROBLEMS, LABS = DataClass.PROBLEMS, DataClass.LABS
HOUR = 3600
FOREVER = 2**40 - 1
Admit = Callable[[Rescuer | Reviewer], int]


@pytest.fixture
def admit(world: World) -> Admit:
    """An institution of its own, which this account belongs to from now on; gives its number."""

    def to_one(member: Rescuer | Reviewer) -> int:
        _, gateway = world.institution()
        suite = world.network.suite
        call = suite.participants.set_member(gateway.number, member.account.address, FOREVER)
        world.network.sender(gateway.account).send(call)
        world.confirm()
        return gateway.number

    return to_one


@pytest.fixture
def paramedic(world: World) -> Rescuer:
    made = world.cast(Rescuer, "professional", Role.EMERGENCY_CLINICIAN)
    world.network.sender(made.account).send(world.network.suite.sale.buy(10**18))
    return made


@pytest.fixture
def place(paramedic: Rescuer, admit: Admit) -> int:
    return admit(paramedic)


@pytest.fixture
def prepared(person: Person, bundle: Bundle) -> EmergencyProfile:
    """A person with labs and a problem, who chose the problem for emergencies."""
    person.import_files([bundle()])
    profile = EmergencyProfile(person)
    profile.prepare(PROBLEMS)
    return profile


@pytest.fixture
def card(prepared: EmergencyProfile) -> EmergencyCard:
    """As the paramedic scans it."""
    return EmergencyCard.from_text(prepared.card().to_text())


def classes(rescuer: Rescuer, card: EmergencyCard, folder: Path) -> list[int]:
    return [one.envelope.data_class for one in rescuer.read(card, classes=PROBLEMS, folder=folder)]


def denial(
    rescuer: Rescuer, card: EmergencyCard, folder: Path, wanted: DataClass = PROBLEMS
) -> Reason:
    with pytest.raises(DeniedError) as refused:
        rescuer.read(card, classes=wanted, folder=folder)
    return refused.value.reason


def test_the_card_and_an_open_glass_open_what_was_chosen(
    world: World,
    paramedic: Rescuer,
    place: int,
    card: EmergencyCard,
    prepared: EmergencyProfile,
    tmp_path: Path,
) -> None:
    assert denial(paramedic, card, tmp_path) == Reason.NOT_MEMBER

    paramedic.open(card, institution=place, reason=Emergency.UNCONSCIOUS)

    (opened,) = paramedic.read(card, classes=PROBLEMS, folder=tmp_path)
    assert b"asthma" in opened.path.read_bytes()
    assert denial(paramedic, card, tmp_path, LABS) == Reason.CLASS
    (notice,) = prepared.openings()
    assert notice.is_open
    assert (notice.opening.clinician, notice.opening.institution) == (
        paramedic.account.address,
        place,
    )
    assert notice.opening.reason == Emergency.UNCONSCIOUS
    assert notice.valid_until - notice.opened_at == 4 * HOUR


def test_the_person_sees_each_release(
    paramedic: Rescuer,
    place: int,
    card: EmergencyCard,
    prepared: EmergencyProfile,
    person: Person,
    tmp_path: Path,
) -> None:
    paramedic.open(card, institution=place, reason=Emergency.UNCONSCIOUS)
    (opened,) = paramedic.read(card, classes=PROBLEMS, folder=tmp_path)

    seen = [one for one in check_logs(person).accesses if one.actor == paramedic.account.address]

    assert {one.act for one in seen} == {"list", "release"}
    assert {one.use for one in seen} == {Use.ETREAT}
    assert {one.record_id for one in seen if one.act == "release"} == {opened.entry.record_id}


def test_it_ends_by_itself(
    world: World, paramedic: Rescuer, place: int, card: EmergencyCard, tmp_path: Path
) -> None:
    paramedic.open(card, institution=place, reason=Emergency.CANNOT_SPEAK, seconds=HOUR)
    assert classes(paramedic, card, tmp_path) == [int(PROBLEMS)]

    world.devnet.chain.advance_time(HOUR)
    world.confirm()

    assert denial(paramedic, card, tmp_path) == Reason.NOT_MEMBER


@pytest.mark.parametrize("by", ["person", "guardian", "clinician", "authority", "withdrawal"])
def test_it_is_stopped(
    world: World,
    paramedic: Rescuer,
    place: int,
    card: EmergencyCard,
    prepared: EmergencyProfile,
    person: Person,
    tmp_path: Path,
    by: str,
) -> None:
    paramedic.open(card, institution=place, reason=Emergency.DANGER_TO_LIFE)
    assert classes(paramedic, card, tmp_path) == [int(PROBLEMS)]
    clinician = paramedic.account.address

    if by == "person":
        prepared.stop(clinician)
    elif by == "guardian":
        guardian = Account.create()
        suite, persona = world.network.suite, prepared.persona
        assert persona is not None
        prepared.let_stop(guardian.address)
        with pytest.raises(RefusedError):
            stop_as_guardian(world.network, guardian, subject=card.persona, clinician=clinician)
        relayer: Sender = world.network.relayer
        relayer.send(guardian_acts.accept(suite, guardian, persona.address).call)
        stop_as_guardian(world.network, guardian, subject=persona.address, clinician=clinician)
    elif by == "clinician":
        paramedic.close(card.persona)
    elif by == "authority":
        world.authority.unaccredit(clinician, Role.EMERGENCY_CLINICIAN)
    else:
        person.unshare(emergency_group(world.network))

    # The newest block refuses; nobody waits for the confirmed one.
    reason = Reason.WITHDRAWN if by == "withdrawal" else Reason.NOT_MEMBER
    assert denial(paramedic, card, tmp_path) == reason
    if by in ("person", "guardian"):
        with pytest.raises(RefusedError) as refused:
            paramedic.open(card, institution=place, reason=Emergency.DANGER_TO_LIFE)
        assert refused.value.error == "EmergencyWasStopped"


def test_with_the_card_and_without_accreditation_nothing_opens(
    world: World, card: EmergencyCard, admit: Admit, tmp_path: Path
) -> None:
    thief = world.cast(Rescuer, "professional", None)
    number = admit(thief)

    with pytest.raises(RefusedError) as refused:
        thief.open(card, institution=number, reason=Emergency.UNCONSCIOUS)
    assert refused.value.error == "EmergencyNotClinician"
    assert denial(thief, card, tmp_path) == Reason.NOT_MEMBER


def test_without_the_card_nothing_opens(
    paramedic: Rescuer, place: int, card: EmergencyCard, tmp_path: Path
) -> None:
    guessed = EmergencyCard(
        chain_id=card.chain_id,
        contract=card.contract,
        persona=card.persona,
        secret=PrivateKey.generate(),
    )
    paramedic.open(guessed, institution=place, reason=Emergency.UNCONSCIOUS)

    with pytest.raises(NothingToOpenError):
        paramedic.read(guessed, classes=PROBLEMS, folder=tmp_path)


def test_what_comes_later_opens_with_the_same_card(
    world: World,
    person: Person,
    paramedic: Rescuer,
    place: int,
    card: EmergencyCard,
    bundle: Bundle,
    tmp_path: Path,
) -> None:
    other = world.cast(Rescuer, "professional", None)
    person.share(other_grantee(other), classes=PROBLEMS, uses=Use.TREAT)
    # The class gets a new key by this.
    person.unshare(other_grantee(other))
    more = resource("Condition", 7, code={"text": "epilepsy"}, recordedDate="2024-05-03")
    person.import_files([bundle(more, name="more.json", start=40)])

    paramedic.open(card, institution=place, reason=Emergency.UNCONSCIOUS)

    opened = paramedic.read(card, classes=PROBLEMS, folder=tmp_path)
    epochs = {one.entry.capsule.context.epoch for one in opened}
    assert epochs == {0, 1}
    assert any(b"epilepsy" in one.path.read_bytes() for one in opened)


def other_grantee(holder: Rescuer) -> bytes:
    return bytes(12) + bytes.fromhex(holder.account.address[2:])


def test_a_lost_card_opens_nothing_any_more(
    paramedic: Rescuer, place: int, card: EmergencyCard, prepared: EmergencyProfile, tmp_path: Path
) -> None:
    paramedic.open(card, institution=place, reason=Emergency.UNCONSCIOUS)

    anew = prepared.replace(PROBLEMS)

    assert (anew.persona, anew.secret.to_bytes()) != (card.persona, card.secret.to_bytes())
    assert denial(paramedic, card, tmp_path) == Reason.WITHDRAWN
    paramedic.open(anew, institution=place, reason=Emergency.UNCONSCIOUS)
    assert classes(paramedic, anew, tmp_path) == [int(PROBLEMS)]


def test_a_named_institution_opens_its_copy(
    prepared: EmergencyProfile, card: EmergencyCard, gateway: Gateway, world: World
) -> None:
    copies = prepared.sealed_for([gateway.number])

    found = EmergencyCard.open(copies[gateway.number], gateway.receiving.current)

    assert found.to_text() == card.to_text()
    with pytest.raises(OpeningError):
        EmergencyCard.open(copies[gateway.number], PrivateKey.generate())


def test_another_device_knows_who_has_a_copy(
    prepared: EmergencyProfile, person: Person, card: EmergencyCard, gateway: Gateway, world: World
) -> None:
    prepared.sealed_for([gateway.number])
    fresh = Person(world.network, world.profile("person", person.profile.seed))
    fresh.restore()
    there = EmergencyProfile(fresh)

    anew = there.replace(PROBLEMS)

    copies = there.sealed_for([])
    assert set(copies) == {gateway.number}
    found = EmergencyCard.open(copies[gateway.number], gateway.receiving.current)
    assert found.to_text() == anew.to_text()


@pytest.mark.parametrize("justified", [True, False])
def test_two_of_other_institutions_decide(
    world: World,
    paramedic: Rescuer,
    place: int,
    card: EmergencyCard,
    prepared: EmergencyProfile,
    admit: Admit,
    justified: bool,
) -> None:
    paramedic.open(card, institution=place, reason=Emergency.UNCONSCIOUS)
    paramedic.close(card.persona)
    (notice,) = prepared.openings()
    for _ in range(2):
        reviewer = world.cast(Reviewer, "professional", Role.ETHICS_BOARD)
        reviewer.review(notice.number, institution=admit(reviewer), justified=justified)

    (after,) = prepared.openings()
    payee = paramedic.account.address if justified else card.persona
    expected = EmergencyOutcome.JUSTIFIED if justified else EmergencyOutcome.UNJUSTIFIED
    assert after.outcome == expected
    emergencies = world.network.suite.emergencies
    assert emergencies.credit_of(payee)[0] == emergencies.bond()
    counted = emergencies.statistics(place)
    assert (counted.opened, counted.justified, counted.unjustified) == (
        1,
        int(justified),
        int(not justified),
    )
