"""Who was given what: the custodians' access logs, fetched, checked and set side by side.

    found = check_logs(person)
    found.accesses      who asked for what, for which use, under whose authority, and which
                        custodians say so
    found.problems      custodians that don't answer, and those whose log can't be true
    anchor_heads(network, found)    put what they signed on chain

Each receipt is proved to be in its custodian's log. The log's head is compared with the last one
that is on chain, and with the last one that this device saw: a custodian that took something back,
or shows two people different logs, is named. An access needs m custodians, so one that fewer show
either opened nothing, or is kept back by the others: `is_complete` is false, and nobody can say by
whom.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from eth_account.signers.local import LocalAccount

from aceso.chain import AnchoredHead, Receipt
from aceso.codes import DataClass, Role, Use
from aceso.custody import Custodian, FalseLogError, LogHead
from aceso.errors import AcesoError

from .network import Network
from .own_vault import OwnVault
from .store import Store

__all__ = [
    "Access",
    "Given",
    "LogReport",
    "anchor_heads",
    "check_count",
    "check_logs",
    "settle_head",
]

_ACTS = ("list", "release", "log")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What somebody was given, as often as it was, by the custodians that say so.

    `act` is `list` (entries were listed), `release` (a share of a key) or `log` (a party read the
    log). `actor` asked; `grantee` is whose permission it was, such as an institution's for its
    member, and empty for the owner.
    """

    act: str
    actor: str
    grantee: bytes
    use: Use | None
    first: int
    last: int
    times: Mapping[str, int]
    needed: int

    @property
    def count(self) -> int:
        return max(self.times.values())

    @property
    def is_complete(self) -> bool:
        """Whether as many custodians show it as are needed to open something."""
        return self.act != "release" or len(self.times) >= self.needed


@dataclass(frozen=True, slots=True, kw_only=True)
class Access(Given):
    """What was given of a list: its entries, the share of a record's key, or its log."""

    data_class: DataClass
    epoch: int
    record_id: bytes | None


@dataclass(slots=True)
class LogReport:
    """What the logs say, and what is wrong with them."""

    accesses: list[Access] = field(default_factory=list)
    problems: list[AcesoError] = field(default_factory=list)
    heads: dict[str, LogHead] = field(default_factory=dict)
    anchored: dict[str, AnchoredHead] = field(default_factory=dict)

    @property
    def liars(self) -> list[str]:
        """The custodians whose log can't be true."""
        return sorted({one.custodian for one in self.problems if isinstance(one, FalseLogError)})


@dataclass(frozen=True, slots=True)
class _List:
    key: LocalAccount
    data_class: DataClass
    epoch: int
    needed: int
    members: Mapping[str, str]


def check_logs(vault: OwnVault) -> LogReport:
    """Fetch the receipts of every list of the vault, from each of its custodians: those of the
    network, and those that have left it since the list was opened."""
    report = LogReport()
    seen: dict[tuple[Any, ...], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    lists = list(_lists(vault))
    custodians, closed = vault.network.custodians_ever(
        {who: url for one in lists for who, url in one.members.items()}
    )
    report.problems += closed
    for custodian in custodians:
        try:
            _check(vault, custodian, lists, report, seen)
        except AcesoError as exc:
            report.problems.append(exc)
    needed = {one.key.address: one for one in lists}
    for (address, act, actor, grantee, use, record_id), times in seen.items():
        of = needed[address]
        moments = [moment for one in times.values() for moment in one]
        report.accesses.append(
            Access(
                act=act,
                data_class=of.data_class,
                epoch=of.epoch,
                actor=actor,
                grantee=grantee,
                use=use,
                record_id=record_id,
                first=min(moments),
                last=max(moments),
                times={custodian: len(one) for custodian, one in times.items()},
                needed=of.needed,
            )
        )
    report.accesses.sort(key=lambda one: (one.last, one.act, one.actor))
    return report


def anchor_heads(network: Network, report: LogReport) -> list[Receipt]:
    """Have the heads that the custodians signed anchored, where the chain has a shorter log. Of one
    that is accredited no more the chain takes none."""
    logs, participants = network.suite.access_log, network.suite.participants
    return network.relayer.send_all(
        [
            logs.anchor_log_with_sig(head.custodian, head.size, head.root, head.signature)
            for address, head in report.heads.items()
            if head.size > report.anchored[address].size
            and participants.has_roles(address, Role.CUSTODIAN)
        ]
    )


def _lists(vault: OwnVault) -> list[_List]:
    found = []
    for data_class in DataClass:
        for epoch in range(vault.manifest.epochs.get(int(data_class), 0) + 1):
            key = vault.keys.list_key(int(data_class), epoch)
            place = vault.manifest.lists.get(key.address)
            if place is not None:
                note = vault.manifest.committees[place]
                members = dict(zip(note.custodians, note.urls, strict=True))
                found.append(_List(key, data_class, epoch, note.threshold, members))
    return found


def _check(
    vault: OwnVault,
    custodian: Custodian,
    lists: list[_List],
    report: LogReport,
    seen: dict[tuple[Any, ...], dict[str, list[int]]],
) -> None:
    """Everything that one custodian has to show. Raises what is wrong with it."""
    suite, store = vault.network.suite, vault.profile.store
    log_domain = suite.domain("AccessLog")
    # Read first: a head that is asked for later can't be a shorter one.
    anchored = suite.access_log.head_of(custodian.address)
    head: LogHead | None = None
    for one in lists:
        if custodian.address not in one.members:
            continue
        log = custodian.log(
            one.key,
            vault.keys.log_key(int(one.data_class), one.epoch),
            domain=suite.domain("ConsentRegistry"),
            log_domain=log_domain,
            now=suite.now(),
        )
        if head is not None:
            custodian.check_grew(head.size, head.root, log.head)
        head = log.head
        check_count(store, custodian, one.key.address, len(log.receipts))
        for receipt in log.receipts:
            key, moment = _read(custodian, one, receipt)
            seen[key][custodian.address].append(moment)
    settle_head(vault.network, store, custodian, anchored, head, report)


def settle_head(
    network: Network,
    store: Store,
    custodian: Custodian,
    anchored: AnchoredHead,
    head: LogHead | None,
    report: LogReport,
) -> None:
    """Compare a custodian's newest head with the one that was on chain before it was asked for, and
    with the last one that this device saw, and keep it."""
    if head is None:
        head = custodian.log_head(log_domain=network.suite.domain("AccessLog"))
    report.anchored[custodian.address] = anchored
    custodian.check_grew(anchored.size, anchored.root, head)
    name = f"log/{custodian.address}"
    before = store.get(name)
    if before is not None:
        custodian.check_grew(int.from_bytes(before[:8], "big"), before[8:], head)
    store.put(name, head.size.to_bytes(8, "big") + head.root)
    report.heads[custodian.address] = head


def check_count(store: Store, custodian: Custodian, book: str, count: int) -> None:
    """The receipts of a list or an order never become fewer."""
    name = f"log/{custodian.address}/{book}"
    before = store.get(name)
    if before is not None and int.from_bytes(before, "big") > count:
        raise FalseLogError(
            custodian.address,
            f"shows {count} receipts of a list, and it showed {int.from_bytes(before, 'big')}",
            code="E_LOG_WITHHELD",
        )
    store.put(name, count.to_bytes(8, "big"))


def _read(
    custodian: Custodian, of: _List, receipt: Mapping[str, Any]
) -> tuple[tuple[Any, ...], int]:
    """What a receipt is about, and when it was; a custodian can write anything into one."""
    try:
        act = str(receipt["act"])
        if act not in _ACTS or receipt["custodian"] != custodian.address:
            raise ValueError(act)
        actor, moment = str(receipt["actor"]), int(receipt["time"])
        if act == "log":
            return (of.key.address, act, actor, b"", None, None), moment
        grantee = bytes.fromhex(str(receipt["grantee"])[2:])
        record = receipt.get("recordId")
        record_id = bytes.fromhex(str(record)[2:]) if record else None
        return (of.key.address, act, actor, grantee, Use(receipt["use"]), record_id), moment
    except (KeyError, TypeError, ValueError) as exc:
        raise FalseLogError(
            custodian.address, "shows a receipt that makes no sense", code="E_LOG_RECEIPT_FORM"
        ) from exc
