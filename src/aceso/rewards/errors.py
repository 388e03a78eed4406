"""What can go wrong with rewards.

InputError                 (aceso.errors)
+ AuditFileError           E_REWARDS_FILE        it is no audit file, or of another version
+ ContributionError        E_REWARDS_EVIDENCE    what is filed for an order contradicts itself
IntegrityError
+ AuditFalseError          E_REWARDS_FALSE       it is not what the chain and the rules give
"""

from __future__ import annotations

from collections.abc import Mapping

from aceso.errors import InputError, IntegrityError

__all__ = ["AuditFalseError", "AuditFileError", "ContributionError"]


class AuditFileError(InputError):
    """It can't be read as an audit file."""

    def __init__(self, message: str, *, code: str = "E_REWARDS_FILE"):
        super().__init__(message, code=code)


class ContributionError(InputError):
    """What a person filed for an order doesn't hold together."""

    def __init__(
        self,
        message: str,
        *,
        code: str = "E_REWARDS_EVIDENCE",
        details: Mapping[str, object] | None = None,
    ):
        super().__init__(message, code=code, details=details)


class AuditFalseError(IntegrityError):
    """An audit file says something else than its own facts, or than the chain."""

    def __init__(self, message: str, *, code: str = "E_REWARDS_FALSE"):
        super().__init__(message, code=code)
