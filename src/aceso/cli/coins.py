"""`aceso coin`: the sale of coin, how it stands and what is bought of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from aceso.errors import UsageError

from . import _terms
from ._click import command
from ._output import receipts, show, table
from ._session import Session
from ._words import say
from .consent import ask

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.flows import SaleState

__all__ = ["coin"]

_ACTIONS = ("sale", "buy", "proceeds")


@command("coin")
@click.argument("action", type=click.Choice(_ACTIONS), metavar="ACTION")
@click.argument("amount", required=False, metavar="AMOUNT")
@click.option("--with-token", is_flag=True)
@click.option("--yes", is_flag=True)
def coin(session: Session, *, action: str, **given: Any) -> None:
    _DOING[action](session, given)


def _sale(session: Session, given: dict[str, Any]) -> None:
    """How the sale stands, for anybody."""
    from aceso.flows import coin as coins
    from aceso.flows import read_sale

    state = read_sale(session.network())
    document = {
        "rate": str(state.rate),
        "token": state.token or None,
        "tokenPrice": str(state.token_price),
        "sold": str(state.sold),
        "cap": str(state.cap),
        "soldToday": str(state.sold_today),
        "dayCap": str(state.day_cap),
        "leftToday": str(state.left_today),
        "endsAt": state.ends_at or None,
        "over": state.is_over,
    }

    def render(console: Console) -> None:
        rows = []
        if state.rate:
            rows.append([say("coin.for_ether"), say("coin.rate", amount=state.rate)])
        if state.token:
            price = _units(state.token_price, state.decimals)
            rows.append([say("coin.for_token"), say("coin.price", price=price, token=state.token)])
        rows += [
            [say("coin.left_today"), coins(state.left_today)],
            [say("coin.left"), coins(0 if state.is_over else state.cap - state.sold)],
        ]
        if state.ends_at:
            key = "coin.over" if state.is_over else "coin.ends"
            rows.append([say(key), _terms.moment_text(state.ends_at)])
        console.print(table(say("coin.title"), "", "", rows=rows))

    show(session, document, render)


def _buy(session: Session, given: dict[str, Any]) -> None:
    """Buy coin and pay for it."""
    from aceso.flows import CoinBuyer, base_units, read_sale
    from aceso.flows import coin as coins

    if given["amount"] is None:
        raise UsageError("Say how much coin: aceso coin buy AMOUNT.", code="E_COIN_AMOUNT")
    amount, with_token = base_units(given["amount"]), given["with_token"]
    profile = session.profile("professional", "institution", "researcher")
    network = session.network()
    state = read_sale(network)
    state.check(amount, with_token=with_token)
    cost = _cost(state, state.cost(amount, with_token=with_token), with_token=with_token)
    ask(session, say("notice.coin", amount=coins(amount), cost=cost), yes=given["yes"])
    bought = CoinBuyer(network, profile).buy(amount, with_token=with_token)
    document = {
        "amount": str(bought.amount),
        "paid": str(bought.paid),
        "token": bought.token or None,
        "transactions": receipts(bought.receipts),
    }
    text = say("coin.bought", amount=coins(bought.amount))
    show(session, document, lambda console: console.print(text, highlight=False))


def _proceeds(session: Session, given: dict[str, Any]) -> None:
    """Send what came in to the commons, for anybody."""
    from aceso.flows import send_proceeds

    sent = send_proceeds(session.network())
    text = say("coin.sent" if sent else "coin.nothing")
    document = {"transactions": receipts(sent)}
    show(session, document, lambda console: console.print(text, highlight=False))


_DOING: dict[str, Callable[[Session, dict[str, Any]], None]] = {
    "sale": _sale,
    "buy": _buy,
    "proceeds": _proceeds,
}


def _cost(state: SaleState, paid: int, *, with_token: bool) -> str:
    if with_token:
        return say("coin.tokens", amount=_units(paid, state.decimals), token=state.token)
    return say("coin.ether", amount=_units(paid, 18))


def _units(amount: int, decimals: int) -> str:
    """Base units of a token with so many digits after the point, without needless zeros."""
    whole, part = divmod(amount, 10**decimals)
    digits = f"{part:0{decimals}d}".rstrip("0") if decimals else ""
    return f"{whole}.{digits}" if digits else str(whole)
