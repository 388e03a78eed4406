"""Studies from the opening to the close, with people who enrol.

path       approved, two enrol, by hand and by a station; opened, disputed, judged, paid
           dates of one person move alike in all revisions of a study, and unlike anywhere else
consent    withdrawn: the researcher is refused, and pays for the time until then
refused    not attested; amended since it was read; enrolled already; another criteria document
renewed    the consent that an enrolment runs by, and the order goes on
amended    an older yes is not for the newer terms: told, and asked anew
fulfil     an order that fails keeps back no other; one past its delivery period is not begun
download   two orders of one place, each into a folder of its own
close      before the deadline by the researcher alone; then by anybody, and what is unspent is back
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aceso.chain import Ground, OrderState, RefusedError, grantee_of_group
from aceso.codes import Condition, DataClass, Reason, Role, Use
from aceso.custody import DeniedError
from aceso.errors import InputError
from aceso.flows import (
    Downloaded,
    Enrolling,
    Issuer,
    Mandate,
    NothingToOpenError,
    Person,
    Renewing,
    Sale,
    Station,
    StudyLead,
    StudyPlan,
    approve,
    base_units,
    close,
    conditions_of,
    earnings,
    entrust,
    find_sale,
    find_study,
    judge,
    part_of_subject,
    said,
    status_of,
)
from aceso.research import Origin

from .conftest import HAEMOGLOBIN, Bundle, World

_DAY = 24 * 60 * 60
_PRICE = base_units("20")
_DURATION = 30 * _DAY
_CRITERIA = {
    "resourceType": "Group",
    "type": "person",
    "actual": False,
    "name": "Haemoglobin",
    "characteristic": [
        {
            "code": {"coding": [{"system": "http://loinc.org", "code": HAEMOGLOBIN}]},
            "valueBoolean": True,
            "exclude": False,
        }
    ],
}


@pytest.fixture
def lead(world: World) -> StudyLead:
    made = world.cast(StudyLead, "researcher", Role.RESEARCHER)
    made.buy_coin(wei=10 * _PRICE // world.network.suite.sale.rate())
    return made


@pytest.fixture
def plan(world: World, tmp_path: Path) -> Callable[..., StudyPlan]:
    """A study that an ethics board has to approve."""
    protocol = tmp_path / "protocol.md"
    protocol.write_text("# What is done\nHaemoglobin over time.\n")

    def make(**changes: Any) -> StudyPlan:
        values: dict[str, Any] = {
            "criteria": json.dumps(_CRITERIA).encode(),
            "title": "Haemoglobin over time",
            "summary": "How haemoglobin changes in a year.",
            "protocol": protocol,
            "classes": DataClass.LABS,
            "use": Use.HMB,
            "price": _PRICE,
            "cap": 20,
            "deadline": world.network.suite.now() + 60 * _DAY,
            "duration": _DURATION,
            "delivery_period": 7 * _DAY,
            "conditions": Condition.IRB,
            # What these people have they imported themselves; test_copies has those who show it.
            "origin": Origin.ANY,
        }
        return StudyPlan(**values | changes)

    return make


@pytest.fixture
def board(world: World) -> tuple[Issuer, int]:
    """An ethics board, and the institution that it is a member of."""
    made = world.cast(Issuer, "institution", Role.ETHICS_BOARD)
    number = world.authority.open_institution(made.account.address)
    far = (1 << 40) - 1
    joined = world.network.suite.participants.set_member(number, made.account.address, far, 0)
    world.network.sender(made.account).send(joined)
    return made, number


@pytest.fixture
def another(world: World, bundle: Bundle) -> Callable[[int], Person]:
    def make(number: int) -> Person:
        person = Person(world.network, world.profile("person"))
        person.import_files([bundle(name=f"{number}.json", start=10 * number)])
        return person

    return make


def _days(folder: Path) -> set[str]:
    lines = (folder / "Observation.ndjson").read_text().splitlines()
    return {json.loads(line)["effectiveDateTime"][:10] for line in lines}


def _enrolled(enrolling: Enrolling, study: int) -> int:
    return enrolling.enrol(enrolling.plan(study), notice=bytes(32))[0]


def test_a_study_from_its_opening_to_its_close(
    world: World,
    lead: StudyLead,
    plan: Callable[..., StudyPlan],
    board: tuple[Issuer, int],
    another: Callable[[int], Person],
    tmp_path: Path,
) -> None:
    network, suite = world.network, world.network.suite
    study = lead.create(plan()).study
    lead.fund(study, 3 * _PRICE)
    alone, helped = Enrolling(another(1)), Enrolling(another(2))

    unapproved = alone.plan(study)
    assert unapproved.document.title == "Haemoglobin over time"
    assert unapproved.earns == part_of_subject(_PRICE, 0) == _PRICE * 9 // 10
    with pytest.raises(InputError) as never:
        alone.enrol(unapproved, notice=bytes(32))
    assert never.value.code == "E_STUDY_NOT_ATTESTED"
    # What a client of one's own would let through the chain refuses.
    reckless = replace(unapproved, conditions=replace(unapproved.conditions, named=Condition(0)))
    with pytest.raises(RefusedError) as denied:
        alone.enrol(reckless, notice=bytes(32))
    assert denied.value.error == "OrderDenied"

    issuer, institution = board
    approve(network, issuer.profile, study, institution=institution)
    assert conditions_of(network, find_study(network, study)).missing == Condition(0)
    station = world.cast(Station, "institution", Role.STATION)
    mandate, _ = entrust(
        helped.person, station.account.address, classes=DataClass.LABS, use=Use.HMB
    )
    station.accept(Mandate.from_json(mandate.to_json()))
    orders = [each.enrol(each.plan(study), notice=b"\1" * 32)[0] for each in (alone, helped)]
    with pytest.raises(InputError) as twice:
        alone.enrol(alone.plan(study), notice=bytes(32))
    assert twice.value.code == "E_STUDY_ENROLLED"
    world.confirm()

    both = [*alone.fulfil(), *station.fulfil()]
    assert [one.order for one in both if one.delivered is not None] == orders
    done = lead.download_all(study, tmp_path / "study")
    assert set(done) == set(orders)
    assert (tmp_path / "study" / str(orders[0]) / "certificate.json").is_file()
    text = (tmp_path / "study" / str(orders[1]) / "Observation.ndjson").read_text()
    assert HAEMOGLOBIN in text and "Kim Na-ra" not in text

    # A dispute of a study's order: the case opens for anybody, with the key of its place alone.
    case = lead.case(orders[0])
    verdict = judge(network, case)
    assert verdict.opens
    assert judge(network, replace(case, private_key=lead.case(orders[1]).private_key)).broken
    number, _ = lead.dispute(orders[0], Ground.CANNOT_OPEN, case.to_bytes())
    assert suite.disputes.dispute_of(number).desk == suite.addresses["Studies"]

    # One withdraws ten days on; the other order runs to its end.
    grantee = grantee_of_group(find_study(network, study).group, suite.addresses["Studies"])
    world.devnet.chain.advance_time(10 * _DAY)
    receipt = helped.person.unshare(grantee)
    stopped = suite.node.block(receipt.block_number).timestamp
    start = suite.studies.get_order(orders[1])[0].start
    with pytest.raises(DeniedError) as refused:
        lead.open(orders[1], tmp_path / "again.json")
    assert refused.value.reason is Reason.WITHDRAWN
    lead.settle(orders[1])
    report = earnings(network, helped.subject)
    earned = _PRICE * (stopped - start) // _DURATION
    (reason,) = report.orders
    assert (reason.earned, reason.mine) == (earned, part_of_subject(earned, 0))
    assert (reason.sale.name, reason.is_settled) == (f"study:{study}.1", True)

    with pytest.raises(RefusedError) as early:
        close(network, study, network.relayer)
    assert early.value.error == "StudyNotOver"
    world.devnet.chain.advance_time(60 * _DAY)
    status = status_of(network, study)
    assert status.is_over and status.counts[OrderState.SETTLED] == 1
    before = suite.coin.balance_of(lead.account.address)
    _, running = close(network, study, network.relayer)
    # The dispute holds one order; what the other didn't earn is back, and so is the third share.
    assert running == [orders[0]]
    assert suite.coin.balance_of(lead.account.address) - before == 2 * _PRICE - earned
    assert status_of(network, study).state.is_closed


def test_newer_terms_are_asked_for_anew(
    world: World,
    lead: StudyLead,
    plan: Callable[..., StudyPlan],
    another: Callable[[int], Person],
    tmp_path: Path,
) -> None:
    network = world.network
    study = lead.create(plan(conditions=Condition(0))).study
    lead.fund(study, 4 * _PRICE)
    enrolling = Enrolling(another(3))
    read = enrolling.plan(study)
    lead.amend(study, plan(conditions=Condition(0), price=2 * _PRICE, duration=4 * _DAY))

    with pytest.raises(InputError) as amended:
        enrolling.enrol(read, notice=bytes(32))
    assert amended.value.code == "E_STUDY_AMENDED"
    newer = enrolling.plan(study)
    assert not newer.was_amended and newer.row.revision == 2
    order, _ = enrolling.enrol(newer, notice=bytes(32))
    world.confirm()
    enrolling.fulfil((study,))
    first = lead.download(order, tmp_path / "first")

    # The order keeps its terms; once it is over, the person reads the third revision as new.
    lead.amend(study, plan(conditions=Condition(0), classes=DataClass.LABS | DataClass.PROBLEMS))
    assert find_sale(network, order).name == f"study:{study}.2"
    world.devnet.chain.advance_time(5 * _DAY)
    lead.settle(order)
    latest = enrolling.plan(study)
    assert latest.was_amended and latest.consented == (2,)
    again, _ = enrolling.enrol(latest, notice=bytes(32))
    world.confirm()
    enrolling.fulfil((study,))
    second = lead.download(again, tmp_path / "second")

    # Dates move alike in every revision of the study.
    assert _days(first.folder) == _days(second.folder)
    sale = find_sale(network, again)
    assert sale.study == f"study:{study}:{lead.account.address.lower()}"
    other = replace(sale, group=(study + 1) << 16 | 1)
    assert isinstance(other, Sale) and other.study != sale.study

    world.authority.unaccredit(lead.account.address, Role.RESEARCHER)
    late = Enrolling(another(4))
    with pytest.raises(InputError) as refused:
        late.enrol(late.plan(study), notice=bytes(32))
    assert refused.value.code == "E_STUDY_NOT_ACCREDITED"


def test_an_order_keeps_back_no_other(
    world: World,
    lead: StudyLead,
    plan: Callable[..., StudyPlan],
    another: Callable[[int], Person],
    tmp_path: Path,
) -> None:
    network, none = world.network, Condition(0)
    # They have nothing of what one of the studies asks for, so nothing can be made for it.
    spoilt = lead.create(plan(conditions=none, classes=DataClass.IMAGING)).study
    study = lead.create(plan(conditions=none)).study
    lead.fund(spoilt, _PRICE)
    lead.fund(study, 2 * _PRICE)
    returning, staying = Enrolling(another(4)), Enrolling(another(5))
    left, kept = (_enrolled(each, study) for each in (returning, staying))
    returning.person.unshare(find_sale(network, left).grantee(network))
    lead.settle(left)
    again, failing = (_enrolled(returning, one) for one in (study, spoilt))
    world.confirm()

    done = {one.order: one for each in (returning, staying) for one in each.fulfil()}

    assert set(done) == {kept, again, failing} and left not in done
    assert [order for order, one in done.items() if one.error is not None] == [failing]
    # Who came back has a place that nobody had, and with it a key of their own.
    assert {row.place for row in lead.delivered(study)} == {2, 3}
    whole = lead.download_all(study, tmp_path / "study")
    assert {order for order, one in whole.items() if isinstance(one, Downloaded)} == {kept, again}
    # What is past its delivery period can't be delivered any more, so nothing is made for it.
    world.devnet.chain.advance_time(8 * _DAY)
    with pytest.raises(NothingToOpenError) as late:
        returning.fulfil()
    assert late.value.code == "E_STUDY_NOTHING_DUE"


def test_the_consent_of_an_enrolment_is_renewed(
    world: World, lead: StudyLead, plan: Callable[..., StudyPlan], person: Person
) -> None:
    network = world.network
    study = lead.create(plan(conditions=Condition(0))).study
    lead.fund(study, _PRICE)
    order = _enrolled(Enrolling(person), study)
    renewing = Renewing(person)
    asked = renewing.plan(find_sale(network, order).grantee(network))

    done = renewing.renew(asked, until=asked.terms.valid_until + _DAY, notice=bytes(32))

    # Seen, granted, seen again.
    assert len(done.receipts) == 3
    assert [(one.sale.order, one.is_whole, one.see_by) for one in done.orders] == [(order, True, 0)]
    with pytest.raises(RefusedError) as early:
        lead.settle(order)
    assert early.value.error == "OrderNotOver"


def test_criteria_other_than_those_committed_to(
    world: World, lead: StudyLead, plan: Callable[..., StudyPlan], person: Person
) -> None:
    suite = world.network.suite
    terms, protocol = lead._prepared(plan(conditions=Condition(0)))
    lying = replace(protocol, cohort=bytes(31) + b"\1")
    receipt = world.network.sender(lead.account).send(suite.studies.open(terms, lying))
    study = said(receipt, "StudyRevised")["group"] >> 16

    with pytest.raises(Exception, match="other criteria") as caught:
        Enrolling(person).plan(study)
    assert getattr(caught.value, "code", "") == "E_COHORT_OTHER"
