"""
make gas
├── gas.json holds every operation that is measured, and says how
├── budgets.json holds a budget for each, and names only what is measured or still to come
├── two runs give the same numbers
├── a frame is what the interpreter itself spent, step by step
└── one unit more, or a name missing, is red
"""

from __future__ import annotations

import json

import pytest

from tools import gas, gas_scenarios, gas_scene
from tools.compiler import ROOT


@pytest.fixture(scope="module")
def written():
    return json.loads((ROOT / "gas.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def budgets():
    return json.loads((ROOT / "budgets.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def measured():
    return gas_scenarios.run()


def test_the_file_says_how_it_was_measured(written):
    assert written["_conditions"] == gas_scenarios.CONDITIONS
    assert "--hardfork shanghai" in written["_conditions"]["chain"]


def test_budgets_are_of_what_is_measured_or_still_to_come(written, budgets):
    names = set(written) - {"_conditions"}

    assert names | set(gas_scenarios.LATER) == set(budgets)
    assert names.isdisjoint(gas_scenarios.LATER)


def test_a_second_run_gives_what_is_written(measured, written, budgets):
    written = {name: cost for name, cost in written.items() if name != "_conditions"}

    assert gas.compare(measured.gas, written, budgets) == []


def test_calldata_is_as_short_as_the_abi_allows(measured):
    # The selector, and a word for each field; a signature takes its place, length and 3 words.
    assert measured.calldata["anchor"] == 4 + 2 * 32
    assert measured.calldata["grant"] == 4 + 8 * 32
    assert measured.calldata["grant_signed"] == 4 + (1 + 8 + 1 + 1 + 1 + 3) * 32
    assert measured.calldata["buy"] == 4 + 2 * 32


@pytest.mark.parametrize("change", [1, -1])
def test_one_unit_of_difference_is_red(written, budgets, change):
    written = {name: cost for name, cost in written.items() if name != "_conditions"}
    measured = written | {"grant": written["grant"] + change}

    wrong = gas.compare(measured, written, budgets)

    assert len(wrong) == 1
    assert "grant takes" in wrong[0]


def test_an_operation_over_its_budget_is_red(written, budgets):
    written = {name: cost for name, cost in written.items() if name != "_conditions"}

    wrong = gas.compare(written, written, budgets | {"settle": written["settle"] - 1})

    assert len(wrong) == 1
    assert "over its budget" in wrong[0]


def test_an_operation_that_nobody_measures_is_red(written, budgets):
    written = {name: cost for name, cost in written.items() if name != "_conditions"}
    measured = {name: cost for name, cost in written.items() if name != "grant"}

    assert len(gas.compare(measured, written, budgets)) == 1


def test_a_frame_is_what_the_interpreter_spent():
    """The tracer's total less 21,000 and calldata, against the first and last step of the run."""
    with gas_scene.anvil() as web3:
        scene = gas_scene.Scene(web3)
        grantee = gas_scene.account(scene.colleague)
        scene.send(scene.consents.functions.grant(scene.terms(grantee)), scene.subject)
        call = scene.consents.functions.decide(
            (scene.subject, scene.colleague, grantee, 1, gas_scene.LABS, 0)
        )
        data = {"to": call.address, "data": call._encode_transaction_data()}
        steps = gas_scene.ask(web3, "debug_traceCall", data, "latest", {})["structLogs"]
        spent = steps[0]["gas"] - (steps[-1]["gas"] - steps[-1]["gasCost"])

        assert gas_scene.frame(web3, call) == spent
