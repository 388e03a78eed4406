"""The messages as they come over HTTP: JSON with 0x hexadecimal, and base64 for long bytes.

Numbers are JSON numbers or decimal text, as JavaScript's end at 2^53. Each `…Message` has exactly
the fields of the typed message of that name; a test compares them with `eip712/`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
)

from ._typed import address

__all__ = [
    "MAX_ENTRY_BYTES",
    "ReleaseRequestMessage",
    "bytes_of",
    "hex_bytes",
    "text_of",
    "to_json",
]

MAX_ENTRY_BYTES: Final = 2 << 20
_SIGNATURE_BYTES: Final = 4096
_KEY_BYTES: Final = 4096
_BASE64_LETTERS: Final = 4 * (MAX_ENTRY_BYTES + 2) // 3
_DECIMAL: Final = re.compile(r"(?:0|[1-9][0-9]{0,77})\Z")


def _from_hex(least: int, most: int) -> Any:
    def read(value: object) -> bytes:
        if not isinstance(value, str) or len(value) > 2 + 2 * most or value[:2] != "0x":
            raise ValueError("it is not hexadecimal")
        data = bytes.fromhex(value[2:])
        # Python passes over spaces.
        if 2 + 2 * len(data) != len(value):
            raise ValueError("it is not hexadecimal")
        if len(data) < least:
            raise ValueError("it is too short")
        return data

    return read


def _number(bits: int) -> Any:
    def read(value: object) -> int:
        if isinstance(value, str) and _DECIMAL.match(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << bits:
            raise ValueError(f"it is not a number of {bits} bits")
        return value

    return read


def _from_base64(value: object) -> bytes:
    if not isinstance(value, str) or len(value) > _BASE64_LETTERS:
        raise ValueError("it is not base64, or too long")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("it is not base64") from None


def _schema(text: str, pattern: str, **more: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "description": text, "pattern": pattern} | more)


def _checked_address(value: bytes) -> str:
    return address(value)


Address = Annotated[
    str,
    BeforeValidator(lambda value: address(_from_hex(20, 20)(value))),
    _schema("an address", "^0x[0-9a-fA-F]{40}$"),
]
Bytes32 = Annotated[
    bytes, BeforeValidator(_from_hex(32, 32)), _schema("32 bytes", "^0x[0-9a-fA-F]{64}$")
]
KeyBytes = Annotated[
    bytes,
    BeforeValidator(_from_hex(1, _KEY_BYTES)),
    _schema("a public key", "^0x([0-9a-fA-F]{2})+$", maxLength=2 + 2 * _KEY_BYTES),
]
Signature = Annotated[
    bytes,
    BeforeValidator(_from_hex(0, _SIGNATURE_BYTES)),
    _schema("a signature", "^0x([0-9a-fA-F]{2})*$", maxLength=2 + 2 * _SIGNATURE_BYTES),
]
Blob = Annotated[
    bytes,
    BeforeValidator(_from_base64),
    _schema(
        "base64",
        "^([0-9A-Za-z+/]{4})*([0-9A-Za-z+/]{2}==|[0-9A-Za-z+/]{3}=)?$",
        contentEncoding="base64",
    ),
]


def _integer(bits: int) -> WithJsonSchema:
    number = {"type": "integer", "minimum": 0, "maximum": (1 << bits) - 1}
    text = {"type": "string", "pattern": "^(0|[1-9][0-9]{0,77})$"}
    return WithJsonSchema({"anyOf": [number, text]})


Uint8 = Annotated[int, BeforeValidator(_number(8)), _integer(8)]
Uint16 = Annotated[int, BeforeValidator(_number(16)), _integer(16)]
Uint24 = Annotated[int, BeforeValidator(_number(24)), _integer(24)]
Uint32 = Annotated[int, BeforeValidator(_number(32)), _integer(32)]
Uint64 = Annotated[int, BeforeValidator(_number(64)), _integer(64)]
# Greater numbers come as text: those of JSON end below in most languages.
Uint256 = Annotated[int, BeforeValidator(_number(256)), _integer(64)]
Cid = Annotated[
    str,
    Field(min_length=1, max_length=128, pattern=r"^[0-9A-Za-z]+$"),
]


class Wire(BaseModel):
    """What all have in common: what we don't know is refused, not passed over."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    def values_as_signed(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in type(self).model_fields}


class ListOpeningMessage(Wire):
    persona: Address
    listKey: Address
    dataClass: Uint32
    epoch: Uint32
    classPublicKey: KeyBytes
    ownerPublicKey: KeyBytes
    custodians: Annotated[list[Address], Field(min_length=2, max_length=16)]
    threshold: Uint8
    registry: Address
    logKey: KeyBytes


class ListPostMessage(Wire):
    listKey: Address
    recordId: Bytes32
    entry: Bytes32
    issuer: Address


class ListRequestMessage(Wire):
    subject: Address
    actor: Address
    grantee: Bytes32
    use: Uint16
    dataClass: Uint32
    custodian: Address
    nonce: Bytes32
    deadline: Uint256


class ReleaseRequestMessage(Wire):
    subject: Address
    actor: Address
    grantee: Bytes32
    use: Uint16
    dataClass: Uint32
    recordId: Bytes32
    receivingKey: KeyBytes
    custodian: Address
    nonce: Bytes32
    deadline: Uint256


class SealedKeysMessage(Wire):
    listKey: Address
    persona: Address
    grantee: Bytes32
    dataClass: Uint32
    epoch: Uint32
    receivingKey: Bytes32
    sealedKey: Bytes32


class ManifestHeadMessage(Wire):
    headKey: Address
    version: Uint64
    cid: Cid


class RecoveryDepositMessage(Wire):
    persona: Address
    version: Uint64
    custodian: Address
    deposit: Bytes32


class RecoveryRequestMessage(Wire):
    persona: Address
    requester: Address
    receivingKey: KeyBytes
    custodian: Address
    nonce: Bytes32
    deadline: Uint256


class RecoveryDeletionMessage(Wire):
    persona: Address
    version: Uint64
    custodian: Address


class WillDepositMessage(Wire):
    persona: Address
    version: Uint64
    custodian: Address
    deposit: Bytes32


class WillRequestMessage(Wire):
    persona: Address
    requester: Address
    receivingKey: KeyBytes
    custodian: Address
    nonce: Bytes32
    deadline: Uint256


class WillDeletionMessage(Wire):
    persona: Address
    version: Uint64
    custodian: Address


class WithdrawalMessage(Wire):
    subject: Address
    grantee: Bytes32
    withdrawals: Uint24


class WithdrawalOfAllMessage(Wire):
    subject: Address
    epoch: Uint24


class BarMessage(Wire):
    subject: Address
    actor: Address
    bars: Uint8


class DeletionMessage(Wire):
    listKey: Address
    recordId: Bytes32


class LogRequestMessage(Wire):
    listKey: Address
    custodian: Address
    nonce: Bytes32
    deadline: Uint256


class OrderLogRequestMessage(Wire):
    order: Uint256
    reader: Address
    custodian: Address
    nonce: Bytes32
    deadline: Uint256


class PartsRequestMessage(Wire):
    order: Uint256
    reader: Address
    custodian: Address
    nonce: Bytes32
    deadline: Uint256


class ExtractDepositMessage(Wire):
    desk: Address
    order: Uint256
    subject: Address
    recordId: Bytes32
    entry: Bytes32
    extract: Bytes32
    capsule: Bytes32


class OpenListBody(Wire):
    message: ListOpeningMessage
    personaSignature: Signature
    listSignature: Signature


class PostBody(Wire):
    message: ListPostMessage
    signature: Signature
    entry: Blob


class ListBody(Wire):
    message: ListRequestMessage
    signature: Signature
    after: Uint64 = 0


# Where in a union's delivery a member's part is.
Proof = Annotated[list[Bytes32], Field(max_length=32)]


class ReleaseBody(Wire):
    message: ReleaseRequestMessage
    signature: Signature
    capsule: Bytes32 | None = None
    proof: Proof = []


class SealedKeysBody(Wire):
    message: SealedKeysMessage
    signature: Signature
    sealedKey: Blob


class HeadBody(Wire):
    message: ManifestHeadMessage
    signature: Signature


class RecoveryDepositBody(Wire):
    message: RecoveryDepositMessage
    signature: Signature
    deposit: Blob


class RecoveryRequestBody(Wire):
    message: RecoveryRequestMessage
    signature: Signature


class RecoveryDeletionBody(Wire):
    message: RecoveryDeletionMessage
    signature: Signature


class WillDepositBody(Wire):
    message: WillDepositMessage
    signature: Signature
    deposit: Blob


class WillRequestBody(Wire):
    message: WillRequestMessage
    signature: Signature


class WillDeletionBody(Wire):
    message: WillDeletionMessage
    signature: Signature


class WithdrawalBody(Wire):
    type: Annotated[str, Field(pattern=r"^(Withdrawal|WithdrawalOfAll|Bar)$")]
    message: WithdrawalMessage | WithdrawalOfAllMessage | BarMessage
    signature: Signature


class DeletionBody(Wire):
    message: DeletionMessage
    signature: Signature


class LogBody(Wire):
    message: LogRequestMessage
    signature: Signature
    after: Uint64 = 0


class OrderLogBody(Wire):
    message: OrderLogRequestMessage
    signature: Signature
    after: Uint64 = 0


class ExtractBody(Wire):
    message: ExtractDepositMessage
    signature: Signature
    entry: Blob
    # Refused in a sentence where it is missing.
    certificate: Blob | None = None
    # Which receiving key of a study is the order's: the root of the list, and its page.
    keyRoot: Blob | None = None
    keyPage: Blob | None = None


class OrderEntryBody(Wire):
    message: ListRequestMessage
    signature: Signature
    proof: Proof = []


class HeldBody(Wire):
    part: Bytes32
    members: Annotated[list[Address], Field(min_length=1, max_length=16)]
    threshold: Uint8
    signers: Uint16
    signatures: Annotated[list[Signature], Field(max_length=16)]


class PartsBody(Wire):
    message: PartsRequestMessage
    signature: Signature


def to_json(message: Mapping[str, Any]) -> dict[str, Any]:
    """A message as JSON takes it."""
    return {name: _plain(value) for name, value in message.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, int) and value >= 1 << 53:
        return str(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def text_of(data: bytes) -> str:
    """Long bytes as JSON takes them."""
    return base64.b64encode(data).decode()


def bytes_of(text: str) -> bytes:
    """What `text_of` wrote, or a `ValueError`."""
    return base64.b64decode(text, validate=True)


def hex_bytes(text: str) -> bytes:
    """Short bytes as JSON has them, or a `ValueError`."""
    return bytes.fromhex(text.removeprefix("0x"))
