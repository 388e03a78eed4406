"""Debian's PostgreSQL, one server for a whole run, reached by a socket in a folder of its own.

It refuses to run as root, so where the tests do, it runs as `nobody`. Its folder lies directly in
the folder for temporary files, since pytest's is shut to other users.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aceso.devnet.process import Process
from tools.install import postgresql_programs

_ROLE = "aceso"
_QUICK = ("fsync=off", "full_page_writes=off", "shared_buffers=16MB", "max_connections=100")


@dataclass
class PostgresServer:
    """A server, and where its bytes are."""

    folder: Path
    programs: Path
    process: Process | None = None
    _made: int = field(default=0)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def start(self) -> None:
        settings = ("listen_addresses=", f"unix_socket_directories={self.folder}", *_QUICK)
        self.process = Process.start(
            "postgres",
            _as_user(
                [
                    str(self.programs / "postgres"),
                    "-D",
                    str(self.data),
                    *(part for setting in settings for part in ("-c", setting)),
                ]
            ),
            folder=self.folder / "logs",
        )
        self.process.wait_until(self._answers, seconds=30)

    def stop(self) -> None:
        if self.process is not None:
            # The first signal waits for its clients; these have pools.
            self._run("pg_ctl", "-D", str(self.data), "-m", "fast", "-w", "stop")
            self.process.stop()
            self.process = None

    def crash(self) -> None:
        """As when the machine loses power, but for what the disk had not written yet."""
        self._run("pg_ctl", "-D", str(self.data), "-m", "immediate", "-w", "stop")
        if self.process is not None:
            self.process.stop()
        self.process = None

    def database(self) -> str:
        """The URL of a new, empty database."""
        self._made += 1
        name = f"custodian_{self._made}"
        self._run("createdb", "-h", str(self.folder), "-U", _ROLE, name)
        return f"postgresql://{_ROLE}@/{name}?host={self.folder}"

    def _answers(self) -> bool:
        return not self._run("pg_isready", "-q", "-h", str(self.folder), check=False)

    def _run(self, program: str, *arguments: str, check: bool = True) -> int:
        done = subprocess.run(
            _as_user([str(self.programs / program), *arguments]),
            cwd="/",
            check=False,
            capture_output=True,
            text=True,
        )
        assert not check or done.returncode == 0, done.stderr
        return done.returncode


def _as_user(command: Sequence[str]) -> list[str]:
    if os.geteuid():
        return list(command)
    # Another user's program keeps the promise that it ends with us only where it is told to.
    other = ("--reuid=nobody", "--regid=nogroup", "--clear-groups", "--pdeathsig=keep")
    return ["setpriv", *other, *command]


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A fresh server, which is ended and removed."""
    programs = postgresql_programs()
    folder = Path(tempfile.mkdtemp(prefix="aceso-pg-"))
    try:
        if not os.geteuid():
            shutil.chown(folder, "nobody", "nogroup")
        server = PostgresServer(folder, programs)
        server._run(
            "initdb", "-D", str(server.data), "-U", _ROLE, "-A", "trust", "--no-sync", "-E", "UTF8"
        )
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
