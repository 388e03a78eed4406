"""
The doors of Unions (doors.toml), each of them
├── permitted: its trace holds a `decide` with the same subject, use and classes, for the desk
└── deployed on a registry that denies: refuses with the reason, and nobody is in
"""

import brownie
import pytest

from aceso.codes import Reason
from tests.contracts.doors.tracing import decisions
from tests.contracts.trading import HMB, LABS, grantee_of
from tests.contracts.uniting import mark_of, steady_clock, unity
from tests.support import typed

__all__ = ["steady_clock", "unity"]

DOORS = ("Unions.join", "Unions.joinWithSig")


@pytest.fixture
def enter(unity):
    """Walk through a door of `unions` as the subject."""

    def walk(door, unions):
        mark = mark_of(unity.subject)
        if door == "Unions.join":
            return unions.join(1, mark, {"from": unity.subject})
        message = unity.joining(1)
        signature = unity.sign(unity.subject, "UnionJoining", unions, **message)
        sent = (unity.subject, 1, mark, message["deadline"], signature)
        return unions.joinWithSig(*sent, {"from": unity.relayer})

    return walk


@pytest.mark.parametrize("door", DOORS)
def test_asks_decide_about_what_it_sells(unity, enter, door):
    unity.consent(unity.open())

    tx = enter(door, unity.unions)

    grantee = bytes.fromhex(grantee_of(1, unity.unions)[2:])
    people = (unity.subject.address.lower(), unity.unions.address.lower())
    assert decisions(tx, unity.consents) == [(*people, grantee, HMB, LABS, 0)]


@pytest.mark.parametrize("door", DOORS)
def test_refuses_with_the_reason(unity, enter, request, door):
    reason, by = int(Reason.WITHDRAWN), {"from": unity.deployer}
    denying = request.getfixturevalue("FixedRegistry").deploy(False, reason, by)
    unions = request.getfixturevalue("Unions").deploy(
        *(denying, unity.participants, unity.coin, unity.commons, unity.disputes, 0), by
    )
    unions.open(tuple(unity.union().values()), {"from": unity.keeper})
    message = {"voucher": str(unity.voucher), "account": str(unity.subject)}
    message |= {"mark": mark_of(unity.subject)}
    signature = unity.sign(unity.voucher, "PersonaVouch", unions, **message)
    unions.vouch(*message.values(), signature, {"from": unity.relayer})

    with brownie.reverts(typed("OrderDenied", reason)):
        enter(door, unions)

    assert tuple(unions.rollOf(1)) == (0, True)
