"""
Random histories of three accounts, five evaluators and a stranger over many epochs, against a model
├── after each act, each account's earnings are those of a plain sum over its rewards
├── an epoch pays what was posted at most, a reward once, and all epochs together the schedule
├── what was minted is what was released: nothing else mints (conserved)
├── the coin that the board holds is the bonds of undecided roots and what is free (conserved)
├── what has vested never falls by more than the rounding of what was taken back
└── it was worth it: roots stood and fell, rewards were taken back, a ban was lifted
"""

import random
from collections import Counter
from dataclasses import dataclass, field

import brownie
import pytest
from brownie import chain, web3

from aceso.chain import Reward
from tests.contracts.acting import DAY
from tests.contracts.reward_pool.conftest import (
    APPEALED,
    AUDIT,
    BANNED,
    BOND,
    CHALLENGED,
    FINAL,
    LENGTH,
    MICRO,
    NO_BAN,
    NONE,
    PANEL,
    POSTED,
    PROPOSED,
    STANDS,
    VESTING,
    WHY,
    WINDOW,
    proof_of,
    tree_for,
)

SEEDS = (1,)
STEPS = 240


@dataclass
class Root:
    """The root of one epoch, in words."""

    rewards: list[Reward]
    state: int = NONE
    until: int = 0
    sides: list[int] = field(default_factory=list)
    said: dict[int, bool] = field(default_factory=dict)
    posted_by: set[int] = field(default_factory=set)
    challenged_by: set[int] = field(default_factory=set)


@dataclass
class Ban:
    state: int = NO_BAN
    until: int = 0
    frozen: int = 0
    sides: list[int] = field(default_factory=list)
    said: dict[int, bool] = field(default_factory=dict)


@dataclass
class Booked:
    """A reward that was booked, and what was left of it when its record was retracted."""

    reward: Reward
    kept: int | None = None


@pytest.mark.parametrize("seed", SEEDS)
def test_the_rules_hold(
    pool, board, coin, records, evaluators, issuer, subject, other_subject, stranger, start, at,
    seed,
):  # fmt: skip
    draw, met = random.Random(seed), Counter()
    people = [str(subject), str(other_subject), str(issuer)]
    roots: dict[int, Root] = {}
    bans = {person: Ban() for person in people}
    booked: dict[tuple[int, int], Booked] = {}
    paid: Counter = Counter()
    free: Counter = Counter()
    retracted: set[bytes] = set()
    supply = coin.totalSupply()
    held = {str(each): coin.balanceOf(each) for each in evaluators}

    def now():
        return chain[-1].timestamp

    def tried(send):
        try:
            send()
        except brownie.exceptions.VirtualMachineError:
            met["refused"] += 1
            return False
        return True

    def elapsed(person, epoch):
        moment = bans[person].frozen or now()
        return min(max(moment - start - (epoch + 1) * LENGTH, 0), VESTING)

    def earned(person):
        """Whole or taken back: by itself. All else: summed, and rounded down once."""
        whole, parts = 0, 0
        for one in booked.values():
            if one.reward.account != person:
                continue
            part = elapsed(person, one.reward.epoch)
            if one.kept is not None:
                whole += one.kept
            else:
                parts += one.reward.amount * part
        return whole + parts // VESTING

    def make(epoch):
        if epoch not in roots:
            made = []
            for index in range(draw.randrange(1, 6)):
                person = draw.choice(people)
                word = web3.keccak(text=f"{epoch} {index}")
                amount = draw.choice((1, 777, 10**6 + 1, 10**9))
                made.append(
                    Reward(epoch, index, person == people[2], amount, person, people[2], word)
                )
            total = sum(one.amount for one in made)
            if sum(one.amount for one in made if one.institutional) * 5 > total:
                made = [Reward(epoch, 0, False, 10**6 + 7, people[0], people[2], bytes(31) + b"1")]
            roots[epoch] = Root(made)
        return roots[epoch]

    def last():
        return (now() - start) // LENGTH - 1

    def post():
        epoch = draw.choice((draw.randrange(last() + 2), last()))
        root = make(epoch)
        place = place_but(*root.posted_by)
        total = sum(one.amount for one in root.rewards)
        part = sum(one.amount for one in root.rewards if one.institutional)
        root_ = web3.to_hex(tree_for(root.rewards).root)
        done = tried(
            lambda: board.postRoot(
                epoch, place + 1, root_, total, part, AUDIT, {"from": evaluators[place]}
            )
        )
        assert done == (root.state == NONE and place not in root.posted_by and epoch <= last())
        if done:
            root.state, root.until = POSTED, now() + WINDOW
            root.sides, root.said = [place], {}
            root.posted_by.add(place)

    def some_root(state):
        found = [(epoch, one) for epoch, one in roots.items() if one.state == state]
        return draw.choice(found) if found else (None, None)

    def place_but(*taken):
        """Mostly of an evaluator who may."""
        left = [place for place in range(5) if place not in taken]
        return draw.choice(left) if left and draw.random() < 0.8 else draw.randrange(5)

    def challenge():
        epoch, root = some_root(POSTED)
        if root is None:
            return
        place = place_but(*root.sides, *root.challenged_by)
        by = {"from": evaluators[place]}
        done = tried(lambda: board.challengeRoot(epoch, place + 1, WHY, by))
        fits = place not in root.sides and place not in root.challenged_by
        assert done == (now() < root.until and fits)
        if done:
            root.state, root.until = CHALLENGED, now() + PANEL
            root.sides.append(place)
            root.challenged_by.add(place)

    def vote(found, place, right):
        """The second of its kind decides."""
        found.said[place] = right
        return list(found.said.values()).count(right) == 2

    def judge():
        epoch, root = some_root(CHALLENGED)
        if root is None:
            return
        place, right = place_but(*root.sides, *root.said), draw.random() < 0.5
        by = {"from": evaluators[place]}
        done = tried(lambda: board.judgeRoot(epoch, place + 1, right, by))
        assert done == (now() < root.until and place not in (*root.sides, *root.said))
        if done and vote(root, place, right):
            free[str(evaluators[root.sides[0 if right else 1]])] += 2 * BOND
            root.state = STANDS if right else NONE
            met["stood" if right else "fell"] += 1

    def end():
        if not roots:
            return
        epoch = draw.choice(list(roots))
        root = roots[epoch]
        done = tried(lambda: board.endRoot(epoch, {"from": stranger}))
        assert done == (root.state in (POSTED, CHALLENGED) and now() >= root.until)
        if done:
            for side in root.sides:
                free[str(evaluators[side])] += BOND
            met["ended" if root.state == POSTED else "silent"] += 1
            root.state = STANDS if root.state == POSTED else NONE

    def some_reward():
        root = some_root(STANDS)[1]
        return draw.choice(root.rewards) if root else None

    def claim():
        reward = some_reward()
        if reward is None:
            return
        proof = proof_of(tree_for(roots[reward.epoch].rewards), reward)
        done = tried(lambda: pool.claim(reward.astuple(), proof, {"from": stranger}))
        id_, ban = (reward.epoch, reward.index), bans[reward.account]
        assert done == (id_ not in booked and ban.state not in (BANNED, APPEALED, FINAL))
        if done:
            booked[id_] = Booked(reward)
            met["claimed"] += 1

    def claw():
        reward = some_reward()
        if reward is None:
            return
        if draw.random() < 0.5 and reward.record not in retracted:
            records.retract(reward.record, {"from": issuer})
            retracted.add(reward.record)
        proof = proof_of(tree_for(roots[reward.epoch].rewards), reward)
        done = tried(lambda: pool.clawBack(reward.astuple(), proof, {"from": stranger}))
        id_ = (reward.epoch, reward.index)
        before = booked.get(id_)
        kept = reward.amount * elapsed(reward.account, reward.epoch) // VESTING
        fresh = before is None or before.kept is None
        assert done == (reward.record in retracted and fresh and kept < reward.amount)
        if done:
            booked[id_] = Booked(reward, kept)
            met["taken"] += 1

    def release():
        person = draw.choice(people)
        done = tried(lambda: pool.release(person, {"from": stranger}))
        due = earned(person)
        assert done == (due > paid[person])
        if done:
            paid[person] = due
            met["released"] += 1

    def ban():
        person = draw.choice(people)
        found = bans[person]
        place = place_but(*found.sides)
        done = tried(lambda: board.ban(person, place + 1, WHY, {"from": evaluators[place]}))
        lapsed = found.state == NO_BAN or (found.state == PROPOSED and now() >= found.until)
        apart = found.state == PROPOSED and place not in found.sides
        assert done == (lapsed or apart)
        if done and lapsed:
            bans[person] = Ban(PROPOSED, now() + PANEL, sides=[place])
        elif done:
            found.state, found.until, found.frozen = BANNED, now() + PANEL, now()
            found.sides.append(place)

    def appeal():
        found = bans[people[0]]
        done = tried(lambda: board.appeal({"from": subject}))
        assert done == (found.state == BANNED and now() < found.until)
        if done:
            found.state, found.until = APPEALED, now() + PANEL

    def judge_appeal():
        found = bans[people[0]]
        place, right = place_but(*found.sides, *found.said), draw.random() < 0.3
        by = {"from": evaluators[place]}
        done = tried(lambda: board.judgeAppeal(people[0], place + 1, right, by))
        apart = place not in (*found.sides, *found.said)
        assert done == (found.state == APPEALED and now() < found.until and apart)
        if done and vote(found, place, right):
            bans[people[0]] = Ban(FINAL, found.until, found.frozen) if right else Ban()
            met["final" if right else "lifted"] += 1

    def end_appeal():
        found = bans[people[0]]
        done = tried(lambda: board.endAppeal(people[0], {"from": stranger}))
        assert done == (found.state == APPEALED and now() >= found.until)
        if done:
            bans[people[0]] = Ban()
            met["lifted"] += 1

    def pay():
        who = str(draw.choice(evaluators))
        done = tried(lambda: board.payBond(who, {"from": stranger}))
        assert done == (free[who] > 0)
        if done:
            held[who] += free.pop(who)

    def wait():
        at(now() + draw.choice((DAY, DAY, 3 * DAY, WINDOW, PANEL)))

    many = (*[post] * 2, *[challenge] * 2, *[judge] * 5, end, *[claim] * 3, claw, claw, release)
    acts = (*many, ban, ban, appeal, *[judge_appeal] * 2, end_appeal, pay, wait)
    at(start + 4 * LENGTH)
    for _ in range(STEPS):
        draw.choice(acts)()

        minted = 0
        for person in people:
            vested, was_paid, vesting = pool.earningsOf(person)
            assert (vested, was_paid) == (earned(person), paid[person])
            mine = [one for one in booked.values() if one.reward.account == person]
            whole = sum(one.reward.amount if one.kept is None else one.kept for one in mine)
            assert vested + vesting == whole
            minted += was_paid
        assert coin.totalSupply() - supply == minted * MICRO
        pending = sum({POSTED: 1, CHALLENGED: 2}.get(root.state, 0) for root in roots.values())
        assert coin.balanceOf(board) == BOND * pending + sum(free.values())
    for epoch, root in roots.items():
        _, total, part, claimed, of_institutions = pool.rootOf(epoch)
        assert claimed <= total - part
        assert of_institutions <= part
        assert board.stateOf(epoch)[0] == root.state
    for act in ("stood", "fell", "claimed", "taken", "released", "lifted", "refused"):
        assert met[act], met
