"""What a person earns, and why: orders that were paid, bonds of disputes that were dismissed, and
rewards that vest.

    report = earnings(network, persona.address)
    report.orders, report.bonds, report.rewards, report.state
    claim_rewards(network, audit, persona.address)

A reward is booked by its proof, which the epoch's audit file gives, and paid as it vests. Both may
be carried by anybody, and pay only the account that they name.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from aceso.chain import (
    DisputeState,
    Earned,
    OrderState,
    Receipt,
    RecordStanding,
    RefusedError,
    Reward,
)
from aceso.errors import SPOILT
from aceso.rewards import Audit, Contribution, ContributionError, Part, gather, rewards_of

from .enrolling import part_of_subject
from .network import Network
from .orders import DESKS, Sale, desk_named, find_sale, sales
from .posted import check_totals, root_posted

__all__ = [
    "BondEarning",
    "Earnings",
    "OrderEarning",
    "RewardEarning",
    "claim_rewards",
    "claw_back",
    "compute_rewards",
    "earnings",
    "read_filed",
    "verify_rewards",
]


@dataclass(frozen=True, slots=True)
class OrderEarning:
    """An order that paid, of an offer or of a study, in base units: what it earned in all so far,
    and what of it is the person's."""

    sale: Sale
    earned: int
    mine: int

    @property
    def is_settled(self) -> bool:
        """Whether that is all: an order that runs is paid in parts."""
        return self.sale.state is OrderState.SETTLED


@dataclass(frozen=True, slots=True)
class BondEarning:
    """What was left of the bond of a dispute, in base units, as it was dismissed: whoever `payer`
    is disputed an order of this account in vain."""

    dispute: int
    sale: Sale
    payer: str
    mine: int


@dataclass(frozen=True, slots=True)
class RewardEarning:
    """A reward that was booked, in millionths of a coin; `parts` where its audit file is given."""

    epoch: int
    index: int
    amount: int
    taken: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Earnings:
    """All that an account earned, and how its rewards stand."""

    account: str
    orders: tuple[OrderEarning, ...]
    bonds: tuple[BondEarning, ...]
    rewards: tuple[RewardEarning, ...]
    state: Earned


def earnings(network: Network, account: str, audits: Iterable[Audit] = ()) -> Earnings:
    """What `account` earned, with the reason of each coin."""
    index = network.synced()
    orders = [
        OrderEarning(sale, sale.earned, part_of_subject(sale.earned, sale.institution_bps))
        for sale in sales(network, subjects=[account])
        if sale.earned
    ]
    parts = {
        (line.reward.epoch, line.reward.index): line.parts
        for audit in audits
        for line in rewards_of(audit.lines, account)
    }
    rewards: dict[tuple[int, int], RewardEarning] = {}
    for event in index.events("RewardClaimed"):
        args = event.args
        if args["account"] == account:
            key = (args["epoch"], args["index"])
            rewards[key] = RewardEarning(*key, args["amount"], 0, parts.get(key, ()))
    for event in index.events("RewardClawedBack"):
        args = event.args
        key = (args["epoch"], args["index"])
        if args["account"] == account and key in rewards:
            before = rewards[key]
            rewards[key] = RewardEarning(*key, before.amount, args["taken"], before.parts)
    state = network.suite.rewards.earnings_of(account)
    bonds = tuple(_bonds(network, account))
    return Earnings(account, tuple(orders), bonds, tuple(rewards.values()), state)


def _bonds(network: Network, account: str) -> Iterator[BondEarning]:
    """A bond that was lost goes to whom the order's desk names as its subject, less the votes."""
    index, suite = network.index, network.suite
    # At a contract of somebody's own nothing was sold.
    desks = {suite.addresses[name]: desk_named(network, name) for name in DESKS}
    opened = {event.args["number"]: event.args for event in index.events("DisputeOpened")}
    votes = Counter(event.args["number"] for event in index.events("DisputeVoted"))
    terms = suite.disputes.terms()
    for event in index.events("DisputeEnded"):
        number, begun = event.args["number"], opened[event.args["number"]]
        desk, order = desks.get(begun["desk"]), begun["order"]
        if event.args["state"] != DisputeState.DISMISSED or desk is None:
            continue
        if desk.parties_of(order).subject == account:
            left = terms.bond - votes[number] * terms.fee
            yield BondEarning(number, find_sale(network, order), begun["payer"], left)


def compute_rewards(network: Network, epoch: int, filed: Iterable[Contribution]) -> Audit:
    """The audit of an epoch that is over."""
    return Audit.make(gather(network.suite, network.synced().timed_events(), epoch, filed))


def verify_rewards(network: Network, audit: Audit) -> bool:
    """Raise `AuditFalseError` where the file is wrong, or its root was posted with other sums; tell
    whether its root is the one posted."""
    audit.recheck()
    facts = audit.facts
    events = network.synced().timed_events()
    audit.compare(gather(network.suite, events, facts.epoch, facts.filed))
    posted = root_posted(network, facts.epoch)
    if posted is None or posted.args["root"] != audit.root:
        return False
    check_totals(audit, posted)
    return True


def claim_rewards(network: Network, audit: Audit, account: str) -> list[Receipt]:
    """Book what the file has for `account` and isn't booked yet, and pay what has vested."""
    pool = network.suite.rewards
    sent = []
    for line in rewards_of(audit.lines, account):
        reward = line.reward
        if not pool.is_claimed(reward.epoch, reward.index)[0]:
            sent.append(network.relayer.send(pool.claim(reward, audit.proof(reward))))
    state = pool.earnings_of(account)
    if state.vested > state.paid:
        sent.append(network.relayer.send(pool.release(account)))
    return sent


def claw_back(network: Network, audit: Audit) -> list[tuple[Reward, Receipt]]:
    """Take back what has not vested of the rewards in the file whose record its issuer retracted.
    Anybody may: what is not taken back goes on to vest."""
    suite, taken = network.suite, []
    for line in audit.lines:
        reward = line.reward
        found = suite.records.verify(reward.issuer, bytes(32), reward.record, [])
        if found.standing is not RecordStanding.RETRACTED:
            continue
        if suite.rewards.is_claimed(reward.epoch, reward.index)[1]:
            continue
        try:
            sent = network.relayer.send(suite.rewards.claw_back(reward, audit.proof(reward)))
        except RefusedError as exc:
            # All of it has vested.
            if exc.error != "RewardNothingToTake":
                raise
            continue
        taken.append((reward, sent))
    return taken


def read_filed(folder: Path) -> tuple[list[Contribution], list[str]]:
    """What was filed, a JSON file each, and the names of files that are none of it."""
    filed, refused = [], []
    for path in sorted(folder.glob("*.json")):
        try:
            filed.append(Contribution.from_document(json.loads(path.read_bytes())))
        except (ContributionError, OSError, *SPOILT):
            refused.append(path.name)
    return filed, refused
