"""A person's, or an institution's, place on this device: the locked seed and what was done so far.

    profile = Profile.create(folder, Seed.make(), passphrase="…", kind="person", network="…")
    profile = Profile.open(folder, passphrase="…")
    profile.seed, profile.store

The seed lies in `profile.json`, sealed with ChaCha20-Poly1305 under a key that scrypt makes of the
passphrase (RFC 7914: r = 8, p = 1, and n as the file says, 2^15 by default). What was done lies in
`store.db`: entries as the custodians have them, and which step they have reached. Neither holds a
key or a datum in the clear.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from aceso.errors import SPOILT
from aceso.vault import Seed

from .errors import ProfileError
from .store import Store

__all__ = ["Kind", "Profile"]

Kind = Literal["person", "professional", "institution", "researcher"]

_FILE = "profile.json"
_BOUND = b"aceso/v1/profile"
_SALT_BYTES = 16
_NONCE_BYTES = 12
# scrypt's n. Each opening takes 128 * r * n bytes: 32 MiB, and 1 GiB at most.
_WORK = 1 << 15
_MOST_WORK = 1 << 20


@dataclass(slots=True)
class Profile:
    """An opened profile."""

    folder: Path
    kind: Kind
    network: str
    seed: Seed = field(repr=False)
    store: Store = field(repr=False)

    @classmethod
    def create(
        cls,
        folder: Path,
        seed: Seed,
        *,
        passphrase: str,
        kind: Kind,
        network: str,
        work: int = _WORK,
    ) -> Profile:
        """Lock `seed` into a new profile. A folder that has one already is refused.

        `work` is scrypt's n, a power of two: twice as much makes each guess of the passphrase,
        and each opening, take twice as long.
        """
        if (folder / _FILE).exists():
            raise ProfileError(
                f"There is a profile in {folder} already. Use it, or name another folder with "
                "--home.",
                code="E_PROFILE_EXISTS",
                details={"folder": str(folder)},
            )
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        salt, nonce = os.urandom(_SALT_BYTES), os.urandom(_NONCE_BYTES)
        sealed = ChaCha20Poly1305(_key(passphrase, salt, work)).encrypt(
            nonce, seed.mnemonic.encode(), _BOUND
        )
        said = {
            "format": "aceso-profile",
            "version": 1,
            "kind": kind,
            "network": network,
            "work": work,
            "salt": _text(salt),
            "nonce": _text(nonce),
            "seed": _text(sealed),
        }
        draft = folder / f".{_FILE}.{os.getpid()}"
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(said, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(folder / _FILE)
        return cls(folder, kind, network, seed, Store(folder / "store.db"))

    @classmethod
    def open(cls, folder: Path, *, passphrase: str) -> Profile:
        """Unlock the profile in `folder`."""
        try:
            said = json.loads((folder / _FILE).read_text(encoding="utf-8"))
            if (said["format"], said["version"]) != ("aceso-profile", 1):
                raise ValueError("another format")
            kind, network = said["kind"], str(said["network"])
            if kind not in get_args(Kind):
                raise ValueError("another kind")
            salt, nonce, sealed = (_bytes(said[name]) for name in ("salt", "nonce", "seed"))
            if (len(salt), len(nonce)) != (_SALT_BYTES, _NONCE_BYTES):
                raise ValueError("another length")
            work = said.get("work", _WORK)
            if type(work) is not int or not 1 < work <= _MOST_WORK or work.bit_count() != 1:
                raise ValueError("another work")
        except FileNotFoundError as exc:
            raise ProfileError(
                f"There is no profile in {folder}. Make one with `aceso init`.",
                code="E_PROFILE_MISSING",
                details={"folder": str(folder)},
            ) from exc
        except (OSError, *SPOILT) as exc:
            raise ProfileError(
                f"The profile in {folder} can't be read. Move its {_FILE} away, and restore it "
                "with `aceso init --restore` and the words of the seed.",
                code="E_PROFILE_BROKEN",
                details={"folder": str(folder)},
            ) from exc
        try:
            words = ChaCha20Poly1305(_key(passphrase, salt, work)).decrypt(nonce, sealed, _BOUND)
        except InvalidTag as exc:
            raise ProfileError(
                "The passphrase does not open this profile. Try again.",
                code="E_PROFILE_PASSPHRASE",
            ) from exc
        seed = Seed.from_mnemonic(words.decode())
        return cls(folder, kind, network, seed, Store(folder / "store.db"))

    def close(self) -> None:
        self.store.close()


def _key(passphrase: str, salt: bytes, work: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=work, r=8, p=1).derive(passphrase.encode())


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
