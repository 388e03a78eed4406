"""A file as the body of a record: read from the disk when it is wanted, never held."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

__all__ = ["FileBody"]


@dataclass(frozen=True, slots=True)
class FileBody:
    """The bytes of `path`, with their digests: SHA-256 for the record, SHA-1 for FHIR."""

    path: Path = field(repr=False)
    size: int
    sha256: bytes
    sha1: bytes

    @classmethod
    def of(cls, path: Path) -> FileBody:
        wide, short = hashlib.sha256(), hashlib.sha1(usedforsecurity=False)
        size = 0
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                wide.update(block)
                short.update(block)
                size += len(block)
        return cls(path, size, wide.digest(), short.digest())

    def open(self) -> BinaryIO:
        return self.path.open("rb")

    def fields(self, media_type: str) -> Mapping[str, bytes]:
        """What can be shown of the file without the file."""
        return {
            "/media_type": json.dumps(media_type).encode(),
            "/sha256": json.dumps(self.sha256.hex()).encode(),
            "/size": str(self.size).encode(),
        }
