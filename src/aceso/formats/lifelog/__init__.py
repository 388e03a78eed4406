"""Files of phones, watches and devices at home."""

from __future__ import annotations

from .._reader import Reader
from . import (
    apple_ecg,
    apple_health,
    dexcom,
    fit,
    fitbit,
    fitbit_json,
    google_fit,
    gpx,
    libre,
    nightscout,
    omh,
    others,
    oura,
    samsung,
    tcx,
    wfdb,
    withings,
)

__all__ = ["READERS"]

READERS: tuple[Reader, ...] = (
    *apple_ecg.READERS,
    *apple_health.READERS,
    *dexcom.READERS,
    *fit.READERS,
    *fitbit.READERS,
    *fitbit_json.READERS,
    *google_fit.READERS,
    *gpx.READERS,
    *libre.READERS,
    *nightscout.READERS,
    *omh.READERS,
    *others.READERS,
    *oura.READERS,
    *samsung.READERS,
    *wfdb.READERS,
    *withings.READERS,
    *tcx.READERS,
)
