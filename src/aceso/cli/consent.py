"""`aceso share`, `unshare`, `consents`, `primary-physician` and `who-can-see`.

Each says in plain words what it will do before it signs. The hash of the words that a person said
yes to goes on chain as the grant's notice, and the words stay in the profile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from aceso.codes import CLINICAL, SENSITIVE, DataClass, Reason, Use, label
from aceso.errors import UsageError

from . import _terms
from ._alarms import alarms_document, print_alarms
from ._click import command
from ._covered import covered_document, print_covered
from ._output import errors, receipts, show, table
from ._session import Session
from ._words import language, say, sentence

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.flows import Profile, Seer

__all__ = ["consents", "primary_physician", "share", "unshare", "who_can_see"]

_NONE = DataClass(0)


def ask(session: Session, text: str, *, yes: bool) -> None:
    """Show what will be done, and ask for a yes."""
    if not (session.as_json and yes):
        errors().print(text, markup=False, highlight=False)
    session.confirm(say("ask.go_on"), yes=yes)


def keep_notice(profile: Profile, text: str) -> bytes:
    """The hash of the words; the words themselves stay on the device, to show what was agreed."""
    data = f"{language()}\n{text}".encode()
    digest = hashlib.sha256(data).digest()
    profile.store.put(f"notice/{digest.hex()}", data)
    return digest


@command("share")
@click.argument("grantee")
@click.option("--classes", required=True, metavar="CLASSES")
@click.option("--uses", default="TREAT", show_default=True, metavar="USES")
@click.option("--until", default="365d", show_default=True, metavar="TIME")
@click.option("--yes", is_flag=True)
def share(
    session: Session, *, grantee: str, classes: str, uses: str, until: str, yes: bool
) -> None:
    found, wanted = _terms.classes(classes), _terms.uses(uses)
    span = _terms.Span.parse(until)
    person = session.person()
    network = session.network()
    to = _terms.grantee(network, grantee)
    now = network.suite.now()
    end = now + span.seconds(now, most=_terms.longest(wanted))
    if grantee == _terms.EMERGENCY:
        raise UsageError(
            "For emergencies a card is needed, which names what it opens. Make one with `aceso "
            "emergency card`.",
            code="E_EMERGENCY_SHARE",
        )
    from aceso.flows import desk_of

    if desk_of(network, to) is not None:
        raise UsageError(
            "A consent anew to an offer or a study gives up the pay of the orders that run by it. "
            "Renew it with `aceso renew`.",
            code="E_SHARE_SOLD",
        )
    # Whom nothing can be sealed to is refused before anything is asked.
    network.receiving_key(to)
    text = say(
        "notice.share",
        grantee=_terms.grantee_text(network, to),
        classes=label(found, language()),
        uses=label(wanted, language()),
        until=_terms.moment_text(end),
        command=f"aceso unshare {grantee}",
    )
    ask(session, text, yes=yes)
    notice = keep_notice(person.profile, text)
    seconds = end - network.suite.now()
    receipt = person.share(to, classes=found, uses=wanted, seconds=seconds, notice=notice)
    document = {
        "grantee": _terms.grantee_text(network, to),
        "persona": person.persona_for(to).address,
        "classes": _terms.class_names(found),
        "uses": _terms.use_names(wanted),
        "until": end,
        "notice": "0x" + notice.hex(),
        "noticeText": text,
        "transactions": receipts([receipt]),
    }
    show(session, document, lambda console: _say(console, "share.done"))


@command("unshare")
@click.argument("grantee", required=False)
@click.option("--all", "everything", is_flag=True)
@click.option("--yes", is_flag=True)
def unshare(session: Session, *, grantee: str | None, everything: bool, yes: bool) -> None:
    if everything == (grantee is not None):
        raise UsageError(
            "Name whom to withdraw from, or --all for everybody.", code="E_UNSHARE_WHOM"
        )
    person = session.person()
    network = session.network()
    if everything:
        ask(session, say("notice.unshare_all"), yes=yes)
        sent = person.unshare_everything()
    else:
        to = _terms.grantee(network, str(grantee))
        name = _terms.grantee_text(network, to)
        ask(session, say("notice.unshare", grantee=name), yes=yes)
        sent = [person.unshare(to)]
    why = list(dict.fromkeys(sentence(error) for error in network.troubles))
    document = {"grantee": grantee or "*", "transactions": receipts(sent), "unfinished": why}

    def render(console: Console) -> None:
        _say(console, "unshare.done")
        if why:
            _say(console, "unshare.unfinished", why=" ".join(why))

    show(session, document, render)


@command("primary-physician")
@click.argument("physician")
@click.option("--sensitive", default="", metavar="CLASSES")
@click.option("--until", default="365d", show_default=True, metavar="TIME")
@click.option("--yes", is_flag=True)
def primary_physician(
    session: Session, *, physician: str, sensitive: str, until: str, yes: bool
) -> None:
    account = _terms.address(physician)
    named = _terms.classes(sensitive) if sensitive else _NONE
    if named & ~SENSITIVE:
        names = ", ".join(_terms.class_names(named & ~SENSITIVE))
        raise UsageError(
            f"A primary physician sees what is clinical, and the sensitive classes that are named. "
            f"{names} is neither; use `aceso share`.",
            code="E_NOT_SENSITIVE",
            details={"names": names},
        )
    span = _terms.Span.parse(until)
    person = session.person()
    network = session.network()
    now = network.suite.now()
    end = now + span.seconds(now, most=_terms.longest(Use.TREAT))
    network.receiving_key(bytes(12) + bytes.fromhex(account[2:]))
    text = say(
        "notice.physician",
        physician=account,
        classes=label(CLINICAL, language()),
        sensitive=label(named, language()) if named else say("notice.no_sensitive"),
        until=_terms.moment_text(end),
        command=f"aceso unshare {account}",
    )
    ask(session, text, yes=yes)
    seconds = end - network.suite.now()
    receipt = person.choose_physician(account, sensitive=named, seconds=seconds)
    document = {
        "physician": account,
        "persona": person.persona_for(bytes(12) + bytes.fromhex(account[2:])).address,
        "classes": _terms.class_names(CLINICAL | named),
        "until": end,
        "noticeText": text,
        "transactions": receipts([receipt]),
    }
    show(session, document, lambda console: _say(console, "physician.done"))


@command("consents")
@click.option("--all", "everything", is_flag=True)
def consents(session: Session, *, everything: bool) -> None:
    person = session.person()
    network = session.network()
    now = network.suite.now()
    from aceso.flows import consents_ever, coverage, orders_ever

    rows = consents_ever(person, live=not everything)
    running = coverage(network, orders_ever(person))
    own = person.personas()
    document = {
        "consents": [
            {
                "grantee": _terms.grantee_text(network, row.grantee),
                "persona": row.subject,
                "earlier": row.subject not in own,
                "classes": _terms.class_names(row.classes),
                "uses": _terms.use_names(row.uses),
                "until": row.valid_until,
                "live": row.is_live(now),
                "primary": row.primary,
            }
            for row in rows
        ],
        "orders": covered_document(running),
    }

    def render(console: Console) -> None:
        if not rows:
            console.print(say("consents.none"))
            print_covered(console, running)
            return
        lines = [
            [
                _terms.grantee_text(network, row.grantee),
                label(row.classes, language()),
                _uses(row.uses, row.primary),
                _terms.moment_text(row.valid_until),
                say("consents.live") if row.is_live(now) else say("consents.over"),
            ]
            for row in rows
        ]
        columns = ("grantee", "classes", "uses", "until", "state")
        heads = [say(f"column.{one}") for one in columns]
        console.print(table(say("consents.title"), *heads, rows=lines))
        if any(row.subject not in own for row in rows):
            _say(console, "consents.earlier")
        print_covered(console, running)

    show(session, document, render)


def _uses(uses: Use, primary: bool) -> str:
    said = label(uses, language())
    return f"{said} ({say('consents.primary')})" if primary else said


@command("who-can-see")
@click.option("--actor", metavar="0x…")
@click.option("--classes", default="", metavar="CLASSES")
@click.option("--use", "use_code", default="TREAT", show_default=True, metavar="USE")
def who_can_see(session: Session, *, actor: str | None, classes: str, use_code: str) -> None:
    if actor is not None:
        asked = _terms.classes(classes) if classes else CLINICAL
        _would_see(session, _terms.address(actor), asked, _terms.uses(use_code))
        return
    person = session.person()
    network = session.network()
    wanted = _terms.classes(classes) if classes else None
    seers = [one for one in person.who_can_see() if wanted is None or one.classes & wanted]
    from aceso.flows import standing_alarms

    stands = standing_alarms(person)
    document = {
        "seers": [_seer(one, _terms.grantee_text(network, one.grantee)) for one in seers],
        "alarms": alarms_document(stands),
    }

    def render(console: Console) -> None:
        print_alarms(console, stands)
        if not seers:
            console.print(say("seers.none"))
            return
        rows = [
            [
                _terms.grantee_text(network, one.grantee),
                label(one.classes, language()),
                _uses(one.uses, one.primary),
                _terms.moment_text(one.valid_until),
            ]
            for one in seers
        ]
        columns = ("grantee", "classes", "uses", "until")
        heads = [say(f"column.{one}") for one in columns]
        console.print(table(say("seers.title"), *heads, rows=rows))
        if any(name.startswith("institution:") for name in (row[0] for row in rows)):
            console.print(say("seers.institutions"))

    show(session, document, render)


def _seer(one: Seer, name: str) -> dict[str, Any]:
    return {
        "grantee": name,
        "persona": one.persona,
        "classes": _terms.class_names(one.classes),
        "uses": _terms.use_names(one.uses),
        "until": one.valid_until,
        "primary": one.primary,
    }


def _would_see(session: Session, actor: str, asked: DataClass, use: Use) -> None:
    """What the contract answers this account, through every consent that there is."""
    person = session.person()
    network = session.network()
    own = bytes(12) + bytes.fromhex(actor[2:])
    grantees = {own: None} | {row.grantee: None for row in person.consents()}
    answers: list[tuple[str, DataClass, Reason]] = []
    for to in grantees:
        for one in asked:
            reason = person.would_see(actor, to, one, use)
            answers.append((_terms.grantee_text(network, to), one, reason))
    document = {
        "actor": actor,
        "use": _terms.use_names(use),
        "answers": [
            {
                "grantee": name,
                "class": _terms.class_names(one)[0],
                "permitted": reason.permits,
                "reason": reason.name,
                "text": label(reason, language()),
            }
            for name, one, reason in answers
        ],
    }

    def render(console: Console) -> None:
        rows: Sequence[Sequence[object]] = [
            [
                name,
                label(one, language()),
                say("seers.yes") if reason.permits else say("seers.no"),
                label(reason, language()),
            ]
            for name, one, reason in answers
        ]
        columns = ("through", "class", "sees", "reason")
        heads = [say(f"column.{one}") for one in columns]
        console.print(table(say("seers.actor", actor=actor), *heads, rows=rows))

    show(session, document, render)


def _say(console: Console, key: str, **values: object) -> None:
    console.print(say(key, **values), markup=False, highlight=False, soft_wrap=True)
