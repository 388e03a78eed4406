"""Click, with help in two languages and commands that load when they are asked for.

Help texts are looked up when they are shown, in messages.toml: `[help]` by command, `[option]` by
the name of the option. So `aceso --help` imports no command, and both languages are always there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any

import click

from . import _words
from ._session import Session
from ._words import help_of, say

__all__ = ["Command", "command", "root"]

# The order in which a person meets them, and where each is.
_COMMANDS: Mapping[str, str] = {
    "init": "profile",
    "import": "importing",
    "records": "records",
    "open": "records",
    "reclassify": "records",
    "forget": "records",
    "export": "exports",
    "trends": "exports",
    "share": "consent",
    "unshare": "consent",
    "consents": "consent",
    "renew": "renewing",
    "primary-physician": "consent",
    "who-can-see": "consent",
    "backup": "backups",
    "restore": "backups",
    "pin": "backups",
    "guardian": "guarding",
    "recovery": "guarding",
    "majority": "guarding",
    "will": "wills",
    "emergency": "emergency",
    "receipts": "receipts",
    "custodians": "custodians",
    "study": "study",
    "union": "union",
    "offer": "market",
    "offers": "market",
    "buy": "market",
    "deliver": "market",
    "extract": "extracts",
    "station": "station",
    "dispute": "dispute",
    "settle": "market",
    "balance": "market",
    "coin": "coins",
    "earnings": "rewards",
    "rewards": "rewards",
    "verify": "evidence",
    "card": "issuing",
    "issue": "issuing",
    "replace": "issuing",
    "retract": "issuing",
    "vouch": "issuing",
    "member": "issuing",
    "key": "keys",
    "accredit": "local",
    "custodian": "custodian",
    "devnet": "local",
    "doctor": "doctor",
    "demo": "local",
}


class _Formatter(click.HelpFormatter):
    """Headings in the language of the reader."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix=f"{say('heading.usage')}: ")

    def write_heading(self, heading: str) -> None:
        super().write_heading(
            {
                "Options": say("heading.options"),
                "Commands": say("heading.commands"),
            }.get(heading, heading)
        )


class _Context(click.Context):
    formatter_class = _Formatter


def _common() -> list[click.Option]:
    """What every command takes, before or after its name."""
    return [
        click.Option(["--home"], metavar="DIR"),
        click.Option(["--network"], metavar="PATH"),
        click.Option(["--passphrase-file"], metavar="FILE"),
        click.Option(["--lang"], metavar="en|ko"),
        click.Option(["--json", "as_json"], is_flag=True, default=None),
    ]


_COMMON = frozenset(option.name for option in _common())


def _explain(params: Sequence[click.Parameter], owner: str) -> None:
    for param in params:
        if isinstance(param, click.Option):
            # Click gives its own option a name of its own.
            name = "help" if "--help" in param.opts else str(param.name).replace("_", "-")
            param.help = help_of(f"option.{owner}/{name}", f"option.{name}")


class _Helpful(click.Command):
    """Help from the catalogue."""

    context_class = _Context

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        name = self.name or "aceso"
        formatter.write_paragraph()
        with formatter.indentation():
            formatter.write_text(help_of(f"help.{name}"))
            more = help_of(f"more.{name}")
            if more:
                formatter.write_paragraph()
                formatter.write_text(more)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        _explain(self.get_params(ctx), self.name or "aceso")
        super().format_options(ctx, formatter)


class Command(_Helpful):
    """A command that also takes the common options, and hands a `Session` to its function."""

    def __init__(self, name: str | None, **options: Any):
        super().__init__(name, **options)
        self.params += _common()

    def invoke(self, ctx: click.Context) -> Any:
        session = ctx.ensure_object(Session)
        session.take({name: ctx.params.pop(name) for name in _COMMON if name in ctx.params})
        ctx.call_on_close(session.close)
        return super().invoke(ctx)


def command(name: str) -> Callable[[Callable[..., Any]], Command]:
    """Make a function the command of this name; its first argument is the `Session`."""

    def wrap(function: Callable[..., Any]) -> Command:
        made: Command = click.command(name, cls=Command)(click.pass_obj(function))
        return made

    return wrap


class _Root(_Helpful, click.Group):
    """The command `aceso` itself."""

    @property
    def commands_known(self) -> frozenset[str]:
        return frozenset(_COMMANDS)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        home = _COMMANDS.get(cmd_name)
        if home is None:
            return None
        module = import_module(f"aceso.cli.{home}")
        found: click.Command = getattr(module, cmd_name.replace("-", "_").replace("import", "take"))
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, help_of(f"help.{name}")) for name in _COMMANDS]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        session = ctx.ensure_object(Session)
        session.take({name: ctx.params.pop(name) for name in _COMMON if name in ctx.params})
        if session.lang:
            _words.use(session.lang)
        return super().invoke(ctx)


def _show_help(ctx: click.Context, *_: object, **__: object) -> None:
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


root = _Root(
    "aceso",
    callback=click.pass_context(_show_help),
    invoke_without_command=True,
    params=[*_common()],
)
root.params.append(
    click.Option(
        ["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=lambda ctx, _, wanted: _version(ctx) if wanted else None,
    )
)


def _version(ctx: click.Context) -> None:
    from aceso import __version__

    click.echo(f"aceso {__version__}")
    ctx.exit()
