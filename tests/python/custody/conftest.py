"""A chain with the suite, three institutions with a custodian each, and a person with a record.

    network    one Anvil, the suite, three custodian processes; lives for the whole run
    person     a fresh seed and persona for each test, with an open list of laboratory results
    doctor     an account with a published key
    postgres   Debian's PostgreSQL, for the tests that ask for it

Custodians are real processes with real keys, asked over HTTP.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from aceso.chain import (
    Call,
    Deployment,
    LocalAuthority,
    Sender,
    Suite,
    Terms,
    acts,
    deploy_local_authority,
    deploy_suite,
    grantee_of_account,
)
from aceso.chain import Committee as Registered
from aceso.codes import DataClass, Role, Use
from aceso.custody import Committee, Custodian, CustodianKeys, SignedRequest
from aceso.devnet.chain import LocalChain, start_chain
from aceso.devnet.process import Process
from aceso.devnet.template import Template
from aceso.vault import (
    Body,
    CapsuleContext,
    ListEntry,
    Opening,
    PrivateKey,
    RecordKey,
    Seed,
    SignedOpening,
    VaultKeys,
    make_capsule,
)

from .described import Answers
from .postgres import PostgresServer, postgres_server

Account.enable_unaudited_hdwallet_features()
_WORDS = "test test test test test test test test test test test junk"
_READY_SECONDS = 30.0
LABS = DataClass.LABS
_CLIENTS: list[Custodian] = []


def funded(index: int) -> LocalAccount:
    """An account of the local chain's well-known words."""
    account: LocalAccount = Account.from_mnemonic(_WORDS, account_path=f"m/44'/60'/0'/0/{index}")
    return account


def until(happened: Callable[[], object], *, seconds: float = 30.0) -> None:
    """Wait for what another process does by itself."""
    waiting = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if happened():
            return
        waiting.wait(0.05)
    raise AssertionError(f"it didn't happen in {seconds:g} seconds")


@dataclass
class Keeper:
    """One custodian: its folder, its process and its client."""

    name: str
    folder: Path
    keys: CustodianKeys
    process: Process
    url: str
    confirmations: int = 1
    more: tuple[str, ...] = ("--no-relay",)

    def client(self, *, deadline: float = 5.0) -> Custodian:
        """A client, which is closed when the test ends."""
        made = Custodian(
            self.url,
            address=self.keys.address,
            public_key=self.keys.private.public_key,
            deadline=deadline,
        )
        _CLIENTS.append(made)
        return made


@dataclass
class Network:
    folder: Path
    template: Template
    chain: LocalChain
    suite: Suite
    relayer: Sender
    authority: LocalAuthority
    keepers: list[Keeper]
    number: int = 0
    extra: list[Keeper] = field(default_factory=list)
    answers: Answers = field(default_factory=Answers)

    @property
    def deployment_file(self) -> Path:
        return self.folder / "deployment.json"

    def send(self, *calls: Call, blocks: int = 2) -> None:
        """Send by the relayer, and confirm."""
        for call in calls:
            self.relayer.send(call)
        self.chain.mine(blocks)

    def serve(
        self,
        name: str,
        folder: Path,
        *,
        rpc: str | None = None,
        module: str = "aceso.custody",
        port: int = 0,
        confirmations: int = 1,
        more: Sequence[str] = ("--no-relay",),
        env: Mapping[str, str] | None = None,
    ) -> Keeper:
        words = [
            *(("-m", module) if not module.endswith(".py") else (module,)),
            "serve",
            "--folder",
            str(folder),
            "--rpc",
            rpc or self.chain.url,
            "--deployment",
            str(self.deployment_file),
            "--port",
            str(port),
            "--confirmations",
            str(confirmations),
            *more,
        ]
        logs = self.folder / "logs"
        if env is None:
            process = self.template.run(name, words, folder=logs)
        else:
            # What is forked has the environment of what it was forked from.
            process = Process.start(name, [sys.executable, *words], folder=logs, env=env)
        said = process.wait_for_line(seconds=_READY_SECONDS)
        self.answers.real.add(said["url"])
        keys = CustodianKeys.read(folder)
        return Keeper(name, folder, keys, process, said["url"], confirmations, tuple(more))

    def restart(self, keeper: Keeper) -> None:
        """Start a custodian that was ended, at its old address."""
        port = int(keeper.url.rsplit(":", 1)[1])
        keeper.process = self.serve(
            keeper.name,
            keeper.folder,
            port=port,
            confirmations=keeper.confirmations,
            more=keeper.more,
        ).process

    def twin(self, name: str, folder: Path, *, of: int = 0, **more: Any) -> Keeper:
        """One of the custodians once more, in a folder and with a database of its own."""
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.keepers[of].folder / "custodian.key", folder)
        made = self.serve(name, folder, **more)
        self.extra.append(made)
        return made

    def committee(self, *, threshold: int = 2, deadline: float = 5.0) -> Committee:
        clients = [keeper.client(deadline=deadline) for keeper in self.keepers]
        return Committee(clients, threshold, self.suite)


@pytest.fixture(scope="session")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    folder = tmp_path_factory.mktemp("custody")
    template = Template.start(["aceso.custody.__main__"], folder=folder / "logs")
    process, chain = start_chain("anvil", folder=folder / "logs")
    with template, process, chain, ExitStack() as stack:
        deployer = funded(0)
        wallet = deploy_local_authority(chain.url, deployer, [funded(1), funded(2), funded(3)])
        deployment: Deployment = deploy_suite(
            chain.url,
            deployer,
            network="test",
            authority=wallet,
            commons=funded(4).address,
            accreditation_delay=0,
            coin_rate=1000,
            sale_cap=10**24,
            coin_cap=10**26,
        )
        deployment.write(folder / "deployment.json")
        suite = Suite.connect(chain.url, deployment)
        relayer = Sender(suite, deployer)
        authority = LocalAuthority(suite, wallet, [funded(1), funded(2), funded(3)])
        made = Network(folder, template, chain, suite, relayer, authority, [])
        try:
            stack.enter_context(made.answers.compared())
            for index in range(3):
                place = folder / f"custodian-{index}"
                CustodianKeys.make(place, account_key=bytes(funded(10 + index).key))
                made.keepers.append(made.serve(f"custodian-{index}", place))
            _accredit(made)
            yield made
        finally:
            for keeper in (*made.keepers, *made.extra):
                keeper.process.stop()
            suite.close()


def _accredit(network: Network) -> None:
    """Three institutions with a custodian each, registered as committee 1."""
    participants, far = network.suite.participants, (1 << 40) - 1
    for index, keeper in enumerate(network.keepers, start=1):
        account = funded(20 + index)
        network.relayer.send(network.authority.call(participants.open_institution(account.address)))
        network.relayer.send(
            network.authority.call(
                participants.propose_accreditation(keeper.keys.address, Role.CUSTODIAN)
            )
        )
        network.relayer.send(participants.accredit(keeper.keys.address))
        Sender(network.suite, account).send(
            participants.set_member(index, keeper.keys.address, far, 0)
        )
    members = tuple(keeper.keys.address for keeper in network.keepers)
    network.send(participants.register_committee(Registered(members, 2), [1, 2, 3]))


@dataclass
class Person:
    """A person with one persona and one list."""

    network: Network
    seed: Seed
    persona: LocalAccount
    keys: VaultKeys
    epoch: int = 0

    @property
    def list_key(self) -> LocalAccount:
        return self.keys.list_key(LABS, self.epoch)

    def opening(self, **changes: Any) -> SignedOpening:
        values: dict[str, Any] = {
            "persona": self.persona.address,
            "list_key": self.list_key.address,
            "data_class": int(LABS),
            "epoch": self.epoch,
            "class_key": self.keys.class_key(LABS, self.epoch).public_key,
            "owner_key": self.keys.owner_key().public_key,
            "custodians": tuple(keeper.keys.address for keeper in self.network.keepers),
            "threshold": 2,
            "registry": self.network.suite.addresses["ConsentRegistry"],
            "log_key": self.keys.log_key(LABS, self.epoch).public_key,
        }
        return Opening(**values | changes).sign(
            persona=self.persona,
            list_key=self.list_key,
            chain_id=self.network.suite.chain_id,
        )

    def entry(
        self, *, record_id: bytes | None = None, **changes: Any
    ) -> tuple[ListEntry, RecordKey]:
        """A record, sealed for the list. Its body is nowhere: custody never sees it."""
        key = RecordKey(os.urandom(32), Body(os.urandom(32), 4124, 100))
        context = CapsuleContext(
            chain_id=self.network.suite.chain_id,
            record_id=record_id or os.urandom(32),
            data_class=int(LABS),
            epoch=self.epoch,
            list_key=self.list_key.address,
        )
        values: dict[str, Any] = {
            "custodians": [
                (keeper.keys.address, keeper.keys.private.public_key)
                for keeper in self.network.keepers
            ],
            "threshold": 2,
            "reader_key": self.keys.class_key(LABS, self.epoch).public_key,
            "owner_key": self.keys.owner_key().public_key,
        }
        capsule = make_capsule(changes.pop("context", context), key, **values | changes)
        entry = ListEntry(
            cid="b" + "afkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"[:58],
            capsule=capsule,
            issuer=self.persona.address,
            root=bytes(32),
            envelope=b"sealed",
        )
        return entry, key

    def post(self, committee: Committee) -> tuple[ListEntry, RecordKey]:
        entry, key = self.entry()
        committee.post(
            entry, list_key=self.list_key.address, signer=self.list_key, issuer=entry.issuer
        )
        return entry, key

    def grant(
        self, grantee: bytes, *, classes: int = LABS, uses: int = Use.TREAT, **more: Any
    ) -> None:
        now = self.network.suite.now()
        terms = Terms(
            grantee=grantee,
            classes=classes,
            uses=uses,
            conditions=more.get("conditions", 0),
            disease=0,
            valid_from=more.get("valid_from", now - 1),
            valid_until=more.get("valid_until", now + 86_400),
            notice=bytes(32),
        )
        call = acts.grant(self.network.suite, self.persona, terms)
        self.network.send(call, blocks=more.get("blocks", 2))


@dataclass
class Reader:
    """An account that reads, with the key that it published."""

    account: LocalAccount
    private: PrivateKey

    @property
    def grantee(self) -> bytes:
        return grantee_of_account(self.account.address)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL server for the whole run."""
    with postgres_server() as server:
        yield server


@pytest.fixture(autouse=True)
def close_clients() -> Iterator[None]:
    yield
    while _CLIENTS:
        _CLIENTS.pop().close()


@pytest.fixture
def person(network: Network) -> Person:
    seed = Seed.make()
    return Person(network, seed, seed.persona(1), seed.keys(network.suite.chain_id))


@pytest.fixture
def committee(network: Network) -> Iterator[Committee]:
    made = network.committee()
    yield made
    made.close()


@pytest.fixture
def make_reader(network: Network) -> Callable[[], Reader]:
    def make() -> Reader:
        account: LocalAccount = Account.create()
        private = PrivateKey.generate()
        network.chain.ask("anvil_setBalance", account.address, hex(10**18))
        sender = Sender(network.suite, account)
        sender.send(network.suite.participants.publish_key(private.public_key.to_bytes()))
        network.chain.mine(2)
        return Reader(account, private)

    return make


@pytest.fixture
def doctor(make_reader: Callable[[], Reader]) -> Reader:
    return make_reader()


@dataclass
class Shared:
    """A person's record, listed, granted and with its class key left for one reader."""

    person: Person
    reader: Reader
    entry: ListEntry
    key: RecordKey

    def asks(self, **changes: Any) -> dict[str, Any]:
        """The arguments of `Committee.listing`."""
        return {
            "actor": self.reader.account,
            "subject": self.person.persona.address,
            "grantee": self.reader.grantee,
            "use": Use.TREAT,
            "data_class": LABS,
        } | changes

    def opens(self, **changes: Any) -> dict[str, Any]:
        """The arguments of `Committee.open_key`, after the entry."""
        return (
            self.asks(
                receiving_key=self.reader.private,
                reader_key=self.person.keys.class_key(LABS, self.person.epoch),
            )
            | changes
        )

    def message(self, keeper: Keeper, kind: str = "ListRequest", **changes: Any) -> dict[str, Any]:
        """A request as it is signed."""
        values: dict[str, Any] = {
            "subject": self.person.persona.address,
            "actor": self.reader.account.address,
            "grantee": self.reader.grantee,
            "use": int(Use.TREAT),
            "dataClass": int(LABS),
            "custodian": keeper.keys.address,
            "nonce": os.urandom(32),
            "deadline": self.person.network.suite.now() + 60,
        }
        if kind == "ReleaseRequest":
            values["recordId"] = self.entry.record_id
            values["receivingKey"] = self.reader.private.public_key.to_bytes()
        return values | changes


def _key_for(person: Person, reader: Reader) -> tuple[Any, ...]:
    return (
        person.list_key,
        person.persona.address,
        reader.grantee,
        LABS,
        0,
        person.keys.class_key(LABS, 0),
        reader.private.public_key,
    )


def share_at(keeper: Keeper, person: Person, reader: Reader) -> Shared:
    """A record, open to the reader, at this one custodian of its three."""
    client = keeper.client()
    client.open_list(person.opening())
    entry, key = person.entry()
    post_at(keeper, person, entry)
    person.grant(reader.grantee)
    leave_at(keeper, person, reader)
    return Shared(person, reader, entry, key)


def post_at(keeper: Keeper, person: Person, entry: ListEntry) -> None:
    """A record, at this one custodian."""
    client = keeper.client()
    names = {"list_key": person.list_key.address, "issuer": entry.issuer}
    signature = Committee([client], 1, person.network.suite).sign_post(
        entry, signer=person.list_key, **names
    )
    client.post(entry, signature=signature, **names)


def leave_at(keeper: Keeper, person: Person, reader: Reader) -> None:
    """The class key for the reader, at this one custodian."""
    client = keeper.client()
    committee = Committee([client], 1, person.network.suite)
    client.leave_keys(committee.seal_key(*_key_for(person, reader)))


def ask(keeper: Keeper, shared: Shared) -> Any:
    """List as the reader, straight at this custodian."""
    domain = shared.person.network.suite.domain("ConsentRegistry")
    message = shared.message(keeper)
    return keeper.client().list(
        SignedRequest.sign(shared.reader.account, "ListRequest", message, domain)
    )


@pytest.fixture
def shared(person: Person, committee: Committee, doctor: Reader) -> Shared:
    committee.open_list(person.opening())
    entry, key = person.post(committee)
    person.grant(doctor.grantee)
    committee.leave_keys(*_key_for(person, doctor))
    return Shared(person, doctor, entry, key)
