"""Programs that share the reading of their modules, which is most of their start.

    with Template.start(["aceso.custody.__main__"], folder=logs) as template:
        custodian = template.run("custodian-1", ["-m", "aceso.custody", "serve", …], folder=logs)

One process reads the modules, and forks each program: a process in a session of its own, which
shares no memory with others but pages that none of them changes. Where the kernel gives no handle
on a process that isn't a child of ours (Linux does), programs are started as any other.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from .errors import ProcessStartError
from .process import Process, launch

__all__ = ["Template"]

_READY_SECONDS: Final = 60.0
_STATUS_SECONDS: Final = 5.0
_POLL: Final = 0.002


class Template:
    """A process that forks programs. Threads may share it."""

    def __init__(self, popen: subprocess.Popen[bytes], log: Path):
        self._popen = popen
        self._log = log
        self._lock = threading.Lock()
        self._is_ready = False

    @classmethod
    def start(cls, modules: Sequence[str], *, folder: Path) -> Template:
        """Start one that reads `modules`, and don't wait for it."""
        folder.mkdir(parents=True, exist_ok=True)
        log = folder / "template.log"
        command = [sys.executable, "-m", "aceso.devnet._template", *modules]
        with log.open("wb") as errors:
            popen = launch(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors)
        return cls(popen, log)

    def __enter__(self) -> Template:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        return self._popen.pid

    def run(self, name: str, words: Sequence[str], *, folder: Path) -> Process:
        """Start a program, named as Python would be told of it: `-m`, a module and its arguments,
        or a file and its arguments. What it says goes to <name>.out and <name>.log in `folder`."""
        if not hasattr(os, "pidfd_open"):
            return Process.start(name, [sys.executable, *words], folder=folder)
        folder.mkdir(parents=True, exist_ok=True)
        output, log, status = (folder / f"{name}.{kind}" for kind in ("out", "log", "status"))
        for path in (output, log):
            path.write_bytes(b"")
        status.unlink(missing_ok=True)
        asked = {
            "words": list(words),
            "output": str(output),
            "errors": str(log),
            "status": str(status),
        }
        return Process(name, _Forked(self._ask(asked), status), output=output, log=log)

    def stop(self) -> None:
        """End it, and what it has forked that still runs."""
        if self._popen.poll() is None:
            self._popen.kill()
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe is not None:
                pipe.close()
        self._popen.wait()

    def _ask(self, asked: Mapping[str, object]) -> int:
        with self._lock:
            asking, answers = self._popen.stdin, self._popen.stdout
            if asking is None or answers is None:
                raise AssertionError("a template has pipes")
            if not self._is_ready:
                self._answer(answers.fileno())
                self._is_ready = True
            try:
                asking.write(json.dumps(asked).encode() + b"\n")
                asking.flush()
            except OSError as exc:
                raise ProcessStartError("template", self._log, str(exc)) from exc
            return int(self._answer(answers.fileno()))

    def _answer(self, descriptor: int) -> bytes:
        answer = b""
        while not answer.endswith(b"\n"):
            data = os.read(descriptor, 1 << 12) if _readable(descriptor, _READY_SECONDS) else b""
            if not data:
                raise ProcessStartError("template", self._log, self._log.read_text()[-300:])
            answer += data
        return answer


class _Forked:
    """A program that the template forked, held as `subprocess.Popen` would hold it."""

    def __init__(self, pid: int, status: Path):
        self.pid = pid
        self._file = status
        self._status: int | None = None
        self._descriptor: int | None
        try:
            self._descriptor = os.pidfd_open(pid)
        except ProcessLookupError:  # It has ended, and the template has taken its status.
            self._descriptor = None

    def __del__(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)

    def poll(self) -> int | None:
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        status = self._ended(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return status

    def terminate(self) -> None:
        if self.poll() is None and self._descriptor is not None:
            signal.pidfd_send_signal(self._descriptor, signal.SIGTERM)

    def _ended(self, seconds: float | None) -> int | None:
        """The exit status of the program, or None when it still runs after so many seconds."""
        if self._status is None and _readable(self._descriptor, seconds):
            self._status = self._told()
        return self._status

    def _told(self) -> int:
        """What the template says of its end, a moment later; it has died where it says nothing."""
        deadline = time.monotonic() + _STATUS_SECONDS
        while time.monotonic() < deadline:
            if self._file.exists() and (said := self._file.read_text()):
                return int(said)
            time.sleep(_POLL)
        return -signal.SIGKILL


def _readable(descriptor: int | None, seconds: float | None) -> bool:
    if descriptor is None:
        return True
    waiting = select.poll()
    waiting.register(descriptor, select.POLLIN)
    return bool(waiting.poll(None if seconds is None else seconds * 1000))
