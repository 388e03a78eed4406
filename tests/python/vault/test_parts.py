"""
The parts of a union's delivery
├── whoever has what is published makes every proof anew, and the word that was signed
├── the word is that of the contract: of the count and of OpenZeppelin's standard tree
└── what is not a list of sorted leaves, each once: refuses
"""

import pytest
from eth_abi import encode

from aceso.ethereum import keccak
from aceso.vault import FormatError, PartList, check_proof, part_leaf

MEMBERS = ["0x" + f"{place:02x}" * 20 for place in range(1, 8)]
LEAVES = [part_leaf(member, keccak(b"an extract"), keccak(b"a capsule")) for member in MEMBERS]


@pytest.mark.parametrize("count", [1, 2, 5, 7])
def test_every_proof_is_made_anew_from_what_is_published(count):
    parts = PartList.of(LEAVES[:count])

    published = PartList.parse(parts.to_bytes())

    assert published.extract == parts.extract
    for leaf in LEAVES[:count]:
        check_proof(parts.root, leaf, published.proof(leaf))
    with pytest.raises(ValueError, match="not in the batch"):
        published.proof(keccak(b"another part"))


def test_the_committee_signs_the_count_and_the_root():
    parts = PartList.of(LEAVES)

    assert parts.extract == keccak(encode(["uint24", "bytes32"], [len(LEAVES), parts.root]))


def test_a_leaf_is_the_standard_one():
    encoded = encode(["address", "bytes32", "bytes32"], [MEMBERS[0], b"\x01" * 32, b"\x02" * 32])

    assert part_leaf(MEMBERS[0], b"\x01" * 32, b"\x02" * 32) == keccak(keccak(encoded))


@pytest.mark.parametrize("change", ["empty", "cut", "unsorted", "twice"])
def test_refuses_what_is_no_list(change):
    data = PartList.of(LEAVES).to_bytes()
    changed = {
        "empty": b"",
        "cut": data[:-1],
        "unsorted": data[32:64] + data[:32] + data[64:],
        "twice": data[:32] + data,
    }[change]

    with pytest.raises(FormatError):
        PartList.parse(changed)


def test_nobody_delivers_twice():
    with pytest.raises(ValueError, match="each once"):
        PartList.of([LEAVES[0], LEAVES[0]])
