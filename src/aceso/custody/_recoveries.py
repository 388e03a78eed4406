"""Parts of sealed seeds: left by the person, given out when the chain says that the delay is over.

The persona whose guardians may recover signs what it leaves, and the highest version wins. What is
kept opens nothing by itself: it is one share of something that is sealed to a key of the guardians.
It is given to the requester whom the chain names, at the newest and at the confirmed block alike,
so a veto in the newest block stops it. Where the person moves to other custodians, the part of
before is overwritten by their word, and it is signed that it was; none of before comes back.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

import sqlalchemy as sa

from aceso.vault import Deposit, FalseShareError, FormatError, seal_release

from ._desk import Desk, Message
from ._store import tables
from ._typed import address, address_bytes

__all__ = ["Recoveries"]

_MAX_DEPOSIT_BYTES: Final = 4096
_PLACE: Final = b"recovery"


class Recoveries(Desk):
    """One part of each seed that somebody left here."""

    def put(self, message: Message, signature: bytes, data: bytes) -> dict[str, Any]:
        """Keep a part of a sealed seed, in place of that of an earlier version."""
        self._signed_by("RecoveryDeposit", message, signature, message["persona"])
        self._for_us(message)
        deposit = self._deposit(data, message)
        # Whoever leaves something here has named guardians, so what strangers can heap up costs
        # them gas.
        if not self.chain.recovery_threshold(message["persona"], self.chain.heads().newest):
            self.refuse(
                "This persona has named no guardians who recover its seed. Name them first.",
                code="E_RECOVERY_UNPREPARED",
                status=403,
            )
        table, key = tables.recoveries, address_bytes(message["persona"])
        with self.store.write() as connection:
            row = connection.execute(sa.select(table).where(table.c.persona == key)).first()
            if row is not None and int(row.version) > deposit.version:
                self.refuse(
                    f"Version {row.version} is kept here, and is newer than version "
                    f"{deposit.version}.",
                    code="E_RECOVERY_ROLLBACK",
                    status=409,
                    version=int(row.version),
                )
            if row is not None and row.deposit:
                self.store.box.forget(row.deposit)
            connection.execute(sa.delete(table).where(table.c.persona == key))
            connection.execute(
                sa.insert(table).values(
                    persona=key,
                    version=str(deposit.version),
                    deposit=self.store.box.close_row(data, (_PLACE, key)),
                )
            )
        return {"version": deposit.version}

    def release(self, message: Message, signature: bytes) -> bytes:
        """Our part, sealed to the requester's key, where the chain lets the requester have it."""
        request = self._signed_by("RecoveryRequest", message, signature, message["requester"])
        self._for_us(message)
        heads = self.chain.heads()
        self._check_deadline(message["deadline"], heads)
        receiving_key = self._public_key(message["receivingKey"], "receivingKey")
        newest, confirmed = self.chain.may_recover(message["persona"], message["requester"], heads)
        if not (newest and confirmed):
            self.refuse(
                "The chain lets this requester recover nothing of this persona now: the delay is "
                "not over, the person said no, or guardians did not start it."
                + (" It is ready, but not confirmed yet: ask again soon." if newest else ""),
                code="E_RECOVERY_NOT_READY",
                status=403,
                pending=newest,
            )
        table, key = tables.recoveries, address_bytes(message["persona"])
        with self.store.write() as connection:
            self._take_nonce(
                connection,
                address_bytes(message["requester"]),
                message["nonce"],
                message["deadline"],
                heads.newest.timestamp,
            )
            row = connection.execute(sa.select(table).where(table.c.persona == key)).first()
        if row is None or not row.deposit:
            self.refuse(
                "Nothing of this persona was left here.", code="E_RECOVERY_UNKNOWN", status=404
            )
        deposit = self.store.box.open(row.deposit, (_PLACE, key))
        return seal_release(deposit, to=receiving_key, custodian=self.address, request=request)

    def delete(self, message: Message, signature: bytes) -> dict[str, Any]:
        """Delete our part of any version before the one that is named, and sign that none is here.

        The same message shown again deletes no later one."""
        self._signed_by("RecoveryDeletion", message, signature, message["persona"])
        self._for_us(message)
        now = self.chain.heads().newest.timestamp
        table, key, version = (
            tables.recoveries,
            address_bytes(message["persona"]),
            message["version"],
        )
        with self.store.write() as connection:
            row = connection.execute(sa.select(table).where(table.c.persona == key)).first()
            if row is not None and int(row.version) < version:
                self.store.box.forget(row.deposit)
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
        return self._deleted("part", "RecoveryDeletionReceipt", receipt)

    def _for_us(self, message: Message) -> None:
        if address(message["custodian"]) != address(self.address):
            self.refuse("The message is for another custodian.", code="E_OTHER_CUSTODIAN")

    def _deposit(self, data: bytes, message: Message) -> Deposit:
        """Read what is left, and see that it is ours and as it was signed."""
        if len(data) > _MAX_DEPOSIT_BYTES:
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
