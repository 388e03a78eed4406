"""What a researcher does with data unions: buy of one, and download what its members delivered.

    buyer = UnionBuyer(network, profile)
    purchase = buyer.buy_of(union, minimum=20)
    buyer.download_all(purchase.order, Path("extracts"))

A purchase has one receiving key, and each member an extract of their own that is sealed to it. What
is opened are the parts that were delivered, each as long as its member's own consent holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aceso.chain import Receipt, Unions
from aceso.errors import AcesoError, InputError, UsageError
from aceso.storage import cid_digest

from .network import said
from .orders import UNIONS, find_union
from .researcher import Downloaded, Researcher
from .unions import delivered_parts

__all__ = ["UnionBuyer", "UnionDownload", "UnionPurchase"]


@dataclass(frozen=True, slots=True)
class UnionPurchase:
    """What was bought of a union."""

    order: int
    union: int
    price: int
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True)
class UnionDownload:
    """What of an order's parts opened, by member, and why the others did not. `untold` are parts
    that no custodian says whose they are. `k` is the smallest that the parts' makers measured over
    their cohorts; 0 where one of them was not measured."""

    parts: dict[str, Downloaded | AcesoError]
    untold: int

    @property
    def k(self) -> int:
        opened = [one.certificate.k for one in self.parts.values() if isinstance(one, Downloaded)]
        return min(opened, default=0)


class UnionBuyer(Researcher):
    """A researcher who buys of unions."""

    def buy_of(self, number: int, *, minimum: int = 1) -> UnionPurchase:
        """Buy of a union with at least `minimum` members and, at the delivery, as many parts."""
        network, suite = self.network, self.network.suite
        row = find_union(network, number)
        before = network.index.union_orders([number], buyers=[self.account.address])
        order = Unions.order_number(number, self.account.address, len(before) + 1)
        public = self.fresh_key(order).public_key.to_bytes()
        digest = cid_digest(network.ipfs.add(public))
        receipts = self.allow(suite.addresses[UNIONS], row.terms.price)
        bought = network.sender(self.account).send(suite.unions.buy(number, digest, minimum))
        made = int(said(bought, "UnionBought")["order"])
        return UnionPurchase(made, number, row.terms.price, (*receipts, bought))

    def check(self, number: int, minimum: int) -> None:
        """Refuse in a sentence what the chain would refuse, before anything is paid."""
        network = self.network
        row = find_union(network, number)
        missing = row.terms.conditions & ~network.suite.participants.conditions_of(
            self.account.address
        )
        if row.closed_at is not None:
            raise InputError(
                f"Union {number} is closed and takes no more buyers. See `aceso union list`.",
                code="E_UNION_CLOSED",
                details={"union": number},
            )
        if missing:
            names = ", ".join(str(one.name) for one in missing)
            raise InputError(
                f"Who buys of union {number} has to meet {names}, and nobody attested that of you. "
                "Have it attested by who accredits.",
                code="E_UNION_CONDITIONS",
                details={"union": number, "conditions": names},
            )
        if row.members < max(1, minimum):
            raise InputError(
                f"Union {number} has {row.members} members, and you ask for {max(1, minimum)}. Ask "
                "for fewer, or wait.",
                code="E_UNION_TOO_SMALL",
                details={"union": number, "members": row.members, "minimum": max(1, minimum)},
            )

    def download_all(self, order: int, folder: Path) -> UnionDownload:
        """Every part of an order, each into a new folder named by its member. One that does not
        open does not keep back the others."""
        if folder.exists():
            raise UsageError(
                f"{folder} is there already. Name a folder that is not.", code="E_FOLDER_EXISTS"
            )
        found, untold = delivered_parts(self.network, order, self.account)
        done: dict[str, Downloaded | AcesoError] = {}
        for _, sale in found:
            try:
                done[sale.subject] = self.download_sale(sale, folder / sale.subject)
            except AcesoError as exc:
                done[sale.subject] = exc
        return UnionDownload(done, untold)
