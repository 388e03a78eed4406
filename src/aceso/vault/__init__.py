"""The vault: what keeps a person's data shut, and opens it to whom they let in.

    keys         everything from one seed
    hpke         sealing a few bytes to one key, post-quantum
    segments     sealing a body of any size
    capsule      the data key, locked between custodians, class key and owner
    sealed_keys  a class key on its way to a grantee
    batch        leaves under one root
    parts        what many members of a union delivered, under one word
    fields       a record's fields, each of which can be shown alone
    record       what a record list holds of a record
    deposits     what custodians keep in parts for a person
    recovery     a lost seed, brought back by guardians and custodians together
    wills        a will, left with custodians until a death
    card         where an issuer learns how to seal for a persona
    manifest     the vault's own index
    backup       all of it in one file, which the seed opens
    crypt4gh     a body as a file for other programs

Bytes are specified in docs/vault-format.md, so that another program can read them. The vault knows
neither chain, nor IPFS, nor network: it is given bytes and gives bytes.
"""

from .backup import BackedUp, BackupPart, BackupWriter, PartKind, chain_of, read_backup
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
from .card import Card, CustodianCard, Opening, SignedOpening
from .certificate import (
    CERTIFICATE_FIELD,
    EXTRACT_METHOD,
    EXTRACT_VERSION,
    KNOWN_METHODS,
    Certificate,
    ShownCertificate,
    SignedCertificate,
    committed,
    lineage_of,
)
from .crypt4gh import write_crypt4gh
from .deposit_notes import CommitteeNote, DepositNote, RecoveryNote, WillNote
from .deposits import Deposit, deposits_of, join_deposits, open_release, seal_release
from .emergency_card import EmergencyCard
from .errors import (
    CardError,
    FalseShareError,
    FormatError,
    OpeningError,
    RollbackError,
    SeedError,
)
from .fields import (
    DisclosedField,
    Disclosure,
    FieldTree,
    head_fields,
    json_fields,
    record_leaf,
)
from .hpke import SUITE, PrivateKey, PublicKey, open_sealed, seal
from .keys import Seed, VaultKeys
from .manifest import (
    Head,
    KeyNote,
    Manifest,
    RecordNote,
    SignedHead,
    newest,
)
from .parts import PartList, part_leaf
from .record import Envelope, ListEntry
from .recovery import RecoveryKey, open_seed, seal_seed
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
from .wills import deposits_of_will, open_will

__all__ = [
    "CERTIFICATE_FIELD",
    "EXTRACT_METHOD",
    "EXTRACT_VERSION",
    "KNOWN_METHODS",
    "SUITE",
    "BackedUp",
    "BackupPart",
    "BackupWriter",
    "Batch",
    "Body",
    "Capsule",
    "CapsuleContext",
    "Card",
    "CardError",
    "Certificate",
    "CommitteeNote",
    "CustodianCard",
    "Deposit",
    "DepositNote",
    "DisclosedField",
    "Disclosure",
    "EmergencyCard",
    "Envelope",
    "FalseShareError",
    "FieldTree",
    "FormatError",
    "Head",
    "KeyBinding",
    "KeyNote",
    "ListEntry",
    "Manifest",
    "Opening",
    "OpeningError",
    "PartKind",
    "PartList",
    "PrivateKey",
    "PublicKey",
    "RecordKey",
    "RecordNote",
    "RecoveryKey",
    "RecoveryNote",
    "RollbackError",
    "Seed",
    "SeedError",
    "ShownCertificate",
    "SignedCertificate",
    "SignedHead",
    "SignedOpening",
    "VaultKeys",
    "VerifiedShare",
    "WillNote",
    "chain_of",
    "check_body",
    "check_proof",
    "committed",
    "deposits_of",
    "deposits_of_will",
    "head_fields",
    "join",
    "join_deposits",
    "json_fields",
    "lineage_of",
    "make_batch",
    "make_capsule",
    "new_dek",
    "newest",
    "open_as_owner",
    "open_bytes",
    "open_class_key",
    "open_release",
    "open_released",
    "open_sealed",
    "open_seed",
    "open_share",
    "open_stream",
    "open_will",
    "padded_length",
    "part_leaf",
    "read_backup",
    "record_leaf",
    "root_of",
    "seal",
    "seal_bytes",
    "seal_class_key",
    "seal_release",
    "seal_seed",
    "seal_share",
    "seal_stream",
    "sealed_key_digest",
    "sealed_length",
    "standard_leaf",
    "write_crypt4gh",
]
