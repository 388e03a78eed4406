"""`aceso emergency`: a card for the case that one can't be asked, and what is done with it.

The card's secret is in the page that is written, and nowhere in what the command prints.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aceso.codes import Emergency, label
from aceso.errors import InputError, UsageError

from . import _terms
from ._click import command
from ._output import private_file, private_text, receipts, show, show_text, table
from ._session import Session, home_folder
from ._unopened import unopened_document, unopened_lines
from ._words import language, say, sentence
from .consent import ask
from .guarding import own_account

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.chain import EmergencyStatistics, Receipt
    from aceso.flows import EmergencyNotice
    from aceso.vault import EmergencyCard

__all__ = ["emergency"]

_ACTIONS = (
    *("card", "open", "close", "let-stop", "stop", "review", "status", "statistics", "collect"),
)
_REASONS = tuple(one.name.lower().replace("_", "-") for one in Emergency)
_CARD = re.compile(r"ACESO-E1:[A-Z2-7\s]+")


@command("emergency")
@click.argument("action", type=click.Choice(_ACTIONS), metavar="ACTION")
@click.argument("what", required=False, default="")
@click.option("--classes", metavar="CLASSES")
@click.option("--until", default="5y", show_default=True, metavar="TIME")
@click.option("--new", "anew", is_flag=True)
@click.option("--institution", type=click.IntRange(1, 2**96 - 1), multiple=True, metavar="N")
@click.option("--gateway", "gateway_home", metavar="DIR")
@click.option("--reason", type=click.Choice(_REASONS), metavar="REASON")
@click.option("--window", metavar="TIME")
@click.option("--for", "ward", metavar="PERSONA")
@click.option("--justified/--unjustified", "justified", default=None)
@click.option("--end", is_flag=True)
@click.option("--out", type=click.Path(path_type=Path), metavar="PATH")
@click.option("--yes", is_flag=True)
def emergency(session: Session, *, action: str, **given: Any) -> None:
    _DOING[action](session, given)


def _card(session: Session, given: dict[str, Any]) -> None:
    """Make the card, or the same again; with --new one in place of one that was lost."""
    from aceso.exports import emergency_page
    from aceso.flows import EMERGENCY_CLASSES, EmergencyProfile

    out = _needed(given["out"], "--out")
    classes = _terms.classes(given["classes"]) if given["classes"] else EMERGENCY_CLASSES
    person = session.person()
    now = person.network.suite.now()
    seconds = _terms.Span.parse(given["until"]).seconds(now)
    until = _terms.day_text(now + seconds)
    words = say("emergency.ask", classes=label(classes, language()), until=until)
    profile = EmergencyProfile(person)
    for number in given["institution"]:
        profile.key_at(number)
    ask(session, words, yes=given["yes"])
    make = profile.replace if given["anew"] else profile.prepare
    card = make(classes, seconds=seconds)
    files = [str(private_text(out, emergency_page(card, classes)))]
    for number, sealed in profile.sealed_for(given["institution"]).items():
        copy = out.with_name(f"{out.stem}-institution-{number}.sealed")
        with private_file(copy) as file:
            file.write(sealed.hex() + "\n")
        files.append(str(copy))
    document = {
        "persona": card.persona,
        "classes": _terms.class_names(classes),
        "until": now + seconds,
        "files": files,
        "unsealed": [
            {"institution": number, "code": exc.code, "reason": sentence(exc)}
            for number, exc in profile.unsealed.items()
        ],
    }
    said = [say("emergency.card", file=out, until=until)]
    said += [
        say("emergency.unsealed", institution=number, why=sentence(exc))
        for number, exc in profile.unsealed.items()
    ]
    show_text(session, document, "\n".join(said))


def _open(session: Session, given: dict[str, Any]) -> None:
    """Break the glass, unless it is broken; with --out read what the person chose."""
    from aceso.flows import Rescuer

    wanted = _terms.classes(given["classes"]) if given["classes"] else None
    rescuer = Rescuer(session.network(), session.profile("professional"))
    card = _card_of(session, given)
    suite = session.network().suite
    number = suite.emergencies.opening_of(card.persona, rescuer.account.address)
    sent: list[Receipt] = []
    if not number:
        (place,) = given["institution"] or (_needed(None, "--institution"),)
        reason = Emergency[_needed(given["reason"], "--reason").upper().replace("-", "_")]
        window = _terms.Span.parse(given["window"]).seconds(suite.now()) if given["window"] else 0
        ask(session, say("emergency.break", reason=label(reason, language())), yes=given["yes"])
        sent.append(rescuer.open(card, institution=place, reason=reason, seconds=window))
        number = suite.emergencies.opening_of(card.persona, rescuer.account.address)
    until = suite.emergencies.newest_of(card.persona, rescuer.account.address).valid_until
    files = []
    if given["out"] is not None:
        folder: Path = given["out"]
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        files = [str(one.path) for one in rescuer.read(card, classes=wanted, folder=folder)]
    document = {
        "number": number,
        "persona": card.persona,
        "until": until,
        "classes": _terms.class_names(rescuer.chosen(card)),
        "files": files,
        "transactions": receipts(sent),
    } | unopened_document(rescuer.unopened, rescuer.unlisted)
    moment = _terms.moment_text(until)
    said = [say("emergency.open", number=number, until=moment, count=len(files))]
    said += unopened_lines(rescuer.unopened, rescuer.unlisted)
    show_text(session, document, "\n".join(said))


def _close(session: Session, given: dict[str, Any]) -> None:
    from aceso.flows import Rescuer

    rescuer = Rescuer(session.network(), session.profile("professional"))
    receipt = rescuer.close(_terms.address(given["what"]))
    show_text(session, {"transactions": receipts([receipt])}, say("emergency.close"))


def _let_stop(session: Session, given: dict[str, Any]) -> None:
    """Name somebody who may stop accesses; they accept as a guardian of the card's persona."""
    from aceso.flows import EmergencyProfile

    guardian = _terms.address(given["what"])
    profile = EmergencyProfile(session.person())
    receipt = profile.let_stop(guardian)
    persona = profile.acting().address
    document = {
        "account": guardian,
        "persona": persona,
        "transactions": receipts([receipt]),
    }
    show_text(session, document, say("emergency.let_stop", account=guardian, persona=persona))


def _stop(session: Session, given: dict[str, Any]) -> None:
    """As the person, or with --for as a guardian."""
    from aceso.flows import EmergencyProfile, stop_as_guardian

    clinician = _terms.address(given["what"])
    if given["ward"]:
        subject = _terms.address(given["ward"])
        receipt = stop_as_guardian(
            session.network(),
            own_account(session, subject),
            subject=subject,
            clinician=clinician,
        )
    else:
        receipt = EmergencyProfile(session.person()).stop(clinician)
    document = {"clinician": clinician, "transactions": receipts([receipt])}
    show_text(session, document, say("emergency.stop", clinician=clinician))


def _review(session: Session, given: dict[str, Any]) -> None:
    from aceso.flows import Reviewer

    number = _number(given["what"])
    reviewer = Reviewer(session.network(), session.profile("professional"))
    if given["end"]:
        receipt = reviewer.end(number)
    else:
        (place,) = given["institution"] or (_needed(None, "--institution"),)
        if given["justified"] is None:
            _needed(None, "--justified")
        receipt = reviewer.review(number, institution=place, justified=given["justified"])
    outcome = session.network().suite.emergencies.opening(number).outcome.name.lower()
    document = {"number": number, "outcome": outcome, "transactions": receipts([receipt])}
    show_text(session, document, say("emergency.review", number=number, outcome=_outcome(outcome)))


def _collect(session: Session, given: dict[str, Any]) -> None:
    """What is owed to the card's persona, or to the clinician."""
    from aceso.flows import EmergencyProfile, Rescuer, coin

    to = _terms.address(given["what"])
    network = session.network()
    profile = session.profile("person", "professional")
    if profile.kind == "person":
        amount, sent = EmergencyProfile(session.person()).collect(to)
    else:
        account = Rescuer(network, profile).account
        amount = network.suite.emergencies.credit_of(account.address)[0]
        sent = [network.sender(account).send(network.suite.emergencies.take_credit(to))]
    document = {"amount": str(amount), "to": to, "transactions": receipts(sent)}
    show_text(session, document, say("emergency.collect", amount=coin(amount), account=to))


def _status(session: Session, given: dict[str, Any]) -> None:
    """A person's own openings, and the public numbers."""
    from aceso.flows import EmergencyProfile

    profile = session.profile()
    notices = EmergencyProfile(session.person()).openings() if profile.kind == "person" else []
    (place,) = given["institution"] or (0,)
    counted = session.network().suite.emergencies.statistics(place)
    document = {
        "openings": [
            {
                "number": one.number,
                "persona": one.subject,
                "openedAt": one.opened_at,
                "until": one.valid_until,
                "open": one.is_open,
                "stopped": one.is_stopped,
                "clinician": one.opening.clinician,
                "institution": one.opening.institution,
                "reason": one.opening.reason.name,
                "reviewUntil": one.opening.review_until,
                "outcome": one.outcome.name.lower(),
            }
            for one in notices
        ],
        "statistics": _numbers(place, counted),
    }
    numbers = _said(counted)

    def render(console: Console) -> None:
        if notices:
            names = ("emergency", "when", "until", "actor", "reason", "outcome")
            heads = [say(f"column.{name}") for name in names]
            rows = [_row(one) for one in notices]
            console.print(table(say("emergency.title"), *heads, rows=rows))
        elif profile.kind == "person":
            console.print(say("emergency.none"))
        console.print(numbers, highlight=False, soft_wrap=True)

    show(session, document, render)


def _row(notice: EmergencyNotice) -> list[object]:
    state = say("emergency.is_open") if notice.is_open else _outcome(notice.outcome.name.lower())
    return [
        notice.number,
        _terms.moment_text(notice.opened_at),
        _terms.moment_text(notice.valid_until),
        notice.opening.clinician,
        label(notice.opening.reason, language()),
        f"{state} · {say('emergency.stopped')}" if notice.is_stopped else state,
    ]


def _outcome(name: str) -> str:
    return say(f"emergency.{name}")


def _card_of(session: Session, given: dict[str, Any]) -> EmergencyCard:
    """The card that was scanned, or the copy that the person left with the institution, which its
    gateway opens."""
    from aceso.flows import Holder, Profile
    from aceso.vault import EmergencyCard, OpeningError

    path = Path(given["what"])
    sealed = _sealed_copy(path) if given["what"] and path.is_file() else None
    if sealed is None:
        return _read_card(given["what"])
    home = home_folder(_needed(given["gateway_home"], "--gateway"))
    question = say("ask.gateway_passphrase")
    secret = session.passphrase(question, variable="ACESO_GATEWAY_PASSPHRASE")
    behind = Profile.open(home, passphrase=secret)
    try:
        keys = Holder(session.network(), behind).receiving.all
    finally:
        behind.close()
    # It may have been sealed to a key of before.
    for key in keys[:-1]:
        with suppress(OpeningError):
            return EmergencyCard.open(sealed, key)
    return EmergencyCard.open(sealed, keys[-1])


def _sealed_copy(path: Path) -> bytes | None:
    try:
        return bytes.fromhex(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        # A page, or the text of a card.
        return None


def _statistics(session: Session, given: dict[str, Any]) -> None:
    """The public numbers, for whoever asks: no profile is needed."""
    (place,) = given["institution"] or (0,)
    counted = session.network().suite.emergencies.statistics(place)
    show_text(session, _numbers(place, counted), _said(counted))


def _numbers(place: int, counted: EmergencyStatistics) -> dict[str, Any]:
    return {
        "institution": place or None,
        "opened": counted.opened,
        "stopped": counted.stopped,
        "justified": counted.justified,
        "unjustified": counted.unjustified,
        "unreviewed": counted.unreviewed,
        "pending": counted.pending,
    }


def _said(counted: EmergencyStatistics) -> str:
    return say(
        "emergency.statistics",
        opened=counted.opened,
        stopped=counted.stopped,
        justified=counted.justified,
        unjustified=counted.unjustified,
        unreviewed=counted.unreviewed,
        pending=counted.pending,
    )


def _read_card(text: str) -> EmergencyCard:
    """The text that was scanned, or a file that has it, such as the page itself."""
    from aceso.vault import EmergencyCard

    path = Path(text)
    if text and not text.startswith("ACESO") and path.is_file():
        text = path.read_text(encoding="utf-8", errors="replace")
    found = _CARD.search(text)
    if found is None and not text.upper().startswith("ACESO"):
        raise InputError(
            "That is no emergency card. Name the file of its page, or write the text beneath its "
            "picture, which begins with ACESO-E1.",
            code="E_EMERGENCY_CARD",
        )
    return EmergencyCard.from_text(found.group() if found else text)


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise UsageError(
            "Say the number of the access, as `aceso emergency status` shows it.",
            code="E_EMERGENCY_NUMBER",
        )
    return int(text)


def _needed(value: Any, option: str) -> Any:
    if value is None:
        raise UsageError(
            f"Say {option}: see `aceso emergency --help`.",
            code="E_EMERGENCY_OPTION",
            details={"option": option},
        )
    return value


_DOING: dict[str, Callable[[Session, dict[str, Any]], None]] = {
    "card": _card,
    "open": _open,
    "close": _close,
    "let-stop": _let_stop,
    "stop": _stop,
    "review": _review,
    "status": _status,
    "statistics": _statistics,
    "collect": _collect,
}
