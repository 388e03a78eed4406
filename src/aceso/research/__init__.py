"""What research gets: extracts with the direct identifiers dropped, never an original."""

from __future__ import annotations

from .deidentify import METHOD, VERSION, Extract, extract

__all__ = ["METHOD", "VERSION", "Extract", "extract"]
