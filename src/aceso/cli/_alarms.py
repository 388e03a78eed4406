"""What a person has to hear of whatever they asked: what others do in their name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from . import _terms
from ._words import say

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.flows import Alarm

__all__ = ["alarms_document", "print_alarms"]


def alarms_document(found: Iterable[Alarm]) -> list[dict[str, Any]]:
    """For a program."""
    return [{"kind": one.kind.value, "at": one.at, "who": one.who or None} for one in found]


def print_alarms(console: Console, found: Iterable[Alarm]) -> None:
    """For a person, before what they asked for."""
    for one in found:
        text = say(f"alarm.{one.kind.value}", who=one.who, at=_terms.moment_text(one.at))
        console.print(text, style="bold red", markup=False, highlight=False, soft_wrap=True)
