"""
a custodian that is killed within an act, and started again, has done it or never began it; with
SQLite and with PostgreSQL
├── a post: the entry and its count
├── a release: the receipt and the nonce, in a log that continues the one which was anchored
├── a withdrawal that is shown: it holds and waits to be carried, or can be shown again
├── carrying one: it goes on, and sends it once
├── a deletion: nothing is left of it and it is signed when asked again, or all is there
├── following the chain: class keys of ended grants go all the same
└── a new key: the old file or the new one, and no draft of it stays
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from aceso.chain import acts
from aceso.codes import Reason
from aceso.custody import (
    Committee,
    CustodianDownError,
    CustodianKeys,
    DeniedError,
    RequestRefusedError,
    SignedRequest,
    TooFewCustodiansError,
)
from aceso.devnet.errors import ProcessEndedError

from .conftest import LABS, Keeper, Network, Person, Reader, Shared, ask, post_at, share_at, until
from .postgres import PostgresServer
from .watching import left, rows, show, waiting

_MORTAL = str(Path(__file__).with_name("mortal.py"))
_SECONDS = 30.0
# It does by itself only what a test wants it to.
_QUIET = ("--no-relay", "--follow-every", "3600")


@dataclass
class Mortal:
    """A custodian in a folder of its own, as it runs now."""

    network: Network
    folder: Path
    # Of a server; in the folder, where there is none.
    database: str = ""
    keeper: Keeper | None = None

    def options(self, more: tuple[str, ...]) -> tuple[str, ...]:
        at = ("--database", self.database) if self.database else ()
        return (*(more or _QUIET), *at)

    def serve(self, *more: str) -> Keeper:
        more, now = self.options(more), self.keeper
        if now is None or now.more != more or not now.process.is_running:
            self.stop()
            now = self.keeper = self.network.serve("mortal", self.folder, more=more)
        return now

    def stop(self) -> None:
        if self.keeper is not None:
            self.keeper.process.stop()

    def die(self, point: tuple[str, str], act: Callable[[Keeper], object], *more: str) -> None:
        """Serve until this act has it killed at this point."""
        self.stop()
        words = [_MORTAL, ":".join(point), "serve", "--folder", str(self.folder)]
        words += ["--rpc", self.network.chain.url]
        words += ["--deployment", str(self.network.deployment_file), *self.options(more)]
        process = self.network.template.run("mortal", words, folder=self.network.folder / "logs")
        with process:
            url = process.wait_for_line(seconds=60)["url"]
            keys = CustodianKeys.read(self.folder)
            act(Keeper("mortal", self.folder, keys, process, url))
            until(lambda: not process.is_running, seconds=_SECONDS)
            with pytest.raises(ProcessEndedError, match=f"{-signal.SIGKILL}"):
                process.check()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def mortal(
    network: Network,
    tmp_path_factory: pytest.TempPathFactory,
    postgres: PostgresServer,
    request: pytest.FixtureRequest,
) -> Iterator[Mortal]:
    folder = tmp_path_factory.mktemp("mortal")
    at_server = request.param == "postgresql"
    made = Mortal(network, folder, postgres.database() if at_server else "")
    # Each anchors a log of its own.
    made.keeper = network.twin("mortal", folder, of=int(at_server), more=made.options(()))
    network.chain.ask("anvil_setBalance", made.keeper.keys.address, hex(10**18))
    yield made
    made.stop()


of_the_folder = pytest.mark.parametrize("mortal", ["sqlite"], indirect=True)


@pytest.fixture
def shared(mortal: Mortal, person: Person, doctor: Reader) -> Shared:
    """A record in the folder, open to the doctor."""
    made = share_at(mortal.serve(), person, doctor)
    _tally(mortal)
    return made


def unanswered(act: Callable[[Keeper], object]) -> Callable[[Keeper], None]:
    """An act of which its maker never hears."""

    def asked(keeper: Keeper) -> None:
        with pytest.raises((CustodianDownError, TooFewCustodiansError)):
            act(keeper)

    return asked


def _rows(mortal: Mortal, statement: str, **values: object) -> list[tuple[object, ...]]:
    assert mortal.keeper is not None
    return rows(mortal.keeper, statement, **values)


def _tally(mortal: Mortal) -> None:
    """Each list counts what it has."""
    assert not _rows(
        mortal,
        "SELECT list_key FROM lists WHERE (records, used_bytes) <> (SELECT count(*), "
        "coalesce(sum(size), 0) FROM entries WHERE entries.list_key = lists.list_key)",
    )


def release(keeper: Keeper, shared: Shared, request: SignedRequest | None = None) -> SignedRequest:
    domain = shared.person.network.suite.domain("ConsentRegistry")
    if request is None:
        message = shared.message(keeper, "ReleaseRequest")
        request = SignedRequest.sign(shared.reader.account, "ReleaseRequest", message, domain)
    keeper.client().release(request)
    return request


@pytest.mark.parametrize("when", ["commit", "kept"])
def test_a_post(mortal: Mortal, shared: Shared, when: str) -> None:
    entry = shared.person.entry()[0]
    posts = unanswered(lambda keeper: post_at(keeper, shared.person, entry))
    mortal.die((when, "INSERT INTO entries"), posts)
    there = _rows(mortal, "SELECT 1 FROM entries WHERE record_id = :id", id=entry.record_id)
    assert len(there) == (when == "kept")
    _tally(mortal)
    keeper = mortal.serve()
    post_at(keeper, shared.person, entry)
    _tally(mortal)
    assert sorted(one.record_id for one in ask(keeper, shared).entries) == sorted(
        [entry.record_id, shared.entry.record_id]
    )


@pytest.mark.parametrize("when", ["commit", "kept"])
def test_a_release(network: Network, mortal: Mortal, shared: Shared, when: str) -> None:
    suite, person = network.suite, shared.person
    who = mortal.serve("--no-relay", "--anchor-every", "0.1")
    release(who, shared)
    with who.client() as custodian:
        before = custodian.log_head(log_domain=suite.domain("AccessLog"))
    until(lambda: suite.access_log.head_of(who.keys.address).size == before.size)
    anchored = suite.access_log.head_of(who.keys.address)
    message = shared.message(who, "ReleaseRequest")
    domain = suite.domain("ConsentRegistry")
    request = SignedRequest.sign(shared.reader.account, "ReleaseRequest", message, domain)
    asks = unanswered(lambda keeper: release(keeper, shared, request))
    mortal.die((when, "INSERT INTO log "), asks)

    keeper = mortal.serve()
    with keeper.client() as custodian:
        head = custodian.log_head(log_domain=suite.domain("AccessLog"))
        assert head.size == before.size + (when == "kept")
        custodian.check_grew(anchored.size, anchored.root, head)
        if when == "kept":
            with pytest.raises(RequestRefusedError) as refused:
                release(keeper, shared, request)
            assert refused.value.code == "E_REPLAYED"
        else:
            release(keeper, shared, request)
        log = custodian.log(
            person.list_key,
            person.keys.log_key(LABS, 0),
            domain=domain,
            log_domain=suite.domain("AccessLog"),
            now=suite.now(),
        )
    released = [one["request"] for one in log.receipts if one["act"] == "release"]
    assert released.count("0x" + request.digest.hex()) == 1
    assert len(released) == 2


@pytest.mark.parametrize("when", ["commit", "kept"])
def test_a_withdrawal_that_is_shown(mortal: Mortal, shared: Shared, when: str) -> None:
    person = shared.person
    act = acts.withdraw(person.network.suite, person.persona, shared.reader.grantee)
    patient = ("--relay-within", "100000")
    shows = unanswered(lambda keeper: show(keeper, act))
    mortal.die((when, "INSERT INTO withdrawals"), shows, *patient)
    keeper = mortal.serve(*patient)
    if when == "commit":
        assert ask(keeper, shared).entries
        assert show(keeper, act) == "pending"
    with pytest.raises(DeniedError) as denied:
        ask(keeper, shared)
    assert denied.value.reason is Reason.WITHDRAWN
    ((kind, relay_at),) = waiting(keeper, person)
    assert kind == "Withdrawal" and relay_at is not None


@pytest.mark.parametrize("when", ["before", "after"])
def test_carrying_a_withdrawal(network: Network, mortal: Mortal, shared: Shared, when: str) -> None:
    person, soon = shared.person, ("--relay-within", "0")
    act = acts.withdraw(network.suite, person.persona, shared.reader.grantee)

    def sent(keeper: Keeper) -> int:
        asked = ("eth_getTransactionCount", keeper.keys.address, "latest")
        return int(network.chain.ask(*asked), 16)

    assert mortal.keeper is not None
    before = sent(mortal.keeper)
    mortal.die((when, "Sender.send"), lambda keeper: show(keeper, act), *soon)
    keeper = mortal.serve(*soon)
    with pytest.raises(DeniedError):
        ask(keeper, shared)

    def is_settled() -> bool:
        network.chain.mine(1)
        return waiting(keeper, person) == [("Withdrawal", None)]

    until(is_settled)
    assert sent(keeper) == before + 1
    standing = network.suite.standing(
        person.persona.address, shared.reader.grantee, shared.reader.account.address
    )
    assert not standing.grant.classes


@pytest.mark.parametrize("when", ["commit", "kept"])
def test_a_deletion(network: Network, mortal: Mortal, shared: Shared, when: str) -> None:
    person, record_id = shared.person, shared.entry.record_id
    ((sealed,),) = _rows(mortal, "SELECT entry FROM entries WHERE record_id = :id", id=record_id)
    assert isinstance(sealed, bytes)

    def delete(keeper: Keeper) -> bytes:
        committee = Committee([keeper.client()], 1, network.suite)
        (receipt,) = committee.delete(person.list_key, record_id)
        return receipt.capsule

    mortal.die((when, "DELETE FROM entries"), unanswered(delete))
    _tally(mortal)
    keeper = mortal.serve()
    if when == "commit":
        release(keeper, shared)
    else:
        with pytest.raises(RequestRefusedError, match="no such record"):
            release(keeper, shared)
    assert delete(keeper) == shared.entry.capsule.digest
    _tally(mortal)
    if mortal.database:
        return
    lie = b"".join(path.read_bytes() for path in mortal.folder.glob("custodian.sqlite*"))
    assert not any(sealed[at : at + 64] in lie for at in range(0, len(sealed) - 64, 64))


@pytest.mark.parametrize("when", ["commit", "kept"])
def test_following_the_chain(network: Network, mortal: Mortal, shared: Shared, when: str) -> None:
    person, quick = shared.person, ("--no-relay", "--follow-every", "0.1")

    def withdraw(keeper: Keeper) -> None:
        network.send(acts.withdraw(network.suite, person.persona, shared.reader.grantee).call)

    mortal.die((when, "DELETE FROM sealed_keys"), withdraw, *quick)
    keeper = mortal.serve()
    assert len(left(keeper, person, shared.reader)) == (when == "commit")
    keeper = mortal.serve(*quick)
    until(lambda: not left(keeper, person, shared.reader))
    with pytest.raises(DeniedError):
        ask(keeper, shared)


@of_the_folder
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_new_key(network: Network, mortal: Mortal, shared: Shared, when: str) -> None:
    before = CustodianKeys.read(mortal.folder)
    words = [_MORTAL, f"{when}:os.replace", "rotate", "--folder", str(mortal.folder)]
    process = network.template.run("rotating", words, folder=network.folder / "logs")
    until(lambda: not process.is_running, seconds=_SECONDS)
    after = CustodianKeys.read(mortal.folder)
    assert (after.address, after.store_key) == (before.address, before.store_key)
    had = [key.to_bytes() for key in (before.private, *before.retired)]
    has = [key.to_bytes() for key in (after.private, *after.retired)]
    assert has[-len(had) :] == had
    assert len(has) == len(had) + (when == "after")
    mortal.stop()
    release(mortal.serve(), shared)

    CustodianKeys.rotate(mortal.folder)
    assert [path.name for path in mortal.folder.glob("custodian.key*")] == ["custodian.key"]
