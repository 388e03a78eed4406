"""A lost seed, brought back: by guardians together with custodians, and by neither alone.

    key = RecoveryKey.make()
    words = key.shares(count=3, threshold=2)             # one line of words for each guardian
    sealed = seal_seed(seed, to=key.public_key, chain_id=1, persona=persona)
    deposits = deposits_of(sealed, …, custodians=("0x…", …), threshold=2)   # one for each custodian
    …
    key = RecoveryKey.join(words[:2])
    seed = open_seed(join_deposits(deposits[:2]), key, chain_id=1, persona=persona)

The entropy of the seed is sealed to a recovery key. The secret of that key is shared among
guardians by SLIP-39, whose words a person can write down. What was sealed is shared among the
custodians by Shamir's scheme, so that guardians who conspire with one custodian still wait for the
delay that the chain keeps, in which the person can say no. Guardians without custodians have a key
and nothing that it opens; custodians without guardians have what is sealed and no key.

A custodian that lies is told by the commitment in its deposit, and named. Honest limits: enough
guardians together with enough custodians can do it behind the person's back; a share that was
handed out can't be called back, so after guardians changed, prepare anew: a new key makes the old
shares worthless, as long as custodians delete what they held before.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from shamir_mnemonic import MnemonicError, Share, combine_mnemonics, generate_mnemonics

from ._bytes import ADDRESS_BYTES, Reader, address_bytes, address_text, be, exactly
from .errors import FalseShareError, FormatError, OpeningError
from .hpke import OVERHEAD_BYTES, PRIVATE_KEY_BYTES, SUITE, PrivateKey, PublicKey, open_sealed, seal
from .keys import Seed
from .shamir import join, split

__all__ = [
    "Deposit",
    "RecoveryKey",
    "deposits_of",
    "join_deposits",
    "open_release",
    "open_seed",
    "seal_release",
    "seal_seed",
]

_SEED_HEAD: Final = b"ASED\x01" + bytes([SUITE])
_SEED_LABEL: Final = b"aceso/v1/seed-for\0"
_DEPOSIT_MAGIC: Final = b"AREC"
_DEPOSIT_VERSION: Final = 1
_COMMITMENT_LABEL: Final = b"aceso/v1/recovery-commitment\0"
_RELEASE_LABEL: Final = b"aceso/v1/recovery-release\0"
_SALT_BYTES: Final = 32
_ENTROPY_BYTES: Final = (16, 32)
# Of what is sealed, and its x.
_SHARE_BYTES: Final = tuple(len(_SEED_HEAD) + OVERHEAD_BYTES + one + 1 for one in _ENTROPY_BYTES)
_MAX_CUSTODIANS: Final = 16


class RecoveryKey:
    """The key that a lost seed is sealed to. Its secret exists in the guardians' shares alone."""

    __slots__ = ("_private",)

    def __init__(self, private: PrivateKey):
        self._private = private

    def __repr__(self) -> str:
        return "RecoveryKey(…)"

    @classmethod
    def make(cls) -> RecoveryKey:
        """A fresh key."""
        return cls(PrivateKey(os.urandom(PRIVATE_KEY_BYTES)))

    @classmethod
    def join(cls, shares: Sequence[str]) -> RecoveryKey:
        """The key of these guardians' words, at least as many as the threshold."""
        try:
            distinct = list(dict.fromkeys(" ".join(words.lower().split()) for words in shares))
            needed = max(
                (Share.from_mnemonic(words).member_threshold for words in distinct), default=0
            )
            secret = combine_mnemonics(distinct[:needed])
        except MnemonicError:
            # What the library says may hold words of a share, so the chain ends here.
            raise OpeningError(
                "These guardians' words do not make the recovery key: there are too few of them, "
                "one is miswritten, or they are of different recoveries. Check each against what "
                "was written down."
            ) from None
        if len(secret) != PRIVATE_KEY_BYTES:
            raise OpeningError("These words share another secret than a recovery key.")
        return cls(PrivateKey(secret))

    def shares(self, *, count: int, threshold: int) -> list[str]:
        """SLIP-39 words for each of `count` guardians, any `threshold` of whom are enough."""
        if not 2 <= threshold <= count <= 16:
            raise ValueError(f"{threshold} of {count} is not a threshold: 2 <= m <= n <= 16")
        (words,) = generate_mnemonics(1, [(threshold, count)], self._private.to_bytes())
        return list(words)

    @property
    def public_key(self) -> PublicKey:
        return self._private.public_key

    def open(self, sealed: bytes, *, info: bytes) -> bytes:
        """What was sealed to this key."""
        return open_sealed(self._private, sealed, info=info)


def _seed_info(chain_id: int, persona: str) -> bytes:
    return _SEED_LABEL + _SEED_HEAD + be(chain_id, 8, "a chain id") + address_bytes(persona)


def seal_seed(seed: Seed, *, to: PublicKey, chain_id: int, persona: str) -> bytes:
    """The entropy of `seed`, sealed to a recovery key for this persona."""
    return _SEED_HEAD + seal(to, seed.entropy(), info=_seed_info(chain_id, persona))


def open_seed(sealed: bytes, key: RecoveryKey, *, chain_id: int, persona: str) -> Seed:
    """Open what `seal_seed` made, or raise `OpeningError`."""
    reader = Reader(sealed, "sealed seed")
    reader.expect(_SEED_HEAD[:4], "magic")
    reader.expect(_SEED_HEAD[4:5], "version")
    reader.expect(_SEED_HEAD[5:], "suite")
    entropy = key.open(sealed[reader.at :], info=_seed_info(chain_id, persona))
    if len(entropy) not in _ENTROPY_BYTES:
        raise FormatError("What was sealed is not the entropy of a seed of 12 or 24 words.")
    return Seed.from_entropy(entropy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit:
    """What one custodian keeps of a sealed seed. All deposits of one version have the same head."""

    chain_id: int
    persona: str
    version: int
    threshold: int
    custodians: tuple[str, ...]
    commitments: tuple[bytes, ...]
    salt: bytes = field(repr=False)
    share: bytes = field(repr=False)

    def head(self) -> bytes:
        """What all deposits of one version have in common."""
        return b"".join(
            (
                _DEPOSIT_MAGIC,
                bytes([_DEPOSIT_VERSION, SUITE]),
                be(self.chain_id, 8, "a chain id"),
                address_bytes(self.persona),
                be(self.version, 8, "a version"),
                bytes([self.threshold, len(self.custodians)]),
                *(
                    address_bytes(address) + commitment
                    for address, commitment in zip(self.custodians, self.commitments, strict=True)
                ),
            )
        )

    def to_bytes(self) -> bytes:
        length = be(len(self.share), 2, "a share's length")
        return self.head() + self.salt + length + self.share

    @property
    def digest(self) -> bytes:
        """SHA-256: how `RecoveryDeposit.deposit` names these bytes."""
        return hashlib.sha256(self.to_bytes()).digest()

    @classmethod
    def from_bytes(cls, data: bytes) -> Deposit:
        """Read what `to_bytes` wrote, or raise `FormatError`."""
        reader = Reader(data, "recovery deposit")
        reader.expect(_DEPOSIT_MAGIC, "magic")
        reader.one_of((_DEPOSIT_VERSION,), "version")
        reader.expect(bytes([SUITE]), "suite")
        chain_id = reader.number(8, "chain id")
        persona = address_text(reader.take(ADDRESS_BYTES, "persona"))
        version = reader.number(8, "version")
        threshold, count = reader.number(1, "threshold"), reader.number(1, "custodians")
        if not 2 <= threshold <= count <= _MAX_CUSTODIANS:
            raise FormatError(f"A recovery deposit is {threshold} of {count}, which is none.")
        notes = [
            (address_text(reader.take(ADDRESS_BYTES, "custodian")), reader.take(32, "commitment"))
            for _ in range(count)
        ]
        custodians = tuple(address for address, _ in notes)
        if len(set(custodians)) != count:
            raise FormatError("A recovery deposit names a custodian twice.")
        salt = reader.take(_SALT_BYTES, "salt")
        share = reader.take(reader.number(2, "share's length"), "share")
        if len(share) not in _SHARE_BYTES:
            raise FormatError(f"A share of a sealed seed has not {len(share)} bytes.")
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
    sealed: bytes,
    *,
    chain_id: int,
    persona: str,
    version: int,
    custodians: Sequence[str],
    threshold: int,
) -> list[Deposit]:
    """A deposit for each custodian, in their order; any `threshold` of them give `sealed` back."""
    shares = split(sealed, shares=len(custodians), threshold=threshold)
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
        )
        for salt, share in zip(salts, shares, strict=True)
    ]


def join_deposits(deposits: Sequence[Deposit]) -> bytes:
    """The sealed seed of these deposits, of one version, each checked before."""
    if len({one.head() for one in deposits}) != 1 or len(deposits) < deposits[0].threshold:
        raise OpeningError(
            "These deposits are too few, or not of one recovery: ask more custodians."
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
