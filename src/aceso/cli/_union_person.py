"""`aceso union list|show|join|leave|fulfil|claim`: what a person does about unions.

What is shared, with whom, for what, for how much and until when is said before anything is signed,
and the hash of these words is the grant's notice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aceso.codes import label
from aceso.errors import UsageError

from . import _offered, _terms
from ._files import vouches_of
from ._output import receipts, show, table
from ._session import Session
from ._union_terms import number, orders, terms_text, union_document
from ._words import language, say, sentence
from .consent import ask, keep_notice
from .extracts import options_of, show_fulfilled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.console import Console

    from aceso.chain import Receipt
    from aceso.flows import Claimed, Joining, JoinPlan

__all__ = ["claim", "fulfil", "join", "leave", "list_unions", "show_union"]


_USUAL_SECONDS = 365 * 86_400


def _joining(session: Session) -> Joining:
    from aceso.flows import Joining

    return Joining(session.person())


def list_unions(session: Session, given: dict[str, Any]) -> None:
    """Unions that take people now; for a person, also which they are in."""
    from aceso.flows import coin

    if given["what"]:
        raise UsageError(
            "`union list` takes no union. For one, `aceso union show UNION`.",
            code="E_UNION_LIST_ALL",
        )
    rows = session.network().synced().unions()
    mine: dict[int, int | None] = {}
    if session.profile().kind == "person":
        mine = _joining(session).memberships()
    # One that is closed is still shown to who is in it.
    rows = [row for row in rows if row.closed_at is None or mine.get(row.number, 1) is None]
    states = {union: "member" if left is None else "left" for union, left in mine.items()}
    document = {
        "unions": [union_document(row) | {"you": states.get(row.number)} for row in rows],
    }

    def render(console: Console) -> None:
        lines = [
            [
                f"union:{row.number}",
                label(row.terms.classes, language()),
                label(row.terms.use, language()),
                coin(row.terms.price),
                str(row.members),
                say(f"union.you_{states[row.number]}") if row.number in states else "",
            ]
            for row in rows
        ]
        columns = ("union", "classes", "uses", "price", "members", "state")
        heads = [say(f"column.{one}") for one in columns]
        empty = say("union.none")
        console.print(table(say("union.list"), *heads, rows=lines) if lines else empty)

    show(session, document, render)


def _seconds(session: Session, given: dict[str, Any], union: int) -> int:
    from aceso.flows import find_union

    network = session.network()
    most = _terms.longest(find_union(network, union).terms.use)
    if given["until"] is None:
        return min(_USUAL_SECONDS, most)
    return _terms.Span.parse(given["until"]).seconds(network.suite.now(), most=most)


def _notice(plan: JoinPlan) -> str:
    """What joining means, in plain words."""
    from aceso.flows import coin

    terms = plan.row.terms
    text = say(
        "notice.join",
        **_offered.words_of(terms),
        union=f"union:{plan.row.number}",
        members=plan.row.members,
        price=coin(plan.earns),
        whole=coin(terms.price),
        until=_terms.moment_text(plan.until),
        conditions=_offered.conditions_text(terms.conditions),
        voucher=terms.voucher,
        committee=terms.committee,
        command=f"aceso union leave {plan.row.number}",
    )
    if terms.origin_shown:
        text += "\n" + say("notice.shows_origin")
    if plan.unclaimed:
        text += "\n" + say("notice.join_anew", count=len(plan.unclaimed))
    return text


def _plan_document(plan: JoinPlan) -> dict[str, Any]:
    return union_document(plan.row) | {
        "earns": str(plan.earns),
        "until": plan.until,
        "member": plan.is_member,
        "vouched": plan.mark is not None,
        "unclaimed": [str(one) for one in plan.unclaimed],
    }


def show_union(session: Session, given: dict[str, Any]) -> None:
    """What one union offers, in the words that joining would sign."""
    from aceso.flows import find_union

    union = number(given["what"])
    if session.profile().kind == "person":
        plan = _joining(session).plan(union, _seconds(session, given, union))
        text, document = _notice(plan), _plan_document(plan)
        if plan.mark is None:
            subject = _joining(session).subject
            text += "\n" + say("union.not_vouched", voucher=plan.row.terms.voucher, account=subject)
    else:
        row = find_union(session.network(), union)
        text, document = terms_text(row), union_document(row)
    show(session, document, lambda console: console.print(text, highlight=False, markup=False))


def join(session: Session, given: dict[str, Any]) -> None:
    """Consent to what a union offers, and join it."""
    union = number(given["what"])
    joining = _joining(session)
    plan = joining.plan(union, _seconds(session, given, union))
    vouches = vouches_of(given["vouches"])
    # What would be refused is said before anything is asked.
    joining.check(plan, vouches)
    text = _notice(plan)
    ask(session, text, yes=given["yes"])
    notice = keep_notice(joining.person.profile, text)
    sent = joining.join(plan, notice=notice, vouches=vouches)
    document = _plan_document(plan) | {
        "member": True,
        "notice": "0x" + notice.hex(),
        "noticeText": text,
        "transactions": receipts(sent),
    }
    said = say("union.joined", union=union)
    show(session, document, lambda console: console.print(said, highlight=False, markup=False))


def leave(session: Session, given: dict[str, Any]) -> None:
    """Leave a union at once."""
    union, joining = number(given["what"]), _joining(session)
    network = session.network()
    ask(session, say("notice.leave", union=union), yes=given["yes"])
    sent = joining.leave(union)
    why = list(dict.fromkeys(sentence(error) for error in network.troubles))
    document = {"union": union, "transactions": receipts(sent), "unfinished": why}
    said = "\n".join([say("union.left", union=union), *why])
    show(session, document, lambda console: console.print(said, highlight=False, markup=False))


def fulfil(session: Session, given: dict[str, Any]) -> int:
    """Make and leave the person's part of every order of their unions that waits for it."""
    unions = tuple(number((one,)) for one in given["what"])
    options = options_of(given)
    joining = _joining(session)
    ask(session, say("notice.union_fulfil"), yes=given["yes"])
    return show_fulfilled(session, joining.fulfil(unions, options=options))


def claim(session: Session, given: dict[str, Any]) -> int:
    """Have the person's parts paid that are due."""
    from aceso.flows import coin

    wanted = orders(given["what"])
    done = _joining(session).claim(wanted)
    document = {"claims": [_outcome(one) for one in done]}

    def render(console: Console) -> None:
        for one in done:
            if one.error is not None:
                text = say("station.failed", order=one.order, why=sentence(one.error))
            elif one.receipt is not None:
                said = _paid(one.receipt)
                name = "claimed" if "refunded" in said else "paid_by_now"
                text = say(f"union.{name}", order=one.order, earned=coin(said["earned"]))
            console.print(text, highlight=False, markup=False)

    show(session, document, render)
    return next((one.error.exit_code for one in done if one.error is not None), 0)


def _outcome(one: Claimed) -> dict[str, Any]:
    if one.receipt is None:
        return {"order": str(one.order), "error": one.error.code if one.error else ""}
    said = _paid(one.receipt)
    return {
        "order": str(one.order),
        "earned": str(said["earned"]),
        "refunded": str(said["refunded"]) if "refunded" in said else None,
        "transactions": receipts([one.receipt]),
    }


def _paid(receipt: Receipt) -> Mapping[str, Any]:
    """What a member was paid; without what went back where their part runs on."""
    (said,) = (one.args for one in receipt.events if one.name in ("UnionClaimed", "UnionPartPaid"))
    return said
