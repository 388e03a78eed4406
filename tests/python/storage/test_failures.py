"""
every failure is one error, in bounded time
├── nobody has the content: not found
├── a hundred contents that nobody has: the node goes on
├── the node was killed: down
├── the node hangs: timeout
├── the answer is altered, short, long or empty: altered
├── the node names another CID for what was added: altered
├── a block is damaged on disk: refused
├── something else answers: refused
└── not a CID, not an address: said before anything is sent
the local node
├── refuses a web page
└── two of them in one repository: the second says so
"""

import os
import signal
import socket
import sys
import time

import httpx
import pytest

from aceso.devnet import Process, ProcessStartError
from aceso.errors import StorageError, UsageError
from aceso.storage import (
    InvalidCidError,
    IpfsAlteredError,
    IpfsClient,
    IpfsDownError,
    IpfsNotFoundError,
    IpfsRefusedError,
    IpfsTimeoutError,
    cid_from_digest,
)


@pytest.mark.parametrize("act", ["read", "pin", "stat"])
def test_nobody_has_it(ipfs, act):
    start = time.monotonic()

    with pytest.raises(IpfsNotFoundError) as caught:
        getattr(ipfs, act)(cid_from_digest(os.urandom(32)), deadline=0.5)

    assert caught.value.code == "E_IPFS_NOT_FOUND"
    assert time.monotonic() - start < 3


def test_a_hundred_that_nobody_has(ipfs):
    for _ in range(100):
        with pytest.raises(IpfsNotFoundError):
            ipfs.read(cid_from_digest(os.urandom(32)), deadline=0.02)

    assert ipfs.read(ipfs.add(b"still here")) == b"still here"


def test_the_node_was_killed(start_node):
    node = start_node()
    with IpfsClient(node.url) as ipfs:
        cid = ipfs.add(b"content")
        node.process.kill()

        for act in (ipfs.info, lambda: ipfs.read(cid), lambda: ipfs.add(b"more"), ipfs.pins):
            with pytest.raises(IpfsDownError) as caught:
                act()
            assert caught.value.code == "E_IPFS_DOWN"


def test_the_node_hangs(start_node):
    node = start_node()
    with IpfsClient(node.url, deadline=0.5) as ipfs:
        cid = ipfs.add(b"content")
        os.kill(node.process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, node.process.pid, os.WSTOPPED | os.WNOWAIT)
        try:
            for act in (lambda: ipfs.read(cid), lambda: ipfs.add(b"more"), ipfs.info):
                start = time.monotonic()
                with pytest.raises(IpfsTimeoutError):
                    act()
                assert time.monotonic() - start < 5
        finally:
            os.kill(node.process.pid, signal.SIGCONT)


@pytest.mark.parametrize(
    "lie",
    [
        lambda content: bytes([content[0] ^ 1]) + content[1:],
        lambda content: content[:-1],
        lambda content: content + b"\0",
        lambda content: b"",
    ],
    ids=["altered", "short", "long", "empty"],
)
def test_an_answer_that_is_not_the_content(ipfs, lying_proxy, lie, tmp_path):
    cid = ipfs.add(os.urandom(600_000))
    liar = lying_proxy("cat", lie)

    with pytest.raises(IpfsAlteredError) as caught:
        liar.read(cid)
    with pytest.raises(IpfsAlteredError):
        liar.read_into(cid, tmp_path / "copy")

    assert caught.value.code == "E_IPFS_ALTERED"
    assert not list(tmp_path.iterdir())


def test_what_was_added_must_be_readable(lying_proxy):
    with pytest.raises(IpfsAlteredError):
        lying_proxy("cat", lambda content: content[::-1]).add(b"content")


def test_another_cid_for_what_was_added(ipfs, lying_proxy):
    other = ipfs.add(b"other")
    own = ipfs.add(b"content")
    liar = lying_proxy("add", lambda answer: b'{"Name": "x", "Hash": "%s"}' % other.encode())

    assert own != other
    with pytest.raises(IpfsAlteredError):
        liar.add(b"content")


def test_a_damaged_block(start_node):
    node = start_node()
    with IpfsClient(node.url) as ipfs:
        cid = ipfs.add(b"content")
        (block,) = [p for p in node.repo.rglob("*.data") if b"content" in p.read_bytes()]
        block.write_bytes(b"")

        with pytest.raises(StorageError):
            ipfs.read(cid, deadline=2)


def test_something_else_answers(lying_proxy):
    with pytest.raises(IpfsRefusedError):
        lying_proxy("id", lambda _: b"[1, 2").info()
    with pytest.raises(IpfsRefusedError):
        lying_proxy("pin/ls", lambda _: b"{}").pins()


def test_not_a_cid_and_not_an_address(ipfs):
    for text in ("", "Qm", "bafy", "../../etc/passwd", "b" + "a" * 58, "Qm" + "1" * 44):
        with pytest.raises(InvalidCidError):
            ipfs.read(text)
    with pytest.raises(UsageError):
        IpfsClient("ftp://somewhere")


def test_a_web_page_is_refused(shared_node):
    url = f"{shared_node.url}/api/v0/id"

    assert httpx.post(url).status_code == 200
    assert httpx.get(url).status_code == 405
    assert httpx.post(url, headers={"Origin": "https://example.org"}).status_code == 403
    assert httpx.post(url, headers={"Host": "example.org"}).status_code == 403


@pytest.mark.parametrize(
    "request_line",
    [
        b"POST /api/v0/add HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\n\r\nabc",
        b"POST /api/v0/add HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: x\r\n\r\n",
        b"POST /api/v0/add HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; "
        b"boundary=b\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST /api/v0/cat?arg=%00 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"POST /api/v0/cat?arg=QmbFMke1KXqnYyBBWxB74N4c5SBnJMVAiMNRcGu6x1AwQH&timeout=soon "
        b"HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    ],
)
def test_a_bad_request_is_told(shared_node, request_line):
    port = int(shared_node.url.rsplit(":", 1)[1])
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(request_line)

        assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")


def test_two_nodes_in_one_repository(shared_node, tmp_path):
    command = [sys.executable, "-m", "aceso.storage.node", "--repo", str(shared_node.repo)]

    with pytest.raises(ProcessStartError, match="another process uses"):
        Process.start("second", command, folder=tmp_path).wait_for_line(seconds=20)
