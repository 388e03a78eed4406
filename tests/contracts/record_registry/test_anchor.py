"""
anchor, anchorWithSig (in both ways; signatures themselves: consent_registry/test_signatures.py)
├── keeps the block time, and says so in one event
├── a root of zero: RecordInvalidCommitment
├── the same root again: RecordAlreadyAnchored, with the first time
└── a root that somebody else anchored first (squatted): succeeds, and each has their own
"""

import brownie
import pytest

from tests.contracts.record_registry.conftest import BATCH, LEAF, ROOT, ZERO
from tests.support import typed

BOTH = pytest.mark.both_chains


@BOTH
def test_anchors_once_at_the_block_time(act, records, subject, chain):
    tx = act("Anchor")

    first = chain[-1].timestamp
    assert len(tx.events) == 1
    assert dict(tx.events["BatchAnchored"]) == {"issuer": subject, "root": ROOT, "batch": BATCH}
    assert records.verify(subject, ROOT, ROOT, [])[0] == first
    with brownie.reverts(typed("RecordAlreadyAnchored", subject, ROOT, first)):
        act("Anchor", batch=LEAF)


def test_refuses_a_root_of_zero(act):
    with brownie.reverts(typed("RecordInvalidCommitment")):
        act("Anchor", root=ZERO)


@BOTH
def test_nobody_can_squat_a_root(act, records, subject, stranger, chain):
    records.anchor(ROOT, BATCH, {"from": stranger})
    squatted = chain[-1].timestamp

    act("Anchor")

    assert records.isIncluded(subject, ROOT, ROOT, [])
    assert records.verify(stranger, ROOT, ROOT, [])[0] == squatted
