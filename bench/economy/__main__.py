"""Run the whole, write its plots into docs/economy/, and its figures into docs/economy.md.

It ends with 1, and writes nothing there, where an attack gains more than it costs, in rewards or in
sales of copies, where the search finds one that does, or where one that has to be found is not: by
the search with the cap of an order switched off, and with studies that ask for no origin.

python -m bench.economy
python -m bench.economy --people 1000 --epochs 4 --out build/economy
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from aceso.pictures import Chart, draw_png
from aceso.pictures.chart import Axis, Dot, value_axis
from bench.economy import Found, Outcome, World, search, simulate

ROOT = Path(__file__).resolve().parent.parent.parent
PLOTS = ROOT / "docs" / "economy"
PAGE = ROOT / "docs" / "economy.md"
_BEGIN, _END = "<!-- figures: python -m bench.economy -->", "<!-- end of the figures -->"
_TRIALS = 2_000
_NO_CAP = "the cap of an order switched off"
_NO_ORIGIN = "studies that ask for no origin"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Simulate the economy of rewards.")
    parser.add_argument("--people", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--trials", type=int, default=_TRIALS)
    parser.add_argument("--out", type=Path, default=PLOTS)
    given = parser.parse_args(arguments)
    world = World(people=given.people, epochs=given.epochs, seed=given.seed)
    started = time.monotonic()
    outcome = simulate(world)
    found = search(trials=given.trials, seed=given.seed)
    controls = {
        _NO_CAP: search(trials=given.trials, seed=given.seed, order_cap=False),
        _NO_ORIGIN: search(trials=given.trials, seed=given.seed, asks_origin=False),
    }
    unasked = simulate(replace(world, asks_origin=False))
    text = figures(world, outcome, unasked, given.trials, found, controls)
    print(text)
    wrong = failures(outcome, found, controls)
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    given.out.mkdir(parents=True, exist_ok=True)
    for name, chart in plots(outcome).items():
        (given.out / f"{name}.png").write_bytes(draw_png(chart))
    print(f"{time.monotonic() - started:.0f} s; plots in {given.out}")
    if given.out == PLOTS:
        page = PAGE.read_text("utf-8")
        whole = re.escape(_BEGIN) + ".*?" + re.escape(_END)
        block = f"{_BEGIN}\n{text}\n{_END}"
        PAGE.write_text(re.sub(whole, lambda _: block, page, flags=re.S), "utf-8")
    return 0


def failures(
    outcome: Outcome, found: Found | None, controls: Mapping[str, Found | None]
) -> list[str]:
    """What is wrong, a sentence each; nothing if the rules hold and the search can see. `controls`
    are searches that have to find something, by what was switched off."""
    wrong = [
        f"{kind} gains {one.gain:,.2f} coins for {one.cost:,.2f}"
        for kind, one in outcome.attacks.items()
        if one.gain > one.cost
    ]
    if found is not None:
        wrong.append(f"the search found an attack that pays: {found}")
    wrong += [
        f"the search is blind: it found none with {switched_off}"
        for switched_off, control in controls.items()
        if control is None
    ]
    return wrong


def plots(outcome: Outcome) -> dict[str, Chart]:
    """The three pictures of the page."""
    kinds = list(outcome.accounts)
    paid = [one.rewards for one in outcome.accounts.values()]
    attacks = list(outcome.attacks.items())
    # What is gained with copies and without differs by less than floating point keeps.
    pairs = [max(0.0, value) for _, one in attacks for value in (one.cost, one.gain)]
    names = [name for kind, _ in attacks for name in (kind, "gain")]
    share = outcome.concentration
    return {
        "payouts": _bars("Rewards paid to each kind, in all", paid, kinds),
        "attacks": _bars("What each attack cost, and beside it what it gained", pairs, names),
        "concentration": Chart(
            "Concentration of all that persons got (Gini), by epoch",
            "",
            Axis(0.5, len(share) + 0.5, tuple((at, str(at)) for at in range(1, len(share) + 1))),
            value_axis(share, from_zero=True),
            lines=(tuple(Dot(at, value) for at, value in enumerate(share, 1)),),
        ),
    }


def _bars(title: str, values: list[float], names: list[str]) -> Chart:
    marks = tuple((at + 0.5, name) for at, name in enumerate(names))
    return Chart(
        title,
        "coin",
        Axis(0.0, float(len(values)), marks),
        value_axis(values, from_zero=True),
        bars=tuple(Dot(at + 0.5, value) for at, value in enumerate(values)),
        bar_seconds=1.0,
    )


def figures(
    world: World,
    outcome: Outcome,
    unasked: Outcome,
    trials: int,
    found: Found | None,
    controls: Mapping[str, Found | None],
) -> str:
    """Tables in Markdown, in coin; `unasked` is the same world with studies that ask no origin."""
    lines = [
        f"{world.people:,} people, {world.epochs} epochs, seed {world.seed}.",
        "",
        "| kind | people | sales each | of it by copies | orders refused each | rewards each "
        "| attack's cost | attack's gain |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    rows = [*outcome.accounts.items()]
    free = {f"{kind}, origin not asked": one for kind, one in unasked.accounts.items()}
    rows += [(kind, one) for kind, one in free.items() if one.copies]
    for kind, one in rows:
        count = max(1, one.people)
        is_attack = kind in outcome.attacks or kind in free
        ends = (f"{one.cost:,.0f}", f"{max(0.0, one.gain):,.0f}") if is_attack else ("", "")
        row = (
            *(kind, f"{one.people:,}", f"{one.sales / count:,.1f}", f"{one.copies / count:,.1f}"),
            *(f"{one.refused / count:,.1f}", f"{one.rewards / count:,.2f}"),
        )
        lines.append(f"| {' | '.join((*row, *ends))} |")
    honest, before = outcome.accounts["honest"], unasked.accounts["honest"]
    lost = 1 - honest.sales / before.sales if before.sales else 0.0
    lines += [
        "",
        f"With {world.unshown_bps / 100:.0f} % of honest people's classes imported by themselves, "
        f"{honest.turned_away:,} of their orders were not made for want of an origin to show, and "
        f"they sold {lost:.0%} less than where none is asked. Who refused copies paid "
        f"{outcome.panels:,.0f} coins to panels.",
        "",
        f"The commons took in {sum(outcome.commons):,.0f} coins and {sum(outcome.emitted):,.0f} "
        "were emitted. Gini of all that persons got: "
        f"{outcome.concentration[0]:.2f} after the first epoch, "
        f"{outcome.concentration[-1]:.2f} after the last.",
        "",
        f"Search over {trials:,} sets of rules and plans: "
        + ("none pays." if found is None else f"one pays ({found}).")
        + "".join(f" With {name}, {_said(control)}" for name, control in controls.items()),
    ]
    return "\n".join(lines)


def _said(control: Found | None) -> str:
    if control is None:
        return "none was found."
    return f"one gains {control.gain:,.2f} coins for {control.cost:,.2f}."


if __name__ == "__main__":
    sys.exit(main())
