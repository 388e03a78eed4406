"""What a custodian's own clock is for: to refuse a node that stands still, and nothing else (P6).

stale       more than two days behind the clock, even where that block was believed before
not stale   exactly two days, and any time ahead of the clock
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from aceso.custody._chain import Addresses, Chain
from aceso.custody._node import Nodes
from aceso.custody.errors import ChainUnsafeError

_TWO_DAYS = 2 * 86_400
_BLOCK_TIME = 1_700_000_000
_CHAIN = 31337
_NOWHERE = "0x" + "11" * 20


class Clock:
    """A clock that is set by hand."""

    now: float = _BLOCK_TIME

    def __call__(self) -> float:
        return self.now


class Frozen(Nodes):
    """A node that shows the same newest block for ever."""

    def ask(self, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        return [self._said(method, params) for method, params in calls]

    def _said(self, method: str, params: list[Any]) -> Any:
        if method == "eth_chainId":
            return hex(_CHAIN)
        number = 10 if params[0] == "latest" else int(params[0], 16)
        return {
            "number": hex(number),
            "hash": f"0x{number:064x}",
            "timestamp": hex(_BLOCK_TIME - (10 - number)),
        }


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def chain(clock: Clock) -> Iterator[Chain]:
    made = Chain(
        Frozen(["http://127.0.0.1:9"]),
        chain_id=_CHAIN,
        addresses=Addresses(_NOWHERE, _NOWHERE, _NOWHERE, _NOWHERE, 0),
        clock=clock,
    )
    yield made
    made.close()


def test_a_node_that_stands_still_is_believed_for_two_days(chain: Chain, clock: Clock) -> None:
    assert chain.heads().newest.number == 10
    clock.now = _BLOCK_TIME + _TWO_DAYS
    assert chain.heads().newest.number == 10
    clock.now += 1
    with pytest.raises(ChainUnsafeError, match="more than two days old") as caught:
        chain.heads()
    assert caught.value.code == "E_CHAIN_STALE"


def test_a_stale_node_is_not_believed_at_first_either(chain: Chain, clock: Clock) -> None:
    clock.now = _BLOCK_TIME + _TWO_DAYS + 1
    with pytest.raises(ChainUnsafeError) as caught:
        chain.heads()
    assert caught.value.code == "E_CHAIN_STALE"


def test_the_chain_may_be_ahead_of_the_clock(chain: Chain, clock: Clock) -> None:
    clock.now = 0.0
    assert chain.heads().newest.timestamp == _BLOCK_TIME
