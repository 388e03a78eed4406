"""
an operator
├── makes a new key beside the old one
│  ├── the old shares still open, new ones are sealed to the new key once it is published
│  ├── the file is replaced in one moment, or not at all if the disk is full (fault 10)
│  └── a key file of before is still read
├── publishes the newest key, once
├── sees figures that say nothing of anybody
│  └── whether withdrawals can be carried, from the one process that carries them
├── bounds the records of a list
│  ├── what one issuer posts, on its own and in a batch; what is deleted makes no room for more
│  └── what it has in all, by whomever; what is deleted makes room for its owner
└── limits how often a client or an actor asks
   ├── a client that asks too often waits, and can withdraw all the same
   ├── an actor that asks too often waits, and nobody can use up what is another's
   └── the limits refill, and forget whoever asked least
"""

from __future__ import annotations

import errno
import fcntl
import json
import math
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from aceso.chain import acts
from aceso.codes import Role
from aceso.custody import (
    Committee,
    Custodian,
    CustodianKeys,
    KeyFileError,
    RequestRefusedError,
    SignedRequest,
    look,
    post_act,
    publish,
)
from aceso.custody._rates import Rates, client_name
from aceso.errors import ServiceError
from aceso.vault import ListEntry

from .conftest import (
    Keeper,
    Network,
    Person,
    Reader,
    Shared,
    post_at,
    share_at,
    until,
)
from .watching import figures


def request(shared: Shared, keeper: Keeper, kind: str = "ReleaseRequest") -> SignedRequest:
    return SignedRequest.sign(
        shared.reader.account,
        kind,
        shared.message(keeper, kind),
        shared.person.network.suite.domain("ConsentRegistry"),
    )


# --- Keys -------------------------------------------------------------------------------------


def test_old_shares_still_open_and_new_ones_do(
    network: Network, person: Person, doctor: Reader, tmp_path: Path
) -> None:
    keeper = network.twin("rotating", tmp_path / "rotating")
    shared = share_at(keeper, person, doctor)
    keeper.process.stop()
    before = keeper.keys.private.public_key
    keys = CustodianKeys.rotate(keeper.folder)
    assert [key.public_key.digest for key in keys.retired] == [before.digest]
    assert keys.address == keeper.keys.address and keys.store_key == keeper.keys.store_key
    network.restart(keeper)
    with keeper.process, keeper.client() as client:
        assert client.health()["publicKey"] == "0x" + keys.private.public_key.to_bytes().hex()
        assert client.release(request(shared, keeper))
        post_at(keeper, person, _sealed_to(person, keys))


def _sealed_to(person: Person, keys: CustodianKeys) -> ListEntry:
    custodians = [(one.keys.address, one.keys.private.public_key) for one in person.network.keepers]
    custodians[0] = (keys.address, keys.private.public_key)
    return person.entry(custodians=custodians)[0]


def test_a_full_disk_leaves_the_key_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    CustodianKeys.make(tmp_path)
    before = (tmp_path / "custodian.key").read_bytes()

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as during:
        during.setattr(os, "fsync", full)
        with pytest.raises(KeyFileError, match="No space left") as refused:
            CustodianKeys.rotate(tmp_path)
        assert refused.value.code == "E_KEY_FILE_WRITE"
        with pytest.raises(KeyFileError):
            CustodianKeys.make(tmp_path / "another")
    assert (tmp_path / "custodian.key").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["custodian.key"]
    assert not list((tmp_path / "another").iterdir())
    twice = (CustodianKeys.rotate(tmp_path), CustodianKeys.rotate(tmp_path))[1]
    assert len(twice.retired) == 2
    assert CustodianKeys.read(tmp_path).retired[0].to_bytes() == twice.retired[0].to_bytes()
    assert (tmp_path / "custodian.key").stat().st_mode & 0o77 == 0


def test_a_key_file_of_before_is_read(tmp_path: Path) -> None:
    CustodianKeys.make(tmp_path)
    document = json.loads((tmp_path / "custodian.key").read_text())
    assert document["version"] == 1 and "retired" not in document
    document["version"] = 4
    (tmp_path / "custodian.key").write_text(json.dumps(document))
    with pytest.raises(KeyFileError, match="version that we know"):
        CustodianKeys.read(tmp_path)


def test_publishes_once(network: Network, tmp_path: Path) -> None:
    keys = CustodianKeys.make(tmp_path, account_key=bytes(Account.create().key))
    network.chain.ask("anvil_setBalance", keys.address, hex(10**18))
    first, again = (publish(tmp_path, network.chain.url, network.deployment_file) for _ in range(2))
    assert (first.is_new, again.is_new) == (True, False)
    newest = CustodianKeys.rotate(tmp_path)
    assert publish(tmp_path, network.chain.url, network.deployment_file).is_new
    digest, version = network.suite.participants.key_of(keys.address)
    assert (digest, version) == (newest.private.public_key.digest, 2)


# --- Figures ----------------------------------------------------------------------------------


def test_figures_say_nothing_of_anybody(network: Network, shared: Shared) -> None:
    keeper, person = network.keepers[0], shared.person
    answered = 'aceso_custodian_requests_total{method="POST",route="/release",status="200"}'
    before = figures(keeper)
    with keeper.client() as client:
        asked = request(shared, keeper)
        client.release(asked)
        with pytest.raises(RequestRefusedError):
            client.release(asked)
    after = figures(keeper)
    assert after[answered] == before.get(answered, 0) + 1
    assert after["aceso_custodian_receipts"] == before["aceso_custodian_receipts"] + 1
    refused = 'aceso_custodian_refusals_total{code="E_REPLAYED"}'
    assert after[refused] == before.get(refused, 0) + 1
    assert after["aceso_custodian_block_newest"] > 0
    page = httpx.get(f"{keeper.url}/metrics", trust_env=False).text.lower()
    for who in (person.persona, shared.reader.account, person.list_key):
        assert who.address.lower() not in page
        assert who.address.lower()[2:] not in page


def test_only_who_relays_says_whether_it_can(network: Network, tmp_path: Path) -> None:
    folder = tmp_path / "second"
    folder.mkdir()
    with (folder / "chores.lock").open("w") as file:
        # As another process of this custodian does, which then relays.
        fcntl.flock(file, fcntl.LOCK_EX)
        keeper = network.twin("second", folder, more=("--relay-within", "0"))
        assert math.isnan(figures(keeper)["aceso_custodian_relays_ok"])
    with keeper.process:
        until(lambda: figures(keeper)["aceso_custodian_relays_ok"] == 1)


def test_a_look_at_what_runs_and_at_what_does_not(network: Network) -> None:
    assert look(network.keepers[0].url)["address"] == network.keepers[0].keys.address
    for url in ("http://127.0.0.1:1", network.chain.url, "nowhere"):
        with pytest.raises(ServiceError) as refused:
            look(url)
        assert refused.value.code == "E_CUSTODIAN_NOT_SERVED"


# --- Bounds -----------------------------------------------------------------------------------


def _issuer(network: Network) -> LocalAccount:
    """An accredited one."""
    account: LocalAccount = Account.create()
    participants = network.suite.participants
    network.send(
        network.authority.call(participants.propose_accreditation(account.address, Role.ISSUER))
    )
    network.send(participants.accredit(account.address))
    return account


def test_a_list_and_its_issuers_are_bounded(
    network: Network, person: Person, tmp_path: Path
) -> None:
    lab, second = _issuer(network), _issuer(network)
    more = ("--no-relay", "--list-records", "6", "--issuer-records", "2")
    keeper = network.twin("bounded", tmp_path / "bounded", more=more)
    with keeper.process, keeper.client() as client:
        client.open_list(person.opening())
        committee = Committee([client], 1, network.suite)
        makers = [lab] * 4 + [second] * 2
        entries = [replace(person.entry()[0], issuer=one.address) for one in makers]

        def post(number: int, signer: LocalAccount) -> bool:
            names = {"list_key": person.list_key.address, "issuer": entries[number].issuer}
            signature = committee.sign_post(entries[number], signer=signer, **names)
            return client.post(entries[number], signature=signature, **names)

        def refused(number: int, signer: LocalAccount) -> str:
            with pytest.raises(RequestRefusedError) as caught:
                post(number, signer)
            return caught.value.code

        assert post(0, lab)
        assert post(1, lab)
        assert not post(1, lab)
        assert refused(2, lab) == "E_ISSUER_FULL"
        names = {"list_key": person.list_key.address, "issuer": lab.address}
        signature = committee.sign_post(entries[2], signer=lab, **names)
        act = post_act(entries[2], signature=signature, **names)
        (answer,) = client.take_batch([act.body])
        assert isinstance(answer, RequestRefusedError)
        assert answer.code == "E_ISSUER_FULL"
        assert "begin a new epoch" in answer.message

        # All issuers together have half of the list, and leave the person the other.
        assert post(4, second)
        assert refused(5, second) == "E_ISSUER_FULL"

        committee.delete(person.list_key, entries[0].record_id)
        assert refused(2, lab) == "E_ISSUER_FULL"
        for number in (2, 3, 5):
            assert post(number, person.list_key)
        post_at(keeper, person, person.entry()[0])
        extra = person.entry()[0]
        with pytest.raises(RequestRefusedError, match="6 records") as full:
            post_at(keeper, person, extra)
        assert full.value.code == "E_LIST_FULL"
        committee.delete(person.list_key, entries[1].record_id)
        post_at(keeper, person, extra)


# --- Limits -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def strict(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A custodian that lets each client ask once in a hundred seconds, and each actor twice."""
    more = ("--no-relay", "--client-rate", "0.01", "--actor-rate", "0.2")
    keeper = network.twin("strict", tmp_path_factory.mktemp("strict"), more=more)
    yield keeper
    keeper.process.stop()


def test_a_client_that_asks_too_often_waits(network: Network, strict: Keeper) -> None:
    act = acts.withdraw_all(network.suite, Account.create())
    body = {
        "type": act.type_name,
        "message": {"subject": act.message["subject"], "epoch": act.message["epoch"]},
        "signature": "0x" + act.signature.hex(),
    }
    with httpx.Client(base_url=strict.url, trust_env=False) as web:

        def ask(path: str, client: str, **more: Any) -> httpx.Response:
            return web.request(
                more.pop("method", "GET"), path, headers={"X-Forwarded-For": client}, **more
            )

        # As a proxy on this machine says whom it asks for.
        assert ask("/log/head", "203.0.113.7").status_code == 200
        refused = ask("/log/head", "203.0.113.7")
        assert refused.status_code == 429
        assert refused.json()["code"] == "E_TOO_MANY"
        assert 0 < int(refused.headers["retry-after"]) <= 100
        assert ask("/health", "203.0.113.7").status_code == 200
        assert ask("/log/head", "203.0.113.8").status_code == 200
        assert {web.get("/log/head").status_code for _ in range(3)} == {200}
        shown = ask("/withdrawals", "203.0.113.7", method="POST", json=body)
        assert shown.json() == {"state": "pending"}


def test_an_actor_that_asks_too_often_waits(
    network: Network, strict: Keeper, person: Person, doctor: Reader
) -> None:
    shared = share_at(strict, person, doctor)
    domain = network.suite.domain("ConsentRegistry")
    with strict.client() as client:
        forged = SignedRequest(
            "ListRequest", shared.message(strict), os.urandom(64) + b"\x1b", bytes(32)
        )
        for _ in range(5):
            assert _code(client, forged) == "E_SIGNATURE"
        client.list(
            SignedRequest.sign(doctor.account, "ListRequest", shared.message(strict), domain)
        )
        client.list(
            SignedRequest.sign(doctor.account, "ListRequest", shared.message(strict), domain)
        )
        again = SignedRequest.sign(doctor.account, "ListRequest", shared.message(strict), domain)
        assert _code(client, again) == "E_TOO_MANY"


def _code(client: Custodian, request: SignedRequest) -> str:
    with pytest.raises(RequestRefusedError) as refused:
        client.list(request)
    return refused.value.code


def test_limits_refill() -> None:
    now = [0.0]
    rates = Rates(per_second=2, in_store=3, clock=lambda: now[0])
    assert [rates.take("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert rates.take("b") == 0
    now[0] = 0.5
    assert [rates.take("a") for _ in range(2)] == [0, 0.5]
    now[0] = 1_000
    assert [rates.take("a") for _ in range(4)] == [0, 0, 0, 0.5]
    assert {Rates(per_second=0, in_store=0).take("a") for _ in range(9)} == {0.0}


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("127.0.0.1", ""),
        ("::1", ""),
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
    ],
)
def test_by_what_a_client_is_known(host: str, name: str) -> None:
    assert client_name(host) == name
