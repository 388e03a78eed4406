"""
Lots.draw
├── no place twice, every one of a small pool, 32 of a large one
├── each place is as likely as any other, first and second
└── who is second has nothing to do with who lies beside the first
"""

from collections import Counter

import pytest
from brownie import LotsDouble

POOL, SEEDS = 7, 2_100
MOST = 32


@pytest.fixture(scope="module")
def lots(accounts):
    return LotsDouble.deploy({"from": accounts[0]})


@pytest.fixture(scope="module")
def pairs(lots):
    """The first and the second of many lots: the same ones each time."""
    found = []
    for first in range(0, SEEDS, 300):
        found += [tuple(pair) for pair in lots.drawn(first, 300, POOL, 2)]
    return found


@pytest.mark.parametrize("pool", [1, 2, POOL, MOST])
def test_every_place_of_a_small_pool_comes_once(lots, pool):
    for order in lots.drawn(10**6, 20, pool, pool):
        assert sorted(order) == list(range(pool))


def test_no_place_of_a_large_pool_comes_twice(lots):
    for order in lots.drawn(2 * 10**6, 20, 40, MOST):
        assert len(set(order)) == MOST and max(order) < 40


@pytest.mark.parametrize("which", [0, 1])
def test_each_is_as_likely_as_any_other(pairs, which):
    found = Counter(pair[which] for pair in pairs)

    # 300 each, with a deviation of 16.
    assert set(found) == set(range(POOL))
    assert all(abs(times - SEEDS // POOL) < 65 for times in found.values()), found


def test_the_second_does_not_lie_beside_the_first(pairs):
    found = Counter((second - first) % POOL for first, second in pairs)

    # 350 each, with a deviation of 17.
    assert set(found) == set(range(1, POOL))
    assert all(abs(times - SEEDS // (POOL - 1)) < 70 for times in found.values()), found
