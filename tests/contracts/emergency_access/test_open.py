"""
open (C10)
├── says it in one event of its own, takes the bond, counts it for the institution and in all
├── four hours unless said otherwise; at most 24; refused above
├── decide: permitted from the opening to the last second, and only what was granted
│   ├── never for the colleague, for another person, under another number of the group
│   └── over: by time, by un-accreditation, by leaving, by withdrawal, by a bar
├── the card alone opens nothing: a profile without an opening is denied
├── refused: no clinician, no member, nobody, oneself, a second while one is open, without a bond
├── opened again when it is over and never prolonged, as another opening with another bond
└── at most 20 in a day (UTC), and again the next day
"""

import brownie
import pytest

from aceso.codes import DataClass, Reason, Use
from tests.contracts.acting import DAY
from tests.contracts.emergency_access.conftest import BOND, DANGER, HOUR, NOBODY, REVIEW
from tests.support import typed

BOTH = pytest.mark.both_chains


@BOTH
def test_says_it_and_takes_the_bond(emergency, coin, subject, clinician, chain):
    before = coin.balanceOf(clinician)

    tx = emergency.open(subject, 1, DANGER, 0, {"from": clinician})

    now = chain[-1].timestamp
    assert dict(tx.events["EmergencyOpened"]) == {
        "number": 1,
        "subject": subject,
        "clinician": clinician,
        "institution": 1,
        "reason": DANGER,
        "validUntil": now + 4 * HOUR,
        "reviewUntil": now + 4 * HOUR + REVIEW,
    }
    # The other is the coin's own.
    assert len(tx.events) == 2
    assert coin.balanceOf(clinician) == before - BOND
    assert coin.balanceOf(emergency) == BOND
    for place in (0, 1):
        assert tuple(emergency.statistics(place)) == (1, 0, 0, 0, 0)
    assert tuple(emergency.statistics(2)) == (0, 0, 0, 0, 0)
    assert tuple(emergency.opening(1)) == (
        subject,
        clinician,
        1,
        DANGER,
        now + 4 * HOUR + REVIEW,
        0,
    )


@pytest.mark.parametrize("window", [1, 4 * HOUR, 24 * HOUR])
def test_is_open_to_the_last_second(
    emergency, opened, subject, clinician, profile, asks, chain, at, window
):
    assert asks() == Reason.NOT_MEMBER
    opened(window=window)
    begun = chain[-1].timestamp

    assert asks() == Reason.MEMBER
    if window > 1:
        at(begun + window - 1)
    assert asks() == Reason.MEMBER
    assert emergency.openingOf(subject, clinician) == 1
    at(begun + window)
    assert asks() == Reason.NOT_MEMBER
    assert emergency.openingOf(subject, clinician) == 0


def test_is_four_hours_unless_said(opened, profile, asks, chain, at):
    opened()
    begun = chain[-1].timestamp

    at(begun + 4 * HOUR - 1)
    assert asks() == Reason.MEMBER
    at(begun + 4 * HOUR)
    assert asks() == Reason.NOT_MEMBER


@pytest.mark.parametrize("window", [24 * HOUR + 1, 2**40 - 1])
def test_refuses_more_than_a_day(opened, window):
    with brownie.reverts(typed("EmergencyInvalidWindow", window)):
        opened(window=window)


def test_gives_what_was_granted_and_no_more(opened, other_subject, colleague, profile, asks):
    opened()

    assert asks(classes=int(DataClass.LABS | DataClass.HIV)) == Reason.CLASS
    assert asks(use=int(Use.TREAT)) == Reason.USE
    assert asks(actor=str(colleague)) == Reason.NOT_MEMBER
    assert asks(subject=str(other_subject)) == Reason.NOT_GRANTED


def test_is_of_one_number_person_and_clinician(
    emergency, opened, subject, other_subject, clinician, colleague
):
    opened()

    assert tuple(emergency.isMember(1, subject, clinician)) == (True, 0)
    for number in (0, 2, 2**96 - 1):
        assert tuple(emergency.isMember(number, subject, clinician)) == (False, 0)
    assert tuple(emergency.isMember(1, other_subject, clinician)) == (False, 0)
    assert tuple(emergency.isMember(1, subject, colleague)) == (False, 0)


def test_without_a_profile_nothing_opens(opened, asks):
    opened()

    assert asks() == Reason.NOT_GRANTED


@pytest.mark.parametrize("end", ["unaccredit", "leave", "close", "withdraw", "bar"])
def test_ends_in_the_same_block(
    registry, participants, opened, subject, clinician, authority, profile, asks, group, end
):
    opened()
    assert asks() == Reason.MEMBER

    if end == "unaccredit":
        participants.unaccredit(clinician, 4, 0, {"from": authority})
    elif end == "leave":
        participants.setMember(1, clinician, 0, 0, {"from": authority})
    elif end == "close":
        participants.closeInstitution(1, {"from": authority})
    elif end == "withdraw":
        registry.withdraw(group, {"from": subject})
    else:
        registry.bar(clinician, {"from": subject})

    assert asks() == {"withdraw": Reason.WITHDRAWN, "bar": Reason.BARRED}.get(
        end, Reason.NOT_MEMBER
    )


@pytest.mark.parametrize("who", ["stranger", "authority", "reviewer", "elsewhere"])
def test_refuses_who_is_no_clinician_there(
    emergency, subject, stranger, authority, reviewers, clinician, who
):
    caller, place = {
        "stranger": (stranger, 1),
        "authority": (authority, 1),
        "reviewer": (reviewers[0], 2),
        "elsewhere": (clinician, 2),
    }[who]

    with brownie.reverts(typed("EmergencyNotClinician", caller, place)):
        emergency.open(subject, place, DANGER, 0, {"from": caller})


def test_refuses_nobody_and_oneself(opened, clinician):
    for who in (NOBODY, clinician):
        with brownie.reverts(typed("EmergencyInvalidSubject", who)):
            opened(of=who)


def test_is_never_prolonged(opened, chain, at):
    opened()
    begun = chain[-1].timestamp

    with brownie.reverts(typed("EmergencyAlreadyOpen", 1)):
        opened(window=24 * HOUR)
    at(begun + 4 * HOUR)
    assert opened() == 2


def test_refuses_without_a_bond(emergency, coin, opened, clinician):
    coin.approve(emergency, BOND - 1, {"from": clinician})

    with brownie.reverts():
        opened()
    assert tuple(emergency.statistics(0)) == (0, 0, 0, 0, 0)


def test_refuses_a_reason_that_is_none(emergency, subject, clinician):
    with brownie.reverts():
        emergency.open(subject, 1, 4, 0, {"from": clinician})


def test_opens_at_most_twenty_a_day(opened, colleague, clinician, chain, at):
    # At the beginning of a day, so that none of it falls on the next.
    at((chain[-1].timestamp // DAY + 1) * DAY)
    people = [f"0x{number:040x}" for number in range(0x1000, 0x1015)]
    for who in people[:20]:
        opened(of=who)

    with brownie.reverts(typed("EmergencyTooMany", clinician)):
        opened(of=people[20])
    opened(who=colleague, of=people[20])
    at((chain[-1].timestamp // DAY + 1) * DAY)
    opened(of=people[20])
