"""What all tests share: their place, and what is left out where the files of others are missing.

tests/contracts/   run by Brownie, on Anvil and on Ganache
tests/python/      run without it: pytest -p no:pytest-brownie tests/python
tests/vectors/     bytes that are frozen: formats, keys, proofs
"""

from __future__ import annotations

import pytest

from tests.python.shared_data import SHARED


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if SHARED.is_dir():
        return
    left_out = [one for one in items if one.get_closest_marker("needs_shared")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [one for one in items if not one.get_closest_marker("needs_shared")]
