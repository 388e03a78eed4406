"""The vault: what keeps a person's data shut, and opens it to whom they let in.

    keys         everything from one seed
    hpke         sealing a few bytes to one key, post-quantum
    segments     sealing a body of any size
    capsule      the data key, locked between custodians, class key and owner
    sealed_keys  a class key on its way to a grantee
    batch        leaves under one root

Bytes are specified in docs/vault-format.md, so that another program can read them. The vault knows
neither chain, nor IPFS, nor network: it is given bytes and gives bytes.
"""

from .batch import Batch, check_proof, make_batch, root_of, standard_leaf
from .capsule import (
    Capsule,
    CapsuleContext,
    RecordKey,
    VerifiedShare,
    join,
    make_capsule,
    open_as_owner,
    open_released,
    open_share,
    seal_share,
)
from .errors import (
    CardError,
    FalseShareError,
    FormatError,
    OpeningError,
    RollbackError,
    SeedError,
)
from .hpke import SUITE, PrivateKey, PublicKey, open_sealed, seal
from .keys import Seed, VaultKeys
from .sealed_keys import KeyBinding, open_class_key, seal_class_key, sealed_key_digest
from .segments import (
    Body,
    check_body,
    new_dek,
    open_bytes,
    open_stream,
    padded_length,
    seal_bytes,
    seal_stream,
    sealed_length,
)

__all__ = [
    "SUITE",
    "Batch",
    "Body",
    "Capsule",
    "CapsuleContext",
    "CardError",
    "FalseShareError",
    "FormatError",
    "KeyBinding",
    "OpeningError",
    "PrivateKey",
    "PublicKey",
    "RecordKey",
    "RollbackError",
    "Seed",
    "SeedError",
    "VaultKeys",
    "VerifiedShare",
    "check_body",
    "check_proof",
    "join",
    "make_batch",
    "make_capsule",
    "new_dek",
    "open_as_owner",
    "open_bytes",
    "open_class_key",
    "open_released",
    "open_sealed",
    "open_share",
    "open_stream",
    "padded_length",
    "root_of",
    "seal",
    "seal_bytes",
    "seal_class_key",
    "seal_share",
    "seal_stream",
    "sealed_key_digest",
    "sealed_length",
    "standard_leaf",
]
