"""A data station makes extracts while the persons are not there.

fulfil       what two persons entrusted, as one cohort, certified by the station
refused      without a mandate, a role, enough people for k; after `unshare`, which ends both grants
mandate      of other personas, for another station, or no mandate at all: refused
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from aceso.chain import Request
from aceso.codes import DataClass, Reason, Role, Use
from aceso.custody import RequestRefusedError
from aceso.errors import InputError
from aceso.flows import (
    RESEARCH,
    Mandate,
    Person,
    Researcher,
    Seller,
    Station,
    base_units,
    entrust,
)

from .conftest import Bundle, World, resource

SOLD = DataClass.LABS | DataClass.ENCOUNTERS
_DAY = 24 * 60 * 60
_PRICE = base_units("10")


@pytest.fixture
def station(world: World) -> Station:
    return world.cast(Station, "institution", Role.STATION)


def _seller(
    world: World, bundle: Bundle, number: int, station: Station
) -> tuple[int, Mandate, Person]:
    """A person of their own who offers an extract, and entrusts the station."""
    person = Person(world.network, world.profile("person"))
    visit = resource("Encounter", number, status="finished", period={"start": "2024-01-02"})
    person.import_files([bundle(visit, name=f"{number}.json", start=10 * number)])
    mandate, _ = entrust(person, station.account.address, classes=SOLD, use=Use.HMB)
    offer, _ = Seller(person).offer(classes=SOLD, use=Use.HMB, price=_PRICE, seconds=30 * _DAY)
    return offer, mandate, person


def _buy(world: World, researcher: Researcher, offer: int) -> int:
    researcher.buy_coin(wei=_PRICE // world.network.suite.sale.rate() + 1)
    world.confirm()
    order = researcher.buy(offer).order
    world.confirm()
    return order


def test_a_station_fulfils_the_orders_of_those_who_entrusted_it(
    world: World, bundle: Bundle, researcher: Researcher, station: Station, tmp_path: Path
) -> None:
    sold = [_seller(world, bundle, number, station) for number in (1, 2)]
    orders = [_buy(world, researcher, offer) for offer, _, _ in sold]
    assert station.orders() == []
    for _, mandate, _ in sold:
        station.accept(Mandate.from_json(mandate.to_json()))
    assert {one.order for one in station.orders()} == set(orders)

    # Three can't be found among two, and nothing is sealed or sent before that is known.
    few = station.fulfil(k=3)
    assert {one.error.code for one in few if one.error} == {"E_EXTRACT_COHORT"}
    done = station.fulfil(k=2)
    assert {one.order for one in done if one.delivered} == set(orders)
    assert station.orders() == [] and station.fulfil() == []

    got = researcher.download(orders[0], tmp_path / "extract")
    certificate = got.certificate
    assert (certificate.maker, certificate.cohort, certificate.k) == (station.account.address, 2, 2)
    assert certificate.subject == sold[0][2].persona(RESEARCH).address
    text = "".join(path.read_text() for path in got.folder.glob("*.ndjson"))
    assert "718-7" in text and "Kim Na-ra" not in text
    # The persona that shows the station its records is nowhere in what the buyer gets.
    everything = "".join(path.read_text() for path in got.folder.iterdir()).lower()
    assert sold[0][1].persona.lower() not in everything

    # One takes it back: by one word both personas do, and the next order is refused.
    _, mandate, person = sold[1]
    person.unshare(station.grantee)
    for persona in (mandate.research, mandate.persona):
        asked = Request(
            subject=persona,
            actor=station.account.address,
            grantee=station.grantee,
            use=Use.HMB,
            classes=DataClass.LABS,
            disease=0,
        )
        assert world.network.suite.decide(asked).reason is Reason.WITHDRAWN
    renewed, _ = Seller(person).offer(classes=SOLD, use=Use.HMB, price=_PRICE, seconds=_DAY)
    order = _buy(world, researcher, renewed)
    (refused,) = station.fulfil([order])
    assert refused.delivered is None and refused.error is not None
    assert refused.error.details["reason"] == Reason.WITHDRAWN


def test_who_is_not_accredited_makes_no_extracts(
    world: World, bundle: Bundle, researcher: Researcher
) -> None:
    other = world.cast(Station, "institution", None)
    offer, mandate, _ = _seller(world, bundle, 3, other)
    other.accept(mandate)
    order = _buy(world, researcher, offer)

    (refused,) = other.fulfil()
    assert isinstance(refused.error, RequestRefusedError)
    assert refused.error.code == "E_NOT_STATION"
    (unknown,) = other.fulfil([order + 1])
    assert unknown.error is not None and unknown.error.code == "E_NO_STATION_ORDER"


def test_a_mandate_is_of_two_personas_that_both_signed(world: World, person: Person) -> None:
    station = world.cast(Station, "institution", None)
    mandate, _ = entrust(person, station.account.address, classes=DataClass.LABS, use=Use.HMB)
    victim = Person(world.network, world.profile("person")).persona(3).address

    for forged in (
        # The records of another, sold as one's own; the orders of another, and their money.
        replace(mandate, persona=victim),
        replace(mandate, research=victim),
        replace(mandate, station=victim),
        replace(mandate, signatures=mandate.signatures[::-1]),
    ):
        with pytest.raises(InputError) as refused:
            station.accept(forged)
        assert refused.value.code == "E_MANDATE"
    for text in ("", "[]", "{}", json.dumps({"format": "aceso-mandate", "version": 1})):
        with pytest.raises(InputError) as strange:
            Mandate.from_json(text)
        assert strange.value.code == "E_MANDATE_FORMAT"
    assert station.mandates() == []
