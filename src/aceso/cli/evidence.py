"""`aceso verify`: whether a file that somebody hands over is what its issuer issued."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from aceso.codes import DataClass, label

from . import _terms
from ._click import command
from ._output import show, table
from ._session import Session
from ._words import language, say, sentence

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["verify"]

_FALSE = 6
# The evidence is well-formed, and what it says is not so.
_NOT_GENUINE = ("E_EVIDENCE_FALSE", "E_EVIDENCE_OTHER_FILE")


@command("verify")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("evidence", type=click.Path(path_type=Path), required=False)
def verify(session: Session, *, file: Path, evidence: Path | None) -> int:
    from aceso.flows import Evidence, EvidenceError
    from aceso.flows import verify as check

    beside = evidence or file.with_name(file.name + ".evidence.json")
    try:
        text = beside.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise EvidenceError(
            f"The evidence can't be read from {beside}. Name the .evidence.json of the file.",
            code="E_EVIDENCE_MISSING",
            details={"path": str(beside)},
        ) from exc
    made = Evidence.from_json(text)
    try:
        verdict = check(session.network(), file, made)
    except EvidenceError as exc:
        if exc.code not in _NOT_GENUINE:
            raise
        document = {"genuine": False, "code": exc.code, "reason": sentence(exc)}
        why = sentence(exc)
        show(session, document, lambda console: _say_false(console, why))
        return _FALSE
    document = {
        "genuine": verdict.genuine,
        "issuer": verdict.issuer,
        "anchoredAt": verdict.anchored_at or None,
        "accredited": verdict.accredited,
        "standing": verdict.standing,
        "class": ",".join(_terms.class_names(DataClass(verdict.data_class))),
        "issuedAt": verdict.issued_at,
    }
    why = _why(verdict.anchored_at, verdict.accredited, verdict.standing)

    def render(console: Console) -> None:
        yes, no = say("word.yes"), say("word.no")
        when = _terms.moment_text(verdict.anchored_at) if verdict.anchored_at else no
        rows = [
            [say("verify.issuer"), verdict.issuer],
            [say("verify.class"), label(DataClass(verdict.data_class), language())],
            [say("verify.issued"), _terms.moment_text(verdict.issued_at)],
            [say("verify.anchored"), when],
            [say("verify.accredited"), yes if verdict.accredited else no],
            [say("verify.standing"), say(f"standing.{verdict.standing.lower()}")],
        ]
        console.print(table(say("verify.title"), "", "", rows=rows))
        if verdict.genuine:
            console.print(say("verify.genuine"), style="bold green", highlight=False)
        else:
            _say_false(console, why)

    show(session, document, render)
    return 0 if verdict.genuine else _FALSE


def _why(anchored_at: int, accredited: bool, standing: str) -> str:
    if not anchored_at:
        return say("verify.not_anchored")
    if not accredited:
        return say("verify.not_accredited")
    return say("verify.no_longer", standing=say(f"standing.{standing.lower()}"))


def _say_false(console: Console, why: str) -> None:
    console.print(say("verify.not_genuine"), style="bold red", highlight=False)
    console.print(why, markup=False, highlight=False, soft_wrap=True)
