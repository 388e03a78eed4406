"""A study that takes only data whose origin is shown, an offer that shows it, and who sells copies.

shown      a vouch is asked for before anything is signed; what was imported is left out of the
           extract; by hand and by a station, and the buyer has it; retracted later, it still holds
copier     a patient with records of one class, who bought an extract of another, changed its bytes
           and sells it as theirs with a client of their own: the buyer's client refuses it before a
           file is written, a panel decides it by computation, and the price is back
not asked  the same copy is sold, and nobody can tell
an offer   that shows origin is made with a vouch and a record to show; what was imported is left
           out, and a copy is refused and decided by computation
a union    that shows it is joined with them; the part of a member who copies is refused and decided
           by itself, and the others' are had
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aceso.chain import DisputeState, Ground
from aceso.codes import Condition, DataClass, Role, Use
from aceso.errors import AcesoError, InputError
from aceso.flows import (
    Disputing,
    Downloaded,
    Enrolling,
    Evaluator,
    ExtractMaker,
    Issuer,
    Joining,
    Mandate,
    Options,
    Person,
    Seller,
    Station,
    StudyLead,
    StudyPlan,
    UnionBuyer,
    UnionKeeper,
    UnionPlan,
    Vouch,
    check_case,
    draw,
    entrust,
    judge,
    judge_file,
    same_patients,
    selling,
    vouch_for_persona,
)
from aceso.flows import extracts as extracts_of
from aceso.flows.extracts import Prepared, Read
from aceso.flows.orders import Sale
from aceso.flows.origins import Showing
from aceso.research import Case, CaseFile, Origin, OriginError, OriginProof, Package, Step
from aceso.rewards import Contribution
from aceso.vault import Card

from .conftest import HAEMOGLOBIN, Bundle, World, observation, resource
from .test_studies import _PRICE, lead, plan

__all__ = ["lead", "plan"]

_ASTHMA = {"system": "http://snomed.info/sct", "code": "195967001"}
_ASKED = DataClass.LABS | DataClass.PROBLEMS


@pytest.fixture
def study(lead: StudyLead, plan: Callable[..., StudyPlan]) -> int:
    """One that asks for origin, as one does unless it says otherwise."""
    asks = plan(conditions=Condition(0), classes=_ASKED, origin=Origin.VOUCHED)
    made = lead.create(asks).study
    lead.fund(made, 3 * _PRICE)
    return made


@pytest.fixture
def patient(world: World, hospital: Issuer) -> Callable[[str, Path], tuple[Enrolling, Vouch]]:
    """Somebody to whom the hospital issued a file, with its vouch."""

    def make(chart: str, path: Path) -> tuple[Enrolling, Vouch]:
        person = Person(world.network, world.profile("person"))
        grantee = bytes(12) + bytes.fromhex(hospital.account.address[2:])
        card = person.card(person.persona_for(grantee), hospital.classes_of([path]))
        hospital.issue(Card.from_json(card.to_json()), [path], patient=chart)
        person.sync()
        enrolling = Enrolling(person)
        return enrolling, Vouch.by(hospital, chart, enrolling.subject)

    return make


def _file(path: Path, *resources: dict[str, Any]) -> Path:
    entries = [{"resource": one} for one in resources]
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    return path


class _CopyingMaker(ExtractMaker):
    """A client of a copier's own: what is theirs is shown, and what isn't goes in all the same."""

    def prepare(
        self,
        sale: Sale,
        records: Iterable[Read],
        options: Options,
        vouches: Iterable[Vouch] = (),
    ) -> Prepared:
        made = super().prepare(sale, records, options, vouches)
        if made.shown is None:
            return made
        shown = tuple(one for one in made.shown if one is not None)
        sources = tuple((one.record, one.issuer, one.root) for one in shown)
        return replace(made, shown=shown, sources=sources)


@pytest.fixture
def copying(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Showing.show

    def show(self: Showing, *opened: Any) -> Contribution | None:
        try:
            return honest(self, *opened)
        except AcesoError:
            return None

    monkeypatch.setattr(Showing, "show", show)
    monkeypatch.setattr(extracts_of, "check_origin", lambda *_: None)
    monkeypatch.setattr(selling, "ExtractMaker", _CopyingMaker)


def test_who_shows_it_is_paid_and_what_cannot_be_shown_is_left_out(
    world: World,
    lead: StudyLead,
    study: int,
    hospital: Issuer,
    patient: Callable[[str, Path], tuple[Enrolling, Vouch]],
    bundle: Bundle,
    tmp_path: Path,
) -> None:
    alone, vouch = patient("chart 1", bundle(name="1.json", start=1))
    helped, another = patient("chart 2", bundle(name="2.json", start=20))
    alone.person.import_files([bundle(name="own.json", start=300)])

    with pytest.raises(InputError) as unvouched:
        alone.enrol(alone.plan(study), notice=bytes(32))
    assert unvouched.value.code == "E_ORIGIN_VOUCH" and "aceso vouch" in unvouched.value.message
    with pytest.raises(InputError) as others:
        alone.enrol(alone.plan(study), notice=bytes(32), vouches=[another])
    assert others.value.code == "E_VOUCH_ACCOUNT"
    forged = replace(vouch, signature=another.signature)
    with pytest.raises(InputError) as unsigned:
        alone.enrol(alone.plan(study), notice=bytes(32), vouches=[forged])
    assert unsigned.value.code == "E_VOUCH_SIGNATURE"
    station = world.cast(Station, "institution", Role.STATION)
    mandate, _ = entrust(
        *(helped.person, station.account.address), classes=_ASKED, use=Use.HMB, vouches=[another]
    )
    station.accept(Mandate.from_json(mandate.to_json()))
    first, _ = alone.enrol(alone.plan(study), notice=bytes(32), vouches=[vouch])
    second, _ = helped.enrol(helped.plan(study), notice=bytes(32), vouches=[another])
    world.confirm()
    (made,), (by_station,) = alone.fulfil(), station.fulfil()
    assert made.delivered is not None and by_station.delivered is not None
    notes = dict(alone.person.records())
    own = {one for one, note in notes.items() if note.issuer != hospital.account.address}
    assert {one for one in own if _ASKED & notes[one].data_class} == set(made.delivered.left_out)

    done = [lead.download(order, tmp_path / str(order)) for order in (first, second)]
    results = [(one.folder / "Observation.ndjson").read_text() for one in done]
    assert all(HAEMOGLOBIN in one for one in results) and "313.2" not in results[0]
    assert same_patients(dict(zip((first, second), done, strict=True))) == []
    as_one = {first: done[0], second: replace(done[1], patients=done[0].patients)}
    assert same_patients(as_one) == [tuple(sorted((first, second)))]
    # What its issuer retracts after the delivery is nobody's lie.
    lead.open(first, tmp_path / "package.json")
    shown = OriginProof.of(Package.read((tmp_path / "package.json").read_bytes())).shown
    assert {one.issuer for one in shown} == {hospital.account.address}
    suite = world.network.suite
    # Blocks that are mined ahead of the clock can have the second of the one before.
    world.devnet.chain.advance_time(1)
    world.network.sender(hospital.account).send(suite.records.retract(shown[0].record))
    assert judge(world.network, lead.case(first)).broken is None


def test_a_copy_is_refused_disputed_and_paid_back(
    world: World,
    lead: StudyLead,
    plan: Callable[..., StudyPlan],
    study: int,
    patient: Callable[[str, Path], tuple[Enrolling, Vouch]],
    evaluators: list[Evaluator],
    copying: None,
    tmp_path: Path,
) -> None:
    network, suite = world.network, world.network.suite
    own = resource("Condition", 1, code={"text": "asthma", "coding": [_ASTHMA]})
    copier, vouch = patient("chart 3", _file(tmp_path / "own.json", own))
    # Bought once, its bytes changed.
    bought = observation(7, HAEMOGLOBIN, "2024-05-05", 11.1)
    copier.person.import_files([_file(tmp_path / "copy.json", bought)])
    order, _ = copier.enrol(copier.plan(study), notice=bytes(32), vouches=[vouch])
    world.confirm()
    (sold,) = copier.fulfil()
    assert sold.error is None
    world.confirm()

    with pytest.raises(OriginError) as refused:
        lead.download(order, tmp_path / "copy")
    assert (refused.value.code, refused.value.exit_code) == ("E_ORIGIN_CONTENTS", 6)
    assert not (tmp_path / "copy").exists()
    data = lead.case(order).to_bytes()
    number, _ = lead.dispute(order, Ground.NOT_AS_OFFERED, data)
    before = suite.studies.state_of(study).budget
    lot = suite.disputes.dispute_of(number).draw_block
    world.devnet.chain.mine(lot + 1 - suite.node.height())
    draw(network, number, network.sender(evaluators[0].account))
    seats = [suite.disputes.seat_of(number, seat).evaluator for seat in range(3)]
    check_case(network, number, data)
    for each in [one for one in evaluators if one.account.address in seats][:2]:
        # Each computes it from the case, the study's document and the chain.
        verdict = judge(network, Case.read(data))
        assert (verdict.broken, verdict.opens, verdict.upholds) == (Step.ORIGIN, True, True)
        each.vote(number, upheld=verdict.upholds, reason=verdict.why.encode())

    assert suite.disputes.dispute_of(number).state is DisputeState.UPHELD
    assert suite.studies.state_of(study).budget - before == _PRICE
    # A study that doesn't ask can't tell: it buys the copy.
    free = lead.create(plan(conditions=Condition(0), classes=_ASKED)).study
    lead.fund(free, _PRICE)
    another, _ = copier.enrol(copier.plan(free), notice=bytes(32))
    world.confirm()
    copier.fulfil((free,))
    paid_for = lead.download(another, tmp_path / "paid")
    assert "11.1" in (paid_for.folder / "Observation.ndjson").read_text()


@pytest.fixture
def bought(world: World) -> Callable[[Seller, int], tuple[Disputing, int]]:
    """An order of an offer, delivered."""

    def buy(seller: Seller, offer: int) -> tuple[Disputing, int]:
        buyer = world.cast(Disputing, "researcher", Role.RESEARCHER)
        buyer.buy_coin(wei=2 * _PRICE // world.network.suite.sale.rate())
        world.confirm()
        order = buyer.buy(offer).order
        world.confirm()
        seller.deliver(order)
        world.confirm()
        return buyer, order

    return buy


def _offering(seller: Seller, *vouches: Vouch) -> int:
    terms: dict[str, Any] = {"classes": _ASKED, "use": Use.HMB, "price": _PRICE, "seconds": 86_400}
    return seller.offer(**terms, origin_shown=True, vouches=vouches)[0]


def test_an_offer_that_shows_origin_leaves_out_what_cannot_be_shown(
    patient: Callable[[str, Path], tuple[Enrolling, Vouch]],
    bought: Callable[[Seller, int], tuple[Disputing, int]],
    bundle: Bundle,
    tmp_path: Path,
) -> None:
    person, vouch = patient("chart 4", bundle(name="4.json", start=40))
    _, another = patient("chart 5", bundle(name="5.json", start=60))
    person.person.import_files([bundle(name="own.json", start=300)])
    seller = Seller(person.person)
    refused: list[tuple[str, tuple[Vouch, ...]]] = [
        ("E_ORIGIN_VOUCH", ()),
        ("E_VOUCH_ACCOUNT", (another,)),
    ]
    for code, given in refused:
        with pytest.raises(AcesoError) as caught:
            _offering(seller, *given)
        assert caught.value.code == code

    buyer, order = bought(seller, _offering(seller, vouch))

    done = buyer.download(order, tmp_path / "extract")
    assert len(done.patients) == 1
    results = (done.folder / "Observation.ndjson").read_text()
    assert HAEMOGLOBIN in results and "313.2" not in results


def test_a_copy_is_not_what_such_an_offer_offered(
    world: World,
    patient: Callable[[str, Path], tuple[Enrolling, Vouch]],
    bought: Callable[[Seller, int], tuple[Disputing, int]],
    copying: None,
    tmp_path: Path,
) -> None:
    own = resource("Condition", 1, code={"text": "asthma", "coding": [_ASTHMA]})
    copier, vouch = patient("chart 6", _file(tmp_path / "own.json", own))
    copied = observation(7, HAEMOGLOBIN, "2024-05-05", 11.1)
    copier.person.import_files([_file(tmp_path / "copy.json", copied)])
    seller = Seller(copier.person)

    buyer, order = bought(seller, _offering(seller, vouch))

    with pytest.raises(OriginError) as refused:
        buyer.download(order, tmp_path / "copy")
    assert refused.value.code == "E_ORIGIN_CONTENTS"
    verdict = judge(world.network, buyer.case(order))
    assert (verdict.broken, verdict.opens, verdict.upholds) == (Step.ORIGIN, True, True)


def test_a_copy_in_a_union_that_shows_origin_is_refused_by_itself(
    world: World,
    hospital: Issuer,
    patient: Callable[[str, Path], tuple[Enrolling, Vouch]],
    bundle: Bundle,
    copying: None,
    tmp_path: Path,
) -> None:
    network = world.network
    plan = UnionPlan(
        classes=_ASKED,
        use=Use.HMB,
        price=_PRICE,
        duration=86_400,
        delivery_period=86_400,
        voucher=hospital.account.address,
        origin_shown=True,
    )
    union, _ = UnionKeeper(network, hospital.profile).open(plan)
    own = resource("Condition", 1, code={"text": "asthma", "coding": [_ASTHMA]})
    files = (bundle(name="7.json", start=80), _file(tmp_path / "own.json", own))
    members = []
    for number, file in zip((7, 8), files, strict=True):
        made, vouch = patient(f"chart {number}", file)
        joining = Joining(made.person)
        vouch_for_persona(hospital, f"chart {number}", joining.subject)
        with pytest.raises(InputError) as unvouched:
            joining.check(joining.plan(union, 86_400 * 9))
        assert unvouched.value.code == "E_ORIGIN_VOUCH"
        joining.join(joining.plan(union, 86_400 * 9), notice=bytes(32), vouches=[vouch])
        members.append(joining)
    honest, copier = members
    copied = observation(7, HAEMOGLOBIN, "2024-05-05", 11.1)
    copier.person.import_files([_file(tmp_path / "copy.json", copied)])
    buyer = world.cast(UnionBuyer, "researcher", Role.RESEARCHER)
    buyer.buy_coin(wei=2 * _PRICE // network.suite.sale.rate())
    order = buyer.buy_of(union).order
    world.confirm()
    for one in members:
        one.fulfil()
    world.confirm()

    done = buyer.download_all(order, tmp_path / "union").parts

    assert isinstance(done[honest.subject], Downloaded)
    refused = done[copier.subject]
    assert isinstance(refused, OriginError) and refused.code == "E_ORIGIN_CONTENTS"
    disputing = Disputing(network, buyer.profile)
    cases = [disputing.case(order, one.subject) for one in members]
    alone = judge_file(network, CaseFile.of(cases[1:]))
    both = judge_file(network, CaseFile.of(cases))
    assert (alone.upholds, both.upholds, both.is_decided) == (True, False, True)
