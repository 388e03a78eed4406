"""Whom the class keys lie sealed for at the custodians, and the epochs that begin as grants end.

    vault.settle_keys()

Whoever holds the key of a class and is not let in any more (withdrawn, at the end of its time,
barred, or without accreditation) ends an epoch: the class gets new keys, which are left for those
who are still let in. What was given to whom is in the manifest, so it doesn't matter which device
notices, nor where an earlier try was cut off: what is to be done follows each time from what the
chain says and from what was given. A grantee who published another key is given everything anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from eth_account.signers.local import LocalAccount

from aceso.chain import parse_grantee
from aceso.codes import DataClass
from aceso.custody import Act, keys_act, open_act
from aceso.errors import AcesoError
from aceso.index import ConsentRow
from aceso.vault import KeyNote, PublicKey

from .errors import LostAccreditationError
from .own_vault import OwnVault

__all__ = ["KeepingEpochs", "Progress"]

_NONE: Final = DataClass(0)
_JOURNAL: Final = "holders"

# What is told of the way: the step and the number of things that have done it.
Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class _Key:
    """A class key that is to be left for a grantee."""

    grantee: bytes
    data_class: DataClass
    epoch: int


class KeepingEpochs(OwnVault):
    """Keeps the keys that others hold in step with what the person lets them see."""

    def settle_keys(self, *, progress: Progress | None = None) -> None:
        """Begin the epochs that ended grants call for, and leave what keys are missing. What fails
        is in `network.troubles`, and is done the next time."""
        tell = progress or (lambda step, count: None)
        try:
            self._take_journal()
            if self.profile.store.get("manifest-unsaved"):
                self._save_manifest()
        except AcesoError as exc:
            self.network.troubles.append(exc)
        try:
            standing = self._standing()
            self._begin_epochs(standing)
            self._leave_missing(standing, tell)
        except AcesoError as exc:
            self.network.troubles.append(exc)

    # Who is let in

    def consents(self, *, live: bool = True) -> list[ConsentRow]:
        """What was granted by any persona; only what is in force unless asked for all."""
        rows = self.network.synced().consents(list(self.personas()))
        now = self.network.suite.now()
        return [row for row in rows if not live or row.is_live(now)]

    def _standing(self) -> dict[bytes, DataClass]:
        """Which classes each grantee may be given the keys of; an offer's buyers never are."""
        standing: dict[bytes, DataClass] = {}
        for row in self.consents():
            if row.grantee not in self.manifest.relationships:
                continue
            if self._lost_accreditation(row.grantee):
                self.network.troubles.append(LostAccreditationError(row.grantee))
                continue
            standing[row.grantee] = standing.get(row.grantee, _NONE) | row.classes
        return standing

    def _lost_accreditation(self, grantee: bytes) -> bool:
        """Whether the authority took back what it had said of this grantee. Who was never
        accredited, such as one of the family, has lost nothing."""
        found = parse_grantee(grantee)
        if not found.is_group:
            return self.network.index.was_unaccredited(found.address)
        if found.address != self.network.suite.addresses["ParticipantRegistry"]:
            return False
        institution = self.network.suite.participants.institution(found.number)
        return institution.valid_until <= self.network.suite.now()

    def _sealed_to(self, grantee: bytes) -> PublicKey:
        """The key that class keys for this grantee are sealed to: what they published, or for the
        emergency group, whose members nobody knows beforehand, that of the card."""
        found = parse_grantee(grantee)
        if found.is_group and found.address == self.network.suite.addresses["EmergencyAccess"]:
            self.persona_for(grantee)
            return self.keys.emergency_key(self.manifest.relationships[grantee]).public_key
        return self.network.receiving_key(grantee)

    # Epochs

    def _epoch(self, data_class: DataClass | int) -> int:
        return self.manifest.epochs.get(int(data_class), 0)

    def _begin_epochs(self, standing: Mapping[bytes, DataClass]) -> None:
        """A new epoch of each class whose newest key somebody holds who is not let in any more."""
        ended = [
            (grantee, number)
            for grantee, notes in self.manifest.holders.items()
            for number in notes
            if not standing.get(grantee, _NONE) & number
        ]
        if not ended:
            return
        for number in {
            number
            for grantee, number in ended
            if self.manifest.holders[grantee][number].epoch >= self._epoch(number)
        }:
            self.manifest.epochs[number] = self._epoch(number) + 1
        for grantee, number in ended:
            del self.manifest.holders[grantee][number]
            if not self.manifest.holders[grantee]:
                del self.manifest.holders[grantee]
        # The new epoch is on the device before anything else: what comes from now on is sealed to
        # it, whether or not the others hear of it today.
        self._keep_manifest()
        self._put_journal()
        try:
            self._save_manifest()
        except AcesoError as exc:
            self.network.troubles.append(exc)

    # Keys

    def _leave_missing(self, standing: Mapping[bytes, DataClass], tell: Progress) -> None:
        left = False
        for grantee, classes in standing.items():
            try:
                to = self._sealed_to(grantee)
                persona = self.persona(self.manifest.relationships[grantee])
                left |= self._leave_keys(persona, grantee, classes, to, tell=tell)
            except AcesoError as exc:
                # One who has no key keeps back neither the new epoch nor the others.
                self.network.troubles.append(exc)
        if left:
            try:
                self._save_manifest()
            except AcesoError as exc:
                self.network.troubles.append(exc)

    def _leave_keys(
        self,
        persona: LocalAccount,
        grantee: bytes,
        classes: DataClass,
        to: PublicKey,
        *,
        anew: bool = False,
        tell: Progress = lambda step, count: None,
    ) -> bool:
        """Leave the keys of these classes that the grantee lacks, of all epochs; or all of them
        `anew`. Say whether there were any. Kept as it goes, so that a cut costs one bundle."""
        wanted = list(self._missing(grantee, classes, to, anew=anew))
        if not wanted:
            return False
        # A new persona has no list yet, of this epoch or of an earlier one.
        places = [(persona, key.data_class, key.epoch) for key in wanted]
        with self._noting_lists():
            openings = self._openings_of(places)
            by_committee: dict[int, tuple[list[Act], list[_Key | None]]] = {}
            for (_, data_class, epoch), opening, key in zip(places, openings, wanted, strict=True):
                place = self.manifest.lists[opening.opening.list_key]
                acts, keys = by_committee.setdefault(place, ([], []))
                if not self._is_opened(opening):
                    acts.append(open_act(opening))
                    keys.append(None)
                sealed = self.network.committee.seal_key(
                    self.keys.list_key(int(data_class), epoch),
                    persona.address,
                    grantee,
                    data_class,
                    epoch,
                    self.keys.class_key(int(data_class), epoch),
                    to,
                )
                terms = opening.opening
                acts.append(
                    keys_act(sealed, custodians=terms.custodians, threshold=terms.threshold)
                )
                keys.append(key)
            for place, (acts, keys) in by_committee.items():
                committee = self._committee_at(place)
                committee.send(
                    acts,
                    on_sent=lambda at, end, keys=keys: self._left(keys[at:end], to, tell),  # type: ignore[misc]
                )
            self._note_opened(*openings)
        return True

    def _missing(
        self, grantee: bytes, classes: DataClass, to: PublicKey, *, anew: bool
    ) -> Iterator[_Key]:
        for data_class in classes:
            note = self.manifest.holders.get(grantee, {}).get(int(data_class))
            known = note is not None and note.receiving_key == to.digest and not anew
            first = note.epoch + 1 if known and note is not None else 0
            for epoch in range(first, self._epoch(data_class) + 1):
                yield _Key(grantee, data_class, epoch)

    def _left(self, keys: Sequence[_Key | None], to: PublicKey, tell: Progress) -> None:
        left = [key for key in keys if key is not None]
        for key in left:
            notes = self.manifest.holders.setdefault(key.grantee, {})
            # The epochs of a class are left in their order, so that the last one tells of all.
            notes[int(key.data_class)] = KeyNote(key.epoch, to.digest)
        if left:
            self._put_journal()
            tell("key", len(left))

    # What was left since the manifest was last sealed: small, and so written after each bundle.

    def _put_journal(self) -> None:
        said = {
            grantee.hex(): {
                str(number): [note.epoch, note.receiving_key.hex()]
                for number, note in notes.items()
            }
            for grantee, notes in self.manifest.holders.items()
        }
        self.profile.store.put(_JOURNAL, json.dumps(said).encode())

    def _take_journal(self) -> None:
        kept = self.profile.store.get(_JOURNAL)
        if not kept:
            return
        for grantee, notes in json.loads(kept).items():
            known = self.manifest.holders.setdefault(bytes.fromhex(grantee), {})
            for number, (epoch, key) in notes.items():
                if int(number) not in known or known[int(number)].epoch <= epoch:
                    known[int(number)] = KeyNote(epoch, bytes.fromhex(key))
