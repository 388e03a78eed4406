"""
clawBack, ban, appeal, appealWithSig, judgeAppeal, endAppeal
├── a retraction takes what has not vested, once, claimed or not; what vested stays and is paid
├── refused: the record stands or was superseded, all has vested, twice, another's retraction
├── two evaluators of two institutions ban: nothing more vests or is booked, what vested is paid
├── an appeal stops nothing until a panel lifts the ban, or stays silent: then it never was
└── refused: one alone, of one institution, out of time, another's signature, one of the sides
"""

import brownie
import pytest
from brownie import chain

from tests.contracts.acting import DAY, domain_of, sign
from tests.contracts.reward_pool.conftest import (
    APPEALED,
    BANNED,
    FINAL,
    LENGTH,
    MICRO,
    NO_BAN,
    PANEL,
    PROPOSED,
    VESTING,
    WHY,
    proof_of,
)
from tests.support import typed


@pytest.fixture
def claw(pool, stranger):
    def act(reward, tree):
        return pool.clawBack(reward.astuple(), proof_of(tree, reward), {"from": stranger})

    return act


@pytest.fixture
def ban(board, evaluators, subject):
    """By the evaluators of these places, one after the other."""

    def act(*places):
        for place in places:
            tx = board.ban(subject, place, WHY, {"from": evaluators[place - 1]})
        return tx

    return act


@pytest.fixture
def appeal_signed(board, relayer):
    def act(signer, **changed):
        message = {"account": signer.address, "ban": board.banOf(signer)[2]} | changed
        signature = sign(signer.private_key, "BanAppeal", message, domain_of(board))
        return board.appealWithSig(signer, signature, {"from": relayer})

    return act


@pytest.mark.parametrize("booked", [True, False])
@pytest.mark.parametrize("age", [0, 100 * DAY])
def test_a_retraction_takes_what_has_not_vested(
    pool, coin, records, rewards, stand, claim, claw, subject, issuer, stranger, start, at,
    booked, age,
):  # fmt: skip
    tree = stand(rewards)
    if booked:
        claim(rewards[0], tree)
    if age > 50 * DAY:
        at(start + LENGTH + age - 60)
        if booked:
            pool.release(subject, {"from": stranger})
    records.retract(rewards[0].record, {"from": issuer})

    tx = claw(rewards[0], tree)

    kept = 1_000_003 * (chain[-1].timestamp - start - LENGTH) // VESTING
    assert dict(tx.events["RewardClawedBack"]) == {
        "epoch": 0,
        "account": subject,
        "index": 0,
        "taken": 1_000_003 - kept,
    }
    vested, _, vesting = pool.earningsOf(subject)
    assert (vested, vesting) == (kept, 0)
    assert tuple(pool.isClaimed(0, 0)) == (True, True)
    with brownie.reverts(typed("RewardAlreadyClaimed", 0, 0)):
        claim(rewards[0], tree)
    with brownie.reverts(typed("RewardNothingToTake", 0, 0)):
        claw(rewards[0], tree)
    at(start + 9 * LENGTH)
    if coin.balanceOf(subject) < kept * MICRO:
        pool.release(subject, {"from": stranger})
    assert coin.balanceOf(subject) == kept * MICRO
    # The others' rewards are untouched.
    claim(rewards[1], tree)


def test_what_stands_or_has_vested_is_not_taken(
    pool, records, rewards, stand, claim, claw, issuer, stranger, start, at
):
    tree = stand(rewards)
    claim(rewards[0], tree)
    record = rewards[0].record
    records.retract(record, {"from": stranger})
    with brownie.reverts(typed("RewardNothingToTake", 0, 0)):
        claw(rewards[0], tree)
    records.supersede(record, "0x" + "77" * 32, {"from": issuer})
    with brownie.reverts(typed("RewardNothingToTake", 0, 0)):
        claw(rewards[0], tree)
    at(start + LENGTH + VESTING)
    records.retract(record, {"from": issuer})
    with brownie.reverts(typed("RewardNothingToTake", 0, 0)):
        claw(rewards[0], tree)


@pytest.mark.both_chains
def test_a_ban_stops_what_vests_and_pays_what_has(
    board, pool, coin, rewards, stand, claim, ban, subject, evaluators, stranger, start, at
):
    tree = stand(rewards)
    claim(rewards[0], tree)
    ban(1)
    assert tuple(board.banOf(subject))[::2] == (PROPOSED, 1)
    with brownie.reverts(typed("BoardNotIndependent", evaluators[0], 1)):
        ban(1)

    tx = ban(2)

    frozen = chain[-1].timestamp
    assert [event.name for event in tx.events] == ["BanProposed", "AccountBanned", "AccountFrozen"]
    due = 1_000_003 * (frozen - start - LENGTH) // VESTING
    at(start + 9 * LENGTH)
    assert pool.earningsOf(subject)[0] == due
    pool.release(subject, {"from": stranger})
    assert coin.balanceOf(subject) == due * MICRO
    with brownie.reverts(typed("BanWrongState", subject, BANNED, frozen + PANEL)):
        ban(3)
    # Its time for an appeal is over, so that it is final.
    with brownie.reverts(typed("BanWrongState", subject, BANNED, frozen + PANEL)):
        board.appeal({"from": subject})


def test_nothing_is_booked_to_who_is_banned(rewards, stand, claim, ban, subject):
    tree = stand(rewards)
    ban(1, 2)

    with brownie.reverts(typed("RewardBanned", subject)):
        claim(rewards[0], tree)
    claim(rewards[1], tree)


def test_a_proposal_that_nobody_confirms_lapses(board, pool, ban, subject, at):
    ban(1)
    at(board.banOf(subject)[1])

    ban(2)

    assert tuple(board.banOf(subject))[::2] == (PROPOSED, 2)
    ban(1)
    assert board.banOf(subject)[0] == BANNED


@pytest.mark.parametrize(
    ("said", "right", "signed"),
    [((True, True), True, True), ((False, True, False), False, False)],
)
def test_a_panel_answers_an_appeal(
    board, pool, rewards, stand, claim, ban, appeal_signed, subject, evaluators, start, at,
    said, right, signed,
):  # fmt: skip
    tree = stand(rewards)
    claim(rewards[0], tree)
    ban(1, 2)
    frozen = chain[-1].timestamp
    appeal_signed(subject) if signed else board.appeal({"from": subject})
    assert board.banOf(subject)[0] == APPEALED

    for place, vote in enumerate(said, 3):
        board.judgeAppeal(subject, place, vote, {"from": evaluators[place - 1]})

    assert board.banOf(subject)[0] == (FINAL if right else NO_BAN)
    at(start + 3 * LENGTH)
    moment = frozen if right else start + 3 * LENGTH
    assert pool.earningsOf(subject)[0] == 1_000_003 * (moment - start - LENGTH) // VESTING
    if right:
        with brownie.reverts():
            board.endAppeal(subject, {"from": subject})
        return
    # As if it had never been; and it can be proposed anew.
    ban(1)
    assert tuple(board.banOf(subject))[::2] == (PROPOSED, 2)


def test_an_appeal_that_nobody_answers_ends_the_ban(
    board, pool, ban, subject, evaluators, stranger, at
):
    ban(1, 2)
    board.appeal({"from": subject})
    until = board.banOf(subject)[1]
    board.judgeAppeal(subject, 3, True, {"from": evaluators[2]})
    at(until - 2)
    with brownie.reverts(typed("BanWrongState", subject, APPEALED, until)):
        board.endAppeal(subject, {"from": stranger})
    at(until)
    with brownie.reverts(typed("BanWrongState", subject, APPEALED, until)):
        board.judgeAppeal(subject, 4, True, {"from": evaluators[3]})

    tx = board.endAppeal(subject, {"from": stranger})

    assert dict(tx.events["AppealEnded"]) == {"account": subject, "banned": False}
    assert dict(tx.events["AccountFrozen"]) == {"account": subject, "frozen": False}


def test_who_may_not_ban_appeal_or_judge(
    board, ban, appeal_signed, subject, other_subject, evaluators, stranger
):
    with brownie.reverts(typed("BoardNotEvaluator", stranger, 1)):
        board.ban(subject, 1, WHY, {"from": stranger})
    ban(1, 2)
    with brownie.reverts(typed("BanWrongState", stranger, NO_BAN, 0)):
        board.appeal({"from": stranger})
    for changed in ({"ban": 2}, {"account": str(other_subject)}):
        with brownie.reverts(typed("BoardInvalidSignature", subject)):
            appeal_signed(subject, **changed)
    appeal_signed(subject)
    for place in (1, 2):
        with brownie.reverts(typed("BoardNotIndependent", evaluators[place - 1], place)):
            board.judgeAppeal(subject, place, False, {"from": evaluators[place - 1]})


def test_nobody_judges_their_own_appeal(board, evaluators):
    third = evaluators[2]
    for place in (1, 2):
        board.ban(third, place, WHY, {"from": evaluators[place - 1]})
    board.appeal({"from": third})

    with brownie.reverts(typed("BoardNotIndependent", third, 3)):
        board.judgeAppeal(third, 3, False, {"from": third})
