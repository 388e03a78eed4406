"""What contracts owe to an account, sent to it. Anybody may, and it goes to nobody else.

    paid = pay_out(network, account, sender)
    sum(one.amount for one in paid)
    commons_fees(network, sender)           # what orders earned for the commons

An order may be settled by anybody: by its buyer, and the person's pay waits; by the person, and
what goes back to the buyer does. What a dispute gives back or pays waits likewise, and so do the
fees of custodians and of the commons.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from aceso.chain import Call, Committee, OrderDesk, Receipt, Sender
from aceso.index import CommitteeRow

from .network import Network
from .orders import DESKS, desk_named

__all__ = ["PaidOut", "commons_fees", "owed_to", "pay_out"]

_DISPUTES = "Disputes"


@dataclass(frozen=True, slots=True)
class PaidOut:
    """Coin that a contract owed, in base units."""

    contract: str
    amount: int
    receipt: Receipt


def owed_to(network: Network, account: str) -> int:
    """All that waits for an account, in base units."""
    return sum(amount for _, amount, _ in _owed(network, account))


def pay_out(network: Network, account: str, sender: Sender) -> list[PaidOut]:
    """Send an account all that waits for it: credits of desks and of disputes, and its part of what
    its committees earned."""
    return [
        PaidOut(name, amount, sender.send(call)) for name, amount, call in _owed(network, account)
    ]


def commons_fees(network: Network, sender: Sender) -> list[Receipt]:
    """Send the commons what orders earned for it, committee by committee."""
    committees = network.synced().committees()
    sent = []
    for name in DESKS:
        desk = desk_named(network, name)
        paid: dict[int, int] = {}
        members = {row.number: row.members for row in committees}
        for event in network.index.events("FeePaid"):
            args = event.args
            # Who is paid and is no custodian of the committee is the commons.
            if event.contract == name and args["payee"] not in members[args["committee"]]:
                paid[args["committee"]] = paid.get(args["committee"], 0) + args["amount"]
        for number in members:
            earned, _ = desk.fees_of(number, desk.address)
            if earned > paid.get(number, 0):
                sent.append(sender.send(desk.pay_commons(number)))
    return sent


def _owed(network: Network, account: str) -> Iterator[tuple[str, int, Call]]:
    disputes = network.suite.disputes
    committees = [row for row in network.synced().committees() if account in row.members]
    for name in DESKS:
        desk = desk_named(network, name)
        credit = desk.credit_of(account)
        if credit:
            yield name, credit, desk.pay_credit(account)
        for row in committees:
            fee = _fee(desk, row, account)
            if fee:
                committee = Committee(row.members, row.threshold)
                place = row.members.index(account)
                yield name, fee, desk.pay_committee_fee(row.number, committee, place)
    credit = disputes.credit_of(account)
    if credit:
        yield _DISPUTES, credit, disputes.pay_credit(account)


def _fee(desk: OrderDesk, row: CommitteeRow, account: str) -> int:
    earned, paid = desk.fees_of(row.number, account)
    return earned // len(row.members) - paid
