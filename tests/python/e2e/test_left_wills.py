"""
a will that lies with the custodians
├── ends what was not willed to go on, by a guardian who has no file, after the death
│  └── also what was granted after it was written; with one custodian down
├── is given to nobody before the death is in force at the newest and the confirmed block
│  ├── before it, within its delay, and after the person's word
│  ├── before it is confirmed, and after a word that isn't confirmed yet
│  └── nor where a reorganisation took the death out
├── is given to nobody but a guardian of that time
│  └── no stranger, nor one who was removed, or never accepted, or whose time was over
├── is not read by fewer custodians than it takes, nor is it in the clear in what they keep
├── is the newest that stands: no earlier one is taken back, and none that isn't on chain
├── is asked for once, at one custodian, on one chain
├── is not carried out if custodians give another one than stands on chain
├── is deleted at all, if the person takes it back
└── is written anew with the same wishes, by the person's device
   ├── after everything was withdrawn, and before it is signed for nobody more
   ├── as a persona of which something goes on grants to somebody else
   └── where a custodian was away, or it was cut off
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from aceso.chain import Claim, Request, guardian_acts
from aceso.codes import DataClass, Reason, Use
from aceso.custody import (
    Custodian,
    DepositKind,
    RequestRefusedError,
    SignedRequest,
    TooFewCustodiansError,
)
from aceso.errors import IntegrityError, NotPermittedError
from aceso.flows import (
    Attesting,
    Guarded,
    Guardian,
    Person,
    Reader,
    Seller,
    carry_out,
    collect_will,
)
from aceso.flows.wills import will_digest
from aceso.vault import PrivateKey, deposits_of_will

from .attesting import after_delay, attest, wait
from .conftest import World

LABS = DataClass.LABS
DAY = 86_400
Physicians = list[tuple[Attesting, int]]


def reason(person: Person, reader: Reader) -> Reason:
    """What the chain decides, asked as anybody may."""
    persona = person.persona_for(reader.grantee).address
    question = Request(persona, reader.account.address, reader.grantee, Use.TREAT, LABS)
    return person.network.suite.decide(question).reason


def refusal(world: World, guardian: LocalAccount, persona: str) -> tuple[str, bool]:
    """Why custodians give no will, and whether only because the death isn't confirmed."""
    with pytest.raises((RequestRefusedError, NotPermittedError)) as refused:
        collect_will(world.network, guardian, persona)
    return refused.value.code, "not confirmed yet" in str(refused.value)


NOT_DUE = ("E_WILL_NOT_DUE", False)


@pytest.fixture
def guarded(person: Person) -> Guarded:
    return Guarded(person)


@pytest.fixture
def guardian(world: World, guarded: Guarded) -> LocalAccount:
    """One who accepted, and has nothing but their own account."""
    made: LocalAccount = Account.create()
    guarded.name(made.address)
    Guardian(world.network, made).accept(guarded.persona.address)
    return made


def custodian(world: World, place: int) -> Custodian:
    wanted = world.keepers[place].address
    return next(one for one in world.network.committee.custodians if one.address == wanted)


def asked(world: World, guardian: LocalAccount, persona: str, **changed: object) -> SignedRequest:
    message = {
        "persona": persona,
        "requester": guardian.address,
        "receivingKey": PrivateKey.generate().public_key.to_bytes(),
        "custodian": world.keepers[0].address,
        "nonce": bytes(Account.create().key),
        "deadline": world.network.suite.now() + 300,
    }
    domain = world.network.suite.domain("ConsentRegistry") | changed
    return SignedRequest.sign(guardian, "WillRequest", message, domain)


def test_a_guardian_without_a_file_ends_what_was_not_willed(
    world: World,
    person: Person,
    guarded: Guarded,
    guardian: LocalAccount,
    physicians: Physicians,
    stranger: Reader,
    physician: Reader,
    colleague: Reader,
) -> None:
    world.authority.fund([colleague.account.address])
    colleague.receiving.publish()
    for reader in (stranger, physician):
        person.share(reader.grantee, classes=LABS, uses=Use.TREAT)
    person.write_will({physician.grantee})
    person.share(colleague.grantee, classes=LABS, uses=Use.TREAT)
    persona = guarded.persona.address
    attest(physicians, persona, Claim.DEATH)
    after_delay(world)
    assert reason(person, stranger) is reason(person, colleague) is Reason.GRANTED

    with world.elsewhere() as network, world.down(world.keepers[1]):
        assert len(carry_out(network, collect_will(network, guardian, persona))) == 2

    assert [reason(person, one) for one in (stranger, colleague)] == [Reason.WITHDRAWN] * 2
    assert reason(person, physician) is Reason.GRANTED


def test_it_is_given_only_while_the_death_is_in_force(
    world: World,
    person: Person,
    guarded: Guarded,
    guardian: LocalAccount,
    physicians: Physicians,
) -> None:
    persona, chain = guarded.persona.address, world.devnet.chain
    person.write_will()
    assert refusal(world, guardian, persona) == NOT_DUE
    attest(physicians, persona, Claim.DEATH)
    in_force_from, _ = world.network.suite.guardianship.claim(persona, Claim.DEATH)
    wait(world, in_force_from - world.network.suite.now() - 60)
    assert refusal(world, guardian, persona) == NOT_DUE

    # In force in the newest block, and not in the one before.
    chain.advance_time(in_force_from - world.network.suite.now())
    assert refusal(world, guardian, persona) == ("E_WILL_NOT_DUE", True)
    world.confirm()
    assert collect_will(world.network, guardian, persona)
    # The person's word, in the newest block alone.
    guarded.contest(Claim.DEATH)
    assert refusal(world, guardian, persona) == NOT_DUE
    world.confirm()
    assert refusal(world, guardian, persona) == NOT_DUE


def test_a_death_that_was_taken_out_of_the_chain_gives_nothing(
    world: World,
    person: Person,
    guarded: Guarded,
    guardian: LocalAccount,
    physicians: Physicians,
) -> None:
    persona, chain = guarded.persona.address, world.devnet.chain
    person.write_will()
    block = chain.height + 1
    attest(physicians, persona, Claim.DEATH)
    after_delay(world)
    assert collect_will(world.network, guardian, persona)

    chain.ask("anvil_reorg", chain.height - block + 1, [])
    with pytest.raises(TooFewCustodiansError):
        collect_will(world.network, guardian, persona)
    chain.mine(10)

    assert world.network.suite.guardianship.claim(persona, Claim.DEATH)[0] == 0
    assert refusal(world, guardian, persona) == NOT_DUE


def test_only_a_guardian_of_that_time_is_given_it(
    world: World,
    person: Person,
    guarded: Guarded,
    guardian: LocalAccount,
    physicians: Physicians,
) -> None:
    network, persona = world.network, guarded.persona.address
    never, removed, over, resigned = (Account.create() for _ in range(4))
    for one in (never, removed, resigned):
        guarded.name(one.address)
    guarded.name(over.address, seconds=DAY)
    world.authority.fund([resigned.address])
    for one in (removed, over, resigned):
        Guardian(network, one).accept(persona)
    guarded.remove(removed.address)
    Guardian(network, resigned).resign(persona)
    person.write_will()
    attest(physicians, persona, Claim.DEATH)
    after_delay(world)

    for one in (Account.create(), never, removed, over, resigned):
        assert refusal(world, one, persona) == NOT_DUE
    assert collect_will(network, guardian, persona)


def test_fewer_custodians_than_it_takes_read_nothing(
    world: World,
    person: Person,
    guarded: Guarded,
    guardian: LocalAccount,
    physicians: Physicians,
    stranger: Reader,
) -> None:
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    text = person.write_will()
    persona = guarded.persona.address
    # Nobody has met this one yet, and it is in the will.
    coming = person.persona(max(person.personas().values()) + 7).address
    assert coming in text
    attest(physicians, persona, Claim.DEATH)
    after_delay(world)

    with world.down(*world.keepers[:2]), pytest.raises(TooFewCustodiansError):
        collect_will(world.network, guardian, persona)
    pieces = [text[start : start + 40].encode() for start in range(0, len(text), 4001)]
    pieces += [b"aceso-will", coming.encode(), bytes.fromhex(coming[2:])]
    for keeper in world.keepers:
        files = [path.read_bytes() for path in keeper.folder.rglob("*") if path.is_file()]
        assert files
        assert not any(piece in kept for kept in files for piece in pieces)


def test_the_newest_that_stands_is_kept(
    world: World, person: Person, guarded: Guarded, guardian: LocalAccount, stranger: Reader
) -> None:
    network, persona = world.network, guarded.persona
    first = person.write_will()
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    second = person.write_will()
    assert first != second
    note = person.manifest.will
    assert note is not None

    def left(text: str, version: int, by: LocalAccount = persona, whose: str = "") -> str:
        deposits = deposits_of_will(
            text,
            chain_id=network.suite.chain_id,
            persona=whose or persona.address,
            version=version,
            custodians=network.facts.members,
            threshold=2,
        )
        with pytest.raises(RequestRefusedError) as refused:
            network.committee.leave_deposits(by, deposits)
        return str(refused.value.code)

    assert left(second, note.version - 1) == "E_WILL_ROLLBACK"
    assert left(first, note.version + 1) == "E_WILL_NOT_STANDING"
    assert left(second, note.version + 1, by=guardian) == "E_SIGNATURE"
    assert left(second, 1, by=guardian, whose=guardian.address) == "E_WILL_NOT_STANDING"


def test_it_is_asked_for_once_at_one_custodian_on_one_chain(
    world: World,
    person: Person,
    guarded: Guarded,
    guardian: LocalAccount,
    physicians: Physicians,
) -> None:
    persona = guarded.persona.address
    person.write_will()
    attest(physicians, persona, Claim.DEATH)
    after_delay(world)
    request = asked(world, guardian, persona)
    custodian(world, 0).release_deposit(DepositKind.WILL, request)

    for place, again, code in (
        (0, request, "E_REPLAYED"),
        (1, request, "E_OTHER_CUSTODIAN"),
        (0, asked(world, guardian, persona, chainId=1), "E_SIGNATURE"),
    ):
        with pytest.raises(RequestRefusedError) as refused:
            custodian(world, place).release_deposit(DepositKind.WILL, again)
        assert refused.value.code == code


def test_another_will_than_the_one_that_stands_is_not_carried_out(
    world: World,
    person: Person,
    guarded: Guarded,
    guardian: LocalAccount,
    physicians: Physicians,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network, persona = world.network, guarded.persona
    person.write_will()
    other = deposits_of_will(
        "another",
        chain_id=network.suite.chain_id,
        persona=persona.address,
        version=1 << 40,
        custodians=network.facts.members,
        threshold=2,
    )
    # Enough custodians that lie together.
    with monkeypatch.context() as patch:
        patch.setattr(network.committee, "collect", lambda *given: other)
        with pytest.raises(IntegrityError) as refused:
            collect_will(network, guardian, persona.address)
    assert refused.value.code == "E_WILL_OTHER"

    # One that was committed since, and never left with them.
    act = guardian_acts.commit_will(network.suite, persona, b"\1" * 32)
    network.relayer.send(act.call)
    attest(physicians, persona.address, Claim.DEATH)
    after_delay(world)
    assert refusal(world, guardian, persona.address) == ("E_WILL_NOT_STANDING", False)


def test_one_that_is_taken_back_is_deleted(
    world: World, person: Person, guarded: Guarded, guardian: LocalAccount, physicians: Physicians
) -> None:
    network, persona = world.network, guarded.persona
    text = person.write_will()
    with world.down(world.keepers[2]):
        _, kept_by = person.delete_will()
    assert set(kept_by) == {world.keepers[2].address}
    assert person.forget_will() == {}
    # Committed to once more, as by somebody who has the seed: custodians have nothing to give.
    act = guardian_acts.commit_will(network.suite, persona, will_digest(text))
    network.relayer.send(act.call)
    attest(physicians, persona.address, Claim.DEATH)
    after_delay(world)

    assert refusal(world, guardian, persona.address) == ("E_WILL_UNKNOWN", False)
    assert not person.renew_will()


Standing = Callable[[], bytes]


@pytest.fixture
def standing(world: World, guarded: Guarded) -> Standing:
    """The digest of the will that is on chain now."""
    return lambda: world.network.suite.guardianship.person(guarded.persona.address).will


def test_it_is_written_anew_after_everything_was_withdrawn(
    person: Person, guardian: LocalAccount, standing: Standing, stranger: Reader, physician: Reader
) -> None:
    for reader in (stranger, physician):
        person.share(reader.grantee, classes=LABS, uses=Use.TREAT)
    person.write_will({physician.grantee})
    first = standing()
    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    assert standing() == first
    person.unshare_everything()

    person.share(stranger.grantee, classes=LABS, uses=Use.TREAT)
    second = standing()
    person.share(physician.grantee, classes=LABS, uses=Use.TREAT)

    # Once as its signatures had become void, once as who is to keep theirs is there again.
    assert len({first, second, standing()}) == 3
    note = person.manifest.will
    assert note is not None
    assert (note.digest, note.keep) == (standing(), frozenset({physician.grantee}))
    index = person.manifest.relationships
    assert note.keeping == {index[physician.grantee]}
    assert note.epochs[index[stranger.grantee]] == 1
    assert not person.renew_will()
    # So many were met since that few are left whom it is signed for.
    index[bytes(32)] = note.until - 15
    assert person.renew_will()
    assert person.manifest.will is not None
    assert person.manifest.will.until == note.until + 49


def test_it_is_written_anew_as_a_persona_that_keeps_something_grants_to_others(
    world: World,
    person: Person,
    guarded: Guarded,
    guardian: LocalAccount,
    physicians: Physicians,
    standing: Standing,
) -> None:
    seller = Seller(person)
    terms = {"classes": LABS, "use": Use.GRU, "price": 10**18, "seconds": 90 * DAY}
    kept, _ = seller.offer(**terms)  # type: ignore[arg-type]
    person.write_will({seller.grantee(kept)})
    first = standing()

    ended, _ = seller.offer(**terms)  # type: ignore[arg-type]
    assert standing() != first
    attest(physicians, guarded.persona.address, Claim.DEATH)
    after_delay(world)
    text = collect_will(world.network, guardian, guarded.persona.address)
    assert len(carry_out(world.network, text)) == 1

    assert [row.grantee for row in person.consents()] == [seller.grantee(kept)]
    assert ended != kept


def test_a_custodian_that_was_away_gets_its_part_with_the_next_sync(
    world: World, person: Person, guardian: LocalAccount, standing: Standing
) -> None:
    with world.down(world.keepers[2]):
        person.write_will()
    first = standing()
    assert person.manifest.will is not None
    assert not person.manifest.will.is_whole

    person.sync()

    assert person.manifest.will.is_whole
    assert standing() == first


def test_one_that_was_cut_off_is_left_the_next_time(
    world: World,
    person: Person,
    guarded: Guarded,
    standing: Standing,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        # Once it is on chain, and before anything was left.
        patch.setattr(world.network.committee, "leave_deposits", lambda *given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            person.write_will({bytes(31) + b"\1"})
    again = Person(world.network, person.profile)
    assert again.manifest.will is not None
    assert not again.manifest.will.is_whole

    assert again.renew_will()

    assert again.manifest.will.is_whole
    assert again.manifest.will.keep == frozenset({bytes(31) + b"\1"})
    assert standing() == again.manifest.will.digest
