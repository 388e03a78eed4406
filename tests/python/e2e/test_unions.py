"""Data unions from the opening to the last claim, with people who join.

path       vouched for, joined; bought; delivered by hand and by a station, and by one who doesn't;
           divided, downloaded with the k that was measured; a case of one part; one leaves; each
           is paid by their proof
published  what lies on IPFS names nobody; where it is gone the custodians have it
panel      a custodian answers for a part that was delivered, and for no other
refused    not vouched for, joined before, closed; bought of too few, by whom nothing is attested
early      nobody has an order divided before everybody delivered, or parts are over; then none come
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aceso.chain import Ground, OrderState
from aceso.codes import Condition, DataClass, Reason, Role, Use
from aceso.custody import DeniedError, RequestRefusedError
from aceso.custody.__main__ import answer
from aceso.custody._orders import Orders
from aceso.errors import AcesoError, InputError, UsageError
from aceso.flows import (
    Disputing,
    Downloaded,
    Issuer,
    Joining,
    NothingToOpenError,
    Person,
    Renewing,
    Station,
    UnionBuyer,
    UnionKeeper,
    UnionPlan,
    base_units,
    divide,
    earnings,
    entrust,
    find_union_order,
    judge,
    judge_file,
    part_of_subject,
    published,
    questions,
    strike,
    take_answer,
    union_status,
    vouch_for_persona,
)
from aceso.research import Case, CaseFile, Step
from aceso.storage import IpfsNotFoundError, cid_from_digest
from aceso.vault import PartList

from .conftest import HAEMOGLOBIN, Bundle, World

_DAY = 24 * 60 * 60
_PRICE = base_units("30")
_DURATION = 30 * _DAY
_DELIVERY = 8 * _DAY
_YEAR = 365 * _DAY


@pytest.fixture
def hospital(world: World) -> Issuer:
    """Who says who is one person."""
    return world.cast(Issuer, "institution", Role.ISSUER)


@pytest.fixture
def opened(world: World, hospital: Issuer) -> Callable[..., int]:
    def make(**changes: Any) -> int:
        values: dict[str, Any] = {
            "classes": DataClass.LABS,
            "use": Use.HMB,
            "price": _PRICE,
            "duration": _DURATION,
            "delivery_period": _DELIVERY,
            "voucher": hospital.account.address,
        }
        keeper = UnionKeeper(world.network, hospital.profile)
        return keeper.open(UnionPlan(**values | changes))[0]

    return make


@pytest.fixture
def buyer(world: World) -> UnionBuyer:
    made = world.cast(UnionBuyer, "researcher", Role.RESEARCHER)
    made.buy_coin(wei=10 * _PRICE // world.network.suite.sale.rate())
    return made


@pytest.fixture
def another(world: World, hospital: Issuer, bundle: Bundle) -> Callable[[int], Joining]:
    """Somebody with laboratory values whom the hospital vouched for."""

    def make(number: int) -> Joining:
        person = Person(world.network, world.profile("person"))
        person.import_files([bundle(name=f"{number}.json", start=10 * number)])
        joining = Joining(person)
        vouch_for_persona(hospital, f"patient {number}", joining.subject)
        return joining

    return make


def _join(joining: Joining, union: int) -> None:
    joining.join(joining.plan(union, _YEAR), notice=bytes(32))


def test_a_union_from_its_opening_to_the_last_claim(
    world: World,
    opened: Callable[..., int],
    another: Callable[[int], Joining],
    buyer: UnionBuyer,
    tmp_path: Path,
) -> None:
    network, suite = world.network, world.network.suite
    union = opened()
    alone, leaving, helped, silent = (another(number) for number in (1, 2, 3, 4))
    for one in (alone, leaving, helped, silent):
        _join(one, union)
    with pytest.raises(InputError) as twice:
        alone.join(alone.plan(union, _YEAR), notice=bytes(32))
    assert twice.value.code == "E_UNION_MEMBER"
    assert alone.plan(union, _YEAR).earns == part_of_subject(_PRICE // 4, 0)
    station = world.cast(Station, "institution", Role.STATION)
    for one in (leaving, helped):
        mandate, _ = entrust(
            one.person, station.account.address, classes=DataClass.LABS, use=Use.HMB
        )
        station.accept(mandate)
    order = buyer.buy_of(union, minimum=3).order
    world.confirm()

    (mine,) = alone.fulfil()
    assert mine.error is None
    with pytest.raises(RequestRefusedError) as early:
        divide(network, order, network.relayer)
    assert early.value.code == "E_UNION_EARLY"
    both = station.fulfil(k=2)
    assert [one.order for one in both if one.delivered is not None] == [order, order]
    # Nobody is given anything that isn't delivered and paid for.
    with pytest.raises(InputError) as undelivered:
        buyer.download_all(order, tmp_path / "early")
    assert undelivered.value.code == "E_UNION_UNDELIVERED"
    world.devnet.chain.advance_time(_DELIVERY * 3 // 4)
    (late,) = silent.fulfil()
    assert late.error is not None and late.error.code == "E_UNION_PARTS_OVER"
    leaves, _ = divide(network, order, network.relayer)

    # What is published are hashes; whose they are the parties are told.
    row = find_union_order(network, order)
    data = network.ipfs.read(cid_from_digest(row.capsule or b""), limit=1 << 20)
    assert PartList.parse(data).leaves == leaves.leaves and len(data) == 3 * 32
    assert (row.state, row.members) == (OrderState.DELIVERED, 3)
    done = buyer.download_all(order, tmp_path / "union")
    assert (set(done.parts), done.untold) == ({alone.subject, leaving.subject, helped.subject}, 0)
    measured = [done.parts[one.subject] for one in (leaving, helped)]
    assert [one.certificate.cohort for one in measured if isinstance(one, Downloaded)] == [2, 2]
    assert done.k == 0
    text = (tmp_path / "union" / alone.subject / "Observation.ndjson").read_text()
    assert HAEMOGLOBIN in text and "Kim Na-ra" not in text
    with pytest.raises(UsageError) as whole:
        buyer.download(order, tmp_path / "whole")
    assert whole.value.code == "E_ORDER_OF_UNION"

    # A case is of one part: it opens for anybody, and shows that it was delivered.
    disputing = Disputing(network, buyer.profile)
    with pytest.raises(UsageError) as unnamed:
        disputing.case(order)
    assert unnamed.value.code == "E_CASE_MEMBER"
    case = Case.read(disputing.case(order, alone.subject).to_bytes())
    assert judge(network, case).opens
    other = disputing.case(order, helped.subject)
    assert other.part is not None
    for part in (other.part, None, replace(other.part, proof=())):
        # What the buyer alone shows is nothing against the delivery.
        spoilt = judge(network, replace(case, part=part))
        assert (spoilt.broken, spoilt.upholds) == (Step.ENTRY, False)

    both = judge_file(network, CaseFile.of((case, other)))
    assert [one.opens for one in both.verdicts] == [True, True]
    assert (both.is_decided, both.upholds) == (True, False)

    # One leaves ten days on; their data open no more, and their part ends there.
    window, _ = suite.unions.challenge()
    world.devnet.chain.advance_time(window + 10 * _DAY)
    withdrawn, _ = leaving.leave(union)
    stopped = suite.node.block(withdrawn.block_number).timestamp
    start = suite.unions.get_order(order)[0].start
    again = buyer.download_all(order, tmp_path / "again")
    refused = again.parts[leaving.subject]
    assert isinstance(refused, DeniedError) and refused.reason is Reason.WITHDRAWN
    assert isinstance(again.parts[helped.subject], Downloaded)
    (paid,) = leaving.claim()
    assert paid.receipt is not None
    earned = _PRICE // 3 * (stopped - start) // _DURATION
    (reason,) = earnings(network, leaving.subject).orders
    assert (reason.earned, reason.mine) == (earned, part_of_subject(earned, 0))
    assert (reason.sale.name, reason.is_settled) == (f"union:{union}", True)
    assert suite.coin.balance_of(leaving.subject) == reason.mine

    # The others at the end: on another device, which has nothing but the seed.
    with pytest.raises(NothingToOpenError):
        helped.claim()
    # What is earned by now is paid to who asks for it by the order's name.
    (soon,) = helped.claim((order,))
    assert soon.receipt is not None
    (running,) = earnings(network, helped.subject).orders
    assert 0 < running.earned < _PRICE // 3 and not running.is_settled
    assert suite.coin.balance_of(helped.subject) == part_of_subject(running.earned, 0)
    world.devnet.chain.advance_time(_DURATION)
    elsewhere = Joining(Person(network, world.profile("person", helped.person.profile.seed)))
    assert [one.receipt is not None for one in (*elsewhere.claim(), *alone.claim())] == [True] * 2
    rest = part_of_subject(_PRICE // 3 - running.earned, 0)
    assert suite.coin.balance_of(helped.subject) == part_of_subject(running.earned, 0) + rest
    # Who delivered nothing has no part.
    (nothing,) = silent.claim((order,))
    assert nothing.error is not None and nothing.error.code == "E_UNION_NOT_DELIVERED"
    buyer.settle(order)
    assert union_status(network, union).orders[0].state is OrderState.SETTLED
    assert suite.unions.credit_of(buyer.account.address) == _PRICE // 3 - earned


def test_a_member_needs_nobody_s_publishing(
    world: World,
    opened: Callable[..., int],
    another: Callable[[int], Joining],
    buyer: UnionBuyer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    network = world.network
    union, only, second = opened(), another(5), another(6)
    for joining in (only, second):
        _join(joining, union)
    order = buyer.buy_of(union).order
    world.confirm()
    second.fulfil()
    # The last to deliver has the order divided at once.
    only.fulfil()
    row = find_union_order(network, order)
    assert row.state is OrderState.DELIVERED
    leaves = published(network, row)

    def nowhere(cid: str, **more: Any) -> bytes:
        raise IpfsNotFoundError(cid, 1.0)

    with monkeypatch.context() as gone:
        gone.setattr(network.ipfs, "read", nowhere)
        assert published(network, row) == leaves

    # A panel is answered for a part that was delivered, and for no other.
    disputing, silent = Disputing(network, buyer.profile), world.keepers[:2]
    with world.down(*silent):
        cases = [disputing.case(order, one.subject) for one in (only, second)]
        file = CaseFile.read(CaseFile.of(cases).original)
        number, _ = disputing.dispute(order, Ground.CANNOT_OPEN, file.original)
        assert network.suite.disputes.dispute_of(number).desk == network.suite.addresses["Unions"]
        # Two parts are accused, those of the cases: a panel opens them and no others.
        assert network.suite.unions.accusations_of(order) == (2, True, False)
        assert judge(network, cases[0]).broken is Step.ENTRY
        with pytest.raises(InputError) as fewer:
            disputing.dispute(order, Ground.CANNOT_OPEN, CaseFile.of(cases[:1]).original)
        assert fewer.value.code == "E_CASE_PARTS"
        # Whoever joins anew once they were accused gets nobody's dispute dismissed by it.
        second.leave(union)
        _join(second, union)
        judged = judge_file(network, file)
        assert {one.broken for one in judged.verdicts} == {Step.SHARES}
        assert (judged.is_decided, judged.upholds) == (False, False)
        world.confirm()
        asked = questions(network, file)
        assert sorted((one.custodian, one.request["subject"]) for one in asked) == sorted(
            (keeper.address, one.subject) for keeper in silent for one in (only, second)
        )
        question = next(one for one in asked if one.request["subject"] == only.subject)
        keeper = next(one for one in silent if one.address == question.custodian)
        arguments = ["--folder", str(keeper.folder), "--rpc", world.devnet.chain_url]
        arguments += ["--deployment", str(world.devnet.folder / "deployment.json")]
        file = take_answer(network, file, answer(arguments, question))
        # It is about the one part: that opens, so that the dispute is dismissed.
        judged = judge_file(network, CaseFile.read(file.to_bytes()))
        assert [(one.opens, one.is_decided) for one in judged.verdicts] == [
            (True, True),
            (False, False),
        ]
        assert judged.verdicts[1].unproven == ()
        assert (judged.is_decided, judged.upholds) == (True, False)
        assert len(questions(network, file)) == len(asked) - 1
        monkeypatch.setattr(Orders, "lists", lambda self, order: [])
        with pytest.raises(RequestRefusedError) as unlisted:
            answer(arguments, question)
        assert unlisted.value.code == "E_UNION_PART"


def test_what_the_chain_would_refuse_is_said_before(
    world: World,
    opened: Callable[..., int],
    hospital: Issuer,
    another: Callable[[int], Joining],
    buyer: UnionBuyer,
    person: Person,
) -> None:
    network = world.network
    union = opened(conditions=Condition.NPU)
    unknown, member = Joining(person), another(6)
    refused: list[tuple[str, Callable[[], object]]] = [
        ("E_UNION_NOT_VOUCHED", lambda: _join(unknown, union)),
        ("E_NO_UNION", lambda: unknown.plan(union + 1, _YEAR)),
        ("E_UNION_NOTHING_DUE", unknown.fulfil),
        ("E_UNION_NOTHING_TO_CLAIM", unknown.claim),
        ("E_UNION_CONDITIONS", lambda: buyer.check(union, 1)),
        ("E_NO_UNION_ORDER", lambda: divide(network, 1, network.relayer)),
    ]
    for code, act in refused:
        with pytest.raises(AcesoError) as caught:
            act()
        assert caught.value.code == code
    # Nothing was granted by who could not join.
    assert not network.synced().consents([unknown.subject])

    _join(member, union)
    # A membership goes on under a consent that was renewed without a gap.
    renewing = Renewing(member.person)
    until = network.suite.now() + 2 * _YEAR
    renewing.renew(renewing.plan(member.grantee(union)), until=until, notice=bytes(32))
    with pytest.raises(InputError) as stands:
        _join(member, union)
    assert stands.value.code == "E_UNION_MEMBER"
    assert not strike(network, union, network.relayer)
    plain = opened()
    with pytest.raises(InputError) as small:
        buyer.check(plain, 1)
    assert small.value.code == "E_UNION_TOO_SMALL"
    # A consent that was withdrawn without leaving ends a membership by anybody's call.
    member.person.unshare(member.grantee(union))
    assert len(strike(network, union, network.relayer)) == 1
    assert union_status(network, union).row.members == 0
    _join(member, union)
    assert not member.plan(union, _YEAR).unclaimed
    UnionKeeper(network, hospital.profile).close(union)
    with pytest.raises(InputError) as closed:
        buyer.check(union, 1)
    assert closed.value.code == "E_UNION_CLOSED"
    assert union not in [row.number for row in member.open()]
    member.leave(union)
    assert member.memberships()[union] is not None
