"""From records to the chain: seal, keep on IPFS, anchor, post. The same for a person and an issuer.

    publisher = Publisher(network, store, folder, card, issuer=account)
    publisher.publish(drafts, progress=…)       # goes on where an earlier call was cut off
    publisher.resume()

In this order, so that nothing is promised before it is so: the sealed body is on IPFS and was read
back, before its entry is kept on the device, before the root is anchored, before the custodians get
the entry. Whatever is cut off in between goes on later, and a body that got no entry is unpinned.

A person publishes to their own lists, and an issuer with the card that the person gave it: both say
where the lists are and which keys to seal to.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Protocol

from eth_account.signers.local import LocalAccount

from aceso.chain import Receipt, RefusedError, acts
from aceso.codes import DataClass
from aceso.custody import RequestRefusedError, TooFewCustodiansError
from aceso.errors import AcesoError
from aceso.storage import cid_digest
from aceso.vault import (
    Body,
    CapsuleContext,
    Envelope,
    FieldTree,
    ListEntry,
    Opening,
    PublicKey,
    RecordKey,
    head_fields,
    make_batch,
    make_capsule,
    new_dek,
    seal_stream,
)

from .network import Network
from .store import Batch, Store, Stored

__all__ = [
    "Draft",
    "Lists",
    "Progress",
    "Published",
    "Publisher",
    "Refused",
    "Sealed",
    "envelope_of",
    "seal_body",
]

# So many records go under one root, and so many are at most sealed anew after a cut.
_BATCH = 512
# Posts wait for the network and the custodians' work, not for ours.
_POSTS_AT_ONCE = 4

# The record was deleted, or another device of this seed was first. Trying again never helps.
_FOR_GOOD = frozenset({"E_DELETED", "E_ENTRY_CONFLICT"})

# What is told of the way: the step and the number of records that have done it.
Progress = Callable[[str, int], None]


class Source(Protocol):
    """The bytes of a record."""

    @property
    def sha256(self) -> bytes: ...

    def open(self) -> BinaryIO: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A record that is to be sealed: its id, class, bytes, and what is said of it."""

    record_id: bytes
    data_class: DataClass
    source: Source = field(repr=False)
    media_type: str
    issued_at: int
    day: str
    fields: Mapping[str, bytes] = field(repr=False)
    lineage: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A draft whose body is on IPFS, with the data key that nobody else has yet."""

    record_id: bytes
    data_class: int
    media_type: str
    issued_at: int
    day: str
    lineage: tuple[bytes, ...]
    digest: bytes
    cid: str
    body: Body
    tree: FieldTree = field(repr=False)
    dek: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that the custodians don't take, and never will: it is let go of on the device."""

    record_id: bytes
    error: AcesoError


@dataclass(frozen=True, slots=True)
class Published:
    """What a call has done."""

    entries: tuple[ListEntry, ...]
    receipts: tuple[Receipt, ...]
    refused: tuple[Refused, ...] = ()


def day_of(seconds: int) -> str:
    """The day of a time, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def seconds_of(issued_at: str | None, day: date | None, fallback: int) -> int:
    """The Unix seconds of a FHIR instant or date; `fallback` where none can be read."""
    if issued_at:
        try:
            moment = datetime.fromisoformat(issued_at.replace("Z", "+00:00"))
        except ValueError:
            moment = None
        if moment is not None:
            return max(
                0, int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
            )
    if day is not None:
        return max(0, int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()))
    return fallback


def seal_body(network: Network, draft: Draft, *, holder: str, folder: Path) -> Sealed:
    """Seal the body under a fresh data key and put it on IPFS."""
    dek = new_dek()
    with tempfile.TemporaryFile(dir=folder) as sealed:
        with draft.source.open() as source:
            body = seal_stream(source, sealed, dek)
        sealed.seek(0)
        cid = network.ipfs.add(sealed)
    digest = draft.source.sha256
    fields = head_fields(
        record_id=draft.record_id,
        data_class=int(draft.data_class),
        issued_at=draft.issued_at,
        lineage=draft.lineage,
        holder=holder,
        digest=digest,
    )
    return Sealed(
        record_id=draft.record_id,
        data_class=int(draft.data_class),
        media_type=draft.media_type,
        issued_at=draft.issued_at,
        day=draft.day,
        lineage=draft.lineage,
        digest=digest,
        cid=cid,
        body=body,
        tree=FieldTree.of(fields | dict(draft.fields), dek=dek, record_id=draft.record_id),
        dek=dek,
    )


def envelope_of(
    sealed: Sealed, *, holder: str, issuer: str, root: bytes, proof: Sequence[bytes]
) -> Envelope:
    """What a reader needs to understand and to prove the record."""
    return Envelope(
        record_id=sealed.record_id,
        data_class=sealed.data_class,
        issued_at=sealed.issued_at,
        lineage=sealed.lineage,
        holder=holder,
        digest=sealed.digest,
        media_type=sealed.media_type,
        hashes=sealed.tree.hashes,
        issuer=issuer,
        root=root,
        proof=tuple(proof),
    )


class Lists(Protocol):
    """Where records go: the lists of one persona, and the keys to seal to. A `Card` is one."""

    @property
    def chain_id(self) -> int: ...

    @property
    def persona(self) -> str: ...

    def newest_openings(self, data_classes: Collection[int]) -> Mapping[int, Opening]: ...

    def committee(self, opening: Opening) -> list[tuple[str, PublicKey]]: ...


class Publisher:
    """Publishes records to the lists of one persona."""

    def __init__(
        self,
        network: Network,
        store: Store,
        folder: Path,
        lists: Lists,
        *,
        issuer: LocalAccount,
        poster: Callable[[str], LocalAccount] | None = None,
        on_kept: Callable[[ListEntry, Sealed], None] | None = None,
        on_refused: Callable[[bytes], None] | None = None,
    ):
        """`issuer` anchors and, unless `poster` gives the key of a list, posts. `on_kept` is told
        of each record whose entry is on the device, before anything of it is on chain, and
        `on_refused` of one that the custodians never take."""
        self._network = network
        self._store = store
        self._folder = folder
        self._lists = lists
        self._issuer = issuer
        self._poster = poster or (lambda list_key: issuer)
        self._on_kept = on_kept or (lambda entry, sealed: None)
        self._on_refused = on_refused or (lambda record_id: None)

    def publish(self, drafts: Iterable[Draft], *, progress: Progress | None = None) -> Published:
        """Publish all of `drafts`, after what an earlier call left."""
        tell = progress or (lambda step, count: None)
        resumed = self.resume(progress=progress)
        receipts, refused = list(resumed.receipts), list(resumed.refused)
        entries: list[ListEntry] = []
        for batch in self._sealed_batches(drafts, tell):
            entries += self._keep(batch, tell)
            receipts += self._send(tell, refused)
        gone = {one.record_id for one in refused}
        taken = tuple(entry for entry in entries if entry.record_id not in gone)
        return Published(taken, tuple(receipts), tuple(refused))

    def resume(self, *, progress: Progress | None = None) -> Published:
        """Finish what was cut off."""
        tell = progress or (lambda step, count: None)
        for cid in self._store.left_behind():
            self._network.ipfs.unpin(cid)
        self._store.forget_added()
        refused: list[Refused] = []
        receipts = tuple(self._send(tell, refused))
        return Published((), receipts, tuple(refused))

    def _sealed_batches(self, drafts: Iterable[Draft], tell: Progress) -> Iterator[list[Sealed]]:
        """Seal one draft after the other, so that no more than one body is held at a time."""
        waiting = iter(drafts)
        holder = self._lists.persona
        while True:
            batch: list[Sealed] = []
            for draft in islice(waiting, _BATCH):
                one = seal_body(self._network, draft, holder=holder, folder=self._folder)
                self._store.note_added(one.cid)
                batch.append(one)
                tell("sealed", 1)
            if not batch:
                return
            yield batch

    def _keep(self, batch: Sequence[Sealed], tell: Progress) -> list[ListEntry]:
        tree = make_batch(one.tree.leaf for one in batch)
        cid = self._network.ipfs.add(b"".join(sorted(tree.proofs())))
        tell("stored", len(batch))
        openings = self._lists.newest_openings({int(one.data_class) for one in batch})
        kept: list[tuple[ListEntry, str, str]] = []
        for one in batch:
            proof = tree.proof(one.tree.leaf)
            entry, list_key = self._entry(one, openings[int(one.data_class)], tree.root, proof)
            kept.append((entry, list_key, one.day))
        self._store.keep(Batch(tree.root, cid_digest(cid)), kept)
        for (entry, _, _), one in zip(kept, batch, strict=True):
            self._on_kept(entry, one)
        tell("kept", len(kept))
        return [entry for entry, _, _ in kept]

    def _entry(
        self, sealed: Sealed, opening: Opening, root: bytes, proof: Sequence[bytes]
    ) -> tuple[ListEntry, str]:
        envelope = envelope_of(
            sealed,
            holder=self._lists.persona,
            issuer=self._issuer.address,
            root=root,
            proof=proof,
        )
        context = CapsuleContext(
            chain_id=self._lists.chain_id,
            record_id=sealed.record_id,
            data_class=sealed.data_class,
            epoch=opening.epoch,
            list_key=opening.list_key,
        )
        capsule = make_capsule(
            context,
            RecordKey(sealed.dek, sealed.body),
            custodians=self._lists.committee(opening),
            threshold=opening.threshold,
            reader_key=opening.class_key,
            owner_key=opening.owner_key,
        )
        entry = ListEntry(
            cid=sealed.cid,
            capsule=capsule,
            issuer=self._issuer.address,
            root=root,
            envelope=envelope.seal(sealed.dek),
        )
        return entry, opening.list_key

    def _send(self, tell: Progress, refused: list[Refused]) -> Iterator[Receipt]:
        for batch in self._store.unanchored():
            call = acts.anchor(self._network.suite, self._issuer, batch.root, batch.leaves)
            try:
                yield self._network.relayer.send(call)
            except RefusedError as exc:
                # It was anchored before we could write that down: what we wanted is so.
                if exc.error != "RecordAlreadyAnchored":
                    raise
            self._store.anchored(batch.root)
            tell("anchored", 1)
        with ThreadPoolExecutor(_POSTS_AT_ONCE, thread_name_prefix="aceso-post") as pool:
            # What one post raises is raised here; those that were done are written down.
            for entry, error in pool.map(self._post, self._store.unposted()):
                if error is None:
                    self._store.posted(entry.record_id)
                    tell("posted", 1)
                    continue
                # One that is never taken must not stop all that come after it.
                self._network.ipfs.unpin(entry.cid)
                self._store.delete(entry.record_id)
                self._on_refused(entry.record_id)
                refused.append(Refused(entry.record_id, error))

    def _post(self, stored: Stored) -> tuple[ListEntry, AcesoError | None]:
        """Post it; an error that is returned, and not raised, stands for good."""
        try:
            self._network.committee.post(
                stored.entry,
                list_key=stored.list_key,
                signer=self._poster(stored.list_key),
                issuer=stored.entry.issuer,
            )
        except (RequestRefusedError, TooFewCustodiansError) as exc:
            # While one custodian holds the entry and another is down, it may still be taken.
            cause = exc.__cause__ if isinstance(exc, TooFewCustodiansError) and not exc.k else exc
            if not isinstance(cause, RequestRefusedError) or cause.code not in _FOR_GOOD:
                raise
            return stored.entry, cause
        return stored.entry, None


def random_record_id() -> bytes:
    """The id of a record that an issuer makes."""
    return os.urandom(32)
