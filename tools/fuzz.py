"""Look for bytes that a reader doesn't end well on, led by what of its code they reach.

Every reader of `aceso.formats` gets a process of its own, with a bound on its memory, and starts
from the small files of tests/python/formats/fuzz/seeds.py. What must hold of any bytes is `check`
in target.py beside them: outcomes, the same ones twice, and no word of the file in a sentence.

    python -m tools.fuzz                                     every reader, for as long as --seconds
    python -m tools.fuzz --reader hl7v2 --seconds 600 --seed 3
    python -m tools.fuzz --reader hl7v2 --input build/fuzz/hl7v2/crash-…     one input again

A finding is an exception, an input that takes too long, or one that takes too much memory. It is
written under build/fuzz, with the command that repeats it, and makes the exit code 1. The search
in one reader ends at its first finding.

Limits: an input has at most 64 KiB, so what only a large file does is not found here; what lies
beside a file is always the same. The same seed is the same search only as long as no time counts.
"""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.python.formats.fuzz.seeds import SEEDS

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "build" / "fuzz"

__all__ = ["OUT", "Finding", "Search", "main", "search"]

# To start, to instrument the code, and to end after the last input.
_SPARE_SECONDS = 60.0
_KINDS = {
    "crash": "an exception",
    "timeout": "it takes too long",
    "oom": "it takes too much memory",
    "leak": "it takes too much memory",
}
_STATS = re.compile(rb"^#\d+\s+DONE\s+cov: (\d+)", re.M)
_RUNS = re.compile(rb"^stat::number_of_executed_units:\s+(\d+)", re.M)
_RAISED = re.compile(
    rb"Uncaught Python exception: ===\n(?P<first>[^\n]*)\n(?P<rest>(?:[^=].*\n)*)", re.M
)


@dataclass(frozen=True, slots=True)
class Search:
    """How to look. `planted` is a file with READERS and SEEDS of its own, to see that a fault in a
    reader is noticed."""

    seconds: int
    seed: int
    input_seconds: int = 10
    memory_mib: int = 1024
    planted: Path | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One input that a reader doesn't end well on."""

    reader: str
    what: str
    input: Path | None
    log: Path
    command: str


@dataclass(frozen=True, slots=True)
class Searched:
    """How far one search came."""

    reader: str
    inputs: int
    edges: int
    finding: Finding | None


def search(reader: str, how: Search, *, out: Path = OUT, again: Path | None = None) -> Searched:
    """Look for a finding in one reader, or try one input `again`."""
    folder = out / reader
    if again is None:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / "output.txt"
    with tempfile.TemporaryDirectory(prefix="aceso-fuzz-") as work:
        command = _command(reader, how, folder, Path(work), again)
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=ROOT
            )
            try:
                code: int | None = process.wait(how.seconds + how.input_seconds + _SPARE_SECONDS)
            except subprocess.TimeoutExpired:
                code = None
            finally:
                process.kill()
                process.wait()
        if code != 0 and again is None and not _inputs(folder):
            # It was killed from outside: what it was at is the input.
            last = Path(work, "work", "input")
            if last.is_file():
                shutil.copyfile(last, folder / "crash-last")
    return _judged(reader, how, folder, log, code, again)


def _command(reader: str, how: Search, folder: Path, work: Path, again: Path | None) -> list[str]:
    command = [sys.executable, "-m", "tools.fuzz_reader", reader, f"--work={work}"]
    command += [f"--out={folder}", f"--seconds={how.seconds}", f"--seed={how.seed}"]
    command += [f"--input-seconds={how.input_seconds}", f"--memory-mib={how.memory_mib}"]
    if how.planted is not None:
        command.append(f"--planted={how.planted}")
    if again is not None:
        command.append(f"--input={again}")
    return command


def _inputs(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.name.partition("-")[0] in _KINDS)


def _judged(
    reader: str, how: Search, folder: Path, log: Path, code: int | None, again: Path | None
) -> Searched:
    said = log.read_bytes()
    edges, inputs = _STATS.search(said), _RUNS.search(said)
    finding = None
    if code != 0:
        found = again or next(iter(_inputs(folder)), None)
        what = _what(found, code, said)
        command = [sys.executable, "-m", "tools.fuzz", "--reader", reader]
        command += ["--input-seconds", str(how.input_seconds)]
        command += ["--memory-mib", str(how.memory_mib)]
        if how.planted is not None:
            command += ["--planted", str(how.planted)]
        if found is not None:
            command += ["--input", str(found)]
        finding = Finding(reader, what, found, log, shlex.join(command))
    return Searched(reader, int(inputs[1]) if inputs else 0, int(edges[1]) if edges else 0, finding)


def _what(found: Path | None, code: int | None, said: bytes) -> str:
    raised = _RAISED.search(said)
    if raised is not None:
        return raised["first"].decode("utf-8", "replace")[:300]
    if b"ERROR: libFuzzer: timeout" in said or code is None:
        return _KINDS["timeout"]
    if b"ERROR: libFuzzer: out-of-memory" in said:
        return _KINDS["oom"]
    if found is None:
        return f"the search itself ended with {code}"
    return f"the process ended with {code}"


def _told(result: Searched) -> str:
    if result.finding is None:
        return f"{result.reader}: {result.inputs} inputs, {result.edges} edges, nothing found"
    finding = result.finding
    where = f"\n  input   {finding.input}" if finding.input else ""
    return (
        f"{result.reader}: FOUND {finding.what}{where}\n"
        f"  output  {finding.log}\n  again   {finding.command}"
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.fuzz", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--reader", action="append", metavar="NAME", help="this one; may be more")
    parser.add_argument("--seconds", type=int, default=20, help="for each reader (20)")
    parser.add_argument("--seed", type=int, default=1, help="of the search, not 0 (1)")
    parser.add_argument("--input-seconds", type=int, default=10, help="for one input (10)")
    parser.add_argument("--memory-mib", type=int, default=1024, help="of one process (1024)")
    parser.add_argument("--input", type=Path, help="try this input again, with one --reader")
    parser.add_argument("--out", type=Path, default=OUT, help="where findings go (build/fuzz)")
    parser.add_argument("--planted", type=Path, help="a file with READERS and SEEDS of its own")
    parser.add_argument("--list", action="store_true", help="name the readers")
    given = parser.parse_args(arguments)
    if given.list:
        print("\n".join(SEEDS))
        return 0
    readers = given.reader or list(SEEDS)
    unknown = [] if given.planted else [name for name in readers if name not in SEEDS]
    if unknown:
        parser.error(f"no seeds for {', '.join(unknown)}; --list names the readers")
    if given.input is not None and (given.reader is None or len(readers) != 1):
        parser.error("--input needs the one --reader that it is tried with")
    if given.input is not None and not given.input.is_file():
        parser.error("--input is no file")
    if min(given.seconds, given.seed, given.input_seconds, given.memory_mib) < 1:
        parser.error("seconds, seed and memory are whole numbers from 1 on")
    how = Search(given.seconds, given.seed, given.input_seconds, given.memory_mib, given.planted)
    found = 0
    for reader in readers:
        result = search(reader, how, out=given.out.resolve(), again=given.input)
        print(_told(result), flush=True)
        found += result.finding is not None
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
