"""The custodian's HTTP face.

Every answer is JSON. What is refused is refused with one sentence and a stable code:

    {"code": "E_DENIED", "message": "Not permitted: the person withdrew the consent.",
     "details": {"reason": 6, "custodian": "0x…", "pending": false}}

400 bad form, 403 not you or not permitted, 404 not here, 409 contradicts what is here, 410 deleted,
413 too large, 422 a field is wrong, 429 too often, 503 the chain can't be relied on. A body that is
too long is never kept, and one that doesn't come to an end is cut off.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import FastAPI, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BeforeValidator
from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response

from aceso.errors import AcesoError
from aceso.storage import ShownItem

from . import _wire as wire
from ._answers import described
from ._batches import add_batches
from ._doorway import Doorway
from ._limits import Limits
from ._metrics import CONTENT_TYPE_LATEST, Measured, Metrics
from ._rates import Rates
from ._releases import Wanted
from ._responses import App, Json, plain, refusal
from ._service import Service
from ._turns import Few, Turns
from .errors import RequestRefusedError
from .logbook import LogHead
from .parts import Held
from .proof import Release

__all__ = ["make_app", "make_routes"]

_AT_DOORS: Final = 12
_RELEASES_IN_A_TURN: Final = 32
# One of them writes at a time, so more would only wait.
_BATCHES: Final = 4
_SECONDS_IN_STORE: Final = 10


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


def make_app(service: Service, *, client_rate: float = 0.0) -> App:
    """The application of one custodian. `client_rate`: requests of one client in a second."""
    metrics = Metrics(service)
    rates = Rates(per_second=client_rate, in_store=max(1.0, _SECONDS_IN_STORE * client_rate))
    # What is asked most goes by a shorter way to the same answers.
    doorway = Doorway(
        make_routes(service, metrics), {"/list": wire.ListBody, "/release": wire.ReleaseBody}
    )
    return Measured(Limits(doorway, rates), metrics)


def make_routes(service: Service, metrics: Metrics) -> FastAPI:
    """What is answered, and how the OpenAPI describes it."""
    doors, batches = Few(_AT_DOORS), Few(_BATCHES)
    releases: Turns[Wanted, Release] = Turns(
        lambda wanted: service.releases.release_all(wanted),
        alone=lambda wanted: service.releases.release(wanted),
        among=doors,
        most=_RELEASES_IN_A_TURN,
    )
    app = FastAPI(
        title="Aceso custodian",
        version="1",
        description="Keeps shares of records' keys, and releases them when the person permits it.",
        default_response_class=Json,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.router.route_class = _Route

    @app.post("/lists", summary="Open a list for a persona")
    def open_list(body: wire.OpenListBody) -> Response:
        return Json(
            service.lists.open(
                body.message.values_as_signed(), body.personaSignature, body.listSignature
            )
        )

    @app.post("/lists/{listKey}/records", summary="Take a record into custody")
    def post(listKey: _AddressPath, body: wire.PostBody) -> Response:
        _same(listKey, body.message.listKey)
        return Json(service.lists.post(body.message.values_as_signed(), body.signature, body.entry))

    @app.post("/lists/{listKey}/keys", summary="Leave a sealed class key for a grantee")
    def leave_keys(listKey: _AddressPath, body: wire.SealedKeysBody) -> Response:
        _same(listKey, body.message.listKey)
        return Json(
            service.lists.leave_keys(
                body.message.values_as_signed(), body.signature, body.sealedKey
            )
        )

    @app.post("/list", summary="List the records of one class (a door)")
    async def listing(body: wire.ListBody) -> Response:
        found = await doors(
            service.listings.listing, body.message.values_as_signed(), body.signature, body.after
        )
        return Json(
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
        message = body.message.values_as_signed()
        if service.is_of_order(message["grantee"]):
            given = await doors(service.orders.release, message, body.signature, body.proof)
        else:
            given = await releases(Wanted(message, body.signature, body.capsule))
        return Json(given.to_json())

    @app.post("/heads", summary="Keep the newest head of a vault's index")
    def put_head(body: wire.HeadBody) -> Response:
        return Json(service.heads.put(body.message.values_as_signed(), body.signature))

    @app.get("/heads/{headKey}", summary="The newest head of a vault's index")
    def get_head(headKey: _AddressPath) -> Response:
        return Json(service.heads.get(headKey))

    @app.post("/recoveries", summary="Leave a part of a sealed seed")
    def leave_recovery(body: wire.RecoveryDepositBody) -> Response:
        return Json(
            service.recoveries.put(body.message.values_as_signed(), body.signature, body.deposit)
        )

    @app.post("/recoveries/release", summary="A part of a sealed seed, after the delay")
    def release_recovery(body: wire.RecoveryRequestBody) -> Response:
        deposit = service.recoveries.release(body.message.values_as_signed(), body.signature)
        return Json({"deposit": wire.text_of(deposit)})

    @app.post("/recoveries/deletions", summary="Delete a part of a sealed seed of before")
    def delete_recovery(body: wire.RecoveryDeletionBody) -> Response:
        return Json(service.recoveries.delete(body.message.values_as_signed(), body.signature))

    @app.post("/wills", summary="Leave a part of a will")
    def leave_will(body: wire.WillDepositBody) -> Response:
        return Json(
            service.wills.put(body.message.values_as_signed(), body.signature, body.deposit)
        )

    @app.post("/wills/release", summary="A part of a will, for a guardian after the death")
    def release_will(body: wire.WillRequestBody) -> Response:
        deposit = service.wills.release(body.message.values_as_signed(), body.signature)
        return Json({"deposit": wire.text_of(deposit)})

    @app.post("/wills/deletions", summary="Delete a part of a will of before")
    def delete_will(body: wire.WillDeletionBody) -> Response:
        return Json(service.wills.delete(body.message.values_as_signed(), body.signature))

    @app.post("/withdrawals", summary="Show a signed withdrawal, which holds here at once")
    def withdraw(body: wire.WithdrawalBody) -> Response:
        if type(body.message).__name__ != body.type + "Message":
            raise RequestRefusedError(
                f"The message has not the fields of a {body.type}.",
                code="E_BAD_REQUEST",
                status=422,
            )
        return Json(
            service.withdrawals.take(body.type, body.message.values_as_signed(), body.signature)
        )

    @app.post("/deletions", summary="Delete a record's capsule and entry")
    def delete(body: wire.DeletionBody) -> Response:
        return Json(service.deletions.delete(body.message.values_as_signed(), body.signature))

    @app.post("/orders/{order}/extract", summary="Deposit the extract of an order")
    def deposit(order: _OrderPath, body: wire.ExtractBody) -> Response:
        root, page = body.keyRoot, body.keyPage
        keys = ShownItem(root, page) if root is not None and page is not None else None
        return Json(
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
        return Json({"entry": wire.text_of(entry)})

    # Not of the threads that withdrawals use: whoever asks need not be anybody.
    @app.post("/orders/{order}/division", summary="Attest what a union's members delivered")
    async def division(order: _OrderPath) -> Response:
        return Json(await batches(service.divisions.divide, order))

    @app.get("/orders/{order}/lists", summary="What was attested of a union's order")
    async def lists(order: _OrderPath) -> Response:
        return Json({"lists": await batches(service.divisions.lists, order)})

    @app.post("/orders/{order}/held", summary="Show that enough custodians hold a part")
    async def confirm(order: _OrderPath, body: wire.HeldBody) -> Response:
        held = Held(
            body.part,
            tuple(body.members),
            body.threshold,
            body.signers,
            tuple(body.signatures),
        )
        return Json(await batches(service.divisions.confirm, order, held))

    @app.get("/orders/{order}/held", summary="The parts that enough custodians hold")
    async def held_parts(order: _OrderPath) -> Response:
        return Json({"held": await batches(service.divisions.confirmed, order)})

    @app.post("/orders/{order}/parts", summary="Whose parts of a union's order are here")
    async def parts(order: _OrderPath, body: wire.PartsBody) -> Response:
        message = body.message.values_as_signed()
        told = await batches(service.divisions.parts, order, message, body.signature)
        return Json({"parts": wire.text_of(told)})

    @app.post("/orders/{order}/log", summary="The receipts of an order, for its parties")
    def order_log(order: _OrderPath, body: wire.OrderLogBody) -> Response:
        message = body.message.values_as_signed()
        found = service.order_log.read_order(order, message, body.signature, body.after)
        return Json(
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
        return Json(
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
        return Json(_head(service.log.head()))

    @app.get("/log/consistency", summary="The proof that a shorter log grew into a longer one")
    def log_consistency(earlier: _LogSize, size: _LogSize) -> Response:
        return Json({"proof": [_hex(part) for part in service.log.consistency(earlier, size)]})

    add_batches(app, lambda acts: batches(service.batches.take, acts), Json)

    @app.get("/health", summary="Who this is, and what it sees of the chain")
    def health() -> Response:
        return Json(service.health())

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
        return refusal(error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        if first["type"] in ("json_invalid", "value_error.jsondecode"):
            return plain(400, "E_BAD_JSON", "The body is not JSON.")
        # Only where, never what: the input may hold anything.
        where = ".".join(_ascii(part) for part in first["loc"])
        return plain(422, "E_BAD_REQUEST", f"{where} is missing, unknown or not of its form.")

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        code, message = {
            400: ("E_BAD_JSON", "The body is not JSON."),
            404: ("E_NO_ROUTE", "There is no such address here; /openapi.json lists them."),
            405: ("E_NO_METHOD", "This address takes another method."),
        }.get(error.status_code, ("E_REFUSED", "The request is refused."))
        return plain(error.status_code, code, message)

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        return plain(500, "E_DEFECT", "A defect of the custodian; its log says more.")

    return app


def _ascii(part: object) -> str:
    return str(part)[:60].encode("ascii", "backslashreplace").decode()


def _same(path: str, signed: str) -> None:
    if path.lower() != signed.lower():
        raise RequestRefusedError(
            "The path names another list key than the message.", code="E_LIST_PATH"
        )
