"""
Template
├── a program runs with its words, as `__main__`, and says when it is ready
├── programs are processes of their own: one's change of a module is not another's
├── ends by itself: is told with its status and its last words
├── is stopped, or killed with its whole session
├── is not there: is told as Python tells it
├── the template is killed: no program is left
└── a template that can't read its modules: is told
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from aceso.devnet import Process, ProcessEndedError, ProcessStartError, Template

_SECONDS = 20
_READY = "import json, os, sys, time; print(json.dumps({says}), flush=True); time.sleep(60)"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    with Template.start(["json"], folder=tmp_path_factory.mktemp("template")) as started:
        yield started


def _program(folder: Path, code: str) -> str:
    path = folder / f"program_{len(list(folder.iterdir()))}.py"
    path.write_text(code)
    return str(path)


def _ended(process: Process) -> int:
    return process.wait(seconds=_SECONDS)


def test_it_runs_with_its_words(template: Template, tmp_path: Path) -> None:
    says = "{'words': sys.argv[1:], 'name': __name__, 'session': os.getsid(0)}"
    program = _program(tmp_path, _READY.format(says=says))
    with template.run("part", [program, "one", "둘"], folder=tmp_path) as process:
        assert process.wait_for_line(seconds=_SECONDS) == {
            "words": ["one", "둘"],
            "name": "__main__",
            "session": process.pid,
        }
        process.check()
    assert not process.is_running


def test_a_module_runs_as_python_would_run_it(template: Template, tmp_path: Path) -> None:
    process = template.run("part", ["-m", "json.tool", "--help"], folder=tmp_path)
    assert _ended(process) == 0
    assert (tmp_path / "part.out").read_text().startswith("usage:")


def test_programs_share_nothing_that_they_change(template: Template, tmp_path: Path) -> None:
    changes = _program(
        tmp_path, "import json; json.changed = True; print(hasattr(json, 'changed'))"
    )
    looks = _program(tmp_path, "import json; print(hasattr(json, 'changed'))")
    said = []
    for number, program in enumerate((changes, looks)):
        assert _ended(template.run(f"part-{number}", [program], folder=tmp_path)) == 0
        said.append((tmp_path / f"part-{number}.out").read_text().strip())
    assert said == ["True", "False"]


@pytest.mark.parametrize(
    ("code", "status", "last"),
    [
        ("raise SystemExit('no room')", 1, "no room"),
        ("import sys; sys.stderr.write('no key'); raise SystemExit(3)", 3, "no key"),
        ("1 / 0", 1, "ZeroDivisionError"),
        ("import os, signal; print('bye', flush=True); os.kill(os.getpid(), 9)", -9, "bye"),
    ],
)
def test_its_end_is_told(
    template: Template, tmp_path: Path, code: str, status: int, last: str
) -> None:
    process = template.run("part", [_program(tmp_path, code)], folder=tmp_path)
    assert _ended(process) == status
    with pytest.raises(ProcessEndedError, match=f"status {status}: .*{last}"):
        process.check()


def test_it_is_stopped_when_asked(template: Template, tmp_path: Path) -> None:
    process = template.run("part", [_program(tmp_path, _READY.format(says="{}"))], folder=tmp_path)
    process.wait_for_line(seconds=_SECONDS)
    process.stop()
    assert _ended(process) == -signal.SIGTERM


def test_it_is_killed_with_what_it_started(template: Template, tmp_path: Path) -> None:
    child = "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid"
    code = "import subprocess; " + _READY.format(says=f"{{'pid': {child}}}")
    process = template.run("part", [_program(tmp_path, code)], folder=tmp_path)
    pid = int(process.wait_for_line(seconds=_SECONDS)["pid"])
    watched = os.pidfd_open(pid)
    process.kill()
    assert _ended(process) == -signal.SIGKILL
    assert _is_over(watched)


def test_no_program_outlives_a_killed_template(tmp_path: Path) -> None:
    template = Template.start(["json"], folder=tmp_path)
    with template:
        program = _program(tmp_path, _READY.format(says="{}"))
        process = template.run("part", [program], folder=tmp_path)
        process.wait_for_line(seconds=_SECONDS)
        watched = os.pidfd_open(process.pid)
        os.kill(template.pid, signal.SIGKILL)
        assert _is_over(watched)


def test_a_file_that_is_missing_is_told(template: Template, tmp_path: Path) -> None:
    process = template.run("part", [str(tmp_path / "none.py")], folder=tmp_path)
    with pytest.raises(ProcessStartError, match=r"No such file.*none\.py"):
        process.wait_for_line(seconds=_SECONDS)


def test_a_module_that_is_missing_is_told(tmp_path: Path) -> None:
    with (
        Template.start(["no_such_module"], folder=tmp_path) as template,
        pytest.raises(ProcessStartError, match="No module named 'no_such_module'"),
    ):
        template.run("part", ["-m", "json.tool"], folder=tmp_path)


def _is_over(watched: int) -> bool:
    """Whether that process ends in time."""
    waiting = select.poll()
    waiting.register(watched, select.POLLIN)
    try:
        return bool(waiting.poll(_SECONDS * 1000))
    finally:
        os.close(watched)
