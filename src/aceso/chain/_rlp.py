"""RLP, as far as a transaction needs it."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["encode"]

Item = int | bytes | Sequence["Item"]


def encode(item: Item) -> bytes:
    """Encode numbers (without leading zeros), bytes and lists of them."""
    if isinstance(item, int):
        item = item.to_bytes((item.bit_length() + 7) // 8, "big")
    if isinstance(item, bytes):
        if len(item) == 1 and item[0] < 0x80:
            return item
        return _head(len(item), 0x80) + item
    body = b"".join(encode(one) for one in item)
    return _head(len(body), 0xC0) + body


def _head(length: int, offset: int) -> bytes:
    if length < 56:
        return bytes([offset + length])
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([offset + 55 + len(size)]) + size
