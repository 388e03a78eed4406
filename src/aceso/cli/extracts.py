"""`aceso extract`, and what is chosen when an extract is made."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ._click import command
from ._output import show
from ._session import Session
from ._words import say

if TYPE_CHECKING:
    from aceso.flows import Options

__all__ = ["extract", "making", "options_of"]

_BANDS = ("0", "1", "5", "10", "20")


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


@command("extract")
@click.argument("action", type=click.Choice(["download"]), metavar="ACTION")
@click.argument("order", type=click.IntRange(min=1))
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR")
def extract(session: Session, *, action: str, order: int, out: Path) -> None:
    from aceso.flows import Researcher

    profile = session.profile("researcher")
    done = Researcher(session.network(), profile).download(order, out)
    document = {
        "order": str(order),
        "folder": str(done.folder),
        "files": list(done.files),
        "certificate": done.certificate.to_json(),
    }
    text = say("extract.done", order=order, count=len(done.files), folder=done.folder)
    show(session, document, lambda console: console.print(text, highlight=False, markup=False))
