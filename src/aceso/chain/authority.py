"""The authority of a local network: a small multi-signature wallet, and how its owners act.

    authority = LocalAuthority(suite, wallet, owners)
    relayer.send(authority.call(suite.participants.open_institution(account)))

For local networks and tests only. On a public chain the authority is an audited wallet, whose
owners sign with its own tools.
"""

from __future__ import annotations

from collections.abc import Sequence

from eth_account.signers.local import LocalAccount

from aceso.signing import sign_digest

from ._bytes import checksum, keccak
from .calls import Call
from .contract import Contract
from .suite import Suite

__all__ = ["LocalAuthority"]


class LocalAuthority:
    """Makes calls of the wallet, signed by as many owners as it asks for."""

    def __init__(self, suite: Suite, wallet: str, owners: Sequence[LocalAccount]):
        self._chain_id = suite.chain_id
        self._wallet = Contract(suite.node, "MultiSigWallet", checksum(wallet))
        # The wallet wants signatures in the order of the owners.
        self._owners = sorted(owners, key=lambda owner: str(owner.address).lower())

    @property
    def address(self) -> str:
        return self._wallet.address

    def call(self, inner: Call, *, offset: int = 0) -> Call:
        """The call that has the wallet make `inner`. Of several that are made before the first is
        sent, the second has `offset` 1, and so on."""
        nonce = self._wallet.read("nonce")[0] + offset
        threshold = self._wallet.read("threshold")[0]
        hashed = keccak(
            self._chain_id.to_bytes(32, "big")
            + bytes(12)
            + bytes.fromhex(self.address[2:])
            + bytes(12)
            + bytes.fromhex(checksum(inner.to)[2:])
            + inner.value.to_bytes(32, "big")
            + keccak(inner.data)
            + nonce.to_bytes(32, "big")
        )
        signatures = [sign_digest(owner, hashed) for owner in self._owners[:threshold]]
        made = self._wallet.call("execute", inner.to, inner.value, inner.data, signatures)
        return Call(made.to, made.data, name=inner.name)

    def call_all(self, inner: Sequence[Call]) -> list[Call]:
        """Many calls, to be sent in this order."""
        return [self.call(one, offset=at) for at, one in enumerate(inner)]
