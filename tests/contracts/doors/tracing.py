"""What was asked of `decide` in a transaction, by its trace."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from brownie import web3
from eth_abi import decode

__all__ = ["decisions"]

_REQUEST = "(address,address,bytes32,uint16,uint32,uint24)"


def decisions(tx: Any, consents: Any) -> list[tuple[Any, ...]]:
    """The requests that this transaction put to `consents`, in their order."""
    tracer = {"tracer": "callTracer"}
    trace = web3.provider.make_request("debug_traceTransaction", [tx.txid, tracer])["result"]
    selector = web3.to_hex(bytes(web3.keccak(text=f"decide({_REQUEST})")[:4]))
    return [
        decode([_REQUEST], bytes.fromhex(frame["input"][10:]))[0]
        for frame in _calls(trace)
        if frame["to"].lower() == consents.address.lower() and frame["input"].startswith(selector)
    ]


def _calls(frame: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield frame
    for inner in frame.get("calls", ()):
        yield from _calls(inner)
