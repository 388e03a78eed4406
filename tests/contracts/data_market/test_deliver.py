"""
deliver
├── enough members of the offer's committee signed
│   ├── the time begins in this block; exactly one event
│   ├── any threshold of them, or more, will do
│   └── anybody may carry the signatures
├── the deadline: delivers in the second before it, refuses at it
├── the order
│   ├── never was, or was taken by a later one: refuses
│   └── was delivered or settled before: refuses
├── the committee shown is not the offer's: another, another threshold, order or member: refuses
├── too few signed, or the same signature stands for two: refuses
├── a bit without a signature, or a signature without a bit: refuses
├── something else was signed (order, extract, key, capsule, contract): refuses
├── not a member's signature: refuses, names the member
├── a member is a contract wallet: asks it (ERC-1271)
└── a committee has nobody twice, even of two institutions: one could sign for two
"""

import brownie
import pytest
from brownie import web3
from eth_abi import encode
from eth_account import Account
from eth_account.messages import encode_typed_data

from aceso.codes import Role
from aceso.typed_data import TYPES
from tests.contracts.trading import DURATION, EXTRACT, FOREVER, KEY, PERIOD
from tests.support import typed

pytestmark = pytest.mark.both_chains

NOTHING, OPEN, DELIVERED, SETTLED = range(4)


@pytest.fixture
def send(trade, market):
    """Deliver with every part given; what is signed is what is delivered."""

    def deliver(order, signers, signatures, committee=None):
        delivery = tuple(trade.delivery(order).values())
        committee = committee or trade.committees[1]
        return market.deliver(delivery, committee, signers, signatures, {"from": trade.relayer})

    return deliver


@pytest.fixture
def signature(trade, bought):
    def sign(place, **changed):
        message = trade.delivery(bought, **changed)
        return trade.sign(trade.custodians[place], "Delivery", **message)

    return sign


def test_begins_the_time(trade, market, bought):
    tx = trade.deliver(bought)

    head, _tail = market.getOrder(bought)
    assert trade.state(bought) == DELIVERED
    assert (head >> 160) & (2**40 - 1) == tx.timestamp
    assert market.expiresAt(bought) == tx.timestamp + DURATION
    assert len(tx.events) == 1
    assert tx.events["OrderDelivered"] == {
        "order": bought,
        "extract": EXTRACT,
        "receivingKey": KEY,
        "capsule": "0x" + "ca" * 32,
    }


@pytest.mark.parametrize("signers", [(0, 1), (0, 2), (1, 2), (0, 1, 2)])
def test_any_threshold_of_members_will_do(trade, bought, signers):
    trade.deliver(bought, signers)

    assert trade.state(bought) == DELIVERED


@pytest.mark.parametrize("signers", [(0, 2, 4), (1, 2, 3), (0, 1, 2, 3, 4)])
def test_a_larger_committee(trade, signers):
    order = trade.buy(trade.offer(committee=2))

    trade.deliver(order, signers, committee=2)

    assert trade.state(order) == DELIVERED


def test_delivers_in_the_last_second(trade, market, bought):
    _head, tail = market.getOrder(bought)
    deadline = (tail >> 144) & (2**40 - 1)

    trade.deliver(bought, at=deadline - 1)

    assert trade.state(bought) == DELIVERED


def test_refuses_at_the_deadline(trade):
    order = trade.buy(trade.offer())
    deadline = trade.now + PERIOD

    with brownie.reverts(typed("OrderPastDeadline", order, deadline)):
        trade.deliver(order, at=deadline)


def test_refuses_an_order_that_never_was(trade, bought):
    with brownie.reverts(typed("OrderWrongState", bought + 1, NOTHING)):
        trade.deliver(bought + 1)


def test_refuses_a_second_delivery(trade, delivered):
    with brownie.reverts(typed("OrderWrongState", delivered, DELIVERED)):
        trade.deliver(delivered)


def test_refuses_a_settled_order(trade, bought):
    trade.settle(bought, at=trade.now + PERIOD)

    with brownie.reverts(typed("OrderWrongState", bought, SETTLED)):
        trade.deliver(bought)


@pytest.mark.parametrize("change", ["another", "threshold", "order", "member", "fewer"])
def test_refuses_another_committee(trade, bought, send, signature, change):
    members, threshold = trade.committees[1]
    committee = {
        "another": trade.committees[2],
        "threshold": (members, 1),
        "order": (members[::-1], threshold),
        "member": ([*members[:2], str(trade.stranger)], threshold),
        "fewer": (members[:2], threshold),
    }[change]

    with brownie.reverts(typed("CommitteeUnknown", 1)):
        send(bought, 0b011, [signature(0), signature(1)], committee)


def test_refuses_too_few(bought, send, signature):
    with brownie.reverts(typed("DeliveryInvalidSigners", 0b001, 1)):
        send(bought, 0b001, [signature(0)])


def test_refuses_nobody(bought, send):
    with brownie.reverts(typed("DeliveryInvalidSigners", 0, 0)):
        send(bought, 0, [])


def test_one_member_never_counts_twice(trade, bought, send, signature):
    # The second signature has to be that of the next member whose bit is set.
    with brownie.reverts(typed("MarketInvalidSignature", trade.custodians[1])):
        send(bought, 0b011, [signature(0), signature(0)])


def test_refuses_a_signature_without_a_bit(bought, send, signature):
    with brownie.reverts(typed("DeliveryInvalidSigners", 0b001, 1)):
        send(bought, 0b001, [signature(0), signature(1)])


def test_refuses_a_bit_without_a_signature(bought, send, signature):
    with brownie.reverts(typed("DeliveryInvalidSigners", 0b011, 1)):
        send(bought, 0b011, [signature(0)])


def test_refuses_bits_beyond_the_committee(bought, send, signature):
    with brownie.reverts(typed("DeliveryInvalidSigners", 0b11000, 0)):
        send(bought, 0b11000, [signature(3), signature(4)])


@pytest.mark.parametrize("field", ["extract", "receivingKey", "capsule"])
def test_refuses_what_was_not_signed(trade, bought, field):
    with brownie.reverts(typed("MarketInvalidSignature", trade.custodians[0])):
        trade.deliver(bought, signed={field: "0x" + "99" * 32})


def test_refuses_a_signature_for_another_order(trade, bought):
    with brownie.reverts(typed("MarketInvalidSignature", trade.custodians[0])):
        trade.deliver(bought, signed={"order": bought + 1})


def test_refuses_a_signature_for_another_contract(trade, bought, send):
    signatures = [
        trade.sign(
            trade.custodians[place],
            "Delivery",
            contract=trade.consents,
            **trade.delivery(bought),
        )
        for place in (0, 1)
    ]

    with brownie.reverts(typed("MarketInvalidSignature", trade.custodians[0])):
        send(bought, 0b011, signatures)


def test_refuses_who_is_no_member(trade, bought, send, signature):
    # The fourth custodian is accredited, and not of this committee.
    with brownie.reverts(typed("MarketInvalidSignature", trade.custodians[1])):
        send(bought, 0b011, [signature(0), signature(3)])


def test_signatures_in_another_order_are_not_theirs(trade, bought, send, signature):
    with brownie.reverts(typed("MarketInvalidSignature", trade.custodians[0])):
        send(bought, 0b011, [signature(1), signature(0)])


@pytest.mark.parametrize("damage", ["empty", "short", "high"])
def test_refuses_a_damaged_signature(trade, bought, send, signature, damage):
    good = bytes.fromhex(signature(0)[2:])
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    high = order - int.from_bytes(good[32:64], "big")
    damaged = {
        "empty": b"",
        "short": good[:64],
        "high": good[:32] + high.to_bytes(32, "big") + bytes([55 - good[64]]),
    }[damage]

    with brownie.reverts(typed("MarketInvalidSignature", trade.custodians[0])):
        send(bought, 0b011, ["0x" + damaged.hex(), signature(1)])


@pytest.fixture
def wallet(MultiSigWallet, trade):
    """A custodian that is a contract wallet of two owners, in a committee of its own."""
    owners = sorted(trade.custodians[3:5], key=lambda owner: int(str(owner), 16))
    wallet = MultiSigWallet.deploy(owners, 2, {"from": trade.deployer})
    by = {"from": trade.authority}
    trade.participants.openInstitution(trade.authority, by)
    trade.participants.setMember(6, wallet, FOREVER, 0, by)
    trade._accredit(wallet, Role.CUSTODIAN)
    trade.committees[3] = ([str(trade.custodians[0]), str(wallet)], 2)
    trade.participants.registerCommittee(trade.committees[3], [1, 6], {"from": trade.stranger})
    return wallet, owners


@pytest.mark.parametrize("signed", [1, 2])
def test_asks_a_custodian_that_is_a_wallet(trade, send, wallet, signed):
    wallet, owners = wallet
    order = trade.buy(trade.offer(committee=3))
    domain = {
        "name": "Aceso",
        "version": "1",
        "chainId": brownie.chain.id,
        "verifyingContract": str(trade.market),
    }
    message = trade.delivery(order)
    signable = encode_typed_data(domain, dict(TYPES["Delivery"].types), message)
    digest = web3.keccak(b"\x19" + signable.version + signable.header + signable.body)
    bound = web3.keccak(
        encode(["uint256", "address", "bytes32"], [brownie.chain.id, str(wallet), bytes(digest)])
    )
    answers = [
        bytes(Account.unsafe_sign_hash(bound, owner.private_key).signature)
        for owner in owners[:signed]
    ]
    signatures = [
        trade.sign(trade.custodians[0], "Delivery", **message),
        "0x" + encode(["bytes[]"], [answers]).hex(),
    ]

    if signed < 2:
        with brownie.reverts(typed("MarketInvalidSignature", wallet)):
            send(order, 0b11, signatures, trade.committees[3])
    else:
        send(order, 0b11, signatures, trade.committees[3])
        assert trade.state(order) == DELIVERED


def test_nobody_is_in_a_committee_twice(trade):
    both = trade.custodians[0]
    trade.participants.setMember(2, both, FOREVER, 0, {"from": trade.authority})
    committee = ([str(both), str(both)], 2)

    with brownie.reverts(typed("CommitteeInvalidMember", both, 2)):
        trade.participants.registerCommittee(committee, [1, 2], {"from": trade.stranger})
