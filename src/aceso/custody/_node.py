"""Asking Ethereum nodes, and believing none that another contradicts.

    nodes = Nodes(["http://127.0.0.1:8545"])
    number, = nodes.ask([("eth_blockNumber", [])])

With several nodes, all of them are asked and have to say the same. Of the newest block the highest
that any of them shows is taken, none may be far behind it, and all have to know it: one that lags
or lies makes the answer a refusal, never a permission. As blocks reach nodes at unlike times, they
get a moment to agree. All that a batch takes has one end in time (`bounded_http`).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import orjson

from aceso.bounded_http import BoundedHttp, NoAnswerError, TooLongError

from ._views import Block
from .errors import ChainUnsafeError

__all__ = ["Failure", "Nodes", "block_of", "data_of", "nonsense", "refused"]

_log = logging.getLogger("aceso.custody")

# What a request waits for nodes at most, however often they are asked: who waits longer for a
# custodian that is to take their withdrawal has gone away.
_SECONDS: Final = 6.0
_READ_SECONDS: Final = 4.0
_MAX_ANSWER_BYTES: Final = 8 << 20
# How often, and after how many seconds, nodes that differ are asked again.
_TURNS: Final = 5
_PAUSE: Final = 0.2
# By how many blocks their newest may differ: blocks reach nodes at unlike times.
_APART: Final = 2
# By which nodes tell apart what is the same: they differ in what they add.
_SHOWN: Final = frozenset(
    {"number", "hash", "timestamp", "address", "topics", "data", "blockHash", "logIndex"}
)

Call = tuple[str, list[Any]]


class Nodes:
    """One node or several."""

    def __init__(self, urls: Sequence[str], *, seconds: float = _SECONDS):
        self._urls = tuple(urls)
        self._seconds = seconds
        self._http = BoundedHttp(most=_MAX_ANSWER_BYTES, read_seconds=_READ_SECONDS)
        self._pool = ThreadPoolExecutor(8 * len(urls)) if len(urls) > 1 else None

    def __len__(self) -> int:
        return len(self._urls)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        self._http.close()

    def ask(self, calls: Sequence[Call]) -> list[Any]:
        """One batch, within some seconds. Any failure is a reason to refuse."""
        ends = time.monotonic() + self._seconds
        if self._pool is None:
            return self._one(self._urls[0], calls, ends)
        for turn in range(_TURNS):
            if turn:
                time.sleep(_PAUSE)
            said = list(self._pool.map(lambda url: self._one(url, calls, ends), self._urls))
            agreed = [
                _agreed(call, answers)
                for call, answers in zip(calls, zip(*said, strict=True), strict=True)
            ]
            if None not in agreed:
                return [one[0] for one in agreed if one is not None]
        _log.warning("the nodes do not agree")
        raise ChainUnsafeError(
            f"The {len(self)} Ethereum nodes do not say the same, so nothing is released. One of "
            "them lags or lies: see which.",
            code="E_CHAIN_DISAGREES",
        )

    def _one(self, url: str, calls: Sequence[Call], ends: float) -> list[Any]:
        body = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
            for number, (method, params) in enumerate(calls)
        ]
        try:
            # Nodes close connections that were idle; nothing that we ask changes anything.
            answer = self._http.ask("POST", url, orjson.dumps(body), ends=ends, again=True)
            said = orjson.loads(answer.body)
            if not isinstance(said, list) or len(said) != len(calls):
                raise ValueError("an answer of another form")
            by_id: dict[int, Mapping[str, Any]] = {item["id"]: item for item in said}
            ordered = [by_id[number] for number in range(len(calls))]
        except (NoAnswerError, TooLongError, ValueError, KeyError, TypeError) as exc:
            raise ChainUnsafeError(
                "The Ethereum node does not answer, so nothing is released. Try again soon, or ask "
                "another custodian.",
                code="E_CHAIN_DOWN",
            ) from exc
        return [Failure(item["error"]) if "error" in item else item["result"] for item in ordered]


def _agreed(call: Call, answers: Sequence[Any]) -> tuple[Any] | None:
    """What all of them say, in a tuple of its own, as a node may say null; or None."""
    if call == ("eth_getBlockByNumber", ["latest", False]):
        heights = [block_of(answer).number for answer in answers]
        highest = max(heights)
        return (answers[heights.index(highest)],) if highest - min(heights) <= _APART else None
    first = _plain(answers[0])
    return (answers[0],) if all(_plain(answer) == first for answer in answers[1:]) else None


def _plain(answer: Any) -> Any:
    if isinstance(answer, Failure):
        return ("failure",)
    if isinstance(answer, list):
        return [_plain(item) for item in answer]
    if isinstance(answer, dict):
        return {name: value for name, value in answer.items() if name in _SHOWN}
    return answer


@dataclass(frozen=True, slots=True)
class Failure:
    """What a node says that it can't do."""

    error: Any

    @property
    def code(self) -> int:
        return int(self.error.get("code", 0)) if isinstance(self.error, dict) else 0


def refused(failure: Failure) -> ChainUnsafeError:
    _log.warning("the node refused a call with code %d", failure.code)
    return ChainUnsafeError(
        "The Ethereum node could not answer, so nothing is released. Try again soon, or ask "
        "another custodian.",
        code="E_CHAIN_DOWN",
    )


def nonsense() -> ChainUnsafeError:
    return ChainUnsafeError(
        "The Ethereum node answers in a form that we don't know, so nothing is released. It may "
        "not hold our contracts.",
        code="E_CHAIN_DOWN",
    )


def block_of(item: Any) -> Block:
    try:
        return Block(int(item["number"], 16), str(item["hash"]), int(item["timestamp"], 16))
    except (KeyError, TypeError, ValueError) as exc:
        raise nonsense() from exc


def data_of(answer: Any) -> bytes:
    try:
        return bytes.fromhex(answer.removeprefix("0x"))
    except (AttributeError, ValueError) as exc:
        raise nonsense() from exc
