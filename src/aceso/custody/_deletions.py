"""Deletion: a record's entry and capsule are overwritten, and then it is signed that they were."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from aceso.errors import ServiceError

from ._desk import Desk, Message
from ._store import tables
from ._typed import address_bytes, sign
from ._wire import to_json

__all__ = ["Deletions"]


class Deletions(Desk):
    """What was forgotten, and stays so."""

    def delete(self, message: Message, signature: bytes) -> dict[str, Any]:
        """Delete a record's entry and capsule, and sign that it was done."""
        self._signed_by("Deletion", message, signature, message["listKey"])
        list_key, record_id = address_bytes(message["listKey"]), message["recordId"]
        entries, deletions, lists = tables.entries, tables.deletions, tables.lists
        here = (entries.c.list_key == list_key) & (entries.c.record_id == record_id)
        gone = (deletions.c.list_key == list_key) & (deletions.c.record_id == record_id)
        now = self.chain.heads().newest.timestamp
        with self.store.write() as connection:
            row = connection.execute(
                sa.select(entries.c.capsule, entries.c.size, entries.c.entry).where(here)
            ).first()
            if row is not None:
                self.store.box.forget(row.entry)
                connection.execute(sa.delete(entries).where(here))
                connection.execute(
                    sa.update(lists)
                    .where(lists.c.list_key == list_key)
                    .values(used_bytes=lists.c.used_bytes - row.size, records=lists.c.records - 1)
                )
                connection.execute(
                    sa.insert(deletions).values(
                        list_key=list_key,
                        record_id=record_id,
                        capsule=row.capsule,
                        deleted_at=now,
                    )
                )
            done = connection.execute(sa.select(deletions).where(gone)).first()
        if done is None:
            self._no_record()
        if not self.store.empty_log():
            raise ServiceError(
                "The record is deleted, but its bytes are still in the database's log. Ask again.",
                code="E_DELETION_PENDING",
            )
        receipt = {
            "custodian": self.address,
            "listKey": message["listKey"],
            "recordId": record_id,
            "capsule": done.capsule,
            "deletedAt": done.deleted_at,
        }
        signed = sign(self.keys.account, "DeletionReceipt", receipt, self.chain.domain)
        return {"message": to_json(receipt), "signature": "0x" + signed.hex()}
