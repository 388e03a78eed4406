"""`aceso custodians [move]`: who keeps the shares of keys, and how they are changed."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from ._click import command
from ._output import show, steps, table
from ._session import Session
from ._words import say, sentence
from .consent import ask

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["custodians"]

_UNFINISHED = 5


@command("custodians")
@click.argument("action", type=click.Choice(("list", "move")), default="list", metavar="ACTION")
@click.option("--yes", is_flag=True)
def custodians(session: Session, *, action: str, yes: bool) -> int:
    return _move(session, yes=yes) if action == "move" else _list(session)


def _list(session: Session) -> int:
    person = session.person()
    network = session.network()
    with steps(session) as progress:
        person.sync(progress=progress)
    troubles = list(dict.fromkeys(sentence(one) for one in network.troubles))
    heads = network.heads(person.keys.head_key().address)
    held: Counter[str] = Counter()
    for stored in person.profile.store.entries():
        held.update(stored.entry.capsule.custodians)
    members = set(network.facts.members)
    known = {card.address: card.url for card in network.cards}
    rows: list[dict[str, Any]] = []
    for address in {**known, **held}:
        head = heads.get(address)
        rows.append(
            {
                "address": address,
                "url": known.get(address),
                "member": address in members,
                "answers": address in heads,
                "index": head.head.version if head else None,
                "records": held[address],
            }
        )
    document = {
        "threshold": network.facts.threshold,
        "index": person.manifest.version,
        "custodians": rows,
        "troubles": troubles,
    }

    def render(console: Console) -> None:
        lines = [
            [
                row["address"],
                say("custodians.member") if row["member"] else say("custodians.left"),
                say("custodians.yes") if row["answers"] else say("custodians.no"),
                row["index"] if row["index"] is not None else "-",
                row["records"],
            ]
            for row in rows
        ]
        columns = ("custodian", "state", "answers", "index", "held")
        title = say("custodians.title", threshold=network.facts.threshold, count=len(members))
        console.print(table(title, *(say(f"column.{one}") for one in columns), rows=lines))
        for trouble in troubles:
            console.print(trouble, markup=False, highlight=False, soft_wrap=True)

    show(session, document, render)
    return 0


def _move(session: Session, *, yes: bool) -> int:
    from aceso.flows import SeedMove, move

    person = session.person()
    network = session.network()
    names = ", ".join(network.facts.members)
    ask(session, say("custodians.ask", threshold=network.facts.threshold, names=names), yes=yes)
    with steps(session) as progress:
        moved = move(person, progress=progress)
    counts = {"classes": moved.classes, "records": moved.records, "deleted": moved.deleted}
    kept_by = {who: sentence(error) for who, error in moved.kept_by.items()}
    document = counts | {"seed": moved.seed.value, "will": moved.will, "keptBy": kept_by}

    def render(console: Console) -> None:
        console.print(say("custodians.moved", **counts), highlight=False, soft_wrap=True)
        if moved.seed in (SeedMove.MOVED, SeedMove.UNKNOWN):
            text = say(f"custodians.seed_{moved.seed.value}")
            console.print(text, highlight=False, soft_wrap=True)
        if moved.will:
            console.print(say("custodians.will_moved"), highlight=False, soft_wrap=True)
        for who, why in kept_by.items():
            text = say("custodians.kept", custodian=who, why=why)
            console.print(text, markup=False, highlight=False, soft_wrap=True)

    show(session, document, render)
    return _UNFINISHED if kept_by else 0
