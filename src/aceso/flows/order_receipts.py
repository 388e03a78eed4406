"""Who was given an extract that was sold: the receipts of orders, for buyer and subject.

    report = LogReport()
    accesses = check_order_logs(network, store, persona, orders, report, before=urls)

As in `receipts`: each receipt is proved to be in its custodian's log, what the custodians say is
set side by side, and who lies is named in `report.problems`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_account.signers.local import LocalAccount

from aceso.codes import Use
from aceso.custody import (
    Custodian,
    CustodianDownError,
    FalseLogError,
    LogHead,
    RequestRefusedError,
)
from aceso.errors import AcesoError
from aceso.index import CommitteeRow

from .network import Network
from .orders import UNIONS, Sale
from .receipts import Given, LogReport, check_count, settle_head
from .store import Store

__all__ = ["OrderAccess", "check_order_logs"]

_ACTS = ("list", "release", "log")
_Key = tuple[int, str, str, bytes, Use | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAccess(Given):
    """What was given of an order's extract: its entry, a share of its key, or its log."""

    order: int


def check_order_logs(
    network: Network,
    store: Store,
    reader: LocalAccount,
    orders: Sequence[Sale],
    report: LogReport,
    *,
    before: Mapping[str, str] | None = None,
) -> list[OrderAccess]:
    """Fetch the receipts of these orders, which `reader` is a party of, from each custodian. One of
    an order's committee that has left the network is asked at the URL that `before` has for it; the
    chain has none, so without one it is named."""
    seen: dict[_Key, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    committees = {one.number: one for one in network.synced().committees()}
    needed = _needed(network, orders, committees)
    # An order whose extract was never delivered has no receipts anywhere.
    delivered = [one for one in orders if one.delivered_at]
    custodians: list[Custodian] = []
    if delivered:
        numbers = {one.committee for one in delivered} & committees.keys()
        members = {who for number in numbers for who in committees[number].members}
        known = before or {}
        custodians, closed = network.custodians_ever(
            {who: known[who] for who in sorted(members) if who in known}
        )
        report.problems += closed
        named = {one.address for one in custodians} | {one.custodian for one in closed}
        report.problems += [
            CustodianDownError(who, "has left the network, and its URL is not known here")
            for who in sorted(members - named)
        ]
    for custodian in custodians:
        try:
            _check(network, store, custodian, reader, delivered, seen, report)
        except AcesoError as exc:
            report.problems.append(exc)
    found = []
    for (order, act, actor, grantee, use), times in seen.items():
        moments = [moment for one in times.values() for moment in one]
        found.append(
            OrderAccess(
                order=order,
                act=act,
                actor=actor,
                grantee=grantee,
                use=use,
                first=min(moments),
                last=max(moments),
                times={custodian: len(one) for custodian, one in times.items()},
                needed=needed[order],
            )
        )
    return sorted(found, key=lambda one: (one.last, one.act, one.actor))


def _needed(
    network: Network, orders: Sequence[Sale], committees: Mapping[int, CommitteeRow]
) -> dict[int, int]:
    """How many custodians open each order's extract."""
    thresholds = {one.number: one.threshold for one in committees.values()}
    usual = network.facts.threshold
    return {one.order: thresholds.get(one.committee, usual) for one in orders}


def _check(
    network: Network,
    store: Store,
    custodian: Custodian,
    reader: LocalAccount,
    orders: Sequence[Sale],
    seen: dict[_Key, dict[str, list[int]]],
    report: LogReport,
) -> None:
    """Everything that one custodian has to show of these orders. Raises what is wrong with it."""
    suite = network.suite
    log_domain = suite.domain("AccessLog")
    anchored = suite.access_log.head_of(custodian.address)
    head: LogHead | None = None
    for sale in orders:
        order = sale.order
        try:
            log = custodian.order_log(
                order,
                reader,
                domain=suite.domain("ConsentRegistry"),
                log_domain=log_domain,
                now=suite.now(),
                is_part=sale.desk == UNIONS and sale.subject == reader.address,
            )
        except RequestRefusedError as exc:
            # Not of the order's committee, or away when the extract was left.
            if exc.code != "E_RECORD_UNKNOWN":
                raise
            check_count(store, custodian, f"order/{order}", 0)
            continue
        if head is not None:
            custodian.check_grew(head.size, head.root, log.head)
        head = log.head
        check_count(store, custodian, f"order/{order}", len(log.receipts))
        for receipt in log.receipts:
            key, moment = _read(custodian, order, receipt)
            seen[key][custodian.address].append(moment)
    settle_head(network, store, custodian, anchored, head, report)


def _read(custodian: Custodian, order: int, receipt: Mapping[str, Any]) -> tuple[_Key, int]:
    """What a receipt is about, and when it was; a custodian can write anything into one."""
    try:
        act = str(receipt["act"])
        if act not in _ACTS or receipt["custodian"] != custodian.address:
            raise ValueError(act)
        actor, moment = str(receipt["actor"]), int(receipt["time"])
        if act == "log":
            return (order, act, actor, b"", None), moment
        grantee = bytes.fromhex(str(receipt["grantee"])[2:])
        return (order, act, actor, grantee, Use(receipt["use"])), moment
    except (KeyError, TypeError, ValueError) as exc:
        raise FalseLogError(
            custodian.address, "shows a receipt that makes no sense", code="E_LOG_RECEIPT_FORM"
        ) from exc
