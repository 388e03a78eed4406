"""What can go wrong in a flow, beyond what its parts already say."""

from __future__ import annotations

from aceso.errors import InputError, NotPermittedError, UsageError

__all__ = ["EvidenceError", "NothingToOpenError", "ProfileError"]


class ProfileError(UsageError):
    """The profile on this device is missing, locked, or of another kind than the command needs."""


class EvidenceError(InputError):
    """The evidence beside a file is not evidence, or is another file's."""


class NothingToOpenError(NotPermittedError):
    """No record, key or order that this reader could open."""
