"""People whom a study may look for: each with a birth date, and blood sugar at two visits."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

from aceso.formats.canonical import canonical_bytes

from ._hospital import _meta, _observation, _patient

__all__ = ["write_person"]

_FIRST_DAY = date(2024, 3, 5)
_OLDEST, _YEARS = date(1938, 1, 1), 66


def write_person(path: Path, rng: random.Random) -> None:
    """Write a Bundle to `path`: a patient and four results."""
    born = _OLDEST + timedelta(days=rng.randrange(365 * _YEARS))
    sugar = rng.uniform(4.9, 8.9)
    rows = (
        ("4548-4", "당화혈색소", "%", sugar, -0.1, 0.1, 1),
        ("1558-6", "공복 혈당", "mg/dL", 28.7 * sugar - 46.7, -2.0, 4.0, 0),
    )
    resources = [_patient(rng) | {"birthDate": born.isoformat()}]
    for index in range(2):
        visit = f"visit-{index}"
        day = _FIRST_DAY + timedelta(days=91 * index + rng.randrange(7))
        resources += [
            _observation(rng, f"{visit}-{row[0]}", visit, day, "laboratory", index, row)
            for row in rows
        ]
    entries = [{"resource": one} for one in resources]
    bundle = {"resourceType": "Bundle", "type": "collection", "meta": _meta(None), "entry": entries}
    path.write_bytes(canonical_bytes(bundle) + b"\n")
