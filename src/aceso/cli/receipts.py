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
    from aceso.flows import Access, LogReport, Network, OrderAccess

__all__ = ["receipts"]


@command("receipts")
@click.option("--own", is_flag=True)
@click.option("--anchor", is_flag=True)
def receipts(session: Session, *, own: bool, anchor: bool) -> int:
    from aceso.flows import LogReport, anchor_heads, check_logs, earlier_personas

    network = session.network()
    mine: set[str] = set()
    report = LogReport()
    if session.profile().kind == "person":
        person = session.person()
        report = check_logs(person)
        mine = {*person.personas(), *earlier_personas(person)}
        mine |= {one.actor for one in report.accesses if one.act == "log"}
    orders = _orders(session, report, own=own)
    sent = anchor_heads(network, report) if anchor else []
    shown = [one for one in report.accesses if own or one.actor not in mine]
    document = _document(network, report, shown, sent) | {
        "orders": [_order_document(network, one) for one in orders]
    }
    show(session, document, lambda console: _render(console, network, report, shown, orders))
    return FalseLogError.exit_code if report.liars else 0


def _orders(session: Session, report: LogReport, *, own: bool) -> list[OrderAccess]:
    """The receipts of orders of one's data, or that one bought."""
    from aceso.flows import RESEARCH, Holder, check_order_logs, sales

    profile, network = session.profile(), session.network()
    before: dict[str, str] = {}
    if profile.kind == "person":
        person = session.person()
        reader = person.persona(RESEARCH)
        bought = sales(network, subjects=[reader.address])
        for note in person.manifest.committees:
            before |= zip(note.custodians, note.urls, strict=True)
    else:
        reader = Holder(network, profile).account
        bought = sales(network, buyers=[reader.address])
    found = check_order_logs(network, profile.store, reader, bought, report, before=before)
    return [one for one in found if own or one.actor != reader.address]


def _order_document(network: Network, one: OrderAccess) -> dict[str, Any]:
    return {
        "order": str(one.order),
        "act": one.act,
        "actor": one.actor,
        "grantee": _terms.grantee_text(network, one.grantee) if one.grantee else None,
        "use": None if one.use is None else one.use.name,
        "first": one.first,
        "last": one.last,
        "count": one.count,
        "custodians": dict(one.times),
        "needed": one.needed,
        "complete": one.is_complete,
    }


def _gateway(network: Network, grantee: bytes) -> str | None:
    """The account that runs the institution as whose member somebody asked."""
    from aceso.chain import parse_grantee

    group = parse_grantee(grantee) if grantee else None
    participants = network.suite.participants
    if group is None or not group.is_group or group.address != participants.address:
        return None
    return str(participants.institution(group.number).account)


def _through(network: Network, grantee: bytes) -> str:
    """Under whose authority: of an institution, the gateway as well."""
    if not grantee:
        return "-"
    gateway = _gateway(network, grantee)
    said = _terms.grantee_text(network, grantee)
    return said if gateway is None else f"{said} ({gateway})"


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
                "gateway": _gateway(network, one.grantee),
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


def _render(
    console: Console,
    network: Network,
    report: LogReport,
    shown: list[Access],
    orders: list[OrderAccess],
) -> None:
    if shown:
        rows = [
            [
                _terms.moment_text(one.last),
                say(f"receipts.{one.act}"),
                one.actor,
                _through(network, one.grantee),
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
    elif not orders:
        console.print(say("receipts.none"))
    if orders:
        sold = [
            [
                _terms.moment_text(one.last),
                say(f"receipts.{one.act}"),
                one.actor,
                _through(network, one.grantee),
                "-" if one.use is None else label(one.use, language()),
                str(one.order),
                one.count,
                f"{len(one.times)}/{one.needed}",
            ]
            for one in orders
        ]
        named = ("when", "what", "actor", "through", "uses", "order", "amount", "shown")
        heads = [say(f"column.{one}") for one in named]
        console.print(table(say("receipts.orders"), *heads, rows=sold))
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
    complete = [one.is_complete for one in shown] + [one.is_complete for one in orders]
    if not all(complete):
        console.print(say("receipts.incomplete"), highlight=False)
    for problem in report.problems:
        console.print(sentence(problem), style="red", markup=False, highlight=False, soft_wrap=True)
