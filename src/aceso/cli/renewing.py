"""`aceso renew`: the consent that an order runs by, for longer and without a gap."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from aceso.codes import Condition, label

from . import _terms
from ._click import command
from ._covered import covered_document, print_covered
from ._offered import conditions_text
from ._output import receipts, show
from ._session import Session
from ._words import language, say, sentence
from .consent import ask, keep_notice

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.flows import Network, RenewalPlan

__all__ = ["renew"]


@command("renew")
@click.argument("grantee")
@click.option("--until", metavar="TIME")
@click.option("--yes", is_flag=True)
def renew(session: Session, *, grantee: str, until: str | None, yes: bool) -> None:
    from aceso.flows import Renewing

    span = None if until is None else _terms.Span.parse(until)
    person = session.person()
    network = session.network()
    to = _terms.grantee(network, grantee)
    renewing = Renewing(person)
    plan = renewing.plan(to)
    now = network.suite.now()
    most = _terms.longest(plan.uses)
    end = now + (min(plan.seconds, most) if span is None else span.seconds(now, most=most))
    text = _notice(network, plan, end)
    ask(session, text, yes=yes)
    notice = keep_notice(person.profile, text)
    done = renewing.renew(plan, until=end, notice=notice)
    why = list(dict.fromkeys(sentence(error) for error in network.troubles))
    document = {
        "grantee": _terms.grantee_text(network, to),
        "until": end,
        "orders": covered_document(done.orders),
        "notice": "0x" + notice.hex(),
        "noticeText": text,
        "transactions": receipts(done.receipts),
        "unfinished": why,
    }

    def render(console: Console) -> None:
        console.print(say("renew.done", until=_terms.moment_text(end)), highlight=False)
        print_covered(console, done.orders)
        for one in why:
            console.print(one, markup=False, highlight=False, soft_wrap=True)

    show(session, document, render)


def _notice(network: Network, plan: RenewalPlan, end: int) -> str:
    terms, name = plan.terms, _terms.grantee_text(network, plan.grantee)
    attached = Condition(terms.conditions)
    text = say(
        "notice.renew",
        grantee=name,
        classes=label(plan.classes, language()),
        uses=label(plan.uses, language()),
        disease=_terms.disease_text(terms.disease),
        conditions=conditions_text(attached),
        before="-" if plan.is_new else _terms.moment_text(terms.valid_until),
        until=_terms.moment_text(end),
        command=f"aceso unshare {name}",
    )
    for one in plan.orders:
        reached = min(end, one.end) if one.until else 0
        at = _terms.moment_text(reached) if reached else say("renew.nothing_more")
        text += "\n" + say("notice.renew_order", order=one.sale.order, until=at)
    return text
