"""The packed words that the contracts keep, unpacked: consents, heads, orders, grantees.

The places of the fields are those of contracts/libraries/Grants.sol and Orders.sol.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from aceso.codes import Condition, DataClass, Use

from ._bytes import checksum

__all__ = [
    "GrantWord",
    "Grantee",
    "HeadWord",
    "OrderHead",
    "OrderState",
    "OrderTail",
    "grantee_of_account",
    "grantee_of_group",
    "parse_grantee",
]

_BARRED: Final = 1
_PRIMARY: Final = 2


def _bits(word: int, start: int, length: int) -> int:
    return word >> start & (1 << length) - 1


def _address(word: int) -> str:
    return checksum(f"0x{_bits(word, 0, 160):040x}")


@dataclass(frozen=True, slots=True)
class Grantee:
    """Whom a consent names: an account (`number` 0), or group `number` of a contract."""

    number: int
    address: str

    @property
    def is_group(self) -> bool:
        return self.number != 0


def grantee_of_account(address: str) -> bytes:
    """The 32 bytes that stand for an account."""
    return bytes(12) + bytes.fromhex(checksum(address)[2:])


def grantee_of_group(number: int, contract: str) -> bytes:
    """The 32 bytes that stand for group `number` of a contract: an institution, an offer."""
    if not 0 < number < 1 << 96:
        raise ValueError(f"groups are numbered from 1, not {number}")
    return number.to_bytes(12, "big") + bytes.fromhex(checksum(contract)[2:])


def parse_grantee(grantee: bytes) -> Grantee:
    """Whom these 32 bytes stand for."""
    if len(grantee) != 32:
        raise ValueError(f"a grantee has 32 bytes, not {len(grantee)}")
    return Grantee(int.from_bytes(grantee[:12], "big"), checksum("0x" + grantee[12:].hex()))


@dataclass(frozen=True, slots=True)
class GrantWord:
    """What a persona granted to one grantee. Without classes it permits nothing, and `valid_until`
    is then when it stopped."""

    classes: DataClass
    uses: Use
    conditions: Condition
    disease: int
    valid_from: int
    valid_until: int
    grants: int
    withdrawals: int
    epoch: int
    barred: bool
    primary: bool
    bars: int

    @classmethod
    def parse(cls, word: int) -> GrantWord:
        flags = _bits(word, 248, 8)
        return cls(
            classes=DataClass(_bits(word, 0, 32)),
            uses=Use(_bits(word, 32, 16)),
            conditions=Condition(_bits(word, 48, 24)),
            disease=_bits(word, 72, 24),
            valid_from=_bits(word, 96, 40),
            valid_until=_bits(word, 136, 40),
            grants=_bits(word, 176, 24),
            withdrawals=_bits(word, 200, 24),
            epoch=_bits(word, 224, 24),
            barred=bool(flags & _BARRED),
            primary=bool(flags & _PRIMARY),
            bars=flags >> 2,
        )

    @property
    def bar_number(self) -> int:
        """What a signed bar names: the number of the bar in force, else of the next, modulo 64."""
        return (self.bars - self.barred) % 64

    def pack(self) -> int:
        """The word itself."""
        flags = self.barred * _BARRED | self.primary * _PRIMARY | self.bars << 2
        return (
            int(self.classes)
            | int(self.uses) << 32
            | int(self.conditions) << 48
            | self.disease << 72
            | self.valid_from << 96
            | self.valid_until << 136
            | self.grants << 176
            | self.withdrawals << 200
            | self.epoch << 224
            | flags << 248
        )


@dataclass(frozen=True, slots=True)
class HeadWord:
    """What a persona holds once: the primary physician, and when everything was withdrawn last."""

    physician: str
    epoch: int
    stopped_at: int
    changes: int

    @classmethod
    def parse(cls, word: int) -> HeadWord:
        return cls(
            physician=_address(word),
            epoch=_bits(word, 160, 24),
            stopped_at=_bits(word, 184, 40),
            changes=_bits(word, 224, 32),
        )

    def pack(self) -> int:
        """The word itself."""
        return (
            int(self.physician, 16)
            | self.epoch << 160
            | self.stopped_at << 184
            | self.changes << 224
        )


class OrderState(IntEnum):
    """How far an order is. `SETTLED` is final; a disputed order becomes delivered or settled."""

    NONE = 0
    OPEN = 1
    DELIVERED = 2
    SETTLED = 3
    DISPUTED = 4


@dataclass(frozen=True, slots=True)
class OrderHead:
    """The half of an order that delivery and settlement change.

    `buyer` is the party whom the group doesn't name: who bought an offer.
    """

    buyer: str
    start: int
    duration: int
    sequence: int
    state: OrderState

    @classmethod
    def parse(cls, word: int) -> OrderHead:
        return cls(
            buyer=_address(word),
            start=_bits(word, 160, 40),
            duration=_bits(word, 200, 32),
            sequence=_bits(word, 232, 16),
            state=OrderState(_bits(word, 248, 8)),
        )

    @property
    def end(self) -> int:
        """When a delivered order's time is over."""
        return self.start + self.duration


@dataclass(frozen=True, slots=True)
class OrderTail:
    """The half of an order that is fixed when it is made, but for what was paid in parts.

    `offer` is the number of its group, and `parts` how much of its duration was paid for already,
    of 65,536.
    """

    price: int
    offer: int
    deadline: int
    grants: int
    epoch: int
    bars: int
    parts: int

    @classmethod
    def parse(cls, word: int) -> OrderTail:
        return cls(
            price=_bits(word, 0, 96),
            offer=_bits(word, 96, 48),
            deadline=_bits(word, 144, 40),
            grants=_bits(word, 184, 24),
            epoch=_bits(word, 208, 24),
            bars=_bits(word, 232, 8),
            parts=_bits(word, 240, 16),
        )
