"""What is deleted is gone, and what is secret is nowhere in the clear.

deletion    receipts; not one byte left in the database, its log or free pages; no way back
at rest     neither capsule nor entry nor sealed key nor opening nor share can be found there
heads       the highest version wins, and survives
"""

from __future__ import annotations

import os
import sqlite3

import pytest

from aceso.custody import Committee, RequestRefusedError
from aceso.vault import Head, SignedOpening, open_share

from .conftest import Keeper, Network, Person, Shared


def _bytes(keeper: Keeper) -> bytes:
    """All that lies in a custodian's folder but its key."""
    return b"".join(
        path.read_bytes()
        for path in sorted(keeper.folder.iterdir())
        if path.name not in ("custodian.key", "lock")
    )


def _stored(keeper: Keeper, record_id: bytes) -> bytes:
    """The row's encrypted entry."""
    with sqlite3.connect(f"file:{keeper.folder}/custodian.sqlite?mode=ro", uri=True) as database:
        found = database.execute(
            "SELECT entry FROM entries WHERE record_id = ?", (record_id,)
        ).fetchone()
    database.close()
    return bytes(found[0])


def _holds(where: bytes, what: bytes) -> bool:
    """Whether any 64 bytes of it are there: a page may have cut it."""
    return any(what[at : at + 64] in where for at in range(0, len(what) - 64, 64))


def test_a_deleted_record_leaves_nothing(
    network: Network, shared: Shared, committee: Committee
) -> None:
    person, record_id = shared.person, shared.entry.record_id
    kept, _ = person.post(committee)
    rows = [_stored(keeper, record_id) for keeper in network.keepers]
    for keeper, row in zip(network.keepers, rows, strict=True):
        assert _holds(_bytes(keeper), row)

    receipts = committee.delete(person.list_key, record_id)
    assert {receipt.custodian for receipt in receipts} == {
        keeper.keys.address for keeper in network.keepers
    }
    assert {receipt.capsule for receipt in receipts} == {shared.entry.capsule.digest}
    for keeper, row in zip(network.keepers, rows, strict=True):
        left = _bytes(keeper)
        assert not _holds(left, row)
        assert not _holds(left, shared.entry.to_bytes())
    again = committee.delete(person.list_key, record_id)
    assert {(receipt.custodian, receipt.deleted_at) for receipt in again} == {
        (receipt.custodian, receipt.deleted_at) for receipt in receipts
    }

    with pytest.raises(RequestRefusedError, match="no such record"):
        committee.open_key(shared.entry, **shared.opens())
    with pytest.raises(RequestRefusedError, match="was deleted"):
        committee.post(
            shared.entry,
            list_key=person.list_key.address,
            signer=person.list_key,
            issuer=shared.entry.issuer,
        )
    (listed,) = committee.listing(**shared.asks()).entries
    assert listed.digest == kept.digest


def test_only_the_list_key_deletes(person: Person, shared: Shared, committee: Committee) -> None:
    stranger = person.seed.persona(9)
    with pytest.raises(RequestRefusedError, match="no such record"):
        committee.delete(stranger, shared.entry.record_id)
    assert committee.open_key(shared.entry, **shared.opens()).dek == shared.key.dek


def test_nothing_secret_lies_in_the_clear(
    network: Network, shared: Shared, committee: Committee
) -> None:
    committee.open_key(shared.entry, **shared.opens())
    found = committee.listing(**shared.asks())
    (left,), (opening,) = found.sealed_keys, found.openings
    # Receipts are sealed to it.
    known = opening.opening.message()["logKey"]
    logs = b"".join(path.read_bytes() for path in (network.folder / "logs").iterdir())
    for keeper in network.keepers:
        keys = keeper.keys
        share = open_share(shared.entry.capsule, keys.address, keys.private)
        here = _bytes(keeper) + logs
        for secret in (
            share._share[:-1],
            share._salt,
            bytes(keys.account.key),
            keys.private.to_bytes(),
            keys.store_key,
        ):
            assert secret not in here
            assert secret.hex().encode() not in here
        assert not _holds(here, shared.entry.to_bytes())
        assert not _holds(here, left.sealed)
        for told in (*opening.opening.message().values(), *_signatures(opening)):
            if isinstance(told, bytes) and told != known:
                assert told not in here
                assert told.hex().encode() not in here
    # Nor does the log of the process say who asked.
    for who in (shared.person.persona.address, shared.reader.account.address):
        assert who.encode() not in logs
        assert who.lower().encode() not in logs


def _signatures(opening: SignedOpening) -> tuple[bytes, bytes]:
    return opening.persona_signature, opening.list_signature


def test_heads(network: Network, person: Person, committee: Committee) -> None:
    head_key = person.keys.head_key()
    registry = network.suite.addresses["ConsentRegistry"]

    def put(version: int, cid: str = "bafkreihead") -> None:
        head = Head(head_key.address, version, cid)
        committee.put_head(head.sign(head_key, chain_id=network.suite.chain_id, registry=registry))

    assert committee.newest_head(head_key.address) is None
    put(1)
    put(3)
    with pytest.raises(RequestRefusedError, match="newer"):
        put(2)
    found = committee.newest_head(head_key.address)
    assert found is not None and found.head.version == 3
    other = Head(head_key.address, 4, "bafkrei")
    with pytest.raises(RequestRefusedError, match="not signed"):
        committee.put_head(type(found)(other, os.urandom(64) + b"\x1b"))
