"""What the machine refuses, as errors of ours: a full disk, a place that can't be written, a
profile whose `store.db` is damaged.

    known = machine_error(exc)      # None where it is no such thing, and so a defect
"""

from __future__ import annotations

import errno
import sqlite3

from aceso.errors import AcesoError, ServiceError, UsageError

__all__ = ["machine_error"]

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_PLACE = frozenset(
    {
        errno.EACCES,
        errno.EEXIST,
        errno.EISDIR,
        errno.ELOOP,
        errno.ENAMETOOLONG,
        errno.ENOENT,
        errno.ENOTDIR,
        errno.EPERM,
        errno.EROFS,
    }
)
_DAMAGED = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_CLOSED = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM})


def machine_error(exc: BaseException) -> AcesoError | None:
    """What to say of this error, where it is the machine's and not ours."""
    if isinstance(exc, sqlite3.Error):
        return _of_store(getattr(exc, "sqlite_errorcode", 0) & 0xFF)
    if not isinstance(exc, OSError):
        return None
    if exc.errno in _FULL:
        return _full()
    if exc.errno in _PLACE and exc.filename is not None:
        return UsageError(
            f"{exc.filename} can't be read or written: {exc.strerror}. Name another place, or "
            "change its permissions.",
            code="E_PLACE",
            details={"path": str(exc.filename), "why": exc.strerror},
        )
    return None


def _of_store(code: int) -> AcesoError | None:
    if code == sqlite3.SQLITE_FULL:
        return _full()
    if code in _CLOSED:
        return UsageError(
            "The profile's folder, or the one for temporary files, can't be written. Change its "
            "permissions, or name another profile with --home.",
            code="E_STORE_CLOSED",
        )
    if code in _DAMAGED:
        return UsageError(
            "A database file is damaged. Where it is store.db in the profile's folder, move it and "
            "store.db-wal and store.db-shm beside it away, and run `aceso records --sync`: what "
            "was published comes back. A custodian's comes back from its backup.",
            code="E_STORE_DAMAGED",
        )
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return ServiceError(
            "Another command is writing to this profile. Run it again when that one has ended.",
            code="E_STORE_BUSY",
        )
    return None


def _full() -> ServiceError:
    return ServiceError(
        "The disk is full. Make room, and run the same command again: what was finished stays.",
        code="E_DISK_FULL",
    )
