"""The desks whose orders a custodian serves: the market's, that of studies, and that of unions.

    desk = desk_at(chain, message["desk"])            # None: our deployment names no such desk
    order = desk.order(number, heads.newest)
    sold = desk.sold(order, message["subject"], heads.confirmed)

They keep their orders alike and differ in who came first: at the market a person made the offer and
a buyer named a receiving key; a study's researcher made a list of keys, of which each place has its
own, and a person enrolled; an order of a union is of all its members, each of whom has a part in
it. Numbers of orders are unlike at all desks.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Final

from aceso.errors import IntegrityError
from aceso.storage import ShownItem, content_digest
from aceso.vault.hpke import PUBLIC_KEY_BYTES

from ._chain import Chain
from ._typed import address, address_bytes, keccak
from ._views import Block, Heads, Order, Sold, word
from .parts import part_book

__all__ = ["MarketDesk", "OrderDesk", "StudyDesk", "UnionDesk", "desk_at"]


def _selector(signature: str) -> bytes:
    return keccak(signature.encode())[:4]


_GET_ORDER: Final = _selector("getOrder(uint256)")
_ORDER_OF: Final = _selector("orderOf(uint96,address)")
_GET_OFFER: Final = _selector("getOffer(uint96)")
_GET_STUDY: Final = _selector("getStudy(uint96)")
_STUDY_TERMS: Final = (
    "(address,uint96,address,uint24,uint32,uint16,uint16,uint32,uint24,uint24,uint32,uint40,uint32)"
)
_GET_UNION: Final = _selector("getUnion(uint96)")
_ROLL_OF: Final = _selector("rollOf(uint96)")
_SHARES_OF: Final = _selector("sharesOf(uint256)")
_UNION_BOUGHT: Final = keccak(b"UnionBought(uint256,uint96,address,uint96,uint24,bytes32)")
_ORDER_BOUGHT: Final = keccak(b"OrderBought(uint256,uint96,address,uint96,bytes32)")
_ENROLLED: Final = keccak(b"StudyEnrolled(uint256,uint96,address,uint96,uint32)")
_REVISED: Final = keccak(
    f"StudyRevised(uint96,address,{_STUDY_TERMS},(bytes32,bytes32,bytes32))".encode()
)
_OFFER_WORDS: Final = 12
_STUDY_WORDS: Final = 13
_UNION_WORDS: Final = 13
# The terms, and the three digests beside them, of which the last is that of the keys.
_REVISED_WORDS: Final = 16
_REVISION_BITS: Final = 16


class OrderDesk(ABC):
    """A contract with orders, as a custodian reads it."""

    # Whether each of several people has a part in an order.
    has_parts = False

    def __init__(self, chain: Chain, contract: str):
        self._chain = chain
        self.contract = contract

    @property
    def domain(self) -> dict[str, Any]:
        """The EIP-712 domain of what is signed about its orders."""
        return self._chain.domain_of(self.contract)

    def grantee(self, group: int) -> bytes:
        """A group of it as a grantee."""
        return group.to_bytes(12, "big") + address_bytes(self.contract)

    def order(self, number: int, block: Block) -> Order:
        """An order; of state 0 where there is none."""
        answer = self._chain.call(self.contract, _GET_ORDER + word(number), block, 64)
        head, tail = _number(answer[:32]), _number(answer[32:])
        return Order(
            number=number,
            party=address((head & (1 << 160) - 1).to_bytes(20, "big")),
            state=head >> 248,
            group=tail >> 96 & (1 << 48) - 1,
            deadline=tail >> 144 & (1 << 40) - 1,
            start=head >> 160 & (1 << 40) - 1,
        )

    def book(self, order: int, subject: str) -> bytes:
        """Under what a custodian keeps this person's extract of an order."""
        return order.to_bytes(32, "big")

    @abstractmethod
    def sold(self, order: Order, subject: str, block: Block) -> Sold:
        """Who takes part in an order that there is, and under which terms; of a union, as far as
        this member is concerned."""

    @abstractmethod
    def newest_of(self, group: int, *, subject: str, payer: str, block: Block) -> int | None:
        """The newest order of these two in this group, if there was any."""

    @abstractmethod
    def receiving_key(self, order: Order, heads: Heads, shown: ShownItem | None) -> bytes | None:
        """The digest of the key that an order's extract is sealed to, as the chain says. None where
        the node doesn't show it; `IntegrityError` where the study's list isn't shown."""

    def _newest(self, number: int, party: str, block: Block) -> int | None:
        data = _ORDER_OF + word(number) + word(party)
        answer = self._chain.call(self.contract, data, block, 64)
        return _number(answer[:32]) if _number(answer[32:]) else None

    def _words(self, selector: bytes, number: int, count: int, block: Block) -> list[bytes]:
        answer = self._chain.call(self.contract, selector + word(number), block, 32 * count)
        return [answer[at : at + 32] for at in range(0, 32 * count, 32)]

    def _event(self, name: bytes, indexed: int, words: int, heads: Heads) -> bytes | None:
        """What the newest event of this name and first topic says, up to the confirmed block."""
        found = self._chain.logs(
            [self.contract],
            [[name], [word(indexed)]],
            self._chain.addresses.since,
            heads.confirmed.number,
        )
        return found[-1].data if found and len(found[-1].data) == 32 * words else None


class MarketDesk(OrderDesk):
    """DataMarket: the group is an offer."""

    def sold(self, order: Order, subject: str, block: Block) -> Sold:
        words = self._words(_GET_OFFER, order.group, _OFFER_WORDS, block)
        return Sold(
            subject=address(words[0][12:]),
            payer=order.party,
            committee=_number(words[3]),
            use=_number(words[6]),
            classes=_number(words[7]),
            disease=_number(words[8]),
        )

    def newest_of(self, group: int, *, subject: str, payer: str, block: Block) -> int | None:
        return self._newest(group, payer, block)

    def receiving_key(self, order: Order, heads: Heads, shown: ShownItem | None) -> bytes | None:
        said = self._event(_ORDER_BOUGHT, order.number, 2, heads)
        return said[32:] if said else None


class StudyDesk(OrderDesk):
    """Studies: the group is a study, and in its lowest bits the revision."""

    def sold(self, order: Order, subject: str, block: Block) -> Sold:
        words = self._words(_GET_STUDY, order.group, _STUDY_WORDS, block)
        return Sold(
            subject=order.party,
            payer=address(words[0][12:]),
            committee=_number(words[3]),
            use=_number(words[6]),
            classes=_number(words[7]),
            disease=_number(words[8]),
        )

    def newest_of(self, group: int, *, subject: str, payer: str, block: Block) -> int | None:
        return self._newest(group >> _REVISION_BITS, subject, block)

    def receiving_key(self, order: Order, heads: Heads, shown: ShownItem | None) -> bytes | None:
        enrolled = self._event(_ENROLLED, order.number, 2, heads)
        revised = self._event(_REVISED, order.group, _REVISED_WORDS, heads)
        if not enrolled or not revised:
            return None
        if shown is None:
            raise IntegrityError(
                "The deposit does not show which receiving key of the study is the order's. "
                "Deliver it with a newer version of this program.",
                code="E_STUDY_KEY",
            )
        place, keys = _number(enrolled[32:]), revised[-32:]
        return content_digest(shown.read(keys, place, size=PUBLIC_KEY_BYTES))


class UnionDesk(OrderDesk):
    """Unions: the group is a union, each of whose members has a part in its orders."""

    has_parts = True

    def book(self, order: int, subject: str) -> bytes:
        return part_book(order, subject)

    def sold(self, order: Order, subject: str, block: Block) -> Sold:
        words = self._words(_GET_UNION, order.group, _UNION_WORDS, block)
        return Sold(
            subject=subject,
            payer=order.party,
            committee=_number(words[3]),
            use=_number(words[8]),
            classes=_number(words[9]),
            disease=_number(words[10]),
        )

    def newest_of(self, group: int, *, subject: str, payer: str, block: Block) -> int | None:
        return self._newest(group, payer, block)

    def receiving_key(self, order: Order, heads: Heads, shown: ShownItem | None) -> bytes | None:
        said = self._event(_UNION_BOUGHT, order.number, 3, heads)
        return said[64:] if said else None

    def committee(self, union: int, block: Block) -> int:
        """Which committee holds the parts of a union's orders."""
        return _number(self._words(_GET_UNION, union, _UNION_WORDS, block)[3])

    def members(self, union: int, block: Block) -> int:
        """How many are in a union."""
        return _number(self._words(_ROLL_OF, union, 2, block)[0])

    def root(self, order: int, block: Block) -> bytes:
        """The root of what was delivered; zeros before."""
        return self._words(_SHARES_OF, order, 3, block)[2]


def desk_at(chain: Chain, contract: str) -> OrderDesk | None:
    """The desk at this address, if our deployment names it as one."""
    at, ours = address_bytes(contract), chain.addresses
    desks: tuple[tuple[str, type[OrderDesk]], ...] = (
        (ours.market, MarketDesk),
        (ours.studies, StudyDesk),
        (ours.unions, UnionDesk),
    )
    for known, desk in desks:
        if known and at == address_bytes(known):
            return desk(chain, contract)
    return None


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")
