"""What can go wrong in a flow, beyond what its parts already say."""

from __future__ import annotations

from collections.abc import Sequence

from aceso.errors import (
    AcesoError,
    InputError,
    IntegrityError,
    NotPermittedError,
    ServiceError,
    UsageError,
)

__all__ = [
    "BackupFileError",
    "CustodianKeyError",
    "EvidenceError",
    "KeysNotLeftError",
    "LostAccreditationError",
    "NotWithdrawnError",
    "NothingToOpenError",
    "ProfileError",
]


class ProfileError(UsageError):
    """The profile on this device is missing, locked, or of another kind than the command needs."""


class EvidenceError(InputError):
    """The evidence beside a file is not evidence, or is another file's."""


class NothingToOpenError(NotPermittedError):
    """No record, key or order that this reader could open."""


class CustodianKeyError(IntegrityError):
    """A custodian's key is not the one that it published."""

    def __init__(self, custodian: str):
        super().__init__(
            f"The key given for custodian {custodian} is not the one that it published on chain. "
            "Nothing was sealed. Ask for a new card or network file.",
            code="E_CUSTODIAN_KEY",
            details={"custodian": custodian},
        )


class LostAccreditationError(NotPermittedError):
    """Somebody whom the person lets in is not accredited any more."""

    def __init__(self, grantee: bytes):
        number = int.from_bytes(grantee[:12], "big")
        who = f"Institution {number}" if number else "0x" + grantee[12:].hex()
        super().__init__(
            f"{who} is not accredited any more, and gets no new keys. Withdraw what you granted "
            "with `aceso unshare`.",
            code="E_LOST_ACCREDITATION",
            details={"grantee": who},
        )


class KeysNotLeftError(ServiceError):
    """A grant is on chain, and the keys that it needs are not left with the custodians yet."""

    def __init__(self, failed: AcesoError):
        super().__init__(
            "The consent is on chain and in force, but the keys for it could not be left yet, so "
            "nothing opens by it. `aceso records --sync` leaves them; `aceso unshare` takes the "
            f"consent back. {failed.message}",
            code="E_KEYS_NOT_LEFT",
        )


class NotWithdrawnError(ServiceError):
    """Some of several withdrawals did not reach the chain; the others did."""

    def __init__(self, count: int, of: int, failed: Sequence[AcesoError]):
        why = " ".join(dict.fromkeys(error.message for error in failed))
        super().__init__(
            f"{count} of {of} withdrawals did not reach the chain; the others did. Try again. "
            f"{why}",
            code="E_NOT_ALL_WITHDRAWN",
            details={"count": count, "of": of, "why": why},
        )
        self.failed = tuple(failed)


class BackupFileError(UsageError):
    """A backup can't be written where it was to go."""

    def __init__(self, path: object, why: str):
        super().__init__(
            f"The backup could not be written to {path}: {why}. Nothing is left of it; an earlier "
            "backup there is as it was. Name another place.",
            code="E_BACKUP_WRITE",
            details={"path": str(path), "why": why},
        )
