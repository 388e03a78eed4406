"""
proposeAccreditation, accredit, unaccredit
├── only the authority proposes and takes away: ParticipantNotAuthority
├── a proposal
│   ├── is in force only by accredit, from the delay on, by anybody, once
│   ├── before, or without one: ParticipantNotReady
│   ├── adds to what the account has; a new proposal takes the place of an open one
│   └── for the zero address: ParticipantInvalidAccount
├── taking away is at once, and takes an open proposal too
└── the past stays as it was (hadRoles)
"""

import brownie
import pytest

from aceso.codes import Role
from tests.contracts.acting import DAY
from tests.support import typed

BOTH = pytest.mark.both_chains
ISSUER, PHYSICIAN = int(Role.ISSUER), int(Role.PHYSICIAN)


@pytest.fixture
def propose(participants, authority, grantee):
    def send(roles, conditions=0):
        return participants.proposeAccreditation(grantee, roles, conditions, {"from": authority})

    return send


@BOTH
def test_is_in_force_after_the_delay(participants, grantee, stranger, propose, chain, at):
    tx = propose(ISSUER, 5)
    ready = chain[-1].timestamp + 2 * DAY
    assert dict(tx.events["AccreditationProposed"]) == {
        "account": grantee,
        "roles": ISSUER,
        "conditions": 5,
        "readyAt": ready,
    }
    assert not participants.hasRoles(grantee, ISSUER)
    at(ready + 60)

    tx = participants.accredit(grantee, {"from": stranger})

    assert len(tx.events) == 1
    assert dict(tx.events["AccreditationChanged"]) == {
        "account": grantee,
        "roles": ISSUER,
        "conditions": 5,
    }
    assert participants.hasRoles(grantee, ISSUER)
    assert participants.conditionsOf(grantee) == 5
    with brownie.reverts(typed("ParticipantNotReady", grantee, 0)):
        participants.accredit(grantee, {"from": stranger})


@pytest.mark.parametrize("early", [1, 0])
def test_waits_for_the_last_second(participants, grantee, stranger, propose, chain, early):
    propose(ISSUER)
    ready = chain[-1].timestamp + 2 * DAY
    brownie.web3.provider.make_request("evm_setNextBlockTimestamp", [ready - early])

    if early:
        with brownie.reverts(typed("ParticipantNotReady", grantee, ready)):
            participants.accredit(grantee, {"from": stranger})
    else:
        participants.accredit(grantee, {"from": stranger})
        assert participants.hasRoles(grantee, ISSUER)


def test_adds_and_takes_the_newest_proposal(participants, grantee, propose, chain, at):
    propose(ISSUER, 1)
    at(chain[-1].timestamp + 3 * DAY)
    participants.accredit(grantee, {"from": grantee})
    propose(int(Role.CUSTODIAN), 4)
    propose(PHYSICIAN, 2)
    at(chain[-1].timestamp + 3 * DAY)

    participants.accredit(grantee, {"from": grantee})

    assert participants.hasRoles(grantee, ISSUER | PHYSICIAN)
    assert not participants.hasRoles(grantee, int(Role.CUSTODIAN))
    assert participants.conditionsOf(grantee) == 3


@BOTH
def test_takes_away_at_once_and_not_from_the_past(
    participants, authority, grantee, propose, chain, at
):
    propose(ISSUER | PHYSICIAN, 7)
    at(chain[-1].timestamp + 3 * DAY)
    participants.accredit(grantee, {"from": grantee})
    held = chain[-1].timestamp
    propose(int(Role.CUSTODIAN))
    at(chain[-1].timestamp + 3 * DAY)

    tx = participants.unaccredit(grantee, ISSUER, 2, {"from": authority})

    taken = chain[-1].timestamp
    assert dict(tx.events["AccreditationChanged"]) == {
        "account": grantee,
        "roles": PHYSICIAN,
        "conditions": 5,
    }
    assert not participants.hasRoles(grantee, ISSUER)
    assert participants.hasRoles(grantee, PHYSICIAN)
    assert not participants.hadRoles(grantee, ISSUER, held - 1)
    assert participants.hadRoles(grantee, ISSUER, held)
    assert participants.hadRoles(grantee, ISSUER, taken - 1)
    assert not participants.hadRoles(grantee, ISSUER, taken)
    with brownie.reverts(typed("ParticipantNotReady", grantee, 0)):
        participants.accredit(grantee, {"from": grantee})


@BOTH
def test_only_the_authority_decides(participants, stranger):
    refused = typed("ParticipantNotAuthority", stranger)
    for name, arguments in (
        ("proposeAccreditation", (stranger, 1, 1)),
        ("unaccredit", (stranger, 1, 1)),
        ("openInstitution", (stranger,)),
        ("closeInstitution", (1,)),
    ):
        with brownie.reverts(refused):
            getattr(participants, name)(*arguments, {"from": stranger})


def test_refuses_the_zero_address(participants, authority):
    zero = "0x" + "00" * 20
    with brownie.reverts(typed("ParticipantInvalidAccount")):
        participants.proposeAccreditation(zero, 1, 0, {"from": authority})
    with brownie.reverts(typed("ParticipantInvalidAccount")):
        participants.openInstitution(zero, {"from": authority})
