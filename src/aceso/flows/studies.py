"""What a researcher does who looks for many: a study with a budget; and what a board does.

    lead = StudyLead(network, profile)
    made = lead.create(StudyPlan(criteria=…, title=…, summary=…, protocol=…, …))
    lead.fund(made.study, amount)
    lead.amend(made.study, plan)               # another revision: everybody is asked anew
    status_of(network, made.study)
    close(network, made.study, sender)         # the researcher; anybody from the deadline on

    approve(network, board_profile, study, institution=7)

The protocol, the document and the list of receiving keys lie on IPFS, and the chain has their
digests. Each place of the study has a receiving key of its own (`orders`), so nobody who enrols has
to wait for the researcher.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from aceso.chain import (
    Call,
    OrderState,
    Protocol,
    Receipt,
    RefusedError,
    Sender,
    Studies,
    StudyState,
    StudyTerms,
)
from aceso.codes import Condition, DataClass, Use
from aceso.errors import AcesoError, InputError
from aceso.ethereum import NOBODY
from aceso.index import EnrolmentRow, StudyRow
from aceso.research import Origin, Patient, StudyDocument
from aceso.storage import cid_digest

from .disputes import Disputing
from .issuer import Holder
from .network import Network, said
from .orders import STUDIES, find_study, make_keys
from .origins import document_of
from .profile import Profile
from .researcher import Downloaded

__all__ = [
    "Conditions",
    "StudyLead",
    "StudyMade",
    "StudyPlan",
    "StudyStatus",
    "approve",
    "close",
    "conditions_of",
    "same_patients",
    "status_of",
]

_NONE = Condition(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPlan:
    """What a study asks for: `price` in base units of coin for each subject, times in seconds,
    `deadline` in seconds of the chain's time; `criteria` a FHIR Group, `protocol` a file or the CID
    of one. Unless `origin` says otherwise, data are taken only from who shows where they are from:
    a copy of somebody else's can't be sold to it then."""

    criteria: bytes
    title: str
    summary: str
    protocol: Path | str
    classes: DataClass
    use: Use
    price: int
    cap: int
    deadline: int
    duration: int
    delivery_period: int
    disease: int = 0
    conditions: Condition = _NONE
    institution: str = NOBODY
    institution_bps: int = 0
    origin: Origin = Origin.VOUCHED


@dataclass(frozen=True, slots=True)
class StudyMade:
    """A revision that was opened."""

    study: int
    revision: int
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True)
class Conditions:
    """Which conditions a revision names, and whether they are attested now: IRB by the board that
    approved it, the others of its researcher by those who accredit."""

    named: Condition
    attested: Condition
    board: str | None

    @property
    def missing(self) -> Condition:
        """Those that a decision would deny for."""
        return self.named & ~self.attested


@dataclass(frozen=True, slots=True)
class StudyStatus:
    """How a study stands. `locked` is coin in orders that run; `due` are orders that anybody can
    settle now."""

    row: StudyRow
    state: StudyState
    conditions: Conditions
    enrolments: tuple[EnrolmentRow, ...]
    locked: int
    credit: int
    due: tuple[int, ...]
    now: int

    @property
    def is_over(self) -> bool:
        """Whether anybody may close it, so that what is unspent goes back."""
        return not self.state.is_closed and self.now >= self.state.deadline

    @property
    def counts(self) -> Mapping[OrderState, int]:
        """How many orders are in each state."""
        return Counter(one.state for one in self.enrolments)


class StudyLead(Disputing):
    """The researcher of studies, with an account of their own."""

    def create(self, plan: StudyPlan) -> StudyMade:
        """Open a study. Its budget is empty as yet."""
        terms, protocol = self._prepared(self._with_protocol(plan))
        return self._revised(self.network.suite.studies.open(terms, protocol))

    def amend(self, study: int, plan: StudyPlan) -> StudyMade:
        """Change the terms: another revision, which nobody has consented to yet."""
        plan = self._with_protocol(plan)
        self.check_amends(study, plan)
        terms, protocol = self._prepared(plan)
        return self._revised(self.network.suite.studies.amend(study, terms, protocol))

    def check_amends(self, study: int, plan: StudyPlan) -> None:
        """Raise `InputError` where a plan says what the newest revision says: another one would end
        the approval and the consents of that, for nothing. A protocol that is still a file is taken
        for another."""
        row = find_study(self.network, study)
        said = document_of(self.network, row)
        if self._terms(plan) == row.terms and _document(plan) == said:
            raise InputError(
                f"This changes nothing of study {study}, and would end what its board approved and "
                "people consented to. Say what is to be other, as in `--price 12`.",
                code="E_STUDY_UNCHANGED",
                details={"study": study},
            )

    def _revised(self, call: Call) -> StudyMade:
        receipt = self.network.sender(self.account).send(call)
        study, revision = Studies.of_group(int(said(receipt, "StudyRevised")["group"]))
        return StudyMade(study, revision, (receipt,))

    def _with_protocol(self, plan: StudyPlan) -> StudyPlan:
        """The plan, with its protocol on IPFS."""
        if isinstance(plan.protocol, str):
            return plan
        return replace(plan, protocol=self.network.ipfs.add(plan.protocol))

    def _terms(self, plan: StudyPlan) -> StudyTerms:
        return StudyTerms(
            researcher=self.account.address,
            price=plan.price,
            committee=self.network.facts.number,
            duration=plan.duration,
            use=plan.use,
            classes=plan.classes,
            delivery_period=plan.delivery_period,
            deadline=plan.deadline,
            cap=plan.cap,
            institution=plan.institution,
            institution_bps=plan.institution_bps,
            disease=plan.disease,
            conditions=plan.conditions,
        )

    def _prepared(self, plan: StudyPlan) -> tuple[StudyTerms, Protocol]:
        network, document = self.network, _document(plan)
        keys = self.profile.seed.keys(network.suite.chain_id)
        protocol = Protocol(
            document.criteria.commitment,
            cid_digest(network.ipfs.add(document.to_bytes())),
            make_keys(network, keys, plan.cap),
        )
        return self._terms(plan), protocol

    def fund(self, study: int, amount: int) -> tuple[Receipt, ...]:
        """Add coin to a study's budget: it is the study's then."""
        find_study(self.network, study)
        suite = self.network.suite
        sent = self.allow(suite.addresses[STUDIES], amount)
        funded = self.network.sender(self.account).send(suite.studies.fund(study, amount))
        return (*sent, funded)

    def delivered(self, study: int) -> list[EnrolmentRow]:
        """The orders of a study that an extract was delivered for, and that run still."""
        rows = self.network.synced().enrolments([self.account.address], studies=[study])
        return [row for row in rows if row.state is OrderState.DELIVERED]

    def download_all(self, study: int, folder: Path) -> dict[int, Downloaded | AcesoError]:
        """Every extract of a study that runs, each into a new folder named by its order. One
        that does not open does not keep back the others."""
        rows = self.delivered(study)
        if not rows:
            raise InputError(
                f"Study {study} of this account has no order that is delivered and runs. See "
                f"`aceso study status {study}`.",
                code="E_STUDY_NOTHING",
            )
        done: dict[int, Downloaded | AcesoError] = {}
        for row in rows:
            try:
                done[row.order] = self.download(row.order, folder / str(row.order))
            except AcesoError as exc:
                done[row.order] = exc
        return done


def _document(plan: StudyPlan) -> StudyDocument:
    return StudyDocument.make(
        plan.criteria,
        title=plan.title,
        summary=plan.summary,
        protocol=str(plan.protocol),
        origin=plan.origin,
    )


def same_patients(done: Mapping[int, Downloaded | AcesoError]) -> list[tuple[int, ...]]:
    """Orders of unlike accounts that are shown to be of one patient of one issuer: an issuer gives
    its word for one account of each, so somebody sold the same twice."""
    accounts: dict[Patient, dict[str, int]] = defaultdict(dict)
    for order, one in done.items():
        if isinstance(one, Downloaded):
            for patient in one.patients:
                accounts[patient].setdefault(one.certificate.subject, order)
    found = {tuple(sorted(orders.values())) for orders in accounts.values() if len(orders) > 1}
    return sorted(found)


def conditions_of(network: Network, row: StudyRow) -> Conditions:
    """Which conditions a revision names, and which are attested by whom."""
    suite = network.suite
    attested = suite.participants.conditions_of(row.terms.researcher) & ~Condition.IRB
    board = suite.studies.board_of(row.group)
    found = None if int(board, 16) == 0 else board
    if found is not None:
        attested |= Condition.IRB
    return Conditions(Condition(row.terms.conditions), attested, found)


def status_of(network: Network, study: int) -> StudyStatus:
    """How a study stands, with what anybody can do about it now."""
    row = find_study(network, study)
    suite = network.suite
    rows = network.index.enrolments(studies=[study])
    now = suite.now()
    running = [one for one in rows if one.state is not OrderState.SETTLED]
    window, _ = suite.studies.challenge()
    return StudyStatus(
        row,
        suite.studies.state_of(study),
        conditions_of(network, row),
        tuple(rows),
        sum(one.price - (one.earned or 0) for one in running),
        suite.studies.credit_of(row.terms.researcher),
        tuple(one.order for one in running if _is_due(network, one, now, window)),
        now,
    )


def _is_due(network: Network, row: EnrolmentRow, now: int, window: int) -> bool:
    head, tail = network.suite.studies.get_order(row.order)
    if row.state is OrderState.OPEN:
        return now >= tail.deadline
    return row.state is OrderState.DELIVERED and now >= max(head.end, head.start + window)


def close(network: Network, study: int, sender: Sender) -> tuple[list[Receipt], list[int]]:
    """Close a study and send its researcher what it didn't spend, with the orders that are over.

    The researcher may at any time, anybody from the deadline on. Gives what was sent, and the
    orders that run still: what they don't earn is the researcher's when they are settled.
    """
    status, studies = status_of(network, study), network.suite.studies
    sent = []
    for order in status.due:
        try:
            sent.append(sender.send(studies.settle(order)))
        except RefusedError as exc:
            # Somebody else settled it, or a dispute of it began.
            if exc.error != "OrderWrongState":
                raise
    if not status.state.is_closed:
        sent.append(sender.send(studies.close(study)))
    researcher = status.row.terms.researcher
    if studies.credit_of(researcher):
        sent.append(sender.send(studies.pay_credit(researcher)))
    left = [one for one in status.enrolments if one.state is not OrderState.SETTLED]
    return sent, [one.order for one in left if one.order not in status.due]


def approve(
    network: Network, profile: Profile, study: int, *, institution: int, revision: int | None = None
) -> tuple[StudyRow, Receipt]:
    """As an ethics board, approve the newest revision of a study, or the one that was read; with
    institution 0 take that back."""
    row = find_study(network, study, revision)
    call = network.suite.studies.approve_study(row.group, institution)
    return row, network.sender(Holder(network, profile).account).send(call)
