"""A JSON-RPC proxy that fails as real nodes do, at a rate and from a seed."""

from __future__ import annotations

import http.server
import json
import random
import threading
import urllib.request
from collections import Counter
from types import TracebackType

__all__ = ["FaultProxy"]

FAULTS = ("drop_before", "drop_after", "status_500", "half_json", "wrong_error")


class FaultProxy:
    """Stands between a client and a node, on loopback."""

    def __init__(self, upstream: str, *, rate: float, seed: int):
        self.upstream = upstream
        self.rate = rate
        self.seen: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                fault = proxy._draw()
                if fault == "drop_before":
                    return self._drop()
                if fault == "status_500":
                    return self._answer(500, b"")
                answer = proxy._forward(body)
                if fault == "drop_after":
                    return self._drop()
                if fault == "half_json":
                    answer = answer[: len(answer) // 2]
                if fault == "wrong_error":
                    answer = proxy._wrong(body)
                return self._answer(200, answer)

            def _drop(self) -> None:
                self.close_connection = True
                self.connection.close()

            def _answer(self, status: int, body: bytes) -> None:
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

    def __enter__(self) -> FaultProxy:
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

    def _draw(self) -> str:
        with self._lock:
            fault = self._random.choice(FAULTS) if self._random.random() < self.rate else "none"
            self.seen[fault] += 1
            return fault

    def _forward(self, body: bytes) -> bytes:
        headers = {"content-type": "application/json"}
        request = urllib.request.Request(self.upstream, body, headers)  # noqa: S310
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return answer.read()

    def _wrong(self, body: bytes) -> bytes:
        """An error that says nothing about what was asked."""
        asked = json.loads(body)
        error = {"code": -32000, "message": "header not found"}
        if isinstance(asked, list):
            return json.dumps(
                [{"jsonrpc": "2.0", "id": one["id"], "error": error} for one in asked]
            ).encode()
        return json.dumps({"jsonrpc": "2.0", "id": asked["id"], "error": error}).encode()
