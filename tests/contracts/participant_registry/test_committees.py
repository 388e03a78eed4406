"""
registerCommittee, committeeDigest, committeeCount
├── custodians of institutions of their own: anybody registers them, and it says so in one event
│   ├── two of two are the least, sixteen the most
│   └── the digest is of members and threshold; what was never registered has none
├── refused, and nothing is registered
│   ├── CommitteeInvalidSize: nobody, one, seventeen, more or fewer institutions than members, a
│   │   threshold of 0, of 1 or above the members
│   ├── CommitteeInvalidOrder: institution 0, the same twice, one that is out of order
│   └── CommitteeInvalidMember: no custodian, a custodian no more, no member of the institution, a
│       member no more, an institution that is not open yet or was closed, one account twice
└── what was registered stays, whatever becomes of its members
"""

import brownie
import pytest
from brownie import web3
from eth_abi import encode

from aceso.codes import Role
from tests.contracts.acting import DAY
from tests.support import typed

BOTH = pytest.mark.both_chains
CUSTODIAN = int(Role.CUSTODIAN)
FOREVER = 2**40 - 1
MOST = 16


def keeper(place):
    return web3.to_checksum_address("0x" + f"{0xC0 + place:02x}" * 20)


@pytest.fixture(scope="module")
def gateway(accounts):
    return accounts[6]


@pytest.fixture(scope="module")
def accredit(participants, authority, relayer):
    def give(*members):
        for member in members:
            participants.proposeAccreditation(member, CUSTODIAN, 0, {"from": authority})
        web3.provider.make_request("evm_increaseTime", [2 * DAY])
        web3.provider.make_request("evm_mine", [])
        for member in members:
            participants.accredit(member, {"from": relayer})

    return give


@pytest.fixture(scope="module")
def custodians(participants, authority, gateway, accredit):
    """Seventeen custodians, each the member of the institution of its place, from 1."""
    members = [keeper(place) for place in range(1, MOST + 2)]
    for place, member in enumerate(members, start=1):
        participants.openInstitution(gateway, {"from": authority})
        participants.setMember(place, member, FOREVER, 0, {"from": gateway})
    accredit(*members)
    return members


@pytest.fixture
def register(participants, stranger):
    def send(members, threshold, places):
        return participants.registerCommittee((members, threshold), places, {"from": stranger})

    return send


@pytest.fixture
def refused(participants, register):
    """The committee is refused with this error, and the count doesn't rise."""

    def check(error, members, threshold, places):
        before = participants.committeeCount()
        with brownie.reverts(error):
            register(members, threshold, places)
        assert participants.committeeCount() == before

    return check


@BOTH
@pytest.mark.parametrize(("size", "threshold"), [(2, 2), (3, 2), (MOST, MOST)])
def test_anybody_registers_custodians(custodians, participants, register, size, threshold):
    members, places = custodians[:size], list(range(1, size + 1))

    tx = register(members, threshold, places)

    assert len(tx.events) == 1
    event = tx.events["CommitteeRegistered"]
    assert event["number"] == 1
    named, least = event["committee"]
    assert (list(named), int(least)) == (members, threshold)
    assert [int(place) for place in event["institutions"]] == places
    assert participants.committeeCount() == 1
    expected = web3.keccak(encode(["(address[],uint8)"], [(members, threshold)]))
    assert web3.to_hex(participants.committeeDigest(1)) == web3.to_hex(expected)
    for number in (0, 2):
        assert web3.to_hex(participants.committeeDigest(number)) == "0x" + "00" * 32


@pytest.mark.parametrize(
    ("members", "places", "threshold"),
    [
        (0, 0, 0),
        (0, 0, 2),
        (1, 1, 1),
        (1, 1, 2),
        (MOST + 1, MOST + 1, 2),
        (3, 2, 2),
        (2, 3, 2),
        (3, 3, 0),
        (3, 3, 1),
        (3, 3, 4),
    ],
)
def test_refuses_another_size(custodians, refused, members, places, threshold):
    error = typed("CommitteeInvalidSize", members, places, threshold)

    refused(error, custodians[:members], threshold, list(range(1, places + 1)))


@pytest.mark.parametrize(
    ("places", "wrong"), [([0, 1, 2], 0), ([1, 1, 3], 1), ([1, 3, 2], 2), ([2, 1, 3], 1)]
)
def test_refuses_another_order(custodians, refused, places, wrong):
    members = [custodians[place - 1] for place in places]

    refused(typed("CommitteeInvalidOrder", wrong), members, 2, places)


def test_refuses_who_is_no_custodian(custodians, participants, gateway, stranger, refused):
    participants.setMember(2, stranger, FOREVER, 0, {"from": gateway})
    members = [custodians[0], str(stranger), custodians[2]]

    refused(typed("CommitteeInvalidMember", stranger, 2), members, 2, [1, 2, 3])


def test_refuses_who_is_a_custodian_no_more(custodians, participants, authority, refused):
    participants.unaccredit(custodians[2], CUSTODIAN, 0, {"from": authority})

    error = typed("CommitteeInvalidMember", custodians[2], 3)
    refused(error, custodians[:3], 2, [1, 2, 3])


def test_refuses_a_member_of_another_institution(custodians, refused):
    error = typed("CommitteeInvalidMember", custodians[1], 4)
    refused(error, custodians[:2], 2, [1, 4])


def test_refuses_a_member_no_more(custodians, participants, gateway, refused):
    participants.setMember(1, custodians[0], 0, 0, {"from": gateway})

    error = typed("CommitteeInvalidMember", custodians[0], 1)
    refused(error, custodians[:2], 2, [1, 2])


@pytest.mark.parametrize("state", ["not open yet", "closed"])
def test_refuses_an_institution_that_does_not_count(
    custodians, participants, authority, gateway, refused, state
):
    place = 2
    if state == "closed":
        participants.closeInstitution(place, {"from": authority})
    else:
        place = participants.openInstitution(gateway, {"from": authority}).return_value
        participants.setMember(place, custodians[1], FOREVER, 0, {"from": gateway})

    error = typed("CommitteeInvalidMember", custodians[1], place)
    refused(error, custodians[:2], 2, [1, place])


@pytest.mark.parametrize("twice", [1, 2])
def test_one_account_is_one_custodian(custodians, participants, gateway, refused, twice):
    """Whether its second place follows the first at once or not."""
    last = twice + 1
    participants.setMember(last, custodians[0], FOREVER, 0, {"from": gateway})
    members = [*custodians[:twice], custodians[0]]

    error = typed("CommitteeInvalidMember", custodians[0], last)
    refused(error, members, 2, list(range(1, last + 1)))


def test_stays_registered(custodians, participants, authority, register):
    register(custodians[:3], 2, [1, 2, 3])
    before = participants.committeeDigest(1)

    participants.unaccredit(custodians[0], CUSTODIAN, 0, {"from": authority})
    participants.closeInstitution(2, {"from": authority})
    register(custodians[2:5], 3, [3, 4, 5])

    assert participants.committeeDigest(1) == before
    assert participants.committeeCount() == 2
