"""Real IPFS nodes, each a process of its own, and a proxy that lies."""

from __future__ import annotations

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from aceso.devnet import Process
from aceso.storage import IpfsClient


class Node:
    """One node over one repository, which can be ended and started again."""

    def __init__(self, repo):
        self.repo = repo
        self.start()

    def start(self):
        command = [sys.executable, "-m", "aceso.storage.node", "--repo", str(self.repo)]
        self.process = Process.start("node", command, folder=self.repo.with_suffix(".logs"))
        ready = self.process.wait_for_line(seconds=30)
        self.url, self.addresses = ready["url"], ready["addresses"]

    def resident(self):
        """The most memory that it ever held, in bytes."""
        with open(f"/proc/{self.process.pid}/status") as status:
            (line,) = [line for line in status if line.startswith("VmHWM")]
        return int(line.split()[1]) * 1024


@pytest.fixture(scope="module")
def shared_node(tmp_path_factory):
    """A node that no test of the module harms."""
    started = Node(tmp_path_factory.mktemp("ipfs") / "repo")
    yield started
    started.process.stop()


@pytest.fixture
def ipfs(shared_node):
    with IpfsClient(shared_node.url) as client:
        yield client


@pytest.fixture
def start_node(tmp_path):
    """Start nodes of the test's own."""
    started = []

    def start():
        started.append(Node(tmp_path / f"repo{len(started)}"))
        return started[-1]

    yield start
    for node in started:
        node.process.stop()


@pytest.fixture
def lying_proxy(shared_node):
    """A node's RPC with every answer of one endpoint passed through a function."""
    servers = []

    def start(endpoint, lie):
        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *args):
                """Say nothing."""

            def do_POST(self):
                body = b""
                if self.headers.get("Transfer-Encoding") == "chunked":
                    while size := int(self.rfile.readline(), 16):
                        body += self.rfile.read(size)
                        self.rfile.readline()
                    self.rfile.readline()
                kind = self.headers.get("Content-Type", "")
                answer = httpx.post(
                    shared_node.url + self.path, content=body, headers={"Content-Type": kind}
                )
                content = answer.content
                if self.path.startswith(f"/api/v0/{endpoint}"):
                    content = lie(content)
                self.send_response(answer.status_code)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return IpfsClient(f"http://127.0.0.1:{server.server_address[1]}")

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()
