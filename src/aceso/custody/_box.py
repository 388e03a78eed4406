"""How what lies in the database is encrypted, and how it is forgotten.

    box.close(plain, place)                  # what is never deleted
    sealed = box.close_row(plain, place)     # what may have to be forgotten one day
    box.open(sealed, place)
    box.forget([box.row_key(sealed)])        # once the row is deleted (`Store.forget`)

`Box` encrypts with one key that is not in the database (ChaCha20-Poly1305, bound to the row that it
belongs to). That is enough where deleting overwrites, as in a file of SQLite.

A database server keeps what was deleted in dead rows, in its own log, in replicas and backups, for
as long as its operator likes. There, `RowKeyBox` encrypts each row that may have to go with a key
of its own, which never gets to the server: it lies in `rowkeys.sqlite` in the custodian's folder,
under the key of the key file, and is overwritten to forget the row. What the server still holds
opens with nothing then.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from aceso.errors import IntegrityError, ServiceError

__all__ = ["Box", "RowKeyBox"]

ROW_KEYS: Final = "rowkeys.sqlite"
_NONCE_BYTES: Final = 12
_NUMBER_BYTES: Final = 16
_CHECKPOINT_SECONDS: Final = 5.0
_WHOLE: Final = b"\0"
_BY_ROW: Final = b"\1"


class Box:
    """Encrypts what lies in the database, each thing bound to its place."""

    def __init__(self, key: bytes):
        self._cipher = ChaCha20Poly1305(key)

    def close(self, plain: bytes, place: Sequence[bytes]) -> bytes:
        return _encrypt(self._cipher, plain, place)

    def close_row(self, plain: bytes, place: Sequence[bytes]) -> bytes:
        """As `close`, for what can be forgotten."""
        return self.close(plain, place)

    def open(self, sealed: bytes, place: Sequence[bytes]) -> bytes:
        return _decrypt(self._cipher, sealed, place)

    def row_key(self, sealed: bytes) -> bytes | None:
        """The number of the key that is to be forgotten with a row; None where deleting does."""
        return None

    def forget(self, numbers: Sequence[bytes]) -> None:
        """Overwrite these keys of rows, so that nothing opens what is left of the rows anywhere."""

    def empty_log(self) -> bool:
        """Cut what may still hold what was forgotten; whether that was done."""
        return True

    def shut(self) -> None:
        """Close the files."""


class RowKeyBox(Box):
    """As `Box`, with keys of rows in a file of their own. Several processes may use the file."""

    def __init__(self, key: bytes, folder: Path):
        super().__init__(key)
        path = folder / ROW_KEYS
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        self._turn = threading.Lock()
        self._keys = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        for pragma in (
            "busy_timeout = 10000",
            "journal_mode = WAL",
            "synchronous = FULL",
            "secure_delete = ON",
        ):
            self._keys.execute(f"PRAGMA {pragma}").fetchall()
        self._keys.execute(
            "CREATE TABLE IF NOT EXISTS row_keys (number BLOB PRIMARY KEY, key BLOB NOT NULL) "
            "WITHOUT ROWID"
        )

    def close(self, plain: bytes, place: Sequence[bytes]) -> bytes:
        return _WHOLE + super().close(plain, place)

    def close_row(self, plain: bytes, place: Sequence[bytes]) -> bytes:
        number, key = os.urandom(_NUMBER_BYTES), os.urandom(32)
        # On disk before the row is: a key without a row does no harm.
        self._ask(
            "INSERT INTO row_keys VALUES (?, ?)",
            number,
            _encrypt(self._cipher, key, (b"row-key", number)),
        )
        return _BY_ROW + number + _encrypt(ChaCha20Poly1305(key), plain, place)

    def open(self, sealed: bytes, place: Sequence[bytes]) -> bytes:
        if sealed[:1] == _WHOLE:
            return super().open(sealed[1:], place)
        number = sealed[1 : 1 + _NUMBER_BYTES]
        found = self._ask("SELECT key FROM row_keys WHERE number = ?", number)
        if not found:
            raise IntegrityError(
                f"A row of the custodian's database has no key in {ROW_KEYS}: it was forgotten, or "
                "the folder is older than the database. Restore the newest copy of the folder.",
                code="E_CUSTODY_STORE",
            )
        key = _decrypt(self._cipher, found[0][0], (b"row-key", number))
        return _decrypt(ChaCha20Poly1305(key), sealed[1 + _NUMBER_BYTES :], place)

    def row_key(self, sealed: bytes) -> bytes | None:
        return sealed[1 : 1 + _NUMBER_BYTES] if sealed[:1] == _BY_ROW else None

    def forget(self, numbers: Sequence[bytes]) -> None:
        for number in numbers:
            self._ask("DELETE FROM row_keys WHERE number = ?", number)

    def empty_log(self) -> bool:
        deadline = time.monotonic() + _CHECKPOINT_SECONDS
        while True:
            if not self._ask("PRAGMA wal_checkpoint(TRUNCATE)")[0][0]:
                return True
            if time.monotonic() > deadline:
                return False

    def shut(self) -> None:
        with self._turn:
            self._keys.close()

    def _ask(self, statement: str, *values: bytes) -> list[tuple[bytes, ...]]:
        with self._turn:
            try:
                return self._keys.execute(statement, values).fetchall()
            except sqlite3.Error as exc:
                raise ServiceError(
                    f"{ROW_KEYS} can't be read or written: {exc}. See that the disk has room.",
                    code="E_CUSTODY_STORE_DOWN",
                ) from exc


def _encrypt(cipher: ChaCha20Poly1305, plain: bytes, place: Sequence[bytes]) -> bytes:
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, plain, _bound(place))


def _decrypt(cipher: ChaCha20Poly1305, sealed: bytes, place: Sequence[bytes]) -> bytes:
    try:
        return cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], _bound(place))
    except (InvalidTag, ValueError) as exc:
        raise IntegrityError(
            "A row of the custodian's database does not open with its key file. Restore both "
            "from the same backup.",
            code="E_CUSTODY_STORE",
        ) from exc


def _bound(place: Sequence[bytes]) -> bytes:
    return b"".join(len(part).to_bytes(4, "big") + part for part in place)
