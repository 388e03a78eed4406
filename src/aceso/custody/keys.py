"""The keys of a custodian, in a file that is nobody else's.

    keys = CustodianKeys.make(folder)          # once; refuses to replace a key file
    keys = CustodianKeys.read(folder)          # each start
    keys.address                               # signs receipts and attestations; it is accredited
    keys.private.public_key                    # what shares are sealed to; published on chain
    CustodianKeys.rotate(folder)               # a new HPKE key; the earlier ones still open

`custodian.key` holds the account's key, the HPKE key, those that were in use before it, and the key
that encrypts the database. It is
made with mode 0600 and refused when others could read it. Whoever loses it loses every share in
custody: back it up, apart from the database. It isn't encrypted itself, because the service starts
without a person; keep it on an encrypted disk, or hand it in from a secret store.
"""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from eth_account import Account
from eth_account.signers.local import LocalAccount

from aceso.vault import PrivateKey

from .errors import KeyFileError

__all__ = ["KEY_FILE", "CustodianKeys"]

KEY_FILE: Final = "custodian.key"
_FORMAT: Final = "aceso-custodian-key"


@dataclass(frozen=True, slots=True)
class CustodianKeys:
    """What a custodian holds: an account, an HPKE key, and the key of its database.

    `retired`: HPKE keys of before, newest first, for the shares that were sealed to them.
    """

    account: LocalAccount = field(repr=False)
    private: PrivateKey = field(repr=False)
    store_key: bytes = field(repr=False)
    retired: tuple[PrivateKey, ...] = field(default=(), repr=False)

    @property
    def address(self) -> str:
        """The account's address."""
        return str(self.account.address)

    @classmethod
    def make(cls, folder: Path, *, account_key: bytes | None = None) -> CustodianKeys:
        """Make a key file, with a fresh account or the given one."""
        secret = account_key or os.urandom(32)
        try:
            account: LocalAccount = Account.from_key(secret)
        except Exception:
            # Without the cause: it quotes the key.
            raise KeyFileError(
                "This is not a private key: 32 bytes in hexadecimal are needed.",
                code="E_KEY_FILE_FORMAT",
            ) from None
        keys = cls(account, PrivateKey.generate(), os.urandom(32))
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / KEY_FILE
        draft = keys._write_draft(folder)
        try:
            # A link fails where the name is taken, so a key file is never replaced.
            os.link(draft, path)
        except FileExistsError:
            raise KeyFileError(
                f"{path} exists, and is not replaced: the shares in custody need it. "
                "Choose another folder for another custodian.",
                code="E_KEY_FILE_EXISTS",
            ) from None
        finally:
            draft.unlink(missing_ok=True)
        return keys

    @classmethod
    def rotate(cls, folder: Path) -> CustodianKeys:
        """Make a new HPKE key beside those that are there, in the key file of this folder."""
        now = cls.read(folder)
        keys = cls(now.account, PrivateKey.generate(), now.store_key, (now.private, *now.retired))
        draft = keys._write_draft(folder)
        try:
            # One name, one moment: whoever reads it finds the old file or the new one.
            os.replace(draft, folder / KEY_FILE)
        finally:
            draft.unlink(missing_ok=True)
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        return keys

    def _write_draft(self, folder: Path) -> Path:
        """The file, complete and on disk, under a name of its own."""
        document: dict[str, object] = {
            "format": _FORMAT,
            "version": 2 if self.retired else 1,
            "account": bytes(self.account.key).hex(),
            "hpke": self.private.to_bytes().hex(),
            "store": self.store_key.hex(),
        }
        if self.retired:
            document["retired"] = [key.to_bytes().hex() for key in self.retired]
        _sweep(folder)
        draft = folder / f"{KEY_FILE}.{os.getpid()}.new"
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(handle, "w") as file:
                os.fchmod(file.fileno(), 0o600)
                json.dump(document, file)
                file.flush()
                os.fsync(file.fileno())
        except OSError as exc:
            draft.unlink(missing_ok=True)
            raise KeyFileError(
                f"{draft} can't be written: {exc.strerror}. Nothing was changed; make room, or the "
                "folder writable.",
                code="E_KEY_FILE_WRITE",
            ) from exc
        return draft

    @classmethod
    def read(cls, folder: Path) -> CustodianKeys:
        """Read the key file; refuse it when others can read it."""
        path = folder / KEY_FILE
        try:
            with path.open() as file:
                mode = os.fstat(file.fileno())
                if mode.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
                    raise KeyFileError(
                        f"{path} can be read by others (mode {stat.S_IMODE(mode.st_mode):o}). Run "
                        f"chmod 600 {path}, and consider whether somebody has read it.",
                        code="E_KEY_FILE_LOOSE",
                    )
                document = json.load(file)
        except FileNotFoundError:
            raise KeyFileError(
                f"There is no {path}. Make one with: python -m aceso.custody init --folder "
                f"{folder}.",
                code="E_KEY_FILE_MISSING",
            ) from None
        except ValueError:
            document = None
        try:
            if document["format"] != _FORMAT or document["version"] not in (1, 2):
                raise ValueError("another format")
            store_key = bytes.fromhex(document["store"])
            if len(store_key) != 32:
                raise ValueError("a store key has 32 bytes")
            return cls(
                Account.from_key(bytes.fromhex(document["account"])),
                PrivateKey(bytes.fromhex(document["hpke"])),
                store_key,
                tuple(PrivateKey(bytes.fromhex(key)) for key in document.get("retired", ())),
            )
        except Exception:
            # Without the cause: it could quote a key.
            raise KeyFileError(
                f"{path} is not a custodian's key file of a version that we know. "
                "Restore it from its backup.",
                code="E_KEY_FILE_FORMAT",
            ) from None


def _sweep(folder: Path) -> None:
    """Remove the drafts of processes that were killed: each holds all keys."""
    for draft in folder.glob(f"{KEY_FILE}.*.new"):
        number = draft.name.removeprefix(f"{KEY_FILE}.").removesuffix(".new")
        if number.isdigit() and not _runs(int(number)):
            draft.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # Another user's.
        return True
    return True
