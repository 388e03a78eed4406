"""
open, fund, approve, amend, close: what a study is
├── open
│   ├── keeps the terms, numbers studies from 1 and revisions from 1; one event with the documents
│   ├── another's name, or a researcher who isn't accredited: refuses
│   └── a term that is empty, unknown or out of bounds: refuses, names it
├── fund
│   ├── anybody adds to the budget
│   └── no such study, closed, or past its deadline: refuses
├── approve
│   ├── an ethics board of another institution attests IRB of the revision; it can take that back
│   └── the researcher's own institution, no member, no board, another board: refuses
├── amend
│   ├── the next revision is another group, without an approval
│   └── not the researcher, or closed: refuses
└── close
    ├── the researcher at any time, anybody from the deadline on: the budget is the researcher's
    ├── twice, or no such study: refuses
    └── orders that live go on, and what they don't earn is the researcher's then
"""

import brownie
import pytest

from aceso.codes import Condition, Role
from tests.contracts.studying import BUDGET, ENROLMENT, PROTOCOL
from tests.contracts.trading import DAY, DURATION, FOREVER, PERIOD, PRICE, ZERO, Shares
from tests.support import typed

pytestmark = pytest.mark.both_chains

EMPTY = "0x" + "00" * 32


def test_keeps_the_terms(research):
    terms = research.study(cap=9, conditions=int(Condition.IRB))

    tx = research.studies.open(tuple(terms.values()), PROTOCOL, {"from": research.researcher})

    group = 1 << 16 | 1
    assert tuple(research.studies.getStudy(group)) == tuple(terms.values())
    assert research.studies.studyCount() == 1
    assert tuple(research.studies.stateOf(1)) == (0, 0, 1, terms["deadline"], False, 0)
    assert len(tx.events) == 1
    assert tx.events["StudyRevised"]["group"] == group
    assert tx.events["StudyRevised"]["researcher"] == research.researcher
    assert tuple(tx.events["StudyRevised"]["protocol"]) == PROTOCOL
    assert research.open() == 2 << 16 | 1


def test_only_in_ones_own_name_and_accredited(research):
    terms = tuple(research.study().values())
    with brownie.reverts(typed("StudyInvalidTerm", 0)):
        research.studies.open(terms, PROTOCOL, {"from": research.other})
    own = tuple(research.study(researcher=str(research.other)).values())
    with brownie.reverts(typed("StudyInvalidTerm", 0)):
        research.studies.open(own, PROTOCOL, {"from": research.other})


@pytest.mark.parametrize(
    ("place", "changed"),
    [
        (1, {"price": 0}),
        (2, {"institution": "stranger", "institutionBps": 1}),
        (3, {"committee": 9}),
        (4, {"duration": 0}),
        (4, {"duration": 1827 * DAY + 1}),
        (5, {"institutionBps": 1}),
        (5, {"institution": "institution", "institutionBps": 2001}),
        (6, {"use": 3}),
        (7, {"classes": 0}),
        (8, {"disease": 5}),
        (10, {"deliveryPeriod": 0}),
        (10, {"deliveryPeriod": 30 * DAY + 1}),
        (11, {"deadline": 1}),
        (11, {"deadline": FOREVER}),
        (12, {"cap": 0}),
    ],
)
def test_refuses_a_term_out_of_bounds(research, place, changed):
    named = changed.get("institution")
    if named:
        changed = changed | {"institution": str(getattr(research, named))}
    terms = tuple(research.study(**changed).values())

    with brownie.reverts(typed("StudyInvalidTerm", place)):
        research.studies.open(terms, PROTOCOL, {"from": research.researcher})


@pytest.mark.parametrize("place", [0, 1, 2])
def test_refuses_a_missing_document(research, place):
    protocol = tuple(EMPTY if at == place else word for at, word in enumerate(PROTOCOL))

    with brownie.reverts(typed("StudyInvalidTerm", 13 + place)):
        research.studies.open(
            tuple(research.study().values()), protocol, {"from": research.researcher}
        )


def test_anybody_adds_to_the_budget(research):
    study = research.open(budget=5) >> 16

    tx = research.studies.fund(study, 7, {"from": research.other})

    assert research.standing(study) == (12, 0)
    assert research.coin.balanceOf(research.studies) == 12
    assert tx.events["StudyFunded"] == {
        "study": study,
        "payer": research.other,
        "amount": 7,
        "budget": 12,
    }


def test_refuses_coin_that_could_not_be_spent(research):
    study = research.open(budget=0) >> 16
    by = {"from": research.researcher}

    with brownie.reverts(typed("StudyNotOpen", study + 1)):
        research.studies.fund(study + 1, 1, by)
    research.studies.close(study, by)
    with brownie.reverts(typed("StudyNotOpen", study)):
        research.studies.fund(study, 1, by)


def test_a_board_attests_a_revision_and_takes_it_back(research):
    group = research.open(conditions=int(Condition.IRB))
    research.enrol(group)

    def attested():
        return research.studies.isMember(group, research.subject, research.researcher)[1]

    assert attested() == 0
    tx = research.studies.approveStudy(group, 6, {"from": research.board})
    assert attested() == int(Condition.IRB)
    assert research.studies.boardOf(group) == research.board
    assert tx.events["StudyApproved"] == {
        "group": group,
        "board": research.board,
        "institution": 6,
    }
    research.studies.approveStudy(group, 0, {"from": research.board})
    assert attested() == 0
    assert research.studies.boardOf(group) == ZERO


def test_an_approval_of_who_is_no_board_any_more_attests_nothing(research):
    group = research.open(conditions=int(Condition.IRB))
    research.enrol(group)
    research.studies.approveStudy(group, 6, {"from": research.board})
    by = {"from": research.authority}

    research.participants.unaccredit(research.board, int(Role.ETHICS_BOARD), 0, by)

    member = research.studies.isMember(group, research.subject, research.researcher)
    assert tuple(member) == (True, 0)
    assert research.studies.boardOf(group) == ZERO
    research.studies.approveStudy(group, 0, {"from": research.board})
    research._accredit(research.board, Role.ETHICS_BOARD)
    assert research.studies.boardOf(group) == ZERO


@pytest.mark.parametrize("who", ["own", "no_member", "no_board", "researcher", "no_study"])
def test_refuses_a_board_that_is_not_independent(research, who):
    group, by = research.open(), {"from": research.authority}
    caller, institution = research.board, 6
    if who == "own":
        research.participants.setMember(6, research.researcher, FOREVER, 0, by)
    elif who == "no_member":
        institution = 5
    elif who == "no_board":
        research.participants.unaccredit(research.board, int(Role.ETHICS_BOARD), 0, by)
    elif who == "researcher":
        research._accredit(research.researcher, Role.ETHICS_BOARD)
        caller, institution = research.researcher, 7
    else:
        group += 1

    with brownie.reverts(typed("StudyNotBoard", group, caller)):
        research.studies.approveStudy(group, institution, {"from": caller})


def test_only_the_board_takes_its_approval_back(research):
    group = research.open()
    research.studies.approveStudy(group, 6, {"from": research.board})

    with brownie.reverts(typed("StudyNotBoard", group, research.stranger)):
        research.studies.approveStudy(group, 0, {"from": research.stranger})


def test_an_amendment_is_another_group_without_an_approval(research):
    group = research.open()
    research.studies.approveStudy(group, 6, {"from": research.board})

    second = research.amend(group >> 16, price=5)

    assert second == group + 1
    assert research.studies.getStudy(second)[1] == 5
    assert research.studies.getStudy(group)[1] == PRICE
    assert research.studies.boardOf(second) == ZERO
    assert research.standing(group >> 16) == (BUDGET, 0)


def test_only_the_researcher_amends(research):
    study = research.open() >> 16
    research._accredit(research.other, Role.RESEARCHER)
    terms = tuple(research.study(researcher=str(research.other)).values())

    for number in (study, study + 1, 0):
        with brownie.reverts(typed("StudyNotResearcher", number, research.other)):
            research.studies.amend(number, terms, PROTOCOL, {"from": research.other})


def test_refuses_to_amend_what_is_closed(research):
    study = research.open() >> 16
    research.studies.close(study, {"from": research.researcher})

    with brownie.reverts(typed("StudyNotOpen", study)):
        research.amend(study)


def test_the_researcher_closes_at_any_time(research):
    study = research.open() >> 16

    tx = research.studies.close(study, {"from": research.researcher})

    assert research.studies.creditOf(research.researcher) == BUDGET
    assert tx.events["StudyClosed"] == {"study": study, "unspent": BUDGET}
    with brownie.reverts(typed("StudyNotOpen", study)):
        research.studies.close(study, {"from": research.researcher})
    assert research.studies.creditOf(research.researcher) == BUDGET


def test_anybody_closes_from_the_deadline_on(research):
    deadline = research.now + ENROLMENT
    study = research.open(deadline=deadline) >> 16
    research.at(deadline - 1)
    with brownie.reverts(typed("StudyNotOver", study, deadline)):
        research.studies.close(study, {"from": research.stranger})

    research.at(deadline)
    research.studies.close(study, {"from": research.stranger})

    assert research.studies.creditOf(research.researcher) == BUDGET
    with brownie.reverts(typed("StudyNotOpen", study + 1)):
        research.studies.close(study + 1, {"from": research.stranger})


@pytest.mark.parametrize("delivered", [True, False])
def test_orders_that_live_go_on_when_a_study_closes(research, delivered):
    group = research.open()
    order = research.enrol(group)
    if delivered:
        start = research.deliver(order).timestamp
    research.studies.close(group >> 16, {"from": research.researcher})
    assert research.studies.creditOf(research.researcher) == BUDGET - PRICE

    end = start + DURATION if delivered else research.now + PERIOD
    research.settle(order, at=end)

    credit = research.studies.creditOf
    assert credit(research.subject) == (Shares.of(PRICE, 0).subject if delivered else 0)
    assert credit(research.researcher) == BUDGET - PRICE + (0 if delivered else PRICE)


def test_all_that_was_paid_in_can_leave(research):
    group = research.open(institution=str(research.institution), institutionBps=777)
    order = research.enrol(group)
    start = research.deliver(order).timestamp
    research.at(start + DAY)
    research.consents.withdraw(
        "0x" + group.to_bytes(12, "big").hex() + str(research.studies)[2:],
        {"from": research.subject},
    )
    research.settle(order, at=start + DURATION)
    research.studies.close(group >> 16, {"from": research.researcher})

    anybody = {"from": research.stranger}
    for owed in (research.subject, research.researcher, research.institution):
        if research.studies.creditOf(owed):
            research.studies.payCredit(owed, anybody)
    fee = research.fees(1, research.commons)[0]
    research.studies.payCommons(1, anybody)
    for place in range(3):
        research.studies.payCommitteeFee(1, research.committees[1], place, anybody)

    # A committee's equal parts leave what can't be divided for its next order.
    assert research.coin.balanceOf(research.studies) == fee % 3
