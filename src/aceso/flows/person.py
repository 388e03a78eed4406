"""What a person does: take in files, let people in, put them out again, and see who can see.

    person = Person(network, profile)
    person.import_files([Path("history.json")])
    person.share(grantee, classes=CLINICAL, uses=Use.TREAT, seconds=365 * DAY)
    person.unshare(grantee)

All acts are signed messages that a relayer carries, so a person needs no ether. Selling is in
`selling`. This module takes files in; what lies beneath it is in `own_vault` (personas, lists, the
index), `consents` and `records`, each of which builds on the one before.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from aceso.codes import DataClass
from aceso.errors import AcesoError, InputError
from aceso.formats import (
    FHIR_JSON,
    Fact,
    Imported,
    Kind,
    Outcome,
    PersonInFile,
    RecordDraft,
    facts_of,
    import_file,
    source_file,
)
from aceso.vault import Envelope, ListEntry, Opening, PublicKey, RecordNote

from .linking import Linker, Relation, most_compared, note_relation
from .network import Network
from .own_vault import HOME
from .profile import Profile
from .publishing import Draft, Progress, Published, Publisher, Sealed, day_of, seconds_of
from .records import HoldingRecords
from .reports import FileReport, ImportReport

__all__ = ["Person", "Whose"]


# A record larger than this is not opened to be compared.
_MAX_COMPARED = 4 << 20

Whose = Callable[[Path, tuple[PersonInFile, ...]], str | None]


@dataclass(frozen=True, slots=True)
class _Reading:
    """Who hears what while files are read."""

    reports: list[FileReport]
    on_file: Callable[[FileReport], None] | None
    on_outcome: Callable[[Path, Outcome], None] | None
    whose: Whose | None
    keys: tuple[Path, ...]


class Person(HoldingRecords):
    """A person at their device."""

    def __init__(self, network: Network, profile: Profile):
        super().__init__(network, profile)
        # Records that were read and are not kept yet: two files may hold the same one.
        self._under_way: set[bytes] = set()
        # Records whose contents were compared with, or could not be.
        self._looked: set[bytes] = set()
        # How these stand to the records that are there.
        self._relations: dict[bytes, Relation] = {}

    def import_files(
        self,
        paths: Iterable[Path],
        *,
        progress: Progress | None = None,
        on_file: Callable[[FileReport], None] | None = None,
        on_outcome: Callable[[Path, Outcome], None] | None = None,
        whose: Whose | None = None,
        keys: tuple[Path, ...] = (),
    ) -> ImportReport:
        """Take in files: what is understood becomes records, and each file is kept whole beside.

        The same file again adds nothing. A file that can't be read is reported; the others go on.
        Of a file about several people nothing is taken unless `whose` says which of them this is;
        then only what is about that person, and not the file itself, which holds the others.
        `on_outcome` hears of every part of every file, those that were taken too. `keys` are files
        and folders of public keys that the person trusts, by which signed files are checked.
        """
        reports: list[FileReport] = []
        resumed = self.resume(progress=progress)
        reading = _Reading(reports, on_file, on_outcome, whose, keys)
        # Whatever ends it, the file that is being read is closed here and now.
        with closing(self._drafts_of(paths, reading)) as drafts:
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
        self.settle_keys(progress=progress)
        done = self._publisher().resume(progress=progress)
        if self._note_all() or done.refused:
            self._save_manifest()
        return done

    def _drafts_of(self, paths: Iterable[Path], reading: _Reading) -> Generator[Draft, None, None]:
        """The records of all files that the vault lacks; each file ends in a report."""
        for path in paths:
            try:
                with _opened(path, reading) as imported:
                    report = yield from self._drafts_in(path, imported, reading.on_outcome)
            except InputError as exc:
                # A file that can't even be opened: nothing was taken, and the rest goes on.
                refused = {Kind.REFUSED.value: 1}
                report = FileReport(path, None, refused, 0, 0, None, "", (), exc.message, exc.code)
            reading.reports.append(report)
            if reading.on_file is not None:
                reading.on_file(report)

    def _drafts_in(
        self,
        path: Path,
        imported: Imported,
        on_outcome: Callable[[Path, Outcome], None] | None,
    ) -> Generator[Draft, None, FileReport]:
        source = imported.source
        people = imported.people if len(imported.people) > 1 else ()
        records = added = 0
        forgotten: list[Outcome] = []
        linker = Linker(
            self.profile.store,
            lambda: self.manifest.records,
            read=self._facts_in,
            coming=self._under_way,
            looked=self._looked,
        )
        for place, draft, facts in self._drafts(path, imported) if source.size else ():
            records += 1
            if draft.record_id in self.manifest.forgotten:
                forgotten.append(_forgotten(place, path))
                continue
            relation = linker.relate(
                draft.record_id, facts, data_class=int(draft.data_class), day=draft.day
            )
            if draft.record_id in self.manifest.records:
                note_relation(self.manifest, draft.record_id, relation)
                continue
            if draft.record_id in self._under_way or relation.is_known:
                continue
            added += 1
            self._under_way.add(draft.record_id)
            self._relations[draft.record_id] = relation
            yield draft
        digest = hashlib.sha256()
        telling = forgotten.copy()
        for outcome in imported.outcomes():
            digest.update(f"{outcome.kind.value} {outcome.place} {outcome.code}\n".encode())
            if outcome.kind not in (Kind.IMPORTED, Kind.UNCHANGED):
                telling.append(outcome)
            if on_outcome is not None:
                on_outcome(path, outcome)
        self.manifest.sources[source.sha256] = digest.digest()
        counts = {kind.value: count for kind, count in imported.counts.items()}
        if records and not added:
            counts = {Kind.UNCHANGED.value: sum(counts.values())}
        if forgotten:
            counts[Kind.SKIPPED.value] = counts.get(Kind.SKIPPED.value, 0) + len(forgotten)
        return FileReport(
            path,
            imported.format,
            counts,
            records,
            added,
            None if people else source.data_class,
            source.why_class,
            tuple(telling),
            people=people,
        )

    def _facts_in(self, record_id: bytes) -> list[Fact]:
        """What is in a record that this device has not looked into; nothing where it can't."""
        if self.manifest.records[record_id].body.length > _MAX_COMPARED:
            return []
        with tempfile.TemporaryDirectory(dir=self.profile.folder) as folder:
            opened = Path(folder, "record")
            try:
                self.open_record(record_id, opened)
            except AcesoError as exc:
                self.network.troubles.append(exc)
                return []
            return facts_of(opened.read_bytes())

    def _drafts(
        self, path: Path, imported: Imported
    ) -> Iterator[tuple[str, Draft, Sequence[Fact]]]:
        """Each record of a file, with its place and what is in it, and the file itself if it is
        about one person."""
        now = self.network.suite.now()
        for record in imported.records():
            most = most_compared(int(record.data_class))
            compared = record.media_type == FHIR_JSON and record.pieces <= most
            facts = facts_of(record.canonical) if compared else ()
            yield record.source_place, self._draft(record, now), facts
        if len(imported.people) > 1:
            return
        source = imported.source
        whole = Draft(
            record_id=self.keys.record_id(source.sha256, int(source.data_class)),
            data_class=source.data_class,
            source=source,
            media_type=source.media_type,
            issued_at=now,
            day="",
            fields=source.fields,
        )
        yield "/", whole, ()

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

    def reclassify(self, record_id: bytes, data_class: DataClass) -> Published:
        """Seal a record anew under another class, and delete it under the one that it had.

        Who sees it changes with that. It is the person's own statement from then on: the proof of
        an issuer names the class that it was issued under, and goes with the old one.

        A file that the record came from follows it, where it was under that one class too: it holds
        the same. To find it, the files under that class are opened and read again.
        """
        note = self.manifest.records.get(record_id)
        entry = self.entry(record_id)
        if note is None or note.data_class == int(data_class):
            raise InputError(
                "The record has that class already; nothing is to be done.", code="E_SAME_CLASS"
            )
        with tempfile.TemporaryDirectory(dir=self.profile.folder) as folder:
            opened = Path(folder, "record")
            envelope = self.open_record(record_id, opened)
            draft = self._anew(opened, envelope, note.day, data_class)
            drafts = {entry.record_id: draft}
            drafts |= self._files_anew(draft, DataClass(note.data_class), Path(folder))
            published = self._publisher().publish(iter(drafts.values()))
        refused = {one.record_id for one in published.refused}
        for old, one in drafts.items():
            if one.record_id not in refused:
                self.forget(old)
        return published

    def _files_anew(self, record: Draft, was: DataClass, folder: Path) -> dict[bytes, Draft]:
        """The drafts of the files that hold `record`, by the ids that they have under `was`.

        A file of several classes is UNCLASSIFIED already, and nobody is given that by accident."""
        found: dict[bytes, Draft] = {}
        for number, digest in enumerate(sorted(self.manifest.sources)):
            file_id = self.keys.record_id(digest, int(was))
            if file_id not in self.manifest.records or digest == record.source.sha256:
                continue
            path = folder / f"file {number}"
            try:
                envelope = self.open_record(file_id, path)
            except AcesoError as exc:
                self.network.troubles.append(exc)
                continue
            classes = _classes_with(path, record)
            if classes:
                whole = source_file(path, classes=classes)
                found[file_id] = Draft(
                    record_id=self.keys.record_id(whole.sha256, int(whole.data_class)),
                    data_class=whole.data_class,
                    source=whole,
                    media_type=envelope.media_type,
                    issued_at=envelope.issued_at,
                    day="",
                    fields=whole.fields,
                    lineage=(envelope.record_id,),
                )
            else:
                path.unlink()
        return found

    def _anew(self, opened: Path, envelope: Envelope, day: str, data_class: DataClass) -> Draft:
        """The draft of a record that is there already, under another class."""
        whole = source_file(opened, classes=data_class)
        fields = whole.fields
        with import_file(opened) as imported:
            for record in imported.records():
                # Reading what was written gives the record again, with all that can be shown of it.
                if record.body.sha256 == whole.sha256:
                    fields = record.fields
        return Draft(
            record_id=self.keys.record_id(whole.sha256, int(data_class)),
            data_class=data_class,
            source=whole,
            media_type=envelope.media_type,
            issued_at=envelope.issued_at,
            day=day,
            fields=fields,
            lineage=(envelope.record_id,),
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
        relation = self._relations.pop(entry.record_id, Relation())
        self.manifest.records[entry.record_id] = RecordNote(
            data_class=sealed.data_class,
            epoch=entry.capsule.context.epoch,
            cid=entry.cid,
            body=sealed.body,
            issuer=entry.issuer,
            root=entry.root,
            day=sealed.day or day_of(sealed.issued_at),
        )
        note_relation(self.manifest, entry.record_id, relation)

    def _unnote(self, record_id: bytes) -> None:
        self.manifest.records.pop(record_id, None)


def _classes_with(path: Path, record: Draft) -> DataClass:
    """The classes in a file with that of `record` as it is now; none where the file hasn't it."""
    there = False
    classes = record.data_class
    with import_file(path) as imported:
        for one in imported.records():
            if one.body.sha256 == record.source.sha256:
                there = True
            else:
                classes |= one.data_class
    return classes if there else DataClass(0)


def _forgotten(place: str, path: Path) -> Outcome:
    reason = "you had this record deleted, and it stays so"
    return Outcome(Kind.SKIPPED, place, "", reason, "forgotten", path)


def _opened(path: Path, reading: _Reading) -> Imported:
    """A file as it was read; of several people in it, as it was read for the one that this is."""
    imported = import_file(path, keys=reading.keys)
    if len(imported.people) < 2 or reading.whose is None:
        return imported
    try:
        key = reading.whose(path, imported.people)
    except BaseException:
        imported.close()
        raise
    if key is None:
        return imported
    imported.close()
    return import_file(path, subject_hint=key, keys=reading.keys)


class _OwnLists:
    """The person's own lists, each opened when the first records of its class come."""

    def __init__(self, person: Person):
        self._person = person
        self._home = person.persona(HOME)

    @property
    def chain_id(self) -> int:
        return self._person.network.suite.chain_id

    @property
    def persona(self) -> str:
        return str(self._home.address)

    def newest_openings(self, data_classes: Collection[int]) -> Mapping[int, Opening]:
        with self._person._noting_lists():
            return {
                one: self._person.opening(self._home, DataClass(one)).opening
                for one in sorted(data_classes)
            }

    def committee(self, opening: Opening) -> list[tuple[str, PublicKey]]:
        known = {card.address: card.public_key for card in self._person.network.sealing_cards}
        return [(address, known[address]) for address in opening.custodians]
