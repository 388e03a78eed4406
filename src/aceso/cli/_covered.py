"""How orders that run are shown, with until when each is paid as its consent stands."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from . import _terms
from ._output import table
from ._words import say

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.flows import Coverage

__all__ = ["covered_document", "covered_text", "print_covered"]


def covered_document(found: Iterable[Coverage]) -> list[dict[str, Any]]:
    """Orders that run, for a program."""
    return [
        {
            "order": str(one.sale.order),
            "sold": one.sale.name,
            "state": one.sale.state.name,
            "paidUntil": one.until or None,
            "end": one.end,
            "whole": one.is_whole,
            "seeBy": one.see_by or None,
        }
        for one in found
    ]


def covered_text(one: Coverage) -> str:
    """Until when an order is paid, in few words."""
    if not one.until:
        return say("renew.nothing_more")
    key = "renew.to_its_end" if one.is_whole else "renew.shorter"
    return say(key, until=_terms.moment_text(one.until))


def print_covered(console: Console, found: Iterable[Coverage]) -> None:
    """The orders that run, and what to do for those that are not paid to their end."""
    rows = list(found)
    if not rows:
        return
    lines = [
        [
            one.sale.order,
            one.sale.name,
            say(f"order.{one.sale.state.name.lower()}"),
            covered_text(one),
            _terms.moment_text(one.end),
        ]
        for one in rows
    ]
    heads = [say(f"column.{one}") for one in ("order", "sold", "state", "paid", "end")]
    console.print(table(say("renew.title"), *heads, rows=lines))
    for one in rows:
        if one.until and not one.is_whole:
            text = say("renew.before", sold=one.sale.name, until=_terms.moment_text(one.until))
            console.print(text, markup=False, highlight=False, soft_wrap=True)
    for until in {one.see_by for one in rows if one.see_by}:
        text = say("renew.unseen", until=_terms.moment_text(until))
        console.print(text, markup=False, highlight=False, soft_wrap=True)
