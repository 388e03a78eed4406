"""
add, read
├── a content of any length: comes back, pinned, under the CID that its bytes have
├── a stream or a file: has the CID of its bytes
├── the same content twice: has one CID
├── many at a time: come back each
├── a long file: in memory that does not grow with it
├── more than the caller takes: is refused
└── read_into
    ├── writes the whole content
    └── a failure leaves what was there
remove
└── nothing of it is left on the node, and the rest is
"""

import io
import os
import resource
from concurrent.futures import ThreadPoolExecutor

import pytest

from aceso.storage import (
    IpfsClient,
    IpfsNotFoundError,
    IpfsTooLargeError,
    cid_digest,
    cid_from_digest,
)

MIB = 1024 * 1024


@pytest.mark.parametrize(
    "length", [0, 1, 256 * 1024 - 1, 256 * 1024, 256 * 1024 + 1, 10_000_000, 174 * 256 * 1024 + 1]
)
def test_a_content_comes_back(ipfs, length):
    content = os.urandom(length)

    cid = ipfs.add(content)

    assert ipfs.read(cid) == content
    assert ipfs.is_pinned(cid)
    assert cid in ipfs.pins()
    assert ipfs.has(cid)
    assert ipfs.stat(cid).size == length
    assert cid_from_digest(cid_digest(cid)) == cid


def test_a_stream_and_a_file_have_the_cid_of_their_bytes(ipfs, tmp_path):
    content = os.urandom(3 * MIB)
    (tmp_path / "content").write_bytes(content)

    cid = ipfs.add(content)

    assert ipfs.add(io.BytesIO(content)) == cid
    assert ipfs.add(tmp_path / "content") == cid


def test_bytes_that_look_like_the_end_of_an_upload_come_back(ipfs):
    content = b"\r\n--" * 100_000 + b"\r\n"

    assert ipfs.read(ipfs.add(content)) == content


def test_many_at_a_time(ipfs):
    contents = [os.urandom(200_000 + number) for number in range(24)]

    with ThreadPoolExecutor(8) as pool:
        cids = list(pool.map(ipfs.add, contents))
        found = list(pool.map(ipfs.read, cids))

    assert found == contents


def test_a_long_file_takes_little_memory(start_node, tmp_path):
    node = start_node()
    part = os.urandom(MIB)
    with (tmp_path / "long").open("wb") as file:
        for number in range(300):
            file.write(number.to_bytes(4, "big") + part[4:])
    with IpfsClient(node.url) as ipfs:
        ipfs.add(b"warm")
        before, ours = node.resident(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        cid = ipfs.add(tmp_path / "long", deadline=120)
        assert ipfs.read_into(cid, tmp_path / "copy", deadline=120) == 300 * MIB

    assert node.resident() - before < 128 * MIB
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - ours < 64 * 1024


def test_more_than_the_caller_takes_is_refused(ipfs):
    cid = ipfs.add(os.urandom(1000))

    with pytest.raises(IpfsTooLargeError):
        ipfs.read(cid, limit=999)
    assert len(ipfs.read(cid, limit=1000)) == 1000


def test_read_into_leaves_what_was_there_on_failure(ipfs, tmp_path):
    target = tmp_path / "target"
    target.write_bytes(b"before")

    with pytest.raises(IpfsNotFoundError):
        ipfs.read_into(cid_from_digest(os.urandom(32)), target, deadline=0.2)

    assert target.read_bytes() == b"before"
    assert os.listdir(tmp_path) == ["target"]


def test_remove_leaves_the_rest(start_node):
    node = start_node()
    with IpfsClient(node.url) as ipfs:
        gone, kept = ipfs.add(b"gone" * 100_000), ipfs.add(b"kept" * 100_000)

        ipfs.remove(gone)

        assert not ipfs.has(gone)
        assert ipfs.pins() == {kept}
        assert ipfs.read(kept) == b"kept" * 100_000
    assert not any(
        b"gonegone" in path.read_bytes()
        for path in node.repo.rglob("*")
        if path.is_file()
    )  # fmt: skip
