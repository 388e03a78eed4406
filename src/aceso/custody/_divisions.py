"""What the members of a union delivered for one order, attested together.

A custodian makes the list itself, from the parts that it holds of members whom `decide` still
permits, so nobody can leave out who delivered, whoever asks. It does so once every member has
delivered, or in the last quarter of the delivery period, in which no parts are taken any more.
Custodians that hold the same parts sign the same list, and as many of them as the committee's
threshold are a delivery.

A part that lies at some custodians and not at others makes their lists differ. So whoever delivers
shows every custodian the signatures of a threshold of them for the part (`confirm`), and in the
last eighth of the period the list is of exactly the parts that were shown so. What one custodian
was shown anybody passes on to the others. Nobody else can be left out by that, nor kept waiting.

Whoever asks is told hashes alone; whose they are, the parties. A list that was signed is kept, so
that nobody's proof hangs on whoever should have published it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from aceso.chain import Part
from aceso.ethereum import moment_text
from aceso.storage import content_digest
from aceso.vault import PartList

from ._chain import Chain
from ._desk import Message, Nonce
from ._order_desks import UnionDesk, desk_at
from ._orders import Orders, list_note, part_held
from ._store import Store, tables
from ._typed import address, address_bytes, digest, recover
from ._views import Heads, Order, Question
from ._wire import bytes_of, text_of
from ._withdrawals import Withdrawals
from .keys import CustodianKeys
from .parts import Held, Parts, leaf_of

__all__ = ["Divisions"]


_KEPT_ANSWERS: Final = 64


def _held_note(order: int) -> str:
    return f"union-held/{order:x}/"


class Divisions(Orders):
    """Deliveries of unions."""

    def __init__(self, keys: CustodianKeys, store: Store, chain: Chain, withdrawals: Withdrawals):
        super().__init__(keys, store, chain, withdrawals)
        # What was answered at the newest block: whoever asks again costs nothing.
        self._answers: dict[int, tuple[str, dict[str, Any]]] = {}

    def divide(self, order: int) -> dict[str, Any]:
        """The leaves of an order's parts, and our word for them as a delivery."""
        desk, heads = self._unions(), self.chain.heads()
        found = self._open_order(desk, order, heads)
        if heads.newest.timestamp >= found.last_call:
            # What we were shown grows within a block, too.
            leaves = [bytes.fromhex(one["part"][2:]) for one in self.confirmed(order)]
            return self._attested(desk, found, leaves, heads)
        kept = self._answers.get(order)
        if kept is not None and kept[0] == heads.newest.hash:
            return kept[1]
        answer = self._attested(desk, found, self._delivered(desk, found, heads), heads)
        if len(self._answers) >= _KEPT_ANSWERS:
            self._answers.clear()
        self._answers[order] = heads.newest.hash, answer
        return answer

    def _attested(
        self, desk: UnionDesk, order: Order, leaves: Sequence[bytes], heads: Heads
    ) -> dict[str, Any]:
        number = order.number
        if not leaves:
            self.refuse(
                f"No member of the union delivered for order {number} whose consent holds.",
                code="E_UNION_NO_PARTS",
                status=404,
            )
        try:
            published = PartList.of(leaves)
        except ValueError:
            self.refuse(
                f"Order {number} has more parts than a delivery can have.",
                code="E_UNION_TOO_MANY",
                status=409,
            )
        capsule = content_digest(published.to_bytes())
        delivery = {
            "order": number,
            "extract": published.extract,
            "receivingKey": self._receiving_key(desk, order, heads, None),
            "capsule": capsule,
        }
        text = text_of(published.to_bytes())
        self._keep(list_note(number) + capsule.hex(), text)
        return self._said("Delivery", delivery, desk.domain) | {"list": text}

    def _delivered(self, desk: UnionDesk, order: Order, heads: Heads) -> list[bytes]:
        """The leaves of all parts that we hold of members who are permitted; refused while parts
        are taken and somebody's is missing."""
        held = self._held(desk, order)
        # Counted before anybody is asked about: who asks too early costs nothing.
        early = heads.newest.timestamp < order.parts_until
        needed = desk.members(order.group, heads.newest) if early else 0
        if len(held) >= needed:
            held = self._permitted(desk, order, held, heads)
        if len(held) < needed:
            self.refuse(
                f"Order {order.number} is not divided yet: not every member of the union has "
                f"delivered, and parts are taken until {moment_text(order.parts_until)}.",
                code="E_UNION_EARLY",
                status=409,
                until=order.parts_until,
            )
        return [leaf_of(part) for part in held]

    def confirm(self, order: int, held: Held) -> dict[str, Any]:
        """Note that enough custodians hold a part, by their signatures, whoever shows them."""
        name = _held_note(order) + held.part.hex()
        if self._noted(name) is not None:
            return {"new": False}
        desk, heads = self._unions(), self.chain.heads()
        found = self._open_order(desk, order, heads)
        number = desk.committee(found.group, heads.confirmed)
        if not self._is_committee(number, held.members, held.threshold, heads):
            self.refuse(
                f"Those who signed are not of the order's committee {number}.",
                code="E_ENTRY_COMMITTEE",
            )
        key = self._receiving_key(desk, found, heads, None)
        hashed = digest("PartHeld", part_held(order, held.part, key), desk.domain)
        signed = zip(held.signed_by, held.signatures, strict=False)
        good = {who for who, signature in signed if recover(hashed, signature) == who}
        if len(good) < held.threshold or len(held.signatures) != len(held.signed_by):
            self.refuse(
                "Not enough custodians signed that they hold this part.",
                code="E_UNION_NOT_HELD",
                status=403,
            )
        self._keep(name, json.dumps(held.to_json()))
        return {"new": True}

    def confirmed(self, order: int) -> list[dict[str, Any]]:
        """The parts that enough custodians hold, as we were shown, with their signatures."""
        table = tables.notes
        with self.store.read() as connection:
            query = sa.select(table.c.value).where(table.c.name.startswith(_held_note(order)))
            return [json.loads(one) for one in connection.execute(query).scalars()]

    def _noted(self, name: str) -> str | None:
        with self.store.read() as connection:
            return self.store.note(connection, name)

    def _keep(self, name: str, text: str) -> None:
        if self._noted(name) is None:
            with self.store.write() as connection:
                self.store.set_note(connection, name, text)

    def parts(self, order: int, message: Message, signature: bytes) -> bytes:
        """Which parts we hold of an order, for its buyer; for a member, their own."""
        if message["order"] != order:
            self.refuse("The message names another order than the path.", code="E_ORDER_PATH")
        self._check_custodian(message)
        desk, heads = self._unions(), self.chain.heads()
        reader = message["reader"]
        self._signed_for("PartsRequest", message, signature, reader, heads)
        deadline = int(message["deadline"])
        self._check_deadline(deadline, heads)
        with self.store.write() as connection:
            self._take_nonce(connection, Nonce.of(message, address_bytes(reader)), heads)
        found_order = desk.order(order, heads.newest)
        held = self._held(desk, found_order)
        told = Parts(part for part in held if part.member == address(reader))
        if not len(told) and address_bytes(found_order.party) == address_bytes(reader):
            told = self._of_buyer(held, order, desk.root(order, heads.newest))
        # The same answer for an order that is not here and for one that is not theirs.
        if not len(told):
            self.refuse(
                "This custodian has no part of an order that you are a party of.",
                code="E_RECORD_UNKNOWN",
                status=404,
            )
        return told.to_bytes()

    def _of_buyer(self, held: Sequence[Part], order: int, root: bytes) -> Parts:
        """What was delivered of what we hold, by the lists that we signed; nothing before."""
        found = (PartList.parse(bytes_of(one)) for one in self.lists(order))
        listed = next((one for one in found if one.root == root), None)
        return Parts(()) if listed is None else Parts(held).among(listed)

    def _unions(self) -> UnionDesk:
        unions = self.chain.addresses.unions
        desk = desk_at(self.chain, unions) if unions else None
        if not isinstance(desk, UnionDesk):
            self.refuse("This custodian serves no unions.", code="E_ORDER_DESK", status=403)
        return desk

    def _held(self, desk: UnionDesk, order: Order) -> list[Part]:
        """The parts of an order that were left with us."""
        table = tables.extracts
        with self.store.read() as connection:
            rows = connection.execute(
                sa.select(table.c.order, table.c.subject, table.c.leaf, table.c.capsule).where(
                    table.c.buyer == address_bytes(order.party), table.c.offer == order.group
                )
            ).all()
        parts = ((row.order, Part(address(row.subject), row.leaf, row.capsule)) for row in rows)
        # Orders of other desks, and of before, have other books.
        return [one for book, one in parts if book == desk.book(order.number, one.member)]

    def _permitted(
        self, desk: UnionDesk, order: Order, held: Sequence[Part], heads: Heads
    ) -> list[Part]:
        """Those of members whose consent lets them be given to the buyer."""
        if not held:
            return []
        # The same of each member, but for whose it is.
        sold = desk.sold(order, held[0].member, heads.confirmed)
        grantee = desk.grantee(order.group)
        questions = [
            Question(
                subject=part.member,
                actor=sold.payer,
                grantee=grantee,
                use=sold.use,
                classes=sold.classes,
                disease=sold.disease,
            )
            for part in held
        ]
        reasons = self.chain.decide_all(questions, heads)
        with self.store.read() as connection:
            return [
                part
                for part, question, said in zip(held, questions, reasons, strict=True)
                if all(reason.permits for reason in said)
                and not self._withdrawals.hold(connection, question, heads)
            ]
