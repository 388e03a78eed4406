"""Carry the withdrawals that were shown here to the chain, from the custodian's own account.

A person who has no ether, or whose node is away, has withdrawn all the same. What they showed waits
in the database and is sent at a time that nobody can foretell, one at a time: withdrawals of
several personas that reach the chain together would say that they are one person's. It is looked at
again until the chain's confirmed count has passed it, and once more where a block that was
confirmed is replaced, so one that a reorganisation takes out is sent again.

The custodian pays, so it carries only what ends something: of a persona that has a list or an
extract here, and a withdrawal only where the chain shows a grant. Everything else holds here just
the same. Nothing of this delays an answer, and without ether it is said, in the log and in the
health, and tried again.
"""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable
from typing import Any, Final

import sqlalchemy as sa

from aceso.chain import Call, FundsError, GrantWord, Sender, Suite
from aceso.errors import AcesoError

from ._chain import Chain, Heads
from ._desk import Desk
from ._store import Store, tables
from ._typed import address
from ._withdrawals import ahead_of, count_of, when_to_relay
from .keys import CustodianKeys

__all__ = ["Relays"]

_log = logging.getLogger("aceso.custody")

_SOON: Final = 30
_LATER: Final = 3_600
_NO_GRANTEE: Final = bytes(32)


class Relays(Desk):
    """The withdrawals that wait."""

    def __init__(
        self,
        keys: CustodianKeys,
        store: Store,
        chain: Chain,
        connect: Callable[[], tuple[Suite, Sender]],
        *,
        within: float,
        clock: Callable[[], float] = time.time,
    ):
        """`connect`: whose sender is the custodian's. `within`: seconds to spread them over."""
        super().__init__(keys, store, chain)
        self._connect = connect
        self._within = within
        self._clock = clock
        self._random = secrets.SystemRandom()
        # What the health says: "ok", or the code of what went wrong last.
        self.state = "ok"
        self.sent = 0
        # Of several processes of one custodian, one relays; whether it is this one.
        self.is_ours = False

    def waiting(self) -> int:
        """How many wait to be carried, or to be confirmed."""
        with self.store.read() as connection:
            return int(
                connection.execute(
                    sa.select(sa.func.count()).where(tables.withdrawals.c.relay_at.is_not(None))
                ).scalar_one()
            )

    def step(self) -> bool:
        """See to those that are due, and send one at most; whether one was sent."""
        self.is_ours = True
        table = tables.withdrawals
        with self.store.read() as connection:
            due = list(
                connection.execute(
                    sa.select(table).where(table.c.relay_at <= int(self._clock())).limit(100)
                )
            )
        if not due:
            return False
        # In no order that says who showed theirs first.
        self._random.shuffle(due)
        heads = self.chain.heads()
        return any(self._see_to(row, heads) for row in due)

    def _see_to(self, row: Any, heads: Heads) -> bool:
        subject = address(row.subject)
        is_bar = row.kind == "Bar"
        grantee = row.target if row.kind == "Withdrawal" else _NO_GRANTEE
        actor = address(row.target) if is_bar else subject
        newest, confirmed = (
            ahead_of(row.kind, row.counter, count_of(row.kind, standing))
            for standing in self.chain.standings(subject, grantee, actor, heads)
        )
        if confirmed < 0 and newest < 0:
            self._again(row, None)
            return False
        if newest < 0:
            self._again(row, _SOON)
            return False
        if newest > 0 or not self._ends_something(row, subject, heads):
            self._again(row, _LATER, failed=True)
            return False
        return self._send(row, subject)

    def _ends_something(self, row: Any, subject: str, heads: Heads) -> bool:
        with self.store.read() as connection:
            is_known = any(
                connection.execute(sa.select(column).where(column == row.subject).limit(1)).first()
                for column in (tables.openings.c.persona, tables.extracts.c.subject)
            )
        if not is_known or row.kind != "Withdrawal":
            return is_known
        (((word, _), _),) = self.chain.grant_words([(subject, row.target)], heads)
        return bool(GrantWord.parse(word).classes)

    def _send(self, row: Any, subject: str) -> bool:
        try:
            suite, sender = self._connect()
            sender.send(_call(suite, row, subject))
        except FundsError as error:
            self._failed(error)
            # When there is ether again, they should not all go at once.
            self._spread()
            return False
        except AcesoError as error:
            self._failed(error)
            self._again(row, min(_LATER, _SOON << min(row.tries, 7)), failed=True)
            return False
        self.state = "ok"
        self.sent += 1
        self._again(row, _SOON)
        return True

    def _failed(self, error: AcesoError) -> None:
        if self.state != error.code:
            _log.warning("shown withdrawals are not carried to the chain: %s", error.code)
        self.state = error.code

    def _spread(self) -> None:
        table = tables.withdrawals
        now = int(self._clock())
        with self.store.write() as connection:
            due = connection.execute(
                sa.select(table.c.subject, table.c.kind, table.c.target).where(
                    table.c.relay_at <= now
                )
            ).all()
            for row in due:
                connection.execute(
                    sa.update(table)
                    .where(
                        table.c.subject == row.subject,
                        table.c.kind == row.kind,
                        table.c.target == row.target,
                    )
                    .values(relay_at=1 + when_to_relay(self._within))
                )

    def _again(self, row: Any, seconds: int | None, *, failed: bool = False) -> None:
        """When to look at it again; never, if `seconds` is None."""
        table = tables.withdrawals
        at = None
        if seconds is not None:
            spread = self._random.uniform(0, seconds if self._within else 0)
            at = int(self._clock() + (seconds + spread if self._within else 1))
        with self.store.write() as connection:
            connection.execute(
                sa.update(table)
                .where(
                    table.c.subject == row.subject,
                    table.c.kind == row.kind,
                    table.c.target == row.target,
                    # Another may have been shown meanwhile, and waits for its own time.
                    table.c.counter == row.counter,
                )
                .values(relay_at=at, tries=table.c.tries + int(failed))
            )


def _call(suite: Suite, row: Any, subject: str) -> Call:
    if row.kind == "Withdrawal":
        return suite.consents.withdraw_with_sig(subject, row.target, row.signature)
    if row.kind == "WithdrawalOfAll":
        return suite.consents.withdraw_all_with_sig(subject, row.signature)
    return suite.consents.bar_with_sig(subject, address(row.target), row.signature)
