"""Run the tests: the contracts through Brownie, everything else without it, two at a time.

    python -m tools.test                       all of it
    python -m tools.test contracts             the contracts on Anvil, and one case of each test
                                               that is marked `both_chains` on Ganache
    python -m tools.test contracts <pytest..>  some of them, on Anvil
    python -m tools.test python                what needs no Brownie: whole actors on a network of
                                               their own, and beside them every part by itself
    python -m tools.test python <pytest..>     some of it

Each suite writes to a log of its own under `build/tests/`, and is shown when it ends, so that two
at once stay readable; what tests write goes into a folder that is removed at the end. It fails
when any fails, when any ran no test, and when any skipped one: a skipped test is a promise that
nobody checks.

Brownie attaches to whatever answers on its port, so each run is given a free one.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tools.compiler import ROOT

__all__ = ["Suite", "main", "suites", "verdict"]

LOGS = ROOT / "build" / "tests"
_SUMMARY = re.compile(r"^(?:=+ )?((?:\d+ [a-z]+(?:, )?)+) in [\d.]+s", re.M)
_SHOWN_LINES = 120
# As many as there are processors, of which the smallest machine that is meant to run them all has
# two; three at most, as two Brownies that start at the same moment get into each other's way.
_AT_ONCE = min(3, max(2, os.cpu_count() or 2))
# In memory, where it costs nothing to have what was written on disk, which programs ask for at
# each step; but only where there is plenty.
_MEMORY = Path("/dev/shm")  # noqa: S108
_PLENTY_BYTES = 8 << 30
# What each actor does, on a network with a chain, an IPFS node and custodians.
_ACTORS = tuple(f"tests/python/{name}" for name in ("cli", "demo", "devnet", "e2e"))


@dataclass(frozen=True, slots=True)
class Suite:
    """Tests that run one after the other, by one command."""

    name: str
    command: tuple[str, ...]


def suites(kind: str, extra: list[str]) -> list[Suite]:
    """What to run, the longest first."""
    found = []
    contracts = (sys.executable, "-m", "pytest", "-q", "-ra", *(extra or ["tests/contracts"]))
    if kind in ("all", "contracts"):
        found.append(Suite("anvil", (*contracts, "--network=anvil")))
    if kind in ("all", "python"):
        command = (sys.executable, "-m", "pytest", "-q", "-ra", "-p", "no:pytest-brownie")
        if extra:
            found.append(Suite("python", (*command, *extra)))
        else:
            others = tuple(f"--ignore={folder}" for folder in _ACTORS)
            found.append(Suite("actors", (*command, *_ACTORS)))
            found.append(Suite("parts", (*command, "tests/python", *others)))
    if kind in ("all", "contracts") and not extra:
        found.append(Suite("ganache", (*contracts, "--network=ganache", "-m", "both_chains")))
    return found


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def verdict(code: int, output: str) -> str | None:
    """Why this run does not count as green, or None. An exit code of 0 alone proves little.

    Tests that read files of others are left out where those are not, which is no skip."""
    summaries = _SUMMARY.findall(output)
    if code != 0:
        return f"ended with {code}"
    if not summaries:
        return "printed no closing line"
    counts = {word: int(number) for number, word in re.findall(r"(\d+) ([a-z]+)", summaries[-1])}
    if not counts.get("passed"):
        return "ran no test"
    words = ("failed", "error", "errors", "skipped", "xfailed", "xpassed")
    bad = [word for word in words if counts.get(word)]
    return f"has {counts[bad[0]]} {bad[0]}" if bad else None


def _run(suite: Suite, folder: str) -> tuple[subprocess.Popen[bytes], Path]:
    log = LOGS / f"{suite.name}.log"
    environment = os.environ | {
        "ACESO_ANVIL_PORT": str(_free_port()),
        "ACESO_GANACHE_PORT": str(_free_port()),
        "TMPDIR": folder,
    }
    # Hundreds of programs are started, which would each read their modules' sources again.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    with log.open("wb") as file:
        process = subprocess.Popen(
            suite.command, stdout=file, stderr=subprocess.STDOUT, env=environment, cwd=ROOT
        )
    return process, log


def _in_memory() -> bool:
    return _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _PLENTY_BYTES


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("kind", nargs="?", choices=["all", "contracts", "python"], default="all")
    options, extra = parser.parse_known_args(arguments)

    LOGS.mkdir(parents=True, exist_ok=True)
    where = _MEMORY if _in_memory() else None
    with tempfile.TemporaryDirectory(
        prefix="aceso-tests-", dir=where, ignore_cleanup_errors=True
    ) as folder:
        # Others, as PostgreSQL runs under another user's name, may go through to what is theirs.
        os.chmod(folder, 0o711)  # noqa: S103
        failed = _run_all(suites(options.kind, extra), folder)
    if failed:
        print(f"failed: {', '.join(sorted(failed))}")
    return 1 if failed else 0


def _run_all(waiting: list[Suite], folder: str) -> list[str]:
    """Run the suites, some at once; the names of those that are red."""
    started = time.monotonic()
    running: dict[Suite, tuple[subprocess.Popen[bytes], Path]] = {}
    failed = []
    while waiting or running:
        while waiting and len(running) < _AT_ONCE:
            suite = waiting.pop(0)
            running[suite] = _run(suite, folder)
        for suite, (process, log) in list(running.items()):
            if process.poll() is None:
                continue
            del running[suite]
            if not _show(suite, log, process.returncode, seconds=time.monotonic() - started):
                failed.append(suite.name)
        time.sleep(0.2)
    return failed


def _show(suite: Suite, log: Path, code: int, *, seconds: float) -> bool:
    """Say how a suite ended, and whether it is green."""
    text = log.read_text(encoding="utf-8", errors="replace")
    wrong = verdict(code, text)
    print(f"--- {suite.name}: {wrong or 'ok'}, after {seconds:.0f} s ({log.relative_to(ROOT)})")
    if wrong:
        print("\n".join(text.splitlines()[-_SHOWN_LINES:]))
    else:
        for summary in _SUMMARY.finditer(text):
            print(summary.group(0).strip("= "))
    sys.stdout.flush()
    return not wrong


if __name__ == "__main__":
    sys.exit(main())
