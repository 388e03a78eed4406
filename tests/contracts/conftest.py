"""What the contracts' tests share: a chain rolled back after each test, and actors by role."""

from __future__ import annotations

import pytest

from tests.brownie_repairs import keep_what_is_loaded, repair
from tests.contracts.actors import (
    access_log,
    act,
    at,
    authority,
    decide,
    grantee,
    message_of,
    other_subject,
    participants,
    physician,
    records,
    registry,
    relayer,
    stranger,
    subject,
)

__all__ = [
    "access_log",
    "act",
    "at",
    "authority",
    "decide",
    "grantee",
    "isolation",
    "message_of",
    "module_isolation",
    "other_subject",
    "participants",
    "physician",
    "project_is_kept",
    "records",
    "registry",
    "relayer",
    "stranger",
    "subject",
]

repair()


def pytest_collection_modifyitems(config, items):
    """On Ganache one case of each test is enough: what differs there is how a chain answers, not
    what a contract makes of its input."""
    if "ganache" not in (config.getoption("network", default=None) or ()):
        return
    first = {}
    for one in items:
        first.setdefault((one.path, one.originalname), one)
    kept = set(first.values())
    config.hook.pytest_deselected(items=[one for one in items if one not in kept])
    items[:] = [one for one in items if one in kept]


@pytest.fixture(scope="session", autouse=True)
def project_is_kept():
    """Collect no garbage in what the compiler said of the project."""
    keep_what_is_loaded()


@pytest.fixture(scope="module", autouse=True)
def module_isolation(module_isolation):
    """Begin each file on a fresh chain."""


@pytest.fixture(autouse=True)
def isolation(module_isolation, fn_isolation):
    """Roll the chain back after each test."""
