"""Measure the speed of everything, and write docs/performance.md.

    python -m bench

Each part's `run()` gives rows: name, value, unit, limit (a stated one, or what the peer did in the
same run), and ratio, which is 1 or more where the limit is kept. Times depend on the machine and on
what else it does, so a figure that misses its limit is shown as missed and is no failure; below
half of its limit it is one. Beside each part stands how fast the machine itself was then, as some
change their pace by half within minutes. Gas is measured by `make gas` and only shown here.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bench import chain, custody, custody_client, demo, formats, genome, large, vault

__all__ = ["FLOOR", "PARTS", "Part", "below_floor", "main", "measure", "page"]

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "performance.md"
# What misses its limit by more is a fault, however busy the machine is.
FLOOR = 0.5
_ADDITIONS, _TURNS = 400_000, 5

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the page: its title, what the figures are, and what measures them."""

    title: str
    about: str
    run: Callable[[], Sequence[Row]]


PARTS = (
    Part(
        "Vault",
        "Processor seconds, in one process, the best of several turns. `age` is its Rust "
        "implementation (`pyrage`), on the same file in the same run.",
        vault.run,
    ),
    Part(
        "Formats",
        "Processor seconds, in one process. An import is reading, validating, classifying and "
        "making canonical, from a file on disk.",
        formats.run,
    ),
    Part(
        "A large file",
        "The commands as processes of their own, on a local network; seconds that passed.",
        large.run,
    ),
    Part(
        "Genome",
        "Processor seconds, in one process, for whole files; the peers read the same file in the "
        "same run where they are installed.",
        genome.run,
    ),
    Part(
        "Chain",
        "Seconds that passed, on Anvil beside it on the same machine, signing and receipts "
        "included.",
        chain.run,
    ),
    Part(
        "A person's device and its custodians",
        "Seconds that passed, with the chain, the custodians' processes and the device on one "
        "machine.",
        custody_client.run,
    ),
    Part(
        "Custody",
        "One custodian's process with SQLite, over HTTP. Per core: releases by processor seconds "
        "of that process. Each receipt is on disk before its answer.",
        custody.run,
    ),
    Part(
        "The demo",
        "Seconds that passed, with everything on one machine, after the first `make setup`.",
        demo.run,
    ),
)
_PACKAGES = ("cryptography", "coincurve", "httpcore", "orjson", "fhirkit-rs", "pyrage", "web3")


def measure(
    parts: Sequence[Part], *, console: Console | None = None
) -> list[tuple[Part, list[Row]]]:
    """Run every part."""
    found = []
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=console or Console(stderr=True),
    ) as progress:
        for part in parts:
            task = progress.add_task(part.title, total=1)
            before = _pace()
            rows = [*part.run(), _pace_row(before, _pace())]
            found.append((part, rows))
            progress.update(task, completed=1)
    return found


def _pace() -> float:
    """Millions of additions by plain Python in a processor second, at the best of some turns."""
    best = float("inf")
    for _ in range(_TURNS):
        started, total = time.process_time(), 0
        for number in range(_ADDITIONS):
            total += number
        best = min(best, time.process_time() - started)
    return _ADDITIONS / best / 1e6


def _pace_row(*paces: float) -> Row:
    return {
        "name": "this machine, before or after, at its slower: additions in Python",
        "value": min(paces),
        "unit": "million/s",
        "limit": None,
        "ratio": None,
    }


def below_floor(rows: Sequence[Row]) -> list[Row]:
    """What no busy machine excuses."""
    return [row for row in rows if row.get("ratio") is not None and row["ratio"] < FLOOR]


def page(
    measured: Sequence[tuple[Part, Sequence[Row]]],
    *,
    gas: Mapping[str, Any],
    budgets: Mapping[str, int],
    conditions: Sequence[str],
) -> str:
    """The page, made of what was measured and of nothing else."""
    rows = [row for _, some in measured for row in some]
    missed = [row for row in rows if _state(row) == "missed"]
    lines = [
        "# Performance",
        "",
        "Made by `make bench`; do not edit. A ratio of 1 or more keeps the limit. Times are of one "
        "run on one machine, and are worth comparing only within it.",
        "",
    ]
    if missed:
        lines += ["Missed in this run:", ""]
        lines += [
            f"- {row['name']}: {_number(row['value'])} {row['unit']}, "
            f"limit {_number(row['limit'])} (ratio {row['ratio']:.2f})"
            for row in missed
        ]
    else:
        lines.append("Nothing was missed in this run.")
    lines += ["", "## Conditions", "", *(f"- {one}" for one in conditions)]
    for part, some in measured:
        lines += ["", f"## {part.title}", "", part.about, ""]
        lines += ["| what | measured | limit or peer | ratio | |", "|---|--:|--:|--:|---|"]
        for row in some:
            limit, ratio = row.get("limit"), row.get("ratio")
            cells = (
                row["name"],
                f"{_number(row['value'])} {row['unit']}",
                "–" if limit is None else f"{_number(limit)} {row['unit']}",
                "–" if ratio is None else f"{ratio:.2f}",
                _state(row),
            )
            lines.append(f"| {' | '.join(cells)} |")
    used = {name: cost for name, cost in gas.items() if name in budgets}
    if used:
        lines += ["", "## Gas", "", "From `gas.json`, which `make gas` measures anew.", ""]
        lines += ["| operation | gas | budget | of it | |", "|---|--:|--:|--:|---|"]
        for name, cost in sorted(used.items()):
            limit = budgets[name]
            state = "met" if cost <= limit else "missed"
            lines.append(f"| {name} | {cost:,} | {limit:,} | {cost / limit:.2f} | {state} |")
    return "\n".join(lines) + "\n"


def _state(row: Row) -> str:
    ratio = row.get("ratio")
    if ratio is None:
        return ""
    return "met" if ratio >= 1 else "missed"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"


def _conditions() -> list[str]:
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return [
        f"{os.cpu_count()} processors, {platform.machine()}, {platform.system()}",
        f"Python {platform.python_version()}",
        packages,
        f"A figure below {FLOOR} of its limit makes `make bench` fail.",
    ]


def main() -> int:
    """Measure, write the page; 1 where a figure is below the floor."""
    console = Console(stderr=True)
    measured = measure(PARTS, console=console)
    text = page(
        measured,
        gas=json.loads((ROOT / "gas.json").read_text(encoding="utf-8")),
        budgets=json.loads((ROOT / "budgets.json").read_text(encoding="utf-8")),
        conditions=_conditions(),
    )
    PAGE.write_text(text, encoding="utf-8")
    rows = [row for _, some in measured for row in some]
    for row in rows:
        if _state(row) == "missed":
            console.print(f"[yellow]missed[/] {row['name']}: {row['ratio']:.2f} of its limit")
    low = below_floor(rows)
    for row in low:
        console.print(f"[red]below {FLOOR}[/] {row['name']}")
    console.print(f"written: {PAGE.relative_to(ROOT)}")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
