"""
openInstitution, closeInstitution, setMember, isMember, institution
├── an institution counts from the delay on, and its members then
├── only its own account sets members: ParticipantNotInstitution; never the zero address
├── a membership ends at its second, and at once if it is set to the past
├── attests the member's conditions
├── closing ends all memberships at once
└── closing again moves nothing: the past stays as it was
publishKey, revokeKey, keyOf
├── a key is the caller's, is in the event whole, and its version rises
├── 31 bytes, 4,097 bytes: ParticipantInvalidKey; 32 and 4,096 are taken
└── a revoked key is zero, and the version stays
"""

import brownie
import pytest
from brownie import web3

from tests.contracts.acting import DAY
from tests.support import typed

BOTH = pytest.mark.both_chains
FOREVER = 2**40 - 1


@pytest.fixture
def opened(participants, authority, accounts):
    participants.openInstitution(accounts[6], {"from": authority})


@BOTH
def test_counts_from_the_delay_on(
    participants, opened, accounts, grantee, subject, decide, chain, at
):
    begin = chain[-1].timestamp + 2 * DAY
    account, valid_from, valid_until = participants.institution(1)
    assert (account, int(valid_from), int(valid_until)) == (accounts[6], begin, FOREVER)
    tx = participants.setMember(1, grantee, FOREVER, 6, {"from": accounts[6]})
    assert dict(tx.events["MemberSet"]) == {
        "number": 1,
        "member": grantee,
        "validUntil": FOREVER,
        "conditions": 6,
    }

    at(begin - 1)
    assert list(map(int, participants.isMember(1, subject, grantee))) == [0, 6]
    at(begin)
    assert list(map(int, participants.isMember(1, subject, grantee))) == [1, 6]


def test_only_its_account_sets_members(participants, opened, stranger, grantee, accounts):
    with brownie.reverts(typed("ParticipantNotInstitution", 1, stranger)):
        participants.setMember(1, grantee, FOREVER, 0, {"from": stranger})
    with brownie.reverts(typed("ParticipantNotInstitution", 2, accounts[6])):
        participants.setMember(2, grantee, FOREVER, 0, {"from": accounts[6]})
    with brownie.reverts(typed("ParticipantInvalidAccount")):
        participants.setMember(1, "0x" + "00" * 20, FOREVER, 0, {"from": accounts[6]})


@BOTH
def test_a_membership_ends_at_its_second(
    participants, opened, accounts, grantee, subject, chain, at
):
    at(chain[-1].timestamp + 3 * DAY)
    until = chain[-1].timestamp + DAY
    participants.setMember(1, grantee, until, 0, {"from": accounts[6]})
    at(until - 1)
    assert participants.isMember(1, subject, grantee)[0]
    at(until)
    assert not participants.isMember(1, subject, grantee)[0]


def test_a_membership_ends_at_once(participants, opened, accounts, grantee, subject, chain, at):
    at(chain[-1].timestamp + 3 * DAY)
    participants.setMember(1, grantee, FOREVER, 0, {"from": accounts[6]})

    tx = participants.setMember(1, grantee, 0, 0, {"from": accounts[6]})

    assert tx.events["MemberSet"]["validUntil"] == chain[-1].timestamp
    assert not participants.isMember(1, subject, grantee)[0]


@BOTH
def test_closing_ends_all_memberships(
    participants, opened, authority, accounts, grantee, subject, chain, at
):
    at(chain[-1].timestamp + 3 * DAY)
    participants.setMember(1, grantee, FOREVER, 0, {"from": accounts[6]})

    tx = participants.closeInstitution(1, {"from": authority})

    closed = chain[-1].timestamp
    assert dict(tx.events["InstitutionClosed"]) == {"number": 1}
    assert not participants.isMember(1, subject, grantee)[0]
    at(closed + DAY)
    participants.closeInstitution(1, {"from": authority})
    assert participants.institution(1)[2] == closed


@BOTH
def test_a_key_is_its_publishers(participants, grantee, stranger):
    key = b"\x07" * 1216
    participants.publishKey(key, {"from": grantee})

    tx = participants.publishKey(key[:32], {"from": grantee})

    assert len(tx.events) == 1
    event = tx.events["KeyPublished"]
    assert (event["account"], event["version"]) == (grantee, 2)
    assert web3.to_hex(event["publicKey"]) == web3.to_hex(key[:32])
    digest, version = participants.keyOf(grantee)
    assert (web3.to_hex(digest), version) == (web3.to_hex(web3.keccak(key[:32])), 2)
    assert participants.keyOf(stranger)[1] == 0

    tx = participants.revokeKey({"from": grantee})

    assert dict(tx.events["KeyRevoked"]) == {"account": grantee, "version": 2}
    assert web3.to_hex(participants.keyOf(grantee)[0]) == "0x" + "00" * 32
    assert participants.keyOf(grantee)[1] == 2


@pytest.mark.parametrize(("length", "taken"), [(0, 0), (31, 0), (32, 1), (4096, 1), (4097, 0)])
def test_a_key_has_its_size(participants, grantee, length, taken):
    if taken:
        participants.publishKey(b"\x01" * length, {"from": grantee})
        assert participants.keyOf(grantee)[1] == 1
    else:
        with brownie.reverts(typed("ParticipantInvalidKey", length)):
            participants.publishKey(b"\x01" * length, {"from": grantee})
