"""The certificate of an extract: how it was made, by whom, and from what.

    signed = SignedCertificate.sign(certificate, account, domain)
    fields = {…, CERTIFICATE_FIELD: signed.digest(domain)}           # anchored with the leaf
    shown = ShownCertificate.of(tree, record_id, signed, domain)     # what custodians are shown
    shown.check(leaf, domain)

A certificate is signed typed data (EIP-712). Its digest is a field of the extract's record, under
the leaf that is anchored and that the committee attests: an extract has one certificate, and it is
said before anybody opens it. Contents, parameters, removed paths and lineage are in it as salted
commitments, since custodians and whoever they tell see the certificate: the salts lie in the
extract, the lineage's with whoever made it. A source's leaf is on the public record of its issuer;
shown, it would tie the research persona to a hospital.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

import rfc8785
from eth_account.signers.local import LocalAccount

from aceso.errors import SPOILT
from aceso.signing import digest, recover_digest, sign_digest

from ._bytes import address_bytes, address_text, exactly, keccak
from .errors import FormatError, OpeningError
from .fields import Disclosure, FieldTree, record_leaf

__all__ = [
    "CERTIFICATE_FIELD",
    "EXTRACT_METHOD",
    "EXTRACT_VERSION",
    "KNOWN_METHODS",
    "Certificate",
    "ShownCertificate",
    "SignedCertificate",
    "committed",
    "lineage_of",
]

EXTRACT_METHOD: Final = "aceso-safe-harbor"
EXTRACT_VERSION: Final = "2"
# What a custodian attests a delivery of. A method is never taken out while an order of it may run.
KNOWN_METHODS: Final = frozenset({(EXTRACT_METHOD, EXTRACT_VERSION)})

CERTIFICATE_FIELD: Final = "/certificate"
_TYPE: Final = "ExtractCertificate"
_SHOWN: Final = (CERTIFICATE_FIELD, "recordId")
_NO_CERTIFICATE: Final = "This is not the certificate of an extract. Ask for it again."


def committed(blind: bytes, document: object) -> bytes:
    """A commitment to a JSON document: keccak-256 of 32 secret bytes and its RFC 8785 bytes."""
    return keccak(exactly(blind, 32, "a blinding") + rfc8785.dumps(document))  # type: ignore[arg-type]


def lineage_of(
    sources: Iterable[tuple[bytes, str, bytes]], *, key: bytes, record_id: bytes
) -> FieldTree:
    """The tree of the records that an extract was made from: leaf, issuer and root of each.

    Its root is in the certificate. With the key, which is the maker's, one source can be shown by
    `disclose` and the rest kept; without it not even their number is to be seen.
    """
    values = {leaf.hex(): address_bytes(issuer) + root for leaf, issuer, root in sources}
    return FieldTree.of(values, dek=key, record_id=record_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What is certified of one extract. `k` is 0 where no cohort was measured."""

    order: int
    subject: str
    maker: str
    record_id: bytes
    contents: bytes
    lineage: bytes
    method: str
    version: str
    parameters: bytes
    removed: bytes
    cohort: int = 0
    k: int = 0

    @property
    def is_known_method(self) -> bool:
        """Whether it is one that custodians attest deliveries of."""
        return (self.method, self.version) in KNOWN_METHODS

    def message(self) -> dict[str, Any]:
        """As it is signed."""
        named = {one.name: getattr(self, one.name) for one in fields(self)}
        return {"recordId": named.pop("record_id"), **named}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Certificate:
        """Read what `to_json` wrote; anything else is one of `SPOILT`."""

        def word(name: str) -> bytes:
            return exactly(bytes.fromhex(said[name].removeprefix("0x")), 32, "a word")

        order, cohort, k = (int(said[name]) for name in ("order", "cohort", "k"))
        if (
            order >> 256
            or cohort >> 32
            or k >> 32
            or max(map(len, (said["method"], said["version"]))) > 64
        ):
            raise ValueError("a value that the type has no room for")
        for name in ("method", "version"):
            if not re.fullmatch(r"[a-z0-9.-]{1,64}", said[name]):
                raise ValueError("a name that no method has")
        return cls(
            order=order,
            subject=address_text(address_bytes(said["subject"])),
            maker=address_text(address_bytes(said["maker"])),
            record_id=word("recordId"),
            contents=word("contents"),
            lineage=word("lineage"),
            method=str(said["method"]),
            version=str(said["version"]),
            parameters=word("parameters"),
            removed=word("removed"),
            cohort=cohort,
            k=k,
        )

    def to_json(self) -> dict[str, Any]:
        """As JSON takes it; numbers of 256 bits as text."""
        return {
            name: "0x" + value.hex()
            if isinstance(value, bytes)
            else str(value)
            if name == "order"
            else value
            for name, value in self.message().items()
        }


@dataclass(frozen=True, slots=True)
class SignedCertificate:
    """A certificate and the signature of whoever made the extract."""

    certificate: Certificate
    signature: bytes

    @classmethod
    def sign(
        cls, certificate: Certificate, account: LocalAccount, domain: Mapping[str, Any]
    ) -> SignedCertificate:
        """Sign as its maker."""
        if account.address != certificate.maker:
            raise ValueError("a certificate is signed by its maker")
        return cls(certificate, sign_digest(account, cls(certificate, b"").digest(domain)))

    def digest(self, domain: Mapping[str, Any]) -> bytes:
        """The 32 bytes that were signed: the value of the record's certificate field."""
        return digest(_TYPE, self.certificate.message(), domain)

    def is_signed(self, domain: Mapping[str, Any]) -> bool:
        """Whether the maker, as a plain account, signed it."""
        return recover_digest(self.digest(domain), self.signature) == self.certificate.maker

    def to_json(self) -> dict[str, Any]:
        """For a file or a message."""
        return {
            "message": self.certificate.to_json(),
            "signature": "0x" + self.signature.hex(),
        }

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> SignedCertificate:
        """Read what `to_json` wrote."""
        try:
            return cls(
                Certificate.from_json(said["message"]),
                exactly(bytes.fromhex(said["signature"].removeprefix("0x")), 65, "a signature"),
            )
        except SPOILT as exc:
            raise FormatError(
                "This is not the certificate of an extract. Ask for it again."
            ) from exc


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """A certificate, and how its digest hangs under the leaf of the extract's record."""

    signed: SignedCertificate
    fields_root: bytes
    disclosure: Disclosure

    @classmethod
    def of(
        cls, tree: FieldTree, record_id: bytes, signed: SignedCertificate, domain: Mapping[str, Any]
    ) -> ShownCertificate:
        """Show it of the record whose field tree this is."""
        values = dict(zip(_SHOWN, (signed.digest(domain), record_id), strict=True))
        return cls(signed, tree.root, tree.disclose(values))

    def check(self, leaf: bytes, domain: Mapping[str, Any]) -> Certificate:
        """The certificate, when it is the one under this leaf; else an `OpeningError`.

        Whose the signature is stays to be asked: a maker may be a contract.
        """
        if record_leaf(self.fields_root) != leaf:
            raise OpeningError("The certificate is of another record than the leaf.")
        try:
            shown = self.disclosure.check(self.fields_root)
        except ValueError as exc:
            raise OpeningError("The certificate shows a field that no record has.") from exc
        wanted = (self.signed.digest(domain), self.signed.certificate.record_id)
        if tuple(shown.get(path) for path in _SHOWN) != wanted:
            raise OpeningError("The certificate is not the one that the record holds.")
        return self.signed.certificate

    def to_bytes(self) -> bytes:
        """For a message to a custodian."""
        said = {
            **self.signed.to_json(),
            "fieldsRoot": self.fields_root.hex(),
            "fields": json.loads(self.disclosure.to_json()),
        }
        return json.dumps(said).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> ShownCertificate:
        """Read what `to_bytes` wrote."""
        try:
            said = json.loads(data)
            return cls(
                SignedCertificate.from_json(said),
                exactly(bytes.fromhex(said["fieldsRoot"]), 32, "a root"),
                Disclosure.from_json(json.dumps(said["fields"])),
            )
        except SPOILT as exc:
            raise FormatError(
                "This is not the certificate of an extract. Ask for it again."
            ) from exc
