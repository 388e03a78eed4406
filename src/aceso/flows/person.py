"""What a person does: take in files, let people in, put them out again, sell, and see who can see.

    person = Person(network, profile)
    person.import_files([Path("history.json")])
    person.share(grantee, classes=CLINICAL, uses=Use.TREAT, days=365)
    person.unshare(grantee)

Each relationship has a persona of its own: an account that nobody can tell from another person's.
Persona 0 anchors what the person brings in themself, and does nothing else. Persona 1 is the one
for research and money. Every grantee gets the next free one.

All acts are signed messages that a relayer carries, so a person needs no ether. What the vault
holds is in its manifest, sealed on IPFS, whose head the custodians keep: the seed brings everything
back.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from eth_account.signers.local import LocalAccount

from aceso.chain import Receipt, Request, SignedAct, Terms, acts, parse_grantee
from aceso.codes import CLINICAL, SENSITIVE, DataClass, Reason, Use
from aceso.custody import RequestRefusedError
from aceso.errors import AcesoError, InputError
from aceso.formats import Format, Imported, Kind, Outcome, RecordDraft, import_file
from aceso.index import ConsentRow
from aceso.vault import (
    Card,
    CommitteeNote,
    Envelope,
    Head,
    ListEntry,
    Manifest,
    Opening,
    OpeningError,
    PublicKey,
    RecordKey,
    RecordNote,
    SignedOpening,
    VaultKeys,
    open_as_owner,
    open_stream,
)

from .errors import NothingToOpenError, NotWithdrawnError
from .network import Network
from .profile import Profile
from .publishing import Draft, Progress, Published, Publisher, Refused, Sealed, seconds_of

__all__ = [
    "FIRST_RELATIONSHIP",
    "HOME",
    "RESEARCH",
    "FileReport",
    "ImportReport",
    "Person",
    "Seer",
]

HOME = 0
RESEARCH = 1
FIRST_RELATIONSHIP = 2

_DAY = 24 * 60 * 60
_NONE = DataClass(0)
_ALL = DataClass(sum(int(one) for one in DataClass))
# How often a save meets another device's before it gives up.
_SAVES = 5
_HEAD_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file: how many resources of each kind, and why some were not taken."""

    path: Path
    format: Format | None  # None where the file could not be opened.
    counts: dict[str, int]
    records: int
    added: int
    source_class: DataClass | None
    why_class: str
    # Those of parts that were not imported: a large file has millions of the others.
    outcomes: tuple[Outcome, ...] = field(repr=False, default=())
    error: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did."""

    files: tuple[FileReport, ...]
    receipts: tuple[Receipt, ...]
    # Records that the custodians never take, of these files and of an import that was cut off.
    refused: tuple[Refused, ...] = ()
    refused_before: tuple[Refused, ...] = ()

    @property
    def added(self) -> int:
        return sum(report.added for report in self.files) - len(self.refused)


@dataclass(frozen=True, slots=True)
class Seer:
    """Somebody who can see something now."""

    persona: str
    grantee: bytes
    classes: DataClass
    uses: Use
    valid_until: int
    primary: bool


class Person:
    """A person at their device."""

    def __init__(self, network: Network, profile: Profile):
        self.network = network
        self.profile = profile
        self.keys: VaultKeys = profile.seed.keys(network.suite.chain_id)
        self.manifest = self._load_manifest()
        self._list_keys: dict[str, LocalAccount] = {}
        self._openings: dict[tuple[str, int, int], SignedOpening] = {}
        # Records that were read and are not kept yet: two files may hold the same one.
        self._under_way: set[bytes] = set()
        # How many entries were not believed when we last looked.
        self.rejected = 0
        self._catch_up()

    # Personas

    def persona(self, index: int) -> LocalAccount:
        return self.profile.seed.persona(index)

    def persona_for(self, grantee: bytes) -> LocalAccount:
        """The persona that this grantee knows; a new one at the first meeting."""
        index = self.manifest.relationships.get(grantee)
        if index is None:
            taken = self.manifest.relationships.values()
            index = max([FIRST_RELATIONSHIP - 1, *taken]) + 1
            self.manifest.relationships[grantee] = index
            self._save_manifest()
        return self.persona(index)

    def personas(self) -> dict[str, int]:
        """Every persona that is in use, by its address."""
        indices = {HOME, RESEARCH, *self.manifest.relationships.values()}
        return {self.persona(index).address: index for index in sorted(indices)}

    # Cards and lists

    def opening(
        self, persona: LocalAccount, data_class: DataClass, epoch: int | None = None
    ) -> SignedOpening:
        """The list of a class, opened at the custodians for this persona; of the newest epoch
        unless another is named."""
        number = int(data_class)
        if epoch is None:
            epoch = self.manifest.epochs.get(number, 0)
        known = self._openings.get((persona.address, number, epoch))
        if known is not None:
            return known
        list_key = self.keys.list_key(number, epoch)
        opening = Opening(
            persona=persona.address,
            list_key=list_key.address,
            data_class=number,
            epoch=epoch,
            class_key=self.keys.class_key(number, epoch).public_key,
            owner_key=self.keys.owner_key().public_key,
            custodians=self.network.facts.members,
            threshold=self.network.facts.threshold,
            registry=self.network.suite.addresses["ConsentRegistry"],
            log_key=self.keys.log_key(number, epoch).public_key,
        )
        signed = opening.sign(
            persona=persona, list_key=list_key, chain_id=self.network.suite.chain_id
        )
        # Custodians whose keys are not theirs get no list: records would be sealed to those keys.
        _ = self.network.sealing_cards
        if list_key.address not in self.manifest.lists:
            self.manifest.lists[list_key.address] = self._committee_index()
        if not self.profile.store.is_opened(list_key.address, persona.address):
            self.network.committee.open_list(signed)
            self.profile.store.opened(list_key.address, persona.address)
        self._openings[persona.address, number, epoch] = signed
        return signed

    def card(self, persona: LocalAccount, classes: DataClass) -> Card:
        """What an issuer needs to send records of these classes to the vault."""
        with self._noting_lists():
            return Card(
                chain_id=self.network.suite.chain_id,
                persona=persona.address,
                custodians=self.network.sealing_cards,
                openings=tuple(self.opening(persona, one) for one in classes),
            )

    @contextmanager
    def _noting_lists(self) -> Iterator[None]:
        """Lists that are opened in here are noted before anything is posted to them: a device that
        is restored from the seed finds by them what came since."""
        known = len(self.manifest.lists)
        yield
        if len(self.manifest.lists) > known or self.profile.store.get("manifest-unsaved"):
            self._save_manifest()

    def _committee_index(self) -> int:
        note = CommitteeNote(
            self.network.facts.members,
            tuple(card.url for card in self.network.cards),
            self.network.facts.threshold,
        )
        if note not in self.manifest.committees:
            self.manifest.committees.append(note)
        return self.manifest.committees.index(note)

    # Import

    def import_files(
        self,
        paths: Iterable[Path],
        *,
        progress: Progress | None = None,
        on_file: Callable[[FileReport], None] | None = None,
    ) -> ImportReport:
        """Take in files: what is understood becomes records, and each file is kept whole beside.

        The same file again adds nothing. A file that can't be read is reported; the others go on.
        """
        reports: list[FileReport] = []
        resumed = self.resume(progress=progress)
        # Whatever ends it, the file that is being read is closed here and now.
        with closing(self._drafts_of(paths, reports, on_file)) as drafts:
            published = self._publisher().publish(drafts, progress=progress)
        if reports:
            self._save_manifest()
        return ImportReport(
            tuple(reports),
            resumed.receipts + published.receipts,
            published.refused,
            resumed.refused,
        )

    def resume(self, *, progress: Progress | None = None) -> Published:
        """Finish an import that was cut off, and what a withdrawal left to do."""
        self.finish_pending()
        done = self._publisher().resume(progress=progress)
        if self._note_all() or done.refused:
            self._save_manifest()
        return done

    def _drafts_of(
        self,
        paths: Iterable[Path],
        reports: list[FileReport],
        on_file: Callable[[FileReport], None] | None,
    ) -> Generator[Draft, None, None]:
        """The records of all files that the vault lacks; each file ends in a report."""
        for path in paths:
            try:
                with import_file(path) as imported:
                    report = yield from self._drafts_in(path, imported)
            except InputError as exc:
                # A file that can't even be opened: nothing was taken, and the rest goes on.
                refused = {Kind.REFUSED.value: 1}
                report = FileReport(path, None, refused, 0, 0, None, "", (), exc.message, exc.code)
            reports.append(report)
            if on_file is not None:
                on_file(report)

    def _drafts_in(self, path: Path, imported: Imported) -> Generator[Draft, None, FileReport]:
        source = imported.source
        records = added = 0
        for draft in self._drafts(imported) if source.size else ():
            records += 1
            if draft.record_id in self.manifest.records or draft.record_id in self._under_way:
                continue
            added += 1
            self._under_way.add(draft.record_id)
            yield draft
        digest = hashlib.sha256()
        telling: list[Outcome] = []
        for outcome in imported.outcomes():
            digest.update(f"{outcome.kind.value} {outcome.place} {outcome.code}\n".encode())
            if outcome.kind not in (Kind.IMPORTED, Kind.UNCHANGED):
                telling.append(outcome)
        self.manifest.sources[source.sha256] = digest.digest()
        counts = {kind.value: count for kind, count in imported.counts.items()}
        if records and not added:
            counts = {Kind.UNCHANGED.value: sum(counts.values())}
        return FileReport(
            path,
            imported.format,
            counts,
            records,
            added,
            source.data_class,
            source.why_class,
            tuple(telling),
        )

    def _drafts(self, imported: Imported) -> Iterator[Draft]:
        now = self.network.suite.now()
        for record in imported.records():
            yield self._draft(record, now)
        source = imported.source
        yield Draft(
            record_id=self.keys.record_id(source.sha256, int(source.data_class)),
            data_class=source.data_class,
            source=source,
            media_type=source.media_type,
            issued_at=now,
            day="",
            fields=source.fields,
        )

    def _draft(self, record: RecordDraft, now: int) -> Draft:
        return Draft(
            record_id=self.keys.record_id(record.body.sha256, int(record.data_class)),
            data_class=record.data_class,
            source=record.body,
            media_type=record.media_type,
            issued_at=seconds_of(record.issued_at, record.day, now),
            day=record.day.isoformat() if record.day else "",
            fields=record.fields,
        )

    def _publisher(self) -> Publisher:
        return Publisher(
            self.network,
            self.profile.store,
            self.profile.folder,
            _OwnLists(self),
            issuer=self.persona(HOME),
            poster=self._list_key,
            on_kept=self._note,
            on_refused=self._unnote,
        )

    def _note(self, entry: ListEntry, sealed: Sealed) -> None:
        self._under_way.discard(entry.record_id)
        self.manifest.records[entry.record_id] = RecordNote(
            data_class=sealed.data_class,
            epoch=entry.capsule.context.epoch,
            cid=entry.cid,
            body=sealed.body,
            issuer=entry.issuer,
            root=entry.root,
            day=sealed.day or _day_of(sealed.issued_at),
        )

    def _unnote(self, record_id: bytes) -> None:
        self.manifest.records.pop(record_id, None)

    def _list_key(self, address: str) -> LocalAccount:
        """The list key with this address, among all classes and the epochs that they have had."""
        known = self._list_keys.get(address)
        if known is not None:
            return known
        for data_class in DataClass:
            for epoch in range(self.manifest.epochs.get(int(data_class), 0) + 1):
                key = self.keys.list_key(int(data_class), epoch)
                self._list_keys[key.address] = key
                if key.address == address:
                    return key
        raise NothingToOpenError(f"The list {address} is not of this vault.", code="E_STRANGE_LIST")

    # Records

    def sync(self) -> int:
        """Learn of what issuers posted since; say how many records are new. `rejected` says how
        many entries were not believed: anybody who was given a card, and any custodian, can make
        one up."""
        self.finish_pending()
        try:
            self._open_noted()
        except AcesoError as exc:
            self.network.troubles.append(exc)
        found = rejected = 0
        for data_class in DataClass:
            for persona in self._personas_of(data_class):
                listing = self.network.committee.listing(
                    actor=persona,
                    subject=persona.address,
                    grantee=bytes(12) + bytes.fromhex(persona.address[2:]),
                    use=Use.PATRQT,
                    data_class=data_class,
                )
                for listed in listing.entries:
                    try:
                        self._read_entry(listed, data_class)
                    except OpeningError:
                        rejected += 1
                        continue
                    context = listed.capsule.context
                    list_key = self.keys.list_key(context.data_class, context.epoch).address
                    found += self.profile.store.learn(listed, list_key)
        if self._note_all():
            self._save_manifest()
        self.rejected = rejected
        return found

    def _read_entry(
        self, entry: ListEntry, data_class: DataClass | None = None, day: str = ""
    ) -> RecordNote:
        """What is to be noted of an entry that checks out; an `OpeningError` if it does not."""
        key = self.key_of(entry)
        context = entry.capsule.context
        try:
            envelope = Envelope.open(entry.envelope, key.dek, record_id=entry.record_id)
            envelope.tree(key.dek)
            note = RecordNote(
                data_class=envelope.data_class,
                epoch=context.epoch,
                cid=entry.cid,
                body=key.body,
                issuer=entry.issuer,
                root=entry.root,
                day=day or _day_of(envelope.issued_at),
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

    def records(self) -> list[tuple[bytes, RecordNote]]:
        """What the vault holds, the oldest first."""
        notes = self.manifest.records.items()
        return sorted(notes, key=lambda item: (item[1].day, item[0]))

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
        return open_as_owner(entry.capsule, self.keys.owner_key())

    def open_record(self, record_id: bytes, target: Path) -> Envelope:
        """Write the record's contents to `target`, checked; return what is said of it."""
        entry = self.entry(record_id)
        key = self.key_of(entry)
        return write_body(self.network, entry, key, target)

    def forget(self, record_id: bytes) -> list[str]:
        """Delete the capsule everywhere, unpin the body; return the custodians that signed so."""
        entry = self.entry(record_id)
        context = entry.capsule.context
        list_key = self.keys.list_key(context.data_class, context.epoch)
        receipts = self.network.committee.delete(list_key, record_id)
        self.network.ipfs.unpin(entry.cid)
        self.profile.store.delete(record_id)
        self.manifest.records.pop(record_id, None)
        self._save_manifest()
        return [receipt.custodian for receipt in receipts]

    def _note_all(self) -> int:
        """Bring the manifest up to what the device holds; say how many records were missing."""
        missing = 0
        for stored in self.profile.store.entries():
            entry = stored.entry
            if entry.record_id in self.manifest.records:
                continue
            try:
                self.manifest.records[entry.record_id] = self._read_entry(entry, day=stored.day)
            except OpeningError:
                # Learnt from a custodian once, unchecked. It stays unnoted, and harms nobody.
                continue
            missing += 1
        return missing

    # Consent

    def share(
        self,
        grantee: bytes,
        *,
        classes: DataClass,
        uses: Use,
        seconds: int = 365 * _DAY,
        notice: bytes = bytes(32),
    ) -> Receipt:
        """Grant, and leave the class keys for the grantee at the custodians."""
        self.finish_pending()
        to = self.network.receiving_key(grantee)
        persona = self.persona_for(grantee)
        now = self.network.suite.now()
        terms = Terms(
            grantee=grantee,
            classes=classes,
            uses=uses,
            conditions=0,
            disease=0,
            valid_from=now,
            valid_until=now + seconds,
            notice=notice,
        )
        receipt = self.network.relayer.send(acts.grant(self.network.suite, persona, terms))
        self._leave_keys(persona, grantee, classes, to)
        self._save_manifest()
        self.network.wait_confirmed(receipt)
        return receipt

    def choose_physician(
        self, physician: str, *, sensitive: DataClass = _NONE, seconds: int = 365 * _DAY
    ) -> Receipt:
        """Make `physician` the primary one: all clinical classes, and the sensitive ones named.

        Whoever was it before is withdrawn from: each physician knows a persona of their own, so the
        chain can't tell that the one takes the place of the other.
        """
        grantee = bytes(12) + bytes.fromhex(physician.removeprefix("0x"))
        to = self.network.receiving_key(grantee)
        persona = self.persona_for(grantee)
        classes = CLINICAL | (sensitive & SENSITIVE)
        until = self.network.suite.now() + seconds
        call = acts.primary_physician(self.network.suite, persona, physician, classes, until)
        receipt = self.network.relayer.send(call)
        self._leave_keys(persona, grantee, classes, to)
        self._save_manifest()
        for row in self.consents():
            if row.primary and row.grantee != grantee:
                self.unshare(row.grantee)
        self.network.wait_confirmed(receipt)
        return receipt

    def _leave_keys(
        self, persona: LocalAccount, grantee: bytes, classes: DataClass, to: PublicKey
    ) -> None:
        for data_class in classes:
            for epoch in range(self.manifest.epochs.get(int(data_class), 0) + 1):
                self._leave_key(persona, grantee, data_class, epoch, to)

    def _leave_key(
        self,
        persona: LocalAccount,
        grantee: bytes,
        data_class: DataClass,
        epoch: int,
        to: PublicKey,
    ) -> None:
        number = int(data_class)
        # A new persona has no list yet, of this epoch or of an earlier one.
        with self._noting_lists():
            self.opening(persona, data_class, epoch)
        self.network.committee.leave_keys(
            self.keys.list_key(number, epoch),
            persona.address,
            grantee,
            data_class,
            epoch,
            self.keys.class_key(number, epoch),
            to,
        )

    def unshare(self, grantee: bytes) -> Receipt:
        """Withdraw: the custodians hear it first, then the chain, then the classes get new keys.

        The chain is told even when no custodian answers. What else failed is in
        `network.troubles`, and is finished by the next import, sync or share.
        """
        persona = self._persona_facing(grantee)
        granted = self.network.suite.standing(persona.address, grantee, persona.address).grant
        if grantee in self.manifest.relationships:
            self._plan_renewal(granted.classes)
        receipt = self.network.withdraw(acts.withdraw(self.network.suite, persona, grantee))
        self.finish_pending()
        return receipt

    def _persona_facing(self, grantee: bytes) -> LocalAccount:
        """The persona that granted to this grantee, who may be unknown to this device."""
        index = self.manifest.relationships.get(grantee)
        if index is not None:
            return self.persona(index)
        now = self.network.suite.now()
        personas = self.personas()
        for row in self.network.synced().consents(list(personas), grantee):
            if row.is_live(now):
                return self.persona(personas[row.subject])
        group = parse_grantee(grantee)
        if group.number and group.address == self.network.suite.addresses["DataMarket"]:
            research = self.persona(RESEARCH)
            mine = self.network.index.offers(open_only=False, subjects=[research.address])
            if any(row.number == group.number for row in mine):
                return research
        raise NothingToOpenError(
            "Nothing of yours is shared with them, so there is nothing to withdraw. See "
            "`aceso consents`.",
            code="E_NOT_SHARED",
        )

    def unshare_everything(self) -> list[Receipt]:
        """Withdraw all consents of every persona, the custodians told first.

        Acts that are sent together can be linked by their time and by whoever carries them.
        """
        suite = self.network.suite
        used = {row.subject for row in self.network.synced().consents(list(self.personas()))}
        self._plan_renewal(_ALL)
        receipts = self._withdraw_each(used, lambda persona: acts.withdraw_all(suite, persona))
        self.finish_pending()
        return receipts

    def bar(self, actor: str) -> list[Receipt]:
        """Bar an account in every persona that has a consent in force."""
        suite = self.network.suite
        used = {row.subject for row in self.consents()}
        return self._withdraw_each(used, lambda persona: acts.bar(suite, persona, actor))

    def _withdraw_each(
        self, used: set[str], act: Callable[[LocalAccount], SignedAct]
    ) -> list[Receipt]:
        """Send an act of each of these personas; one that fails does not keep back the others."""
        indices = [index for address, index in self.personas().items() if address in used]
        # In their own order, the personas would tell in which order they were made.
        random.SystemRandom().shuffle(indices)
        receipts: list[Receipt] = []
        failed: list[AcesoError] = []
        for index in indices:
            try:
                receipts.append(self.network.withdraw(act(self.persona(index))))
            except AcesoError as exc:
                failed.append(exc)
        if failed:
            raise NotWithdrawnError(len(failed), len(indices), failed) from failed[0]
        return receipts

    # New keys after a withdrawal. What is to be done is kept first, and done as far as it goes.

    def _plan_renewal(self, classes: DataClass) -> None:
        planned, keys = self._pending()
        self._put_pending(planned | classes, keys)

    def _pending(self) -> tuple[DataClass, list[tuple[bytes, int, int]]]:
        """Classes that need a new key, and keys that are to be left: grantee, class, epoch."""
        kept = json.loads(self.profile.store.get("pending") or b'{"renew": 0, "keys": []}')
        keys = [(bytes.fromhex(who), number, epoch) for who, number, epoch in kept["keys"]]
        return DataClass(kept["renew"]), keys

    def _put_pending(self, renew: DataClass, keys: list[tuple[bytes, int, int]]) -> None:
        listed = [(who.hex(), number, epoch) for who, number, epoch in keys]
        kept = json.dumps({"renew": int(renew), "keys": listed})
        self.profile.store.put("pending", kept.encode())

    def finish_pending(self) -> None:
        """Do what a withdrawal left to do. What fails is in `network.troubles`, and stays to be
        done."""
        try:
            if self.profile.store.get("manifest-unsaved"):
                self._save_manifest()
        except AcesoError as exc:
            self.network.troubles.append(exc)
        try:
            self._renew_keys()
            self._leave_pending()
        except AcesoError as exc:
            self.network.troubles.append(exc)

    def _renew_keys(self) -> None:
        """A new epoch of each planned class; whoever may still see it is to get the new key."""
        classes, keys = self._pending()
        if not classes:
            return
        rows = self._related()
        for data_class in classes:
            number = int(data_class)
            epoch = self.manifest.epochs.get(number, 0)
            if self.keys.list_key(number, epoch).address not in self.manifest.lists:
                # Nobody was ever given this key.
                continue
            self.manifest.epochs[number] = epoch + 1
            keys += [(row.grantee, number, epoch + 1) for row in rows if row.classes & data_class]
        self._keep_manifest()
        self._put_pending(_NONE, keys)
        try:
            self._save_manifest()
        except AcesoError as exc:
            self.network.troubles.append(exc)

    def _leave_pending(self) -> None:
        _, keys = self._pending()
        if not keys:
            return
        seen = {row.grantee: row for row in self._related()}
        waiting = []
        for grantee, number, epoch in keys:
            row = seen.get(grantee)
            if row is None or not row.classes & number:
                # They may not see it any more.
                continue
            try:
                to = self.network.receiving_key(grantee)
                persona = self.persona(self.manifest.relationships[grantee])
                self._leave_key(persona, grantee, DataClass(number), epoch, to)
            except AcesoError as exc:
                self.network.troubles.append(exc)
                waiting.append((grantee, number, epoch))
        self._put_pending(_NONE, waiting)

    def _related(self) -> list[ConsentRow]:
        """Consents in force of those who hold class keys; an offer's buyers never do."""
        return [row for row in self.consents() if row.grantee in self.manifest.relationships]

    def consents(self, *, live: bool = True) -> list[ConsentRow]:
        """What was granted by any persona; only what is in force unless asked for all."""
        rows = self.network.synced().consents(list(self.personas()))
        now = self.network.suite.now()
        return [row for row in rows if not live or row.is_live(now)]

    def who_can_see(self) -> list[Seer]:
        """Everybody who can see something now, and what."""
        return [
            Seer(row.subject, row.grantee, row.classes, row.uses, row.valid_until, row.primary)
            for row in self.consents()
        ]

    def would_see(self, actor: str, grantee: bytes, classes: DataClass, use: Use) -> Reason:
        """What `decide` would answer this actor now; for `who-can-see --actor`."""
        index = self.manifest.relationships.get(grantee)
        subject = self.persona(HOME if index is None else index).address
        request = Request(
            subject=subject, actor=actor, grantee=grantee, use=use, classes=classes, disease=0
        )
        return self.network.suite.decide(request).reason

    # The manifest

    def _save_manifest(self) -> None:
        """Save the index after the newest one that there is, with what another device added."""
        self._keep_manifest()
        for attempt in range(_SAVES):
            self._catch_up()
            try:
                if self._put_manifest():
                    return
            except RequestRefusedError as exc:
                if exc.code != "E_HEAD_ROLLBACK" or attempt == _SAVES - 1:
                    raise

    def _keep_manifest(self) -> None:
        """Keep the index on the device, as it is. Its version stays that of the last one that was
        saved: a save that fails is not a version that was seen."""
        version = self.manifest.version.to_bytes(8, "big")
        self.profile.store.put("manifest", version + self.manifest.seal(self.keys))
        self.profile.store.put("manifest-unsaved", b"1")

    def _put_manifest(self) -> bool:
        """Save the next version; say whether every custodian that answers took it as the newest."""
        manifest = self.manifest.next()
        sealed = manifest.seal(self.keys)
        cid = self.network.ipfs.add(sealed)
        head_key = self.keys.head_key()
        head = Head(head_key.address, manifest.version, cid)
        posted = self.network.committee.put_head(
            head.sign(
                head_key,
                chain_id=self.network.suite.chain_id,
                registry=self.network.suite.addresses["ConsentRegistry"],
            )
        )
        before = self.profile.store.get("manifest-cid")
        self.profile.store.put("manifest", manifest.version.to_bytes(8, "big") + sealed)
        self.profile.store.put("manifest-cid", cid.encode())
        self.profile.store.put("manifest-unsaved", b"")
        if before is not None and before.decode() != cid:
            self.network.ipfs.unpin(before.decode())
        self.manifest = manifest
        return not any(error.code == "E_HEAD_ROLLBACK" for error in posted.missing.values())

    def _catch_up(self) -> None:
        """Take in what another device saved since. Where nobody answers soon, what this device
        holds is enough: a save over a newer index is refused."""
        try:
            signed = self.network.newest_head(self.keys.head_key().address)
            if signed is None:
                return
            head = signed.head
            seen = (self.profile.store.get("manifest-cid") or b"").decode()
            if (head.version, head.cid) <= (self.manifest.version, seen):
                return
            sealed = self.network.ipfs.read(head.cid, deadline=_HEAD_SECONDS)
            newest = Manifest.open(sealed, self.keys, version=head.version)
        except AcesoError as exc:
            self.network.troubles.append(exc)
            return
        merged = self.manifest.merged(newest)
        self.manifest = merged
        self._keep_manifest()
        self.profile.store.put("manifest-cid", head.cid.encode())
        if merged == newest:
            self.profile.store.put("manifest-unsaved", b"")

    def _load_manifest(self) -> Manifest:
        kept = self.profile.store.get("manifest")
        if kept is None:
            return Manifest()
        return Manifest.open(kept[8:], self.keys, version=int.from_bytes(kept[:8], "big"))

    def _open_noted(self) -> None:
        """Open every list that is noted and that no persona of this device sees, for the home
        persona, which then may read it: another device made it."""
        personas = [self.persona(index).address for index in self.personas().values()]
        for data_class in DataClass:
            for epoch in range(self.manifest.epochs.get(int(data_class), 0) + 1):
                address = self.keys.list_key(int(data_class), epoch).address
                is_seen = any(self.profile.store.is_opened(address, one) for one in personas)
                if address in self.manifest.lists and not is_seen:
                    self.opening(self.persona(HOME), data_class, epoch)

    def restore(self) -> int:
        """Bring the vault back from the seed and the custodians; say how many records there are."""
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
        self._open_noted()
        self.sync()
        for record_id in list(self.manifest.records):
            # Noted, and cut off before it was posted: its file can be imported again.
            if self.profile.store.entry(record_id) is None:
                del self.manifest.records[record_id]
        return len(self.manifest.records)


class _OwnLists:
    """The person's own lists, each opened when the first record of its class comes."""

    def __init__(self, person: Person):
        self._person = person
        self._home = person.persona(HOME)

    @property
    def chain_id(self) -> int:
        return self._person.network.suite.chain_id

    @property
    def persona(self) -> str:
        return str(self._home.address)

    def opening(self, data_class: int) -> Opening:
        with self._person._noting_lists():
            return self._person.opening(self._home, DataClass(data_class)).opening

    def committee(self, opening: Opening) -> list[tuple[str, PublicKey]]:
        known = {card.address: card.public_key for card in self._person.network.sealing_cards}
        return [(address, known[address]) for address in opening.custodians]


def write_body(network: Network, entry: ListEntry, key: RecordKey, target: Path) -> Envelope:
    """Fetch the sealed body, check it whole, and write what is in it to `target`."""
    envelope = Envelope.open(entry.envelope, key.dek, record_id=entry.record_id)
    envelope.tree(key.dek)
    target.parent.mkdir(parents=True, exist_ok=True)
    sealed = target.with_name(f".{target.name}.{os.getpid()}.sealed")
    opened = target.with_name(f".{target.name}.{os.getpid()}.opened")
    try:
        network.ipfs.read_into(entry.cid, sealed)
        with (
            sealed.open("rb") as source,
            os.fdopen(os.open(opened, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out,
        ):
            open_stream(source, out, key.dek, key.body)
        opened.replace(target)
    finally:
        sealed.unlink(missing_ok=True)
        opened.unlink(missing_ok=True)
    return envelope


def _day_of(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()
