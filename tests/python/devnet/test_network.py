"""
Devnet, on both chains
├── starts a chain and an IPFS node, and can be found by another program
├── a transaction makes a block; time and blocks can be moved
├── a second in the same folder: is told
├── ended: nothing is left, and its folder says so
├── a stage that fails: nothing is left
├── started again: what IPFS kept is there
└── a part that dies: is told
python -m aceso.devnet
├── SIGTERM and Ctrl-C: all ends, with status 0
└── kill -9: all ends
"""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from aceso.devnet import Devnet, FolderInUseError, LocalChain, NotRunningError, ProcessEndedError
from aceso.devnet.errors import ToolMissingError
from aceso.devnet.tools import find_anvil
from aceso.storage import IpfsClient, IpfsDownError

DAY = 24 * 60 * 60


@pytest.fixture(scope="module", params=["anvil", "ganache"])
def network(request, tmp_path_factory):
    with Devnet.start(tmp_path_factory.mktemp(request.param), chain=request.param) as started:
        yield started


@pytest.fixture
def transact(network):
    """Send a transaction, and return the block that it is in."""

    def send():
        sender, receiver, *_ = network.chain.accounts()
        sent = network.chain.ask(
            "eth_sendTransaction", {"from": sender, "to": receiver, "value": "0x1"}
        )
        deadline = time.monotonic() + 10
        while (receipt := network.chain.ask("eth_getTransactionReceipt", sent)) is None:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        return network.chain.ask("eth_getBlockByNumber", receipt["blockNumber"], False)

    return send


def test_another_program_finds_it(network):
    with Devnet.attach(network.folder) as found, IpfsClient(found.ipfs_url) as ipfs:
        assert found.chain.chain_id == 31337
        assert ipfs.read(ipfs.add(b"content")) == b"content"


def test_a_transaction_makes_a_block(network, transact):
    before = network.chain.height

    assert int(transact()["number"], 16) > before


def test_time_can_be_moved(network, transact):
    before = network.chain.now

    after = network.chain.advance_time(DAY)

    assert after == before + DAY or after == before + DAY + 1
    assert DAY <= int(transact()["timestamp"], 16) - before < DAY + 30


def test_blocks_can_be_made(network):
    before = network.chain.height

    assert network.chain.mine(10) >= before + 10


def test_a_second_in_the_same_folder(network):
    with pytest.raises(FolderInUseError):
        Devnet.start(network.folder)


def test_nothing_is_left(tmp_path):
    with Devnet.start(tmp_path) as network:
        with IpfsClient(network.ipfs_url) as ipfs:
            cid = ipfs.add(b"kept")
        parts = [network.process("chain"), network.process("ipfs")]

    assert not any(part.is_running for part in parts)
    with pytest.raises(NotRunningError):
        Devnet.attach(tmp_path)
    with Devnet.start(tmp_path) as again:
        with IpfsClient(again.ipfs_url) as ipfs:
            assert ipfs.read(cid) == b"kept"
        again.process("chain").kill()
        with pytest.raises(ProcessEndedError, match="chain"):
            again.check()


def test_a_stage_that_fails(tmp_path):
    seen = []

    def fail(network):
        seen.extend([network.process("chain"), network.process("ipfs")])
        raise RuntimeError("stage")

    with pytest.raises(RuntimeError, match="stage"):
        Devnet.start(tmp_path, stages=[fail])
    assert len(seen) == 2
    assert not any(part.is_running for part in seen)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_command_ends_all(tmp_path, number):
    command = [sys.executable, "-m", "aceso.devnet", "--folder", str(tmp_path), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as running:
        state = json.loads(running.stdout.readline())
        os.kill(running.pid, number)

        assert running.wait(20) == (0 if number != signal.SIGKILL else -number)
    deadline = time.monotonic() + 10
    while _answers(state) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _answers(state)


def test_anvil_that_is_not_where_it_was_said_to_be(monkeypatch):
    monkeypatch.setenv("ACESO_ANVIL", "/nowhere/anvil")

    with pytest.raises(ToolMissingError, match="ACESO_ANVIL"):
        find_anvil()


def _answers(state):
    with IpfsClient(state["ipfs"]["url"]) as ipfs, LocalChain(state["chain"]["url"]) as chain:
        try:
            ipfs.info()
        except IpfsDownError:
            return chain.answers()
    return True
