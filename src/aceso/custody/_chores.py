"""What a custodian does by itself, beside answering: following the chain, relaying, anchoring.

    with Chores(folder) as chores:
        chores.every(5, "following the chain", follower.catch_up)
        serve()

Each has a thread of its own, so none waits for another. Of several processes of one custodian,
which share its folder, one does them: whoever holds the folder's lock for chores, until it ends.
What goes wrong is said once in the log, and tried again.
"""

from __future__ import annotations

import fcntl
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Final

from aceso.chain import Deployment, Sender, Suite
from aceso.errors import AcesoError

from .keys import CustodianKeys

__all__ = ["Account", "Chores"]

_log = logging.getLogger("aceso.custody")
_END_SECONDS: Final = 10


class Chores:
    """The threads."""

    def __init__(self, folder: Path):
        self._path = folder / "chores.lock"
        self._file: IO[str] | None = None
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Chores:
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=_END_SECONDS)
        if self._file is not None:
            self._file.close()

    def every(self, seconds: float, what: str, act: Callable[[], object]) -> None:
        """Do `act` so often, from now on."""
        thread = threading.Thread(
            target=self._repeat, args=(seconds, what, act), name="aceso-chore", daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def _repeat(self, seconds: float, what: str, act: Callable[[], object]) -> None:
        said = ""
        while not self._stop.wait(seconds):
            if not self._is_ours():
                continue
            try:
                act()
                said = ""
            except AcesoError as error:
                if error.code != said:
                    _log.warning("%s failed, and is tried again: %s", what, error.code)
                said = error.code
            except Exception:
                # A defect; the thread goes on, since tomorrow's withdrawals need it as well.
                if said != "defect":
                    _log.exception("%s failed, and is tried again", what)
                said = "defect"

    def _is_ours(self) -> bool:
        with self._lock:
            if self._file is not None:
                return True
            file = self._path.open("w")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                file.close()
                return False
            self._file = file
            return True


class Account:
    """The custodian's account on chain, connected when it is first needed.

    One sender for all that it sends, as nonces are counted by one.
    """

    def __init__(self, url: str, deployment: Path, keys: CustodianKeys, *, deadline: float = 120):
        self._url = url
        self._deployment = deployment
        self._keys = keys
        self._deadline = deadline
        self._lock = threading.Lock()
        self._made: tuple[Suite, Sender] | None = None

    def connect(self) -> tuple[Suite, Sender]:
        with self._lock:
            if self._made is None:
                suite = Suite.connect(self._url, Deployment.read(self._deployment))
                sender = Sender(suite, self._keys.account, deadline=self._deadline)
                self._made = suite, sender
            return self._made

    def close(self) -> None:
        with self._lock:
            if self._made is not None:
                self._made[0].close()
                self._made = None
