"""
succeed, commitWill, commitWillWithSig
├── by both signatures: says so in one event, and ends the guardians of the old persona
├── what the old persona granted to others stands, and the new one has granted nothing (C13)
├── without one of the two: refused
├── after a recovery: by the one who recovers and the successor, and by nobody else
├── once: no second successor, none that was succeeded itself, not oneself, nobody; no circle
├── the deadline, exactly
└── a will: by its subject, by call or signature; each signature once
"""

import brownie
import pytest

from tests.contracts.acting import DAY, account_of, grantee_of, terms, word
from tests.contracts.guardianship.conftest import NOBODY
from tests.support import typed

BOTH = pytest.mark.both_chains


@pytest.fixture
def succeed(guardianship, subject, successor, relayer, message_of, signed):
    def send(by=None, signers=None, sender=None, **given):
        message = message_of("Succession", **given)
        signers = (subject, successor) if signers is None else signers
        signatures = [signed(one, "Succession", message) if one else b"" for one in signers]
        return guardianship.succeed(
            message["subject"],
            message["successor"],
            message["deadline"],
            *signatures,
            {"from": sender or relayer},
        )

    return send


@BOTH
def test_ends_the_old_personas_guardians(
    guardianship, ward, guardian, successor, succeed, scope, share, asks
):
    share()

    tx = succeed()

    assert len(tx.events) == 1
    assert dict(tx.events["PersonaSucceeded"]) == {"subject": ward, "successor": successor}
    assert guardianship.personOf(ward)[2] == successor
    assert not guardianship.isGuardian(ward, guardian, 2)
    assert not asks()


def test_moves_no_grant(ward, successor, grantee, registry, succeed, asks):
    let_in = grantee_of(grantee)
    registry.grant(tuple(terms(let_in).values()), {"from": ward})
    before = word(registry, ward, let_in)

    succeed()

    assert word(registry, ward, let_in) == before
    assert asks(grantee=let_in)
    assert not asks(subject=str(successor), grantee=let_in)


def test_takes_both_signatures(succeed, subject, successor, stranger):
    with brownie.reverts(typed("GuardianInvalidSignature", subject)):
        succeed(signers=(successor, successor))
    with brownie.reverts(typed("GuardianInvalidSignature", successor)):
        succeed(signers=(subject, subject))
    with brownie.reverts(typed("GuardianInvalidSignature", subject)):
        succeed(signers=(None, successor))


@BOTH
def test_after_a_recovery(
    guardianship, three, subject, successor, stranger, relayer, support, succeed, at
):
    support(*three[:2])
    ready = guardianship.recoveryOf(subject)[1]
    at(ready - 2)
    with brownie.reverts(typed("GuardianInvalidSignature", subject)):
        succeed(signers=(None, successor), sender=stranger)
    at(ready)
    with brownie.reverts(typed("GuardianInvalidSignature", subject)):
        succeed(signers=(None, successor), sender=relayer)
    with brownie.reverts(typed("GuardianInvalidSignature", successor)):
        succeed(signers=(None, None), sender=stranger)

    succeed(signers=(None, successor), sender=stranger)

    assert guardianship.personOf(subject)[2] == successor


def test_happens_once(succeed, guardianship, subject, successor, support):
    succeed()

    with brownie.reverts(typed("PersonaAlreadySucceeded", subject, successor)):
        succeed()


def test_goes_in_no_circle(succeed, subject, successor, guardianship):
    succeed()
    other = account_of("0x" + "d8" * 32)

    with brownie.reverts(typed("PersonaInvalidSuccessor", subject)):
        succeed(signers=(successor, subject), subject=str(successor), successor=str(subject))
    with brownie.reverts(typed("PersonaInvalidSuccessor", subject)):
        succeed(signers=(other, subject), subject=str(other), successor=str(subject))


@pytest.mark.parametrize("who", ["nobody", "oneself"])
def test_refuses_who_can_be_none(succeed, subject, who):
    account = NOBODY if who == "nobody" else str(subject)

    with brownie.reverts(typed("PersonaInvalidSuccessor", account)):
        succeed(successor=account, signers=(subject, subject))


@pytest.mark.parametrize("late", [0, 1])
def test_deadline(succeed, chain, late):
    deadline = chain[-1].timestamp + DAY
    brownie.web3.provider.make_request("evm_setNextBlockTimestamp", [deadline + late])
    if late:
        with brownie.reverts(typed("GuardianExpiredSignature", deadline)):
            succeed(deadline=deadline)
    else:
        succeed(deadline=deadline)


@BOTH
def test_a_will(guardianship, subject, relayer, message_of, signed):
    message = message_of("Will")
    signature = signed(subject, "Will", message)
    send = (subject, message["will"], message["deadline"], signature, {"from": relayer})

    tx = guardianship.commitWillWithSig(*send)

    assert dict(tx.events["WillCommitted"]) == {"subject": subject, "will": message["will"]}
    with brownie.reverts(typed("GuardianInvalidSignature", subject)):
        guardianship.commitWillWithSig(*send)
    guardianship.commitWill("0x" + "00" * 32, {"from": subject})
    assert tuple(guardianship.personOf(subject))[3:] == ("0x" + "00" * 32, 2)
