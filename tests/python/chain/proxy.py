"""JSON-RPC proxies between a sender and a node, on loopback: one that fails as real nodes do, at a
rate and from a seed, and one that shows what happened only when it is told to."""

from __future__ import annotations

import http.server
import json
import random
import threading
import urllib.request
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Any

__all__ = ["FaultProxy", "SlowToTellProxy"]

FAULTS = ("drop_before", "drop_after", "status_500", "half_json", "wrong_error")


class _Proxy:
    """Hands on what it is asked. A subclass says how, in `answer`."""

    def __init__(self, upstream: str):
        self.upstream = upstream
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # Head and body are two writes, and the second would wait 40 ms for the first to be
            # acknowledged.
            disable_nagle_algorithm = True

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def do_POST(self) -> None:
                found = proxy.answer(self.rfile.read(int(self.headers["content-length"])))
                if found is None:
                    self.close_connection = True
                    self.connection.close()
                    return
                status, body = found
                self.send_response(status)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                """A client that went away is no news."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Any:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, body: bytes) -> tuple[int, bytes] | None:
        """The status and the body to answer with; None to break off."""
        raise NotImplementedError

    def forward(self, body: bytes) -> bytes:
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(self.upstream, body, headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            found: bytes = answer.read()
            return found


class FaultProxy(_Proxy):
    """Fails at a rate."""

    def __init__(self, upstream: str, *, rate: float, seed: int):
        super().__init__(upstream)
        self.rate = rate
        self.seen: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._lock = threading.Lock()

    def answer(self, body: bytes) -> tuple[int, bytes] | None:
        fault = self._draw()
        if fault == "drop_before":
            return None
        if fault == "status_500":
            return 500, b""
        answer = self.forward(body)
        if fault == "drop_after":
            return None
        if fault == "half_json":
            answer = answer[: len(answer) // 2]
        if fault == "wrong_error":
            answer = self._wrong(body)
        return 200, answer

    def _draw(self) -> str:
        with self._lock:
            fault = self._random.choice(FAULTS) if self._random.random() < self.rate else "none"
            self.seen[fault] += 1
            return fault

    def _wrong(self, body: bytes) -> bytes:
        """An error that says nothing about what was asked."""
        asked = json.loads(body)
        error = {"code": -32000, "message": "header not found"}
        if isinstance(asked, list):
            return json.dumps(
                [{"jsonrpc": "2.0", "id": one["id"], "error": error} for one in asked]
            ).encode()
        return json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": error}).encode()


class SlowToTellProxy(_Proxy):
    """A node that counts a nonce before it shows the receipt of what used it.

    holds        whether receipts are kept back
    says_used    whether all that is sent is answered as if its nonce were used, after it was taken
    after_none   called after a receipt was asked for alone and there was none
    sent         the transactions that were sent, each once
    settling     how often it was asked for the nonce as of an earlier block
    """

    def __init__(self, upstream: str):
        super().__init__(upstream)
        self.holds = True
        self.says_used = False
        self.after_none: Callable[[], object] = lambda: None
        self.sent: set[str] = set()
        self.settling = 0

    def answer(self, body: bytes) -> tuple[int, bytes] | None:
        asked = json.loads(body)
        calls = asked if isinstance(asked, list) else [asked]
        found = json.loads(self.forward(body))
        answers = {one["id"]: one for one in (found if isinstance(found, list) else [found])}
        for call in calls:
            answer = answers[call["id"]]
            if call["method"] == "eth_getTransactionReceipt" and self.holds:
                answer["result"] = None
            elif call["method"] == "eth_sendRawTransaction":
                self.sent.add(call["params"][0])
                if self.says_used:
                    answer.pop("result", None)
                    answer["error"] = {"code": -32003, "message": "nonce too low"}
            elif call["method"] == "eth_getTransactionCount":
                self.settling += call["params"][1].startswith("0x")
        alone = not isinstance(asked, list) and asked["method"] == "eth_getTransactionReceipt"
        if alone and answers[asked["id"]]["result"] is None:
            self.after_none()
        return 200, json.dumps(found).encode()
