"""Transactions that fill a contract, at a node that mines without hashing all of its state.

Anvil makes the state's root anew for each block, from every slot there is: with the 100,000s of
slots of these tests a second and more. It makes none where it forks another node, so that is how
they run: from the node of the other tests, of which they change nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep

from brownie import web3

from aceso.devnet import Process, free_port
from tests.brownie_repairs import KeptConnection
from tools.gas_scene import HARDFORK
from tools.programs import ANVIL

__all__ = ["fill", "light_node"]

_ROOT = Path(__file__).resolve().parents[3]
_GAS_LIMIT = 30_000_000
_BLOCK_GAS = 1_000_000_000
_BASE_FEE = 1_000_000_000
_SECONDS = 60.0


@contextmanager
def light_node(folder: Path) -> Iterator[None]:
    """Brownie and `web3` speak to a node of this test's own, and afterwards to theirs again."""
    port, before = str(free_port()), web3.provider
    command = [
        *(str(_ROOT / ANVIL), "--quiet", "--port", port, "--fork-url", before.endpoint_uri),
        *("--hardfork", HARDFORK, "--gas-limit", str(_GAS_LIMIT), "--accounts", "20"),
        *("--no-storage-caching", "--max-persisted-states", "0"),
    ]
    with Process.start("growth", command, folder=folder) as node:
        web3.provider = KeptConnection(f"http://127.0.0.1:{port}")
        try:
            node.wait_until(web3.is_connected, seconds=_SECONDS)
            running = set(threading.enumerate())
            yield
            # Brownie watches each transaction from a thread, which asks once more when it is mined.
            for thread in set(threading.enumerate()) - running:
                thread.join(_SECONDS)
        finally:
            web3.provider = before


def fill(sender: str, to: str, data: str) -> str:
    """The hash of a transaction that is mined and succeeded. All of it is asked raw: web3 takes its
    time over a thousand events."""
    ask = web3.provider.make_request
    ask("evm_setBlockGasLimit", [hex(_BLOCK_GAS)])
    # Full blocks raise it by an eighth each: soon nobody could pay it.
    ask("anvil_setNextBlockBaseFeePerGas", [hex(_BASE_FEE)])
    sent = {"from": sender, "to": to, "data": data, "gas": hex(_BLOCK_GAS)}
    answer = ask("eth_sendTransaction", [sent])
    assert "result" in answer, answer
    hash_ = str(answer["result"])
    deadline = monotonic() + _SECONDS
    while (found := ask("eth_getTransactionReceipt", [hash_])["result"]) is None:
        assert monotonic() < deadline, "the transaction is not mined"
        sleep(0.005)
    assert int(found["status"], 16) == 1, hash_
    ask("evm_setBlockGasLimit", [hex(_GAS_LIMIT)])
    # Brownie gives each transaction as much gas as the newest block could hold.
    ask("evm_mine", [])
    return hash_
