"""
P8 the same content at every node
├── add: bytes, a file, a stream from where it stands, one that can't be read twice: at both nodes
├── add and pin with a node down: an error that names it
├── pin: a node that lacks the content is given it by the other
├── spread: each node is given what another has; what nobody has, or who is down, is named
├── read, read_into, stat: by the second node when the first is down, lacks it, or lies
├── read with none that has it: what the first said
├── has, pins: by any; is_pinned: by all
├── unpin, remove: at each, also when the first is down, which is then said
└── no node, or the same twice: refused, or once
"""

import io
import os

import pytest

from aceso.devnet import free_port
from aceso.errors import UsageError
from aceso.storage import (
    IpfsDownError,
    IpfsNotFoundError,
    ReplicatedIpfs,
    cid_from_digest,
)


@pytest.fixture(scope="module")
def second_node(tmp_path_factory, shared_node):
    started = type(shared_node)(tmp_path_factory.mktemp("second") / "repo")
    yield started
    started.process.stop()


@pytest.fixture
def both(shared_node, second_node):
    with ReplicatedIpfs([shared_node.url, second_node.url]) as ipfs:
        yield ipfs


@pytest.fixture
def half(second_node):
    """The first node is down."""
    with ReplicatedIpfs([f"http://127.0.0.1:{free_port()}", second_node.url]) as ipfs:
        yield ipfs


class _Once(io.RawIOBase):
    """A stream that can't be read twice."""

    def __init__(self, content):
        self._inner = io.BytesIO(content)

    def readable(self):
        return True

    def readinto(self, buffer):
        return self._inner.readinto(buffer)


def _given(how, content, folder):
    if how == "file":
        (folder / "content").write_bytes(content)
        return folder / "content"
    if how == "stream":
        stream = io.BytesIO(b"before" + content)
        stream.seek(6)
        return stream
    return _Once(content) if how == "once" else content


@pytest.mark.parametrize("how", ["bytes", "file", "stream", "once"])
def test_what_is_added_is_at_every_node(both, tmp_path, how):
    content = os.urandom(600_000)

    cid = both.add(_given(how, content, tmp_path))

    for node in both.nodes:
        assert node.is_pinned(cid)
        assert node.read(cid) == content


@pytest.mark.parametrize("place", [0, 1])
def test_nothing_is_added_unless_every_node_keeps_it(second_node, place):
    down = f"http://127.0.0.1:{free_port()}"
    urls = [second_node.url]
    urls.insert(place, down)

    with ReplicatedIpfs(urls) as ipfs, pytest.raises(IpfsDownError) as refused:
        ipfs.add(os.urandom(100))

    assert down in refused.value.message


@pytest.mark.parametrize("place", [0, 1])
def test_a_node_that_lacks_it_is_given_it(both, place):
    content = os.urandom(600_000)
    cid = both.nodes[place].add(content)

    both.pin(cid, deadline=1)

    assert both.is_pinned(cid)
    assert both.nodes[1 - place].read(cid) == content


def test_what_nobody_has_is_not_pinned(both):
    with pytest.raises(IpfsNotFoundError):
        both.pin(cid_from_digest(os.urandom(32)), deadline=1)


def test_each_node_is_given_what_another_has(both):
    only = [node.add(os.urandom(600_000)) for node in both.nodes]
    alike, nobody = both.add(os.urandom(100)), cid_from_digest(os.urandom(32))
    given = []

    found = both.spread([*only, alike, nobody, alike], on_given=given.append)

    assert [(one.kept, one.given, set(one.lacking)) for one in found] == [(2, 1, {nobody})] * 2
    assert isinstance(found[0].lacking[nobody], IpfsNotFoundError)
    assert [both.is_pinned(cid) for cid in (*only, alike)] == [True] * 3
    assert given == [1, 1]


def test_what_was_let_go_and_not_swept_is_kept_again(both):
    cid = both.add(os.urandom(100))
    both.unpin(cid)

    assert [one.given for one in both.spread([cid])] == [1, 1]
    assert both.is_pinned(cid)


def test_a_node_that_is_down_keeps_back_no_other(half):
    cid = half.nodes[1].add(os.urandom(100))
    half.nodes[1].unpin(cid)

    down, up = half.spread([cid])

    assert isinstance(down.lacking[cid], IpfsDownError)
    assert (up.given, up.lacking) == (1, {})


def test_it_is_read_from_the_node_that_has_it(both, tmp_path):
    content = os.urandom(600_000)
    cid = both.nodes[1].add(content)

    assert both.read(cid, deadline=1) == content
    assert both.read_into(cid, tmp_path / "found", deadline=1) == len(content)
    assert (tmp_path / "found").read_bytes() == content
    assert both.stat(cid, deadline=1).size == len(content)


def test_a_node_that_is_down_is_passed_over(half, tmp_path):
    content = os.urandom(100)
    cid = half.nodes[1].add(content)

    assert half.read(cid) == content
    assert half.read_into(cid, tmp_path / "found") == len(content)
    assert half.has(cid)


def test_a_node_that_lies_is_passed_over(both, lying_proxy):
    content = os.urandom(100)
    cid = both.add(content)
    liar = lying_proxy("cat", lambda answer: answer[::-1])

    with liar, ReplicatedIpfs([liar.url, both.nodes[1].url]) as ipfs:
        assert ipfs.read(cid) == content


def test_when_none_has_it_the_first_is_heard(half):
    with pytest.raises(IpfsDownError):
        half.read(cid_from_digest(os.urandom(32)), deadline=1)


def test_it_is_kept_by_all_or_it_is_not_kept(both):
    cid = both.nodes[1].add(os.urandom(100))

    assert both.has(cid)
    assert cid in both.pins()
    assert not both.is_pinned(cid)


@pytest.mark.parametrize("act", ["unpin", "remove"])
def test_every_node_lets_go(both, act):
    cid = both.add(os.urandom(100))

    getattr(both, act)(cid)

    assert [node.is_pinned(cid) for node in both.nodes] == [False, False]
    assert act == "unpin" or not both.has(cid)


def test_those_that_answer_let_go(half):
    cid = half.nodes[1].add(os.urandom(100))

    with pytest.raises(IpfsDownError):
        half.unpin(cid)

    assert not half.nodes[1].is_pinned(cid)


def test_one_node_named_twice_is_one(second_node):
    with ReplicatedIpfs([second_node.url, second_node.url]) as ipfs:
        assert len(ipfs.nodes) == 1


def test_no_node_is_refused():
    with pytest.raises(UsageError):
        ReplicatedIpfs([])
