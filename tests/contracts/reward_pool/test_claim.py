"""
claim, release: what a root pays, to whom, and when
├── a reward is booked once, by anyone's call, to the account that it names
├── it vests evenly over the four epochs after its own, whenever it was claimed
├── epochs overlap exactly, a late claim of an old one included
├── release mints exactly what has vested, to the account; a second later, no more than that
└── refused: no root, another's proof, a changed field, twice, more than was posted of its kind
"""

from dataclasses import replace

import brownie
import pytest
from brownie import chain

from tests.contracts.reward_pool.conftest import (
    LENGTH,
    MICRO,
    VESTING,
    proof_of,
    tree_for,
)
from tests.support import typed


def earned(pool, account):
    return tuple(pool.earningsOf(account))


@pytest.mark.both_chains
def test_a_reward_is_booked_to_whom_it_names(pool, rewards, stand, claim, subject):
    tree = stand(rewards)

    tx = claim(rewards[0], tree)

    assert dict(tx.events["RewardClaimed"]) == {
        "epoch": 0,
        "account": subject,
        "index": 0,
        "amount": 1_000_003,
    }
    assert len(tx.events) == 1
    assert sum(earned(pool, subject)[::2]) == 1_000_003
    assert tuple(pool.isClaimed(0, 0)) == (True, False)
    assert tuple(pool.isClaimed(0, 1)) == (False, False)
    assert tuple(pool.rootOf(0)[3:]) == (1_000_003, 0)


@pytest.mark.parametrize("age", [0, LENGTH, VESTING - 1, VESTING])
def test_it_vests_evenly_over_four_epochs(
    pool, coin, rewards, stand, claim, subject, stranger, start, at, age
):
    tree = stand(rewards)
    claim(rewards[0], tree)
    moment = start + LENGTH + age
    if moment > chain[-1].timestamp:
        at(moment)
    due = 1_000_003 * min(chain[-1].timestamp - start - LENGTH, VESTING) // VESTING

    vested, paid, vesting = earned(pool, subject)

    assert (vested, paid, vested + vesting) == (due, 0, 1_000_003)
    pool.release(subject, {"from": stranger})
    later = 1_000_003 * min(chain[-1].timestamp - start - LENGTH, VESTING) // VESTING
    assert coin.balanceOf(subject) == later * MICRO
    assert earned(pool, subject)[1] == later


def test_epochs_overlap_exactly(pool, coin, make, stand, claim, subject, stranger, start, at):
    """Claims of 6 epochs, in an order that rolls the amounts over, and one that comes last."""
    amounts = {0: 900_001, 1: 5, 2: 70_000, 3: 1, 4: 333_333, 6: 48_000, 7: 11}
    trees = {}
    for epoch, amount in amounts.items():
        reward = make(epoch=epoch, amount=amount)
        trees[epoch] = reward, stand([reward], epoch)
    for epoch in (1, 2, 0, 4, 7, 6, 3):
        claim(*trees[epoch])

    for moment in (start + 8 * LENGTH + 15 * 86400, start + 10 * LENGTH, start + 11 * LENGTH + 1):
        at(moment)
        parts = {
            epoch: min(max(moment - start - (epoch + 1) * LENGTH, 0), VESTING) for epoch in amounts
        }
        exact = sum(amounts[epoch] * part for epoch, part in parts.items())
        # Rounded down once, over all that vests still; what is whole is no fraction.
        assert earned(pool, subject)[0] == exact // VESTING
    at(start + 12 * LENGTH)
    pool.release(subject, {"from": stranger})
    assert coin.balanceOf(subject) == sum(amounts.values()) * MICRO
    with brownie.reverts(typed("RewardNothingVested", subject)):
        pool.release(subject, {"from": stranger})


def test_refuses_what_is_not_under_the_root(pool, rewards, stand, stranger, subject):
    tree = stand(rewards)
    proof = proof_of(tree, rewards[0])
    changes = (
        {"amount": 1_000_004},
        {"index": 5},
        {"account": str(stranger)},
        {"institutional": True},
        {"issuer": str(stranger)},
        {"record": b"\x33" * 32},
        {"epoch": 1},
    )

    for change in changes:
        wrong = replace(rewards[0], **change)
        with brownie.reverts(typed("RewardInvalidProof", wrong.epoch, wrong.index)):
            pool.claim(wrong.astuple(), proof, {"from": stranger})
    assert earned(pool, subject) == (0, 0, 0)


def test_refuses_before_the_root_stands(pool, rewards, post, stranger):
    post(rewards)

    with brownie.reverts(typed("RewardInvalidProof", 0, 0)):
        pool.claim(
            rewards[0].astuple(), proof_of(tree_for(rewards), rewards[0]), {"from": stranger}
        )


def test_a_reward_is_paid_once(pool, rewards, stand, claim, subject):
    tree = stand(rewards)
    for reward in rewards:
        claim(reward, tree)

    for reward in rewards:
        with brownie.reverts(typed("RewardAlreadyClaimed", 0, reward.index)):
            claim(reward, tree)
    assert sum(earned(pool, subject)[::2]) == 1_000_003


@pytest.mark.parametrize("kind", [False, True])
def test_never_more_than_was_posted_of_a_kind(pool, make, stand, claim, kind):
    """A root whose leaves say more than its totals: the totals hold."""
    amounts = (60, 40) if kind else (300, 101)
    two = [
        make(index=place, amount=amount, institutional=kind) for place, amount in enumerate(amounts)
    ]
    tree = stand(two, total=495, institutions=95)
    claim(two[0], tree)
    limit = 95 if kind else 400

    with brownie.reverts(typed("RewardExceedsTotal", 0, sum(amounts), limit)):
        claim(two[1], tree)
    assert tuple(pool.rootOf(0)[3:]) == ((0, 60) if kind else (300, 0))


def test_nothing_is_minted_but_by_release(pool, coin, rewards, stand, claim, subject, stranger):
    before = coin.totalSupply()
    tree = stand(rewards)
    for reward in rewards:
        claim(reward, tree)
    assert coin.totalSupply() == before

    tx = pool.release(subject, {"from": stranger})

    amount = tx.events["RewardReleased"]["amount"]
    assert coin.totalSupply() - before == amount * MICRO
    assert [event.name for event in tx.events] == ["RewardReleased", "Transfer"]
