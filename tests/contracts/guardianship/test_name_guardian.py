"""
nameGuardian, nameGuardianWithSig
├── says everything in one event, and gives no power before it is accepted
├── accepted: the guardian has what was named, from the first second to the last, and no more
├── named again: accepted anew, and nobody let in before is in
├── refused: nobody, oneself, no power, an unknown power
├── the period: empty, over, or longer than 50 years or than minority
├── majority: not a quarter's beginning, past, over 21 years ahead, or another than committed
├── the threshold: 1, or over 16
├── a persona that was succeeded names nobody
├── by signature: the same; once, and not after a removal
└── nobody else can: not the authority, not the guardian
"""

import brownie
import pytest

from tests.contracts.acting import DAY
from tests.contracts.guardianship.conftest import ALL, QUARTER
from tests.support import typed

BOTH = pytest.mark.both_chains


@BOTH
def test_says_it_in_one_event(guardianship, subject, guardian, appointment, majority):
    given = appointment(majority=majority, threshold=2)

    tx = guardianship.nameGuardian(tuple(given.values()), {"from": subject})

    assert len(tx.events) == 1
    assert dict(tx.events["GuardianNamed"]) == {"subject": subject} | given
    assert not guardianship.isGuardian(subject, guardian, 2)
    assert tuple(guardianship.personOf(subject))[:2] == (majority, 2)


@BOTH
def test_gives_what_was_named_in_time(guardianship, subject, guardian, appointment, accept, at):
    given = appointment(powers=2)
    given["validFrom"] += 10 * DAY
    guardianship.nameGuardian(tuple(given.values()), {"from": subject})
    accept()

    for second, holds in (
        (given["validFrom"] - 1, False),
        (given["validFrom"], True),
        (given["validUntil"] - 1, True),
        (given["validUntil"], False),
    ):
        at(second)
        assert guardianship.isGuardian(subject, guardian, 2) is holds
    assert not guardianship.isGuardian(subject, guardian, 0)


def test_gives_nothing_that_was_not_named(guardianship, subject, guardian, appointment, accept):
    guardianship.nameGuardian(tuple(appointment(powers=2).values()), {"from": subject})
    accept()

    for powers in range(1, 16):
        assert guardianship.isGuardian(subject, guardian, powers) is (powers == 2)


def test_named_again_is_another_seat(
    guardianship, ward, guardian, grantee, scope, share, asks, appointment, accept
):
    share()
    assert asks()

    guardianship.nameGuardian(tuple(appointment().values()), {"from": ward})

    assert not guardianship.isGuardian(ward, guardian, ALL)
    assert not asks()
    accept()
    assert guardianship.isGuardian(ward, guardian, ALL)
    assert not asks()


@pytest.mark.parametrize("who", ["nobody", "subject"])
def test_refuses_who_can_be_none(guardianship, subject, appointment, who):
    account = "0x" + "00" * 20 if who == "nobody" else subject.address

    with brownie.reverts(typed("GuardianInvalidAccount", account)):
        guardianship.nameGuardian(tuple(appointment(guardian=account).values()), {"from": subject})


@pytest.mark.parametrize("powers", [0, 8, 255])
def test_refuses_powers_that_are_none(guardianship, subject, appointment, powers):
    with brownie.reverts(typed("GuardianInvalidPowers", powers)):
        guardianship.nameGuardian(tuple(appointment(powers=powers).values()), {"from": subject})


@pytest.mark.parametrize("change", ["empty", "over", "long"])
def test_refuses_a_period(guardianship, subject, appointment, chain, change):
    now = chain[-1].timestamp
    given = (
        appointment()
        | {
            "empty": {"validFrom": now + DAY, "validUntil": now + DAY},
            "over": {"validFrom": now - 2 * DAY, "validUntil": now - DAY},
            "long": {"validUntil": now + 18_264 * DAY},
        }[change]
    )

    with brownie.reverts():
        guardianship.nameGuardian(tuple(given.values()), {"from": subject})
    assert brownie.history[-1].revert_msg.startswith("GuardianInvalidPeriod: ")


def test_ends_at_majority_at_the_latest(guardianship, subject, appointment, majority):
    given = appointment(majority=majority, validUntil=majority + 1)

    with brownie.reverts(
        typed("GuardianInvalidPeriod", given["validFrom"], majority + 1, majority)
    ):
        guardianship.nameGuardian(tuple(given.values()), {"from": subject})
    guardianship.nameGuardian(tuple((given | {"validUntil": majority}).values()), {"from": subject})


@pytest.mark.parametrize("change", [1, -20 * QUARTER, 80 * QUARTER])
def test_refuses_a_majority(guardianship, subject, appointment, majority, change):
    given = appointment(majority=majority + change)

    with brownie.reverts(typed("GuardianInvalidMajority", majority + change, 0)):
        guardianship.nameGuardian(tuple(given.values()), {"from": subject})


@pytest.mark.parametrize("change", [-QUARTER, QUARTER])
def test_never_changes_a_majority(guardianship, ward, appointment, majority, change):
    given = appointment(majority=majority + change)

    with brownie.reverts(typed("GuardianInvalidMajority", majority + change, majority)):
        guardianship.nameGuardian(tuple(given.values()), {"from": ward})


@pytest.mark.parametrize("threshold", [1, 17, 255])
def test_refuses_a_threshold(guardianship, subject, appointment, threshold):
    with brownie.reverts(typed("GuardianInvalidThreshold", threshold)):
        guardianship.nameGuardian(
            tuple(appointment(threshold=threshold).values()), {"from": subject}
        )


def test_is_refused_of_a_persona_that_was_succeeded(
    guardianship, subject, successor, relayer, appointment, message_of, signed
):
    message = message_of("Succession")
    signatures = [signed(one, "Succession", message) for one in (subject, successor)]
    guardianship.succeed(subject, successor, message["deadline"], *signatures, {"from": relayer})

    with brownie.reverts(typed("PersonaAlreadySucceeded", subject, successor)):
        guardianship.nameGuardian(tuple(appointment().values()), {"from": subject})


@BOTH
def test_by_signature_is_the_same_once(
    guardianship, subject, relayer, appointment, message_of, signed
):
    message = message_of("Appointment")
    given = tuple(message[name] for name in appointment())
    signature = signed(subject, "Appointment", message)
    send = (subject, given, message["deadline"], signature, {"from": relayer})

    tx = guardianship.nameGuardianWithSig(*send)

    assert dict(tx.events["GuardianNamed"])["subject"] == subject
    with brownie.reverts(typed("GuardianInvalidSignature", subject)):
        guardianship.nameGuardianWithSig(*send)


def test_a_removal_voids_what_was_signed_before(
    guardianship, subject, guardian, relayer, appointment, message_of, signed
):
    message = message_of("Appointment")
    signature = signed(subject, "Appointment", message)
    guardianship.removeGuardian(guardian, {"from": subject})

    with brownie.reverts(typed("GuardianInvalidSignature", subject)):
        guardianship.nameGuardianWithSig(
            subject,
            tuple(message[name] for name in appointment()),
            message["deadline"],
            signature,
            {"from": relayer},
        )


def test_nobody_names_for_another(
    guardianship, subject, guardian, authority, relayer, appointment, message_of, signed
):
    guardianship.nameGuardian(tuple(appointment().values()), {"from": authority})
    assert guardianship.appointmentOf(subject, guardian)[0] == 0

    message = message_of("Appointment")
    forged = signed(guardian, "Appointment", message)
    with brownie.reverts(typed("GuardianInvalidSignature", subject)):
        guardianship.nameGuardianWithSig(
            subject,
            tuple(message[name] for name in appointment()),
            message["deadline"],
            forged,
            {"from": relayer},
        )
