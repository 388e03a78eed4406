"""How often somebody may ask: so many requests a second, with some in store.

    rates = Rates(per_second=50, in_store=200)
    wait = rates.take("somebody")          # 0, or the seconds until there is one again

Counted in this process and in memory. Whoever asks little is forgotten first.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

__all__ = ["Rates", "client_name"]

_KNOWN: Final = 100_000


class Rates:
    """One bucket of tokens for each name."""

    def __init__(
        self,
        *,
        per_second: float,
        in_store: float,
        clock: Callable[[], float] = time.monotonic,
    ):
        """`per_second` 0: no limit."""
        self._rate = per_second
        self._most = in_store
        self._clock = clock
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str) -> float:
        """Take one for this name; the seconds to wait where there is none."""
        if not self._rate:
            return 0.0
        with self._lock:
            now = self._clock()
            left, since = self._left.pop(name, (self._most, now))
            left = min(self._most, left + (now - since) * self._rate)
            wait = 0.0 if left >= 1 else (1 - left) / self._rate
            self._left[name] = (left if wait else left - 1, now)
            if len(self._left) > _KNOWN:
                self._left.popitem(last=False)
            return wait

    def put_back(self, name: str) -> None:
        """Put one back that is taken once more for the same."""
        with self._lock:
            if name in self._left:
                left, since = self._left[name]
                self._left[name] = (left + 1, since)


def client_name(host: str) -> str:
    """By which a client is known: an address, or the network of one person's IPv6 addresses.

    Empty for this machine itself: what asks from here is the operator's, or a proxy that doesn't
    say whom it asks for.
    """
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if address.is_loopback:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return client_name(str(address.ipv4_mapped))
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
