"""The errors of Aceso, in one tree.

Everything that the package raises on purpose derives from `AcesoError`, so one `except` tells what
went wrong from a defect of ours:

    AcesoError
    + UsageError          2  the command or the call itself is wrong
    + InputError          3  what was handed in is refused: a file, a key, a signature
    + NotPermittedError   4  the person has not permitted it, or no longer does
    + ServiceError        5  something that we depend on does not answer
      x StorageError         IPFS
      x ChainError           an Ethereum node
      x CustodyError         the custodians
    + IntegrityError      6  what came back is not what was put in
      x VaultError           a body, capsule, share or list that does not check out

The number is the exit code of a command that ends with that error. Each part of the package derives
its own errors from these, in a module `errors` of its own.

A message is one sentence that says what is wrong, where, and what to do. `code` is stable, for
programs and for translation: `E_` and capitals, such as `E_IPFS_DOWN`. `details` carries the values
of the sentence, so that it can be said in another language; no secret belongs there. An error that
always says the same sentence has it, and its code, in its class:

    class IpfsDownError(StorageError):
        code = "E_IPFS_DOWN"
        sentence = "No IPFS node answers at {url}: start one and try again."

        def __init__(self, url: str):
            self.say(url=url)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar, Final
from urllib.parse import urlsplit

__all__ = [
    "SPOILT",
    "AcesoError",
    "ChainError",
    "CustodyError",
    "InputError",
    "IntegrityError",
    "NotPermittedError",
    "ServiceError",
    "StorageError",
    "UsageError",
    "VaultError",
    "place_of",
]

# What Python raises where a document is read that is of another form than it says: also what is
# nested without end, and a number without end, such as 1e400.
SPOILT: Final = (
    *(KeyError, TypeError, ValueError, AttributeError),
    *(OverflowError, RecursionError),
)
_CODE = re.compile(r"E_[A-Z][A-Z0-9]*(_[A-Z0-9]+)*\Z")


class AcesoError(Exception):
    """What went wrong, in a sentence for a person and in a `code` for a program."""

    exit_code: ClassVar[int] = 1
    code: str = ""
    sentence: ClassVar[str] = ""

    def __init__(self, message: str, *, code: str, details: Mapping[str, object] | None = None):
        if not _CODE.match(code):
            raise ValueError(f"an error code looks like E_IPFS_DOWN, not {code!r}")
        super().__init__(message)
        self.message = message
        self.code = code
        self.details: Mapping[str, object] = MappingProxyType(dict(details or {}))

    def say(self, **details: object) -> None:
        """Begin as an error whose class has the sentence and the code: for its constructor."""
        AcesoError.__init__(self, self.sentence.format(**details), code=self.code, details=details)

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[object, ...]:
        # An exception is rebuilt from `args`, which would lose the code between processes.
        return _rebuild, (type(self), self.message, self.code, dict(self.details))


def _rebuild(
    kind: type[AcesoError], message: str, code: str, details: dict[str, object]
) -> AcesoError:
    error = kind.__new__(kind)
    AcesoError.__init__(error, message, code=code, details=details)
    return error


def place_of(url: str) -> str:
    """A server's URL as it may be shown and written down: what stands before its host is a
    password, and many a node's path or query is the key of whoever pays for it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    host = parts.netloc.rpartition("@")[2]
    if not host:
        # A multiaddress, or no URL at all.
        return url.rpartition("@")[2]
    more = parts.path.strip("/") or parts.query or parts.fragment
    return f"{parts.scheme}://{host}{'/…' if more else ''}"


class UsageError(AcesoError):
    """The command or the call itself is wrong."""

    exit_code = 2


class InputError(AcesoError):
    """What was handed in is refused, and nothing was changed by it."""

    exit_code = 3


class NotPermittedError(AcesoError):
    """The person has not permitted it, or no longer does."""

    exit_code = 4


class ServiceError(AcesoError):
    """Something that we depend on does not answer, or answers that it cannot."""

    exit_code = 5


class StorageError(ServiceError):
    """IPFS does not answer, or does not have what was asked of it."""


class ChainError(ServiceError):
    """An Ethereum node does not answer, or a transaction did not go through."""


class CustodyError(ServiceError):
    """Too few custodians answer."""


class IntegrityError(AcesoError):
    """What came back is not what was put in."""

    exit_code = 6


class VaultError(IntegrityError):
    """A body, capsule, share or list does not check out, or does not open with this key."""
