"""
changed bytes of every format
├── end in outcomes: no exception, soon, the same twice, and no word of the file in a sentence
└── what is packed or summed is changed inside, too
another value, of whatever type, and another key, in each place of each JSON
└── end in outcomes in the same way
another word in each place of an XML, a table, a message
└── end in outcomes in the same way
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from .fuzz.seeds import CANARY, SEEDS
from .fuzz.target import check, mutated

# So many of each format in every run, the same each time; it is a minute's net, not a night's.
_CHANGES = 24
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


_OTHERS: tuple[Any, ...] = (CANARY, [CANARY], {CANARY: CANARY}, None, 10**400, True, [], {})


def _reshaped(value: Any) -> Iterator[Any]:
    """`value` with one part of it after the other of another type, or under another key."""
    if isinstance(value, dict):
        for key, part in value.items():
            yield {(CANARY if one == key else one): other for one, other in value.items()}
            yield from (value | {key: changed} for changed in _reshaped(part))
        yield value | {CANARY: {CANARY: [CANARY]}}
    elif isinstance(value, list):
        for index, part in enumerate(value):
            yield from (
                [*value[:index], changed, *value[index + 1 :]] for changed in _reshaped(part)
            )
    yield from _OTHERS


# A card is packed; its payload is a Bundle.
@pytest.mark.parametrize(
    "name", sorted(name for name, seeds in SEEDS.items() if seeds[0][:1] in (b"{", b"["))
)
def test_another_shape_ends_in_outcomes(name, tmp_path):
    for seed in SEEDS[name]:
        try:
            value = json.loads(seed)
        except ValueError:  # One object a line: each has a seed of its own.
            continue
        # Every shape is too many for the larger ones.
        shapes = list(_reshaped(value))
        for shape in shapes[:: len(shapes) // 100 + 1]:
            data = json.dumps(shape).encode()
            try:
                check(data, tmp_path)
            except Exception as exc:
                raise AssertionError(f"{name}: {data[:2000]!r}") from exc


_WORD = re.compile(rb"[^\s,;|^~&\"'<>=/:]+")
_WORDS = (CANARY.encode(), b"", b"9" * 5000, b"1e400", b"\x00", b"9999-99-99", b"\xed\xa0\x80")


@pytest.mark.parametrize(
    "name",
    ["apple-ecg", "apple-health", "ccda", "dexcom-clarity", "fhir-xml", "genotypes", "gpx", "hl7v2",
     "libreview", "polar-csv", "samsung-health", "tcx", "tracker-csv", "vcf", "wfdb",
     "withings-csv"],
)  # fmt: skip
def test_another_word_ends_in_outcomes(name, tmp_path):
    seed = SEEDS[name][0]
    spans = [found.span() for found in _WORD.finditer(seed)]
    for number, (start, end) in enumerate(spans[:: len(spans) // 120 + 1]):
        # In turn, not all in each place, or it would take minutes; the person's name in each.
        for word in (_WORDS[0], _WORDS[number % len(_WORDS)]):
            data = seed[:start] + word + seed[end:]
            try:
                check(data, tmp_path)
            except Exception as exc:
                raise AssertionError(f"{name} at byte {start}: {data[:2000]!r}") from exc
