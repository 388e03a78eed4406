"""What a custodian asks of its chain and what it sees there, as values."""

from __future__ import annotations

from dataclasses import dataclass

from ._typed import address_bytes

__all__ = [
    "Addresses",
    "Block",
    "Heads",
    "LogEntry",
    "Order",
    "Question",
    "Sold",
    "Standing",
    "hex_text",
    "word",
]


def word(value: str | int | bytes) -> bytes:
    if isinstance(value, str):
        return bytes(12) + address_bytes(value)
    if isinstance(value, int):
        return value.to_bytes(32, "big")
    return bytes(value).ljust(32, b"\0")


def hex_text(data: bytes) -> str:
    return "0x" + data.hex()


@dataclass(frozen=True, slots=True)
class Addresses:
    """The contracts that a custodian reads, and from which block on."""

    consents: str
    participants: str
    market: str
    access_log: str
    since: int
    # Empty for a custodian that keeps no sealed seeds.
    guardianship: str = ""
    # Empty for a custodian that serves no studies.
    studies: str = ""
    # Empty for a custodian that serves no unions.
    unions: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    number: int
    hash: str
    timestamp: int


@dataclass(frozen=True, slots=True)
class Heads:
    """The newest block, and the one that counts as settled."""

    newest: Block
    confirmed: Block


@dataclass(frozen=True, slots=True)
class Question:
    """What `decide` is asked."""

    subject: str
    actor: str
    grantee: bytes
    use: int
    classes: int
    disease: int = 0

    def words(self) -> bytes:
        return b"".join(
            (
                word(self.subject),
                word(self.actor),
                self.grantee,
                word(self.use),
                word(self.classes),
                word(self.disease),
            )
        )


@dataclass(frozen=True, slots=True)
class Order:
    """An order as its desk shows it. `state`: 0 none, 1 open, 2 delivered, 3 settled. `party` is
    the buyer of an offer or a union, or the subject who enrolled in a study. `start` is when it was
    made, and once it is delivered, when that was."""

    number: int
    party: str
    state: int
    group: int
    deadline: int
    start: int

    @property
    def parts_until(self) -> int:
        """Until when parts of an open order are taken: three quarters of its delivery period."""
        return self.deadline - (self.deadline - self.start) // 4

    @property
    def last_call(self) -> int:
        """From when on an open order is divided among the parts that enough custodians signed for:
        the last eighth of its delivery period."""
        return self.deadline - (self.deadline - self.start) // 8


@dataclass(frozen=True, slots=True)
class Sold:
    """Whose data an order is of, who pays, and what of its terms matters here."""

    subject: str
    payer: str
    committee: int
    use: int
    classes: int
    disease: int


@dataclass(frozen=True, slots=True)
class Standing:
    """The counters that withdrawals name: of the grantee, of the actor's bars, of the head; and the
    classes that the grantee was granted."""

    withdrawals: int
    bars: int
    epoch: int
    classes: int = 0


@dataclass(frozen=True, slots=True)
class LogEntry:
    """An event as the node shows it."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes
    block: int
