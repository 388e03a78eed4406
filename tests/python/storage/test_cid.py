"""
cid, unixfs
├── a digest and its CID: lead to one another, in both codecs
├── the old form: is the same content
├── any other letter: is refused
└── the tree of blocks: does not depend on how the bytes come
"""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aceso.storage import InvalidCidError, cid_digest, cid_from_digest, normalise_cid
from aceso.storage.cid import cid_v0
from aceso.storage.unixfs import FileHasher

# What Kubo says of no bytes, by `ipfs add` with its defaults.
EMPTY_V0 = "QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH"


@given(st.binary(min_size=32, max_size=32), st.sampled_from(["dag-pb", "raw"]))
def test_there_and_back(digest, codec):
    cid = cid_from_digest(digest, codec)

    assert cid_digest(cid) == digest
    assert normalise_cid(cid) == cid


@given(st.binary(min_size=32, max_size=32))
def test_the_old_form(digest):
    assert normalise_cid(cid_v0(digest)) == cid_from_digest(digest)


@pytest.mark.parametrize("place", [0, 1, 5, 20, 58])
def test_another_letter_is_refused_or_another_digest(place):
    cid = cid_from_digest(b"\x07" * 32)
    other = cid[:place] + "!" + cid[place + 1 :]

    with pytest.raises(InvalidCidError):
        cid_digest(other)
    with pytest.raises(InvalidCidError):
        cid_digest(cid.upper())


def test_no_bytes_have_the_cid_that_kubo_gives_them():
    assert FileHasher().digest() == cid_digest(EMPTY_V0)


def test_the_tree_does_not_depend_on_the_parts():
    content = os.urandom(1_000_000)
    whole, parts = FileHasher(), FileHasher()
    whole.update(content)
    for start in range(0, len(content), 77_777):
        parts.update(content[start : start + 77_777])

    assert whole.digest() == parts.digest()
    assert whole.length == parts.length == 1_000_000
