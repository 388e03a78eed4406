"""Dates and ages in an extract.

All dates of one subject in one study are moved back by the same 1 to 364 days, drawn by HMAC-SHA256
under a secret of whoever makes the extract: intervals stay true over all orders of the study, and
the dates of two studies don't match. Times of day and zones go: an interval is a number of days.

Safe Harbor itself, 45 CFR 164.514(b)(2)(i)(C), lets only the year stay: `dates="year"` does that,
at the price of the intervals. In both, what tells an age over 89 goes, years too: a birth year from
then on becomes 1900, an age in years becomes ">= 90", and a date is dropped so far before the
newest one, or the year in which the extract is made, that only somebody of 90 can have it.
"""

from __future__ import annotations

import hmac
import re
from datetime import date, timedelta
from hashlib import sha256
from typing import Final, Literal

__all__ = ["AGGREGATED_YEAR", "OLDEST", "Calendar", "Dates", "shift_key", "year_of"]

Dates = Literal["shift", "year"]

OLDEST: Final = 89
AGGREGATED_YEAR: Final = "1900"
_DAYS: Final = 364
_DAY: Final = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?=T|\Z)", re.ASCII)


def shift_key(secret: bytes, study: str) -> bytes:
    """The key of one subject's dates in one study. `secret` is the subject's own, 32 bytes."""
    return hmac.digest(secret, b"aceso extract study\0" + study.encode(), sha256)


class Calendar:
    """Moves the dates of one subject in one study."""

    def __init__(self, key: bytes, dates: Dates, newest_year: int):
        digest = hmac.digest(key, b"aceso extract date shift", sha256)
        self._shift = timedelta(days=1 + int.from_bytes(digest[:8], "big") % _DAYS)
        self._dates = dates
        self._newest_year = newest_year

    def date(self, text: str) -> str | None:
        """The day, moved; as exact as it was, and never more exact than a day."""
        found = _DAY.match(text)
        if found is None:
            return None
        try:
            # The middle of what is not said, so that a year stays nearest to itself.
            day = date(int(found[1]), int(found[2] or 7), int(found[3] or (15 if found[2] else 1)))
            moved = (day - self._shift).isoformat()
        except (ValueError, OverflowError):
            return None
        if self._newest_year - day.year > OLDEST:
            return None
        if self._dates == "year":
            # The year as it was: Safe Harbor lets years stay, and a moved one would only be wrong.
            return found[1]
        return moved if found[3] else moved[:7] if found[2] else moved[:4]

    def birth_year(self, text: str) -> int | None:
        """The year of birth, which is not moved; 1900 for whoever may be over 89."""
        found = _DAY.match(text)
        if found is None:
            return None
        year = int(found[1])
        return int(AGGREGATED_YEAR) if self._newest_year - year >= OLDEST else year


def year_of(text: str) -> int | None:
    """The year that a date begins with."""
    found = _DAY.match(text)
    return int(found[1]) if found else None
