"""What a person does about studies: see them, enrol under the terms that they read, fulfil.

    asked = Enrolling(person)
    for one in asked.open(): …
    plan = asked.plan(study)                  # terms, document, what is attested, what is earned
    order, receipts = asked.enrol(plan, notice=…)
    asked.fulfil()

A person grants to the revision that they read. Where the study was amended meanwhile the chain
refuses, and an older consent is for the older terms alone: the newer ones are read and said yes to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from aceso.chain import (
    OrderState,
    Receipt,
    Studies,
    grantee_of_group,
    parse_grantee,
    study_acts,
)
from aceso.codes import DataClass, Role
from aceso.errors import InputError
from aceso.index import EnrolmentRow, StudyRow
from aceso.research import Origin, StudyDocument

from .errors import NothingToOpenError
from .extracts import Fulfilled, Options
from .granting import grant_and_take_part, granted_terms
from .network import Network, said
from .orders import STUDIES, find_study
from .origins import check_can_show, document_of
from .own_vault import RESEARCH
from .person import Person
from .selling import Seller
from .studies import Conditions, conditions_of
from .vouching import Vouch, keep_vouches, known_vouches

__all__ = ["Enrolling", "EnrolmentPlan", "part_of_subject"]

# Of what is earned the committee and the commons have 5 % each.
_FEES_BPS = 500
_WHOLE_BPS = 10_000
# So that what is carried late costs no time of the order.
_SLACK_SECONDS = 3600
_AS_USUAL = Options()


def part_of_subject(earned: int, institution_bps: int) -> int:
    """What of an order's earnings is the subject's, as `Settlement` divides them."""
    fee = earned * _FEES_BPS // _WHOLE_BPS
    return earned - 2 * fee - earned * institution_bps // _WHOLE_BPS


@dataclass(frozen=True, slots=True)
class EnrolmentPlan:
    """What enrolling in a revision means for this person. `earlier` is their newest order of the
    study; `consented` are the revisions that they said yes to before."""

    row: StudyRow
    document: StudyDocument
    conditions: Conditions
    earns: int
    until: int
    earlier: EnrolmentRow | None
    consented: tuple[int, ...]

    @property
    def is_enrolled(self) -> bool:
        """Whether an order of theirs runs."""
        return self.earlier is not None and self.earlier.state is not OrderState.SETTLED

    @property
    def asks_origin(self) -> bool:
        """Whether the study takes only data whose origin is shown."""
        return self.document.origin is Origin.VOUCHED

    @property
    def was_amended(self) -> bool:
        """Whether they said yes to other terms of this study before, and not to these."""
        return bool(self.consented) and self.row.revision not in self.consented


class Enrolling:
    """A person who takes part in studies, by their research persona."""

    def __init__(self, person: Person):
        self.person = person
        self._network: Network = person.network

    @property
    def subject(self) -> str:
        """Who is enrolled: no study meets a care persona."""
        return self.person.persona(RESEARCH).address

    def open(self) -> list[StudyRow]:
        """The newest revision of each study that takes people now."""
        return self._network.synced().studies(self._network.suite.now())

    def enrolments(self) -> list[EnrolmentRow]:
        """This person's orders of studies, the oldest first."""
        return self._network.synced().enrolments(subjects=[self.subject])

    def plan(self, study: int, revision: int | None = None) -> EnrolmentPlan:
        """Read what a study asks for, as it is now; refused where another revision is named than
        the newest."""
        network = self._network
        row = find_study(network, study)
        if revision is not None and find_study(network, study, revision) != row:
            raise _amended(study)
        terms, now = row.terms, network.suite.now()
        mine = [one for one in network.index.enrolments(subjects=[self.subject], studies=[study])]
        return EnrolmentPlan(
            row,
            document_of(network, row),
            conditions_of(network, row),
            part_of_subject(terms.price, terms.institution_bps),
            now + terms.delivery_period + terms.duration,
            mine[-1] if mine else None,
            self._consented(study),
        )

    def _consented(self, study: int) -> tuple[int, ...]:
        """The revisions of a study that this person ever said yes to."""
        desk = self._network.suite.addresses[STUDIES]
        groups = [
            parse_grantee(row.grantee) for row in self._network.index.consents([self.subject])
        ]
        found = {
            Studies.of_group(one.number) for one in groups if one.is_group and one.address == desk
        }
        return tuple(sorted(revision for of, revision in found if of == study))

    def enrol(
        self, plan: EnrolmentPlan, *, notice: bytes, vouches: Sequence[Vouch] = ()
    ) -> tuple[int, tuple[Receipt, ...]]:
        """Grant to the revision that was read, and enrol. `notice` is the hash of the words that
        the person said yes to. `vouches` are issuers' words, kept for the delivery. Gives the
        order."""
        self.check(plan, vouches)
        keep_vouches(self.person.profile.store, vouches)
        row, suite, persona = plan.row, self._network.suite, self.person.persona(RESEARCH)
        terms, now = row.terms, suite.now()
        grantee = grantee_of_group(row.group, suite.addresses[STUDIES])
        granted, enrolled = grant_and_take_part(
            self._network,
            persona,
            granted_terms(
                terms,
                grantee=grantee,
                since=now,
                until=now + terms.delivery_period + terms.duration + _SLACK_SECONDS,
                notice=notice,
            ),
            lambda: study_acts.enrol(suite, persona, row.group),
        )
        self.person.renew_will()
        return int(said(enrolled, "StudyEnrolled")["order"]), (granted, enrolled)

    def check(self, plan: EnrolmentPlan, vouches: Sequence[Vouch] = ()) -> None:
        """Refuse in a sentence what the chain would refuse, or the buyer, before anything is
        signed."""
        study, suite = plan.row.study, self._network.suite
        if plan.is_enrolled:
            raise InputError(
                f"You are enrolled in study {study}, and a new consent would give up the pay of "
                "that order. Wait until it is settled.",
                code="E_STUDY_ENROLLED",
                details={"study": study},
            )
        state = suite.studies.state_of(study)
        if state.revision != plan.row.revision:
            raise _amended(study)
        if state.is_closed or suite.now() >= state.deadline:
            raise InputError(
                f"Study {study} takes nobody any more. See `aceso study list` for others.",
                code="E_STUDY_OVER",
                details={"study": study},
            )
        lead = plan.row.terms.researcher
        if not suite.participants.has_roles(lead, Role.RESEARCHER):
            raise InputError(
                f"{lead}, who leads study {study}, is not accredited as a researcher any more. See "
                "`aceso study list` for others.",
                code="E_STUDY_NOT_ACCREDITED",
                details={"study": study, "account": lead},
            )
        if plan.conditions.missing:
            names = ", ".join(str(one.name) for one in plan.conditions.missing)
            raise InputError(
                f"Study {study} says that it meets {names}, and nobody attested that. Wait until "
                f"they did; `aceso study show {study}` says who attested what.",
                code="E_STUDY_NOT_ATTESTED",
                details={"study": study, "conditions": names},
            )
        known = known_vouches(self.person, vouches)
        if plan.asks_origin:
            check_can_show(self.person, _name(plan.row), DataClass(plan.row.terms.classes), known)

    def fulfil(
        self,
        studies: tuple[int, ...] = (),
        *,
        options: Options = _AS_USUAL,
        vouches: Sequence[Vouch] = (),
    ) -> list[Fulfilled]:
        """Make and deliver the extract of every order of these studies, or of all, that can be
        delivered still. One that can't be fulfilled does not stop the others."""
        suite = self._network.suite
        orders = [
            one.order
            for one in self.enrolments()
            if one.state is OrderState.OPEN and (not studies or one.study in studies)
        ]
        now = suite.now()
        # One whose delivery period is over can only be settled.
        waiting = [one for one in orders if now < suite.studies.get_order(one)[1].deadline]
        if not waiting:
            raise NothingToOpenError(
                "No order of yours in a study waits for its extract. See `aceso study list`.",
                code="E_STUDY_NOTHING_DUE",
            )
        known_vouches(self.person, vouches)
        keep_vouches(self.person.profile.store, vouches)
        return list(Seller(self.person).deliver_each(waiting, options))


def _name(row: StudyRow) -> str:
    return f"study:{row.study}.{row.revision}"


def _amended(study: int) -> InputError:
    return InputError(
        f"The terms of study {study} were amended since you read them. Read them with "
        f"`aceso study show {study}`, and enrol anew.",
        code="E_STUDY_AMENDED",
        details={"study": study},
    )
