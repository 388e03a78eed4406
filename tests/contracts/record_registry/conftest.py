"""A batch and a leaf of it, and how the leaf stands."""

from __future__ import annotations

import pytest

ROOT, BATCH = "0x" + "01" * 32, "0x" + "02" * 32
LEAF, SUCCESSOR = "0x" + "03" * 32, "0x" + "04" * 32
ZERO = "0x" + "00" * 32
STANDS, SUPERSEDED, RETRACTED = range(3)


@pytest.fixture
def standing(records, subject):
    return lambda issuer=subject: records.verify(issuer, ROOT, LEAF, [])[2]
