"""Programs that we start and that must not outlive us.

    with Process.start("chain", ["anvil", "--port", "8545"], folder=logs) as chain:
        chain.wait_until(answers, seconds=10)

Output goes to files in the folder. A process is ended by its id: asked first, then killed. When the
program that started it dies, however it dies, the kernel ends it (Linux; see `_launch`).
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any, Final, Protocol

from .errors import PortInUseError, ProcessEndedError, ProcessStartError

__all__ = ["Handle", "Process", "free_port", "launch"]

_POLL: Final = 0.02
_LAUNCH: Final = str(Path(__file__).with_name("_launch.py"))

# The kernel's promise is to the thread that starts a process, so one thread that lasts as long as
# we do starts them all.
_STARTER: Final = ThreadPoolExecutor(1, thread_name_prefix="aceso-starter")


def free_port(wanted: int = 0) -> int:
    """Return `wanted` if nobody listens there, or any free port for 0."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted))
        except OSError:
            raise PortInUseError(wanted) from None
        port: int = probe.getsockname()[1]
        return port


class Handle(Protocol):
    """What we hold of a program, as `subprocess.Popen` has it."""

    @property
    def pid(self) -> int: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def terminate(self) -> None: ...


def launch(
    command: Sequence[str],
    *,
    stdin: int,
    stdout: IO[bytes] | int,
    stderr: IO[bytes],
    env: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program that ends when we do."""
    return _STARTER.submit(
        subprocess.Popen,
        [sys.executable, "-I", "-S", _LAUNCH, str(os.getpid()), *command],
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        # Ctrl-C is for us: we end our processes, in order.
        start_new_session=True,
        env=dict(os.environ) | dict(env or {}),
    ).result()


class Process:
    """One running program."""

    def __init__(self, name: str, popen: Handle, *, output: Path, log: Path):
        self.name = name
        self.log = log
        self._output = output
        self._popen = popen

    @classmethod
    def start(
        cls,
        name: str,
        command: Sequence[str],
        *,
        folder: Path,
        env: Mapping[str, str] | None = None,
    ) -> Process:
        """Start `command`. What it says goes to <name>.out and <name>.log in `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        output, log = folder / f"{name}.out", folder / f"{name}.log"
        with output.open("wb") as out, log.open("wb") as err:
            popen = launch(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env)
        return cls(name, popen, output=output, log=log)

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def is_running(self) -> bool:
        return self._popen.poll() is None

    def wait(self, *, seconds: float) -> int:
        """The exit status, once it ends by itself; it is stopped where it takes longer."""
        try:
            return self._popen.wait(seconds)
        finally:
            self.stop()

    def check(self) -> None:
        """Raise `ProcessEndedError` if it ended by itself."""
        status = self._popen.poll()
        if status is not None:
            raise ProcessEndedError(self.name, status, self.log, self._last_words())

    def wait_until(self, is_ready: Callable[[], bool], *, seconds: float) -> None:
        """Wait until `is_ready`, or stop the program and raise `ProcessStartError`."""
        deadline = time.monotonic() + seconds
        while not is_ready():
            if not self.is_running or time.monotonic() > deadline:
                self.stop()
                raise ProcessStartError(self.name, self.log, self._last_words())
            time.sleep(_POLL)

    def wait_for_line(self, *, seconds: float) -> dict[str, Any]:
        """Wait for the line of JSON that says it is ready."""
        found: list[dict[str, Any]] = []

        def said() -> bool:
            line, end, _ = self._output.read_bytes().partition(b"\n")
            try:
                value = json.loads(line) if end else None
            except ValueError:
                value = None
            if isinstance(value, dict):
                found.append(value)
            return bool(found)

        self.wait_until(said, seconds=seconds)
        return found[0]

    def stop(self, *, seconds: float = 5.0) -> None:
        """End it: ask, wait, kill. Nothing happens when it has ended."""
        if self._popen.poll() is None:
            self._popen.terminate()
            try:
                self._popen.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        self._popen.wait()

    def kill(self) -> None:
        """End it at once, as a crash would, with what it started itself."""
        if self._popen.poll() is None:
            os.killpg(self._popen.pid, signal.SIGKILL)
            self._popen.wait()

    def _last_words(self) -> str:
        for path in (self.log, self._output):
            lines = path.read_text(errors="replace").split("\n")
            words = [line.strip() for line in lines if line.strip()]
            if words:
                return words[-1][:300].rstrip(".")
        return ""
