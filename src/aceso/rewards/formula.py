"""Who gets what for an epoch: quality x scarcity x use, in whole numbers.

    lines = compute(epoch, uses, sources, budget=budget, rules=RULES)
    sum(line.reward.amount for line in lines) <= budget

Every figure is an integer and every division rounds down, so that whoever computes it again gets
the same to the last millionth of a coin. For each order and each class of data in it:

    use        the commons' part of what the order earned, in equal parts to its classes. Only a
               settled order counts, of an accredited researcher whose study an ethics board
               approved, who is not the person. It is what somebody paid and nobody of the order
               got back: demand that costs.
    quality    0 without a record that an accredited issuer anchored, of this class, of this very
               patient (the record's and the voucher's tags are equal), or with one that was
               retracted; `superseded` where its issuer replaced it; else 1. One record counts for
               a class, so that copies beside it add nothing.
    scarcity   sqrt(common / (common + n - 1)) for n patients of this class in the epoch: at most
               1, and it only falls as more come. Inventing people lowers it.

Their product is at most the use. Then the epoch's budget: when all products together exceed it,
each is cut alike. Then the caps of a patient and of an issuer, each cut alike below. What one cap
takes is not given to others: it is not emitted.

So all parties of an order get at most `order_cap_bps` of its commons' part, whatever anybody
declares, whoever they are, and however many they pretend to be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isqrt
from typing import Final

from aceso.chain import RecordStanding, Reward
from aceso.ethereum import NOBODY

from .rules import COMMONS_BPS, WHOLE_BPS, Rules

__all__ = ["MICROCOIN", "Line", "Part", "Source", "Use", "compute", "scarcity", "split"]

# Base units in a millionth of a coin, which is what rewards are counted in.
MICROCOIN: Final = 10**12
_WHOLE: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Use:
    """An order that was settled in the epoch, as the chain has it. `earned` is in base units."""

    order: int
    buyer: str
    subject: str
    institution: str
    institution_bps: int
    classes: int
    earned: int
    approved: bool

    @property
    def paid_away(self) -> int:
        """The commons' part, which no party of the order gets back, in millionths of a coin."""
        return self.earned * COMMONS_BPS // WHOLE_BPS // MICROCOIN

    @property
    def counts(self) -> bool:
        """Whether it is use: a researcher's, approved, and not the person's own."""
        return self.approved and self.buyer != self.subject and self.paid_away > 0


@dataclass(frozen=True, slots=True)
class Source:
    """A record that an order was made from, after its evidence was checked."""

    order: int
    data_class: int
    issuer: str
    tag: bytes
    record: bytes
    standing: RecordStanding


@dataclass(frozen=True, slots=True)
class Part:
    """Why: the order and the class that an amount is for."""

    order: int
    data_class: int
    amount: int


@dataclass(frozen=True, slots=True)
class Line:
    """A reward, and the reasons of it."""

    reward: Reward
    parts: tuple[Part, ...]


@dataclass(slots=True)
class _Claim:
    use: Use
    source: Source
    amount: int


def scarcity(persons: int, common: int) -> int:
    """Of 1,000,000: what one more of so many persons is worth to research."""
    return isqrt(_WHOLE * _WHOLE * common // (common + persons - 1))


def split(amount: int, bps: int, rules: Rules) -> tuple[int, int]:
    """The institution's part and the person's, who gets all that is left by rounding."""
    part = amount * min(bps, rules.institution_bps) // WHOLE_BPS
    return part, amount - part


def compute(
    epoch: int, uses: Iterable[Use], sources: Iterable[Source], *, budget: int, rules: Rules
) -> list[Line]:
    """The rewards of an epoch, numbered from 0. `budget` is in millionths of a coin."""
    claims = _claims(uses, sources)
    _weigh(claims, rules)
    total = sum(claim.amount for claim in claims)
    if total > budget or (rules.order_cap_bps is None and total):
        # Without the cap of an order the budget is handed out whole: what an attacker hopes for.
        _scale(claims, budget, total)
    _cap(claims, rules, budget)
    return _lines(epoch, claims, rules)


def _claims(uses: Iterable[Use], sources: Iterable[Source]) -> list[_Claim]:
    """For each order that counts and each class of it, the first record that does."""
    counting = {use.order: use for use in uses if use.counts}
    first: dict[tuple[int, int], Source] = {}
    for source in sorted(sources, key=_order_of):
        use = counting.get(source.order)
        if use is None or not use.classes & source.data_class:
            continue
        if source.standing is RecordStanding.RETRACTED:
            continue
        first.setdefault((source.order, source.data_class), source)
    return [_Claim(counting[order], source, 0) for (order, _), source in sorted(first.items())]


def _order_of(source: Source) -> tuple[int, int, int, bytes, str, bytes]:
    """Those that stand first; else by all that they say, so that no order of filing matters."""
    one = source
    return (one.order, one.data_class, int(one.standing), one.record, one.issuer, one.tag)


def _weigh(claims: Sequence[_Claim], rules: Rules) -> None:
    persons: Mapping[int, set[tuple[str, bytes]]] = defaultdict(set)
    for claim in claims:
        persons[claim.source.data_class].add((claim.source.issuer, claim.source.tag))
    rare = {one: scarcity(len(found), rules.common) for one, found in persons.items()}
    cap = WHOLE_BPS if rules.order_cap_bps is None else rules.order_cap_bps
    for claim in claims:
        use, source = claim.use, claim.source
        replaced = source.standing is RecordStanding.SUPERSEDED
        quality = rules.superseded if replaced else _WHOLE
        amount = use.paid_away * cap // WHOLE_BPS // use.classes.bit_count()
        claim.amount = amount * quality // _WHOLE * rare[source.data_class] // _WHOLE


def _scale(claims: Iterable[_Claim], limit: int, total: int) -> None:
    for claim in claims:
        claim.amount = claim.amount * limit // total


def _cap(claims: Iterable[_Claim], rules: Rules, budget: int) -> None:
    """No patient of an issuer, and no issuer, has more than their cap."""
    of_tags: dict[tuple[str, bytes], list[_Claim]] = defaultdict(list)
    of_issuers: dict[str, list[_Claim]] = defaultdict(list)
    for claim in claims:
        of_tags[claim.source.issuer, claim.source.tag].append(claim)
        of_issuers[claim.source.issuer].append(claim)
    limit = budget * rules.issuer_cap_bps // WHOLE_BPS
    # Patients first: what their caps take is not their issuer's to give to others.
    for groups, most in ((of_tags.values(), rules.tag_cap), (of_issuers.values(), limit)):
        for group in groups:
            total = sum(claim.amount for claim in group)
            if total > most:
                _scale(group, most, total)


def _lines(epoch: int, claims: Iterable[_Claim], rules: Rules) -> list[Line]:
    """One reward for an account and a record, however many orders used it."""
    found: dict[tuple[str, bool, str, bytes], list[Part]] = defaultdict(list)
    for claim in claims:
        use, source = claim.use, claim.source
        # Only the institution that the offer names, and only where it issued the record.
        shares = use.institution == source.issuer and use.institution != NOBODY
        of_institution, of_person = split(claim.amount, use.institution_bps * shares, rules)
        for account, institutional, amount in (
            (use.subject, False, of_person),
            (source.issuer, True, of_institution),
        ):
            if amount:
                key = (account, institutional, source.issuer, source.record)
                found[key].append(Part(use.order, source.data_class, amount))
    return [
        Line(
            Reward(
                epoch,
                index,
                institutional,
                sum(part.amount for part in parts),
                account,
                issuer,
                record,
            ),
            tuple(parts),
        )
        for index, ((account, institutional, issuer, record), parts) in enumerate(
            sorted(found.items())
        )
    ]
