"""Files of phones, watches and devices at home."""

from __future__ import annotations

from .._reader import Reader
from . import apple_health, dexcom, fitbit, google_fit, nightscout, omh, samsung, withings

__all__ = ["READERS"]

READERS: tuple[Reader, ...] = (
    *apple_health.READERS,
    *dexcom.READERS,
    *fitbit.READERS,
    *google_fit.READERS,
    *nightscout.READERS,
    *omh.READERS,
    *samsung.READERS,
    *withings.READERS,
)
