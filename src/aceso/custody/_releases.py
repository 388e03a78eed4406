"""The door of a record's key: our share of it is released, sealed to the grantee.

    given = releases.release_all([Wanted(message, signature), ...])     # a Release or an error each

Releases are what a custodian is asked most, so those that come together are done together: the
chain is asked once for all, and their receipts are written in one transaction. Each is signed,
checked, decided and logged by itself, as if it were alone, and what is refused to one changes
nothing for the others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, NoReturn, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from aceso.codes import Reason
from aceso.errors import AcesoError
from aceso.vault import ListEntry, PublicKey, seal_share

from ._chain import Heads, Question
from ._desk import Message
from ._doors import Asked, Doors, for_log
from ._store import tables
from ._turns import AloneError
from ._typed import address_bytes
from .errors import ChainUnsafeError, DeniedError, another
from .proof import Release

__all__ = ["Releases", "Wanted"]

_T = TypeVar("_T")
_Next = TypeVar("_Next")
# What goes no further.
_Failed = AcesoError | AloneError
# The persona, the class and the record's id.
_RecordKey = tuple[bytes, int, bytes]
_Rows = dict[_RecordKey, list[Any]]

_PLACES: Final = (
    sa.select(
        tables.entries.c.number,
        tables.entries.c.capsule,
        tables.openings.c.persona,
        tables.openings.c.data_class,
        sa.func.row_number()
        .over(
            partition_by=(
                tables.openings.c.persona,
                tables.openings.c.data_class,
                tables.entries.c.record_id,
            ),
            order_by=tables.openings.c.epoch.desc(),
        )
        .label("age"),
    )
    .join(tables.openings, tables.openings.c.list_key == tables.entries.c.list_key)
    .where(
        tables.openings.c.persona.in_(sa.bindparam("personas", expanding=True)),
        tables.openings.c.data_class.in_(sa.bindparam("classes", expanding=True)),
        tables.entries.c.record_id.in_(sa.bindparam("records", expanding=True)),
    )
    .subquery()
)
# Of a record only what is meant: it may be in any number of epochs, and an entry is long.
_RECORDS: Final = (
    sa.select(
        tables.entries,
        tables.lists.c.log_key,
        _PLACES.c.persona,
        _PLACES.c.data_class,
    )
    .join(_PLACES, _PLACES.c.number == tables.entries.c.number)
    .join(tables.lists, tables.lists.c.list_key == tables.entries.c.list_key)
    .where(
        (_PLACES.c.age == 1) | _PLACES.c.capsule.in_(sa.bindparam("capsules", expanding=True)),
    )
    .order_by(_PLACES.c.age)
)
_THERE: Final = sa.select(tables.entries.c.number).where(
    tables.entries.c.number.in_(sa.bindparam("numbers", expanding=True))
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request as it came. `capsule`: the digest of the one that is meant, where a record has
    several."""

    message: Message
    signature: bytes
    capsule: bytes | None = None


@dataclass(frozen=True, slots=True)
class _Checked:
    """A request that has passed all checks of its form."""

    asked: Asked
    receiving_key: PublicKey
    record_id: bytes
    capsule: bytes | None

    @property
    def key(self) -> _RecordKey:
        """By which its record is found."""
        question = self.asked.question
        return address_bytes(question.subject), question.classes, self.record_id

    def chosen(self, rows: Sequence[Any]) -> Any:
        """The one that is meant, or None: of the newest epoch, unless a capsule is named."""
        named = (row for row in rows if self.capsule in (None, row.capsule))
        return next(named, None)


@dataclass(frozen=True, slots=True)
class _Denied:
    """A request that is answered with no, and used up by it."""

    asked: Asked
    error: DeniedError


@dataclass(frozen=True, slots=True)
class _Permitted:
    checked: _Checked
    reason: Reason


@dataclass(frozen=True, slots=True)
class _Ready:
    """A release that is given once its receipt is on disk. `number`: of the entry."""

    asked: Asked
    number: int
    answer: Release
    book: bytes
    receipt: bytes


class Releases(Doors):
    """Release."""

    def release(self, wanted: Wanted) -> Release:
        """Release our share of one record's key, sealed to the grantee."""
        (given,) = self.release_all([wanted])
        if isinstance(given, Exception):
            raise given
        return given

    def release_all(self, wanted: Sequence[Wanted]) -> Sequence[Release | _Failed]:
        """What each is given, or why not. Of several, one is refused by `AloneError` that may keep
        the others waiting."""
        try:
            return self._release_all(wanted)
        except AcesoError as error:
            # Ours or the chain's.
            return [another(error) for _ in wanted]

    def _release_all(self, wanted: Sequence[Wanted]) -> Sequence[Release | _Failed]:
        is_alone = len(wanted) == 1
        heads = self.chain.heads()
        checked = _Each(dict(enumerate(wanted))).do(
            lambda one: self._check(one, heads, is_alone=is_alone)
        )
        try:
            self._read_ahead([one.asked.question for one in checked.good()], heads)
            decided = checked.do(self._decide)
            permitted = [one.checked for one in decided.good() if isinstance(one, _Permitted)]
            self._withdrawals.ahead([one.asked.question for one in permitted], heads)
        except ChainUnsafeError:
            if is_alone:
                raise
            # What one of them asks may be what nodes can't answer, or don't agree on.
            return checked.do(self._apart).all()
        rows = self._records(permitted)
        ready = decided.do(lambda one: self._prepare(one, rows))
        return self.store.together(lambda connection: self._settle(connection, ready, heads))

    def _apart(self, checked: _Checked) -> NoReturn:
        self.rates.put_back(checked.asked.question.actor)
        raise AloneError

    def _check(self, wanted: Wanted, heads: Heads, *, is_alone: bool) -> _Checked:
        message = wanted.message
        self._check_custodian(message)
        asked = self._asked_at(
            "ReleaseRequest", message, wanted.signature, heads, is_alone=is_alone
        )
        key = self._public_key(message["receivingKey"], "receivingKey")
        return _Checked(asked, key, message["recordId"], wanted.capsule)

    def _read_ahead(self, questions: Sequence[Question], heads: Heads) -> None:
        """Have answered at once what is asked of the chain below."""
        numbers = {self._institution(one) for one in questions} - {0}
        accounts = {one.actor for one in questions if not self._institution(one)}
        self.chain.ahead(heads, questions=questions, accounts=accounts, institutions=numbers)
        if numbers:
            named = {self.chain.institution_account(one, heads.newest) for one in numbers}
            self.chain.ahead(heads, accounts=named)

    def _institution(self, question: Question) -> int:
        """The number of the institution that the grantee is, or 0."""
        number = int.from_bytes(question.grantee[:12], "big")
        is_ours = question.grantee[12:] == address_bytes(self.chain.addresses.participants)
        return number if is_ours else 0

    def _decide(self, checked: _Checked) -> _Permitted | _Denied:
        try:
            reason = self._decided(checked.asked.question, checked.asked.heads)
        except DeniedError as error:
            return _Denied(checked.asked, error)
        self._check_receiving_key(checked.asked, checked.receiving_key)
        return _Permitted(checked, reason)

    def _check_receiving_key(self, asked: Asked, key: PublicKey) -> None:
        """A share is sealed only to the key that the grantee has published."""
        question = asked.question
        # The subject's own signature says which key is theirs.
        if question.actor == question.subject:
            return
        owner, number = question.actor, self._institution(question)
        if number:
            owner = self.chain.institution_account(number, asked.heads.newest)
        if self.chain.key_of(owner, asked.heads.newest) != key.digest:
            self.refuse(
                f"The receiving key is not the one that {owner} has published. Publish it, or ask "
                "with the published one.",
                code="E_RECEIVING_KEY",
                status=403,
            )

    def _records(self, wanted: Sequence[_Checked]) -> _Rows:
        """The entries of these records, of the newest epochs first, then those that are named."""
        keys = {one.key for one in wanted}
        named: dict[str, list[Any]] = {
            name: list({key[at] for key in keys})
            for at, name in enumerate(("personas", "classes", "records"))
        }
        named["capsules"] = [one.capsule for one in wanted if one.capsule is not None]
        rows: _Rows = {key: [] for key in keys}
        if keys:
            with self.store.glance() as connection:
                for row in connection.execute(_RECORDS, named):
                    # One may be in the list of another who asks, who did not ask for it.
                    rows.get((row.persona, row.data_class, row.record_id), []).append(row)
        return rows

    def _prepare(self, decided: _Permitted | _Denied, rows: _Rows) -> _Ready | _Denied:
        """All that a release needs, but for the word that it is on disk."""
        if isinstance(decided, _Denied):
            return decided
        checked = decided.checked
        asked = checked.asked
        row = checked.chosen(rows[checked.key])
        if row is None:
            self._no_record()
        data = self.store.box.open(row.entry, (b"entry", row.list_key, row.record_id))
        entry = ListEntry.from_bytes(data)
        share = self._own_share(entry.capsule)
        sealed = seal_share(entry.capsule, share, checked.receiving_key, request=asked.digest)
        receipt = self._receipt(
            asked,
            "release",
            decided.reason,
            recordId="0x" + checked.record_id.hex(),
            receivingKey="0x" + checked.receiving_key.digest.hex(),
        )
        return _Ready(
            asked,
            row.number,
            self._signed(asked, entry.capsule, sealed),
            row.list_key,
            for_log(row.list_key, row.log_key, receipt),
        )

    def _settle(
        self, connection: Connection, ready: _Each[_Ready | _Denied], heads: Heads
    ) -> Sequence[Release | _Failed]:
        """Use the requests up, and write the receipts of those that are released."""
        used = self._used(connection, [one.asked.nonce for one in ready.good()])
        given = [one for one in ready.good() if isinstance(one, _Ready)]
        shown = self._withdrawals.shown(connection, {one.asked.question.subject for one in given})
        there = self._there(connection, [one.number for one in given])

        def settle(one: _Ready | _Denied) -> _Ready | _Denied:
            nonce = (one.asked.nonce.signer, one.asked.nonce.nonce)
            if nonce in used:
                self._refuse_replayed()
            if isinstance(one, _Ready):
                if self._withdrawals.are_in(shown, one.asked.question, heads):
                    one = _Denied(one.asked, DeniedError(Reason.WITHDRAWN, self.address))
                elif one.number not in there:
                    # It was deleted since it was read.
                    self._no_record()
            used.add(nonce)
            return one

        settled = ready.do(settle)
        self._use_up(connection, [one.asked.nonce for one in settled.good()], heads)
        for one in settled.good():
            if isinstance(one, _Ready):
                self.store.append(connection, one.book, one.receipt)
        return settled.do(_said).all()

    def _there(self, connection: Connection, numbers: Sequence[int]) -> set[int]:
        """Which of these entries are still there."""
        named = {"numbers": numbers}
        return set(connection.execute(_THERE, named).scalars()) if numbers else set()


def _said(one: _Ready | _Denied) -> Release:
    if isinstance(one, _Denied):
        raise one.error
    return one.answer


class _Each(Generic[_T]):
    """Several, by their places, with what each has come to; who failed goes no further."""

    def __init__(self, good: Mapping[int, _T], failed: Mapping[int, _Failed] | None = None):
        self._good = good
        self._failed = failed or {}

    def do(self, act: Callable[[_T], _Next]) -> _Each[_Next]:
        done: dict[int, _Next] = {}
        failed = dict(self._failed)
        for place, one in self._good.items():
            try:
                done[place] = act(one)
            except (AcesoError, AloneError) as error:
                failed[place] = error
        return _Each(done, failed)

    def good(self) -> list[_T]:
        """Those that have not failed."""
        return list(self._good.values())

    def all(self) -> Sequence[_T | _Failed]:
        """In their order."""
        return [one for _, one in sorted((*self._good.items(), *self._failed.items()))]
