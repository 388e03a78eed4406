"""Reading and writing fixed layouts. Every read is exact, every number big-endian."""

from __future__ import annotations

from collections.abc import Collection

from aceso.ethereum import ADDRESS_BYTES, address_bytes, address_text, keccak

from .errors import FormatError

__all__ = ["ADDRESS_BYTES", "Reader", "address_bytes", "address_text", "be", "exactly", "keccak"]


def be(number: int, length: int, what: str = "number") -> bytes:
    """`number` as `length` big-endian bytes, or a `ValueError` that names it."""
    if not 0 <= number < 1 << (8 * length):
        raise ValueError(f"{what} must fit in {length} bytes without a sign, and is {number}")
    return number.to_bytes(length, "big")


def exactly(data: bytes, length: int, what: str) -> bytes:
    """`data`, when it has this length."""
    if len(data) != length:
        raise ValueError(f"{what} must have {length} bytes, and has {len(data)}")
    return bytes(data)


class Reader:
    """Takes a layout apart, and refuses what is cut or followed by more."""

    def __init__(self, data: bytes, what: str):
        self._data = bytes(data)
        self._at = 0
        self._what = what

    @property
    def at(self) -> int:
        """How many bytes have been taken."""
        return self._at

    def take(self, length: int, field: str) -> bytes:
        """The next `length` bytes."""
        part = self._data[self._at : self._at + length]
        if len(part) != length:
            raise FormatError(
                f"The {self._what} is cut: its {field} should have {length} bytes and has "
                f"{len(part)}. Fetch it again, from another source."
            )
        self._at += length
        return part

    def number(self, length: int, field: str) -> int:
        """The next `length` bytes, as a number."""
        return int.from_bytes(self.take(length, field), "big")

    def expect(self, expected: bytes, field: str) -> None:
        """The next bytes, which can only be these."""
        found = self.take(len(expected), field)
        if found != expected:
            raise self._unknown(field, found, expected.hex())

    def one_of(self, known: Collection[int], field: str) -> int:
        """The next byte, which can only be one of these."""
        found = self.take(1, field)
        if found[0] not in known:
            raise self._unknown(field, found, " or ".join(f"{one:02x}" for one in known))
        return found[0]

    def _unknown(self, field: str, found: bytes, expected: str) -> FormatError:
        return FormatError(
            f"The {self._what} has an unknown {field} ({found.hex()}, where {expected} was "
            "expected). It may come from a newer version of this program, or not be a "
            f"{self._what} at all."
        )

    def end(self) -> None:
        """There must be nothing left."""
        left = len(self._data) - self._at
        if left:
            raise FormatError(f"The {self._what} is followed by {left} bytes that don't belong.")
