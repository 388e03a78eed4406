"""What a person's custodians keep in parts: who has a place in it, and who is to delete theirs.

Both the sealed seed and the will are left with the committee of the network's file, and the index
notes with whom. A custodian that has no place in it any more is asked to overwrite its part, and
signs that it did; one that was away is asked again the next time.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Final

from eth_account.signers.local import LocalAccount

from aceso.custody import CustodianDownError, DepositKind, TooFewCustodiansError
from aceso.errors import AcesoError
from aceso.vault import CommitteeNote, DepositNote

from .network import Network

__all__ = ["NOBODY", "committee_here", "delete_parts", "former_of", "is_here"]

NOBODY: Final = CommitteeNote((), (), 0)


def committee_here(network: Network) -> CommitteeNote:
    """The committee that the network names now."""
    facts = network.facts
    return CommitteeNote(
        facts.members, tuple(one.url for one in network.member_cards), facts.threshold
    )


def is_here(network: Network, note: DepositNote) -> bool:
    """Whether it lies at the committee that the network names now."""
    facts = network.facts
    return (note.at.custodians, note.at.threshold) == (facts.members, facts.threshold)


def former_of(known: DepositNote | None, at: CommitteeNote) -> dict[str, str]:
    """Who may keep a part of before and gets no new one in its place."""
    if known is None:
        return {}
    former = dict(known.former) | dict(zip(known.at.custodians, known.at.urls, strict=True))
    return {who: url for who, url in former.items() if who not in at.custodians}


def delete_parts(
    network: Network, kind: DepositKind, persona: LocalAccount, note: DepositNote
) -> tuple[dict[str, str], Mapping[str, AcesoError]]:
    """Have those of `former` delete their part of any version before the note's. Gives who may
    still keep one, as the note has it, and why each of them didn't say that it has none."""
    gone, failed = set[str](), dict[str, AcesoError]()
    with suppress(TooFewCustodiansError):  # None of them is known: all are named below.
        committee = network.committee_of(tuple(note.former), tuple(note.former.values()), 1)
        receipts, failed = committee.delete_deposits(kind, persona, note.version)
        gone = set(receipts)
    left = {who: url for who, url in note.former.items() if who not in gone}
    why = {
        who: failed.get(who) or CustodianDownError(who, "is not known to this network")
        for who in left
    }
    return left, why
