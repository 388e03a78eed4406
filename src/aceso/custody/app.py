"""The custodian's HTTP face.

Every answer is JSON. What is refused is refused with one sentence and a stable code:

    {"code": "E_DENIED", "message": "Not permitted: the person withdrew the consent.",
     "details": {"reason": 6, "custodian": "0x…", "pending": false}}

400 bad form, 403 not you or not permitted, 404 not here, 409 contradicts what is here, 410 deleted,
413 too large, 422 a field is wrong, 429 too often, 503 the chain can't be relied on. A body that is
too long is never kept, and one that doesn't come to an end is cut off.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import math
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any, Final, TypeVar

import orjson
from fastapi import FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BeforeValidator
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response

from aceso.errors import AcesoError, ChainError, InputError, NotPermittedError
from aceso.storage import ShownItem

from . import _wire as wire
from ._answers import described
from ._batches import add_batches
from ._metrics import CONTENT_TYPE_LATEST, Measured, Metrics
from ._rates import Rates, client_name
from ._service import Service
from .errors import RequestRefusedError
from .logbook import LogHead
from .parts import Held

__all__ = ["make_app"]

_log = logging.getLogger("aceso.custody")

_T = TypeVar("_T")
_AT_DOORS: Final = 12
# One of them writes at a time, so more would only wait.
_BATCHES: Final = 4
_SMALL_BODY: Final = 64 << 10
_LARGE_BODY: Final = 4 * wire.MAX_ENTRY_BYTES // 3 + _SMALL_BODY
_BODY_SECONDS: Final = 30.0
_PASS_SECONDS: Final = 3.0
_SECONDS_IN_STORE: Final = 10
# What is never counted: whoever watches the service should see it when it is busy.
_UNCOUNTED: Final = ("/health", "/metrics")
_PASS_BYTES: Final = 32 << 20

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


def _order_of(value: object) -> int:
    text = str(value)
    if not text.isascii() or not text.isdigit() or len(text) > 78 or int(text) >> 256:
        raise ValueError("it is not the number of an order")
    return int(text)


_AddressPath = Annotated[str, Path(pattern=r"^0x[0-9a-fA-F]{40}$")]
# Of as many bits as the chain has; 78 digits may be more.
_OrderPath = Annotated[
    int, Path(json_schema_extra={"pattern": "^[0-9]{1,78}$"}), BeforeValidator(_order_of)
]
_LogSize = Annotated[int, Query(ge=0, lt=1 << 62)]


class _Json(JSONResponse):
    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


class _Route(APIRoute):
    """With what is answered there in the OpenAPI."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **more: Any):
        (method,) = more["methods"]
        super().__init__(path, endpoint, **more | {"responses": described(method, path)})


def _hex(data: bytes) -> str:
    return "0x" + data.hex()


def _head(head: LogHead) -> dict[str, Any]:
    return {
        "custodian": head.custodian,
        "size": head.size,
        "root": _hex(head.root),
        "signature": _hex(head.signature),
    }


def make_app(service: Service, *, client_rate: float = 0.0) -> FastAPI:
    """The application of one custodian. `client_rate`: requests of one client in a second."""
    metrics = Metrics(service)
    doors, batches = _Few(_AT_DOORS), _Few(_BATCHES)
    rates = Rates(per_second=client_rate, in_store=max(1.0, _SECONDS_IN_STORE * client_rate))
    app = FastAPI(
        title="Aceso custodian",
        version="1",
        description="Keeps shares of records' keys, and releases them when the person permits it.",
        default_response_class=_Json,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.router.route_class = _Route
    app.add_middleware(_Limits, rates=rates)
    app.add_middleware(Measured, metrics=metrics)

    @app.post("/lists", summary="Open a list for a persona")
    def open_list(body: wire.OpenListBody) -> Response:
        return _Json(
            service.lists.open(
                body.message.values_as_signed(), body.personaSignature, body.listSignature
            )
        )

    @app.post("/lists/{listKey}/records", summary="Take a record into custody")
    def post(listKey: _AddressPath, body: wire.PostBody) -> Response:
        _same(listKey, body.message.listKey)
        return _Json(
            service.lists.post(body.message.values_as_signed(), body.signature, body.entry)
        )

    @app.post("/lists/{listKey}/keys", summary="Leave a sealed class key for a grantee")
    def leave_keys(listKey: _AddressPath, body: wire.SealedKeysBody) -> Response:
        _same(listKey, body.message.listKey)
        return _Json(
            service.lists.leave_keys(
                body.message.values_as_signed(), body.signature, body.sealedKey
            )
        )

    @app.post("/list", summary="List the records of one class (a door)")
    async def listing(body: wire.ListBody) -> Response:
        found = await doors(
            service.releases.listing, body.message.values_as_signed(), body.signature, body.after
        )
        return _Json(
            {
                "entries": [wire.text_of(entry) for entry in found["entries"]],
                "sealedKeys": [
                    {
                        "listKey": key["listKey"],
                        "epoch": key["epoch"],
                        "receivingKey": _hex(key["receivingKey"]),
                        "signature": _hex(key["signature"]),
                        "sealedKey": wire.text_of(key["sealed"]),
                    }
                    for key in found["sealed_keys"]
                ],
                "openings": [json.loads(document) for document in found["openings"]],
                "next": found["next"],
            }
        )

    @app.post("/release", summary="Release the share of one record's key (a door)")
    async def release(body: wire.ReleaseBody) -> Response:
        given = await doors(
            service.release,
            body.message.values_as_signed(),
            body.signature,
            body.capsule,
            body.proof,
        )
        return _Json(given.to_json())

    @app.post("/heads", summary="Keep the newest head of a vault's index")
    def put_head(body: wire.HeadBody) -> Response:
        return _Json(service.heads.put(body.message.values_as_signed(), body.signature))

    @app.get("/heads/{headKey}", summary="The newest head of a vault's index")
    def get_head(headKey: _AddressPath) -> Response:
        return _Json(service.heads.get(headKey))

    @app.post("/recoveries", summary="Leave a part of a sealed seed")
    def leave_recovery(body: wire.RecoveryDepositBody) -> Response:
        return _Json(
            service.recoveries.put(body.message.values_as_signed(), body.signature, body.deposit)
        )

    @app.post("/recoveries/release", summary="A part of a sealed seed, after the delay")
    def release_recovery(body: wire.RecoveryRequestBody) -> Response:
        deposit = service.recoveries.release(body.message.values_as_signed(), body.signature)
        return _Json({"deposit": wire.text_of(deposit)})

    @app.post("/recoveries/deletions", summary="Delete a part of a sealed seed of before")
    def delete_recovery(body: wire.RecoveryDeletionBody) -> Response:
        return _Json(service.recoveries.delete(body.message.values_as_signed(), body.signature))

    @app.post("/wills", summary="Leave a part of a will")
    def leave_will(body: wire.WillDepositBody) -> Response:
        return _Json(
            service.wills.put(body.message.values_as_signed(), body.signature, body.deposit)
        )

    @app.post("/wills/release", summary="A part of a will, for a guardian after the death")
    def release_will(body: wire.WillRequestBody) -> Response:
        deposit = service.wills.release(body.message.values_as_signed(), body.signature)
        return _Json({"deposit": wire.text_of(deposit)})

    @app.post("/wills/deletions", summary="Delete a part of a will of before")
    def delete_will(body: wire.WillDeletionBody) -> Response:
        return _Json(service.wills.delete(body.message.values_as_signed(), body.signature))

    @app.post("/withdrawals", summary="Show a signed withdrawal, which holds here at once")
    def withdraw(body: wire.WithdrawalBody) -> Response:
        if type(body.message).__name__ != body.type + "Message":
            raise RequestRefusedError(
                f"The message has not the fields of a {body.type}.",
                code="E_BAD_REQUEST",
                status=422,
            )
        return _Json(
            service.withdrawals.take(body.type, body.message.values_as_signed(), body.signature)
        )

    @app.post("/deletions", summary="Delete a record's capsule and entry")
    def delete(body: wire.DeletionBody) -> Response:
        return _Json(service.deletions.delete(body.message.values_as_signed(), body.signature))

    @app.post("/orders/{order}/extract", summary="Deposit the extract of an order")
    def deposit(order: _OrderPath, body: wire.ExtractBody) -> Response:
        root, page = body.keyRoot, body.keyPage
        keys = ShownItem(root, page) if root is not None and page is not None else None
        return _Json(
            service.orders.deposit(
                order,
                body.message.values_as_signed(),
                body.signature,
                body.entry,
                body.certificate,
                keys,
            )
        )

    @app.post("/orders/{order}/entry", summary="The entry of an order's extract (a door)")
    async def order_entry(order: _OrderPath, body: wire.OrderEntryBody) -> Response:
        entry = await doors(
            service.orders.entry,
            order,
            body.message.values_as_signed(),
            body.signature,
            body.proof,
        )
        return _Json({"entry": wire.text_of(entry)})

    # Not of the threads that withdrawals use: whoever asks need not be anybody.
    @app.post("/orders/{order}/division", summary="Attest what a union's members delivered")
    async def division(order: _OrderPath) -> Response:
        return _Json(await batches(service.divisions.divide, order))

    @app.get("/orders/{order}/lists", summary="What was attested of a union's order")
    async def lists(order: _OrderPath) -> Response:
        return _Json({"lists": await batches(service.divisions.lists, order)})

    @app.post("/orders/{order}/held", summary="Show that enough custodians hold a part")
    async def confirm(order: _OrderPath, body: wire.HeldBody) -> Response:
        held = Held(
            body.part,
            tuple(body.members),
            body.threshold,
            body.signers,
            tuple(body.signatures),
        )
        return _Json(await batches(service.divisions.confirm, order, held))

    @app.get("/orders/{order}/held", summary="The parts that enough custodians hold")
    async def held_parts(order: _OrderPath) -> Response:
        return _Json({"held": await batches(service.divisions.confirmed, order)})

    @app.post("/orders/{order}/parts", summary="Whose parts of a union's order are here")
    async def parts(order: _OrderPath, body: wire.PartsBody) -> Response:
        message = body.message.values_as_signed()
        told = await batches(service.divisions.parts, order, message, body.signature)
        return _Json({"parts": wire.text_of(told)})

    @app.post("/orders/{order}/log", summary="The receipts of an order, for its parties")
    def order_log(order: _OrderPath, body: wire.OrderLogBody) -> Response:
        message = body.message.values_as_signed()
        found = service.order_log.read_order(order, message, body.signature, body.after)
        return _Json(
            {
                "lines": [
                    {
                        "number": told.line.number,
                        "place": told.line.place,
                        "receipt": wire.text_of(told.line.receipt),
                        "proof": [_hex(part) for part in told.proof],
                        "salt": _hex(told.salt),
                        "text": wire.text_of(told.text),
                    }
                    for told in found["lines"]
                ],
                "head": _head(found["head"]),
                "next": found["next"],
            }
        )

    @app.post("/log", summary="The sealed receipts of a list, for its owner")
    def log(body: wire.LogBody) -> Response:
        found = service.log.read(body.message.values_as_signed(), body.signature, body.after)
        return _Json(
            {
                "lines": [
                    {
                        "number": line.number,
                        "place": line.place,
                        "receipt": wire.text_of(line.receipt),
                        "proof": [_hex(part) for part in proof],
                    }
                    for line, proof in found["lines"]
                ],
                "head": _head(found["head"]),
                "next": found["next"],
            }
        )

    @app.get("/log/head", summary="The size and root of the log, signed")
    def log_head() -> Response:
        return _Json(_head(service.log.head()))

    @app.get("/log/consistency", summary="The proof that a shorter log grew into a longer one")
    def log_consistency(earlier: _LogSize, size: _LogSize) -> Response:
        return _Json({"proof": [_hex(part) for part in service.log.consistency(earlier, size)]})

    add_batches(app, lambda acts: batches(service.batches.take, acts), _Json)

    @app.get("/health", summary="Who this is, and what it sees of the chain")
    def health() -> Response:
        return _Json(service.health())

    @app.get(
        "/metrics",
        summary="How much is asked and how fast it is answered, for Prometheus",
        response_class=PlainTextResponse,
    )
    def figures() -> Response:
        return Response(metrics.page(), media_type=CONTENT_TYPE_LATEST)

    @app.exception_handler(AcesoError)
    async def refused(request: Request, error: AcesoError) -> Response:
        metrics.refusals.labels(error.code).inc()
        response = _Json(
            {"code": error.code, "message": error.message, "details": dict(error.details)},
            status_code=_status(error),
        )
        if "retryAfter" in error.details:
            response.headers["retry-after"] = str(error.details["retryAfter"])
        return response

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        if first["type"] in ("json_invalid", "value_error.jsondecode"):
            return _plain(400, "E_BAD_JSON", "The body is not JSON.")
        # Only where, never what: the input may hold anything.
        where = ".".join(_ascii(part) for part in first["loc"])
        return _plain(422, "E_BAD_REQUEST", f"{where} is missing, unknown or not of its form.")

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        code, message = {
            400: ("E_BAD_JSON", "The body is not JSON."),
            404: ("E_NO_ROUTE", "There is no such address here; /openapi.json lists them."),
            405: ("E_NO_METHOD", "This address takes another method."),
        }.get(error.status_code, ("E_REFUSED", "The request is refused."))
        return _plain(error.status_code, code, message)

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        return _plain(500, "E_DEFECT", "A defect of the custodian; its log says more.")

    return app


def _plain(status: int, code: str, message: str) -> Response:
    return _Json({"code": code, "message": message, "details": {}}, status_code=status)


def _ascii(part: object) -> str:
    return str(part)[:60].encode("ascii", "backslashreplace").decode()


def _same(path: str, signed: str) -> None:
    if path.lower() != signed.lower():
        raise RequestRefusedError(
            "The path names another list key than the message.", code="E_LIST_PATH"
        )


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


class _Few:
    """Threads for what is asked most, a few at a time. More of them would only take the interpreter
    from each other and from what reads and answers; and however many ask, or wait for a node, the
    other threads are free for a withdrawal."""

    def __init__(self, number: int):
        self._pool = ThreadPoolExecutor(number, thread_name_prefix="aceso-door")

    async def __call__(self, act: Callable[..., _T], *arguments: Any) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, act, *arguments)


class _TooLargeError(Exception):
    pass


class _Limits:
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
            response = _plain(429, "E_TOO_MANY", f"You ask too often. Ask again in {wait} seconds.")
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
    response = _plain(413, "E_TOO_LARGE", f"The body is longer than {limit} bytes, or too slow.")
    response.headers["connection"] = "close"
    await response(scope, receive, send)
