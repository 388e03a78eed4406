"""
supersede, supersedeWithSig (in both ways)
├── ends the leaf, and says so in one event
├── a leaf or a successor of zero: RecordInvalidCommitment
└── a leaf that was superseded or retracted: RecordAlreadyEnded
"""

import brownie
import pytest

from tests.contracts.record_registry.conftest import (
    LEAF,
    RETRACTED,
    ROOT,
    SUCCESSOR,
    SUPERSEDED,
    ZERO,
)
from tests.support import typed

BOTH = pytest.mark.both_chains


@BOTH
def test_supersedes_a_leaf(act, subject, standing):
    tx = act("Supersession")

    assert len(tx.events) == 1
    assert dict(tx.events["RecordSuperseded"]) == {
        "issuer": subject,
        "leaf": LEAF,
        "successor": SUCCESSOR,
    }
    assert standing() == SUPERSEDED


@pytest.mark.parametrize("zero", ["leaf", "successor"])
def test_supersede_refuses_zero(act, zero):
    with brownie.reverts(typed("RecordInvalidCommitment")):
        act("Supersession", **{zero: ZERO})


@pytest.mark.parametrize(
    ("first", "ended"), [("Supersession", SUPERSEDED), ("Retraction", RETRACTED)]
)
def test_supersede_refuses_a_leaf_that_ended(act, subject, first, ended):
    act(first)

    with brownie.reverts(typed("RecordAlreadyEnded", subject, LEAF, ended)):
        act("Supersession", successor=ROOT)
