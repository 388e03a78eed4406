"""The page of measurements.

the page
+ has a line for each row that a part gives, with its ratio and whether it is met
+ names first what was missed
+ shows at each part how fast the machine was then, which is its own measurement
+ shows gas beside its budget
+ says nothing of where it was made
the outcome
+ is a failure only below the floor
every part
+ runs, and is asked once
"""

from __future__ import annotations

import io
import socket
from pathlib import Path

from rich.console import Console

from bench.__main__ import FLOOR, Part, _conditions, below_floor, main, measure, page

FAST = {"name": "seal", "value": 1500.0, "unit": "MiB/s", "limit": 1000.0, "ratio": 1.5}
SLOW = {"name": "send", "value": 75.5, "unit": "1/s", "limit": 100.0, "ratio": 0.755}
BARE = {"name": "peer alone", "value": 12.0, "unit": "1/s", "limit": None, "ratio": None}


def parts(*rows):
    return [Part("Vault", "How it was measured.", lambda: list(rows))]


def made(*rows, gas=None, conditions=("2 processors",)):
    console = Console(file=io.StringIO())
    return page(
        measure(parts(*rows), console=console),
        gas=gas or {},
        budgets={"anchor": 48_000, "grant": 55_000},
        conditions=conditions,
    )


def test_each_row_is_a_line():
    lines = made(FAST, SLOW, BARE).splitlines()
    assert "| seal | 1,500 MiB/s | 1,000 MiB/s | 1.50 | met |" in lines
    assert "| send | 75.5 1/s | 100 1/s | 0.76 | missed |" in lines
    assert "| peer alone | 12.0 1/s | – | – |  |" in lines
    assert "- 2 processors" in lines


def test_what_was_missed_comes_first():
    text = made(FAST, SLOW)
    head = text[: text.index("## Conditions")]
    assert "- send: 75.5 1/s, limit 100" in head
    assert "seal" not in head
    assert "Nothing was missed" in made(FAST)


def test_each_part_says_how_fast_the_machine_was():
    (line,) = [one for one in made(FAST).splitlines() if "additions in Python" in one]
    pace = float(line.split("|")[2].split()[0])
    # Slower than a machine of twenty years ago, or faster than any, is no pace of Python.
    assert 0.5 < pace < 500


def test_gas_stands_beside_its_budget():
    text = made(FAST, gas={"_conditions": {"chain": "one"}, "anchor": 47_000, "grant": 56_000})
    assert "| anchor | 47,000 | 48,000 | 0.98 | met |" in text
    assert "| grant | 56,000 | 55,000 | 1.02 | missed |" in text
    assert "_conditions" not in text


def test_the_conditions_do_not_say_where():
    text = "\n".join(_conditions())
    assert socket.gethostname() not in text
    assert str(Path.home()) not in text
    assert "Python 3" in text


def test_only_below_the_floor_is_a_failure(tmp_path, monkeypatch):
    deep = SLOW | {"ratio": FLOOR - 0.01}
    assert below_floor([FAST, SLOW, BARE]) == []
    assert below_floor([FAST, deep]) == [deep]
    monkeypatch.setattr("bench.__main__.ROOT", tmp_path)
    monkeypatch.setattr("bench.__main__.PAGE", tmp_path / "performance.md")
    for name in ("gas.json", "budgets.json"):
        (tmp_path / name).write_text("{}")
    for row, status in ((SLOW, 0), (deep, 1)):
        monkeypatch.setattr("bench.__main__.PARTS", parts(row))
        assert main() == status
        assert "| send |" in (tmp_path / "performance.md").read_text()


def test_every_part_is_asked_once():
    asked = []
    several = [
        Part(name, "", lambda name=name: asked.append(name) or [FAST]) for name in ("one", "two")
    ]
    found = measure(several, console=Console(file=io.StringIO()))
    assert asked == ["one", "two"]
    assert [part.title for part, _ in found] == asked
