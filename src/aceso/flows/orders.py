"""An order as all who have to do with it know it, of whichever desk it is.

    sale = Sale.of(network, row)                # a row of the index, of an offer or a study
    sale = Sale.of_union(network, row, member)  # of a union, as far as one member is concerned
    sale = find_sale(network, order)
    sale.grantee(network), sale.domain(network), sale.request(network)
    key = receiving_key(network, sale)          # its digest and, of a study, what shows it

At the market a buyer named a fresh receiving key with the purchase. A study has a list of them on
IPFS, of which each place has its own (`make_keys`): a salt that its researcher drew leads from
their seed to every private key, so another device has them too. A union's order has one receiving
key, like the market's, and each member a part of their own in it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aceso.chain import OrderDesk, OrderState, Request, Studies, grantee_of_group
from aceso.codes import DataClass, Use
from aceso.errors import InputError, UsageError
from aceso.ethereum import NOBODY
from aceso.index import EnrolmentRow, OrderRow, StudyRow, UnionOrderRow, UnionRow
from aceso.storage import (
    LABEL_BYTES,
    MAX_ITEMS,
    ShownItem,
    cid_digest,
    cid_from_digest,
    content_digest,
    page_of_place,
    paged,
)
from aceso.vault import PrivateKey, VaultKeys
from aceso.vault.hpke import PRIVATE_KEY_BYTES, PUBLIC_KEY_BYTES

from .network import Network

__all__ = [
    "DESKS",
    "MARKET",
    "STUDIES",
    "UNIONS",
    "ReceivingKey",
    "Sale",
    "desk_named",
    "find_sale",
    "find_study",
    "find_union",
    "make_keys",
    "private_key",
    "receiving_key",
    "sales",
]

MARKET = "DataMarket"
STUDIES = "Studies"
UNIONS = "Unions"
# All contracts with orders.
DESKS = (MARKET, STUDIES, UNIONS)
# As the contract: who leaves is followed by somebody with a key of their own.
_PLACES_PER_SUBJECT = 2
_MAX_STUDY_CAP = MAX_ITEMS // _PLACES_PER_SUBJECT
_MOST_ROOT_BYTES = LABEL_BYTES + 32 * MAX_ITEMS
_MOST_PAGE_BYTES = 16 * PUBLIC_KEY_BYTES


@dataclass(frozen=True, slots=True)
class ReceivingKey:
    """What an extract is sealed to: the digest in the key's CID, and of a study what shows it."""

    digest: bytes
    public: bytes
    shown: ShownItem | None = None
    # The study's, which its private keys are derived from.
    salt: bytes = b""


@dataclass(frozen=True, slots=True)
class Sale:
    """An order and the terms that it was made under. `group` is an offer, a study's revision or a
    union; `place` is a study's, from 1. Of a union it is one member's part, or the whole order with
    nobody as its subject."""

    order: int
    desk: str
    group: int
    subject: str
    buyer: str
    classes: DataClass
    use: Use
    disease: int
    committee: int
    institution_bps: int
    price: int
    state: OrderState
    made_at: int
    capsule: bytes | None
    # The digest of the key; of a study, that of the list of keys.
    keys: bytes
    place: int = 0
    earned: int | None = None
    delivered_at: int | None = None
    # Where in a union's delivery the part is.
    proof: tuple[bytes, ...] = ()

    @property
    def study(self) -> str:
        """What the dates of an extract are moved for: alike in all that this buyer ever gets of
        this offer, or this researcher in any revision of this study; unlike in everything else."""
        if self.desk == STUDIES:
            study, _ = Studies.of_group(self.group)
            return f"study:{study}:{self.buyer.lower()}"
        kind = "union" if self.desk == UNIONS else "offer"
        return f"{kind}:{self.group}:{self.buyer.lower()}"

    @property
    def book(self) -> str:
        """What of it a device keeps is kept under this name."""
        return f"{self.order}/{self.subject}" if self.desk == UNIONS else str(self.order)

    @property
    def name(self) -> str:
        """What was sold, as it is written: `offer:7`, `study:3.1` or `union:2`."""
        if self.desk == STUDIES:
            study, revision = Studies.of_group(self.group)
            return f"study:{study}.{revision}"
        return f"union:{self.group}" if self.desk == UNIONS else f"offer:{self.group}"

    @classmethod
    def of(cls, network: Network, row: OrderRow | EnrolmentRow) -> Sale:
        """From a row of the index, with the terms that the chain has."""
        if isinstance(row, OrderRow):
            offer = network.suite.market.get_offer(row.offer)
            classes, use, disease = DataClass(offer.classes), Use(offer.use), offer.disease
            committee, bps = offer.committee, offer.institution_bps
            return cls(
                *(row.order, MARKET, row.offer, row.subject, row.buyer, classes, use, disease),
                *(committee, bps, row.price, row.state, row.bought_at, row.capsule),
                row.receiving_key,
                earned=row.earned,
                delivered_at=row.delivered_at,
            )
        study = _revision(network, row.study, row.revision)
        terms = study.terms
        return cls(
            *(row.order, STUDIES, study.group, row.subject, row.researcher, terms.classes),
            *(terms.use, terms.disease, terms.committee, terms.institution_bps, row.price),
            *(row.state, row.made_at, row.capsule, study.protocol.keys),
            place=row.place,
            earned=row.earned,
            delivered_at=row.delivered_at,
        )

    @classmethod
    def of_union(cls, network: Network, row: UnionOrderRow, member: str = NOBODY) -> Sale:
        """From a row of the index: one member's part of an order, or the whole."""
        (union,) = network.index.unions(row.union)
        terms, claimed = union.terms, row.claims.get(member)
        price, state = row.price, row.state
        if member != NOBODY:
            price = row.price // row.members if row.members else row.price
            is_over = claimed is not None and claimed.refunded is not None
            state = OrderState.SETTLED if is_over else state
        return cls(
            *(row.order, UNIONS, row.union, member, row.buyer, terms.classes, terms.use),
            *(terms.disease, terms.committee, terms.institution_bps, price, state),
            *(row.bought_at, None if member != NOBODY else row.capsule, row.receiving_key),
            earned=None if claimed is None else claimed.earned,
            delivered_at=row.delivered_at,
        )

    def contract(self, network: Network) -> OrderDesk:
        """The desk that it is an order of."""
        return desk_named(network, self.desk)

    def domain(self, network: Network) -> Mapping[str, Any]:
        """The EIP-712 domain of what is signed about it."""
        return network.suite.domain(self.desk)

    def grantee(self, network: Network) -> bytes:
        """What its subject granted to."""
        return grantee_of_group(self.group, network.suite.addresses[self.desk])

    def request(self, network: Network) -> Request:
        """What its buyer asks for."""
        return Request(
            subject=self.subject,
            actor=self.buyer,
            grantee=self.grantee(network),
            use=self.use,
            classes=self.classes,
            disease=self.disease,
        )


def desk_named(network: Network, name: str) -> OrderDesk:
    """A contract with orders, by its name."""
    suite = network.suite
    return {STUDIES: suite.studies, UNIONS: suite.unions}.get(name, suite.market)


def sales(
    network: Network, *, subjects: list[str] | None = None, buyers: list[str] | None = None
) -> list[Sale]:
    """Orders of all desks, of these subjects' data or of these buyers, the oldest first. Of a union
    each subject has a part, where they were in it and the order concerns them."""
    index = network.synced()
    rows: list[OrderRow | EnrolmentRow] = [
        *index.orders(buyers=buyers, subjects=subjects),
        *index.enrolments(researchers=buyers, subjects=subjects),
    ]
    found = [Sale.of(network, row) for row in rows]
    if subjects is None:
        found += [Sale.of_union(network, row) for row in index.union_orders(buyers=buyers)]
    else:
        found += _parts(network, subjects, buyers)
    return sorted(found, key=lambda one: (one.made_at, one.order))


def _parts(network: Network, subjects: list[str], buyers: list[str] | None) -> list[Sale]:
    """What these people have in orders of unions: claimed, or as members when it was delivered, or
    as members now where it is open."""
    index = network.index
    memberships = index.unions_of(subjects)
    orders = index.union_orders(sorted({union for union, _ in memberships}), buyers=buyers)
    return [
        Sale.of_union(network, row, subject)
        for (union, subject), (joined, left) in memberships.items()
        for row in orders
        if row.union == union
        and (
            subject in row.claims
            or (left is None and row.state is OrderState.OPEN)
            or (
                row.delivered_at is not None
                and joined <= row.delivered_at
                and (left is None or left > row.delivered_at)
            )
        )
    ]


def find_sale(network: Network, order: int, *, delivered: bool = False) -> Sale:
    """The order of this number, at whichever desk. With `delivered`, one that is delivered."""
    index = network.synced()
    rows: list[OrderRow | EnrolmentRow] = [
        *index.orders(numbers=[order]),
        *index.enrolments(numbers=[order]),
    ]
    for row in rows:
        if row.capsule is not None or not delivered:
            return Sale.of(network, row)
    for one in index.union_orders(numbers=[order]):
        if one.capsule is not None or not delivered:
            return Sale.of_union(network, one)
    if delivered:
        raise UsageError(
            f"Order {order} is not delivered yet, so there is nothing to open or to dispute. Ask "
            "again when it is.",
            code="E_ORDER_STATE",
        )
    raise InputError(f"There is no order {order} on this network.", code="E_ORDER_UNKNOWN")


def find_study(network: Network, study: int, revision: int | None = None) -> StudyRow:
    """A revision of a study, the newest where none is named."""
    network.synced()
    return _revision(network, study, revision)


def find_union(network: Network, number: int) -> UnionRow:
    """A union, with how many are in it."""
    found = network.synced().unions(number)
    if not found:
        raise InputError(
            f"There is no union {number} on this network. See `aceso union list`.",
            code="E_NO_UNION",
            details={"union": number},
        )
    return found[0]


def _revision(network: Network, study: int, revision: int | None) -> StudyRow:
    """As `find_study`, in the index as it is."""
    for row in reversed(network.index.studies(studies=[study])):
        if revision in (None, row.revision):
            return row
    raise InputError(
        f"There is no study {study}{'' if revision is None else f' with a revision {revision}'} on "
        "this network. See `aceso study list`.",
        code="E_NO_STUDY",
        details={"study": study},
    )


def receiving_key(network: Network, sale: Sale) -> ReceivingKey:
    """The key that an order's extract is sealed to, from IPFS, checked against the chain."""
    ipfs = network.ipfs
    if sale.desk != STUDIES:
        public = ipfs.read(cid_from_digest(sale.keys), limit=PUBLIC_KEY_BYTES)
        return ReceivingKey(sale.keys, public)
    root = ipfs.read(cid_from_digest(sale.keys), limit=_MOST_ROOT_BYTES)
    page = page_of_place(root, sale.place)
    if not page:
        raise InputError(
            f"The study's list of receiving keys has none for place {sale.place}, so its "
            "researcher can't be given an extract. The order comes back after its delivery period.",
            code="E_STUDY_NO_KEY",
        )
    shown = ShownItem(root, ipfs.read(cid_from_digest(page), limit=_MOST_PAGE_BYTES))
    public = shown.read(sale.keys, sale.place, size=PUBLIC_KEY_BYTES)
    return ReceivingKey(content_digest(public), public, shown, root[:LABEL_BYTES])


def make_keys(network: Network, keys: VaultKeys, cap: int) -> bytes:
    """Put the receiving keys of a study that takes `cap` subjects on IPFS; gives the digest in the
    CID. There are as many as the contract gives out places, so that no two orders have one."""
    if not 0 < cap <= _MAX_STUDY_CAP:
        raise UsageError(
            f"A study here takes 1 to {_MAX_STUDY_CAP} people, as each has receiving keys of their "
            "own.",
            code="E_STUDY_CAP",
        )
    salt = os.urandom(LABEL_BYTES)
    places = range(1, _PLACES_PER_SUBJECT * cap + 1)
    public = [private_key(keys, salt, place).public_key.to_bytes() for place in places]
    root, pages = paged(public, label=salt)
    for page in pages:
        network.ipfs.add(page)
    return cid_digest(network.ipfs.add(root))


def private_key(keys: VaultKeys, salt: bytes, place: int) -> PrivateKey:
    """The private key of one place of a study."""
    return PrivateKey(keys.derive(f"study-key/{salt.hex()}/{place}", PRIVATE_KEY_BYTES))
