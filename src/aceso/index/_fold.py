"""From events to tables, one event after the other."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from typing import Final

import orjson

from aceso.chain import Event, GrantWord, HeadWord, OrderState
from aceso.chain.words import grantee_of_account

from ._orders import ORDER_WRITERS
from .consents import ConsentTable

__all__ = ["Fold"]


class Fold:
    """Writes what an event means. It knows only the rows that the events of its chunk touch."""

    def __init__(self, base: sqlite3.Connection, addresses: Mapping[str, str]):
        self._base = base
        self._addresses = addresses
        self._table = ConsentTable()
        self._loaded: set[tuple[str, bytes | None]] = set()

    def apply(self, event: Event, time: int) -> None:
        """Take in one event of a block of this time."""
        if event.contract == "ConsentRegistry":
            self._consent(event, time)
            return
        if event.name == "ConsentFollowed":
            self._followed(event, time)
            return
        write = _WRITERS.get(event.name)
        if write is not None:
            write(self._base, event, time)

    def _consent(self, event: Event, time: int) -> None:
        args = event.args
        subject: str = args["subject"]
        self._load(subject, None)
        actor = args.get("actor", args.get("physician"))
        grantee: bytes | None = args.get("grantee")
        if grantee is None and actor is not None:
            grantee = grantee_of_account(actor)
        if grantee is not None:
            self._load(subject, grantee)
        changed = self._table.apply(event, time)
        if changed is None:
            return
        if changed[1] is not None:
            self._base.execute(
                "INSERT INTO consents VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                "word = excluded.word, changed_at = excluded.changed_at, block = excluded.block, "
                "notice = iif(excluded.notice = x'', notice, excluded.notice)",
                (
                    subject,
                    changed[1],
                    self._table.grant(subject, changed[1]).pack().to_bytes(32, "big"),
                    args.get("notice", b""),
                    time,
                    event.block_number,
                ),
            )
        if event.name in ("AllConsentsWithdrawn", "PrimaryPhysicianSet"):
            word = self._table.head(subject).pack().to_bytes(32, "big")
            self._base.execute("INSERT OR REPLACE INTO heads VALUES (?, ?)", (subject, word))

    def _followed(self, event: Event, time: int) -> None:
        """A desk saw a grant as it was then. Anybody has that done, whatever the group's number is:
        it may be wider than SQL's, or 0, which is the desk's own account."""
        args = event.args
        desk = bytes.fromhex(self._addresses[event.contract][2:])
        grantee = args["group"].to_bytes(12, "big") + desk
        self._base.execute(
            "INSERT OR REPLACE INTO sightings "
            "SELECT subject, grantee, word, ?, ?, ? FROM consents "
            "WHERE subject = ? AND grantee = ?",
            (args["since"], time, event.block_number, args["subject"], grantee),
        )

    def _load(self, subject: str, grantee: bytes | None) -> None:
        """Begin where the tables are."""
        if (subject, grantee) in self._loaded:
            return
        self._loaded.add((subject, grantee))
        if grantee is None:
            row = self._base.execute(
                "SELECT word FROM heads WHERE subject = ?", (subject,)
            ).fetchone()
            if row:
                self._table.heads[subject] = HeadWord.parse(int.from_bytes(row[0], "big"))
            return
        row = self._base.execute(
            "SELECT word FROM consents WHERE subject = ? AND grantee = ?", (subject, grantee)
        ).fetchone()
        if row:
            word = GrantWord.parse(int.from_bytes(row[0], "big"))
            self._table.grants[subject, grantee] = word


def _anchored(base: sqlite3.Connection, event: Event, time: int) -> None:
    args = event.args
    base.execute(
        "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?)",
        (args["issuer"], args["root"], args["batch"], time, event.block_number, event.tx_hash),
    )


def _record_ended(base: sqlite3.Connection, event: Event, time: int) -> None:
    args = event.args
    base.execute(
        "INSERT OR REPLACE INTO record_ends VALUES (?, ?, ?, ?)",
        (args["issuer"], args["leaf"], args.get("successor"), time),
    )


def _offer_made(base: sqlite3.Connection, event: Event, time: int) -> None:
    terms = event.args["terms"]
    base.execute(
        f"INSERT INTO offers VALUES ({', '.join('?' * 15)})",  # noqa: S608
        (
            event.args["number"],
            terms["subject"],
            str(terms["price"]),
            terms["institution"],
            terms["committee"],
            terms["duration"],
            terms["institutionBps"],
            terms["use"],
            terms["classes"],
            terms["disease"],
            terms["conditions"],
            terms["deliveryPeriod"],
            terms["originShown"],
            1,
            time,
        ),
    )


def _offer_closed(base: sqlite3.Connection, event: Event, time: int) -> None:
    base.execute("UPDATE offers SET is_open = 0 WHERE number = ?", (event.args["number"],))


def _bought(base: sqlite3.Connection, event: Event, time: int) -> None:
    args = event.args
    base.execute(
        "INSERT INTO orders "
        "(number, offer, buyer, subject, price, receiving_key, state, bought_at) "
        "SELECT ?, number, ?, subject, ?, ?, ?, ? FROM offers WHERE number = ?",
        (
            args["order"].to_bytes(32, "big"),
            args["buyer"],
            str(args["price"]),
            args["receivingKey"],
            int(OrderState.OPEN),
            time,
            args["offer"],
        ),
    )


def _key_published(base: sqlite3.Connection, event: Event, time: int) -> None:
    args = event.args
    base.execute(
        "INSERT OR REPLACE INTO keys VALUES (?, ?, ?)",
        (args["account"], args["version"], args["publicKey"]),
    )


def _key_revoked(base: sqlite3.Connection, event: Event, time: int) -> None:
    args = event.args
    base.execute(
        "INSERT OR REPLACE INTO keys VALUES (?, ?, NULL)", (args["account"], args["version"])
    )


def _committee(base: sqlite3.Connection, event: Event, time: int) -> None:
    args = event.args
    base.execute(
        "INSERT INTO committees VALUES (?, ?, ?, ?)",
        (
            args["number"],
            orjson.dumps(args["committee"]["members"]).decode(),
            args["committee"]["threshold"],
            orjson.dumps(args["institutions"]).decode(),
        ),
    )


def _institution_opened(base: sqlite3.Connection, event: Event, time: int) -> None:
    args = event.args
    base.execute(
        "INSERT INTO institutions VALUES (?, ?, ?, NULL)",
        (args["number"], args["account"], args["validFrom"]),
    )


def _institution_closed(base: sqlite3.Connection, event: Event, time: int) -> None:
    base.execute(
        "UPDATE institutions SET closed_at = ? WHERE number = ?", (time, event.args["number"])
    )


def _member(base: sqlite3.Connection, event: Event, time: int) -> None:
    args = event.args
    base.execute(
        "INSERT OR REPLACE INTO members VALUES (?, ?, ?, ?)",
        (args["number"], args["member"], args["validUntil"], args["conditions"]),
    )


def _accredited(base: sqlite3.Connection, event: Event, time: int) -> None:
    args = event.args
    base.execute(
        "INSERT OR REPLACE INTO accreditations VALUES (?, ?, ?)",
        (args["account"], args["roles"], args["conditions"]),
    )


def _succeeded(base: sqlite3.Connection, event: Event, time: int) -> None:
    args = event.args
    base.execute(
        "INSERT OR IGNORE INTO successions VALUES (?, ?, ?)",
        (args["subject"], args["successor"], time),
    )


_WRITERS: Final[dict[str, Callable[[sqlite3.Connection, Event, int], None]]] = {
    "BatchAnchored": _anchored,
    "RecordSuperseded": _record_ended,
    "RecordRetracted": _record_ended,
    "OfferMade": _offer_made,
    "OfferClosed": _offer_closed,
    "OrderBought": _bought,
    "KeyPublished": _key_published,
    "KeyRevoked": _key_revoked,
    "CommitteeRegistered": _committee,
    "InstitutionOpened": _institution_opened,
    "InstitutionClosed": _institution_closed,
    "MemberSet": _member,
    "AccreditationChanged": _accredited,
    "PersonaSucceeded": _succeeded,
} | ORDER_WRITERS
