"""What a researcher can and can't have, and that everybody is paid to the unit.

buy          without coin; a closed offer; a withdrawn one; one that nobody made
open         the buyer, while the order lasts; never anybody else, never the genome or an original
end          after a withdrawal, after the time that was bought
download     standard files, with a certificate that is checked
bundle       of several classes: one extract, one price, files of each class and of no other
criteria     of a study: matched on the device, told to nobody
settle       by anybody: earned by time, the rest returned; refunded when nothing was delivered
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aceso.chain import RefusedError
from aceso.codes import DataClass, Reason, Role, Use
from aceso.custody import DeniedError, RequestRefusedError
from aceso.errors import AcesoError, IntegrityError
from aceso.flows import (
    RESEARCH,
    LogReport,
    Network,
    NothingToOpenError,
    Person,
    Purchase,
    Researcher,
    Seller,
    base_units,
    check_order_logs,
    cohorts,
    find_sale,
    orders_ever,
    own_match,
    part_of_subject,
    read_criteria,
    sales,
)
from aceso.research import Package

from .conftest import HAEMOGLOBIN, HIV_ANTIBODY, Bundle, World

LABS = DataClass.LABS
_DAY = 24 * 60 * 60
_DURATION = 30 * _DAY
_PRICE = base_units("120")
_FEE_BPS = 500


@pytest.fixture
def seller(person: Person, bundle: Bundle) -> Seller:
    """A person with laboratory results to sell."""
    person.import_files([bundle()])
    return Seller(person)


@pytest.fixture
def offer(seller: Seller, world: World) -> int:
    number, _ = seller.offer(
        classes=LABS, use=Use.HMB, price=_PRICE, seconds=_DURATION, delivery_seconds=7 * _DAY
    )
    world.confirm()
    return number


def _with_coin(researcher: Researcher) -> None:
    researcher.buy_coin(wei=_PRICE // researcher.network.suite.sale.rate() + 1)


@pytest.fixture
def purchase(researcher: Researcher, offer: int, world: World) -> Purchase:
    _with_coin(researcher)
    bought = researcher.buy(offer)
    world.confirm()
    return bought


def _sentence(error: AcesoError) -> bool:
    return error.message.endswith(".") and len(error.message.split()) > 4


# Buying


def test_without_coin_nothing_is_bought(researcher: Researcher, offer: int) -> None:
    with pytest.raises(RefusedError, match="coin") as refused:
        researcher.buy(offer)
    assert _sentence(refused.value)
    assert refused.value.code == "E_REFUSED_ERC20_INSUFFICIENT_BALANCE"
    assert researcher.network.synced().orders(buyers=[researcher.account.address]) == []


def test_a_closed_offer_takes_no_buyers(researcher: Researcher, seller: Seller, offer: int) -> None:
    _with_coin(researcher)
    before = researcher.balance()
    seller.close(offer)
    with pytest.raises(RefusedError) as refused:
        researcher.buy(offer)
    assert _sentence(refused.value)
    assert researcher.balance() == before


def test_a_withdrawn_offer_takes_no_buyers(
    researcher: Researcher, seller: Seller, offer: int
) -> None:
    _with_coin(researcher)
    before = researcher.balance()
    seller.withdraw(offer)
    with pytest.raises(RefusedError) as refused:
        researcher.buy(offer)
    assert _sentence(refused.value)
    assert researcher.balance() == before


def test_an_expired_offer_takes_no_buyers(world: World, researcher: Researcher, offer: int) -> None:
    _with_coin(researcher)
    world.devnet.chain.advance_time(_DURATION + 7 * _DAY)
    with pytest.raises(RefusedError) as refused:
        researcher.buy(offer)
    assert _sentence(refused.value)


def test_an_offer_that_nobody_made_is_refused(researcher: Researcher) -> None:
    with pytest.raises(AcesoError) as refused:
        researcher.buy(10**6)
    assert _sentence(refused.value)


# Opening


def test_the_buyer_opens_the_extract(
    researcher: Researcher, seller: Seller, purchase: Purchase, tmp_path: Path
) -> None:
    delivered = seller.deliver(purchase.order)
    path = tmp_path / "extract.json"
    certificate = researcher.open(purchase.order, path)
    package = Package.read(path.read_bytes())
    assert list(package.files) == ["Observation.ndjson"]
    assert len(package.files["Observation.ndjson"].splitlines()) == 2
    assert package.check() == delivered.certificate
    assert "Kim Na-ra" not in path.read_text()
    assert "observation-1" not in path.read_text()
    assert certificate == delivered.certificate
    assert delivered.entry.capsule.context.data_class == LABS


def test_before_delivery_there_is_nothing_to_open(
    researcher: Researcher, purchase: Purchase, tmp_path: Path
) -> None:
    with pytest.raises(AcesoError) as refused:
        researcher.open(purchase.order, tmp_path / "extract.json")
    assert _sentence(refused.value)
    assert not (tmp_path / "extract.json").exists()


def test_buyer_and_subject_see_who_was_given_the_extract(
    researcher: Researcher, seller: Seller, purchase: Purchase, person: Person, tmp_path: Path
) -> None:
    seller.deliver(purchase.order)
    researcher.open(purchase.order, tmp_path / "extract.json")
    network, buyer = researcher.network, researcher.account.address
    orders = sales(network, buyers=[buyer])
    assert orders == orders_ever(person)

    for store, reader in (
        (researcher.profile.store, researcher.account),
        (person.profile.store, person.persona(RESEARCH)),
    ):
        report = LogReport()
        seen = check_order_logs(network, store, reader, orders, report)
        assert report.problems == []
        assert len(report.heads) == len(network.committee.custodians)
        opened = [one for one in seen if one.act == "release"]
        assert [(one.order, one.actor, one.use, one.is_complete) for one in opened] == [
            (purchase.order, buyer, Use.HMB, True)
        ]
        # What it showed once it can't take back.
        custodian = network.committee.custodians[0]
        name = f"log/{custodian.address}/order/{purchase.order}"
        store.put(name, (1 << 20).to_bytes(8, "big"))
        check_order_logs(network, store, reader, orders, report)
        assert report.liars == [custodian.address]


def test_a_custodian_of_an_order_that_left_is_asked_or_named(
    world: World, seller: Seller, purchase: Purchase, person: Person
) -> None:
    seller.deliver(purchase.order)
    orders, left = orders_ever(person), world.keepers[0]
    staying = [one for one in world.devnet.custodians if one["address"] != left.address]

    with world.elsewhere(custodians=staying) as later:
        reader = (later, person.profile.store, person.persona(RESEARCH), orders)
        unknown, known = LogReport(), LogReport()
        check_order_logs(*reader, unknown)
        check_order_logs(*reader, known, before={left.address: left.url})

    assert [getattr(one, "custodian", None) for one in unknown.problems] == [left.address]
    assert (known.problems, left.address in known.heads) == ([], True)


def test_nobody_else_opens_it(
    world: World, seller: Seller, purchase: Purchase, tmp_path: Path
) -> None:
    seller.deliver(purchase.order)
    other = world.cast(Researcher, "researcher", Role.RESEARCHER)
    with pytest.raises(RequestRefusedError, match="no extract for that buyer"):
        other.open(purchase.order, tmp_path / "extract.json")
    assert not (tmp_path / "extract.json").exists()


def test_a_buyer_gets_neither_the_genome_nor_an_original(
    researcher: Researcher, seller: Seller, purchase: Purchase, person: Person
) -> None:
    seller.deliver(purchase.order)
    for data_class in (DataClass.GENOME_PANEL, LABS):
        with pytest.raises(RequestRefusedError) as refused:
            researcher.network.committee.listing(
                actor=researcher.account,
                subject=person.persona(RESEARCH).address,
                grantee=seller.grantee(purchase.offer),
                use=Use.HMB,
                data_class=data_class,
            )
        assert refused.value.code == "E_ORDER_ONLY"


def test_another_person_delivers_nothing(world: World, purchase: Purchase) -> None:
    other = Seller(Person(world.network, world.profile("person")))
    with pytest.raises(NothingToOpenError, match="no such order of yours"):
        other.deliver(purchase.order)


def test_with_nothing_to_sell_nothing_is_delivered(world: World, researcher: Researcher) -> None:
    seller = Seller(Person(world.network, world.profile("person")))
    number, _ = seller.offer(classes=LABS, use=Use.HMB, price=_PRICE, seconds=_DURATION)
    _with_coin(researcher)
    order = researcher.buy(number).order
    with pytest.raises(NothingToOpenError) as told:
        seller.deliver(order)
    assert told.value.code == "E_EMPTY_EXTRACT"


# The end, and the money


def test_after_a_withdrawal_the_buyer_is_refused(
    researcher: Researcher, seller: Seller, purchase: Purchase, tmp_path: Path
) -> None:
    seller.deliver(purchase.order)
    researcher.open(purchase.order, tmp_path / "extract.json")
    seller.withdraw(purchase.offer)
    with pytest.raises(DeniedError) as refused:
        researcher.open(purchase.order, tmp_path / "again.json")
    assert refused.value.reason is Reason.WITHDRAWN
    assert not (tmp_path / "again.json").exists()


def test_after_the_time_that_was_bought_the_buyer_is_refused(
    world: World, researcher: Researcher, seller: Seller, purchase: Purchase, tmp_path: Path
) -> None:
    seller.deliver(purchase.order)
    world.devnet.chain.advance_time(_DURATION)
    world.confirm()
    with pytest.raises(DeniedError):
        researcher.open(purchase.order, tmp_path / "extract.json")


def _settled(world: World, purchase: Purchase) -> dict[str, int]:
    """Have the relayer, who has no part in it, settle; who has what credit then."""
    suite, relayer = world.network.suite, world.network.relayer
    (order,) = [row for row in world.network.synced().orders() if row.order == purchase.order]
    relayer.send(suite.market.settle(purchase.order))
    return {
        "seller": suite.market.credit_of(order.subject),
        "buyer": suite.market.credit_of(order.buyer),
    }


def test_anybody_settles_and_time_earns_to_the_unit(
    world: World, researcher: Researcher, seller: Seller, purchase: Purchase, person: Person
) -> None:
    seller.deliver(purchase.order)
    suite = world.network.suite
    start = suite.market.get_order(purchase.order)[0].start
    world.devnet.chain.advance_time(7 * _DAY + 1234)
    receipt = seller.withdraw(purchase.offer)
    stopped = suite.node.block(receipt.block_number).timestamp
    before = researcher.balance()
    credits = _settled(world, purchase)
    earned = _PRICE * (stopped - start) // _DURATION
    fees = 2 * (earned * _FEE_BPS // 10_000)
    assert credits == {"seller": earned - fees, "buyer": _PRICE - earned}
    for account in (researcher.account.address, person.persona(RESEARCH).address):
        world.network.relayer.send(suite.market.pay_credit(account))
    assert researcher.balance() - before == _PRICE - earned
    assert suite.coin.balance_of(person.persona(RESEARCH).address) == earned - fees


def test_the_whole_time_earns_the_whole_price(
    world: World, seller: Seller, purchase: Purchase
) -> None:
    seller.deliver(purchase.order)
    world.devnet.chain.advance_time(_DURATION + 1)
    credits = _settled(world, purchase)
    assert credits == {"seller": _PRICE - 2 * (_PRICE * _FEE_BPS // 10_000), "buyer": 0}


def test_an_order_that_was_not_delivered_is_refunded(
    world: World, seller: Seller, purchase: Purchase
) -> None:
    world.devnet.chain.advance_time(7 * _DAY + 1)
    assert _settled(world, purchase) == {"seller": 0, "buyer": _PRICE}


def test_nothing_is_settled_twice(world: World, seller: Seller, purchase: Purchase) -> None:
    seller.deliver(purchase.order)
    world.devnet.chain.advance_time(_DURATION + 1)
    _settled(world, purchase)
    with pytest.raises(RefusedError) as refused:
        world.network.relayer.send(world.network.suite.market.settle(purchase.order))
    assert _sentence(refused.value)


# Criteria of a study


def test_whether_a_person_matches_is_told_to_nobody(
    person: Person,
    bundle: Bundle,
    tmp_path: Path,
    network: Network,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    person.import_files([bundle()])

    def criteria(low: float) -> bytes:
        quantity = {"value": low, "comparator": ">", "code": "g/dL"}
        characteristic = {
            "code": {"coding": [{"system": "http://loinc.org", "code": HAEMOGLOBIN}]},
            "valueQuantity": quantity,
            "exclude": False,
        }
        head = {"resourceType": "Group", "type": "person", "actual": False}
        return json.dumps(head | {"characteristic": [characteristic]}).encode()

    path = tmp_path / "criteria.json"
    path.write_bytes(criteria(14.0))
    # Of all who could send for this person: blocks come also from what custodians carry.
    senders = (network.relayer.address, person.persona(RESEARCH).address)
    before = [network.suite.node.nonce(sender) for sender in senders]
    found, unopened = own_match(person, read_criteria(None, str(path)))
    other, _ = own_match(person, read_criteria(network, network.ipfs.add(criteria(15.0))))

    assert (found.matches, other.matches, unopened) == (True, False, 0)
    assert [network.suite.node.nonce(sender) for sender in senders] == before
    with pytest.raises(AcesoError) as refused:
        read_criteria(network, str(tmp_path / "none.json"))
    assert refused.value.code == "E_COHORT_DOCUMENT"
    # What is too long to be looked at is said, and is no finding.
    monkeypatch.setattr(cohorts, "_MOST_IN_RECORD", 10)
    found, unopened = own_match(person, read_criteria(None, str(path)))
    assert (found.matches, unopened) == (False, len(list(person.records())))


def test_an_extract_is_downloaded_as_standard_files(
    researcher: Researcher, seller: Seller, purchase: Purchase, tmp_path: Path, person: Person
) -> None:
    delivered = seller.deliver(purchase.order)
    done = researcher.download(purchase.order, tmp_path / "extract")

    lines = (done.folder / "Observation.ndjson").read_text().splitlines()
    assert {json.loads(line)["resourceType"] for line in lines} == {"Observation"}
    said = json.loads((done.folder / "certificate.json").read_text())
    assert said["message"]["maker"] == person.persona(RESEARCH).address
    assert done.certificate == delivered.certificate
    about = json.loads((done.folder / "about.json").read_text())
    assert about["removed"]["Observation.subject"] == "R"


def test_several_classes_are_sold_as_one(
    world: World,
    researcher: Researcher,
    seller: Seller,
    person: Person,
    bundle: Bundle,
    sensitive: dict[str, Any],
    tmp_path: Path,
) -> None:
    person.import_files([bundle(sensitive, name="more.json", start=20)])
    classes = LABS | DataClass.PROBLEMS
    number, _ = seller.offer(classes=classes, use=Use.HMB, price=_PRICE, seconds=_DURATION)
    _with_coin(researcher)
    order = researcher.buy(number).order
    world.confirm()
    # Whoever buys it asks for all of them, and nobody for one of them alone.
    assert researcher.may_buy(number).permitted

    delivered = seller.deliver(order)
    done = researcher.download(order, tmp_path / "extract")

    assert done.certificate == delivered.certificate
    files = {path.stem: path.read_text() for path in done.folder.glob("*.ndjson")}
    assert sorted(files) == ["Condition", "Observation"]
    assert "asthma" not in files["Condition"]
    assert HIV_ANTIBODY not in files["Observation"]
    assert files["Observation"].count(HAEMOGLOBIN) == 4
    suite, subject = world.network.suite, person.persona(RESEARCH).address
    world.devnet.chain.advance_time(10 * _DAY)
    stopped = suite.node.block(seller.withdraw(number).block_number).timestamp
    with pytest.raises(DeniedError):
        researcher.open(order, tmp_path / "late.json")
    researcher.settle(order)
    sold = find_sale(world.network, order)
    earned = _PRICE * (stopped - suite.market.get_order(order)[0].start) // _DURATION
    assert (sold.classes, sold.earned) == (classes, earned)
    assert suite.market.credit_of(subject) == part_of_subject(earned, 0)


def test_a_certificate_of_other_files_is_refused(
    researcher: Researcher,
    seller: Seller,
    purchase: Purchase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a seller certifies and what they seal differ: custodians can't see that, buyers do."""
    to_bytes = Package.to_bytes

    def other(package: Package, *given: Any) -> bytes:
        files = {name: data + b"{}\n" for name, data in package.files.items()}
        return to_bytes(replace(package, files=files), *given)

    monkeypatch.setattr(Package, "to_bytes", other)
    seller.deliver(purchase.order)
    with pytest.raises(IntegrityError) as refused:
        researcher.download(purchase.order, tmp_path / "extract")
    assert refused.value.code == "E_EXTRACT_CHANGED"
    with pytest.raises(IntegrityError):
        researcher.open(purchase.order, tmp_path / "extract.json")
    assert list(tmp_path.glob("extract*")) == []
