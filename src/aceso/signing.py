"""Typed data (EIP-712): digest, sign, recover.

    domain = domain_of(chain_id, registry)
    signature = sign(account, "Withdrawal", message, domain)
    recover("Withdrawal", message, domain, signature) == account.address

Written out here rather than left to a library because a custodian checks thousands of signatures; a
test compares every type with eth-account. Signatures are r, s, v with v 27 or 28 and a low s, and
nothing else is accepted, as by the contracts.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

import coincurve
from eth_account.signers.local import LocalAccount

from aceso.ethereum import checksum, keccak
from aceso.typed_data import TYPES

__all__ = [
    "DOMAIN_NAME",
    "DOMAIN_VERSION",
    "digest",
    "domain_of",
    "domain_separator",
    "recover",
    "recover_digest",
    "sign",
    "sign_digest",
]

DOMAIN_NAME: Final = "Aceso"
DOMAIN_VERSION: Final = "1"

_DOMAIN_TYPE: Final = (
    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
)
_HALF_ORDER: Final = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


def domain_of(chain_id: int, contract: str) -> dict[str, Any]:
    """The domain of every message that a contract, or those who stand by it, verify."""
    return {
        "name": DOMAIN_NAME,
        "version": DOMAIN_VERSION,
        "chainId": chain_id,
        "verifyingContract": contract,
    }


def domain_separator(domain: Mapping[str, Any]) -> bytes:
    """What the contracts call their separator."""
    return _separator(
        domain["name"], domain["version"], int(domain["chainId"]), domain["verifyingContract"]
    )


@cache
def _separator(name: str, version: str, chain_id: int, contract: str) -> bytes:
    return keccak(
        keccak(_DOMAIN_TYPE.encode())
        + keccak(name.encode())
        + keccak(version.encode())
        + chain_id.to_bytes(32, "big")
        + _word("address", contract)
    )


@cache
def _type_hash(type_name: str) -> bytes:
    return keccak(TYPES[type_name].encoded_type.encode())


def digest(type_name: str, message: Mapping[str, Any], domain: Mapping[str, Any]) -> bytes:
    """The 32 bytes that are signed. `message` has every field of the type, and no other."""
    fields = TYPES[type_name].types[type_name]
    if message.keys() != {field["name"] for field in fields}:
        raise ValueError(
            f"{type_name} has the fields {', '.join(field['name'] for field in fields)}"
        )
    words = [_word(field["type"], message[field["name"]]) for field in fields]
    struct = keccak(_type_hash(type_name) + b"".join(words))
    return keccak(b"\x19\x01" + domain_separator(domain) + struct)


def _word(kind: str, value: Any) -> bytes:
    """One value as EIP-712 encodes it: 32 bytes."""
    if kind.endswith("]"):
        inside = kind[: kind.rindex("[")]
        return keccak(b"".join(_word(inside, one) for one in value))
    if kind == "address":
        return bytes(12) + bytes.fromhex(checksum(value)[2:])
    if kind == "bytes":
        return keccak(_octets(value))
    if kind == "string":
        return keccak(value.encode())
    if kind == "bool":
        return int(bool(value)).to_bytes(32, "big")
    if kind.startswith("uint"):
        number = int(value)
        if number < 0 or number >> int(kind[4:]):
            raise ValueError(f"{number} is no {kind}")
        return number.to_bytes(32, "big")
    if kind.startswith("bytes"):
        octets = _octets(value)
        if len(octets) != int(kind[5:]):
            raise ValueError(f"{len(octets)} bytes are no {kind}")
        return octets.ljust(32, b"\0")
    raise ValueError(f"there is no type {kind} in what Aceso signs")


def _octets(value: bytes | bytearray | str) -> bytes:
    return bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else bytes(value)


def sign(
    account: LocalAccount, type_name: str, message: Mapping[str, Any], domain: Mapping[str, Any]
) -> bytes:
    """Sign as `account`: 65 bytes."""
    return sign_digest(account, digest(type_name, message, domain))


def sign_digest(account: LocalAccount, hashed: bytes) -> bytes:
    """Sign 32 bytes as they stand, without a prefix."""
    found: bytes = coincurve.PrivateKey(bytes(account.key)).sign_recoverable(hashed, hasher=None)
    return found[:64] + bytes([27 + found[64]])


def recover(
    type_name: str, message: Mapping[str, Any], domain: Mapping[str, Any], signature: bytes
) -> str | None:
    """Whose key signed, or None where the signature is not well formed."""
    return recover_digest(digest(type_name, message, domain), signature)


def recover_digest(hashed: bytes, signature: bytes) -> str | None:
    """As `recover`, for 32 bytes."""
    if len(signature) != 65 or signature[64] not in (27, 28):
        return None
    # The twin of a signature with a high s is refused, so that each has only one form.
    if int.from_bytes(signature[32:64], "big") > _HALF_ORDER:
        return None
    try:
        key = coincurve.PublicKey.from_signature_and_message(
            signature[:64] + bytes([signature[64] - 27]), hashed, hasher=None
        )
    except Exception:  # The library raises a bare Exception where no key fits.
        return None
    return checksum("0x" + keccak(key.format(compressed=False)[1:])[12:].hex())
