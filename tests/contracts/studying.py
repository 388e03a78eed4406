"""Studies with everybody who takes part in them: shared by the tests of `Studies`.

As in `trading`, what a test expects of money is written out and never asked of the contract.
"""

from __future__ import annotations

from typing import Any

import pytest

from aceso.codes import Role
from aceso.typed_data import TYPES
from tests.contracts.trading import (
    COIN,
    DAY,
    DURATION,
    FOREVER,
    HMB,
    LABS,
    PERIOD,
    PRICE,
    ZERO,
    Trade,
)

__all__ = ["BUDGET", "ENROLMENT", "PROTOCOL", "STUDY", "Research", "research", "steady_clock"]

STUDY = (
    *("researcher", "price", "institution", "committee", "duration", "institutionBps", "use"),
    *("classes", "disease", "conditions", "deliveryPeriod", "deadline", "cap"),
)
PROTOCOL = ("0x" + "c0" * 32, "0x" + "d0" * 32, "0x" + "e0" * 32)
# For two subjects, and a unit that is left over.
BUDGET = 2 * PRICE + 1
# How long people may enrol.
ENROLMENT = 60 * DAY


class Research(Trade):
    """A trade whose market is the desk of studies: delivery, settlement and pay are the same.

    The researcher is the buyer of `Trade`. Institutions 1 to 5 are the custodians'; 6 has the
    ethics board, and 7 the researcher.
    """

    def __init__(self, project: Any, accounts: Any, window: int = 0) -> None:
        super().__init__(project, accounts, window)
        project.StudyBook.deploy({"from": self.deployer})
        self.studies = self.market = project.Studies.deploy(
            *(self.consents, self.participants, self.coin, self.commons, self.disputes, window),
            {"from": self.deployer},
        )
        self.researcher, self.board = self.buyer, accounts[18]
        self._accredit(self.researcher, Role.RESEARCHER)
        self._accredit(self.board, Role.ETHICS_BOARD)
        for place, member in ((6, self.board), (7, self.researcher)):
            self.participants.openInstitution(self.authority, {"from": self.authority})
            self.participants.setMember(place, member, FOREVER, 0, {"from": self.authority})
        for payer in (self.researcher, self.other):
            self.coin.approve(self.studies, 1000 * COIN, {"from": payer})

    def study(self, **changed: Any) -> dict[str, Any]:
        """Good terms of a study, in their order."""
        found = {
            "researcher": str(self.researcher),
            "price": PRICE,
            "institution": ZERO,
            "committee": 1,
            "duration": DURATION,
            "institutionBps": 0,
            "use": HMB,
            "classes": LABS,
            "disease": 0,
            "conditions": 0,
            "deliveryPeriod": PERIOD,
            "deadline": self.now + ENROLMENT,
            "cap": 3,
        } | changed
        return {name: found[name] for name in STUDY}

    def open(self, budget: int = BUDGET, **changed: Any) -> int:
        """The group of the first revision of a study with this budget."""
        terms = tuple(self.study(**changed).values())
        tx = self.studies.open(terms, PROTOCOL, {"from": self.researcher})
        group = int(tx.events["StudyRevised"]["group"])
        if budget:
            self.studies.fund(group >> 16, budget, {"from": self.researcher})
        return group

    def amend(self, study: int, **changed: Any) -> int:
        terms = tuple(self.study(**changed).values())
        tx = self.studies.amend(study, terms, PROTOCOL, {"from": self.researcher})
        return int(tx.events["StudyRevised"]["group"])

    def consent(self, group: int, subject: Any = None, **changed: Any) -> Any:
        """A subject grants to a revision, for a year."""
        return self.grant(group, by=subject, **changed)

    def enrol(self, group: int, subject: Any = None, at: int | None = None) -> int:
        """A subject consents and enrols: the order."""
        self.consent(group, subject)
        if at is not None:
            self.at(at)
        tx = self.studies.enrol(group, {"from": subject or self.subject})
        return int(tx.events["StudyEnrolled"]["order"])

    def standing(self, study: int) -> tuple[int, int]:
        """The budget that isn't locked, and how many are enrolled."""
        budget, enrolled, *_ = self.studies.stateOf(study)
        return int(budget), int(enrolled)

    def enrolment(self, group: int, **changed: Any) -> dict[str, Any]:
        """What the subject signs to enrol."""
        order, exists = self.studies.orderOf(group >> 16, self.subject)
        message = {
            "subject": str(self.subject),
            "group": group,
            "order": order + exists,
            "deadline": self.now + DAY,
        } | changed
        return {
            field["name"]: message[field["name"]] for field in TYPES["Enrolment"].types["Enrolment"]
        }


@pytest.fixture(scope="module")
def research(accounts):
    from brownie import project

    (loaded,) = project.get_loaded_projects()
    return Research(loaded, accounts)


@pytest.fixture(autouse=True)
def steady_clock(research, isolation):
    research.keep_pace()
