"""What a custodian signs when it releases a share, and the proof that such a share is false.

    release.check(custodian, request, capsule, domain)      # whose word it is
    proof = error.proof                                     # of a ProvenFalseShareError
    FalseShareProof.read(proof.to_bytes()).check(receiving_key, domain)

Without the signature nobody could be blamed: whoever carries an answer may change it, and a reader
may make one up. A custodian looks at its own share before it signs, and seals it to the key of the
request. So whatever it signed that does not open by that key to what the capsule commits to is its
doing, and whoever is shown that key sees it. The key of an order is of use for nothing else, and is
shown to the panel of a dispute. A published key opens all that was sealed to it: publish another
one before it is shown to anybody.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from eth_account.signers.local import LocalAccount

from aceso.errors import SPOILT, InputError
from aceso.vault import Capsule, FalseShareError, OpeningError, PrivateKey, open_released

from ._typed import Domain, address, digest, recover, sign
from ._wire import bytes_of, hex_bytes, text_of, to_json
from .errors import CustodianDownError

__all__ = ["FalseShareProof", "ProvenFalseShareError", "Release"]

_FORMAT: Final = "aceso-false-share"
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Release:
    """A share, sealed to whoever asked, with its custodian's signature."""

    sealed: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    @classmethod
    def sign(
        cls, account: LocalAccount, sealed: bytes, *, request: bytes, capsule: bytes, domain: Domain
    ) -> Release:
        """Sign as the custodian. `request` is the digest of the signed request."""
        message = _message(account.address, sealed, request, capsule)
        return cls(sealed, sign(account, "Release", message, domain))

    def to_json(self) -> dict[str, str]:
        return {"share": text_of(self.sealed), "signature": "0x" + self.signature.hex()}

    @classmethod
    def from_json(cls, said: Mapping[str, Any]) -> Release:
        """Read what `to_json` wrote, or raise `KeyError`, `TypeError` or `ValueError`."""
        return cls(bytes_of(said["share"]), hex_bytes(said["signature"]))

    def is_of(self, custodian: str, *, request: bytes, capsule: bytes, domain: Domain) -> bool:
        """Whether this custodian signed it, for this request and capsule."""
        hashed = digest("Release", _message(custodian, self.sealed, request, capsule), domain)
        return recover(hashed, self.signature) == address(custodian)

    def check(self, custodian: str, *, request: bytes, capsule: bytes, domain: Domain) -> None:
        """Raise `CustodianDownError` unless this custodian signed it: then nobody is to blame."""
        if not self.is_of(custodian, request=request, capsule=capsule, domain=domain):
            raise CustodianDownError(
                custodian, "does not sign what it releases", code="E_CUSTODIAN_UNSIGNED"
            )


def _message(custodian: str, sealed: bytes, request: bytes, capsule: bytes) -> dict[str, Any]:
    return {
        "custodian": custodian,
        "request": request,
        "capsule": capsule,
        "share": hashlib.sha256(sealed).digest(),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class FalseShareProof:
    """A release, the `ReleaseRequest` that it answers, and the capsule whose share it should be."""

    custodian: str
    request: Mapping[str, Any]
    capsule: Capsule
    release: Release

    def to_bytes(self) -> bytes:
        """A JSON document. It opens nothing."""
        return json.dumps(
            {
                "format": _FORMAT,
                "version": _VERSION,
                "custodian": self.custodian,
                "request": to_json(self.request),
                "capsule": text_of(self.capsule.to_bytes()),
            }
            | self.release.to_json(),
            indent=1,
        ).encode()

    @classmethod
    def read(cls, data: bytes) -> FalseShareProof:
        """Read what `to_bytes` wrote, or raise `InputError`."""
        try:
            said: Any = json.loads(data)
            if (said["format"], said["version"]) != (_FORMAT, _VERSION):
                raise ValueError("another format or version")
            return cls(
                custodian=address(said["custodian"]),
                request=dict(said["request"]),
                capsule=Capsule.from_bytes(bytes_of(said["capsule"])),
                release=Release.from_json(said),
            )
        except (*SPOILT, OpeningError) as exc:
            raise InputError(
                "This is no proof of a false share, of a version that we know. Ask for the file as "
                "it was written.",
                code="E_PROOF_FORMAT",
            ) from exc

    def check(self, receiving_key: PrivateKey, domain: Domain) -> str:
        """How the share is false. Raise `InputError` where that is not proven.

        `domain` is the consent registry's, of the network that the custodian serves.
        """
        try:
            named = hex_bytes(str(to_json(self.request)["receivingKey"]))
            asked = digest("ReleaseRequest", self.request, domain)
            asked_of = address(self.request["custodian"])
        except (KeyError, TypeError, ValueError, AttributeError) as exc:
            raise _unproven("the request is not one") from exc
        if asked_of != self.custodian or self.custodian not in self.capsule.custodians:
            raise _unproven("the request or the capsule is another custodian's")
        if named != receiving_key.public_key.to_bytes():
            raise _unproven("the share was asked for with another key")
        release, capsule = self.release, self.capsule
        if not release.is_of(self.custodian, request=asked, capsule=capsule.digest, domain=domain):
            raise _unproven("the custodian did not sign this release")
        try:
            open_released(capsule, self.custodian, release.sealed, receiving_key, request=asked)
        except FalseShareError as error:
            return error.why
        raise _unproven("the share is the right one")


class ProvenFalseShareError(FalseShareError):
    """A custodian released a false share, and signed it. Keep `proof.to_bytes()`."""

    def __init__(self, error: FalseShareError, proof: FalseShareProof):
        super().__init__(error.custodian, error.why)
        self.proof = proof


def _unproven(why: str) -> InputError:
    return InputError(f"This proves nothing against the custodian: {why}.", code="E_PROOF_NOTHING")
