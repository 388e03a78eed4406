"""An extract as a file: what was made, how, and the certificate, in one JSON document.

    package = Package.make(extract, blind=os.urandom(32))
    package.contents, package.parameters, package.removed       # for the certificate
    data = package.to_bytes(signed)                             # sealed for the buyer

    opened = Package.read(data)
    certificate = opened.check(domain)
    opened.files                                                # standard files, by name

The certificate commits to the files, the parameters and the removed paths with the blinding that
lies in the package: custodians see the commitments and can't guess by them, and whoever opens the
package can check all of it without asking anybody.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import rfc8785

from aceso.errors import SPOILT, IntegrityError
from aceso.vault import Certificate, SignedCertificate, committed
from aceso.vault.errors import FormatError

from .deidentify import Extract

__all__ = ["PACKAGE_TYPE", "Package"]

PACKAGE_TYPE: Final = "application/vnd.aceso.extract+json"

_FORMAT: Final = "aceso-extract"
_VERSION: Final = 1
_BLIND_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Package:
    """The files of an extract, how they were made, and once it is signed, the certificate."""

    files: Mapping[str, bytes] = field(repr=False)
    about: Mapping[str, Any]
    _blind: bytes = field(repr=False)
    signed: SignedCertificate | None = None
    # Where its records come from, as `OriginProof` reads it: it opens the certificate's lineage.
    origin: Mapping[str, Any] | None = field(default=None, repr=False)

    @classmethod
    def make(
        cls, extract: Extract, *, blind: bytes, origin: Mapping[str, Any] | None = None
    ) -> Package:
        """Package an extract; `blind` is 32 random bytes, or derived for this order alone."""
        about = {
            "parameters": dict(extract.parameters),
            "removed": dict(extract.removed),
            "counts": extract.counts,
        }
        return cls(extract.files(), about, blind, origin=origin)

    @property
    def contents(self) -> bytes:
        """The commitment to the files and their counts."""
        digests = {name: hashlib.sha256(data).hexdigest() for name, data in self.files.items()}
        return committed(self._blind, {"files": digests, "counts": self.about["counts"]})

    @property
    def parameters(self) -> bytes:
        """The commitment to the parameters."""
        return committed(self._blind, self.about["parameters"])

    @property
    def removed(self) -> bytes:
        """The commitment to the removed paths."""
        return committed(self._blind, self.about["removed"])

    def to_bytes(self, signed: SignedCertificate, domain: Mapping[str, Any]) -> bytes:
        """The document, with the certificate of it."""
        said: dict[str, Any] = {
            "format": _FORMAT,
            "version": _VERSION,
            "about": dict(self.about),
            "blind": self._blind.hex(),
            "files": {name: data.decode() for name, data in self.files.items()},
            "certificate": {**signed.to_json(), "domain": dict(domain)},
        }
        if self.origin is not None:
            said["origin"] = dict(self.origin)
        return rfc8785.dumps(said)

    @classmethod
    def read(cls, data: bytes) -> Package:
        """Read what `to_bytes` wrote; nothing in it is believed before `check`."""
        try:
            said = json.loads(data)
            if (said["format"], said["version"]) != (_FORMAT, _VERSION):
                raise ValueError("another format or version")
            files = {str(name): text.encode() for name, text in said["files"].items()}
            blind = bytes.fromhex(said["blind"])
            about = {name: said["about"][name] for name in ("parameters", "removed", "counts")}
            if len(blind) != _BLIND_BYTES or not all(map(_is_plain, files)):
                raise ValueError("a blinding or a file name that we never write")
            signed = SignedCertificate.from_json(said["certificate"])
            return cls(files, about, blind, signed, said.get("origin"))
        except (*SPOILT, FormatError) as exc:
            raise IntegrityError(
                "This is not an extract of a version that we know. Ask its maker for another, or "
                "update this program.",
                code="E_EXTRACT_FORMAT",
            ) from exc

    def check(self) -> Certificate:
        """The certificate, when it is of these files; else an `IntegrityError`. Who signed it, and
        whether the maker may, is asked where the chain is."""
        signed = self.signed
        certificate = signed.certificate if signed else None
        try:
            said = (self.contents, self.parameters, self.removed)
        except SPOILT:
            said = (b"", b"", b"")
        if certificate is None or said != (
            certificate.contents,
            certificate.parameters,
            certificate.removed,
        ):
            raise IntegrityError(
                "The certificate is not of this extract: a file, the parameters or the list of "
                "what was removed were changed. Don't use it; ask for another.",
                code="E_EXTRACT_CHANGED",
            )
        return certificate


def _is_plain(name: str) -> bool:
    """Whether it is a name of a file as we write them, which can't lead out of a folder."""
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,60}\.(ndjson|vcf)", name) is not None
