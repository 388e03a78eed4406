"""A token that is not of the suite: any ERC-20, and its permits where it knows them.

token = Token(suite.node, address)
permit = token.permit(account, spender, amount, deadline)     # None where it knows none
"""

from __future__ import annotations

from dataclasses import dataclass

from eth_account.signers.local import LocalAccount

from aceso.signing import sign_digest

from ._bytes import keccak
from .calls import Call
from .contract import Contract
from .errors import NodeRefusedError
from .node import Node

__all__ = ["Permit", "Token"]

# Of ERC-2612.
_PERMIT_TYPEHASH = keccak(
    b"Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)"
)


@dataclass(frozen=True, slots=True)
class Permit:
    """An owner's signature that somebody may take an amount of a token, until the deadline."""

    deadline: int
    v: int
    r: bytes
    s: bytes

    def astuple(self) -> tuple[int, int, bytes, bytes]:
        """As contracts take it."""
        return (self.deadline, self.v, self.r, self.s)


class Token(Contract):
    """An ERC-20 at an address, which may answer anything."""

    def __init__(self, node: Node, address: str):
        # The coin is one, so its functions are those of any other.
        super().__init__(node, "RewardCoin", address)

    def balance_of(self, account: str) -> int:
        return int(self.read("balanceOf", account)[0])

    def allowance(self, owner: str, spender: str) -> int:
        return int(self.read("allowance", owner, spender)[0])

    def decimals(self) -> int:
        """How many digits come after the point; 0 of a token that doesn't say."""
        try:
            return min(int(self.read("decimals")[0]), 77)
        except (NodeRefusedError, ValueError):
            return 0

    def approve(self, spender: str, amount: int) -> Call:
        return self.call("approve", spender, amount)

    def permit(
        self, account: LocalAccount, spender: str, amount: int, deadline: int
    ) -> Permit | None:
        """The account's permit, where the token takes it when it is tried; else None."""
        try:
            separator = bytes(self.read("DOMAIN_SEPARATOR")[0])
            nonce = int(self.read("nonces", account.address)[0])
        except (NodeRefusedError, ValueError):
            return None
        parties = [bytes(12) + bytes.fromhex(one[2:]) for one in (account.address, spender)]
        numbers = [number.to_bytes(32, "big") for number in (amount, nonce, deadline)]
        message = keccak(_PERMIT_TYPEHASH + b"".join([*parties, *numbers]))
        signature = sign_digest(account, keccak(b"\x19\x01" + separator + message))
        made = Permit(deadline, signature[64], signature[:32], signature[32:64])
        tried = self.call("permit", account.address, spender, amount, *made.astuple())
        try:
            self.node.call(tried.to, tried.data)
        except NodeRefusedError:
            return None
        return made
