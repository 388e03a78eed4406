"""
joinPanel, leavePanel
├── an accredited evaluator and member: can be drawn, says so
├── no evaluator, or no member of that institution: refuses, names the caller
├── joins twice, or leaves without having joined: refuses
└── left and joined again: can be drawn for the institution named last
"""

import brownie

from tests.contracts.disputes.conftest import FIRST_INSTITUTION
from tests.support import typed


def test_an_evaluator_can_be_drawn(disputes, evaluators):
    tx = disputes.joinPanel(FIRST_INSTITUTION, {"from": evaluators[0]})

    assert disputes.institutionOf(evaluators[0]) == FIRST_INSTITUTION
    assert len(tx.events) == 1
    assert tx.events["PanelJoined"] == {
        "evaluator": evaluators[0],
        "institution": FIRST_INSTITUTION,
    }


def test_refuses_who_is_no_evaluator(trade, disputes, evaluators):
    custodian = trade.custodians[0]

    with brownie.reverts(typed("PanelNotEvaluator", custodian, 1)):
        disputes.joinPanel(1, {"from": custodian})


def test_refuses_for_an_institution_of_others(disputes, evaluators):
    with brownie.reverts(typed("PanelNotEvaluator", evaluators[0], FIRST_INSTITUTION + 1)):
        disputes.joinPanel(FIRST_INSTITUTION + 1, {"from": evaluators[0]})


def test_refuses_to_join_twice(disputes, joined):
    with brownie.reverts(typed("PanelUnchanged", joined[0], FIRST_INSTITUTION)):
        disputes.joinPanel(FIRST_INSTITUTION, {"from": joined[0]})


def test_refuses_to_leave_what_was_not_joined(disputes, evaluators):
    with brownie.reverts(typed("PanelUnchanged", evaluators[0], 0)):
        disputes.leavePanel({"from": evaluators[0]})


def test_who_left_can_join_again(disputes, joined):
    tx = disputes.leavePanel({"from": joined[0]})

    assert disputes.institutionOf(joined[0]) == 0
    assert tx.events["PanelLeft"] == {"evaluator": joined[0]}

    disputes.joinPanel(FIRST_INSTITUTION, {"from": joined[0]})

    assert disputes.institutionOf(joined[0]) == FIRST_INSTITUTION
