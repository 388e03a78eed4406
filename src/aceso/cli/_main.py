"""From the arguments to an exit code, with no traceback on any way.

Exit codes: 0 done, 2 usage, 3 input refused, 4 not permitted, 5 a service is down, 6 integrity (all
from `AcesoError.exit_code`), 70 a defect of ours, 130 Ctrl-C, 141 nobody reads the output.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import traceback
import warnings
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import click

from aceso import __version__
from aceso.errors import AcesoError, UsageError

from ._click import root
from ._machine import machine_error
from ._masked import masked_document
from ._session import Session, home_folder
from ._words import from_environment, say, sentence, use

__all__ = ["main"]

_DEFECT = 70
_INTERRUPTED = 130
_BROKEN_PIPE = 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command, and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    use(_value_of("--lang", given) or from_environment())
    if not sys.warnoptions:
        # Those of libraries mean nothing to whoever runs a command.
        warnings.simplefilter("ignore")
    try:
        code = _run(given)
        sys.stdout.flush()
    except BrokenPipeError:
        code = _quiet()
    return code


def _run(given: list[str]) -> int:
    as_json = "--json" in given
    try:
        # Not `root.main`, which makes a broken pipe an exit code like any other's.
        with root.make_context("aceso", given, obj=Session()) as context:
            done = root.invoke(context)
        return done if isinstance(done, int) else 0
    except click.exceptions.Exit as exc:
        return exc.exit_code
    except (click.Abort, KeyboardInterrupt):
        return _interrupted()
    except BrokenPipeError:
        raise
    except SystemExit as exc:
        return exc.code if isinstance(exc.code, int) else _DEFECT
    except click.ClickException as exc:
        return _failed(_usage(exc), as_json)
    except AcesoError as exc:
        return _failed(exc, as_json)
    except Exception as exc:
        known = machine_error(exc)
        return _failed(known, as_json) if known else _defect(exc, given, as_json)


def _failed(error: AcesoError, as_json: bool) -> int:
    _say(sentence(error), error.code, error.details, as_json)
    return error.exit_code


def _say(text: str, code: str, details: Mapping[str, object], as_json: bool) -> None:
    if as_json:
        document = {"error": {"code": code, "message": text, "details": _plain(dict(details))}}
        sys.stdout.write(json.dumps(masked_document(document), ensure_ascii=False) + "\n")
        return
    from ._output import errors

    console = errors()
    console.print(f"[red]{say('word.error')}[/red] ", end="")
    console.print(text, markup=False, highlight=False, soft_wrap=True)
    console.print(code, style="dim", highlight=False)


def _plain(value: object) -> object:
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, bytes):
        return "0x" + value.hex()
    # A number of the chain may be larger than what JavaScript reads.
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 1 << 53:
        return str(value)
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _usage(exc: click.ClickException) -> UsageError:
    """What click says, as one of our own, in both languages."""
    details: dict[str, object] = {"text": exc.format_message()}
    code = "E_USAGE"
    context = getattr(exc, "ctx", None)
    if context is not None:
        details["command"] = context.command_path
    else:
        details["command"] = "aceso"
    if isinstance(exc, click.NoSuchOption):
        code, details["option"] = "E_USAGE_OPTION", exc.option_name
    elif isinstance(exc, click.MissingParameter):
        param = exc.param
        name = str(param.name).upper() if isinstance(param, click.Argument) else ""
        option = param.opts[0] if param is not None and param.opts else ""
        code, details["option"] = "E_USAGE_MISSING", name or option
    elif isinstance(exc, click.BadParameter) and exc.param is not None:
        code, details["option"] = "E_USAGE_VALUE", exc.param.opts[0]
        if isinstance(exc.param.type, click.Choice):
            code, details["choices"] = "E_USAGE_CHOICE", ", ".join(map(str, exc.param.type.choices))
    elif "No such command" in exc.format_message():
        code, details["option"] = "E_USAGE_COMMAND", exc.format_message().split("'")[1]
    text = f"{exc.format_message().rstrip('.')}. See `{details['command']} --help`."
    return UsageError(text, code=code, details=details)


def _interrupted() -> int:
    sys.stderr.write(f"\n{say('word.interrupted')}\n")
    return _INTERRUPTED


def _quiet() -> int:
    # Nobody reads on. Without this the interpreter would complain when it flushes at its end.
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 1)
    os.close(sink)
    return _BROKEN_PIPE


def _defect(exc: Exception, given: Sequence[str], as_json: bool) -> int:
    """One sentence, and a file for whoever mends it."""
    log = _write_log(exc, given)
    where = str(log) if log else "-"
    text = say("word.defect", log=where)
    _say(text, "E_DEFECT", {"log": where, "kind": type(exc).__name__}, as_json)
    return _DEFECT


def _write_log(exc: BaseException, given: Sequence[str]) -> Path | None:
    """Where it happened, and never what with: values may be keys or health data."""
    command = next((word for word in given if word in root.commands_known), "")
    lines = [
        f"{datetime.now(UTC).isoformat(timespec='seconds')} aceso {__version__} {command} "
        f"python {platform.python_version()} {platform.system()}"
    ]
    error: BaseException | None = exc
    while error is not None:
        lines.append(f"{type(error).__module__}.{type(error).__qualname__}")
        lines += [
            f"  {frame.filename}:{frame.lineno} in {frame.name}"
            for frame in traceback.extract_tb(error.__traceback__)
        ]
        error = error.__cause__ or error.__context__
    try:
        folder = home_folder(_value_of("--home", given))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / "errors.log"
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        with os.fdopen(os.open(path, flags, 0o600), "a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n\n")
    except OSError:
        return None
    return path


def _value_of(option: str, given: Sequence[str]) -> str | None:
    """The value of an option that counts before click has read anything."""
    for place, word in enumerate(given):
        if word == option and place + 1 < len(given):
            return given[place + 1]
        if word.startswith(option + "="):
            return word.partition("=")[2]
    return None
