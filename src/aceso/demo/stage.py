"""How a step of the demo is shown, timed and checked.

    with stage.step("The hospital issues", "병원이 발급합니다"):
        receipt = …
        stage.on_chain(receipt)
        stage.expect("records listed", found, wanted)

A step that ends with another answer than expected makes the whole demo fail, and the others go on:
what is expected is worked out from the files and from plain arithmetic, not by what is checked.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from aceso.chain import Receipt
from aceso.codes import Reason, label
from aceso.custody import DeniedError
from aceso.errors import AcesoError

__all__ = ["Stage", "Step"]

_SHOWN = 200


@dataclass(slots=True)
class Step:
    """One step: what it cost and whether everything was as expected."""

    number: int
    en: str
    ko: str
    seconds: float = 0.0
    gas: int = 0
    transactions: int = 0
    met: int = 0
    missed: list[str] = field(default_factory=list)


class Stage:
    """Where the demo is shown."""

    def __init__(self, console: Console):
        self.console = console
        self.steps: list[Step] = []

    @contextmanager
    def step(self, en: str, ko: str) -> Iterator[Step]:
        """Show a step, and go on after it whatever happens in it."""
        step = Step(len(self.steps) + 1, en, ko)
        self.steps.append(step)
        self.console.print(f"\n[bold]{step.number}. {en}[/]\n   [dim]{ko}[/]")
        started = time.perf_counter()
        try:
            yield step
        except AcesoError as exc:
            self._miss(f"{exc.message} ({exc.code})")
        step.seconds = time.perf_counter() - started

    def say(self, text: str) -> None:
        self.console.print(f"   {text}", highlight=False)

    def on_chain(self, *receipts: Receipt) -> None:
        """Show what the chain got to see, and count what it cost."""
        self.count(*receipts)
        for receipt in receipts:
            said = ", ".join(
                f"{event.name}({_short(event.args)})"
                for event in receipt.events
                if event.name not in ("Transfer", "Approval")
            )
            self.say(f"[dim]⛓ {said}  {receipt.gas_used:,} gas[/]")

    def count(self, *receipts: Receipt) -> None:
        """Count what was sent without a line for each, where many do the same thing."""
        step = self.steps[-1]
        step.gas += sum(one.gas_used for one in receipts)
        step.transactions += len(receipts)

    def expect(self, what: str, found: object, wanted: object) -> None:
        """Compare, and remember what came out."""
        if found == wanted:
            self.steps[-1].met += 1
            self.say(f"[green]✓[/] {what}")
        else:
            self._miss(f"{what}: expected {_in_a_line(wanted)}, found {_in_a_line(found)}")

    def refused(self, what: str, attempt: Callable[[], object], *because: Reason | str) -> None:
        """Expect that `attempt()` is refused for one of these reasons or codes, and show why."""
        try:
            attempt()
        except DeniedError as exc:
            said = f"{label(exc.reason, 'en')} · {label(exc.reason, 'ko')}"
            self._refusal(what, exc.reason in because, said)
        except AcesoError as exc:
            self._refusal(what, exc.code in because, exc.message)
        else:
            self._miss(f"{what}: it was not refused")

    def _refusal(self, what: str, is_expected: bool, said: str) -> None:
        if is_expected:
            self.steps[-1].met += 1
            self.say(f"[green]✓[/] {what}: [yellow]{said}[/]")
        else:
            self._miss(f"{what}: refused, but: {said}")

    def _miss(self, what: str) -> None:
        self.steps[-1].missed.append(what)
        self.console.print(f"   [red]✗ {what}[/]", highlight=False)

    def close(self) -> int:
        """Show gas and seconds of every step; return the exit code."""
        table = Table(title="gas and seconds · 가스와 초", title_justify="left")
        table.add_column("#", justify="right")
        table.add_column("step · 단계")
        table.add_column("transactions", justify="right")
        table.add_column("gas", justify="right")
        table.add_column("seconds", justify="right")
        table.add_column("as expected", justify="right")
        for step in self.steps:
            table.add_row(
                str(step.number),
                step.en,
                str(step.transactions),
                f"{step.gas:,}",
                f"{step.seconds:.1f}",
                f"{step.met}/{step.met + len(step.missed)}",
                style="red" if step.missed else "",
            )
        self.console.print()
        self.console.print(table)
        missed = [f"{step.number}: {what}" for step in self.steps for what in step.missed]
        met = sum(step.met for step in self.steps)
        if missed:
            self.console.print(f"[red]{len(missed)} expectations were not met[/]")
            for line in missed:
                self.console.print(f"  [red]{line}[/]", highlight=False)
            return 1
        self.console.print(
            f"[green]All {met} expectations were met. · 기대한 {met}가지가 모두 맞았습니다.[/]"
        )
        return 0


def _short(args: dict[str, object]) -> str:
    shown = []
    for name, value in args.items():
        text = "0x" + value.hex() if isinstance(value, bytes) else str(value)
        if len(text) > 14 and not isinstance(value, int | dict | list | tuple):
            text = text[:8] + "…"
        elif len(text) > 22:
            text = text[:10] + "…"
        shown.append(f"{name}={text}")
    return " ".join(shown)


def _in_a_line(value: object) -> str:
    """A value in one line: a set of a hundred digests says nothing to anybody."""
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
