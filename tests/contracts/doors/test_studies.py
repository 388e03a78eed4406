"""
The doors of Studies (doors.toml), each of them
├── permitted: its trace holds a `decide` with the same subject, actor, use and classes
└── deployed on a registry that denies: refuses with the reason, and nothing is locked
"""

import brownie
import pytest

from aceso.codes import Reason
from tests.contracts.doors.tracing import decisions
from tests.contracts.studying import PROTOCOL, research
from tests.contracts.trading import HMB, LABS, PRICE, grantee_of
from tests.support import typed

__all__ = ["research"]

DOORS = ("Studies.enrol", "Studies.enrolWithSig")


@pytest.fixture
def enter(research):
    """Walk through a door of `studies` as the subject."""

    def walk(door, studies, group):
        if door == "Studies.enrol":
            return studies.enrol(group, {"from": research.subject})
        message = research.enrolment(group)
        message["order"] = studies.orderOf(group >> 16, research.subject)[0]
        signature = research.sign(research.subject, "Enrolment", studies, **message)
        by = {"from": research.relayer}
        return studies.enrolWithSig(research.subject, group, message["deadline"], signature, by)

    return walk


@pytest.mark.parametrize("door", DOORS)
def test_asks_decide_about_what_it_sells(research, enter, door):
    group = research.open()
    research.consent(group)

    tx = enter(door, research.studies, group)

    grantee = bytes.fromhex(grantee_of(group, research.studies)[2:])
    people = (research.subject.address.lower(), research.researcher.address.lower())
    assert decisions(tx, research.consents) == [(*people, grantee, HMB, LABS, 0)]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("reason", [Reason.BARRED, Reason.WITHDRAWN])
def test_refuses_with_the_reason(research, enter, request, door, reason):
    by = {"from": research.deployer}
    denying = request.getfixturevalue("FixedRegistry").deploy(False, int(reason), by)
    studies = request.getfixturevalue("Studies").deploy(
        *(denying, research.participants, research.coin, research.commons, research.disputes, 0),
        by,
    )
    research.coin.approve(studies, PRICE, {"from": research.researcher})
    terms = tuple(research.study().values())
    studies.open(terms, PROTOCOL, {"from": research.researcher})
    studies.fund(1, PRICE, {"from": research.researcher})

    with brownie.reverts(typed("OrderDenied", int(reason))):
        enter(door, studies, 1 << 16 | 1)

    assert tuple(studies.stateOf(1))[:2] == (PRICE, 0)
