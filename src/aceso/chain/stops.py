"""When an order's time is over, and whether one grant followed another: the rules of `Settlement`.

    stop = stop_of(tail, over, standing, sighting, now)      # 0: it can't be told

`sighting` is the grant as the order's desk last saw it (`followConsent`), if it ever did. `now` is
the second at which the desk would be asked: a grant that nobody has seen yet follows the one that
was seen only until that would have ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from .requests import Standing
from .words import GrantWord, OrderTail

__all__ = ["Sighting", "continues", "stop_of"]

_COUNT: Final = 1 << 24
_BARS: Final = 64


@dataclass(frozen=True, slots=True)
class Sighting:
    """A grant as a desk saw it, and the number of the first of those that followed each other
    without a gap until then."""

    word: GrantWord
    since: int
    seen_at: int
    block: int


def continues(sighting: Sighting, word: GrantWord, now: int) -> bool:
    """Whether `word` is the very next grant after the one that was seen, without a gap, and permits
    all that that one did."""
    seen = sighting.word
    return (
        word.grants == (seen.grants + 1) % _COUNT
        and word.withdrawals == seen.withdrawals
        and word.epoch == seen.epoch
        and now < seen.valid_until
        and word.valid_from <= sighting.seen_at
        and not seen.classes & ~word.classes
        and not seen.uses & ~word.uses
        and not word.conditions & ~seen.conditions
        and seen.disease in (0, word.disease)
    )


def stop_of(
    tail: OrderTail, over: int, standing: Standing, sighting: Sighting | None, now: int
) -> int:
    """When the time of an order is over that would end at `over`; 0 where that can't be told, and
    nothing more is earned. `standing` is that of its subject, group and payer."""
    word, payer, head = standing.grant, standing.actor_grant, standing.head
    if word.grants != tail.grants and not _is_followed(sighting, tail.grants, word, now):
        return 0
    stop = min(over, word.valid_until)
    raises = (head.epoch - tail.epoch) % _COUNT
    if raises > 1:
        return 0
    if raises:
        stop = min(stop, head.stopped_at)
    bars = (payer.bars - tail.bars) % _BARS
    if bars > 1 or bool(bars) != payer.barred:
        return 0
    if bars:
        stop = min(stop, payer.valid_until)
    return stop


def _is_followed(sighting: Sighting | None, number: int, word: GrantWord, now: int) -> bool:
    """Whether what was made under grant `number` goes on under `word`."""
    if sighting is None:
        return False
    seen, since = sighting.word.grants, sighting.since
    if (number - since) % _COUNT > (seen - since) % _COUNT:
        return False
    return word.grants == seen or continues(sighting, word, now)
