"""Dispute a delivery, and judge one.

    buyer = Disputing(network, profile)
    case = buyer.case(order)                    # what the custodians give, and the order's key
    number = buyer.dispute(order, Ground.CANNOT_OPEN, case.to_bytes())
    draw(network, number, buyer.account)        # anybody, once the block of the lot is past

    verdict = judge(network, case)              # the opening done again; anybody may
    evaluator = Evaluator(network, profile)
    if verdict.is_decided:
        evaluator.vote(number, upheld=not verdict.opens, reason=b"…")
    for question in questions(network, case):   # else ask the custodians whose shares it lacks
        file = take_answer(network, file, answer)

The chain has the SHA-256 of the case, which the buyer hands to the panel: so all who judge see the
one that was there when the dispute began. A case is full of fresh random bytes, and its digest
tells nobody anything. What it opens is the extract of this order and nothing else.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import sha256
from typing import Final

from eth_account.signers.local import LocalAccount

from aceso.chain import Call, Committee, Dispute, DisputeState, Ground, Receipt
from aceso.custody import Answer, Question
from aceso.errors import AcesoError, IntegrityError, UsageError
from aceso.research import Case, CaseFile, CaseShare, Verdict, asked_of, replay
from aceso.vault import ListEntry, PrivateKey

from .issuer import Holder
from .network import Network, said
from .orders import STUDIES, find_sale, receiving_key
from .researcher import Researcher

__all__ = [
    "Disputing",
    "Evaluator",
    "check_case",
    "draw",
    "end_dispute",
    "judge",
    "questions",
    "take_answer",
]

# A question goes by hand, and a panel has weeks.
_QUESTION_SECONDS: Final = 30 * 24 * 60 * 60


class Disputing(Researcher):
    """A buyer who can't open what was delivered, or finds that it isn't what was offered."""

    def case(self, order: int) -> Case:
        """Ask every custodian for its share of the order's extract, and keep what came."""
        sale = find_sale(self.network, order, delivered=True)
        committee, asked = self.network.committee, self.asking(sale)
        entry = committee.order_entry(order, capsule=sale.capsule or b"", **asked)
        private = self.order_key(sale)
        given, failed = committee.released(entry, receiving_key=private, **asked)
        return Case(
            order,
            entry.to_bytes(),
            private.to_bytes(),
            tuple(
                CaseShare(who, request.body()["message"], release)
                for who, (request, release) in sorted(given.items())
            ),
            {who: error.code for who, error in sorted(failed.items())},
        )

    def dispute(self, order: int, ground: Ground, case: bytes) -> tuple[int, list[Receipt]]:
        """Dispute a delivery, with the bond; gives the number. The panel will get `case`."""
        suite = self.network.suite
        desk = suite.addresses[find_sale(self.network, order).desk]
        sent = self.allow(suite.addresses["Disputes"], suite.disputes.terms().bond)
        call = suite.disputes.open(desk, order, ground, sha256(case).digest())
        sent.append(self.network.sender(self.account).send(call))
        return int(said(sent[-1], "DisputeOpened")["number"]), sent


class Evaluator(Holder):
    """An accredited evaluator, who can be drawn and votes."""

    def join(self, institution: int) -> Receipt:
        """Be ready to be drawn, for an institution."""
        return self._send(self.network.suite.disputes.join_panel(institution))

    def leave(self) -> Receipt:
        """Be drawn no more."""
        return self._send(self.network.suite.disputes.leave_panel())

    def vote(self, number: int, *, upheld: bool, reason: bytes) -> Receipt:
        """Vote from whichever seat is ours. The chain gets the SHA-256 of our `reason`."""
        disputes = self.network.suite.disputes
        for seat in range(disputes.SEATS):
            if disputes.seat_of(number, seat).evaluator == self.account.address:
                return self._send(disputes.vote(number, seat, upheld, sha256(reason).digest()))
        raise UsageError(
            f"{self.account.address} does not sit on the panel of dispute {number}. Those who do "
            "are shown by `aceso dispute show`.",
            code="E_DISPUTE_SEAT",
        )

    def _send(self, call: Call) -> Receipt:
        return self.network.sender(self.account).send(call)


def draw(network: Network, number: int, account: LocalAccount) -> Receipt:
    """Draw the panel; anybody may, once the block of the lot is past."""
    suite = network.suite
    dispute = _existing(network, number)
    desk = suite.studies if dispute.desk == suite.addresses[STUDIES] else suite.market
    wanted = desk.parties_of(dispute.order).committee
    row = next(one for one in network.synced().committees() if one.number == wanted)
    committee = Committee(row.members, row.threshold)
    return network.sender(account).send(suite.disputes.draw(number, committee))


def end_dispute(network: Network, number: int, account: LocalAccount) -> Receipt:
    """End what took too long; anybody may."""
    return network.sender(account).send(network.suite.disputes.end(number))


def judge(
    network: Network,
    case: Case,
    *,
    answers: Sequence[CaseShare] = (),
    seconds: float | None = None,
) -> Verdict:
    """Do the opening of a case again, against what the chain and IPFS have, with the `answers` of
    custodians beside it; `seconds` is how long the body is looked for."""
    sale = find_sale(network, case.order, delivered=True)
    try:
        body = network.ipfs.read(ListEntry.from_bytes(case.entry).cid, deadline=seconds)
    except AcesoError:
        # That nobody has it, or that the entry says nothing, is for the verdict to tell.
        body = None
    key = receiving_key(network, sale).digest
    return replay(
        case,
        delivered=sale.capsule or b"",
        receiving_key=key,
        body=body,
        domain=network.suite.domain("ConsentRegistry"),
        answers=answers,
    )


def questions(
    network: Network, case: Case, *, answers: Sequence[CaseShare] = ()
) -> tuple[Question, ...]:
    """What the panel of a case asks each custodian whose share could decide it."""
    sale = find_sale(network, case.order, delivered=True)
    asked, entry = sale.request(network), ListEntry.from_bytes(case.entry)
    deadline = network.suite.now() + _QUESTION_SECONDS
    public = PrivateKey.from_bytes(case.private_key).public_key.to_bytes()
    named = asked_of(case, domain=network.suite.domain("ConsentRegistry"), answers=answers)
    return tuple(
        Question(
            {
                "subject": asked.subject,
                "actor": asked.actor,
                "grantee": asked.grantee,
                "use": int(asked.use),
                "dataClass": int(asked.classes),
                "recordId": entry.record_id,
                "receivingKey": public,
                "custodian": custodian,
                "nonce": os.urandom(32),
                "deadline": deadline,
            }
        )
        for custodian in named
    )


def take_answer(network: Network, file: CaseFile, answer: Answer) -> CaseFile:
    """The case with what a custodian answered beside it; refused unless that custodian signed it,
    for this case."""
    return file.with_answer(answer, network.suite.domain("ConsentRegistry"))


def check_case(network: Network, number: int, case: bytes) -> Dispute:
    """That this is the case which the dispute began with; raise `IntegrityError` if it is not."""
    dispute = _existing(network, number)
    suite = network.suite
    began = suite.deployment.contracts["Disputes"].block
    evidence = suite.disputes.evidence_of(number, first=began)
    if evidence != sha256(case).digest():
        raise IntegrityError(
            f"This is not the case that dispute {number} began with. Ask the buyer for that one.",
            code="E_CASE_OTHER",
            details={"dispute": str(number)},
        )
    return dispute


def _existing(network: Network, number: int) -> Dispute:
    found = network.suite.disputes.dispute_of(number)
    if found.state is DisputeState.NONE:
        raise UsageError(
            f"There is no dispute {number}. They are numbered from 1.", code="E_DISPUTE_UNKNOWN"
        )
    return found
