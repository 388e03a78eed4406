"""Epoch after epoch: orders, what is filed for them, rewards, and everybody's accounts."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from aceso.chain import RecordStanding
from aceso.rewards import RULES, Line, Rules, Source, Use, compute

from .world import CLASSES, Attack, World

__all__ = ["Account", "Outcome", "gini", "simulate"]

_COIN: Final = 10**18
_MICRO: Final = 10**6
_HONEST: Final = "honest"
_NOBODY: Final = "0x" + "00" * 20
_RESEARCHER: Final = "0x" + "ee" * 20
_WHOLE_BPS: Final = 10_000
# An offer, a grant, an anchor, a delivery, a settlement and a claim.
_TRANSACTIONS: Final = 6


@dataclass(slots=True)
class Account:
    """What a kind of people got and paid, in coin. `copies` is what of the sales was paid for
    copies of what others have, `refused` how many orders were disputed for them and paid back;
    `turned_away` are those who could not show where anything of what was asked is from."""

    people: int = 0
    sales: float = 0.0
    copies: float = 0.0
    refused: int = 0
    turned_away: int = 0
    rewards: float = 0.0
    cost: float = 0.0
    gain: float = 0.0


@dataclass(slots=True)
class Outcome:
    """`accounts` by kind; of attacks, `cost` and `gain` are those of the attack alone."""

    accounts: dict[str, Account]
    # Of all that persons got, up to each epoch.
    concentration: list[float] = field(default_factory=list)
    # What researchers paid panels for, who refused copies and were right.
    panels: float = 0.0
    # Of each epoch: what the commons took in, and what was emitted.
    commons: list[float] = field(default_factory=list)
    emitted: list[float] = field(default_factory=list)

    @property
    def attacks(self) -> dict[str, Account]:
        return {kind: one for kind, one in self.accounts.items() if kind != _HONEST}


@dataclass(frozen=True, slots=True)
class _Person:
    number: int
    kind: str
    hospital: int
    classes: tuple[int, ...]
    # What they have of others, and offer as if it were theirs.
    copied: tuple[int, ...] = ()
    # Of their own, what they can show no origin of.
    unshown: tuple[int, ...] = ()


@dataclass(slots=True)
class _Epoch:
    """The facts of one, and whose each order is."""

    uses: list[Use] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    # Those that would have been filed without copies.
    honest: list[Source] = field(default_factory=list)
    # Bought by their own sellers.
    dealt: set[int] = field(default_factory=set)
    owners: dict[int, int] = field(default_factory=dict)


def gini(values: list[float]) -> float:
    """0 where all have the same, towards 1 where one has all."""
    ordered = sorted(values)
    total = sum(ordered)
    if not total:
        return 0.0
    weighted = sum(place * value for place, value in enumerate(ordered, 1))
    return 2 * weighted / (len(ordered) * total) - (len(ordered) + 1) / len(ordered)


def simulate(world: World, rules: Rules = RULES) -> Outcome:
    """Run a world. The same world and rules give the same outcome."""
    draw = random.Random(world.seed)
    people = _population(world, draw)
    outcome = Outcome({kind: Account() for kind in (_HONEST, *world.attacks)})
    for person in people:
        account = outcome.accounts[person.kind]
        account.people += 1
        # One extract of each class, at what extracts cost in the middle: a copy has to be had.
        account.cost += len(person.copied) * sum(world.price) / 2
    got = [0.0] * len(people)
    for epoch in range(world.epochs):
        facts = _epoch(world, draw, people, epoch, outcome, got)
        budget = world.budget >> (epoch // world.halving)
        lines = compute(epoch, facts.uses, facts.sources, budget=budget, rules=rules)
        _book(outcome, facts, people, lines, got)
        _gains(outcome, world, facts, lines, epoch, budget, rules)
        outcome.concentration.append(gini(got))
        outcome.commons.append(sum(use.paid_away for use in facts.uses) / _MICRO)
        outcome.emitted.append(sum(line.reward.amount for line in lines) / _MICRO)
    return outcome


def _population(world: World, draw: random.Random) -> list[_Person]:
    kinds = [kind for kind, attack in world.attacks.items() for _ in range(attack.people)]
    kinds += [_HONEST] * (world.people - len(kinds))
    people = []
    # Drawn apart, so that all else is the same with it and without.
    apart = random.Random(f"{world.seed} unshown")
    for number, kind in enumerate(kinds):
        hospital = draw.randrange(world.hospitals)
        own = tuple(sorted(draw.sample(CLASSES, draw.randint(1, 4))))
        if kind in world.attacks and world.attacks[kind].foreign:
            others = tuple(one for one in CLASSES if one != own[0])
            people.append(_Person(number, kind, hospital, own[:1], others))
        else:
            hidden = tuple(one for one in own if apart.randrange(_WHOLE_BPS) < world.unshown_bps)
            honest = kind == _HONEST
            people.append(_Person(number, kind, hospital, own, unshown=hidden if honest else ()))
    return people


def _epoch(
    world: World,
    draw: random.Random,
    people: list[_Person],
    epoch: int,
    outcome: Outcome,
    got: list[float],
) -> _Epoch:
    facts = _Epoch()
    first, last = world.demand
    share = epoch / max(1, world.epochs - 1)
    # Everybody is asked alike, attackers included: they have real records, too.
    for _ in range(int(world.people * (first + (last - first) * share))):
        person = draw.choice(people)
        price = draw.randint(*world.price)
        offered = (*person.classes, *person.copied)
        wanted = tuple(draw.sample(offered, draw.randint(1, len(offered))))
        attack, account = world.attacks.get(person.kind), outcome.accounts[person.kind]
        copied = len(set(wanted) & set(person.copied))
        account.cost += world.fee * copied
        if world.asks_origin:
            wanted = tuple(one for one in wanted if one not in person.unshown)
            if not wanted:
                account.turned_away += 1
                continue
            if copied and price > world.panel:
                # No origin is shown of the copies: disputed, computed, and all of it paid back.
                account.refused += 1
                account.cost += world.fee * _TRANSACTIONS
                outcome.panels += world.panel
                continue
        order = _order(facts, person, person.number, price, wanted, 0, _RESEARCHER)
        _file(facts, world, people, order, person, person.number, wanted, attack)
        sold = price * 0.9
        account.sales += sold
        account.copies += sold * copied / len(wanted)
        account.gain += sold * copied / len(wanted)
        got[person.number] += sold
        if attack is not None and attack.copies:
            account.cost += world.fee * attack.copies * len(wanted)
    for person in people:
        attack = world.attacks.get(person.kind)
        if attack is not None and attack.orders:
            _deal(world, facts, person, attack, outcome)
    return facts


def _deal(world: World, facts: _Epoch, person: _Person, attack: Attack, outcome: Outcome) -> None:
    """Buy from oneself: what comes back is no income, and what doesn't is the cost."""
    account = outcome.accounts[person.kind]
    parties = attack.parties
    for identity in range(attack.identities):
        for _ in range(attack.orders):
            # Every identity's account, and a patient of its own where the hospital is with them.
            patient = (person.number + 1) * 10**6 + identity if attack.patients else person.number
            order = _order(
                facts, person, (person.number + 1) * 10**6 + identity, attack.price,
                person.classes, parties.institution_bps, _account(person.number, 3),
            )  # fmt: skip
            _file(facts, world, [], order, person, patient, person.classes, None)
            facts.dealt.add(order)
            account.cost += attack.price * parties.paid_away_bps() / _WHOLE_BPS
            account.cost += world.fee * _TRANSACTIONS


def _order(
    facts: _Epoch,
    person: _Person,
    account: int,
    price: int,
    classes: tuple[int, ...],
    bps: int,
    buyer: str,
) -> int:
    order = len(facts.uses) + 1
    institution = _account(person.hospital, 2) if bps else _NOBODY
    facts.uses.append(
        Use(order, buyer, _account(account, 1), institution, bps, sum(classes), price * _COIN, True)
    )
    facts.owners[order] = person.number
    return order


def _file(
    facts: _Epoch,
    world: World,
    people: list[_Person],
    order: int,
    person: _Person,
    patient: int,
    classes: tuple[int, ...],
    attack: Attack | None,
) -> None:
    """The records behind an order: the seller's own, further copies of those, and copies of
    somebody else's, which their hospital signed with that person's tag."""
    vouched = _tag(patient)
    for data_class in classes:
        if data_class in person.copied:
            owner = _owner_of(people, data_class, order)
            if owner is not None:
                record = _source(order, data_class, owner.hospital, owner.number, copy=order)
                _take(facts, world, record, vouched)
            continue
        for copy in range(1 + (attack.copies if attack else 0)):
            record = _source(order, data_class, person.hospital, patient, copy)
            if copy == 0:
                facts.honest.append(record)
            _take(facts, world, record, vouched)


def _take(facts: _Epoch, world: World, record: Source, vouched: bytes) -> None:
    """As `Contribution.check` takes it: the tag that the record's issuer signed in it is the one
    that they vouched for."""
    if record.tag == vouched or not world.checks_tags:
        facts.sources.append(record)


def _owner_of(people: list[_Person], data_class: int, order: int) -> _Person | None:
    """Somebody who has a record of a class."""
    for step in range(len(people)):
        other = people[(order * 7919 + step) % len(people)]
        if data_class in other.classes and not other.copied:
            return other
    return None


def _source(order: int, data_class: int, hospital: int, patient: int, copy: int) -> Source:
    """A record with salts of its own: no two copies have one digest."""
    record = b"".join(part.to_bytes(8, "big") for part in (patient, data_class, copy, 0))
    issuer = _account(hospital, 2)
    return Source(order, data_class, issuer, _tag(patient), record, RecordStanding.STANDS)


def _tag(patient: int) -> bytes:
    """A hospital's name for a patient."""
    return patient.to_bytes(32, "big")


def _book(
    outcome: Outcome, facts: _Epoch, people: list[_Person], lines: list[Line], got: list[float]
) -> None:
    """All that the parties of an order got, an accomplice's part included."""
    for _line, order, amount in _parts(lines):
        owner = facts.owners[order]
        account = outcome.accounts[people[owner].kind]
        got[owner] += amount
        account.rewards += amount
        if order in facts.dealt:
            account.gain += amount


def _parts(lines: list[Line]) -> Iterator[tuple[Line, int, float]]:
    for line in lines:
        for part in line.parts:
            yield line, part.order, part.amount / _MICRO


def _gains(
    outcome: Outcome,
    world: World,
    facts: _Epoch,
    lines: list[Line],
    epoch: int,
    budget: int,
    rules: Rules,
) -> None:
    """What copies brought: the rewards of those who filed them, with and without."""
    if not any(attack.copies or attack.foreign for attack in world.attacks.values()):
        return
    without = compute(epoch, facts.uses, facts.honest, budget=budget, rules=rules)
    kinds = _kinds(world)
    change: Counter[str] = Counter()
    for sign, found in ((1, lines), (-1, without)):
        of_orders: dict[int, float] = defaultdict(float)
        for _line, order, amount in _parts(found):
            of_orders[order] += amount
        for order, amount in of_orders.items():
            kind = kinds.get(facts.owners[order])
            if kind is not None:
                change[kind] += sign * amount
    for kind, amount in change.items():
        outcome.accounts[kind].gain += amount


def _kinds(world: World) -> dict[int, str]:
    """Who files copies, by number: attackers come first in a population."""
    found, number = {}, 0
    for kind, attack in world.attacks.items():
        for _ in range(attack.people):
            if attack.copies or attack.foreign:
                found[number] = kind
            number += 1
    return found


def _account(number: int, kind: int) -> str:
    """An address: 1 of a person, 2 of a hospital, 3 of an attacker's researcher."""
    return f"0x{kind:08x}{number:032x}"
