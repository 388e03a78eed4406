"""Parts of wills, given to a guardian when the chain says that the person died.

The persona that guardians know leaves the will whose digest it committed on chain, and no other is
kept or given out: one that was taken back, or that another took the place of, stays shut, whoever
has died. It is given to somebody whom the person named as a guardian, who accepted, and whose time
had come and was not over when the death came into force; by then guardians have ended for all else.
Death waits for a delay, and falls by the person's objection or by two physicians, which stops it in
the newest block.
"""

from __future__ import annotations

from typing import Final

from aceso.vault import Deposit

from ._chain import Heads
from ._deposits import Deposits, Kept
from ._desk import Message
from ._store import tables

__all__ = ["MAX_WILL_BYTES", "Wills"]

# Some thousand withdrawals; a will of few has 16 KB.
MAX_WILL_BYTES: Final = 256 << 10


class Wills(Deposits):
    """One part of each will that somebody left here."""

    kept = Kept(
        deposit="WillDeposit",
        request="WillRequest",
        deletion="WillDeletion",
        receipt="WillDeletionReceipt",
        table=tables.wills,
        place=b"will",
        most_bytes=MAX_WILL_BYTES,
        rollback="E_WILL_ROLLBACK",
        unknown="E_WILL_UNKNOWN",
    )

    def _check_left(self, persona: str, deposit: Deposit) -> None:
        if deposit.enclosed is None:
            self.refuse("This is a part of a seed, not of a will.", code="E_DEPOSIT_FORMAT")
        # It costs gas to commit to one, so strangers heap nothing up here.
        if deposit.enclosed.digest != self.chain.will_of(persona, self.chain.heads().newest):
            self.refuse(
                "This is not the will that stands on chain for this persona. Commit to it first.",
                code="E_WILL_NOT_STANDING",
                status=403,
            )

    def _check_asked(self, message: Message, heads: Heads) -> tuple[bytes, bytes]:
        """The digests of the wills that stand at the newest and at the confirmed block."""
        newest, confirmed = self.chain.inherits(message["persona"], message["requester"], heads)
        if newest is None or confirmed is None:
            self.refuse(
                "The chain lets this requester have no will of this persona now: its death is not "
                "in force, no will stands, or the requester was no guardian at that time."
                + ("" if newest is None else " It is in force, but not confirmed yet: ask again."),
                code="E_WILL_NOT_DUE",
                status=403,
                pending=newest is not None,
            )
        return newest, confirmed

    def _check_given(self, deposit: Deposit, asked: object) -> None:
        if deposit.enclosed is None or asked != (deposit.enclosed.digest,) * 2:
            self.refuse(
                "Another will stands on chain than the one that was left here.",
                code="E_WILL_NOT_STANDING",
                status=403,
            )
