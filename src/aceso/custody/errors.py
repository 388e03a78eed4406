"""What can go wrong between a person, their custodians and whoever asks them.

InputError
+ RequestRefusedError     a custodian refuses a message: `status` is HTTP's, `code` is stable
UsageError
+ KeyFileError            the custodian's key file is missing, loose or not one
+ TokenError              what seals the key file, a PKCS#11 token, doesn't open it so
ServiceError
+ TokenDownError          that token isn't there, or fails: the same again may do
NotPermittedError
+ DeniedError             `decide` says no, and why
ChainError
+ ChainUnsafeError        the chain can't be asked, or what it says can't be relied on: refuse
CustodyError
+ CustodianDownError      one custodian doesn't answer, or not in a form that we know
+ TooFewCustodiansError   fewer than m of them do
+ FalseLogError           what one custodian shows of its log can't be true
+ UnlistedError           one custodian does not list what others do
+ WithheldError           one custodian has records, was asked twice, and does not list them
+ HeadRollbackError       one custodian shows an older index than it took
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TypeVar

from aceso.codes import Reason, label
from aceso.errors import (
    AcesoError,
    ChainError,
    CustodyError,
    InputError,
    NotPermittedError,
    ServiceError,
    UsageError,
)

__all__ = [
    "ChainUnsafeError",
    "CustodianDownError",
    "DeniedError",
    "FalseLogError",
    "HeadRollbackError",
    "KeyFileError",
    "RequestRefusedError",
    "TokenDownError",
    "TokenError",
    "TooFewCustodiansError",
    "UnlistedError",
    "WithheldError",
    "another",
]

_Error = TypeVar("_Error", bound=AcesoError)


def another(error: _Error) -> _Error:
    """The same once more, for somebody else: a traceback is added to when an error is raised."""
    return copy.copy(error)


class RequestRefusedError(InputError):
    """A custodian refuses a message, and nothing was changed by it."""

    def __init__(
        self, message: str, *, code: str, status: int = 400, custodian: str = "", **details: object
    ):
        if custodian:
            details["custodian"] = custodian
        super().__init__(message, code=code, details=details)
        self.status = status
        self.custodian = custodian


class KeyFileError(UsageError):
    """The custodian's key file is missing, readable by others, or not a key file."""


class TokenError(UsageError):
    """The PKCS#11 token refuses the PIN, or isn't the one that sealed this key file as it is."""


class TokenDownError(ServiceError):
    """The PKCS#11 token isn't there, or fails."""


class DeniedError(NotPermittedError):
    """The consent registry says no. `is_pending`: the newest block says yes already."""

    def __init__(self, reason: Reason, custodian: str = "", *, is_pending: bool = False):
        why = label(reason)
        if is_pending:
            text = f"Not permitted yet: {why}, in the last confirmed block. Ask again soon."
        else:
            text = f"Not permitted: {why}."
        super().__init__(
            text,
            code="E_DENIED",
            details={"reason": int(reason), "custodian": custodian, "pending": is_pending},
        )
        self.reason = reason
        self.custodian = custodian
        self.is_pending = is_pending


class ChainUnsafeError(ChainError):
    """The chain can't be asked, or what it says can't be relied on, so the answer is no."""


class CustodianDownError(CustodyError):
    """One custodian doesn't answer, can't reach its chain, or answers nonsense."""

    def __init__(self, custodian: str, why: str, *, code: str = "E_CUSTODIAN_DOWN"):
        super().__init__(
            f"Custodian {custodian} {why}.", code=code, details={"custodian": custodian, "why": why}
        )
        self.custodian = custodian


class TooFewCustodiansError(CustodyError):
    """Fewer custodians than are needed did their part."""

    def __init__(self, k: int, m: int, n: int, names: Sequence[str], why: Sequence[str] = ()):
        text = f"{k} of {m} needed custodians answered, out of {n}: without {', '.join(names)}."
        if why:
            text += " " + " ".join(why)
        super().__init__(
            text,
            code="E_CUSTODIANS_TOO_FEW",
            details={"k": k, "m": m, "n": n, "names": list(names), "why": list(why)},
        )
        self.k, self.m, self.n, self.names = k, m, n, tuple(names)


class FalseLogError(CustodyError):
    """What a custodian shows of its log can't be true. `code` says how."""

    def __init__(self, custodian: str, what: str, *, code: str):
        super().__init__(
            f"Custodian {custodian} {what}. Keep what it showed, and tell who accredited it.",
            code=code,
            details={"custodian": custodian},
        )
        self.custodian = custodian


class UnlistedError(CustodyError):
    """A custodian does not list what others do: it never got it, or it keeps it back."""

    def __init__(self, custodian: str, count: int):
        super().__init__(
            f"Custodian {custodian} does not list {count} records that others list. They were "
            "found there; the person's next sync gives it what it lacks.",
            code="E_CUSTODIAN_UNLISTED",
            details={"custodian": custodian, "count": count},
        )
        self.custodian, self.count = custodian, count


class WithheldError(CustodyError):
    """A custodian says that it has records, and does not list them."""

    def __init__(self, custodian: str, count: int):
        super().__init__(
            f"Custodian {custodian} has {count} of your records and does not list them. They were "
            "found at others. Tell who accredited it, and move to other custodians with `aceso "
            "custodians move`.",
            code="E_CUSTODIAN_WITHHELD",
            details={"custodian": custodian, "count": count},
        )
        self.custodian, self.count = custodian, count


class HeadRollbackError(CustodyError):
    """A custodian shows an older index of the vault than it took."""

    def __init__(self, custodian: str, shown: int, taken: int):
        super().__init__(
            f"Custodian {custodian} shows version {shown} of your index, and took version {taken} "
            "before: it was put back to an earlier state, or it lies. The newest one was used.",
            code="E_CUSTODIAN_HEAD_ROLLBACK",
            details={"custodian": custodian, "shown": shown, "taken": taken},
        )
        self.custodian, self.shown, self.taken = custodian, shown, taken
