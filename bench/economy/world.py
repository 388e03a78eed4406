"""Who is there: people, hospitals, researchers' demand, and what each kind of attacker does.

An attacker is given all that is hard to get for nothing: an accredited researcher of their own with
an approved study, and no cost for the identities that they invent. What is left to pay is what the
market takes of an order, and transactions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

__all__ = ["ATTACKS", "CLASSES", "Attack", "Parties", "World"]

# Six classes of data, as bits.
CLASSES: Final = tuple(1 << at for at in range(6))
_WHOLE_BPS: Final = 10_000
_COMMONS_BPS: Final = 500
_COMMITTEE_BPS: Final = 500


@dataclass(frozen=True, slots=True)
class Parties:
    """Which parties of an order that an attacker buys from themselves are with them."""

    institution_bps: int = 0
    institution: bool = False
    committee: bool = False

    def paid_away_bps(self) -> int:
        """What of a price doesn't come back to the attacker, of 10,000."""
        away = _COMMONS_BPS
        if not self.committee:
            away += _COMMITTEE_BPS
        if not self.institution:
            away += self.institution_bps
        return away


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """A way to game the rewards.

    people            how many do it, each alone
    identities        accounts that each has; with `patients`, as many invented patients, too
    orders            bought from each identity in an epoch, at `price` coins
    copies            records filed for each class of an order beside the one that counts
    foreign           whether they have records of their own of one class alone, offer all six, and
                      sell and file copies of what others have, bought once and with bytes changed:
                      an attack on sales, so that these count as its gain beside rewards
    """

    people: int = 100
    identities: int = 1
    patients: bool = False
    orders: int = 0
    price: int = 20
    copies: int = 0
    foreign: bool = False
    parties: Parties = field(default_factory=Parties)


# By the names of the plots.
ATTACKS: Final[dict[str, Attack]] = {
    "sybil": Attack(identities=10, orders=1),
    "duplicate": Attack(copies=5),
    "copier": Attack(foreign=True),
    "self-dealer": Attack(orders=4, price=50),
    "colluders": Attack(
        people=1,
        identities=200,
        patients=True,
        orders=4,
        price=50,
        parties=Parties(institution_bps=2_000, institution=True, committee=True),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """A population, and how much research asks of it. `fee` is a transaction, in coin; without
    `checks_tags`, evaluators don't look at whose record is filed, to show what that is good for,
    and without `asks_origin`, studies take data of any origin, to show the same of that."""

    people: int = 10_000
    hospitals: int = 40
    epochs: int = 12
    # Approved orders of honest research for each person in the first epoch and in the last.
    demand: tuple[float, float] = (0.2, 1.0)
    price: tuple[int, int] = (5, 40)
    fee: float = 0.001
    budget: int = 10**12
    halving: int = 8
    seed: int = 1
    checks_tags: bool = True
    asks_origin: bool = True
    # Of 10,000 honest people's classes, in how many all is what they imported themselves, so that
    # they can't show where it is from.
    unshown_bps: int = 2_000
    # What the two votes that uphold a dispute cost whoever began it, in coin: who is paid back less
    # than that lets a copy be.
    panel: int = 10
    attacks: dict[str, Attack] = field(default_factory=lambda: dict(ATTACKS))
