"""What happens to orders, at the market, in studies and of unions, as rows.

Numbers of orders are unlike at every desk, so a step of an order changes the one row that there is,
in whichever table.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, Final

import orjson

from aceso.chain import Event, OrderState, Studies

__all__ = ["ORDER_WRITERS"]

_TABLES: Final = ("orders", "enrolments", "union_orders")


def _change(base: sqlite3.Connection, event: Event, columns: dict[str, Any]) -> None:
    """Set columns of the order that an event is about."""
    assigned = ", ".join(f"{column} = ?" for column in columns)
    values = (*columns.values(), event.args["order"].to_bytes(32, "big"))
    for table in _TABLES:
        base.execute(f"UPDATE {table} SET {assigned} WHERE number = ?", values)  # noqa: S608


def _delivered(base: sqlite3.Connection, event: Event, time: int) -> None:
    args = event.args
    columns = {"state": int(OrderState.DELIVERED), "delivered_at": time}
    _change(base, event, columns | {"extract": args["extract"], "capsule": args["capsule"]})


def _part_settled(base: sqlite3.Connection, event: Event, time: int) -> None:
    _change(base, event, {"earned": str(event.args["earned"])})


def _settled(base: sqlite3.Connection, event: Event, time: int) -> None:
    args = event.args
    columns = {"earned": str(args["earned"]), "refunded": str(args["refunded"])}
    _change(base, event, {"state": int(OrderState.SETTLED)} | columns)


def _disputed(base: sqlite3.Connection, event: Event, time: int) -> None:
    _change(base, event, {"state": int(OrderState.DISPUTED)})


def _resolved(base: sqlite3.Connection, event: Event, time: int) -> None:
    """One that was upheld is settled by the event that follows."""
    _change(base, event, {"state": int(OrderState.DELIVERED)})


def _study_revised(base: sqlite3.Connection, event: Event, time: int) -> None:
    args = event.args
    group, protocol = args["group"], args["protocol"]
    base.execute(
        "INSERT INTO studies VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL, ?)",
        (
            *Studies.of_group(group),
            args["researcher"],
            # Prices are wider than SQL's numbers, and than some readers of JSON.
            orjson.dumps(args["terms"] | {"price": str(args["terms"]["price"])}).decode(),
            protocol["cohort"],
            protocol["document"],
            protocol["keys"],
            args["terms"]["deadline"],
            time,
        ),
    )


def _study_approved(base: sqlite3.Connection, event: Event, time: int) -> None:
    group = event.args["group"]
    board = event.args["board"] if event.name == "StudyApproved" else None
    base.execute(
        "UPDATE studies SET board = ? WHERE study = ? AND revision = ?",
        (board, *Studies.of_group(group)),
    )


def _study_closed(base: sqlite3.Connection, event: Event, time: int) -> None:
    base.execute("UPDATE studies SET closed_at = ? WHERE study = ?", (time, event.args["study"]))


def _enrolled(base: sqlite3.Connection, event: Event, time: int) -> None:
    args = event.args
    base.execute(
        "INSERT INTO enrolments "
        "(number, study, revision, researcher, subject, price, place, state, made_at) "
        "SELECT ?, study, revision, researcher, ?, ?, ?, ?, ? FROM studies "
        "WHERE study = ? AND revision = ?",
        (
            args["order"].to_bytes(32, "big"),
            args["subject"],
            str(args["price"]),
            args["place"],
            int(OrderState.OPEN),
            time,
            *Studies.of_group(args["group"]),
        ),
    )


def _union_opened(base: sqlite3.Connection, event: Event, time: int) -> None:
    args = event.args
    terms = orjson.dumps(args["terms"] | {"price": str(args["terms"]["price"])}).decode()
    base.execute(
        "INSERT INTO unions VALUES (?, ?, ?, ?, NULL)",
        (args["number"], args["keeper"], terms, time),
    )


def _union_closed(base: sqlite3.Connection, event: Event, time: int) -> None:
    base.execute("UPDATE unions SET closed_at = ? WHERE number = ?", (time, event.args["number"]))


def _union_joined(base: sqlite3.Connection, event: Event, time: int) -> None:
    base.execute(
        "INSERT OR REPLACE INTO memberships VALUES (?, ?, ?, NULL)",
        (event.args["number"], event.args["subject"], time),
    )


def _union_left(base: sqlite3.Connection, event: Event, time: int) -> None:
    base.execute(
        "UPDATE memberships SET left_at = ? WHERE number = ? AND subject = ? AND left_at IS NULL",
        (time, event.args["number"], event.args["subject"]),
    )


def _union_bought(base: sqlite3.Connection, event: Event, time: int) -> None:
    args = event.args
    base.execute(
        "INSERT INTO union_orders (number, union_number, buyer, price, minimum, receiving_key, "
        "state, bought_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            args["order"].to_bytes(32, "big"),
            args["number"],
            args["buyer"],
            str(args["price"]),
            args["minimum"],
            args["receivingKey"],
            int(OrderState.OPEN),
            time,
        ),
    )


def _union_divided(base: sqlite3.Connection, event: Event, time: int) -> None:
    base.execute(
        "UPDATE union_orders SET members = ? WHERE number = ?",
        (event.args["members"], event.args["order"].to_bytes(32, "big")),
    )


def _union_paid(base: sqlite3.Connection, event: Event, time: int) -> None:
    """A member was paid all that they earned of an order, or all until now: nothing went back."""
    args = event.args
    refunded = args.get("refunded")
    base.execute(
        "INSERT OR REPLACE INTO union_claims VALUES (?, ?, ?, ?, ?)",
        (
            args["order"].to_bytes(32, "big"),
            args["member"],
            str(args["earned"]),
            None if refunded is None else str(refunded),
            time,
        ),
    )


ORDER_WRITERS: Final[dict[str, Callable[[sqlite3.Connection, Event, int], None]]] = {
    "OrderDelivered": _delivered,
    "OrderPartSettled": _part_settled,
    "OrderSettled": _settled,
    "OrderDisputed": _disputed,
    "OrderResolved": _resolved,
    "StudyRevised": _study_revised,
    "StudyApproved": _study_approved,
    "StudyApprovalWithdrawn": _study_approved,
    "StudyClosed": _study_closed,
    "StudyEnrolled": _enrolled,
    "UnionOpened": _union_opened,
    "UnionClosed": _union_closed,
    "UnionJoined": _union_joined,
    "UnionLeft": _union_left,
    "UnionBought": _union_bought,
    "UnionDivided": _union_divided,
    "UnionPartPaid": _union_paid,
    "UnionClaimed": _union_paid,
}
