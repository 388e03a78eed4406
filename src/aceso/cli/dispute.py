"""`aceso dispute`: say that a delivery can't be opened or isn't what was offered, and judge one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aceso.errors import UsageError

from . import _terms
from ._carried import own_account, sender_of
from ._click import command
from ._files import file_bytes
from ._output import private_text, receipts, show, table
from ._reasons import print_reasons, reasons_document
from ._session import Session
from ._words import say
from .consent import ask

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.chain import Receipt
    from aceso.flows import Disputing, Evaluator
    from aceso.research import CaseFile

__all__ = ["dispute"]

_ACTIONS = (
    *("case", "open", "show", "draw", "replay", "ask", "add", "vote", "end", "bond", "join"),
    "leave",
)
# Numbers of orders are longer.
_LAST_DISPUTE = 2**64 - 1
_GROUNDS = ("cannot-open", "not-as-offered")


@command("dispute")
@click.argument("action", type=click.Choice(_ACTIONS), metavar="ACTION")
@click.argument("what", required=False, metavar="ORDER|NUMBER|FILE|ACCOUNT")
@click.option("--ground", type=click.Choice(_GROUNDS), default="cannot-open", show_default=True)
@click.option("--member", "members", multiple=True, metavar="0x…")
@click.option("--case", "case_file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--dispute", "number", type=click.IntRange(1, 2**64 - 1), metavar="N")
@click.option("--upheld/--dismissed", default=None)
@click.option("--answer", "answers", multiple=True, type=click.Path(path_type=Path), metavar="FILE")
@click.option("--reason", "reason_file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--yes", is_flag=True)
def dispute(session: Session, *, action: str, **given: Any) -> int | None:
    return _DOING[action](session, given | {"action": action})


def _number(given: dict[str, Any], bits: int = 256) -> int:
    found = _terms.whole(given["what"], bits)
    if found is None:
        raise UsageError(
            "Name the number of an order, a dispute or an institution, as it was shown.",
            code="E_DISPUTE_WHAT",
        )
    return found


def _dispute(given: dict[str, Any]) -> int:
    """Orders have longer numbers."""
    number = _number(given)
    if number > _LAST_DISPUTE:
        raise UsageError(
            f"{number} is an order, or nothing. Name the dispute: `aceso dispute show {number}` "
            "says which it is.",
            code="E_DISPUTE_NUMBER",
            details={"order": str(number)},
        )
    return number


def _file(path: Path | None, option: str) -> bytes:
    if path is None:
        raise UsageError(f"This takes {option} FILE.", code="E_DISPUTE_OPTIONS")
    return file_bytes(path)


def _buyer(session: Session) -> Disputing:
    from aceso.flows import Disputing

    return Disputing(session.network(), session.profile())


def _evaluator(session: Session) -> Evaluator:
    from aceso.flows import Evaluator

    return Evaluator(session.network(), session.profile())


def _done(session: Session, said: dict[str, Any], sent: list[Receipt], key: str) -> None:
    text = say(key, **said)
    document = said | {"transactions": receipts(sent)}
    show(session, document, lambda console: console.print(text, highlight=False, markup=False))


def _case(session: Session, given: dict[str, Any]) -> None:
    if given["out"] is None:
        raise UsageError("This takes --out FILE.", code="E_DISPUTE_OPTIONS")
    from aceso.research import CaseFile

    buyer, order = _buyer(session), _number(given)
    members = [_terms.address(one) for one in given["members"]]
    cases = tuple(buyer.case(order, one) for one in dict.fromkeys(members) or (None,))
    private_text(given["out"], CaseFile.of(cases).original.decode("ascii"))
    shares = sum(len(one.shares) for one in cases)
    silent = {who for one in cases for who in one.silent}
    said = {"file": str(given["out"]), "shares": shares, "silent": len(silent)}
    _done(session, said, [], "dispute.case")


def _open(session: Session, given: dict[str, Any]) -> None:
    from aceso.chain import Ground
    from aceso.flows import coin

    order, case = _number(given), _file(given["case_file"], "--case")
    buyer = _buyer(session)
    bond = coin(buyer.network.suite.disputes.terms().bond)
    ask(session, say("notice.dispute", order=order, bond=bond), yes=given["yes"])
    ground = Ground[given["ground"].upper().replace("-", "_")]
    number, sent = buyer.dispute(order, ground, case)
    _done(session, {"dispute": number}, sent, "dispute.opened")


def _show(session: Session, given: dict[str, Any]) -> None:
    from aceso.flows import dispute_of_order, find_dispute, said_in_dispute

    number, network = _number(given), session.network()
    if number > _LAST_DISPUTE:
        number = dispute_of_order(network, number)
    disputes = network.suite.disputes
    found = find_dispute(network, number)
    seats = [disputes.seat_of(number, seat) for seat in range(disputes.SEATS)]
    document = {
        "dispute": number,
        "order": str(found.order),
        "payer": found.payer,
        "state": found.state.name,
        "ground": found.ground.name,
        "until": found.until,
        "panel": [
            {"evaluator": one.evaluator, "institution": one.institution, "voted": one.voted}
            for one in seats
            if one.institution
        ],
    }
    votes = said_in_dispute(network, number)
    document["votes"] = reasons_document(votes)

    def render(console: Console) -> None:
        state = say(f"dispute_state.{found.state.name.lower()}")
        until = _terms.moment_text(found.until)
        console.print(say("dispute.shown", dispute=number, state=state, until=until))
        rows = [
            [str(seat), one.evaluator, say("word.yes" if one.voted else "word.no")]
            for seat, one in enumerate(seats)
            if one.institution
        ]
        heads = [say("column.seat"), say("column.account"), say("column.voted")]
        if rows:
            console.print(table(say("dispute.panel"), *heads, rows=rows))
        print_reasons(console, votes)

    show(session, document, render)


def _draw(session: Session, given: dict[str, Any]) -> None:
    from aceso.flows import draw

    number = _dispute(given)
    network = session.network()
    sent = draw(network, number, sender_of(network, session.profile()))
    _done(session, {"dispute": number}, [sent], "dispute.drawn")


def _case_file(session: Session, given: dict[str, Any]) -> CaseFile:
    """The file that a command is about, and that it is the one of the dispute, if that is named."""
    from aceso.flows import check_case
    from aceso.research import CaseFile

    file = CaseFile.read(_file(Path(given["what"]) if given["what"] else None, given["action"]))
    if given["number"] is not None:
        check_case(session.network(), given["number"], file.original)
    return file


def _replay(session: Session, given: dict[str, Any]) -> int:
    return _show_file(session, _case_file(session, given))


def _show_file(session: Session, file: CaseFile) -> int:
    return (_show_verdict if len(file.cases) == 1 else _show_parts)(session, file)


def _print_order(console: Console, file: CaseFile) -> None:
    console.print(say("dispute.of_order", order=file.order), highlight=False)


def _show_parts(session: Session, file: CaseFile) -> int:
    """A case of several parts of a union's order: each is opened again."""
    from aceso.flows import judge_file

    judged = judge_file(session.network(), file)
    parts = [
        {
            "member": case.part.member if case.part else None,
            "opens": one.opens,
            "step": one.broken.value if one.broken else None,
            "why": one.why,
            "decided": one.is_decided,
            "false": list(one.false),
            "unproven": list(one.unproven),
            "answered": [share.custodian for share in file.answers_to(case)],
        }
        for case, one in zip(file.cases, judged.verdicts, strict=True)
    ]
    document = {
        "order": str(file.order),
        "upholds": judged.upholds,
        "decided": judged.is_decided,
        "parts": parts,
    }

    def render(console: Console) -> None:
        _print_order(console, file)
        rows = [
            [
                str(one["member"]),
                say("word.yes" if one["opens"] else "word.no") if one["decided"] else "?",
                say(f"dispute_step.{one['step']}") if one["step"] else "",
            ]
            for one in parts
        ]
        heads = [say(f"column.{one}") for one in ("account", "opens", "step")]
        console.print(table(say("dispute.parts"), *heads, rows=rows))
        key = "dispute.parts_upheld" if judged.upholds else "dispute.parts_dismissed"
        console.print(say(key if judged.is_decided else "dispute.parts_undecided"), highlight=False)

    show(session, document, render)
    return 0 if judged.is_decided and not judged.upholds else 6


def _ask(session: Session, given: dict[str, Any]) -> None:
    """A file for each custodian whose share a case lacks."""
    from aceso.flows import questions

    if given["out"] is None:
        raise UsageError("This takes --out DIR.", code="E_DISPUTE_OPTIONS")
    file, folder = _case_file(session, given), given["out"]
    asked = questions(session.network(), file)
    for one in asked:
        # Of a union's order a custodian may be asked about the parts of several members.
        whose = "" if len(file.cases) == 1 else f"-{one.request['subject']}"
        path = folder / f"question-{one.custodian}{whose}.json"
        private_text(path, one.to_bytes().decode("ascii"))
    said = {
        "folder": str(folder),
        "custodians": list(dict.fromkeys(one.custodian for one in asked)),
    }
    text = say("dispute.asked", folder=folder, count=len(asked))
    show(session, said, lambda console: console.print(text, highlight=False, markup=False))


def _add(session: Session, given: dict[str, Any]) -> int:
    """Take what custodians answered into the file, and do the opening again."""
    from aceso.custody import Answer
    from aceso.flows import take_answer

    if given["out"] is None or not given["answers"]:
        raise UsageError("This takes --answer FILE and --out FILE.", code="E_DISPUTE_OPTIONS")
    file = _case_file(session, given)
    for path in given["answers"]:
        file = take_answer(session.network(), file, Answer.read(file_bytes(path)))
    private_text(given["out"], file.to_bytes().decode("ascii"))
    return _show_file(session, file)


def _show_verdict(session: Session, file: CaseFile) -> int:
    from aceso.flows import judge_file

    (case,) = file.cases
    (found,) = judge_file(session.network(), file).verdicts
    answered = [one.custodian for one in file.answers_to(case)]
    silent = {who: why for who, why in case.silent.items() if who not in answered}
    document = {
        "order": str(case.order),
        "opens": found.opens,
        "upholds": found.upholds,
        "broken": found.broken.value if found.broken else None,
        "why": found.why,
        "decided": found.is_decided,
        "false": list(found.false),
        "unproven": list(found.unproven),
        "silent": silent,
        "answered": answered,
    }

    def render(console: Console) -> None:
        _print_order(console, file)
        if found.broken is None:
            console.print(say("dispute.opens"), highlight=False)
        elif found.opens:
            key = "dispute.not_as_offered" if found.upholds else "dispute.unasked"
            console.print(say(key, why=found.why), highlight=False)
        else:
            step = say(f"dispute_step.{found.broken.value}") if found.broken else ""
            key = "dispute.undecided"
            if found.is_decided:
                key = "dispute.broken" if found.upholds else "dispute.dismissed"
            console.print(say(key, step=step, why=found.why), highlight=False)
        for who in found.false:
            console.print(say("dispute.false", account=who), highlight=False)
        for who in found.unproven:
            console.print(say("dispute.unproven", account=who), highlight=False)
        for who in silent:
            console.print(say("dispute.silent", account=who), highlight=False)
        for who in answered:
            console.print(say("dispute.answered", account=who), highlight=False)

    show(session, document, render)
    return 0 if found.broken is None else 6


def _vote(session: Session, given: dict[str, Any]) -> None:
    if given["upheld"] is None:
        raise UsageError("A vote says --upheld or --dismissed.", code="E_DISPUTE_OPTIONS")
    number, reason = _dispute(given), _file(given["reason_file"], "--reason")
    key = "notice.vote_upheld" if given["upheld"] else "notice.vote_dismissed"
    ask(session, say(key, dispute=number), yes=given["yes"])
    sent = _evaluator(session).vote(number, upheld=given["upheld"], reason=reason)
    _done(session, {"dispute": number}, [sent], "dispute.voted")


def _end(session: Session, given: dict[str, Any]) -> None:
    from aceso.flows import end_dispute

    number = _dispute(given)
    network = session.network()
    sent = end_dispute(network, number, sender_of(network, session.profile()))
    _done(session, {"dispute": number}, [sent], "dispute.ended")


def _bond(session: Session, given: dict[str, Any]) -> None:
    """Send what disputes owe, to oneself or another account, for anybody."""
    from aceso.flows import coin, pay_dispute_credit

    network = session.network()
    account = _terms.address(given["what"]) if given["what"] else own_account(session).address
    amount, sent = pay_dispute_credit(network, account, sender_of(network, session.profile()))
    said = {"account": account, "amount": str(amount), "transactions": receipts([sent])}
    text = say("dispute.paid", account=account, amount=coin(amount))
    show(session, said, lambda console: console.print(text, highlight=False, markup=False))


def _join(session: Session, given: dict[str, Any]) -> None:
    number = _number(given, 96)
    _done(session, {"institution": number}, [_evaluator(session).join(number)], "dispute.joined")


def _leave(session: Session, given: dict[str, Any]) -> None:
    _done(session, {}, [_evaluator(session).leave()], "dispute.left")


_DOING: dict[str, Callable[[Session, dict[str, Any]], int | None]] = {
    "case": _case,
    "open": _open,
    "show": _show,
    "draw": _draw,
    "replay": _replay,
    "ask": _ask,
    "add": _add,
    "vote": _vote,
    "end": _end,
    "bond": _bond,
    "join": _join,
    "leave": _leave,
}
