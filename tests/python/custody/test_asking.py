"""
all are asked at once
├── once enough have answered, who hangs is not waited for
├── an answer that doesn't count hurries nobody
└── one that is named and that nobody knows has failed, and is named
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from eth_account import Account

from aceso.custody import Custodian, TooFewCustodiansError
from aceso.custody._asking import Asking
from aceso.vault import PrivateKey

_KEY = PrivateKey.generate().public_key
# So long that the others have been looked at before.
_SLOWLY = 0.3


@pytest.fixture
def asking() -> Iterator[Asking]:
    custodians = [
        Custodian("http://127.0.0.1:1", address=Account.create().address, public_key=_KEY)
        for _ in range(4)
    ]
    made = Asking(custodians, 2)
    yield made
    made.close()


def _two_are_slow(asking: Asking, never: threading.Event) -> Callable[[Custodian], str]:
    """Two have nothing and say so at once; two take a while to say what they have."""
    slow = {one.address for one in asking.custodians[2:]}

    def act(one: Custodian) -> str:
        if one.address not in slow:
            return ""
        never.wait(_SLOWLY)
        return "a list"

    return act


@pytest.mark.parametrize(
    ("counts", "waited_for"), [(lambda answer: True, 2), (bool, 4)], ids=["any answer", "a list"]
)
def test_only_what_counts_hurries_the_others(
    asking: Asking, counts: Callable[[Any], bool], waited_for: int
) -> None:
    act = _two_are_slow(asking, threading.Event())

    done, failed = asking._ask_all(act, grace=0.0, counts=counts)

    assert (len(done), len(failed)) == (waited_for, 4 - waited_for)


def test_one_that_nobody_knows_is_named(asking: Asking) -> None:
    left = Account.create().address

    with pytest.raises(TooFewCustodiansError) as few:
        asking._all_or_enough(lambda one: one.address, among=[left], needed=1)

    assert few.value.names == (left,)
