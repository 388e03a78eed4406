"""`aceso rewards` and `aceso earnings`: what is earned and why, and whether it is right. What only
evaluators do of it is in `board`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from aceso.codes import DataClass, label
from aceso.errors import UsageError
from aceso.rewards import MICROCOIN, Audit

from . import _terms
from ._carried import own_account
from ._click import command
from ._files import file_text
from ._output import private_text, receipts, show, table
from ._session import Session
from ._words import language, say
from .board import BOARD, audit_of, audit_path
from .consent import ask
from .records import find_record

if TYPE_CHECKING:
    from rich.console import Console

    from aceso.flows import BondEarning, OrderEarning, RewardEarning

__all__ = ["earnings", "rewards"]

_ACTIONS = ("compute", "verify", "claim", "file", "clawback", *BOARD)


@command("rewards")
@click.argument("action", type=click.Choice(_ACTIONS), metavar="ACTION")
@click.argument("what", required=False, metavar="FILE|EPOCH|ACCOUNT|RECORD")
@click.option("--epoch", type=click.IntRange(0, 2**16 - 1), metavar="N")
@click.option("--filed", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--order", type=click.IntRange(1, 2**256 - 1), metavar="N")
@click.option("--vouch", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--institution", type=click.IntRange(1, 2**96 - 1), metavar="N")
@click.option("--reason", "reason_file", type=click.Path(path_type=Path), metavar="FILE")
@click.option("--right/--wrong", default=None)
@click.option("--yes", is_flag=True)
def rewards(session: Session, *, action: str, **given: Any) -> None:
    (_DOING | BOARD)[action](session, given)


def _compute(session: Session, given: dict[str, Any]) -> None:
    """Compute an epoch and write its audit file."""
    from aceso.flows import compute_rewards, read_filed

    path = audit_path(given)
    if given["epoch"] is None:
        raise UsageError("Computing rewards needs --epoch.", code="E_REWARDS_OPTION")
    filed, refused = read_filed(given["filed"]) if given["filed"] else ([], [])
    audit = compute_rewards(session.network(), given["epoch"], filed)
    path.write_bytes(audit.to_bytes())
    left_out = len(filed) - len(audit.facts.filed)
    document = _audit_document(audit) | {"file": str(path), "refused": refused, "leftOut": left_out}
    lines = [say("rewards.not_filed", count=len(refused), names=", ".join(refused))] * bool(refused)
    lines += [say("rewards.left_out", count=left_out)] * bool(left_out)
    _tell(session, document, "rewards.computed", audit, lines, file=path)


def _verify(session: Session, given: dict[str, Any]) -> None:
    """Compute an audit file again, from itself and from the chain: the one that was posted for an
    epoch, or one at hand."""
    from aceso.flows import verify_rewards

    audit = audit_of(session, given["what"])
    posted = verify_rewards(session.network(), audit)
    document = _audit_document(audit) | {"right": True, "posted": posted}
    key = "rewards.right_posted" if posted else "rewards.right"
    _tell(session, document, key, audit)


def _claim(session: Session, given: dict[str, Any]) -> None:
    """Book what is the account's own, and pay what has vested."""
    from aceso.flows import claim_rewards

    audit = audit_of(session, given["what"])
    account = own_account(session).address
    sent = claim_rewards(session.network(), audit, account)
    document = {"account": account, "transactions": receipts(sent)}
    text = say("rewards.claimed", account=account, count=len(sent))
    show(session, document, lambda console: console.print(text))


def _clawback(session: Session, given: dict[str, Any]) -> None:
    """Take back what has not vested of rewards for records that were retracted, for anybody."""
    from aceso.flows import claw_back

    audit = audit_of(session, given["what"])
    done = claw_back(session.network(), audit)
    document = {
        "epoch": audit.facts.epoch,
        "taken": [
            {"index": reward.index, "account": reward.account, "issuer": reward.issuer}
            for reward, _ in done
        ],
        "transactions": receipts([sent for _, sent in done]),
    }
    text = say("rewards.taken_back", epoch=audit.facts.epoch, count=len(done))
    show(session, document, lambda console: console.print(text, highlight=False))


def _file(session: Session, given: dict[str, Any]) -> None:
    """Write what a person files for an order: a record that it was made from."""
    import json

    from aceso.flows import Vouch, file_record

    order, vouch, out = given["order"], given["vouch"], given["out"]
    if not (given["what"] and order and vouch and out):
        raise UsageError(
            "Filing takes a record, --order N, --vouch FILE and --out FILE.",
            code="E_REWARDS_FILING",
        )
    word = Vouch.from_json(file_text(vouch))
    person = session.person()
    record_id = find_record(person, given["what"])
    filed = file_record(person, order, record_id, word)
    ask(session, say("notice.file", order=order, issuer=word.issuer), yes=given["yes"])
    private_text(out, json.dumps(filed.to_document(), indent=1) + "\n")
    document = {"file": str(out), "order": str(order), "record": record_id.hex()}
    text = say("rewards.filed", file=out, order=order)
    show(session, document, lambda console: console.print(text, markup=False, soft_wrap=True))


_DOING: dict[str, Callable[[Session, dict[str, Any]], None]] = {
    "compute": _compute,
    "verify": _verify,
    "claim": _claim,
    "file": _file,
    "clawback": _clawback,
}


@command("earnings")
@click.option("--audit", "audits", multiple=True, metavar="EPOCH|FILE")
def earnings(session: Session, *, audits: tuple[str, ...]) -> None:
    from aceso.flows import coin
    from aceso.flows import earnings as earned

    account = own_account(session).address
    report = earned(session.network(), account, [audit_of(session, one) for one in audits])
    state = report.state
    document = {
        "account": account,
        "orders": [_order_document(one) for one in report.orders],
        "bonds": [_bond_document(one) for one in report.bonds],
        "rewards": [_reward_document(one) for one in report.rewards],
        "vested": str(state.vested * MICROCOIN),
        "paid": str(state.paid * MICROCOIN),
        "vesting": str(state.vesting * MICROCOIN),
    }

    def render(console: Console) -> None:
        if not report.orders and not report.bonds and not report.rewards:
            console.print(say("earnings.none"))
            return
        lines = [[coin(one.mine), _why_order(one)] for one in report.orders]
        lines += [[coin(one.mine), _why_bond(one)] for one in report.bonds]
        lines += [[coin(one.amount * MICROCOIN), _why_reward(one)] for one in report.rewards]
        heads = [say("balance.coin"), say("column.reason")]
        console.print(table(say("earnings.title"), *heads, rows=lines))
        console.print(
            say(
                "earnings.state",
                vested=coin(state.vested * MICROCOIN),
                paid=coin(state.paid * MICROCOIN),
                vesting=coin(state.vesting * MICROCOIN),
            )
        )

    show(session, document, render)


def _audit_document(audit: Audit) -> dict[str, Any]:
    return {
        "epoch": audit.facts.epoch,
        "orders": len(audit.facts.uses),
        "rewards": len(audit.lines),
        "total": audit.total,
        "institutions": audit.institutions,
        "root": "0x" + audit.root.hex(),
    }


def _tell(
    session: Session,
    document: dict[str, Any],
    key: str,
    audit: Audit,
    lines: Sequence[str] = (),
    **more: object,
) -> None:
    from aceso.flows import coin

    words = {
        "epoch": audit.facts.epoch,
        "count": len(audit.lines),
        "total": coin(audit.total * MICROCOIN),
    }
    text = "\n".join((say(key, **words, **more), *lines))
    show(session, document, lambda console: console.print(text, highlight=False, markup=False))


def _order_document(one: OrderEarning) -> dict[str, Any]:
    return {
        "order": str(one.sale.order),
        "sold": one.sale.name,
        "buyer": one.sale.buyer,
        "classes": _terms.class_names(one.sale.classes),
        "use": one.sale.use.name,
        "price": str(one.sale.price),
        "settled": one.is_settled,
        "earned": str(one.earned),
        "mine": str(one.mine),
    }


def _bond_document(one: BondEarning) -> dict[str, Any]:
    return {
        "dispute": one.dispute,
        "order": str(one.sale.order),
        "sold": one.sale.name,
        "payer": one.payer,
        "mine": str(one.mine),
    }


def _reward_document(one: RewardEarning) -> dict[str, Any]:
    return {
        "epoch": one.epoch,
        "index": one.index,
        "amount": str(one.amount * MICROCOIN),
        "taken": str(one.taken * MICROCOIN),
        "why": [
            {
                "order": str(part.order),
                "class": _terms.class_name(DataClass(part.data_class)),
                "amount": str(part.amount * MICROCOIN),
            }
            for part in one.parts
        ],
    }


def _why_order(one: OrderEarning) -> str:
    return say(
        "earnings.order",
        sold=one.sale.name,
        classes=label(one.sale.classes, language()),
        use=label(one.sale.use, language()),
        buyer=one.sale.buyer,
        share=f"{100 * one.earned / one.sale.price:.1f} %",
    )


def _why_bond(one: BondEarning) -> str:
    return say(
        "earnings.bond",
        sold=one.sale.name,
        dispute=one.dispute,
        order=str(one.sale.order)[:8],
        payer=one.payer,
    )


def _why_reward(one: RewardEarning) -> str:
    from aceso.flows import coin

    text = say("earnings.reward", epoch=one.epoch, index=one.index)
    if one.taken:
        text += " " + say("earnings.taken", taken=coin(one.taken * MICROCOIN))
    for part in one.parts:
        text += " " + say(
            "earnings.part",
            classes=label(DataClass(part.data_class), language()),
            order=str(part.order)[:8],
        )
    return text
