"""Delete the class keys that were left for those whose grant has ended.

What is given out is decided by `decide` alone, so a key that is left here too long opens nothing.
It is deleted all the same: what isn't there can't be taken.

A grant ends by an event (a withdrawal, one of everything, a bar, a grant of less, another primary
physician, an accreditation taken back, an institution closed) or by its time. Events are read from
the chain up to the confirmed block, from where the last reading ended, so none is missed that came
while the custodian was down, or since the backup that it was restored from. An event only says
where to look. A key is deleted when it was left before the event, and the grant doesn't cover its
class at the newest and at the confirmed block alike: a grant that was given again keeps its key,
and so does one whose end a reorganisation took back. Where the block at which it was left was
replaced since, nobody can say what came before what, and the grant alone counts. A chain that was
replaced below where the reading ended is read anew from the beginning.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from aceso.chain import GrantWord, HeadWord

from ._chain import Block, Chain, Heads, LogEntry
from ._desk import Desk
from ._store import Store, tables
from ._typed import address, address_bytes, keccak
from .errors import ChainUnsafeError
from .keys import CustodianKeys

__all__ = ["Follower"]

_log = logging.getLogger("aceso.custody")

_CURSOR: Final = "followed"
_SPAN: Final = 5_000
_PAIRS: Final = 200
# When to look again at a key whose grant isn't there yet.
_LATER: Final = 3_600
_NOW: Final = 1

_WITHDRAWN: Final = keccak(b"ConsentWithdrawn(address,bytes32)")
_ALL_WITHDRAWN: Final = keccak(b"AllConsentsWithdrawn(address,uint24)")
_BARRED: Final = keccak(b"ActorBarred(address,address)")
_GRANTED: Final = keccak(
    b"ConsentGranted(address,bytes32,uint32,uint16,uint24,uint24,uint40,uint40,bytes32)"
)
_PHYSICIAN: Final = keccak(b"PrimaryPhysicianSet(address,address,uint32,uint40,uint40)")
_ACCREDITATION: Final = keccak(b"AccreditationChanged(address,uint32,uint24)")
_CLOSED: Final = keccak(b"InstitutionClosed(uint96)")
_EVENTS: Final = (
    _WITHDRAWN,
    _ALL_WITHDRAWN,
    _BARRED,
    _GRANTED,
    _PHYSICIAN,
    _ACCREDITATION,
    _CLOSED,
)


@dataclass(frozen=True, slots=True)
class _Left:
    """A class key that was left here."""

    list_key: bytes
    persona: bytes
    grantee: bytes
    receiving_key: bytes
    data_class: int
    left_at: int
    left_hash: str | None
    look_at: int
    sealed: bytes


class Follower(Desk):
    """Follows the chain from where it was."""

    def __init__(self, keys: CustodianKeys, store: Store, chain: Chain):
        super().__init__(keys, store, chain)
        self.deleted = 0

    def followed(self) -> int:
        """The block up to which the chain was read, by whichever process does so."""
        with self.store.read() as connection:
            said = self.store.note(connection, _CURSOR)
        return 0 if said is None else int(said.partition(" ")[0])

    def catch_up(self) -> int:
        """Read what is new, and delete what has ended; how many keys were deleted."""
        heads = self.chain.heads()
        before = self.deleted
        start = self._start()
        while start <= heads.confirmed.number:
            end, events = self._events(start, heads.confirmed.number)
            (last,) = self.chain.blocks([end])
            self._heed(events, heads, last)
            start = end + 1
        self._look(heads)
        if self.deleted > before and not self.store.empty_log():
            _log.warning("class keys were deleted, and their bytes are still in the log")
        return self.deleted - before

    def _start(self) -> int:
        """The first block that wasn't read yet."""
        since = self.chain.addresses.since
        with self.store.read() as connection:
            said = self.store.note(connection, _CURSOR)
        if said is None:
            return since
        number, _, hash_ = said.partition(" ")
        try:
            (now,) = self.chain.blocks([int(number)])
        except ChainUnsafeError:
            # A node that doesn't have it is behind; `heads` has told whether it may be believed.
            return since
        if now.hash != hash_:
            _log.warning("the chain was replaced below block %s: it is read anew", number)
            return since
        return int(number) + 1

    def _events(self, first: int, last: int) -> tuple[int, list[LogEntry]]:
        """The events of as many blocks as the node gives at once, and the last of them."""
        addresses = self.chain.addresses
        contracts = [addresses.consents, addresses.participants]
        span = _SPAN
        while True:
            end = min(last, first + span - 1)
            try:
                return end, self.chain.logs(contracts, [_EVENTS], first, end)
            except ChainUnsafeError:
                # Nodes refuse what would be too long; but one block has to be given.
                if end == first:
                    raise
                span = max(1, (end - first + 1) // 4)

    def _heed(self, events: Sequence[LogEntry], heads: Heads, last: Block) -> None:
        """Delete what these events ended, and remember that they were read."""
        with self.store.read() as connection:
            found = [
                (event, left) for event in events for left in self._left(connection, event, heads)
            ]
        # What was left when the event could be seen was left in spite of it.
        moved = self._moved({left for event, left in found if left.left_at >= event.block})
        earlier = [
            (event, left) for event, left in found if left.left_at < event.block or left in moved
        ]
        without = {
            left
            for event, left in earlier
            if event.topics[0] in (_ACCREDITATION, _CLOSED) and self._is_gone(left.grantee, heads)
        }
        ended = without | self._ended({left for _, left in earlier}, heads)
        # A new grant may end sooner than the one before.
        granted = {left for event, left in found if event.topics[0] in (_GRANTED, _PHYSICIAN)}
        with self.store.write() as connection:
            self._delete(connection, ended)
            self._look_at(connection, {left: _NOW for left in granted - ended})
            self.store.set_note(connection, _CURSOR, f"{last.number} {last.hash}")
        self.deleted += len(ended)

    def _moved(self, keys: set[_Left]) -> set[_Left]:
        """Those that were left at a block that isn't of the chain any more: what could be seen then
        isn't told by today's numbers."""
        keys = {left for left in keys if left.left_hash is not None}
        numbers = sorted({left.left_at for left in keys})
        if not numbers:
            return set()
        try:
            hashes = {block.number: block.hash for block in self.chain.blocks(numbers)}
        except ChainUnsafeError:
            # The chain is shorter now.
            hashes = {}
        return {left for left in keys if hashes.get(left.left_at) != left.left_hash}

    def _left(self, connection: Connection, event: LogEntry, heads: Heads) -> list[_Left]:
        """The keys that this event may have ended."""
        keys = tables.sealed_keys.c
        kind, where = event.topics[0], event.topics[1][12:]
        if kind in (_WITHDRAWN, _GRANTED, _BARRED):
            return _rows(connection, keys.persona == where, keys.grantee == event.topics[2])
        if kind in (_ALL_WITHDRAWN, _PHYSICIAN):
            return _rows(connection, keys.persona == where)
        participants = address_bytes(self.chain.addresses.participants)
        if kind == _CLOSED:
            return _rows(connection, keys.grantee == event.topics[1][20:] + participants)
        found = _rows(connection, keys.grantee == bytes(12) + where)
        for grantee in self._institutions(connection):
            number = int.from_bytes(grantee[:12], "big")
            account = self.chain.institution_account(number, heads.confirmed)
            if address_bytes(account) == where:
                found += _rows(connection, keys.grantee == grantee)
        return found

    def _institutions(self, connection: Connection) -> list[bytes]:
        """The institutions for which keys were left here."""
        participants = address_bytes(self.chain.addresses.participants)
        grantees = connection.execute(sa.select(tables.sealed_keys.c.grantee).distinct())
        return [
            row.grantee
            for row in grantees
            if row.grantee[12:] == participants and any(row.grantee[:12])
        ]

    def _is_gone(self, grantee: bytes, heads: Heads) -> bool:
        """Whether an account has no role any more, or an institution's account or itself is gone,
        at both blocks."""
        number = int.from_bytes(grantee[:12], "big")
        for block in (heads.newest, heads.confirmed):
            if number and not self.chain.institution_is_open(number, block):
                continue
            account = (
                self.chain.institution_account(number, block) if number else address(grantee[12:])
            )
            if self.chain.has_any_role(account, block):
                return False
        return True

    def _ended(self, keys: set[_Left], heads: Heads) -> set[_Left]:
        """Those of these keys whose class is in no grant now, at both blocks."""
        pairs = sorted({(left.persona, left.grantee) for left in keys})
        words = dict(zip(pairs, self._words(pairs, heads), strict=True))
        return {
            left
            for left in keys
            if all(
                not _covers(word, left, block)
                for word, block in zip(
                    words[left.persona, left.grantee], (heads.newest, heads.confirmed), strict=True
                )
            )
        }

    def _words(
        self, pairs: Sequence[tuple[bytes, bytes]], heads: Heads
    ) -> list[tuple[tuple[int, int], tuple[int, int]]]:
        named = [(address(persona), grantee) for persona, grantee in pairs]
        found: list[tuple[tuple[int, int], tuple[int, int]]] = []
        for start in range(0, len(named), _PAIRS):
            found += self.chain.grant_words(named[start : start + _PAIRS], heads)
        return found

    def _look(self, heads: Heads) -> None:
        """Look at the keys whose grants may be over by now, and when to look at them again."""
        keys = tables.sealed_keys.c
        now = heads.confirmed.timestamp
        while True:
            with self.store.read() as connection:
                due = _rows(connection, keys.look_at <= now, limit=_PAIRS)
            if not due:
                return
            pairs = sorted({(left.persona, left.grantee) for left in due})
            words = dict(zip(pairs, self._words(pairs, heads), strict=True))
            over: set[_Left] = set()
            again: dict[_Left, int] = {}
            for left in due:
                newest, confirmed = (
                    GrantWord.parse(word) for word, _ in words[left.persona, left.grantee]
                )
                until = max(newest.valid_until, confirmed.valid_until)
                if not (newest.classes and confirmed.classes):
                    # Not granted yet, or ended by an event, which says so itself.
                    again[left] = now + _LATER
                elif until > now:
                    again[left] = until
                elif left.look_at:
                    over.add(left)
                else:
                    # It was left after the end, so a new grant may be on its way.
                    again[left] = now + _LATER
            with self.store.write() as connection:
                self._delete(connection, over)
                self._look_at(connection, again)
            self.deleted += len(over)

    def _look_at(self, connection: Connection, times: Mapping[_Left, int]) -> None:
        for left, look_at in times.items():
            connection.execute(
                sa.update(tables.sealed_keys).where(*_where(left)).values(look_at=look_at)
            )

    def _delete(self, connection: Connection, keys: set[_Left]) -> None:
        for left in keys:
            self.store.forget(connection, left.sealed)
            connection.execute(sa.delete(tables.sealed_keys).where(*_where(left)))


def _covers(words: tuple[int, int], left: _Left, block: Block) -> bool:
    """Whether the grant holds for this key's class at this block."""
    word, head = GrantWord.parse(words[0]), HeadWord.parse(words[1])
    is_physician = address_bytes(head.physician) == left.grantee[12:] and not any(left.grantee[:12])
    return (
        bool(left.data_class & int(word.classes))
        and word.epoch == head.epoch
        and block.timestamp < word.valid_until
        and (not word.primary or is_physician)
    )


def _where(left: _Left) -> tuple[Any, ...]:
    keys = tables.sealed_keys.c
    return (
        keys.list_key == left.list_key,
        keys.persona == left.persona,
        keys.grantee == left.grantee,
        keys.receiving_key == left.receiving_key,
        # Not the one that took its place meanwhile.
        keys.sealed == left.sealed,
    )


def _rows(connection: Connection, *conditions: Any, limit: int | None = None) -> list[_Left]:
    keys = tables.sealed_keys.c
    rows = connection.execute(
        sa.select(
            keys.list_key,
            keys.persona,
            keys.grantee,
            keys.receiving_key,
            keys.data_class,
            keys.left_at,
            keys.left_hash,
            keys.look_at,
            keys.sealed,
        )
        .where(*conditions)
        .limit(limit)
    )
    return [_Left(*row) for row in rows]
