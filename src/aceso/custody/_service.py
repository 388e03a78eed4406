"""What a custodian does with each message, without HTTP.

Listing and release are doors: each asks `decide` at the newest and at the confirmed block, then
takes the nonce and writes the receipt in one transaction, and only then answers. A withdrawal that
was shown here is looked for in that same transaction, so that of a withdrawal and a release that
cross, either the release was first, and its receipt says so, or it is refused.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from eth_abi.abi import encode as abi_encode
from sqlalchemy.engine import Connection

from aceso.codes import Reason, Role
from aceso.errors import ServiceError
from aceso.storage import content_digest
from aceso.vault import (
    Capsule,
    FalseShareError,
    FormatError,
    ListEntry,
    OpeningError,
    PublicKey,
    VerifiedShare,
    open_share,
    seal,
    seal_share,
)

from ._chain import Chain, Heads, Order, Question, Standing
from ._store import Store, chained, tables
from ._typed import address, address_bytes, digest, keccak, recover, sign
from ._wire import MAX_ENTRY_BYTES, to_json
from .errors import DeniedError, RequestRefusedError
from .keys import CustodianKeys

__all__ = ["LOG_LABEL", "Service"]

LOG_LABEL: Final = b"aceso/v1/log-receipt\0"
_MAX_DEADLINE_SECONDS: Final = 3600
_MAX_LIST_BYTES: Final = 4 << 30
_MAX_OPENINGS: Final = 1024
_MAX_SEALED_KEYS: Final = 64
_PAGE_BYTES: Final = 4 << 20
_LOG_PAGE: Final = 500
_SEALED_KEY_BYTES: Final = 4096
_WITHDRAWALS_AHEAD: Final = 16
# The count that each names.
_COUNTERS: Final = {"Withdrawal": "withdrawals", "WithdrawalOfAll": "epoch", "Bar": "bars"}
_OPEN, _DELIVERED = 1, 2

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A signed request that has passed all checks of its form."""

    question: Question
    digest: bytes
    nonce: bytes
    deadline: int
    heads: Heads


class Service:
    """One custodian."""

    def __init__(self, keys: CustodianKeys, store: Store, chain: Chain):
        self.keys = keys
        self.store = store
        self.chain = chain
        self.address = keys.address
        self._me = address_bytes(keys.address)
        self._purged = 0
        self._withdrawn_lock = threading.Lock()
        with store.read() as connection:
            subjects = connection.execute(sa.select(tables.withdrawals.c.subject).distinct())
            # Whose withdrawals to look for: most people have none.
            self._withdrawn = {bytes(row.subject) for row in subjects}

    # --- Shared ---------------------------------------------------------------------------------

    def refuse(self, message: str, *, code: str, status: int = 400, **details: object) -> Any:
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

    def _asked(self, name: str, message: Message, signature: bytes, disease: int = 0) -> _Asked:
        """Check a request as far as it can be checked without a decision."""
        if address_bytes(message["custodian"]) != self._me:
            self.refuse(
                f"The request is for custodian {message['custodian']}, and this is {self.address}.",
                code="E_OTHER_CUSTODIAN",
                status=403,
            )
        found = digest(name, message, self.chain.domain)
        heads = self.chain.heads()
        if not self.chain.is_signed(message["actor"], found, signature, heads.newest):
            self.refuse(
                f"The {name} is not signed by {message['actor']} for this registry and chain "
                f"({self.chain.chain_id}). Sign it anew.",
                code="E_SIGNATURE",
                status=403,
            )
        self._check_deadline(int(message["deadline"]), heads)
        question = Question(
            subject=message["subject"],
            actor=message["actor"],
            grantee=message["grantee"],
            use=message["use"],
            classes=message["dataClass"],
            disease=disease,
        )
        return _Asked(question, found, message["nonce"], int(message["deadline"]), heads)

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

    def _take_nonce(
        self, connection: Connection, signer: bytes, nonce: bytes, deadline: int, now: int
    ) -> None:
        table = tables.nonces
        if now > self._purged + 60:
            connection.execute(sa.delete(table).where(table.c.deadline < now))
            self._purged = now
        taken = connection.execute(
            sa.select(table.c.deadline).where(table.c.signer == signer, table.c.nonce == nonce)
        ).first()
        if taken is not None:
            self.refuse(
                "This request was made before. Sign a new one, with a nonce of its own.",
                code="E_REPLAYED",
                status=409,
            )
        connection.execute(sa.insert(table).values(signer=signer, nonce=nonce, deadline=deadline))

    def _use(self, connection: Connection, asked: _Asked) -> None:
        self._take_nonce(
            connection,
            address_bytes(asked.question.actor),
            asked.nonce,
            asked.deadline,
            asked.heads.newest.timestamp,
        )

    def _reason(self, asked: _Asked) -> Reason:
        """Ask `decide`. A no at either block refuses, and uses the nonce up."""
        newest, confirmed = self.chain.decide(asked.question, asked.heads)
        if newest.permits and confirmed.permits:
            return newest
        with self.store.write() as connection:
            self._use(connection, asked)
        if not newest.permits:
            raise DeniedError(newest, self.address)
        raise DeniedError(confirmed, self.address, is_pending=True)

    @contextmanager
    def _door(self, asked: _Asked) -> Iterator[Connection]:
        """The transaction in which a permitted request is used up and written down."""
        denied: DeniedError | None = None
        with self.store.write() as connection:
            self._use(connection, asked)
            if self._is_withdrawn(connection, asked):
                # Leaves the transaction whole, so that the nonce stays used.
                denied = DeniedError(Reason.WITHDRAWN, self.address)
            else:
                yield connection
        if denied is not None:
            raise denied

    def _is_withdrawn(self, connection: Connection, asked: _Asked) -> bool:
        """Whether a withdrawal was shown to us that the chain doesn't show yet."""
        question = asked.question
        subject = address_bytes(question.subject)
        if question.actor == question.subject or subject not in self._withdrawn:
            return False
        newest, confirmed = self.chain.standings(
            question.subject, question.grantee, question.actor, asked.heads
        )
        table = tables.withdrawals
        rows = connection.execute(sa.select(table).where(table.c.subject == subject))
        for row in rows:
            if row.kind == "Withdrawal" and row.target != question.grantee:
                continue
            if row.kind == "Bar" and row.target != address_bytes(question.actor):
                continue
            for standing in (newest, confirmed):
                if _ahead(row.kind, row.counter, _counter(row.kind, standing)) >= 0:
                    return True
        return False

    def _receipt(self, asked: _Asked, act: str, reason: Reason, **more: Any) -> bytes:
        question = asked.question
        return json.dumps(
            {
                "act": act,
                "custodian": self.address,
                "subject": question.subject,
                "actor": question.actor,
                "grantee": "0x" + question.grantee.hex(),
                "use": question.use,
                "classes": question.classes,
                "reason": int(reason),
                "request": "0x" + asked.digest.hex(),
                "block": asked.heads.newest.number,
                "blockHash": asked.heads.newest.hash,
                "time": asked.heads.newest.timestamp,
                **more,
            },
            separators=(",", ":"),
        ).encode()

    # --- Lists ----------------------------------------------------------------------------------

    def open_list(
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
                        document=json.dumps(
                            {
                                "message": to_json(message),
                                "personaSignature": "0x" + persona_signature.hex(),
                                "listSignature": "0x" + list_signature.hex(),
                            }
                        ),
                    )
                )
        return {"listKey": message["listKey"], "new": is_new}

    def _public_key(self, data: bytes, name: str) -> PublicKey:
        try:
            return PublicKey(data)
        except FormatError:
            return self.refuse(  # type: ignore[no-any-return]
                f"{name} is not a public key of a suite that we know.", code="E_PUBLIC_KEY"
            )

    def _list(self, connection: Connection, list_key: bytes) -> Any:
        found = connection.execute(
            sa.select(tables.lists).where(tables.lists.c.list_key == list_key)
        ).first()
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
            return self.refuse(  # type: ignore[no-any-return]
                "This is not an entry of a version that we know.", code="E_ENTRY_FORMAT"
            )
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
        """Our share, checked against its commitment."""
        try:
            return open_share(capsule, self.address, self.keys.private)
        except FalseShareError:
            return self.refuse(  # type: ignore[no-any-return]
                "Our share of this capsule is not the one that the capsule commits to. Seal the "
                "record anew.",
                code="E_SHARE_FALSE",
            )
        except OpeningError:
            return self.refuse(  # type: ignore[no-any-return]
                "Our share of this capsule does not open with our key. Seal the record anew, to "
                "the key that we published.",
                code="E_SHARE_UNOPENED",
            )

    def post(self, message: Message, signature: bytes, data: bytes) -> dict[str, Any]:
        """Take a record into custody."""
        list_key = address_bytes(message["listKey"])
        found = digest("ListPost", message, self.chain.domain)
        entry = self._entry(data, message)
        if entry.issuer != message["issuer"]:
            self.refuse("The message names another issuer than the entry.", code="E_ENTRY_ISSUER")
        if recover(found, signature) != message["listKey"]:
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
        return self._keep(list_key, entry, data)

    def _keep(self, list_key: bytes, entry: ListEntry, data: bytes) -> dict[str, Any]:
        record_id = entry.record_id
        answer = {"recordId": "0x" + record_id.hex(), "new": False}
        lists, entries, deletions = tables.lists, tables.entries, tables.deletions
        with self.store.write() as connection:
            known = connection.execute(
                sa.select(entries.c.digest).where(
                    entries.c.list_key == list_key, entries.c.record_id == record_id
                )
            ).scalar()
            digest_ = hashlib.sha256(data).digest()
            if known == digest_:
                return answer
            if known is not None:
                self.refuse(
                    "This list has another entry of that record, which is not replaced.",
                    code="E_ENTRY_CONFLICT",
                    status=409,
                )
            gone = connection.execute(
                sa.select(deletions.c.deleted_at).where(
                    deletions.c.list_key == list_key, deletions.c.record_id == record_id
                )
            ).first()
            if gone is not None:
                self.refuse(
                    "This record was deleted from the list, and does not come back to it.",
                    code="E_DELETED",
                    status=410,
                )
            used = connection.execute(
                sa.select(lists.c.used_bytes).where(lists.c.list_key == list_key)
            ).scalar_one()
            if used + len(data) > _MAX_LIST_BYTES:
                self.refuse("The list is full. Begin a new epoch.", code="E_LIST_FULL", status=409)
            connection.execute(
                sa.insert(entries).values(
                    list_key=list_key,
                    record_id=record_id,
                    digest=digest_,
                    capsule=entry.capsule.digest,
                    size=len(data),
                    entry=self.store.box.close(data, (b"entry", list_key, record_id)),
                )
            )
            connection.execute(
                sa.update(lists)
                .where(lists.c.list_key == list_key)
                .values(used_bytes=used + len(data))
            )
        return answer | {"new": True}

    def leave_keys(self, message: Message, signature: bytes, sealed: bytes) -> dict[str, Any]:
        """Keep a class key that was sealed to a grantee."""
        self._signed_by("SealedKeys", message, signature, message["listKey"])
        if len(sealed) > _SEALED_KEY_BYTES:
            self.refuse("A sealed class key is shorter than this.", code="E_TOO_LARGE", status=413)
        if hashlib.sha256(sealed).digest() != message["sealedKey"]:
            self.refuse("The message names another sealed key.", code="E_SEALED_KEY_DIGEST")
        list_key, persona = address_bytes(message["listKey"]), address_bytes(message["persona"])
        place = (list_key, persona, message["grantee"], message["receivingKey"])
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
                    sealed=self.store.box.close(sealed, (b"sealed-key", *place)),
                )
            )
        return {"kept": True}

    # --- The doors ------------------------------------------------------------------------------

    def listing(self, message: Message, signature: bytes, after: int) -> dict[str, Any]:
        """List the records of one class, all epochs, with the class keys left for the grantee."""
        asked = self._asked("ListRequest", message, signature)
        question = asked.question
        self._refuse_market(question.grantee)
        reason = self._reason(asked)
        persona = address_bytes(question.subject)
        openings, entries, lists = tables.openings, tables.entries, tables.lists
        with self._door(asked) as connection:
            opened = connection.execute(
                sa.select(openings.c.list_key, openings.c.document, lists.c.log_key)
                .join(lists, lists.c.list_key == openings.c.list_key)
                .where(openings.c.persona == persona, openings.c.data_class == question.classes)
                .order_by(openings.c.epoch)
            ).all()
            keys = [row.list_key for row in opened]
            total, more = 0, False
            rows: list[int] = []
            numbered = connection.execute(
                sa.select(entries.c.number, entries.c.size)
                .where(entries.c.list_key.in_(keys), entries.c.number > after)
                .order_by(entries.c.number)
            )
            for number, size in numbered:
                if rows and total + size > _PAGE_BYTES:
                    more = True
                    break
                rows.append(number)
                total += size
            numbered.close()
            found: Sequence[Any] = []
            if rows:
                found = connection.execute(
                    sa.select(entries)
                    .where(
                        entries.c.list_key.in_(keys),
                        entries.c.number > after,
                        entries.c.number <= rows[-1],
                    )
                    .order_by(entries.c.number)
                ).all()
            sealed_keys = self._sealed_keys(connection, persona, question) if not after else []
            receipt = self._receipt(asked, "list", reason, entries=len(found), after=after)
            for one in opened:
                self._log(connection, one.list_key, one.log_key, receipt)
        box = self.store.box
        return {
            "entries": [
                box.open(row.entry, (b"entry", row.list_key, row.record_id)) for row in found
            ],
            "sealed_keys": sealed_keys,
            "openings": [row.document for row in opened] if not after else [],
            "next": rows[-1] if more else None,
        }

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

    def _log(self, connection: Connection, book: bytes, log_key: bytes, receipt: bytes) -> None:
        sealed = seal(PublicKey(log_key), receipt, info=LOG_LABEL + book)
        self.store.append(connection, book, sealed)

    def release(self, message: Message, signature: bytes, capsule: bytes | None) -> bytes:
        """Release our share of one record's key, sealed to the grantee."""
        if self._offer_of(message["grantee"]) is not None:
            return self._release_extract(message, signature)
        asked = self._asked("ReleaseRequest", message, signature)
        receiving_key = self._public_key(message["receivingKey"], "receivingKey")
        reason = self._reason(asked)
        self._check_receiving_key(asked, receiving_key)
        row = self._record(asked.question, message["recordId"], capsule)
        data = self.store.box.open(row.entry, (b"entry", row.list_key, row.record_id))
        entry = ListEntry.from_bytes(data)
        share = self._own_share(entry.capsule)
        answer = seal_share(entry.capsule, share, receiving_key, request=asked.digest)
        receipt = self._receipt(
            asked,
            "release",
            reason,
            recordId="0x" + message["recordId"].hex(),
            receivingKey="0x" + receiving_key.digest.hex(),
        )
        with self._door(asked) as connection:
            still = connection.execute(
                sa.select(tables.entries.c.number).where(tables.entries.c.number == row.number)
            ).first()
            if still is None:
                self._no_record()
            self._log(connection, row.list_key, row.log_key, receipt)
        return answer

    def _record(self, question: Question, record_id: bytes, capsule: bytes | None) -> Any:
        entries, openings, lists = tables.entries, tables.openings, tables.lists
        wanted = (
            (openings.c.persona == address_bytes(question.subject))
            & (openings.c.data_class == question.classes)
            & (entries.c.record_id == record_id)
        )
        if capsule is not None:
            wanted &= entries.c.capsule == capsule
        with self.store.read() as connection:
            row = connection.execute(
                sa.select(entries, lists.c.log_key)
                .join(openings, openings.c.list_key == entries.c.list_key)
                .join(lists, lists.c.list_key == entries.c.list_key)
                .where(wanted)
                .order_by(openings.c.epoch.desc())
                .limit(1)
            ).first()
        if row is None:
            self._no_record()
        return row

    def _no_record(self) -> Any:
        return self.refuse(
            "This custodian has no such record of that class and persona.",
            code="E_RECORD_UNKNOWN",
            status=404,
        )

    def _check_receiving_key(self, asked: _Asked, key: PublicKey) -> None:
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

    def _offer_of(self, grantee: bytes) -> int | None:
        """The offer that this grantee stands for, if it is one of the market."""
        number = int.from_bytes(grantee[:12], "big")
        is_market = grantee[12:] == address_bytes(self.chain.addresses.market)
        return number if number and is_market else None

    def _refuse_market(self, grantee: bytes) -> None:
        if self._offer_of(grantee) is not None:
            self.refuse(
                "Who bought an offer is given its extract, not the records. Ask for the order's "
                "entry.",
                code="E_ORDER_ONLY",
                status=403,
            )

    # --- Orders ---------------------------------------------------------------------------------

    def deposit_extract(
        self, order: int, message: Message, signature: bytes, data: bytes
    ) -> dict[str, Any]:
        """Take an extract into custody, and attest that it is held ready for its buyer."""
        if message["order"] != order:
            self.refuse("The message names another order than the path.", code="E_ORDER_PATH")
        found = digest("ExtractDeposit", message, self.chain.domain)
        entry = self._entry(data, message)
        capsule, context = entry.capsule, entry.capsule.context
        if context.order != order:
            self.refuse("The capsule is another order's.", code="E_ENTRY_ORDER")
        if capsule.digest != message["capsule"]:
            self.refuse("The message names another capsule.", code="E_ENTRY_CAPSULE")
        heads = self.chain.heads()
        if not self.chain.is_signed(message["subject"], found, signature, heads.newest):
            self.refuse(
                f"The deposit is not signed by {message['subject']} for this registry and chain "
                f"({self.chain.chain_id}).",
                code="E_SIGNATURE",
                status=403,
            )
        known = self._deposited(order)
        if (
            known is not None
            and known.digest == message["entry"]
            and (known.leaf == message["extract"])
        ):
            return self._attestation(known.receiving_key, message)
        sold = self._open_order(order, heads)
        offer = self.chain.offer(sold.offer, heads.confirmed)
        if offer.subject != message["subject"]:
            self.refuse(
                f"The order's offer is not {message['subject']}'s.",
                code="E_NOT_SUBJECT",
                status=403,
            )
        if context.data_class & ~offer.classes:
            self.refuse("The extract holds classes that were not offered.", code="E_ENTRY_CLASS")
        committee = abi_encode(
            ["(address[],uint8)"], [(list(capsule.custodians), capsule.threshold)]
        )
        if keccak(committee) != self.chain.committee_digest(offer.committee, heads.newest):
            self.refuse(
                f"The capsule is locked for others than the offer's committee {offer.committee}.",
                code="E_ENTRY_COMMITTEE",
            )
        if self.address not in capsule.custodians:
            self.refuse("We are not of the committee.", code="E_OTHER_CUSTODIAN", status=403)
        self._own_share(capsule)
        grantee = sold.offer.to_bytes(12, "big") + address_bytes(self.chain.addresses.market)
        question = Question(
            subject=offer.subject,
            actor=sold.buyer,
            grantee=grantee,
            use=offer.use,
            classes=context.data_class,
            disease=offer.disease,
        )
        newest, confirmed = self.chain.decide(question, heads)
        for reason, pending in ((newest, False), (confirmed, True)):
            if not reason.permits:
                raise DeniedError(reason, self.address, is_pending=pending)
        receiving_key = self.chain.receiving_key_of(order, heads)
        if receiving_key is None:
            self.refuse(
                "The node does not show how the order was bought. Try again, or use another node.",
                code="E_ORDER_EVENT",
                status=503,
            )
            raise AssertionError
        table = tables.extracts
        number = order.to_bytes(32, "big")
        with self.store.write() as connection:
            asked = _Asked(question, found, b"", 0, heads)
            if self._is_withdrawn(connection, asked):
                raise DeniedError(Reason.WITHDRAWN, self.address)
            there = connection.execute(
                sa.select(table.c.digest).where(table.c.order == number)
            ).scalar()
            if there is not None:
                self.refuse(
                    "The order has another extract, which is not replaced.",
                    code="E_ENTRY_CONFLICT",
                    status=409,
                )
            connection.execute(
                sa.insert(table).values(
                    order=number,
                    record_id=context.record_id,
                    subject=address_bytes(offer.subject),
                    buyer=address_bytes(sold.buyer),
                    offer=sold.offer,
                    use=offer.use,
                    data_class=context.data_class,
                    disease=offer.disease,
                    receiving_key=receiving_key,
                    leaf=message["extract"],
                    digest=message["entry"],
                    capsule=capsule.digest,
                    entry=self.store.box.close(data, (b"extract", number)),
                )
            )
        return self._attestation(receiving_key, message)

    def _attestation(self, receiving_key: bytes, message: Message) -> dict[str, Any]:
        delivery = {
            "order": message["order"],
            "extract": message["extract"],
            "receivingKey": receiving_key,
            "capsule": message["capsule"],
        }
        signature = sign(self.keys.account, "Delivery", delivery, self.chain.market_domain)
        return {"message": to_json(delivery), "signature": "0x" + signature.hex()}

    def _deposited(self, order: int) -> Any:
        table = tables.extracts
        with self.store.read() as connection:
            return connection.execute(
                sa.select(table).where(table.c.order == order.to_bytes(32, "big"))
            ).first()

    def _open_order(self, order: int, heads: Heads) -> Order:
        """The order, where both blocks show it open and in time."""
        for block in (heads.newest, heads.confirmed):
            found = self.chain.order(order, block)
            if found.state != _OPEN or heads.newest.timestamp >= found.deadline:
                self.refuse(
                    "The order is not open, or not confirmed yet, or past its deadline.",
                    code="E_ORDER_STATE",
                    status=409,
                    state=found.state,
                )
        return found

    def _bought(self, name: str, message: Message, signature: bytes) -> tuple[_Asked, Any]:
        """A buyer's request for the extract of their order, checked."""
        offer = self._offer_of(message["grantee"])
        if offer is None:
            self.refuse("The grantee is not an offer of the market.", code="E_ORDER_GRANTEE")
            raise AssertionError
        asked = self._asked(name, message, signature)
        order = self.chain.order_of(offer, message["actor"], asked.heads.newest)
        row = None if order is None else self._deposited(order)
        if order is None or row is None or row.subject != address_bytes(message["subject"]):
            self.refuse(
                "This custodian has no extract for that buyer, offer and subject.",
                code="E_RECORD_UNKNOWN",
                status=404,
            )
            raise AssertionError
        if row.data_class != message["dataClass"]:
            self.refuse(
                f"The extract is of classes {row.data_class}, not {message['dataClass']}.",
                code="E_CLASS",
            )
        if self.chain.order(order, asked.heads.newest).state != _DELIVERED:
            self.refuse("The order is not delivered, or settled.", code="E_ORDER_STATE", status=409)
        question = Question(
            subject=message["subject"],
            actor=message["actor"],
            grantee=message["grantee"],
            use=message["use"],
            classes=row.data_class,
            disease=row.disease,
        )
        return _Asked(question, asked.digest, asked.nonce, asked.deadline, asked.heads), row

    def _order_receipt(self, connection: Connection, row: Any, receipt: bytes) -> None:
        # No list, so no list's log key: it lies under our own key.
        sealed = self.store.box.close(receipt, (b"order-log", row.order))
        self.store.append(connection, row.order, sealed)

    def _release_extract(self, message: Message, signature: bytes) -> bytes:
        asked, row = self._bought("ReleaseRequest", message, signature)
        if row.record_id != message["recordId"]:
            self._no_record()
        receiving_key = self._public_key(message["receivingKey"], "receivingKey")
        reason = self._reason(asked)
        # The purchase names the key by its digest on IPFS, where the seller found it.
        if content_digest(receiving_key.to_bytes()) != row.receiving_key:
            self.refuse(
                "The receiving key is not the one that the order was bought with.",
                code="E_RECEIVING_KEY",
                status=403,
            )
        entry = ListEntry.from_bytes(self.store.box.open(row.entry, (b"extract", row.order)))
        share = self._own_share(entry.capsule)
        answer = seal_share(entry.capsule, share, receiving_key, request=asked.digest)
        with self._door(asked) as connection:
            receipt = self._receipt(asked, "release", reason, recordId="0x" + row.record_id.hex())
            self._order_receipt(connection, row, receipt)
        return answer

    def order_entry(self, order: int, message: Message, signature: bytes) -> bytes:
        """The entry of an order's extract, for its buyer."""
        asked, row = self._bought("ListRequest", message, signature)
        if int.from_bytes(row.order, "big") != order:
            self.refuse("The buyer's order is another than the path's.", code="E_ORDER_PATH")
        reason = self._reason(asked)
        with self._door(asked) as connection:
            self._order_receipt(connection, row, self._receipt(asked, "list", reason))
        return self.store.box.open(row.entry, (b"extract", row.order))

    # --- Heads of manifests ---------------------------------------------------------------------

    def put_head(self, message: Message, signature: bytes) -> dict[str, Any]:
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

    def get_head(self, head_key: str) -> dict[str, Any]:
        table = tables.heads
        with self.store.read() as connection:
            row = connection.execute(
                sa.select(table).where(table.c.head_key == address_bytes(head_key))
            ).first()
        if row is None:
            self.refuse("No head is kept for this key.", code="E_HEAD_UNKNOWN", status=404)
            raise AssertionError
        message = {"headKey": address(head_key), "version": int(row.version), "cid": row.cid}
        return {"message": to_json(message), "signature": "0x" + row.signature.hex()}

    # --- Withdrawals ----------------------------------------------------------------------------

    def withdraw(self, kind: str, message: Message, signature: bytes) -> dict[str, Any]:
        """Take a signed withdrawal, withdrawal of all, or bar: from now on we refuse."""
        found = digest(kind, message, self.chain.domain)
        subject = message["subject"]
        grantee = message.get("grantee", bytes(32))
        actor = message.get("actor", subject)
        heads = self.chain.heads()
        if not self.chain.is_signed(subject, found, signature, heads.newest):
            self.refuse(
                f"The {kind} is not signed by {subject} for this registry and chain "
                f"({self.chain.chain_id}).",
                code="E_SIGNATURE",
                status=403,
            )
        newest, _ = self.chain.standings(subject, grantee, actor, heads)
        now, named = _counter(kind, newest), int(message[_COUNTERS[kind]])
        ahead = _ahead(kind, named, now)
        if ahead < 0:
            # The chain is past it: it was carried, or another one was.
            return {"state": "on_chain"}
        if ahead > _WITHDRAWALS_AHEAD:
            self.refuse(
                f"The withdrawal names count {named}, and the chain is at {now}. Sign it anew.",
                code="E_WITHDRAWAL_COUNT",
                status=409,
                count=now,
            )
        target = {"Withdrawal": grantee, "WithdrawalOfAll": b"", "Bar": address_bytes(actor)}[kind]
        table, owner = tables.withdrawals, address_bytes(subject)
        here = (table.c.subject == owner) & (table.c.kind == kind) & (table.c.target == target)
        with self.store.write() as connection:
            known = connection.execute(sa.select(table.c.counter).where(here)).scalar()
            if known is None or _ahead(kind, named, known) > 0:
                connection.execute(sa.delete(table).where(here))
                connection.execute(
                    sa.insert(table).values(
                        subject=owner, kind=kind, target=target, counter=named, signature=signature
                    )
                )
            # Inside the transaction, so that no release can pass between.
            self._withdrawn.add(owner)
        return {"state": "pending"}

    # --- Deletion -------------------------------------------------------------------------------

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
                sa.select(entries.c.capsule, entries.c.size).where(here)
            ).first()
            if row is not None:
                connection.execute(sa.delete(entries).where(here))
                connection.execute(
                    sa.update(lists)
                    .where(lists.c.list_key == list_key)
                    .values(used_bytes=lists.c.used_bytes - row.size)
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
            raise AssertionError
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

    # --- Log and health -------------------------------------------------------------------------

    def log(self, message: Message, signature: bytes, after: int) -> dict[str, Any]:
        """The sealed receipts of a list, for its list key."""
        if address_bytes(message["custodian"]) != self._me:
            self.refuse(
                f"The request is for custodian {message['custodian']}.",
                code="E_OTHER_CUSTODIAN",
                status=403,
            )
        self._signed_by("LogRequest", message, signature, message["listKey"])
        heads = self.chain.heads()
        self._check_deadline(int(message["deadline"]), heads)
        book = address_bytes(message["listKey"])
        with self.store.write() as connection:
            self._take_nonce(
                connection,
                book,
                message["nonce"],
                int(message["deadline"]),
                heads.newest.timestamp,
            )
            self._list(connection, book)
            lines = self.store.lines(connection, book, min(after, 1 << 62), _LOG_PAGE + 1)
        more, lines = len(lines) > _LOG_PAGE, lines[:_LOG_PAGE]
        return {
            "lines": [
                {"number": line.number, "receipt": line.receipt, "hash": line.hash}
                for line in lines
            ],
            "next": lines[-1].number if more else None,
        }

    def health(self) -> dict[str, Any]:
        """Who we are, and what we see of the chain."""
        heads = self.chain.heads()
        return {
            "status": "ok",
            "address": self.address,
            "publicKey": "0x" + self.keys.private.public_key.to_bytes().hex(),
            "chainId": self.chain.chain_id,
            "registry": self.chain.addresses.consents,
            "block": heads.newest.number,
            "confirmed": heads.confirmed.number,
        }


def _counter(kind: str, standing: Standing) -> int:
    counts = {
        "Withdrawal": standing.withdrawals,
        "WithdrawalOfAll": standing.epoch,
        "Bar": standing.bars,
    }
    return counts[kind]


def _ahead(kind: str, named: int, now: int) -> int:
    """By how much a signed count is ahead of another; less than 0: it is spent."""
    if kind != "Bar":
        return named - now
    # Bars are counted modulo 64: the nearer way round is the one that is meant.
    return (named - now + 32) % 64 - 32


__all__ += ["chained"]
