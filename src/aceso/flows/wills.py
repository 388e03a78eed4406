"""A will: what a person granted ends at their death, except what they wanted to go on.

    will = make_will(person, keep={grantee})      # signed withdrawals of everything else
    carry_out(network, will)                      # by whoever it was left with, after the death

A will is a file of signed withdrawals, and its digest is committed on chain. A withdrawal has no
deadline, and no later grant voids it. So of a persona that has nothing to go on, the will ends
everything, also what it grants later; and as each new grantee meets a new persona, it is signed for
the next ones as well, before they are used. Where something is to go on, each other grant is ended
by itself, and what that persona grants to others later isn't in the will: make a new one then, and
also after everything was withdrawn.

It lets nobody in, and can do no more harm, if it is carried too early, than to end what could be
granted again. But it names personas of one person, those to come too: it is for the executor alone.

Nothing on chain carries it out by itself. Whoever holds it does: custodians refuse as soon as they
are shown it, and the chain has it with the transactions. If nobody does, grants last to their end.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aceso.chain import Receipt, SignedAct, acts, guardian_acts
from aceso.errors import AcesoError, InputError
from aceso.index import ConsentRow

from .errors import NotWithdrawnError
from .guarding import Guarded
from .network import Network
from .person import Person

__all__ = ["WillFacts", "carry_out", "make_will", "read_will", "revoke_will", "will_digest"]

_FORMAT: Final = "aceso-will"
# A will of version 1 ends single grants alone.
_VERSIONS: Final = (1, 2)
# So many grantees may be met after the will was made.
_LATER: Final = 64
_OF_ALL: Final = "WithdrawalOfAll"


def make_will(person: Person, *, keep: Collection[bytes] = ()) -> str:
    """Sign the withdrawal of every grant but those to `keep`, also of later ones, commit to it, and
    return it: for the executor alone, since it names whom the person let in."""
    suite, guarded = person.network.suite, Guarded(person).persona
    personas = person.personas()
    rows = _granted(person.network, personas)
    keeping = {row.subject for row in rows if row.grantee in keep}
    single = [
        acts.withdraw(suite, person.persona(personas[row.subject]), row.grantee)
        for row in rows
        if row.subject in keeping and row.grantee not in keep
    ]
    whole = [
        acts.withdraw_all(suite, person.persona(index))
        for address, index in personas.items()
        if address not in keeping
    ]
    first = max(personas.values()) + 1
    # Nobody has met these yet, so they are in their first epoch.
    whole += [
        acts.withdraw_all(suite, person.persona(index), epoch=0)
        for index in range(first, first + _LATER)
    ]
    text = json.dumps(
        {
            "format": _FORMAT,
            "version": _VERSIONS[-1],
            "chainId": suite.chain_id,
            "withdrawals": [_plain(act) for act in single],
            "ofAll": [_plain_of_all(act) for act in whole],
        },
        indent=1,
    )
    committed = guardian_acts.commit_will(suite, guarded, will_digest(text))
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
    """What a will says: whose consents to whom it ends, as they stand now; of how many personas it
    also ends what they grant later; and the persona whose will it is that stands on chain now, none
    if it is nobody's."""

    digest: bytes
    ends: tuple[tuple[str, bytes], ...]
    whole: int
    committed_by: str | None


def read_will(network: Network, text: str) -> WillFacts:
    """Read a will without carrying it out."""
    found = _read(network, text)
    digest = will_digest(text)
    ends = tuple(
        (row.subject, row.grantee) for _, rows in _ended_by(network, found) for row in rows
    )
    whole = sum(act.type_name == _OF_ALL for act in found)
    committed = [
        str(event.args["subject"])
        for event in network.synced().events("WillCommitted")
        if event.args["will"] == digest
    ]
    contract = network.suite.guardianship
    standing = [one for one in committed if contract.person(one).will == digest]
    return WillFacts(digest, ends, whole, standing[-1] if standing else None)


def will_digest(text: str) -> bytes:
    """SHA-256: what is committed on chain."""
    return hashlib.sha256(text.encode()).digest()


def carry_out(network: Network, text: str) -> list[Receipt]:
    """Show every withdrawal that ends something to the custodians and send it to the chain. One
    that fails does not keep back the others."""
    receipts: list[Receipt] = []
    failed: list[AcesoError] = []
    found = [act for act, _ in _ended_by(network, _read(network, text))]
    for act in found:
        try:
            receipts.append(network.withdraw(act))
        except AcesoError as exc:
            failed.append(exc)
    if failed:
        raise NotWithdrawnError(len(failed), len(found), failed)
    return receipts


def _granted(network: Network, subjects: Collection[str]) -> list[ConsentRow]:
    """What these personas granted that permits something, now or later."""
    now = network.suite.now()
    rows = network.synced().consents(list(subjects))
    return [row for row in rows if row.classes and not row.ended and now < row.valid_until]


def _ended_by(
    network: Network, found: Sequence[SignedAct]
) -> list[tuple[SignedAct, list[ConsentRow]]]:
    """The withdrawals that end something now, each with the grants that it ends."""
    rows = _granted(network, {act.message["subject"] for act in found})
    ended = [
        (
            act,
            [
                row
                for row in rows
                if row.subject == act.message["subject"]
                and act.message.get("grantee") in (None, row.grantee)
            ],
        )
        for act in found
    ]
    return [(act, rows) for act, rows in ended if rows]


def _plain(act: SignedAct) -> dict[str, Any]:
    return {
        "subject": act.message["subject"],
        "grantee": "0x" + bytes(act.message["grantee"]).hex(),
        "withdrawals": act.message["withdrawals"],
        "signature": "0x" + act.signature.hex(),
    }


def _plain_of_all(act: SignedAct) -> dict[str, Any]:
    return {
        "subject": act.message["subject"],
        "epoch": act.message["epoch"],
        "signature": "0x" + act.signature.hex(),
    }


def _read(network: Network, text: str) -> list[SignedAct]:
    try:
        said = json.loads(text)
        if said["format"] != _FORMAT or said["version"] not in _VERSIONS:
            raise ValueError("another format")
        if said["chainId"] != network.suite.chain_id:
            raise ValueError("another chain")
        single = [_act(network, one) for one in said["withdrawals"]]
        return single + [_of_all(network, one) for one in said.get("ofAll", [])]
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


def _of_all(network: Network, said: dict[str, Any]) -> SignedAct:
    message: dict[str, Any] = {"subject": str(said["subject"]), "epoch": int(said["epoch"])}
    signature = bytes.fromhex(str(said["signature"]).removeprefix("0x"))
    call = network.suite.consents.withdraw_all_with_sig(message["subject"], signature)
    return SignedAct(call, _OF_ALL, message, signature)
