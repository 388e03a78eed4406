"""The demo's own judgement: a missed expectation, or a refusal that did not come, ends it with 1.

expect       equal; not equal
refused      for the reason; for another; not at all
step         an error in it is a miss, and the next step goes on; a defect of ours is not hidden
"""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from rich.console import Console

from aceso.codes import Reason
from aceso.custody import DeniedError
from aceso.demo.stage import Stage
from aceso.errors import InputError


@pytest.fixture
def stage() -> Stage:
    return Stage(Console(file=io.StringIO(), width=200))


def _shown(stage: Stage) -> str:
    file = stage.console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


def _denied() -> None:
    raise DeniedError(Reason.CLASS)


def _broken() -> None:
    raise InputError("The file is broken.", code="E_BROKEN")


def _ends_with(stage: Stage, act: Callable[[Stage], None]) -> int:
    with stage.step("A step", "단계"):
        act(stage)
    return stage.close()


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda stage: stage.expect("sum", 1 + 1, 2), 0),
        (lambda stage: stage.expect("sum", 1 + 1, 3), 1),
        (lambda stage: stage.refused("asks", _denied, Reason.CLASS), 0),
        (lambda stage: stage.refused("asks", _denied, Reason.USE, Reason.CLASS), 0),
        (lambda stage: stage.refused("asks", _denied, Reason.USE), 1),
        (lambda stage: stage.refused("asks", _broken, "E_BROKEN"), 0),
        (lambda stage: stage.refused("asks", _broken, "E_OTHER"), 1),
        (lambda stage: stage.refused("asks", lambda: None, Reason.CLASS), 1),
        (lambda stage: _broken(), 1),
    ],
    ids=[
        "equal",
        "not equal",
        "denied for the reason",
        "denied for one of the reasons",
        "denied for another reason",
        "refused with the code",
        "refused with another code",
        "not refused",
        "an error",
    ],
)
def test_the_exit_code_says_whether_all_was_as_expected(
    stage: Stage, act: Callable[[Stage], None], code: int
) -> None:
    assert _ends_with(stage, act) == code


def test_one_miss_among_many_is_not_outvoted(stage: Stage) -> None:
    for number in range(5):
        with stage.step(f"Step {number}", "단계"):
            stage.expect("number", number, 3 if number == 2 else number)
    assert stage.close() == 1
    shown = _shown(stage)
    assert "1 expectations were not met" in shown
    assert "3: number: expected 3, found 2" in shown


def test_after_an_error_the_next_step_goes_on(stage: Stage) -> None:
    with stage.step("First", "하나"):
        _broken()
    with stage.step("Second", "둘"):
        stage.expect("sum", 2, 2)
    assert [len(step.missed) for step in stage.steps] == [1, 0]
    assert stage.steps[1].met == 1
    assert "The file is broken. (E_BROKEN)" in _shown(stage)


def test_a_defect_is_not_hidden(stage: Stage) -> None:
    with pytest.raises(ZeroDivisionError), stage.step("A step", "단계"):
        _ = 1 / 0


def test_a_refusal_is_shown_in_both_languages(stage: Stage) -> None:
    assert _ends_with(stage, lambda one: one.refused("asks", _denied, Reason.CLASS)) == 0
    shown = _shown(stage)
    assert "the consent does not cover this class of data" in shown
    assert "동의에 이 종류의 자료가 들어 있지 않습니다" in shown
