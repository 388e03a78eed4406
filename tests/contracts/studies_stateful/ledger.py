"""What studies should hold and owe, kept in plain Python from what was done and when.

What happens to an order is `market_stateful.ledger`'s. Here the party of an order is the subject,
and what it was made under is a revision: a study's number, the revision in its lowest 16 bits.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.contracts.market_stateful.ledger import Books, Consent, Offer, Order

__all__ = ["Study", "StudyLedger"]


@dataclass
class Study:
    """How a study stands; `cap` and `deadline` are those of its newest revision."""

    researcher: str
    cap: int
    deadline: int
    budget: int = 0
    enrolled: int = 0
    places: int = 0
    revision: int = 1
    is_closed: bool = False

    def is_open(self, now: int) -> bool:
        return not self.is_closed and now < self.deadline


class StudyLedger(Books):
    """`offers` has the terms of each revision, of which a board approved some."""

    def __init__(self, window: int) -> None:
        super().__init__(window)
        self.studies: dict[int, Study] = {}
        self.consents: dict[tuple[int, str], Consent] = {}
        # Revisions that want the approval of a board, and those that have it.
        self.strict: set[int] = set()
        self.approved: set[int] = set()
        # An approval counts while the one board is accredited.
        self.is_board = True

    def held(self) -> int:
        """E1, and every budget."""
        return super().held() + sum(study.budget for study in self.studies.values())

    def newest(self, study: int) -> int:
        """The group of the newest revision."""
        return study << 16 | self.studies[study].revision

    # Studies

    def open(self, study: int, found: Study, terms: Offer, *, strict: bool) -> None:
        self.studies[study] = found
        self._revised(study, terms, strict)

    def amend(self, study: int, cap: int, deadline: int, terms: Offer, *, strict: bool) -> None:
        found = self.studies[study]
        found.revision += 1
        found.cap, found.deadline, found.places = cap, deadline, 0
        self._revised(study, terms, strict)

    def _revised(self, study: int, terms: Offer, strict: bool) -> None:
        group = self.newest(study)
        self.offers[group] = terms
        if strict:
            self.strict.add(group)

    def fund(self, study: int, payer: str, amount: int) -> None:
        self.studies[study].budget += amount
        self.coin[payer] -= amount
        self.came_in[payer] += amount

    def close(self, study: int) -> None:
        found = self.studies[study]
        self._owe(found.researcher, found.budget)
        found.budget, found.is_closed = 0, True

    # What the subject does

    def grant(self, group: int, subject: str, valid_from: int, valid_until: int) -> None:
        self.consents[group, subject] = Consent(valid_from, valid_until)
        for order in self._orders_under(group, subject):
            order.is_void = True

    def withdraw(self, group: int, subject: str, now: int) -> None:
        if (group, subject) in self.consents:
            self.consents[group, subject].stands = False
        for order in self._orders_under(group, subject):
            order.stops.append(now)

    def withdraw_all(self, subject: str, now: int) -> None:
        for (_, whose), consent in self.consents.items():
            if whose == subject:
                consent.stands = False
        for order in self._orders_of(subject):
            order.stops.append(now)
            order.withdrawn_all += 1
            order.is_void = order.is_void or order.withdrawn_all > 1

    def bar(self, subject: str, researcher: str, now: int) -> None:
        if (subject, researcher) in self.barred:
            return
        self.barred.add((subject, researcher))
        for order in self._orders_between(subject, researcher):
            order.stops.append(now)

    def unbar(self, subject: str, researcher: str) -> None:
        self.barred.remove((subject, researcher))
        for order in self._orders_between(subject, researcher):
            order.is_void = True

    def _orders_of(self, subject: str) -> list[Order]:
        return [order for (_, whose), order in self.orders.items() if whose == subject]

    def _orders_under(self, group: int, subject: str) -> list[Order]:
        return [order for order in self._orders_of(subject) if order.offer == group]

    def _orders_between(self, subject: str, researcher: str) -> list[Order]:
        return [
            order
            for order in self._orders_of(subject)
            if self.studies[order.offer >> 16].researcher == researcher
        ]

    # Orders

    def is_attested(self, group: int) -> bool:
        return self.is_board and group in self.approved

    def may_enrol(self, group: int, subject: str, now: int) -> bool:
        study, consent = self.studies[group >> 16], self.consents.get((group, subject))
        last = self.orders.get((group >> 16, subject))
        return (
            study.is_open(now)
            and group == self.newest(group >> 16)
            and study.enrolled < study.cap
            and study.places < 2 * study.cap
            and study.budget >= self.offers[group].price
            and consent is not None
            and consent.stands
            and consent.valid_from <= now < consent.valid_until
            and (subject, study.researcher) not in self.barred
            and (group not in self.strict or self.is_attested(group))
            and not (last and last.is_live)
        )

    def enrol(self, group: int, subject: str, now: int) -> None:
        study, terms = self.studies[group >> 16], self.offers[group]
        self.orders[group >> 16, subject] = Order(
            offer=group,
            buyer=subject,
            price=terms.price,
            duration=terms.duration,
            deadline=now + terms.period,
            granted_until=self.consents[group, subject].valid_until,
        )
        self.bought[group >> 16, subject] += 1
        study.budget -= terms.price
        study.enrolled += 1
        study.places += 1

    def _subject_of(self, order: Order) -> str:
        return order.buyer

    def _give_back(self, order: Order, amount: int) -> None:
        """To the budget, or to the researcher of a study that is closed. Who earned nothing leaves
        their place."""
        study = self.studies[order.offer >> 16]
        if amount == order.price:
            study.enrolled -= 1
        if study.is_closed:
            self._owe(study.researcher, amount)
        else:
            study.budget += amount
