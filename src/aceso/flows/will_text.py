"""What is in a will: signed withdrawals of all that is not to go on; and if it is enough still.

A withdrawal has no deadline, and no later grant voids it. So of a persona that has nothing to go
on, the will ends everything, also what it grants later; and as each new grantee meets a new
persona, it is signed for the next ones as well, before they are used. Where something is to go on,
each other grant is ended by itself. What that persona grants to others later isn't in the will, and
neither is what comes after everything was withdrawn: `covers` says so, and another is written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from eth_account.signers.local import LocalAccount

from aceso.chain import SignedAct, Suite, acts
from aceso.index import ConsentRow
from aceso.vault import WillNote

from .network import Network

__all__ = ["FORMAT", "VERSIONS", "Plan", "covers", "granted", "plan_of", "text_of", "will_digest"]

FORMAT: Final = "aceso-will"
# A will of version 1 ends single grants alone.
VERSIONS: Final = (1, 2)
# So many grantees may be met after the will was made; with so few left it is written anew.
_LATER: Final = 64
_LEFT: Final = 16


@dataclass(frozen=True, slots=True)
class Plan:
    """What a will ends. `personas`: index by address, of those in use; `keeping`: of which of them
    something goes on; `until`: the highest index that it is signed for."""

    keep: frozenset[bytes]
    personas: Mapping[str, int]
    keeping: frozenset[int]
    until: int
    single: tuple[SignedAct, ...]
    whole: tuple[SignedAct, ...]


def plan_of(
    network: Network,
    personas: Mapping[str, int],
    account: Callable[[int], LocalAccount],
    keep: frozenset[bytes],
) -> Plan:
    """Sign the withdrawal of every grant of these personas but those to `keep`, also of later ones.
    `account` gives the persona of an index."""
    suite = network.suite
    rows = granted(network, personas)
    keeping = {row.subject for row in rows if row.grantee in keep}
    single = tuple(
        acts.withdraw(suite, account(personas[row.subject]), row.grantee)
        for row in rows
        if row.subject in keeping and row.grantee not in keep
    )
    whole = [
        acts.withdraw_all(suite, account(index))
        for address, index in personas.items()
        if address not in keeping
    ]
    first = max(personas.values()) + 1
    # Nobody has met these yet, so they are in their first epoch.
    later = range(first, first + _LATER)
    whole += [acts.withdraw_all(suite, account(index), epoch=0) for index in later]
    return Plan(
        keep=keep,
        personas=dict(personas)
        | {act.message["subject"]: n for act, n in zip(whole[-_LATER:], later, strict=True)},
        keeping=frozenset(personas[address] for address in keeping),
        until=later[-1],
        single=single,
        whole=tuple(whole),
    )


def text_of(suite: Suite, plan: Plan) -> str:
    """The file of a will."""
    return json.dumps(
        {
            "format": FORMAT,
            "version": VERSIONS[-1],
            "chainId": suite.chain_id,
            "withdrawals": [_plain(act) for act in plan.single],
            "ofAll": [_plain_of_all(act) for act in plan.whole],
        },
        indent=1,
    )


def will_digest(text: str) -> bytes:
    """SHA-256: what is committed on chain."""
    return hashlib.sha256(text.encode()).digest()


def covers(note: WillNote, network: Network, personas: Mapping[str, int]) -> bool:
    """Whether the will of this note ends all that is granted now and is not to go on, and nothing
    that is, with some new grantees to spare."""

    def is_covered(row: ConsentRow) -> bool:
        index = personas[row.subject]
        if row.grantee in note.keep:
            return index in note.keeping
        if index in note.keeping:
            return (index, row.grantee, row.word.withdrawals) in note.single
        return index <= note.until and note.epochs.get(index, 0) == row.word.epoch

    if max(personas.values()) + _LEFT > note.until:
        return False
    return all(map(is_covered, granted(network, personas)))


def granted(network: Network, subjects: Collection[str]) -> list[ConsentRow]:
    """What these personas granted that permits something, now or later."""
    now = network.suite.now()
    rows = network.synced().consents(list(subjects))
    return [row for row in rows if row.classes and not row.ended and now < row.valid_until]


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
