"""Until when the orders that run are paid, and the grants that their desks have to see for that.

    for one in coverage(network, sales(network, subjects=[persona])):
        one.until, one.end, one.is_whole
    see(network, subject, grantee)           # the grant as it is now; anybody may
    see_again(network, subject)              # what a renewal that was cut off left to be seen

A grant that is renewed is seen before and after (docs/market.md). What is missing of that is told
by the chain alone, so any device of the person goes on with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from aceso.chain import (
    OrderState,
    Receipt,
    RefusedError,
    Sighting,
    Standing,
    continues,
    parse_grantee,
    stop_of,
)
from aceso.ethereum import NOBODY

from .network import Network
from .orders import DESKS, UNIONS, Sale, desk_named

__all__ = ["Coverage", "coverage", "desk_of", "see", "see_again"]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Until when an order that runs is paid as its subject's consent stands; 0 where nothing more
    of it is. `end` is when its time is over, at the latest for one that waits for its delivery.
    `see_by` is before when a renewed grant has to be seen again, 0 where none has."""

    sale: Sale
    until: int
    end: int
    see_by: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether it is paid to its end."""
        return self.until >= self.end


def coverage(network: Network, orders: Iterable[Sale]) -> list[Coverage]:
    """Of each of these orders that runs, until when it is paid."""
    # The whole of a union's order is of many people, each of whom stops by themselves.
    running = [
        one for one in orders if one.state is not OrderState.SETTLED and one.subject != NOBODY
    ]
    if not running:
        return []
    seen = network.synced().sightings(sorted({one.subject for one in running}))
    now = network.suite.now()
    found = []
    for sale in running:
        head, tail = sale.contract(network).get_order(sale.order)
        grantee = sale.grantee(network)
        standing = network.suite.standing(sale.subject, grantee, sale.buyer)
        sighting = seen.get((sale.subject, grantee))
        waits = sale.state is OrderState.OPEN
        end = tail.deadline + head.duration if waits else head.end
        over = end
        if sale.desk == UNIONS:
            # A member's consent is remembered with their membership, and not with the order.
            known = network.suite.unions.membership_of(sale.group, sale.subject)
            tail = replace(tail, grants=known.grants, epoch=known.epoch, bars=0)
            over = min(end, known.left_at or end)
        until = stop_of(tail, over, standing, sighting, now)
        found.append(Coverage(sale, until, end, _see_by(standing, sighting, now)))
    return found


def _see_by(standing: Standing, sighting: Sighting | None, now: int) -> int:
    if sighting is None or not continues(sighting, standing.grant, now):
        return 0
    return sighting.word.valid_until


def desk_of(network: Network, grantee: bytes) -> tuple[str, int] | None:
    """The desk of orders that a grantee is a group of, and the group; none where it is neither an
    offer nor a revision of a study nor a union."""
    found = parse_grantee(grantee)
    for name in DESKS:
        if found.is_group and found.address == network.suite.addresses[name]:
            return name, found.number
    return None


def see(network: Network, subject: str, grantee: bytes) -> Receipt | None:
    """Have a desk see a grant as it is now; none where somebody did so already."""
    found = desk_of(network, grantee)
    assert found is not None  # noqa: S101
    desk, group = found
    try:
        return network.relayer.send(desk_named(network, desk).follow_consent(subject, group))
    except RefusedError as exc:
        if exc.error != "ConsentSeen":
            raise
        return None


def see_again(network: Network, subject: str, grantee: bytes | None = None) -> list[Receipt]:
    """Have each grant seen, or the one to `grantee`, that took the place of one that was seen, and
    follows it."""
    index = network.synced()
    seen = index.sightings([subject], grantee=grantee)
    if not seen:
        return []
    now = network.suite.now()
    live = {row.grantee: row.word for row in index.consents([subject]) if row.is_live(now)}
    sent = [
        see(network, subject, to)
        for (_, to), sighting in seen.items()
        if to in live and continues(sighting, live[to], now)
    ]
    return [one for one in sent if one is not None]
