"""Sending.

a transaction
+ happens once for each that was asked for, whatever the node does
+ that a contract refuses is not sent, or says why it failed
+ that is stuck at a low fee gets in at a higher one
+ that the node forgot is sent again
+ whose nonce somebody else used is sent with the next
+ has the bytes that eth-account makes
an account without ether
+ is told so

What is counted before it is shown is in test_race.py.
"""

from __future__ import annotations

import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from eth_account import Account

from aceso.chain import FundsError, Node, NotMinedError, Pace, RefusedError, Sender, Suite
from aceso.chain._flight import Flight
from tests.python.chain.conftest import account, wait_for_pool
from tests.python.chain.proxy import FaultProxy

ASKED = 1000


def roots(tag: int, count: int) -> list[bytes]:
    return [tag.to_bytes(4, "big") + at.to_bytes(28, "big") for at in range(1, count + 1)]


def anchored(suite: Suite, issuer: str, wanted: list[bytes]) -> int:
    topic = "0x" + bytes(12).hex() + issuer[2:].lower()
    logs = suite.node.logs(
        [suite.records.address], first=0, last=suite.node.height(), topics=[None, topic]
    )
    found = [log.topics[2] for log in logs]
    assert len(found) == len(set(found))
    return len(set(wanted) & set(found))


@pytest.mark.parametrize("rate", [0.05, 0.2, 0.5])
def test_a_thousand_asked_are_a_thousand_done(local_chain, suite, deployment, rate):
    sender_account = account(10)
    count = ASKED if rate == 0.2 else ASKED // 10
    wanted = roots(int(rate * 100), count)
    before = suite.node.nonce(sender_account.address)
    with FaultProxy(local_chain.url, rate=rate, seed=7) as proxy:
        node = Node(proxy.url, attempts=30)
        sender = Sender(Suite(node, deployment), sender_account)
        # One by one and in batches.
        for root in wanted[: count // 5]:
            sender.send(suite.records.anchor(root, bytes(32)))
        for start in range(count // 5, count, 20):
            calls = [suite.records.anchor(root, bytes(32)) for root in wanted[start : start + 20]]
            sender.send_all(calls)
        node.close()
        assert count < ASKED or len(proxy.seen) == 6
    assert anchored(suite, sender_account.address, wanted) == count
    assert suite.node.nonce(sender_account.address) == before + count


def test_what_would_be_refused_is_not_sent(suite, relayer):
    before = suite.node.nonce(relayer.address)
    with pytest.raises(RefusedError) as caught:
        relayer.send(suite.participants.open_institution(relayer.address))
    assert caught.value.code == "E_REFUSED_PARTICIPANT_NOT_AUTHORITY"
    assert caught.value.values["caller"] == relayer.address
    assert suite.node.nonce(relayer.address) == before


def test_what_fails_in_its_block_says_why(suite, relayer):
    call = dataclasses.replace(suite.records.anchor(bytes(32), bytes(32)), gas=100_000)
    with pytest.raises(RefusedError) as caught:
        relayer.send(call)
    assert caught.value.error == "RecordInvalidCommitment"
    assert caught.value.receipt is not None
    assert caught.value.receipt.status == 0


def test_one_failure_of_a_batch_does_not_stop_the_others(suite, relayer):
    one, two = roots(200, 2)
    calls = [suite.records.anchor(root, bytes(32)) for root in (one, bytes(32), two)]
    with pytest.raises(RefusedError) as caught:
        relayer.send_all(calls)
    assert [receipt.status for receipt in caught.value.receipts] == [1, 0, 1]
    assert anchored(suite, relayer.address, [one, two]) == 2


def test_a_receipt_has_the_events(suite, relayer):
    (root,) = roots(201, 1)
    receipt = relayer.send(suite.records.anchor(root, b"\x05" * 32))
    (event,) = receipt.events
    assert (event.name, event.contract) == ("BatchAnchored", "RecordRegistry")
    assert event.args == {"issuer": relayer.address, "root": root, "batch": b"\x05" * 32}


def test_an_account_without_ether_is_told(suite):
    with pytest.raises(FundsError):
        Sender(suite, Account.create()).send(suite.records.anchor(*roots(202, 2)))


def test_a_stuck_transaction_gets_in_at_a_higher_fee(paused, suite):
    sender = Sender(suite, account(11), pace=Pace(patience=0.5))
    (root,) = roots(203, 1)
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(sender.send, suite.records.anchor(root, bytes(32)))
        wait_for_pool(paused, 1)
        (first,) = _pooled(paused, account(11).address)
        # Nobody mines at this price any more.
        paused.ask("anvil_setNextBlockBaseFeePerGas", hex(int(first["maxFeePerGas"], 16) * 2))
        paused.ask("evm_mine")
        assert not sent.done()
        for _ in range(200):
            paused.ask("evm_mine")
            if sent.done():
                break
            threading.Event().wait(0.05)
        receipt = sent.result(timeout=20)
    assert receipt.status == 1
    assert anchored(suite, account(11).address, [root]) == 1


def _pooled(chain, address: str) -> list[dict[str, str]]:
    pending = chain.ask("txpool_content")["pending"]
    found = {at.lower(): held for at, held in pending.items()}
    return list(found.get(address.lower(), {}).values())


def test_what_the_node_forgot_is_sent_again(paused, suite):
    sender = Sender(suite, account(12))
    wanted = roots(204, 3)
    with ThreadPoolExecutor(1) as pool:
        calls = [suite.records.anchor(root, bytes(32)) for root in wanted]
        sent = pool.submit(sender.send_all, calls)
        wait_for_pool(paused, 3)
        paused.ask("anvil_dropAllTransactions")
        wait_for_pool(paused, 3)
        paused.ask("evm_mine")
        assert [receipt.status for receipt in sent.result(timeout=20)] == [1, 1, 1]
    assert anchored(suite, account(12).address, wanted) == 3


def test_nothing_mined_is_not_reported_done(paused, suite):
    sender = Sender(suite, account(13), deadline=1.0)
    with pytest.raises(NotMinedError) as caught:
        sender.send(suite.records.anchor(*roots(205, 2)))
    assert caught.value.hashes


def test_two_senders_of_one_account_do_all_they_are_asked(suite):
    # They push each other aside at every turn.
    senders = [Sender(suite, account(14), pace=Pace(lost=0.1)) for _ in range(2)]
    wanted = roots(206, 20)
    before = suite.node.nonce(account(14).address)
    for at, root in enumerate(wanted):
        senders[at % 2].send(suite.records.anchor(root, bytes(32)))
    assert anchored(suite, account(14).address, wanted) == 20
    assert suite.node.nonce(account(14).address) == before + 20


def test_threads_take_turns(suite):
    sender = Sender(suite, account(15))
    wanted = roots(207, 20)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda root: sender.send(suite.records.anchor(root, bytes(32))), wanted))
    assert anchored(suite, account(15).address, wanted) == 20


@pytest.mark.parametrize("value", [0, 1, 255, 10**18])
def test_the_bytes_are_those_of_eth_account(suite, value):
    signer = account(16)
    call = dataclasses.replace(suite.records.anchor(b"\1" * 32, b"\2" * 32), value=value)
    flight = Flight(call, 21_000)
    flight.nonce = 130
    Sender(suite, signer)._seal(flight, max_fee=10**10, tip=10**9)
    signed = signer.sign_transaction(
        {
            "type": 2,
            "chainId": suite.chain_id,
            "nonce": 130,
            "to": call.to,
            "data": call.data,
            "value": value,
            "gas": 21_000,
            "maxFeePerGas": 10**10,
            "maxPriorityFeePerGas": 10**9,
        }
    )
    assert flight.raw == "0x" + bytes(signed.raw_transaction).hex()
    assert flight.hashes == ["0x" + bytes(signed.hash).hex()]
