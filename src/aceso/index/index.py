"""Reading events into SQLite, and answering from it.

A chunk of blocks and the cursor behind it are one transaction, so after any crash the tables are
those of a block boundary, and `sync` goes on from there. Block hashes are kept: where the chain was
reorganised, the index goes back to the newest block that is still part of it, and makes its tables
again from the events before. A reorganisation deeper than 64 blocks, or a node that knows less than
the index, is an alarm and not an answer.

A node that leaves events out on purpose is not noticed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Any, Final

import orjson

from aceso.chain import (
    Block,
    Event,
    GrantWord,
    Log,
    NodeRefusedError,
    Sighting,
    Suite,
)
from aceso.chain.abi import SUITE, decode_event, event_formats
from aceso.ethereum import keccak

from ._fold import Fold
from ._parse import consent_of, enrolment_of, offer_of, order_of, study_of, union_of, union_order_of
from ._schema import DERIVED, SCHEMA, VERSION
from .consents import ConsentTable
from .errors import IndexBehindError, IndexChainError, ReorgTooDeepError
from .rows import (
    CommitteeRow,
    ConsentRow,
    EnrolmentRow,
    InstitutionRow,
    OfferRow,
    OrderRow,
    RecordEnd,
    RecordRow,
    StudyRow,
    UnionClaim,
    UnionOrderRow,
    UnionRow,
)

__all__ = ["MAX_REORG", "Index"]

MAX_REORG: Final = 64
_CHUNK: Final = 2_000
# So many of the newest blocks are kept whether or not something was said in them.
_KEPT: Final = MAX_REORG + 2
# How often a chain that changes while it is read is tried again.
_ATTEMPTS: Final = 10

Progress = Callable[[int, int], None]


class _ChangedMeanwhile(Exception):
    """The chain was reorganised between two questions."""


class Index:
    """The events of one deployment. May be used by several threads, which take turns."""

    def __init__(self, path: Path | str, suite: Suite):
        self._path = str(path)
        self._suite = suite
        self._names = {suite.addresses[name]: name for name in SUITE if name != "Offers"}
        self._chunk = _CHUNK
        self._lock = RLock()
        self._base = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        self._base.execute("PRAGMA journal_mode = WAL")
        self._base.execute("PRAGMA synchronous = NORMAL")
        self._base.execute("PRAGMA busy_timeout = 10000")
        self._base.executescript(SCHEMA)
        self._check_file()

    def _check_file(self) -> None:
        """The file is new, or of this deployment."""
        consents = self._suite.deployment.contracts["ConsentRegistry"]
        wanted = f"{VERSION}/{self._suite.chain_id}/{consents.address}/{consents.block}"
        self._base.execute("INSERT OR IGNORE INTO facts VALUES ('of', ?)", (wanted,))
        if self._fact("of") != wanted:
            self._base.close()
            raise IndexChainError(self._path)

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._base.close()

    # Reading the chain

    @property
    def block(self) -> tuple[int, bytes] | None:
        """Number and hash of the block up to which all is indexed."""
        with self._lock:
            row = self._base.execute(
                "SELECT number, hash FROM blocks ORDER BY number DESC LIMIT 1"
            ).fetchone()
        return (row[0], row[1]) if row else None

    def sync(self, progress: Progress | None = None) -> int:
        """Read what is new; return how many events that were. `progress` gets (done, of) blocks."""
        with self._lock:
            found = 0
            for _ in range(_ATTEMPTS):
                try:
                    self._undo_reorg()
                    return found + self._read(progress)
                except _ChangedMeanwhile as changed:
                    found += changed.args[0] if changed.args else 0
            raise ReorgTooDeepError(indexed=self._cursor(), depth=0)

    def _cursor(self) -> int:
        at = self.block
        return at[0] if at else self._suite.deployment.first_block - 1

    def _undo_reorg(self) -> None:
        """Go back to the newest block that is still part of the chain."""
        at = self.block
        if at is None:
            return
        number = at[0]
        height = self._suite.node.height()
        known: list[tuple[int, bytes]] = self._base.execute(
            "SELECT number, hash FROM blocks WHERE number >= ? ORDER BY number DESC",
            (number - MAX_REORG,),
        ).fetchall()
        if height < number:
            raise IndexBehindError(height=height, indexed=number)
        if self._hashes([number]) == [at[1]]:
            return
        now = self._hashes([one for one, _ in known])
        for (one, hash_), found in zip(known, now, strict=True):
            if found == hash_:
                self._roll_back(one)
                return
        if number - MAX_REORG < self._suite.deployment.first_block:
            # A young chain: all of it is within reach.
            self._roll_back(self._suite.deployment.first_block - 1)
            return
        raise ReorgTooDeepError(indexed=number, depth=MAX_REORG)

    def _hashes(self, numbers: Sequence[int]) -> list[bytes | None]:
        return [block.hash if block else None for block in self._suite.node.blocks(numbers)]

    def _roll_back(self, to: int) -> None:
        """Forget what came after block `to`, and make the tables again."""
        self._base.execute("BEGIN IMMEDIATE")
        try:
            self._base.execute("DELETE FROM blocks WHERE number > ?", (to,))
            self._base.execute("DELETE FROM events WHERE block > ?", (to,))
            for table in DERIVED:
                self._base.execute(f"DELETE FROM {table}")  # noqa: S608
            fold = Fold(self._base, self._suite.addresses)
            for event, time in self._stored():
                fold.apply(event, time)
            self._base.execute("COMMIT")
        except BaseException:
            self._base.execute("ROLLBACK")
            raise

    def _read(self, progress: Progress | None) -> int:
        height = self._suite.node.height()
        start = cursor = self._cursor()
        found = 0
        while cursor < height:
            last = min(cursor + self._chunk, height)
            try:
                logs = self._logs(cursor + 1, last)
            except NodeRefusedError:
                # Some nodes limit how much they tell at once.
                if self._chunk == 1:
                    raise
                self._chunk = max(1, (last - cursor) // 2)
                continue
            try:
                self._write(logs, first=cursor + 1, last=last, height=height)
            except _ChangedMeanwhile:
                raise _ChangedMeanwhile(found) from None
            found += len(logs)
            cursor = last
            if progress is not None:
                progress(cursor - start, height - start)
        return found

    def _logs(self, first: int, last: int) -> list[Log]:
        return self._suite.node.logs(list(self._names), first=first, last=last)

    def _write(self, logs: Sequence[Log], *, first: int, last: int, height: int) -> None:
        """One chunk: its blocks, its events, what follows from them, and with that the cursor."""
        wanted = {log.block_number for log in logs} | {last}
        wanted |= set(range(max(first, height - _KEPT), last + 1))
        blocks = self._headers(sorted(wanted))
        self._check_chain(logs, blocks, first)
        self._base.execute("BEGIN IMMEDIATE")
        try:
            self._base.executemany(
                "INSERT INTO blocks VALUES (?, ?, ?, ?)",
                [(one.number, one.hash, one.parent, one.timestamp) for one in blocks.values()],
            )
            fold = Fold(self._base, self._suite.addresses)
            rows = []
            for log in logs:
                contract = self._names[log.address]
                event = decode_event(log, contract)
                if event is None:
                    continue
                rows.append(
                    (
                        log.block_number,
                        log.index,
                        contract,
                        event.name,
                        b"".join(log.topics),
                        log.data,
                        log.tx_hash,
                    )
                )
                fold.apply(event, blocks[log.block_number].timestamp)
            self._base.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            # Older blocks are needed only where something was said, for its time.
            self._base.execute(
                "DELETE FROM blocks WHERE number < ? AND number NOT IN (SELECT block FROM events)",
                (last - _KEPT,),
            )
            self._base.execute("COMMIT")
        except BaseException:
            self._base.execute("ROLLBACK")
            raise

    def _headers(self, numbers: Sequence[int]) -> dict[int, Block]:
        found = {}
        for number, block in zip(numbers, self._suite.node.blocks(numbers), strict=True):
            if block is None:
                raise _ChangedMeanwhile
            found[number] = block
        return found

    def _check_chain(self, logs: Sequence[Log], blocks: dict[int, Block], first: int) -> None:
        """Logs and blocks were asked for one after the other: both must be of one chain."""
        if any(blocks[log.block_number].hash != log.block_hash for log in logs):
            raise _ChangedMeanwhile
        before = self.block
        hashes = {number: block.hash for number, block in blocks.items()}
        if before is not None:
            hashes[before[0]] = before[1]
        for number, block in blocks.items():
            if hashes.get(number - 1, block.parent) != block.parent:
                raise _ChangedMeanwhile

    # Answers

    def events(self, name: str | None = None) -> Iterator[Event]:
        """All events in order, or those of one name."""
        for event, _ in self._stored(name):
            yield event

    def timed_events(self, name: str | None = None) -> Iterator[tuple[Event, int]]:
        """As `events`, each with the time of its block."""
        return self._stored(name)

    def replay(self) -> ConsentTable:
        """The consent table as it follows from all events, made anew."""
        table = ConsentTable()
        for event, time in self._stored():
            if event.contract == "ConsentRegistry":
                table.apply(event, time)
        return table

    def _stored(self, name: str | None = None) -> Iterator[tuple[Event, int]]:
        with self._lock:
            rows = self._base.execute(
                "SELECT block, log_index, contract, topics, data, tx_hash, hash, time FROM events "
                "JOIN blocks ON number = block WHERE ?1 IS NULL OR name = ?1 "
                "ORDER BY block, log_index",
                (name,),
            ).fetchall()
        for block, at, contract, topics, data, tx_hash, hash_, time in rows:
            parts = tuple(topics[place : place + 32] for place in range(0, len(topics), 32))
            known = event_formats(contract)[parts[0]]
            log = Log("", parts, data, block, hash_, tx_hash, at)
            yield Event(known.name, contract, known.decode(log), block, hash_, tx_hash, at), time

    def consents(
        self, subjects: Sequence[str] | None = None, grantee: bytes | None = None
    ) -> list[ConsentRow]:
        """What these personas granted, live or not; for None, everybody. An empty list has none."""
        rows = self._select(
            "SELECT c.subject, grantee, c.word, notice, changed_at, block, h.word FROM consents c "
            "LEFT JOIN heads h ON h.subject = c.subject",
            {"c.subject": subjects, "grantee": None if grantee is None else [grantee]},
            "c.subject, grantee",
        )
        return [consent_of(row) for row in rows]

    def records(self, issuers: Sequence[str] | None = None) -> list[RecordRow]:
        """The batches that these issuers anchored, or all."""
        rows = self._select(
            "SELECT issuer, root, batch, anchored_at, block, tx_hash FROM records",
            {"issuer": issuers},
            "block, root",
        )
        return [RecordRow(*row) for row in rows]

    def record_ends(self, issuers: Sequence[str] | None = None) -> list[RecordEnd]:
        """The records that these issuers replaced or retracted, or all such."""
        rows = self._select(
            "SELECT issuer, leaf, successor, ended_at FROM record_ends",
            {"issuer": issuers},
            "ended_at, leaf",
        )
        return [RecordEnd(*row) for row in rows]

    def orders(
        self,
        buyers: Sequence[str] | None = None,
        subjects: Sequence[str] | None = None,
        *,
        offers: Sequence[int] | None = None,
        numbers: Sequence[int] | None = None,
    ) -> list[OrderRow]:
        """Orders of these buyers, of data of these subjects, of these offers, of these numbers; or
        all."""
        rows = self._select(
            "SELECT number, offer, buyer, subject, price, receiving_key, state, bought_at, "
            "delivered_at, extract, capsule, earned, refunded FROM orders",
            {"buyer": buyers, "subject": subjects, "offer": offers, "number": _packed(numbers)},
            "bought_at, number",
        )
        return [order_of(row) for row in rows]

    def offers(
        self, open_only: bool = True, *, subjects: Sequence[str] | None = None
    ) -> list[OfferRow]:
        """Offers that take buyers, or all; of these subjects, or of everybody."""
        rows = self._select(
            "SELECT number, subject, price, institution, committee, duration, institution_bps, "
            "use, classes, disease, conditions, delivery_period, origin_shown, is_open, made_at "
            "FROM offers",
            {"is_open": [1] if open_only else None, "subject": subjects},
            "number",
        )
        return [offer_of(row) for row in rows]

    def studies(
        self,
        now: int | None = None,
        *,
        researchers: Sequence[str] | None = None,
        studies: Sequence[int] | None = None,
    ) -> list[StudyRow]:
        """The revisions of studies, all or of these researchers or numbers; or (with `now`) the
        newest of each that takes people then."""
        rows = self._select(
            "SELECT study, revision, terms, cohort, document, keys, board, closed_at, made_at "
            "FROM studies",
            {"researcher": researchers, "study": studies},
            "study, revision",
        )
        found = [study_of(row) for row in rows]
        if now is None:
            return found
        newest = {row.study: row for row in found}
        return [
            row for row in newest.values() if row.closed_at is None and now < row.terms.deadline
        ]

    def enrolments(
        self,
        researchers: Sequence[str] | None = None,
        subjects: Sequence[str] | None = None,
        *,
        studies: Sequence[int] | None = None,
        numbers: Sequence[int] | None = None,
    ) -> list[EnrolmentRow]:
        """Orders of studies of these researchers, of these subjects, of these studies, of these
        numbers; or all."""
        rows = self._select(
            "SELECT number, study, revision, researcher, subject, price, place, state, made_at, "
            "delivered_at, extract, capsule, earned, refunded FROM enrolments",
            {
                "researcher": researchers,
                "subject": subjects,
                "study": studies,
                "number": _packed(numbers),
            },
            "made_at, number",
        )
        return [enrolment_of(row) for row in rows]

    def sightings(
        self, subjects: Sequence[str] | None = None, *, grantee: bytes | None = None
    ) -> dict[tuple[str, bytes], Sighting]:
        """What desks of orders last saw of grants, by subject and grantee."""
        rows = self._select(
            "SELECT subject, grantee, word, since, seen_at, block FROM sightings",
            {"subject": subjects, "grantee": None if grantee is None else [grantee]},
            "subject, grantee",
        )
        return {
            (subject, to): Sighting(GrantWord.parse(int.from_bytes(word, "big")), *rest)
            for subject, to, word, *rest in rows
        }

    def unions(self, number: int | None = None) -> list[UnionRow]:
        """Every union, or this one, with how many are in it."""
        rows = self._select(
            "SELECT number, terms, (SELECT count(*) FROM memberships WHERE left_at IS NULL AND "
            "memberships.number = unions.number), opened_at, closed_at FROM unions",
            {"number": None if number is None else [number]},
            "number",
        )
        return [union_of(row) for row in rows]

    def unions_of(self, subjects: Sequence[str]) -> dict[tuple[int, str], tuple[int, int | None]]:
        """By union and subject, when each of these joined last, and when they left if they did."""
        rows = self._select(
            "SELECT number, subject, joined_at, left_at FROM memberships",
            {"subject": subjects},
            "number, subject",
        )
        return {(number, subject): (joined, left) for number, subject, joined, left in rows}

    def members_of(self, number: int) -> list[str]:
        """Who is in a union."""
        rows = self._select(
            "SELECT subject FROM memberships",
            {"number": [number]},
            "subject",
            "AND left_at IS NULL",
        )
        return [row[0] for row in rows]

    def union_orders(
        self,
        unions: Sequence[int] | None = None,
        *,
        buyers: Sequence[str] | None = None,
        numbers: Sequence[int] | None = None,
    ) -> list[UnionOrderRow]:
        """Orders of these unions, of these buyers, of these numbers; or all."""
        rows = self._select(
            "SELECT number, union_number, buyer, price, minimum, receiving_key, state, bought_at, "
            "delivered_at, members, extract, capsule, refunded FROM union_orders",
            {"union_number": unions, "buyer": buyers, "number": _packed(numbers)},
            "bought_at, number",
        )
        found: dict[bytes, dict[str, UnionClaim]] = {row[0]: {} for row in rows}
        claims = self._select(
            "SELECT number, member, earned, refunded FROM union_claims",
            {"number": list(found)},
            "number, member",
        )
        for number, member, earned, refunded in claims:
            given = None if refunded is None else int(refunded)
            found[number][member] = UnionClaim(int(earned), given)
        return [union_order_of(row, found[row[0]]) for row in rows]

    def earlier(self, personas: Sequence[str]) -> dict[str, str]:
        """Every persona that one of these came after, directly or over others, with that one. What
        stands under an earlier persona is of the same person; only its own key acts for it."""
        found: dict[str, str] = {}
        after = {one: one for one in personas}
        while after:
            rows = self._select(
                "SELECT subject, successor FROM successions",
                {"successor": list(after)},
                "succeeded_at, subject",
            )
            # The contract lets no two succeed in a circle; a node that lies must not hang us.
            after = {
                subject: after[successor] for subject, successor in rows if subject not in found
            }
            found |= after
        return {subject: own for subject, own in found.items() if subject not in personas}

    def committees(self) -> list[CommitteeRow]:
        rows = self._select(
            "SELECT number, members, threshold, institutions FROM committees", {}, "number"
        )
        return [
            CommitteeRow(
                number, tuple(orjson.loads(members)), threshold, tuple(orjson.loads(institutions))
            )
            for number, members, threshold, institutions in rows
        ]

    def institutions(self) -> list[InstitutionRow]:
        rows = self._select(
            "SELECT number, account, valid_from, closed_at FROM institutions", {}, "number"
        )
        return [InstitutionRow(*row) for row in rows]

    def memberships(self, member: str, now: int) -> list[int]:
        """The institutions that an account belongs to at `now`."""
        rows = self._select(
            "SELECT institution FROM members JOIN institutions ON number = institution",
            {"member": [member]},
            "institution",
            f"AND valid_until > {int(now)} AND valid_from <= {int(now)} AND closed_at IS NULL",
        )
        return [row[0] for row in rows]

    def was_unaccredited(self, account: str) -> bool:
        """Whether an account was accredited once, and has no role any more."""
        rows = self._select("SELECT roles FROM accreditations", {"account": [account]}, "account")
        return bool(rows) and not rows[0][0]

    def published_key(self, account: str) -> bytes | None:
        """The key that an account published, whole; None if it has none or revoked it.

        The bytes come from the event, and count only if the chain names their digest now.
        """
        rows = self._select("SELECT public_key FROM keys", {"account": [account]}, "account")
        digest, _ = self._suite.participants.key_of(account)
        if int.from_bytes(digest, "big") == 0:
            return None
        key: bytes | None = rows[0][0] if rows else None
        if key is None or keccak(key) != digest:
            at = self._cursor()
            raise IndexBehindError(height=self._suite.node.height(), indexed=at)
        return key

    def _select(
        self, query: str, among: dict[str, Sequence[Any] | None], order: str, more: str = ""
    ) -> list[tuple[Any, ...]]:
        """Rows where each column that is limited has one of its values. The text is all ours."""
        limits, values = ["1"], []
        for column, wanted in among.items():
            if wanted is not None:
                limits.append(f"{column} IN ({', '.join('?' * len(wanted))})")
                values += list(wanted)
        with self._lock:
            return self._base.execute(
                f"{query} WHERE {' AND '.join(limits)} {more} ORDER BY {order}", values
            ).fetchall()

    def _fact(self, name: str) -> str:
        row = self._base.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return str(row[0])


def _packed(numbers: Sequence[int] | None) -> list[bytes] | None:
    """Numbers of orders, as the tables have them; what has more bits is none."""
    if numbers is None:
        return None
    return [number.to_bytes(32, "big") for number in numbers if 0 <= number < 1 << 256]
