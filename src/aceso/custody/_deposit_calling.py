"""What one custodian is asked about parts of sealed seeds and of wills: keep, give out, delete."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from aceso.vault import Deposit

from ._calling import SignedRequest
from ._order_calling import OrderCalling
from ._typed import Domain, address, digest, recover
from ._wire import bytes_of, hex_bytes, text_of, to_json

__all__ = [
    "DepositCalling",
    "DepositDeletionReceipt",
    "DepositKind",
    "deposit_deletion_message",
    "deposit_message",
    "kind_of",
]


class DepositKind(StrEnum):
    """What it is a part of: as the typed messages about it begin."""

    SEED = "Recovery"
    WILL = "Will"

    @property
    def path(self) -> str:
        """Where it is left."""
        return "/recoveries" if self is DepositKind.SEED else "/wills"


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositDeletionReceipt:
    """A custodian's signed word that it keeps no part of any version before this one."""

    kind: DepositKind
    custodian: str
    persona: str
    version: int
    deleted_at: int
    signature: bytes = field(repr=False)


class DepositCalling(OrderCalling):
    """One custodian, about what a person leaves in deposit."""

    def leave_deposit(self, deposit: Deposit, signature: bytes) -> None:
        """Leave a part of a sealed seed, or of a will."""
        self._ask(
            "POST",
            kind_of(deposit).path,
            {
                "message": to_json(deposit_message(deposit, self.address)),
                "signature": "0x" + signature.hex(),
                "deposit": text_of(deposit.to_bytes()),
            },
        )

    def release_deposit(self, kind: DepositKind, request: SignedRequest) -> bytes:
        """A part, sealed to the receiving key of the request."""
        said = self._ask("POST", f"{kind.path}/release", request.body(), large=True)
        deposit: bytes = self._parse(lambda: bytes_of(said["deposit"]))
        return deposit

    def delete_deposit(
        self, kind: DepositKind, *, persona: str, version: int, signature: bytes, domain: Domain
    ) -> DepositDeletionReceipt:
        """Delete what is kept of any version before this one; the receipt is checked."""
        message = deposit_deletion_message(persona, version, self.address)
        said = self._ask(
            "POST",
            f"{kind.path}/deletions",
            {"message": to_json(message), "signature": "0x" + signature.hex()},
        )

        def read() -> DepositDeletionReceipt:
            signed, by = said["message"], hex_bytes(said["signature"])
            values = message | {"deletedAt": int(signed["deletedAt"])}
            if recover(digest(f"{kind}DeletionReceipt", values, domain), by) != self.address:
                raise ValueError("another receipt")
            return DepositDeletionReceipt(
                kind=kind,
                custodian=self.address,
                persona=message["persona"],
                version=version,
                deleted_at=values["deletedAt"],
                signature=by,
            )

        receipt: DepositDeletionReceipt = self._parse(read)
        return receipt


def kind_of(deposit: Deposit) -> DepositKind:
    """What this is a part of."""
    return DepositKind.SEED if deposit.enclosed is None else DepositKind.WILL


def deposit_message(deposit: Deposit, custodian: str) -> dict[str, Any]:
    """The typed message `RecoveryDeposit` or `WillDeposit`."""
    return {
        "persona": deposit.persona,
        "version": deposit.version,
        "custodian": custodian,
        "deposit": deposit.digest,
    }


def deposit_deletion_message(persona: str, version: int, custodian: str) -> dict[str, Any]:
    """The typed message `RecoveryDeletion` or `WillDeletion`."""
    return {"persona": address(persona), "version": version, "custodian": custodian}
