"""Emergencies: the card that a person carries, and what a clinician opens with it.

    profile = EmergencyProfile(person)
    card = profile.prepare(DataClass.ALLERGIES | DataClass.MEDICATIONS)
    …                                                             # the person can't be asked
    rescuer = Rescuer(network, clinician's profile)
    rescuer.open(card, institution=3, reason=Emergency.UNCONSCIOUS)
    rescuer.read(card, folder=Path("opened"))                    # what the person chose
    profile.openings()                                            # it can't be hidden
    profile.stop(clinician)

The person grants emergency treatment to the emergency group, once, from a persona that is used for
nothing else; `decide` stays the one decision. The classes' keys are sealed to the card's key pair,
also those of later epochs. The custodians' shares go to the clinician's own published key. So it
takes the card, the accreditation, the open glass and m custodians to open anything, and whoever has
all of them opens what the person chose.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from eth_account.signers.local import LocalAccount

from aceso.chain import (
    Appointment,
    Emergencies,
    EmergencyOutcome,
    EmergencyStatistics,
    GuardianPower,
    Opening,
    Receipt,
    emergency_acts,
    grantee_of_group,
    guardian_acts,
)
from aceso.codes import DataClass, Emergency, Use
from aceso.errors import AcesoError, InputError
from aceso.vault import EmergencyCard, PublicKey

from .errors import NothingToOpenError
from .issuer import Holder
from .network import Network
from .own_vault import FIRST_RELATIONSHIP
from .person import Person
from .reader import Opened, Opens, Unopened, open_listed

__all__ = [
    "EMERGENCY_CLASSES",
    "EmergencyNotice",
    "EmergencyProfile",
    "Rescuer",
    "Reviewer",
    "emergency_group",
    "stop_as_guardian",
]

# What a card opens unless the person says otherwise.
EMERGENCY_CLASSES: Final = DataClass.ALLERGIES | DataClass.MEDICATIONS | DataClass.PROBLEMS
_YEAR: Final = 365 * 86_400
_INSTITUTIONS: Final = "emergency-institutions"


@dataclass(frozen=True, slots=True)
class EmergencyNotice:
    """What the chain says of one opening: of which card's persona, when, by whom, why, and how it
    stands now."""

    number: int
    subject: str
    opened_at: int
    valid_until: int
    is_open: bool
    is_stopped: bool
    opening: Opening

    @property
    def outcome(self) -> EmergencyOutcome:
        return self.opening.outcome


def emergency_group(network: Network) -> bytes:
    """The grantee that stands for the clinicians with an open glass."""
    return grantee_of_group(Emergencies.GROUP, network.suite.addresses["EmergencyAccess"])


class EmergencyProfile:
    """What a person does about emergencies."""

    def __init__(self, person: Person):
        self._person = person
        self._network = person.network
        self._group = emergency_group(person.network)
        self.unsealed: Mapping[int, AcesoError] = {}

    @property
    def persona(self) -> LocalAccount | None:
        """The persona on the card; none before the first card."""
        index = self._person.manifest.relationships.get(self._group)
        return None if index is None else self._person.persona(index)

    def prepare(
        self, classes: DataClass = EMERGENCY_CLASSES, *, seconds: int = 5 * _YEAR
    ) -> EmergencyCard:
        """Grant these classes for emergencies, in place of what was granted before, and make the
        card. The same card again, as long as it is not replaced."""
        self._person.share(self._group, classes=classes, uses=Use.ETREAT, seconds=seconds)
        return self.card()

    def replace(
        self, classes: DataClass = EMERGENCY_CLASSES, *, seconds: int = 5 * _YEAR
    ) -> EmergencyCard:
        """A card in place of one that was lost: another persona and another secret. The old one is
        withdrawn from, and the classes get new keys."""
        if self.persona is not None:
            self._person.unshare(self._group)
            self._person.forget_relationship(self._group)
        return self.prepare(classes, seconds=seconds)

    def card(self) -> EmergencyCard:
        """The card as it stands."""
        persona = self.acting()
        index = self._person.manifest.relationships[self._group]
        return EmergencyCard(
            chain_id=self._network.suite.chain_id,
            contract=self._network.suite.addresses["EmergencyAccess"],
            persona=persona.address,
            secret=self._person.keys.emergency_key(index),
        )

    @property
    def institutions(self) -> tuple[int, ...]:
        """The institutions that were given a copy of a card; a new card is for them as well."""
        # Before the index had them, the device that made the copies noted them.
        noted = json.loads(self._person.profile.store.get(_INSTITUTIONS) or b"[]")
        return tuple(sorted({*self._person.manifest.card_copies, *map(int, noted)}))

    def key_at(self, institution: int) -> PublicKey:
        """What a copy for an institution is sealed to. One that there is none of, or that published
        no key, is an error."""
        participants = self._network.suite.addresses["ParticipantRegistry"]
        return self._network.receiving_key(grantee_of_group(institution, participants))

    def sealed_for(self, institutions: Sequence[int]) -> dict[int, bytes]:
        """Copies of the card, each sealed to the published key of an institution, which opens it at
        its gateway: these institutions, and those that were named before. One of the latter that
        has no key now gets none, and is in `unsealed` with the reason."""
        # Before they are noted: what was noted is for every card to come.
        keys = {number: self.key_at(number) for number in institutions}
        unsealed: dict[int, AcesoError] = {}
        for number in self.institutions:
            if number not in keys:
                try:
                    keys[number] = self.key_at(number)
                except AcesoError as exc:
                    unsealed[number] = exc
        self.unsealed = unsealed
        noted = {*keys, *unsealed}
        if self._person.manifest.card_copies != noted:
            self._person.manifest.card_copies = noted
            self._person._save_manifest()
        card = self.card()
        return {number: card.seal(key) for number, key in sorted(keys.items())}

    def acting(self) -> LocalAccount:
        """The persona on the card, or an `InputError` where there is none."""
        persona = self.persona
        if persona is None:
            raise InputError(
                "There is no emergency card yet. Make one with `aceso emergency card`.",
                code="E_NO_EMERGENCY_CARD",
            )
        return persona

    def _cards(self) -> dict[str, LocalAccount]:
        """The personas that may have been on a card, by address: a card that took the place of
        another has a later one, and the one before is no relationship any more."""
        newest = self._person.manifest.relationships.get(self._group, FIRST_RELATIONSHIP - 1)
        personas = map(self._person.persona, range(FIRST_RELATIONSHIP, newest + 1))
        return {one.address: one for one in personas}

    def openings(self) -> list[EmergencyNotice]:
        """Every time that the glass was broken, of earlier cards too, the newest first."""
        return _notices(self._network, self._cards())

    def stop(self, clinician: str) -> Receipt:
        """Stop an access at once. That clinician stays out until a panel finds it justified."""
        persona, cards = self.acting(), self._cards()
        for notice in _notices(self._network, cards):
            if notice.is_open and notice.opening.clinician == clinician:
                persona = cards[notice.subject]
                break
        suite = self._network.suite
        act = emergency_acts.stop(suite, persona, subject=persona.address, clinician=clinician)
        return self._network.relayer.send(act.call)

    def collect(self, to: str) -> tuple[int, list[Receipt]]:
        """Have what is owed to the personas of all cards paid to an account, each by itself."""
        suite, found = self._network.suite, 0
        owed = []
        for persona in self._cards().values():
            amount = suite.emergencies.credit_of(persona.address)[0]
            found += amount
            owed += [persona] if amount else []
        acts = [emergency_acts.take_credit(suite, one, to) for one in owed or [self.acting()]]
        return found, [self._network.relayer.send(act.call) for act in acts]

    def let_stop(self, guardian: str, *, seconds: int = 10 * _YEAR) -> Receipt:
        """Let somebody stop accesses, and do nothing else, once they accept. Guardians are named
        for each persona: those who help with a lost seed don't know this one."""
        suite = self._network.suite
        now = suite.now()
        named = Appointment(guardian, GuardianPower.STOP, now, now + seconds)
        act = guardian_acts.name_guardian(suite, self.acting(), named)
        return self._network.relayer.send(act.call)


def stop_as_guardian(
    network: Network, guardian: LocalAccount, *, subject: str, clinician: str
) -> Receipt:
    """Stop an access to the data of `subject`, as a guardian with the power to stop."""
    act = emergency_acts.stop(network.suite, guardian, subject=subject, clinician=clinician)
    return network.relayer.send(act.call)


def _notices(network: Network, personas: Collection[str]) -> list[EmergencyNotice]:
    emergencies = network.suite.emergencies
    found = []
    for event, time in network.synced().timed_events("EmergencyOpened"):
        persona = str(event.args["subject"])
        if persona not in personas:
            continue
        number, clinician = int(event.args["number"]), str(event.args["clinician"])
        newest = emergencies.newest_of(persona, clinician)
        is_newest = newest.number == number
        found.append(
            EmergencyNotice(
                number=number,
                subject=persona,
                opened_at=time,
                valid_until=newest.valid_until if is_newest else int(event.args["validUntil"]),
                is_open=emergencies.opening_of(persona, clinician) == number,
                is_stopped=is_newest and newest.stopped,
                opening=emergencies.opening(number),
            )
        )
    return found[::-1]


class Rescuer(Holder, Opens):
    """An accredited emergency clinician."""

    def chosen(self, card: EmergencyCard) -> DataClass:
        """What the person lets this card open now; nothing where they withdrew, or it ran out."""
        self._check(card)
        suite = self.network.suite
        group = emergency_group(self.network)
        standing = suite.standing(card.persona, group, self.account.address)
        grant, now = standing.grant, suite.now()
        is_live = (
            Use.ETREAT in grant.uses
            and grant.valid_from <= now < grant.valid_until
            and grant.epoch == standing.head.epoch
            and not grant.barred
        )
        return grant.classes if is_live else DataClass(0)

    def open(
        self,
        card: EmergencyCard,
        *,
        institution: int,
        reason: Emergency,
        seconds: int = 0,
    ) -> Receipt:
        """Break the glass of the card's persona, leaving the bond. It is public at once. Of a card
        that opens nothing any more no bond is taken."""
        if not self.chosen(card):
            raise NothingToOpenError(
                "This card opens nothing: the person withdrew it, made another in its place, or "
                "its time is over. No bond was left. Ask for a newer card.",
                code="E_EMERGENCY_NOTHING",
            )
        suite = self.network.suite
        self.allow(suite.emergencies.address, suite.emergencies.bond())
        call = suite.emergencies.open(card.persona, institution, reason, seconds)
        receipt = self.network.sender(self.account).send(call)
        self.network.wait_confirmed(receipt)
        return receipt

    def close(self, persona: str) -> Receipt:
        """Close one's own access before its time."""
        return self.network.sender(self.account).send(self.network.suite.emergencies.close(persona))

    def read(
        self, card: EmergencyCard, *, folder: Path, classes: DataClass | None = None
    ) -> list[Opened]:
        """What opened, of all that the person chose unless `classes` names less. `unopened` says
        which records did not, and `unlisted` which classes could not be asked for: one that fails
        keeps back no other. If nothing opened, the first error is raised."""
        chosen = self.chosen(card)
        done: list[Opened | Unopened] = []
        unlisted: dict[DataClass, AcesoError] = {}
        # Nothing chosen is asked for all the same, so that the custodians say why not.
        for data_class in classes or chosen or EMERGENCY_CLASSES:
            try:
                done += self._read_class(card, data_class, folder)
            except AcesoError as exc:
                unlisted[data_class] = exc
        return self._told(done, unlisted)

    def _read_class(
        self, card: EmergencyCard, data_class: DataClass, folder: Path
    ) -> list[Opened | Unopened]:
        group = emergency_group(self.network)
        listing = self.network.committee.listing(
            actor=self.account,
            subject=card.persona,
            grantee=group,
            use=Use.ETREAT,
            data_class=data_class,
        )
        return open_listed(
            self.network,
            listing,
            actor=self.account,
            grantee=group,
            receiving_key=self.receiving.current,
            class_keys_to=[card.secret],
            persona=card.persona,
            data_class=data_class,
            use=Use.ETREAT,
            folder=folder,
        )

    def _check(self, card: EmergencyCard) -> None:
        suite = self.network.suite
        said = (card.chain_id, card.contract.lower())
        if said != (suite.chain_id, suite.addresses["EmergencyAccess"].lower()):
            raise InputError(
                f"The card is for chain {card.chain_id} and the contract {card.contract}, which is "
                "not this network. Name the network that it was made for.",
                code="E_EMERGENCY_NETWORK",
            )


class Reviewer(Holder):
    """A member of an ethics board, who says whether an opening was justified."""

    def review(self, number: int, *, institution: int, justified: bool) -> Receipt:
        call = self.network.suite.emergencies.review(number, institution, justified)
        return self.network.sender(self.account).send(call)

    def end(self, number: int) -> Receipt:
        """End a review that no two agreed in by its deadline. Anybody may."""
        call = self.network.suite.emergencies.end_review(number)
        return self.network.sender(self.account).send(call)

    def statistics(self, institution: int = 0) -> EmergencyStatistics:
        """Of one institution, or (0) in all. Anybody may ask."""
        return self.network.suite.emergencies.statistics(institution)
