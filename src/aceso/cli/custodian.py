"""`aceso custodian`: for the institution that runs one (docs/operating-a-custodian.md)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aceso.errors import UsageError

from ._click import command
from ._files import file_bytes
from ._output import private_text, show, table
from ._session import Session
from ._words import say
from .consent import ask

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.custody import Token

__all__ = ["custodian"]

# What `serve` takes; each may be left out.
_SERVING = (
    "database",
    "host",
    "port",
    "confirmations",
    "anchor_every",
    "follow_every",
    "relay_within",
    "client_rate",
    "actor_rate",
    "list_records",
    "issuer_records",
)
_SHOWN = ("address", "registry", "chainId", "block", "confirmed", "followed", "relays")


@command("custodian")
@click.argument(
    "action",
    type=click.Choice(("init", "serve", "status", "rotate", "seal", "publish", "revoke", "answer")),
    metavar="ACTION",
)
@click.option("--folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--private-key-stdin", is_flag=True)
@click.option("--pkcs11", type=click.Path(path_type=Path), metavar="MODULE")
@click.option("--token", metavar="LABEL")
@click.option("--rpc", multiple=True, metavar="URL")
@click.option("--deployment", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--database", metavar="URL", envvar="ACESO_CUSTODIAN_DATABASE")
@click.option("--host", metavar="ADDRESS")
@click.option("--port", type=click.IntRange(0, 65535), metavar="PORT")
@click.option("--confirmations", type=click.IntRange(min=0), metavar="N")
@click.option("--anchor-every", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS")
@click.option("--follow-every", type=click.FloatRange(min=0, min_open=True), metavar="SECONDS")
@click.option("--relay-within", type=click.FloatRange(min=0), metavar="SECONDS")
@click.option("--no-relay", is_flag=True)
@click.option("--client-rate", type=click.FloatRange(min=0), metavar="N")
@click.option("--actor-rate", type=click.FloatRange(min=0), metavar="N")
@click.option("--list-records", type=click.IntRange(min=0), metavar="N")
@click.option("--issuer-records", type=click.IntRange(min=0), metavar="N")
@click.option("--url", metavar="URL")
@click.option("--question", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--yes", is_flag=True)
def custodian(session: Session, *, action: str, **given: Any) -> int | None:
    if action == "serve":
        return _serve(given)
    _DOING[action](session, given)
    return None


def _init(session: Session, given: dict[str, Any]) -> None:
    from aceso.custody import CustodianKeys

    folder = _needed(given, "folder")
    account_key: bytes | None = None
    if given["private_key_stdin"]:
        text = sys.stdin.readline().strip().removeprefix("0x")
        try:
            account_key = bytes.fromhex(text)
        except ValueError:
            # Refused below, without being quoted.
            account_key = b"\0"
    token = _token(given) if given["pkcs11"] or given["token"] else None
    keys = CustodianKeys.make(folder, account_key=account_key, token=token)
    text = say("custodian.made", folder=folder, address=keys.address)
    if token is not None:
        text += " " + say("custodian.in_token", key=keys.token_key, token=token.label)
    _tell_keys(session, keys, text)


def _token(given: dict[str, Any]) -> Token:
    from aceso.custody import Token

    module, label = _needed(given, "pkcs11"), _needed(given, "token")
    return Token(str(module.absolute()), label)


def _serve(given: dict[str, Any]) -> int:
    from aceso.custody.__main__ import run

    if not given["rpc"]:
        _needed(given, "rpc")
    words = ["serve", "--folder", str(_needed(given, "folder"))]
    words += ["--deployment", str(_needed(given, "deployment"))]
    for url in given["rpc"]:
        words += ["--rpc", url]
    for name in _SERVING:
        if given[name] is not None:
            words += [f"--{name.replace('_', '-')}", str(given[name])]
    if given["no_relay"]:
        words.append("--no-relay")
    return run(words)


def _status(session: Session, given: dict[str, Any]) -> None:
    from aceso.custody import look

    said = look(_needed(given, "url"))
    rows = [(say(f"custodian.{name}"), str(said.get(name, ""))) for name in _SHOWN]
    show(session, said, lambda console: console.print(table("", "", "", rows=rows)))


def _rotate(session: Session, given: dict[str, Any]) -> None:
    from aceso.custody import CustodianKeys

    keys = CustodianKeys.rotate(_needed(given, "folder"))
    _tell_keys(session, keys, say("custodian.rotated", count=len(keys.retired)))


def _seal(session: Session, given: dict[str, Any]) -> None:
    from aceso.custody import CustodianKeys

    token = _token(given)
    keys = CustodianKeys.seal(_needed(given, "folder"), token)
    text = say("custodian.sealed", address=keys.address)
    text += " " + say("custodian.in_token", key=keys.token_key, token=token.label)
    _tell_keys(session, keys, text)


def _publish(session: Session, given: dict[str, Any]) -> None:
    from aceso.custody import publish

    if not given["rpc"]:
        _needed(given, "rpc")
    done = publish(_needed(given, "folder"), given["rpc"][0], _needed(given, "deployment"))
    text = say("custodian.published" if done.is_new else "custodian.was_published")
    document = {
        "address": done.address,
        "publicKey": "0x" + done.public_key.hex(),
        "new": done.is_new,
    }
    _print(session, document, text)


def _revoke(session: Session, given: dict[str, Any]) -> None:
    from aceso.custody import revoke

    folder, deployment = _needed(given, "folder"), _needed(given, "deployment")
    if not given["rpc"]:
        _needed(given, "rpc")
    ask(session, say("custodian.ask_revoke"), yes=given["yes"])
    account, was_published = revoke(folder, given["rpc"][0], deployment)
    text = say("custodian.revoked" if was_published else "custodian.was_revoked")
    _print(session, {"address": account, "revoked": was_published}, text)


def _answer(session: Session, given: dict[str, Any]) -> None:
    """Release the share of a disputed order's extract to the panel that asks for it."""
    from aceso.custody import Question
    from aceso.custody.__main__ import answer

    words = ["--folder", str(_needed(given, "folder"))]
    words += ["--deployment", str(_needed(given, "deployment"))]
    if not given["rpc"]:
        _needed(given, "rpc")
    for url in given["rpc"]:
        words += ["--rpc", url]
    for name in ("database", "confirmations"):
        if given[name] is not None:
            words += [f"--{name}", str(given[name])]
    question, out = Question.read(file_bytes(_needed(given, "question"))), _needed(given, "out")
    asker = str(question.request["actor"])
    ask(session, say("notice.answer", buyer=asker), yes=given["yes"])
    done = answer(words, question)
    private_text(out, done.to_bytes().decode("ascii"))
    document = {"custodian": done.custodian, "file": str(out)}
    _print(session, document, say("custodian.answered", file=out))


def _tell_keys(session: Session, keys: Any, text: str) -> None:
    document = {
        "address": keys.address,
        "publicKey": "0x" + keys.private.public_key.to_bytes().hex(),
        "retired": len(keys.retired),
    }
    _print(session, document, text)


def _print(session: Session, document: dict[str, Any], text: str) -> None:
    def render(console: Console) -> None:
        console.print(text, highlight=False, markup=False, soft_wrap=True)

    show(session, document, render)


def _needed(given: dict[str, Any], name: str) -> Any:
    if not given[name]:
        option = f"--{name.replace('_', '-')}"
        raise UsageError(
            f"Name {option}. See `aceso custodian --help`.",
            code="E_CUSTODIAN_OPTION",
            details={"option": option},
        )
    return given[name]


_DOING: dict[str, Callable[[Session, dict[str, Any]], None]] = {
    "init": _init,
    "status": _status,
    "rotate": _rotate,
    "seal": _seal,
    "publish": _publish,
    "revoke": _revoke,
    "answer": _answer,
}
