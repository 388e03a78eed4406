"""Heads of manifests: the newest version of a vault's index, signed by a key from its seed."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ._desk import Desk, Message
from ._store import tables
from ._typed import address, address_bytes
from ._wire import to_json

__all__ = ["ManifestHeads"]


class ManifestHeads(Desk):
    """The highest version wins."""

    def put(self, message: Message, signature: bytes) -> dict[str, Any]:
        """Keep the newest head of a vault's index."""
        self._signed_by("ManifestHead", message, signature, message["headKey"])
        table, key = tables.heads, address_bytes(message["headKey"])
        offered = (message["version"], message["cid"])
        with self.store.write() as connection:
            row = connection.execute(sa.select(table).where(table.c.head_key == key)).first()
            if row is not None:
                known = (int(row.version), row.cid)
                if known > offered:
                    self.refuse(
                        f"Version {known[0]} is known here, and is newer than version "
                        f"{offered[0]}.",
                        code="E_HEAD_ROLLBACK",
                        status=409,
                        version=known[0],
                    )
                connection.execute(sa.delete(table).where(table.c.head_key == key))
            connection.execute(
                sa.insert(table).values(
                    head_key=key, version=str(offered[0]), cid=offered[1], signature=signature
                )
            )
        return {"version": offered[0]}

    def get(self, head_key: str) -> dict[str, Any]:
        table = tables.heads
        with self.store.read() as connection:
            row = connection.execute(
                sa.select(table).where(table.c.head_key == address_bytes(head_key))
            ).first()
        if row is None:
            self.refuse("No head is kept for this key.", code="E_HEAD_UNKNOWN", status=404)
        message = {"headKey": address(head_key), "version": int(row.version), "cid": row.cid}
        return {"message": to_json(message), "signature": "0x" + row.signature.hex()}
