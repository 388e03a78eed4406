"""All keys of a vault, from one seed.

    seed = Seed.make()
    seed.mnemonic                          # what the person writes down
    seed.persona(0)                        # an Ethereum account for one relationship
    keys = seed.keys(chain_id=1)
    keys.class_key(LABS, epoch=0)          # opens the records of one class and epoch

A *persona* is the account m/44'/60'/i'/0/0. Every other key is HKDF-SHA256 over the seed, with what
it is for in `info`: purpose, home chain, data class, epoch. So a grantee who is given one class key
holds nothing of any other, and the seed alone brings all of them back. A new epoch of a class is a
new key pair that the old one says nothing about.

A browser wallet gets the words of `seed.browser_wallet(i)`, a BIP-85 child: they give the seed away
to nobody, and can be replaced. Encryption keys are never made from a wallet's signature.

Whoever has the seed has everything. Nothing here keeps it: that is for the caller, encrypted.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from eth_account import Account
from eth_account.hdaccount import key_from_seed
from eth_account.hdaccount.deterministic import HardNode, HDPath, derive_child_key
from eth_account.hdaccount.mnemonic import Mnemonic
from eth_account.signers.local import LocalAccount
from eth_account.types import Language

from ._bytes import be, exactly
from .errors import SeedError
from .hpke import PRIVATE_KEY_BYTES, PrivateKey

__all__ = ["Seed", "VaultKeys"]

_WORDS: Final = (12, 24)
_SALT: Final = b"aceso/v1"
_SECP256K1_ORDER: Final = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
# 16 bytes more than the order, so that the remainder is as good as uniform (as in RFC 9380).
_SECP256K1_INPUT_BYTES: Final = 48


@cache
def _english() -> Mnemonic:
    return Mnemonic(Language.ENGLISH)


@dataclass(frozen=True, slots=True, eq=False)
class Seed:
    """A person's BIP-39 seed. Make one with `make` or `from_mnemonic`."""

    mnemonic: str = field(repr=False)
    _seed: bytes = field(repr=False)

    @classmethod
    def make(cls, words: int = 24) -> Seed:
        """A fresh seed of 12 or 24 words."""
        if words not in _WORDS:
            raise SeedError(
                f"A seed has 12 or 24 words, not {words}.",
                code="E_SEED_LENGTH",
                details={"words": words},
            )
        return cls.from_mnemonic(_english().generate(words))

    @classmethod
    def from_mnemonic(cls, mnemonic: str) -> Seed:
        """The seed of these English BIP-39 words, however they are spaced and capitalised."""
        words = mnemonic.lower().split()
        if len(words) not in _WORDS:
            raise SeedError(
                f"A seed has 12 or 24 words, and these are {len(words)}. Check for a word that was "
                "left out or written twice.",
                code="E_SEED_LENGTH",
                details={"words": len(words)},
            )
        known = _english().wordlist
        for position, word in enumerate(words, start=1):
            # The word itself stays out of the sentence: a mistyped one is nearly the secret.
            if word not in known:
                raise SeedError(
                    f"Word {position} is not in the BIP-39 list of English words. Check its "
                    "spelling against what was written down.",
                    code="E_SEED_WORD",
                    details={"position": position},
                )
        text = " ".join(words)
        if not _english().is_mnemonic_valid(text):
            raise SeedError(
                "Each word is a right one, but together they are not a seed: the checksum is "
                "wrong. Two words may be swapped, or one may be another word of the list.",
                code="E_SEED_CHECKSUM",
            )
        return cls(text, Mnemonic.to_seed(text))

    @classmethod
    def from_entropy(cls, entropy: bytes) -> Seed:
        """The seed of these 16 or 32 bytes, which BIP-39 writes as words."""
        if len(entropy) not in (16, 32):
            raise ValueError(f"a seed has 16 or 32 bytes of entropy, not {len(entropy)}")
        return cls.from_mnemonic(_english().to_mnemonic(entropy))

    def entropy(self) -> bytes:
        """The 16 or 32 bytes that the words stand for: what is left of them without checksum."""
        words = self.mnemonic.split()
        places = {word: place for place, word in enumerate(_english().wordlist)}
        bits = 0
        for word in words:
            bits = bits << 11 | places[word]
        checksum = len(words) // 3
        return (bits >> checksum).to_bytes(len(words) * 4 // 3, "big")

    def persona(self, index: int) -> LocalAccount:
        """The account that the person shows in one relationship."""
        be(index, 4, "a persona's index")
        account: LocalAccount = Account.from_key(
            key_from_seed(self._seed, f"m/44'/60'/{index}'/0/0")
        )
        return account

    def browser_wallet(self, index: int = 0) -> Seed:
        """The BIP-85 child of 12 words for a browser wallet."""
        path = HDPath(f"m/83696968'/39'/0'/12'/{index}'")
        entropy = _bip85_entropy(path.derive(self._seed))[:16]
        return Seed.from_mnemonic(_english().to_mnemonic(entropy))

    def keys(self, chain_id: int) -> VaultKeys:
        """The vault's keys for this home chain."""
        return VaultKeys(chain_id=chain_id, _seed=self._seed)


def _bip85_entropy(key: bytes) -> bytes:
    return hmac.new(b"bip-entropy-from-k", key, hashlib.sha512).digest()


def _bip85_from_extended(key: bytes, chain_code: bytes, *path: int) -> bytes:
    """The entropy at a hardened path below any extended key; the standard's vectors start there."""
    for index in path:
        key, chain_code = derive_child_key(key, chain_code, HardNode(index))
    return _bip85_entropy(key)


@dataclass(frozen=True, slots=True, eq=False)
class VaultKeys:
    """The keys of one seed on one home chain, each derived when it is asked for."""

    chain_id: int
    _seed: bytes = field(repr=False)

    def derive(self, purpose: str, length: int, data_class: int = 0, epoch: int = 0) -> bytes:
        """HKDF-SHA256 of the seed; docs/vault-format.md lists the purposes."""
        info = (
            b"aceso/v1/"
            + purpose.encode("ascii")
            + b"\0"
            + be(self.chain_id, 8, "a chain id")
            + be(data_class, 4, "a data class")
            + be(epoch, 4, "an epoch")
        )
        return HKDF(SHA256(), length=length, salt=_SALT, info=info).derive(self._seed)

    def _account(self, purpose: str, data_class: int = 0, epoch: int = 0) -> LocalAccount:
        wide = self.derive(purpose, _SECP256K1_INPUT_BYTES, data_class, epoch)
        secret = int.from_bytes(wide, "big") % (_SECP256K1_ORDER - 1) + 1
        account: LocalAccount = Account.from_key(secret.to_bytes(32, "big"))
        return account

    def _pair(self, purpose: str, data_class: int = 0, epoch: int = 0) -> PrivateKey:
        return PrivateKey(self.derive(purpose, PRIVATE_KEY_BYTES, data_class, epoch))

    def class_key(self, data_class: int, epoch: int) -> PrivateKey:
        """Opens K2 of every record of this class and epoch. This is what a grantee is given."""
        return self._pair("class-key", data_class, epoch)

    def list_key(self, data_class: int, epoch: int) -> LocalAccount:
        """Signs the opening of the list of this class and epoch, and posts to it."""
        return self._account("list-key", data_class, epoch)

    def log_key(self, data_class: int, epoch: int) -> PrivateKey:
        """Opens the access receipts of that list."""
        return self._pair("log-key", data_class, epoch)

    def owner_key(self) -> PrivateKey:
        """Opens every record of the vault without anybody's help."""
        return self._pair("owner-key")

    def emergency_key(self, persona: int) -> PrivateKey:
        """Opens the emergency classes' keys; its secret is on the card of this persona."""
        return self._pair("emergency-key", 0, persona)

    def guardian_key(self, persona: int, number: int = 0) -> PrivateKey:
        """What is sealed to us as somebody's guardian: keys for each ward, as there is an account
        for each, one after the other."""
        return self._pair("guardian-key", number, persona)

    def receiving_key(self, number: int) -> PrivateKey:
        """What is sealed to an account that is no person's: its keys one after the other, the first
        of which is the owner key."""
        return self._pair("receiving-key", 0, number) if number else self.owner_key()

    def head_key(self) -> LocalAccount:
        """Signs the head of the manifest."""
        return self._account("head-key")

    def manifest_key(self) -> bytes:
        """Seals the manifest: 32 bytes."""
        return self.derive("manifest-key", 32)

    def backup_key(self) -> bytes:
        """Seals a backup of capsules: 32 bytes."""
        return self.derive("backup-key", 32)

    def record_id(self, canonical_digest: bytes, data_class: int) -> bytes:
        """The id of a record that the person imports: same bytes and class, same id."""
        exactly(canonical_digest, 32, "a digest")
        message = canonical_digest + be(data_class, 4, "a data class")
        return hmac.new(self.derive("record-id-key", 32), message, hashlib.sha256).digest()
