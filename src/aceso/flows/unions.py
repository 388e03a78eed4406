"""Data unions: many people, one offer. What is done by whoever opened one, and by anybody.

    keeper = UnionKeeper(network, profile)
    number, _ = keeper.open(UnionPlan(classes=…, use=…, price=…, voucher=…, …))
    vouch_for_persona(issuer, patient, persona)         # the union's voucher, once for each person
    divide(network, order, sender)                      # what was delivered, attested and on chain
    published(network, row)                             # the leaves, from which proofs are made
    strike(network, number, sender)                     # members whose consent has ended
    union_status(network, number)

A member's own side is `joining`, a buyer's `union_buying`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from eth_account.signers.local import LocalAccount

from aceso.chain import (
    Call,
    Committee,
    Delivery,
    OrderState,
    Part,
    Receipt,
    RefusedError,
    Sender,
    Suite,
    UnionTerms,
    union_acts,
)
from aceso.codes import Condition, DataClass, Use
from aceso.custody import Parts, leaf_of
from aceso.errors import InputError, IntegrityError, StorageError
from aceso.ethereum import NOBODY
from aceso.index import UnionOrderRow, UnionRow
from aceso.storage import cid_from_digest, content_digest
from aceso.vault import FormatError, PartList
from aceso.vault.parts import MAX_PARTS

from .issuer import Holder, Issuer
from .network import Network, said
from .orders import Sale, find_union

__all__ = [
    "UnionKeeper",
    "UnionPlan",
    "UnionStatus",
    "claim",
    "delivered_parts",
    "delivery_of",
    "divide",
    "due_at",
    "find_open_union_order",
    "find_union_order",
    "leaf_of",
    "published",
    "strike",
    "union_status",
    "vouch_for_persona",
]

_NONE = Condition(0)
# A list on IPFS has 32 bytes for each part.
_MOST_LIST_BYTES = 32 * MAX_PARTS


@dataclass(frozen=True, slots=True, kw_only=True)
class UnionPlan:
    """What a union will offer: `price` in base units of coin for all members together, times in
    seconds, `voucher` the accredited issuer who says who is one person."""

    classes: DataClass
    use: Use
    price: int
    duration: int
    delivery_period: int
    voucher: str
    disease: int = 0
    conditions: Condition = _NONE
    institution: str = NOBODY
    institution_bps: int = 0
    origin_shown: bool = False


@dataclass(frozen=True, slots=True)
class UnionStatus:
    """How a union stands. `due` are delivered orders that anybody can have paid in parts now, or
    undelivered ones that give the price back."""

    row: UnionRow
    orders: tuple[UnionOrderRow, ...]
    due: tuple[int, ...]
    now: int


class UnionKeeper(Holder):
    """Who opens unions, with an account of their own."""

    def open(self, plan: UnionPlan) -> tuple[int, Receipt]:
        """Open a union, whose terms never change; gives its number."""
        terms = UnionTerms(
            keeper=self.account.address,
            price=plan.price,
            committee=self.network.facts.number,
            duration=plan.duration,
            delivery_period=plan.delivery_period,
            voucher=plan.voucher,
            use=plan.use,
            classes=plan.classes,
            institution=plan.institution,
            institution_bps=plan.institution_bps,
            disease=plan.disease,
            conditions=plan.conditions,
            origin_shown=plan.origin_shown,
        )
        receipt = self.network.sender(self.account).send(self.network.suite.unions.open(terms))
        return int(said(receipt, "UnionOpened")["number"]), receipt

    def close(self, number: int) -> Receipt:
        """Take no more members and buyers; orders that run go on."""
        find_union(self.network, number)
        return self.network.sender(self.account).send(self.network.suite.unions.close(number))


def vouch_for_persona(issuer: Issuer, patient: str, account: str) -> Receipt:
    """As a union's voucher, say that `account` is the one research persona of this patient."""
    network = issuer.network
    call = union_acts.vouch(network.suite, issuer.account, account, issuer.mark_of(patient))
    return network.sender(issuer.account).send(call)


def find_union_order(network: Network, order: int) -> UnionOrderRow:
    """An order of a union."""
    for row in network.synced().union_orders(numbers=[order]):
        return row
    raise InputError(
        f"Order {order} is of no union. See `aceso union status UNION`.",
        code="E_NO_UNION_ORDER",
        details={"order": str(order)},
    )


def find_open_union_order(network: Network, order: int) -> UnionOrderRow:
    """One that is still to be delivered."""
    row = find_union_order(network, order)
    if row.state is OrderState.OPEN:
        return row
    raise InputError(
        f"Order {order} is not open any more: it was delivered, or given back.",
        code="E_UNION_NOT_OPEN_ORDER",
        details={"order": str(order)},
    )


def union_status(network: Network, number: int) -> UnionStatus:
    """How a union stands, with what anybody can do about it now."""
    row = find_union(network, number)
    orders = network.index.union_orders([number])
    now = network.suite.now()
    window, _ = network.suite.unions.challenge()
    due = [one.order for one in orders if _is_due(network, one, now, window)]
    return UnionStatus(row, tuple(orders), tuple(due), now)


def due_at(network: Network, row: UnionOrderRow, window: int) -> int:
    """From when on the parts of who stayed are paid, or an open order gives the price back;
    `window` is the desk's for disputes, in seconds."""
    head, tail = network.suite.unions.get_order(row.order)
    return tail.deadline if row.state is OrderState.OPEN else max(head.end, head.start + window)


def _is_due(network: Network, row: UnionOrderRow, now: int, window: int) -> bool:
    if row.state not in (OrderState.OPEN, OrderState.DELIVERED):
        return False
    return now >= due_at(network, row, window)


def divide(network: Network, order: int, sender: Sender) -> tuple[PartList, Receipt]:
    """Have the committee attest what the members delivered, publish that, and record it on chain.

    Anybody may, once all members have delivered or three quarters of the delivery period are
    over."""
    row = find_open_union_order(network, order)
    terms = find_union(network, row.union).terms
    registered = next(one for one in network.index.committees() if one.number == terms.committee)
    committee = Committee(registered.members, registered.threshold)
    found = network.committee.divide(order, committee.members, committee.threshold)
    parts, attested = found.parts, found.attestation
    network.ipfs.add(parts.to_bytes())
    call = network.suite.unions.deliver_parts(
        delivery_of(order, parts, attested.receiving_key),
        len(parts),
        parts.root,
        committee,
        attested.signers,
        list(attested.signatures),
    )
    return parts, sender.send(call)


def published(network: Network, row: UnionOrderRow) -> PartList:
    """The leaves of what was delivered: from IPFS, or else from a custodian that attested them, and
    then they are published anew. Checked against what the chain has."""
    if row.capsule is None:
        raise InputError(
            f"Order {row.order} is not delivered yet. See `aceso union status {row.union}`.",
            code="E_UNION_UNDELIVERED",
            details={"order": str(row.order)},
        )
    try:
        data = network.ipfs.read(cid_from_digest(row.capsule), limit=_MOST_LIST_BYTES)
        found = PartList.parse(data)
    except (StorageError, FormatError):
        lists = {content_digest(one.to_bytes()): one for one in network.committee.lists(row.order)}
        if row.capsule not in lists:
            raise
        found = lists[row.capsule]
        network.ipfs.add(found.to_bytes())
    if found.extract != row.extract:
        raise IntegrityError(
            f"The list of order {row.order} is not of the parts that its committee counted. Tell "
            "who accredited the committee's custodians.",
            code="E_UNION_LIST",
        )
    return found


def delivery_of(order: int, leaves: PartList, receiving_key: bytes) -> Delivery:
    """What the committee signs: the digest of what is published stands in the place of the
    capsule's."""
    return Delivery(order, leaves.extract, receiving_key, content_digest(leaves.to_bytes()))


def delivered_parts(
    network: Network, order: int, reader: LocalAccount
) -> tuple[list[tuple[Part, Sale]], int]:
    """The members' parts that were delivered for an order, as custodians tell its buyer, and how
    many there are beside them that no custodian tells of."""
    row = find_union_order(network, order)
    leaves = published(network, row)
    known = frozenset(leaves.leaves)
    # Before they are told apart by member: of one member, custodians may hold several.
    parts = Parts(one for one in network.committee.parts(order, reader) if leaf_of(one) in known)
    found = [
        (
            part,
            replace(
                Sale.of_union(network, row, part.member),
                capsule=part.capsule,
                proof=leaves.proof(leaf_of(part)),
            ),
        )
        for part in parts
    ]
    return found, len(leaves) - len(parts)


def claim(suite: Suite, order: int, leaves: PartList, part: Part) -> Call:
    """The call that pays one member's part; raise `ValueError` where it is not in the delivery."""
    return suite.unions.claim(order, part, list(leaves.proof(leaf_of(part))))


def strike(network: Network, number: int, sender: Sender) -> list[Receipt]:
    """Take out every member whose consent has ended, so that nobody waits for them."""
    find_union(network, number)
    unions = network.suite.unions
    sent = []
    for subject in network.index.members_of(number):
        try:
            sent.append(sender.send(unions.strike(number, subject)))
        except RefusedError as exc:
            if exc.error not in ("UnionConsentStands", "UnionNotMember"):
                raise
    return sent
