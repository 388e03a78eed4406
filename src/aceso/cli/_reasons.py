"""Reasons that others published, as they are shown: somebody else's words, and marked so."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ._words import say

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.flows import Statement

__all__ = ["print_reasons", "reasons_document"]


def reasons_document(reasons: Sequence[Statement]) -> list[dict[str, Any]]:
    found = []
    for one in reasons:
        voted = {} if one.upheld is None else {"upheld": one.upheld}
        found.append({"evaluator": one.who, "cid": one.cid, "text": one.text} | voted)
    return found


def print_reasons(console: Console, reasons: Sequence[Statement]) -> None:
    for one in reasons:
        key = "reason.unread" if one.text is None else "reason.said"
        vote = ""
        if one.upheld is not None:
            vote = say("reason.upheld" if one.upheld else "reason.dismissed", account=one.who) + " "
        text = vote + say(key, account=one.who, cid=one.cid)
        console.print(text, highlight=False, markup=False)
        if one.text is not None:
            console.print(one.text, highlight=False, markup=False)
