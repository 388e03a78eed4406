"""Studies and who takes part in them, from `tests.contracts.studying`."""

from tests.contracts.studying import research, steady_clock

__all__ = ["research", "steady_clock"]
