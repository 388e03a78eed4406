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
    garmin,
    google_fit,
    google_fit_takeout,
    gpx,
    health_connect,
    libre,
    nightscout,
    omh,
    others,
    oura,
    polar,
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
    *garmin.READERS,
    *google_fit.READERS,
    *google_fit_takeout.READERS,
    *gpx.READERS,
    *health_connect.READERS,
    *libre.READERS,
    *nightscout.READERS,
    *omh.READERS,
    *others.READERS,
    *oura.READERS,
    *polar.READERS,
    *samsung.READERS,
    *wfdb.READERS,
    *withings.READERS,
    *tcx.READERS,
)
