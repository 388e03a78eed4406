"""Custody: the service that keeps shares of records' keys, and its clients.

    python -m aceso.custody init --folder DIR
    python -m aceso.custody serve --folder DIR --rpc URL --deployment FILE

    Custodian      one custodian over HTTP
    Committee      several as one: any m of n will do, and whoever lies is named
    CustodianKeys  a custodian's key file
    Token          a PKCS#11 token that seals it
    publish, revoke, look  for who operates one

docs/custody.md says what a custodian promises, what each address takes, and what custody can't do.
"""

from ._bundles import Act, bundles, delete_act, keys_act, open_act, post_act
from ._operating import Published, look, publish, revoke
from .client import (
    AccessLog,
    Custodian,
    DeletionReceipt,
    Delivery,
    DepositDeletionReceipt,
    DepositKind,
    Listing,
    SealedKey,
    SignedRequest,
)
from .committee import Attestation, Committee, Division, Inquiry, Posted, newest_of
from .errors import (
    ChainUnsafeError,
    CustodianDownError,
    DeniedError,
    FalseLogError,
    HeadRollbackError,
    KeyFileError,
    RequestRefusedError,
    TokenDownError,
    TokenError,
    TooFewCustodiansError,
    UnlistedError,
    WithheldError,
)
from .keys import CustodianKeys, Token
from .logbook import LogHead
from .panel import Answer, Question
from .parts import Parts, leaf_of
from .proof import FalseShareProof, ProvenFalseShareError, Release

__all__ = [
    "AccessLog",
    "Act",
    "Answer",
    "Attestation",
    "ChainUnsafeError",
    "Committee",
    "Custodian",
    "CustodianDownError",
    "CustodianKeys",
    "DeletionReceipt",
    "Delivery",
    "DeniedError",
    "DepositDeletionReceipt",
    "DepositKind",
    "Division",
    "FalseLogError",
    "FalseShareProof",
    "HeadRollbackError",
    "Inquiry",
    "KeyFileError",
    "Listing",
    "LogHead",
    "Parts",
    "Posted",
    "ProvenFalseShareError",
    "Published",
    "Question",
    "Release",
    "RequestRefusedError",
    "SealedKey",
    "SignedRequest",
    "Token",
    "TokenDownError",
    "TokenError",
    "TooFewCustodiansError",
    "UnlistedError",
    "WithheldError",
    "bundles",
    "delete_act",
    "keys_act",
    "leaf_of",
    "look",
    "newest_of",
    "open_act",
    "post_act",
    "publish",
    "revoke",
]
