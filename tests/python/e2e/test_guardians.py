"""A guardian acts on what was entrusted to them, while the ward needs it, and for all to see.

a minor     the guardian reads, lets a physician in, who reads; both are on chain and in the logs
scope       another class is refused by chain and custodians; nobody else passes keys
new keys    those let in read what has new keys, once the guardian passed them
own key     changed, nothing is lost: the ward's next sync seals to the new one alone
removed     the guardian and whom they let in are out, and what comes later has keys they never had
majority    at the quarter that was told, everybody whom the guardian let in is out, by the chain
incapacity  by two physicians of two institutions, after the delay; the ward objects, and it falls;
            two physicians take it back
death       guardians end; a will ends what was granted, but what was to go on
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from eth_account import Account

from aceso.chain import Claim, GuardianPower, Request
from aceso.codes import DataClass, Reason, Use
from aceso.custody import DeniedError, RequestRefusedError
from aceso.errors import AcesoError
from aceso.flows import (
    Attesting,
    Guarded,
    Guardian,
    Issuer,
    NothingToOpenError,
    Person,
    Reader,
    carry_out,
    check_logs,
    guardian_group,
)
from aceso.vault import KeyBinding, PrivateKey

from .attesting import after_delay, attest, wait
from .conftest import Bundle, World

LABS = DataClass.LABS
DAY = 86_400
POWERS = GuardianPower.SHARE | GuardianPower.STOP


@dataclass
class Scene:
    """A ward with records, their guardian, and somebody whom the guardian may let in."""

    ward: Person
    guarded: Guarded
    guardian: Guardian
    other: Reader

    @property
    def persona(self) -> str:
        return self.guarded.persona.address

    @property
    def group(self) -> bytes:
        return guardian_group(self.ward.network, self.guardian.account.address)

    def reason(self, actor: str, data_class: DataClass = LABS) -> Reason:
        question = Request(self.persona, actor, self.group, Use.TREAT, data_class)
        return self.ward.network.suite.decide(question).reason

    def read_by_other(self, folder: Path) -> int:
        found = self.other.open_all(
            self.persona, classes=LABS, folder=folder, guardian=self.guardian.account.address
        )
        return len(found)


Named = Callable[..., Scene]


@pytest.fixture
def named(world: World, person: Person, stranger: Reader, bundle: Bundle) -> Named:
    """Name a guardian, who accepts, and entrust laboratory results to them."""

    def make(majority: int = 0) -> Scene:
        person.import_files([bundle()])
        holder = world.cast(Reader, "professional", None)
        guardian = Guardian(world.network, holder.account, holder.receiving)
        guarded = Guarded(person)
        guarded.name(holder.account.address, powers=POWERS, majority=majority)
        guardian.accept(guarded.persona.address)
        guarded.entrust(holder.account.address, classes=LABS, uses=Use.TREAT)
        return Scene(person, guarded, guardian, stranger)

    return make


@pytest.fixture
def minor(world: World, named: Named) -> Scene:
    return named(world.network.suite.now() + 120 * DAY)


# A minor


def test_the_guardian_of_a_minor_reads_and_lets_a_physician_in(
    minor: Scene, tmp_path: Path
) -> None:
    read = minor.guardian.read(minor.persona, classes=LABS, folder=tmp_path / "guardian")
    minor.guardian.share(minor.persona, minor.other.account.address, seconds=30 * DAY)

    assert len(read) == 2
    assert minor.read_by_other(tmp_path / "other") == 2
    assert set(minor.guardian.let_in(minor.persona)) == {
        minor.other.account.address,
        minor.guardian.account.address,
    }
    # Visible as the guardian's, on chain and in the logs.
    shared = [
        (event.args["guardian"], event.args["actor"])
        for event in minor.ward.network.synced().events("GuardianShared")
        if event.args["subject"] == minor.persona
    ]
    guardian = minor.guardian.account.address
    assert shared == [(guardian, guardian), (guardian, minor.other.account.address)]
    log = check_logs(minor.ward)
    released = {(one.actor, one.grantee) for one in log.accesses if one.act == "release"}
    assert released == {(guardian, minor.group), (minor.other.account.address, minor.group)}


def test_what_was_not_entrusted_is_refused(minor: Scene, tmp_path: Path) -> None:
    guardian, persona = minor.guardian, minor.persona
    guardian.read(persona, classes=LABS, folder=tmp_path)

    with pytest.raises(DeniedError) as denied:
        guardian.read(persona, classes=DataClass.PROBLEMS, folder=tmp_path)
    assert denied.value.reason is Reason.CLASS
    assert minor.reason(minor.other.account.address) is Reason.NOT_MEMBER


def test_nobody_else_passes_keys_and_a_guardian_only_in_scope(minor: Scene, person: Person) -> None:
    network, to = minor.ward.network, PrivateKey.generate().public_key
    opening = person.opening(minor.guarded.persona, DataClass.PROBLEMS).opening
    labs = person.opening(minor.guarded.persona, LABS).opening

    def passed(signer: object, grantee: bytes, of: object) -> str:
        binding = KeyBinding(
            chain_id=network.suite.chain_id,
            list_key=of.list_key,  # type: ignore[attr-defined]
            persona=minor.persona,
            grantee=grantee,
            data_class=of.data_class,  # type: ignore[attr-defined]
            epoch=0,
        )
        with pytest.raises(RequestRefusedError) as refused:
            network.committee.pass_key(signer, binding, PrivateKey.generate(), to)  # type: ignore[arg-type]
        return str(refused.value.code)

    stranger, guardian = Account.create(), minor.guardian.account
    assert passed(stranger, minor.group, labs) == "E_SIGNATURE"
    assert passed(stranger, guardian_group(network, stranger.address), labs) == "E_NOT_GUARDIAN"
    assert passed(guardian, minor.other.grantee, labs) == "E_SIGNATURE"
    assert passed(guardian, minor.group, opening) == "E_NOT_GUARDIAN"
    minor.guarded.remove(guardian.address)
    assert passed(guardian, minor.group, labs) == "E_NOT_GUARDIAN"


def test_after_new_keys_those_let_in_read_on_once_they_were_passed(
    minor: Scene, physician: Reader, bundle: Bundle, tmp_path: Path
) -> None:
    minor.guardian.share(minor.persona, minor.other.account.address, seconds=30 * DAY)
    minor.ward.share(physician.grantee, classes=LABS, uses=Use.TREAT)
    minor.ward.unshare(physician.grantee)
    minor.ward.import_files([bundle(name="later.json", start=70)])

    assert minor.read_by_other(tmp_path / "before") == 2
    assert {one.error.code for one in minor.other.unopened} == {"E_NO_CLASS_KEY"}
    assert minor.guardian.pass_keys(minor.persona) == 2

    assert minor.read_by_other(tmp_path / "after") == 4


def test_a_guardians_new_key_opens_what_was_sealed_before_and_is_sealed_to_at_the_next_sync(
    minor: Scene, bundle: Bundle, tmp_path: Path
) -> None:
    guardian, persona = minor.guardian, minor.persona
    guardian.share(persona, minor.other.account.address, seconds=30 * DAY)
    guardian.receiving.rotate()
    newest = guardian.receiving.current

    assert len(guardian.read(persona, classes=LABS, folder=tmp_path / "before")) == 2
    assert guardian.pass_keys(persona) == 1
    assert left_for(guardian, persona, newest) == []
    minor.ward.sync()
    minor.ward.import_files([bundle(name="later.json", start=70)])

    assert len(guardian.read(persona, classes=LABS, folder=tmp_path / "after")) == 4
    assert left_for(guardian, persona, newest) == [0]
    assert minor.read_by_other(tmp_path / "other") == 4


def left_for(guardian: Guardian, persona: str, key: PrivateKey) -> list[int]:
    """The epochs whose class keys lie with the custodians for this key."""
    listing = guardian._listing(persona, LABS)
    digest = key.public_key.digest
    return sorted({one.epoch for one in listing.sealed_keys if one.receiving_key == digest})


def test_a_removed_guardian_is_out_with_all_whom_they_let_in(
    minor: Scene, bundle: Bundle, tmp_path: Path
) -> None:
    guardian, persona = minor.guardian, minor.persona
    guardian.share(persona, minor.other.account.address, seconds=30 * DAY)
    held = {binding.epoch: key.to_bytes() for binding, key in guardian._keys(persona)}

    minor.guarded.remove(guardian.account.address)
    minor.ward.import_files([bundle(name="later.json", start=70)])

    for actor in (guardian.account.address, minor.other.account.address):
        assert minor.reason(actor) is not Reason.GRANTED
    with pytest.raises(DeniedError):
        minor.read_by_other(tmp_path)
    epoch = minor.ward.manifest.epochs[int(LABS)]
    assert minor.ward.keys.class_key(int(LABS), epoch).to_bytes() not in held.values()
    later = [one for one in minor.ward.manifest.records.values() if one.epoch == epoch]
    assert later


def test_at_majority_everybody_whom_the_guardian_let_in_is_out(
    world: World, minor: Scene, tmp_path: Path
) -> None:
    person = world.network.suite.guardianship.person(minor.persona)
    minor.guardian.share(minor.persona, minor.other.account.address, seconds=1000 * DAY)
    # Never later than the quarter, whatever was asked for.
    assert set(minor.guardian.let_in(minor.persona).values()) == {person.majority}
    assert minor.read_by_other(tmp_path) == 2

    wait(world, person.majority - world.network.suite.now())

    # The grant to the group ends as well, later by the seconds that naming it took, and would not
    # have been enough.
    contract, actor = world.network.suite.guardianship, minor.other.account.address
    number = int.from_bytes(minor.group[:12], "big")
    assert not contract.is_member(number, minor.persona, actor)
    assert minor.reason(actor) in (Reason.ENDED, Reason.NOT_MEMBER)
    with pytest.raises(DeniedError):
        minor.read_by_other(tmp_path)
    with pytest.raises(AcesoError) as refused:
        minor.guardian.share(minor.persona, Account.create().address, seconds=DAY)
    assert refused.value.code == "E_REFUSED_GUARDIAN_NOT_IN_FORCE"


# An adult


def test_incapacity_is_attested_by_two_waits_and_falls_by_the_wards_word(
    world: World, named: Named, physicians: list[tuple[Attesting, int]], tmp_path: Path
) -> None:
    adult = named()
    first, number = physicians[0]
    with pytest.raises(AcesoError) as early:
        adult.guardian.read(adult.persona, classes=LABS, folder=tmp_path)
    assert early.value.code == "E_REFUSED_GUARDIAN_NOT_IN_FORCE"
    first.attest(adult.persona, Claim.INCAPACITY, institution=number)
    after_delay(world)
    # One physician is not enough, however long it waits, nor the same one again.
    first.attest(adult.persona, Claim.INCAPACITY, institution=number)
    assert world.network.suite.guardianship.claim(adult.persona, Claim.INCAPACITY)[0] == 0

    attest(physicians[1:], adult.persona, Claim.INCAPACITY)
    with pytest.raises(AcesoError):
        adult.guardian.read(adult.persona, classes=LABS, folder=tmp_path)
    after_delay(world)
    assert len(adult.guardian.read(adult.persona, classes=LABS, folder=tmp_path)) == 2

    adult.guarded.contest(Claim.INCAPACITY)

    assert adult.reason(adult.guardian.account.address) is Reason.NOT_MEMBER
    with pytest.raises(AcesoError) as after:
        adult.guardian.read(adult.persona, classes=LABS, folder=tmp_path)
    assert after.value.code == "E_REFUSED_GUARDIAN_NOT_IN_FORCE"


def test_two_physicians_take_incapacity_back(
    world: World, named: Named, physicians: list[tuple[Attesting, int]]
) -> None:
    adult = named()
    attest(physicians, adult.persona, Claim.INCAPACITY)
    after_delay(world)
    guardian, contract = adult.guardian.account.address, world.network.suite.guardianship
    assert contract.is_guardian(adult.persona, guardian, GuardianPower.SHARE)

    attest(physicians, adult.persona, Claim.CAPACITY)

    assert not contract.is_guardian(adult.persona, guardian, GuardianPower.SHARE)


def test_at_death_guardians_end_and_the_will_is_carried_out(
    world: World,
    minor: Scene,
    physician: Reader,
    hospital: Issuer,
    physicians: list[tuple[Attesting, int]],
    tmp_path: Path,
) -> None:
    ward = minor.ward
    kept = Reader(world.network, hospital.profile)
    for reader in (physician, kept):
        ward.share(reader.grantee, classes=LABS, uses=Use.TREAT)
    will = ward.write_will({kept.grantee})
    minor.guardian.share(minor.persona, minor.other.account.address, seconds=30 * DAY)
    attest(physicians, minor.persona, Claim.DEATH)
    after_delay(world)

    assert minor.reason(minor.other.account.address) is not Reason.GRANTED
    with pytest.raises(DeniedError):
        minor.read_by_other(tmp_path)
    carry_out(world.network, will)

    persona = ward.persona_for(physician.grantee).address
    with pytest.raises(DeniedError) as denied:
        physician.listing(persona, data_class=LABS)
    assert denied.value.reason is Reason.WITHDRAWN
    still = kept.open_all(
        ward.persona_for(kept.grantee).address, classes=LABS, folder=tmp_path / "kept"
    )
    assert len(still) == 2


def test_a_guardian_who_was_let_in_for_nothing_opens_nothing(minor: Scene, tmp_path: Path) -> None:
    """Somebody let in without the keys: the guardian has none to pass."""
    without = Guardian(minor.ward.network, minor.guardian.account)
    without.share(minor.persona, minor.other.account.address, seconds=DAY)

    with pytest.raises(NothingToOpenError) as refused:
        minor.read_by_other(tmp_path)
    assert refused.value.code == "E_NO_CLASS_KEY"


def test_a_grant_ends_in_its_second(
    world: World, person: Person, stranger: Reader, bundle: Bundle, tmp_path: Path
) -> None:
    person.import_files([bundle()])
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT, seconds=2 * DAY)
    persona = person.persona_for(stranger.grantee).address
    until = person.consents()[0].valid_until
    wait(world, until - world.network.suite.now() - 60)
    assert len(stranger.open_all(persona, classes=LABS, folder=tmp_path)) == 2

    wait(world, until - world.network.suite.now())

    with pytest.raises(DeniedError) as denied:
        stranger.open_all(persona, classes=LABS, folder=tmp_path)
    assert denied.value.reason is Reason.ENDED
