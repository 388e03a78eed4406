"""What the chain says of an epoch: the orders that were settled in it, and the records behind them.

    facts = gather(suite, index.timed_events(), epoch, filed)

Only events count, and only up to the last block of the epoch, so that everybody reads the same
whenever they do. An order counts where, when it was made, its buyer was accredited as a researcher
and an ethics approval was attested: by a board that was accredited then, of the revision of the
study that it belongs to; or, where an offer was bought without a study, of the buyer's account (the
condition IRB). A desk that says more of its groups answers by another `Approved`.

Warning: how a record stood at that block is asked of the node, which has to know that far back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from aceso.chain import EmissionTerms, Event, Suite
from aceso.codes import Condition, Role

from .audit import Facts
from .contribution import Contribution
from .errors import AuditFileError, ContributionError
from .formula import Source, Use

__all__ = ["Approved", "Bought", "gather", "settled_in", "with_ethics_approval"]

# Whose messages a patient's vouch is among.
_CONTRACT: Final = "RewardPool"


@dataclass(frozen=True, slots=True)
class Bought:
    """An order when it was bought: by whom, of which group, and what was attested of them then."""

    order: int
    group: int
    buyer: str
    roles: Role
    conditions: Condition


Approved = Callable[[Bought], bool]


def with_ethics_approval(bought: Bought) -> bool:
    """An accredited researcher, of whom an ethics approval is attested."""
    return bool(bought.roles & Role.RESEARCHER) and bool(bought.conditions & Condition.IRB)


def settled_in(
    events: Iterable[tuple[Event, int]],
    terms: EmissionTerms,
    epoch: int,
    *,
    approved: Approved = with_ethics_approval,
) -> tuple[tuple[Use, ...], int]:
    """The orders that were settled in an epoch, and the last block before it ended.

    `events` are all of the suite's, in order, each with the time of its block.
    """
    begins, ends = terms.begins(epoch), terms.begins(epoch + 1)
    standings: dict[str, tuple[Role, Condition]] = {}
    nothing = Role(0), Condition(0)
    # By the desk and the number of the group: an offer, or a revision of a study.
    groups: dict[tuple[str, int], Mapping[str, Any]] = {}
    boards: dict[tuple[str, int], str] = {}
    orders: dict[tuple[str, int], Use] = {}
    # Of many people at once: no use of the data of one of them.
    of_unions: set[tuple[str, int]] = set()
    uses: list[Use] = []
    block = 0

    def begun(event: Event, number: int, buyer: str, subject: str) -> None:
        """An order was made: what is attested of its buyer and of its group now counts."""
        group = event.contract, number
        roles, conditions = standings.get(buyer, nothing)
        board, _ = standings.get(boards.get(group, ""), nothing)
        if board & Role.ETHICS_BOARD:
            conditions |= Condition.IRB
        order: int = event.args["order"]
        said = groups[group]
        orders[event.contract, order] = Use(
            order,
            buyer,
            subject,
            said["institution"],
            said["institutionBps"],
            said["classes"],
            0,
            approved(Bought(order, number, buyer, roles, conditions)),
        )

    for event, time in events:
        if time >= ends:
            break
        block, args, name, desk = event.block_number, event.args, event.name, event.contract
        if name == "AccreditationChanged":
            standings[args["account"]] = Role(args["roles"]), Condition(args["conditions"])
        elif name == "OfferMade":
            groups[desk, args["number"]] = args["terms"]
        elif name == "StudyRevised":
            groups[desk, args["group"]] = args["terms"]
        elif name == "StudyApproved":
            boards[desk, args["group"]] = args["board"]
        elif name == "StudyApprovalWithdrawn":
            boards.pop((desk, args["group"]), None)
        elif name == "OrderBought":
            offer = groups[desk, args["offer"]]
            begun(event, args["offer"], args["buyer"], offer["subject"])
        elif name == "StudyEnrolled":
            study = groups[desk, args["group"]]
            begun(event, args["group"], study["researcher"], args["subject"])
        elif name == "UnionBought":
            of_unions.add((desk, args["order"]))
        elif name == "OrderSettled" and time >= begins and args["earned"]:
            settled = desk, args["order"]
            if settled not in of_unions:
                uses.append(replace(orders[settled], earned=args["earned"]))
    return tuple(uses), block


def gather(
    suite: Suite,
    events: Iterable[tuple[Event, int]],
    epoch: int,
    filed: Iterable[Contribution],
    *,
    approved: Approved = with_ethics_approval,
) -> Facts:
    """All facts of an epoch that is over, with what persons filed for its orders. What doesn't hold
    together yields nothing: one who files it must not keep all others from their rewards."""
    terms = suite.rewards.emission()
    if suite.now() < terms.begins(epoch + 1):
        raise AuditFileError(
            f"Epoch {epoch} goes on: its rewards are computed when it is over.",
            code="E_REWARDS_EPOCH",
        )
    uses, block = settled_in(events, terms, epoch, approved=approved)
    subjects = {use.order: use.subject for use in uses}
    # In one order, whoever collected them: the same bytes for everybody.
    theirs = [one for one in filed if subjects.get(one.order) == one.account]
    ordered = sorted(theirs, key=lambda one: (one.order, one.record, one.issuer))
    domain = suite.domain(_CONTRACT)
    kept: list[Contribution] = []
    sources: list[Source] = []
    for one in ordered:
        source = None
        with suppress(ContributionError):
            source = one.check(suite.records, domain, block=block)
        if source is not None:
            kept.append(one)
            sources.append(source)
    return Facts(
        suite.chain_id,
        suite.addresses[_CONTRACT],
        epoch,
        terms.budget_of(epoch),
        block,
        uses,
        tuple(kept),
        tuple(sources),
    )
