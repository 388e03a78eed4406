"""
changed bytes of every format
├── end in outcomes: no exception, soon, the same twice, and no word of the file in a sentence
└── what is packed or summed is changed inside, too
"""

from __future__ import annotations

import random
import time

import pytest

from .fuzz.seeds import SEEDS
from .fuzz.target import check, mutated

# So many of each format in every run, the same each time; it is a minute's net, not a night's.
_CHANGES = 40
_SECONDS = 10.0


@pytest.mark.parametrize("name", sorted(SEEDS))
def test_changed_bytes_end_in_outcomes(name, tmp_path):
    rng = random.Random(f"fuzz {name}")
    others = [seed for seeds in SEEDS.values() for seed in seeds]
    for number in range(_CHANGES):
        data = mutated(name, rng.choice(SEEDS[name]), rng, others)
        began = time.monotonic()
        try:
            check(data, tmp_path)
        except Exception as exc:
            raise AssertionError(f"change {number} of {name}: {data[:2000]!r}") from exc
        assert time.monotonic() - began < _SECONDS, f"change {number} of {name} takes too long"
