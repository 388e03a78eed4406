"""
Random histories of a person, two guardians, physicians and a thief, against a model of a page
├── after each act: who is a guardian, for what, and whom decide lets in is as the model says
├── removing a guardian and objecting always succeed, in whatever state
├── the authority and a stranger never bring anybody in: what they send is refused
└── it was worth it: at least 10 permits, and an act refused by both
"""

import random
from dataclasses import dataclass, field

import brownie
import pytest
from brownie import web3

from aceso.codes import DataClass, Use
from tests.contracts.acting import DAY, grantee_of, terms
from tests.contracts.guardianship.conftest import ATTESTATION_DELAY, QUARTER

SEEDS = (4, 11)
STEPS = 110
INCAPACITY, DEATH, CAPACITY = 0, 1, 2
SHARE, STOP, RECOVER = 1, 2, 4


@dataclass
class Seat:
    """A guardian, as the rules say in words."""

    powers: int = 0
    begins: int = 0
    ends: int = 0
    accepted: bool = False
    # Whom they let in: until when.
    inside: dict[str, int] = field(default_factory=dict)


@dataclass
class Model:
    """The rules of docs/guardianship.md, and nothing of the contract's code."""

    majority: int = 0
    seats: dict[str, Seat] = field(default_factory=dict)
    # Who attested first, and when; from when it holds.
    first: dict[int, tuple[int, int]] = field(default_factory=dict)
    holds: dict[int, int] = field(default_factory=dict)

    def is_found(self, claim, now):
        return claim in self.holds and now >= self.holds[claim]

    def may(self, guardian, powers, now):
        seat = self.seats.get(guardian, Seat())
        if not seat.accepted or not seat.begins <= now < seat.ends or self.is_found(DEATH, now):
            return False
        if powers & ~seat.powers:
            return False
        needs_it = now < self.majority or self.is_found(INCAPACITY, now)
        return needs_it or not powers & SHARE

    def lets_in(self, guardian, actor, now):
        seat = self.seats.get(guardian, Seat())
        return now < seat.inside.get(actor, 0) and self.may(guardian, SHARE, now)


@pytest.fixture
def people(guardians, accounts):
    """Two guardians, and two accounts that are let in or not."""
    return guardians[:2], [str(accounts[3]), str(accounts[4])]


@pytest.mark.parametrize("seed", SEEDS)
def test_the_rules_hold(
    guardianship,
    registry,
    subject,
    people,
    physicians,
    authority,
    stranger,
    appointment,
    accept,
    share,
    unshare,
    signed,
    relayer,
    message_of,
    chain,
    at,
    seed,
):
    draw, model = random.Random(seed), Model()
    named, actors = people
    groups = {}
    for one in named:
        number = int(one.address, 16) & (2**96 - 1)
        groups[one.address] = web3.to_hex(
            number.to_bytes(12, "big") + bytes.fromhex(guardianship.address[2:])
        )
        given = terms(groups[one.address], validUntil=chain[-1].timestamp + 1800 * DAY)
        registry.grant(tuple(given.values()), {"from": subject})
    permits = refusals = 0

    def now():
        return chain[-1].timestamp

    def tried(send):
        nonlocal refusals
        try:
            send()
        except brownie.exceptions.VirtualMachineError:
            refusals += 1
            return False
        return True

    def name(one):
        powers = draw.randrange(1, 8) | (SHARE if draw.random() < 0.7 else 0)
        coming = 0
        if not model.majority and draw.random() < 0.4:
            coming = now() + draw.randrange(200, 900) * DAY
            coming -= coming % QUARTER
        limit = max(model.majority, coming)
        until = now() + draw.randrange(30, 700) * DAY
        if now() < limit:
            until = min(until, limit)
        given = appointment(guardian=one.address, powers=powers, validUntil=until, majority=coming)
        if tried(lambda: guardianship.nameGuardian(tuple(given.values()), {"from": subject})):
            model.majority = model.majority or coming
            model.seats[one.address] = Seat(powers, given["validFrom"], until)

    def take(one):
        seat = model.seats.get(one.address)
        done = tried(lambda: accept(one))
        should = seat is not None and seat.powers and not seat.accepted and now() < seat.ends
        assert done == bool(should)
        if done:
            seat.accepted = True

    def remove(one):
        if draw.random() < 0.5:
            guardianship.removeGuardian(one, {"from": subject})
        else:
            message = message_of("GuardianRemoval", guardian=one.address)
            guardianship.removeGuardianWithSig(
                subject, one, signed(subject, "GuardianRemoval", message), {"from": relayer}
            )
        model.seats.pop(one.address, None)

    def let_in(one):
        actor = draw.choice(actors)
        until = now() + draw.randrange(1, 200) * DAY
        done = tried(lambda: share(one, actor=actor, validUntil=until))
        seat = model.seats.get(one.address, Seat())
        assert done == (model.may(one.address, SHARE, now()) and until <= seat.ends)
        if done:
            seat.inside[actor] = until

    def attest(_):
        claim, place = draw.choice((INCAPACITY,) * 4 + (DEATH, CAPACITY)), draw.randrange(3)
        send = {"from": physicians[place]}
        done = tried(lambda: guardianship.attest(subject, place + 1, claim, send))
        assert done == (claim not in model.holds)
        if not done:
            return
        before = model.first.get(claim)
        if before is None or before[0] == place or now() >= before[1] + 30 * DAY:
            model.first[claim] = (place, now())
        elif claim == CAPACITY:
            for ended in (INCAPACITY, DEATH, CAPACITY):
                model.first.pop(ended, None)
                model.holds.pop(ended, None)
        else:
            model.holds[claim] = now() + ATTESTATION_DELAY

    def contest(_):
        claim = draw.choice((INCAPACITY, DEATH))
        guardianship.contest(claim, {"from": subject})
        model.first.pop(claim, None)
        model.holds.pop(claim, None)

    def intrude(one):
        thief = draw.choice((authority, stranger))
        guardianship.removeGuardian(one, {"from": thief})
        guardianship.resign(subject, {"from": thief})
        guardianship.contest(INCAPACITY, {"from": thief})
        assert not tried(lambda: guardianship.attest(subject, 1, INCAPACITY, {"from": thief}))
        message = message_of("GuardianShare", guardian=one.address)
        forged = signed(named[1 - named.index(one)], "GuardianShare", message)
        assert not tried(
            lambda: guardianship.shareWithSig(
                subject,
                one,
                message["actor"],
                message["validUntil"],
                message["deadline"],
                forged,
                {"from": thief},
            )
        )

    def wait(_):
        at(now() + draw.choice((1, DAY, 15 * DAY, 40 * DAY)))

    acts = (name, take, take, take, remove, let_in, let_in, let_in, attest, attest, contest)
    for _ in range(STEPS):
        draw.choice((*acts, intrude, wait, wait))(draw.choice(named))
        for one in named:
            for powers in (SHARE, STOP, RECOVER, SHARE | STOP):
                found = guardianship.isGuardian(subject, one, powers)
                assert found == model.may(one.address, powers, now())
            for actor in actors:
                request = (
                    str(subject),
                    actor,
                    groups[one.address],
                    int(Use.TREAT),
                    int(DataClass.LABS),
                    0,
                )
                found = registry.decide(request)[0]
                assert found == model.lets_in(one.address, actor, now())
                permits += found
    for one in named:
        assert (
            registry.decide((str(subject), str(authority), grantee_of(one), int(Use.TREAT), 16, 0))[
                0
            ]
            is False
        )
    assert permits >= 10
    assert refusals > 0
