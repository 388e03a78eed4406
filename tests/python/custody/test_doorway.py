"""
the short way to a door
├── says of every body, good or bad, what the framework says of it
├── is counted under the same route, with the same refusals
├── takes a body in pieces
├── says that a defect is one, and raises it for the server's log
└── gives what the framework gives
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from aceso.custody import SignedRequest
from aceso.custody.app import make_app

from .conftest import Keeper, Network, Shared
from .watching import figures

_SHORT = "application/json"
# JSON as well, in a form that the short way leaves to the framework.
_LONG = "application/json; charset=utf-8"
_COUNTED = ("aceso_custodian_requests_total", "aceso_custodian_refusals_total")
_KINDS = {"/list": "ListRequest", "/release": "ReleaseRequest"}


def _body(network: Network, shared: Shared, path: str, **changes: Any) -> dict[str, Any]:
    kind = _KINDS[path]
    message = shared.message(network.keepers[0], kind, **changes)
    domain = network.suite.domain("ConsentRegistry")
    return SignedRequest.sign(shared.reader.account, kind, message, domain).body()


def _post(keeper: Keeper, path: str, body: Any, form: str) -> httpx.Response:
    headers = {"Content-Type": form}
    return httpx.post(keeper.url + path, content=body, headers=headers, trust_env=False)


def _bodies(network: Network, shared: Shared, path: str) -> dict[str, bytes]:
    """By what is wrong with it. None of them is used up by being sent."""
    good = _body(network, shared, path)
    nobody = good | {"signature": "0x" + "11" * 65}
    text = json.dumps(nobody).encode()
    made: dict[str, Any] = {
        "not signed": nobody,
        "for another custodian": _body(
            network, shared, path, custodian=network.keepers[1].keys.address
        ),
        "late": _body(network, shared, path, deadline=1),
        "nothing": b"",
        "no JSON": b"{",
        "null": b"null",
        "a list": b"[]",
        "not UTF-8": b'{"signature": "\xff"}',
        "a byte order mark": b"\xef\xbb\xbf" + text,
        "a number that is none": text.replace(b'"dataClass": ', b'"dataClass": NaN, "x": '),
        "a number without end": text.replace(b'"use": 1', b'"use": 1e400'),
        "a great number": nobody | {"message": nobody["message"] | {"deadline": 1 << 255}},
        "the same name twice": b'{"signature": "0x", ' + text[1:],
        "nested without end": b"[" * 30_000,
        "more than was asked for": good | {"more": 1},
        "no message": {"signature": good["signature"]},
        "a message that is none": good | {"message": "no"},
        "spaces among the digits": good | {"signature": "0x" + " 11" * 22},
        "an odd digit": good | {"signature": "0x111"},
        "other digits": good | {"signature": "0x" + "١١" * 65},
    }
    return {
        name: body if isinstance(body, bytes) else json.dumps(body).encode()
        for name, body in made.items()
    }


@pytest.mark.parametrize("path", _KINDS)
def test_says_what_the_framework_says(network: Network, shared: Shared, path: str) -> None:
    keeper = network.keepers[0]
    seen = set()
    for name, body in _bodies(network, shared, path).items():
        short, long = (_post(keeper, path, body, form) for form in (_SHORT, _LONG))
        assert (short.status_code, short.json()) == (long.status_code, long.json()), name
        assert 400 <= short.status_code < 500, name
        seen.add(short.json()["code"])
    assert seen == {
        *("E_BAD_JSON", "E_BAD_REQUEST", "E_SIGNATURE", "E_OTHER_CUSTODIAN", "E_DEADLINE"),
    }


@pytest.mark.parametrize("path", _KINDS)
def test_is_counted_alike(network: Network, shared: Shared, path: str) -> None:
    keeper = network.keepers[0]
    bodies = _bodies(network, shared, path)
    grown = []
    for form in (_SHORT, _LONG):
        before = figures(keeper)
        for name in ("not signed", "no JSON", "no message"):
            _post(keeper, path, bodies[name], form)
        after = figures(keeper)
        grown.append(
            {
                name: after[name] - before.get(name, 0)
                for name in after
                if name.startswith(_COUNTED)
                and "/metrics" not in name
                and after[name] != before.get(name)
            }
        )
    assert grown[0] == grown[1]
    asked = f'aceso_custodian_requests_total{{method="POST",route="{path}",status="%s"}}'
    assert grown[0] == {
        asked % 400: 1,
        asked % 403: 1,
        asked % 422: 1,
        'aceso_custodian_refusals_total{code="E_SIGNATURE"}': 1,
    }


def test_takes_a_body_in_pieces(network: Network, shared: Shared) -> None:
    body = json.dumps(_body(network, shared, "/release")).encode()

    def pieces() -> Iterator[bytes]:
        yield body[:100]
        yield body[100:]

    given = _post(network.keepers[0], "/release", pieces(), _SHORT)
    assert given.status_code == 200
    assert given.json().keys() == {"share", "signature"}


@pytest.mark.parametrize("path", _KINDS)
def test_gives_what_the_framework_gives(network: Network, shared: Shared, path: str) -> None:
    answers = [
        _post(network.keepers[0], path, json.dumps(_body(network, shared, path)).encode(), form)
        for form in (_SHORT, _LONG)
    ]
    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].json().keys() == answers[1].json().keys()
    assert answers[0].headers.keys() == answers[1].headers.keys()
    if path == "/list":
        assert answers[0].json() == answers[1].json()


def test_a_defect_is_one(network: Network, shared: Shared) -> None:
    class Defect(Exception):
        pass

    def breaks(*_: object) -> None:
        raise Defect

    service: Any = SimpleNamespace(
        is_of_order=lambda grantee: False,
        releases=SimpleNamespace(release_all=breaks, release=breaks),
    )
    app = make_app(service)
    body = _body(network, shared, "/release")

    async def ask(*, raises: bool) -> httpx.Response:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=raises)
        async with httpx.AsyncClient(transport=transport, base_url="http://custodian") as client:
            return await client.post("/release", json=body)

    said = asyncio.run(ask(raises=False))
    assert (said.status_code, said.json()["code"]) == (500, "E_DEFECT")
    with pytest.raises(Defect):
        asyncio.run(ask(raises=True))
