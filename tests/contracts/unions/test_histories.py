"""
Unions, over hundreds of acts, each foretold by a ledger that knows nothing of the contract
├── every claim, settlement and dispute pays what the ledger says, to the unit, to everybody
├── coin held is what is locked, owed and earned; no part is paid twice, none above its share
├── a part that runs is paid as it is earned, and each payment divided by itself
└── in the end a stranger frees everything, and only what can't be divided by a committee is left
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field

import pytest
from brownie.exceptions import VirtualMachineError

from tests.contracts.trading import DAY, DURATION, KEY, PERIOD
from tests.contracts.uniting import CLAIM_PERIOD, PRICE

BPS = 777
STEPS = 300
WINDOW = 9 * DAY


@dataclass
class Sale:
    """An order, as anybody would write it down who watches."""

    order: int
    buyer: object
    deadline: int
    start: int = 0
    members: int = 0
    delivered: list[object] = field(default_factory=list)
    # When each member's part stopped, if before the end; 0 where it can't be told.
    stops: dict[object, int] = field(default_factory=dict)
    claimed: set[object] = field(default_factory=set)
    # What each was paid of a part that is not over, also of who has joined anew since.
    running: dict[object, int] = field(default_factory=dict)
    given_up: int = 0
    accused: set[object] = field(default_factory=set)
    # Paid or given back.
    done: int = 0
    given: int = 0
    is_over: bool = False
    is_disputed: bool = False
    was_disputed: bool = False
    is_upheld: bool = False
    parts: list[object] = field(default_factory=list)
    tree: object = None

    def until(self, person: object) -> int:
        """When a member's time was over."""
        return min(self.stops.get(person, self.start + DURATION), self.start + DURATION)

    def earned(self, person: object, now: int) -> int:
        """By the end, their stop, or now; what was paid of it stays paid."""
        share = PRICE // self.members
        time = min(self.until(person), now) - self.start
        return max(share * max(0, time) // DURATION, self.running.get(person, 0))


class Watch:
    """Acts at random, and what each must lead to."""

    def __init__(self, unity, seed):
        self.unity, self.random = unity, random.Random(seed)
        terms = {"institution": str(unity.institution), "institutionBps": BPS}
        self.number = unity.open(**terms)
        self.inside: set[object] = set()
        self.granted: set[object] = set()
        self.barred: set[tuple[object, object]] = set()
        self.sales: list[Sale] = []
        self.owed: Counter[object] = Counter()
        self.fees = 0
        self.done: Counter[str] = Counter()
        self.now = unity.now

    def step(self) -> None:
        self.now += self.random.choice((60, DAY // 4, DAY // 2, DAY // 2, 2 * DAY))
        self.unity.at(self.now)
        acts = {"join": 12, "leave": 1, "revoke": 1, "bar": 1, "buy": 10, "deliver": 16}
        acts |= {"accuse": 8, "dispute": 8, "resolve": 6, "claim": 14, "settle": 2}
        (name,) = self.random.choices(list(acts), acts.values())
        if getattr(self, name)():
            self.done[name] += 1
            self.check()

    def _stop(self, person, at, buyer=None):
        for sale in self.sales:
            if sale.start and person in sale.delivered and buyer in (None, sale.buyer):
                sale.stops[person] = min(sale.stops.get(person, at), at)

    def join(self):
        person = self.random.choice(self.unity.people)
        if person in self.inside:
            return False
        # A grant anew makes what was granted before untellable, and a new place takes the old one.
        self._stop(person, 0)
        for sale in self.sales:
            if person in sale.delivered:
                sale.delivered.remove(person)
                sale.given_up += sale.running.pop(person, None) is not None
        self.unity.join(self.number, person)
        self.now = self.unity.now
        self.inside.add(person)
        self.granted.add(person)
        return True

    def leave(self):
        person = self.random.choice(self.unity.people)
        self.unity.unions.leave(self.number, {"from": person})
        if person in self.inside:
            self._stop(person, self.now)
        self.inside.discard(person)
        return True

    def revoke(self):
        person = self.random.choice(self.unity.people)
        self.unity.revoke(self.number, person)
        self._stop(person, self.now)
        self.granted.discard(person)
        return True

    def bar(self):
        person = self.random.choice(self.unity.people)
        buyer = self.random.choice((self.unity.buyer, self.unity.other))
        if (person, buyer) in self.barred:
            return False
        self.unity.consents.bar(buyer, {"from": person})
        self.barred.add((person, buyer))
        self._stop(person, self.now, buyer)
        return True

    def buy(self):
        buyer = self.random.choice((self.unity.buyer, self.unity.other))
        live = any(
            sale.buyer == buyer
            and not sale.is_over
            and (
                sale.is_disputed
                or self.now < (sale.start + DURATION if sale.start else sale.deadline)
            )
            for sale in self.sales
        )
        if live or not self.inside:
            return self.refused(self.unity.unions.buy, self.number, KEY, 1, sender=buyer)
        order = self.unity.purchase(self.number, buyer=buyer)
        self.sales.append(Sale(order, buyer, self.now + PERIOD))
        return True

    def deliver(self):
        open_ = [
            sale
            for sale in self.sales
            if not sale.start and not sale.is_over and self.now < sale.deadline
        ]
        if not open_ or not self.inside:
            return False
        sale = self.random.choice(open_)
        people = [person for person in self.unity.people if person in self.inside]
        # Some deliver nothing; somebody who is no member has a part in the tree, in vain; and now
        # and then the committee counts too few.
        given = people[: self.random.randint(1, len(people))]
        count = len(given) + self.random.choice((1, 0, 0, -1 if len(given) > 1 else 0))
        self.unity.deliver_of(sale.order, [*given, self.unity.stranger], count=count)
        sale.tree, sale.parts = self.unity.tree, [*given, self.unity.stranger]
        sale.start, sale.members, sale.delivered = self.now, min(len(people), count), given
        for person in given:
            if person not in self.granted or (person, sale.buyer) in self.barred:
                sale.stops[person] = 0
        return True

    def _delivered(self):
        """A sale that may be disputed: the newest, as the window of others is over, as a rule."""
        sales = [sale for sale in self.sales if sale.start and not sale.is_over]
        if not sales:
            return None
        newest = max(sales, key=lambda one: one.start)
        return self.random.choice([newest] * 2 * len(sales) + sales)

    def accuse(self):
        sale = self._delivered()
        if sale is None:
            return False
        person = self.random.choice([*self.unity.people, self.unity.stranger])
        person = person if person in sale.parts else sale.parts[0]
        self.unity.tree = sale.tree
        good = (
            person in sale.delivered
            and person not in sale.accused
            and len(sale.accused) < sale.members
            and not sale.was_disputed
            and self.now < sale.start + WINDOW
        )
        call = (sale.order, *self.unity.proof(person))
        if not good:
            return self.refused(self.unity.unions.accuse, *call, sender=sale.buyer)
        self.unity.unions.accuse(*call, {"from": sale.buyer})
        sale.accused.add(person)
        return True

    def dispute(self):
        by = self.unity.disputes
        accused = [sale for sale in self.sales if sale.accused and not sale.was_disputed]
        sale = self.random.choice([*accused[-1:], *accused[-1:], self._delivered()])
        if sale is None:
            return False
        if sale.was_disputed or not sale.accused or self.now >= sale.start + WINDOW:
            return self.refused(self.unity.unions.dispute, sale.order, sender=by)
        self.unity.unions.dispute(sale.order, {"from": by})
        sale.is_disputed = sale.was_disputed = True
        return True

    def resolve(self):
        disputed = [sale for sale in self.sales if sale.is_disputed]
        if not disputed:
            return False
        sale, upheld = self.random.choice(disputed), self.random.random() < 0.5
        self.unity.unions.resolve(sale.order, upheld, {"from": self.unity.disputes})
        sale.is_disputed = False
        if upheld:
            assert sale.given == 0
            sale.is_upheld = True
            sale.done = len(sale.accused)
            sale.given = len(sale.accused) * (PRICE // sale.members)
            self.owed[str(sale.buyer)] += sale.given
            self.done["upheld"] += 1
        return True

    def claim(self):
        sales = [sale for sale in self.sales if sale.start and not sale.is_over]
        if not sales:
            return False
        over = [sale for sale in sales if self.now >= sale.start + DURATION]
        sale = self.random.choice([*sales, *over * 3])
        people = [*self.unity.people, self.unity.stranger, *sale.delivered * 3]
        return self.claim_of(sale, self.random.choice(people))

    def claim_of(self, sale, person):
        self.unity.tree = sale.tree
        # Where no part of theirs is in the tree, they try another's.
        person = person if person in sale.parts else sale.parts[0]
        good = (
            person in sale.delivered
            and person not in sale.claimed
            and not (sale.is_upheld and person in sale.accused)
            and (person in sale.running or sale.done < sale.members)
            and not sale.is_disputed
            and self.now >= sale.start + WINDOW
        )
        paid = sale.running.get(person, 0)
        is_over = self.now >= sale.until(person)
        good = good and (is_over or sale.earned(person, self.now) > paid)
        call = (sale.order, *self.unity.proof(person))
        if not good:
            return self.refused(self.unity.unions.claim, *call)
        self.unity.unions.claim(*call, {"from": self.unity.stranger})
        share, earned = PRICE // sale.members, sale.earned(person, self.now)
        fee, part = (earned - paid) // 20, (earned - paid) * BPS // 10_000
        self.fees += fee
        self.owed[str(self.unity.institution)] += part
        self.owed[str(person)] += earned - paid - 2 * fee - part
        sale.done += person not in sale.running
        if not is_over:
            sale.running[person] = earned
            sale.given += earned - paid
            self.done["paid in part"] += 1
            return True
        self.owed[str(sale.buyer)] += share - earned
        self.done["paid the rest"] += sale.running.pop(person, None) is not None
        sale.claimed.add(person)
        sale.given += share - paid
        return True

    def refused(self, act, *arguments, sender=None):
        """It would fail in a block of this second: asked, and not sent."""
        self.unity.mine(self.now)
        self.now += 1
        with pytest.raises(VirtualMachineError):
            act.call(*arguments, {"from": sender or self.unity.stranger})
        return False

    def settle(self):
        sales = [sale for sale in self.sales if not sale.is_over]
        if not sales:
            return False
        sale = self.random.choice(sales)
        over = sale.start + DURATION + CLAIM_PERIOD if sale.start else sale.deadline
        if sale.start and sale.done == sale.members and not (sale.running or sale.given_up):
            over = 0
        if self.now < over or sale.is_disputed:
            return self.refused(self.unity.unions.settle, sale.order)
        self.unity.settle(sale.order)
        self.end(sale)
        return True

    def end(self, sale):
        sale.is_over = True
        self.owed[str(sale.buyer)] += PRICE - sale.given
        sale.given = PRICE

    def check(self) -> None:
        unity = self.unity
        locked = sum(PRICE - sale.given for sale in self.sales)
        held = int(unity.coin.balanceOf(unity.unions))
        assert held == locked + sum(self.owed.values()) + 2 * self.fees
        assert unity.members(self.number) == len(self.inside)

    def check_all(self) -> None:
        self.check()
        for account, amount in self.owed.items():
            assert self.unity.credit(account) == amount
        assert self.unity.fees(1, self.unity.commons)[0] == self.fees


@pytest.mark.parametrize("seed", [13])
def test_every_act_is_as_the_ledger_foretold(unity, seed):
    unity = unity.at_a_desk(WINDOW)
    watch = Watch(unity, seed)
    for _ in range(STEPS):
        watch.step()
    watch.check_all()
    assert set(watch.done) == {
        *("join", "leave", "revoke", "bar", "buy", "deliver", "accuse"),
        *("dispute", "resolve", "upheld", "claim", "settle", "paid in part", "paid the rest"),
    }
    assert watch.done["paid in part"] > 5 and watch.done["paid the rest"] > 2

    for sale in watch.sales:
        if not sale.is_over:
            # A dispute that nobody resolved has lapsed by then.
            watch.now += 2 * CLAIM_PERIOD
            unity.settle(sale.order, at=watch.now)
            sale.is_disputed = False
            watch.end(sale)
    watch.check_all()
    anybody = {"from": unity.stranger}
    for account, amount in watch.owed.items():
        if amount:
            unity.unions.payCredit(account, anybody)
    unity.unions.payCommons(1, anybody)
    for place in range(3):
        unity.unions.payCommitteeFee(1, unity.committees[1], place, anybody)
    assert unity.coin.balanceOf(unity.unions) == watch.fees % 3
