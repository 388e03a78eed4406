"""The process in which one reader is searched: `tools.fuzz` starts it, bounds it and judges it.

Atheris counts which edges of our code and of the libraries below it an input reaches, and goes on
from those that reach new ones. Half of the changes are its own, the other half know the shape of
what they change: numbers, dates, tokens, lines, and what is packed or has a checksum.
"""

from __future__ import annotations

import argparse
import functools
import importlib
import random
import resource
import sys
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import atheris

__all__ = ["main"]

_MAX_INPUT = 1 << 16
# Beside ours, what takes the bytes apart in Python.
_INSTRUMENTED = ["aceso.formats", "fitdecode", "pydicom.filereader"]
# What of the address space may be mapped and not used: code, stacks, the search's own counters.
_UNUSED_MIB = 1024


def main() -> None:
    given = _arguments()
    limit = (given.memory_mib + _UNUSED_MIB) << 20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # A warning would say on a terminal what no outcome may say.
    warnings.simplefilter("error")
    warnings.simplefilter("ignore", DeprecationWarning)

    planted: ModuleType | None = None
    if given.planted is None:
        with atheris.instrument_imports(include=_INSTRUMENTED):
            import fitdecode  # noqa: F401
            import pydicom  # noqa: F401

            import aceso.formats  # noqa: F401
    else:
        with atheris.instrument_imports(include=[given.planted.stem]):
            planted = _planted(given.planted)
    _search(given, planted)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("reader")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--input", type=Path)
    parser.add_argument("--planted", type=Path)
    for name in ("--seconds", "--seed", "--input-seconds", "--memory-mib"):
        parser.add_argument(name, type=int, required=True)
    return parser.parse_args()


def _planted(path: Path) -> ModuleType:
    """A module whose readers come before ours."""
    sys.path.insert(0, str(path.parent.resolve()))
    module = importlib.import_module(path.stem)
    from aceso.formats import _registry

    _registry.READERS = (*module.READERS, *_registry.READERS)
    return module


def _search(given: argparse.Namespace, planted: ModuleType | None) -> None:
    from aceso.formats import detect
    from tests.python.formats.fuzz.seeds import BESIDE, SEEDS
    from tests.python.formats.fuzz.target import REPACK, check, mutated

    name: str = given.reader
    seeds: tuple[bytes, ...] = planted.SEEDS[name] if planted else SEEDS[name]
    others = [seed for several in SEEDS.values() for seed in several]
    work, corpus = given.work / "work", given.work / "corpus"
    work.mkdir()
    corpus.mkdir()
    for beside, data in BESIDE.get(name, {}).items():
        (work / beside).write_bytes(data)
    for number, seed in enumerate(seeds):
        (corpus / str(number)).write_bytes(seed)
    looked_at = given.work / "looked-at"

    @functools.lru_cache(maxsize=4096)
    def is_own(data: bytes) -> bool:
        looked_at.write_bytes(data)
        return detect(looked_at).name == name

    def changed(data: bytes, max_size: int, number: int) -> bytes:
        rng = random.Random(number)  # noqa: S311 - no secret
        # What is told as another format is that format's to be searched.
        if not is_own(data):
            data = rng.choice(seeds)
        # Bytes that are summed or packed are better changed by what sums and packs them again.
        if rng.random() < (0.1 if name in REPACK else 0.5):
            return bytes(atheris.Mutate(data, max_size))
        return mutated(name, data, rng, others)[:max_size]

    def one(data: bytes) -> None:
        if given.input is not None or is_own(data):
            check(data, work)

    options: list[Any] = [
        sys.argv[0],
        f"-seed={given.seed}",
        f"-timeout={given.input_seconds}",
        f"-rss_limit_mb={given.memory_mib}",
        f"-report_slow_units={given.input_seconds}",
        f"-artifact_prefix={given.out}/",
    ]
    if given.input is not None:
        options.append(str(given.input))
    else:
        options += [f"-max_total_time={given.seconds}", f"-max_len={_MAX_INPUT}"]
        options += ["-print_final_stats=1", str(corpus)]
    atheris.Setup(options, one, custom_mutator=changed)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
