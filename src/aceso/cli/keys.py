"""`aceso key`: the receiving key of an account, and of a person's account for a ward."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from aceso.errors import UsageError

from . import _terms
from ._click import command
from ._output import receipts, show
from ._session import Session
from ._words import say
from .consent import ask
from .guarding import own_receiving
from .profile import fund

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.chain import Receipt
    from aceso.flows import ReceivingKeys

__all__ = ["key"]


@command("key")
@click.argument("action", type=click.Choice(("show", "rotate", "revoke")), default="show")
@click.option("--for", "ward", metavar="PERSONA")
@click.option("--yes", is_flag=True)
def key(session: Session, *, action: str, ward: str | None, yes: bool) -> None:
    _DOING[action](session, _receiving(session, ward), yes)


def _receiving(session: Session, ward: str | None) -> ReceivingKeys:
    from aceso.flows import Holder

    profile = session.profile()
    if profile.kind != "person":
        if ward is not None:
            raise UsageError(
                "Only a person has a key of their own for each ward. Leave --for out: this profile "
                "has one key.",
                code="E_KEY_ONE",
            )
        return Holder(session.network(), profile).receiving
    if ward is None:
        raise UsageError(
            "Others seal to a person only as somebody's guardian. Say whose, with --for.",
            code="E_KEY_WARD",
        )
    return own_receiving(session, _terms.address(ward))


def _show(session: Session, keys: ReceivingKeys, yes: bool) -> None:
    _tell(session, keys, "", None)


def _rotate(session: Session, keys: ReceivingKeys, yes: bool) -> None:
    fund(session.network(), keys.account)
    _tell(session, keys, "key.rotated", keys.rotate())


def _revoke(session: Session, keys: ReceivingKeys, yes: bool) -> None:
    ask(session, say("key.ask_revoke"), yes=yes)
    receipt = keys.revoke()
    _tell(session, keys, "key.revoked" if receipt else "key.was_revoked", receipt)


def _tell(session: Session, keys: ReceivingKeys, text: str, receipt: Receipt | None) -> None:
    account = keys.account
    digest, version = keys.published
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


_DOING: dict[str, Callable[[Session, ReceivingKeys, bool], Any]] = {
    "show": _show,
    "rotate": _rotate,
    "revoke": _revoke,
}
