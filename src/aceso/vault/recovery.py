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

What custodians keep is in `deposits`. Honest limits: enough
guardians together with enough custodians can do it behind the person's back; a share that was
handed out can't be called back, so after guardians changed, prepare anew: a new key makes the old
shares worthless, as long as custodians delete what they held before.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final

from shamir_mnemonic import MnemonicError, Share, combine_mnemonics, generate_mnemonics

from ._bytes import Reader, address_bytes, be
from .errors import FormatError, OpeningError
from .hpke import PRIVATE_KEY_BYTES, SUITE, PrivateKey, PublicKey, open_sealed, seal
from .keys import Seed

__all__ = ["RecoveryKey", "open_seed", "seal_seed"]

_SEED_HEAD: Final = b"ASED\x01" + bytes([SUITE])
_SEED_LABEL: Final = b"aceso/v1/seed-for\0"
_ENTROPY_BYTES: Final = (16, 32)


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
                "was written down.",
                code="E_RECOVERY_WORDS",
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
