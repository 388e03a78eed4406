"""What a record list holds of one record.

    envelope = Envelope(record_id=…, …, hashes=tree.hashes, issuer=…, root=batch.root,
                        proof=batch.proof(tree.leaf))
    entry = ListEntry(cid=cid, capsule=capsule, issuer=issuer, root=batch.root,
                      envelope=envelope.seal(dek))
    entry.digest                                  # what `ListPost.entry` says

The *envelope* is what a reader needs besides the body to understand a record and to prove it: the
head fields, the hash of every field, and the way to the anchored root. It is sealed under a key of
the record's data key, so custodians keep it without reading it. The salts aren't in it: they follow
from the data key. The *entry* is what a custodian keeps and lists.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

import rfc8785
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from aceso.errors import SPOILT

from ._boxes import open_box, seal_box
from ._bytes import ADDRESS_BYTES, Reader, address_bytes, address_text, be, exactly, keccak
from .batch import check_proof
from .capsule import Capsule
from .errors import FormatError, OpeningError
from .fields import FieldTree, head_fields

__all__ = ["Envelope", "ListEntry"]

_ENVELOPE_MAGIC: Final = b"AENV"
_ENTRY_MAGIC: Final = b"AENT"
_VERSION: Final = b"\x01"
_CID_CHARACTERS: Final = frozenset(b"abcdefghijklmnopqrstuvwxyz234567")


def _envelope_key(dek: bytes, record_id: bytes) -> bytes:
    return HKDF(SHA256(), length=32, salt=record_id, info=b"aceso/v1/envelope-key").derive(dek)


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What is said of a record, and how it is proved.

    `holder` is the persona that the issuer knows; `digest` the SHA-256 of the canonical bytes;
    `hashes` the keccak-256 of every field by its path; `proof` leads from the record's leaf to
    `root`, which `issuer` anchored.
    """

    record_id: bytes
    data_class: int
    issued_at: int
    lineage: tuple[bytes, ...]
    holder: str
    digest: bytes
    media_type: str
    hashes: Mapping[str, bytes] = field(repr=False)
    issuer: str
    root: bytes
    proof: tuple[bytes, ...] = field(repr=False)

    def head(self) -> dict[str, bytes]:
        """The six fields that every record has."""
        return head_fields(
            record_id=self.record_id,
            data_class=self.data_class,
            issued_at=self.issued_at,
            lineage=self.lineage,
            holder=self.holder,
            digest=self.digest,
        )

    def tree(self, dek: bytes) -> FieldTree:
        """The record's field tree, checked: head against hashes, leaf against root."""
        for path, value in self.head().items():
            if self.hashes.get(path) != keccak(value):
                raise OpeningError(f"The envelope contradicts itself about {path}.")
        tree = FieldTree.of_hashes(self.hashes, dek=dek, record_id=self.record_id)
        check_proof(self.root, tree.leaf, self.proof)
        return tree

    def seal(self, dek: bytes) -> bytes:
        """Seal it under the record's data key."""
        document = rfc8785.dumps(
            {
                "recordId": self.record_id.hex(),
                "class": self.data_class,
                "issuedAt": self.issued_at,
                "lineage": [parent.hex() for parent in self.lineage],
                "holder": address_text(address_bytes(self.holder)),
                "digest": self.digest.hex(),
                "mediaType": self.media_type,
                "fields": {path: value.hex() for path, value in self.hashes.items()},
                "issuer": address_text(address_bytes(self.issuer)),
                "root": self.root.hex(),
                "proof": [step.hex() for step in self.proof],
            }
        )
        key = _envelope_key(dek, self.record_id)
        return seal_box(document, key=key, magic=_ENVELOPE_MAGIC, bound=self.record_id)

    @classmethod
    def open(cls, sealed: bytes, dek: bytes, *, record_id: bytes) -> Envelope:
        """Open what `seal` made, or raise `OpeningError`."""
        _, document = open_box(
            sealed,
            key=_envelope_key(dek, record_id),
            magic=_ENVELOPE_MAGIC,
            bound=record_id,
            what="envelope",
        )
        try:
            said = json.loads(document)
            envelope = cls(
                record_id=exactly(bytes.fromhex(said["recordId"]), 32, "a record id"),
                data_class=int(said["class"]),
                issued_at=int(said["issuedAt"]),
                lineage=tuple(bytes.fromhex(parent) for parent in said["lineage"]),
                holder=str(said["holder"]),
                digest=bytes.fromhex(said["digest"]),
                media_type=str(said["mediaType"]),
                hashes={path: bytes.fromhex(value) for path, value in said["fields"].items()},
                issuer=str(said["issuer"]),
                root=exactly(bytes.fromhex(said["root"]), 32, "a root"),
                proof=tuple(bytes.fromhex(step) for step in said["proof"]),
            )
            envelope.head()
        except SPOILT as exc:
            raise FormatError("The envelope opens, but is not in a form that we know.") from exc
        if envelope.record_id != record_id:
            raise OpeningError("The envelope is another record's.")
        return envelope


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEntry:
    """A record as a custodian lists it: nothing in it is secret to the custodian."""

    cid: str
    capsule: Capsule
    issuer: str
    root: bytes
    envelope: bytes = field(repr=False)
    # Asked again and again on an entry's way to its custodians.
    _digest: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        exactly(self.root, 32, "a root")
        if not _is_cid(self.cid.encode("ascii", "replace")):
            raise ValueError("a body's CID is a CIDv1 in base32")
        object.__setattr__(self, "_digest", sha256(self.to_bytes()).digest())

    @property
    def record_id(self) -> bytes:
        """Which record this is."""
        return self.capsule.context.record_id

    @property
    def digest(self) -> bytes:
        """SHA-256 of the bytes: how a signed message names this entry."""
        return self._digest

    def to_bytes(self) -> bytes:
        """The layout of docs/vault-format.md."""
        capsule = self.capsule.to_bytes()
        return b"".join(
            (
                _ENTRY_MAGIC,
                _VERSION,
                be(len(self.cid), 1, "a CID's length"),
                self.cid.encode(),
                address_bytes(self.issuer),
                self.root,
                be(len(capsule), 4, "a capsule's length"),
                capsule,
                be(len(self.envelope), 4, "an envelope's length"),
                self.envelope,
            )
        )

    @classmethod
    def from_bytes(cls, data: bytes) -> ListEntry:
        """Read what `to_bytes` wrote; anything else is a `FormatError`."""
        reader = Reader(data, "list entry")
        reader.expect(_ENTRY_MAGIC, "magic")
        reader.expect(_VERSION, "version")
        cid = reader.take(reader.number(1, "CID's length"), "CID")
        issuer = reader.take(ADDRESS_BYTES, "issuer")
        root = reader.take(32, "root")
        capsule = reader.take(reader.number(4, "capsule's length"), "capsule")
        envelope = reader.take(reader.number(4, "envelope's length"), "envelope")
        reader.end()
        if not _is_cid(cid):
            raise FormatError("The list entry has a CID that is not a CIDv1 in base32.")
        return cls(
            cid=cid.decode(),
            capsule=Capsule.from_bytes(capsule),
            issuer=address_text(issuer),
            root=root,
            envelope=envelope,
        )


def _is_cid(cid: bytes) -> bool:
    return len(cid) == 59 and cid[:1] == b"b" and _CID_CHARACTERS.issuperset(cid)
