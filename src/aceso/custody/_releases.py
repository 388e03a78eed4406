"""The doors of a person's records: listing them, and releasing our share of one record's key."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from aceso.vault import ListEntry, PublicKey, seal, seal_share

from ._chain import Question
from ._desk import Message
from ._doors import Asked, Doors
from ._store import tables
from ._typed import address, address_bytes
from .logbook import LOG_LABEL
from .proof import Release

__all__ = ["Releases"]

_PAGE_BYTES: Final = 4 << 20
_PAGE_ENTRIES: Final = 10_000
_STILL: Final = sa.select(tables.entries.c.number).where(
    tables.entries.c.number == sa.bindparam("number")
)
_RECORD: Final = (
    sa.select(tables.entries, tables.lists.c.log_key)
    .join(tables.openings, tables.openings.c.list_key == tables.entries.c.list_key)
    .join(tables.lists, tables.lists.c.list_key == tables.entries.c.list_key)
    .where(
        tables.openings.c.persona == sa.bindparam("persona"),
        tables.openings.c.data_class == sa.bindparam("data_class"),
        tables.entries.c.record_id == sa.bindparam("record_id"),
    )
    .order_by(tables.openings.c.epoch.desc())
    .limit(1)
)
_RECORD_OF_CAPSULE: Final = _RECORD.where(tables.entries.c.capsule == sa.bindparam("capsule"))


class Releases(Doors):
    """Listing and release."""

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
                sealed = _sealed(one.list_key, one.log_key, receipt)
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

    def release(self, message: Message, signature: bytes, capsule: bytes | None) -> Release:
        """Release our share of one record's key, sealed to the grantee."""
        asked = self._asked("ReleaseRequest", message, signature)
        receiving_key = self._public_key(message["receivingKey"], "receivingKey")
        reason = self._reason(asked)
        self._check_receiving_key(asked, receiving_key)
        row = self._record(asked.question, message["recordId"], capsule)
        data = self.store.box.open(row.entry, (b"entry", row.list_key, row.record_id))
        entry = ListEntry.from_bytes(data)
        share = self._own_share(entry.capsule)
        sealed_share = seal_share(entry.capsule, share, receiving_key, request=asked.digest)
        answer = self._signed(asked, entry.capsule, sealed_share)
        receipt = self._receipt(
            asked,
            "release",
            reason,
            recordId="0x" + message["recordId"].hex(),
            receivingKey="0x" + receiving_key.digest.hex(),
        )
        sealed = _sealed(row.list_key, row.log_key, receipt)

        def write(connection: Connection) -> None:
            if connection.execute(_STILL, {"number": row.number}).first() is None:
                self._no_record()
            self.store.append(connection, row.list_key, sealed)

        self._door(asked, write)
        return answer

    def _record(self, question: Question, record_id: bytes, capsule: bytes | None) -> Any:
        named = {
            "persona": address_bytes(question.subject),
            "data_class": question.classes,
            "record_id": record_id,
        }
        with self.store.glance() as connection:
            if capsule is None:
                row = connection.execute(_RECORD, named).first()
            else:
                row = connection.execute(_RECORD_OF_CAPSULE, named | {"capsule": capsule}).first()
        if row is None:
            self._no_record()
        return row

    def _check_receiving_key(self, asked: Asked, key: PublicKey) -> None:
        """A share is sealed only to the key that the grantee has published."""
        question = asked.question
        # The subject's own signature says which key is theirs.
        if question.actor == question.subject:
            return
        number = int.from_bytes(question.grantee[:12], "big")
        owner = question.actor
        group = address(question.grantee[12:])
        if number and group == address(self.chain.addresses.participants):
            owner = self.chain.institution_account(number, asked.heads.newest)
        if self.chain.key_of(owner, asked.heads.newest) != key.digest:
            self.refuse(
                f"The receiving key is not the one that {owner} has published. Publish it, or ask "
                "with the published one.",
                code="E_RECEIVING_KEY",
                status=403,
            )

    def _refuse_desks(self, grantee: bytes) -> None:
        if self._desk_of(grantee) is not None:
            self.refuse(
                "Who has an order is given its extract, not records. Ask for the order's entry.",
                code="E_ORDER_ONLY",
                status=403,
            )


def _sealed(book: bytes, log_key: bytes, receipt: bytes) -> bytes:
    return seal(PublicKey(log_key), receipt, info=LOG_LABEL + book)
