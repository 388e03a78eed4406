"""
startRecovery, mayRecover
├── two of three guardians: ready after the delay, exactly, for 30 days, for that requester alone
├── one guardian, one twice, out of order, over 16, a stranger, one without the power: refused
├── nobody prepared it: refused
├── the subject's veto, by call or signature, before or after it is ready: ends it
│   ├── and voids what the guardians signed before
│   └── the guardians may start another
├── another stands: refused, until it is over
└── the deadline of the signatures, exactly
"""

import brownie
import pytest

from aceso.chain import Claim
from tests.contracts.acting import DAY
from tests.contracts.guardianship.conftest import NOBODY, RECOVERY_DELAY
from tests.support import typed

BOTH = pytest.mark.both_chains
RECOVERY = int(Claim.RECOVERY)


@BOTH
def test_is_ready_after_the_delay(guardianship, three, subject, stranger, support, chain, at):
    tx = support(*three[:2])

    ready = chain[-1].timestamp + RECOVERY_DELAY
    until = ready + 30 * DAY
    assert len(tx.events) == 1
    assert dict(tx.events["RecoveryStarted"]) == {
        "subject": subject,
        "requester": stranger,
        "readyAt": ready,
        "validUntil": until,
    }
    assert tuple(guardianship.recoveryOf(subject)) == (str(stranger), ready, until)
    for second, may in ((ready - 1, False), (ready, True), (until - 1, True), (until, False)):
        at(second)
        assert guardianship.mayRecover(subject, stranger) is may
        assert not guardianship.mayRecover(subject, three[0])
        assert not guardianship.mayRecover(subject, NOBODY)


def test_is_refused_of_one_guardian(three, support):
    with brownie.reverts(typed("RecoveryInvalidCount", 1, 2)):
        support(three[0])
    with brownie.reverts(typed("RecoveryInvalidCount", 0, 2)):
        support()


def test_counts_nobody_twice(three, support):
    with brownie.reverts(typed("RecoveryInvalidOrder", three[0])):
        support(three[0], three[0])
    with brownie.reverts(typed("RecoveryInvalidOrder", three[0])):
        support(three[1], three[0])


def test_is_refused_of_who_may_not(guardianship, three, subject, successor, support, appointment):
    both = sorted([three[0], successor], key=lambda one: int(one.address, 16))
    with brownie.reverts(typed("GuardianNotInForce", subject, successor, 4)):
        support(*both)
    given = appointment(guardian=three[1].address, powers=3)
    guardianship.nameGuardian(tuple(given.values()), {"from": subject})
    with brownie.reverts(typed("GuardianNotInForce", subject, three[1], 4)):
        support(*three[:2])


def test_is_refused_if_not_prepared(adult, guardians, support):
    with brownie.reverts(typed("RecoveryInvalidCount", 2, 0)):
        support(*guardians[:2])


def test_is_refused_of_another_requester(
    guardianship, three, subject, stranger, relayer, message_of, signed
):
    messages = [message_of("RecoverySupport", guardian=one.address) for one in three[:2]]
    signatures = [
        signed(one, "RecoverySupport", message)
        for one, message in zip(three, messages, strict=False)
    ]
    with brownie.reverts(typed("GuardianInvalidSignature", three[0])):
        guardianship.startRecovery(
            subject,
            relayer,
            [one.address for one in three[:2]],
            messages[0]["deadline"],
            signatures,
            {"from": relayer},
        )


@BOTH
@pytest.mark.parametrize("way", ["direct", "signed"])
@pytest.mark.parametrize("wait", [0, RECOVERY_DELAY])
def test_a_veto_ends_it(
    guardianship,
    three,
    subject,
    stranger,
    relayer,
    support,
    message_of,
    signed,
    chain,
    at,
    way,
    wait,
):
    support(*three[:2])
    ready = guardianship.recoveryOf(subject)[1]
    at(chain[-1].timestamp + wait + 1)

    if way == "direct":
        guardianship.contest(RECOVERY, {"from": subject})
    else:
        message = message_of("Objection", claim=RECOVERY)
        guardianship.contestWithSig(
            subject, RECOVERY, signed(subject, "Objection", message), {"from": relayer}
        )

    assert tuple(guardianship.recoveryOf(subject)) == (NOBODY, 0, 0)
    at(ready + DAY)
    assert not guardianship.mayRecover(subject, stranger)
    support(*three[1:])
    assert guardianship.recoveryOf(subject)[0] == stranger


def test_a_veto_voids_what_was_signed(guardianship, three, subject, support):
    guardianship.contest(RECOVERY, {"from": subject})

    with brownie.reverts(typed("GuardianInvalidSignature", three[0])):
        support(*three[:2], objections=0)


def test_another_is_refused_while_one_stands(guardianship, three, subject, successor, support, at):
    support(*three[:2])
    until = guardianship.recoveryOf(subject)[2]

    at(until - 2)
    with brownie.reverts(typed("RecoveryStands", until)):
        support(*three[1:], requester=successor)
    at(until)
    support(*three[1:], requester=successor)
    assert guardianship.recoveryOf(subject)[0] == successor


@pytest.mark.parametrize("late", [0, 1])
def test_deadline(three, support, chain, late):
    deadline = chain[-1].timestamp + DAY
    brownie.web3.provider.make_request("evm_setNextBlockTimestamp", [deadline + late])
    if late:
        with brownie.reverts(typed("GuardianExpiredSignature", deadline)):
            support(*three[:2], deadline=deadline)
    else:
        support(*three[:2], deadline=deadline)
