"""A pool and its board, evaluators of five institutions, a tree of rewards, and the acts on them.

Epochs of 90 days, a budget of a million coins that is halved every 8. What a test expects is
written out in plain integers of millionths of a coin: nothing of it is asked of the contract.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from brownie import chain, web3

from aceso.chain import Reward
from aceso.codes import Role
from aceso.vault.batch import Batch, standard_leaf, tree_of
from tests.contracts.acting import DAY
from tests.contracts.actors import employ

COIN = 10**18
MICRO = 10**12
BUDGET, HALVING, LENGTH = 10**12, 8, 90 * DAY
VESTING = 4 * LENGTH
WINDOW, PANEL, BOND = 14 * DAY, 21 * DAY, 500 * COIN + 3
FOREVER = 2**40 - 1
AUDIT, WHY = "0x" + "a0" * 32, "0x" + "b0" * 32
NONE, POSTED, CHALLENGED, STANDS = range(4)
NO_BAN, PROPOSED, BANNED, APPEALED, FINAL = range(5)


def proof_of(tree: Batch, reward: Reward) -> list[str]:
    return [web3.to_hex(step) for step in tree.proof(standard_leaf(reward.encoded()))]


def tree_for(rewards: list[Reward]) -> Batch:
    return tree_of(standard_leaf(reward.encoded()) for reward in rewards)


@pytest.fixture(scope="module")
def contracts(RewardCoin, RewardPool, RewardBoard, accounts, authority, participants, records):
    """Coin, pool and board, one after the other: each is told where the next will be."""
    deployer = accounts[0]
    by = {"from": deployer}
    pool_at, board_at = (deployer.get_deployment_address(deployer.nonce + at) for at in (1, 2))
    coin = RewardCoin.deploy(authority, pool_at, 10**9 * COIN, by)
    pool = RewardPool.deploy(records, coin, board_at, (BUDGET, HALVING, LENGTH), by)
    board = RewardBoard.deploy(participants, coin, pool, WINDOW, PANEL, BOND, by)
    assert (pool.address, board.address) == (pool_at, board_at)
    return coin, pool, board


@pytest.fixture(scope="module")
def coin(contracts):
    return contracts[0]


@pytest.fixture(scope="module")
def pool(contracts):
    return contracts[1]


@pytest.fixture(scope="module")
def board(contracts):
    return contracts[2]


@pytest.fixture(scope="module")
def evaluators(participants, authority, accounts, board, coin):
    """One of each of institutions 1 to 5, with coin that the board may take."""
    found = [accounts[place] for place in (3, 6, 7, 8, 9)]
    staff = [(each, Role.EVALUATOR, place) for place, each in enumerate(found, 1)]
    employ(participants, authority, staff, institutions=len(found))
    for each in found:
        coin.mint(each, 100 * BOND, {"from": authority})
        coin.approve(board, 100 * BOND, {"from": each})
    return found


@pytest.fixture(scope="module")
def issuer(accounts):
    return accounts[4]


@pytest.fixture(scope="module")
def start(pool):
    return pool.emission()[1]


@pytest.fixture
def make(subject, other_subject, issuer):
    """A reward of the subject's; `changed` replaces parts of it."""

    def reward(**changed: Any) -> Reward:
        given = Reward(0, 0, False, 1_000_003, str(subject), str(issuer), b"\x11" * 32)
        return replace(given, **changed)

    return reward


@pytest.fixture
def rewards(make, other_subject, issuer):
    """Three of epoch 0: two persons and an institution's part."""
    return [
        make(),
        make(index=1, account=str(other_subject), amount=777, record=b"\x22" * 32),
        make(index=2, account=str(issuer), amount=10_000, institutional=True),
    ]


@pytest.fixture
def post(board, evaluators, start, at):
    """Post a root for an epoch that is over, as the evaluator of this place."""

    def act(rewards: list[Reward], epoch: int = 0, place: int = 1, **changed: Any) -> Any:
        ends = start + (epoch + 1) * LENGTH
        if chain[-1].timestamp < ends:
            at(ends)
        tree = tree_for(rewards)
        given = {
            "root": web3.to_hex(tree.root),
            "total": sum(one.amount for one in rewards),
            "institutions": sum(one.amount for one in rewards if one.institutional),
        } | changed
        return board.postRoot(epoch, place, *given.values(), AUDIT, {"from": evaluators[place - 1]})

    return act


@pytest.fixture
def stand(post, board, stranger, at):
    """Post a root, wait out its window, and put it in force."""

    def act(rewards: list[Reward], epoch: int = 0, **changed: Any) -> Batch:
        post(rewards, epoch, **changed)
        at(chain[-1].timestamp + WINDOW)
        board.endRoot(epoch, {"from": stranger})
        return tree_for(rewards)

    return act


@pytest.fixture
def claim(pool, stranger):
    def act(reward: Reward, tree: Batch) -> Any:
        return pool.claim(reward.astuple(), proof_of(tree, reward), {"from": stranger})

    return act
