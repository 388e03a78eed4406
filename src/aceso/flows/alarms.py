"""What others do in a person's name that the person can stop, and has to hear of in time.

    for one in standing_alarms(person):
        one.kind, one.who, one.at

A recovery of the seed waits for a veto, and a claim of death or incapacity for an objection; an
emergency access is open until it is stopped. The chain alone says so, to any device of the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from aceso.chain import Claim, grantee_of_account

from .emergency import EmergencyProfile
from .person import Person

__all__ = ["Alarm", "AlarmKind", "standing_alarms"]


class AlarmKind(StrEnum):
    """What is done."""

    RECOVERY = "recovery"
    DEATH = "death"
    INCAPACITY = "incapacity"
    EMERGENCY = "emergency"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One of them: whose account does it, where one does, and from when it is in force; an
    emergency access until when it is open."""

    kind: AlarmKind
    at: int
    who: str = ""


def standing_alarms(person: Person) -> list[Alarm]:
    """All that stand now."""
    contract, now = person.network.suite.guardianship, person.network.suite.now()
    found = []
    # The persona that guardians know; there is none before the first of them.
    index = person.manifest.relationships.get(grantee_of_account(contract.address))
    if index is not None:
        persona = person.persona(index).address
        recovery = contract.recovery(persona)
        if recovery.ready_at and now < recovery.valid_until:
            found.append(Alarm(AlarmKind.RECOVERY, recovery.ready_at, recovery.requester))
        for claim, kind in (
            (Claim.DEATH, AlarmKind.DEATH),
            (Claim.INCAPACITY, AlarmKind.INCAPACITY),
        ):
            since, _ = contract.claim(persona, claim)
            if since:
                found.append(Alarm(kind, since))
    for notice in EmergencyProfile(person).openings():
        if notice.is_open:
            who = notice.opening.clinician
            found.append(Alarm(AlarmKind.EMERGENCY, notice.valid_until, who))
    return found
