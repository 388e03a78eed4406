"""What a researcher does: get coin, buy time-boxed access, open the extract, and nothing else.

    researcher = Researcher(network, profile)
    researcher.buy_coin(wei=10**16)
    order = researcher.buy(offer)
    researcher.open(order, Path("extract.json"))

Each order has a receiving key of its own, derived from the researcher's seed. Its public half lies
on IPFS under the digest that the purchase names. What opens is the extract that the seller made for
this order, as long as the order lasts and the consent holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from aceso.chain import Decision, Receipt, Request, grantee_of_group
from aceso.codes import DataClass, Use
from aceso.errors import UsageError
from aceso.storage import cid_digest
from aceso.vault import Envelope, PrivateKey
from aceso.vault.hpke import PRIVATE_KEY_BYTES

from .issuer import Holder
from .network import said
from .records import write_body

__all__ = ["Purchase", "Researcher"]


@dataclass(frozen=True, slots=True)
class Purchase:
    """What was bought."""

    order: int
    offer: int
    price: int
    receipts: tuple[Receipt, ...]


class Researcher(Holder):
    """A researcher with an account of their own, which pays for itself."""

    def buy_coin(self, *, wei: int) -> Receipt:
        """Buy coin at the sale's rate."""
        return self.network.sender(self.account).send(self.network.suite.sale.buy(wei))

    def balance(self) -> int:
        """Coin in base units."""
        return self.network.suite.coin.balance_of(self.account.address)

    def may_buy(self, offer: int) -> Decision:
        """What `decide` says before the purchase: a member of the offer only the buyer becomes."""
        return self.network.suite.decide(self._request(offer))

    def buy(self, offer: int) -> Purchase:
        """Buy an offer: locks its price, asks consent, and names a fresh receiving key."""
        suite = self.network.suite
        sender = self.network.sender(self.account)
        terms = suite.market.get_offer(offer)
        order, exists = suite.market.order_of(offer, self.account.address)
        if exists:
            # The next purchase of the same offer takes the place of the last.
            order += 1
        public = self.order_key(order).public_key.to_bytes()
        digest = cid_digest(self.network.ipfs.add(public))
        market = suite.addresses["DataMarket"]
        receipts = []
        if suite.coin.allowance(self.account.address, market) < terms.price:
            receipts.append(sender.send(suite.coin.approve(market, terms.price)))
        bought = sender.send(suite.market.buy(offer, digest))
        number = int(said(bought, "OrderBought")["order"])
        return Purchase(number, offer, terms.price, (*receipts, bought))

    def open(self, order: int, target: Path) -> Envelope:
        """Open the extract of an order into `target`."""
        _, tail = self.network.suite.market.get_order(order)
        request = self._request(tail.offer)
        entry = self.network.committee.order_entry(
            order,
            actor=self.account,
            subject=request.subject,
            grantee=request.grantee,
            use=request.use,
            data_class=request.classes,
            capsule=self._delivered(order, tail.offer),
        )
        private = self.order_key(order)
        key = self.network.committee.open_key(
            entry,
            actor=self.account,
            subject=request.subject,
            grantee=request.grantee,
            use=request.use,
            data_class=request.classes,
            receiving_key=private,
            reader_key=private,
        )
        return write_body(self.network, entry, key, target)

    def settle(self, order: int) -> Receipt:
        """Pay an order out; anybody may."""
        return self.network.sender(self.account).send(self.network.suite.market.settle(order))

    def order_key(self, order: int) -> PrivateKey:
        """The receiving key of one order."""
        keys = self.profile.seed.keys(self.network.suite.chain_id)
        return PrivateKey(keys.derive(f"order-key/{order:x}", PRIVATE_KEY_BYTES))

    def _delivered(self, order: int, offer: int) -> bytes:
        """The digest of the capsule that the order's delivery names on chain."""
        rows = self.network.synced().orders(offers=[offer])
        for row in rows:
            if row.order == order and row.capsule is not None:
                return row.capsule
        raise UsageError(
            f"Order {order} is not delivered yet. Ask again when it is.",
            code="E_ORDER_STATE",
        )

    def _grantee(self, offer: int) -> bytes:
        return grantee_of_group(offer, self.network.suite.addresses["DataMarket"])

    def _request(self, offer: int) -> Request:
        terms = self.network.suite.market.get_offer(offer)
        return Request(
            subject=terms.subject,
            actor=self.account.address,
            grantee=self._grantee(offer),
            use=Use(terms.use),
            classes=DataClass(terms.classes),
            disease=terms.disease,
        )
