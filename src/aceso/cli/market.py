"""`aceso offer`, `offers`, `buy`, `deliver`, `settle` and `balance`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aceso.codes import Condition, DataClass, Reason, Use, label
from aceso.errors import InputError, UsageError
from aceso.ethereum import NOBODY

from . import _terms
from ._carried import own_account, sender_of
from ._click import command
from ._covered import covered_text
from ._files import vouches_of
from ._offered import (
    basis_points,
    conditions_text,
    institution_text,
    origin_name,
    origin_text,
)
from ._output import receipts, show, table
from ._paying import top_up
from ._session import Session
from ._words import language, say
from .consent import ask, keep_notice
from .extracts import making, options_of

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.chain import OfferTerms
    from aceso.flows import Coverage, Network, Sale

__all__ = ["balance", "buy", "deliver", "offer", "offers", "settle"]


@command("offer")
@click.option("--classes", metavar="CLASSES")
@click.option("--use", "use_code", default="HMB", show_default=True, metavar="USE")
@click.option("--price", metavar="COIN")
@click.option("--duration", default="30d", show_default=True, metavar="TIME")
@click.option("--delivery", default="7d", show_default=True, metavar="TIME")
@click.option("--disease", type=click.IntRange(0, 2**24 - 1), default=0, metavar="N")
@click.option("--conditions", default="", metavar="CODES")
@click.option("--institution", metavar="0x…")
@click.option("--institution-share", type=click.FloatRange(0, 100), default=0.0, metavar="PERCENT")
@click.option("--origin", type=click.Choice(["vouched", "any"]), default="any", show_default=True)
@click.option("--vouch", "vouches", multiple=True, type=click.Path(path_type=Path), metavar="FILE")
@click.option("--close", type=click.IntRange(1, 2**48 - 1), metavar="N")
@click.option("--yes", is_flag=True)
def offer(
    session: Session,
    *,
    classes: str | None,
    use_code: str,
    price: str | None,
    duration: str,
    delivery: str,
    disease: int,
    conditions: str,
    institution: str | None,
    institution_share: float,
    origin: str,
    vouches: tuple[Path, ...],
    close: int | None,
    yes: bool,
) -> None:
    from aceso.flows import Seller, base_units, coin

    if close is not None:
        seller = Seller(session.person())
        ask(session, say("notice.close", number=close), yes=yes)
        document = {"offer": close, "transactions": receipts([seller.close(close)])}
        show(session, document, lambda console: console.print(say("offer.closed", number=close)))
        return
    if classes is None or price is None:
        raise UsageError("An offer needs --classes and --price.", code="E_OFFER_TERMS")
    found, use = _terms.classes(classes), _terms.uses(use_code)
    attached = _terms.conditions(conditions)
    amount = base_units(price)
    receiver = _terms.address(institution) if institution else None
    bps = basis_points(institution_share) if receiver else 0
    person = session.person()
    network = session.network()
    now = network.suite.now()
    seconds = _terms.Span.parse(duration).seconds(now)
    waiting = _terms.Span.parse(delivery).seconds(now)
    _terms.Span(length=seconds + waiting).seconds(now, most=_terms.longest(use))
    seller, words, is_shown = Seller(person), vouches_of(vouches), origin == "vouched"
    seller.check_origin(found, words, shown=is_shown)
    text = say(
        "notice.offer",
        classes=label(found, language()),
        use=label(use, language()),
        disease=_terms.disease_text(disease),
        price=coin(amount),
        duration=_terms.length_text(seconds),
        delivery=_terms.length_text(waiting),
        conditions=conditions_text(attached),
        committee=network.facts.number,
        # What is signed, not what was typed: it has whole basis points.
        institution=institution_text(receiver or NOBODY, bps),
    )
    if is_shown:
        text += "\n" + say("notice.shows_origin")
    ask(session, text, yes=yes)
    notice = keep_notice(person.profile, text)
    number, sent = seller.offer(
        classes=found,
        use=use,
        price=amount,
        seconds=seconds,
        delivery_seconds=waiting,
        disease=disease,
        conditions=attached,
        institution=receiver,
        institution_bps=bps,
        origin_shown=is_shown,
        vouches=words,
        notice=notice,
    )
    made = {
        "offer": number,
        "grantee": f"offer:{number}",
        "price": str(amount),
        "institutionBps": bps,
        "origin": origin,
        "notice": "0x" + notice.hex(),
        "noticeText": text,
        "transactions": receipts(sent),
    }
    show(session, made, lambda console: console.print(say("offer.done", number=number)))


@command("offers")
def offers(session: Session) -> None:
    from aceso.flows import coin

    network = session.network()
    market = network.suite.market
    found = [(number, market.get_offer(number)) for number in range(1, market.offer_count() + 1)]
    still = [(number, terms) for number, terms in found if terms.delivery_period]
    document = {"offers": [_offer_document(number, terms) for number, terms in still]}

    def render(console: Console) -> None:
        rows = [
            [
                f"offer:{number}",
                label(DataClass(terms.classes), language()),
                label(Use(terms.use), language()),
                coin(terms.price),
                _terms.length_text(terms.duration),
                say("word.yes" if terms.origin_shown else "word.no"),
            ]
            for number, terms in still
        ]
        columns = ("offer", "classes", "uses", "price", "duration", "origin_shown")
        heads = [say(f"column.{one}") for one in columns]
        empty = say("offers.none")
        console.print(table(say("offers.title"), *heads, rows=rows) if rows else empty)

    show(session, document, render)


def _offer_document(number: int, terms: OfferTerms) -> dict[str, Any]:
    return {
        "offer": number,
        "subject": terms.subject,
        "classes": _terms.class_names(DataClass(terms.classes)),
        "use": _terms.use_names(Use(terms.use)),
        "conditions": [one.name for one in Condition(terms.conditions)],
        "disease": terms.disease,
        "price": str(terms.price),
        "duration": terms.duration,
        "deliveryPeriod": terms.delivery_period,
        "institution": None if terms.institution == NOBODY else terms.institution,
        "institutionBps": terms.institution_bps,
        "committee": terms.committee,
        "origin": origin_name(terms),
    }


@command("buy")
@click.argument("offer", metavar="OFFER")
@click.option("--with-ether", is_flag=True)
@click.option("--yes", is_flag=True)
def buy(session: Session, *, offer: str, with_ether: bool, yes: bool) -> None:
    from aceso.flows import Researcher, coin

    number = _offer_number(offer)
    profile = session.profile("researcher")
    network = session.network()
    researcher = Researcher(network, profile)
    terms = _still_open(network, number)
    decision = researcher.may_buy(number)
    # The purchase itself makes the buyer a member of the offer.
    if not decision.permitted and decision.reason is not Reason.NOT_MEMBER:
        from aceso.custody.errors import DeniedError

        raise DeniedError(decision.reason)
    afford = top_up(network, terms.price, researcher.balance(), with_ether=with_ether)
    text = say(
        "notice.buy",
        number=number,
        classes=label(DataClass(terms.classes), language()),
        use=label(Use(terms.use), language()),
        disease=_terms.disease_text(terms.disease),
        price=coin(terms.price),
        duration=_terms.length_text(terms.duration),
        delivery=_terms.length_text(terms.delivery_period),
        origin=origin_text(terms),
    )
    ask(session, afford.added_to(text), yes=yes)
    sent = afford.buy(researcher)
    purchase = researcher.buy(number)
    document = {
        "order": str(purchase.order),
        "offer": number,
        "price": str(purchase.price),
        "transactions": receipts([*sent, *purchase.receipts]),
    }
    text = say("buy.done", order=purchase.order, delivery=_terms.length_text(terms.delivery_period))
    show(session, document, lambda console: console.print(text, highlight=False))


def _offer_number(text: str) -> int:
    found = _terms.whole(text.removeprefix("offer:"), 48)
    if found is None:
        raise UsageError(
            f"{text!r} is not an offer. Write its number, as in offer:12. See `aceso offers`.",
            code="E_OFFER_NUMBER",
            details={"text": text},
        )
    return found


def _still_open(network: Network, number: int) -> OfferTerms:
    market = network.suite.market
    if number > market.offer_count():
        raise InputError(
            f"There is no offer {number}. See `aceso offers`.",
            code="E_NO_OFFER",
            details={"number": number},
        )
    terms = market.get_offer(number)
    if not terms.delivery_period:
        raise InputError(
            f"Offer {number} is closed and takes no more buyers. See `aceso offers`.",
            code="E_OFFER_CLOSED",
            details={"number": number},
        )
    return terms


@command("deliver")
@click.argument("order", type=click.IntRange(1, 2**256 - 1))
@making
@click.option("--yes", is_flag=True)
def deliver(session: Session, *, order: int, yes: bool, **given: Any) -> None:
    from aceso.flows import Seller

    options = options_of(given)
    seller = Seller(session.person())
    seller.find(order)
    ask(session, say("notice.deliver", order=order), yes=yes)
    done = seller.deliver(order, options)
    document = {
        "order": str(order),
        "record": done.entry.record_id.hex(),
        "resources": done.count,
        "counts": dict(done.about["counts"]),
        "removed": dict(done.about["removed"]),
        "parameters": dict(done.about["parameters"]),
        "certificate": done.certificate.to_json(),
        "leftOut": [one.hex() for one in done.left_out],
        "transactions": receipts(done.receipts),
    }
    text = say("deliver.done", order=order, count=done.count)
    if done.left_out:
        text += "\n" + say("deliver.left_out", count=len(done.left_out))
    show(session, document, lambda console: console.print(text, highlight=False))


@command("settle")
@click.argument("order", type=click.IntRange(1, 2**256 - 1), required=False)
@click.option("--part", is_flag=True)
@click.option("--to", "payee", metavar="0x…")
def settle(session: Session, *, order: int | None, part: bool, payee: str | None) -> None:
    """Settle an order, whoever's, and send what waits for oneself; without an order that alone."""
    from aceso.chain import OrderState
    from aceso.flows import coin, find_sale, pay_out, said

    if (part and order is None) or (payee is not None and order is not None):
        raise UsageError(
            "--part takes an order, and --to none: `aceso settle ORDER --part`, "
            "`aceso settle --to 0x…`.",
            code="E_SETTLE_OPTIONS",
        )
    network, profile = session.network(), session.profile()
    sender = sender_of(network, profile)
    sent, earned = [], 0
    if order is not None:
        sale = find_sale(network, order)
        if sale.state is OrderState.SETTLED and not part:
            # By somebody else, who had their own part sent to them.
            earned = sale.earned or 0
        else:
            desk = sale.contract(network)
            sent = [sender.send(desk.settle_part(order) if part else desk.settle(order))]
            name = "OrderPartSettled" if part else "OrderSettled"
            earned = int(said(sent[0], name)["earned"])
    own = own_account(session).address if payee is None else _terms.address(payee)
    done = pay_out(network, own, sender)
    paid = sum(one.amount for one in done)
    document = {
        "order": None if order is None else str(order),
        "earned": str(earned),
        "account": own,
        "paid": str(paid),
        "transactions": receipts(sent + [one.receipt for one in done]),
    }
    key = "part" if part else "paid" if order is None else "done"
    text = say(f"settle.{key}", order=order, earned=coin(earned), paid=coin(paid), account=own)
    show(session, document, lambda console: console.print(text, highlight=False))


@command("balance")
def balance(session: Session) -> None:
    from aceso.flows import RESEARCH, Holder, Person, coin, coverage, orders_ever, owed_to, sales

    profile = session.profile()
    network = session.network()
    suite = network.suite
    if profile.kind == "person":
        person = Person(network, profile)
        account = person.persona(RESEARCH).address
        rows = orders_ever(person)
    else:
        account = Holder(network, profile).account.address
        rows = sales(network, buyers=[account])
    held = suite.coin.balance_of(account)
    credit = owed_to(network, account)
    (wei,) = suite.node.ask_all([("eth_getBalance", [account, "latest"])])
    covered = {one.sale.order: one for one in coverage(network, rows)}
    orders = [_order_document(network, row, covered.get(row.order)) for row in rows]
    document = {
        "account": account,
        "coin": str(held),
        "credit": str(credit),
        "wei": str(int(wei, 16)),
        "orders": orders,
    }

    def render(console: Console) -> None:
        lines = [
            [say("balance.account"), account],
            [say("balance.coin"), coin(held)],
            [say("balance.credit"), coin(credit)],
            [say("balance.ether"), coin(int(wei, 16))],
        ]
        heads = ["", ""]
        console.print(table(say("balance.title"), *heads, rows=lines))
        if orders:
            columns = ("order", "sold", "state", "price", "until", "paid")
            shown = [
                [
                    one["order"],
                    one["sold"],
                    say(f"order.{one['state'].lower()}"),
                    coin(int(one["price"])),
                    _terms.moment_text(one["until"]),
                    covered_text(covered[row.order]) if row.order in covered else "",
                ]
                for row, one in zip(rows, orders, strict=True)
            ]
            heads = [say(f"column.{one}") for one in columns]
            console.print(table(say("balance.orders"), *heads, rows=shown))

    show(session, document, render)


def _order_document(network: Network, sale: Sale, covered: Coverage | None) -> dict[str, Any]:
    head, tail = sale.contract(network).get_order(sale.order)
    return {
        "order": str(sale.order),
        "sold": sale.name,
        "buyer": sale.buyer,
        "state": head.state.name,
        "price": str(tail.price),
        "start": head.start,
        # Before the delivery it is the deadline that counts, and then the end of the access.
        "until": tail.deadline if head.state.name in {"NONE", "OPEN"} else head.end,
        # Of one that runs, until when it is paid as the consent stands.
        "paidUntil": covered.until or None if covered else None,
    }
