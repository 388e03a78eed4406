"""
acceptGuardianshipWithSig
├── named and in time: says so in one event; once
├── not named, removed, or over at its last second: refused
├── at its deadline it is taken, a second later it is not
└── by another's signature, or by one for an earlier appointment: refused
"""

import brownie
import pytest

from tests.contracts.acting import DAY
from tests.support import typed

BOTH = pytest.mark.both_chains


@pytest.fixture
def named(guardianship, subject, appointment):
    guardianship.nameGuardian(tuple(appointment().values()), {"from": subject})
    return subject


@BOTH
def test_is_taken_once(named, accept, guardian):
    tx = accept()

    assert len(tx.events) == 1
    assert dict(tx.events["GuardianAccepted"]) == {"subject": named, "guardian": guardian}
    with brownie.reverts(typed("GuardianNotNamed", named, guardian)):
        accept()


def test_is_refused_if_not_named(accept, guardianship, subject, guardian, appointment):
    with brownie.reverts(typed("GuardianNotNamed", subject, guardian)):
        accept()
    guardianship.nameGuardian(tuple(appointment().values()), {"from": subject})
    guardianship.removeGuardian(guardian, {"from": subject})
    with brownie.reverts(typed("GuardianNotNamed", subject, guardian)):
        accept()


def test_is_refused_when_over(named, accept, guardianship, guardian, at):
    at(guardianship.appointmentOf(named, guardian)[2])

    with brownie.reverts(typed("GuardianNotNamed", named, guardian)):
        accept()


@BOTH
@pytest.mark.parametrize("late", [0, 1])
def test_deadline(named, guardianship, guardian, relayer, message_of, signed, at, late):
    message = message_of("GuardianAcceptance")
    signature = signed(guardian, "GuardianAcceptance", message)
    # The next block is of the same second or of the next, on one chain and the other.
    at(message["deadline"] - 1 + 2 * late)
    send = (named, guardian, message["deadline"], signature, {"from": relayer})

    if late:
        with brownie.reverts(typed("GuardianExpiredSignature", message["deadline"])):
            guardianship.acceptGuardianshipWithSig(*send)
    else:
        guardianship.acceptGuardianshipWithSig(*send)


def test_is_refused_of_an_earlier_appointment(
    named, guardianship, guardian, relayer, appointment, message_of, signed
):
    message = message_of("GuardianAcceptance", deadline=brownie.chain[-1].timestamp + 9 * DAY)
    signature = signed(guardian, "GuardianAcceptance", message)
    guardianship.nameGuardian(tuple(appointment(powers=7).values()), {"from": named})

    with brownie.reverts(typed("GuardianInvalidSignature", guardian)):
        guardianship.acceptGuardianshipWithSig(
            named, guardian, message["deadline"], signature, {"from": relayer}
        )
