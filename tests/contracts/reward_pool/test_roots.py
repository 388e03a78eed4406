"""
postRoot, challengeRoot, judgeRoot, endRoot, payBond
├── a root that nobody challenges stands after its window, by anyone's call, and never changes
├── a challenge takes a bond and another institution; two who agree decide, and the winner has both
├── a panel that never answers: nothing is locked, both bonds go back, somebody else posts
├── no budget is exceeded, it halves, and institutions have a fifth at most
├── refused: no evaluator, of no such institution, an epoch that goes on, twice, out of time
└── only the board sets a root or freezes; a stranger does nothing
"""

import brownie
import pytest
from brownie import chain

from tests.contracts.reward_pool.conftest import (
    AUDIT,
    BOND,
    BUDGET,
    CHALLENGED,
    LENGTH,
    NONE,
    POSTED,
    STANDS,
    WHY,
    WINDOW,
)
from tests.support import typed

ROOT = "0x" + "ee" * 32


@pytest.mark.both_chains
def test_what_nobody_challenges_stands(
    board, pool, coin, rewards, post, evaluators, stranger, start, at
):
    tx = post(rewards)
    until = chain[-1].timestamp + WINDOW
    posted = tx.events["RootPosted"]
    assert (posted["epoch"], posted["evaluator"]) == (0, evaluators[0])
    assert (posted["total"], posted["institutions"]) == (1_010_780, 10_000)
    assert (posted["audit"], posted["until"]) == (AUDIT, until)
    assert tuple(board.stateOf(0))[:2] == (POSTED, until)
    assert coin.balanceOf(board) == BOND
    at(until - 2)
    with brownie.reverts(typed("RootWrongState", 0, POSTED, until)):
        board.endRoot(0, {"from": stranger})
    at(until)

    tx = board.endRoot(0, {"from": stranger})

    assert [event.name for event in tx.events] == ["RootEnded", "RootSet"]
    assert tuple(pool.rootOf(0)) == (posted["root"], 1_010_780, 10_000, 0, 0)
    board.payBond(evaluators[0], {"from": stranger})
    assert coin.balanceOf(evaluators[0]) == 100 * BOND
    assert coin.balanceOf(board) == 0
    with brownie.reverts(typed("BondNone", evaluators[0])):
        board.payBond(evaluators[0], {"from": stranger})
    with brownie.reverts(typed("RootWrongState", 0, STANDS, until)):
        post(rewards, place=2)


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ((True, True), True),
        ((False, False), False),
        ((True, False, True), True),
        ((False, True, False), False),
    ],
)
def test_two_who_agree_decide(board, pool, coin, rewards, post, evaluators, stranger, said, right):
    post(rewards)
    tx = board.challengeRoot(0, 2, WHY, {"from": evaluators[1]})
    assert tx.events["RootChallenged"]["why"] == WHY
    assert coin.balanceOf(board) == 2 * BOND

    for place, vote in enumerate(said, 3):
        assert board.stateOf(0)[0] == CHALLENGED
        board.judgeRoot(0, place, vote, {"from": evaluators[place - 1]})

    winner, loser = evaluators[:2] if right else evaluators[1::-1]
    assert board.stateOf(0)[0] == (STANDS if right else NONE)
    assert (int(pool.rootOf(0)[0].hex(), 16) != 0) is right
    assert (board.bondOf(winner), board.bondOf(loser)) == (2 * BOND, 0)
    board.payBond(winner, {"from": stranger})
    assert coin.balanceOf(winner) == 101 * BOND
    if not right:
        post(rewards[:2], place=1)
        assert board.stateOf(0)[0] == POSTED


@pytest.mark.parametrize("said", [(), (True, False)])
def test_a_silent_panel_locks_nothing(
    board, pool, coin, rewards, post, evaluators, stranger, at, said
):
    post(rewards)
    board.challengeRoot(0, 2, WHY, {"from": evaluators[1]})
    until = board.stateOf(0)[1]
    for place, vote in enumerate(said, 3):
        board.judgeRoot(0, place, vote, {"from": evaluators[place - 1]})
    at(until - 2)
    with brownie.reverts(typed("RootWrongState", 0, CHALLENGED, until)):
        board.endRoot(0, {"from": stranger})
    at(until)
    with brownie.reverts(typed("RootWrongState", 0, CHALLENGED, until)):
        board.judgeRoot(0, 5, True, {"from": evaluators[4]})

    board.endRoot(0, {"from": stranger})

    assert board.stateOf(0)[0] == NONE
    assert int(pool.rootOf(0)[0].hex(), 16) == 0
    assert [board.bondOf(each) for each in evaluators[:2]] == [BOND, BOND]
    # The same root again: of another institution, and challenged by another.
    with brownie.reverts(typed("RootTriedBefore", 0, 1)):
        post(rewards, place=1)
    post(rewards, place=3)
    with brownie.reverts(typed("RootTriedBefore", 0, 2)):
        board.challengeRoot(0, 2, WHY, {"from": evaluators[1]})
    at(chain[-1].timestamp + WINDOW)
    board.endRoot(0, {"from": stranger})
    assert board.stateOf(0)[0] == STANDS


def test_who_may_not_challenge_or_judge(
    board, rewards, post, evaluators, stranger, participants, authority, at
):
    post(rewards)
    with brownie.reverts(typed("BoardNotIndependent", evaluators[0], 1)):
        board.challengeRoot(0, 1, WHY, {"from": evaluators[0]})
    for place, who in ((2, stranger), (1, evaluators[1])):
        with brownie.reverts(typed("BoardNotEvaluator", who, place)):
            board.challengeRoot(0, place, WHY, {"from": who})
    board.challengeRoot(0, 2, WHY, {"from": evaluators[1]})
    for place in (1, 2):
        with brownie.reverts(typed("BoardNotIndependent", evaluators[place - 1], place)):
            board.judgeRoot(0, place, True, {"from": evaluators[place - 1]})
    board.judgeRoot(0, 3, True, {"from": evaluators[2]})
    with brownie.reverts(typed("BoardNotIndependent", evaluators[2], 3)):
        board.judgeRoot(0, 3, True, {"from": evaluators[2]})
    # Of a fourth institution, but at home in the poster's too.
    participants.setMember(1, evaluators[3], 2**40 - 1, 0, {"from": authority})
    with brownie.reverts(typed("BoardNotIndependent", evaluators[3], 4)):
        board.judgeRoot(0, 4, True, {"from": evaluators[3]})
    participants.unaccredit(evaluators[4], 2**10, 0, {"from": authority})
    with brownie.reverts(typed("BoardNotEvaluator", evaluators[4], 5)):
        board.judgeRoot(0, 5, True, {"from": evaluators[4]})


def test_a_challenge_comes_in_the_window(board, rewards, post, evaluators, at):
    with brownie.reverts(typed("RootWrongState", 0, NONE, 0)):
        board.challengeRoot(0, 2, WHY, {"from": evaluators[1]})
    post(rewards)
    until = board.stateOf(0)[1]
    at(until)
    with brownie.reverts(typed("RootWrongState", 0, POSTED, until)):
        board.challengeRoot(0, 2, WHY, {"from": evaluators[1]})


@pytest.mark.parametrize(
    ("total", "institutions", "fits"),
    [
        (0, 0, False),
        (BUDGET, BUDGET // 5, True),
        (BUDGET + 1, 0, False),
        (BUDGET, BUDGET // 5 + 1, False),
    ],
)
def test_totals_are_bounded(board, rewards, post, total, institutions, fits):
    if fits:
        post(rewards, total=total, institutions=institutions)
        return
    with brownie.reverts(typed("RootInvalidTotals", total, institutions, BUDGET)):
        post(rewards, total=total, institutions=institutions)


def test_the_budget_halves_and_the_sum_has_a_cap(pool):
    budgets = [pool.budgetOf(epoch) for epoch in (0, 7, 8, 15, 16, 8 * 39, 8 * 40, 65_535)]
    assert budgets == [BUDGET, BUDGET, BUDGET // 2, BUDGET // 2, BUDGET // 4, 1, 0, 0]
    whole = sum((BUDGET >> halving) * 8 for halving in range(41)) * 10**12
    assert whole <= pool.emissionCap() == 16 * BUDGET * 10**12


def test_an_epoch_is_over_before_it_is_posted(board, evaluators, start, at):
    at(start + 2 * LENGTH - 2)
    with brownie.reverts(typed("EpochNotOver", 1, start + 2 * LENGTH)):
        board.postRoot(1, 1, ROOT, 5, 0, AUDIT, {"from": evaluators[0]})
    board.postRoot(0, 1, ROOT, 5, 0, AUDIT, {"from": evaluators[0]})


def test_only_an_evaluator_of_the_institution_posts(board, evaluators, stranger, start, at):
    at(start + LENGTH)
    for place, who in ((1, stranger), (2, evaluators[0]), (99, evaluators[0])):
        with brownie.reverts(typed("BoardNotEvaluator", who, place)):
            board.postRoot(0, place, ROOT, 5, 0, AUDIT, {"from": who})


def test_a_bond_that_is_not_there_posts_nothing(board, coin, rewards, post, evaluators):
    coin.approve(board, BOND - 1, {"from": evaluators[0]})

    with brownie.reverts():
        post(rewards)
    assert board.stateOf(0)[0] == NONE


def test_only_the_board_sets_and_freezes(pool, coin, evaluators, stranger, authority, start, at):
    at(start + LENGTH)
    for caller in (stranger, authority, evaluators[0]):
        with brownie.reverts(typed("RewardNotBoard", caller)):
            pool.setRoot(0, ROOT, 5, 0, {"from": caller})
        with brownie.reverts(typed("RewardNotBoard", caller)):
            pool.freeze(evaluators[1], True, {"from": caller})


def test_a_schedule_has_no_zero(RewardPool, accounts, records, coin, board):
    for place in range(3):
        schedule = [BUDGET, 8, LENGTH]
        schedule[place] = 0
        with brownie.reverts():
            RewardPool.deploy(records, coin, board, schedule, {"from": accounts[0]})
