"""Parts of sealed seeds, given out when the chain says that the delay is over.

What is kept opens nothing by itself: it is one share of something that is sealed to a key of the
guardians. It is given to the requester whom the chain names, and a veto in the newest block stops
it.
"""

from __future__ import annotations

from typing import Final

from aceso.vault import Deposit

from ._chain import Heads
from ._deposits import Deposits, Kept
from ._desk import Message
from ._store import tables

__all__ = ["Recoveries"]

_MAX_DEPOSIT_BYTES: Final = 4096


class Recoveries(Deposits):
    """One part of each seed that somebody left here."""

    kept = Kept(
        deposit="RecoveryDeposit",
        request="RecoveryRequest",
        deletion="RecoveryDeletion",
        receipt="RecoveryDeletionReceipt",
        table=tables.recoveries,
        place=b"recovery",
        most_bytes=_MAX_DEPOSIT_BYTES,
        rollback="E_RECOVERY_ROLLBACK",
        unknown="E_RECOVERY_UNKNOWN",
    )

    def _check_left(self, persona: str, deposit: Deposit) -> None:
        if deposit.enclosed is not None:
            self.refuse("This is a part of a will, not of a seed.", code="E_DEPOSIT_FORMAT")
        # Whoever leaves something here has named guardians, so what strangers can heap up costs
        # them gas.
        if not self.chain.recovery_threshold(persona, self.chain.heads().newest):
            self.refuse(
                "This persona has named no guardians who recover its seed. Name them first.",
                code="E_RECOVERY_UNPREPARED",
                status=403,
            )

    def _check_asked(self, message: Message, heads: Heads) -> None:
        newest, confirmed = self.chain.may_recover(message["persona"], message["requester"], heads)
        if not (newest and confirmed):
            self.refuse(
                "The chain lets this requester recover nothing of this persona now: the delay is "
                "not over, the person said no, or guardians did not start it."
                + (" It is ready, but not confirmed yet: ask again soon." if newest else ""),
                code="E_RECOVERY_NOT_READY",
                status=403,
                pending=newest,
            )
