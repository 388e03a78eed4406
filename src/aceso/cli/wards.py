"""What `aceso guardian` does for somebody else, and what it shows of how they stand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from aceso.errors import UsageError

from . import _terms
from ._output import receipts, show, table
from ._session import Session
from ._words import say, sentence
from .profile import fund

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.chain import Claim
    from aceso.flows import Guardian

__all__ = ["account", "attest", "read", "status", "sync"]

_CLAIMS = ("incapacity", "death", "capacity")


def account(session: Session, acting: Guardian, ward: str) -> None:
    """Show the account that the ward is to name, with its receiving key published."""
    fund(session.network(), acting.account.address)
    published = acting.receiving.publish()
    document = {
        "account": acting.account.address,
        "ward": ward,
        "published": published is not None,
    }
    text = say("guardian.account", account=acting.account.address, ward=ward)
    show(session, document, lambda console: _line(console, text))


def sync(session: Session, acting: Guardian, ward: str) -> None:
    """Pass the ward's newest keys to all whom we let in."""
    left = acting.pass_keys(ward)
    people = acting.let_in(ward)
    document: dict[str, Any] = {"keys": left, "letIn": people}
    text = say("guardian.sync", count=left, people=len(set(people) - {acting.account.address}))
    show(session, document, lambda console: _line(console, text))


def read(
    session: Session, acting: Guardian, ward: str, classes: str, use: str, folder: Path
) -> None:
    """Open what was entrusted to us."""
    found = acting.read(ward, classes=_terms.classes(classes), folder=folder, use=_terms.uses(use))
    document = {
        "opened": [{"record": one.entry.record_id.hex(), "file": str(one.path)} for one in found],
        "notOpened": [
            {"record": one.entry.record_id.hex(), "code": one.error.code} for one in acting.unopened
        ],
    }

    def render(console: Console) -> None:
        for one in found:
            name = one.entry.record_id.hex()[:16]
            _line(console, say("open.written", record=name, file=one.path))
        for failed in acting.unopened:
            name = failed.entry.record_id.hex()[:16]
            _line(console, say("open.failed", record=name, why=sentence(failed.error)))
        if not found:
            _line(console, say("open.nothing"))

    show(session, document, render)


def attest(session: Session, ward: str, claim: str, institution: int) -> None:
    """Say as a physician that the person lost capacity, has it again, or died."""
    from aceso.flows import Attesting

    wanted = _claim(claim)
    physician = Attesting(session.network(), session.profile("professional", "institution"))
    receipt = physician.attest(ward, wanted, institution=institution)
    confirmed = [event for event in receipt.events if event.name == "ClaimConfirmed"]
    in_force = int(confirmed[0].args["inForceFrom"]) if confirmed else None
    document = {
        "persona": ward,
        "claim": claim,
        "confirmed": bool(confirmed),
        "inForceFrom": in_force,
        "transactions": receipts([receipt]),
    }
    text = say("guardian.attested")
    if in_force is not None:
        text = say("guardian.confirmed", at=_terms.moment_text(in_force))
    show(session, document, lambda console: _line(console, text))


def _claim(text: str) -> Claim:
    from aceso.chain import Claim

    if text not in _CLAIMS:
        raise UsageError(
            "Say what you attest: incapacity, death or capacity.",
            code="E_ATTEST_CLAIM",
            details={"claim": text},
        )
    return Claim[text.upper()]


def status(session: Session, persona: str) -> None:
    """How a person stands: of age or not, what is claimed of them, who came after, the will."""
    from aceso.chain import Claim

    contract = session.network().suite.guardianship
    now = session.network().suite.now()
    person = contract.person(persona)
    successor = person.successor if int(person.successor, 16) else None
    claims = {}
    for name in ("incapacity", "death"):
        since, objections = contract.claim(persona, Claim[name.upper()])
        claims[name] = {
            "inForceFrom": since or None,
            "inForce": bool(since) and now >= since,
            "objections": objections,
        }
    document = {
        "persona": persona,
        "majority": person.majority or None,
        "minor": now < person.majority,
        "successor": successor,
        "will": "0x" + person.will.hex() if any(person.will) else None,
        "claims": claims,
    }
    majority = _terms.day_text(person.majority) if person.majority else "-"
    rows: list[list[str]] = [
        [say("guardian.of_age"), majority],
        *(
            [
                say(f"guardian.{name}"),
                _terms.moment_text(one["inForceFrom"]) if one["inForceFrom"] else say("word.no"),
            ]
            for name, one in claims.items()
        ),
        [say("guardian.successor"), successor or "-"],
        [say("guardian.will"), "0x" + person.will.hex() if any(person.will) else "-"],
    ]
    made = table(say("guardian.standing", persona=persona), "", "", rows=rows)
    at_death = say("guardian.will_carried" if any(person.will) else "guardian.will_missing")

    def render(console: Console) -> None:
        console.print(made)
        _line(console, at_death)

    show(session, document, render)


def _line(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
