"""Signing and checking the typed messages (EIP-712) that belong to the vault."""

from __future__ import annotations

from collections.abc import Mapping

from eth_account import Account
from eth_account.messages import SignableMessage, encode_typed_data
from eth_account.signers.local import LocalAccount

from aceso.typed_data import TYPES

from ._bytes import keccak

__all__ = ["digest_of", "sign", "signer_of"]


def _signable(
    name: str, message: Mapping[str, object], chain_id: int, verifying_contract: str
) -> SignableMessage:
    return encode_typed_data(
        domain_data={
            "name": "Aceso",
            "version": "1",
            "chainId": chain_id,
            "verifyingContract": verifying_contract,
        },
        message_types=TYPES[name].types,
        message_data=dict(message),
    )


def digest_of(
    name: str, message: Mapping[str, object], *, chain_id: int, verifying_contract: str
) -> bytes:
    """The 32 bytes that are signed."""
    signable = _signable(name, message, chain_id, verifying_contract)
    return keccak(b"\x19" + signable.version + signable.header + signable.body)


def sign(
    account: LocalAccount,
    name: str,
    message: Mapping[str, object],
    *,
    chain_id: int,
    verifying_contract: str,
) -> bytes:
    """Sign as `account`: 65 bytes."""
    signed = account.sign_message(_signable(name, message, chain_id, verifying_contract))
    return bytes(signed.signature)


def signer_of(
    signature: bytes,
    name: str,
    message: Mapping[str, object],
    *,
    chain_id: int,
    verifying_contract: str,
) -> str | None:
    """Which account signed, or None where the signature is not even well formed."""
    signable = _signable(name, message, chain_id, verifying_contract)
    try:
        return str(Account.recover_message(signable, signature=signature))
    except Exception:
        # The libraries below raise half a dozen unrelated types for malformed signatures.
        return None
