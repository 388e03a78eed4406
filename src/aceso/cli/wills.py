"""`aceso will`: what ends at a person's death, and what is to go on.

The custodians keep it, and give it to a guardian after the death. The file is for an executor: it
names whom the person let in, and ends it when it is carried out.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from aceso.errors import InputError, UsageError

from . import _terms
from ._click import command
from ._output import private_text, receipts, show, show_text, table
from ._session import Session
from ._words import say, sentence
from .consent import ask
from .guarding import own_account

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.flows import WillFacts

__all__ = ["will"]

_ACTIONS = ("write", "show", "carry", "revoke")
_UNFINISHED = 5


@command("will")
@click.argument("action", type=click.Choice(_ACTIONS), metavar="ACTION")
@click.argument("file", required=False, type=click.Path(path_type=Path), metavar="FILE")
@click.option("--keep", multiple=True, metavar="GRANTEE")
@click.option("--out", type=click.Path(path_type=Path), metavar="PATH")
@click.option("--for", "ward", metavar="PERSONA")
@click.option("--yes", is_flag=True)
def will(
    session: Session,
    *,
    action: str,
    file: Path | None,
    keep: tuple[str, ...],
    out: Path | None,
    ward: str | None,
    yes: bool,
) -> int:
    if action == "write":
        return _write(session, out, keep, yes=yes)
    if action == "show":
        return _show(session, file)
    if action == "carry":
        return _carry(session, file, ward, yes=yes)
    return _revoke(session, yes=yes)


def _write(session: Session, out: Path | None, keep: tuple[str, ...], *, yes: bool) -> int:
    from aceso.flows import Guarded
    from aceso.flows.wills import will_digest

    person, network = session.person(), session.network()
    going_on = {_terms.grantee(network, one) for one in keep}
    ending = [row for row in person.consents() if row.grantee not in going_on]
    ask(session, say("will.ask", count=len(ending), keep=len(going_on)), yes=yes)
    text = person.write_will(going_on)
    if out is not None:
        private_text(out, text)
    guarded = Guarded(person)
    has_guardian = bool(guarded.guardians())
    document = {
        "file": None if out is None else str(out),
        "persona": guarded.persona.address,
        "digest": "0x" + will_digest(text).hex(),
        "ends": [_terms.grantee_text(network, row.grantee) for row in ending],
        "goesOn": list(keep),
        "whole": person.manifest.will is not None and person.manifest.will.is_whole,
        "hasGuardian": has_guardian,
    }
    lines = [say("will.written", count=len(ending), persona=guarded.persona.address)]
    if out is not None:
        lines.append(say("will.written_file", file=out))
    if not has_guardian:
        lines.append(say("will.no_guardian"))
    if not document["whole"]:
        lines.append(say("will.not_whole"))
    show_text(session, document, "\n".join(lines))
    return 0


def _show(session: Session, file: Path | None) -> int:
    """Of a file, what it ends and whether it is the will that stands; without one, whether one
    stands, what goes on by it, and whether it lies with the custodians."""
    from aceso.flows import Guarded, read_will

    network = session.network()
    if file is None:
        person = session.person()
        standing = network.suite.guardianship.person(Guarded(person).persona.address).will
        note = person.manifest.will
        is_kept = note is not None and any(standing) and note.digest == standing
        keep = sorted(note.keep) if note is not None and is_kept else []
        names = [_terms.grantee_text(network, one) for one in keep]
        found = "0x" + standing.hex() if any(standing) else None
        lines = [say("will.none") if found is None else say("will.stands", digest=found)]
        if is_kept:
            lines.append(say("will.kept", keep=", ".join(names) or "-"))
        elif found is not None:
            lines.append(say("will.elsewhere"))
        said = {"will": found, "withCustodians": is_kept, "keep": names}
        show_text(session, said, "\n".join(lines))
        return 0
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
    return 0


def _committed(facts: WillFacts) -> str:
    if facts.committed_by is None:
        return say("will.not_standing")
    return say("will.committed", persona=facts.committed_by)


def _carry(session: Session, file: Path | None, ward: str | None, *, yes: bool) -> int:
    """Of a file; or of a persona whose guardian we were, from the custodians."""
    from aceso.flows import carry_out, collect_will, read_will

    network = session.network()
    if ward is None:
        text = _read(file)
    else:
        persona = _terms.address(ward)
        text = collect_will(network, own_account(session, persona), persona)
    count = len(read_will(network, text).ends)
    ask(session, say("will.ask_carry", count=count), yes=yes)
    done = carry_out(network, text)
    document = {"ended": len(done), "transactions": receipts(done)}
    show_text(session, document, say("will.carried", count=len(done)))
    return 0


def _revoke(session: Session, *, yes: bool) -> int:
    ask(session, say("will.ask_revoke"), yes=yes)
    sent, failed = session.person().delete_will()
    kept_by = {who: sentence(error) for who, error in failed.items()}
    lines = [say("will.revoked")]
    lines += [say("will.kept_by", custodian=who, why=why) for who, why in kept_by.items()]
    show_text(session, {"transactions": receipts(sent), "keptBy": kept_by}, "\n".join(lines))
    return _UNFINISHED if kept_by else 0


def _read(file: Path | None) -> str:
    if file is None:
        raise UsageError(
            "Name the file of the will, or with --for the persona whose guardian you were.",
            code="E_WILL_FILE",
        )
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(
            f"{file} can't be read. Check the path.",
            code="E_GUARDIAN_FILE",
            details={"path": str(file)},
        ) from exc
