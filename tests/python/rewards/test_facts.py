"""
settled_in: what the events of an epoch say
├── an order counts in the epoch in which it was settled, with what was attested when it was bought
├── not: before, after, nothing earned, open; an accreditation that came after the purchase
├── an order of a study counts by the board's approval of its revision, at the enrolment
├── an order of a union is no use, and keeps nobody else's from counting
└── another desk's approval may be asked instead
"""

from __future__ import annotations

import pytest

from aceso.chain import EmissionTerms, Event
from aceso.codes import Condition, Role
from aceso.rewards import settled_in
from tests.python.rewards.conftest import COIN, LABS, NOBODY, address

TERMS = EmissionTerms(budget=10**12, halving=8, length=100, start=1_000)
BUYER, PERSON = address(900), address(1)


def said(name: str, time: int, **args: object) -> tuple[Event, int]:
    return Event(name, "", dict(args), time // 10, bytes(32), bytes(32), 0), time


def accredited(time: int, roles: Role, conditions: Condition, account: str = BUYER):
    return said(
        "AccreditationChanged",
        time,
        account=account,
        roles=int(roles),
        conditions=int(conditions),
    )


OFFER = said(
    "OfferMade",
    1_001,
    number=4,
    terms={"subject": PERSON, "institution": NOBODY, "institutionBps": 0, "classes": LABS},
)


def bought(time: int, order: int = 7):
    return said("OrderBought", time, order=order, offer=4, buyer=BUYER)


def settled(time: int, order: int = 7, earned: int = COIN):
    return said("OrderSettled", time, order=order, earned=earned, refunded=0)


GOOD = accredited(1_000, Role.RESEARCHER, Condition.IRB)


def test_an_order_counts_in_the_epoch_in_which_it_was_settled():
    events = [GOOD, OFFER, bought(1_050), settled(1_250), said("Other", 1_299), settled(1_300, 8)]

    uses, block = settled_in(events, TERMS, 2)

    assert [(use.order, use.buyer, use.subject, use.classes, use.earned) for use in uses] == [
        (7, BUYER, PERSON, LABS, COIN)
    ]
    assert uses[0].approved
    # The last block of the epoch, whatever it said.
    assert block == 129
    for other in (0, 1, 3):
        assert settled_in(events[:4], TERMS, other)[0] == ()


def test_what_earned_nothing_is_no_use():
    assert settled_in([GOOD, OFFER, bought(1_050), settled(1_060, earned=0)], TERMS, 0)[0] == ()


@pytest.mark.parametrize(
    ("changes", "approved"),
    [
        ([], False),
        ([accredited(1_010, Role.RESEARCHER, Condition(0))], False),
        ([accredited(1_010, Role.PHYSICIAN, Condition.IRB)], False),
        ([accredited(1_010, Role.RESEARCHER | Role.PHYSICIAN, Condition.IRB)], True),
        ([GOOD, accredited(1_020, Role(0), Condition(0))], False),
        ([GOOD, accredited(1_055, Role(0), Condition(0))], True),
    ],
)
def test_what_was_attested_when_it_was_bought_counts(changes, approved):
    events = sorted([*changes, OFFER, bought(1_050), settled(1_090)], key=lambda one: one[1])

    (use,), _ = settled_in(events, TERMS, 0)

    assert use.approved is approved


def test_an_accreditation_after_the_purchase_is_too_late():
    late = accredited(1_051, Role.RESEARCHER, Condition.IRB)

    (use,), _ = settled_in([OFFER, bought(1_050), late, settled(1_090)], TERMS, 0)

    assert not use.approved
    assert not use.counts


def test_another_approval_may_be_asked():
    seen = []

    def ask(order):
        seen.append((order.order, order.group, order.buyer))
        return True

    (use,), _ = settled_in([OFFER, bought(1_050), settled(1_090)], TERMS, 0, approved=ask)

    assert use.approved
    assert seen == [(7, 4, BUYER)]


STUDY = {"researcher": BUYER, "institution": NOBODY, "institutionBps": 0, "classes": LABS}
BOARD = address(5)
ENROLLED = said("StudyEnrolled", 1_050, order=9, group=65_537, subject=PERSON)


def revised(time: int, group: int = 65_537):
    return said("StudyRevised", time, group=group, researcher=BUYER, terms=STUDY)


def approval(time: int, name: str = "StudyApproved", group: int = 65_537):
    return said(name, time, group=group, board=BOARD)


def board_at(time: int, roles: Role):
    return accredited(time, roles, Condition(0), BOARD)


@pytest.mark.parametrize(
    ("changes", "approved"),
    [
        ([], False),
        ([approval(1_020)], True),
        ([approval(1_020, group=65_538)], False),
        ([approval(1_020), approval(1_030, "StudyApprovalWithdrawn")], False),
        ([approval(1_020), approval(1_060, "StudyApprovalWithdrawn")], True),
        ([approval(1_060)], False),
        ([approval(1_020), board_at(1_030, Role(0))], False),
        ([approval(1_020), board_at(1_060, Role(0))], True),
        ([approval(1_020), board_at(1_030, Role(0)), board_at(1_040, Role.ETHICS_BOARD)], True),
    ],
)
def test_an_order_of_a_study_counts_by_its_approval(changes, approved):
    accreditation = accredited(1_000, Role.RESEARCHER, Condition(0))
    board = board_at(1_005, Role.ETHICS_BOARD)
    events = [accreditation, board, revised(1_010), *changes, ENROLLED, settled(1_090, order=9)]

    (use,), _ = settled_in(sorted(events, key=lambda one: one[1]), TERMS, 0)

    assert (use.order, use.buyer, use.subject) == (9, BUYER, PERSON)
    assert use.approved is approved


def test_a_study_of_who_is_no_researcher_is_no_use():
    board = board_at(1_005, Role.ETHICS_BOARD)
    events = [board, revised(1_010), approval(1_020), ENROLLED, settled(1_090, order=9)]

    assert not settled_in(events, TERMS, 0)[0][0].approved


def test_an_order_of_a_union_is_no_use():
    union = said("UnionBought", 1_050, order=9, number=1, buyer=BUYER)
    events = [GOOD, OFFER, bought(1_050), union, settled(1_090, 9), settled(1_091)]

    uses, _ = settled_in(events, TERMS, 0)

    assert [use.order for use in uses] == [7]
