"""A delivery that is disputed, from the case to the panel's word.

case      what the custodians give; one that is down is named as silent; nothing before the delivery
judge     anybody does the opening again; another case than the disputed one is told; shares that
          custodians signed falsely count against them, and those that the buyer changed do not;
          what the buyer's client refuses it refuses, and what nobody attests spoils nothing; a
          node of the judge's that is down decides nothing
answers   custodians that gave none are asked by the panel, and answer it by hand of who runs them:
          only of an order that is disputed, and nothing that was withdrawn
elsewhere a case of another order than the disputed one shows nothing, whatever its digest; a
          dispute at somebody's own contract is none of this network
panel     drawn by lot among evaluators; who has no seat has no vote; two decide, and why is for
          everybody to read; what nobody could read is no reason
bond      of one that is dismissed, what the votes left is the person's, who reads why
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from aceso.chain import DisputeState, Ground, OrderState
from aceso.codes import DataClass, Reason, Role, Use
from aceso.custody import (
    Answer,
    DeniedError,
    ProvenFalseShareError,
    Question,
    RequestRefusedError,
)
from aceso.custody.__main__ import answer
from aceso.errors import AcesoError, InputError, IntegrityError, StorageError, UsageError
from aceso.flows import (
    RESEARCH,
    Disputing,
    Evaluator,
    LogReport,
    Person,
    Seller,
    base_units,
    check_case,
    check_order_logs,
    coin,
    dispute_of_order,
    draw,
    earnings,
    end_dispute,
    extracts,
    find_sale,
    judge,
    judge_file,
    pay_dispute_credit,
    questions,
    take_answer,
)
from aceso.research import Case, CaseFile, Package, Step
from aceso.storage import IpfsDownError, IpfsNotFoundError, IpfsTimeoutError
from aceso.vault import SignedCertificate
from tests.python.cli.conftest import call

from .conftest import PASSPHRASE, Bundle, World

_DAY = 24 * 60 * 60
_PRICE = base_units("120")


@pytest.fixture
def buyer(world: World) -> Disputing:
    return world.cast(Disputing, "researcher", Role.RESEARCHER)


@pytest.fixture
def order(world: World, person: Person, bundle: Bundle, buyer: Disputing) -> int:
    """An order that was bought and delivered."""
    return _delivered(world, person, bundle, buyer)


def _delivered(world: World, person: Person, bundle: Bundle, buyer: Disputing) -> int:
    person.import_files([bundle()])
    seller = Seller(person)
    offer, _ = seller.offer(classes=DataClass.LABS, use=Use.HMB, price=_PRICE, seconds=30 * _DAY)
    world.confirm()
    buyer.buy_coin(wei=2 * _PRICE // world.network.suite.sale.rate())
    bought = buyer.buy(offer)
    world.confirm()
    seller.deliver(bought.order)
    world.confirm()
    return bought.order


def test_a_dispute_that_is_dismissed(
    world: World, person: Person, buyer: Disputing, order: int, evaluators: list[Evaluator]
) -> None:
    network, disputes = world.network, world.network.suite.disputes
    with world.down(world.keepers[0]):
        case = buyer.case(order)
    assert len(case.shares) == 2 and list(case.silent) == [network.cards[0].address]
    verdict = judge(network, Case.read(case.to_bytes()))
    assert verdict.opens and verdict.package is not None

    number, _ = buyer.dispute(order, Ground.NOT_AS_OFFERED, case.to_bytes())
    check_case(network, number, case.to_bytes())
    with pytest.raises(IntegrityError) as caught:
        check_case(network, number, replace(case, silent={}).to_bytes())
    assert caught.value.code == "E_CASE_OTHER"
    lot = disputes.dispute_of(number).draw_block
    world.devnet.chain.mine(lot + 1 - network.suite.node.height())
    draw(network, number, network.sender(evaluators[0].account))
    seats = [disputes.seat_of(number, seat).evaluator for seat in range(3)]
    sitting = [one for one in evaluators if one.account.address in seats]
    assert len(sitting) >= 2

    with pytest.raises(UsageError) as refused:
        Evaluator(network, buyer.profile).vote(number, upheld=True, reason=b"mine")
    assert refused.value.code == "E_DISPUTE_SEAT"
    with pytest.raises(InputError) as unread:
        sitting[0].vote(number, upheld=False, reason=b"\xff\xfe")
    assert unread.value.code == "E_REASON_TEXT"
    for each in sitting[:2]:
        each.vote(number, upheld=False, reason=b"It opens, and is what was offered.")

    shown = call(
        *("dispute", "show", number, "--lang", "ko", "--json"),
        *("--home", world.folder, "--network", world.devnet.folder),
    )
    assert [(one["evaluator"], one["upheld"], one["text"]) for one in shown.document["votes"]] == [
        (each.account.address, False, "It opens, and is what was offered.") for each in sitting[:2]
    ]

    assert disputes.dispute_of(number).state is DisputeState.DISMISSED
    head, _ = network.suite.market.get_order(order)
    assert head.state is OrderState.DELIVERED

    subject, terms = person.persona(RESEARCH).address, disputes.terms()
    left = terms.bond - 2 * terms.fee
    assert disputes.credit_of(subject) == left
    home = ("--home", person.profile.folder, "--network", world.devnet.folder)
    listed = call("earnings", *home, "--json", passphrase=PASSPHRASE).document
    sold, payer = find_sale(network, order).name, buyer.account.address
    why = {"dispute": number, "order": str(order), "sold": sold, "payer": payer}
    assert listed["bonds"] == [why | {"mine": str(left)}]
    told = call("earnings", *home, "--lang", "en", passphrase=PASSPHRASE).out
    assert coin(left) in told and f"dispute {number}" in told
    assert earnings(network, payer).bonds == ()


def test_shares_that_the_buyer_changed_decide_nothing(
    world: World, buyer: Disputing, order: int
) -> None:
    case = buyer.case(order)
    first, *others = case.shares
    alien = replace(case, shares=tuple(replace(one, release=first.release) for one in others))

    verdict = judge(world.network, Case.read(alien.to_bytes()))

    # Nobody signed these: the buyer may have made them up.
    assert verdict.broken is Step.SHARES and not verdict.is_decided
    assert set(verdict.unproven) == {one.custodian for one in others}
    assert verdict.false == ()


def test_custodians_that_sign_false_shares_are_told_by_the_case(
    world: World, buyer: Disputing, order: int
) -> None:
    liars = world.keepers[:2]
    with world.down(*liars):
        for keeper in liars:
            keeper.start("-m", "aceso.demo.liar")
        try:
            case = buyer.case(order)
            with pytest.raises(AcesoError):
                buyer.download(order, world.folder / f"order-{order}")
            complaints = world.network.complaints
        finally:
            for keeper in liars:
                keeper.kill()

    verdict = judge(world.network, Case.read(case.to_bytes()))

    assert verdict.broken is Step.SHARES and verdict.is_decided
    assert set(verdict.false) == {keeper.address for keeper in liars}
    assert verdict.unproven == ()
    # Whoever only reads has the proof as well.
    proven = [one for one in complaints if isinstance(one, ProvenFalseShareError)]
    assert {one.custodian for one in proven} == set(verdict.false)


def test_what_custodians_answer_the_panel_decides_the_case(
    world: World, buyer: Disputing, person: Person, order: int
) -> None:
    network, silent = world.network, world.keepers[:2]
    with world.down(*silent):
        data = buyer.case(order).to_bytes()
    file = CaseFile.read(data)
    assert not judge_file(network, file).is_decided
    asked = questions(network, file)
    assert {one.custodian for one in asked} == {one.address for one in silent}
    question = Question.read(asked[0].to_bytes())
    keeper = next(one for one in silent if one.address == question.custodian)
    deployment = world.devnet.folder / "deployment.json"
    arguments = ["--folder", str(keeper.folder), "--rpc", world.devnet.chain_url]
    arguments += ["--deployment", str(deployment)]

    with world.down(keeper):
        with pytest.raises(RequestRefusedError) as early:
            answer(arguments, question)
        assert early.value.code == "E_ORDER_STATE"
        number, _ = buyer.dispute(order, Ground.CANNOT_OPEN, data)
        world.confirm()
        given = answer(arguments, question)
        with pytest.raises(RequestRefusedError) as other:
            answer(arguments, asked[1])
        assert other.value.code == "E_OTHER_CUSTODIAN"
        sale = find_sale(network, order)
        person.unshare(sale.grantee(network))
        with pytest.raises(DeniedError) as withdrawn:
            answer(arguments, question)
        assert withdrawn.value.reason is Reason.WITHDRAWN
    file = take_answer(network, file, Answer.read(given.to_bytes()))

    check_case(network, number, CaseFile.read(file.to_bytes()).original)
    judged = judge_file(network, file)
    assert [one.opens for one in judged.verdicts] == [True] and not judged.upholds
    # Whose extract it is reads in the log that it was given out.
    report = LogReport()
    reader = person.persona(RESEARCH)
    (seen,) = (
        one
        for one in check_order_logs(network, person.profile.store, reader, [sale], report)
        if one.act == "release"
    )
    assert report.problems == [] and keeper.address in seen.times


def test_what_the_buyers_client_refuses_a_panel_refuses(
    world: World,
    person: Person,
    bundle: Bundle,
    buyer: Disputing,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Another signature in the package than the one that custodians were shown."""
    to_bytes = Package.to_bytes

    def unsigned(package: Package, signed: SignedCertificate, *given: Any) -> bytes:
        return to_bytes(package, replace(signed, signature=bytes(65)), *given)

    monkeypatch.setattr(Package, "to_bytes", unsigned)
    order = _delivered(world, person, bundle, buyer)
    with pytest.raises(IntegrityError) as refused:
        buyer.download(order, tmp_path / "extract")
    assert refused.value.code == "E_EXTRACT_CERTIFICATE"

    verdict = judge(world.network, buyer.case(order))

    assert (verdict.broken, verdict.upholds) == (Step.EXTRACT, True)


def test_an_envelope_that_somebody_spoilt_spoils_no_extract(
    world: World,
    person: Person,
    bundle: Bundle,
    buyer: Disputing,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Nobody attests it, so a panel could not tell who did."""
    before = len(world.network.troubles)
    with monkeypatch.context() as spoilt:
        spoilt.setattr(extracts, "envelope_of", lambda *_, **__: SpoiltEnvelope())
        order = _delivered(world, person, bundle, buyer)

    done = buyer.download(order, tmp_path / "extract")

    assert [one.code for one in world.network.troubles[before:]] == ["E_EXTRACT_NOT_SHOWN"]
    del world.network.troubles[before:]
    verdict = judge(world.network, buyer.case(order))
    assert verdict.opens and not verdict.upholds
    assert verdict.package is not None
    assert verdict.package.check() == done.certificate


class SpoiltEnvelope:
    def seal(self, dek: bytes) -> bytes:
        return dek[:0] + bytes(400)


def test_a_case_of_another_order_shows_nothing(world: World, buyer: Disputing, order: int) -> None:
    """Of one that doesn't open, perhaps, which the buyer sold to themselves."""
    network, suite = world.network, world.network.suite
    other = replace(buyer.case(order), order=order + 1).to_bytes()
    with pytest.raises(InputError) as refused:
        buyer.dispute(order, Ground.CANNOT_OPEN, other)
    assert refused.value.code == "E_CASE_ORDER"

    buyer.allow(suite.addresses["Disputes"], suite.disputes.terms().bond)
    evidence = sha256(other).digest()
    desk = suite.addresses["DataMarket"]
    opening = suite.disputes.open(desk, order, Ground.CANNOT_OPEN, evidence)
    network.sender(buyer.account).send(opening)
    number = dispute_of_order(network, order)

    with pytest.raises(IntegrityError) as caught:
        check_case(network, number, other)
    assert caught.value.code == "E_CASE_ELSEWHERE"
    with pytest.raises(UsageError) as unnamed:
        buyer.case(order, buyer.account.address)
    assert unnamed.value.code == "E_CASE_NO_MEMBER"


def test_what_the_judges_node_cannot_give_is_no_verdict(
    world: World, buyer: Disputing, order: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, network = buyer.case(order), world.network
    cid, read = case.extract()[0].cid, network.ipfs.read

    def failing(error: StorageError) -> None:
        def body(wanted: str, **more: Any) -> bytes:
            if wanted != cid:
                return read(wanted, **more)
            raise error

        monkeypatch.setattr(network.ipfs, "read", body)

    for error in (IpfsDownError("http://127.0.0.1:1"), IpfsTimeoutError("http://127.0.0.1:1", 1.0)):
        failing(error)
        with pytest.raises(StorageError):
            judge(network, case)
    # That nobody has it is another thing.
    failing(IpfsNotFoundError(cid, 1.0))
    verdict = judge(network, case)
    assert (verdict.broken, verdict.upholds) == (Step.BODY, True)


def test_a_dispute_at_somebody_s_own_contract_is_none_of_this_network(
    world: World, buyer: Disputing, order: int
) -> None:
    network, suite = world.network, world.network.suite
    sender = network.sender(buyer.account)
    # Whatever it is asked, it answers that this buyer paid.
    answers = "73" + buyer.account.address[2:] + "60205260a06000f3"
    code = bytes.fromhex(f"60{len(answers) // 2:02x}80600b6000396000f3" + answers)
    desk = sender.deploy(code, name="").contract_address
    assert desk is not None
    buyer.allow(suite.addresses["Disputes"], suite.disputes.terms().bond)
    sender.send(suite.disputes.open(desk, order, Ground.CANNOT_OPEN, bytes(31) + b"\1"))

    with pytest.raises(InputError) as caught:
        dispute_of_order(network, order)
    assert caught.value.code == "E_ORDER_UNDISPUTED"
    with pytest.raises(InputError) as drawn:
        draw(network, suite.disputes.dispute_count(), sender)
    assert drawn.value.code == "E_DISPUTE_DESK"


def test_silence_ends_it(world: World, buyer: Disputing, order: int) -> None:
    network = world.network
    bond: Any = network.suite.disputes.terms()
    number, _ = buyer.dispute(order, Ground.CANNOT_OPEN, buyer.case(order).to_bytes())
    world.devnet.chain.advance_time(bond.draw_period)

    end_dispute(network, number, network.relayer)

    assert network.suite.disputes.dispute_of(number).state is DisputeState.LAPSED
    assert earnings(network, find_sale(network, order).subject).bonds == ()
    assert network.suite.disputes.credit_of(buyer.account.address) == bond.bond
    before = buyer.balance()
    paid, _ = pay_dispute_credit(network, buyer.account.address, network.relayer)
    assert (paid, buyer.balance()) == (bond.bond, before + bond.bond)


def test_nothing_to_dispute(world: World, buyer: Disputing) -> None:
    with pytest.raises(UsageError) as caught:
        buyer.case(12345)
    assert caught.value.code == "E_ORDER_STATE"
    with pytest.raises(UsageError) as unknown:
        draw(world.network, 10**6, buyer.account)
    assert unknown.value.code == "E_DISPUTE_UNKNOWN"
