"""
verdict: why a run of pytest does not count as green
├── an exit code, no closing line, no test, a skipped or failed one: says so
└── tests that passed, with warnings and deselected ones: green
gas: compare
├── equal and within budget: nothing
└── differs, is new, is gone, over budget, without budget, zero: one sentence each
teeth
├── plants a fault once, and only where its text stands once; each of ours can be planted
├── notices a fault that a test notices, and one that none does
└── is red when the test is red without a fault
vocabulary
└── a bit used twice, a name used twice, a use that does not cover itself: refused
typed data
└── encodes a struct and those that it uses by name, as EIP-712 says
generated files
└── are as the generator makes them
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tools import codes, gas, generate, teeth, typed_data
from tools.compiler import ROOT
from tools.test import verdict

TREAT = """
[[use]]
bit = {bit}
code = "{code}"
allowed_by = {allowed}
max_days = 1
en = "x"
ko = "x"
"""
REST = "".join(
    f'[[{kind}]]\n{number} = 0\ncode = "{kind.upper()}_CODE"\ngroup = "clinical"\nen="x"\nko="x"\n'
    for kind, number in (
        ("class", "bit"),
        ("condition", "bit"),
        ("role", "bit"),
        ("reason", "number"),
        ("emergency", "number"),
    )
)


@pytest.mark.parametrize(
    ("code", "output", "wrong"),
    [
        (1, "1 failed, 2 passed in 0.1s", "ended with 1"),
        (0, "", "printed no closing line"),
        (0, "no tests ran in 0.01s", "printed no closing line"),
        (0, "3 deselected in 0.1s", "ran no test"),
        (0, "2 passed, 1 skipped in 0.1s", "has 1 skipped"),
        (0, "2 passed, 1 xfailed in 0.1s", "has 1 xfailed"),
        (0, "===== 2 passed, 1 deselected, 3 warnings in 0.1s =====", None),
        (0, "2 passed, 1 xpassed in 0.1s", "has 1 xpassed"),
        (0, "2 passed in 61.02s (0:01:01)", None),
    ],
)
def test_verdict_trusts_no_exit_code_alone(code, output, wrong):
    assert verdict(code, output) == wrong


def test_gas_within_budget_is_content():
    assert gas.compare({"grant": 10}, {"grant": 10}, {"grant": 10, "buy": 5}) == []


@pytest.mark.parametrize(
    ("measured", "written", "said"),
    [
        ({"grant": 9}, {"grant": 10}, "-1 against gas.json"),
        ({"grant": 11}, {"grant": 11}, "1 over its budget"),
        ({"grant": 9}, {}, "not in gas.json"),
        ({}, {"grant": 9}, "was not measured"),
        ({"other": 9}, {"other": 9}, "has no budget"),
        ({"grant": 0}, {"grant": 0}, "did not run"),
    ],
)
def test_gas_says_what_is_wrong(measured, written, said):
    assert said in "\n".join(gas.compare(measured, written, {"grant": 10}))


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """A tree of one program, whose test sees one half of it."""
    root = tmp_path / "toy"
    (root / ".venv").mkdir(parents=True)
    (root / "node_modules").mkdir()
    (root / ".gitignore").write_text("/.venv\n/node_modules\n")
    (root / "program.sh").write_text("echo seen\necho unseen\n")
    (root / "test.sh").write_text("sh program.sh | grep -qx seen\n")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


def _fault(find: str, test: str = "$ sh test.sh") -> teeth.Fault:
    return teeth.Fault(name="fault", file="program.sh", find=find, replace="true", test=test)


def test_teeth_notice_what_the_test_notices(toy):
    assert teeth.run([_fault("echo seen")], toy) == []
    assert (toy / "program.sh").read_text() == "echo seen\necho unseen\n"


def test_teeth_say_what_no_test_notices(toy):
    assert "was not noticed" in teeth.run([_fault("echo unseen")], toy)[0]


def test_teeth_are_red_when_the_test_was_red_before(toy):
    assert "red without a fault" in teeth.run([_fault("echo seen", "$ false")], toy)[0]


@pytest.mark.parametrize(("find", "times"), [("nowhere", 0), ("echo", 2)])
def test_teeth_plant_only_where_the_text_stands_once(toy, find, times):
    with pytest.raises(teeth.FaultError, match=f"is {times} times"):
        teeth.plant(_fault(find), toy)


@pytest.mark.parametrize("fault", teeth.load(ROOT / "teeth.toml"), ids=lambda fault: fault.name)
def test_teeth_can_plant_each_fault(fault):
    assert (ROOT / fault.file).read_text("utf-8").count(fault.find) == 1
    assert all((ROOT / word).exists() for word in fault.test.split() if word.startswith("tests/"))


@pytest.mark.parametrize(
    ("uses", "said"),
    [
        ([(0, "A", ["A"]), (0, "B", ["B"])], "each used once"),
        ([(0, "A", ["A"]), (1, "A", ["A"])], "A is used twice"),
        ([(0, "A", []), (1, "B", ["B"])], "must name itself"),
        ([(0, "A", ["A"]), (16, "B", ["B"])], "16 bits"),
        ([(0, "CLINICAL", ["CLINICAL"])], "CLINICAL is used twice"),
    ],
)
def test_a_vocabulary_that_contradicts_itself_is_refused(tmp_path, uses, said):
    path = tmp_path / "vocabulary.toml"
    path.write_text(
        REST + "".join(TREAT.format(bit=bit, code=code, allowed=by) for bit, code, by in uses)
    )

    with pytest.raises(codes.VocabularyError, match=said):
        codes.load(path)


def test_encodes_the_types_as_the_standard_does():
    struct = typed_data.Struct(
        primary_type="Transaction",
        verifier="V",
        types={
            "Person": [{"name": "wallet", "type": "address"}],
            "Asset": [{"name": "token", "type": "address"}],
            "Transaction": [{"name": "from", "type": "Person"}, {"name": "tx", "type": "Asset[]"}],
        },
        en="x",
        ko="x",
    )

    assert typed_data.encode_type(struct) == (
        "Transaction(Person from,Asset[] tx)Asset(address token)Person(address wallet)"
    )


def test_generated_files_are_as_the_generator_makes_them():
    assert generate.generated(ROOT, ["codes", "typed-data"], write=False) == []
