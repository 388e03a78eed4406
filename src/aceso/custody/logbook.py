"""What an access log is made of, the same for a custodian and for who checks it.

A custodian has one log over all its lists. Its entries are the leaves of a Merkle tree (`merkle`):

    "aceso/v1/log-line" 0x00 | length of the book (1) | book | number in the book, from 1 (8)
        | SHA-256 of the sealed receipt

A book is a list key (20 bytes) or an order's number (32). So the tree says how many receipts each
book has and in which order, and its root says nothing of anybody. A `LogHead` is the tree's size
and root with the custodian's signature, made for the contract AccessLog: who holds it can have it
anchored, and two of them that can't both be true are proof of a lie.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from ._typed import Domain, address, digest, recover
from .merkle import is_consistent, leaf_hash, root_of_inclusion

__all__ = [
    "LOG_LABEL",
    "ORDER_LINE_HEAD_BYTES",
    "ORDER_SALT_BYTES",
    "LogHead",
    "is_of_order_line",
    "log_leaf",
    "order_line_head",
]

LOG_LABEL: Final = b"aceso/v1/log-receipt\0"
_LINE_LABEL: Final = b"aceso/v1/log-line\0"
_ORDER_LABEL: Final = b"aceso/v1/order-receipt\0"
_ORDER_HEAD: Final = b"AORL\x01"
ORDER_SALT_BYTES: Final = 32
ORDER_LINE_HEAD_BYTES: Final = len(_ORDER_HEAD) + 32


def log_leaf(book: bytes, number: int, receipt: bytes) -> bytes:
    """The hash of a line: the `number`th sealed receipt of `book`."""
    where = len(book).to_bytes(1, "big") + book + number.to_bytes(8, "big")
    return leaf_hash(_LINE_LABEL + where + sha256(receipt).digest())


def order_line_head(order: bytes, salt: bytes, text: bytes) -> bytes:
    """How the line of an order's receipt begins: with a commitment to its text, so that whoever is
    told another text of it sees that.

        "AORL" 0x01 | SHA-256("aceso/v1/order-receipt" 0x00 | order (32) | salt (32) | text)
    """
    return _ORDER_HEAD + sha256(_ORDER_LABEL + order + salt + text).digest()


def is_of_order_line(line: bytes, order: bytes, salt: bytes, text: bytes) -> bool:
    """Whether the line commits to this text."""
    told = order_line_head(order, salt, text)
    return len(salt) == ORDER_SALT_BYTES and line[:ORDER_LINE_HEAD_BYTES] == told


@dataclass(frozen=True, slots=True)
class LogHead:
    """How long a custodian says that its log is, and the root of its tree."""

    custodian: str
    size: int
    root: bytes
    signature: bytes = field(repr=False)

    def message(self) -> dict[str, Any]:
        """The typed message `LogHead`."""
        return {"custodian": self.custodian, "size": self.size, "root": self.root}

    def is_signed(self, domain: Domain) -> bool:
        """Whether the custodian signed it, for the AccessLog of `domain`."""
        signer = recover(digest("LogHead", self.message(), domain), self.signature)
        return signer is not None and address(signer) == address(self.custodian)

    def has(self, leaf: bytes, index: int, proof: Sequence[bytes]) -> bool:
        """Whether the leaf at `index` is in this log."""
        return root_of_inclusion(leaf, index, self.size, proof) == self.root

    def continues(self, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
        """Whether the log of `size` lines under `root` grew into this one."""
        return is_consistent(size, root, self.size, self.root, proof)
