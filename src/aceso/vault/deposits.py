"""What custodians keep in parts for a person: a sealed seed, or a will. One alone says nothing.

    deposits = deposits_of(sealed, chain_id=1, persona="0x…", version=7, custodians=…, threshold=2)
    …
    sealed = join_deposits(deposits[:2])

What is short is shared among the custodians itself, by Shamir's scheme. What is long is sealed
under a random key, and lies whole beside each share of that key: so a deposit is as long as what it
is of, and fewer than `threshold` custodians still read nothing of it. A custodian that lies is told
by the commitment in its deposit, and named.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from ._bytes import ADDRESS_BYTES, Reader, address_bytes, address_text, be, exactly
from .errors import FalseShareError, FormatError, OpeningError
from .hpke import OVERHEAD_BYTES, SUITE, PrivateKey, PublicKey, open_sealed, seal
from .shamir import join, split

__all__ = [
    "Deposit",
    "Enclosed",
    "deposits_of",
    "join_deposits",
    "open_release",
    "seal_release",
]

_SHARED: Final = b"AREC"
_ENCLOSING: Final = b"AWIL"
_VERSION: Final = 1
_COMMITMENT_LABEL: Final = b"aceso/v1/recovery-commitment\0"
_RELEASE_LABEL: Final = b"aceso/v1/recovery-release\0"
_SALT_BYTES: Final = 32
_KEY_BYTES: Final = 32
# Of a sealed entropy with its head of 6 bytes, or of a key; and the share's x.
_SEED_SHARES: Final = tuple(6 + OVERHEAD_BYTES + one + 1 for one in (16, 32))
_KEY_SHARES: Final = (_KEY_BYTES + 1,)
_MAX_CUSTODIANS: Final = 16


@dataclass(frozen=True, slots=True)
class Enclosed:
    """What lies whole beside each share of its key, and the SHA-256 of what is sealed in it."""

    digest: bytes
    sealed: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """What one custodian keeps. All deposits of one version have the same head."""

    chain_id: int
    persona: str
    version: int
    threshold: int
    custodians: tuple[str, ...]
    commitments: tuple[bytes, ...]
    salt: bytes = field(repr=False)
    share: bytes = field(repr=False)
    enclosed: Enclosed | None = None

    def head(self) -> bytes:
        """What all deposits of one version have in common."""
        enclosed = self.enclosed
        return b"".join(
            (
                _SHARED if enclosed is None else _ENCLOSING,
                bytes([_VERSION, SUITE]),
                be(self.chain_id, 8, "a chain id"),
                address_bytes(self.persona),
                be(self.version, 8, "a version"),
                bytes([self.threshold, len(self.custodians)]),
                *(
                    address_bytes(address) + commitment
                    for address, commitment in zip(self.custodians, self.commitments, strict=True)
                ),
                b"" if enclosed is None else exactly(enclosed.digest, 32, "a digest"),
                b"" if enclosed is None else hashlib.sha256(enclosed.sealed).digest(),
            )
        )

    def to_bytes(self) -> bytes:
        length = be(len(self.share), 2, "a share's length")
        data = self.head() + self.salt + length + self.share
        if self.enclosed is None:
            return data
        sealed = self.enclosed.sealed
        return data + be(len(sealed), 4, "the length of what is sealed") + sealed

    @property
    def digest(self) -> bytes:
        """SHA-256: how the message that it is left by names these bytes."""
        return hashlib.sha256(self.to_bytes()).digest()

    @classmethod
    def from_bytes(cls, data: bytes) -> Deposit:
        """Read what `to_bytes` wrote, or raise `FormatError`."""
        encloses = data[: len(_ENCLOSING)] == _ENCLOSING
        what = "will's deposit" if encloses else "recovery deposit"
        reader = Reader(data, what)
        reader.expect(_ENCLOSING if encloses else _SHARED, "magic")
        reader.one_of((_VERSION,), "version")
        reader.expect(bytes([SUITE]), "suite")
        chain_id = reader.number(8, "chain id")
        persona = address_text(reader.take(ADDRESS_BYTES, "persona"))
        version = reader.number(8, "version")
        threshold, count = reader.number(1, "threshold"), reader.number(1, "custodians")
        if not 2 <= threshold <= count <= _MAX_CUSTODIANS:
            raise FormatError(f"A {what} is {threshold} of {count}, which is none.")
        notes = [
            (address_text(reader.take(ADDRESS_BYTES, "custodian")), reader.take(32, "commitment"))
            for _ in range(count)
        ]
        custodians = tuple(address for address, _ in notes)
        if len(set(custodians)) != count:
            raise FormatError(f"A {what} names a custodian twice.")
        digests = (reader.take(32, "digest"), reader.take(32, "digest")) if encloses else None
        salt = reader.take(_SALT_BYTES, "salt")
        share = reader.take(reader.number(2, "share's length"), "share")
        if len(share) not in (_KEY_SHARES if encloses else _SEED_SHARES):
            raise FormatError(f"A share in a {what} has not {len(share)} bytes.")
        enclosed = None
        if digests is not None:
            sealed = reader.take(reader.number(4, "length of what is sealed"), "what is sealed")
            if hashlib.sha256(sealed).digest() != digests[1]:
                raise FormatError(f"What lies in a {what} is not what its head says.")
            enclosed = Enclosed(digests[0], sealed)
        reader.end()
        return cls(
            chain_id=chain_id,
            persona=persona,
            version=version,
            threshold=threshold,
            custodians=custodians,
            commitments=tuple(commitment for _, commitment in notes),
            salt=salt,
            share=share,
            enclosed=enclosed,
        )

    def check(self, custodian: str) -> None:
        """Raise `FalseShareError` unless this is the share that was made for the custodian."""
        place = self.custodians.index(custodian) if custodian in self.custodians else -1
        if place < 0:
            raise FalseShareError(custodian, "the deposit names other custodians")
        found = _commit(self.salt, self.share)
        if not hmac.compare_digest(found, self.commitments[place]) or self.share[-1] != place + 1:
            raise FalseShareError(custodian, "it does not match its commitment")


def _commit(salt: bytes, share: bytes) -> bytes:
    return hashlib.sha256(_COMMITMENT_LABEL + salt + share).digest()


def deposits_of(
    secret: bytes,
    *,
    chain_id: int,
    persona: str,
    version: int,
    custodians: Sequence[str],
    threshold: int,
    enclosed: Enclosed | None = None,
) -> list[Deposit]:
    """A deposit for each custodian, in their order; any `threshold` of them give `secret` back,
    which is a sealed seed, or the key of what is enclosed."""
    shares = split(secret, shares=len(custodians), threshold=threshold)
    salts = [os.urandom(_SALT_BYTES) for _ in shares]
    commitments = tuple(map(_commit, salts, shares))
    return [
        Deposit(
            chain_id=chain_id,
            persona=persona,
            version=version,
            threshold=threshold,
            custodians=tuple(custodians),
            commitments=commitments,
            salt=salt,
            share=share,
            enclosed=enclosed,
        )
        for salt, share in zip(salts, shares, strict=True)
    ]


def join_deposits(deposits: Sequence[Deposit]) -> bytes:
    """The secret of these deposits, of one version, each checked before."""
    if len({one.head() for one in deposits}) != 1 or len(deposits) < deposits[0].threshold:
        raise OpeningError(
            "These deposits are too few, or not of one and the same: ask more custodians."
        )
    return join([one.share for one in deposits[: deposits[0].threshold]])


def _release_info(custodian: str, request: bytes) -> bytes:
    return _RELEASE_LABEL + address_bytes(custodian) + exactly(request, 32, "a request")


def seal_release(deposit: bytes, *, to: PublicKey, custodian: str, request: bytes) -> bytes:
    """A deposit, for whoever asked by `request` (the digest of the signed message)."""
    return seal(to, deposit, info=_release_info(custodian, request))


def open_release(sealed: bytes, private: PrivateKey, *, custodian: str, request: bytes) -> Deposit:
    """Open what a custodian released and check that it is what was left with that custodian."""
    deposit = Deposit.from_bytes(
        open_sealed(private, sealed, info=_release_info(custodian, request))
    )
    deposit.check(custodian)
    return deposit
