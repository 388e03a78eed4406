"""A vault in one file, and back from it: for the case that custodians, nodes or devices are gone.

    made = make_backup(person, Path("vault.aceso"))         # read back and checked before it counts
    restore_backup(person, Path("vault.aceso"))             # into the vault of the same seed
    read_records(seed, Path("vault.aceso"), Path("opened")) # alone, offline: nobody is asked

The file is whole or not there. Restoring reads all of it before anything is kept, can be done again
where it was cut off, and takes nothing back: what was forgotten since stays so, keys stay at their
newest epoch, and an index that is known to be newer is not gone behind.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from eth_account.signers.local import LocalAccount

from aceso.codes import DataClass
from aceso.errors import AcesoError, InputError
from aceso.storage import IpfsDownError
from aceso.vault import (
    BackedUp,
    BackupPart,
    BackupWriter,
    Body,
    Manifest,
    OpeningError,
    PartKind,
    RollbackError,
    Seed,
    VaultKeys,
    chain_of,
    check_body,
    open_as_owner,
    read_backup,
)

from .errors import BackupFileError
from .own_vault import HOME
from .person import Person
from .reader import ending_of
from .records import write_sealed
from .store import Step, Stored

__all__ = ["BackedUpVault", "ReadOut", "Restored", "make_backup", "read_records", "restore_backup"]

Tell = Callable[[str, int], None]


def _quiet(step: str, count: int) -> None:
    return None


@dataclass(slots=True)
class BackedUpVault:
    """What is in a backup. `without_body` are records whose sealed body could not be had: their
    capsules are in it, and open the body wherever that still lies."""

    path: Path
    version: int = 0
    records: int = 0
    bodies: int = 0
    size: int = 0
    without_body: list[bytes] = field(default_factory=list)


@dataclass(slots=True)
class Restored:
    """What a backup brought back. `forgotten` counts the records in it that were deleted since, and
    stay so; `is_older` says that the vault was known to be newer than the backup."""

    records: int = 0
    new: int = 0
    bodies: int = 0
    forgotten: int = 0
    is_older: bool = False
    reposted: int = 0
    troubles: list[AcesoError] = field(default_factory=list)


@dataclass(slots=True)
class ReadOut:
    """Which records were written, and which are in the backup without their body."""

    files: list[Path] = field(default_factory=list)
    without_body: list[bytes] = field(default_factory=list)


# Making one


def make_backup(
    person: Person, path: Path, *, with_bodies: bool = True, progress: Tell = _quiet
) -> BackedUpVault:
    """Write everything that the vault holds to `path`, in place of an earlier backup there; it has
    that name only once it was read back, and all that is in it was opened."""
    try:
        # What issuers sent since belongs in it, as far as anybody answers.
        person.sync()
    except AcesoError as exc:
        person.network.troubles.append(exc)
    made = BackedUpVault(path, version=person.manifest.version)
    with _draft(path) as draft:
        with draft.open("wb") as stream:
            with BackupWriter(stream, person.keys) as backup:
                _write(person, backup, made, with_bodies, progress)
            stream.flush()
            os.fsync(stream.fileno())
        found = _check(draft, person.keys, progress)
        if (found.version, found.records, found.bodies) != (
            made.version,
            made.records,
            made.bodies,
        ):
            raise BackupFileError(path, "what was written is not what is there")
        made.size = draft.stat().st_size
        _take_name(draft, path)
    person.profile.store.put("backup", person.network.suite.now().to_bytes(8, "big"))
    return made


def _write(
    person: Person, backup: BackupWriter, made: BackedUpVault, with_bodies: bool, progress: Tell
) -> None:
    store = person.profile.store
    backup.manifest(person.manifest.version, person.manifest.seal(person.keys))
    down: IpfsDownError | None = None
    for record_id, note in sorted(person.manifest.records.items()):
        stored = store.entry(record_id)
        if stored is None:
            # Noted, and cut off before there was an entry: its file can be imported again.
            continue
        leaves = store.leaves(stored.entry.root)
        backup.entry(BackedUp(stored.entry, stored.day, int(stored.step) - 1, leaves))
        made.records += 1
        progress("kept", 1)
        if not with_bodies:
            continue
        try:
            if down is not None:
                raise down
            _write_body(person, backup, stored.entry.cid, note.body)
        except AcesoError as exc:
            down = exc if isinstance(exc, IpfsDownError) else None
            made.without_body.append(record_id)
            person.network.troubles.append(exc)
            continue
        made.bodies += 1
        progress("stored", 1)


def _write_body(person: Person, backup: BackupWriter, cid: str, body: Body) -> None:
    with tempfile.TemporaryDirectory(dir=person.profile.folder) as folder:
        sealed = Path(folder, "body")
        length = person.network.ipfs.read_into(cid, sealed)
        with sealed.open("rb") as source:
            check_body(source, body)
            source.seek(0)
            backup.body(cid, source, length)


# Reading one


def _check(path: Path, keys: VaultKeys, progress: Tell = _quiet) -> BackedUpVault:
    """Read all of a backup, and open all that is in it; raises `OpeningError` where it is not
    whole, or not ours."""
    found = BackedUpVault(path)
    latest: BackedUp | None = None
    with _reading(path) as stream:
        for part in read_backup(stream, keys):
            if part.kind is PartKind.MANIFEST:
                found.version = part.number
                Manifest.open(part.data, keys, version=part.number)
            elif part.kind is PartKind.ENTRY:
                latest = BackedUp.from_bytes(part.data)
                open_as_owner(latest.entry.capsule, keys.owner_key())
                found.records += 1
            elif part.kind is PartKind.BODY:
                check_body(*_body_of(part, latest, keys))
                found.bodies += 1
                progress("checked", 1)
    return found


def _body_of(part: BackupPart, latest: BackedUp | None, keys: VaultKeys) -> tuple[BinaryIO, Body]:
    """A body in the backup, and what it has to be."""
    if latest is None or part.source is None or part.cid != latest.entry.cid:
        raise OpeningError("A body in the backup is another record's.", code="E_BACKUP_NOT_OPENED")
    return part.source, open_as_owner(latest.entry.capsule, keys.owner_key()).body


def restore_backup(
    person: Person,
    path: Path,
    *,
    allow_older: bool = False,
    repost: bool = False,
    progress: Tell = _quiet,
) -> Restored:
    """Bring back what is in a backup of this vault. With `repost`, custodians that lost entries are
    given them again. Custodians and IPFS that don't answer are in `troubles` and stop nothing."""
    _check(path, person.keys, progress)
    done = Restored()
    with _reading(path) as stream:
        latest: BackedUp | None = None
        for part in read_backup(stream, person.keys):
            if part.kind is PartKind.MANIFEST:
                merged = _merged(person, part, done, allow_older=allow_older)
            elif part.kind is PartKind.ENTRY:
                latest = BackedUp.from_bytes(part.data)
                _restore_entry(person, latest, merged, done)
                progress("kept", 1)
            elif latest is not None and latest.entry.record_id in merged.records and part.source:
                _restore_body(person, part, done)
                progress("stored", 1)
    # Last: what was cut off before this is done again, and nothing is noted that isn't there.
    person.manifest = merged
    _try(done, person._keep_manifest)
    _try(done, person._save_manifest)
    _try(done, person._open_noted)
    if repost:
        _repost(person, done)
    return done


def _merged(person: Person, part: BackupPart, done: Restored, *, allow_older: bool) -> Manifest:
    """The index of the backup and the one that is known, neither of which takes back the other."""
    known, found = person.manifest, Manifest.open(part.data, person.keys, version=part.number)
    done.is_older = found.version < known.version
    newest = max(found.version, known.version)
    try:
        head = person.network.newest_head(person.keys.head_key().address)
    except AcesoError as exc:
        done.troubles.append(exc)
        head = None
    if head is not None and head.head.version > newest:
        # There is a newer index, and it can't be read: what was deleted by it would come back.
        done.is_older = True
        if not allow_older:
            raise RollbackError(seen=head.head.version, offered=newest)
    return found.merged(known) if found.version <= known.version else known.merged(found)


def _restore_entry(person: Person, latest: BackedUp, merged: Manifest, done: Restored) -> None:
    entry = latest.entry
    if entry.record_id in merged.forgotten:
        done.forgotten += 1
        return
    list_key = entry.capsule.context.list_key
    if list_key is None or entry.record_id not in merged.records:
        raise OpeningError(
            "The backup has an entry that its index does not have.", code="E_BACKUP_NOT_OPENED"
        )
    done.records += 1
    stored = Stored(entry, list_key, latest.day, Step(latest.step + 1))
    done.new += person.profile.store.restore(stored, latest.leaves)


def _restore_body(person: Person, part: BackupPart, done: Restored) -> None:
    if any(isinstance(one, IpfsDownError) for one in done.troubles):
        return
    try:
        if not person.network.ipfs.is_pinned(part.cid):
            person.network.ipfs.add(part.source)  # type: ignore[arg-type]
        done.bodies += 1
    except AcesoError as exc:
        done.troubles.append(exc)


def _try(done: Restored, act: Callable[[], object]) -> None:
    try:
        act()
    except AcesoError as exc:
        done.troubles.append(exc)


def _repost(person: Person, done: Restored) -> None:
    """Give the custodians again what they lost: lists, entries, and the class keys of those who may
    read. Who has an entry takes it as it is; what they deleted they don't take back."""
    try:
        for stored in person.profile.store.entries():
            _post_again(person, stored)
            done.reposted += 1
        for grantee, classes in person._standing().items():
            persona = person.persona(person.manifest.relationships[grantee])
            for data_class in classes:
                for epoch in range(person.manifest.epochs.get(int(data_class), 0) + 1):
                    _open_again(person, persona, data_class, epoch)
            to = person._sealed_to(grantee)
            person._leave_keys(persona, grantee, classes, to, anew=True)
    except AcesoError as exc:
        done.troubles.append(exc)


def _open_again(person: Person, persona: LocalAccount, data_class: DataClass, epoch: int) -> None:
    """Open a list at every custodian, whatever this device remembers of having done so."""
    person.network.committee.open_list(person.opening(persona, data_class, epoch))


def _post_again(person: Person, stored: Stored) -> None:
    context = stored.entry.capsule.context
    _open_again(person, person.persona(HOME), DataClass(context.data_class), context.epoch)
    person.network.committee.post(
        stored.entry,
        list_key=stored.list_key,
        signer=person._list_key(stored.list_key),
        issuer=stored.entry.issuer,
    )
    person.profile.store.posted(stored.entry.record_id)


def read_records(seed: Seed, path: Path, folder: Path, *, progress: Tell = _quiet) -> ReadOut:
    """Write every record of a backup into `folder`, with the seed alone: no custodian, chain or
    IPFS node is asked."""
    done = ReadOut()
    with _reading(path) as stream:
        keys = seed.keys(chain_of(stream))
    _check(path, keys, progress)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    waiting: BackedUp | None = None
    with _reading(path) as stream, tempfile.TemporaryDirectory(dir=folder) as private:
        for part in read_backup(stream, keys):
            if part.kind is PartKind.BODY and waiting is not None and part.source is not None:
                sealed = Path(private, "sealed")
                with sealed.open("wb") as copy:
                    shutil.copyfileobj(part.source, copy)
                done.files.append(_write_out(sealed, waiting, keys, folder))
                waiting = None
                progress("opened", 1)
                continue
            if waiting is not None:
                done.without_body.append(waiting.entry.record_id)
            waiting = BackedUp.from_bytes(part.data) if part.kind is PartKind.ENTRY else None
    return done


def _write_out(sealed: Path, backed_up: BackedUp, keys: VaultKeys, folder: Path) -> Path:
    entry = backed_up.entry
    key = open_as_owner(entry.capsule, keys.owner_key())
    checked = folder / f".{entry.record_id.hex()}"
    envelope = write_sealed(sealed, entry, key, checked)
    path = folder / f"{entry.record_id.hex()[:16]}{ending_of(envelope.media_type)}"
    checked.replace(path)
    return path


# Files


@contextmanager
def _reading(path: Path) -> Iterator[BinaryIO]:
    try:
        stream = path.open("rb")
    except OSError as exc:
        raise InputError(
            f"{path} can't be read. Check the path.",
            code="E_BACKUP_FILE",
            details={"path": str(path)},
        ) from exc
    with stream:
        yield stream


@contextmanager
def _draft(path: Path) -> Iterator[Path]:
    """A file beside `path` that only we read, gone at the end unless it took the name."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield draft
    except OSError as exc:
        raise BackupFileError(path, exc.strerror or "it can't be written") from exc
    finally:
        draft.unlink(missing_ok=True)


def _take_name(draft: Path, path: Path) -> None:
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
