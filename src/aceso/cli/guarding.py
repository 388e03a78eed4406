"""`aceso guardian`, `recovery` and `majority`: who acts for whom, and seeds lost or replaced.

A guardian and whoever recovers use an account for each ward, which `guardian account` shows. Both
exchange files with the others: words are for one guardian's eyes, supports hold no secret.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from aceso.codes import label
from aceso.errors import InputError, UsageError

from . import _terms, wards
from ._click import command
from ._first_will import by_default
from ._output import private_text, receipts, show, show_text, steps, table
from ._session import Session, home_folder
from ._words import language, say
from .consent import ask

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount
    from rich.console import Console

    from aceso.chain import GuardianPower, Receipt
    from aceso.flows import Guarded, Guardian, ReceivingKeys

__all__ = ["guardian", "majority", "own_account", "own_receiving", "recovery"]

_UNFINISHED = 5

T = TypeVar("T")

_GUARDIAN = (
    *("account", "name", "entrust", "accept", "resign", "list", "status", "remove"),
    *("share", "unshare", "sync", "read", "attest", "confirm", "contest"),
)
_RECOVERY = ("prepare", "support", "start", "status", "veto", "finish")
_CONTESTED = ("incapacity", "death")
_DAY = 86_400


@command("guardian")
@click.argument("action", type=click.Choice(_GUARDIAN), metavar="ACTION")
@click.argument("whom", required=False, default="")
@click.option("--for", "ward", metavar="PERSONA")
@click.option("--powers", default="stop,recover", show_default=True, metavar="POWERS")
@click.option("--classes", metavar="CLASSES")
@click.option("--uses", default="TREAT", show_default=True, metavar="USES")
@click.option("--until", metavar="TIME")
@click.option("--majority", metavar="DATE")
@click.option("--institution", type=click.IntRange(1, 2**96 - 1), metavar="N")
@click.option("--out", type=click.Path(path_type=Path), metavar="PATH")
@click.option("--yes", is_flag=True)
def guardian(session: Session, *, action: str, whom: str, **given: Any) -> None:
    if action == "list":
        _list(session)
    elif action == "name":
        _name(session, _account_of(whom), given)
    elif action == "entrust":
        _entrust(session, _account_of(whom), given)
    elif action == "remove":
        account = _account_of(whom)
        _done(session, action, _guarded(session).remove(account), account=account)
    elif action == "contest":
        _contest(session, whom)
    elif action == "status":
        wards.status(session, _ward(given["ward"] or _guarded(session).persona.address))
    elif action in ("attest", "confirm"):
        place = needed(given["institution"], "--institution")
        wards.attest(session, _ward(given["ward"]), whom, place)
    else:
        _as_guardian(session, action, whom, given)


def _as_guardian(session: Session, action: str, whom: str, given: dict[str, Any]) -> None:
    """What somebody does for a ward."""
    ward = _ward(given["ward"])
    acting = _acting(session, ward)
    if action == "account":
        wards.account(session, acting, ward)
    elif action == "accept":
        _done(session, action, acting.accept(ward), account=acting.account.address)
    elif action == "resign":
        _done(session, action, acting.resign(ward), account=acting.account.address)
    elif action == "sync":
        wards.sync(session, acting, ward)
    elif action == "read":
        folder = _place(given["out"])
        wards.read(session, acting, ward, given["classes"] or "clinical", given["uses"], folder)
    elif action == "share":
        seconds = _seconds(session, given["until"])
        actor = _account_of(whom)
        _done(session, action, acting.share(ward, actor, seconds=seconds), account=actor)
    else:
        actor = _account_of(whom)
        _done(session, action, acting.unshare(ward, actor), account=actor)


def _seconds(session: Session, until: str | None, usual: str = "10y") -> int:
    return _terms.Span.parse(until or usual).seconds(session.network().suite.now())


def _name(session: Session, account: str, given: dict[str, Any]) -> None:
    powers, majority = str(given["powers"]), given["majority"]
    found = _powers(powers)
    guarded = _guarded(session)
    now = session.network().suite.now()
    seconds = _seconds(session, given["until"])
    comes_of_age = _day(majority) if majority else 0
    text = say("guardian.ask", account=account, powers=powers, until=_terms.day_text(now + seconds))
    ask(session, text, yes=given["yes"])
    receipt = guarded.name(account, powers=found, seconds=seconds, majority=comes_of_age)
    will, lines = by_default(session)
    persona = guarded.persona.address
    document = {"account": account, "persona": persona, "will": will}
    lines = [say("guardian.name", account=account, persona=persona), *lines]
    show_text(session, document | {"transactions": receipts([receipt])}, "\n".join(lines))


def _entrust(session: Session, account: str, given: dict[str, Any]) -> None:
    """Say what a guardian acts on, and leave the keys for them."""
    classes = _terms.classes(needed(given["classes"], "--classes"))
    uses = _terms.uses(given["uses"])
    seconds = _seconds(session, given["until"], "5y")
    text = say(
        "guardian.ask_entrust",
        account=account,
        classes=label(classes, language()),
        uses=label(uses, language()),
    )
    ask(session, text, yes=given["yes"])
    guarded = _guarded(session)
    receipt = guarded.entrust(account, classes=classes, uses=uses, seconds=seconds)
    _done(session, "entrust", receipt, account=account, persona=guarded.persona.address)


def _list(session: Session) -> None:
    guarded = _guarded(session)
    rows = guarded.guardians()
    document = {
        "persona": guarded.persona.address,
        "guardians": [
            {
                "account": one.guardian,
                "powers": _power_names(one.seat.powers),
                "until": one.seat.valid_until,
                "accepted": one.seat.accepted,
            }
            for one in rows
        ],
    }
    columns = [say(f"column.{name}") for name in ("guardian", "powers", "until", "accepted")]
    made = table(
        say("guardian.title", persona=guarded.persona.address),
        *columns,
        rows=[
            (
                one.guardian,
                ", ".join(_power_names(one.seat.powers)),
                _terms.day_text(one.seat.valid_until),
                say("word.yes") if one.seat.accepted else say("word.no"),
            )
            for one in rows
        ],
    )
    show(session, document, lambda console: console.print(made))


def _contest(session: Session, claim: str) -> None:
    from aceso.chain import Claim

    if claim not in _CONTESTED:
        raise UsageError(
            "Say what you object to: incapacity or death.",
            code="E_GUARDIAN_CLAIM",
            details={"claim": claim},
        )
    _done(session, "contest", _guarded(session).contest(Claim[claim.upper()]), account="")


@command("recovery")
@click.argument("action", type=click.Choice(_RECOVERY), metavar="ACTION")
@click.argument("given", nargs=-1)
@click.option("--for", "ward", metavar="PERSONA")
@click.option("--threshold", type=click.IntRange(2, 16), default=2, show_default=True)
@click.option("--requester", metavar="ACCOUNT")
@click.option("--deadline", type=click.IntRange(min=1), metavar="SECOND")
@click.option("--out", type=click.Path(path_type=Path), metavar="PATH")
@click.option("--yes", is_flag=True)
def recovery(
    session: Session,
    *,
    action: str,
    given: Sequence[str],
    ward: str | None,
    threshold: int,
    requester: str | None,
    deadline: int | None,
    out: Path | None,
    yes: bool,
) -> None:
    if action == "prepare":
        _prepare(session, given, threshold, _place(out), yes=yes)
    elif action == "support":
        _support(session, _ward(ward), requester, deadline, _place(out))
    elif action == "start":
        _start(session, given)
    elif action == "status":
        _status(session, ward)
    elif action == "veto":
        _done(session, action, _guarded(session).veto(), account="")
    else:
        _finish(session, _ward(ward), given, _place(out))


def _prepare(
    session: Session, given: Sequence[str], threshold: int, out: Path, *, yes: bool
) -> None:
    accounts = [_account_of(one) for one in given]
    _check_left(out, accounts)
    guarded = _guarded(session)
    ask(session, say("recovery.ask", count=len(accounts), threshold=threshold), yes=yes)
    shares = guarded.prepare(accounts, threshold=threshold)
    files = []
    for share in shares:
        path = out / f"{share.guardian}.words"
        files.append(str(private_text(path, share.words + "\n")))
    will, lines = by_default(session)
    persona = guarded.persona.address
    document = {"persona": persona, "threshold": threshold, "files": files, "will": will}
    lines = [say("recovery.prepared", persona=persona, count=len(files), folder=out), *lines]
    show_text(session, document, "\n".join(lines))


def _check_left(out: Path, accounts: Sequence[str]) -> None:
    """Words open nothing once it was prepared anew, so none may lie beside those that do."""
    left = sorted(path.name for path in out.glob("*.words") if path.stem not in accounts)
    if left:
        raise InputError(
            f"{out} has the words of an earlier preparation, for who is not named now: "
            f"{', '.join(left)}. They open nothing once new ones are made. Delete them, or "
            "write to another folder.",
            code="E_RECOVERY_FOLDER",
            details={"folder": str(out), "names": ", ".join(left)},
        )


def _support(
    session: Session, ward: str, requester: str | None, deadline: int | None, out: Path
) -> None:
    from aceso.flows import support_to_json

    if requester is None:
        raise UsageError(
            "Name the account that is to recover, with --requester.", code="E_RECOVERY_REQUESTER"
        )
    now = session.network().suite.now()
    made = _acting(session, ward).support(
        ward, _terms.address(requester), deadline=deadline or now - now % _DAY + 8 * _DAY
    )
    private_text(out, support_to_json(made) + "\n")
    document = {"file": str(out), "requester": made.requester, "deadline": made.deadline}
    text = say("recovery.supported", file=out, deadline=made.deadline)
    show(session, document, lambda console: console.print(text, highlight=False, soft_wrap=True))


def _start(session: Session, given: Sequence[str]) -> None:
    from aceso.flows import said, start_recovery, support_from_json

    supports = [support_from_json(_read(Path(one))) for one in given]
    receipt = start_recovery(session.network(), supports)
    event = said(receipt, "RecoveryStarted")
    document = {
        "readyAt": event["readyAt"],
        "until": event["validUntil"],
        "transactions": receipts([receipt]),
    }
    text = say("recovery.started", ready=_terms.moment_text(event["readyAt"]))
    show(session, document, lambda console: console.print(text, highlight=False, soft_wrap=True))


def _status(session: Session, ward: str | None) -> None:
    persona = _ward(ward) if ward else _guarded(session).persona.address
    found = session.network().suite.guardianship.recovery(persona)
    document = {
        "persona": persona,
        "requester": found.requester if found.ready_at else None,
        "readyAt": found.ready_at or None,
        "until": found.valid_until or None,
    }
    text = say("recovery.none")
    if found.ready_at:
        text = say(
            "recovery.stands",
            requester=found.requester,
            ready=_terms.moment_text(found.ready_at),
            until=_terms.moment_text(found.valid_until),
        )
    show(session, document, lambda console: console.print(text, highlight=False, soft_wrap=True))


def _finish(session: Session, ward: str, given: Sequence[str], out: Path) -> None:
    from aceso.flows import recover_seed

    words = [_read(Path(one)) for one in given]
    account = _acting(session, ward).account
    seed = recover_seed(session.network(), account, ward, words)
    private_text(out, seed.mnemonic + "\n")
    text = say("recovery.finished", file=out)
    document = {"file": str(out)}
    show(session, document, lambda console: console.print(text, highlight=False, soft_wrap=True))


@command("majority")
@click.option("--of", "of", required=True, metavar="DIR")
@click.option("--yes", is_flag=True)
def majority(session: Session, *, of: str, yes: bool) -> int:
    from aceso.flows import Person, Profile, hand_over

    new = session.person()
    ask(session, say("majority.ask", old=of), yes=yes)
    secret = session.passphrase(say("ask.old_passphrase"), variable="ACESO_OLD_PASSPHRASE")
    before = Profile.open(home_folder(of), passphrase=secret)
    try:
        with steps(session) as progress:
            done = hand_over(Person(session.network(), before), new, progress=progress)
    finally:
        before.close()
    counts = {
        "records": done.records,
        "deleted": done.deleted,
        "withdrawn": len(done.withdrawn),
        "succeeded": len(done.succeeded),
    }
    document = counts | {
        "waiting": list(done.waiting),
        "transactions": receipts([*done.withdrawn, *done.succeeded]),
    }

    def render(console: Console) -> None:
        console.print(say("majority.done", **counts), highlight=False, soft_wrap=True)
        console.print(say("majority.known"), highlight=False, soft_wrap=True)
        for who in done.waiting:
            text = say("majority.waiting", custodian=who)
            console.print(text, highlight=False, soft_wrap=True)

    show(session, document, render)
    return _UNFINISHED if done.waiting else 0


# What all need


def _guarded(session: Session) -> Guarded:
    from aceso.flows import Guarded

    return Guarded(session.person())


def _acting(session: Session, ward: str) -> Guardian:
    from aceso.flows import Guardian

    account = own_account(session, ward)
    return Guardian(session.network(), account, own_receiving(session, ward))


def own_account(session: Session, ward: str) -> LocalAccount:
    """The account that this ward knows us by: a person's has one for each, others have one."""
    from aceso.chain import grantee_of_account
    from aceso.flows import Holder

    profile = session.profile()
    if profile.kind == "person":
        return session.person().persona_for(grantee_of_account(ward))
    return Holder(session.network(), profile).account


def own_receiving(session: Session, ward: str) -> ReceivingKeys:
    """The keys of that account: like the account, a person has some for each ward."""
    from aceso.flows import Holder, receiving_for_ward

    profile = session.profile()
    if profile.kind == "person":
        return receiving_for_ward(session.person(), ward)
    return Holder(session.network(), profile).receiving


def needed(value: T | None, option: str) -> T:
    """What was given for an option that this action can't do without."""
    if value is None:
        raise UsageError(
            f"Say {option}. See `aceso guardian --help`.",
            code="E_GUARDIAN_OPTION",
            details={"option": option},
        )
    return value


def _done(session: Session, action: str, receipt: Receipt, **values: str) -> None:
    document: dict[str, Any] = {name: value for name, value in values.items() if value} | {
        "transactions": receipts([receipt])
    }
    key = "recovery.vetoed" if action == "veto" else f"guardian.{action}"
    text = say(key, **values)
    show(session, document, lambda console: console.print(text, highlight=False, soft_wrap=True))


def _account_of(text: str) -> str:
    if not text:
        raise UsageError("Name the account, 0x….", code="E_GUARDIAN_ACCOUNT")
    return _terms.address(text)


def _ward(text: str | None) -> str:
    if not text:
        raise UsageError(
            "Name the persona that it is done for, with --for.", code="E_GUARDIAN_WARD"
        )
    return _terms.address(text)


def _place(out: Path | None) -> Path:
    if out is None:
        raise UsageError("Say where to write, with --out.", code="E_RECOVERY_OUT")
    return out


def _powers(text: str) -> GuardianPower:
    from aceso.chain import GuardianPower

    found = GuardianPower(0)
    for name in filter(None, text.replace(" ", "").split(",")):
        if name.upper() not in GuardianPower.__members__:
            raise UsageError(
                f"{name} is no power of a guardian. There are share, stop and recover.",
                code="E_GUARDIAN_POWER",
                details={"name": name},
            )
        found |= GuardianPower[name.upper()]
    return found


def _power_names(found: GuardianPower) -> list[str]:
    return [str(one.name).lower() for one in found]


def _day(text: str) -> int:
    try:
        return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp())
    except ValueError as exc:
        raise UsageError(
            f"{text} is no date such as 2031-05-17.", code="E_GUARDIAN_DATE", details={"text": text}
        ) from exc


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as exc:
        raise InputError(
            f"{path} can't be read. Check the path.",
            code="E_GUARDIAN_FILE",
            details={"path": str(path)},
        ) from exc
