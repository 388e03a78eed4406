"""Who works when: one by one a few at a time, or all who wait in one turn.

    doors = Few(12)
    found = await doors(read, question)                  # in one of twelve threads

    releases = Turns(release_all, alone=release, among=doors, most=32)
    release = await releases(wanted)                     # with all who wait, in one thread

Threads take the interpreter from each other, and from what reads and answers. So what is asked most
is done by one, for all who came while it did it for those before them: what is the same for all is
done once, and nobody waits for company.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Generic, TypeVar

__all__ = ["AloneError", "Few", "Turns"]

_T = TypeVar("_T")
_Asked = TypeVar("_Asked")
_Given = TypeVar("_Given")


class AloneError(Exception):
    """What this one asks takes its own time, or may be what can't be answered: it is done in a
    thread of its own, so that those who came with it don't wait for it."""


class Few:
    """Threads, a few. However many ask, or wait for a node, other threads are free for a
    withdrawal."""

    def __init__(self, number: int):
        self._pool = ThreadPoolExecutor(number, thread_name_prefix="aceso-door")

    async def __call__(self, act: Callable[..., _T], *arguments: Any) -> _T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, act, *arguments)


class Turns(Generic[_Asked, _Given]):
    """One thread that does in one turn what all who wait have asked."""

    def __init__(
        self,
        together: Callable[[Sequence[_Asked]], Sequence[_Given | Exception]],
        *,
        alone: Callable[[_Asked], _Given],
        among: Few,
        most: int,
    ):
        """`together`: what each of at most `most` is given or refused, in their order. Whoever is
        refused by an `AloneError` is done by `alone`, in a thread `among` these few."""
        self._together = together
        self._alone = alone
        self._few = among
        self._most: Final = most
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="aceso-turn")
        self._waiting: deque[tuple[_Asked, asyncio.Future[_Given]]] = deque()
        self._is_busy = False

    async def __call__(self, asked: _Asked) -> _Given:
        given: asyncio.Future[_Given] = asyncio.get_running_loop().create_future()
        self._waiting.append((asked, given))
        if not self._is_busy:
            self._begin()
        try:
            return await given
        except AloneError:
            return await self._few(self._alone, asked)

    def _begin(self) -> None:
        count = min(self._most, len(self._waiting))
        turn = [self._waiting.popleft() for _ in range(count)]
        self._is_busy = True
        work = asyncio.get_running_loop().run_in_executor(
            self._pool, self._together, [asked for asked, _ in turn]
        )
        work.add_done_callback(lambda done: self._end([given for _, given in turn], done))

    def _end(
        self,
        turn: Sequence[asyncio.Future[_Given]],
        work: asyncio.Future[Sequence[_Given | Exception]],
    ) -> None:
        self._is_busy = False
        if self._waiting:
            self._begin()
        failed = work.exception()
        results: Sequence[_Given | BaseException]
        if failed is None:
            results = work.result()
        elif len(turn) == 1:
            results = [failed]
        else:
            # A defect that one of them met: each tries by itself whether it was theirs.
            results = [AloneError() for _ in turn]
        for given, result in zip(turn, results, strict=True):
            # Who asked may have gone.
            if given.cancelled():
                continue
            if isinstance(result, BaseException):
                given.set_exception(result)
            else:
                given.set_result(result)
