"""Files that nobody here wrote, where the machine has them; they are not ours to ship.

What is marked `needs_shared` is left out of a run without them (tests/conftest.py), and counted as
deselected: a skip is red here, for it hides what was not tested.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

__all__ = ["ROOT", "SHARED", "needs_shared", "shared_files"]

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("ACESO_DATA") or ROOT.parent / "shared" / "data")
needs_shared = pytest.mark.needs_shared


def shared_files() -> list[Path]:
    """All of them, in order."""
    return sorted(path for path in SHARED.rglob("*") if path.is_file())
