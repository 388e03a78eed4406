"""Plant faults, one by one, and see the tests notice: one that stays green on a fault is none.

`teeth.toml` lists the faults:

    [[fault]]
    name = "decide-always-true"
    file = "contracts/consent/ConsentRegistry.sol"
    find = "the exact text, which must be there once"
    replace = "what stands there instead"
    test = "contracts tests/contracts/consent_registry/test_decide.py"

`test` is what `python -m tools.test` takes, or a command that begins with `$`. Each fault is
planted in a copy of the tree, of which there are two, side by side. Every distinct command is run
there without a fault, too, and must be green, so that a red one means the fault and nothing else.
Green only when all were noticed.

    python -m tools.teeth                       all of them
    python -m tools.teeth --sample 3 --seed 7   some, chosen by the seed
"""

from __future__ import annotations

import argparse
import os
import random
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parent.parent

__all__ = ["Fault", "FaultError", "bite", "load", "main", "plant"]

# Shared with the original: large, and not what is tested.
_LINKED = (".venv", "node_modules")
_SECONDS = 900
# As many as there are processors on the smallest machine that is meant to run them.
_AT_ONCE = 2


class FaultError(ValueError):
    """A fault cannot be planted as it is written."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One change that no suite may let pass, and the test that must notice it."""

    name: str
    file: str
    find: str
    replace: str
    test: str

    def command(self, *, until_red: bool = False) -> tuple[str, ...]:
        """What runs the test; with `until_red` no further than to the first that is red."""
        words = shlex.split(self.test)
        if words and words[0] == "$":
            return tuple(words[1:])
        return (".venv/bin/python", "-m", "tools.test", *words, *(["-x"] if until_red else []))


def load(path: Path) -> list[Fault]:
    faults = [Fault(**entry) for entry in tomllib.loads(path.read_text(encoding="utf-8"))["fault"]]
    names = [fault.name for fault in faults]
    for name in names:
        if names.count(name) > 1:
            raise FaultError(f"two faults are called {name}")
    return faults


def plant(fault: Fault, root: Path) -> str:
    """Change the file and return what it was."""
    path = root / fault.file
    if not path.exists():
        raise FaultError(f"{fault.name}: there is no {fault.file}")
    before = path.read_text(encoding="utf-8")
    if (count := before.count(fault.find)) != 1:
        raise FaultError(f"{fault.name}: its text is {count} times in {fault.file}, not once")
    if fault.find == fault.replace:
        raise FaultError(f"{fault.name} changes nothing")
    path.write_text(before.replace(fault.find, fault.replace), encoding="utf-8")
    return before


def copy(source: Path, target: Path) -> None:
    """What git keeps or would keep, with links to what was installed."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=source,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (source / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source / name, target / name)
    for name in _LINKED:
        (target / name).symlink_to(source / name)
    # What was compiled; the tools compile anew what a fault changes.
    for name in (".solcx", "build/contracts", "build/interfaces", "build/solc"):
        if (source / name).exists():
            shutil.copytree(source / name, target / name)


def bite(command: tuple[str, ...], root: Path) -> tuple[bool, str]:
    """Run a test command in the copy: whether it is green, and what it said."""
    environment = os.environ | {
        # The package of the copy, not the one that is installed from the original.
        "PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}",
        "SOLCX_BINARY_PATH": str(root / ".solcx"),
    }
    try:
        run = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, text=True, timeout=_SECONDS
        )
    except subprocess.TimeoutExpired:
        return False, f"no end after {_SECONDS} s"
    return run.returncode == 0, run.stdout + run.stderr


def run(faults: list[Fault], source: Path) -> list[str]:
    """Prove the commands green, plant each fault, and return what went wrong."""
    commands = sorted({fault.command() for fault in faults})
    with tempfile.TemporaryDirectory(prefix="aceso-teeth-") as folder:
        roots: SimpleQueue[Path] = SimpleQueue()
        for number in range(min(_AT_ONCE, len(faults) + len(commands))):
            root = Path(folder) / f"copy{number}"
            copy(source, root)
            roots.put(root)

        def in_a_copy(act: Callable[[Path], str | None]) -> str | None:
            root = roots.get()
            try:
                return act(root)
            finally:
                roots.put(root)

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            acts = [partial(_prove, command) for command in commands]
            acts += [partial(_see, fault) for fault in faults]
            return [wrong for wrong in pool.map(in_a_copy, acts) if wrong]


def _prove(command: tuple[str, ...], root: Path) -> str | None:
    """Run a command without a fault; what is wrong with it."""
    ok, said = bite(command, root)
    print(f"without a fault   {'green' if ok else 'RED'}   {' '.join(command[1:])}", flush=True)
    return None if ok else f"red without a fault: {' '.join(command)}\n{_tail(said)}"


def _see(fault: Fault, root: Path) -> str | None:
    """Plant a fault, see whether its test notices, and take it out; what is wrong with it."""
    started = time.monotonic()
    try:
        before = plant(fault, root)
    except FaultError as error:
        print(f"{fault.name:<34} cannot be planted", flush=True)
        return str(error)
    try:
        ok, said = bite(fault.command(until_red=True), root)
    finally:
        (root / fault.file).write_text(before, encoding="utf-8")
    seconds = time.monotonic() - started
    print(f"{fault.name:<34} {'NOT NOTICED' if ok else 'noticed'}  {seconds:.0f} s", flush=True)
    if ok:
        return f"{fault.name} was not noticed by {fault.test}"
    if _is_not_a_test(said):
        return f"{fault.name} broke the build, which shows nothing:\n{_tail(said)}"
    return None


def _is_not_a_test(said: str) -> bool:
    """Red because no test could run at all: a fault that does not compile proves nothing."""
    return "CompilerError" in said or "Unable to load project" in said or "SyntaxError:" in said


def _tail(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines()[-30:])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--faults", type=Path, default=ROOT / "teeth.toml")
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--sample", type=int, help="how many faults to plant")
    parser.add_argument("--seed", type=int, default=0, help="which, when not all")
    parser.add_argument("--only", help="the fault of this name")
    options = parser.parse_args(arguments)
    try:
        faults = load(options.faults)
    except (FaultError, TypeError, tomllib.TOMLDecodeError) as error:
        print(f"{options.faults.name}: {error}")
        return 2
    if options.only:
        faults = [fault for fault in faults if fault.name == options.only]
    elif options.sample is not None and options.sample < len(faults):
        faults = random.Random(options.seed).sample(faults, options.sample)  # noqa: S311
    if not faults:
        print("there is no fault to plant")
        return 1
    wrong = run(faults, options.root)
    for problem in wrong:
        print(problem)
    print(f"{len(faults)} faults, {'all noticed' if not wrong else 'not all noticed'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
