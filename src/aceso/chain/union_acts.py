"""Signed acts of unions: what a voucher and a person sign, for others to carry.

    relayer.send(union_acts.vouch(suite, hospital, persona.address, mark))
    relayer.send(union_acts.join(suite, persona, number, mark))

A person grants to the union before they join. Leaving has no deadline: it is good until
they left otherwise.
"""

from __future__ import annotations

from typing import Final

from eth_account.signers.local import LocalAccount

from aceso.signing import sign

from .calls import Call
from .suite import Suite

__all__ = ["join", "leave", "vouch"]

_DEADLINE_SECONDS: Final = 3600
_DESK: Final = "Unions"


def vouch(suite: Suite, voucher: LocalAccount, account: str, mark: bytes) -> Call:
    """Say that `account` is the one persona of whom the voucher knows by `mark`."""
    message = {"voucher": voucher.address, "account": account, "mark": mark}
    signature = sign(voucher, "PersonaVouch", message, suite.domain(_DESK))
    return suite.unions.vouch(voucher.address, account, mark, signature)


def join(
    suite: Suite, account: LocalAccount, number: int, mark: bytes, *, deadline: int | None = None
) -> Call:
    """Make `account` a member of a union, which it granted to before.

    Warning: who joins anew gives up what they did not claim of older orders.
    """
    until = suite.now() + _DEADLINE_SECONDS if deadline is None else deadline
    known = suite.unions.membership_of(number, account.address)
    message = {
        "subject": account.address,
        "union": number,
        "mark": mark,
        "joins": known.joins,
        "leavings": known.leavings,
        "deadline": until,
    }
    signature = sign(account, "UnionJoining", message, suite.domain(_DESK))
    return suite.unions.join_with_sig(account.address, number, mark, until, signature)


def leave(suite: Suite, account: LocalAccount, number: int) -> Call:
    """End the membership of `account`, and void what it signed before to join."""
    message = {
        "subject": account.address,
        "union": number,
        "leavings": suite.unions.membership_of(number, account.address).leavings,
    }
    signature = sign(account, "UnionLeaving", message, suite.domain(_DESK))
    return suite.unions.leave_with_sig(account.address, number, signature)
