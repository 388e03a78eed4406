"""A node between a custodian and the real one: it counts, and lags or lies when it is told to."""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aceso.ethereum import keccak

_DECIDE = "0x" + keccak(b"decide((address,address,bytes32,uint16,uint32,uint24))")[:4].hex()
_YES = "0x" + (1).to_bytes(32, "big").hex() + (2).to_bytes(32, "big").hex()


class CrookedNode:
    """Answers as the real node does, but for `lag` blocks, and `lies` about consents."""

    def __init__(self, url: str):
        self._url = url
        self.lag = 0
        self.lies = False
        # How many calls of contracts it answers at once; 0: any number.
        self.most_calls = 0
        # Whether it answers each call of a contract that it has no such block.
        self.refuses = False
        # The batches in which contracts were called.
        self.reads: list[int] = []
        self.url = ""

    def answer(self, asked: list[dict[str, Any]]) -> list[dict[str, Any]]:
        if any(call["method"] == "eth_call" for call in asked):
            self.reads.append(len(asked))
            if 0 < self.most_calls < len(asked):
                return []
        body = json.dumps([self._asked(call) for call in asked]).encode()
        request = urllib.request.Request(  # noqa: S310
            self._url, body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as said:  # noqa: S310
            answers = json.load(said)
        return [self._said(call, one) for call, one in zip(asked, answers, strict=True)]

    def _asked(self, call: dict[str, Any]) -> dict[str, Any]:
        if self.lag and call["method"] == "eth_getBlockByNumber":
            if call["params"][0] == "latest":
                return call | {"params": [hex(self._newest()), False]}
            if int(call["params"][0], 16) > self._newest():
                # What it has not seen, it does not know.
                return call | {"params": [hex(1 << 40), False]}
        return call

    def _said(self, call: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
        if call["method"] != "eth_call":
            return answer
        if self.lag or self.refuses:
            return {"jsonrpc": "2.0", "id": call["id"], "error": {"code": -32001, "message": "?"}}
        if self.lies and call["params"][0]["data"].startswith(_DECIDE):
            return {"jsonrpc": "2.0", "id": call["id"], "result": _YES}
        return answer

    def _newest(self) -> int:
        body = {"jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": []}
        request = urllib.request.Request(  # noqa: S310
            self._url, json.dumps(body).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=10) as said:  # noqa: S310
            return int(json.load(said)["result"], 16) - self.lag


@contextmanager
def crooked_node(url: str) -> Iterator[CrookedNode]:
    """Serve one, before the node at `url`."""
    node = CrookedNode(url)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            body = json.dumps(node.answer(asked)).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    node.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield node
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
