"""`aceso card`, `issue`, `replace`, `retract`, `vouch`, `member`: a person, a hospital, who works
there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from aceso.errors import InputError

from . import _terms
from ._click import command
from ._files import file_text
from ._output import private_text, receipts, show, steps
from ._session import Session
from ._words import say
from .consent import ask
from .importing import is_refused, report_document, show_report, walk

if TYPE_CHECKING:
    from aceso.flows import Issued, Issuer

__all__ = ["card", "issue", "member", "patient_name", "replace", "retract", "vouch"]

_REFUSED = 3


@command("card")
@click.option("--for", "issuer", required=True, metavar="GRANTEE")
@click.option("--classes", default="clinical", show_default=True, metavar="CLASSES")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE")
def card(session: Session, *, issuer: str, classes: str, out: Path) -> None:
    found = _terms.classes(classes)
    person = session.person()
    persona = person.persona_for(_terms.grantee(session.network(), issuer))
    made = person.card(persona, found)
    private_text(out, made.to_json() + "\n")
    document = {
        "file": str(out),
        "persona": persona.address,
        "classes": _terms.class_names(found),
    }
    text = say("card.done", file=out, issuer=issuer)
    show(session, document, lambda console: console.print(text, markup=False, soft_wrap=True))


@command("issue")
@click.argument("card", type=click.Path(path_type=Path))
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--patient-file", type=click.Path(path_type=Path), metavar="FILE")
def issue(session: Session, *, card: Path, paths: Sequence[Path], patient_file: Path | None) -> int:
    from aceso.flows import Issuer
    from aceso.vault import Card

    try:
        text = card.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(
            f"The card can't be read from {card}. Ask the person for it; they make it with "
            "`aceso card`.",
            code="E_CARD_FILE",
            details={"path": str(card)},
        ) from exc
    made = Card.from_json(text)
    patient = patient_name(patient_file) if patient_file else ""
    issuer = Issuer(session.network(), session.profile("institution"))
    files, hidden = walk(paths)
    with steps(session) as progress:
        report = issuer.issue(made, files, patient=patient, progress=progress)
    show(
        session,
        report_document(report, hidden),
        lambda console: show_report(console, report, hidden),
    )
    return _REFUSED if any(is_refused(one) for one in report.files) else 0


@command("retract")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True)
def retract(session: Session, *, paths: Sequence[Path], yes: bool) -> None:
    from aceso.flows import Issuer

    issuer = Issuer(session.network(), session.profile("institution"))
    found = _issued(issuer, paths)
    ask(session, say("notice.retract", count=len(found)), yes=yes)
    sent, before = issuer.retract(found)
    document = {"retracted": len(sent), "before": before, "transactions": receipts(sent)}
    text = say("retract.done", count=len(sent), before=before)
    show(session, document, lambda console: console.print(text, highlight=False, soft_wrap=True))


@command("replace")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--by", "newer", multiple=True, required=True, type=click.Path(path_type=Path), metavar="FILE"
)
@click.option("--yes", is_flag=True)
def replace(session: Session, *, paths: Sequence[Path], newer: Sequence[Path], yes: bool) -> None:
    from aceso.flows import Issuer, replacements

    issuer = Issuer(session.network(), session.profile("institution"))
    found = replacements(_issued(issuer, paths), _issued(issuer, newer))
    if not found.pairs:
        raise InputError(
            "No record of the newer files takes the place of one of the earlier: none is of the "
            "same person and class. Issue the corrected file to the person first, or take the "
            "earlier one back with `aceso retract`.",
            code="E_NO_REPLACEMENT",
        )
    counts = {"count": len(found.pairs), "left": len(found.left)}
    ask(session, say("notice.replace", **counts), yes=yes)
    sent, before = issuer.replace(found)
    document = {
        "replaced": len(sent),
        "before": before,
        "left": len(found.left),
        "transactions": receipts(sent),
    }
    text = say("replace.done", count=len(sent), before=before, left=len(found.left))
    show(session, document, lambda console: console.print(text, highlight=False, soft_wrap=True))


def _issued(issuer: Issuer, paths: Sequence[Path]) -> list[Issued]:
    files, _ = walk(paths)
    found = issuer.issued_from(files)
    if not found:
        raise InputError(
            "Nothing was issued from these files on this device, byte for byte. Name the files as "
            "they were issued, on the device that issued them.",
            code="E_NOT_ISSUED",
        )
    return found


@command("vouch")
@click.argument("account")
@click.option("--patient-file", required=True, type=click.Path(path_type=Path), metavar="FILE")
@click.option("--out", required=True, type=click.Path(path_type=Path), metavar="FILE")
@click.option("--instead", is_flag=True)
@click.option("--yes", is_flag=True)
def vouch(
    session: Session, *, account: str, patient_file: Path, out: Path, instead: bool, yes: bool
) -> None:
    from aceso.flows import Issuer, give_vouch

    who, patient = _terms.address(account), patient_name(patient_file)
    issuer = Issuer(session.network(), session.profile("institution"))
    ask(session, say("notice.vouch", account=who), yes=yes)
    private_text(out, give_vouch(issuer, patient, who, instead=instead).to_json() + "\n")
    document = {"file": str(out), "issuer": issuer.account.address, "account": who}
    text = say("vouch.done", file=out, account=who)
    show(session, document, lambda console: console.print(text, markup=False, soft_wrap=True))


def patient_name(path: Path) -> str:
    """The issuer's own name of a patient. A file's first line, since others on a machine see what
    stands in a command."""
    found = file_text(path).split("\n", 1)[0].strip()
    if not found:
        raise InputError(
            f"The first line of {path} is empty. Write there what you call the patient by.",
            code="E_PATIENT_FILE",
            details={"path": str(path)},
        )
    return found


@command("member")
@click.argument("institution", type=click.IntRange(1, 2**96 - 1))
@click.argument("account")
@click.option("--until", default="365d", show_default=True, metavar="TIME")
@click.option("--end", is_flag=True)
def member(session: Session, *, institution: int, account: str, until: str, end: bool) -> None:
    from aceso.flows import Issuer

    who = _terms.address(account)
    span = _terms.Span.parse(until)
    issuer = Issuer(session.network(), session.profile("institution"))
    now = session.network().suite.now()
    last = now if end else now + span.seconds(now)
    receipt = issuer.add_member(institution, who, until=last)
    document = {
        "institution": institution,
        "account": who,
        "until": last,
        "transactions": receipts([receipt]),
    }
    key = "member.ended" if end else "member.done"
    text = say(key, account=who, number=institution, until=_terms.moment_text(last))
    show(session, document, lambda console: console.print(text, highlight=False, soft_wrap=True))
