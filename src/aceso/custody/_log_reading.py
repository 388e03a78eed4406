"""Reading a custodian's log: nothing of it is shown that is not proved to be in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import orjson
from eth_account.signers.local import LocalAccount

from aceso.vault import OpeningError, PrivateKey, open_sealed

from ._calling import MAX_PAGES, Calling, SignedRequest
from ._typed import Domain, address, address_bytes
from ._wire import bytes_of, hex_bytes
from .errors import FalseLogError
from .logbook import LOG_LABEL, LogHead, is_of_order_line, log_leaf
from .parts import part_book

__all__ = ["AccessLog", "LogReading"]


@dataclass(frozen=True, slots=True)
class AccessLog:
    """The receipts of a list, opened, with the head of the log that they are in."""

    receipts: tuple[Mapping[str, Any], ...]
    head: LogHead


class LogReading(Calling):
    """What a custodian wrote down, for those whom it is about."""

    def log(
        self,
        list_key: LocalAccount,
        log_key: PrivateKey,
        *,
        domain: Domain,
        log_domain: Domain,
        now: int,
    ) -> AccessLog:
        """Who was given what of a list, from the first line on, each proved to be in the log.

        Raises `FalseLogError` where something is not.
        """
        book = address_bytes(list_key.address)

        def ask(after: int) -> Any:
            message = {
                "listKey": list_key.address,
                "custodian": self.address,
                "nonce": os.urandom(32),
                "deadline": now + 300,
            }
            request = SignedRequest.sign(list_key, "LogRequest", message, domain)
            return self._ask("POST", "/log", request.body() | {"after": after}, large=True)

        def opened(line: _Line) -> Mapping[str, Any]:
            return self._opened(log_key, line.receipt, book)

        return self._walk(ask, _lines, opened, book=book, log_domain=log_domain)

    def order_log(
        self,
        order: int,
        reader: LocalAccount,
        *,
        domain: Domain,
        log_domain: Domain,
        now: int,
        is_part: bool = False,
    ) -> AccessLog:
        """Who was given what of an order, for a party of it, from the first line on, each proved to
        be in the log; `is_part` where it is the reader's own part of a union's. Raises
        `FalseLogError` where something is not."""
        book = part_book(order, reader.address) if is_part else order.to_bytes(32, "big")

        def ask(after: int) -> Any:
            message = {
                "order": order,
                "reader": reader.address,
                "custodian": self.address,
                "nonce": os.urandom(32),
                "deadline": now + 300,
            }
            request = SignedRequest.sign(reader, "OrderLogRequest", message, domain)
            body = request.body() | {"after": after}
            return self._ask("POST", f"/orders/{order}/log", body, large=True)

        def opened(line: _Line) -> Mapping[str, Any]:
            if not is_of_order_line(line.receipt, book, line.salt, line.text):
                raise FalseLogError(
                    self.address,
                    "tells another receipt than the one that it wrote down",
                    code="E_LOG_UNOPENED",
                )
            told: Mapping[str, Any] = self._parse(partial(orjson.loads, line.text))
            return told

        return self._walk(ask, _told, opened, book=book, log_domain=log_domain)

    def _walk(
        self,
        ask: Callable[[int], Any],
        read: Callable[[Mapping[str, Any]], list[_Line]],
        opened: Callable[[_Line], Mapping[str, Any]],
        *,
        book: bytes,
        log_domain: Domain,
    ) -> AccessLog:
        """All lines of a book, from the first on: `ask` gives the page after so many of them."""
        receipts: list[Mapping[str, Any]] = []
        former: LogHead | None = None
        for _ in range(MAX_PAGES):
            said = ask(len(receipts))
            head = self._head(said.get("head"), log_domain)
            if former is not None:
                self.check_grew(former.size, former.root, head)
            former = head
            lines: list[_Line] = self._parse(partial(read, said))
            for line in lines:
                number = len(receipts) + 1
                leaf = log_leaf(book, number, line.receipt)
                if line.number != number or not head.has(leaf, line.place, line.proof):
                    raise FalseLogError(
                        self.address,
                        f"shows a receipt, number {line.number}, that is not in its log",
                        code="E_LOG_RECEIPT",
                    )
                receipts.append(opened(line))
            if said.get("next") is None:
                return AccessLog(tuple(receipts), head)
            if said["next"] != len(receipts):
                break
        raise self._nonsense()

    def _opened(self, log_key: PrivateKey, receipt: bytes, book: bytes) -> Mapping[str, Any]:
        try:
            opened: Mapping[str, Any] = orjson.loads(
                open_sealed(log_key, receipt, info=LOG_LABEL + book)
            )
        except (OpeningError, ValueError) as exc:
            raise FalseLogError(
                self.address, "shows a receipt that does not open", code="E_LOG_UNOPENED"
            ) from exc
        return opened

    def log_head(self, *, log_domain: Domain) -> LogHead:
        """How long the custodian says that its log is, signed by it."""
        return self._head(self._ask("GET", "/log/head"), log_domain)

    def check_grew(self, size: int, root: bytes, head: LogHead) -> None:
        """Check that the log of `size` lines under `root` grew into that of `head`."""
        if head.size < size:
            raise FalseLogError(
                self.address,
                f"shows a log of {head.size} receipts, and it had {size} before",
                code="E_LOG_SHRANK",
            )
        proof: list[bytes] = []
        if size and head.size > size:
            said = self._ask("GET", f"/log/consistency?earlier={size}&size={head.size}")
            proof = self._parse(lambda: [hex_bytes(part) for part in said["proof"]])
        if size and not head.continues(size, root, proof):
            raise FalseLogError(
                self.address,
                f"shows a log that is not the one which it had at {size} receipts",
                code="E_LOG_FORKED",
            )

    def _head(self, said: Any, log_domain: Domain) -> LogHead:
        head: LogHead = self._parse(
            lambda: LogHead(
                address(said["custodian"]),
                int(said["size"]),
                hex_bytes(said["root"]),
                hex_bytes(said["signature"]),
            )
        )
        if head.custodian != self.address or not head.is_signed(log_domain):
            raise FalseLogError(
                self.address, "shows a head of its log that it did not sign", code="E_LOG_HEAD"
            )
        return head


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    place: int
    receipt: bytes
    proof: list[bytes]
    # Of an order's log: what the line commits to.
    salt: bytes = b""
    text: bytes = b""


def _lines(said: Mapping[str, Any]) -> list[_Line]:
    return [
        _Line(
            int(line["number"]),
            int(line["place"]),
            bytes_of(line["receipt"]),
            [hex_bytes(part) for part in line["proof"]],
        )
        for line in said["lines"]
    ]


def _told(said: Mapping[str, Any]) -> list[_Line]:
    """Each line of an order's log with the salt and the text that it commits to."""
    return [
        replace(line, salt=hex_bytes(one["salt"]), text=bytes_of(one["text"]))
        for line, one in zip(_lines(said), said["lines"], strict=True)
    ]
