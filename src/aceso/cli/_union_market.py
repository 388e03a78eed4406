"""`aceso union create|close|vouch|buy|download`, and `deliver|strike|status`, which anybody may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aceso.errors import AcesoError, UsageError

from . import _offered, _terms
from ._carried import sender_of
from ._output import receipts, show, table
from ._paying import top_up
from ._session import Session
from ._union_terms import (
    number,
    order_document,
    order_number,
    terms_text,
    union_document,
)
from ._words import say, sentence
from .consent import ask
from .issuing import patient_name

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.flows import Network, UnionPlan

__all__ = ["buy", "close_union", "create", "deliver", "download", "status", "strike", "vouch"]

_NEEDED = ("classes", "price", "voucher")


def _plan(network: Network, given: dict[str, Any]) -> UnionPlan:
    from aceso.flows import UnionPlan, base_units

    _offered.check_needed(given, _NEEDED, "union")
    institution, bps = _offered.institution_of(given, "union")
    now = network.suite.now()
    return UnionPlan(
        classes=_terms.classes(given["classes"]),
        use=_terms.uses(given["use_code"] or "HMB"),
        price=base_units(given["price"]),
        duration=_terms.Span.parse(given["duration"] or "90d").seconds(now),
        delivery_period=_terms.Span.parse(given["delivery"] or "14d").seconds(now),
        voucher=_terms.address(given["voucher"]),
        disease=given["disease"] or 0,
        conditions=_terms.conditions(given["conditions"] or ""),
        institution=institution,
        institution_bps=bps,
        origin_shown=given["origin"] == "vouched",
    )


def create(session: Session, given: dict[str, Any]) -> None:
    """Open a union, whose terms never change."""
    from aceso.flows import UnionKeeper, coin, find_union

    if given["what"]:
        raise UsageError("`union create` takes options alone.", code="E_UNION_WHAT")
    network = session.network()
    plan = _plan(network, given)
    text = say(
        "notice.union",
        **_offered.words_of(plan),
        price=coin(plan.price),
        conditions=_offered.conditions_text(plan.conditions),
        voucher=plan.voucher,
        origin=_offered.origin_text(plan),
    )
    ask(session, text, yes=given["yes"])
    union, sent = UnionKeeper(network, session.profile()).open(plan)
    document = union_document(find_union(network, union)) | {"transactions": receipts([sent])}
    said = say("union.made", union=union, voucher=plan.voucher)
    show(session, document, lambda console: console.print(said, highlight=False, markup=False))


def close_union(session: Session, given: dict[str, Any]) -> None:
    """Take no more members and buyers."""
    from aceso.flows import UnionKeeper

    union = number(given["what"])
    ask(session, say("notice.union_close", union=union), yes=given["yes"])
    sent = UnionKeeper(session.network(), session.profile()).close(union)
    document = {"union": union, "transactions": receipts([sent])}
    said = say("union.closed", union=union)
    show(session, document, lambda console: console.print(said, highlight=False))


def vouch(session: Session, given: dict[str, Any]) -> None:
    """As a voucher, say on chain that an account is the one research account of a patient."""
    from aceso.flows import Issuer, vouch_for_persona

    if len(given["what"]) != 1 or given["patient_file"] is None:
        raise UsageError(
            "To vouch takes one account 0x… and --patient-file FILE.", code="E_UNION_OPTIONS"
        )
    account = _terms.address(given["what"][0])
    patient = patient_name(given["patient_file"])
    ask(session, say("notice.union_vouch", account=account), yes=given["yes"])
    issuer = Issuer(session.network(), session.profile("institution"))
    sent = vouch_for_persona(issuer, patient, account)
    document = {
        "voucher": issuer.account.address,
        "account": account,
        "transactions": receipts([sent]),
    }
    said = say("union.vouched", account=account)
    show(session, document, lambda console: console.print(said, highlight=False))


def buy(session: Session, given: dict[str, Any]) -> None:
    """Buy of a union: one order of all its members."""
    from aceso.flows import UnionBuyer, find_union

    union, minimum = number(given["what"]), given["minimum"] or 1
    network = session.network()
    buyer = UnionBuyer(network, session.profile("researcher"))
    buyer.check(union, minimum)
    row = find_union(network, union)
    afford = top_up(network, row.terms.price, buyer.balance(), with_ether=given["with_ether"])
    text = terms_text(row) + "\n" + say("notice.union_buy", minimum=minimum)
    ask(session, afford.added_to(text), yes=given["yes"])
    sent = afford.buy(buyer)
    purchase = buyer.buy_of(union, minimum=minimum)
    document = {
        "order": str(purchase.order),
        "union": union,
        "price": str(purchase.price),
        "minimum": minimum,
        "transactions": receipts([*sent, *purchase.receipts]),
    }
    delivery = _terms.length_text(row.terms.delivery_period)
    said = say("union.bought", order=purchase.order, delivery=delivery)
    show(session, document, lambda console: console.print(said, highlight=False))


def download(session: Session, given: dict[str, Any]) -> int:
    """Write every member's part of an order that opens, each into a folder named by its member."""
    from aceso.flows import UnionBuyer

    if given["out"] is None:
        raise UsageError("To download takes --out DIR.", code="E_UNION_OPTIONS")
    order = order_number(given["what"])
    buyer = UnionBuyer(session.network(), session.profile("researcher"))
    found = buyer.download_all(order, given["out"])
    failed = {who: one for who, one in found.parts.items() if isinstance(one, AcesoError)}
    document = {
        "order": str(order),
        "folder": str(given["out"]),
        "parts": [
            {"member": who, "error": one.code}
            if isinstance(one, AcesoError)
            else {
                "member": who,
                "files": list(one.files),
                "certificate": one.certificate.to_json(),
            }
            for who, one in found.parts.items()
        ],
        "untold": found.untold,
        "k": found.k,
    }
    whole = len(found.parts) - len(failed)
    said = [say("union.downloaded", count=whole, order=order, folder=given["out"])]
    said.append(say("union.k", k=found.k) if found.k else say("union.no_k"))
    said += [say("union.part_failed", member=who, why=sentence(one)) for who, one in failed.items()]
    if found.untold:
        said.append(say("union.untold", count=found.untold))
    text = "\n".join(said)
    show(session, document, lambda console: console.print(text, highlight=False, markup=False))
    return next((one.exit_code for one in failed.values()), 0)


def deliver(session: Session, given: dict[str, Any]) -> None:
    """Have an order divided among whose parts the committee holds, and record that on chain."""
    from aceso.flows import divide, find_open_union_order

    order, network, profile = order_number(given["what"]), session.network(), session.profile()
    find_open_union_order(network, order)
    ask(session, say("notice.union_deliver", order=order), yes=given["yes"])
    leaves, sent = divide(network, order, sender_of(network, profile))
    (said,) = (event.args for event in sent.events if event.name == "UnionDivided")
    document = {
        "order": str(order),
        "parts": len(leaves),
        "divided": said["members"],
        "transactions": receipts([sent]),
    }
    text = say("union.divided", order=order, count=said["members"])
    show(session, document, lambda console: console.print(text, highlight=False))


def strike(session: Session, given: dict[str, Any]) -> None:
    """Take out members whose consent has ended."""
    from aceso.flows import strike

    union, network = number(given["what"]), session.network()
    sent = strike(network, union, sender_of(network, session.profile()))
    document = {"union": union, "struck": len(sent), "transactions": receipts(sent)}
    text = say("union.struck", union=union, count=len(sent))
    show(session, document, lambda console: console.print(text, highlight=False))


def status(session: Session, given: dict[str, Any]) -> None:
    """How a union stands: members, orders, and what anybody can do now."""
    from aceso.flows import coin, union_status

    found = union_status(session.network(), number(given["what"]))
    document = union_document(found.row) | {
        "orders": [order_document(one) for one in found.orders],
        "due": [str(one) for one in found.due],
    }

    def render(console: Console) -> None:
        console.print(terms_text(found.row), highlight=False, markup=False)
        if found.row.closed_at is not None:
            console.print(say("union.is_closed"), highlight=False)
        lines = [
            [
                str(one.order),
                say(f"order.{one.state.name.lower()}"),
                coin(one.price),
                "" if one.members is None else str(one.members),
                str(len(one.claims)),
            ]
            for one in found.orders
        ]
        columns = ("order", "state", "price", "parts", "claims")
        heads = [say(f"column.{one}") for one in columns]
        if lines:
            console.print(table(say("union.orders"), *heads, rows=lines))
        if found.due:
            console.print(say("union.due", count=len(found.due)), highlight=False)

    show(session, document, render)
