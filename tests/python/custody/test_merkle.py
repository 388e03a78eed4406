"""
the tree of an access log
├── the roots and proofs of the reference log of Certificate Transparency, number by number
├── any size: the root is that of the definition in RFC 9162, worked out naively
├── every leaf of every size is proved in, and nothing else is
├── every earlier tree grew into every later one, and no other did
└── appending reads and keeps little
"""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aceso.custody.merkle import EMPTY_ROOT, Tree, is_consistent, leaf_hash, root_of_inclusion

# The inputs and roots with which certificate-transparency's own tests begin.
INPUTS = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}
CONSISTENCY = {
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def grown(entries):
    """A tree with a dictionary for a database."""
    nodes = {}
    tree = Tree(0, lambda level, position: nodes[level, position])
    for entry in entries:
        nodes.update(tree.append(leaf_hash(entry)))
    return tree


def naive(entries):
    """MTH of RFC 9162, 2.1.1, as it is written there."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = 1
    while 2 * k < len(entries):
        k *= 2
    return hashlib.sha256(b"\x01" + naive(entries[:k]) + naive(entries[k:])).digest()


def some(count):
    return [number.to_bytes(2, "big") for number in range(count)]


def test_the_roots_of_the_reference():
    assert grown([]).root == EMPTY_ROOT == hashlib.sha256(b"").digest()
    for count, root in enumerate(ROOTS, start=1):
        assert grown(INPUTS[:count]).root.hex() == root


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_the_proofs_of_inclusion_of_the_reference(index, size):
    proof = grown(INPUTS[:size]).inclusion(index)
    assert [part.hex() for part in proof] == INCLUSION[index, size]
    found = root_of_inclusion(leaf_hash(INPUTS[index]), index, size, proof)
    assert found is not None and found.hex() == ROOTS[size - 1]


@pytest.mark.parametrize(("earlier", "size"), CONSISTENCY)
def test_the_proofs_of_consistency_of_the_reference(earlier, size):
    proof = grown(INPUTS[:size]).consistency(earlier)
    assert [part.hex() for part in proof] == CONSISTENCY[earlier, size]
    roots = [bytes.fromhex(ROOTS[count - 1]) for count in (earlier, size)]
    assert is_consistent(earlier, roots[0], size, roots[1], proof)


@pytest.mark.parametrize("size", range(1, 33))
def test_every_leaf_and_every_earlier_tree_is_proved(size):
    entries = some(size)
    tree, root = grown(entries), naive(entries)
    assert tree.root == root
    for index, entry in enumerate(entries):
        proof = tree.inclusion(index)
        assert root_of_inclusion(leaf_hash(entry), index, size, proof) == root
        assert root_of_inclusion(leaf_hash(b"another"), index, size, proof) != root
        # The same path somewhere else is no path, or that of another leaf.
        for other in range(size):
            if other != index:
                assert root_of_inclusion(leaf_hash(entry), other, size, proof) != root
    for earlier in range(1, size + 1):
        proof = tree.consistency(earlier)
        assert is_consistent(earlier, naive(entries[:earlier]), size, root, proof)
        forked = naive([*entries[: earlier - 1], b"another"])
        assert not is_consistent(earlier, forked, size, root, proof)


@given(st.integers(1, 300), st.data())
@settings(max_examples=60, deadline=None)
def test_no_changed_proof_passes(size, data):
    entries = some(size)
    tree, root = grown(entries), naive(entries)
    earlier = data.draw(st.integers(1, size))
    proof = tree.consistency(earlier)
    old = naive(entries[:earlier])
    assert is_consistent(earlier, old, size, root, proof)
    assert not is_consistent(earlier, old, size, root, [*proof, bytes(32)])
    if proof:
        at = data.draw(st.integers(0, len(proof) - 1))
        changed = [*proof[:at], bytes(32), *proof[at + 1 :]]
        assert not is_consistent(earlier, old, size, root, changed)
        assert not is_consistent(earlier, old, size, root, proof[:-1])
        assert not is_consistent(earlier, old, size, root, [*proof[:at], b"", *proof[at + 1 :]])
    index = data.draw(st.integers(0, size - 1))
    path = tree.inclusion(index)
    leaf = leaf_hash(entries[index])
    assert root_of_inclusion(leaf, index, size, path) == root
    assert root_of_inclusion(leaf, index, size, [*path, bytes(32)]) is None
    if path:
        assert root_of_inclusion(leaf, index, size, path[:-1]) is None


def test_what_there_is_no_proof_of():
    tree = grown(some(5))
    for index in (-1, 5):
        with pytest.raises(ValueError):
            tree.inclusion(index)
    for earlier in (0, 6):
        with pytest.raises(ValueError):
            tree.consistency(earlier)
    assert root_of_inclusion(leaf_hash(b""), 5, 5, []) is None
    assert not is_consistent(0, EMPTY_ROOT, 5, tree.root, [])
    assert not is_consistent(6, tree.root, 5, tree.root, [])


def test_it_reads_and_keeps_little():
    nodes, reads = {}, []

    def read(level, position):
        reads.append((level, position))
        return nodes[level, position]

    tree = Tree(0, read)
    for number in range(1 << 14):
        nodes.update(tree.append(leaf_hash(number.to_bytes(4, "big"))))
    assert len(nodes) < 2 << 14
    assert len(reads) < 1 << 14
    reads.clear()
    tree.inclusion(12345)
    tree.consistency(9999)
    assert len(reads) < 200
