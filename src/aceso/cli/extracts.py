"""`aceso extract`, and what is chosen when an extract is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ._click import command
from ._output import errors, receipts, show
from ._session import Session
from ._words import say, sentence

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.flows import Fulfilled, Options

__all__ = ["MAKING", "extract", "making", "options_of", "show_fulfilled"]

_BANDS = ("0", "1", "5", "10", "20")


# Their names, as a function gets them.
MAKING = frozenset(
    {"dates", "birth_band", "region", "parent_codes", "keep_results", "locus", "variant"}
)


def making(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how an extract is made."""
    options = (
        click.option("--dates", type=click.Choice(["shift", "year"]), default="shift"),
        click.option("--birth-band", type=click.Choice(_BANDS), default="5", show_default=True),
        click.option("--region", type=click.Choice(["none", "country", "state"]), default="none"),
        click.option("--parent-codes", is_flag=True),
        click.option("--keep-results", is_flag=True),
        click.option("--locus", multiple=True, metavar="REGION"),
        click.option("--variant", multiple=True, metavar="RS"),
    )
    return reduce(lambda made, option: option(made), reversed(options), function)


def options_of(given: dict[str, Any]) -> Options:
    """What was chosen."""
    from aceso.flows import Options
    from aceso.research import QUALITATIVE_RESULTS, Locus

    return Options(
        dates=given["dates"],
        birth_band=int(given["birth_band"]),
        region=given["region"],
        parent_codes=given["parent_codes"],
        loci=tuple(Locus.parse(one) for one in given["locus"]),
        variants=frozenset(given["variant"]),
        recogniser=QUALITATIVE_RESULTS if given["keep_results"] else None,
    )


def show_fulfilled(session: Session, done: Sequence[Fulfilled]) -> int:
    """Say of each order what became of it; gives the exit code, that of the first that failed."""
    document = {"orders": [_outcome(one) for one in done]}

    def render(console: Console) -> None:
        for one in done:
            if one.delivered is not None:
                text = say("deliver.done", order=one.order, count=one.delivered.count)
            else:
                why = sentence(one.error) if one.error else ""
                text = say("station.failed", order=one.order, why=why)
            console.print(text, highlight=False, markup=False)
        if not done:
            console.print(say("station.none"))

    show(session, document, render)
    return next((one.error.exit_code for one in done if one.error is not None), 0)


def _outcome(one: Fulfilled) -> dict[str, Any]:
    if one.delivered is None:
        return {"order": str(one.order), "error": one.error.code if one.error else ""}
    return {
        "order": str(one.order),
        "counts": dict(one.delivered.about["counts"]),
        "certificate": one.delivered.certificate.to_json(),
        "leftOut": [left.hex() for left in one.delivered.left_out],
        "transactions": receipts(one.delivered.receipts),
    }


@command("extract")
@click.argument("action", type=click.Choice(["download"]), metavar="ACTION")
@click.argument("order", type=click.IntRange(1, 2**256 - 1))
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR")
def extract(session: Session, *, action: str, order: int, out: Path) -> None:
    from aceso.flows import Researcher
    from aceso.research import OriginError

    profile = session.profile("researcher")
    try:
        done = Researcher(session.network(), profile).download(order, out)
    except OriginError:
        errors().print(say("extract.dispute_origin", order=order), highlight=False, markup=False)
        raise
    document = {
        "order": str(order),
        "folder": str(done.folder),
        "files": list(done.files),
        "certificate": done.certificate.to_json(),
    }
    text = say("extract.done", order=order, count=len(done.files), folder=done.folder)
    show(session, document, lambda console: console.print(text, highlight=False, markup=False))
