"""
one custodian in two processes, which share a folder and a PostgreSQL database
├── concurrent releases through both are all written down, in one tree that is proved
├── a request that was used up at one is refused at the other
├── a withdrawal that is shown to one holds at the other
├── a deletion at one holds at the other, and is signed
└── a server that stops and starts in the middle of things
   ├── is waited for: requests are refused meanwhile, and served afterwards without a hand
   ├── is seen in the which are there all the while
   └── has every receipt of what was answered (fault 11)
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from aceso.chain import acts, sign
from aceso.codes import Reason
from aceso.custody import (
    AccessLog,
    Custodian,
    CustodianDownError,
    DeniedError,
    RequestRefusedError,
    SignedRequest,
)

from .conftest import LABS, Keeper, Network, Person, Reader, Shared, until
from .postgres import PostgresServer
from .watching import figures


@dataclass
class Pair:
    """Two processes of one custodian: the first of the network, with a database of its own."""

    keepers: list[Keeper]
    clients: list[Custodian]
    shared: Shared

    def request(self, kind: str = "ReleaseRequest", **changes: Any) -> SignedRequest:
        shared = self.shared
        return SignedRequest.sign(
            shared.reader.account,
            kind,
            shared.message(self.keepers[0], kind, **changes),
            shared.person.network.suite.domain("ConsentRegistry"),
        )

    def log(self, which: int = 0) -> AccessLog:
        """The receipts of the list, each proved in the signed head."""
        suite, person = self.shared.person.network.suite, self.shared.person
        return self.clients[which].log(
            person.list_key,
            person.keys.log_key(LABS, 0),
            domain=suite.domain("ConsentRegistry"),
            log_domain=suite.domain("AccessLog"),
            now=suite.now(),
        )

    def releases(self) -> list[str]:
        return [one["request"] for one in self.log().receipts if one["act"] == "release"]


@pytest.fixture(scope="module")
def keepers(
    network: Network, postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Keeper]]:
    folder = tmp_path_factory.mktemp("shared-custodian")
    more = ("--no-relay", "--database", postgres.database())
    made = [network.twin(f"shared-{number}", folder, more=more) for number in range(2)]
    yield made
    for keeper in made:
        keeper.process.stop()


@pytest.fixture
def pair(network: Network, keepers: list[Keeper], person: Person, doctor: Reader) -> Pair:
    """With a record that is open to the doctor, left by way of both processes."""
    clients = [keeper.client() for keeper in keepers]
    clients[0].open_list(person.opening())
    entry, key = person.entry()
    suite = network.suite
    message = {
        "listKey": person.list_key.address,
        "recordId": entry.record_id,
        "entry": entry.digest,
        "issuer": entry.issuer,
    }
    signature = sign(person.list_key, "ListPost", message, suite.domain("ConsentRegistry"))
    clients[1].post(
        entry, list_key=person.list_key.address, issuer=entry.issuer, signature=signature
    )
    person.grant(doctor.grantee)
    return Pair(keepers, clients, Shared(person, doctor, entry, key))


def test_all_releases_are_written_down(pair: Pair) -> None:
    requests = [pair.request() for _ in range(24)]

    def release(number: int) -> bytes:
        return pair.clients[number % 2].release(requests[number])

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(release, range(len(requests))))
    written = pair.releases()
    assert sorted(written) == sorted("0x" + request.digest.hex() for request in requests)
    first, second = (
        client.log_head(log_domain=pair.shared.person.network.suite.domain("AccessLog"))
        for client in pair.clients
    )
    assert (first.size, first.root) == (second.size, second.root)


def test_a_request_holds_once_at_both(pair: Pair) -> None:
    request = pair.request()
    barrier = threading.Barrier(2)

    def release(client: Custodian) -> str:
        barrier.wait()
        try:
            client.release(request)
        except RequestRefusedError as error:
            return error.code
        return "released"

    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(release, pair.clients))
    assert found == ["E_REPLAYED", "released"]


def test_a_withdrawal_holds_at_the_other(pair: Pair) -> None:
    person, suite = pair.shared.person, pair.shared.person.network.suite
    assert pair.clients[1].release(pair.request())
    act = acts.withdraw(suite, person.persona, pair.shared.reader.grantee)
    assert pair.clients[0].withdraw(act.type_name, act.message, act.signature) == "pending"
    with pytest.raises(DeniedError) as denied:
        pair.clients[1].release(pair.request())
    assert denied.value.reason is Reason.WITHDRAWN


def test_a_deletion_holds_at_the_other(pair: Pair) -> None:
    person, suite = pair.shared.person, pair.shared.person.network.suite
    domain = suite.domain("ConsentRegistry")
    record_id = pair.shared.entry.record_id
    message = {"listKey": person.list_key.address, "recordId": record_id}
    receipt = pair.clients[0].delete(
        list_key=person.list_key.address,
        record_id=record_id,
        signature=sign(person.list_key, "Deletion", message, domain),
        domain=domain,
    )
    assert receipt.capsule == pair.shared.entry.capsule.digest
    with pytest.raises(RequestRefusedError, match="no such record"):
        pair.clients[1].release(pair.request())


def test_a_server_that_crashes_loses_no_receipt(pair: Pair, postgres: PostgresServer) -> None:
    answered: list[str] = []
    refused: list[str] = []
    is_over = threading.Event()

    def keep_asking(client: Custodian) -> None:
        while not is_over.is_set():
            request = pair.request()
            try:
                client.release(request)
                answered.append("0x" + request.digest.hex())
            except CustodianDownError as error:
                refused.append(str(error))

    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(keep_asking, client) for client in pair.clients]
        try:
            until(lambda: len(answered) > 5)
            postgres.crash()
            until(lambda: len(refused) > 2)
            _is_watched(pair.keepers[0], up=False)
            postgres.start()
            before = len(answered)
            until(lambda: len(answered) > before + 5)
            _is_watched(pair.keepers[0], up=True)
        finally:
            is_over.set()
        for one in asking:
            one.result()
    assert all("database does not do" in why for why in refused)
    assert set(answered) <= set(pair.releases())


def _is_watched(keeper: Keeper, *, up: bool) -> None:
    """What only the database knows is left out while it is down; the rest is told."""
    found = figures(keeper)
    assert found["aceso_custodian_database_up"] == float(up)
    assert found["aceso_custodian_block_newest"] > 0
    for name in ("receipts", "block_followed", "relays_waiting"):
        assert (f"aceso_custodian_{name}" in found) == up
    assert any(name.startswith("aceso_custodian_requests_total") for name in found)
