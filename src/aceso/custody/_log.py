"""The log: a list's receipts, sealed to its log key, served to whoever holds its list key."""

from __future__ import annotations

from typing import Any, Final

from ._desk import Desk, Message
from ._typed import address_bytes

__all__ = ["LOG_LABEL", "Log"]

LOG_LABEL: Final = b"aceso/v1/log-receipt\0"
_PAGE: Final = 500


class Log(Desk):
    """The books of receipts."""

    def read(self, message: Message, signature: bytes, after: int) -> dict[str, Any]:
        """The sealed receipts of a list, for its list key."""
        if address_bytes(message["custodian"]) != self._me:
            self.refuse(
                f"The request is for custodian {message['custodian']}.",
                code="E_OTHER_CUSTODIAN",
                status=403,
            )
        self._signed_by("LogRequest", message, signature, message["listKey"])
        heads = self.chain.heads()
        self._check_deadline(int(message["deadline"]), heads)
        book = address_bytes(message["listKey"])
        with self.store.write() as connection:
            self._take_nonce(
                connection,
                book,
                message["nonce"],
                int(message["deadline"]),
                heads.newest.timestamp,
            )
            self._list(connection, book)
            lines = self.store.lines(connection, book, min(after, 1 << 62), _PAGE + 1)
        more, lines = len(lines) > _PAGE, lines[:_PAGE]
        return {
            "lines": [
                {"number": line.number, "receipt": line.receipt, "hash": line.hash}
                for line in lines
            ],
            "next": lines[-1].number if more else None,
        }
