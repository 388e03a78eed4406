"""Unions and who takes part in them, from `tests.contracts.uniting`."""

from tests.contracts.uniting import steady_clock, unity

__all__ = ["steady_clock", "unity"]
