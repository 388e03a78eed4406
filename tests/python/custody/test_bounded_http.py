"""
a node that answers drop by drop, or without an end
├── ends in time, whether its header or its body drips, and whichever of two nodes it is
├── is cut off at the bound, and no more of it is read
└── keeps no signed withdrawal out of a custodian
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from aceso.custody import CustodianKeys
from aceso.custody._bounded_http import BoundedHttp
from aceso.custody._chain import Addresses, Chain
from aceso.custody._node import Nodes
from aceso.custody._store import Store
from aceso.custody._typed import sign
from aceso.custody._withdrawals import Withdrawals

_NONE = "0x" + "00" * 20
_ADDRESSES = Addresses(
    consents="0x" + "11" * 20, participants=_NONE, market=_NONE, access_log=_NONE, since=0
)
_SECONDS = 0.5
_MOST = 1 << 16


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    stream: Callable[[Any], None]
    written = 0


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        try:
            self.server.stream(self)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


def _drip(handler: _Handler, piece: bytes) -> None:
    gone = threading.Event()
    # Ten times longer than is waited for it.
    for _ in range(100):
        handler.wfile.write(piece)
        handler.wfile.flush()
        gone.wait(0.05)


def _body(handler: _Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    _drip(handler, b" ")


def _header(handler: _Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    _drip(handler, b"x")


def _endless(handler: _Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while True:
        handler.server.written += handler.wfile.write(bytes(1 << 14))


@pytest.fixture
def server() -> Iterator[_Server]:
    made = _Server(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=made.serve_forever, args=(0.01,))
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def http() -> Iterator[BoundedHttp]:
    made = BoundedHttp(seconds=_SECONDS, most=_MOST)
    yield made
    made.close()


@pytest.mark.parametrize("stream", [_body, _header])
def test_what_drips_ends_in_time(
    server: _Server, http: BoundedHttp, stream: Callable[[Any], None]
) -> None:
    server.stream = stream
    began = time.monotonic()
    with pytest.raises(httpx.TimeoutException):
        http.post(f"http://127.0.0.1:{server.server_port}", b"[]", ends=http.ends())
    assert _SECONDS <= time.monotonic() - began < 4 * _SECONDS


def test_what_is_too_long_is_not_read_to_its_end(server: _Server, http: BoundedHttp) -> None:
    server.stream = _endless
    with pytest.raises(ValueError, match="too long"):
        http.post(f"http://127.0.0.1:{server.server_port}", b"[]", ends=http.ends())
    # What lies in the sockets between the two was written too.
    assert server.written < 32 << 20


def test_what_is_over_is_not_begun(server: _Server, http: BoundedHttp) -> None:
    with pytest.raises(httpx.TimeoutException):
        http.post(f"http://127.0.0.1:{server.server_port}", b"[]", ends=time.monotonic())


@pytest.mark.parametrize("nodes", [1, 2])
@pytest.mark.parametrize("stream", [_body, _header])
def test_a_withdrawal_is_kept_while_the_node_drips(
    server: _Server, tmp_path: Path, stream: Callable[[Any], None], nodes: int
) -> None:
    server.stream = stream
    url = f"http://127.0.0.1:{server.server_port}"
    chain = Chain(Nodes([url] * nodes, seconds=_SECONDS), chain_id=1, addresses=_ADDRESSES)
    store = Store(tmp_path, b"k" * 32)
    persona: LocalAccount = Account.create()
    message = {"subject": persona.address, "grantee": bytes(32), "withdrawals": 1}
    signature = sign(persona, "Withdrawal", message, chain.domain)
    try:
        withdrawals = Withdrawals(CustodianKeys.make(tmp_path / "keys"), store, chain)
        began = time.monotonic()
        said = withdrawals.take("Withdrawal", message, signature)
        assert time.monotonic() - began < 8 * _SECONDS
        assert said == {"state": "pending"}
    finally:
        chain.close()
        store.close()
