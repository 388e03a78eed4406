"""`aceso station`: let a data station make extracts, or be one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aceso.codes import label
from aceso.errors import UsageError

from . import _terms
from ._click import command
from ._files import vouches_of
from ._output import private_text, receipts, show, table
from ._session import Session
from ._words import language, say
from .consent import ask, keep_notice
from .extracts import making, options_of, show_fulfilled

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.flows import Station

__all__ = ["station"]

_ACTIONS = ("entrust", "accept", "orders", "fulfil")


@command("station")
@click.argument("action", type=click.Choice(_ACTIONS), metavar="ACTION")
@click.argument("what", nargs=-1)
@click.option("--classes", metavar="CLASSES")
@click.option("--use", "use_code", default="HMB", show_default=True, metavar="USE")
@click.option("--until", default="365d", show_default=True, metavar="TIME")
@click.option("--k", type=click.IntRange(min=2), metavar="N")
@making
@click.option("--vouch", "vouches", multiple=True, type=click.Path(path_type=Path), metavar="FILE")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--yes", is_flag=True)
def station(session: Session, *, action: str, **given: Any) -> int | None:
    return _DOING[action](session, given)


def _one(given: dict[str, Any]) -> str:
    if len(given["what"]) != 1:
        raise UsageError(
            "Name one account 0x… to entrust, or one file to accept.", code="E_STATION_WHAT"
        )
    return str(given["what"][0])


def _entrust(session: Session, given: dict[str, Any]) -> None:
    from aceso.flows import entrust

    account = _terms.address(_one(given))
    if given["classes"] is None or given["out"] is None:
        raise UsageError(
            "To entrust a station takes --classes and --out.", code="E_STATION_OPTIONS"
        )
    classes, use = _terms.classes(given["classes"]), _terms.uses(given["use_code"])
    person = session.person()
    now = person.network.suite.now()
    seconds = _terms.Span.parse(given["until"]).seconds(now, most=_terms.longest(use))
    text = say(
        "notice.entrust",
        account=account,
        classes=label(classes, language()),
        use=label(use, language()),
        until=_terms.moment_text(now + seconds),
    )
    vouches = vouches_of(given["vouches"])
    if vouches:
        text += "\n" + say("notice.entrust_origin")
    ask(session, text, yes=given["yes"])
    notice = keep_notice(person.profile, text)
    mandate, sent = entrust(
        *(person, account),
        classes=classes,
        use=use,
        seconds=seconds,
        notice=notice,
        vouches=vouches,
    )
    private_text(given["out"], mandate.to_json() + "\n")
    document = {
        "station": account,
        "file": str(given["out"]),
        "transactions": receipts(sent),
    }
    said = say("station.entrusted", file=given["out"])
    show(session, document, lambda console: console.print(said, highlight=False, markup=False))


def _own(session: Session) -> Station:
    from aceso.flows import Station

    profile = session.profile("institution")
    return Station(session.network(), profile)


def _accept(session: Session, given: dict[str, Any]) -> None:
    from aceso.flows import Mandate

    path = Path(_one(given))
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise UsageError(
            f"The file {path.name} can't be read. Check the path.", code="E_FILE_UNREADABLE"
        ) from exc
    own = _own(session)
    mandate = Mandate.from_json(text)
    own.accept(mandate)
    document = {"subject": mandate.research, "accredited": own.is_accredited}
    said = say("station.accepted", subject=mandate.research)
    if not own.is_accredited:
        said += "\n" + say("station.not_accredited")
    show(session, document, lambda console: console.print(said, highlight=False, markup=False))


def _orders(session: Session, given: dict[str, Any]) -> None:
    found = _own(session).orders()
    document = {
        "orders": [
            {
                "order": str(one.order),
                "sold": one.name,
                "subject": one.subject,
                "buyer": one.buyer,
                "classes": _terms.class_names(one.classes),
            }
            for one in found
        ]
    }

    def render(console: Console) -> None:
        rows = [[str(one.order), one.name, label(one.classes, language())] for one in found]
        heads = [say(f"column.{one}") for one in ("order", "sold", "classes")]
        title = say("station.orders")
        console.print(table(title, *heads, rows=rows) if rows else say("station.none"))

    show(session, document, render)


def _fulfil(session: Session, given: dict[str, Any]) -> int | None:
    options = options_of(given)
    orders = [_terms.order(one) for one in given["what"]]
    own = _own(session)
    ask(session, say("notice.fulfil"), yes=given["yes"])
    done = own.fulfil(orders, options=options, k=given["k"] or 0)
    return show_fulfilled(session, done)


_DOING: dict[str, Callable[[Session, dict[str, Any]], int | None]] = {
    "entrust": _entrust,
    "accept": _accept,
    "orders": _orders,
    "fulfil": _fulfil,
}
