"""
the fuzzer
├── notices a reader that raises, one that loops, one that allocates, one that dies, and one that
│   repeats the file in a sentence: exit code 1, the input kept, and a command that finds it again
├── finds nothing in a reader without a fault: exit code 0
├── reaches a reader of ours, led by what it covers
└── refuses a name that no reader has
"""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tools import fuzz

PLANTED = Path(__file__).parent / "planted_readers" / "faulty.py"


def _fuzz(*arguments, out):
    command = [sys.executable, "-m", "tools.fuzz", *arguments, "--out", str(out)]
    return subprocess.run(command, cwd=fuzz.ROOT, capture_output=True, text=True, timeout=180)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("raises", "ZeroDivisionError"),
        ("loops", "takes too long"),
        ("allocates", "too much memory|MemoryError"),
        ("dies", "the process ended with"),
        ("chatters", "Broken: an outcome names the person"),
    ],
)
def test_a_planted_fault_is_noticed_and_found_again(name, said, tmp_path):
    limits = ("--planted", str(PLANTED), "--input-seconds", "1", "--memory-mib", "256")

    done = _fuzz("--reader", name, "--seconds", "20", *limits, out=tmp_path)

    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(f"{name}: FOUND .*(?:{said})", done.stdout), done.stdout
    kept = Path(re.search(r"^  input   (.+)$", done.stdout, re.M)[1])
    assert kept.parent == tmp_path / name and kept.read_bytes().startswith(b"FAULT")
    again = subprocess.run(
        shlex.split(re.search(r"^  again   (.+)$", done.stdout, re.M)[1]),
        cwd=fuzz.ROOT,
        capture_output=True,
        text=True,
        timeout=180,
    )
    assert again.returncode == 1
    assert re.search(f"{name}: FOUND .*(?:{said})", again.stdout), again.stdout


def test_a_reader_without_a_fault_is_let_be(tmp_path):
    done = _fuzz("--reader", "honest", "--seconds", "1", "--planted", str(PLANTED), out=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.search(r"honest: (\d+) inputs, [1-9]\d* edges", done.stdout)[1]) > 10


def test_a_reader_of_ours_is_reached_and_led(tmp_path):
    done = _fuzz("--reader", "gpx", "--seconds", "2", out=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    inputs, edges = re.search(r"gpx: (\d+) inputs, (\d+) edges", done.stdout).groups()
    assert int(inputs) > 10 and int(edges) > 300


def test_a_reader_that_is_none_is_refused(tmp_path):
    done = _fuzz("--reader", "nothing", "--seconds", "1", out=tmp_path)

    assert done.returncode == 2
    assert "no seeds for nothing" in done.stderr
