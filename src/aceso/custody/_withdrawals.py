"""Signed withdrawals, withdrawals of all, and bars: shown here, they hold at once.

They hold before the chain has them, and across restarts, until the chain's own count has passed the
one that was signed.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ._chain import Chain, Heads, Question, Standing
from ._desk import Desk, Message
from ._store import Store, tables
from ._typed import address_bytes, digest
from .keys import CustodianKeys

__all__ = ["Withdrawals"]

_AHEAD: Final = 16
_SHOWN: Final = sa.select(tables.withdrawals).where(
    tables.withdrawals.c.subject == sa.bindparam("subject")
)
# The count that each names.
_COUNTERS: Final = {"Withdrawal": "withdrawals", "WithdrawalOfAll": "epoch", "Bar": "bars"}


class Withdrawals(Desk):
    """What was withdrawn here, and perhaps not yet on the chain."""

    def __init__(self, keys: CustodianKeys, store: Store, chain: Chain):
        super().__init__(keys, store, chain)

    def take(self, kind: str, message: Message, signature: bytes) -> dict[str, Any]:
        """Take a signed withdrawal, withdrawal of all, or bar: from now on we refuse."""
        found = digest(kind, message, self.chain.domain)
        subject = message["subject"]
        grantee = message.get("grantee", bytes(32))
        actor = message.get("actor", subject)
        heads = self.chain.heads()
        if not self.chain.is_signed(subject, found, signature, heads.newest):
            self.refuse(
                f"The {kind} is not signed by {subject} for this registry and chain "
                f"({self.chain.chain_id}).",
                code="E_SIGNATURE",
                status=403,
            )
        newest, _ = self.chain.standings(subject, grantee, actor, heads)
        now, named = _counter(kind, newest), int(message[_COUNTERS[kind]])
        ahead = _ahead(kind, named, now)
        if ahead < 0:
            # The chain is past it: it was carried, or another one was.
            return {"state": "on_chain"}
        if ahead > _AHEAD:
            self.refuse(
                f"The withdrawal names count {named}, and the chain is at {now}. Sign it anew.",
                code="E_WITHDRAWAL_COUNT",
                status=409,
                count=now,
            )
        target = {"Withdrawal": grantee, "WithdrawalOfAll": b"", "Bar": address_bytes(actor)}[kind]
        table, owner = tables.withdrawals, address_bytes(subject)
        here = (table.c.subject == owner) & (table.c.kind == kind) & (table.c.target == target)
        with self.store.write() as connection:
            known = connection.execute(sa.select(table.c.counter).where(here)).scalar()
            if known is None or _ahead(kind, named, known) > 0:
                connection.execute(sa.delete(table).where(here))
                connection.execute(
                    sa.insert(table).values(
                        subject=owner, kind=kind, target=target, counter=named, signature=signature
                    )
                )
        return {"state": "pending"}

    def hold(self, connection: Connection, question: Question, heads: Heads) -> bool:
        """Whether a withdrawal was shown to us that the chain doesn't show yet."""
        if question.actor == question.subject:
            return False
        # In the transaction of the release, so that none can pass between; and by the database, as
        # another process may have been shown it.
        rows = connection.execute(_SHOWN, {"subject": address_bytes(question.subject)}).all()
        if not rows:
            return False
        newest, confirmed = self.chain.standings(
            question.subject, question.grantee, question.actor, heads
        )
        for row in rows:
            if row.kind == "Withdrawal" and row.target != question.grantee:
                continue
            if row.kind == "Bar" and row.target != address_bytes(question.actor):
                continue
            for standing in (newest, confirmed):
                if _ahead(row.kind, row.counter, _counter(row.kind, standing)) >= 0:
                    return True
        return False


def _counter(kind: str, standing: Standing) -> int:
    counts = {
        "Withdrawal": standing.withdrawals,
        "WithdrawalOfAll": standing.epoch,
        "Bar": standing.bars,
    }
    return counts[kind]


def _ahead(kind: str, named: int, now: int) -> int:
    """By how much a signed count is ahead of another; less than 0: it is spent."""
    if kind != "Bar":
        return named - now
    # Bars are counted modulo 64: the nearer way round is the one that is meant.
    return (named - now + 32) % 64 - 32
