"""`aceso will`: what ends at a person's death, and what is to go on.

The file is for the executor: it names whom the person let in, and ends it when it is carried out.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aceso.errors import InputError, UsageError

from . import _terms
from ._click import command
from ._output import private_text, receipts, show, table
from ._session import Session
from ._words import say
from .consent import ask

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.flows import WillFacts

__all__ = ["will"]

_ACTIONS = ("write", "show", "carry", "revoke")


@command("will")
@click.argument("action", type=click.Choice(_ACTIONS), metavar="ACTION")
@click.argument("file", required=False, type=click.Path(path_type=Path), metavar="FILE")
@click.option("--keep", multiple=True, metavar="GRANTEE")
@click.option("--out", type=click.Path(path_type=Path), metavar="PATH")
@click.option("--yes", is_flag=True)
def will(
    session: Session,
    *,
    action: str,
    file: Path | None,
    keep: tuple[str, ...],
    out: Path | None,
    yes: bool,
) -> None:
    if action == "write":
        _write(session, out, keep, yes=yes)
    elif action == "show":
        _show(session, file)
    elif action == "carry":
        _carry(session, file, yes=yes)
    else:
        _revoke(session, yes=yes)


def _write(session: Session, out: Path | None, keep: tuple[str, ...], *, yes: bool) -> None:
    from aceso.flows import Guarded, make_will
    from aceso.flows.wills import will_digest

    if out is None:
        raise UsageError("Say where to write, with --out.", code="E_RECOVERY_OUT")
    person, network = session.person(), session.network()
    going_on = {_terms.grantee(network, one) for one in keep}
    ending = [row for row in person.consents() if row.grantee not in going_on]
    ask(session, say("will.ask", count=len(ending), keep=len(going_on)), yes=yes)
    text = make_will(person, keep=going_on)
    private_text(out, text)
    document = {
        "file": str(out),
        "persona": Guarded(person).persona.address,
        "digest": "0x" + will_digest(text).hex(),
        "ends": [_terms.grantee_text(network, row.grantee) for row in ending],
        "goesOn": list(keep),
    }
    _tell(session, document, say("will.written", file=out, count=len(ending)))


def _show(session: Session, file: Path | None) -> None:
    """Of a file, what it ends and whether it is the will that stands; without one, whether one
    stands."""
    from aceso.flows import Guarded, read_will

    network = session.network()
    if file is None:
        standing = network.suite.guardianship.person(Guarded(session.person()).persona.address)
        found = "0x" + standing.will.hex() if any(standing.will) else None
        text = say("will.none") if found is None else say("will.stands", digest=found)
        _tell(session, {"will": found}, text)
        return
    facts = read_will(network, _read(file))
    rows = [[one, _terms.grantee_text(network, grantee)] for one, grantee in facts.ends]
    document = {
        "digest": "0x" + facts.digest.hex(),
        "committedBy": facts.committed_by,
        "wholePersonas": facts.whole,
        "ends": [{"persona": one, "grantee": who} for one, who in rows],
    }

    def render(console: Console) -> None:
        columns = (say("column.persona"), say("column.grantee"))
        console.print(table(say("will.title", count=len(rows)), *columns, rows=rows))
        if facts.whole:
            console.print(say("will.whole", count=facts.whole), highlight=False, soft_wrap=True)
        console.print(_committed(facts), highlight=False, soft_wrap=True)

    show(session, document, render)


def _committed(facts: WillFacts) -> str:
    if facts.committed_by is None:
        return say("will.not_standing")
    return say("will.committed", persona=facts.committed_by)


def _carry(session: Session, file: Path | None, *, yes: bool) -> None:
    from aceso.flows import carry_out, read_will

    text = _read(file)
    count = len(read_will(session.network(), text).ends)
    ask(session, say("will.ask_carry", count=count), yes=yes)
    done = carry_out(session.network(), text)
    document = {"ended": len(done), "transactions": receipts(done)}
    _tell(session, document, say("will.carried", count=len(done)))


def _revoke(session: Session, *, yes: bool) -> None:
    from aceso.flows import revoke_will

    ask(session, say("will.ask_revoke"), yes=yes)
    receipt = revoke_will(session.person())
    _tell(session, {"transactions": receipts([receipt])}, say("will.revoked"))


def _read(file: Path | None) -> str:
    if file is None:
        raise UsageError("Name the file of the will.", code="E_WILL_FILE")
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(
            f"{file} can't be read. Check the path.",
            code="E_GUARDIAN_FILE",
            details={"path": str(file)},
        ) from exc


def _tell(session: Session, document: dict[str, Any], text: str) -> None:
    show(session, document, lambda console: console.print(text, highlight=False, soft_wrap=True))
