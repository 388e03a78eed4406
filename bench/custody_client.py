"""How long a person's own device takes to let somebody in, and to move to other custodians.

A chain, five custodians as processes of their own and the device are on this machine, so seconds
that passed are those of all of them at work, with no network between them. Of a move, what the
device and each custodian use of a processor is told apart, since real custodians have machines of
their own: the slowest of them says how fast a vault moves.
"""

from __future__ import annotations

import json
import secrets
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from aceso.codes import DataClass
from aceso.custody import post_act
from aceso.devnet import Authority, Devnet, with_suite
from aceso.flows import HOME, Network, Person, Profile, Reader, move
from aceso.storage import cid_from_digest
from aceso.vault import (
    Body,
    CapsuleContext,
    Envelope,
    FieldTree,
    ListEntry,
    RecordKey,
    Seed,
    head_fields,
    make_batch,
    make_capsule,
    new_dek,
)
from bench.processor import processor_seconds

CUSTODIANS = 5
_PLACES = range(1, CUSTODIANS + 1)
CLASSES = 20
TURNS = 5
LIMIT_SECONDS = 1.0
RECORDS = 1_000
# Ten thousand in a minute.
MOVED_PER_SECOND = 10_000 / 60


def run() -> list[dict[str, Any]]:
    """Measure everything."""
    with (
        tempfile.TemporaryDirectory() as name,
        Devnet.start(Path(name) / "net", stages=[with_suite(custodians=CUSTODIANS)]) as devnet,
        Network.read(Path(name) / "net") as network,
    ):
        folder = Path(name)
        person = Person(network, _profile(folder, "person"))
        authority = Authority(devnet, network.suite)
        return [
            *_sharing(person, lambda turn: _reader(folder, network, authority, turn)),
            *_moving(
                folder, person, [devnet.process(f"custodian-{place}").pid for place in _PLACES]
            ),
        ]


def _profile(folder: Path, kind: Any, turn: int = 0) -> Profile:
    return Profile.create(
        folder / f"{kind}-{turn}",
        Seed.make(),
        passphrase=secrets.token_hex(),
        kind=kind,
        network=str(folder / "net"),
    )


def _reader(folder: Path, network: Network, authority: Authority, turn: int) -> Reader:
    reader = Reader(network, _profile(folder, "professional", turn))
    authority.fund([reader.account.address])
    reader.receiving.publish()
    return reader


def _sharing(person: Person, reader_of: Callable[[int], Reader]) -> list[dict[str, Any]]:
    """The lists of a new persona are opened and the keys left; the grant on chain is beside it."""
    classes = DataClass(0)
    for data_class in list(DataClass)[:CLASSES]:
        classes |= data_class
    taken = []
    for turn in range(TURNS):
        grantee = reader_of(turn).grantee
        persona, to = person.persona_for(grantee), person.network.receiving_key(grantee)
        began = time.monotonic()
        person._leave_keys(persona, grantee, classes, to, anew=True)
        taken.append(time.monotonic() - began)
    middle = statistics.median(taken)
    return [
        {
            "name": f"seal {CLASSES} classes for one grantee, and leave them at {CUSTODIANS}",
            "value": round(middle, 2),
            "unit": "s",
            "limit": LIMIT_SECONDS,
            "ratio": round(LIMIT_SECONDS / middle, 2),
        }
    ]


def _moving(folder: Path, person: Person, custodians: Sequence[int]) -> list[dict[str, Any]]:
    """A vault goes from three of the custodians to all five. Its bodies are nowhere: a move does
    not touch them."""
    facts = json.loads((folder / "net" / "devnet.json").read_text())
    before = facts["committee"] | {
        "members": [one["address"] for one in facts["custodians"][:3]],
        "threshold": 2,
    }
    profile = _profile(folder, "person", 1)
    with Network(facts | {"committee": before}) as network:
        moving = Person(network, profile)
        _fill(moving)
    with Network(facts) as network:
        moving = Person(network, profile)
        used = list(map(processor_seconds, custodians))
        began, worked = time.monotonic(), time.process_time()
        moved = move(moving)
        worked, passed = time.process_time() - worked, time.monotonic() - began
        used = [
            processor_seconds(pid) - so_far for pid, so_far in zip(custodians, used, strict=True)
        ]
        if (moved.records, moved.deleted) != (RECORDS, RECORDS):
            raise AssertionError("not every record was moved")
    return [
        _rate(f"move records to {CUSTODIANS} custodians: the device, per core", worked),
        _rate(
            "the same: the busiest custodian, which lists, takes and deletes them, per core",
            max(used),
        ),
        _rate("the same: the least busy custodian, which takes them, per core", min(used)),
        {
            "name": f"the same as it passes, with all {CUSTODIANS} custodians on this machine",
            "value": round(RECORDS / passed, 1),
            "unit": "per s",
            "limit": None,
            "ratio": None,
        },
    ]


def _rate(name: str, seconds: float) -> dict[str, Any]:
    """How many records a second, by the processor seconds that all of them took."""
    rate = RECORDS / seconds
    return {
        "name": f"{name} ({1_000 * seconds / RECORDS:.1f} ms each)",
        "value": round(rate, 1),
        "unit": "per s",
        "limit": round(MOVED_PER_SECOND, 1),
        "ratio": round(rate / MOVED_PER_SECOND, 2),
    }


def _fill(person: Person) -> None:
    """Records as issuers post them, all of one class."""
    home = person.persona(HOME)
    opening = person.opening(home, DataClass.LABS).opening
    cards = {card.address: card.public_key for card in person.network.sealing_cards}
    list_key = person._list_key(opening.list_key)
    acts, entries = [], []
    for number in range(RECORDS):
        record_id = secrets.token_bytes(32)
        dek = new_dek()
        fields = head_fields(
            record_id=record_id,
            data_class=int(DataClass.LABS),
            issued_at=number,
            lineage=(),
            holder=home.address,
            digest=bytes(32),
        )
        tree = FieldTree.of(fields, dek=dek, record_id=record_id)
        batch = make_batch([tree.leaf])
        envelope = Envelope(
            record_id=record_id,
            data_class=int(DataClass.LABS),
            issued_at=number,
            lineage=(),
            holder=home.address,
            digest=bytes(32),
            media_type="application/fhir+json",
            hashes=tree.hashes,
            issuer=home.address,
            root=batch.root,
            proof=tuple(batch.proof(tree.leaf)),
        )
        capsule = make_capsule(
            CapsuleContext(
                chain_id=person.network.suite.chain_id,
                record_id=record_id,
                data_class=int(DataClass.LABS),
                epoch=opening.epoch,
                list_key=opening.list_key,
            ),
            RecordKey(dek, Body(secrets.token_bytes(32), 4124, 100)),
            custodians=[(address, cards[address]) for address in opening.custodians],
            threshold=opening.threshold,
            reader_key=opening.class_key,
            owner_key=opening.owner_key,
        )
        entry = ListEntry(
            cid=cid_from_digest(secrets.token_bytes(32)),
            capsule=capsule,
            issuer=home.address,
            root=batch.root,
            envelope=envelope.seal(dek),
        )
        signature = person.network.committee.sign_post(
            entry, list_key=opening.list_key, signer=list_key, issuer=home.address
        )
        acts.append(
            post_act(entry, list_key=opening.list_key, issuer=home.address, signature=signature)
        )
        entries.append(entry)
    person.network.committee.send(acts)
    if person.sync() != RECORDS:
        raise AssertionError("not every record was found")


if __name__ == "__main__":
    for row in run():
        print(row)
