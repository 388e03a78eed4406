"""Parts of what a person leaves in deposit: kept by their word, given out when the chain says so.

The persona that guardians know signs what it leaves, and the highest version wins. What is kept is
one share, which says nothing by itself. It is given out only where the chain lets it be had, at the
newest and at the confirmed block alike, so that what ends it in the newest block stops it. Where
the person moves to other custodians, the part of before is overwritten by their word, and it is
signed that it was; none of before comes back.

`Recoveries` and `Wills` say who may leave one, and who may have it.
"""

from __future__ import annotations

import abc
import hashlib
from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa

from aceso.vault import Deposit, FalseShareError, FormatError, seal_release

from ._chain import Heads
from ._desk import Desk, Message, Nonce
from ._typed import address, address_bytes

__all__ = ["Deposits", "Kept"]


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept in one table, and how its messages and refusals are called. The row's `place` is
    bound to what is encrypted in it."""

    deposit: str
    request: str
    deletion: str
    receipt: str
    table: sa.Table
    place: bytes
    most_bytes: int
    rollback: str
    unknown: str


class Deposits(Desk, abc.ABC):
    """One part of each that somebody left here."""

    kept: ClassVar[Kept]

    @abc.abstractmethod
    def _check_left(self, persona: str, deposit: Deposit) -> None:
        """Refuse what may not be left for this persona."""

    @abc.abstractmethod
    def _check_asked(self, message: Message, heads: Heads) -> object:
        """Refuse who may not have it now. What it gives is handed to `_check_given`."""

    def _check_given(self, deposit: Deposit, asked: object) -> None:
        """Refuse to give out this very part."""

    def put(self, message: Message, signature: bytes, data: bytes) -> dict[str, Any]:
        """Keep a part, in place of that of an earlier version."""
        kept = self.kept
        self._signed_by(kept.deposit, message, signature, message["persona"])
        self._for_us(message)
        deposit = self._deposit(data, message)
        self._check_left(message["persona"], deposit)
        table, key = kept.table, address_bytes(message["persona"])
        with self.store.write() as connection:
            row = connection.execute(sa.select(table).where(table.c.persona == key)).first()
            if row is not None and int(row.version) > deposit.version:
                self.refuse(
                    f"Version {row.version} is kept here, and is newer than version "
                    f"{deposit.version}.",
                    code=kept.rollback,
                    status=409,
                    version=int(row.version),
                )
            if row is not None and row.deposit:
                self.store.forget(connection, row.deposit)
            connection.execute(sa.delete(table).where(table.c.persona == key))
            connection.execute(
                sa.insert(table).values(
                    persona=key,
                    version=str(deposit.version),
                    deposit=self.store.box.close_row(data, (kept.place, key)),
                )
            )
        return {"version": deposit.version}

    def release(self, message: Message, signature: bytes) -> bytes:
        """Our part, sealed to the requester's key, where the chain lets the requester have it."""
        kept = self.kept
        request = self._signed_by(kept.request, message, signature, message["requester"])
        self._for_us(message)
        heads = self.chain.heads()
        self._check_deadline(message["deadline"], heads)
        receiving_key = self._public_key(message["receivingKey"], "receivingKey")
        asked = self._check_asked(message, heads)
        table, key = kept.table, address_bytes(message["persona"])
        with self.store.write() as connection:
            self._take_nonce(
                connection, Nonce.of(message, address_bytes(message["requester"])), heads
            )
            row = connection.execute(sa.select(table).where(table.c.persona == key)).first()
        if row is None or not row.deposit:
            self.refuse("Nothing of this persona was left here.", code=kept.unknown, status=404)
        data = self.store.box.open(row.deposit, (kept.place, key))
        self._check_given(Deposit.from_bytes(data), asked)
        return seal_release(data, to=receiving_key, custodian=self.address, request=request)

    def delete(self, message: Message, signature: bytes) -> dict[str, Any]:
        """Delete our part of any version before the one that is named, and sign that none is here.

        The same message shown again deletes no later one."""
        kept = self.kept
        self._signed_by(kept.deletion, message, signature, message["persona"])
        self._for_us(message)
        now = self.chain.heads().newest.timestamp
        table, key, version = kept.table, address_bytes(message["persona"]), message["version"]
        with self.store.write() as connection:
            row = connection.execute(sa.select(table).where(table.c.persona == key)).first()
            if row is not None and int(row.version) < version:
                self.store.forget(connection, row.deposit)
                # The version stays: a deposit of before that somebody kept is not taken again.
                connection.execute(
                    sa.update(table)
                    .where(table.c.persona == key)
                    .values(version=str(version), deposit=b"")
                )
        receipt = {
            "custodian": self.address,
            "persona": message["persona"],
            "version": version,
            "deletedAt": now,
        }
        return self._deleted("part", kept.receipt, receipt)

    def _for_us(self, message: Message) -> None:
        if address(message["custodian"]) != address(self.address):
            self.refuse("The message is for another custodian.", code="E_OTHER_CUSTODIAN")

    def _deposit(self, data: bytes, message: Message) -> Deposit:
        """Read what is left, and see that it is ours and as it was signed."""
        if len(data) > self.kept.most_bytes:
            self.refuse("A deposit is not as long as that.", code="E_TOO_LARGE", status=413)
        if hashlib.sha256(data).digest() != message["deposit"]:
            self.refuse("The message names another deposit.", code="E_DEPOSIT_DIGEST")
        try:
            deposit = Deposit.from_bytes(data)
            deposit.check(self.address)
        except (FormatError, FalseShareError, ValueError):
            self.refuse(
                "This is no deposit of a version that we know, or not ours.",
                code="E_DEPOSIT_FORMAT",
            )
        said = (deposit.chain_id, deposit.persona, deposit.version)
        if said != (self.chain.chain_id, address(message["persona"]), message["version"]):
            self.refuse(
                "The deposit is of another chain, persona or version than the message.",
                code="E_DEPOSIT_OTHER",
            )
        return deposit
