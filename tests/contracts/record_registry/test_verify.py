"""
verify, isIncluded
├── a leaf of an anchored batch with its proof: the time of the anchoring
├── another leaf, a cut proof, another root, another issuer: nothing is anchored
├── the issuer was accredited when it anchored
│   ├── and lost it later: still counts for that batch, not for a later one
│   └── gained it only later: does not count
└── never reverts (G5)
"""

import pytest
from brownie import web3

from aceso.codes import Role
from tests.contracts.acting import DAY

BOTH = pytest.mark.both_chains
ISSUER = int(Role.ISSUER)


def pair(one, two):
    low, high = sorted((one, two))
    return bytes(web3.keccak(low + high))


LEAVES = [bytes(web3.keccak(web3.keccak(bytes([place]) * 32))) for place in range(4)]
LEFT, RIGHT = pair(*LEAVES[:2]), pair(*LEAVES[2:])
ROOT = pair(LEFT, RIGHT)
PROOFS = [[LEAVES[1], RIGHT], [LEAVES[0], RIGHT], [LEAVES[3], LEFT], [LEAVES[2], LEFT]]


def verified(records, *asked):
    """The answer in plain integers."""
    return [int(part) for part in records.verify(*asked)]


@pytest.fixture
def accredit(participants, authority, subject, chain, at):
    def grant():
        participants.proposeAccreditation(subject, ISSUER, 0, {"from": authority})
        at(chain[-1].timestamp + 2 * DAY + 60)
        participants.accredit(subject, {"from": authority})

    return grant


@BOTH
def test_finds_each_leaf_of_a_batch(records, subject, chain):
    records.anchor(ROOT, ROOT, {"from": subject})
    first = chain[-1].timestamp

    for leaf, proof in zip(LEAVES, PROOFS, strict=True):
        assert records.isIncluded(subject, ROOT, leaf, proof)
        assert verified(records, subject, ROOT, leaf, proof) == [first, 0, 0]


def test_finds_nothing_else(records, subject, stranger):
    records.anchor(ROOT, ROOT, {"from": subject})

    for issuer, root, leaf, proof in (
        (subject, ROOT, LEAVES[1], PROOFS[0]),
        (subject, ROOT, bytes(32), PROOFS[0]),
        (subject, ROOT, LEAVES[0], PROOFS[0][:1]),
        (subject, ROOT, LEAVES[0], [*PROOFS[0], bytes(32)]),
        (subject, LEFT, LEAVES[0], PROOFS[0]),
        (subject, LEFT, LEAVES[0], [LEAVES[1]]),
        (stranger, ROOT, LEAVES[0], PROOFS[0]),
    ):
        assert not records.isIncluded(issuer, root, leaf, proof)
        assert verified(records, issuer, root, leaf, proof) == [0, 0, 0]


@BOTH
def test_counts_the_accreditation_of_the_time(
    records, participants, authority, subject, accredit, chain, at
):
    early, late = LEAVES[0], LEAVES[1]
    records.anchor(early, ROOT, {"from": subject})
    at(chain[-1].timestamp + 60)
    accredit()
    at(chain[-1].timestamp + 60)
    records.anchor(ROOT, ROOT, {"from": subject})
    at(chain[-1].timestamp + 60)
    participants.unaccredit(subject, ISSUER, 0, {"from": authority})
    at(chain[-1].timestamp + 60)
    records.anchor(late, ROOT, {"from": subject})

    assert records.verify(subject, early, early, [])[1] is False
    assert records.verify(subject, ROOT, LEAVES[0], PROOFS[0])[1] is True
    assert records.verify(subject, late, late, [])[1] is False


@pytest.mark.parametrize("fill", [b"\x00", b"\xff"])
def test_never_reverts(records, fill):
    issuer = web3.to_hex(fill * 20)
    for proof in ([], [fill * 32], [fill * 32] * 40):
        assert verified(records, issuer, fill * 32, fill * 32, proof) == [0, 0, 0]
