"""A custodian without HTTP: one counter for each concern, over the same keys, store and chain.

service.lists        open, post, leave_keys
service.releases     listing and release: the doors of records
service.orders       deposit, entry and release: the doors of extracts that were sold
service.withdrawals  withdrawals and bars, in force from when they are shown
service.heads        of vaults' indexes
service.recoveries   of sealed seeds, given out after the delay that the chain keeps
service.deletions    forgetting, with a signed receipt
service.batches      several of those acts at once that give nothing away
service.log          the receipts of who was given what
"""

from __future__ import annotations

from typing import Any

from ._batches import Batches
from ._chain import Chain
from ._deletions import Deletions
from ._desk import Desk, Message
from ._heads import ManifestHeads
from ._lists import Lists
from ._log import Log
from ._orders import Orders
from ._recoveries import Recoveries
from ._releases import Releases
from ._store import Store
from ._withdrawals import Withdrawals
from .keys import CustodianKeys

__all__ = ["Service"]


class Service(Desk):
    """One custodian."""

    def __init__(self, keys: CustodianKeys, store: Store, chain: Chain):
        super().__init__(keys, store, chain)
        self.lists = Lists(keys, store, chain)
        self.withdrawals = Withdrawals(keys, store, chain)
        self.releases = Releases(keys, store, chain, self.withdrawals)
        self.orders = Orders(keys, store, chain, self.withdrawals)
        self.heads = ManifestHeads(keys, store, chain)
        self.recoveries = Recoveries(keys, store, chain)
        self.deletions = Deletions(keys, store, chain)
        self.batches = Batches(keys, store, chain)
        self.log = Log(keys, store, chain)

    def release(self, message: Message, signature: bytes, capsule: bytes | None) -> bytes:
        """Release our share, of a record or of an order's extract, sealed to the grantee."""
        if self._offer_of(message["grantee"]) is not None:
            return self.orders.release(message, signature)
        return self.releases.release(message, signature, capsule)

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
        }
