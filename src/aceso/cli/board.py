"""What evaluators do with `aceso rewards`: answer for the root of an epoch, and for bans."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aceso.errors import UsageError
from aceso.rewards import Audit, AuditFileError

from . import _terms
from ._carried import own_account
from ._files import file_bytes
from ._output import private_text, receipts, show, table
from ._reasons import print_reasons, reasons_document
from ._session import Session
from ._words import say
from .consent import ask

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.chain import Receipt
    from aceso.flows import Keeper

__all__ = ["BOARD", "audit_of", "audit_path", "read_audit"]

_LAST_EPOCH: Final = 2**16 - 1


def audit_path(given: dict[str, Any]) -> Path:
    """The audit file that a command is about."""
    if not given["what"]:
        raise UsageError("Name the audit file, or an epoch.", code="E_REWARDS_WHAT")
    return Path(given["what"])


def read_audit(path: Path) -> Audit:
    """The audit file at `path`, or an `AuditFileError`."""
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise AuditFileError(
            f"The audit file {path} can't be read. Check the path.", code="E_FILE_UNREADABLE"
        ) from exc
    return Audit.from_bytes(data)


def audit_of(session: Session, what: str | None) -> Audit:
    """The audit file that was posted for an epoch, or one at hand. A file whose name is a number is
    written `./3`."""
    from aceso.flows import posted_audit

    if _is_number(what):
        return posted_audit(session.network(), _epoch({"what": what}))
    return read_audit(audit_path({"what": what}))


def _post(session: Session, given: dict[str, Any]) -> None:
    """Post the root of an audit file that is right."""
    audit = read_audit(audit_path(given))
    institution, keeper = _institution(given), _keeper(session)
    epoch = audit.facts.epoch
    _agree(session, given, "notice.post", keeper, epoch=epoch)
    sent = keeper.post(institution, audit)
    said = {"epoch": epoch, "root": "0x" + audit.root.hex()}
    _done(session, said, sent, "rewards.posted")


def _challenge(session: Session, given: dict[str, Any]) -> None:
    """Challenge another's root."""
    epoch, institution, why = _epoch(given), _institution(given), _reason(given)
    keeper = _keeper(session)
    _agree(session, given, "notice.challenge", keeper, epoch=epoch)
    sent = keeper.challenge(epoch, institution, why)
    _done(session, {"epoch": epoch}, sent, "rewards.challenged")


def _judge(session: Session, given: dict[str, Any]) -> None:
    """Judge a root that was challenged, or a ban that was appealed."""
    what, institution, right = _what(given), _institution(given), given["right"]
    if right is None:
        raise UsageError("Say --right or --wrong.", code="E_REWARDS_JUDGE")
    keeper = _keeper(session)
    if isinstance(what, int):
        receipt = keeper.judge_root(what, institution, right=right)
    else:
        receipt = keeper.judge_ban(what, institution, right=right)
    _done(session, {"about": what, "right": right}, [receipt], "rewards.judged")


def _ban(session: Session, given: dict[str, Any]) -> None:
    """Propose to ban an account, or confirm it."""
    account, institution, evidence = _account(given), _institution(given), _reason(given)
    keeper = _keeper(session)
    ask(session, say("notice.ban", account=account), yes=given["yes"])
    receipt = keeper.ban(account, institution, evidence)
    _done(session, {"account": account}, [receipt], "rewards.ban")


def _appeal(session: Session, given: dict[str, Any]) -> None:
    """Appeal against the ban of one's own account."""
    from aceso.flows import appeal

    account = own_account(session)
    receipt = appeal(session.network(), account)
    _done(session, {"account": account.address}, [receipt], "rewards.appealed")


def _end(session: Session, given: dict[str, Any]) -> None:
    """End what is over, for anybody."""
    from aceso.flows import end_appeal, end_root

    what, network = _what(given), session.network()
    receipt = end_root(network, what) if isinstance(what, int) else end_appeal(network, what)
    _done(session, {"about": what}, [receipt], "rewards.ended")


def _bond(session: Session, given: dict[str, Any]) -> None:
    """Pay an account its free bonds, for anybody."""
    from aceso.flows import pay_bond

    account = _account(given)
    receipt = pay_bond(session.network(), account)
    _done(session, {"account": account}, [receipt], "rewards.bond_paid")


def _show(session: Session, given: dict[str, Any]) -> None:
    """How far a root or a ban is, and why it was challenged or proposed, for anybody."""
    from aceso.flows import coin, posted_audit, read_ban, read_root, said_of_ban, said_of_root

    out: Path | None = given["out"]
    what, network = _what(given) if out is None else _epoch(given), session.network()
    document: dict[str, Any]
    if isinstance(what, int):
        if out is not None:
            private_text(out, posted_audit(network, what).to_bytes().decode("utf-8"))
        root, reasons = read_root(network, what), said_of_root(network, what)
        document = {"epoch": what, "state": root.state.name, "until": root.until or None}
        document["root"] = "0x" + root.root.hex()
        title, state = say("rewards.epoch", epoch=what), f"root_state.{root.state.name.lower()}"
        rows = [[say("rewards.root"), document["root"]]]
    else:
        ban, reasons = read_ban(network, what), said_of_ban(network, what)
        document = {"account": what, "state": ban.state.name, "until": ban.until or None}
        document["bond"] = str(ban.bond)
        title, state = what, f"ban_state.{ban.state.name.lower()}"
        rows = [[say("rewards.bond"), coin(ban.bond)]]
    document |= {"reasons": reasons_document(reasons)} | ({"file": str(out)} if out else {})

    def render(console: Console) -> None:
        lines = [[say("column.state"), say(state)]]
        if document["until"]:
            lines.append([say("column.until"), _terms.moment_text(document["until"])])
        console.print(table(title, "", "", rows=[*lines, *rows]))
        print_reasons(console, reasons)
        if out:
            console.print(say("rewards.written", file=out), markup=False, soft_wrap=True)

    show(session, document, render)


BOARD: Final[dict[str, Callable[[Session, dict[str, Any]], None]]] = {
    "post": _post,
    "challenge": _challenge,
    "judge": _judge,
    "ban": _ban,
    "appeal": _appeal,
    "end": _end,
    "bond": _bond,
    "show": _show,
}


def _keeper(session: Session) -> Keeper:
    from aceso.flows import Keeper

    profile = session.profile("professional", "institution", "researcher")
    return Keeper(session.network(), profile)


def _agree(
    session: Session, given: dict[str, Any], key: str, keeper: Keeper, **about: object
) -> None:
    """Ask for a yes to what takes the bond."""
    from aceso.flows import coin

    bond = coin(keeper.network.suite.reward_board.terms()[2])
    ask(session, say(key, bond=bond, **about), yes=given["yes"])


def _done(session: Session, said: dict[str, Any], sent: Sequence[Receipt], key: str) -> None:
    text = say(key, **said)
    document = said | {"transactions": receipts(sent)}
    show(session, document, lambda console: console.print(text, highlight=False, markup=False))


def _institution(given: dict[str, Any]) -> int:
    if given["institution"] is None:
        raise UsageError(
            "Name the institution that you act for: --institution N.", code="E_REWARDS_INSTITUTION"
        )
    return int(given["institution"])


def _reason(given: dict[str, Any]) -> bytes:
    path: Path | None = given["reason_file"]
    if path is None:
        raise UsageError(
            "This takes --reason FILE, a text that everybody can read.", code="E_REWARDS_REASON"
        )
    return file_bytes(path)


def _what(given: dict[str, Any]) -> int | str:
    """An epoch by its number, or an account."""
    return _epoch(given) if _is_number(given["what"]) else _account(given)


def _is_number(what: str | None) -> bool:
    return bool(what) and str(what).isascii() and str(what).isdecimal()


def _epoch(given: dict[str, Any]) -> int:
    text = str(given["what"])
    if not _is_number(text) or len(text) > len(str(_LAST_EPOCH)) or int(text) > _LAST_EPOCH:
        raise UsageError(
            "Name an epoch by its number, from 0, as `aceso rewards verify` shows it.",
            code="E_REWARDS_WHICH",
        )
    return int(text)


def _account(given: dict[str, Any]) -> str:
    if not given["what"]:
        raise UsageError("Name an epoch or an account 0x….", code="E_REWARDS_ABOUT")
    return _terms.address(given["what"])
