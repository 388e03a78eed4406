"""The keys of a custodian, in a file that is nobody else's.

    keys = CustodianKeys.make(folder)          # once; refuses to replace a key file
    keys = CustodianKeys.read(folder)          # each start
    keys.address                               # signs receipts and attestations; it is accredited
    keys.private.public_key                    # what shares are sealed to; published on chain

`custodian.key` holds the account's key, the HPKE key and the key that encrypts the database. It is
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
    """What a custodian holds: an account, an HPKE key, and the key of its database."""

    account: LocalAccount = field(repr=False)
    private: PrivateKey = field(repr=False)
    store_key: bytes = field(repr=False)

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
        document = {
            "format": _FORMAT,
            "version": 1,
            "account": bytes(account.key).hex(),
            "hpke": keys.private.to_bytes().hex(),
            "store": keys.store_key.hex(),
        }
        draft = folder / f"{KEY_FILE}.{os.getpid()}.new"
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(handle, "w") as file:
                os.fchmod(file.fileno(), 0o600)
                json.dump(document, file)
                file.flush()
                os.fsync(file.fileno())
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
            if (document["format"], document["version"]) != (_FORMAT, 1):
                raise ValueError("another format")
            store_key = bytes.fromhex(document["store"])
            if len(store_key) != 32:
                raise ValueError("a store key has 32 bytes")
            return cls(
                Account.from_key(bytes.fromhex(document["account"])),
                PrivateKey(bytes.fromhex(document["hpke"])),
                store_key,
            )
        except Exception:
            # Without the cause: it could quote a key.
            raise KeyFileError(
                f"{path} is not a custodian's key file of a version that we know. "
                "Restore it from its backup.",
                code="E_KEY_FILE_FORMAT",
            ) from None
