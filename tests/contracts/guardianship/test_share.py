"""
shareWithSig, unshareWithSig, isMember
├── a minor's guardian lets an account in: decide permits what was granted to the group, no more
│   ├── another class or use, or another account: denied
│   ├── until its own end, and until majority at the latest
│   └── the subject withdraws from the group, bars the account, or removes the guardian: denied
├── says it in one event that names guardian and subject
├── ended: denied in the same block; a signed share of before is void
├── refused: no power to share, not accepted, past or later than the guardian, nobody
└── an adult's guardian: refused while the person is capable
"""

import brownie
import pytest

from aceso.codes import DataClass, Use
from tests.contracts.acting import DAY
from tests.support import typed

BOTH = pytest.mark.both_chains


@BOTH
def test_lets_in_within_the_grant(ward, scope, share, asks, stranger, guardian, grantee):
    assert not asks()

    tx = share()

    assert len(tx.events) == 1
    said = dict(tx.events["GuardianShared"])
    assert (said["subject"], said["guardian"], said["actor"]) == (ward, guardian, grantee)
    assert asks()
    assert not asks(classes=int(DataClass.HIV))
    assert not asks(use=int(Use.HMB))
    assert not asks(actor=str(stranger))
    assert not asks(actor=str(guardian))


def test_ends_at_its_end(ward, scope, share, asks, chain, at):
    until = chain[-1].timestamp + 5 * DAY
    share(validUntil=until)

    at(until - 1)
    assert asks()
    at(until)
    assert not asks()


@BOTH
def test_ends_at_majority(
    guardianship, subject, guardian, scope, share, asks, appointment, accept, majority, at
):
    given = appointment(majority=majority, validUntil=majority)
    guardianship.nameGuardian(tuple(given.values()), {"from": subject})
    accept()
    share(validUntil=majority)

    at(majority - 1)
    assert asks()
    assert guardianship.isGuardian(subject, guardian, 7)
    at(majority)
    assert not asks()
    assert not guardianship.isGuardian(subject, guardian, 1)


def test_withdrawing_from_the_group_ends_it(ward, registry, scope, share, asks, group):
    share()

    registry.withdraw(group, {"from": ward})

    assert not asks()


def test_a_bar_ends_it(ward, registry, scope, share, asks, grantee):
    share()

    registry.bar(grantee, {"from": ward})

    assert not asks()


@BOTH
def test_unsharing_ends_it_and_voids_what_was_signed(
    ward, scope, share, unshare, asks, guardianship, guardian, relayer, grantee, message_of, signed
):
    held = message_of("GuardianShare")
    signature = signed(guardian, "GuardianShare", held)
    share()

    tx = unshare()

    assert not asks()
    assert dict(tx.events["GuardianUnshared"]) == {
        "subject": ward,
        "guardian": guardian,
        "actor": grantee,
    }
    with brownie.reverts(typed("GuardianInvalidSignature", guardian)):
        guardianship.shareWithSig(
            ward,
            guardian,
            grantee,
            held["validUntil"],
            held["deadline"],
            signature,
            {"from": relayer},
        )


def test_refuses_a_time(ward, share, guardianship, guardian, grantee, chain):
    latest = guardianship.appointmentOf(ward, guardian)[2]
    for until in (chain[-1].timestamp, latest + 1):
        with brownie.reverts(typed("GuardianInvalidShare", grantee, until, latest)):
            share(validUntil=until)
    with brownie.reverts():
        share(actor="0x" + "00" * 20)


def test_refuses_a_guardian_without_the_power(
    guardianship, subject, guardian, appointment, accept, share, majority
):
    given = appointment(majority=majority, powers=6)
    guardianship.nameGuardian(tuple(given.values()), {"from": subject})
    with brownie.reverts(typed("GuardianNotInForce", subject, guardian, 1)):
        share()
    accept()
    with brownie.reverts(typed("GuardianNotInForce", subject, guardian, 1)):
        share()


def test_refuses_a_strangers_signature(
    ward, guardianship, guardian, guardians, relayer, grantee, message_of, signed
):
    message = message_of("GuardianShare")
    forged = signed(guardians[1], "GuardianShare", message)

    with brownie.reverts(typed("GuardianInvalidSignature", guardian)):
        guardianship.shareWithSig(
            ward,
            guardian,
            grantee,
            message["validUntil"],
            message["deadline"],
            forged,
            {"from": relayer},
        )


def test_refuses_an_adults_guardian(adult, guardian, share):
    with brownie.reverts(typed("GuardianNotInForce", adult, guardian, 1)):
        share()
