"""What is cut off as by a power failure: see `importing.py`, which kills itself at a point."""

from __future__ import annotations

import signal
from itertools import count
from pathlib import Path

from aceso.devnet import Template

__all__ = ["Cutting"]

_CHILD = str(Path(__file__).with_name("importing.py"))
_SECONDS = 60.0


class Cutting:
    """Runs the device of a test as a process of its own, until it has killed itself. Its modules
    are read once for all of them."""

    def __init__(self, template: Template, folder: Path):
        self._template = template
        self._folder = folder
        self._numbers = count(1)

    def off(self, network: Path, profile: Path, what: str | Path, point: str) -> None:
        """`what` is a file to be imported, `sync:` or `move:`."""
        words = [_CHILD, str(network), str(profile), str(what), point]
        device = self._template.run(f"device-{next(self._numbers)}", words, folder=self._folder)
        status = device.wait(seconds=_SECONDS)
        assert status == -signal.SIGKILL, device.log.read_text()[-2000:]
