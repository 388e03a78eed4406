"""Lists: opened for a persona, posted to, and given the class keys of those who may read.

Nothing here gives anything away. A record that is taken stays on the list that it was sealed for.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from aceso.codes import Role
from aceso.vault import ListEntry

from ._chain import Chain
from ._desk import Desk, Message
from ._store import Store, tables
from ._typed import address, address_bytes, digest, keccak, recover
from ._wire import to_json
from .errors import ChainUnsafeError
from .keys import CustodianKeys

__all__ = ["Bounds", "Lists"]

_MAX_LIST_BYTES: Final = 4 << 30
# Of what one issuer posts to a list.
_MAX_ISSUER_BYTES: Final = _MAX_LIST_BYTES // 16
_MAX_OPENINGS: Final = 1024
_MAX_SEALED_KEYS: Final = 64
_SEALED_KEY_BYTES: Final = 4096
# GUARDIAN_SHARE of IGuardianship.
_SHARE: Final = 1
# What every post asks and writes is put together once.
_PLACE: Final = (
    sa.select(
        tables.lists.c.used_bytes,
        tables.lists.c.records,
        tables.entries.c.digest,
        tables.deletions.c.deleted_at,
    )
    .select_from(
        tables.lists.outerjoin(
            tables.entries,
            (tables.entries.c.list_key == tables.lists.c.list_key)
            & (tables.entries.c.record_id == sa.bindparam("record")),
        ).outerjoin(
            tables.deletions,
            (tables.deletions.c.list_key == tables.lists.c.list_key)
            & (tables.deletions.c.record_id == sa.bindparam("record")),
        )
    )
    .where(tables.lists.c.list_key == sa.bindparam("place"))
)
# Nobody asks for the number that it gets.
_ENTRY: Final = sa.insert(tables.entries).inline()
_MORE: Final = (
    sa.update(tables.lists)
    .where(tables.lists.c.list_key == sa.bindparam("place"))
    .values(
        used_bytes=tables.lists.c.used_bytes + sa.bindparam("more"),
        records=tables.lists.c.records + 1,
    )
)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How many records a list may have, and how many of them one issuer may post; 0: any number.
    All issuers together may post half of what a list may have, so none of them, nor many that know
    of each other, can keep the person from posting."""

    list_records: int = 100_000
    issuer_records: int = 10_000


class Lists(Desk):
    """The lists of records."""

    def __init__(self, keys: CustodianKeys, store: Store, chain: Chain, bounds: Bounds):
        super().__init__(keys, store, chain)
        self.bounds = bounds

    def open(
        self, message: Message, persona_signature: bytes, list_signature: bytes
    ) -> dict[str, Any]:
        """Open a list for a persona, or say that it is open."""
        custodians = [address_bytes(item) for item in message["custodians"]]
        if address_bytes(message["registry"]) != address_bytes(self.chain.addresses.consents):
            self.refuse(
                f"The list is for registry {message['registry']}, and this custodian asks "
                f"{self.chain.addresses.consents}.",
                code="E_OTHER_REGISTRY",
                status=403,
            )
        if self._me not in custodians:
            self.refuse(
                f"{self.address} is not among the list's custodians.",
                code="E_OTHER_CUSTODIAN",
                status=403,
            )
        data_class = message["dataClass"]
        if len(set(custodians)) != len(custodians):
            self.refuse("The committee names a custodian twice.", code="E_COMMITTEE")
        if not 2 <= message["threshold"] <= len(custodians):
            self.refuse(
                f"{message['threshold']} of {len(custodians)} is not a threshold.",
                code="E_COMMITTEE",
            )
        if not data_class or data_class & (data_class - 1):
            self.refuse("A list is of exactly one class.", code="E_CLASS")
        for name in ("classPublicKey", "ownerPublicKey", "logKey"):
            self._public_key(message[name], name)
        found = digest("ListOpening", message, self.chain.domain)
        for who, signer, signature in (
            ("list key", message["listKey"], list_signature),
            ("persona", message["persona"], persona_signature),
        ):
            if recover(found, signature) == address(signer):
                continue
            # A persona may be a wallet; a list key comes from the seed.
            if who == "persona" and self.chain.is_signed(
                signer, found, signature, self.chain.heads().newest
            ):
                continue
            self.refuse(
                f"The opening is not signed by its {who}, {signer}, for this registry and chain "
                f"({self.chain.chain_id}).",
                code="E_SIGNATURE",
                status=403,
            )
        terms = keccak(
            json.dumps(
                to_json({name: value for name, value in message.items() if name != "persona"}),
                sort_keys=True,
            ).encode()
        )
        list_key, persona = address_bytes(message["listKey"]), address_bytes(message["persona"])
        document = json.dumps(
            {
                "message": to_json(message),
                "personaSignature": "0x" + persona_signature.hex(),
                "listSignature": "0x" + list_signature.hex(),
            }
        ).encode()
        lists, openings = tables.lists, tables.openings
        with self.store.write() as connection:
            known = connection.execute(
                sa.select(lists.c.terms).where(lists.c.list_key == list_key)
            ).scalar()
            if known is None:
                connection.execute(
                    sa.insert(lists).values(
                        list_key=list_key,
                        data_class=data_class,
                        epoch=message["epoch"],
                        terms=terms,
                        custodians=b"".join(custodians),
                        threshold=message["threshold"],
                        log_key=message["logKey"],
                        used_bytes=0,
                        records=0,
                    )
                )
            elif known != terms:
                self.refuse(
                    "This list key has opened a list of another class, epoch, keys or committee. "
                    "Begin a new epoch, with a list key of its own.",
                    code="E_LIST_CONFLICT",
                    status=409,
                )
            count = connection.execute(
                sa.select(sa.func.count()).where(openings.c.list_key == list_key)
            ).scalar_one()
            mine = (openings.c.list_key == list_key) & (openings.c.persona == persona)
            is_new = connection.execute(sa.select(openings.c.epoch).where(mine)).first() is None
            if is_new and count >= _MAX_OPENINGS:
                self.refuse(
                    f"A list is opened for {_MAX_OPENINGS} personas at most.",
                    code="E_LIST_FULL",
                    status=409,
                )
            if is_new:
                connection.execute(
                    sa.insert(openings).values(
                        list_key=list_key,
                        persona=persona,
                        data_class=data_class,
                        epoch=message["epoch"],
                        document=self.store.box.close(document, (b"opening", list_key, persona)),
                    )
                )
        return {"listKey": message["listKey"], "new": is_new}

    def post(self, message: Message, signature: bytes, data: bytes) -> dict[str, Any]:
        """Take a record into custody."""
        list_key = address_bytes(message["listKey"])
        found = digest("ListPost", message, self.chain.domain)
        entry = self._entry(data, message)
        if entry.issuer != message["issuer"]:
            self.refuse("The message names another issuer than the entry.", code="E_ENTRY_ISSUER")
        by_owner = recover(found, signature) == address(message["listKey"])
        if not by_owner:
            newest = self.chain.heads().newest
            if not self.chain.is_signed(message["issuer"], found, signature, newest):
                self.refuse(
                    "The post is signed neither by the list key nor by its issuer, for this "
                    f"registry and chain ({self.chain.chain_id}).",
                    code="E_SIGNATURE",
                    status=403,
                )
            if not self.chain.has_roles(message["issuer"], int(Role.ISSUER), newest):
                self.refuse(
                    f"{message['issuer']} is not accredited as an issuer now.",
                    code="E_NOT_ISSUER",
                    status=403,
                )
        capsule, context = entry.capsule, entry.capsule.context
        with self.store.read() as connection:
            owner = self._list(connection, list_key)
        if context.order is not None:
            self.refuse("An extract of an order is deposited, not posted.", code="E_ENTRY_ORDER")
        # Whoever was once permitted may have kept the entry. On a list of their own they would be
        # its subject, and permitted for ever.
        if context.list_key is None or address_bytes(context.list_key) != list_key:
            self.refuse(
                f"The capsule is of list {context.list_key}, and this is list "
                f"{address(list_key)}. A record stays on the list that it was sealed for.",
                code="E_ENTRY_LIST",
                status=403,
            )
        committee = b"".join(map(address_bytes, capsule.custodians))
        if (context.data_class, context.epoch) != (owner.data_class, owner.epoch):
            self.refuse(
                f"The record is of class {context.data_class} and epoch {context.epoch}; the list "
                f"takes class {owner.data_class} and epoch {owner.epoch}.",
                code="E_ENTRY_CLASS",
            )
        if (committee, capsule.threshold) != (owner.custodians, owner.threshold):
            self.refuse(
                "The capsule is locked for another committee than the list's.",
                code="E_ENTRY_COMMITTEE",
            )
        self._own_share(capsule)
        issuer = None if by_owner else entry.issuer
        return self._keep(list_key, entry, data, issuer=issuer)

    def _keep(
        self, list_key: bytes, entry: ListEntry, data: bytes, *, issuer: str | None
    ) -> dict[str, Any]:
        """`issuer`: who posts it by their own signature, and not by the list key's."""
        record_id, digest_ = entry.record_id, hashlib.sha256(data).digest()
        answer = {"recordId": "0x" + record_id.hex(), "new": False}
        with self.store.write() as connection:
            place = {"place": list_key, "record": record_id}
            known = connection.execute(_PLACE, place).one()
            if known.digest == digest_:
                return answer
            if known.digest is not None:
                self.refuse(
                    "This list has another entry of that record, which is not replaced.",
                    code="E_ENTRY_CONFLICT",
                    status=409,
                )
            if known.deleted_at is not None:
                self.refuse(
                    "This record was deleted from the list, and does not come back to it.",
                    code="E_DELETED",
                    status=410,
                )
            self._check_room(known.records, known.used_bytes + len(data))
            if issuer is not None:
                self._count(connection, list_key, issuer, len(data))
            sealed = self.store.box.close_row(data, (b"entry", list_key, record_id))
            connection.execute(
                _ENTRY,
                {
                    "list_key": list_key,
                    "record_id": record_id,
                    "digest": digest_,
                    "capsule": entry.capsule.digest,
                    "size": len(data),
                    "entry": sealed,
                },
            )
            connection.execute(_MORE, {"place": list_key, "more": len(data)})
        return answer | {"new": True}

    def _check_room(self, records: int, bytes_: int) -> None:
        """Whether the list may have one more, which makes it so many bytes."""
        most = self.bounds.list_records
        if most and records >= most:
            self.refuse(
                f"The list has {records} records, and this custodian keeps {most} in one. Begin a "
                "new epoch, or delete records that nobody needs.",
                code="E_LIST_FULL",
                status=409,
                records=records,
            )
        if bytes_ > _MAX_LIST_BYTES:
            self.refuse("The list is full. Begin a new epoch.", code="E_LIST_FULL", status=409)

    def _count(self, connection: Connection, list_key: bytes, issuer: str, size: int) -> None:
        """Count what an issuer posts, unless it is too much. What is deleted makes no new room:
        an issuer could fill it again for ever."""
        table, most = tables.posted, self.bounds.issuer_records
        self._check_half(connection, list_key, size)
        here = (table.c.list_key == list_key) & (table.c.issuer == address_bytes(issuer))
        row = connection.execute(sa.select(table.c.records, table.c.bytes).where(here)).first()
        records, bytes_ = (0, 0) if row is None else row
        if (most and records >= most) or bytes_ + size > _MAX_ISSUER_BYTES:
            self.refuse(
                f"{issuer} has posted {records} records to this list, and this custodian takes no "
                f"more than {most or 'any number of'} records or {_MAX_ISSUER_BYTES} bytes there "
                "from one issuer. The person may post more with the list key, or begin a new "
                "epoch.",
                code="E_ISSUER_FULL",
                status=409,
                records=records,
            )
        values = {"records": records + 1, "bytes": bytes_ + size}
        if row is None:
            place = {"list_key": list_key, "issuer": address_bytes(issuer)}
            connection.execute(sa.insert(table).values(place | values))
        else:
            connection.execute(sa.update(table).where(here).values(values))

    def _check_half(self, connection: Connection, list_key: bytes, size: int) -> None:
        """Whether issuers leave the person's half of the list to the person."""
        table, most = tables.posted, self.bounds.list_records // 2
        records, bytes_ = connection.execute(
            sa.select(
                sa.func.coalesce(sa.func.sum(table.c.records), 0),
                sa.func.coalesce(sa.func.sum(table.c.bytes), 0),
            ).where(table.c.list_key == list_key)
        ).one()
        if (self.bounds.list_records and records >= most) or bytes_ + size > _MAX_LIST_BYTES // 2:
            self.refuse(
                f"Issuers have posted {records} records to this list, and this custodian takes no "
                f"more than {most or 'any number of'} records or {_MAX_LIST_BYTES // 2} bytes "
                "there from all of them. The person may post more with the list key, or begin a "
                "new epoch.",
                code="E_ISSUER_FULL",
                status=409,
                records=int(records),
            )

    def leave_keys(self, message: Message, signature: bytes, sealed: bytes) -> dict[str, Any]:
        """Keep a class key that was sealed to a grantee."""
        self._signed_by_owner_or_guardian(message, signature)
        if len(sealed) > _SEALED_KEY_BYTES:
            self.refuse("A sealed class key is shorter than this.", code="E_TOO_LARGE", status=413)
        if hashlib.sha256(sealed).digest() != message["sealedKey"]:
            self.refuse("The message names another sealed key.", code="E_SEALED_KEY_DIGEST")
        list_key, persona = address_bytes(message["listKey"]), address_bytes(message["persona"])
        place = (list_key, persona, message["grantee"], message["receivingKey"])
        left_at, left_hash = self._newest()
        table, openings = tables.sealed_keys, tables.openings
        mine = (
            (table.c.list_key == list_key)
            & (table.c.persona == persona)
            & (table.c.grantee == message["grantee"])
        )
        with self.store.write() as connection:
            owner = self._list(connection, list_key)
            opened = connection.execute(
                sa.select(openings.c.epoch).where(
                    openings.c.list_key == list_key, openings.c.persona == persona
                )
            ).first()
            if opened is None:
                self.refuse(
                    "The list is not open for this persona.", code="E_LIST_UNKNOWN", status=404
                )
            if (owner.data_class, owner.epoch) != (message["dataClass"], message["epoch"]):
                self.refuse("The list is of another class or epoch.", code="E_CLASS")
            here = mine & (table.c.receiving_key == message["receivingKey"])
            earlier = connection.execute(sa.select(table.c.sealed).where(here)).scalar()
            if earlier is not None:
                self.store.forget(connection, earlier)
                connection.execute(sa.delete(table).where(here))
            count = connection.execute(
                sa.select(sa.func.count()).select_from(table).where(mine)
            ).scalar_one()
            if count >= _MAX_SEALED_KEYS:
                self.refuse(
                    "The grantee has changed keys too often in this epoch. Begin a new one.",
                    code="E_LIST_FULL",
                    status=409,
                )
            connection.execute(
                sa.insert(table).values(
                    list_key=list_key,
                    persona=persona,
                    grantee=message["grantee"],
                    receiving_key=message["receivingKey"],
                    data_class=message["dataClass"],
                    epoch=message["epoch"],
                    signature=signature,
                    left_at=left_at,
                    left_hash=left_hash,
                    sealed=self.store.box.close_row(sealed, (b"sealed-key", *place)),
                )
            )
        return {"kept": True}

    def _signed_by_owner_or_guardian(self, message: Message, signature: bytes) -> None:
        """The list key leaves keys for anybody. A guardian leaves them in the group that is the
        guardian's own, for classes that the person granted to it, while the chain says that the
        guardian may share: whom they are for is still asked of `decide` when they are fetched."""
        signer = recover(digest("SealedKeys", message, self.chain.domain), signature)
        if signer == address(message["listKey"]):
            return
        group = bytes(message["grantee"])
        if signer is None or group != self._group_of(signer):
            self.refuse(
                "The SealedKeys are signed neither by the list key nor by the guardian whose group "
                f"they are for, for this registry and chain ({self.chain.chain_id}).",
                code="E_SIGNATURE",
                status=403,
            )
        persona, heads = message["persona"], self.chain.heads()
        newest, confirmed = self.chain.is_guardian(persona, signer, _SHARE, heads)
        granted = self.chain.standings(persona, group, signer, heads)
        in_scope = [bool(one.classes & int(message["dataClass"])) for one in granted]
        if not (newest and confirmed and all(in_scope)):
            self.refuse(
                "The guardian may let nobody in on this class of this person now: the chain shows "
                "no such power, or the person did not grant the class to the guardian's group.",
                code="E_NOT_GUARDIAN",
                status=403,
                pending=newest and in_scope[0],
            )

    def _group_of(self, guardian: str) -> bytes:
        """The group of a guardian, or nothing where this custodian knows no guardians."""
        contract = self.chain.addresses.guardianship
        return address_bytes(guardian)[8:] + address_bytes(contract) if contract else b""

    def _newest(self) -> tuple[int, str | None]:
        """The newest block, or 0 while it can't be told: a key may be left all the same."""
        try:
            newest = self.chain.heads().newest
        except ChainUnsafeError:
            return 0, None
        return newest.number, newest.hash
