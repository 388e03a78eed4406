"""
retract, retractWithSig (in both ways)
├── ends the leaf, also a superseded one, and says so in one event
├── a leaf of zero: RecordInvalidCommitment
├── twice: RecordAlreadyEnded
└── leaves the same leaf of another issuer as it was
"""

import brownie
import pytest

from tests.contracts.record_registry.conftest import LEAF, RETRACTED, STANDS, ZERO
from tests.support import typed

BOTH = pytest.mark.both_chains


@BOTH
@pytest.mark.parametrize("superseded_before", [False, True])
def test_retracts_a_leaf(act, subject, stranger, standing, superseded_before):
    if superseded_before:
        act("Supersession")

    tx = act("Retraction")

    assert len(tx.events) == 1
    assert dict(tx.events["RecordRetracted"]) == {"issuer": subject, "leaf": LEAF}
    assert standing() == RETRACTED
    assert standing(stranger) == STANDS
    with brownie.reverts(typed("RecordAlreadyEnded", subject, LEAF, RETRACTED)):
        act("Retraction")


def test_retract_refuses_zero(act):
    with brownie.reverts(typed("RecordInvalidCommitment")):
        act("Retraction", leaf=ZERO)
