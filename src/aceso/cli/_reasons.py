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
    return [{"evaluator": one.who, "cid": one.cid, "text": one.text} for one in reasons]


def print_reasons(console: Console, reasons: Sequence[Statement]) -> None:
    for one in reasons:
        key = "reason.unread" if one.text is None else "reason.said"
        console.print(say(key, account=one.who, cid=one.cid), highlight=False, markup=False)
        if one.text is not None:
            console.print(one.text, highlight=False, markup=False)
