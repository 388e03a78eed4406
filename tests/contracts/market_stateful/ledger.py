"""What the market should hold and owe, kept in plain Python from what was done and when.

It never asks the chain. It knows no counters, words or epochs: an order remembers what happened to
it, and what is earned follows from that history.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

__all__ = [
    "DELIVERED",
    "DISPUTED",
    "OPEN",
    "SETTLED",
    "Books",
    "Consent",
    "Ledger",
    "Offer",
    "Order",
]

OPEN, DELIVERED, SETTLED, DISPUTED = 1, 2, 3, 4
# After the challenge window, a dispute that nobody resolves lapses.
LAPSE = 180 * 24 * 60 * 60


@dataclass
class Offer:
    subject: str
    price: int
    institution: str | None
    bps: int
    committee: int
    duration: int
    period: int
    is_open: bool = True


@dataclass
class Consent:
    """What a subject granted to an offer: a period, or nothing any more."""

    valid_from: int
    valid_until: int
    stands: bool = True


@dataclass
class Order:
    """`offer` is what it was made under, of which a study's revision is one; `buyer` is its party:
    at the market who buys, of a study the subject."""

    offer: int
    buyer: str
    price: int
    duration: int
    deadline: int
    # When the grant that it was bought under ends.
    granted_until: int
    state: int = OPEN
    start: int = 0
    # When the subject stopped it, and how often everything was withdrawn since.
    stops: list[int] = field(default_factory=list)
    withdrawn_all: int = 0
    # What came first can't be told any more.
    is_void: bool = False
    # What was earned by the parts that were paid, and what of it was given to somebody.
    paid: int = 0
    given: int = 0
    # Of that: the committee's (and the commons'), the institution's, the subject's.
    shares: tuple[int, int, int] = (0, 0, 0)

    @property
    def is_live(self) -> bool:
        return self.state in (OPEN, DELIVERED, DISPUTED)

    def over(self) -> int:
        """The first second that isn't paid any more."""
        if self.is_void:
            return 0
        end = self.deadline if self.state == OPEN else self.start + self.duration
        return min([end, self.granted_until, *self.stops])

    def earned(self) -> int:
        allowed = self.over() - self.start
        if self.state == OPEN or self.is_void or allowed <= 0:
            return self.paid
        return max(self.paid, self.price * allowed // self.duration)

    def settled_from(self, window: int) -> int:
        """The first second at which it can be settled."""
        open_until = self.start + window
        if self.state == DISPUTED:
            return max(self.over(), open_until + LAPSE)
        if self.state == DELIVERED and self.over() > self.start:
            return max(self.over(), open_until)
        return self.over()

    def part(self, now: int) -> int:
        """What is paid of it by now, in parts."""
        return self.price * (((now - self.start) << 16) // self.duration) >> 16

    def may_pay_part(self, now: int, window: int) -> bool:
        return (
            self.state == DELIVERED
            and self.start + window <= now < self.over()
            and self.part(now) > self.paid
        )


class Books:
    """What a desk of orders holds and owes, whichever desk it is."""

    def __init__(self, window: int) -> None:
        self.window = window
        self.offers: dict[int, Offer] = {}
        # The newest order of each offer and buyer, or study and subject, and how many there were.
        self.orders: dict[tuple[int, str], Order] = {}
        self.bought: Counter[tuple[int, str]] = Counter()
        self.barred: set[tuple[str, str]] = set()
        self.coin: Counter[str] = Counter()
        self.supply = 0
        self.credits: Counter[str] = Counter()
        self.earned_by_committee: Counter[int] = Counter()
        self.paid_of_fees: Counter[tuple[int, str]] = Counter()
        self.stray = 0
        # What ever went into the market for somebody, and what ever came out for them.
        self.came_in: Counter[str] = Counter()
        self.went_out: Counter[str] = Counter()

    def held(self) -> int:
        """E1."""
        return (
            sum(order.price - order.given for order in self.orders.values() if order.is_live)
            + sum(self.credits.values())
            + 2 * sum(self.earned_by_committee.values())
            - sum(self.paid_of_fees.values())
            + self.stray
        )

    # Orders

    def deliver(self, order: Order, now: int) -> None:
        order.state, order.start = DELIVERED, now

    def settle(self, order: Order) -> int:
        """Pay it out, and say what was earned."""
        earned, bps = order.earned(), self.offers[order.offer].bps
        fee, share = earned * 5 // 100, earned * bps // 10_000
        self._give(order, fee, share, earned - 2 * fee - share)
        if order.price > earned:
            self._give_back(order, order.price - earned)
        order.state = SETTLED
        return earned

    def pay_part(self, order: Order, now: int) -> None:
        """Everybody's share of what was earned so far, each rounded down."""
        bps, order.paid = self.offers[order.offer].bps, order.part(now)
        self._give(
            order,
            order.paid * 5 // 100,
            order.paid * bps // 10_000,
            order.paid * (9000 - bps) // 10_000,
        )

    def _give(self, order: Order, fee: int, share: int, rest: int) -> None:
        """What each has in all by now: what they had before is taken off."""
        offer = self.offers[order.offer]
        had = order.shares
        self.earned_by_committee[offer.committee] += fee - had[0]
        if offer.institution:
            self._owe(offer.institution, share - had[1])
        self._owe(self._subject_of(order), rest - had[2])
        order.shares = (fee, share, rest)
        order.given = 2 * fee + share + rest

    def resolve(self, order: Order, upheld: bool) -> None:
        """Nothing was paid of it before."""
        order.state = SETTLED if upheld else DELIVERED
        if upheld:
            self._give_back(order, order.price)

    def _subject_of(self, order: Order) -> str:
        """Whose data it is."""
        return self.offers[order.offer].subject

    def _give_back(self, order: Order, amount: int) -> None:
        """What wasn't earned."""
        self._owe(order.buyer, amount)

    def _owe(self, account: str, amount: int) -> None:
        if amount:
            self.credits[account] += amount

    # Payments

    def pay_credit(self, account: str) -> None:
        self._paid(account, self.credits.pop(account))

    def fee_due(self, committee: int, payee: str, parts: int) -> int:
        earned = self.earned_by_committee[committee] // parts
        return earned - self.paid_of_fees[committee, payee]

    def pay_fee(self, committee: int, payee: str, parts: int) -> None:
        due = self.fee_due(committee, payee, parts)
        self.paid_of_fees[committee, payee] += due
        self._paid(payee, due)

    def _paid(self, account: str, amount: int) -> None:
        self.coin[account] += amount
        self.went_out[account] += amount


class Ledger(Books):
    """The market's."""

    def __init__(self, window: int) -> None:
        super().__init__(window)
        self.consents: dict[int, Consent] = {}

    def _orders_of(self, number: int) -> list[Order]:
        return [order for (offer, _), order in self.orders.items() if offer == number]

    # What the subject does

    def grant(self, number: int, valid_from: int, valid_until: int) -> None:
        self.consents[number] = Consent(valid_from, valid_until)
        for order in self._orders_of(number):
            order.is_void = True

    def withdraw(self, number: int, now: int) -> None:
        if number in self.consents:
            self.consents[number].stands = False
        for order in self._orders_of(number):
            order.stops.append(now)

    def withdraw_all(self, subject: str, now: int) -> None:
        for number, offer in self.offers.items():
            if offer.subject != subject:
                continue
            if number in self.consents:
                self.consents[number].stands = False
            for order in self._orders_of(number):
                order.stops.append(now)
                order.withdrawn_all += 1
                order.is_void = order.is_void or order.withdrawn_all > 1

    def bar(self, subject: str, buyer: str, now: int) -> None:
        if (subject, buyer) in self.barred:
            return
        self.barred.add((subject, buyer))
        for order in self._orders_between(subject, buyer):
            order.stops.append(now)

    def unbar(self, subject: str, buyer: str) -> None:
        self.barred.remove((subject, buyer))
        for order in self._orders_between(subject, buyer):
            order.is_void = True

    def _orders_between(self, subject: str, buyer: str) -> list[Order]:
        return [
            order
            for (number, who), order in self.orders.items()
            if who == buyer and self.offers[number].subject == subject
        ]

    # Orders

    def may_buy(self, number: int, buyer: str, now: int) -> bool:
        offer = self.offers.get(number)
        consent = self.consents.get(number)
        last = self.orders.get((number, buyer))
        return (
            offer is not None
            and offer.is_open
            and consent is not None
            and consent.stands
            and consent.valid_from <= now < consent.valid_until
            and (offer.subject, buyer) not in self.barred
            and not (last and last.is_live)
            and self.coin[buyer] >= offer.price
        )

    def buy(self, number: int, buyer: str, now: int) -> None:
        offer = self.offers[number]
        self.orders[number, buyer] = Order(
            offer=number,
            buyer=buyer,
            price=offer.price,
            duration=offer.duration,
            deadline=now + offer.period,
            granted_until=self.consents[number].valid_until,
        )
        self.bought[number, buyer] += 1
        self.coin[buyer] -= offer.price
        self.came_in[buyer] += offer.price
