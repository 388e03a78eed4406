"""What a vault holds: learn what issuers posted, open a record, forget one, bring all back.

person.sync()
person.records()
person.open_record(record_id, Path("record.json"))
person.forget(record_id)
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from eth_account.signers.local import LocalAccount

from aceso.codes import DataClass
from aceso.custody import DeletionReceipt
from aceso.errors import AcesoError
from aceso.vault import (
    Envelope,
    ListEntry,
    Manifest,
    OpeningError,
    RecordKey,
    RecordNote,
    open_as_owner,
    open_stream,
)

from .consents import Consenting
from .epochs import Progress
from .errors import NothingToOpenError
from .forgetting import expect_deletion, finish_deletions, forgotten, note_deletions
from .healing import heal, own_listing
from .network import Network
from .own_vault import RESEARCH
from .profile import Profile
from .publishing import day_of
from .sightings import see_again

__all__ = ["HoldingRecords", "read_envelope", "write_body", "write_contents", "write_sealed"]


class HoldingRecords(Consenting):
    """The records of a person, opened by the owner key alone: nobody is asked."""

    def __init__(self, network: Network, profile: Profile):
        super().__init__(network, profile)
        # How many entries were not believed when we last looked.
        self.rejected = 0
        # Custodians that did not answer the last sync, and why.
        self._silent: dict[str, AcesoError] = {}

    def sync(self, *, progress: Progress | None = None) -> int:
        """Learn of what issuers posted since; say how many records are new. `rejected` says how
        many entries were not believed: anybody who was given a card, and any custodian, can make
        one up."""
        # What another device added or forgot since, before anything is believed or saved.
        self._catch_up()
        self.settle_keys(progress=progress)
        self._try(self._open_noted)
        self._try(lambda: see_again(self.network, self.persona(RESEARCH).address))
        store = self.profile.store
        for record_id, list_key in self.manifest.owed.items():
            expect_deletion(store, record_id, list_key, self._members_of(list_key))
        self._try(lambda: finish_deletions(self.network, store, self._list_key, self._committee_of))
        self._silent = {}
        found = rejected = 0
        for data_class in DataClass:
            for persona in self._personas_of(data_class):
                listing = own_listing(self, persona, data_class)
                self._silent |= listing.failed
                believed = []
                for listed in listing.entries:
                    if listed.record_id in self.manifest.forgotten:
                        # From a custodian that was put back to an earlier state.
                        continue
                    if self._is_known(listed):
                        believed.append(listed)
                        continue
                    try:
                        self._read_entry(listed, data_class)
                    except OpeningError:
                        rejected += 1
                        continue
                    believed.append(listed)
                    found += self._learn(listed)
                heal(self, persona, data_class, listing, believed)
        # What they hold may be missing here. The others were enough to go on.
        self.network.troubles += self._silent.values()
        self._try(self._share_head)
        self.renew_will()
        owed = {one.record_id: one.list_key for one in forgotten(store) if one.waiting}
        is_other = owed != self.manifest.owed
        self.manifest.owed = owed
        if self._note_all() or is_other:
            self._try(self._save_manifest)
        self.rejected = rejected
        return found

    def _is_known(self, listed: ListEntry) -> bool:
        """Whether this very entry was read before, so that nothing of it is to be learned."""
        note = self.manifest.records.get(listed.record_id)
        if note is None or not self.profile.store.is_kept(listed):
            return False
        said = (listed.cid, listed.root, listed.capsule.body_sha256)
        return said == (note.cid, note.root, note.body.sha256)

    def _learn(self, listed: ListEntry) -> bool:
        """Keep an entry; say whether the record was new. Of two entries of a record the one of the
        later epoch stands: the other is of a list that it was moved from."""
        context = listed.capsule.context
        list_key = self.keys.list_key(context.data_class, context.epoch).address
        if self.profile.store.learn(listed, list_key):
            return True
        if self.profile.store.list_of(listed.record_id) == list_key:
            return False
        known = self.profile.store.entry(listed.record_id)
        if known is not None and known.entry.capsule.context.epoch < context.epoch:
            self.profile.store.relearn(listed, list_key)
            note = self.manifest.records.get(listed.record_id)
            if note is not None:
                self.manifest.records[listed.record_id] = replace(note, epoch=context.epoch)
        return False

    def _read_entry(
        self, entry: ListEntry, data_class: DataClass | None = None, day: str = ""
    ) -> RecordNote:
        """What is to be noted of an entry that checks out; an `OpeningError` if it does not."""
        key = self.key_of(entry)
        context = entry.capsule.context
        try:
            envelope = read_envelope(entry, key)
            note = RecordNote(
                data_class=envelope.data_class,
                epoch=context.epoch,
                cid=entry.cid,
                body=key.body,
                issuer=entry.issuer,
                root=entry.root,
                day=day or day_of(envelope.issued_at),
            )
            said = (envelope.data_class, envelope.root, envelope.issuer.lower())
        except (OSError, OverflowError, ValueError) as exc:
            # Such as a day that no calendar has.
            raise OpeningError("The entry is not one that we could have been sent.") from exc
        if said != (context.data_class, entry.root, entry.issuer.lower()) or (
            data_class is not None and context.data_class != int(data_class)
        ):
            raise OpeningError("The entry contradicts its envelope.")
        known = self.manifest.records.get(entry.record_id)
        if known and (known.cid, known.root, known.body) != (note.cid, note.root, note.body):
            raise OpeningError("The entry is not the one that we noted of this record.")
        return note

    def _personas_of(self, data_class: DataClass) -> list[LocalAccount]:
        """Personas that together see every list of the class: an issuer may hold an old card."""
        personas = [self.persona(index) for index in self.personas().values()]
        found: dict[str, LocalAccount] = {}
        for epoch in range(self.manifest.epochs.get(int(data_class), 0) + 1):
            list_key = self.keys.list_key(int(data_class), epoch).address
            seeing = [
                persona
                for persona in personas
                if self.profile.store.is_opened(list_key, persona.address)
            ]
            # Whoever sees another list already is not asked for besides.
            if seeing and not any(persona.address in found for persona in seeing):
                found[seeing[0].address] = seeing[0]
        return list(found.values())

    def records(self, *, superseded: bool = False) -> list[tuple[bytes, RecordNote]]:
        """What the vault holds, the oldest first; what a newer record took the place of only where
        it is asked for."""
        notes = [
            (record_id, note)
            for record_id, note in self.manifest.records.items()
            if superseded or self.superseded_by(record_id) is None
        ]
        return sorted(notes, key=lambda item: (item[1].day, item[0]))

    def superseded_by(self, record_id: bytes) -> bytes | None:
        """The newer record, which is there, that took the place of this one."""
        newer = self.manifest.superseded.get(record_id)
        return newer if newer in self.manifest.records else None

    def linked(self) -> dict[bytes, list[bytes]]:
        """For each record in which another source says something that it says too: those others."""
        found: dict[bytes, list[bytes]] = {}
        for pair in sorted(self.manifest.same):
            if all(one in self.manifest.records for one in pair):
                for one, other in (pair, pair[::-1]):
                    found.setdefault(one, []).append(other)
        return found

    def entry(self, record_id: bytes) -> ListEntry:
        stored = self.profile.store.entry(record_id)
        if stored is None:
            raise NothingToOpenError(
                f"There is no record {record_id.hex()[:16]} in this vault. See `aceso records`.",
                code="E_NO_RECORD",
                details={"record": record_id.hex()[:16]},
            )
        return stored.entry

    def key_of(self, entry: ListEntry) -> RecordKey:
        """The record's key, by the owner key alone: nobody is asked."""
        return open_as_owner(entry.capsule, self._owner_key)

    def open_record(self, record_id: bytes, target: Path) -> Envelope:
        """Write the record's contents to `target`, checked; return what is said of it."""
        entry = self.entry(record_id)
        key = self.key_of(entry)
        return write_body(self.network, entry, key, target)

    def forget(self, record_id: bytes) -> list[str]:
        """Delete the capsule everywhere, and the body from the person's node; return the custodians
        that signed so. Those that are away are asked again at every sync (`forgetting`)."""
        entry = self.entry(record_id)
        context = entry.capsule.context
        list_key = self.keys.list_key(context.data_class, context.epoch)
        receipts = self._committee_of(list_key.address).delete(list_key, record_id)
        self._note_deletions(entry, list_key.address, receipts)
        # Kept first: what is cut off here is dropped by the next sync.
        self.manifest.forget(record_id)
        self._keep_manifest()
        self._drop(entry)
        self._save_manifest()
        self._sweep()
        return [receipt.custodian for receipt in receipts]

    def _note_deletions(
        self, entry: ListEntry, list_key: str, receipts: Sequence[DeletionReceipt]
    ) -> None:
        """Keep what custodians signed, and in the index that others have still to."""
        custodians = entry.capsule.custodians
        note_deletions(self.profile.store, custodians, receipts)
        if len(receipts) < len(custodians):
            self.manifest.owed[entry.record_id] = list_key

    def _drop(self, entry: ListEntry) -> None:
        """Nothing of it stays on this device. What is unpinned is swept at the end."""
        self.network.ipfs.unpin(entry.cid)
        self.profile.store.delete(entry.record_id)

    def _note_all(self) -> int:
        """Bring the manifest up to what the device holds, and the device to what was forgotten;
        say how many records were missing."""
        missing = dropped = 0
        for stored in self.profile.store.entries():
            entry = stored.entry
            if entry.record_id in self.manifest.forgotten:
                # On another device: the capsule goes here as well, now or at the next sync.
                try:
                    self._drop(entry)
                    dropped += 1
                except AcesoError as exc:
                    self.network.troubles.append(exc)
                continue
            known = self.manifest.records.get(entry.record_id)
            if known is not None:
                epoch = entry.capsule.context.epoch
                if known.epoch < epoch:
                    # Moved, and cut off before it was noted.
                    self.manifest.records[entry.record_id] = replace(known, epoch=epoch)
                    missing += 1
                continue
            try:
                self.manifest.records[entry.record_id] = self._read_entry(entry, day=stored.day)
            except OpeningError:
                # Learnt from a custodian once, unchecked. It stays unnoted, and harms nobody.
                continue
            missing += 1
        if dropped:
            self._sweep()
        return missing

    def _sweep(self) -> None:
        """Have the person's node let go of what nothing pins any more."""
        try:
            self.network.ipfs.sweep()
        except AcesoError as exc:
            self.network.troubles.append(exc)

    def restore(self) -> int:
        """Bring the vault back from the seed and any one of the custodians; say how many records
        are here. What only custodians hold that did not answer comes with a later `sync`."""
        signed = self.network.committee.newest_head(self.keys.head_key().address)
        if signed is None:
            raise NothingToOpenError(
                "No custodian keeps a vault of this seed. Check the words, or start a new vault "
                "with `aceso init`.",
                code="E_NO_VAULT",
            )
        head = signed.head
        sealed = self.network.ipfs.read(head.cid)
        self.manifest = Manifest.open(sealed, self.keys, version=head.version)
        self.profile.store.put("manifest", head.version.to_bytes(8, "big") + sealed)
        self.profile.store.put("manifest-cid", head.cid.encode())
        self.profile.store.put("manifest-unsaved", b"")
        self._needed = 1
        try:
            self._open_noted()
            self.sync()
        finally:
            self._needed = None
        there = 0
        for record_id in list(self.manifest.records):
            if self.profile.store.entry(record_id) is not None:
                there += 1
            elif not self._silent:
                # Noted, and cut off before it was posted: its file can be imported again.
                del self.manifest.records[record_id]
        return there


def write_body(network: Network, entry: ListEntry, key: RecordKey, target: Path) -> Envelope:
    """Fetch the sealed body, check it whole, and write what is in it to `target`."""
    envelope = read_envelope(entry, key)
    write_contents(network, entry, key, target)
    return envelope


def write_contents(network: Network, entry: ListEntry, key: RecordKey, target: Path) -> None:
    """As `write_body`, whatever the envelope says."""
    target.parent.mkdir(parents=True, exist_ok=True)
    sealed = target.with_name(f".{target.name}.{os.getpid()}.sealed")
    try:
        network.ipfs.read_into(entry.cid, sealed)
        _open_sealed(sealed, key, target)
    finally:
        sealed.unlink(missing_ok=True)


def write_sealed(sealed: Path, entry: ListEntry, key: RecordKey, target: Path) -> Envelope:
    """Check the sealed body in a file whole, and write what is in it to `target`; nobody is
    asked."""
    envelope = read_envelope(entry, key)
    _open_sealed(sealed, key, target)
    return envelope


def read_envelope(entry: ListEntry, key: RecordKey) -> Envelope:
    """What an entry says of its record, with its fields; an `OpeningError` if it doesn't open."""
    envelope = Envelope.open(entry.envelope, key.dek, record_id=entry.record_id)
    envelope.tree(key.dek)
    return envelope


def _open_sealed(sealed: Path, key: RecordKey, target: Path) -> None:
    opened = target.with_name(f".{target.name}.{os.getpid()}.opened")
    try:
        with (
            sealed.open("rb") as source,
            os.fdopen(os.open(opened, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out,
        ):
            open_stream(source, out, key.dek, key.body)
        opened.replace(target)
    finally:
        opened.unlink(missing_ok=True)
