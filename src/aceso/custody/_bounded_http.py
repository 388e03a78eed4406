"""Posting to a server that may be slow, or say too much: an end in time, and one in bytes.

    http = BoundedHttp(seconds=6.0, most=8 << 20)
    body = http.post("http://127.0.0.1:8545", b"[]", ends=http.ends())

httpx bounds each read by itself, so what comes drop by drop, header or body, would never end. Here
each read, write and connection has what is left of the whole, and what is too long is left unread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Any, Final

import httpcore
import httpx

__all__ = ["BoundedHttp"]

_HEADERS: Final = {"Content-Type": "application/json", "Accept-Encoding": "identity"}
_READ_SECONDS: Final = 4.0
_CONNECT_SECONDS: Final = 2.0


class BoundedHttp:
    """Safe to use from several threads."""

    def __init__(self, *, seconds: float, most: int):
        self._seconds, self._most = seconds, most
        self._clock = _Clock()
        timeout = httpx.Timeout(_READ_SECONDS, connect=_CONNECT_SECONDS)
        transport = _Transport(self._clock)
        self._http = httpx.Client(timeout=timeout, trust_env=False, transport=transport)

    def close(self) -> None:
        self._http.close()

    def ends(self) -> float:
        """When what begins now has to be over, by `time.monotonic`."""
        return time.monotonic() + self._seconds

    def post(self, url: str, content: bytes, *, ends: float) -> bytes:
        """The body of the answer. Raise `httpx.HTTPError`, also where it doesn't come in time, or
        `ValueError` where it is too long."""
        self._clock.ends = ends
        try:
            return self._post(url, content)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            # Nodes close connections that were idle; nothing that we ask changes anything.
            return self._post(url, content)

    def _post(self, url: str, content: bytes) -> bytes:
        parts, read = [], 0
        with self._http.stream("POST", url, content=content, headers=_HEADERS) as response:
            for part in response.iter_raw():
                read += len(part)
                if read > self._most:
                    raise ValueError("an answer that is too long")
                parts.append(part)
        return b"".join(parts)


class _Clock(threading.local):
    """When what this thread asks has to be over. A request is sent and read by one thread."""

    ends = 0.0

    def left(self, timeout: float | None, error: type[Exception]) -> float:
        left = self.ends - time.monotonic()
        if left <= 0:
            raise error("It took too long as a whole.")
        return left if timeout is None else min(timeout, left)


class _Transport(httpx.HTTPTransport):
    def __init__(self, clock: _Clock):
        # Made once: it reads all authorities that are trusted.
        trusted = httpx.create_ssl_context(trust_env=False)
        super().__init__(verify=trusted, trust_env=False)
        self._pool.close()
        self._pool = httpcore.ConnectionPool(
            ssl_context=trusted,
            max_connections=100,
            max_keepalive_connections=20,
            keepalive_expiry=5.0,
            network_backend=_Backend(clock),
        )


class _Backend(httpcore.NetworkBackend):
    def __init__(self, clock: _Clock):
        self._clock, self._true = clock, httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        timeout = self._clock.left(timeout, httpcore.ConnectTimeout)
        made = self._true.connect_tcp(host, port, timeout, local_address, socket_options)
        return _Stream(made, self._clock)


class _Stream(httpcore.NetworkStream):
    def __init__(self, true: httpcore.NetworkStream, clock: _Clock):
        self._true, self._clock = true, clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._true.read(max_bytes, self._clock.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._true.write(buffer, self._clock.left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._true.close()

    def start_tls(
        self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        timeout = self._clock.left(timeout, httpcore.ConnectTimeout)
        made = self._true.start_tls(ssl_context, server_hostname, timeout)
        return _Stream(made, self._clock)

    def get_extra_info(self, info: str) -> Any:
        return self._true.get_extra_info(info)
