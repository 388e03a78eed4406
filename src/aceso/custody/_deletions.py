"""Deletion: a record's entry and capsule are overwritten, and then it is signed that they were."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from ._desk import Desk, Message
from ._store import tables
from ._typed import address_bytes

__all__ = ["Deletions"]

# What every deletion asks and writes is put together once.
_ENTRIES, _LISTS, _DELETIONS = tables.entries.c, tables.lists.c, tables.deletions.c
_PLACE: Final = sa.bindparam("place", type_=sa.LargeBinary)
_RECORD: Final = sa.bindparam("record", type_=sa.LargeBinary)
_THERE: Final = sa.select(_ENTRIES.number, _ENTRIES.capsule, _ENTRIES.size, _ENTRIES.entry).where(
    _ENTRIES.list_key == _PLACE, _ENTRIES.record_id == _RECORD
)
_GONE: Final = sa.select(_DELETIONS.capsule, _DELETIONS.deleted_at).where(
    _DELETIONS.list_key == _PLACE, _DELETIONS.record_id == _RECORD
)
_DELETE: Final = sa.delete(tables.entries).where(_ENTRIES.number == sa.bindparam("row"))
_LESS: Final = (
    sa.update(tables.lists)
    .where(_LISTS.list_key == _PLACE)
    .values(used_bytes=_LISTS.used_bytes - sa.bindparam("less"), records=_LISTS.records - 1)
)
_NOTE: Final = sa.insert(tables.deletions)


class Deletions(Desk):
    """What was forgotten, and stays so."""

    def delete(self, message: Message, signature: bytes) -> dict[str, Any]:
        """Delete a record's entry and capsule, and sign that it was done."""
        self._signed_by("Deletion", message, signature, message["listKey"])
        list_key, record_id = address_bytes(message["listKey"]), message["recordId"]
        place = {"place": list_key, "record": record_id}
        now = self.chain.heads().newest.timestamp
        with self.store.write() as connection:
            row = connection.execute(_THERE, place).first()
            if row is None:
                gone = connection.execute(_GONE, place).first()
                if gone is None:
                    self._no_record()
                capsule, deleted_at = gone
            else:
                capsule, deleted_at = row.capsule, now
                self.store.forget(connection, row.entry)
                connection.execute(_DELETE, {"row": row.number})
                connection.execute(_LESS, {"place": list_key, "less": row.size})
                connection.execute(
                    _NOTE,
                    {
                        "list_key": list_key,
                        "record_id": record_id,
                        "capsule": capsule,
                        "deleted_at": deleted_at,
                    },
                )
        receipt = {
            "custodian": self.address,
            "listKey": message["listKey"],
            "recordId": record_id,
            "capsule": capsule,
            "deletedAt": deleted_at,
        }
        return self._deleted("record", "DeletionReceipt", receipt)
