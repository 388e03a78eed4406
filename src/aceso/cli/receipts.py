"""`aceso receipts`: who was given what, as the custodians' logs prove it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from aceso.codes import label
from aceso.custody import FalseLogError

from . import _terms
from ._click import command
from ._output import receipts as transactions
from ._output import show, table
from ._session import Session
from ._words import language, say, sentence

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.chain import Receipt
    from aceso.flows import Access, LogReport, Network, Person

__all__ = ["receipts"]


@command("receipts")
@click.option("--own", is_flag=True)
@click.option("--anchor", is_flag=True)
def receipts(session: Session, *, own: bool, anchor: bool) -> int:
    from aceso.flows import anchor_heads, check_logs

    person = session.person()
    network = session.network()
    report = check_logs(person)
    sent = anchor_heads(person, report) if anchor else []
    mine = set(person.personas()) | {one.actor for one in report.accesses if one.act == "log"}
    shown = [one for one in report.accesses if own or one.actor not in mine]
    document = _document(network, report, shown, sent)
    show(session, document, lambda console: _render(console, person, report, shown))
    return FalseLogError.exit_code if report.liars else 0


def _document(
    network: Network, report: LogReport, shown: list[Access], sent: list[Receipt]
) -> dict[str, Any]:
    return {
        "accesses": [
            {
                "act": one.act,
                "class": _terms.class_name(one.data_class),
                "epoch": one.epoch,
                "actor": one.actor,
                "grantee": _terms.grantee_text(network, one.grantee) if one.grantee else None,
                "use": None if one.use is None else one.use.name,
                "record": None if one.record_id is None else one.record_id.hex(),
                "first": one.first,
                "last": one.last,
                "count": one.count,
                "custodians": dict(one.times),
                "needed": one.needed,
                "complete": one.is_complete,
            }
            for one in shown
        ],
        "custodians": [
            {
                "address": address,
                "size": head.size,
                "root": "0x" + head.root.hex(),
                "anchoredSize": report.anchored[address].size,
                "anchoredAt": report.anchored[address].anchored_at or None,
            }
            for address, head in report.heads.items()
        ],
        "liars": report.liars,
        "problems": [{"code": one.code, "message": sentence(one)} for one in report.problems],
        "transactions": transactions(sent),
    }


def _render(console: Console, person: Person, report: LogReport, shown: list[Access]) -> None:
    network = person.network
    if shown:
        rows = [
            [
                _terms.moment_text(one.last),
                say(f"receipts.{one.act}"),
                one.actor,
                _terms.grantee_text(network, one.grantee) if one.grantee else "-",
                "-" if one.use is None else label(one.use, language()),
                label(one.data_class, language()),
                "-" if one.record_id is None else one.record_id.hex()[:12],
                one.count,
                f"{len(one.times)}/{one.needed}",
            ]
            for one in shown
        ]
        columns = ("when", "what", "actor", "through", "uses", "class", "record", "amount", "shown")
        heads = [say(f"column.{one}") for one in columns]
        console.print(table(say("receipts.title"), *heads, rows=rows))
    else:
        console.print(say("receipts.none"))
    for address, head in report.heads.items():
        anchored = report.anchored[address]
        line = say(
            "receipts.head",
            custodian=address,
            size=head.size,
            anchored=anchored.size,
            at=_terms.moment_text(anchored.anchored_at) if anchored.size else "-",
        )
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if not all(one.is_complete for one in shown):
        console.print(say("receipts.incomplete"), highlight=False)
    for problem in report.problems:
        console.print(sentence(problem), style="red", markup=False, highlight=False, soft_wrap=True)
