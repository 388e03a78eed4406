"""What every counter of a custodian needs: its keys, its books, its chain, and how it says no.

`Desk` is the base of `Lists`, `Releases`, `Orders`, `Withdrawals`, `Heads`, `Deletions` and `Log`.
Whatever it is handed is checked here before anything is believed: whose signature it is, until when
it holds, that it was not made before, and whether an entry is the one that was signed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, NoReturn

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from aceso.errors import ServiceError
from aceso.vault import (
    Capsule,
    FalseShareError,
    FormatError,
    ListEntry,
    OpeningError,
    PublicKey,
    VerifiedShare,
    open_share,
)

from ._chain import Chain, Heads
from ._order_desks import OrderDesk, desk_at
from ._store import Store, tables
from ._turns import AloneError
from ._typed import Domain, address, address_bytes, digest, recover, sign
from ._wire import MAX_ENTRY_BYTES, to_json
from .errors import RequestRefusedError
from .keys import CustodianKeys

__all__ = ["Desk", "Message", "Nonce"]

_MAX_DEADLINE_SECONDS: Final = 3600
# What every request asks is put together once.
_USED: Final = sa.select(tables.nonces.c.signer, tables.nonces.c.nonce).where(
    tables.nonces.c.signer.in_(sa.bindparam("signers", expanding=True)),
    tables.nonces.c.nonce.in_(sa.bindparam("nonces", expanding=True)),
)
_USE_UP: Final = sa.insert(tables.nonces)
_LIST: Final = sa.select(tables.lists).where(tables.lists.c.list_key == sa.bindparam("list_key"))

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Nonce:
    """What makes a request good for one time: no other of this signer may have it."""

    signer: bytes
    nonce: bytes
    deadline: int

    @classmethod
    def of(cls, message: Message, signer: bytes) -> Nonce:
        """The one of a signed request."""
        return cls(signer, message["nonce"], int(message["deadline"]))


class Desk:
    """A custodian's keys, store and chain."""

    def __init__(self, keys: CustodianKeys, store: Store, chain: Chain):
        self.keys = keys
        self.store = store
        self.chain = chain
        self.address = keys.address
        self._me = address_bytes(keys.address)
        self._purged = 0

    def refuse(self, message: str, *, code: str, status: int = 400, **details: object) -> NoReturn:
        raise RequestRefusedError(
            message, code=code, status=status, custodian=self.address, **details
        )

    def _signed_by(self, name: str, message: Message, signature: bytes, signer: str) -> bytes:
        """The digest, where this plain account signed it: list keys and head keys are such."""
        found = digest(name, message, self.chain.domain)
        if recover(found, signature) != address(signer):
            self.refuse(
                f"The {name} is not signed by {address(signer)} for this registry and chain "
                f"({self.chain.chain_id}). Sign it anew.",
                code="E_SIGNATURE",
                status=403,
            )
        return found

    def _signed_for(
        self,
        name: str,
        message: Message,
        signature: bytes,
        signer: str,
        heads: Heads,
        *,
        is_alone: bool = True,
    ) -> bytes:
        """The digest, where this account signed it, which may be a wallet with code. Such a wallet
        takes its time to say so: it is asked where nobody else waits for that (`is_alone`)."""
        found = digest(name, message, self.chain.domain)
        if recover(found, signature) == address(signer):
            return found
        if not is_alone:
            raise AloneError
        if not self.chain.is_signed(signer, found, signature, heads.newest):
            self.refuse(
                f"The {name} is not signed by {signer} for this registry and chain "
                f"({self.chain.chain_id}). Sign it anew.",
                code="E_SIGNATURE",
                status=403,
            )
        return found

    def _check_custodian(self, message: Message) -> None:
        if address_bytes(message["custodian"]) != self._me:
            self.refuse(
                f"The request is for custodian {message['custodian']}, and this is {self.address}.",
                code="E_OTHER_CUSTODIAN",
                status=403,
            )

    def _said(self, kind: str, values: Mapping[str, Any], domain: Domain) -> dict[str, Any]:
        """Our signed word, as JSON takes it."""
        signature = sign(self.keys.account, kind, values, domain)
        return {"message": to_json(values), "signature": "0x" + signature.hex()}

    def _deleted(self, what: str, kind: str, receipt: Mapping[str, Any]) -> dict[str, Any]:
        """Our word that what was deleted is gone, once its bytes are not in the log either."""
        if not self.store.empty_log():
            raise ServiceError(
                f"The {what} is deleted, but its bytes are still in the database's log. Ask again.",
                code="E_DELETION_PENDING",
            )
        return self._said(kind, receipt, self.chain.domain)

    def _check_deadline(self, deadline: int, heads: Heads) -> None:
        now = heads.newest.timestamp
        if deadline < now:
            self.refuse(
                f"The request was good until {deadline}, and the chain's time is {now}. Ask anew.",
                code="E_DEADLINE",
                now=now,
            )
        if deadline > now + _MAX_DEADLINE_SECONDS:
            self.refuse(
                f"The deadline lies more than {_MAX_DEADLINE_SECONDS} seconds after the chain's "
                f"time, {now}. Ask anew, with a nearer one.",
                code="E_DEADLINE_FAR",
                now=now,
            )

    def _take_nonce(self, connection: Connection, nonce: Nonce, heads: Heads) -> None:
        if self._used(connection, [nonce]):
            self._refuse_replayed()
        self._use_up(connection, [nonce], heads)

    def _used(self, connection: Connection, nonces: Sequence[Nonce]) -> set[tuple[bytes, bytes]]:
        """Signers and nonces that were used before, among them all of these that were."""
        named = {"signers": [one.signer for one in nonces], "nonces": [one.nonce for one in nonces]}
        rows = connection.execute(_USED, named) if nonces else ()
        return {(row.signer, row.nonce) for row in rows}

    def _use_up(self, connection: Connection, nonces: Sequence[Nonce], heads: Heads) -> None:
        """Note that these are used, until their deadline: by then they are refused for that."""
        table, now = tables.nonces, heads.newest.timestamp
        if now > self._purged + 60:
            connection.execute(sa.delete(table).where(table.c.deadline < now))
            self._purged = now
        if nonces:
            connection.execute(_USE_UP, [asdict(one) for one in nonces])

    def _refuse_replayed(self) -> NoReturn:
        self.refuse(
            "This request was made before. Sign a new one, with a nonce of its own.",
            code="E_REPLAYED",
            status=409,
        )

    def _public_key(self, data: bytes, name: str) -> PublicKey:
        try:
            return PublicKey(data)
        except FormatError:
            self.refuse(f"{name} is not a public key of a suite that we know.", code="E_PUBLIC_KEY")

    def _list(self, connection: Connection, list_key: bytes) -> Any:
        found = connection.execute(_LIST, {"list_key": list_key}).first()
        if found is None:
            self.refuse(
                f"The list {address(list_key)} is not open here. Open it first.",
                code="E_LIST_UNKNOWN",
                status=404,
            )
        return found

    def _entry(self, data: bytes, message: Message) -> ListEntry:
        """Read an entry and compare it with the message that names it."""
        if len(data) > MAX_ENTRY_BYTES:
            self.refuse(
                f"An entry has {MAX_ENTRY_BYTES} bytes at most.", code="E_TOO_LARGE", status=413
            )
        if hashlib.sha256(data).digest() != message["entry"]:
            self.refuse("The message names another entry.", code="E_ENTRY_DIGEST")
        try:
            entry = ListEntry.from_bytes(data)
        except (FormatError, ValueError):
            self.refuse("This is not an entry of a version that we know.", code="E_ENTRY_FORMAT")
        context = entry.capsule.context
        if context.record_id != message["recordId"]:
            self.refuse("The message names another record.", code="E_ENTRY_RECORD")
        if context.chain_id != self.chain.chain_id:
            self.refuse(
                f"The capsule is of chain {context.chain_id}, and this is chain "
                f"{self.chain.chain_id}.",
                code="E_ENTRY_CHAIN",
            )
        return entry

    def _own_share(self, capsule: Capsule) -> VerifiedShare:
        """Our share, checked against its commitment. It may be sealed to a key of before."""
        for key in (self.keys.private, *self.keys.retired):
            try:
                return open_share(capsule, self.address, key)
            except FalseShareError:
                self.refuse(
                    "Our share of this capsule is not the one that the capsule commits to. Seal "
                    "the record anew.",
                    code="E_SHARE_FALSE",
                )
            except OpeningError:
                continue
        self.refuse(
            "Our share of this capsule does not open with our key. Seal the record anew, to the "
            "key that we published.",
            code="E_SHARE_UNOPENED",
        )

    def _no_record(self) -> NoReturn:
        self.refuse(
            "This custodian has no such record of that class and persona.",
            code="E_RECORD_UNKNOWN",
            status=404,
        )

    def _desk_of(self, grantee: bytes) -> tuple[OrderDesk, int] | None:
        """The desk and the group of it that this grantee stands for, if it is one that we serve."""
        number = int.from_bytes(grantee[:12], "big")
        desk = desk_at(self.chain, address(grantee[12:])) if number else None
        return (desk, number) if desk else None
