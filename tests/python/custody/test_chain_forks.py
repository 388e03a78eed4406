"""When a custodian believes its node again that showed another block than the confirmed one.

at once     as soon as the node is back on the branch that was confirmed
later       once the other branch has grown beyond that by twice the confirmations, and no sooner;
            what was settled is then opened again before the new branch is noted as confirmed
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from aceso.custody._chain import Addresses, Chain
from aceso.custody._node import Nodes
from aceso.custody.errors import ChainUnsafeError

_CHAIN = 31337
_TIME = 1_700_000_000
_NOWHERE = "0x" + "11" * 20
_CONFIRMATIONS = 3


class Branches(Nodes):
    """A node on one of two branches, which part at block 8."""

    newest = 10
    branch = 0

    def ask(self, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        return [self._said(method, params) for method, params in calls]

    def _said(self, method: str, params: list[Any]) -> Any:
        if method == "eth_chainId":
            return hex(_CHAIN)
        number = self.newest if params[0] == "latest" else int(params[0], 16)
        branch = self.branch if number >= 8 else 0
        return {
            "number": hex(number),
            "hash": f"0x{branch:032x}{number:032x}",
            "timestamp": hex(_TIME + number),
        }


@pytest.fixture
def node() -> Branches:
    return Branches(["http://127.0.0.1:9"])


@pytest.fixture
def noted() -> list[object]:
    """What was noted, in its order."""
    return []


@pytest.fixture
def chain(node: Branches, noted: list[object]) -> Iterator[Chain]:
    """One that has confirmed block 9 of the first branch."""
    made = Chain(
        node,
        chain_id=_CHAIN,
        addresses=Addresses(_NOWHERE, _NOWHERE, _NOWHERE, _NOWHERE, 0),
        confirmations=_CONFIRMATIONS,
        on_confirmed=lambda number, hash_: noted.append(number),
        clock=lambda: _TIME,
    )
    made.on_replaced = lambda: noted.append("replaced")
    node.newest = 12
    assert made.heads().confirmed.number == 9
    yield made
    made.close()


def refused(chain: Chain) -> str:
    with pytest.raises(ChainUnsafeError) as caught:
        chain.heads()
    return caught.value.code


def test_back_on_the_confirmed_branch_it_is_believed_at_once(chain: Chain, node: Branches) -> None:
    node.branch = 1
    assert refused(chain) == "E_CHAIN_FORKED"
    node.branch, node.newest = 0, 13
    assert chain.heads().confirmed.number == 10


def test_the_other_branch_is_believed_once_it_is_long_enough(
    chain: Chain, node: Branches, noted: list[object]
) -> None:
    node.branch = 1
    for node.newest in range(13, 9 + 2 * _CONFIRMATIONS + 1):
        assert refused(chain) == "E_CHAIN_FORKED"
    node.newest = 8
    assert refused(chain) == "E_CHAIN_BEHIND"
    assert noted == [9]
    node.newest = 9 + 2 * _CONFIRMATIONS + 1
    assert chain.heads().confirmed.number == 13
    assert noted == [9, "replaced", 13]
