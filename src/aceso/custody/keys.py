"""The keys of a custodian, in a file that is nobody else's.

    keys = CustodianKeys.make(folder)          # once; refuses to replace a key file
    keys = CustodianKeys.read(folder)          # each start
    keys.address                               # signs receipts and attestations; it is accredited
    keys.private.public_key                    # what shares are sealed to; published on chain
    CustodianKeys.rotate(folder)               # a new HPKE key; the earlier ones still open
    CustodianKeys.seal(folder, Token(…))       # from now on it opens with a PKCS#11 token alone

`custodian.key` holds the account's key, the HPKE key, those that were in use before it, and the key
that encrypts the database. It is
made with mode 0600 and refused when others could read it. Whoever loses it loses every share in
custody: back it up, apart from the database. The service starts without a person, so what opens the
file is on the same machine: nothing, unless a token seals it. Without one keep it on an encrypted
disk, or hand it in from a secret store.
"""

from __future__ import annotations

import fcntl
import json
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from eth_account import Account
from eth_account.signers.local import LocalAccount

from aceso.errors import AcesoError
from aceso.vault import PrivateKey

from .errors import KeyFileError, TokenError

__all__ = ["KEY_FILE", "CustodianKeys", "Token"]

KEY_FILE: Final = "custodian.key"
_FORMAT: Final = "aceso-custodian-key"
_SEALED_VERSION: Final = 3


@dataclass(frozen=True, slots=True)
class Token:
    """Where a PKCS#11 token is: its maker's library, by its full path, and the token's label."""

    module: str
    label: str


@dataclass(frozen=True, slots=True)
class CustodianKeys:
    """What a custodian holds: an account, an HPKE key, and the key of its database.

    `retired`: HPKE keys of before, newest first, for the shares that were sealed to them.
    `token`: what the file is sealed with.
    """

    account: LocalAccount = field(repr=False)
    private: PrivateKey = field(repr=False)
    store_key: bytes = field(repr=False)
    retired: tuple[PrivateKey, ...] = field(default=(), repr=False)
    token: Token | None = None

    @property
    def address(self) -> str:
        """The account's address."""
        return str(self.account.address)

    @property
    def token_key(self) -> str:
        """The label of the key in the token."""
        return f"aceso-custodian-{self.address.lower()}"

    @classmethod
    def make(
        cls, folder: Path, *, account_key: bytes | None = None, token: Token | None = None
    ) -> CustodianKeys:
        """Make a key file, with a fresh account or the given one, and sealed where a token is."""
        secret = account_key or os.urandom(32)
        try:
            account: LocalAccount = Account.from_key(secret)
        except Exception:
            # Without the cause: it quotes the key.
            raise KeyFileError(
                "This is not a private key: 32 bytes in hexadecimal are needed.",
                code="E_KEY_FILE_FORMAT",
            ) from None
        keys = cls(account, PrivateKey.generate(), os.urandom(32), token=token)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / KEY_FILE
        if path.exists():
            # Before a token makes a key that nothing needs.
            raise _exists(path)
        draft = keys._write_draft(folder)
        try:
            # A link fails where the name is taken, so a key file is never replaced.
            os.link(draft, path)
        except FileExistsError:
            raise _exists(path) from None
        finally:
            draft.unlink(missing_ok=True)
        return keys

    @classmethod
    def rotate(cls, folder: Path) -> CustodianKeys:
        """Make a new HPKE key beside those that are there, in the key file of this folder."""
        with _changing(folder):
            now = cls.read(folder)
            retired = (now.private, *now.retired)
            keys = replace(now, private=PrivateKey.generate(), retired=retired)
            keys._replace_file(folder)
        return keys

    @classmethod
    def seal(cls, folder: Path, token: Token) -> CustodianKeys:
        """Seal the key file of this folder, so that it opens with this token alone.

        Warning: What was copied before still opens without.
        """
        with _changing(folder):
            now = cls.read(folder)
            if now.token is not None:
                raise KeyFileError(
                    f"{folder / KEY_FILE} is sealed with token {now.token.label} already. To "
                    "change the token, clone it as its maker provides.",
                    code="E_KEY_FILE_SEALED",
                )
            keys = replace(now, token=token)
            keys._replace_file(folder)
        return keys

    def _replace_file(self, folder: Path) -> None:
        # Of a link, what it leads to: beside a new file it would stay, with all keys.
        path = (folder / KEY_FILE).resolve()
        draft = self._write_draft(path.parent)
        try:
            # One name, one moment: whoever reads it finds the old file or the new one.
            os.replace(draft, path)
        finally:
            draft.unlink(missing_ok=True)
        handle = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def _document(self) -> dict[str, object]:
        secrets: dict[str, object] = {
            "account": bytes(self.account.key).hex(),
            "hpke": self.private.to_bytes().hex(),
            "store": self.store_key.hex(),
        }
        if self.retired:
            secrets["retired"] = [key.to_bytes().hex() for key in self.retired]
        if self.token is None:
            return {"format": _FORMAT, "version": 2 if self.retired else 1, **secrets}
        sealed = _tokens().seal(
            self.token,
            json.dumps(secrets).encode(),
            key=self.token_key,
            bound_to=_bound_to(self.address),
        )
        return {
            "format": _FORMAT,
            "version": _SEALED_VERSION,
            "address": self.address,
            "module": self.token.module,
            "token": self.token.label,
            "key": self.token_key,
            "sealed": sealed.hex(),
        }

    def _write_draft(self, folder: Path) -> Path:
        """The file, complete and on disk, under a name of its own."""
        document = self._document()
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
            raise _missing(folder) from None
        except ValueError:
            document = None
        try:
            if document["format"] != _FORMAT or document["version"] not in (1, 2, _SEALED_VERSION):
                raise ValueError("another format")
            token = None
            if document["version"] == _SEALED_VERSION:
                # What is no text ends the process in the middle of the token's library.
                document["key"].encode()
                token = Token(document["module"], document["token"])
                document = _unsealed(document, token)
            store_key = bytes.fromhex(document["store"])
            if len(store_key) != 32:
                raise ValueError("a store key has 32 bytes")
            return cls(
                Account.from_key(bytes.fromhex(document["account"])),
                PrivateKey(bytes.fromhex(document["hpke"])),
                store_key,
                tuple(PrivateKey(bytes.fromhex(key)) for key in document.get("retired", ())),
                token,
            )
        except AcesoError:
            raise
        except Exception:
            # Without the cause: it could quote a key.
            raise KeyFileError(
                f"{path} is not a custodian's key file of a version that we know. "
                "Restore it from its backup.",
                code="E_KEY_FILE_FORMAT",
            ) from None


def _unsealed(document: dict[str, Any], token: Token) -> Any:
    opened = _tokens().open_sealed(
        token,
        bytes.fromhex(document["sealed"]),
        key=document["key"],
        bound_to=_bound_to(document["address"]),
    )
    return json.loads(opened)


def _bound_to(address: str) -> bytes:
    """What of a sealed file is in the clear and may not be changed. Where to look may."""
    return json.dumps([_FORMAT, _SEALED_VERSION, address]).encode()


def _tokens() -> ModuleType:
    try:
        from . import _token
    except ImportError as exc:
        raise TokenError(
            "A key file that a token seals needs the package python-pkcs11. Install aceso[pkcs11].",
            code="E_TOKEN_PACKAGE",
        ) from exc
    return _token


@contextmanager
def _changing(folder: Path) -> Iterator[None]:
    """One at a time: of two who read the same file, the later would write over what the earlier
    made, a key that shares are sealed to or the seal of a token."""
    try:
        handle = os.open((folder / KEY_FILE).resolve().parent, os.O_RDONLY | os.O_DIRECTORY)
    except (FileNotFoundError, NotADirectoryError):
        raise _missing(folder) from None
    try:
        # It ends with the process that has it, too.
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _missing(folder: Path) -> KeyFileError:
    return KeyFileError(
        f"There is no {folder / KEY_FILE}. Make one with: python -m aceso.custody init --folder "
        f"{folder}.",
        code="E_KEY_FILE_MISSING",
    )


def _exists(path: Path) -> KeyFileError:
    return KeyFileError(
        f"{path} exists, and is not replaced: the shares in custody need it. "
        "Choose another folder for another custodian.",
        code="E_KEY_FILE_EXISTS",
    )


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
