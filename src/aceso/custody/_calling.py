"""How a custodian is asked over HTTP, and what of an answer is believed: its form, and no more."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import orjson
from eth_account.signers.local import LocalAccount

from aceso.bounded_http import BoundedHttp, NoAnswerError, TooLongError
from aceso.codes import Reason
from aceso.vault import PublicKey

from ._typed import Domain, digest, sign
from ._typed import address as checked
from ._wire import to_json
from .errors import CustodianDownError, DeniedError, RequestRefusedError

__all__ = ["MAX_PAGES", "Calling", "SignedRequest"]

# A page of 4 MiB and one entry of 2 MiB more, in base64, with openings and sealed keys.
_MAX_ANSWER_BYTES: Final = 12 << 20
_MAX_SMALL_BYTES: Final = 64 << 10
MAX_PAGES: Final = 10_000


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A typed message with its signature."""

    kind: str
    message: Mapping[str, Any]
    signature: bytes
    digest: bytes

    @classmethod
    def sign(
        cls, account: LocalAccount, kind: str, message: Mapping[str, Any], domain: Domain
    ) -> SignedRequest:
        """Sign `message` as `account`."""
        return cls(
            kind,
            dict(message),
            sign(account, kind, message, domain),
            digest(kind, message, domain),
        )

    def body(self) -> dict[str, Any]:
        return {"message": to_json(self.message), "signature": "0x" + self.signature.hex()}


class Calling:
    """One custodian, by its URL. Safe to use from several threads."""

    def __init__(
        self,
        url: str,
        *,
        address: str,
        public_key: PublicKey,
        deadline: float = 5.0,
        domain: Domain | None = None,
    ):
        self.url = url.rstrip("/")
        self.address = checked(address)
        self.public_key = public_key
        self.deadline = deadline
        self._domain = domain
        self._http = BoundedHttp(most=_MAX_ANSWER_BYTES)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r}, address={self.address!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of its connections."""
        self._http.close()

    def _ask(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        large: bool = False,
        patience: float = 1.0,
    ) -> Any:
        try:
            answer = self._http.ask(
                method,
                self.url + path,
                None if body is None else orjson.dumps(body),
                ends=time.monotonic() + self.deadline * patience,
                most=_MAX_ANSWER_BYTES if large else _MAX_SMALL_BYTES,
            )
        except TooLongError as exc:
            raise CustodianDownError(self.address, "answers with more than it should") from exc
        except NoAnswerError as exc:
            why = "answers too slowly" if exc.is_late else f"does not answer at {self.url}"
            raise CustodianDownError(self.address, why) from exc
        return self._read(answer.status, answer.body)

    def _read(self, status: int, content: bytes) -> Any:
        try:
            said = orjson.loads(content)
            if not isinstance(said, dict):
                raise ValueError("not an object")
        except ValueError as exc:
            raise self._nonsense() from exc
        if status == 200:
            return said
        code, message = str(said.get("code", "")), str(said.get("message", ""))[:500]
        details = said.get("details")
        details = details if isinstance(details, dict) else {}
        if code == "E_DENIED":
            try:
                reason = Reason(details["reason"])
                if not reason.permits:
                    raise DeniedError(
                        reason, self.address, is_pending=details.get("pending") is True
                    )
                # A denial whose reason permits: the confirmed block is the one that lags.
            except (KeyError, ValueError) as exc:
                raise self._nonsense() from exc
        if 400 <= status < 500:
            try:
                raise RequestRefusedError(message, code=code, status=status, custodian=self.address)
            except ValueError as exc:
                raise self._nonsense() from exc
        raise CustodianDownError(self.address, f"can't answer now ({message or status})")

    def _nonsense(self) -> CustodianDownError:
        return CustodianDownError(self.address, "answers in a form that we don't know")

    def _parse(self, read: Callable[[], Any]) -> Any:
        try:
            return read()
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as exc:
            raise self._nonsense() from exc
