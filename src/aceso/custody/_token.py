"""What a PKCS#11 token does for a key file: seal it, and open it again.

    sealed = seal(token, secrets, key=name, bound_to=header)     # makes the key where it isn't
    open_sealed(token, sealed, key=name, bound_to=header)

No token computes X-Wing, which shares are sealed to. So a custodian that runs has its keys in
memory as ever, and what the token keeps is an AES-256 key that was made in it and never leaves it:
without token and PIN the file opens nothing, wherever it was copied to.

The PIN is in `ACESO_CUSTODIAN_PIN`, or in the file that `ACESO_CUSTODIAN_PIN_FILE` names. The
library is the one that the key file names, unless `ACESO_CUSTODIAN_PKCS11` names another.

The package python-pkcs11 is optional, so nothing imports this module but where a token is asked.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import pkcs11
from pkcs11 import Attribute, KeyType, MechanismFlag, ObjectClass

from .errors import TokenDownError, TokenError
from .keys import Token

__all__ = ["open_sealed", "seal"]

_PIN: Final = "ACESO_CUSTODIAN_PIN"
_PIN_FILE: Final = "ACESO_CUSTODIAN_PIN_FILE"
_MODULE: Final = "ACESO_CUSTODIAN_PKCS11"
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16


def seal(token: Token, plaintext: bytes, *, key: str, bound_to: bytes) -> bytes:
    """Encrypt under the key of this name, which is made where the token has none."""
    with _session(token, writes=True) as session:
        secret = _find(session, token, key)
        if secret is None:
            secret = session.generate_key(
                KeyType.AES,
                256,
                label=key,
                store=True,
                capabilities=MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT,
                template={
                    Attribute.PRIVATE: True,
                    Attribute.SENSITIVE: True,
                    Attribute.EXTRACTABLE: False,
                },
            )
        # One of this name that was brought along, or could be taken out, may be known to others.
        if not (secret[Attribute.NEVER_EXTRACTABLE] and secret[Attribute.ALWAYS_SENSITIVE]):
            raise TokenError(
                f"The key {key} of token {token.label} was not made in it, or could be taken out "
                "of it: rename it, and another is made.",
                code="E_TOKEN_KEY_LOOSE",
                details={"key": key, "token": token.label},
            )
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + bytes(secret.encrypt(plaintext, **_gcm(nonce, bound_to)))
        # Some tokens take a nonce of their own instead, which must not cost the only copy.
        if _opened(token, secret, sealed, key, bound_to) != plaintext:
            raise _not_opened(token, key)
        return sealed


def open_sealed(token: Token, sealed: bytes, *, key: str, bound_to: bytes) -> bytes:
    """Decrypt what `seal` made."""
    with _session(token) as session:
        secret = _find(session, token, key)
        if secret is None:
            raise _no_key(token, key, "no key")
        return _opened(token, secret, sealed, key, bound_to)


def _find(session: pkcs11.Session, token: Token, key: str) -> Any:
    wanted = {
        Attribute.CLASS: ObjectClass.SECRET_KEY,
        Attribute.KEY_TYPE: KeyType.AES,
        Attribute.LABEL: key,
    }
    # All of them, as a search that is left half done outlives its session.
    found = list(session.get_objects(wanted))
    if len(found) > 1:
        raise _no_key(token, key, "more than one key")
    return found[0] if found else None


def _opened(token: Token, secret: Any, sealed: bytes, key: str, bound_to: bytes) -> bytes:
    nonce, ciphertext = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    if len(ciphertext) < _TAG_BYTES:
        raise _not_opened(token, key)
    try:
        return bytes(secret.decrypt(ciphertext, **_gcm(nonce, bound_to)))
    except (
        # What makers answer where the tag doesn't fit; SoftHSM says the last.
        pkcs11.EncryptedDataInvalid,
        pkcs11.EncryptedDataLenRange,
        pkcs11.FunctionFailed,
        pkcs11.GeneralError,
    ):
        raise _not_opened(token, key) from None


def _gcm(nonce: bytes, bound_to: bytes) -> dict[str, Any]:
    return {
        "mechanism": pkcs11.Mechanism.AES_GCM,
        "mechanism_param": pkcs11.GCMParams(nonce, bound_to, 8 * _TAG_BYTES),
    }


@contextmanager
def _session(token: Token, *, writes: bool = False) -> Iterator[pkcs11.Session]:
    """A session with the PIN, for as long as it is needed and no longer."""
    pin, module = _pin(token), _module(token)
    library = None
    try:
        library = pkcs11.lib(module)
        with library.get_token(token_label=token.label).open(rw=writes, user_pin=pin) as session:
            yield session
    except (pkcs11.NoSuchToken, pkcs11.MultipleTokensReturned) as exc:
        found = "no token" if isinstance(exc, pkcs11.NoSuchToken) else "more than one token"
        raise TokenDownError(
            f"{module} shows {found} {token.label}: attach the one that is meant, and see that "
            "this user may reach it.",
            code="E_TOKEN_MISSING",
            details={"module": module, "token": token.label},
        ) from None
    except (
        pkcs11.PinExpired,
        pkcs11.PinIncorrect,
        pkcs11.PinInvalid,
        pkcs11.PinLenRange,
        pkcs11.PinLocked,
        pkcs11.UserPinNotInitialized,
    ):
        raise TokenError(
            f"Token {token.label} refuses the PIN: it is wrong, or locked after too many tries. "
            f"Correct {_PIN}, or the file that {_PIN_FILE} names, before you try again.",
            code="E_TOKEN_PIN",
            details={"token": token.label},
        ) from None
    except pkcs11.PKCS11Error as exc:
        why = str(exc) or type(exc).__name__
        if library is None and type(exc) is pkcs11.PKCS11Error:  # Not loaded; else it has a code.
            raise _no_module(module, why) from exc
        raise TokenDownError(
            f"Token {token.label} fails ({why}): see its maker's log, and that it has AES-GCM.",
            code="E_TOKEN_FAILED",
            details={"token": token.label, "why": why},
        ) from exc
    finally:
        # Nothing stays logged in, and the next to ask finds the tokens that are there then.
        if library is not None:
            with suppress(pkcs11.PKCS11Error):
                library.finalize()


def _module(token: Token) -> str:
    named = os.environ.get(_MODULE)
    if named:
        return named
    try:
        found = Path(token.module).stat()
    except (OSError, ValueError) as exc:
        raise _no_module(token.module, getattr(exc, "strerror", "") or "no path") from None
    # Whoever had the disk could have changed the file; what it names runs here and gets the PIN.
    if found.st_uid != 0 or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise _no_module(token.module, "others than root can write it")
    return token.module


def _pin(token: Token) -> str:
    pin, path = os.environ.get(_PIN, ""), os.environ.get(_PIN_FILE, "")
    if not pin and path:
        with suppress(OSError, UnicodeDecodeError), open(path, encoding="utf-8") as file:
            # systemd lets a service read its credentials by more than the mode of their owner.
            if os.fstat(file.fileno()).st_mode & stat.S_IRWXO:
                raise TokenError(
                    f"{path} can be read by all. Run chmod 600 {path}, and give the token another "
                    "PIN.",
                    code="E_TOKEN_PIN_LOOSE",
                    details={"path": path},
                )
            pin = file.readline().rstrip("\r\n")
    if not pin:
        raise TokenError(
            f"There is no PIN for token {token.label}: set {_PIN}, or {_PIN_FILE} to the path of a "
            "file that holds it.",
            code="E_TOKEN_PIN_MISSING",
            details={"token": token.label},
        )
    return pin


def _no_key(token: Token, key: str, found: str) -> TokenError:
    return TokenError(
        f"Token {token.label} has {found} {key}: attach the token that sealed the key file, or "
        "restore the key to this one as its maker provides.",
        code="E_TOKEN_KEY",
        details={"key": key, "token": token.label},
    )


def _not_opened(token: Token, key: str) -> TokenError:
    return TokenError(
        f"The key file doesn't open by the key {key} of token {token.label}: it was changed, or "
        "another token sealed it. Restore the file, or attach that token.",
        code="E_TOKEN_SEAL",
        details={"key": key, "token": token.label},
    )


def _no_module(module: str, why: str) -> TokenError:
    return TokenError(
        f"The token's library {module} can't be used ({why}). Name the one of its maker by its "
        f"full path, when the keys are made or in {_MODULE}.",
        code="E_TOKEN_MODULE",
        details={"module": module, "why": why},
    )
