"""A lost seed is brought back by guardians and custodians together, and by neither alone.

recovered   two of three guardians and the delay bring the seed back, and with it every record
delay       a second before its end, custodians give nothing; with one custodian down, it works
veto        by any device with the seed: before the delay and after it; custodians give nothing
one         one guardian can't start it, and their words open nothing
custodians  without a recovery on chain they give nothing; what all of them hold opens nothing
strangers   nobody leaves a deposit for another, nor without guardians, nor deletes another's;
            replays are refused, and an old word deletes no part that came after it
guardians   accepted, listed and removed
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from aceso.chain import GuardianPower
from aceso.custody import DepositKind, RequestRefusedError, SignedRequest
from aceso.errors import AcesoError, NotPermittedError
from aceso.flows import Guarded, Guardian, GuardianShare, Person, recover_seed, start_recovery
from aceso.signing import sign
from aceso.vault import OpeningError, PrivateKey, RecoveryKey, deposits_of
from tests.python.custody.described import Answers

from .conftest import Bundle, World

DAY = 86_400


@pytest.fixture(scope="module", autouse=True)
def described_answers(world: World) -> Iterator[None]:
    with Answers({one.url for one in world.network.committee.custodians}).compared():
        yield


@pytest.fixture
def guardians(world: World) -> list[Guardian]:
    return [Guardian(world.network, Account.create()) for _ in range(3)]


@pytest.fixture
def requester() -> LocalAccount:
    made: LocalAccount = Account.create()
    return made


@pytest.fixture
def guarded(person: Person) -> Guarded:
    return Guarded(person)


@pytest.fixture
def shares(guarded: Guarded, guardians: list[Guardian]) -> list[GuardianShare]:
    """The recovery is prepared, two of three, and all guardians accepted."""
    made = guarded.prepare([one.account.address for one in guardians], threshold=2)
    for one in guardians:
        one.accept(guarded.persona.address)
    return made


@pytest.fixture
def start(world: World, guarded: Guarded, requester: LocalAccount) -> Callable[..., int]:
    """These guardians start a recovery for the requester; gives the second it is ready at."""

    def by(*some: Guardian) -> int:
        deadline = world.network.suite.now() + DAY
        persona = guarded.persona.address
        start_recovery(
            world.network,
            [one.support(persona, requester.address, deadline=deadline) for one in some],
        )
        return guarded.recovery().ready_at

    return by


def until(world: World, second: int) -> None:
    """Let the chain's time be this second at its newest block and before it."""
    world.devnet.chain.advance_time(second - world.network.suite.now())
    world.confirm()


def ask(world: World, requester: LocalAccount, persona: str, place: int = 0) -> SignedRequest:
    return SignedRequest.sign(
        requester,
        "RecoveryRequest",
        {
            "persona": persona,
            "requester": requester.address,
            "receivingKey": PrivateKey.generate().public_key.to_bytes(),
            "custodian": world.keepers[place].address,
            "nonce": bytes(Account.create().key),
            "deadline": world.network.suite.now() + 300,
        },
        world.network.suite.domain("ConsentRegistry"),
    )


def test_two_guardians_and_the_delay_bring_it_back(
    world: World,
    person: Person,
    guarded: Guarded,
    guardians: list[Guardian],
    shares: list[GuardianShare],
    start: Callable[..., int],
    requester: LocalAccount,
    bundle: Bundle,
    tmp_path: Path,
) -> None:
    person.import_files([bundle()])
    kept = set(person.manifest.records)
    persona, lost = guarded.persona.address, person.profile.seed.mnemonic
    until(world, start(guardians[0], guardians[2]))

    with world.down(world.keepers[1]):
        seed = recover_seed(world.network, requester, persona, [shares[2].words, shares[0].words])

    assert seed.mnemonic == lost
    again = Person(world.network, world.profile("person", seed))
    assert again.restore() == len(kept) == len(again.manifest.records)
    for record_id in kept:
        again.open_record(record_id, tmp_path / record_id.hex())
    assert Guarded(again).persona.address == persona


def test_nothing_is_given_before_the_delay_is_over(
    world: World,
    guarded: Guarded,
    guardians: list[Guardian],
    shares: list[GuardianShare],
    start: Callable[..., int],
    requester: LocalAccount,
) -> None:
    persona = guarded.persona.address
    ready = start(*guardians[:2])
    until(world, ready - 30)
    words = [one.words for one in shares]

    with pytest.raises(NotPermittedError) as early:
        recover_seed(world.network, requester, persona, words)
    assert early.value.code == "E_RECOVERY_NOT_READY"
    for custodian in world.network.committee.custodians:
        with pytest.raises(RequestRefusedError) as refused:
            place = [one.address for one in world.keepers].index(custodian.address)
            custodian.release_deposit(DepositKind.SEED, ask(world, requester, persona, place))
        assert refused.value.code == "E_RECOVERY_NOT_READY"


@pytest.mark.parametrize("late", [False, True])
def test_a_veto_stops_it(
    world: World,
    guarded: Guarded,
    guardians: list[Guardian],
    shares: list[GuardianShare],
    start: Callable[..., int],
    requester: LocalAccount,
    late: bool,
) -> None:
    persona = guarded.persona.address
    ready = start(*guardians[:2])
    if late:
        until(world, ready)

    guarded.veto()
    until(world, max(ready, world.network.suite.now() + 1) + DAY)

    assert guarded.recovery().ready_at == 0
    with pytest.raises(NotPermittedError):
        recover_seed(world.network, requester, persona, [one.words for one in shares])
    with pytest.raises(RequestRefusedError) as refused:
        world.network.committee.recover(requester, persona, PrivateKey.generate())
    assert refused.value.code == "E_RECOVERY_NOT_READY"


def test_a_veto_holds_at_custodians_in_its_own_block(
    world: World,
    guarded: Guarded,
    guardians: list[Guardian],
    shares: list[GuardianShare],
    start: Callable[..., int],
    requester: LocalAccount,
) -> None:
    until(world, start(*guardians[:2]))
    guarded.veto()

    # Not confirmed yet: the confirmed block still lets the requester have it.
    with pytest.raises(RequestRefusedError) as refused:
        world.network.committee.recover(requester, guarded.persona.address, PrivateKey.generate())
    assert refused.value.code == "E_RECOVERY_NOT_READY"


def test_one_guardian_gets_nothing(
    world: World,
    guarded: Guarded,
    guardians: list[Guardian],
    shares: list[GuardianShare],
    start: Callable[..., int],
    requester: LocalAccount,
) -> None:
    with pytest.raises(AcesoError) as refused:
        start(guardians[0])
    assert refused.value.code == "E_REFUSED_RECOVERY_INVALID_COUNT"
    until(world, start(*guardians[:2]))

    with pytest.raises(OpeningError):
        recover_seed(world.network, requester, guarded.persona.address, [shares[0].words])
    # Nor do words of a preparation that another took the place of.
    others = RecoveryKey.make().shares(count=2, threshold=2)
    with pytest.raises(OpeningError) as old:
        recover_seed(world.network, requester, guarded.persona.address, others)
    assert old.value.code == "E_RECOVERY_OLD_WORDS"


def test_custodians_alone_get_nothing(
    world: World,
    guarded: Guarded,
    guardians: list[Guardian],
    shares: list[GuardianShare],
    start: Callable[..., int],
    requester: LocalAccount,
) -> None:
    persona = guarded.persona.address
    until(world, start(*guardians[:2]))
    # What all custodians together hold, as if they had conspired.
    sealed, _ = world.network.committee.recover(requester, persona, PrivateKey.generate())
    entropy = guarded._person.profile.seed.entropy()
    assert entropy not in sealed

    with pytest.raises(OpeningError):
        RecoveryKey.join([])
    for keeper in world.keepers:
        for file in keeper.folder.rglob("*"):
            if file.is_file():
                assert entropy not in file.read_bytes()
                assert sealed[40:104] not in file.read_bytes()


def test_another_requester_gets_nothing(
    world: World,
    guarded: Guarded,
    guardians: list[Guardian],
    shares: list[GuardianShare],
    start: Callable[..., int],
) -> None:
    until(world, start(*guardians[:2]))
    thief: LocalAccount = Account.create()

    with pytest.raises(RequestRefusedError) as refused:
        world.network.committee.recover(thief, guarded.persona.address, PrivateKey.generate())
    assert refused.value.code == "E_RECOVERY_NOT_READY"


def test_a_request_holds_once_and_at_one_custodian(
    world: World,
    guarded: Guarded,
    guardians: list[Guardian],
    shares: list[GuardianShare],
    start: Callable[..., int],
    requester: LocalAccount,
) -> None:
    until(world, start(*guardians[:2]))
    request = ask(world, requester, guarded.persona.address)
    first, second, _ = (
        next(one for one in world.network.committee.custodians if one.address == keeper.address)
        for keeper in world.keepers
    )
    first.release_deposit(DepositKind.SEED, request)

    for custodian, code in ((first, "E_REPLAYED"), (second, "E_OTHER_CUSTODIAN")):
        with pytest.raises(RequestRefusedError) as refused:
            custodian.release_deposit(DepositKind.SEED, request)
        assert refused.value.code == code


def test_nobody_leaves_a_deposit_for_another(
    world: World, guarded: Guarded, shares: list[GuardianShare], requester: LocalAccount
) -> None:
    network = world.network

    def left(persona: str, version: int) -> str:
        deposits = deposits_of(
            bytes(1174),
            chain_id=network.suite.chain_id,
            persona=persona,
            version=version,
            custodians=network.facts.members,
            threshold=2,
        )
        with pytest.raises(RequestRefusedError) as refused:
            network.committee.leave_deposits(requester, deposits)
        return str(refused.value.code)

    assert left(guarded.persona.address, 1 << 60) == "E_SIGNATURE"
    assert left(requester.address, 1) == "E_RECOVERY_UNPREPARED"


def test_nobody_deletes_anothers_part_and_an_old_word_none_of_later(
    world: World,
    person: Person,
    guarded: Guarded,
    guardians: list[Guardian],
    shares: list[GuardianShare],
    start: Callable[..., int],
    requester: LocalAccount,
) -> None:
    committee, persona = world.network.committee, guarded.persona
    domain = world.network.suite.domain("ConsentRegistry")
    message = {"persona": persona.address, "version": 1 << 60}
    first, second = committee.custodians[:2]

    # Another's word, and the person's own to another custodian.
    for signer, named in ((requester, first), (persona, second)):
        signature = sign(signer, "RecoveryDeletion", message | {"custodian": named.address}, domain)
        with pytest.raises(RequestRefusedError) as refused:
            first.delete_deposit(
                DepositKind.SEED,
                persona=persona.address,
                version=1 << 60,
                signature=signature,
                domain=domain,
            )
        assert refused.value.code == "E_SIGNATURE"
    assert person.manifest.recovery is not None
    receipts, failed = committee.delete_deposits(
        DepositKind.SEED, persona, person.manifest.recovery.version
    )

    assert (len(receipts), failed) == (3, {})
    until(world, start(*guardians[:2]))
    words = [one.words for one in shares]
    found = recover_seed(world.network, requester, persona.address, words)
    assert found.mnemonic == person.profile.seed.mnemonic


def test_guardians_are_listed_and_removed(
    world: World, guarded: Guarded, guardians: list[Guardian], shares: list[GuardianShare]
) -> None:
    contract, persona = world.network.suite.guardianship, guarded.persona.address
    addresses = [one.account.address for one in guardians]
    assert [one.guardian for one in guarded.guardians()] == addresses
    assert all(one.seat.accepted for one in guarded.guardians())

    guarded.remove(addresses[0])

    assert [one.guardian for one in guarded.guardians()] == addresses[1:]
    assert not contract.is_guardian(persona, addresses[0], GuardianPower.RECOVER)
