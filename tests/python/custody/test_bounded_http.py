"""
a node or a custodian that answers drop by drop, or without an end
├── ends in time, whether its header or its body drips, whichever of two nodes it is, and for whom
├── is cut off at the bound, and no more of it is read
├── keeps no signed withdrawal out of a custodian
└── is told from one that isn't there
what is asked
└── names its host, and shows a URL's user and password in a header alone
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount

from aceso.bounded_http import BoundedHttp, NoAnswerError, TooLongError
from aceso.chain import ChainDownError, Node
from aceso.custody import Custodian, CustodianDownError, CustodianKeys
from aceso.custody._chain import Addresses, Chain
from aceso.custody._node import Nodes
from aceso.custody._store import Store
from aceso.custody._typed import sign
from aceso.custody._withdrawals import Withdrawals
from aceso.vault import PrivateKey

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

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"] or 0))
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


def _url(server: _Server) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def _custodian(url: str) -> Custodian:
    public_key = PrivateKey.generate().public_key
    return Custodian(url, address=_NONE, public_key=public_key, deadline=_SECONDS)


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
    made = BoundedHttp(most=_MOST)
    yield made
    made.close()


@pytest.mark.parametrize("stream", [_body, _header])
def test_what_drips_ends_in_time(
    server: _Server, http: BoundedHttp, stream: Callable[[Any], None]
) -> None:
    server.stream = stream
    began = time.monotonic()
    with pytest.raises(NoAnswerError) as raised:
        http.ask("POST", _url(server), b"[]", ends=began + _SECONDS)
    assert raised.value.is_late
    assert _SECONDS <= time.monotonic() - began < 4 * _SECONDS


def test_what_is_too_long_is_not_read_to_its_end(server: _Server, http: BoundedHttp) -> None:
    server.stream = _endless
    with pytest.raises(TooLongError):
        http.ask("POST", _url(server), b"[]", ends=time.monotonic() + 60)
    # What lies in the sockets between the two was written too.
    assert server.written < 32 << 20


def test_what_is_over_is_not_begun(server: _Server, http: BoundedHttp) -> None:
    with pytest.raises(NoAnswerError) as raised:
        http.ask("POST", _url(server), b"[]", ends=time.monotonic())
    assert raised.value.is_late


@pytest.mark.parametrize("stream", [_body, _header])
def test_a_custodian_that_drips_is_too_slow(server: _Server, stream: Callable[[Any], None]) -> None:
    server.stream = stream
    began = time.monotonic()
    with (
        _custodian(_url(server)) as custodian,
        pytest.raises(CustodianDownError, match="too slowly"),
    ):
        custodian.health()
    assert time.monotonic() - began < 4 * _SECONDS


@pytest.mark.parametrize("stream", [_body, _header])
def test_a_node_that_drips_is_down_for_a_person_too(
    server: _Server, stream: Callable[[Any], None]
) -> None:
    server.stream = stream
    node = Node(_url(server), timeout=_SECONDS / 10, attempts=1)
    began = time.monotonic()
    with pytest.raises(ChainDownError, match="too late"):
        node.height()
    assert time.monotonic() - began < 4 * _SECONDS
    node.close()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "http://127.0.0.1:x", "ftp://127.0.0.1"])
def test_a_custodian_that_is_not_there_does_not_answer(url: str) -> None:
    with (
        _custodian(url) as custodian,
        pytest.raises(CustodianDownError, match="does not answer at"),
    ):
        custodian.health()


def test_a_urls_password_is_shown_in_a_header_alone(server: _Server, http: BoundedHttp) -> None:
    told: list[str] = []

    def tell(handler: _Handler) -> None:
        told.extend((handler.path, handler.headers["host"], handler.headers["authorization"]))
        handler.send_response(200)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    server.stream = tell
    port = server.server_port
    answer = http.ask(
        "POST", f"http://me:a%40b@127.0.0.1:{port}/v1?key=k", b"[]", ends=time.monotonic() + 60
    )
    assert answer.status == 200
    assert told == ["/v1?key=k", f"127.0.0.1:{port}", "Basic bWU6YUBi"]


@pytest.mark.parametrize("nodes", [1, 2])
@pytest.mark.parametrize("stream", [_body, _header])
def test_a_withdrawal_is_kept_while_the_node_drips(
    server: _Server, tmp_path: Path, stream: Callable[[Any], None], nodes: int
) -> None:
    server.stream = stream
    url = _url(server)
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
