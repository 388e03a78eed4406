"""How several custodians are asked at once, when enough is enough, and who isn't waited for.

All are asked where all are to know. Where m are enough, a quarter more than m are asked at first
and the rest when one of them fails or is slow, so that neither a custodian that is down nor one
that hangs costs more than a moment. One that did not answer in time is asked last for a while. What
comes after enough have answered is still looked at: who lies is named, however late.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from aceso.errors import AcesoError

from .client import Custodian
from .errors import (
    CustodianDownError,
    DeniedError,
    RequestRefusedError,
    TooFewCustodiansError,
)

__all__ = ["Asking", "Posted"]

_HEDGE_FACTOR: Final = 1.25
_HEDGE_SECONDS: Final = 0.7
_GRACE_SECONDS: Final = 1.0
# For so long one that did not answer is asked only when it is needed.
_SLOW_SECONDS: Final = 30.0

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Posted:
    """Which custodians took it, and why the others didn't."""

    taken: tuple[str, ...]
    missing: dict[str, AcesoError]


class Asking:
    """Some custodians, any `threshold` of whom are enough."""

    def __init__(self, custodians: Sequence[Custodian], threshold: int):
        if not 1 <= threshold <= len(custodians):
            raise ValueError(f"{threshold} of {len(custodians)} is not a threshold")
        self.custodians = tuple(custodians)
        self.threshold = threshold
        self._pool = ThreadPoolExecutor(
            4 * len(self.custodians), thread_name_prefix="aceso-custody"
        )
        self._slow: dict[str, float] = {}
        self._late: set[Future[Any]] = set()
        self._late_lock = threading.Lock()

    def close(self) -> None:
        """Let go of connections; what is under way is not waited for."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        for custodian in self.custodians:
            custodian.close()

    def wait_for_late(self, seconds: float) -> None:
        """Wait, at most so long, for the answers that nobody needed: they may be false."""
        with self._late_lock:
            late = set(self._late)
        wait(late, timeout=seconds)

    def _is_complaint(self, error: AcesoError) -> None:
        """Told of every error of an answer that came late."""

    def _ask_all(
        self,
        act: Callable[[Custodian], T],
        *,
        among: Collection[str] | None = None,
        needed: int | None = None,
        grace: float = _GRACE_SECONDS,
        patience: float = 1.0,
        counts: Callable[[T], bool] = lambda answer: True,
    ) -> tuple[dict[str, T], dict[str, AcesoError]]:
        """Ask all at once, or those of them that are named; one that is named and not among them
        has failed. Once enough have answered in a way that `counts`, the others have `grace`
        seconds left, or as many as it took until then; all have `patience` times as long as for one
        request."""
        needed = self.threshold if needed is None else needed
        asked = [one for one in self.custodians if among is None or one.address in among]
        futures = {self._pool.submit(act, one): one for one in asked}
        done: dict[str, T] = {}
        known = {one.address for one in asked}
        failed: dict[str, AcesoError] = {
            who: CustodianDownError(who, "is not known to this network")
            for who in among or ()
            if who not in known
        }
        began = time.monotonic()
        finish = began + patience * max(one.deadline for one in self.custodians) + 0.5
        pending = set(futures)
        while pending:
            ready, pending = wait(
                pending, timeout=max(0.0, finish - time.monotonic()), return_when=FIRST_COMPLETED
            )
            if not ready:
                break
            for future in ready:
                _sort(future, futures[future], done, failed)
            if sum(map(counts, done.values())) >= max(needed, min(self.threshold, len(asked))):
                now = time.monotonic()
                finish = min(finish, now + max(grace, now - began))
        for future in pending:
            self._let_go(future, futures[future], failed)
        return done, failed

    def _ask_enough(
        self, act: Callable[[Custodian], T], custodians: Sequence[Custodian], needed: int
    ) -> tuple[dict[str, T], dict[str, AcesoError]]:
        """Ask some more than are needed, and the rest when one of them fails or is slow."""
        began = time.monotonic()
        waiting = sorted(custodians, key=lambda one: self._is_slow(one, began))
        quick = sum(not self._is_slow(one, began) for one in waiting)
        hedged = math.ceil(_HEDGE_FACTOR * needed) if needed > 1 else needed
        done: dict[str, T] = {}
        failed: dict[str, AcesoError] = {}
        futures: dict[Future[T], Custodian] = {}
        finish = began + max(one.deadline for one in custodians) - 0.2

        def ask(count: int) -> None:
            for _ in range(min(count, len(waiting))):
                one = waiting.pop(0)
                futures[self._pool.submit(act, one)] = one

        ask(min(hedged, max(needed, quick)))
        hedge = began + _HEDGE_SECONDS
        while futures and len(done) < needed:
            now = time.monotonic()
            if now >= finish:
                break
            until = finish if not waiting else min(finish, hedge)
            ready, _ = wait(futures, timeout=max(0.0, until - now), return_when=FIRST_COMPLETED)
            before = len(failed)
            for future in ready:
                _sort(future, futures.pop(future), done, failed)
            if len(failed) > before or time.monotonic() >= hedge:
                ask(len(waiting))
        is_slow = time.monotonic() >= hedge
        for future, one in futures.items():
            self._let_go(future, one, failed if len(done) < needed else {}, is_slow=is_slow)
        return done, failed

    def _is_slow(self, one: Custodian, now: float) -> bool:
        return now - self._slow.get(one.address, -math.inf) < _SLOW_SECONDS

    def _let_go(
        self,
        future: Future[T],
        one: Custodian,
        failed: dict[str, AcesoError],
        *,
        is_slow: bool = True,
    ) -> None:
        """Wait no longer; but look at what it says when it comes."""
        failed[one.address] = CustodianDownError(one.address, "does not answer in time")
        if future.cancel():
            return
        if is_slow:
            self._slow[one.address] = time.monotonic()
        with self._late_lock:
            self._late.add(future)
        future.add_done_callback(self._came_late)

    def _came_late(self, future: Future[Any]) -> None:
        with self._late_lock:
            self._late.discard(future)
        if future.cancelled():
            return
        error = future.exception()
        if isinstance(error, AcesoError):
            self._is_complaint(error)

    def _enough(self, done: int, failed: dict[str, AcesoError], needed: int, of: int) -> None:
        """Raise what explains best why too few did it."""
        if done >= needed:
            return
        denials = [error for error in failed.values() if isinstance(error, DeniedError)]
        # So many say no that it isn't for want of custodians; a settled no before a pending one.
        if denials and of - len(denials) < needed:
            raise min(denials, key=lambda error: error.is_pending)
        refused = [error for error in failed.values() if isinstance(error, RequestRefusedError)]
        if refused and of - len(refused) < needed:
            raise refused[0]
        why = list(dict.fromkeys(str(error) for error in failed.values()))
        raise TooFewCustodiansError(done, needed, of, sorted(failed), why) from next(
            iter(failed.values()), None
        )

    def _all_or_enough(
        self,
        act: Callable[[Custodian], T],
        *,
        among: Collection[str] | None = None,
        needed: int | None = None,
    ) -> tuple[dict[str, T], Posted]:
        """Ask all, or those that are named; `needed` of them, or as many as the threshold says,
        must do it."""
        needed = self.threshold if needed is None else needed
        done, failed = self._ask_all(act, among=among, needed=needed)
        of = len(self.custodians) if among is None else len(among)
        self._enough(len(done), failed, needed, of)
        return done, Posted(tuple(sorted(done)), failed)


def _sort(
    future: Future[T], one: Custodian, done: dict[str, T], failed: dict[str, AcesoError]
) -> None:
    try:
        done[one.address] = future.result()
    except AcesoError as error:
        failed[one.address] = error
