"""What reading a file gives: outcomes, pieces, records and the source file itself."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from pathlib import Path
from typing import BinaryIO, Protocol, TypeAlias

from aceso.codes import DataClass

__all__ = [
    "FHIR_JSON",
    "VCF",
    "Body",
    "BytesBody",
    "Format",
    "Item",
    "Kind",
    "Outcome",
    "Piece",
    "RecordDraft",
    "SourceFile",
]

FHIR_JSON = "application/fhir+json"
VCF = "text/vcf"


@dataclass(frozen=True, slots=True)
class Format:
    """A source format, told by what is in the file, never by its name.

    `name` is stable; `en` and `ko` are what a person reads; `media_type` is that of the file.
    """

    name: str
    media_type: str
    en: str
    ko: str


class Kind(Enum):
    """What became of one resource, or of a whole file."""

    IMPORTED = "imported"
    UNCHANGED = "unchanged"  # Byte for byte the same as one that was read before.
    SKIPPED = "skipped"  # Understood and left out on purpose, such as another person's.
    REFUSED = "refused"  # Wrong, and the reason says how. The source file still holds it.
    KEPT = "kept"  # Not understood yet. The source file holds it, whole.


# Not frozen, as the rest is: a phone's export makes millions of these and of pieces, and to make a
# frozen one takes three times as long. Nobody changes one.
@dataclass(slots=True)
class Outcome:
    """What became of the part of `source` at `place`, and why.

    `place` is a JSON pointer, a line or an offset. `reason` is one sentence without any value from
    the file; `code` is stable and small, so that the sentence can be said in another language.
    """

    kind: Kind
    place: str
    resource_type: str = ""
    reason: str = ""
    code: str = ""
    source: Path = field(default=Path(), repr=False)
    data_class: DataClass | None = None
    # The people whom a file of several is about, where it has no pieces that say so.
    people: tuple[str, ...] = field(default=(), repr=False)


class Body(Protocol):
    """The canonical bytes of a record, which may be too many to hold."""

    @property
    def size(self) -> int: ...

    @property
    def sha256(self) -> bytes: ...

    def open(self) -> BinaryIO:
        """A fresh binary stream from the first byte. The caller closes it."""
        ...


@dataclass(slots=True)
class BytesBody:
    """A body that is held in memory."""

    data: bytes = field(repr=False)

    @property
    def size(self) -> int:
        return len(self.data)

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.data).digest()

    def open(self) -> BinaryIO:
        return io.BytesIO(self.data)


@dataclass(slots=True)
class Piece:
    """One standardised resource, before pieces are grouped to records.

    `issuer` and `event` are keys made of references and dates. They say which pieces belong
    together, and stay on the device: none of them is fit for a log or a chain.
    """

    data_class: DataClass
    media_type: str
    body: Body = field(repr=False)
    resource_type: str
    place: str
    why_class: str
    subject: str = field(default="", repr=False)
    issuer: str = field(default="", repr=False)
    event: str = field(default="", repr=False)
    day: date | None = None
    issued_at: str | None = None
    fields: Mapping[str, bytes] | None = field(default=None, repr=False)
    alone: bool = False  # A record of its own: a genome, or a body too large to group.

    @property
    def lineage(self) -> bytes:
        """What stays the same when more is told of the same encounter or day."""
        data_class = str(int(self.data_class))
        parts = [data_class, self.media_type, self.issuer, self.subject, self.event]
        return hashlib.sha256(json.dumps(parts).encode("utf-8", "surrogatepass")).digest()


Item: TypeAlias = tuple[Outcome, Piece | None]


@dataclass(frozen=True, slots=True)
class RecordDraft:
    """A record that is ready to seal: one class, one issuer, one encounter or day, one person.

    `body` holds the canonical bytes, the same for the same contents whenever they are read.
    `lineage` stays the same when contents are added to the encounter or day, so that a caller can
    supersede the older record. `fields` are the leaves of the salted field tree: a JSON pointer
    into the body, and the canonical bytes of the value there.
    """

    data_class: DataClass
    media_type: str
    body: Body = field(repr=False)
    issued_at: str | None
    day: date | None
    source_place: str
    why_class: str
    pieces: int
    fields: Mapping[str, bytes] = field(repr=False)
    subject: str = field(repr=False)
    issuer: str = field(repr=False)
    lineage: bytes = field(repr=False)
    resource_types: tuple[str, ...] = ()

    @property
    def canonical(self) -> bytes:
        """The whole body. Warning: a genome may be larger than memory; use `body.open()` there."""
        with self.body.open() as stream:
            return stream.read()


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The file as it came, which is sealed as a record of its own, byte for byte.

    `data_class` is the most sensitive class found in it. A file with more than one kind of
    sensitive content is UNCLASSIFIED: under any one of those classes it would give the others away.
    """

    path: Path = field(repr=False)
    size: int
    sha256: bytes
    media_type: str
    data_class: DataClass
    why_class: str

    def open(self) -> BinaryIO:
        return self.path.open("rb")

    @property
    def fields(self) -> Mapping[str, bytes]:
        """What can be shown of the file without the file: its digest, size and media type."""
        return {
            "/media_type": json.dumps(self.media_type).encode(),
            "/sha256": json.dumps(self.sha256.hex()).encode(),
            "/size": str(self.size).encode(),
        }
