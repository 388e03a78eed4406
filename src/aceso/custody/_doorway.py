"""The short way to what is asked most: a request that is well formed, to a path that is known.

The framework matches each request against all routes, looks for what each parameter may depend on,
and wraps it several times; for a release that costs more than the release. So a POST of JSON to one
of these paths is read here and handed to the very function that the framework would call; and
whatever isn't just that, or does not fit its form, goes to the framework after all, which says what
is wrong in its one way. It describes these paths, too.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any, Final

import orjson
from fastapi import FastAPI, Request
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.responses import Response

from aceso.errors import AcesoError

from ._responses import Receive, Scope, Send

__all__ = ["Doorway"]

_JSON: Final = (b"content-type", b"application/json")


class Doorway:
    """Before the application."""

    def __init__(self, app: FastAPI, forms: Mapping[str, type[BaseModel]]):
        """`forms`: of the bodies that routes of the app take, by their paths."""
        self._app = app
        routes = {route.path: route for route in app.routes if isinstance(route, APIRoute)}
        self._doors = {path: (routes[path], form) for path, form in forms.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        door = self._doors.get(scope["path"]) if scope["type"] == "http" else None
        if door is None or scope["method"] != "POST" or _JSON not in scope["headers"]:
            await self._app(scope, receive, send)
            return
        route, form = door
        body, is_whole = await _read(receive)
        try:
            asked = form.model_validate(orjson.loads(body)) if is_whole else None
        except ValueError:
            asked = None
        if asked is None:
            await self._app(scope, _again(body, receive, is_whole=is_whole), send)
            return
        # By which it is counted.
        scope["route"] = route
        try:
            response = await route.endpoint(asked)
        except AcesoError as error:
            response = await self._said(AcesoError, scope, error)
        except Exception as error:
            await (await self._said(Exception, scope, error))(scope, receive, send)
            # The server writes it down.
            raise
        await response(scope, receive, send)

    async def _said(self, kind: type[Exception], scope: Scope, error: Exception) -> Response:
        """As the framework says it."""
        handler: Any = self._app.exception_handlers[kind]
        said: Response = await handler(Request(scope), error)
        return said


async def _read(receive: Receive) -> tuple[bytes, bool]:
    """The body, and whether it came to its end."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts), False
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts), True


def _again(body: bytes, receive: Receive, *, is_whole: bool) -> Receive:
    """What was read, as if it weren't."""
    is_read = False

    async def receive_again() -> MutableMapping[str, Any]:
        nonlocal is_read
        if is_read or not is_whole:
            return await receive()
        is_read = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_again
