"""
releases, or batches, that all wait for something
└── keep no signed withdrawal out, however many they are
turns
├── do together what came while they were busy, so many at most, and give each its own answer
├── do in a thread of its own what would keep others waiting
├── leave the others their answer when one of them meets a defect
└── go on when somebody who asked is gone
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from eth_account import Account

from aceso.custody._service import Service
from aceso.custody._turns import AloneError, Few, Turns
from aceso.custody._wire import to_json
from aceso.custody.app import make_app
from aceso.custody.proof import Release

_ANYBODY = Account.create().address
_SIGNATURE = "0x" + "11" * 65
_ASKED = 60
_JSON = {"Content-Type": "application/json"}


def _release() -> dict[str, Any]:
    message = {
        "subject": _ANYBODY,
        "actor": _ANYBODY,
        "grantee": bytes(32),
        "use": 1,
        "dataClass": 1,
        "recordId": bytes(32),
        "receivingKey": b"k",
        "custodian": _ANYBODY,
        "nonce": os.urandom(32),
        "deadline": 1,
    }
    return {"message": to_json(message), "signature": _SIGNATURE}


def _withdrawal() -> dict[str, Any]:
    message = {"subject": _ANYBODY, "grantee": bytes(32), "withdrawals": 0}
    return {"type": "Withdrawal", "message": to_json(message), "signature": _SIGNATURE}


def _batch() -> dict[str, Any]:
    message = {"listKey": _ANYBODY, "recordId": bytes(32)}
    return {"acts": [{"type": "delete", "message": to_json(message), "signature": _SIGNATURE}]}


@pytest.mark.parametrize(("path", "asked"), [("/release", _release), ("/batches", _batch)])
def test_no_number_of_those_that_wait_keeps_a_withdrawal_out(
    path: str, asked: Callable[[], dict[str, Any]]
) -> None:
    answered = threading.Event()

    def release_all(wanted: Sequence[object]) -> list[Release]:
        # As one whose node does not answer.
        answered.wait(60)
        return [Release(b"", b"")] * len(wanted)

    def take_all(*_: object) -> list[dict[str, Any]]:
        answered.wait(60)
        return []

    def take(*_: object) -> dict[str, Any]:
        return {"state": "pending"}

    service: Any = SimpleNamespace(
        is_of_order=lambda grantee: False,
        releases=SimpleNamespace(release_all=release_all, release=lambda wanted: Release(b"", b"")),
        batches=SimpleNamespace(take=take_all),
        withdrawals=SimpleNamespace(take=take),
    )

    async def ask() -> tuple[int, list[int]]:
        transport = httpx.ASGITransport(app=make_app(_as_service(service)))
        async with httpx.AsyncClient(transport=transport, base_url="http://custodian") as client:
            sent = asyncio.Semaphore(0)

            async def body() -> AsyncIterator[bytes]:
                yield json.dumps(asked()).encode()
                # Read to its end: from here on it waits for nothing but its turn.
                sent.release()

            waiting = [
                asyncio.create_task(client.post(path, content=body(), headers=_JSON))
                for _ in range(_ASKED)
            ]
            for _ in waiting:
                await sent.acquire()
            try:
                async with asyncio.timeout(10):
                    shown = await client.post("/withdrawals", json=_withdrawal())
            finally:
                answered.set()
            return shown.status_code, [one.status_code for one in await asyncio.gather(*waiting)]

    assert asyncio.run(ask()) == (200, [200] * _ASKED)


def _as_service(service: Any) -> Service:
    made: Service = service
    return made


class _Slow:
    """Turns whose first waits until it is let go; the others may come meanwhile."""

    def __init__(self, answer: Callable[[int], int | Exception], *, most: int = 32):
        self.done: list[list[int]] = []
        self.alone: list[int] = []
        self._answer = answer
        self._begun, self._go_on = threading.Event(), threading.Event()
        self.turns = Turns(self._together, alone=self._alone, among=Few(2), most=most)

    def _together(self, asked: Sequence[int]) -> list[int | Exception]:
        self.done.append(list(asked))
        self._begun.set()
        self._go_on.wait(60)
        return [self._answer(one) for one in asked]

    def _alone(self, asked: int) -> int:
        self.alone.append(asked)
        answer = self._answer(asked)
        return -asked if isinstance(answer, AloneError) else _given(answer)

    async def ask(self, first: int, *then: int) -> list[int | BaseException]:
        """What each is given: the first has its turn when the others come."""
        waiting = [asyncio.create_task(self.turns(first))]
        await asyncio.to_thread(self._begun.wait, 60)
        waiting += [asyncio.create_task(self.turns(one)) for one in then]
        await asyncio.sleep(0)
        self.come(waiting)
        self._go_on.set()
        return await asyncio.gather(*waiting, return_exceptions=True)

    def come(self, waiting: list[asyncio.Task[int]]) -> None:
        """All have asked, and none was answered."""


def _given(answer: int | Exception) -> int:
    if isinstance(answer, Exception):
        raise answer
    return answer


def test_what_comes_meanwhile_is_done_together() -> None:
    refused = ValueError("not the fourth")
    slow = _Slow(lambda one: refused if one == 4 else 10 * one, most=3)
    answers = asyncio.run(slow.ask(1, 2, 3, 4, 5))
    assert slow.done == [[1], [2, 3, 4], [5]]
    assert answers == [10, 20, 30, refused, 50]
    assert slow.alone == []


def test_what_keeps_others_waiting_is_done_alone() -> None:
    slow = _Slow(lambda one: AloneError() if one == 3 else 10 * one)
    answers = asyncio.run(slow.ask(1, 2, 3, 4))
    assert slow.done == [[1], [2, 3, 4]]
    assert (answers, slow.alone) == ([10, 20, -3, 40], [3])


def test_a_defect_of_one_is_not_everybodys() -> None:
    def answer(one: int) -> int:
        if one == 3:
            raise ZeroDivisionError
        return 10 * one

    slow = _Slow(answer)
    first, second, third, fourth = asyncio.run(slow.ask(1, 2, 3, 4))
    assert slow.done == [[1], [2, 3, 4]]
    assert (first, second, fourth) == (10, 20, 40)
    assert isinstance(third, ZeroDivisionError)


def test_a_defect_of_one_alone_is_theirs() -> None:
    def answer(one: int) -> int:
        raise ZeroDivisionError

    slow = _Slow(answer)
    (only,) = asyncio.run(slow.ask(1))
    assert isinstance(only, ZeroDivisionError)
    assert slow.alone == []


def test_who_has_gone_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = _Slow(lambda one: 10 * one)
    monkeypatch.setattr(slow, "come", lambda waiting: waiting[1].cancel())
    first, second, third = asyncio.run(slow.ask(1, 2, 3))
    assert (first, third) == (10, 30)
    assert isinstance(second, asyncio.CancelledError)
