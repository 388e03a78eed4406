"""Whether a file is what its issuer issued: evidence that travels beside it.

    evidence = evidence_of(entry, envelope, dek)
    path.with_suffix(".evidence.json").write_text(evidence.to_json())

    verdict = verify(network, path, evidence)
    verdict.genuine

Evidence shows the record's digest, class and date, with the salts and the way to the root that the
issuer anchored; nothing of the contents. It proves that this file was in what the issuer anchored,
and when; never that nothing else was.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from aceso.errors import SPOILT
from aceso.vault import (
    Disclosure,
    Envelope,
    ListEntry,
    check_proof,
    record_leaf,
)
from aceso.vault.errors import FormatError, OpeningError

from .errors import EvidenceError
from .network import Network

__all__ = ["Evidence", "Verdict", "evidence_of", "verify"]

# What reading a file that is no evidence ends with; it comes from strangers.
_SPOILT = (*SPOILT, FormatError)
_SHOWN = ("digest", "class", "issuedAt")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where a file's digest hangs: field, record, batch, and who anchored it."""

    issuer: str
    root: bytes
    fields_root: bytes
    proof: tuple[bytes, ...]
    disclosure: Disclosure

    def to_json(self) -> str:
        return json.dumps(
            {
                "format": "aceso-evidence",
                "version": 1,
                "issuer": self.issuer,
                "root": self.root.hex(),
                "fieldsRoot": self.fields_root.hex(),
                "proof": [step.hex() for step in self.proof],
                "fields": json.loads(self.disclosure.to_json()),
            },
            indent=1,
        )

    @classmethod
    def from_json(cls, text: str) -> Evidence:
        try:
            said = json.loads(text)
            if (said["format"], said["version"]) != ("aceso-evidence", 1):
                raise ValueError("another format or version")
            return cls(
                str(said["issuer"]),
                bytes.fromhex(said["root"]),
                bytes.fromhex(said["fieldsRoot"]),
                tuple(bytes.fromhex(step) for step in said["proof"]),
                Disclosure.from_json(json.dumps(said["fields"])),
            )
        except _SPOILT as exc:
            raise EvidenceError(
                "This is not evidence of a version that we know. Ask for the .evidence.json that "
                "belongs to the file.",
                code="E_EVIDENCE_FORMAT",
            ) from exc


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the file, its evidence and the chain say together."""

    issuer: str
    anchored_at: int
    accredited: bool
    standing: str
    data_class: int
    issued_at: int

    @property
    def genuine(self) -> bool:
        """An accredited issuer anchored it, and it still stands."""
        return self.anchored_at > 0 and self.accredited and self.standing == "STANDS"


def evidence_of(entry: ListEntry, envelope: Envelope, dek: bytes) -> Evidence:
    """The evidence for a record that we can open."""
    tree = envelope.tree(dek)
    head = envelope.head()
    disclosure = tree.disclose({path: head[path] for path in _SHOWN})
    return Evidence(envelope.issuer, envelope.root, tree.root, envelope.proof, disclosure)


def verify(network: Network, path: Path, evidence: Evidence) -> Verdict:
    """Check the file against its evidence, and the evidence against the chain."""
    try:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").digest()
    except OSError as exc:
        raise EvidenceError(
            f"The file {path.name} can't be read. Check the path.", code="E_FILE_UNREADABLE"
        ) from exc
    leaf = record_leaf(evidence.fields_root)
    try:
        shown = evidence.disclosure.check(evidence.fields_root)
        check_proof(evidence.root, leaf, evidence.proof)
        said, data_class, issued_at = (shown[name] for name in _SHOWN)
    except (OpeningError, KeyError) as exc:
        raise EvidenceError(
            "The evidence contradicts itself: it was changed, or put together from two records.",
            code="E_EVIDENCE_FALSE",
        ) from exc
    if said != digest:
        raise EvidenceError(
            "The file is not the one that the evidence is about: it was changed, or it is another "
            "file.",
            code="E_EVIDENCE_OTHER_FILE",
        )
    found = network.suite.records.verify(evidence.issuer, evidence.root, leaf, list(evidence.proof))
    return Verdict(
        evidence.issuer,
        found.anchored_at,
        found.accredited,
        found.standing.name,
        int.from_bytes(data_class, "big"),
        int.from_bytes(issued_at, "big"),
    )
