"""How much gas calls may use: asked of the node, a little more than it says.

Calls of one batch that look alike share the estimates of a few of them, so a thousand take three
questions. Such a call may fail for want of gas; `short` tells which did.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ._bytes import as_int
from ._flight import Flight
from .calls import Call
from .errors import NodeRefusedError
from .node import Node, Request

__all__ = ["Estimates", "as_transaction"]

# What an estimate is raised by: between it and the block the state may change.
_GAS_MARGIN: Final = (5, 4)
# Calls of one batch that look alike share estimates of a few of them, raised by more.
_ALIKE: Final = 8
_SHARED_MARGIN: Final = 2
# Where the node can't estimate because an earlier call of the same batch has to come first.
_GAS_UNKNOWN: Final = 1_500_000


class Estimates:
    """Estimates for the calls of one account."""

    def __init__(self, node: Node, account: str):
        self._node = node
        self._account = account

    def one(self, call: Call) -> int | NodeRefusedError:
        """What the call may use, or why it would fail."""
        answer = self._node.try_all([self._request(call)])[0]
        if isinstance(answer, NodeRefusedError):
            # Some nodes count what waits, which may never get into a block: it refuses nothing.
            answer = self._node.try_all([self._request(call, "latest")])[0]
        return answer if isinstance(answer, NodeRefusedError) else _with_margin(as_int(answer))

    def flights(self, calls: Sequence[Call]) -> list[Flight]:
        """A flight for each call, with its gas."""
        found = {at: call.gas for at, call in enumerate(calls) if call.gas is not None}
        alike: dict[tuple[str, bytes, int, bool], list[int]] = {}
        for at, call in enumerate(calls):
            if call.gas is None:
                kind = (call.to, call.data[:4], len(call.data), call.value > 0)
                alike.setdefault(kind, []).append(at)
        many = [places for places in alike.values() if len(places) >= _ALIKE]
        few = [(places[0], places[len(places) // 2], places[-1]) for places in many]
        asked = [at for places in few for at in places]
        answers = dict(zip(asked, self._all([calls[at] for at in asked]), strict=True))
        shared: set[int] = set()
        for places, some in zip(many, few, strict=True):
            most = max(answers[at] for at in some)
            # One that can't be estimated may be of another kind than it looks.
            if most < _GAS_UNKNOWN:
                found |= dict.fromkeys(places, _SHARED_MARGIN * most)
                shared.update(places)
        rest = [at for at in range(len(calls)) if at not in found]
        own = self._all([calls[at] for at in rest])
        found |= zip(rest, own, strict=True)
        return [Flight(call, found[at], at in shared) for at, call in enumerate(calls)]

    def _all(self, calls: Sequence[Call]) -> list[int]:
        return [
            _GAS_UNKNOWN if isinstance(answer, NodeRefusedError) else _with_margin(as_int(answer))
            for answer in self._node.try_all([self._request(call) for call in calls])
        ]

    def short(self, flights: Sequence[Flight]) -> dict[int, Flight]:
        """New flights, by their places, for those that failed because a shared estimate was too
        low. What failed has changed nothing, so this is still once."""
        failed = [
            at
            for at, one in enumerate(flights)
            if one.is_gas_shared and one.receipt and as_int(one.receipt["status"]) != 1
        ]
        answers = self._node.try_all([self._request(flights[at].call) for at in failed])
        again: dict[int, Flight] = {}
        for at, answer in zip(failed, answers, strict=True):
            needed = 0 if isinstance(answer, NodeRefusedError) else as_int(answer)
            if needed > flights[at].gas:
                again[at] = Flight(flights[at].call, _with_margin(needed))
        return again

    def _request(self, call: Call, *block: str) -> Request:
        return "eth_estimateGas", [as_transaction(call, self._account), *block]


def as_transaction(call: Call, account: str) -> dict[str, str]:
    """The call as a node takes it."""
    asked = {"from": account, "data": "0x" + call.data.hex()}
    if call.to:
        asked["to"] = call.to
    if call.value:
        asked["value"] = hex(call.value)
    return asked


def _with_margin(gas: int) -> int:
    up, down = _GAS_MARGIN
    return gas * up // down
