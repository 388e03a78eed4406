"""How a custodian answers: JSON, and a refusal with a sentence and a stable code."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson
from starlette.responses import JSONResponse, Response

from aceso.errors import AcesoError, ChainError, InputError, NotPermittedError

from .errors import RequestRefusedError

__all__ = ["App", "Json", "Receive", "Scope", "Send", "plain", "refusal"]

_log = logging.getLogger("aceso.custody")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Json(JSONResponse):
    """JSON."""

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


def plain(status: int, code: str, message: str) -> Response:
    """A refusal by what carries requests, which knows no more than that."""
    return Json({"code": code, "message": message, "details": {}}, status_code=status)


def refusal(error: AcesoError) -> Response:
    """What was refused, and why."""
    response = Json(
        {"code": error.code, "message": error.message, "details": dict(error.details)},
        status_code=_status(error),
    )
    if "retryAfter" in error.details:
        response.headers["retry-after"] = str(error.details["retryAfter"])
    return response


def _status(error: AcesoError) -> int:
    if isinstance(error, RequestRefusedError):
        return error.status
    if isinstance(error, NotPermittedError):
        return 403
    if isinstance(error, ChainError):
        return 503
    if isinstance(error, InputError):
        return 400
    # Ours to mend: the disk, the database, a key file that doesn't fit it.
    _log.error("%s: %s", error.code, error.message)
    return 503
