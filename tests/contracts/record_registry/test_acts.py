"""
anchor, supersede, retract and their …WithSig (each leaf in both ways; signatures themselves are in
consent_registry/test_signatures.py)
├── anchor
│   ├── keeps the block time, and says so in one event
│   ├── a root of zero: RecordInvalidCommitment
│   ├── the same root again: RecordAlreadyAnchored, with the first time
│   └── a root that somebody else anchored first (squatted): succeeds, and each has their own
├── supersede
│   ├── ends the leaf, and says so in one event
│   ├── a leaf or a successor of zero: RecordInvalidCommitment
│   └── a leaf that was superseded or retracted: RecordAlreadyEnded
└── retract
    ├── ends the leaf, also a superseded one, and says so in one event
    ├── a leaf of zero: RecordInvalidCommitment
    ├── twice: RecordAlreadyEnded
    └── leaves the same leaf of another issuer as it was
"""

import brownie
import pytest

from tests.support import typed

BOTH = pytest.mark.both_chains
ROOT, BATCH = "0x" + "01" * 32, "0x" + "02" * 32
LEAF, SUCCESSOR = "0x" + "03" * 32, "0x" + "04" * 32
ZERO = "0x" + "00" * 32
STANDS, SUPERSEDED, RETRACTED = range(3)


@pytest.fixture
def standing(records, subject):
    return lambda issuer=subject: records.verify(issuer, ROOT, LEAF, [])[2]


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
