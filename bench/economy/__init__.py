"""What the rules of rewards do to people who follow them, and to those who don't.

    world = World(people=10_000, epochs=12, seed=1)
    outcome = simulate(world)
    outcome.attacks["self-dealer"].cost, .gain        # in coin, never gain > cost

Invented people and hospitals, honest demand of researchers, and attackers who know the rules, over
three years of quarters. Rewards are computed by `aceso.rewards.compute`, the same function that
evaluators run, from the same kind of facts; nothing of the formula is written again here.

    python -m bench.economy        # the whole, with its plots, into docs/
"""

from __future__ import annotations

from .search import Found, search
from .simulation import Outcome, simulate
from .world import ATTACKS, Attack, World

__all__ = ["ATTACKS", "Attack", "Found", "Outcome", "World", "search", "simulate"]
