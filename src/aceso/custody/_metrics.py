"""A custodian's figures, for Prometheus.

Counts and times only, by route, status and error code: no persona, account, class, list or record
is a label or a value, and none can be told from them.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

if TYPE_CHECKING:
    from ._service import Service

__all__ = ["CONTENT_TYPE_LATEST", "Measured", "Metrics"]

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Metrics:
    """The figures of one process."""

    def __init__(self, service: Service):
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "aceso_custodian_requests",
            "Requests that were answered",
            ("method", "route", "status"),
            registry=self._registry,
        )
        self.seconds = Histogram(
            "aceso_custodian_request_seconds",
            "Seconds until the answer",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self.refusals = Counter(
            "aceso_custodian_refusals",
            "Requests that were refused, by the code of the answer",
            ("code",),
            registry=self._registry,
        )
        self._gauge("receipts", "Receipts in the log", lambda: service.log.size())
        self._gauge("block_newest", "Newest block that was seen", lambda: _block(service, 0))
        self._gauge("block_confirmed", "Newest confirmed block", lambda: _block(service, 1))
        self._gauge("block_age_seconds", "Age of the newest block", lambda: _age(service))
        self._gauge(
            "block_followed",
            "Block up to which ends are known",
            lambda: service.follower.followed(),
        )
        self._gauge(
            "class_keys_deleted",
            "Class keys of ended grants that this process deleted",
            lambda: service.follower.deleted,
        )
        self._gauge(
            "relays_waiting",
            "Withdrawals that wait for the chain",
            lambda: service.relays.waiting() if service.relays else 0,
        )
        self._gauge(
            "relays_sent",
            "Withdrawals that this process carried",
            lambda: service.relays.sent if service.relays else 0,
        )
        self._gauge(
            "relays_ok",
            "1 if the last withdrawal could be carried, 0 if not, NaN if none is",
            lambda: float(service.relays.state == "ok") if service.relays else float("nan"),
        )

    def _gauge(self, name: str, about: str, read: Callable[[], float]) -> None:
        gauge = Gauge(f"aceso_custodian_{name}", about, registry=self._registry)
        gauge.set_function(read)

    def page(self) -> bytes:
        """All of them, as Prometheus reads them."""
        return generate_latest(self._registry)


def _block(service: Service, which: int) -> float:
    heads = service.chain.known
    if heads is None:
        return 0
    return (heads.newest, heads.confirmed)[which].number


def _age(service: Service) -> float:
    heads = service.chain.known
    return float("nan") if heads is None else time.time() - heads.newest.timestamp


class Measured:
    """Counts what is answered, and how long it took."""

    def __init__(self, app: App, metrics: Metrics):
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 500

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            # The route as it is written, never the path: that names lists and orders.
            route = getattr(scope.get("route"), "path", "none")
            method = scope["method"] if route != "none" else "none"
            self._metrics.requests.labels(method, route, str(status)).inc()
            self._metrics.seconds.labels(method, route).observe(time.perf_counter() - started)
