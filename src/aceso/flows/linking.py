"""How what comes stands to what is there: known already, newer, older, or told by others too.

    found = Linker(store, records, read=…, coming=…).relate(record_id, facts)
    found.is_known          # all of it is in records that the vault has
    found.supersedes        # records in whose place it comes
    found.superseded_by     # the record that is newer than all of it
    found.same              # records in which another source says something that it says

A record is superseded by one that has each of its resources, byte for byte or in a newer version: a
day of which more was exported later, or a result that a laboratory corrected. Nothing of it is
deleted, and who was let see it still sees it.

The order of imports makes no difference to what is current: where nothing says which of two
versions is the newer, both are. A record with more than 1,024 resources is not compared with
others, and one of a watch or a phone, of which there are a thousand, with more than 64.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from aceso.codes import LIFELOG, DataClass
from aceso.formats import Fact
from aceso.vault import Manifest, RecordNote

from .store import Store

__all__ = ["Linker", "Relation", "most_compared", "note_relation"]

# Each resource that is compared is a row on the device.
_MOST = 1024
_MOST_OF_A_DEVICE = 64
# How many records of a class and day are opened, where this device has not seen what is in them.
_MAX_OPENED = 50


@dataclass(frozen=True, slots=True)
class Relation:
    """How one record stands to those that are there; all by their ids."""

    is_known: bool = False
    supersedes: frozenset[bytes] = field(default=frozenset(), repr=False)
    superseded_by: bytes | None = field(default=None, repr=False)
    same: frozenset[bytes] = field(default=frozenset(), repr=False)


class Linker:
    """Compares what comes with what this device knows of the records. `records` gives those of
    the index as it is now, which another device may add to. `read` gives the facts of a
    record whose contents have to be opened for it; `coming` are records on their way in, and
    `looked` those that were looked into already, by this linker or one before it."""

    def __init__(
        self,
        store: Store,
        records: Callable[[], Mapping[bytes, RecordNote]],
        *,
        read: Callable[[bytes], Sequence[Fact]],
        coming: Set[bytes],
        looked: set[bytes],
    ) -> None:
        self._store = store
        self._records = records
        self._read = read
        self._coming = coming
        self._looked = looked
        self._opened = 0
        self._by_day: dict[tuple[int, str], list[bytes]] | None = None

    def relate(
        self, record_id: bytes, facts: Sequence[Fact], *, data_class: int, day: str
    ) -> Relation:
        """How a record with these facts stands to the others. It is compared with from now on."""
        if not 0 < len(facts) <= most_compared(data_class):
            return Relation()
        self._learn(data_class, day)
        found: set[bytes] = set()
        for fact in facts:
            found |= self._store.related(fact)
        found.discard(record_id)
        records = self._records()
        others = {
            one: self._store.facts(one)
            for one in sorted(found)
            if one in records or one in self._coming
        }
        if _are_known(facts, others):
            return Relation(is_known=True)
        self._store.note_facts(record_id, facts)
        return Relation(
            supersedes=frozenset(
                one for one, theirs in others.items() if _takes_the_place(facts, theirs)
            ),
            superseded_by=next(
                (one for one, theirs in others.items() if _takes_the_place(theirs, facts)), None
            ),
            same=frozenset(one for one, theirs in others.items() if _say_the_same(facts, theirs)),
        )

    def _learn(self, data_class: int, day: str) -> None:
        """Look into records of this class and day that this device has not looked into."""
        if self._by_day is None:
            self._by_day = {}
            for record_id, note in self._records().items():
                self._by_day.setdefault((note.data_class, note.day), []).append(record_id)
        for record_id in self._by_day.get((data_class, day), ()):
            if self._opened == _MAX_OPENED:
                return
            if record_id in self._looked:
                continue
            self._looked.add(record_id)
            if not self._store.facts(record_id):
                self._opened += 1
                facts = self._read(record_id)
                # In part, it would seem to be all in a record that has only that part.
                compared = len(facts) <= most_compared(data_class)
                self._store.note_facts(record_id, facts if compared else ())


def most_compared(data_class: int) -> int:
    """How many resources a record of this class may have to be compared with others."""
    return _MOST_OF_A_DEVICE if DataClass(data_class) & LIFELOG else _MOST


def note_relation(manifest: Manifest, record_id: bytes, relation: Relation) -> None:
    """Write how a record stands to the others in the index, once it is in it itself."""
    for older in relation.supersedes:
        manifest.superseded[older] = record_id
    if relation.superseded_by is not None:
        manifest.superseded[record_id] = relation.superseded_by
    for other in relation.same:
        first, second = sorted((record_id, other))
        manifest.same.add((first, second))


def _are_known(facts: Sequence[Fact], others: Mapping[bytes, Sequence[Fact]]) -> bool:
    there = {one.digest for theirs in others.values() for one in theirs}
    return all(fact.digest in there for fact in facts)


def _takes_the_place(newer: Sequence[Fact], older: Sequence[Fact]) -> bool:
    """Whether `newer` has each fact of `older`, as it is or in a newer version."""
    digests = {one.digest for one in newer}
    versions = {one.identity: one.version for one in newer if one.identity}
    return bool(older) and all(
        one.digest in digests or (one.identity in versions and versions[one.identity] > one.version)
        for one in older
    )


def _say_the_same(facts: Sequence[Fact], others: Sequence[Fact]) -> bool:
    said = {one.statement: one for one in facts if one.statement}
    return any(
        one.statement in said
        and one.digest != said[one.statement].digest
        and (not one.identity or one.identity != said[one.statement].identity)
        for one in others
    )
