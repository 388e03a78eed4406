"""What several custodians keep in parts: left with all, asked of enough, deleted at all."""

from __future__ import annotations

import os
from collections.abc import Sequence

from eth_account.signers.local import LocalAccount

from aceso.errors import AcesoError
from aceso.vault import Deposit, FalseShareError, PrivateKey, join_deposits, open_release

from ._asking import Posted
from ._reading import VALID_SECONDS, Reading
from ._typed import address, sign
from .client import (
    Custodian,
    DepositDeletionReceipt,
    DepositKind,
    SignedRequest,
    deposit_deletion_message,
    deposit_message,
    kind_of,
)
from .errors import TooFewCustodiansError

__all__ = ["DepositAsking"]


class DepositAsking(Reading):
    """Custodians with whom a person leaves parts of a sealed seed, or of a will."""

    def leave_deposits(self, persona: LocalAccount, deposits: Sequence[Deposit]) -> Posted:
        """Leave each custodian its part; `threshold` must take it."""
        parts = dict(zip(deposits[0].custodians, deposits, strict=True))
        kind = kind_of(deposits[0])

        def leave(one: Custodian) -> None:
            message = deposit_message(parts[one.address], one.address)
            signature = sign(persona, f"{kind}Deposit", message, self._domain)
            one.leave_deposit(parts[one.address], signature)

        return self._all_or_enough(leave)[1]

    def delete_deposits(
        self, kind: DepositKind, persona: LocalAccount, version: int
    ) -> tuple[dict[str, DepositDeletionReceipt], dict[str, AcesoError]]:
        """Have all delete what they keep before this version: the receipts of those who did, and
        why the others did not."""

        def delete(one: Custodian) -> DepositDeletionReceipt:
            message = deposit_deletion_message(persona.address, version, one.address)
            signature = sign(persona, f"{kind}Deletion", message, self._domain)
            return one.delete_deposit(
                kind,
                persona=persona.address,
                version=version,
                signature=signature,
                domain=self._domain,
            )

        return self._ask_all(delete, needed=len(self.custodians))

    def recover(
        self, requester: LocalAccount, persona: str, receiving_key: PrivateKey
    ) -> tuple[bytes, int]:
        """The sealed seed that a person left, joined, and its version."""
        deposits = self.collect(DepositKind.SEED, requester, persona, receiving_key)
        return join_deposits(deposits), deposits[0].version

    def collect(
        self,
        kind: DepositKind,
        requester: LocalAccount,
        persona: str,
        receiving_key: PrivateKey,
    ) -> list[Deposit]:
        """The parts of what a person left, of the newest version that enough custodians gave. A
        custodian whose part is false is complained of and done without."""

        def ask(one: Custodian) -> Deposit:
            request = SignedRequest.sign(
                requester,
                f"{kind}Request",
                {
                    "persona": address(persona),
                    "requester": requester.address,
                    "receivingKey": receiving_key.public_key.to_bytes(),
                    "custodian": one.address,
                    "nonce": os.urandom(32),
                    "deadline": self.suite.now() + VALID_SECONDS,
                },
                self._domain,
            )
            sealed = one.release_deposit(kind, request)
            deposit = open_release(
                sealed, receiving_key, custodian=one.address, request=request.digest
            )
            said = (kind_of(deposit), deposit.persona, deposit.chain_id)
            if said != (kind, address(persona), self.suite.chain_id):
                raise FalseShareError(one.address, "it is of another persona or chain")
            return deposit

        done, failed = self._ask_all(ask)
        self.complaints += [one for one in failed.values() if isinstance(one, FalseShareError)]
        by_head: dict[bytes, list[Deposit]] = {}
        for deposit in done.values():
            by_head.setdefault(deposit.head(), []).append(deposit)
        whole = [one for one in by_head.values() if len(one) >= one[0].threshold]
        if not whole:
            self._enough(len(done), failed, self.threshold, len(self.custodians))
            raise TooFewCustodiansError(
                len(done), self.threshold, len(self.custodians), sorted(failed), []
            )
        return max(whole, key=lambda one: one[0].version)
