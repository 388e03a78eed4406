"""
Random histories of two people, two clinicians, reviewers and a stranger, against a model
├── after each act, decide lets in exactly those whose glass is open, and nobody else
├── the coin that the contract holds is the bonds of the undecided and what is owed (conserved)
├── no glass is open for longer than 24 hours, and one that was closed never lets in again
├── an opening is decided once, and what was decided stays
└── it was worth it: every outcome was met, and acts that both refused
"""

import random
from dataclasses import dataclass, field

import brownie
import pytest
from brownie import chain

from aceso.codes import Reason
from tests.contracts.acting import DAY, terms
from tests.contracts.emergency_access.conftest import (
    BOND,
    DANGER,
    ETREAT,
    HOUR,
    JUSTIFIED,
    LABS,
    PENDING,
    REVIEW,
    UNJUSTIFIED,
    UNREVIEWED,
)

SEEDS = (3, 8)
STEPS = 160


@dataclass
class Opening:
    """What the rules say of one, in words."""

    subject: str
    clinician: str
    begins: int
    ends: int
    review_ends: int
    stopped: bool = False
    outcome: int = PENDING
    said: dict[int, bool] = field(default_factory=dict)


@dataclass
class Model:
    """The rules of docs/emergency.md, and nothing of the contract's code."""

    openings: list[Opening] = field(default_factory=list)
    owed: dict[str, int] = field(default_factory=dict)

    def newest(self, subject, clinician):
        found = [o for o in self.openings if (o.subject, o.clinician) == (subject, clinician)]
        return found[-1] if found else None

    def is_open(self, subject, clinician, now):
        found = self.newest(subject, clinician)
        return found is not None and now < found.ends

    def may_open(self, subject, clinician, window, now):
        found = self.newest(subject, clinician)
        if window > 24 * HOUR:
            return False
        if found is None:
            return True
        if found.stopped:
            return found.outcome == JUSTIFIED
        return now >= found.ends

    def decide(self, found, outcome):
        found.outcome = outcome
        payee = found.clinician if outcome == JUSTIFIED else found.subject
        self.owed[payee] = self.owed.get(payee, 0) + BOND


@pytest.mark.parametrize("seed", SEEDS)
def test_the_rules_hold(
    emergency,
    coin,
    registry,
    subject,
    other_subject,
    staff,
    stranger,
    stop_signed,
    group,
    at,
    seed,
):
    draw, model = random.Random(seed), Model()
    people, clinicians, reviewers = (subject, other_subject), staff[:2], staff[2:]
    for each in people:
        given = terms(group, uses=ETREAT, classes=LABS, validUntil=chain[-1].timestamp + 3000 * DAY)
        registry.grant(tuple(given.values()), {"from": each})
    counted = {"refused": 0, "permitted": 0}

    def now():
        return chain[-1].timestamp

    def tried(send):
        try:
            send()
        except brownie.exceptions.VirtualMachineError:
            counted["refused"] += 1
            return False
        return True

    def break_glass(person, clinician):
        window = draw.choice((1, HOUR, 24 * HOUR, 24 * HOUR, 24 * HOUR + 1))
        done = tried(lambda: emergency.open(person, 1, DANGER, window, {"from": clinician}))
        assert done == model.may_open(str(person), str(clinician), window, now())
        if done:
            ends = now() + window
            assert emergency.newestOf(person, clinician)[1] - now() <= 24 * HOUR
            model.openings.append(Opening(str(person), str(clinician), now(), ends, ends + REVIEW))

    def stop(person, clinician):
        way = draw.randrange(3)
        send = (
            lambda: emergency.stop(person, clinician, {"from": person}),
            lambda: stop_signed(person, person, clinician),
            lambda: emergency.close(person, {"from": clinician}),
        )[way]
        found = model.newest(str(person), str(clinician))
        done = tried(send)
        assert done == (found is not None and now() < found.ends)
        if done:
            found.stopped, found.ends = way < 2, now()

    def review(person, clinician):
        if not model.openings:
            return
        # Mostly one that is over and not decided.
        due = [
            number
            for number, one in enumerate(model.openings)
            if one.outcome == PENDING and one.ends <= now() < one.review_ends
        ]
        everything = range(len(model.openings))
        number = draw.choice(due if due and draw.random() < 0.8 else everything)
        found, place = model.openings[number], draw.randrange(3)
        says = draw.random() < 0.5
        done = tried(
            lambda: emergency.review(number + 1, place + 2, says, {"from": reviewers[place]})
        )
        assert done == (
            found.outcome == PENDING
            and found.ends <= now() < found.review_ends
            and place not in found.said
        )
        if done:
            found.said[place] = says
            if list(found.said.values()).count(says) == 2:
                model.decide(found, JUSTIFIED if says else UNJUSTIFIED)

    def end_review(person, clinician):
        if not model.openings:
            return
        number = draw.randrange(len(model.openings))
        found = model.openings[number]
        done = tried(lambda: emergency.endReview(number + 1, {"from": stranger}))
        assert done == (found.outcome == PENDING and now() >= found.review_ends)
        if done:
            model.decide(found, UNREVIEWED)

    def take(person, clinician):
        who = draw.choice((person, clinician))
        before = coin.balanceOf(who)
        done = tried(lambda: emergency.takeCredit(who, {"from": who}))
        assert done == (model.owed.get(str(who), 0) > 0)
        assert coin.balanceOf(who) - before == model.owed.pop(str(who), 0)

    def intrude(person, clinician):
        by = {"from": stranger}
        assert not tried(lambda: emergency.open(person, 1, DANGER, 0, by))
        assert not tried(lambda: emergency.stop(person, clinician, by))
        assert not tried(lambda: emergency.close(person, by))
        assert not tried(lambda: emergency.review(1, 2, True, by))
        assert not tried(lambda: emergency.takeCredit(stranger, by))

    def wait(person, clinician):
        at(now() + draw.choice((1, HOUR, HOUR, DAY, DAY, DAY, 16 * DAY)))

    acts = (break_glass, break_glass, break_glass, stop, review, review, review, review)
    for _ in range(STEPS):
        act = draw.choice((*acts, end_review, take, intrude, wait, wait))
        act(draw.choice(people), draw.choice(clinicians))

        for person in people:
            for actor in (*clinicians, *reviewers, stranger):
                request = (str(person), str(actor), group, ETREAT, LABS, 0)
                permitted, reason = registry.decide(request)
                expected = model.is_open(str(person), str(actor), now())
                assert (permitted, reason) == (
                    expected,
                    Reason.MEMBER if expected else Reason.NOT_MEMBER,
                )
                counted["permitted"] += permitted
        pending = sum(found.outcome == PENDING for found in model.openings)
        assert coin.balanceOf(emergency) == BOND * pending + sum(model.owed.values())
    for number, found in enumerate(model.openings, 1):
        assert emergency.opening(number)[5] == found.outcome
    outcomes = [found.outcome for found in model.openings]
    assert tuple(emergency.statistics(0)) == (
        len(outcomes),
        sum(found.stopped for found in model.openings),
        *(outcomes.count(kind) for kind in (JUSTIFIED, UNJUSTIFIED, UNREVIEWED)),
    )
    assert set(outcomes) >= {JUSTIFIED, UNJUSTIFIED, UNREVIEWED}
    assert counted["permitted"] >= 10
    assert counted["refused"] >= 10
