"""Transactions that fill a contract: few and large, as a node hashes its whole state each block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep

from brownie import web3

__all__ = ["fill", "large_blocks"]

_BLOCK_GAS = 1_000_000_000
_BASE_FEE = 1_000_000_000
_SECONDS = 300.0


@contextmanager
def large_blocks() -> Iterator[None]:
    """Blocks as large as `fill` needs, and afterwards as the tests of others expect them."""
    before = web3.eth.get_block("latest")["gasLimit"]
    web3.provider.make_request("evm_setBlockGasLimit", [hex(_BLOCK_GAS)])
    try:
        yield
    finally:
        web3.provider.make_request("evm_setBlockGasLimit", [hex(before)])


def fill(sender: str, to: str, data: str) -> str:
    """The hash of a transaction that is mined and succeeded. All of it is asked raw: web3 takes its
    time over a thousand events."""
    # Full blocks raise it by an eighth each: soon nobody could pay it.
    web3.provider.make_request("anvil_setNextBlockBaseFeePerGas", [hex(_BASE_FEE)])
    sent = {"from": sender, "to": to, "data": data, "gas": hex(_BLOCK_GAS)}
    answer = web3.provider.make_request("eth_sendTransaction", [sent])
    assert "result" in answer, answer
    hash_ = str(answer["result"])
    deadline = monotonic() + _SECONDS
    while (
        found := web3.provider.make_request("eth_getTransactionReceipt", [hash_])["result"]
    ) is None:
        assert monotonic() < deadline, "the transaction is not mined"
        sleep(0.005)
    assert int(found["status"], 16) == 1, hash_
    return hash_
