"""
stop, stopWithSig, close
├── the subject, or a guardian who may stop, ends it in the same block, by call or signature (C10)
├── the clinician may close it, and open again; a stop keeps that clinician out
│   └── until a panel finds the opening justified; a colleague is not kept out
├── refused: a stranger, the authority, another clinician, a guardian without the power or removed
├── refused: nothing open, or over
└── a signature: any changed field, another's, a second time, for a later opening
"""

import brownie
import pytest

from aceso.codes import Reason
from tests.contracts.acting import account_of, domain_of, sign
from tests.contracts.emergency_access.conftest import HOUR
from tests.support import typed


@pytest.mark.both_chains
@pytest.mark.parametrize("way", ["subject", "subject signed", "guardian", "guardian signed"])
def test_ends_it_in_the_same_block(
    emergency, opened, subject, clinician, stopper, stop_signed, profile, asks, chain, way
):
    number = opened()
    by = stopper if "guardian" in way else subject
    assert asks() == Reason.MEMBER

    if "signed" in way:
        tx = stop_signed(subject, by, clinician)
    else:
        tx = emergency.stop(subject, clinician, {"from": by})

    assert asks() == Reason.NOT_MEMBER
    assert len(tx.events) == 1
    assert dict(tx.events["EmergencyStopped"]) == {
        "number": number,
        "subject": subject,
        "clinician": clinician,
        "by": by,
    }
    assert tuple(emergency.newestOf(subject, clinician)) == (number, chain[-1].timestamp, True)
    for place in (0, 1):
        assert tuple(emergency.statistics(place)) == (1, 1, 0, 0, 0)


def test_a_stop_keeps_the_clinician_out(
    emergency, opened, subject, clinician, colleague, reviewers, chain, at
):
    number = opened()
    emergency.stop(subject, clinician, {"from": subject})

    with brownie.reverts(typed("EmergencyWasStopped", number)):
        opened()
    assert opened(who=colleague) == 2
    at(chain[-1].timestamp + 30 * HOUR)
    with brownie.reverts(typed("EmergencyWasStopped", number)):
        opened()
    emergency.review(number, 2, True, {"from": reviewers[0]})
    emergency.review(number, 3, True, {"from": reviewers[1]})
    assert opened() == 3


def test_one_found_unjustified_stays_out(emergency, opened, subject, clinician, reviewers):
    number = opened()
    emergency.stop(subject, clinician, {"from": subject})
    emergency.review(number, 2, False, {"from": reviewers[0]})
    emergency.review(number, 3, False, {"from": reviewers[1]})

    with brownie.reverts(typed("EmergencyWasStopped", number)):
        opened()


def test_closing_is_no_stop(emergency, opened, subject, clinician, profile, asks):
    number = opened()

    tx = emergency.close(subject, {"from": clinician})

    assert asks() == Reason.NOT_MEMBER
    assert dict(tx.events["EmergencyClosed"]) == {
        "number": number,
        "subject": subject,
        "clinician": clinician,
    }
    assert tuple(emergency.statistics(0)) == (1, 0, 0, 0, 0)
    assert opened() == 2


@pytest.mark.parametrize("who", ["stranger", "authority", "colleague", "clinician", "other"])
def test_is_refused_to_others(
    emergency, opened, subject, clinician, stranger, authority, colleague, other_subject, who
):
    opened()
    by = {
        "stranger": stranger,
        "authority": authority,
        "colleague": colleague,
        "clinician": clinician,
        "other": other_subject,
    }[who]

    with brownie.reverts(typed("EmergencyNotEntitled", subject, by)):
        emergency.stop(subject, clinician, {"from": by})


def test_is_refused_to_a_guardian_who_was_removed(
    emergency, guardianship, opened, subject, clinician, stopper
):
    opened()
    guardianship.removeGuardian(stopper, {"from": subject})

    with brownie.reverts(typed("EmergencyNotEntitled", subject, stopper)):
        emergency.stop(subject, clinician, {"from": stopper})


def test_is_refused_when_nothing_is_open(emergency, opened, subject, clinician, chain, at):
    for send in (
        lambda: emergency.stop(subject, clinician, {"from": subject}),
        lambda: emergency.close(subject, {"from": clinician}),
    ):
        with brownie.reverts(typed("EmergencyNotOpen", subject, clinician)):
            send()
    opened(window=10)
    at(chain[-1].timestamp + 10)
    with brownie.reverts(typed("EmergencyNotOpen", subject, clinician)):
        emergency.stop(subject, clinician, {"from": subject})


@pytest.mark.parametrize("field", ["subject", "by", "clinician", "number"])
def test_refuses_another_message(opened, subject, clinician, stranger, stop_signed, field):
    opened()
    other = 2 if field == "number" else str(stranger)

    with brownie.reverts(typed("EmergencyInvalidSignature", subject)):
        stop_signed(subject, subject, clinician, {field: other})


def test_refuses_a_forged_signature(emergency, opened, subject, clinician, relayer):
    opened()
    forger = account_of("0x" + "e9" * 32)
    message = {
        "subject": str(subject),
        "by": str(subject),
        "clinician": str(clinician),
        "number": 1,
    }
    signature = sign(forger.private_key, "EmergencyStop", message, domain_of(emergency))

    with brownie.reverts(typed("EmergencyInvalidSignature", subject)):
        emergency.stopWithSig(subject, subject, clinician, signature, {"from": relayer})


def test_a_signature_stops_one_opening(
    emergency, opened, subject, clinician, relayer, reviewers, stop_signed
):
    opened()
    message = {
        "subject": str(subject),
        "by": str(subject),
        "clinician": str(clinician),
        "number": 1,
    }
    signature = sign(subject.private_key, "EmergencyStop", message, domain_of(emergency))
    send = (subject, subject, clinician, signature, {"from": relayer})
    emergency.stopWithSig(*send)

    with brownie.reverts(typed("EmergencyNotOpen", subject, clinician)):
        emergency.stopWithSig(*send)
    for place in (0, 1):
        emergency.review(1, place + 2, True, {"from": reviewers[place]})
    opened()
    with brownie.reverts(typed("EmergencyInvalidSignature", subject)):
        emergency.stopWithSig(*send)
