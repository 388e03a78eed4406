"""`aceso study list|show|enrol|fulfil`: what a person does about studies.

What is shared, with whom, for what, for how much and until when is said before anything is signed,
and the hash of these words is the grant's notice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aceso.codes import label
from aceso.errors import UsageError

from . import _offered, _terms
from ._covered import covered_text
from ._files import vouches_of
from ._output import receipts, show, table
from ._session import Session
from ._study_match import refuse_other_than_sought
from ._study_terms import (
    attested_text,
    number,
    row_document,
)
from ._words import language, say
from .consent import ask, keep_notice
from .extracts import options_of, show_fulfilled

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.flows import Coverage, Enrolling, EnrolmentPlan

__all__ = ["enrol", "fulfil", "list_studies", "show_study"]


def _enrolling(session: Session) -> Enrolling:
    from aceso.flows import Enrolling

    return Enrolling(session.person())


def list_studies(session: Session, given: dict[str, Any]) -> None:
    """Studies that take people now; for a person, also which they are enrolled in."""
    from aceso.flows import Sale, coin, coverage

    if given["what"]:
        raise UsageError(
            "`study list` takes no study. For one, `aceso study show STUDY`.", code="E_STUDY_LIST"
        )
    network = session.network()
    rows = network.synced().studies(network.suite.now())
    mine = {}
    covered: dict[int, Coverage] = {}
    if session.profile().kind == "person":
        mine = {one.study: one for one in _enrolling(session).enrolments()}
        found = coverage(network, [Sale.of(network, one) for one in mine.values()])
        covered = {one.sale.group >> 16: one for one in found}
    document = {
        "studies": [
            row_document(row)
            | {"enrolled": mine[row.study].state.name if row.study in mine else None}
            | {"paidUntil": covered[row.study].until or None if row.study in covered else None}
            for row in rows
        ]
    }

    def render(console: Console) -> None:
        lines = [
            [
                _terms.study_text(row.group),
                label(row.terms.classes, language()),
                label(row.terms.use, language()),
                coin(row.terms.price),
                _terms.day_text(row.terms.deadline),
                say(f"order.{mine[row.study].state.name.lower()}") if row.study in mine else "",
                covered_text(covered[row.study]) if row.study in covered else "",
            ]
            for row in rows
        ]
        columns = ("study", "classes", "uses", "price", "until", "state", "paid")
        heads = [say(f"column.{one}") for one in columns]
        empty = say("study.none")
        console.print(table(say("study.list"), *heads, rows=lines) if lines else empty)

    show(session, document, render)


def _notice(session: Session, plan: EnrolmentPlan) -> str:
    """What enrolling means, in plain words."""
    from aceso.flows import coin

    terms = plan.row.terms
    text = say(
        "notice.enrol",
        **_offered.words_of(terms),
        study=_terms.study_text(plan.row.group),
        title=plan.document.title,
        summary=plan.document.summary,
        researcher=terms.researcher,
        price=coin(plan.earns),
        whole=coin(terms.price),
        until=_terms.moment_text(plan.until),
        conditions=attested_text(plan.conditions),
        committee=terms.committee,
        command=f"aceso unshare {_terms.study_text(plan.row.group)}",
    )
    if plan.asks_origin:
        text += "\n" + say("notice.enrol_origin")
    if plan.was_amended:
        before = ", ".join(str(one) for one in plan.consented)
        text += "\n" + say("notice.enrol_amended", before=before, revision=plan.row.revision)
    return text


def _plan_document(plan: EnrolmentPlan) -> dict[str, Any]:
    return row_document(plan.row, plan.conditions) | {
        "title": plan.document.title,
        "summary": plan.document.summary,
        "protocol": plan.document.protocol,
        "origin": plan.document.origin.value,
        "earns": str(plan.earns),
        "until": plan.until,
        "amended": plan.was_amended,
        "enrolled": plan.earlier.state.name if plan.earlier else None,
    }


def show_study(session: Session, given: dict[str, Any]) -> None:
    """What one study asks for, in the words that enrolling would sign."""
    from aceso.flows import conditions_of, document_of, find_study

    if session.profile().kind == "person":
        plan = _enrolling(session).plan(number(given["what"]), given["revision"])
        text = _notice(session, plan)
        text += "\n" + say("study.protocol", cid=plan.document.protocol)
        document = _plan_document(plan)
    else:
        network = session.network()
        row = find_study(network, number(given["what"]), given["revision"])
        found, about = conditions_of(network, row), document_of(network, row)
        document = row_document(row, found) | {
            "title": about.title,
            "summary": about.summary,
            "protocol": about.protocol,
            "origin": about.origin.value,
        }
        text = f"{_terms.study_text(row.group)}: {about.title}\n{about.summary}\n"
        text += attested_text(found) + "\n" + say("study.protocol", cid=about.protocol)
        text += "\n" + say(f"origin.{about.origin.value}")
    show(session, document, lambda console: console.print(text, highlight=False, markup=False))


def enrol(session: Session, given: dict[str, Any]) -> None:
    """Consent to the terms of a study as they are now, and enrol."""
    person = session.person()
    enrolling = _enrolling(session)
    plan = enrolling.plan(number(given["what"]), given["revision"])
    vouches = vouches_of(given["vouches"])
    # What the chain or the buyer would refuse is said before anything is asked.
    enrolling.check(plan, vouches)
    if not given["anyway"]:
        refuse_other_than_sought(person, plan.row.study, plan.document.criteria)
    # Whether one matches is not in these words: who knows the rest could tell it from their hash.
    text = _notice(session, plan)
    ask(session, text, yes=given["yes"])
    notice = keep_notice(person.profile, text)
    order, sent = enrolling.enrol(plan, notice=notice, vouches=vouches)
    document = _plan_document(plan) | {
        "order": str(order),
        "notice": "0x" + notice.hex(),
        "noticeText": text,
        "transactions": receipts(sent),
    }
    said = say(
        "study.enrolled",
        study=plan.row.study,
        order=order,
        delivery=_terms.length_text(plan.row.terms.delivery_period),
    )
    show(session, document, lambda console: console.print(said, highlight=False, markup=False))


def fulfil(session: Session, given: dict[str, Any]) -> int:
    """Make and deliver the extracts of one's open orders of studies, and say of each what became
    of it."""
    studies = tuple(number((one,)) for one in given["what"])
    options = options_of(given)
    enrolling = _enrolling(session)
    ask(session, say("notice.study_fulfil"), yes=given["yes"])
    vouches = vouches_of(given["vouches"])
    done = enrolling.fulfil(studies, options=options, vouches=vouches)
    return show_fulfilled(session, done)
