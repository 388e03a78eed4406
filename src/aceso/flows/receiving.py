"""The keys that others seal to: one published at a time, and those of before, which still open.

    keys = ReceivingKeys(network, account, derived)       # derived: number -> PrivateKey
    keys.publish()                                        # at first, or after a revocation
    keys.rotate()                                         # the next one in its place
    keys.revoke()                                         # none: nothing is sealed or released

All of them come from one seed by their number, so a device that has the seed has them all. The
account pays.
"""

from __future__ import annotations

from collections.abc import Callable

from eth_account.signers.local import LocalAccount

from aceso.chain import Receipt
from aceso.vault import PrivateKey

from .network import Network

__all__ = ["ReceivingKeys"]


class ReceivingKeys:
    """The receiving keys of one account."""

    def __init__(
        self, network: Network, account: LocalAccount, derived: Callable[[int], PrivateKey]
    ):
        self._network = network
        self._account = account
        self._derived = derived

    @property
    def account(self) -> str:
        """Whose keys these are."""
        return str(self._account.address)

    @property
    def current(self) -> PrivateKey:
        """The key whose public half is published. Where none is, the one to be published next: one
        that was revoked is not used again."""
        return self.all[0]

    @property
    def all(self) -> tuple[PrivateKey, ...]:
        """The current key, and those of before, which open what was sealed to them."""
        digest, version = self.published
        # No number was taken more often than something was published.
        found = [self._derived(number) for number in range(version + 1)]
        published = [one for one in found if one.public_key.digest == digest]
        current = published[0] if published else found[-1]
        return (current, *(one for one in reversed(found) if one is not current))

    @property
    def published(self) -> tuple[bytes, int]:
        """keccak256 of the published key, 32 zero bytes where none is, and how many the account
        published so far."""
        return self._network.suite.participants.key_of(self.account)

    def publish(self) -> Receipt | None:
        """Publish the current key, unless it is published already."""
        public = self.current.public_key.to_bytes()
        if self._network.synced().published_key(self.account) == public:
            return None
        return self._send(public)

    def rotate(self) -> Receipt:
        """Publish a new key in place of the one that is published."""
        _, version = self.published
        return self._send(self._derived(version).public_key.to_bytes())

    def revoke(self) -> Receipt | None:
        """Revoke the published key, unless none is published. Nothing is sealed to it from then on,
        and no custodian releases a share to it."""
        digest, _ = self.published
        if not any(digest):
            return None
        call = self._network.suite.participants.revoke_key()
        return self._network.sender(self._account).send(call)

    def _send(self, public: bytes) -> Receipt:
        call = self._network.suite.participants.publish_key(public)
        return self._network.sender(self._account).send(call)
