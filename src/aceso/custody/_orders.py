"""Orders at all desks: an extract is deposited, attested, and given to who pays alone.

Which desk an order is of is signed with the deposit, and named by the grantee of every request; a
desk that our deployment doesn't name is none. What is attested is signed for that desk.

Nothing is attested without a certificate that says how the extract was made (`aceso.vault`): of a
method that we know, of this order, under the leaf that is attested, and signed by whoever made it.
That is the subject of the order, or an accredited data station that they granted the classes.

Of a union's order each member's part is deposited by itself. What the committee attests on chain is
the list of them (`_divisions`), so a part is given only with the proof that it is in that list.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NoReturn

import sqlalchemy as sa
from eth_abi.abi import encode as abi_encode
from sqlalchemy.engine import Connection

from aceso.chain import Part
from aceso.codes import Reason, Role
from aceso.errors import IntegrityError
from aceso.ethereum import moment_text
from aceso.storage import ShownItem, content_digest
from aceso.vault import (
    ListEntry,
    OpeningError,
    PartList,
    PublicKey,
    ShownCertificate,
    check_proof,
    seal_share,
)

from ._chain import Heads, Question
from ._desk import Message, Nonce
from ._doors import Asked, Doors
from ._order_desks import OrderDesk, UnionDesk, desk_at
from ._order_log import close_order_line
from ._store import tables
from ._typed import address_bytes, digest, keccak
from ._views import Order, Sold
from ._wire import bytes_of
from .errors import DeniedError
from .parts import leaf_of
from .proof import Release

__all__ = ["Orders", "list_note", "part_held"]

_NONE, _OPEN, _DELIVERED, _DISPUTED = 0, 1, 2, 4


class Orders(Doors):
    """Extracts that were sold."""

    def deposit(
        self,
        order: int,
        message: Message,
        signature: bytes,
        data: bytes,
        certificate: bytes | None,
        keys: ShownItem | None = None,
    ) -> dict[str, Any]:
        """Take an extract into custody, and attest that it is held ready for its buyer. `keys`
        shows the receiving key of a study's order."""
        if message["order"] != order:
            self.refuse("The message names another order than the path.", code="E_ORDER_PATH")
        desk = self._desk_named(message["desk"])
        found = digest("ExtractDeposit", message, self.chain.domain)
        entry = self._entry(data, message)
        capsule, context = entry.capsule, entry.capsule.context
        if context.order != order:
            self.refuse("The capsule is another order's.", code="E_ENTRY_ORDER")
        if capsule.digest != message["capsule"]:
            self.refuse("The message names another capsule.", code="E_ENTRY_CAPSULE")
        shown = self._certificate(certificate)
        maker = shown.signed.certificate.maker
        heads = self.chain.heads()
        if not self.chain.is_signed(maker, found, signature, heads.newest):
            self.refuse(
                f"The deposit is not signed by {maker}, whom the certificate names as the maker, "
                f"for this registry and chain ({self.chain.chain_id}).",
                code="E_SIGNATURE",
                status=403,
            )
        number = desk.book(order, message["subject"])
        known = self._deposited(number)
        if (
            known is not None
            and known.digest == message["entry"]
            and (known.leaf == message["extract"])
            # Of this desk: no other has an order of that number.
            and desk.order(order, heads.newest).state != _NONE
        ):
            return self._attestation(desk, known.receiving_key, message)
        found_order = self._open_order(desk, order, heads)
        if desk.has_parts and heads.newest.timestamp >= found_order.parts_until:
            self.refuse(
                f"Parts of order {order} were taken until {moment_text(found_order.parts_until)}; "
                "now it is being divided among those who delivered.",
                code="E_UNION_PARTS_OVER",
                status=409,
            )
        sold = desk.sold(found_order, message["subject"], heads.confirmed)
        if sold.subject != message["subject"]:
            self.refuse(
                f"The order is not of {message['subject']}'s data.",
                code="E_NOT_SUBJECT",
                status=403,
            )
        self._check_certificate(desk, shown, message, heads)
        # Its buyer asks for what they bought, and is given an extract of just that.
        if context.data_class != sold.classes:
            self.refuse(
                f"The extract is of classes {context.data_class}, and {sold.classes} were sold.",
                code="E_ENTRY_CLASS",
            )
        if not self._is_committee(sold.committee, capsule.custodians, capsule.threshold, heads):
            self.refuse(
                f"The capsule is locked for others than the order's committee {sold.committee}.",
                code="E_ENTRY_COMMITTEE",
            )
        if self.address not in capsule.custodians:
            self.refuse("We are not of the committee.", code="E_OTHER_CUSTODIAN", status=403)
        self._own_share(capsule)
        question = Question(
            subject=sold.subject,
            actor=sold.payer,
            grantee=desk.grantee(found_order.group),
            use=sold.use,
            classes=context.data_class,
            disease=sold.disease,
        )
        questions = [question, *self._by_station(sold, maker, context.data_class, heads)]
        for asked in questions:
            self._decided(asked, heads)
        receiving_key = self._receiving_key(desk, found_order, heads, keys)
        table = tables.extracts
        with self.store.write() as connection:
            if any(self._withdrawals.hold(connection, asked, heads) for asked in questions):
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
                    subject=address_bytes(sold.subject),
                    buyer=address_bytes(sold.payer),
                    offer=found_order.group,
                    use=sold.use,
                    data_class=context.data_class,
                    disease=sold.disease,
                    receiving_key=receiving_key,
                    leaf=message["extract"],
                    digest=message["entry"],
                    capsule=capsule.digest,
                    entry=self.store.box.close(data, (b"extract", number)),
                )
            )
        return self._attestation(desk, receiving_key, message)

    def _desk_named(self, contract: str) -> OrderDesk:
        desk = desk_at(self.chain, contract)
        if desk is None:
            self.refuse(
                f"{contract} is no desk of orders that this custodian serves. See that your "
                "network file is the one of this network.",
                code="E_ORDER_DESK",
                status=403,
            )
        return desk

    def _receiving_key(
        self, desk: OrderDesk, order: Order, heads: Heads, keys: ShownItem | None
    ) -> bytes:
        """The digest of the key that was named when the order was made."""
        try:
            found = desk.receiving_key(order, heads, keys)
        except IntegrityError as exc:
            self.refuse(exc.message, code=exc.code)
        if found is None:
            self.refuse(
                "The node does not show how the order was made. Try again, or use another node.",
                code="E_ORDER_EVENT",
                status=503,
            )
        return found

    def _certificate(self, certificate: bytes | None) -> ShownCertificate:
        if certificate is None:
            self.refuse(
                "The deposit shows no certificate of how the extract was made. Deliver it with a "
                "newer version of this program.",
                code="E_CERTIFICATE_MISSING",
            )
        try:
            return ShownCertificate.from_bytes(certificate)
        except OpeningError:
            self.refuse(
                "This is not a certificate of a version that we know.", code="E_CERTIFICATE_FORMAT"
            )

    def _check_certificate(
        self, desk: OrderDesk, shown: ShownCertificate, message: Message, heads: Heads
    ) -> None:
        """The certificate is of this order and extract, by a method that we know, and signed."""
        domain = desk.domain
        try:
            certificate = shown.check(message["extract"], domain)
        except OpeningError:
            self.refuse(
                "The certificate is not the one under the extract's leaf.",
                code="E_CERTIFICATE_OTHER",
            )
        named = (certificate.order, certificate.subject, certificate.record_id)
        if named != (message["order"], message["subject"], message["recordId"]):
            self.refuse(
                "The certificate is of another order, subject or record.",
                code="E_CERTIFICATE_OTHER",
            )
        if not certificate.is_known_method:
            self.refuse(
                f"We attest no extract of the method {certificate.method!r}, version "
                f"{certificate.version!r}.",
                code="E_CERTIFICATE_METHOD",
            )
        hashed = shown.signed.digest(domain)
        if not self.chain.is_signed(
            certificate.maker, hashed, shown.signed.signature, heads.newest
        ):
            self.refuse(
                f"The certificate is not signed by its maker, {certificate.maker}.",
                code="E_CERTIFICATE_SIGNATURE",
                status=403,
            )

    def _by_station(self, sold: Sold, maker: str, classes: int, heads: Heads) -> list[Question]:
        """What else is to be asked when the subject did not make the extract themself."""
        if maker == sold.subject:
            return []
        if not self.chain.has_roles(maker, Role.STATION, heads.newest):
            self.refuse(
                f"{maker} is neither the subject nor an accredited data station, so we attest no "
                "extract that they made.",
                code="E_NOT_STATION",
                status=403,
            )
        return [
            Question(
                subject=sold.subject,
                actor=maker,
                grantee=bytes(12) + address_bytes(maker),
                use=sold.use,
                classes=classes,
                disease=sold.disease,
            )
        ]

    def _attestation(
        self, desk: OrderDesk, receiving_key: bytes, message: Message
    ) -> dict[str, Any]:
        values = {
            "order": message["order"],
            "extract": message["extract"],
            "receivingKey": receiving_key,
            "capsule": message["capsule"],
        }
        if desk.has_parts:
            # The chain takes this for no delivery: a part is none.
            part = leaf_of(Part(message["subject"], message["extract"], message["capsule"]))
            held = part_held(values["order"], part, receiving_key)
            return self._said("PartHeld", held, desk.domain)
        return self._said("Delivery", values, desk.domain)

    def _is_committee(
        self, number: int, members: Sequence[str], threshold: int, heads: Heads
    ) -> bool:
        """Whether these are the members and the threshold of a registered committee."""
        words = abi_encode(["(address[],uint8)"], [(list(members), threshold)])
        return keccak(words) == self.chain.committee_digest(number, heads.newest)

    def _deposited(self, book: bytes) -> Any:
        table = tables.extracts
        with self.store.read() as connection:
            return connection.execute(sa.select(table).where(table.c.order == book)).first()

    def _open_order(self, desk: OrderDesk, order: int, heads: Heads) -> Order:
        """The order, where both blocks show it open and in time."""
        for block in (heads.newest, heads.confirmed):
            found = desk.order(order, block)
            if found.state != _OPEN or heads.newest.timestamp >= found.deadline:
                self.refuse(
                    "The order is not open, or not confirmed yet, or past its deadline.",
                    code="E_ORDER_STATE",
                    status=409,
                    state=found.state,
                )
        return found

    def _desk_asked(self, message: Message) -> tuple[OrderDesk, int]:
        named = self._desk_of(message["grantee"])
        if named is None:
            self.refuse(
                "The grantee is no offer of the market, no revision of a study and no union.",
                code="E_ORDER_GRANTEE",
            )
        return named

    def _bought(
        self, name: str, message: Message, signature: bytes, proof: Sequence[bytes]
    ) -> tuple[Asked, Any, int]:
        """A buyer's request for the extract of their order, checked, and which order it is."""
        desk, group = self._desk_asked(message)
        asked = self._asked(name, message, signature)
        order, row = self._extract_of(desk, group, message, asked.heads)
        if desk.order(order, asked.heads.newest).state != _DELIVERED:
            self.refuse("The order is not delivered, or settled.", code="E_ORDER_STATE", status=409)
        if isinstance(desk, UnionDesk):
            self._check_part(desk.root(order, asked.heads.newest), row, message["subject"], proof)
        return replace(asked, question=_question(message, row)), row, order

    def _extract_of(
        self, desk: OrderDesk, group: int, message: Message, heads: Heads
    ) -> tuple[int, Any]:
        """The order that a request is about, and its extract."""
        order = desk.newest_of(
            group, subject=message["subject"], payer=message["actor"], block=heads.newest
        )
        book = None if order is None else desk.book(order, message["subject"])
        row = None if book is None else self._deposited(book)
        asked_for = (group, address_bytes(message["subject"]), address_bytes(message["actor"]))
        if order is None or row is None or (row.offer, row.subject, row.buyer) != asked_for:
            self.refuse(
                "This custodian has no extract for that buyer, of that offer, study or union, and "
                "subject.",
                code="E_RECORD_UNKNOWN",
                status=404,
            )
        if row.data_class != message["dataClass"]:
            self.refuse(
                f"The extract is of classes {row.data_class}, not {message['dataClass']}.",
                code="E_CLASS",
            )
        return order, row

    def _check_part(self, root: bytes, row: Any, member: str, proof: Sequence[bytes]) -> None:
        """What we hold of this member is what was delivered, and is paid for."""
        try:
            check_proof(root, leaf_of(Part(member, row.leaf, row.capsule)), proof)
        except OpeningError:
            self._refuse_part()

    def _check_listed(self, order: int, root: bytes, row: Any, member: str) -> None:
        """As `_check_part`, by the lists that we signed ourselves."""
        leaf = leaf_of(Part(member, row.leaf, row.capsule))
        found = (PartList.parse(bytes_of(one)) for one in self.lists(order))
        if not any(one.root == root and leaf in one.leaves for one in found):
            self._refuse_part()

    def _refuse_part(self) -> NoReturn:
        self.refuse(
            "This member's part is not shown to be in what was delivered. Show its proof, of the "
            "list that the chain names.",
            code="E_UNION_PART",
            status=403,
        )

    def lists(self, order: int) -> list[str]:
        """Every list of a union's order that we signed, as it is published."""
        table = tables.notes
        with self.store.read() as connection:
            query = sa.select(table.c.value).where(table.c.name.startswith(list_note(order)))
            return [str(one) for one in connection.execute(query).scalars()]

    def _order_receipt(self, connection: Connection, row: Any, receipt: bytes) -> None:
        self.store.append(
            connection, row.order, close_order_line(self.store.box, row.order, receipt)
        )

    def release(self, message: Message, signature: bytes, proof: Sequence[bytes] = ()) -> Release:
        asked, row, _ = self._bought("ReleaseRequest", message, signature, proof)
        if row.record_id != message["recordId"]:
            self._no_record()
        receiving_key = self._public_key(message["receivingKey"], "receivingKey")
        reason = self._reason(asked)
        answer, receipt = self._released(asked, row, receiving_key, reason)
        self._door(asked, lambda connection: self._order_receipt(connection, row, receipt))
        return answer

    def answer(self, message: Message) -> Release:
        """Release our share of a disputed order's extract to its panel, which has the order's key.
        Nobody signs for it: whoever operates this custodian decides to.

        What `decide` denies for anything but the dispute is not released, so a withdrawal, a bar
        and the end of the grant hold. Conditions that were taken back since the purchase are not
        asked for again: no group attests any of who is no member.
        """
        if address_bytes(message["custodian"]) != self._me:
            self.refuse(
                f"The question is for custodian {message['custodian']}, and this is "
                f"{self.address}.",
                code="E_OTHER_CUSTODIAN",
                status=403,
            )
        desk, group = self._desk_asked(message)
        heads = self.chain.heads()
        order, row = self._extract_of(desk, group, message, heads)
        if row.record_id != message["recordId"]:
            self._no_record()
        if desk.order(order, heads.newest).state != _DISPUTED:
            self.refuse(
                "The order is not disputed: its buyer asks for the share.",
                code="E_ORDER_STATE",
                status=409,
            )
        if isinstance(desk, UnionDesk):
            self._check_listed(order, desk.root(order, heads.newest), row, message["subject"])
        receiving_key = self._public_key(message["receivingKey"], "receivingKey")
        deadline, now = int(message["deadline"]), heads.newest.timestamp
        if deadline < now:
            self.refuse(
                f"The question was good until {deadline}, and the chain's time is {now}. Ask anew.",
                code="E_DEADLINE",
                now=now,
            )
        hashed = digest("ReleaseRequest", message, self.chain.domain)
        nonce = Nonce.of(message, address_bytes(message["actor"]))
        asked = Asked(_question(message, row), hashed, nonce, heads)
        for reason in self.chain.decide(asked.question, heads):
            if not reason.permits and reason is not Reason.NOT_MEMBER:
                raise DeniedError(reason, self.address)
        answer, receipt = self._released(asked, row, receiving_key, Reason.NOT_MEMBER)
        with self.store.write() as connection:
            if self._withdrawals.hold(connection, asked.question, heads):
                raise DeniedError(Reason.WITHDRAWN, self.address)
            self._order_receipt(connection, row, receipt)
        return answer

    def _released(
        self, asked: Asked, row: Any, receiving_key: PublicKey, reason: Reason
    ) -> tuple[Release, bytes]:
        """Our share of an extract, sealed to the key of its order, and the receipt for it."""
        # The purchase names the key by its digest on IPFS, where the seller found it.
        if content_digest(receiving_key.to_bytes()) != row.receiving_key:
            self.refuse(
                "The receiving key is not the one that the order was bought with.",
                code="E_RECEIVING_KEY",
                status=403,
            )
        entry = ListEntry.from_bytes(self.store.box.open(row.entry, (b"extract", row.order)))
        share = self._own_share(entry.capsule)
        sealed = seal_share(entry.capsule, share, receiving_key, request=asked.digest)
        answer = self._signed(asked, entry.capsule, sealed)
        receipt = self._receipt(asked, "release", reason, recordId="0x" + row.record_id.hex())
        return answer, receipt

    def entry(
        self, order: int, message: Message, signature: bytes, proof: Sequence[bytes] = ()
    ) -> bytes:
        """The entry of an order's extract, for its buyer."""
        asked, row, bought = self._bought("ListRequest", message, signature, proof)
        if bought != order:
            self.refuse("The buyer's order is another than the path's.", code="E_ORDER_PATH")
        reason = self._reason(asked)
        receipt = self._receipt(asked, "list", reason)
        self._door(asked, lambda connection: self._order_receipt(connection, row, receipt))
        return self.store.box.open(row.entry, (b"extract", row.order))


def part_held(order: int, part: bytes, receiving_key: bytes) -> dict[str, Any]:
    """The typed message `PartHeld`."""
    return {"order": order, "part": part, "receivingKey": receiving_key}


def list_note(order: int) -> str:
    """Under what name, and a digest, a list that was signed of an order is kept."""
    return f"union-list/{order:x}/"


def _question(message: Message, row: Any) -> Question:
    """What `decide` is asked about an extract."""
    return Question(
        subject=message["subject"],
        actor=message["actor"],
        grantee=message["grantee"],
        use=message["use"],
        classes=row.data_class,
        disease=row.disease,
    )
