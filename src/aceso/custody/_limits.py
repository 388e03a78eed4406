"""What no request may be: too long, without an end, or one of too many of the same client."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import MutableMapping
from typing import Any, Final

from . import _wire as wire
from ._rates import Rates, client_name
from ._responses import App, Receive, Scope, Send, plain

__all__ = ["Limits"]

_SMALL_BODY: Final = 64 << 10
_LARGE_BODY: Final = 4 * wire.MAX_ENTRY_BYTES // 3 + _SMALL_BODY
_BODY_SECONDS: Final = 30.0
_PASS_SECONDS: Final = 3.0
# What is never counted: whoever watches the service should see it when it is busy.
_UNCOUNTED: Final = ("/health", "/metrics")
_PASS_BYTES: Final = 32 << 20


class _TooLargeError(Exception):
    pass


class Limits:
    """Refuses bodies that are too long, or that don't come, and clients that ask too often."""

    def __init__(self, app: App, rates: Rates):
        self._app = app
        self._rates = rates

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = str(scope["path"])
        wait = self._wait(scope, path)
        if wait:
            response = plain(429, "E_TOO_MANY", f"You ask too often. Ask again in {wait} seconds.")
            response.headers["retry-after"] = str(wait)
            await response(scope, receive, send)
            return
        limit = (
            _LARGE_BODY
            if path.endswith(("/records", "/extract", "/batches", "/wills"))
            else _SMALL_BODY
        )
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if not length.isdigit() or int(length[:20]) > limit:
            await _refuse(limit, scope, receive, send)
            return
        read = 0
        whole = exceeded = False
        finish = asyncio.get_running_loop().time() + _BODY_SECONDS

        async def limited() -> MutableMapping[str, Any]:
            nonlocal read, whole, exceeded
            if whole:
                return await receive()
            try:
                async with asyncio.timeout_at(finish):
                    message = await receive()
            except TimeoutError:
                exceeded = True
                raise _TooLargeError from None
            if message["type"] == "http.request":
                read += len(message.get("body", b""))
                whole = not message.get("more_body", False)
                if read > limit:
                    exceeded = True
                    raise _TooLargeError
            return message

        async def answer(message: MutableMapping[str, Any]) -> None:
            # The framework takes any failure to read for a body that is not JSON.
            if not exceeded:
                await send(message)

        with contextlib.suppress(_TooLargeError):
            await self._app(scope, limited, answer)
        if exceeded:
            await _refuse(limit, scope, receive, send, whole=whole)

    def _wait(self, scope: Scope, path: str) -> int:
        """The seconds that this client has to wait."""
        name = client_name((scope.get("client") or ("",))[0])
        if not name or path in _UNCOUNTED:
            return 0
        # Withdrawals are counted apart, so that nothing else that is asked keeps one out.
        return math.ceil(self._rates.take(f"{name} {path == '/withdrawals'}"))


async def _refuse(
    limit: int, scope: Scope, receive: Receive, send: Send, *, whole: bool = False
) -> None:
    """Say so. What has been sent meanwhile is passed over, for as long as is reasonable: whoever
    sends on a connection that was closed on them never reads the answer."""
    passed = 0
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_PASS_SECONDS):
            while not whole and passed < _PASS_BYTES:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    break
                passed += len(message.get("body", b""))
    response = plain(413, "E_TOO_LARGE", f"The body is longer than {limit} bytes, or too slow.")
    response.headers["connection"] = "close"
    await response(scope, receive, send)
