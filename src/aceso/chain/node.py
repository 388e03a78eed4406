"""One Ethereum node, over JSON-RPC.

    node = Node("http://127.0.0.1:8545")
    node.chain_id
    node.block("latest").timestamp
    node.call(address, data)

Reading is safe to repeat, so a read is asked again when the connection drops, the node stumbles or
half an answer comes back, a few times with growing pauses. Sending is not repeated here: that needs
more care, and is what `Sender` is for.

Whatever is asked has an end, in time and in bytes, also where a node answers drop by drop. A node
may lag or lie: nothing here notices that, and who needs to know asks two.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from threading import Lock
from typing import Any, Final

import orjson

from aceso.bounded_http import BoundedHttp, NoAnswerError, TooLongError
from aceso.errors import place_of

from ._bytes import as_bytes, as_int, checksum
from .calls import Block, Log
from .errors import ChainDownError, NodeRefusedError

__all__ = ["BlockTag", "Node", "Request"]

BlockTag = int | str
Request = tuple[str, list[Any]]

_ATTEMPTS: Final = 8
_FIRST_PAUSE: Final = 0.01
_LONGEST_PAUSE: Final = 0.5
# What overloaded or lagging nodes say, and the proxies before them.
_PASSING: Final = ("header not found", "rate limit", "too many requests", "timeout", "timed out")
# More in one go are refused by some nodes.
_BATCH: Final = 200
# A whole answer may take so many times as long as a part of it.
_PARTS: Final = 12
# The events of some 400,000 transactions; what is longer never ends.
_MOST_BYTES: Final = 1 << 28


class Node:
    """One JSON-RPC endpoint. May be used by several threads at once."""

    def __init__(self, url: str, *, timeout: float = 10.0, attempts: int = _ATTEMPTS):
        """`timeout`: seconds for each part of an answer to come."""
        self.url = url
        self._attempts = attempts
        self._seconds = _PARTS * timeout
        self._http = BoundedHttp(most=_MOST_BYTES, read_seconds=timeout)
        self._chain_id: int | None = None
        self._batches = True
        self._lock = Lock()
        self._last_id = 0

    def __repr__(self) -> str:
        return f"Node({place_of(self.url)!r})"

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    # Asking

    def ask(self, method: str, *params: Any) -> Any:
        """Ask one thing, again if need be; raise `NodeRefusedError` if the node says no."""
        return self._unwrap(method, self._retried([(method, list(params))])[0])

    def ask_all(self, requests: Sequence[Request]) -> list[Any]:
        """Ask many things in few messages; raise for the first that is refused."""
        answers = self.try_all(requests)
        for answer in answers:
            if isinstance(answer, NodeRefusedError):
                raise answer
        return answers

    def try_all(self, requests: Sequence[Request]) -> list[Any]:
        """As `ask_all`, with a `NodeRefusedError` in the place of each answer that is one."""
        found: list[Any] = []
        for start in range(0, len(requests), _BATCH):
            part = requests[start : start + _BATCH]
            for (method, _), answer in zip(part, self._retried(part), strict=True):
                found.append(self._outcome(method, answer))
        return found

    def send_once(self, requests: Sequence[Request]) -> list[Any]:
        """As `try_all`, in one message and without repeating it.

        `ChainDownError` tells nothing about whether the node acted on it.
        """
        return [
            self._outcome(method, answer)
            for (method, _), answer in zip(requests, self._post(requests), strict=True)
        ]

    def _retried(self, requests: Sequence[Request]) -> list[dict[str, Any]]:
        pause = _FIRST_PAUSE
        for attempt in range(self._attempts):
            try:
                answers = self._post(requests)
                if attempt + 1 == self._attempts or not any(map(_is_passing, answers)):
                    return answers
            except ChainDownError:
                if attempt + 1 == self._attempts:
                    raise
            # Not all at the same moment.
            time.sleep(pause * (0.5 + random.random()))  # noqa: S311
            pause = min(2 * pause, _LONGEST_PAUSE)
        raise AssertionError("there is at least one attempt")

    def _post(self, requests: Sequence[Request]) -> list[dict[str, Any]]:
        if not requests:
            return []
        if len(requests) == 1 or not self._batches:
            return [self._exchange([request], single=True)[0] for request in requests]
        return self._exchange(requests, single=False)

    def _exchange(self, requests: Sequence[Request], *, single: bool) -> list[dict[str, Any]]:
        with self._lock:
            first = self._last_id + 1
            self._last_id += len(requests)
        calls = [
            {"jsonrpc": "2.0", "id": first + at, "method": method, "params": params}
            for at, (method, params) in enumerate(requests)
        ]
        body = orjson.dumps(calls[0] if single else calls)
        try:
            said = self._http.ask("POST", self.url, body, ends=time.monotonic() + self._seconds)
        except (NoAnswerError, TooLongError) as exc:
            raise ChainDownError(self.url, str(exc)) from exc
        try:
            answer = orjson.loads(said.body)
        except ValueError as exc:
            raise ChainDownError(self.url, f"status {said.status}, no JSON") from exc
        if not single and isinstance(answer, dict) and "error" in answer and len(requests) > 1:
            # A node without batches says so in one answer; from then on it is asked one by one.
            self._batches = False
            return [self._exchange([request], single=True)[0] for request in requests]
        answers = [answer] if single else answer
        if not isinstance(answers, list) or not all(isinstance(one, dict) for one in answers):
            raise ChainDownError(self.url, f"status {said.status}, not JSON-RPC")
        by_id = {one.get("id"): one for one in answers}
        try:
            found = [by_id[call["id"]] for call in calls]
        except KeyError:
            raise ChainDownError(self.url, "an answer to another question") from None
        if any("result" not in one and "error" not in one for one in found):
            raise ChainDownError(self.url, "neither a result nor an error")
        return found

    def _outcome(self, method: str, answer: dict[str, Any]) -> Any:
        try:
            return self._unwrap(method, answer)
        except NodeRefusedError as refused:
            return refused

    @staticmethod
    def _unwrap(method: str, answer: dict[str, Any]) -> Any:
        error = answer.get("error")
        if error is None:
            return answer.get("result")
        if not isinstance(error, dict):
            error = {"message": str(error)}
        raise NodeRefusedError(
            method,
            str(error.get("message", "it gave no reason")),
            number=int(error.get("code", 0)),
            data=_revert_data(error.get("data")),
        )

    # Reading

    @property
    def chain_id(self) -> int:
        """Asked once."""
        if self._chain_id is None:
            self._chain_id = as_int(self.ask("eth_chainId"))
        return self._chain_id

    def block(self, tag: BlockTag = "latest") -> Block:
        """A block by its number or one of "latest", "earliest", "pending", "safe", "finalized"."""
        found = self.ask("eth_getBlockByNumber", _tag(tag), False)
        if found is None:
            raise NodeRefusedError("eth_getBlockByNumber", f"there is no block {tag}")
        return _block(found)

    def blocks(self, numbers: Sequence[int]) -> list[Block | None]:
        """Blocks by number; None where there is none yet."""
        found = self.ask_all([("eth_getBlockByNumber", [hex(one), False]) for one in numbers])
        return [None if one is None else _block(one) for one in found]

    def height(self) -> int:
        """The number of the newest block."""
        return as_int(self.ask("eth_blockNumber"))

    def call(
        self,
        to: str | None,
        data: bytes,
        *,
        block: BlockTag = "latest",
        sender: str | None = None,
        gas: int | None = None,
        value: int = 0,
    ) -> bytes:
        """Run a call without sending it. A revert is a `NodeRefusedError` with its `data`."""
        asked: dict[str, str] = {"data": "0x" + data.hex()}
        if to is not None:
            asked["to"] = to
        if sender is not None:
            asked["from"] = sender
        if gas is not None:
            asked["gas"] = hex(gas)
        if value:
            asked["value"] = hex(value)
        return as_bytes(self.ask("eth_call", asked, _tag(block)))

    def call_all(
        self, calls: Sequence[tuple[str, bytes]], *, block: BlockTag = "latest"
    ) -> list[bytes]:
        """Many calls at one block."""
        tag = _tag(block)
        requests: list[Request] = [
            ("eth_call", [{"to": to, "data": "0x" + data.hex()}, tag]) for to, data in calls
        ]
        return [as_bytes(answer) for answer in self.ask_all(requests)]

    def logs(
        self,
        addresses: Sequence[str],
        *,
        first: int,
        last: int,
        topics: Sequence[Any] = (),
    ) -> list[Log]:
        """What these contracts said from block `first` to `last`, in order."""
        found = self.ask("eth_getLogs", _filter(addresses, first, last, topics))
        return [_log(one) for one in found]

    def code(self, address: str, *, block: BlockTag = "latest") -> bytes:
        return as_bytes(self.ask("eth_getCode", address, _tag(block)))

    def balance(self, address: str) -> int:
        return as_int(self.ask("eth_getBalance", address, "latest"))

    def nonce(self, address: str, *, block: BlockTag = "latest") -> int:
        """How many transactions the account has sent."""
        return as_int(self.ask("eth_getTransactionCount", address, _tag(block)))


def _is_passing(answer: dict[str, Any]) -> bool:
    """Whether this is an error that says nothing about what was asked."""
    error = answer.get("error")
    said = str(error.get("message", "") if isinstance(error, dict) else error or "").lower()
    return any(words in said for words in _PASSING)


def _tag(block: BlockTag) -> str:
    return hex(block) if isinstance(block, int) else block


def _filter(
    addresses: Sequence[str], first: int, last: int, topics: Sequence[Any]
) -> dict[str, Any]:
    return {
        "address": list(addresses),
        "fromBlock": hex(first),
        "toBlock": hex(last),
        "topics": list(topics),
    }


def _block(found: dict[str, Any]) -> Block:
    return Block(
        number=as_int(found["number"]),
        hash=as_bytes(found["hash"]),
        timestamp=as_int(found["timestamp"]),
        parent=as_bytes(found["parentHash"]),
    )


def _log(found: dict[str, Any]) -> Log:
    return Log(
        address=checksum(found["address"]),
        topics=tuple(as_bytes(topic) for topic in found["topics"]),
        data=as_bytes(found["data"]),
        block_number=as_int(found["blockNumber"]),
        block_hash=as_bytes(found["blockHash"]),
        tx_hash=as_bytes(found["transactionHash"]),
        index=as_int(found["logIndex"]),
    )


def _revert_data(data: Any) -> bytes:
    """What a revert returned. Anvil gives the bytes themselves, Ganache sometimes an object."""
    if isinstance(data, dict):
        data = data.get("result", data.get("data"))
    if isinstance(data, str) and data.startswith("0x"):
        try:
            return bytes.fromhex(data[2:])
        except ValueError:
            return b""
    return b""
