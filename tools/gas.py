"""Measure gas anew and compare it with what is written down.

    gas.json       {operation: gas}, and under "_conditions" how it was measured
    budgets.json   {operation: the most that it may cost}

Gas is deterministic: a measurement that differs from gas.json by one unit is red, cheaper or
dearer, so that every change is seen in a diff. `--write` renews gas.json; over budget stays red.

The operations are in `tools/gas_scenarios.py`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

from tools import gas_scenarios
from tools.compiler import ROOT

__all__ = ["compare", "main"]

_CONDITIONS = "_conditions"


def compare(
    measured: Mapping[str, int],
    written: Mapping[str, int],
    budgets: Mapping[str, int],
) -> list[str]:
    """What is wrong, one sentence each."""
    wrong = []
    for name in sorted({*measured, *written}):
        if name not in measured:
            wrong.append(f"{name} is in gas.json but was not measured")
        elif name not in written:
            wrong.append(f"{name} takes {measured[name]:,} and is not in gas.json")
        elif measured[name] != written[name]:
            change = measured[name] - written[name]
            wrong.append(f"{name} takes {measured[name]:,}, {change:+,} against gas.json")
    for name, gas in sorted(measured.items()):
        if name not in budgets:
            wrong.append(f"{name} has no budget")
        elif gas > budgets[name]:
            wrong.append(f"{name} takes {gas:,}, {gas - budgets[name]:,} over its budget")
        if gas <= 0:
            wrong.append(f"{name} takes {gas}: it did not run")
    return wrong


def _table(measured: Mapping[str, int], budgets: Mapping[str, int]) -> str:
    rows = [f"{'operation':<24}{'gas':>10}{'budget':>10}{'left':>9}"]
    for name in sorted(measured, key=lambda name: list(budgets).index(name)):
        left = budgets[name] - measured[name]
        rows.append(f"{name:<24}{measured[name]:>10,}{budgets[name]:>10,}{left:>9,}")
    return "\n".join(rows)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--write", action="store_true", help="renew gas.json")
    parser.add_argument("--file", type=Path, default=ROOT / "gas.json")
    options = parser.parse_args(arguments)

    budgets: dict[str, int] = json.loads((ROOT / "budgets.json").read_text(encoding="utf-8"))
    measured = dict(gas_scenarios.measure())
    if not measured:
        print("nothing was measured")
        return 1
    conditions = dict(gas_scenarios.CONDITIONS)
    if options.write:
        content = {_CONDITIONS: conditions} | dict(sorted(measured.items()))
        options.file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    written = json.loads(options.file.read_text(encoding="utf-8")) if options.file.exists() else {}
    wrong = []
    if written.pop(_CONDITIONS, None) != conditions:
        wrong.append("gas.json was measured under other conditions")
    wrong += compare(measured, written, budgets)
    if set(measured) <= set(budgets):
        print(_table(measured, budgets))
    for problem in wrong:
        print(problem)
    print(f"gas: {len(measured)} operations, {'FAILED' if wrong else 'ok'}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
