"""How a door opens: the request, the decision, and the transaction in which it is used up.

Listing and release are doors, of records and of orders' extracts. Each asks `decide` at the newest
and at the confirmed block, then takes the nonce and writes the receipt in one transaction, and only
then answers. A withdrawal that was shown here is looked for in that same transaction, so that of a
withdrawal and a release that cross, either the release was first, and its receipt says so, or it is
refused.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from sqlalchemy.engine import Connection

from aceso.codes import Reason
from aceso.vault import Capsule, PublicKey, seal

from ._chain import Chain, Heads, Question
from ._desk import Desk, Message, Nonce
from ._rates import Rates
from ._store import Store
from ._typed import address_bytes
from ._withdrawals import Withdrawals
from .errors import DeniedError
from .keys import CustodianKeys
from .logbook import LOG_LABEL
from .proof import Release

__all__ = ["Asked", "Doors", "for_log"]

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Asked:
    """A signed request that has passed all checks of its form."""

    question: Question
    digest: bytes
    nonce: Nonce
    heads: Heads


class Doors(Desk):
    """What the doors have in common."""

    def __init__(self, keys: CustodianKeys, store: Store, chain: Chain, withdrawals: Withdrawals):
        super().__init__(keys, store, chain)
        self._withdrawals = withdrawals
        # Of each actor; the service says how many.
        self.rates = Rates(per_second=0, in_store=0)

    def _check_rate(self, actor: str) -> None:
        wait = self.rates.take(actor)
        if wait:
            self.refuse(
                f"{actor} asks too often. Ask again in {math.ceil(wait)} seconds.",
                code="E_TOO_MANY",
                status=429,
                retryAfter=math.ceil(wait),
            )

    def _asked(self, name: str, message: Message, signature: bytes, disease: int = 0) -> Asked:
        """Check a request as far as it can be checked without a decision."""
        self._check_custodian(message)
        return self._asked_at(name, message, signature, self.chain.heads(), disease)

    def _asked_at(
        self,
        name: str,
        message: Message,
        signature: bytes,
        heads: Heads,
        disease: int = 0,
        *,
        is_alone: bool = True,
    ) -> Asked:
        found = self._signed_for(
            name, message, signature, message["actor"], heads, is_alone=is_alone
        )
        # Only now: whoever names somebody else must not use up what is theirs.
        self._check_rate(message["actor"])
        self._check_deadline(int(message["deadline"]), heads)
        question = Question(
            subject=message["subject"],
            actor=message["actor"],
            grantee=message["grantee"],
            use=message["use"],
            classes=message["dataClass"],
            disease=disease,
        )
        nonce = Nonce.of(message, address_bytes(message["actor"]))
        return Asked(question, found, nonce, heads)

    def _reason(self, asked: Asked) -> Reason:
        """Ask `decide`. A no at either block refuses, and uses the nonce up."""
        try:
            return self._decided(asked.question, asked.heads)
        except DeniedError:
            self.store.together(
                lambda connection: self._take_nonce(connection, asked.nonce, asked.heads)
            )
            raise

    def _decided(self, question: Question, heads: Heads) -> Reason:
        """Ask `decide`; a no at either block is a `DeniedError`."""
        newest, confirmed = self.chain.decide(question, heads)
        if not newest.permits:
            raise DeniedError(newest, self.address)
        if not confirmed.permits:
            raise DeniedError(confirmed, self.address, is_pending=True)
        return newest

    def _door(self, asked: Asked, act: Callable[[Connection], _T]) -> _T:
        """Use a permitted request up and do `act`, in one transaction, which other requests share.

        What `act` reads and writes is settled, and on disk, when this returns."""

        def enter(connection: Connection) -> tuple[DeniedError | None, _T | None]:
            self._take_nonce(connection, asked.nonce, asked.heads)
            if self._withdrawals.hold(connection, asked.question, asked.heads):
                # Returned, not raised, so that the nonce stays used.
                return DeniedError(Reason.WITHDRAWN, self.address), None
            return None, act(connection)

        self._withdrawals.ahead([asked.question], asked.heads)
        denied, value = self.store.together(enter)
        if denied is not None:
            raise denied
        return cast(_T, value)

    def _signed(self, asked: Asked, capsule: Capsule, sealed: bytes) -> Release:
        """What we release, signed: a false share is proof against us."""
        return Release.sign(
            self.keys.account,
            sealed,
            request=asked.digest,
            capsule=capsule.digest,
            domain=self.chain.domain,
        )

    def _receipt(self, asked: Asked, act: str, reason: Reason, **more: Any) -> bytes:
        question = asked.question
        return json.dumps(
            {
                "act": act,
                "custodian": self.address,
                "subject": question.subject,
                "actor": question.actor,
                "grantee": "0x" + question.grantee.hex(),
                "use": question.use,
                "classes": question.classes,
                "reason": int(reason),
                "request": "0x" + asked.digest.hex(),
                "block": asked.heads.newest.number,
                "blockHash": asked.heads.newest.hash,
                "time": asked.heads.newest.timestamp,
                **more,
            },
            separators=(",", ":"),
        ).encode()


def for_log(book: bytes, log_key: bytes, receipt: bytes) -> bytes:
    """A receipt as it lies in the log of a list: only whoever has its log key reads it."""
    return seal(PublicKey(log_key), receipt, info=LOG_LABEL + book)
