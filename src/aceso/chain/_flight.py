"""What a sender keeps of a call that is on its way, and how long it waits for what."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from .calls import Call
from .node import Request

__all__ = ["Flight", "Pace", "asks_for_receipts", "hashes_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How many seconds a sender waits for what. These suit nodes near and far.

    first_poll    before it asks again for a receipt; each time half as long again,
    longest_poll  up to this
    all_poll      while many are out, only the last of them is asked for; all of them so often
    resend        before the same bytes go out again
    lost          before a nonce that the node counts, and shows no receipt for, is believed to be
                  somebody else's, where no later block says so: a node may count it a moment before
    bump          before a higher fee is tried where the node finds ours too low
    fees          how long fees are taken for the newest
    patience      before the fee of what is out is raised
    """

    first_poll: float = 0.001
    longest_poll: float = 0.25
    all_poll: float = 0.1
    resend: float = 1.0
    lost: float = 2.0
    bump: float = 0.2
    fees: float = 2.0
    patience: float = 15.0


@dataclass(slots=True)
class Flight:
    """One call on its way."""

    call: Call
    gas: int
    is_gas_shared: bool = False
    nonce: int = -1
    max_fee: int = 0
    tip: int = 0
    raw: str = ""
    hashes: list[str] = field(default_factory=list)
    sent_at: float = 0.0
    signed_at: float = 0.0
    accepted: bool = False
    nonce_used: bool = False
    lost_at: float | None = None
    started_at: float = 0.0
    receipt: dict[str, Any] | None = None
    seconds: float = 0.0

    def land(self, receipt: Any, tx_hash: str) -> None:
        """Take the receipt, if it is one of a transaction in a block."""
        if isinstance(receipt, dict) and receipt.get("blockNumber") is not None:
            self.receipt = receipt
            self.hashes = [tx_hash]
            self.seconds = time.monotonic() - self.started_at


def hashes_of(flights: Sequence[Flight]) -> list[tuple[Flight, str]]:
    """Each under which a flight may be found."""
    return [(flight, each) for flight in flights for each in flight.hashes]


def asks_for_receipts(hashes: Sequence[tuple[Flight, str]]) -> list[Request]:
    return [("eth_getTransactionReceipt", [each]) for _, each in hashes]
