"""
releases, or batches, that all wait for something
└── keep no signed withdrawal out, however many they are
"""

from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from eth_account import Account

from aceso.custody._service import Service
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

    def release(*_: object) -> Release:
        # As one whose node does not answer.
        answered.wait(60)
        return Release(b"", b"")

    def take_all(*_: object) -> list[dict[str, Any]]:
        answered.wait(60)
        return []

    def take(*_: object) -> dict[str, Any]:
        return {"state": "pending"}

    service: Any = SimpleNamespace(
        release=release,
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
