"""What evaluators published: the audit file of an epoch, and why they challenge, ban or vote.

    audit = posted_audit(network, epoch)        # the file whose digest was posted with the root
    for one in said_of_root(network, epoch):    # why it was challenged
        one.who, one.cid, one.text
    digest = publish_reason(network, text)      # one's own, for everybody to read

Each lies on IPFS, and the chain has the digest in its CID, so what is read is what was meant, or
nothing. A text is somebody else's: it is for reading, and what could move a terminal is left out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from aceso.chain import Event, RootState
from aceso.errors import InputError, StorageError
from aceso.rewards import Audit, AuditFalseError
from aceso.storage import cid_digest, cid_from_digest

from .network import Network

__all__ = [
    "Statement",
    "check_totals",
    "posted_audit",
    "publish",
    "publish_reason",
    "root_posted",
    "said_in_dispute",
    "said_of_ban",
    "said_of_root",
]

_MOST_TEXT_BYTES: Final = 64 << 10
# Whoever publishes a digest of nothing makes nobody wait for long.
_TEXT_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody gave as their reason; `text` is None where the node can't get it now. `upheld`
    is how they voted, where they did."""

    who: str
    cid: str
    text: str | None
    upheld: bool | None = None


def publish(network: Network, text: bytes) -> bytes:
    """Put what everybody may read on IPFS; gives the digest that goes on chain."""
    return cid_digest(network.ipfs.add(text))


def publish_reason(network: Network, text: bytes) -> bytes:
    """As `publish`, of a text that `Statement`s show; raise `InputError` for what they wouldn't."""
    try:
        said = text.decode("utf-8").strip()
    except UnicodeDecodeError:
        said = ""
    if not said or len(text) > _MOST_TEXT_BYTES:
        raise InputError(
            f"A reason is a text in UTF-8 of at most {_MOST_TEXT_BYTES >> 10} KiB, which everybody "
            "can read. Write another.",
            code="E_REASON_TEXT",
            details={"most": _MOST_TEXT_BYTES >> 10},
        )
    return publish(network, text)


def root_posted(network: Network, epoch: int) -> Event | None:
    """The root that is posted for an epoch now; none where none is, or one was let go of."""
    if network.suite.reward_board.state_of(epoch)[0] is RootState.NONE:
        return None
    found = None
    for event in network.synced().events("RootPosted"):
        if event.args["epoch"] == epoch:
            found = event
    return found


def posted_audit(network: Network, epoch: int) -> Audit:
    """The audit file that was posted with the root of an epoch, by its digest on chain.

    Raises `InputError` where no root is posted, `StorageError` where the file can't be had, and
    `AuditFalseError` where it isn't what the root was posted for."""
    posted = root_posted(network, epoch)
    if posted is None:
        raise InputError(
            f"No root of epoch {epoch} is posted. See `aceso rewards show {epoch}`.",
            code="E_ROOT_NONE",
            details={"epoch": epoch},
        )
    audit = Audit.from_bytes(network.ipfs.read(cid_from_digest(posted.args["audit"])))
    if audit.facts.epoch != epoch or audit.root != posted.args["root"]:
        raise AuditFalseError(
            f"The audit file that was posted for epoch {epoch} is that of another root: "
            "challenge it."
        )
    check_totals(audit, posted)
    return audit


def check_totals(audit: Audit, posted: Event) -> None:
    """Raise `AuditFalseError` where a root was posted with other sums than its file has."""
    if (audit.total, audit.institutions) != (posted.args["total"], posted.args["institutions"]):
        raise AuditFalseError(
            f"The root of epoch {audit.facts.epoch} was posted with other sums than its audit "
            "file has: challenge it."
        )


def said_of_root(network: Network, epoch: int) -> list[Statement]:
    """Why the roots of an epoch were challenged, the oldest first."""
    events = network.synced().events("RootChallenged")
    return _statements(network, [one for one in events if one.args["epoch"] == epoch], "why")


def said_of_ban(network: Network, account: str) -> list[Statement]:
    """The evidence with which an account's bans were proposed, the oldest first."""
    events = network.synced().events("BanProposed")
    return _statements(
        network, [one for one in events if one.args["account"] == account], "evidence"
    )


def said_in_dispute(network: Network, number: int) -> list[Statement]:
    """How the panels of a dispute voted, and why, the oldest vote first."""
    events = network.synced().events("DisputeVoted")
    return _statements(network, [one for one in events if one.args["number"] == number], "reason")


def _statements(network: Network, events: list[Event], field: str) -> list[Statement]:
    return [
        replace(
            _statement(network, one.args["evaluator"], one.args[field]),
            upheld=one.args.get("upheld"),
        )
        for one in events
    ]


def _statement(network: Network, who: str, digest: bytes) -> Statement:
    cid = cid_from_digest(digest)
    try:
        found = network.ipfs.read(cid, deadline=_TEXT_SECONDS, limit=_MOST_TEXT_BYTES)
    except StorageError:
        return Statement(who, cid, None)
    text = found.decode("utf-8", "replace")
    return Statement(
        who, cid, "".join(one for one in text if one == "\n" or one.isprintable()).strip()
    )
