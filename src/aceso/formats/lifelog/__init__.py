"""Files of phones, watches and devices at home."""

from __future__ import annotations

from .._reader import Reader
from . import apple_health, dexcom, fitbit, nightscout

__all__ = ["READERS"]

READERS: tuple[Reader, ...] = (
    *apple_health.READERS,
    *dexcom.READERS,
    *fitbit.READERS,
    *nightscout.READERS,
)
