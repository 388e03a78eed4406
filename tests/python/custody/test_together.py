"""
releases that a custodian does in one turn, in a file of SQLite and in PostgreSQL
├── are each given, refused and logged as if it were alone
├── are given once to whoever asks twice
├── are refused to a grantee whose withdrawal was shown, and to nobody else
├── ask the chain what was withdrawn in one batch, before anybody waits for it to write
├── read of a record only the entry that is meant, in however many epochs it is
├── leave a wallet that signs by a contract to a thread of its own, where it is given the share
├── leave all to threads of their own, if a node does not answer what they ask together, or refuses
│   some of it
└── give nothing, and keep nothing, if the database fails

The custodian is in this process, as its turns can't be told from without; its chain and databases
are real.
"""

from __future__ import annotations

import hashlib
import json
import os
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from eth_abi.abi import encode as abi_encode
from eth_account.signers.local import LocalAccount

from aceso.chain import grantee_of_account, sign
from aceso.codes import Reason
from aceso.custody import ChainUnsafeError, DeniedError, RequestRefusedError
from aceso.custody.__main__ import _opened, _parser
from aceso.custody._rates import Rates
from aceso.custody._releases import Wanted
from aceso.custody._service import Service
from aceso.custody._store import tables
from aceso.custody._turns import AloneError
from aceso.custody.logbook import LOG_LABEL
from aceso.custody.proof import Release
from aceso.errors import ServiceError
from aceso.ethereum import address_bytes, keccak
from aceso.signing import digest, sign_digest
from aceso.vault import PrivateKey, Seed, open_released, open_sealed

from .conftest import LABS, Keeper, Network, Person, Reader, Shared, funded, share_at
from .crooked import CrookedNode, crooked_node
from .postgres import PostgresServer


@dataclass
class Desk:
    """A custodian in this process with two people's records, each open to a reader of theirs."""

    service: Service
    keeper: Keeper
    network: Network
    node: CrookedNode
    first: Shared
    second: Shared

    @property
    def domain(self) -> dict[str, Any]:
        return self.network.suite.domain("ConsentRegistry")

    def wanted(self, shared: Shared, **changes: Any) -> Wanted:
        """What the reader asks for, signed."""
        message = shared.message(self.keeper, "ReleaseRequest", **changes)
        return Wanted(message, sign(shared.reader.account, "ReleaseRequest", message, self.domain))

    def asked(self, wanted: Wanted) -> bytes:
        return digest("ReleaseRequest", wanted.message, self.domain)

    def opens(self, shared: Shared, wanted: Wanted, given: object) -> bool:
        """Whether it is our share of this record, signed, and only for who asked."""
        assert isinstance(given, Release)
        capsule, asked, mine = shared.entry.capsule, self.asked(wanted), self.keeper.keys.address
        given.check(mine, request=asked, capsule=capsule.digest, domain=self.domain)
        return bool(
            open_released(capsule, mine, given.sealed, shared.reader.private, request=asked)
        )

    def log(self, shared: Shared) -> list[str]:
        """The requests that were released, by the log of this person's list."""
        person = shared.person
        book, key = address_bytes(person.list_key.address), person.keys.log_key(LABS, 0)
        log = tables.log
        with self.service.store.read() as connection:
            rows = connection.execute(
                sa.select(log.c.receipt).where(log.c.book == book).order_by(log.c.number)
            )
            sealed = [bytes(one) for one in rows.scalars()]
        receipts = [json.loads(open_sealed(key, one, info=LOG_LABEL + book)) for one in sealed]
        return [one["request"] for one in receipts if one["act"] == "release"]

    def requests(self, *those: Wanted) -> list[str]:
        return ["0x" + self.asked(one).hex() for one in those]


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(
    request: pytest.FixtureRequest,
    network: Network,
    tmp_path: Path,
    person: Person,
    make_reader: Callable[[], Reader],
) -> Iterator[Desk]:
    database: list[str] = []
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        database = ["--database", server.database()]
    keeper = network.twin("together", tmp_path / "custodian", more=("--no-relay", *database))
    seed = Seed.make()
    other = Person(network, seed, seed.persona(1), seed.keys(network.suite.chain_id))
    with keeper.process:
        shared = [share_at(keeper, one, make_reader()) for one in (person, other)]
    with crooked_node(network.chain.url) as node:
        command = ["serve", "--folder", str(keeper.folder), "--rpc", node.url, *database]
        command += ["--deployment", str(network.deployment_file)]
        keys, store, chain = _opened(_parser().parse_args(command))
        try:
            yield Desk(Service(keys, store, chain), keeper, network, node, shared[0], shared[1])
        finally:
            chain.close()
            store.close()


def _code(given: object) -> str:
    assert isinstance(given, RequestRefusedError), given
    return given.code


def _reason(given: object) -> Reason:
    assert isinstance(given, DeniedError), given
    return given.reason


def _low_order(shared: Shared) -> bytes:
    return shared.reader.private.public_key.to_bytes()[:-32] + bytes(32)


def test_each_as_if_it_were_alone(desk: Desk) -> None:
    first, second, now = desk.first, desk.second, desk.network.suite.now()
    unsigned = desk.wanted(first)
    cases: dict[str | Reason, Wanted] = {
        "given": desk.wanted(first),
        "E_OTHER_CUSTODIAN": desk.wanted(first, custodian=desk.network.keepers[1].keys.address),
        "given too": desk.wanted(second),
        "E_DEADLINE": desk.wanted(first, deadline=now - 1),
        "E_DEADLINE_FAR": desk.wanted(second, deadline=now + 4_000),
        "E_PUBLIC_KEY": desk.wanted(first, receivingKey=b"no key"),
        # Nothing can be sealed to it, as its X25519 half has low order.
        "E_PUBLIC_KEY too": desk.wanted(first, receivingKey=_low_order(first)),
        "E_RECEIVING_KEY": desk.wanted(
            second, receivingKey=PrivateKey.generate().public_key.to_bytes()
        ),
        # Of the other's reader, to whom this person granted nothing.
        Reason.NOT_GRANTED: desk.wanted(first, subject=second.person.persona.address),
        Reason.USE: desk.wanted(second, use=2),
        "E_RECORD_UNKNOWN": desk.wanted(first, recordId=os.urandom(32)),
        # In a list that the other person is asked for in the same turn.
        "theirs": desk.wanted(first, recordId=second.entry.record_id),
        "given once more": desk.wanted(first),
        "alone": Wanted({**unsigned.message, "nonce": os.urandom(32)}, unsigned.signature),
    }
    said = dict(zip(cases, desk.service.releases.release_all(list(cases.values())), strict=True))
    assert desk.opens(first, cases["given"], said["given"])
    assert desk.opens(first, cases["given once more"], said["given once more"])
    assert desk.opens(second, cases["given too"], said["given too"])
    assert _code(said["theirs"]) == "E_RECORD_UNKNOWN"
    # It may be a wallet, so the chain is asked, and who is none is refused by that.
    assert isinstance(said["alone"], AloneError)
    with pytest.raises(RequestRefusedError) as refused:
        desk.service.releases.release(cases["alone"])
    assert refused.value.code == "E_SIGNATURE"
    for name, given in said.items():
        if isinstance(name, Reason):
            assert _reason(given) is name
        elif name.startswith("E_"):
            assert _code(given) == name.removesuffix(" too")
    assert desk.log(first) == desk.requests(cases["given"], cases["given once more"])
    assert desk.log(second) == desk.requests(cases["given too"])


def test_given_once(desk: Desk) -> None:
    one, other = desk.wanted(desk.first), desk.wanted(desk.second)
    denied = desk.wanted(desk.first, use=2)
    given = desk.service.releases.release_all([one, denied, one, other, denied])
    assert desk.opens(desk.first, one, given[0])
    assert desk.opens(desk.second, other, given[3])
    assert _reason(given[1]) is Reason.USE
    assert [_code(given[2]), _code(given[4])] == ["E_REPLAYED", "E_REPLAYED"]
    # Nor in any later turn: what was denied is used up as well.
    again = desk.service.releases.release_all([other, denied, one])
    assert [_code(one) for one in again] == ["E_REPLAYED"] * 3
    assert desk.log(desk.first) == desk.requests(one)
    assert desk.log(desk.second) == desk.requests(other)


def test_a_withdrawal_that_was_shown(desk: Desk) -> None:
    person, reader = desk.first.person, desk.first.reader
    message = {"subject": person.persona.address, "grantee": reader.grantee, "withdrawals": 0}
    signature = sign(person.persona, "Withdrawal", message, desk.domain)
    assert desk.service.withdrawals.take("Withdrawal", message, signature) == {"state": "pending"}
    refused, other = desk.wanted(desk.first), desk.wanted(desk.second)
    given = desk.service.releases.release_all([refused, other])
    assert _reason(given[0]) is Reason.WITHDRAWN
    assert desk.opens(desk.second, other, given[1])
    assert desk.log(desk.first) == []
    (again,) = desk.service.releases.release_all([refused])
    assert _code(again) == "E_REPLAYED"


def test_counters_are_asked_before_the_transaction(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for shared in (desk.first, desk.second):
        # For somebody else, so the chain is asked whether one for this reader is in force.
        message = {
            "subject": shared.person.persona.address,
            "grantee": os.urandom(32),
            "withdrawals": 0,
        }
        signature = sign(shared.person.persona, "Withdrawal", message, desk.domain)
        desk.service.withdrawals.take("Withdrawal", message, signature)
    kept, answer = [], desk.node.answer

    def watched(asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
        kept.append(desk.service.store._writing.locked())
        return answer(asked)

    monkeypatch.setattr(desk.node, "answer", watched)
    one, other = desk.wanted(desk.first), desk.wanted(desk.second)
    desk.node.reads.clear()
    given = desk.service.releases.release_all([one, other])
    assert desk.opens(desk.first, one, given[0])
    assert desk.opens(desk.second, other, given[1])
    # Two decisions and a key for each of them, and then two standings.
    assert desk.node.reads == [6, 4]
    desk.network.chain.mine(1)
    message = desk.first.message(desk.keeper)
    signature = sign(desk.first.reader.account, "ListRequest", message, desk.domain)
    assert desk.service.listings.listing(message, signature, 0)["entries"]
    assert not any(kept)


def test_of_a_record_only_what_is_meant(desk: Desk) -> None:
    long, epochs, record = 1 << 20, range(1, 25), desk.first.entry.record_id
    found = {}
    for epoch in epochs:
        person = replace(desk.first.person, epoch=epoch)
        opened = person.opening()
        desk.service.lists.open(
            opened.opening.message(), opened.persona_signature, opened.list_signature
        )
        entry = replace(person.entry(record_id=record)[0], envelope=bytes(long))
        post = {
            "listKey": person.list_key.address,
            "recordId": record,
            "entry": hashlib.sha256(entry.to_bytes()).digest(),
            "issuer": entry.issuer,
        }
        signature = sign(person.list_key, "ListPost", post, desk.domain)
        desk.service.lists.post(post, signature, entry.to_bytes())
        found[epoch] = replace(desk.first, person=person, entry=entry)
    wanted = [desk.wanted(desk.first) for _ in range(4)]
    wanted[1] = replace(wanted[1], capsule=found[5].entry.capsule.digest)
    wanted[2] = replace(wanted[2], capsule=desk.first.entry.capsule.digest)
    wanted[3] = replace(wanted[3], capsule=desk.second.entry.capsule.digest)
    tracemalloc.start()
    try:
        given = desk.service.releases.release_all(wanted)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert desk.opens(found[24], wanted[0], given[0])
    assert desk.opens(found[5], wanted[1], given[1])
    assert desk.opens(desk.first, wanted[2], given[2])
    assert _code(given[3]) == "E_RECORD_UNKNOWN"
    assert most < len(epochs) * long


def _wallet_signature(owners: Sequence[LocalAccount], *of: bytes) -> bytes:
    """As `MultiSigWallet` takes it: by two of its owners, in their order."""
    ordered = sorted(owners, key=lambda one: str(one.address).lower())
    return abi_encode(
        ["bytes[]"], [[sign_digest(one, keccak(b"".join(of))) for one in ordered[:2]]]
    )


def test_a_wallet_has_a_thread_of_its_own(desk: Desk) -> None:
    network, wallet = desk.network, desk.network.authority.address
    private = PrivateKey.generate()
    publish = network.suite.participants.publish_key(private.public_key.to_bytes())
    network.send(network.authority.call(publish))
    grantee = grantee_of_account(wallet)
    desk.first.person.grant(grantee)
    message = desk.first.message(
        desk.keeper,
        "ReleaseRequest",
        actor=wallet,
        grantee=grantee,
        receivingKey=private.public_key.to_bytes(),
    )
    signed = _wallet_signature(
        [funded(1), funded(2), funded(3)],
        network.suite.chain_id.to_bytes(32, "big"),
        bytes(12) + address_bytes(wallet),
        digest("ReleaseRequest", message, desk.domain),
    )
    wanted, other = Wanted(message, signed), desk.wanted(desk.second)
    given = desk.service.releases.release_all([wanted, other])
    assert isinstance(given[0], AloneError)
    assert desk.opens(desk.second, other, given[1])
    release = desk.service.releases.release(wanted)
    mine_too = Shared(
        desk.first.person,
        Reader(desk.first.reader.account, private),
        desk.first.entry,
        desk.first.key,
    )
    assert desk.opens(mine_too, wanted, release)
    assert desk.log(desk.first) == desk.requests(wanted)


def test_a_node_that_does_not_answer_so_much_at_once(desk: Desk) -> None:
    one, other = desk.wanted(desk.first), desk.wanted(desk.second)
    astray = desk.wanted(desk.first, custodian=desk.network.keepers[1].keys.address)
    # One request of each actor, and it counts as one.
    desk.service.releases.rates = Rates(per_second=1e-6, in_store=1)
    # Two decisions and a key for each of them.
    desk.node.most_calls = 4
    given = desk.service.releases.release_all([one, astray, other])
    assert isinstance(given[0], AloneError)
    assert _code(given[1]) == "E_OTHER_CUSTODIAN"
    assert isinstance(given[2], AloneError)
    assert desk.opens(desk.first, one, desk.service.releases.release(one))
    assert desk.opens(desk.second, other, desk.service.releases.release(other))
    (again,) = desk.service.releases.release_all([desk.wanted(desk.first)])
    assert _code(again) == "E_TOO_MANY"


def test_a_node_that_refuses_what_is_asked(desk: Desk) -> None:
    one, other = desk.wanted(desk.first), desk.wanted(desk.second)
    desk.node.refuses = True
    desk.node.reads.clear()
    given = desk.service.releases.release_all([one, other])
    assert [type(each) for each in given] == [AloneError, AloneError]
    # Not once more for each of them, while all the others wait.
    assert desk.node.reads == [6]
    with pytest.raises(ChainUnsafeError):
        desk.service.releases.release(one)
    desk.node.refuses = False
    assert desk.opens(desk.first, one, desk.service.releases.release(one))
    assert desk.opens(desk.second, other, desk.service.releases.release(other))


def test_a_database_that_fails(desk: Desk) -> None:
    with desk.service.store.write() as connection:
        connection.execute(sa.text("ALTER TABLE nonces RENAME TO elsewhere"))
    given = desk.service.releases.release_all([desk.wanted(desk.first), desk.wanted(desk.second)])
    assert [type(one) for one in given] == [ServiceError, ServiceError]
    assert given[0] is not given[1]
    assert {getattr(one, "code", "") for one in given} == {"E_CUSTODY_STORE_DOWN"}
    assert desk.log(desk.first) == desk.log(desk.second) == []
