"""The fields of a genome: a digest of its header, and one of every 1,000 lines.

A genome is too large to have a field for each variant. To show a block is to show the field and
the bytes; the envelope stays small.
"""

from __future__ import annotations

import hashlib
import json

__all__ = ["BLOCK_LINES", "Blocks"]

BLOCK_LINES = 1000


class Blocks:
    """Takes the lines of a body one by one, and knows its size, digest and fields at the end."""

    def __init__(self) -> None:
        self._size = 0
        self.lines = 0
        self._whole = hashlib.sha256()
        self._waiting: list[bytes] = []
        self._fields: dict[str, bytes] = {}

    def end_header(self) -> None:
        """All lines until now were the header."""
        self._close("/header", count=0)

    def header(self, line: bytes) -> None:
        self._waiting.append(line)

    def row(self, line: bytes) -> None:
        self._waiting.append(line)
        self.lines += 1
        if len(self._waiting) == BLOCK_LINES:
            self._end_block()

    @property
    def size(self) -> int:
        self._end_block()
        return self._size

    @property
    def sha256(self) -> bytes:
        self._end_block()
        return self._whole.digest()

    @property
    def fields(self) -> dict[str, bytes]:
        self._end_block()
        return dict(self._fields)

    def _end_block(self) -> None:
        if self._waiting:
            self._close(f"/block/{len(self._fields) - 1:06d}", count=len(self._waiting))

    def _close(self, name: str, *, count: int) -> None:
        data = b"".join(self._waiting)
        self._waiting.clear()
        self._whole.update(data)
        self._size += len(data)
        value = {"length": len(data), "lines": count, "sha256": hashlib.sha256(data).hexdigest()}
        text = json.dumps(value, sort_keys=True, separators=(",", ":"))
        self._fields[name] = text.encode()
