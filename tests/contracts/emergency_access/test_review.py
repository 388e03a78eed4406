"""
review, endReview, takeCredit, takeCreditWithSig
├── the second who agrees decides: justified gives the bond back, unjustified is the subject's
├── two who differ wait for a third, who decides
├── nobody in time: the bond is the subject's, by anyone's call, and it is told apart
├── refused: not over yet, unknown, decided, after the deadline (endReview: before it), no reviewer
├── refused: the same reviewer or institution twice, of the clinician's institution, a party
└── credits: pulled once, to whom the account says, also by signature; nobody else's
"""

import brownie
import pytest
from brownie import chain

from tests.contracts.acting import DAY, domain_of, sign
from tests.contracts.emergency_access.conftest import (
    BOND,
    FOREVER,
    HOUR,
    JUSTIFIED,
    NOBODY,
    REVIEW,
    UNJUSTIFIED,
    UNREVIEWED,
)
from tests.support import typed


@pytest.mark.both_chains
@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ((True, True), JUSTIFIED),
        ((False, False), UNJUSTIFIED),
        ((True, False, True), JUSTIFIED),
        ((False, True, False), UNJUSTIFIED),
    ],
)
def test_two_who_agree_decide(emergency, over, subject, clinician, reviewers, said, outcome):
    for place, justified in enumerate(said):
        assert emergency.opening(over)[5] == 0
        tx = emergency.review(over, place + 2, justified, {"from": reviewers[place]})
        assert dict(tx.events["EmergencyReviewed"]) == {
            "number": over,
            "reviewer": reviewers[place],
            "institution": place + 2,
            "justified": justified,
        }

    payee, other = (clinician, subject) if outcome == JUSTIFIED else (subject, clinician)
    assert dict(tx.events["EmergencyDecided"]) == {
        "number": over,
        "subject": subject,
        "outcome": outcome,
        "payee": payee,
    }
    assert tuple(emergency.creditOf(payee)) == (BOND, 0)
    assert tuple(emergency.creditOf(other)) == (0, 0)
    counted = (1, 0, int(outcome == JUSTIFIED), int(outcome == UNJUSTIFIED), 0)
    for place in (0, 1):
        assert tuple(emergency.statistics(place)) == counted


@pytest.mark.parametrize("said", [(), (True,), (False,), (True, False)])
def test_a_silent_panel_gives_the_bond_to_the_subject(
    emergency, over, subject, clinician, reviewers, stranger, at, said
):
    until = emergency.opening(over)[4]
    for place, justified in enumerate(said):
        emergency.review(over, place + 2, justified, {"from": reviewers[place]})
    at(until - 2)
    with brownie.reverts(typed("EmergencyReviewOpen", over, until)):
        emergency.endReview(over, {"from": stranger})
    at(until)

    emergency.endReview(over, {"from": stranger})

    assert emergency.opening(over)[5] == UNREVIEWED
    assert tuple(emergency.creditOf(subject)) == (BOND, 0)
    assert tuple(emergency.creditOf(clinician)) == (0, 0)
    assert tuple(emergency.statistics(1)) == (1, 0, 0, 0, 1)


def test_is_refused_after_the_deadline(emergency, over, reviewers, at):
    until = emergency.opening(over)[4]
    emergency.review(over, 2, True, {"from": reviewers[0]})
    at(until)

    with brownie.reverts(typed("EmergencyReviewEnded", over, until)):
        emergency.review(over, 3, True, {"from": reviewers[1]})


def test_is_refused_while_it_is_open(emergency, opened, reviewers, at):
    number = opened()
    until = chain[-1].timestamp + 4 * HOUR

    with brownie.reverts(typed("EmergencyNotOver", number, until)):
        emergency.review(number, 2, True, {"from": reviewers[0]})
    at(until)
    emergency.review(number, 2, True, {"from": reviewers[0]})


def test_an_older_one_is_over(emergency, over, opened, reviewers):
    opened()

    emergency.review(over, 2, True, {"from": reviewers[0]})
    emergency.review(over, 3, True, {"from": reviewers[1]})
    assert emergency.opening(over)[5] == JUSTIFIED
    assert emergency.opening(over + 1)[5] == 0


def test_is_decided_once(emergency, over, subject, reviewers, stranger, at):
    until = emergency.opening(over)[4]
    for place in (0, 1):
        emergency.review(over, place + 2, False, {"from": reviewers[place]})

    with brownie.reverts(typed("EmergencyAlreadyDecided", over, UNJUSTIFIED)):
        emergency.review(over, 4, False, {"from": reviewers[2]})
    at(until)
    with brownie.reverts(typed("EmergencyAlreadyDecided", over, UNJUSTIFIED)):
        emergency.endReview(over, {"from": stranger})
    assert tuple(emergency.creditOf(subject)) == (BOND, 0)


def test_refuses_what_there_is_not(emergency, reviewers, stranger):
    with brownie.reverts(typed("EmergencyUnknown", 9)):
        emergency.review(9, 2, True, {"from": reviewers[0]})
    with brownie.reverts(typed("EmergencyUnknown", 9)):
        emergency.endReview(9, {"from": stranger})


@pytest.mark.parametrize("who", ["stranger", "clinician", "subject", "authority", "elsewhere"])
def test_refuses_who_is_no_reviewer(
    emergency, over, stranger, clinician, subject, authority, reviewers, who
):
    caller, place = {
        "stranger": (stranger, 2),
        "clinician": (clinician, 1),
        "subject": (subject, 2),
        "authority": (authority, 2),
        "elsewhere": (reviewers[0], 3),
    }[who]

    with brownie.reverts(typed("EmergencyNotReviewer", caller, place)):
        emergency.review(over, place, True, {"from": caller})


@pytest.mark.parametrize("tie", ["works there too", "clinician works here too", "same place"])
def test_refuses_a_tie_to_the_clinician(
    emergency, participants, over, clinician, reviewers, authority, tie
):
    reviewer, place = reviewers[0], 2
    if tie == "clinician works here too":
        participants.setMember(2, clinician, FOREVER, 0, {"from": authority})
    else:
        participants.setMember(1, reviewer, FOREVER, 0, {"from": authority})
        place = 1 if tie == "same place" else 2

    with brownie.reverts(typed("EmergencyNotIndependent", reviewer, place)):
        emergency.review(over, place, True, {"from": reviewer})


@pytest.mark.parametrize("second", [True, False])
@pytest.mark.parametrize("tie", ["the same", "colleague", "works there too", "other way"])
def test_refuses_a_tie_to_a_reviewer(
    emergency, participants, over, reviewers, authority, tie, second
):
    first, other = reviewers[0], reviewers[1]
    by, place = (first, 2) if tie == "the same" else (other, 3)
    if tie in ("colleague", "works there too"):
        participants.setMember(2, other, FOREVER, 0, {"from": authority})
        place = 2 if tie == "colleague" else 3
    if tie == "other way":
        participants.setMember(3, first, FOREVER, 0, {"from": authority})
    emergency.review(over, 2, True, {"from": first})

    with brownie.reverts(typed("EmergencyNotIndependent", by, place)):
        emergency.review(over, place, second, {"from": by})


@pytest.mark.parametrize("of", ["clinician", "subject"])
def test_refuses_a_party(
    emergency, participants, opened, subject, clinician, reviewers, authority, of
):
    party = reviewers[0]
    if of == "clinician":
        participants.proposeAccreditation(clinician, 4 | 1 << 9, 0, {"from": authority})
        chain.sleep(2 * DAY)
        chain.mine()
        participants.accredit(clinician, {"from": authority})
        participants.setMember(2, clinician, FOREVER, 0, {"from": authority})
        party = clinician
        number = opened()
        emergency.close(subject, {"from": clinician})
    else:
        number = opened(of=party)
        emergency.close(party, {"from": clinician})

    with brownie.reverts(typed("EmergencyNotIndependent", party, 2)):
        emergency.review(number, 2, True, {"from": party})


@pytest.fixture
def owed(emergency, over, reviewers):
    """The bond is the subject's."""
    for place in (0, 1):
        emergency.review(over, place + 2, False, {"from": reviewers[place]})
    return BOND


def test_credit_is_taken_once(emergency, coin, subject, stranger, owed):
    tx = emergency.takeCredit(stranger, {"from": subject})

    assert dict(tx.events["EmergencyCreditTaken"]) == {
        "account": subject,
        "to": stranger,
        "amount": owed,
    }
    assert coin.balanceOf(stranger) == owed
    assert coin.balanceOf(emergency) == 0
    assert tuple(emergency.creditOf(subject)) == (0, 1)
    with brownie.reverts(typed("EmergencyNoCredit", subject, stranger)):
        emergency.takeCredit(stranger, {"from": subject})


def test_credit_goes_to_somebody(emergency, subject, stranger, owed):
    with brownie.reverts(typed("EmergencyNoCredit", subject, NOBODY)):
        emergency.takeCredit(NOBODY, {"from": subject})
    with brownie.reverts(typed("EmergencyNoCredit", stranger, stranger)):
        emergency.takeCredit(stranger, {"from": stranger})


def test_credit_is_taken_by_signature(emergency, coin, subject, stranger, relayer, owed):
    deadline = chain[-1].timestamp + DAY
    message = {"subject": str(subject), "to": str(stranger), "taken": 0, "deadline": deadline}

    def send(signed, *, to=stranger, until=deadline):
        signature = sign(subject.private_key, "EmergencyCredit", signed, domain_of(emergency))
        return emergency.takeCreditWithSig(subject, to, until, signature, {"from": relayer})

    for field, other in (("to", str(relayer)), ("taken", 1), ("deadline", deadline + 1)):
        with brownie.reverts(typed("EmergencyInvalidSignature", subject)):
            send(message | {field: other})
    past = chain[-1].timestamp - 1
    with brownie.reverts(typed("EmergencyExpiredSignature", past)):
        send(message | {"deadline": past}, until=past)
    send(message)
    assert coin.balanceOf(stranger) == owed
    with brownie.reverts(typed("EmergencyInvalidSignature", subject)):
        send(message)


def test_the_deployment_is_what_was_asked(emergency):
    assert emergency.bond() == BOND
    assert emergency.reviewPeriod() == REVIEW
