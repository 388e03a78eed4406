"""
anchorLog, anchorLogWithSig
├── an accredited custodian: its newest head is kept and told, each in its own name
├── no longer than before: refused, also when it is of the same length
├── somebody who is no custodian, not yet or no more: refused; what was anchored stays
└── by signature
    ├── whoever carries it, whenever: the same
    ├── of another key, or with a field changed: refused
    ├── for another contract: refused
    └── carried again, or after a longer one: refused
"""

import brownie
import pytest
from brownie import chain, web3

from aceso.codes import Role
from tests.contracts.acting import DAY, account_of, domain_of, sign
from tests.support import typed

BOTH = pytest.mark.both_chains
ROOTS = ["0x" + f"{number:02x}" * 32 for number in (1, 2, 3)]
NONE = "0x" + "00" * 32
KEY = "0x" + "c3" * 32


def refused(*error):
    return brownie.reverts(typed(*error))


def give(participants, authority, account, role):
    participants.proposeAccreditation(account, int(role), 0, {"from": authority})
    wait(2 * DAY)
    participants.accredit(account, {"from": authority})


def wait(seconds):
    web3.provider.make_request("evm_increaseTime", [seconds])
    web3.provider.make_request("evm_mine", [])


@pytest.fixture(scope="module")
def accredit(participants, authority):
    def make(account):
        give(participants, authority, account, Role.CUSTODIAN)
        return account

    return make


@pytest.fixture(scope="module")
def custodian(accredit):
    return accredit(account_of(KEY))


def signature(access_log, custodian, size, root, contract=None):
    message = {"custodian": custodian.address, "size": size, "root": root}
    return sign(KEY, "LogHead", message, domain_of(contract or access_log))


@BOTH
def test_keeps_and_tells_the_newest_head(access_log, custodian, accounts):
    assert list(access_log.headOf(custodian)) == [0, 0, NONE]
    for size, root in ((1, ROOTS[0]), (7, ROOTS[1]), (2**64 - 1, ROOTS[2])):
        done = access_log.anchorLog(size, root, {"from": custodian})

        assert list(access_log.headOf(custodian)) == [size, chain[-1].timestamp, root]
        assert done.events["LogAnchored"] == {
            "custodian": custodian,
            "size": size,
            "root": root,
        }
    assert list(access_log.headOf(accounts[5])) == [0, 0, NONE]


def test_each_custodian_has_its_own(access_log, custodian, accredit, accounts):
    other = accredit(accounts[6])
    access_log.anchorLog(9, ROOTS[0], {"from": custodian})
    access_log.anchorLog(2, ROOTS[1], {"from": other})

    assert access_log.headOf(custodian)[0] == 9
    assert access_log.headOf(other)[0] == 2


@BOTH
@pytest.mark.parametrize("size", [0, 4, 5])
def test_refuses_what_is_no_longer(access_log, custodian, size):
    access_log.anchorLog(5, ROOTS[0], {"from": custodian})

    with refused("LogNotLonger", custodian, size, 5):
        access_log.anchorLog(size, ROOTS[1], {"from": custodian})
    assert access_log.headOf(custodian)[2] == ROOTS[0]


def test_refuses_an_empty_log(access_log, custodian):
    with refused("LogNotLonger", custodian, 0, 0):
        access_log.anchorLog(0, ROOTS[0], {"from": custodian})


def test_refuses_who_is_no_custodian(access_log, stranger):
    with refused("LogUnaccredited", stranger):
        access_log.anchorLog(1, ROOTS[0], {"from": stranger})


def test_refuses_an_issuer(access_log, participants, authority, accounts):
    issuer = accounts[7]
    give(participants, authority, issuer, Role.ISSUER)

    with refused("LogUnaccredited", issuer):
        access_log.anchorLog(1, ROOTS[0], {"from": issuer})


def test_after_the_accreditation_nothing_is_added_and_nothing_lost(
    access_log, custodian, participants, authority
):
    access_log.anchorLog(5, ROOTS[0], {"from": custodian})
    head = list(access_log.headOf(custodian))
    participants.unaccredit(custodian, int(Role.CUSTODIAN), 0, {"from": authority})

    with refused("LogUnaccredited", custodian):
        access_log.anchorLog(6, ROOTS[1], {"from": custodian})
    given = signature(access_log, custodian, 6, ROOTS[1])
    with refused("LogUnaccredited", custodian):
        access_log.anchorLogWithSig(custodian, 6, ROOTS[1], given, {"from": authority})
    assert list(access_log.headOf(custodian)) == head


@BOTH
def test_whoever_carries_a_head_it_is_the_custodians(access_log, custodian, relayer):
    given = signature(access_log, custodian, 3, ROOTS[0])
    wait(400 * DAY)
    done = access_log.anchorLogWithSig(custodian, 3, ROOTS[0], given, {"from": relayer})

    assert list(access_log.headOf(custodian)) == [3, chain[-1].timestamp, ROOTS[0]]
    assert done.events["LogAnchored"]["custodian"] == custodian


def test_refuses_what_was_not_signed(access_log, custodian, accredit, accounts, relayer):
    given = signature(access_log, custodian, 3, ROOTS[0])
    other = accredit(accounts[6])

    for who, size, root in (
        (custodian, 4, ROOTS[0]),
        (custodian, 3, ROOTS[1]),
        (other, 3, ROOTS[0]),
    ):
        with refused("LogInvalidSignature", who):
            access_log.anchorLogWithSig(who, size, root, given, {"from": relayer})


def test_refuses_a_head_signed_for_another_contract(access_log, custodian, registry, relayer):
    given = signature(access_log, custodian, 3, ROOTS[0], contract=registry)

    with refused("LogInvalidSignature", custodian):
        access_log.anchorLogWithSig(custodian, 3, ROOTS[0], given, {"from": relayer})


def test_a_carried_head_counts_once(access_log, custodian, relayer):
    given = signature(access_log, custodian, 3, ROOTS[0])
    access_log.anchorLogWithSig(custodian, 3, ROOTS[0], given, {"from": relayer})

    with refused("LogNotLonger", custodian, 3, 3):
        access_log.anchorLogWithSig(custodian, 3, ROOTS[0], given, {"from": relayer})
    access_log.anchorLog(8, ROOTS[1], {"from": custodian})
    with refused("LogNotLonger", custodian, 3, 8):
        access_log.anchorLogWithSig(custodian, 3, ROOTS[0], given, {"from": relayer})
