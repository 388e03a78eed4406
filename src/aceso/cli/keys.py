"""`aceso key`: the receiving key of an institution, professional or researcher."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from ._click import command
from ._output import receipts, show
from ._session import Session
from ._words import say
from .consent import ask

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.chain import Receipt
    from aceso.flows import Holder, Kind

__all__ = ["key"]

_HOLDERS: tuple[Kind, ...] = ("professional", "institution", "researcher")


@command("key")
@click.argument("action", type=click.Choice(("show", "rotate", "revoke")), default="show")
@click.option("--yes", is_flag=True)
def key(session: Session, *, action: str, yes: bool) -> None:
    from aceso.flows import Holder

    holder = Holder(session.network(), session.profile(*_HOLDERS))
    _DOING[action](session, holder, yes)


def _show(session: Session, holder: Holder, yes: bool) -> None:
    _tell(session, holder, "", None)


def _rotate(session: Session, holder: Holder, yes: bool) -> None:
    _tell(session, holder, "key.rotated", holder.rotate_key())


def _revoke(session: Session, holder: Holder, yes: bool) -> None:
    ask(session, say("key.ask_revoke"), yes=yes)
    receipt = holder.revoke_key()
    _tell(session, holder, "key.revoked" if receipt else "key.was_revoked", receipt)


def _tell(session: Session, holder: Holder, text: str, receipt: Receipt | None) -> None:
    account = holder.account.address
    digest, version = holder.network.suite.participants.key_of(account)
    published = "0x" + digest.hex() if any(digest) else None
    document = {
        "account": account,
        "published": published,
        "version": version,
        "transactions": receipts([receipt] if receipt else []),
    }
    stands = say("key.stands" if published else "key.none", account=account, digest=published or "")

    def render(console: Console) -> None:
        for line in (say(text) if text else "", stands):
            if line:
                console.print(line, highlight=False, markup=False, soft_wrap=True)

    show(session, document, render)


_DOING: dict[str, Callable[[Session, Holder, bool], Any]] = {
    "show": _show,
    "rotate": _rotate,
    "revoke": _revoke,
}
