"""R5: every door refuses what `decide` denies, over HTTP and by command.

The consent registry of the running network is put in the place of one that says no to everybody,
and back. So whatever else a door looks at is in order.

http        each route that doors.toml calls a door refuses with the reason that decide gave
commands    each command that is one ends with 4, and says so in a sentence
others      what takes permission away, and what is one's own, goes on
afterwards  each door opens, which shows that nothing but decide kept it closed
"""

from __future__ import annotations

import io
import json
import re
import sys
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from aceso.cli import main
from aceso.codes import DataClass, Emergency, Reason, Role, Use
from aceso.custody import Custodian, DeniedError
from aceso.errors import AcesoError
from aceso.flows import (
    EmergencyProfile,
    Issuer,
    Joining,
    Options,
    Person,
    Reader,
    Rescuer,
    Researcher,
    Seller,
    Station,
    StudyLead,
    StudyPlan,
    UnionBuyer,
    UnionKeeper,
    UnionPlan,
    base_units,
    check_logs,
    divide,
    entrust,
    vouch_for_persona,
)
from aceso.flows.reader import open_listed
from aceso.research import Origin
from aceso.vault import EmergencyCard
from tools.compiler import compile_local

from .conftest import HAEMOGLOBIN, PASSPHRASE, World, observation

_ROOT = Path(__file__).resolve().parents[3]
_DOORS = tomllib.loads((_ROOT / "doors.toml").read_text(encoding="utf-8"))
_LABS = DataClass.LABS
_DAY = 24 * 60 * 60
_PRICE = base_units("10")
_NO = Reason.BARRED
# Where the code of the registry lies meanwhile.
_ASIDE = "0x" + "ac" * 20
_CRITERIA = {
    "resourceType": "Group",
    "type": "person",
    "actual": False,
    "characteristic": [
        {
            "code": {"coding": [{"system": "http://loinc.org", "code": HAEMOGLOBIN}]},
            "valueBoolean": True,
            "exclude": False,
        }
    ],
}


@contextmanager
def _denying(world: World) -> Iterator[None]:
    """The registry of consents says no to everybody, at the newest and the confirmed block."""
    suite, chain = world.network.suite, world.devnet.chain
    registry = suite.addresses["ConsentRegistry"]
    before = chain.ask("eth_getCode", registry, "latest")
    chain.ask("anvil_setCode", _ASIDE, before)
    compiled = compile_local(path="contracts/test/Registries.sol")["DenyingRegistry"]
    arguments = bytes(12) + bytes.fromhex(_ASIDE[2:]) + int(_NO).to_bytes(32)
    code = bytes.fromhex(compiled.bytecode.removeprefix("0x")) + arguments
    denying = world.network.relayer.deploy(code, name="DenyingRegistry").contract_address
    chain.ask("anvil_setCode", registry, chain.ask("eth_getCode", denying, "latest"))
    try:
        world.confirm()
        yield
    finally:
        chain.ask("anvil_setCode", registry, before)
        world.confirm()


@dataclass
class Scene:
    """All that is needed to pass each door, and nothing that stops at one for another reason."""

    world: World
    folder: Path
    person: Person
    seller: Seller
    reader: Reader
    other: Reader
    buyer: UnionBuyer
    offer: int
    delivered: int
    undelivered: tuple[int, int]
    station: Station
    entrusted: int
    keeper: Issuer
    members: list[Joining]
    newcomer: Joining
    union: int
    union_order: int
    study: int
    rescuer: Rescuer
    card: EmergencyCard

    @property
    def persona(self) -> str:
        return self.person.persona_for(self.reader.grantee).address


def _with_labs(world: World, folder: Path, number: int) -> Person:
    """A person of their own with laboratory results."""
    person = Person(world.network, world.profile("person"))
    patient = {"resourceType": "Patient", "id": "patient-1"}
    labs = [observation(10 * number + n, HAEMOGLOBIN, f"2024-0{n}-02", 12.0 + n) for n in (1, 2)]
    entries = [{"resource": one} for one in (patient, *labs)]
    path = folder / f"{number}.json"
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    person.import_files([path])
    return person


@pytest.fixture(scope="module")
def scene(world: World, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    network, folder = world.network, tmp_path_factory.mktemp("doors")
    person, helped, *joining_persons = (_with_labs(world, folder, n) for n in range(1, 6))
    reader, other = (world.cast(Reader, "professional", None) for _ in range(2))
    for one in (reader, other):
        person.share(one.grantee, classes=_LABS, uses=Use.TREAT)
    seller = Seller(person)
    # One is sold and delivered, two are sold, and the last is to be bought.
    *sold, offer = (
        seller.offer(classes=_LABS, use=Use.HMB, price=_PRICE, seconds=60 * _DAY)[0]
        for _ in range(4)
    )
    buyer = world.cast(UnionBuyer, "researcher", Role.RESEARCHER)
    buyer.buy_coin(wei=20 * _PRICE // network.suite.sale.rate())
    # What a station makes extracts of.
    station = world.cast(Station, "institution", Role.STATION)
    mandate, _ = entrust(helped, station.account.address, classes=_LABS, use=Use.HMB)
    station.accept(mandate)
    entrusted, _ = Seller(helped).offer(classes=_LABS, use=Use.HMB, price=_PRICE, seconds=60 * _DAY)
    # A union of two, with one who could join.
    keeper = world.cast(Issuer, "institution", Role.ISSUER)
    plan = UnionPlan(
        classes=_LABS,
        use=Use.HMB,
        price=_PRICE,
        duration=30 * _DAY,
        delivery_period=8 * _DAY,
        voucher=keeper.account.address,
    )
    union = UnionKeeper(network, keeper.profile).open(plan)[0]
    *members, newcomer = (Joining(one) for one in joining_persons)
    for number, joining in enumerate((*members, newcomer)):
        vouch_for_persona(keeper, f"patient {number}", joining.subject)
    for joining in members:
        joining.join(joining.plan(union, 365 * _DAY), notice=bytes(32))
    # A study that needs nobody's approval.
    lead = world.cast(StudyLead, "researcher", Role.RESEARCHER)
    lead.buy_coin(wei=10 * _PRICE // network.suite.sale.rate())
    protocol = folder / "protocol.md"
    protocol.write_text("# What is done\n")
    study = lead.create(
        StudyPlan(
            criteria=json.dumps(_CRITERIA).encode(),
            title="Labs",
            summary="What labs say.",
            protocol=protocol,
            classes=_LABS,
            use=Use.HMB,
            price=_PRICE,
            cap=5,
            deadline=network.suite.now() + 60 * _DAY,
            duration=30 * _DAY,
            delivery_period=7 * _DAY,
            conditions=0,
            origin=Origin.ANY,
        )
    ).study
    lead.fund(study, 2 * _PRICE)
    # An emergency, opened.
    prepared = EmergencyProfile(person)
    prepared.prepare(_LABS)
    card = EmergencyCard.from_text(prepared.card().to_text())
    rescuer = world.cast(Rescuer, "professional", Role.EMERGENCY_CLINICIAN)
    network.sender(rescuer.account).send(network.suite.sale.buy(10**18))
    _, gateway = world.institution()
    joined = network.suite.participants.set_member(
        gateway.number, rescuer.account.address, 2**40 - 1
    )
    network.sender(gateway.account).send(joined)
    world.confirm()
    rescuer.open(card, institution=gateway.number, reason=Emergency.UNCONSCIOUS)
    delivered, *undelivered = (buyer.buy(one).order for one in sold)
    waiting = buyer.buy(entrusted).order
    union_order = buyer.buy_of(union, minimum=2).order
    world.confirm()
    seller.deliver(delivered)
    for joining in members:
        # As `fulfil` does, which would have the order divided after the last.
        (part,) = Seller(joining.person).deliver_each([union_order], Options())
        assert part.error is None
    return Scene(
        world=world,
        folder=folder,
        person=person,
        seller=seller,
        reader=reader,
        other=other,
        buyer=buyer,
        offer=offer,
        delivered=delivered,
        undelivered=(undelivered[0], undelivered[1]),
        station=station,
        entrusted=waiting,
        keeper=keeper,
        members=members,
        newcomer=newcomer,
        union=union,
        union_order=union_order,
        study=study,
        rescuer=rescuer,
        card=card,
    )


# What is done at each door, and the route that has to refuse it. Reading takes two: who was listed
# while it was permitted asks for the shares later.
def _release(scene: Scene) -> Callable[[], object]:
    listing = scene.reader.listing(scene.persona, data_class=_LABS)

    def ask() -> object:
        found = open_listed(
            scene.world.network,
            listing,
            actor=scene.reader.account,
            grantee=scene.reader.grantee,
            receiving_key=scene.reader.receiving.current,
            persona=scene.persona,
            data_class=_LABS,
            use=Use.TREAT,
            folder=scene.folder / "released",
        )
        opened = list(found)
        for one in opened:
            if error := getattr(one, "error", None):
                raise error
        return opened

    return ask


_HTTP: dict[str, Callable[[Scene], Callable[[], object]]] = {
    "POST /list": lambda s: (
        lambda: s.reader.open_all(s.persona, classes=_LABS, folder=s.folder / "listed")
    ),
    "POST /release": _release,
    "POST /orders/{order}/entry": lambda s: (
        lambda: s.buyer.download(s.delivered, s.folder / "extract")
    ),
    "POST /orders/{order}/extract": lambda s: lambda: s.seller.deliver(s.undelivered[0]),
    "POST /orders/{order}/division": lambda s: (
        lambda: divide(s.world.network, s.union_order, s.world.network.relayer)
    ),
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The routes that were asked of custodians, as doors.toml writes them."""
    found: list[str] = []
    plain = Custodian._ask

    def hooked(self: Custodian, method: str, path: str, *more: Any, **options: Any) -> Any:
        found.append(f"{method} {re.sub(r'/orders/[0-9]+/', '/orders/{order}/', path)}")
        return plain(self, method, path, *more, **options)

    monkeypatch.setattr(Custodian, "_ask", hooked)
    return found


def test_every_door_over_http_refuses_what_decide_denies(scene: Scene, asked: list[str]) -> None:
    assert set(_HTTP) == {name for name, said in _DOORS["http"].items() if said["door"]}
    acts = {route: prepare(scene) for route, prepare in _HTTP.items()}

    with _denying(scene.world):
        for route, act in acts.items():
            asked.clear()
            with pytest.raises(AcesoError) as refused:
                act()
            assert route in asked, refused.value
            if route != "POST /orders/{order}/division":
                assert isinstance(refused.value, DeniedError), route
                assert refused.value.reason is _NO, route
            else:
                # Both delivered, and neither counts: it is as if nobody had.
                assert refused.value.code == "E_UNION_EARLY"
        assert not [path for path in scene.folder.rglob("*.ndjson")]
        # What is one's own goes on, and what takes permission away.
        check_logs(scene.person)
        scene.person.unshare(scene.other.grantee)

    for route, act in acts.items():
        assert act(), route


def _aceso(*arguments: object) -> tuple[int, str]:
    """Run a command in this process; gives its code and all that it said."""
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(said), redirect_stderr(said):
        patch.setattr(sys, "stdin", io.StringIO())
        patch.setenv("ACESO_PASSPHRASE", PASSPHRASE)
        for name in ("LC_ALL", "LC_MESSAGES", "LANG", "ACESO_NETWORK", "ACESO_HOME"):
            patch.delenv(name, raising=False)
        return main([str(one) for one in arguments]), said.getvalue()


def _home(scene: Scene, of: Person | Issuer | Reader | Rescuer | Researcher) -> tuple[object, ...]:
    return "--home", of.profile.folder, "--network", scene.world.devnet.folder, "--json"


_COMMANDS: dict[str, Callable[[Scene], tuple[object, ...]]] = {
    "open": lambda s: (
        *("open", "--persona", s.persona, "--classes", "labs", "--out", s.folder / "opened"),
        *_home(s, s.reader),
    ),
    "buy": lambda s: ("buy", s.offer, "--yes", *_home(s, s.buyer)),
    "deliver": lambda s: ("deliver", s.undelivered[1], "--yes", *_home(s, s.person)),
    "station": lambda s: ("station", "fulfil", s.entrusted, "--yes", *_home(s, s.station)),
    "dispute": lambda s: (
        *("dispute", "case", s.delivered, "--out", s.folder / "case"),
        *_home(s, s.buyer),
    ),
    "study": lambda s: ("study", "enrol", s.study, "--yes", *_home(s, s.newcomer.person)),
    "union": lambda s: ("union", "join", s.union, "--yes", *_home(s, s.newcomer.person)),
    "extract": lambda s: (
        *("extract", "download", s.delivered, "--out", s.folder / "downloaded"),
        *_home(s, s.buyer),
    ),
    "emergency": lambda s: (
        *("emergency", "open", s.card.to_text(), "--classes", "labs"),
        *("--reason", "unconscious", "--out", s.folder / "rescued", "--yes"),
        *_home(s, s.rescuer),
    ),
}
# Answers a panel from the custodian's own folder; it asks `decide` by itself.
_ELSEWHERE = {"custodian"}


def test_every_command_that_is_a_door_refuses_what_decide_denies(scene: Scene) -> None:
    doors = {name for name, said in _DOORS["cli"].items() if said["door"]}
    assert set(_COMMANDS) | _ELSEWHERE == doors

    with _denying(scene.world):
        for name, arguments in _COMMANDS.items():
            code, said = _aceso(*arguments(scene))
            assert (name, code) == (name, 4), said

    for name, arguments in _COMMANDS.items():
        code, said = _aceso(*arguments(scene))
        assert (name, code) == (name, 0), said
