"""Signed withdrawals, withdrawals of all, and bars: shown here, they hold at once.

They hold before the chain has them, and across restarts, until the chain's own count has passed the
one that was signed. They hold while the chain can't be asked, too: what a plain key has signed is
taken then as it is. `_relaying` carries them to the chain.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NoReturn

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ._chain import Chain, Heads, Question, Standing
from ._desk import Desk, Message
from ._store import Store, tables
from ._typed import address, address_bytes, digest, recover
from .errors import ChainUnsafeError
from .keys import CustodianKeys

__all__ = ["Withdrawals", "ahead_of", "count_of", "when_to_relay"]

_AHEAD: Final = 16
_SHOWN: Final = sa.select(tables.withdrawals).where(
    tables.withdrawals.c.subject.in_(sa.bindparam("subjects", expanding=True))
)
Shown = Mapping[bytes, Sequence[Any]]
# The count that each names.
_COUNTERS: Final = {"Withdrawal": "withdrawals", "WithdrawalOfAll": "epoch", "Bar": "bars"}


class Withdrawals(Desk):
    """What was withdrawn here, and perhaps not yet on the chain."""

    def __init__(self, keys: CustodianKeys, store: Store, chain: Chain):
        super().__init__(keys, store, chain)
        # Personas whose withdrawals reach the chain together could be told to be one person's.
        self.relay_within = 600.0

    def take(self, kind: str, message: Message, signature: bytes) -> dict[str, Any]:
        """Take a signed withdrawal, withdrawal of all, or bar: from now on we refuse."""
        found = digest(kind, message, self.chain.domain)
        subject = message["subject"]
        grantee = message.get("grantee", bytes(32))
        actor = message.get("actor", subject)
        is_plain = recover(found, signature) == address(subject)
        try:
            heads = self.chain.heads()
            if not is_plain and not self.chain.is_signed(subject, found, signature, heads.newest):
                self._not_signed(kind, subject)
            newest, confirmed = self.chain.standings(subject, grantee, actor, heads)
        except ChainUnsafeError:
            # Whether a wallet signed, only the chain knows.
            if not is_plain:
                raise
            return self._keep(kind, message, signature)
        now, named = count_of(kind, newest), int(message[_COUNTERS[kind]])
        ahead = ahead_of(kind, named, now)
        if ahead < 0:
            # The chain is past it: it was carried, or another one was. Until that is confirmed a
            # reorganisation may take it out again.
            if ahead_of(kind, named, count_of(kind, confirmed)) >= 0:
                self._keep(kind, message, signature)
            return {"state": "on_chain"}
        if ahead > _AHEAD:
            self.refuse(
                f"The withdrawal names count {named}, and the chain is at {now}. Sign it anew.",
                code="E_WITHDRAWAL_COUNT",
                status=409,
                count=now,
            )
        return self._keep(kind, message, signature)

    def _not_signed(self, kind: str, subject: str) -> NoReturn:
        self.refuse(
            f"The {kind} is not signed by {subject} for this registry and chain "
            f"({self.chain.chain_id}).",
            code="E_SIGNATURE",
            status=403,
        )

    def _keep(self, kind: str, message: Message, signature: bytes) -> dict[str, Any]:
        """From now on it holds here, and waits to be relayed."""
        subject, named = message["subject"], int(message[_COUNTERS[kind]])
        targets = {
            "Withdrawal": message.get("grantee", b""),
            "WithdrawalOfAll": b"",
            "Bar": address_bytes(message.get("actor", subject)),
        }
        target = targets[kind]
        table, owner = tables.withdrawals, address_bytes(subject)
        here = (table.c.subject == owner) & (table.c.kind == kind) & (table.c.target == target)
        with self.store.write() as connection:
            known = connection.execute(sa.select(table.c.counter).where(here)).scalar()
            if known is None or ahead_of(kind, named, known) > 0:
                connection.execute(sa.delete(table).where(here))
                connection.execute(
                    sa.insert(table).values(
                        subject=owner,
                        kind=kind,
                        target=target,
                        counter=named,
                        signature=signature,
                        relay_at=when_to_relay(self.relay_within),
                    )
                )
        return {"state": "pending"}

    def look_again(self) -> None:
        """The chain has lost what was confirmed, and perhaps a withdrawal that it had: each of them
        is seen to once more, at a time of its own."""
        self.store.together(self._look_again)

    def _look_again(self, connection: Connection) -> None:
        table = tables.withdrawals
        columns = (table.c.subject, table.c.kind, table.c.target)
        settled = sa.select(*columns).where(table.c.relay_at.is_(None))
        for row in connection.execute(settled).all():
            connection.execute(
                sa.update(table)
                .where(*(column == row[at] for at, column in enumerate(columns)))
                .values(relay_at=when_to_relay(self.relay_within))
            )

    def hold(self, connection: Connection, question: Question, heads: Heads) -> bool:
        """Whether a withdrawal was shown to us that the chain doesn't show yet."""
        return self.are_in(self.shown(connection, [question.subject]), question, heads)

    def shown(self, connection: Connection, subjects: Iterable[str]) -> Shown:
        """What these subjects have withdrawn here. It is read in the transaction of the release, so
        that none can pass between; and by the database, as another process may have been shown
        it."""
        found: dict[bytes, list[Any]] = {}
        named = list(set(map(address_bytes, subjects)))
        for row in connection.execute(_SHOWN, {"subjects": named}) if named else ():
            found.setdefault(row.subject, []).append(row)
        return found

    def ahead(self, questions: Sequence[Question], heads: Heads) -> None:
        """Have the chain answer at once what `are_in` asks of it, and before a transaction, in
        which all who write would wait for the node."""
        with self.store.glance() as connection:
            shown = self.shown(connection, {one.subject for one in questions})
        asked = [one for one in questions if address_bytes(one.subject) in shown]
        self.chain.ahead(heads, standings=[one for one in asked if one.actor != one.subject])

    def are_in(self, shown: Shown, question: Question, heads: Heads) -> bool:
        """As `hold`, by what was read."""
        rows = shown.get(address_bytes(question.subject))
        if not rows or question.actor == question.subject:
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
                if ahead_of(row.kind, row.counter, count_of(row.kind, standing)) >= 0:
                    return True
        return False


def when_to_relay(within: float) -> int:
    """A time in the next so many seconds, by this machine's clock, which nobody can foretell."""
    return int(time.time() + secrets.SystemRandom().uniform(0, within))


def count_of(kind: str, standing: Standing) -> int:
    counts = {
        "Withdrawal": standing.withdrawals,
        "WithdrawalOfAll": standing.epoch,
        "Bar": standing.bars,
    }
    return counts[kind]


def ahead_of(kind: str, named: int, now: int) -> int:
    """By how much a signed count is ahead of another; less than 0: it is spent."""
    if kind != "Bar":
        return named - now
    # Bars are counted modulo 64: the nearer way round is the one that is meant.
    return (named - now + 32) % 64 - 32
