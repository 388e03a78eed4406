"""One local network for all of these tests, and a fresh actor for each that asks for one.

world        chain, IPFS, contracts and three custodian processes, 2-of-3; lives for the whole run
person       a new seed on a new device
colleague, stranger          new accounts without any role
hospital, laboratory, physician, researcher          new accounts, accredited; see `World.cast`

Everything is real: the custodians are asked over HTTP, the bodies lie in a Kubo node.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any, TypeVar

import pytest

from aceso.codes import Role
from aceso.devnet import Authority, Devnet, Process, Template, with_suite
from aceso.flows import (
    Attesting,
    Evaluator,
    Gateway,
    Issuer,
    Kind,
    Network,
    Person,
    Profile,
    Reader,
    Rescuer,
    Researcher,
    Reviewer,
    Station,
)
from aceso.vault import Seed

from .cutting import Cutting

PASSPHRASE = "a passphrase of a test"
_READY_SECONDS = 60.0
_numbers = count(1)

H = TypeVar("H", Attesting, Evaluator, Issuer, Reader, Researcher, Rescuer, Reviewer, Station)


class Keeper:
    """One custodian of the devnet, whose process we may end and start again."""

    def __init__(self, devnet: Devnet, place: int):
        self.folder = devnet.folder / f"custodian-{place}"
        self.url = devnet.custodians[place - 1]["url"]
        self.address = devnet.custodians[place - 1]["address"]
        self._devnet = devnet
        self._name = f"custodian-{place}"
        self._process: Process = devnet.process(self._name)

    def kill(self) -> None:
        self._process.kill()

    def hang(self, *, go_on: bool = False) -> None:
        """Stop it where it stands: connections are taken, and nothing is answered."""
        os.kill(self._process.pid, signal.SIGCONT if go_on else signal.SIGSTOP)

    def start(self, *program: str) -> None:
        """Start it again, on the folder and the port that it had; as `program`, such as one that
        lies, where it is named."""
        deployment = str(self._devnet.folder / "deployment.json")
        self._process = self._devnet.run_custodian(
            f"{self._name}-{next(_numbers)}",
            [
                *("serve", "--folder", str(self.folder)),
                *("--rpc", self._devnet.chain_url, "--deployment", deployment),
                *("--confirmations", "1", "--port", self.url.rsplit(":", 1)[1]),
            ],
            program=program or ("-m", "aceso.custody"),
        )
        self._process.wait_for_line(seconds=_READY_SECONDS)


@dataclass
class World:
    """The network, and how actors come to be in it."""

    folder: Path
    devnet: Devnet
    network: Network
    authority: Authority
    keepers: list[Keeper]
    _profiles: list[Profile] = field(default_factory=list)

    def profile(self, kind: Kind, seed: Seed | None = None) -> Profile:
        """A new device."""
        made = Profile.create(
            self.folder / f"{kind}-{next(_numbers)}",
            seed or Seed.make(),
            passphrase=PASSPHRASE,
            kind=kind,
            network=str(self.devnet.folder),
            work=2,
        )
        self._profiles.append(made)
        return made

    def cast(self, of: type[H], kind: Kind, role: Role | None, *, funded: bool = True) -> H:
        """A new account with a published key and, unless `role` is none, accredited."""
        holder = of(self.network, self.profile(kind))
        if funded:
            self.authority.fund([holder.account.address])
        if role is not None:
            self.authority.accredit({holder.account.address: role})
        if funded:
            holder.receiving.publish()
        return holder

    def institution(self) -> tuple[Issuer, Gateway]:
        """A hospital that is accredited, with its gateway."""
        issuer = self.cast(Issuer, "institution", Role.ISSUER)
        number = self.authority.open_institution(issuer.account.address)
        return issuer, Gateway(self.network, issuer.profile, number)

    def confirm(self) -> None:
        """Let the custodians see what is on chain."""
        self.devnet.chain.mine(2)

    @contextmanager
    def down(self, *keepers: Keeper) -> Iterator[None]:
        """These custodians are killed, and start again afterwards."""
        for keeper in keepers:
            keeper.kill()
        try:
            yield
        finally:
            for keeper in keepers:
                keeper.start()

    @contextmanager
    def elsewhere(self, **changed: Any) -> Iterator[Network]:
        """The same network, as a file with other facts describes it."""
        facts = json.loads((self.devnet.folder / "devnet.json").read_text())
        with Network(facts | changed) as network:
            yield network

    def close(self) -> None:
        for profile in self._profiles:
            profile.close()


@contextmanager
def new_world(folder: Path) -> Iterator[World]:
    """A network of its own: for tests that stop its chain, or look through all there is."""
    with ExitStack() as stack:
        devnet = stack.enter_context(Devnet.start(folder / "network", stages=[with_suite()]))
        network = stack.enter_context(Network.read(folder / "network"))
        keepers = [Keeper(devnet, place) for place in (1, 2, 3)]
        made = World(folder, devnet, network, Authority(devnet, network.suite), keepers)
        stack.callback(made.close)
        yield made


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with new_world(tmp_path_factory.mktemp("e2e")) as made:
        yield made


@pytest.fixture(scope="session")
def cutting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cutting]:
    folder = tmp_path_factory.mktemp("cutting")
    with Template.start(["aceso.flows"], folder=folder) as template:
        yield Cutting(template, folder)


@pytest.fixture
def network(world: World) -> Network:
    return world.network


@pytest.fixture
def person(world: World) -> Person:
    return Person(world.network, world.profile("person"))


@pytest.fixture
def colleague(world: World) -> Reader:
    return world.cast(Reader, "professional", None, funded=False)


@pytest.fixture
def stranger(world: World) -> Reader:
    return world.cast(Reader, "professional", None)


@pytest.fixture
def physician(world: World) -> Reader:
    return world.cast(Reader, "professional", Role.PHYSICIAN)


@pytest.fixture(scope="module")
def physicians(world: World) -> list[tuple[Attesting, int]]:
    """Two accredited physicians of two institutions, and where each belongs: for all the persons
    of a module, as they do nothing but say what they saw."""
    found = []
    for _ in range(2):
        hospital, gateway = world.institution()
        made = world.cast(Attesting, "professional", Role.PHYSICIAN)
        far = world.network.suite.now() + 3 * 365 * 86_400
        hospital.add_member(gateway.number, made.account.address, until=far)
        found.append((made, gateway.number))
    return found


@pytest.fixture
def researcher(world: World) -> Researcher:
    return world.cast(Researcher, "researcher", Role.RESEARCHER)


@pytest.fixture
def laboratory(world: World) -> Issuer:
    return world.cast(Issuer, "institution", Role.ISSUER)


@pytest.fixture
def gateway(world: World) -> Gateway:
    return world.institution()[1]


@pytest.fixture
def hospital(world: World, gateway: Gateway) -> Issuer:
    return Issuer(world.network, gateway.profile)


@pytest.fixture
def evaluators(world: World) -> Iterator[list[Evaluator]]:
    """Three who can be drawn, each of an institution of their own."""
    found = [world.cast(Evaluator, "professional", Role.EVALUATOR) for _ in range(3)]
    for each in found:
        address = each.account.address
        number = world.authority.open_institution(address)
        joined = world.network.suite.participants.set_member(number, address, 2**40 - 1, 0)
        world.network.sender(each.account).send(joined)
        each.join(number)
    yield found
    for each in found:
        # Who is drawn in the next test is of that test.
        each.leave()


# Files

_LABORATORY = "http://terminology.hl7.org/CodeSystem/observation-category"
Bundle = Callable[..., Path]


def resource(kind: str, number: int, **said: Any) -> dict[str, Any]:
    made = {"resourceType": kind, "id": f"{kind.lower()}-{number}"}
    return made | {"subject": {"reference": "Patient/patient-1"}} | said


def observation(number: int, loinc: str, day: str, value: float) -> dict[str, Any]:
    return resource(
        "Observation",
        number,
        status="final",
        category=[{"coding": [{"system": _LABORATORY, "code": "laboratory"}]}],
        code={"coding": [{"system": "http://loinc.org", "code": loinc}]},
        effectiveDateTime=day,
        valueQuantity={"value": value, "unit": "g/dL"},
    )


HAEMOGLOBIN = "718-7"
HIV_ANTIBODY = "75622-1"


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    """Write a small FHIR history; labs on two days, a problem, and what else is asked for."""

    def write(*more: dict[str, Any], name: str = "history.json", start: int = 1) -> Path:
        resources = [
            {"resourceType": "Patient", "id": "patient-1", "name": [{"text": "Kim Na-ra"}]},
            observation(start, HAEMOGLOBIN, "2024-01-02", 13.2 + start),
            observation(start + 1, HAEMOGLOBIN, "2024-02-03", 12.9 + start),
            resource("Condition", start, code={"text": "asthma"}, recordedDate="2024-02-03"),
            *more,
        ]
        entries = [{"resource": one} for one in resources]
        path = tmp_path / name
        said = {"resourceType": "Bundle", "type": "collection", "entry": entries}
        path.write_text(json.dumps(said))
        return path

    return write


@pytest.fixture
def sensitive() -> dict[str, Any]:
    """A resource of the class HIV."""
    return observation(90, HIV_ANTIBODY, "2024-03-04", 0.1)


@pytest.fixture
def image() -> dict[str, Any]:
    """A resource of the class IMAGING."""
    category = {"system": "http://terminology.hl7.org/CodeSystem/v2-0074", "code": "RAD"}
    return resource(
        "DiagnosticReport",
        91,
        status="final",
        category=[{"coding": [category]}],
        code={"text": "chest"},
        effectiveDateTime="2024-03-05",
    )
