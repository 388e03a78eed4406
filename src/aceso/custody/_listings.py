"""The door of a person's lists: the records of one class, and the class keys left for a grantee."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from ._chain import Question
from ._desk import Message
from ._doors import Doors, for_log
from ._store import tables
from ._typed import address, address_bytes

__all__ = ["Listings"]

_PAGE_BYTES: Final = 4 << 20
_PAGE_ENTRIES: Final = 10_000


class Listings(Doors):
    """Listing."""

    def listing(self, message: Message, signature: bytes, after: int) -> dict[str, Any]:
        """List the records of one class, all epochs, with the class keys left for the grantee."""
        asked = self._asked("ListRequest", message, signature)
        question = asked.question
        self._refuse_desks(question.grantee)
        reason = self._reason(asked)
        persona = address_bytes(question.subject)
        openings, entries, lists = tables.openings, tables.entries, tables.lists

        def read(connection: Connection) -> tuple[Sequence[Any], Sequence[Any], list[Any], bool]:
            opened = connection.execute(
                sa.select(openings.c.list_key, openings.c.document, lists.c.log_key)
                .join(lists, lists.c.list_key == openings.c.list_key)
                .where(openings.c.persona == persona, openings.c.data_class == question.classes)
                .order_by(openings.c.epoch)
            ).all()
            keys = [row.list_key for row in opened]
            page, more = self._page(connection, keys, after)
            found: Sequence[Any] = []
            if page:
                found = connection.execute(
                    sa.select(entries)
                    .where(
                        entries.c.list_key.in_(keys),
                        entries.c.number > after,
                        entries.c.number <= page[-1],
                    )
                    .order_by(entries.c.number)
                ).all()
            left = self._sealed_keys(connection, persona, question) if not after else []
            receipt = self._receipt(asked, "list", reason, entries=len(found), after=after)
            for one in opened:
                sealed = for_log(one.list_key, one.log_key, receipt)
                self.store.append(connection, one.list_key, sealed)
            return opened, found, left, more

        opened, found, sealed_keys, more = self._door(asked, read)
        box = self.store.box
        return {
            "entries": [
                box.open(row.entry, (b"entry", row.list_key, row.record_id)) for row in found
            ],
            "sealed_keys": sealed_keys,
            "openings": [
                box.open(row.document, (b"opening", row.list_key, persona)) for row in opened
            ]
            if not after
            else [],
            "next": found[-1].number if more else None,
        }

    def _page(
        self, connection: Connection, lists: Sequence[bytes], after: int
    ) -> tuple[list[int], bool]:
        """The numbers of the entries that come next, and whether there are more."""
        entries = tables.entries
        rows = connection.execute(
            sa.select(entries.c.number, entries.c.size)
            .where(entries.c.list_key.in_(lists), entries.c.number > after)
            .order_by(entries.c.number)
            .limit(_PAGE_ENTRIES + 1)
        ).all()
        page: list[int] = []
        total = 0
        for number, size in rows:
            if page and (total + size > _PAGE_BYTES or len(page) == _PAGE_ENTRIES):
                return page, True
            page.append(number)
            total += size
        return page, False

    def _sealed_keys(
        self, connection: Connection, persona: bytes, question: Question
    ) -> list[dict[str, Any]]:
        table = tables.sealed_keys
        rows = connection.execute(
            sa.select(table)
            .where(
                table.c.persona == persona,
                table.c.grantee == question.grantee,
                table.c.data_class == question.classes,
            )
            .order_by(table.c.epoch)
        )
        return [
            {
                "listKey": address(row.list_key),
                "epoch": row.epoch,
                "receivingKey": row.receiving_key,
                "signature": row.signature,
                "sealed": self.store.box.open(
                    row.sealed,
                    (b"sealed-key", row.list_key, row.persona, row.grantee, row.receiving_key),
                ),
            }
            for row in rows
        ]

    def _refuse_desks(self, grantee: bytes) -> None:
        if self._desk_of(grantee) is not None:
            self.refuse(
                "Who has an order is given its extract, not records. Ask for the order's entry.",
                code="E_ORDER_ONLY",
                status=403,
            )
