"""A node that counts a nonce before it shows the receipt.

a transaction that is in a block, and whose receipt does not show yet
+ is not sent again, alone or in a batch
+ is not sent again though the node says too early that its nonce is used
+ is not sent again though its first nonce was somebody else's
a nonce that somebody else used
+ is left as soon as a later block has it
+ is left after a while where no later block comes
a call that failed for the gas that it shared
+ is done once all the same, though the receipts are late
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from eth_account import Account

from aceso.chain import Call, Node, Pace, Sender
from tests.python.chain.conftest import account, wait_for, wait_for_pool
from tests.python.chain.proxy import SlowToTellProxy

# Nothing is believed lost for time alone, and everything else happens at once.
EAGER = {"resend": 0.0, "longest_poll": 0.02, "all_poll": 0.02, "lost": 600.0}
# How often a sender must have looked in vain, so that a hasty one would have sent again.
LOOKS = 4


@pytest.fixture
def proxy(paused) -> Iterator[SlowToTellProxy]:
    with SlowToTellProxy(paused.url) as started:
        yield started


@pytest.fixture
def start(proxy):
    """Send in a thread, through the proxy."""
    node, pool = Node(proxy.url), ThreadPoolExecutor(1)

    def started(does, *, place=20, **pace) -> Future:
        sender = Sender(node, account(place), pace=Pace(**(EAGER | pace)), deadline=60.0)
        return pool.submit(does, sender)

    yield started
    pool.shutdown()
    node.close()


def gift() -> Call:
    """One wei to somebody who has nothing: what they have tells how often it was sent."""
    return Call(Account.create().address, b"", value=1, gas=21_000)


def has(chain, call: Call) -> int:
    return int(chain.ask("eth_getBalance", call.to, "latest"), 16)


def nonce(chain, place: int = 20) -> int:
    return int(chain.ask("eth_getTransactionCount", account(place).address, "latest"), 16)


def looked(proxy, times: int = LOOKS) -> None:
    seen = proxy.settling
    wait_for("it was looked for in vain", lambda: proxy.settling >= seen + times)


def test_one_that_is_counted_is_not_sent_again(paused, proxy, start):
    call, before = gift(), nonce(paused)
    sent = start(lambda sender: sender.send(call))
    wait_for_pool(paused, 1)

    paused.ask("evm_mine")
    looked(proxy)
    assert not sent.done()
    proxy.holds = False

    assert sent.result(timeout=60).status == 1
    paused.ask("evm_mine")
    assert (has(paused, call), len(proxy.sent), nonce(paused)) == (1, 1, before + 1)


def test_those_of_a_batch_are_not_sent_again(paused, proxy, start):
    calls, before = [gift() for _ in range(5)], nonce(paused)
    sent = start(lambda sender: sender.send_all(calls))
    wait_for_pool(paused, 5)

    paused.ask("evm_mine")
    looked(proxy)
    proxy.holds = False

    assert [receipt.status for receipt in sent.result(timeout=60)] == [1] * 5
    paused.ask("evm_mine")
    assert [has(paused, call) for call in calls] == [1] * 5
    assert (len(proxy.sent), nonce(paused)) == (5, before + 5)


def test_one_that_is_said_to_be_used_too_early_is_not_sent_again(paused, proxy, start):
    # It gets in after its receipt was looked for: what is counted after that says nothing of it.
    def gets_in():
        proxy.after_none = lambda: None
        proxy.says_used = proxy.holds = False
        paused.ask("evm_mine")
        paused.ask("evm_mine")

    call, before = gift(), nonce(paused)
    proxy.says_used, proxy.after_none = True, gets_in
    sent = start(lambda sender: sender.send(call))

    assert sent.result(timeout=60).status == 1
    paused.ask("evm_mine")
    assert (has(paused, call), len(proxy.sent), nonce(paused)) == (1, 1, before + 1)


def use_nonce(chain, place: int) -> None:
    """As another program with the same key does."""
    other = Node(chain.url)
    with ThreadPoolExecutor(1) as pool:
        sent = pool.submit(Sender(other, account(place), pace=Pace(longest_poll=0.02)).send, gift())
        wait_for_pool(chain, 1)
        chain.ask("evm_mine")
        sent.result(timeout=60)
    other.close()


def passed_by(chain, proxy, call: Call, place: int, then=lambda: None):
    """Send twice; between the two, somebody else uses the nonce that the second would have had."""

    def does(sender):
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(sender.send, gift())
            wait_for_pool(chain, 1)
            proxy.holds = False
            chain.ask("evm_mine")
            first.result(timeout=60)
        use_nonce(chain, place)
        proxy.holds = True
        then()
        return sender.send(call)

    return does


def test_a_nonce_that_a_later_block_counts_is_left(paused, proxy, start):
    call, before = gift(), nonce(paused, 21)
    sent = start(passed_by(paused, proxy, call, 21, lambda: paused.ask("evm_mine")), place=21)
    wait_for("it was sent anew", lambda: len(proxy.sent) == 3)

    proxy.holds = False
    wait_for_pool(paused, 1)
    paused.ask("evm_mine")

    assert sent.result(timeout=60).status == 1
    assert (has(paused, call), nonce(paused, 21)) == (1, before + 3)


def test_a_nonce_that_no_later_block_counts_is_left_after_a_while(paused, proxy, start):
    call, before = gift(), nonce(paused, 22)
    sent = start(passed_by(paused, proxy, call, 22), place=22, lost=0.3)
    wait_for("it was sent anew", lambda: len(proxy.sent) == 3)

    assert proxy.settling >= 2
    proxy.holds = False
    wait_for_pool(paused, 1)
    paused.ask("evm_mine")

    assert sent.result(timeout=60).status == 1
    assert (has(paused, call), nonce(paused, 22)) == (1, before + 3)


def test_what_was_learnt_of_a_former_nonce_is_not_held_against_the_next(paused, proxy, start):
    call, before = gift(), nonce(paused, 23)
    sent = start(passed_by(paused, proxy, call, 23), place=23, lost=1.5)
    wait_for("it was sent anew", lambda: len(proxy.sent) == 3)

    # It gets in with its new nonce, and its receipt is late.
    wait_for_pool(paused, 1)
    paused.ask("evm_mine")
    looked(proxy)
    proxy.holds = False

    assert sent.result(timeout=60).status == 1
    paused.ask("evm_mine")
    assert (has(paused, call), len(proxy.sent), nonce(paused, 23)) == (1, 3, before + 3)


# Adds one to the slots 1 to n, for the n in the first argument.
COUNTER = bytes.fromhex(
    "6019600c60003960196000f36004355b801560175780546001018155600190036003565b00"
)


def test_what_is_mended_is_done_once(paused, proxy, start):
    def count(n: int) -> Call:
        return Call(counter, bytes(4) + n.to_bytes(32, "big"))

    paused.ask("evm_setAutomine", True)
    proxy.holds = False
    created = start(lambda sender: sender.deploy(COUNTER, name="Counter"), place=24)
    counter = created.result(timeout=60).contract_address
    paused.ask("evm_setAutomine", False)
    proxy.holds, before, deployed = True, nonce(paused, 24), len(proxy.sent)

    # Those that are asked about, the first, the middle and the last, need far less than the third.
    calls = [count(1) for _ in range(9)]
    calls[2] = count(8)
    sent = start(lambda sender: sender.send_all(calls), place=24)
    wait_for_pool(paused, 9)
    paused.ask("evm_mine")
    looked(proxy)
    proxy.holds = False
    wait_for("the third was sent again", lambda: len(proxy.sent) > deployed + 9)
    proxy.holds = True
    wait_for_pool(paused, 1)
    paused.ask("evm_mine")
    looked(proxy)
    proxy.holds = False

    assert [receipt.status for receipt in sent.result(timeout=60)] == [1] * 9
    paused.ask("evm_mine")
    slots = [int(paused.ask("eth_getStorageAt", counter, hex(at), "latest"), 16) for at in (1, 8)]
    assert slots == [9, 1]
    assert (len(proxy.sent) - deployed, nonce(paused, 24)) == (10, before + 10)
