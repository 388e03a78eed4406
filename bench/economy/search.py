"""A bounded search for parameters under which an attack pays.

    search(trials=200, seed=1)                      # None: the rules hold
    search(trials=200, seed=1, order_cap=False)     # one is found, or the search is blind
    search(trials=200, seed=1, asks_origin=False)   # so is one that sells copies

Rules are drawn from all that `Rules` admits, and the attacker's plan with them: how many identities
and patients, how many orders at which price, who is in on it, with transactions for nothing. What
is tried is a small world, in which one attack is most of all use, as that is when it would pay.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from aceso.rewards import Rules

from .simulation import simulate
from .world import Attack, Parties, World

__all__ = ["Found", "search"]

# A coin that is gained is more than what floating point loses.
_MARGIN = 1e-6


@dataclass(frozen=True, slots=True)
class Found:
    """An attack that earns more than it costs, in coin."""

    attack: Attack
    rules: Rules
    cost: float
    gain: float


def search(
    *, trials: int, seed: int, order_cap: bool = True, asks_origin: bool = True
) -> Found | None:
    """The first attack that pays, or None."""
    draw = random.Random(seed)
    for _ in range(trials):
        rules = _rules(draw, order_cap=order_cap)
        attack = _attack(draw)
        world = World(
            people=30,
            hospitals=3,
            epochs=2,
            # Copies are bought once and sold as often as somebody asks.
            demand=(0.0, draw.choice((5.0, 50.0)) if attack.foreign else draw.choice((0.0, 0.5))),
            asks_origin=asks_origin,
            unshown_bps=draw.choice((0, 2_000)),
            fee=0.0,
            budget=draw.choice((10**6, 10**9, 10**12)),
            seed=draw.randrange(2**32),
            attacks={"attack": attack},
        )
        account = simulate(world, rules).accounts["attack"]
        if account.gain > account.cost + _MARGIN:
            return Found(attack, rules, account.cost, account.gain)
    return None


def _rules(draw: random.Random, *, order_cap: bool) -> Rules:
    return Rules(
        order_cap_bps=draw.choice((10_000, draw.randint(1, 10_000))) if order_cap else None,
        common=draw.choice((1, 400, 10**6)),
        superseded=draw.randint(0, 1_000_000),
        tag_cap=draw.choice((10**3, 25_000_000, 10**15)),
        issuer_cap_bps=draw.choice((1_000, 2_000, 10_000)),
        institution_bps=draw.choice((0, 1_000, 2_000)),
    )


def _attack(draw: random.Random) -> Attack:
    bps = draw.choice((0, 1_000, 2_000))
    return Attack(
        people=draw.choice((1, 3)),
        identities=draw.choice((1, 5)),
        patients=draw.random() < 0.5,
        orders=draw.choice((1, 2, 8)),
        price=draw.choice((1, 20, 500)),
        copies=draw.choice((0, 0, 3)),
        foreign=draw.random() < 0.2,
        parties=Parties(bps, bool(bps) and draw.random() < 0.7, draw.random() < 0.7),
    )
