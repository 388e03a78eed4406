"""Asking a server that may be slow, or say too much: an end in time, and one in bytes.

    http = BoundedHttp(most=8 << 20)
    answer = http.ask("POST", "http://127.0.0.1:8545", b"[]", ends=time.monotonic() + 6)
    answer.status, answer.body

A timeout that bounds each read by itself never ends what comes drop by drop, header or body. Here
each read, write and connection has what is left of the whole, and what is too long is left unread.
The URL's user and password go into a header, as everywhere.
"""

from __future__ import annotations

import base64
import ssl
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import certifi
import httpcore

__all__ = ["Answer", "BoundedHttp", "NoAnswerError", "TooLongError"]

_CONNECTIONS: Final = 100
_KEPT_OPEN: Final = 20
_KEPT_SECONDS: Final = 5.0
# What idle connections come to when the other side closed them.
_CUT: Final = (httpcore.RemoteProtocolError, httpcore.ReadError, httpcore.WriteError)
_FAILED: Final = (
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    # A name that is none, or a port.
    ValueError,
)
_HEADERS: Final = ((b"Accept", b"*/*"), (b"Accept-Encoding", b"identity"))
_JSON: Final = (b"Content-Type", b"application/json")


class NoAnswerError(Exception):
    """Nothing came, or not all of it in time (`is_late`). Whoever asked says what that means."""

    def __init__(self, *, is_late: bool):
        super().__init__("too late" if is_late else "no answer")
        self.is_late = is_late


class TooLongError(Exception):
    """The answer is longer than it may be."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came: HTTP's status, and the whole body."""

    status: int
    body: bytes


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities that all servers' certificates are checked by: reading them takes longer than
    opening a record."""
    return ssl.create_default_context(cafile=certifi.where())


class BoundedHttp:
    """Safe to use from several threads."""

    def __init__(self, *, most: int, read_seconds: float | None = None):
        """`most`: bytes of an answer. `read_seconds`: of one part of it, and half of it for a
        connection, where that is less than what is left of the whole."""
        self._most = most
        self._clock = _Clock()
        self._timeout = {
            "connect": read_seconds and read_seconds / 2,
            "read": read_seconds,
            "write": read_seconds,
        }
        self._pools: dict[bool, httpcore.ConnectionPool] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        with self._lock:
            pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.close()

    def ask(
        self,
        method: str,
        url: str,
        content: bytes | None = None,
        *,
        ends: float,
        most: int | None = None,
        again: bool = False,
    ) -> Answer:
        """What the server answers until `ends`, by `time.monotonic`. `again`: what is asked changes
        nothing, so it is asked twice where a connection turns out to be closed."""
        most = self._most if most is None else most
        self._clock.ends = ends
        try:
            try:
                return self._ask(method, url, content, most)
            except _CUT:
                if not again:
                    raise
                return self._ask(method, url, content, most)
        except _FAILED as exc:
            raise NoAnswerError(is_late=isinstance(exc, httpcore.TimeoutException)) from exc

    def _ask(self, method: str, url: str, content: bytes | None, most: int) -> Answer:
        target, headers = _target(url)
        if content is not None:
            headers = (*headers, _JSON)
        # Waiting for a place among the connections counts as well.
        timeout = self._timeout | {"pool": self._clock.left(None, httpcore.PoolTimeout)}
        parts, read = [], 0
        with self._pool(target.scheme == b"https").stream(
            method,
            target,
            headers=list(headers),
            content=content,
            extensions={"timeout": timeout},
        ) as response:
            for part in response.iter_stream():
                read += len(part)
                if read > most:
                    raise TooLongError
                parts.append(part)
        return Answer(response.status, b"".join(parts))

    def _pool(self, is_secure: bool) -> httpcore.ConnectionPool:
        pool = self._pools.get(is_secure)
        if pool is None:
            with self._lock:
                pool = self._pools.setdefault(
                    is_secure,
                    httpcore.ConnectionPool(
                        ssl_context=_trusted() if is_secure else None,
                        max_connections=_CONNECTIONS,
                        max_keepalive_connections=_KEPT_OPEN,
                        keepalive_expiry=_KEPT_SECONDS,
                        network_backend=_Backend(self._clock),
                    ),
                )
        return pool


@lru_cache(maxsize=1024)
def _target(url: str) -> tuple[httpcore.URL, tuple[tuple[bytes, bytes], ...]]:
    """Where to ask, and the headers that it wants; a `ValueError` where that is no place."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise httpcore.UnsupportedProtocol("It is asked by http or https.")
    host = parts.hostname if parts.hostname.isascii() else parts.hostname.encode("idna").decode()
    target = httpcore.URL(
        scheme=parts.scheme,
        host=host,
        port=parts.port,
        target=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
    )
    named = f"[{host}]" if ":" in host else host
    named += "" if parts.port is None else f":{parts.port}"
    headers: tuple[tuple[bytes, bytes], ...] = ((b"Host", named.encode()), *_HEADERS)
    if parts.username is not None:
        who = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        headers = (*headers, (b"Authorization", b"Basic " + base64.b64encode(who)))
    return target, headers


class _Clock(threading.local):
    """When what this thread asks has to be over. A request is sent and read by one thread."""

    ends = 0.0

    def left(self, timeout: float | None, error: type[Exception]) -> float:
        left = self.ends - time.monotonic()
        if left <= 0:
            raise error("It took too long as a whole.")
        return left if timeout is None else min(timeout, left)


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
