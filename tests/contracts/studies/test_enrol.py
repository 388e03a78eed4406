"""
enrol, enrolWithSig: a subject's share is locked, and the order is made
├── permitted: locks the price, gives the next place, the researcher gets the token; its events
├── the person's consent doesn't permit it: refuses with the reason, and nothing is locked
│   └── no grant, withdrawn, barred, another class, a condition that nobody attested
├── the board that approved is accredited no more: refuses, until it is again
├── no such study or revision, closed, past the deadline: refuses
├── a researcher whose accreditation has ended: refuses, and live orders go on
├── the terms have changed since: refuses, until the person consents to the new revision
│   └── whoever enrolled before keeps their terms, and is a member's subject under them alone
├── the cap is reached, or the budget too small: refuses
├── a live order of the same person: refuses; after it was settled they may come back
├── nothing delivered, withdrawn before the delivery: share and place are the study's again
├── stopped in the midst: what wasn't earned is the study's again, the place stays taken
├── who left is followed in a place of another number: twice the cap of a revision, then refuses
├── many tiny enrolments that deliver nothing lock nothing for longer than the delivery period
├── by signature: as sent, once; expired, changed in any part, or of another: refuses
└── a person withdraws between signing and relaying: refuses
"""

import brownie
import pytest

from aceso.codes import Condition, DataClass, Reason, Role
from tests.contracts.studying import BUDGET, ENROLMENT
from tests.contracts.trading import DAY, DURATION, HMB, LABS, PERIOD, PRICE, Shares, grantee_of
from tests.support import typed

pytestmark = pytest.mark.both_chains

NOTHING, OPEN, DELIVERED, SETTLED, DISPUTED = range(5)


@pytest.fixture
def group(research):
    return research.open()


def enrolled(research, group, subject=None):
    return research.studies.enrol(group, {"from": subject or research.subject})


def test_locks_the_share_and_makes_the_order(research, group):
    research.consent(group)

    tx = enrolled(research, group)

    order, exists = research.studies.orderOf(1, research.subject)
    assert exists
    assert research.state(order) == OPEN
    assert research.standing(1) == (BUDGET - PRICE, 1)
    assert research.coin.balanceOf(research.studies) == BUDGET
    assert research.studies.ownerOf(order) == research.researcher
    parties = (research.subject, research.researcher, "0x" + "00" * 20, 1, 0)
    assert tuple(research.studies.partiesOf(order)) == parties
    assert tx.events["StudyEnrolled"] == {
        "order": order,
        "group": group,
        "subject": research.subject,
        "price": PRICE,
        "place": 1,
    }
    assert [event.name for event in tx.events] == ["Transfer", "Locked", "StudyEnrolled"]


def test_pays_the_subject_for_the_time_that_was_allowed(research):
    group = research.open(institution=str(research.institution), institutionBps=1500)
    order = research.enrol(group)
    start = research.deliver(order).timestamp

    research.settle(order, at=start + DURATION)

    expected = Shares.of(PRICE, 1500)
    assert research.studies.creditOf(research.subject) == expected.subject
    assert research.studies.creditOf(research.institution) == expected.institution
    assert research.fees(1, research.commons) == (expected.committee, 0)
    assert research.standing(1) == (BUDGET - PRICE, 1)


@pytest.mark.parametrize(
    ("consent", "reason"),
    [
        ("none", Reason.NOT_GRANTED),
        ("withdrawn", Reason.WITHDRAWN),
        ("barred", Reason.BARRED),
        ("another_class", Reason.CLASS),
        ("irb", Reason.CONDITION),
    ],
)
def test_refuses_what_is_not_consented_to(research, consent, reason):
    group = research.open(conditions=int(Condition.IRB))
    by = {"from": research.subject}
    if consent == "another_class":
        research.consent(group, classes=int(DataClass.NOTES))
    elif consent == "irb":
        research.consent(group, conditions=int(Condition.IRB))
    elif consent != "none":
        research.consent(group)
    if consent == "withdrawn":
        research.consents.withdraw(grantee_of(group, research.studies), by)
    elif consent == "barred":
        research.consents.bar(research.researcher, by)

    with brownie.reverts(typed("OrderDenied", int(reason))):
        enrolled(research, group)

    assert research.standing(1) == (BUDGET, 0)


def test_a_condition_that_a_board_attested_is_met(research):
    group = research.open(conditions=int(Condition.IRB))
    research.studies.approveStudy(group, 6, {"from": research.board})
    research.consent(group, conditions=int(Condition.IRB))

    enrolled(research, group)

    assert research.standing(1) == (BUDGET - PRICE, 1)


def test_an_approval_counts_while_its_board_is_accredited(research):
    group = research.open(conditions=int(Condition.IRB))
    research.studies.approveStudy(group, 6, {"from": research.board})
    research.consent(group, conditions=int(Condition.IRB))
    role, by = int(Role.ETHICS_BOARD), {"from": research.authority}

    research.participants.unaccredit(research.board, role, 0, by)
    with brownie.reverts(typed("OrderDenied", int(Reason.CONDITION))):
        enrolled(research, group)
    research._accredit(research.board, Role.ETHICS_BOARD)
    enrolled(research, group)

    assert research.standing(1) == (BUDGET - PRICE, 1)


@pytest.mark.parametrize("what", ["no_study", "closed", "over"])
def test_refuses_what_takes_nobody(research, group, what):
    research.consent(group)
    if what == "closed":
        research.studies.close(1, {"from": research.researcher})
    elif what == "over":
        research.at(research.studies.stateOf(1)[3])
    else:
        group = 5 << 16 | 1

    with brownie.reverts(typed("StudyNotOpen", group >> 16)):
        enrolled(research, group)


def test_refuses_for_a_researcher_who_lost_the_accreditation(research, group):
    by = {"from": research.authority}
    earlier = research.enrol(group, research.other)
    research.participants.unaccredit(research.researcher, int(Role.RESEARCHER), 0, by)
    research.consent(group)

    with brownie.reverts(typed("StudyNotAccredited", 1, research.researcher)):
        enrolled(research, group)
    assert research.standing(1) == (BUDGET - PRICE, 1)
    assert research.state(earlier) == OPEN


def test_an_older_consent_is_not_for_newer_terms(research, group):
    research.consent(group)
    newer = research.amend(1, classes=LABS, price=PRICE - 1)

    with brownie.reverts(typed("StudyRevisedSince", group, 2)):
        enrolled(research, group)
    with brownie.reverts(typed("OrderDenied", int(Reason.NOT_GRANTED))):
        enrolled(research, newer)
    research.enrol(newer)

    assert research.standing(1) == (BUDGET - PRICE + 1, 1)


def test_refuses_a_revision_that_is_still_to_come(research, group):
    research.consent(group + 1)

    with brownie.reverts(typed("StudyRevisedSince", group + 1, 1)):
        enrolled(research, group + 1)


def test_orders_that_live_keep_their_terms(research, group):
    order = research.enrol(group)
    newer = research.amend(1, price=1, committee=2, duration=DAY)

    start = research.deliver(order).timestamp

    def member(number):
        return research.studies.isMember(number, research.subject, research.researcher)[0]

    assert member(group)
    assert not member(newer)
    request = (research.subject, research.researcher, grantee_of(group, research.studies))
    assert research.consents.decide((*request, HMB, LABS, 0))[0]
    research.settle(order, at=start + DURATION)
    assert research.studies.creditOf(research.subject) == Shares.of(PRICE, 0).subject


def test_the_researcher_alone_is_a_member_and_as_long_as_the_order_lasts(research, group):
    def member(subject=research.subject, actor=research.researcher, number=group):
        return tuple(research.studies.isMember(number, subject, actor))

    assert member() == (False, 0)
    order = research.enrol(group)
    assert member() == (True, 0)
    assert member(actor=research.other) == (False, 0)
    assert member(subject=research.other) == (False, 0)
    start = research.deliver(order).timestamp
    research.mine(start + DURATION - 1)
    assert member() == (True, 0)
    research.mine(start + DURATION)
    assert member() == (False, 0)


def test_refuses_more_than_the_cap(research):
    group = research.open(cap=1)
    research.enrol(group)
    research.consent(group, research.other)

    with brownie.reverts(typed("StudyFull", 1, 1)):
        enrolled(research, group, research.other)


def test_refuses_more_than_the_budget(research):
    group = research.open(budget=2 * PRICE - 1)
    research.enrol(group)
    research.consent(group, research.other)

    with brownie.reverts(typed("StudyShort", 1, PRICE - 1, PRICE)):
        enrolled(research, group, research.other)


def test_refuses_a_second_live_order(research, group):
    order = research.enrol(group)

    with brownie.reverts(typed("OrderLive", order)):
        enrolled(research, group)
    assert research.standing(1) == (BUDGET - PRICE, 1)

    research.settle(order, at=research.now + PERIOD)
    assert research.enrol(group) == order + 1


@pytest.mark.parametrize("how", ["deadline", "withdrawn"])
def test_what_was_not_delivered_is_the_studys_again(research, group, how):
    order = research.enrol(group)
    if how == "withdrawn":
        by = {"from": research.subject}
        research.consents.withdraw(grantee_of(group, research.studies), by)
    at = research.now + (PERIOD if how == "deadline" else 1)

    tx = research.settle(order, at=at)

    assert research.standing(1) == (BUDGET, 0)
    assert tx.events["OrderSettled"] == {"order": order, "earned": 0, "refunded": PRICE}
    assert research.studies.creditOf(research.researcher) == 0


def test_what_was_not_earned_is_the_studys_again(research, group):
    order = research.enrol(group)
    start = research.deliver(order).timestamp
    research.at(start + DAY)
    research.consents.withdraw(grantee_of(group, research.studies), {"from": research.subject})

    research.settle(order)

    earned = PRICE * DAY // DURATION
    assert research.studies.creditOf(research.subject) == Shares.of(earned, 0).subject
    assert research.standing(1) == (BUDGET - earned, 1)


def test_a_later_consent_revives_nothing(research, group):
    order = research.enrol(group)
    start = research.deliver(order).timestamp
    research.at(start + DAY)
    research.consents.withdraw(grantee_of(group, research.studies), {"from": research.subject})
    research.consent(group)

    research.settle(order)

    assert research.standing(1) == (BUDGET, 0)
    assert research.studies.creditOf(research.subject) == 0


def test_an_upheld_dispute_gives_share_and_place_back(research, group, accounts):
    from brownie import project

    from tests.contracts.studying import Research

    (loaded,) = project.get_loaded_projects()
    other = Research(loaded, accounts, window=DAY)
    order = other.enrol(other.open())
    other.deliver(order)
    other.studies.dispute(order, {"from": other.disputes})

    other.studies.resolve(order, True, {"from": other.disputes})

    assert other.standing(1) == (BUDGET, 0)
    assert other.state(order) == SETTLED


def test_no_place_of_a_revision_is_given_twice(research, accounts):
    group = research.open(cap=1)

    def comes_and_goes(group, subject):
        research.consent(group, subject)
        tx = enrolled(research, group, subject)
        research.at(research.now + PERIOD)
        research.settle(int(tx.events["StudyEnrolled"]["order"]))
        return tx.events["StudyEnrolled"]["place"]

    assert [comes_and_goes(group, accounts[at]) for at in (8, 9)] == [1, 2]
    research.consent(group, accounts[10])
    with brownie.reverts(typed("StudyPlacesGiven", group, 2)):
        enrolled(research, group, accounts[10])
    assert tuple(research.studies.stateOf(1))[1::4] == (0, 2)

    assert comes_and_goes(research.amend(1, cap=1), accounts[10]) == 1


def test_enrolments_that_deliver_nothing_lock_nothing_for_long(research, accounts):
    group = research.open(budget=5, price=1, cap=5)
    crowd = [accounts[place] for place in range(8, 13)]
    orders = [research.enrol(group, each) for each in crowd]
    research.consent(group)
    with brownie.reverts(typed("StudyFull", 1, 5)):
        enrolled(research, group)

    research.at(research.now + PERIOD)
    for order in orders:
        research.settle(order)

    assert research.standing(1) == (5, 0)
    research.enrol(group)


def test_by_signature_as_sent(research, group):
    research.consent(group)
    message = research.enrolment(group)
    signature = research.sign(research.subject, "Enrolment", **message)
    send = (research.subject, group, message["deadline"], signature, {"from": research.relayer})

    tx = research.studies.enrolWithSig(*send)

    assert tx.events["StudyEnrolled"]["order"] == message["order"]
    assert research.standing(1) == (BUDGET - PRICE, 1)
    research.settle(message["order"], at=research.now + PERIOD)
    fresh = research.enrolment(group, deadline=message["deadline"] + ENROLMENT)
    with brownie.reverts(typed("MarketInvalidSignature", research.subject)):
        research.studies.enrolWithSig(
            research.subject, group, fresh["deadline"], signature, {"from": research.relayer}
        )


@pytest.mark.parametrize("part", ["subject", "group", "order", "deadline"])
def test_refuses_a_signature_over_anything_else(research, group, part):
    research.consent(group)
    message = research.enrolment(group)
    changed = str(research.other) if part == "subject" else message[part] + 1
    signature = research.sign(research.subject, "Enrolment", **(message | {part: changed}))

    with brownie.reverts(typed("MarketInvalidSignature", research.subject)):
        research.studies.enrolWithSig(
            research.subject, group, message["deadline"], signature, {"from": research.relayer}
        )


def test_refuses_an_expired_signature(research, group):
    research.consent(group)
    message = research.enrolment(group)
    signature = research.sign(research.subject, "Enrolment", **message)
    research.at(message["deadline"] + 1)

    with brownie.reverts(typed("MarketExpiredSignature", message["deadline"])):
        research.studies.enrolWithSig(
            research.subject, group, message["deadline"], signature, {"from": research.relayer}
        )


def test_a_withdrawal_comes_before_a_signed_enrolment(research, group):
    research.consent(group)
    message = research.enrolment(group)
    signature = research.sign(research.subject, "Enrolment", **message)
    research.consents.withdraw(grantee_of(group, research.studies), {"from": research.subject})

    with brownie.reverts(typed("OrderDenied", int(Reason.WITHDRAWN))):
        research.studies.enrolWithSig(
            research.subject, group, message["deadline"], signature, {"from": research.relayer}
        )
