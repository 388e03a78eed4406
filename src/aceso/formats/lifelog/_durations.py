"""Lengths of time as exporters write them, in seconds.

iso_seconds("PT1H30M5.5S")      # "5405.5"
"""

from __future__ import annotations

import re
from decimal import Decimal

__all__ = ["iso_seconds"]

_DURATION = re.compile(
    r"PT(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?\Z|(\d{1,9}(?:\.\d{1,9})?)s\Z",
    re.ASCII,
)


def iso_seconds(text: str) -> str:
    """The seconds of an ISO 8601 duration without days, or of `1800s`. ValueError for others."""
    found = _DURATION.match(text.strip())
    if found is None or not any(found.groups()):
        raise ValueError("no duration")
    hours, minutes, seconds, plain = found.groups()
    total = Decimal(hours or 0) * 3600 + Decimal(minutes or 0) * 60 + Decimal(seconds or plain or 0)
    return f"{total:f}"
