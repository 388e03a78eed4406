"""Options of commands with several actions: one that is passed over would seem to be heeded."""

from __future__ import annotations

from collections.abc import Mapping

import click
from click.core import ParameterSource

from aceso.errors import UsageError

__all__ = ["refuse_stray"]

_EVERY = frozenset({"action", "what", "yes"})


def refuse_stray(
    command: str, action: str, takes: Mapping[str, frozenset[str]], *, code: str
) -> None:
    """Refuse options of the command line that this action does not take."""
    context = click.get_current_context()
    allowed = _EVERY | takes.get(action, frozenset())
    stray = [
        param.opts[0]
        for param in context.command.params
        if param.name in context.params
        and param.name not in allowed
        and context.get_parameter_source(param.name) is ParameterSource.COMMANDLINE
    ]
    if stray:
        raise UsageError(
            f"`{command} {action}` takes no {', '.join(stray)}. See `aceso {command} --help`.",
            code=code,
            details={"action": action, "options": stray},
        )
