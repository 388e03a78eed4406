"""
two nodes
├── connected: what one adds the other reads and pins
├── the first is gone: the second still has what it pinned
└── met only later: a read that waits is answered
one node
├── ended and started again: keeps its pins, also after kill -9
├── SIGTERM: ends cleanly, also while a read waits and after a sweep
└── has no peers and announces nothing
"""

import json
import os
import threading

from aceso.errors import StorageError
from aceso.storage import IpfsClient, cid_from_digest


def test_what_one_adds_the_other_reads(start_node):
    first, second = start_node(), start_node()
    content = os.urandom(2_000_000)
    with IpfsClient(first.url) as one, IpfsClient(second.url) as two:
        cid = one.add(content)
        two.connect(first.addresses[0])

        two.pin(cid, deadline=10)
        assert two.pins() == {cid}
        first.process.kill()

        assert two.read(cid) == content


def test_a_read_that_waits_is_answered(start_node):
    first, second = start_node(), start_node()
    with IpfsClient(first.url) as one, IpfsClient(second.url) as two:
        cid = one.add(b"content")
        found = []
        waiting = threading.Thread(target=lambda: found.append(two.read(cid, deadline=20)))
        waiting.start()
        two.connect(first.addresses[0])
        waiting.join(20)

    assert found == [b"content"]


def test_pins_outlive_the_process(start_node):
    node = start_node()
    with IpfsClient(node.url) as ipfs:
        cid = ipfs.add(os.urandom(600_000))
    for end in (node.process.stop, lambda: node.process.kill()):
        end()
        node.start()
        with IpfsClient(node.url) as ipfs:
            assert ipfs.pins() == {cid}
            assert len(ipfs.read(cid)) == 600_000


def test_sigterm_ends_it_cleanly(start_node):
    node = start_node()
    with IpfsClient(node.url) as ipfs:
        ipfs.remove(ipfs.add(b"content"))
        waiting = threading.Thread(target=_ask_in_vain, args=(node.url,))
        waiting.start()

    assert _status_after_terminate(node) == 0
    waiting.join(10)


def test_it_announces_nothing(start_node):
    config = json.loads((start_node().repo / "config").read_text())

    assert config["Bootstrap"] == []
    assert config["Routing"] == {"Type": "none"}
    assert config["Discovery"]["MDNS"] == {"Enabled": False}
    assert config["Addresses"]["Swarm"] == ["/ip4/127.0.0.1/tcp/0"]


def _ask_in_vain(url):
    with IpfsClient(url) as ipfs:
        try:
            ipfs.read(cid_from_digest(os.urandom(32)), deadline=5)
        except StorageError:
            return
    raise AssertionError("nobody has it")


def _status_after_terminate(node):
    popen = node.process._popen
    popen.terminate()
    return popen.wait(5)
