"""The log: who was given what, in one Merkle tree over all lists (`logbook`).

A list's receipts are sealed to its log key and served to whoever holds its list key, each with the
proof that it is in the tree. The head of the tree is signed and public: it says how many receipts
there are, and of nobody what.
"""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy.engine import Connection

from aceso.vault import PublicKey, seal

from ._chain import Block
from ._desk import Desk, Message, Nonce
from ._typed import address_bytes, sign
from .logbook import LOG_LABEL, LogHead
from .merkle import Tree

__all__ = ["PAGE", "Log"]

PAGE: Final = 500


class Log(Desk):
    """The books of receipts."""

    def read(self, message: Message, signature: bytes, after: int) -> dict[str, Any]:
        """The sealed receipts of a list, for its list key. That they were read is in them too."""
        self._check_custodian(message)
        self._signed_by("LogRequest", message, signature, message["listKey"])
        heads = self.chain.heads()
        self._check_deadline(int(message["deadline"]), heads)
        book = address_bytes(message["listKey"])
        with self.store.write() as connection:
            self._take_nonce(connection, Nonce.of(message, book), heads)
            opened = self._list(connection, book)
            if after == 0:
                self._note_reading(connection, message["listKey"], opened.log_key, heads.newest)
        # Proofs take a while, and nobody has to wait for them to write.
        with self.store.read() as connection:
            lines = self.store.lines(connection, book, min(after, 1 << 62), PAGE + 1)
            more, lines = len(lines) > PAGE, lines[:PAGE]
            tree = self.store.tree(connection)
            proved = [(line, tree.inclusion(line.place)) for line in lines]
            head = self._head(tree)
        return {
            "lines": proved,
            "head": head,
            "next": lines[-1].number if more else None,
        }

    def _note_reading(
        self, connection: Connection, list_key: str, log_key: bytes, block: Block
    ) -> None:
        receipt = {
            "act": "log",
            "custodian": self.address,
            "actor": list_key,
            "block": block.number,
            "blockHash": block.hash,
            "time": block.timestamp,
        }
        book = address_bytes(list_key)
        plain = json.dumps(receipt, separators=(",", ":")).encode()
        self.store.append(connection, book, seal(PublicKey(log_key), plain, info=LOG_LABEL + book))

    def size(self) -> int:
        """How many receipts there are."""
        with self.store.read() as connection:
            return self.store.tree(connection).size

    def head(self) -> LogHead:
        """The size and root of the log now, signed."""
        with self.store.read() as connection:
            return self._head(self.store.tree(connection))

    def consistency(self, earlier: int, size: int) -> list[bytes]:
        """The proof that the log of `earlier` receipts grew into that of `size`."""
        with self.store.read() as connection:
            tree = self.store.tree(connection)
            if not 0 < earlier <= size <= tree.size:
                self.refuse(
                    f"The log has {tree.size} receipts: ask for sizes from 1 to that, the earlier "
                    "one first.",
                    code="E_LOG_SIZE",
                    status=404,
                )
            tree.size = size
            return tree.consistency(earlier)

    def _head(self, tree: Tree) -> LogHead:
        message = {"custodian": self.address, "size": tree.size, "root": tree.root}
        signed = sign(self.keys.account, "LogHead", message, self.chain.log_domain)
        return LogHead(self.address, tree.size, tree.root, signed)
