"""Dispute a delivery, and judge one.

    buyer = Disputing(network, profile)
    case = buyer.case(order)                    # what the custodians give, and the order's key
    number = buyer.dispute(order, Ground.CANNOT_OPEN, case.to_bytes())
    draw(network, number, sender)               # anybody, once the block of the lot is past

    verdict = judge(network, case)              # the opening done again; anybody may
    evaluator = Evaluator(network, profile)
    if verdict.is_decided:
        evaluator.vote(number, upheld=verdict.upholds, reason=b"…")
    for question in questions(network, file):   # else ask the custodians whose shares it lacks
        file = take_answer(network, file, answer)
    judge_file(network, file).upholds           # with the answers; of a union's order of each part

The chain has the SHA-256 of the case, which the buyer hands to the panel: so all who judge see the
one that was there when the dispute began. A case is full of fresh random bytes, and its digest
tells nobody anything. What it opens is the extract of this order and nothing else. The reason of a
vote lies on IPFS for everybody to read (`posted`), so nothing of the extract belongs in it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final

from aceso.chain import Call, Committee, Dispute, DisputeState, Ground, Part, Receipt, Sender
from aceso.custody import Answer, Question
from aceso.errors import AcesoError, InputError, IntegrityError, StorageError, UsageError
from aceso.research import (
    Case,
    CaseFile,
    CasePart,
    CaseShare,
    Package,
    Verdict,
    asked_of,
    replay,
)
from aceso.storage import IpfsNotFoundError
from aceso.vault import ListEntry

from .certifying import check_certificate
from .issuer import Holder
from .network import Network, said
from .orders import DESKS, UNIONS, Sale, desk_named, find_sale, receiving_key
from .origins import check_origin
from .posted import publish_reason
from .researcher import Researcher
from .unions import delivered_parts

__all__ = [
    "Disputing",
    "Evaluator",
    "Judgement",
    "check_case",
    "dispute_of_order",
    "draw",
    "end_dispute",
    "find_dispute",
    "judge",
    "judge_file",
    "pay_dispute_credit",
    "questions",
    "take_answer",
]

# A question goes by hand, and a panel has weeks.
_QUESTION_SECONDS: Final = 30 * 24 * 60 * 60


class Disputing(Researcher):
    """A buyer who can't open what was delivered, or finds that it isn't what was offered."""

    def case(self, order: int, member: str | None = None) -> Case:
        """Ask every custodian for its share of the order's extract, and keep what came. Of a
        union's order the extract is one `member`'s part."""
        sale = find_sale(self.network, order, delivered=True)
        part = None
        if sale.desk == UNIONS:
            part, sale = self._part(order, member)
        elif member is not None:
            raise UsageError(
                f"Order {order} is no union's, but one person's. Leave --member out.",
                code="E_CASE_NO_MEMBER",
                details={"order": str(order)},
            )
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
            part,
        )

    def _accuse(self, sale: Sale, file: CaseFile) -> list[Receipt]:
        """Say on chain which parts do not open, unless that was said before."""
        before, left = _accused(self.network, sale.order), []
        for case in file.cases:
            if case.part is None:
                raise _no_part(sale.order)
            if case.part.member not in before:
                left.append((case, case.part))
        others = len(before) + len(left) - len(file.cases)
        if others:
            raise InputError(
                f"Other parts of order {sale.order} were accused before ({others}), and a panel "
                "dismisses a dispute whose case lacks one. Make one case of all of them, with "
                "--member 0x… for each.",
                code="E_CASE_PARTS",
                details={"order": str(sale.order), "count": others},
            )
        sent = []
        for case, part in left:
            capsule = ListEntry.from_bytes(case.entry).capsule.digest
            named = Part(part.member, part.extract, capsule)
            call = self.network.suite.unions.accuse(sale.order, named, list(part.proof))
            sent.append(self.network.sender(self.account).send(call))
        return sent

    def _part(self, order: int, member: str | None) -> tuple[CasePart, Sale]:
        found, _ = delivered_parts(self.network, order, self.account)
        for part, sale in found:
            if part.member == member:
                return CasePart(part.member, part.extract, sale.proof), sale
        raise _no_part(order)

    def dispute(self, order: int, ground: Ground, case: bytes) -> tuple[int, list[Receipt]]:
        """Dispute a delivery, with the bond; gives the number. The panel will get `case`. Of a
        union's order the parts of the case are accused first: only their shares are at stake."""
        suite, file = self.network.suite, CaseFile.read(case)
        if file.order != order:
            raise InputError(
                f"This case is of order {file.order}, and shows nothing of order {order}: a panel "
                "would dismiss it. Make the case of this order with `aceso dispute case`.",
                code="E_CASE_ORDER",
                details={"order": str(order), "of": str(file.order)},
            )
        sale = find_sale(self.network, order)
        desk = suite.addresses[sale.desk]
        sent = self._accuse(sale, file) if sale.desk == UNIONS else []
        sent += self.allow(suite.addresses["Disputes"], suite.disputes.terms().bond)
        call = suite.disputes.open(desk, order, ground, sha256(file.original).digest())
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
        """Vote from whichever seat is ours. Our `reason` is published, and the chain gets the
        digest in its CID."""
        disputes = self.network.suite.disputes
        for seat in range(disputes.SEATS):
            if disputes.seat_of(number, seat).evaluator == self.account.address:
                digest = publish_reason(self.network, reason)
                return self._send(disputes.vote(number, seat, upheld, digest))
        raise UsageError(
            f"{self.account.address} does not sit on the panel of dispute {number}. Those who do "
            "are shown by `aceso dispute show`.",
            code="E_DISPUTE_SEAT",
        )

    def _send(self, call: Call) -> Receipt:
        return self.network.sender(self.account).send(call)


def dispute_of_order(network: Network, order: int) -> int:
    """The number of an order's newest dispute, which whoever sold it knows only the order of."""
    found, suite = 0, network.suite
    # Whoever writes a contract of their own can dispute a number there.
    desks = {suite.addresses[name] for name in DESKS}
    for event in network.synced().events("DisputeOpened"):
        if event.args["order"] == order and event.args["desk"] in desks:
            found = int(event.args["number"])
    if not found:
        raise InputError(
            f"Order {order} was never disputed. See `aceso balance`.",
            code="E_ORDER_UNDISPUTED",
            details={"order": str(order)},
        )
    return found


def draw(network: Network, number: int, sender: Sender) -> Receipt:
    """Draw the panel; anybody may, once the block of the lot is past."""
    suite = network.suite
    dispute = find_dispute(network, number)
    names = {suite.addresses[name]: name for name in DESKS}
    if dispute.desk not in names:
        raise InputError(
            f"Dispute {number} is about something at {dispute.desk}, which is no desk of this "
            "network: there is nothing to judge.",
            code="E_DISPUTE_DESK",
            details={"dispute": str(number), "account": dispute.desk},
        )
    desk = desk_named(network, names[dispute.desk])
    wanted = desk.parties_of(dispute.order).committee
    row = next(one for one in network.synced().committees() if one.number == wanted)
    committee = Committee(row.members, row.threshold)
    return sender.send(suite.disputes.draw(number, committee))


def end_dispute(network: Network, number: int, sender: Sender) -> Receipt:
    """End what took too long; anybody may."""
    find_dispute(network, number)
    return sender.send(network.suite.disputes.end(number))


def pay_dispute_credit(network: Network, account: str, sender: Sender) -> tuple[int, Receipt]:
    """Send an account what disputes owe it: what is left of a bond, or the pay of its votes.
    Anybody may."""
    disputes = network.suite.disputes
    amount = disputes.credit_of(account)
    if not amount:
        raise InputError(
            f"No dispute owes {account} anything now. A bond is owed once its dispute is over: see "
            "`aceso dispute show`.",
            code="E_DISPUTE_NOTHING_OWED",
            details={"account": account},
        )
    return amount, sender.send(disputes.pay_credit(account))


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the cases of a dispute came to, in their order."""

    verdicts: tuple[Verdict, ...]

    @property
    def upholds(self) -> bool:
        """Whether a panel upholds it: none of the parts opens, and no other was accused."""
        return all(one.upholds for one in self.verdicts)

    @property
    def is_decided(self) -> bool:
        """Whether no answer of a custodian would change it."""
        dismissed = any(one.is_decided and not one.upholds for one in self.verdicts)
        return self.upholds or dismissed


def judge_file(network: Network, file: CaseFile, *, seconds: float | None = None) -> Judgement:
    """Judge each case in a file, with what custodians answered."""
    return Judgement(
        tuple(
            judge(
                network,
                one,
                answers=file.answers_to(one),
                parts=len(file.cases),
                seconds=seconds,
            )
            for one in file.cases
        )
    )


def judge(
    network: Network,
    case: Case,
    *,
    answers: Sequence[CaseShare] = (),
    seconds: float | None = None,
    parts: int = 1,
) -> Verdict:
    """Do the opening of a case again, against what the chain and IPFS have, with the `answers` of
    custodians beside it; `seconds` is how long the body is looked for. Of a union's order the
    dispute is about so many `parts`. Whether it is what was offered is decided as far as it can be
    computed: where origin is asked for, that it is shown."""
    sale = _sale_of(network, case)
    try:
        body = network.ipfs.read(ListEntry.from_bytes(case.entry).cid, deadline=seconds)
    except AcesoError as exc:
        # That nobody has it, or that the entry says nothing, is for the verdict to tell. A node of
        # the judge's own that is down, slow or lies says nothing against who delivered.
        if isinstance(exc, StorageError) and not isinstance(exc, IpfsNotFoundError):
            raise
        body = None
    key, delivered = receiving_key(network, sale).digest, sale.capsule or b""
    if sale.desk == UNIONS:
        delivered = _delivered_part(network, sale, case, parts)
    return replay(
        case,
        delivered=delivered,
        receiving_key=key,
        body=body,
        domain=network.suite.domain("ConsentRegistry"),
        answers=answers,
        check_certificate=lambda package: _check_certificate(network, sale, case, package),
        check_origin=lambda package: check_origin(network, sale, package),
    )


def _sale_of(network: Network, case: Case) -> Sale:
    """The order of a case; of a union's, as that of the member whose part it is about."""
    sale = find_sale(network, case.order, delivered=True)
    if sale.desk != UNIONS or case.part is None:
        return sale
    return replace(sale, subject=case.part.member)


def _check_certificate(network: Network, sale: Sale, case: Case, package: Package) -> None:
    """As the buyer's client does: what it refuses, a panel finds too."""
    entry = ListEntry.from_bytes(case.entry)
    check_certificate(network, sale, package, record_id=entry.record_id, subject=sale.subject)


def _delivered_part(network: Network, sale: Sale, case: Case, parts: int) -> bytes:
    """The capsule of a case's part, if it was delivered, and the dispute is about it and as many
    parts in all; else nothing, so that the case is dismissed."""
    unions, part = network.suite.unions, case.part
    if part is None:
        return b""
    _, _, root = unions.shares_of(sale.order)
    _, is_disputed, _ = unions.accusations_of(sale.order)
    if is_disputed:
        accused = _accused(network, sale.order)
        if len(accused) != parts or part.member not in accused:
            return b""
    return part.capsule(case.entry, root)


def _accused(network: Network, order: int) -> frozenset[str]:
    """Whose parts of a union's order were accused, as it was said then: the chain keeps their
    places, and who joins anew has another one."""
    return frozenset(
        str(event.args["member"])
        for event in network.synced().events("UnionAccused")
        if event.args["order"] == order
    )


def _no_part(order: int) -> UsageError:
    return UsageError(
        "A case of a union's order is of one member's part: name one that was delivered, with "
        f"--member 0x…. The folders of `aceso union download {order}` are named by them.",
        code="E_CASE_MEMBER",
        details={"order": str(order)},
    )


def questions(network: Network, file: CaseFile) -> tuple[Question, ...]:
    """What the panel asks each custodian whose share could decide a case of the file."""
    found = [_questions(network, one, file.answers_to(one)) for one in file.cases]
    return tuple(question for some in found for question in some)


def _questions(network: Network, case: Case, answers: Sequence[CaseShare]) -> list[Question]:
    asked, (entry, private) = _sale_of(network, case).request(network), case.extract()
    deadline = network.suite.now() + _QUESTION_SECONDS
    public = private.public_key.to_bytes()
    named = asked_of(case, domain=network.suite.domain("ConsentRegistry"), answers=answers)
    return [
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
    ]


def take_answer(network: Network, file: CaseFile, answer: Answer) -> CaseFile:
    """The file with what a custodian answered beside it; refused unless that custodian signed it,
    for a case of this file."""
    return file.with_answer(answer, network.suite.domain("ConsentRegistry"))


def check_case(network: Network, number: int, case: bytes) -> Dispute:
    """That this is the case which the dispute began with, and of its order; raise `IntegrityError`
    if it is not."""
    dispute, suite = find_dispute(network, number), network.suite
    began = suite.deployment.contracts["Disputes"].block
    evidence = suite.disputes.evidence_of(number, first=began)
    if evidence != sha256(case).digest():
        raise IntegrityError(
            f"This is not the case that dispute {number} began with. Ask the buyer for that one.",
            code="E_CASE_OTHER",
            details={"dispute": str(number)},
        )
    # The digest is whatever the buyer gave: of something else that doesn't open, perhaps.
    about = CaseFile.read(case).order
    if about != dispute.order:
        raise IntegrityError(
            f"Dispute {number} is about order {dispute.order}, and its case about order {about}: "
            "it shows nothing of what was delivered. Vote --dismissed.",
            code="E_CASE_ELSEWHERE",
            details={"dispute": str(number), "order": str(dispute.order), "of": str(about)},
        )
    return dispute


def find_dispute(network: Network, number: int) -> Dispute:
    """A dispute by its number, or a `UsageError`."""
    found = network.suite.disputes.dispute_of(number)
    if found.state is DisputeState.NONE:
        raise UsageError(
            f"There is no dispute {number}. They are numbered from 1.", code="E_DISPUTE_UNKNOWN"
        )
    return found
