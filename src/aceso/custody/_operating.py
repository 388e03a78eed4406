"""What an operator does with a custodian beside serving: publish a key, revoke it, look at it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import orjson

from aceso.bounded_http import BoundedHttp, NoAnswerError, TooLongError
from aceso.chain import Deployment, Sender, Suite
from aceso.errors import ServiceError

from .keys import CustodianKeys

__all__ = ["Published", "look", "publish", "revoke"]

_SECONDS: Final = 10.0
_MOST_BYTES: Final = 64 << 10


@dataclass(frozen=True, slots=True)
class Published:
    """The custodian's address and its newest key; `is_new`: it wasn't on chain before."""

    address: str
    public_key: bytes
    is_new: bool


def publish(folder: Path, rpc: str, deployment: Path) -> Published:
    """Publish the newest key of this folder on chain, unless it is there, from its account."""
    keys = CustodianKeys.read(folder)
    public_key = keys.private.public_key
    suite = Suite.connect(rpc, Deployment.read(deployment))
    try:
        digest, _ = suite.participants.key_of(keys.address)
        if digest == public_key.digest:
            return Published(keys.address, public_key.to_bytes(), is_new=False)
        Sender(suite, keys.account).send(suite.participants.publish_key(public_key.to_bytes()))
    finally:
        suite.close()
    return Published(keys.address, public_key.to_bytes(), is_new=True)


def revoke(folder: Path, rpc: str, deployment: Path) -> tuple[str, bool]:
    """Revoke the key that the custodian of this folder published, from its account: its address,
    and whether there was one. Nothing is sealed to it from then on."""
    keys = CustodianKeys.read(folder)
    suite = Suite.connect(rpc, Deployment.read(deployment))
    try:
        digest, _ = suite.participants.key_of(keys.address)
        if any(digest):
            Sender(suite, keys.account).send(suite.participants.revoke_key())
    finally:
        suite.close()
    return keys.address, any(digest)


def look(url: str) -> dict[str, Any]:
    """What a custodian that is served there says of itself."""
    http = BoundedHttp(most=_MOST_BYTES)
    try:
        answer = http.ask("GET", f"{url.rstrip('/')}/health", ends=time.monotonic() + _SECONDS)
        said = orjson.loads(answer.body)
        if not isinstance(said, dict):
            raise ValueError("not what a custodian says")
    except (NoAnswerError, TooLongError, ValueError) as exc:
        raise ServiceError(
            f"No custodian answers at {url}. See that it is served there, and its log.",
            code="E_CUSTODIAN_NOT_SERVED",
            details={"url": url},
        ) from exc
    finally:
        http.close()
    if answer.status != 200:
        code = str(said.get("code", ""))
        why = said.get("message", "no reason given")
        raise ServiceError(
            f"The custodian at {url} runs and can't serve: {why}",
            code=code if code.startswith("E_") else "E_CUSTODIAN_NOT_SERVED",
            details={"url": url},
        )
    return said
