"""What is sent to a contract and what comes back: calls, blocks, logs, events, receipts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

__all__ = ["Block", "Call", "Event", "Log", "Receipt"]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a contract, ready for a `Sender`. Nothing happened yet.

    `gas` limits what it may use; without one the node is asked.
    """

    to: str
    data: bytes = field(repr=False)
    value: int = 0
    gas: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """A block's place and time."""

    number: int
    hash: bytes
    timestamp: int
    parent: bytes


@dataclass(frozen=True, slots=True)
class Log:
    """What a contract said, undecoded."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    block_hash: bytes
    tx_hash: bytes
    index: int


@dataclass(frozen=True, slots=True)
class Event:
    """What a contract of the suite said."""

    name: str
    contract: str
    args: dict[str, Any]
    block_number: int
    block_hash: bytes
    tx_hash: bytes
    index: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """A transaction that is in a block. `status` is 1 if it did what it was to do, else 0."""

    tx_hash: str
    block_number: int
    block_hash: bytes
    gas_used: int
    status: int
    events: tuple[Event, ...]
    seconds: float
    contract_address: str | None = None
