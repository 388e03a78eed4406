"""A will: what a person granted ends at their death, except what they wanted to go on.

    person.write_will({grantee})                     # signed withdrawals of everything else
    text = collect_will(network, guardian, persona)  # a guardian, once the death stands on chain
    carry_out(network, text)                         # or whoever has the file

A will is a file of signed withdrawals, whose digest is committed on chain. It is left with the
custodians (`kept_will`), who give it to a guardian after the death; the person can hand it to an
executor as well. What is in it is in `will_text`.

It lets nobody in, and can do no more harm, if it is carried too early, than to end what could be
granted again. But it names personas of one person, those to come too.

Nothing on chain carries it out by itself. Whoever has it does: custodians refuse as soon as they
are shown it, and the chain has it with the transactions. If nobody does, grants last to their end.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from eth_account.signers.local import LocalAccount

from aceso.chain import Receipt, SignedAct
from aceso.custody import DepositKind, RequestRefusedError
from aceso.errors import SPOILT, AcesoError, InputError, IntegrityError, NotPermittedError
from aceso.index import ConsentRow
from aceso.vault import PrivateKey, open_will

from .errors import NotWithdrawnError
from .network import Network
from .will_text import FORMAT, VERSIONS, granted, will_digest

__all__ = ["WillFacts", "carry_out", "collect_will", "read_will", "will_digest"]

_OF_ALL: Final = "WithdrawalOfAll"


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


def collect_will(network: Network, guardian: LocalAccount, persona: str) -> str:
    """The will of a persona whose death is in force, from the custodians, for a guardian of it. One
    that isn't the will that stands on chain is refused."""
    try:
        deposits = network.committee.collect(
            DepositKind.WILL, guardian, persona, PrivateKey.generate()
        )
    except RequestRefusedError as exc:
        if exc.code != "E_WILL_NOT_DUE":
            raise
        raise NotPermittedError(exc.message, code=exc.code, details=exc.details) from exc
    text = open_will(deposits)
    found, standing = will_digest(text), network.suite.guardianship.person(persona).will
    if found != standing:
        raise IntegrityError(
            f"The custodians gave a will with the digest 0x{found.hex()}, and the one that stands "
            f"on chain is 0x{standing.hex()}. It is not carried out.",
            code="E_WILL_OTHER",
            details={"found": "0x" + found.hex(), "standing": "0x" + standing.hex()},
        )
    return text


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


def _ended_by(
    network: Network, found: Sequence[SignedAct]
) -> list[tuple[SignedAct, list[ConsentRow]]]:
    """The withdrawals that end something now, each with the grants that it ends."""
    rows = granted(network, {act.message["subject"] for act in found})
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


def _read(network: Network, text: str) -> list[SignedAct]:
    try:
        said = json.loads(text)
        if said["format"] != FORMAT or said["version"] not in VERSIONS:
            raise ValueError("another format")
        if said["chainId"] != network.suite.chain_id:
            raise ValueError("another chain")
        single = [_act(network, one) for one in said["withdrawals"]]
        return single + [_of_all(network, one) for one in said.get("ofAll", [])]
    except SPOILT as exc:
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
