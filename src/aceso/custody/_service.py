"""A custodian without HTTP: one counter for each concern, over the same keys, store and chain.

service.lists        open, post, leave_keys
service.listings     the door of lists: the records of a class, and the keys left for a grantee
service.releases     the door of records: our shares of their keys
service.orders       deposit, entry and release: the doors of extracts that were sold
service.divisions    what the members of a union delivered, attested together
service.withdrawals  withdrawals and bars, in force from when they are shown
service.heads        of vaults' indexes
service.recoveries   of sealed seeds, given out after the delay that the chain keeps
service.wills        of wills, given to a guardian after a death that stands on chain
service.deletions    forgetting, with a signed receipt
service.batches      several of those acts at once that give nothing away
service.follower     class keys of grants that have ended are deleted
service.relays       withdrawals that were shown are carried to the chain
service.log          the receipts of who was given what
service.order_log    those of an order, for its parties
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aceso.chain import Sender, Suite

from ._batches import Batches
from ._chain import Chain
from ._deletions import Deletions
from ._desk import Desk
from ._divisions import Divisions
from ._following import Follower
from ._heads import ManifestHeads
from ._listings import Listings
from ._lists import Bounds, Lists
from ._log import Log
from ._order_log import OrderLog
from ._orders import Orders
from ._rates import Rates
from ._recoveries import Recoveries
from ._relaying import Relays
from ._releases import Releases
from ._store import Store
from ._wills import Wills
from ._withdrawals import Withdrawals
from .keys import CustodianKeys

__all__ = ["Service"]

_SECONDS_IN_STORE = 10
_BOUNDS = Bounds()


class Service(Desk):
    """One custodian."""

    def __init__(
        self,
        keys: CustodianKeys,
        store: Store,
        chain: Chain,
        *,
        connect: Callable[[], tuple[Suite, Sender]] | None = None,
        relay_within: float = 0.0,
        actor_rate: float = 0.0,
        bounds: Bounds = _BOUNDS,
    ):
        """`connect`: to what carries withdrawals; without it none are carried. `actor_rate`: how
        many requests each actor may make at the doors in a second; 0 for no limit. `bounds`: of
        records in a list."""
        super().__init__(keys, store, chain)
        self.lists = Lists(keys, store, chain, bounds)
        self.withdrawals = Withdrawals(keys, store, chain)
        chain.on_replaced = self.withdrawals.look_again
        self.listings = Listings(keys, store, chain, self.withdrawals)
        self.releases = Releases(keys, store, chain, self.withdrawals)
        self.orders = Orders(keys, store, chain, self.withdrawals)
        self.divisions = Divisions(keys, store, chain, self.withdrawals)
        rates = Rates(per_second=actor_rate, in_store=max(1.0, _SECONDS_IN_STORE * actor_rate))
        self.listings.rates = self.releases.rates = self.orders.rates = rates
        self.heads = ManifestHeads(keys, store, chain)
        self.recoveries = Recoveries(keys, store, chain)
        self.wills = Wills(keys, store, chain)
        self.deletions = Deletions(keys, store, chain)
        self.batches = Batches(keys, store, chain, bounds)
        self.log = Log(keys, store, chain)
        self.order_log = OrderLog(keys, store, chain)
        self.follower = Follower(keys, store, chain)
        self.relays: Relays | None = None
        if connect is not None:
            self.withdrawals.relay_within = relay_within
            self.relays = Relays(keys, store, chain, connect, within=relay_within)

    def is_of_order(self, grantee: bytes) -> bool:
        """Whether a request is for an order's extract, and not for a record."""
        return self._desk_of(grantee) is not None

    def health(self) -> dict[str, Any]:
        """Who we are, and what we see of the chain."""
        heads = self.chain.heads()
        return {
            "status": "ok",
            "address": self.address,
            "publicKey": "0x" + self.keys.private.public_key.to_bytes().hex(),
            "chainId": self.chain.chain_id,
            "registry": self.chain.addresses.consents,
            "block": heads.newest.number,
            "confirmed": heads.confirmed.number,
            "followed": self.follower.followed(),
            "relays": "off" if self.relays is None else self.relays.state,
        }
