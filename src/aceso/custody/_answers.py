"""What a custodian answers, as its OpenAPI describes it, and as the tests compare each answer.

Nothing is built from these while it serves: answers are put together by hand, for speed. Bytes are
0x hexadecimal, long ones base64, and numbers too large for JavaScript decimal text, as in `_wire`.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from . import _wire as wire

__all__ = ["ANSWERS", "Refusal", "described"]

_Address = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]
_Bytes32 = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]
_Hex = Annotated[str, Field(pattern=r"^0x([0-9a-f]{2})*$")]
_Base64 = Annotated[
    str,
    Field(pattern=r"^[0-9A-Za-z+/]*={0,2}$", json_schema_extra={"contentEncoding": "base64"}),
]
_Count = Annotated[int, Field(ge=0)]
_Number = _Count | Annotated[str, Field(pattern=r"^[1-9][0-9]{15,77}$")]
_Next = Annotated[_Count | None, Field(description="What to ask for after this page, if anything")]


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Refusal(_Answer):
    """Why not, in a sentence and a stable code. Which code means what: docs/custody.md."""

    code: Annotated[str, Field(pattern=r"^E_[A-Z0-9_]+$")]
    message: Annotated[str, Field(min_length=1, max_length=1_000)]
    details: dict[str, Any]


class ListOpened(_Answer):
    listKey: _Address
    new: bool


class RecordTaken(_Answer):
    recordId: _Bytes32
    new: bool


class KeysKept(_Answer):
    kept: Literal[True]


class SealedKey(_Answer):
    listKey: _Address
    epoch: _Count
    receivingKey: _Bytes32
    signature: _Hex
    sealedKey: _Base64


class Listed(_Answer):
    entries: list[_Base64]
    sealedKeys: list[SealedKey]
    openings: list[wire.OpenListBody]
    next: _Next


class Released(_Answer):
    """The share, sealed to the receiving key, and the custodian's `Release` of it, signed."""

    share: _Base64
    signature: _Hex


class VersionKept(_Answer):
    version: _Count


class HeadMessage(_Answer):
    headKey: _Address
    version: _Number
    cid: str


class Head(_Answer):
    message: HeadMessage
    signature: _Hex


class RecoveryPart(_Answer):
    deposit: _Base64


class RecoveryDeletionReceiptMessage(_Answer):
    custodian: _Address
    persona: _Address
    version: _Number
    deletedAt: _Count


class RecoveryDeleted(_Answer):
    message: RecoveryDeletionReceiptMessage
    signature: _Hex


class WillPart(_Answer):
    deposit: _Base64


class WillDeletionReceiptMessage(_Answer):
    custodian: _Address
    persona: _Address
    version: _Number
    deletedAt: _Count


class WillDeleted(_Answer):
    message: WillDeletionReceiptMessage
    signature: _Hex


class Withdrawn(_Answer):
    state: Literal["pending", "on_chain"]


class DeletionReceiptMessage(_Answer):
    custodian: _Address
    listKey: _Address
    recordId: _Bytes32
    capsule: _Bytes32
    deletedAt: _Count


class Deleted(_Answer):
    message: DeletionReceiptMessage
    signature: _Hex


class DeliveryMessage(_Answer):
    order: _Number
    extract: _Bytes32
    receivingKey: _Bytes32
    capsule: _Bytes32


class PartHeldMessage(_Answer):
    order: _Number
    part: _Bytes32
    receivingKey: _Bytes32


class Attested(_Answer):
    """A `Delivery`; of a union's order, a `PartHeld`."""

    message: DeliveryMessage | PartHeldMessage
    signature: _Hex


class OrderEntry(_Answer):
    entry: _Base64


class Divided(_Answer):
    message: DeliveryMessage
    signature: _Hex
    list: _Base64


class PartLists(_Answer):
    lists: list[_Base64]


class PartConfirmed(_Answer):
    new: bool


class PartsConfirmed(_Answer):
    held: list[wire.HeldBody]


class PartsHere(_Answer):
    parts: _Base64


class LogHead(_Answer):
    custodian: _Address
    size: _Count
    root: _Bytes32
    signature: _Hex


class LogLine(_Answer):
    number: _Count
    place: _Count
    receipt: _Base64
    proof: list[_Bytes32]


class OrderLogLine(LogLine):
    salt: _Hex
    text: _Base64


class LogPage(_Answer):
    lines: list[LogLine]
    head: LogHead
    next: _Next


class OrderLogPage(_Answer):
    lines: list[OrderLogLine]
    head: LogHead
    next: _Next


class LogGrown(_Answer):
    proof: list[_Bytes32]


class _Done(_Answer):
    status: Literal[200]


class ListOpenedAct(ListOpened, _Done):
    pass


class RecordTakenAct(RecordTaken, _Done):
    pass


class KeysKeptAct(KeysKept, _Done):
    pass


class DeletedAct(Deleted, _Done):
    pass


class RefusedAct(Refusal):
    status: Annotated[int, Field(ge=400, le=503)]


class BatchTaken(_Answer):
    results: list[ListOpenedAct | RecordTakenAct | KeysKeptAct | DeletedAct | RefusedAct]


class Health(_Answer):
    status: Literal["ok"]
    address: _Address
    publicKey: _Hex
    chainId: _Count
    registry: _Address
    block: _Count
    confirmed: _Count
    followed: _Count
    relays: Annotated[str, Field(pattern=r"^(ok|off|E_[A-Z0-9_]+)$")]


# By method and route.
ANSWERS: Final[dict[tuple[str, str], type[BaseModel]]] = {
    ("POST", "/lists"): ListOpened,
    ("POST", "/lists/{listKey}/records"): RecordTaken,
    ("POST", "/lists/{listKey}/keys"): KeysKept,
    ("POST", "/list"): Listed,
    ("POST", "/release"): Released,
    ("POST", "/heads"): VersionKept,
    ("GET", "/heads/{headKey}"): Head,
    ("POST", "/recoveries"): VersionKept,
    ("POST", "/recoveries/release"): RecoveryPart,
    ("POST", "/recoveries/deletions"): RecoveryDeleted,
    ("POST", "/wills"): VersionKept,
    ("POST", "/wills/release"): WillPart,
    ("POST", "/wills/deletions"): WillDeleted,
    ("POST", "/withdrawals"): Withdrawn,
    ("POST", "/deletions"): Deleted,
    ("POST", "/orders/{order}/extract"): Attested,
    ("POST", "/orders/{order}/entry"): OrderEntry,
    ("POST", "/orders/{order}/division"): Divided,
    ("GET", "/orders/{order}/lists"): PartLists,
    ("POST", "/orders/{order}/held"): PartConfirmed,
    ("GET", "/orders/{order}/held"): PartsConfirmed,
    ("POST", "/orders/{order}/parts"): PartsHere,
    ("POST", "/orders/{order}/log"): OrderLogPage,
    ("POST", "/log"): LogPage,
    ("GET", "/log/head"): LogHead,
    ("GET", "/log/consistency"): LogGrown,
    ("POST", "/batches"): BatchTaken,
    ("GET", "/health"): Health,
}
_REFUSALS: Final = {
    400: "The form or what is in it is wrong",
    403: "It is not yours, not signed by who should have, or not permitted",
    404: "It is not here",
    409: "It contradicts what is here",
    410: "It was deleted",
    413: "The body is too long, or too slow",
    422: "A field is missing, unknown or not of its form",
    429: "You ask too often",
    503: "The chain or the database can't be relied on",
}
# Where nobody signs, and nothing is sent.
_OF_READING: Final = (400, 404, 422, 429, 503)
_OF_ROUTES: Final[dict[str, tuple[int, ...]]] = {
    "/log/head": (429, 503),
    "/health": (503,),
    "/metrics": (),
}
_WAIT: Final = {
    "Retry-After": {
        "description": "In how many seconds to ask again",
        "schema": {"type": "integer", "minimum": 1},
    }
}


def described(method: str, route: str) -> dict[int | str, dict[str, Any]]:
    """What is answered there, for OpenAPI."""
    statuses = _OF_READING if method == "GET" else tuple(_REFUSALS)
    statuses = _OF_ROUTES.get(route, statuses)
    said: dict[int | str, dict[str, Any]] = {
        status: {"model": Refusal, "description": _REFUSALS[status]} for status in statuses
    }
    if 429 in said:
        said[429]["headers"] = _WAIT
    if (method, route) in ANSWERS:
        said[200] = {"model": ANSWERS[method, route]}
    return said
