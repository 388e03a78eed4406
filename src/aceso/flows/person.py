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
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from eth_account.signers.local import LocalAccount

from aceso.chain import Receipt, Request, Terms, acts, parse_grantee
from aceso.codes import CLINICAL, SENSITIVE, DataClass, Reason, Use
from aceso.errors import InputError
from aceso.formats import Imported, Kind, Outcome, RecordDraft, import_file
from aceso.index import ConsentRow
from aceso.vault import (
    Card,
    CommitteeNote,
    Envelope,
    Head,
    ListEntry,
    Manifest,
    Opening,
    PublicKey,
    RecordKey,
    RecordNote,
    SignedOpening,
    VaultKeys,
    open_as_owner,
    open_stream,
)

from .errors import NothingToOpenError
from .network import Network
from .profile import Profile
from .publishing import Draft, Progress, Published, Publisher, Sealed, seconds_of

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


@dataclass(frozen=True, slots=True)
class FileReport:
    """What became of one file: how many resources of each kind, and why some were not taken."""

    path: Path
    format: str
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

    @property
    def added(self) -> int:
        return sum(report.added for report in self.files)


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
        if not self.profile.store.is_opened(list_key.address, persona.address):
            self.network.committee.open_list(signed)
            self.profile.store.opened(list_key.address, persona.address)
            self.manifest.lists[list_key.address] = self._committee_index()
        self._openings[persona.address, number, epoch] = signed
        return signed

    def card(self, persona: LocalAccount, classes: DataClass) -> Card:
        """What an issuer needs to send records of these classes to the vault."""
        with self._noting_lists():
            return Card(
                chain_id=self.network.suite.chain_id,
                persona=persona.address,
                custodians=self.network.cards,
                openings=tuple(self.opening(persona, one) for one in classes),
            )

    @contextmanager
    def _noting_lists(self) -> Iterator[None]:
        """Lists that are opened in here are noted before anything is posted to them: a device that
        is restored from the seed finds by them what came since."""
        known = len(self.manifest.lists)
        yield
        if len(self.manifest.lists) > known:
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
        return ImportReport(tuple(reports), resumed.receipts + published.receipts)

    def resume(self, *, progress: Progress | None = None) -> Published:
        """Finish an import that was cut off."""
        done = self._publisher().resume(progress=progress)
        if self._note_all():
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
                report = FileReport(path, "", refused, 0, 0, None, "", (), exc.message, exc.code)
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
            imported.format.value,
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
        """Learn of what issuers posted since; say how many records are new."""
        found = 0
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
                    context = listed.capsule.context
                    list_key = self.keys.list_key(context.data_class, context.epoch).address
                    found += self.profile.store.learn(listed, list_key)
        if self._note_all():
            self._save_manifest()
        return found

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
            key = self.key_of(entry)
            envelope = Envelope.open(entry.envelope, key.dek, record_id=entry.record_id)
            self.manifest.records[entry.record_id] = RecordNote(
                data_class=envelope.data_class,
                epoch=entry.capsule.context.epoch,
                cid=entry.cid,
                body=key.body,
                issuer=entry.issuer,
                root=entry.root,
                day=stored.day or _day_of(envelope.issued_at),
            )
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
        """Make `physician` the primary one: all clinical classes, and the sensitive ones named."""
        grantee = bytes(12) + bytes.fromhex(physician.removeprefix("0x"))
        to = self.network.receiving_key(grantee)
        persona = self.persona_for(grantee)
        classes = CLINICAL | (sensitive & SENSITIVE)
        until = self.network.suite.now() + seconds
        call = acts.primary_physician(self.network.suite, persona, physician, classes, until)
        receipt = self.network.relayer.send(call)
        self._leave_keys(persona, grantee, classes, to)
        self._save_manifest()
        self.network.wait_confirmed(receipt)
        return receipt

    def _leave_keys(
        self, persona: LocalAccount, grantee: bytes, classes: DataClass, to: PublicKey
    ) -> None:
        for data_class in classes:
            number = int(data_class)
            for epoch in range(self.manifest.epochs.get(number, 0) + 1):
                # A new persona has no list yet, of this epoch or of an earlier one.
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
        """Withdraw: the custodians hear it first, then the chain, then the classes get new keys."""
        index = self.manifest.relationships.get(grantee)
        persona = self.persona(
            RESEARCH if index is None and parse_grantee(grantee).number else index or HOME
        )
        ended = self._live(persona.address, grantee)
        act = acts.withdraw(self.network.suite, persona, grantee)
        self.network.tell_custodians(act)
        receipt = self.network.relayer.send(act.call)
        if ended is not None and index is not None:
            self._renew_keys(ended.classes)
        return receipt

    def unshare_everything(self) -> list[Receipt]:
        """Withdraw all consents of every persona, the custodians told first."""
        receipts = []
        suite = self.network.suite
        used = {row.subject for row in self.network.synced().consents(list(self.personas()))}
        signed = [
            acts.withdraw_all(suite, self.persona(index))
            for address, index in self.personas().items()
            if address in used
        ]
        for act in signed:
            self.network.tell_custodians(act)
        receipts = [self.network.relayer.send(act.call) for act in signed]
        self._renew_keys(DataClass(sum(int(one) for one in DataClass)))
        return receipts

    def bar(self, actor: str) -> list[Receipt]:
        """Bar an account in every persona."""
        suite = self.network.suite
        return [
            self.network.relayer.send(acts.bar(suite, self.persona(index), actor).call)
            for index in self.personas().values()
        ]

    def _renew_keys(self, classes: DataClass) -> None:
        """A new epoch of each class; whoever may still see it gets the new key."""
        for data_class in classes:
            number = int(data_class)
            newest = self.keys.list_key(number, self.manifest.epochs.get(number, 0)).address
            if newest not in self.manifest.lists:
                # Nobody was ever given this key.
                continue
            self.manifest.epochs[number] = self.manifest.epochs.get(number, 0) + 1
        for row in self.consents():
            # An offer's buyers never hold a class key.
            remaining = row.classes & classes
            if remaining and row.grantee in self.manifest.relationships:
                persona = self.persona(self.manifest.relationships[row.grantee])
                to = self.network.receiving_key(row.grantee)
                self._leave_keys(persona, row.grantee, remaining, to)
        self._save_manifest()

    def consents(self, *, live: bool = True) -> list[ConsentRow]:
        """What was granted by any persona; only what is in force unless asked for all."""
        rows = self.network.synced().consents(list(self.personas()))
        now = self.network.suite.now()
        return [row for row in rows if not live or row.is_live(now)]

    def _live(self, persona: str, grantee: bytes) -> ConsentRow | None:
        for row in self.consents():
            if (row.subject, row.grantee) == (persona, grantee):
                return row
        return None

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
        manifest = self.manifest.next()
        sealed = manifest.seal(self.keys)
        cid = self.network.ipfs.add(sealed)
        # The device first: a head that it has not seen would look like a rollback to it.
        self.profile.store.put("manifest", manifest.version.to_bytes(8, "big") + sealed)
        head_key = self.keys.head_key()
        head = Head(head_key.address, manifest.version, cid)
        self.network.committee.put_head(
            head.sign(
                head_key,
                chain_id=self.network.suite.chain_id,
                registry=self.network.suite.addresses["ConsentRegistry"],
            )
        )
        before = self.profile.store.get("manifest-cid")
        self.profile.store.put("manifest-cid", cid.encode())
        if before is not None and before.decode() != cid:
            self.network.ipfs.unpin(before.decode())
        self.manifest = manifest

    def _load_manifest(self) -> Manifest:
        kept = self.profile.store.get("manifest")
        if kept is None:
            return Manifest()
        return Manifest.open(kept[8:], self.keys, version=int.from_bytes(kept[:8], "big"))

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
        # Every list that was ever opened is opened for the home persona, which then may read it.
        lists = set(self.manifest.lists)
        for data_class in DataClass:
            for epoch in range(self.manifest.epochs.get(int(data_class), 0) + 1):
                if self.keys.list_key(int(data_class), epoch).address in lists:
                    self.opening(self.persona(HOME), data_class, epoch)
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
        known = {card.address: card.public_key for card in self._person.network.cards}
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
