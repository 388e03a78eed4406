"""Guardians, and a lost seed brought back.

    guarded = Guarded(person)
    guarded.entrust(guardian, classes=CLINICAL, uses=Use.TREAT)        # what they act on
    shares = guarded.prepare([first, second, third], threshold=2)      # words for each guardian
    Guardian(network, account).accept(guarded.persona.address)          # see `wards`
    …                                                                  # the seed is lost
    supports = [guardian.support(persona, requester) for guardian in two]
    start_recovery(network, supports)                                  # the delay begins
    seed = recover_seed(network, requester, persona, words_of_two)     # after it, without a veto

All of a person's guardians know one persona, which is used for nothing else. So they, and whoever
reads the chain, learn that it has these guardians, and nothing of any other relationship. For the
same reason a guardian uses an account for each ward.

The person says no with `Guarded.veto`, from any device that still has the seed: at any time, also
after the delay. What was prepared stays good until it is prepared anew, which makes the words that
were handed out before worthless.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from eth_account.signers.local import LocalAccount

from aceso.chain import (
    Appointment,
    Claim,
    GuardianPower,
    Receipt,
    Recovery,
    Seat,
    grantee_of_account,
    guardian_acts,
)
from aceso.chain.guardian_acts import Support
from aceso.codes import DataClass, Use
from aceso.errors import SPOILT, InputError, NotPermittedError
from aceso.vault import OpeningError, PrivateKey, RecoveryKey, Seed, open_seed

from .network import Network
from .person import Person
from .reader import guardian_group
from .sealed_seed import leave_seed

__all__ = [
    "Guarded",
    "GuardianShare",
    "NamedGuardian",
    "recover_seed",
    "start_recovery",
    "support_from_json",
    "support_to_json",
]

_YEAR: Final = 365 * 86_400
_PROTECTING: Final = GuardianPower.STOP | GuardianPower.RECOVER


@dataclass(frozen=True, slots=True)
class GuardianShare:
    """The words that one guardian writes down, and keeps to themself."""

    guardian: str
    words: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class NamedGuardian:
    """A guardian and how they stand."""

    guardian: str
    seat: Seat


class Guarded:
    """What a person does about their guardians."""

    def __init__(self, person: Person):
        self._person = person
        self._network = person.network
        self._contract = person.network.suite.guardianship

    @property
    def persona(self) -> LocalAccount:
        """The persona that guardians know, and nobody else."""
        return self._person.persona_for(grantee_of_account(self._contract.address))

    def name(
        self,
        guardian: str,
        *,
        powers: GuardianPower = _PROTECTING,
        seconds: int = 10 * _YEAR,
        majority: int = 0,
        threshold: int = 0,
    ) -> Receipt:
        """Name a guardian, who has to accept. `majority` is a minor's, and is rounded down to a
        quarter; then no guardian lasts longer."""
        suite = self._network.suite
        now = suite.now()
        coming = guardian_acts.quarter_of(majority)
        committed = coming or suite.guardianship.person(self.persona.address).majority
        until = now + seconds
        if now < committed:
            until = min(until, committed)
        appointment = Appointment(guardian, powers, now, until, coming, threshold)
        act = guardian_acts.name_guardian(suite, self.persona, appointment)
        return self._network.relayer.send(act.call)

    def entrust(
        self, guardian: str, *, classes: DataClass, uses: Use, seconds: int = 5 * _YEAR
    ) -> Receipt:
        """Say what a guardian who may share acts on: these classes and uses, until then or the end
        of the appointment. The class keys are left for the guardian, and given out only while the
        guardian may act: before majority, or while incapacity is in force."""
        persona, now = self.persona, self._network.suite.now()
        seat = self._contract.seat(persona.address, guardian)
        if GuardianPower.SHARE not in seat.powers or seat.valid_until <= now:
            raise InputError(
                f"{guardian} is no guardian of yours who may share. Name them first, with "
                "--powers share.",
                code="E_GUARDIAN_NO_SHARE",
                details={"guardian": guardian},
            )
        group = guardian_group(self._network, guardian)
        # Guardians know one persona, which all of them share.
        self._person.manifest.relationships[group] = self._person.personas()[persona.address]
        return self._person.share(
            group, classes=classes, uses=uses, seconds=min(seconds, seat.valid_until - now)
        )

    def remove(self, guardian: str) -> Receipt:
        """Remove a guardian, with everybody whom they let in. It always works. What was entrusted
        to them is withdrawn, and its classes get new keys."""
        act = guardian_acts.remove_guardian(self._network.suite, self.persona, guardian)
        receipt = self._network.relayer.send(act.call)
        group = guardian_group(self._network, guardian)
        if group in self._person.manifest.relationships:
            self._person.unshare(group)
        return receipt

    def guardians(self) -> list[NamedGuardian]:
        """All whom the person named and did not remove."""
        persona = self.persona.address
        named = [
            str(event.args["guardian"])
            for event in self._network.synced().events("GuardianNamed")
            if event.args["subject"] == persona
        ]
        seats = [(one, self._contract.seat(persona, one)) for one in dict.fromkeys(named)]
        return [NamedGuardian(one, seat) for one, seat in seats if seat.powers]

    def prepare(
        self, guardians: Sequence[str], *, threshold: int, seconds: int = 10 * _YEAR
    ) -> list[GuardianShare]:
        """Name guardians who can bring the seed back together, leave the sealed seed with the
        custodians, and give the words for each guardian."""
        people = list(dict.fromkeys(guardians))
        if not 2 <= threshold <= len(people) <= 16:
            raise InputError(
                f"{threshold} of {len(people)} guardians can't recover a seed: name 2 to 16 "
                "guardians, and have at least 2 of them needed.",
                code="E_RECOVERY_THRESHOLD",
                details={"threshold": threshold, "count": len(people)},
            )
        for guardian in people:
            self._name_for_recovery(guardian, threshold, seconds)
        return self._leave(people, threshold)

    def _name_for_recovery(self, guardian: str, threshold: int, seconds: int) -> None:
        """Name who isn't named for it; whoever is keeps their seat and needn't accept again."""
        seat = self._contract.seat(self.persona.address, guardian)
        known = self._contract.person(self.persona.address).threshold
        is_named = GuardianPower.RECOVER in seat.powers
        if not is_named or known != threshold:
            self.name(
                guardian,
                powers=seat.powers | _PROTECTING,
                seconds=seconds,
                threshold=threshold,
            )

    def _leave(self, people: Sequence[str], threshold: int) -> list[GuardianShare]:
        key = RecoveryKey.make()
        leave_seed(self._person, self.persona, key.public_key)
        words = key.shares(count=len(people), threshold=threshold)
        return [GuardianShare(one, said) for one, said in zip(people, words, strict=True)]

    def recovery(self) -> Recovery:
        """The recovery that stands against the person's persona, if one does."""
        return self._contract.recovery(self.persona.address)

    def veto(self) -> Receipt:
        """Say no to a recovery. It also voids what guardians signed for another until now."""
        return self.contest(Claim.RECOVERY)

    def contest(self, claim: Claim) -> Receipt:
        """Object to what is claimed of the person: it falls at once."""
        act = guardian_acts.contest(self._network.suite, self.persona, claim)
        return self._network.relayer.send(act.call)


def start_recovery(network: Network, supports: Sequence[Support]) -> Receipt:
    """Start the recovery that these guardians signed; the delay begins."""
    try:
        call = guardian_acts.start_recovery(network.suite, supports)
    except ValueError as exc:
        raise InputError(
            "These guardians did not sign for one and the same recovery: persona, requester and "
            "deadline have to be alike. Have them sign again.",
            code="E_RECOVERY_SUPPORTS",
        ) from exc
    return network.relayer.send(call)


def recover_seed(
    network: Network, requester: LocalAccount, persona: str, words: Sequence[str]
) -> Seed:
    """Bring a lost seed back, with the words of enough guardians, once the delay is over."""
    recovery = network.suite.guardianship.recovery(persona)
    if not network.suite.guardianship.may_recover(persona, requester.address):
        stands = recovery.requester == requester.address
        raise NotPermittedError(
            "The seed can't be recovered now: "
            + (
                "the delay is not over, or the time to do it is."
                if stands
                else "no recovery stands for this requester. The person may have said no."
            ),
            code="E_RECOVERY_NOT_READY",
            details={"readyAt": recovery.ready_at, "validUntil": recovery.valid_until},
        )
    # Before anything is asked of custodians: words that don't fit are found out here.
    key = RecoveryKey.join(words)
    sealed, _ = network.committee.recover(requester, persona, PrivateKey.generate())
    try:
        return open_seed(sealed, key, chain_id=network.suite.chain_id, persona=persona)
    except OpeningError as exc:
        raise OpeningError(
            "These words are of another preparation than the seed that the custodians keep: the "
            "person prepared again, and gave out other words then. Ask the guardians for those.",
            code="E_RECOVERY_OLD_WORDS",
        ) from exc


def support_to_json(support: Support) -> str:
    """What a guardian hands to the requester: a file without a secret."""
    said: dict[str, Any] = {
        "format": "aceso-recovery-support",
        "version": 1,
        "subject": support.subject,
        "guardian": support.guardian,
        "requester": support.requester,
        "objections": support.objections,
        "deadline": support.deadline,
        "signature": "0x" + support.signature.hex(),
    }
    return json.dumps(said, indent=1)


def support_from_json(text: str) -> Support:
    """Read what `support_to_json` wrote, or raise `InputError`."""
    try:
        said = json.loads(text)
        if (said["format"], said["version"]) != ("aceso-recovery-support", 1):
            raise ValueError("another format")
        return Support(
            subject=str(said["subject"]),
            guardian=str(said["guardian"]),
            requester=str(said["requester"]),
            objections=int(said["objections"]),
            deadline=int(said["deadline"]),
            signature=bytes.fromhex(str(said["signature"]).removeprefix("0x")),
        )
    except SPOILT as exc:
        raise InputError(
            "This is no guardian's support for a recovery. They make it with "
            "`aceso recovery support`.",
            code="E_RECOVERY_SUPPORTS",
        ) from exc
