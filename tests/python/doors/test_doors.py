"""
doors.toml
├── every route of the custodian is in it, and nothing else
├── every command is in it, and nothing else
├── each says who may and why
└── a route that calls itself a door is one
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from fastapi.routing import APIRoute

from aceso.cli._main import root
from aceso.custody.app import make_routes

ROOT = Path(__file__).resolve().parents[3]
DOORS: dict[str, dict[str, dict[str, Any]]] = tomllib.loads(
    (ROOT / "doors.toml").read_text(encoding="utf-8")
)


def test_every_route_is_named() -> None:
    app = make_routes(object(), object())  # type: ignore[arg-type]
    served = {
        f"{method} {route.path}"
        for route in app.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }

    assert served == set(DOORS["http"])


def test_every_command_is_named() -> None:
    assert set(root.commands_known) == set(DOORS["cli"])


def test_each_says_who_and_why() -> None:
    for kind in ("http", "cli", "contract"):
        for name, said in DOORS[kind].items():
            assert isinstance(said["door"], bool), name
            assert said["who"] and said["why"].endswith("."), name


def test_routes_that_are_doors_are_described_as_such() -> None:
    app = make_routes(object(), object())  # type: ignore[arg-type]
    for route in app.routes:
        if isinstance(route, APIRoute) and "(a door)" in (route.summary or ""):
            (method,) = route.methods
            assert DOORS["http"][f"{method} {route.path}"]["door"]
