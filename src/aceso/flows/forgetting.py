"""What custodians signed when a record was forgotten, and who has still to.

    note_deletions(store, list_key, custodians, receipts)   # after the first of them deleted it
    expect_deletion(store, record_id, list_key, custodians) # of what another device forgot
    finish_deletions(network, store, key_of, committee_of)  # asks those again that were away
    for one in forgotten(store): one.record_id, one.deleted_at, one.waiting

A receipt is a custodian's signed word that the capsule is gone there. They are kept on the device:
who finds that a custodian kept a copy after all can show what it signed. That somebody has still to
delete a record is in the index as well, so that any device asks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from eth_account.signers.local import LocalAccount

from aceso.custody import Committee, DeletionReceipt, RequestRefusedError
from aceso.errors import AcesoError

from .network import Network
from .store import Store

__all__ = ["Forgotten", "expect_deletion", "finish_deletions", "forgotten", "note_deletions"]

_PREFIX = "forgotten/"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """A forgotten record: when each custodian signed that it deleted the capsule, with the
    signature, and which of them have still to be asked."""

    record_id: bytes
    list_key: str
    capsule: bytes
    deleted_at: dict[str, int]
    signatures: dict[str, bytes]
    waiting: tuple[str, ...]


def note_deletions(
    store: Store, custodians: Collection[str], receipts: Iterable[DeletionReceipt]
) -> None:
    """Keep what was signed; those of `custodians` that did not are asked again later."""
    for receipt in receipts:
        name = _PREFIX + receipt.record_id.hex()
        kept = json.loads(store.get(name) or b"{}") or {
            "listKey": receipt.list_key,
            "capsule": "",
            "signed": {},
            "waiting": list(custodians),
        }
        kept["capsule"] = receipt.capsule.hex()
        kept["signed"][receipt.custodian] = [receipt.deleted_at, receipt.signature.hex()]
        kept["waiting"] = [one for one in kept["waiting"] if one != receipt.custodian]
        store.put(name, json.dumps(kept).encode())


def expect_deletion(
    store: Store, record_id: bytes, list_key: str, custodians: Collection[str]
) -> None:
    """Have these asked for what another device forgot, unless it is noted here already."""
    name = _PREFIX + record_id.hex()
    if store.get(name) is None:
        noted = {"listKey": list_key, "capsule": "", "signed": {}, "waiting": list(custodians)}
        store.put(name, json.dumps(noted).encode())


def forgotten(store: Store) -> list[Forgotten]:
    """Everything that was forgotten from this device."""
    found = []
    for name in store.names(_PREFIX):
        kept = json.loads(store.get(name) or b"{}")
        found.append(
            Forgotten(
                record_id=bytes.fromhex(name.removeprefix(_PREFIX)),
                list_key=str(kept["listKey"]),
                capsule=bytes.fromhex(kept["capsule"]),
                deleted_at={who: int(signed[0]) for who, signed in kept["signed"].items()},
                signatures={who: bytes.fromhex(one[1]) for who, one in kept["signed"].items()},
                waiting=tuple(kept["waiting"]),
            )
        )
    return found


def finish_deletions(
    network: Network,
    store: Store,
    list_key_of: Callable[[str], LocalAccount],
    committee_of: Callable[[str], Committee],
) -> int:
    """Ask those again who were away, also one that has left the network since: `committee_of` is
    the committee that a list was opened at. Say how many deletions are still waited for."""
    down: set[str] = set()
    left = 0
    for one in forgotten(store):
        for custodian in one.waiting:
            if custodian in down:
                left += 1
                continue
            try:
                receipts = committee_of(one.list_key).delete(
                    list_key_of(one.list_key), one.record_id, among=[custodian]
                )
                note_deletions(store, one.waiting, receipts)
            except AcesoError as exc:
                # Who never had it has nothing to delete, and says so.
                if exc.code == "E_RECORD_UNKNOWN":
                    _let_off(store, one.record_id, custodian)
                    continue
                network.troubles.append(exc)
                left += 1
                if not isinstance(exc, RequestRefusedError):
                    down.add(custodian)
    return left


def _let_off(store: Store, record_id: bytes, custodian: str) -> None:
    name = _PREFIX + record_id.hex()
    kept = json.loads(store.get(name) or b"{}")
    kept["waiting"] = [one for one in kept["waiting"] if one != custodian]
    store.put(name, json.dumps(kept).encode())
