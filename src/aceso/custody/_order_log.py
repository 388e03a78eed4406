"""The receipts of an order, for its parties: the buyer, and the subject whose extract it is.

An order has no list, and so no log key that its receipts could be sealed to: they lie under our own
key, behind a commitment to the text (`logbook.order_line_head`). So a party who is told salt and
text sees that they are those which were written down.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from ._box import Box
from ._desk import Message, Nonce
from ._log import PAGE, Log
from ._store import LogLine, tables
from ._typed import address_bytes
from .logbook import ORDER_LINE_HEAD_BYTES, ORDER_SALT_BYTES, order_line_head
from .parts import part_book

__all__ = ["OrderLog", "close_order_line"]


@dataclass(frozen=True, slots=True)
class _Told:
    """A line of the log with what it commits to, and the proof that it is there."""

    line: LogLine
    proof: list[bytes]
    salt: bytes = field(repr=False)
    text: bytes = field(repr=False)


def close_order_line(box: Box, order: bytes, text: bytes) -> bytes:
    """The line of the log for a receipt of this order (32 bytes)."""
    salt = os.urandom(ORDER_SALT_BYTES)
    sealed = box.close(salt + text, (b"order-log", order))
    return order_line_head(order, salt, text) + sealed


def _open(box: Box, order: bytes, line: bytes) -> tuple[bytes, bytes]:
    plain = box.open(line[ORDER_LINE_HEAD_BYTES:], (b"order-log", order))
    return plain[:ORDER_SALT_BYTES], plain[ORDER_SALT_BYTES:]


class OrderLog(Log):
    """The books of orders."""

    def read_order(
        self, order: int, message: Message, signature: bytes, after: int
    ) -> dict[str, Any]:
        """The receipts of an order, for a party of it. That they were read is in them, too."""
        if message["order"] != order:
            self.refuse("The message names another order than the path.", code="E_ORDER_PATH")
        self._check_custodian(message)
        heads = self.chain.heads()
        self._signed_for("OrderLogRequest", message, signature, message["reader"], heads)
        self._check_deadline(int(message["deadline"]), heads)
        reader = address_bytes(message["reader"])
        # A member of a union reads of their own part.
        books = (order.to_bytes(32, "big"), part_book(order, message["reader"]))
        with self.store.write() as connection:
            self._take_nonce(connection, Nonce.of(message, reader), heads)
            row = connection.execute(
                sa.select(
                    tables.extracts.c.order, tables.extracts.c.buyer, tables.extracts.c.subject
                ).where(tables.extracts.c.order.in_(books))
            ).first()
            is_party = row is not None and reader in (row.buyer, row.subject)
            if row is not None and is_party and after == 0:
                receipt = {
                    "act": "log",
                    "custodian": self.address,
                    "actor": message["reader"],
                    "block": heads.newest.number,
                    "blockHash": heads.newest.hash,
                    "time": heads.newest.timestamp,
                }
                text = json.dumps(receipt, separators=(",", ":")).encode()
                line = close_order_line(self.store.box, row.order, text)
                self.store.append(connection, row.order, line)
        # The same answer for an order that is not here and for one that is not theirs.
        if row is None or not is_party:
            self.refuse(
                "This custodian has no extract of an order that you are a party of.",
                code="E_RECORD_UNKNOWN",
                status=404,
            )
        return self._told(row.order, after)

    def _told(self, book: bytes, after: int) -> dict[str, Any]:
        with self.store.read() as connection:
            lines = self.store.lines(connection, book, min(after, 1 << 62), PAGE + 1)
            more, lines = len(lines) > PAGE, lines[:PAGE]
            tree = self.store.tree(connection)
            told = [
                _Told(line, tree.inclusion(line.place), *_open(self.store.box, book, line.receipt))
                for line in lines
            ]
            head = self._head(tree)
        return {"lines": told, "head": head, "next": lines[-1].number if more else None}
