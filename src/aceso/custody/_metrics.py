"""A custodian's figures, for Prometheus.

Counts and times only, by route, status and error code: no persona, account, class, list or record
is a label or a value, and none can be told from them. The page is there whatever else isn't: what
only the database knows is left out while it doesn't answer.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any, Final

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from aceso.errors import AcesoError

from ._responses import App, Receive, Scope, Send

if TYPE_CHECKING:
    from ._service import Service

__all__ = ["CONTENT_TYPE_LATEST", "Measured", "Metrics"]

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


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
        self._registry.register(_Figures(service))

    def page(self) -> bytes:
        """All of them, as Prometheus reads them."""
        return generate_latest(self._registry)


class _Figures(Collector):
    """What is read when it is asked for."""

    def __init__(self, service: Service):
        self._service = service

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield from self._of_this_process()
        try:
            kept = list(self._of_the_database())
        except AcesoError:
            # Left out, not 0: who sums them up, or looks for a log that got shorter, isn't misled.
            kept = []
        yield _gauge("database_up", "1 if the database answers, 0 if not", float(bool(kept)))
        yield from kept

    def _of_this_process(self) -> Iterator[GaugeMetricFamily]:
        heads, relays = self._service.chain.known, self._service.relays
        newest, confirmed = (0, 0)
        age = math.nan
        if heads is not None:
            newest, confirmed = heads.newest.number, heads.confirmed.number
            age = time.time() - heads.newest.timestamp
        yield _gauge("block_newest", "Newest block that was seen", newest)
        yield _gauge("block_confirmed", "Newest confirmed block", confirmed)
        yield _gauge("block_age_seconds", "Age of the newest block", age)
        yield _gauge(
            "class_keys_deleted",
            "Class keys of ended grants that this process deleted",
            self._service.follower.deleted,
        )
        yield _gauge(
            "relays_sent",
            "Withdrawals that this process carried",
            0 if relays is None else relays.sent,
        )
        yield _gauge(
            "relays_ok",
            "1 if the last withdrawal could be carried, 0 if not, NaN if this process carries none",
            math.nan if relays is None or not relays.is_ours else float(relays.state == "ok"),
        )

    def _of_the_database(self) -> Iterator[GaugeMetricFamily]:
        service = self._service
        yield _gauge("receipts", "Receipts in the log", service.log.size())
        yield _gauge(
            "block_followed", "Block up to which ends are known", service.follower.followed()
        )
        yield _gauge(
            "relays_waiting",
            "Withdrawals that wait for the chain",
            0 if service.relays is None else service.relays.waiting(),
        )


def _gauge(name: str, about: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"aceso_custodian_{name}", about, value=value)


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

        async def answer(message: MutableMapping[str, Any]) -> None:
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
