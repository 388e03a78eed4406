"""The registries of a suite, who acts on them, and what they sign: shared by their tests.

A signed act is described once, in `ACTS`: what is signed, and how it is sent. So one test can ask
the same of every one of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from brownie import accounts as unlocked
from brownie import chain, web3
from eth_account import Account
from eth_account.messages import encode_typed_data

from aceso.chain.rules import account_grantee, group_grantee
from aceso.codes import DataClass, Use
from aceso.typed_data import TYPES

__all__ = [
    "ACTS",
    "DAY",
    "SignedAct",
    "account_of",
    "domain_of",
    "grantee_of",
    "group_of",
    "sign",
    "terms",
]

DAY = 24 * 60 * 60
NOTICE = "0x" + "5e" * 32

TERMS = (
    "grantee",
    "classes",
    "uses",
    "conditions",
    "disease",
    "validFrom",
    "validUntil",
    "notice",
)


def account_of(key: str) -> Any:
    """Brownie's account of a key, with some ether."""
    account = unlocked.at(unlocked.add(key).address)
    if account.balance() < 10**18:
        unlocked[0].transfer(account, 10 * 10**18)
    return account


def grantee_of(account: Any) -> str:
    return web3.to_hex(account_grantee(str(getattr(account, "address", account))))


def group_of(number: int, contract: Any) -> str:
    return web3.to_hex(group_grantee(number, str(getattr(contract, "address", contract))))


def domain_of(contract: Any, **changed: Any) -> dict[str, Any]:
    """The domain by which `contract` says that it verifies."""
    _fields, name, version, chain_id, verifier, _salt, _extensions = contract.eip712Domain()
    found = {
        "name": name,
        "version": version,
        "chainId": chain_id,
        "verifyingContract": verifier,
    }
    return found | changed


def sign(key: str, type_name: str, message: dict[str, Any], domain: dict[str, Any]) -> str:
    signable = encode_typed_data(domain, TYPES[type_name].types, message)
    return web3.to_hex(Account.sign_message(signable, key).signature)


def terms(grantee: str, **changed: Any) -> dict[str, Any]:
    """Good terms from now on, for a month."""
    now = chain[-1].timestamp
    return {
        "grantee": grantee,
        "classes": int(DataClass.LABS | DataClass.ACTIVITY),
        "uses": int(Use.TREAT),
        "conditions": 0,
        "disease": 0,
        "validFrom": now,
        "validUntil": now + 30 * DAY,
        "notice": NOTICE,
    } | changed


def word(registry: Any, subject: Any, grantee: str) -> dict[str, int]:
    """The fields of a grant's word, read by their places in the layout."""
    number = registry.standing(subject, grantee, str(subject))[0]
    fields = {}
    for name, bits in (
        ("classes", 32),
        ("uses", 16),
        ("conditions", 24),
        ("disease", 24),
        ("validFrom", 40),
        ("validUntil", 40),
        ("grants", 24),
        ("withdrawals", 24),
        ("epoch", 24),
        ("barred", 1),
        ("primary", 1),
        ("bars", 6),
    ):
        fields[name] = number & ((1 << bits) - 1)
        number >>= bits
    return fields


def head(registry: Any, subject: Any) -> dict[str, Any]:
    """The fields of a subject's head."""
    number = registry.standing(subject, "0x" + "00" * 32, str(subject))[2]
    return {
        "physician": web3.to_checksum_address((number & ((1 << 160) - 1)).to_bytes(20, "big")),
        "epoch": (number >> 160) & 0xFFFFFF,
        "stoppedAt": (number >> 184) & 0xFFFFFFFFFF,
        "changes": number >> 224,
    }


@dataclass(frozen=True, slots=True)
class SignedAct:
    """An act that may be signed. `arguments` makes those of the call, but for the signature."""

    type_name: str
    signed: str
    direct: str
    arguments: Callable[[dict[str, Any]], list[Any]]
    direct_arguments: Callable[[dict[str, Any]], list[Any]]
    has_deadline: bool
    # What a second submission is refused with; None: as an invalid signature.
    replayed: str | None = None

    def __str__(self) -> str:
        return self.signed


def _terms(message: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(message[name] for name in TERMS)


def _named(*names: str) -> Callable[[dict[str, Any]], list[Any]]:
    return lambda message: [message[name] for name in names]


CONSENT_ACTS = (
    SignedAct(
        "Grant",
        "grantWithSig",
        "grant",
        lambda message: [message["subject"], _terms(message), message["deadline"]],
        lambda message: [_terms(message)],
        has_deadline=True,
    ),
    SignedAct(
        "Withdrawal",
        "withdrawWithSig",
        "withdraw",
        _named("subject", "grantee"),
        _named("grantee"),
        has_deadline=False,
    ),
    SignedAct(
        "WithdrawalOfAll",
        "withdrawAllWithSig",
        "withdrawAll",
        _named("subject"),
        _named(),
        has_deadline=False,
    ),
    SignedAct(
        "Bar",
        "barWithSig",
        "bar",
        _named("subject", "actor"),
        _named("actor"),
        has_deadline=False,
    ),
    SignedAct(
        "Unbar",
        "unbarWithSig",
        "unbar",
        _named("subject", "actor", "deadline"),
        _named("actor"),
        has_deadline=True,
    ),
    SignedAct(
        "PrimaryPhysician",
        "setPrimaryPhysicianWithSig",
        "setPrimaryPhysician",
        _named("subject", "physician", "classes", "validUntil", "deadline"),
        _named("physician", "classes", "validUntil"),
        has_deadline=True,
    ),
)
RECORD_ACTS = (
    SignedAct(
        "Anchor",
        "anchorWithSig",
        "anchor",
        _named("issuer", "root", "batch", "deadline"),
        _named("root", "batch"),
        has_deadline=True,
        replayed="RecordAlreadyAnchored",
    ),
    SignedAct(
        "Supersession",
        "supersedeWithSig",
        "supersede",
        _named("issuer", "leaf", "successor", "deadline"),
        _named("leaf", "successor"),
        has_deadline=True,
        replayed="RecordAlreadyEnded",
    ),
    SignedAct(
        "Retraction",
        "retractWithSig",
        "retract",
        _named("issuer", "leaf", "deadline"),
        _named("leaf"),
        has_deadline=True,
        replayed="RecordAlreadyEnded",
    ),
)
ACTS = {act.type_name: act for act in (*CONSENT_ACTS, *RECORD_ACTS)}
