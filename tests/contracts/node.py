"""A node that is spoken to directly: thousands of Brownie's transactions would take minutes."""

from __future__ import annotations

import time
from typing import Any

from brownie import web3

__all__ = ["Node"]


class Node:
    """Sends each transaction in a block of its own, at `now`, which goes on by a second."""

    def __init__(self, now: int) -> None:
        self.is_ganache = "ganache" in web3.client_version.lower()
        self.now = now
        # Of the last transaction: what it took, and in which block it is.
        self.gas = self.block = 0

    def send(self, sender: str, function: Any, *arguments: Any, value: int = 0) -> bool:
        """Send a transaction in a block of its own, at `now`. Whether it succeeded."""
        return self.send_to(
            sender, function._address, function.encode_input(*arguments), value=value
        )

    def send_to(self, sender: str, to: Any, data: str, value: int = 0) -> bool:
        clock = (
            ("evm_setTime", [self.now * 1000])
            if self.is_ganache
            else ("evm_setNextBlockTimestamp", [self.now])
        )
        web3.provider.make_request(*clock)
        answer = web3.provider.make_request(
            "eth_sendTransaction",
            [
                {
                    "from": sender,
                    "to": str(to),
                    "data": data,
                    "gas": hex(1_000_000),
                    "gasPrice": hex(10 * 10**9),
                    "value": hex(value),
                }
            ],
        )
        self.now += 1
        if "error" in answer:
            return False
        receipt = self._receipt(answer["result"])
        self.gas, self.block = int(receipt["gasUsed"], 16), int(receipt["blockNumber"], 16)
        return int(receipt["status"], 16) == 1

    def _receipt(self, digest: str) -> dict[str, Any]:
        """A node may answer before its block is made."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            answer = web3.provider.make_request("eth_getTransactionReceipt", [digest])
            if answer["result"]:
                return dict(answer["result"])
        raise AssertionError(f"there is no receipt of {digest}")

    def view(self, function: Any, *arguments: Any) -> bytes:
        call = {"to": function._address, "data": function.encode_input(*arguments)}
        answer = web3.provider.make_request("eth_call", [call, "latest"])
        return bytes.fromhex(answer["result"][2:])

    def number(self, function: Any, *arguments: Any) -> int:
        return int.from_bytes(self.view(function, *arguments)[:32], "big")
