"""A will: what a person granted ends at their death, except what they wanted to go on.

    will = make_will(person, keep={grantee})      # signed withdrawals of everything else
    carry_out(network, will)                      # by whoever it was left with, after the death

A will is a file of signed withdrawals, one for each grant that is not to go on, and its digest is
committed on chain. A withdrawal has no deadline, and no later grant voids it: so a will made once
also ends what was renewed since. It lets nobody in, and can do no more harm, if it is carried too
early, than to end what could be granted again. What was granted to others later is not in it: make
a new one then.

Nothing on chain carries it out by itself. Whoever holds it does: custodians refuse as soon as they
are shown it, and the chain has it with the transactions. If nobody does, grants last to their end.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

from aceso.chain import Receipt, SignedAct, acts, guardian_acts
from aceso.errors import AcesoError, InputError

from .errors import NotWithdrawnError
from .guarding import Guarded
from .network import Network
from .person import Person

__all__ = ["WillFacts", "carry_out", "make_will", "read_will", "revoke_will", "will_digest"]

_FORMAT: Final = "aceso-will"


def make_will(person: Person, *, keep: Collection[bytes] = ()) -> str:
    """Sign the withdrawal of every grant in force but those to `keep`, commit to it, and return
    it: for the executor alone, since it names whom the person let in."""
    suite = person.network.suite
    personas = person.personas()
    signed = [
        acts.withdraw(suite, person.persona(personas[row.subject]), row.grantee)
        for row in person.consents()
        if row.grantee not in keep
    ]
    text = json.dumps(
        {
            "format": _FORMAT,
            "version": 1,
            "chainId": suite.chain_id,
            "withdrawals": [_plain(act) for act in signed],
        },
        indent=1,
    )
    committed = guardian_acts.commit_will(suite, Guarded(person).persona, will_digest(text))
    person.network.relayer.send(committed.call)
    return text


def revoke_will(person: Person) -> Receipt:
    """Take the commitment back: no will stands on chain. The signed withdrawals stay good in the
    hands of whoever has the file; they can do no more than end what can be granted again."""
    suite = person.network.suite
    act = guardian_acts.commit_will(suite, Guarded(person).persona, bytes(32))
    return person.network.relayer.send(act.call)


@dataclass(frozen=True, slots=True)
class WillFacts:
    """What a will says: whose consents to whom it ends, and the persona whose will it is that
    stands on chain now; none if it is nobody's."""

    digest: bytes
    ends: tuple[tuple[str, bytes], ...]
    committed_by: str | None


def read_will(network: Network, text: str) -> WillFacts:
    """Read a will without carrying it out."""
    acts_ = _read(network, text)
    digest = will_digest(text)
    ends = tuple((act.message["subject"], act.message["grantee"]) for act in acts_)
    committed = [
        str(event.args["subject"])
        for event in network.synced().events("WillCommitted")
        if event.args["will"] == digest
    ]
    contract = network.suite.guardianship
    standing = [one for one in committed if contract.person(one).will == digest]
    return WillFacts(digest, ends, standing[-1] if standing else None)


def will_digest(text: str) -> bytes:
    """SHA-256: what is committed on chain."""
    return hashlib.sha256(text.encode()).digest()


def carry_out(network: Network, text: str) -> list[Receipt]:
    """Show every withdrawal to the custodians and send it to the chain. One that fails does not
    keep back the others."""
    receipts: list[Receipt] = []
    failed: list[AcesoError] = []
    found = _read(network, text)
    for act in found:
        try:
            receipts.append(network.withdraw(act))
        except AcesoError as exc:
            failed.append(exc)
    if failed:
        raise NotWithdrawnError(len(failed), len(found), failed)
    return receipts


def _plain(act: SignedAct) -> dict[str, Any]:
    return {
        "subject": act.message["subject"],
        "grantee": "0x" + bytes(act.message["grantee"]).hex(),
        "withdrawals": act.message["withdrawals"],
        "signature": "0x" + act.signature.hex(),
    }


def _read(network: Network, text: str) -> list[SignedAct]:
    try:
        said = json.loads(text)
        if (said["format"], said["version"]) != (_FORMAT, 1):
            raise ValueError("another format")
        if said["chainId"] != network.suite.chain_id:
            raise ValueError("another chain")
        return [_act(network, one) for one in said["withdrawals"]]
    except (KeyError, TypeError, ValueError, RecursionError) as exc:
        raise InputError(
            "This is no will for this network. Ask whoever keeps it for the file as it was left.",
            code="E_WILL",
        ) from exc


def _act(network: Network, said: dict[str, Any]) -> SignedAct:
    message: dict[str, Any] = {
        "subject": str(said["subject"]),
        "grantee": bytes.fromhex(str(said["grantee"]).removeprefix("0x")),
        "withdrawals": int(said["withdrawals"]),
    }
    signature = bytes.fromhex(str(said["signature"]).removeprefix("0x"))
    call = network.suite.consents.withdraw_with_sig(
        message["subject"], message["grantee"], signature
    )
    return SignedAct(call, "Withdrawal", message, signature)
