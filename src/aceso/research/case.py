"""What a buyer reveals of an order that can't be opened, and the opening done again from it.

    case = Case(order, entry, private_key, shares)      # the buyer's, for the panel's eyes only
    data = case.to_bytes()

    verdict = replay(Case.read(data), delivered=…, receiving_key=…, body=…, domain=…)
    verdict.opens, verdict.is_decided, verdict.broken, verdict.false

Nothing of the case is believed: the receiving key has to be the one that the purchase named on
chain, the capsule the one that the committee attested there, each share the one that the capsule
commits to, the body the one that the capsule has the digest of. So two people who replay one case
find the same. The key opens this order's extract and nothing else.

A share counts against its custodian where they signed it, for a request that they were asked, and
it is not the attested one (`FalseShareProof`). One that doesn't verify and that nobody signed
counts as not shown: the buyer may have spoilt it. Where those that were not shown might open it,
there is no verdict. The panel asks those custodians, whose share, if it is right, verifies for
everybody.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from aceso.custody import FalseShareProof, Release
from aceso.errors import AcesoError, InputError
from aceso.signing import digest
from aceso.storage import content_digest
from aceso.vault import (
    Capsule,
    FalseShareError,
    ListEntry,
    OpeningError,
    PrivateKey,
    VerifiedShare,
    join,
    open_released,
    open_stream,
)
from aceso.vault.errors import FormatError

from .package import Package

__all__ = ["Case", "CaseShare", "Step", "Verdict", "replay"]

_FORMAT: Final = "aceso-dispute"
_VERSION: Final = 2


class Step(StrEnum):
    """The steps of an opening, in their order."""

    KEY = "key"
    ENTRY = "entry"
    SHARES = "shares"
    BODY = "body"
    OPENING = "opening"
    EXTRACT = "extract"


@dataclass(frozen=True, slots=True)
class CaseShare:
    """What a custodian released, as it signed it, and the `ReleaseRequest` that it answers, as JSON
    takes it."""

    custodian: str
    request: Mapping[str, Any]
    release: Release


@dataclass(frozen=True, slots=True)
class Case:
    """An order's entry as the custodians gave it, its key, and the shares that were released."""

    order: int
    entry: bytes = field(repr=False)
    private_key: bytes = field(repr=False)
    shares: tuple[CaseShare, ...]
    # Custodians that released nothing, and the code of why.
    silent: Mapping[str, str] = field(default_factory=dict)

    def to_bytes(self) -> bytes:
        """A JSON document. Whoever has it can open the extract of this order."""
        return json.dumps(
            {
                "format": _FORMAT,
                "version": _VERSION,
                "order": str(self.order),
                "entry": _text(self.entry),
                "privateKey": _text(self.private_key),
                "shares": [
                    {
                        "custodian": one.custodian,
                        "request": dict(one.request),
                        "sealed": _text(one.release.sealed),
                        "signature": _text(one.release.signature),
                    }
                    for one in self.shares
                ],
                "silent": dict(self.silent),
            },
            indent=1,
        ).encode()

    @classmethod
    def read(cls, data: bytes) -> Case:
        """Read what `to_bytes` wrote, or raise `InputError`."""
        try:
            said: Any = json.loads(data)
            if (said["format"], said["version"]) != (_FORMAT, _VERSION):
                raise ValueError("another format or version")
            return cls(
                int(said["order"]),
                _bytes(said["entry"]),
                _bytes(said["privateKey"]),
                tuple(
                    CaseShare(
                        str(one["custodian"]),
                        dict(one["request"]),
                        Release(_bytes(one["sealed"]), _bytes(one["signature"])),
                    )
                    for one in said["shares"]
                ),
                {str(who): str(code) for who, code in said["silent"].items()},
            )
        except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as exc:
            raise InputError(
                "This is no case of a disputed order, of a version that we know. Ask the buyer for "
                "the file that `aceso dispute case` wrote.",
                code="E_CASE_FORMAT",
            ) from exc


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the opening came to: the step that failed and why, or the extract.

    `false` are custodians who signed a share that is not the attested one; `unproven` those in
    whose name there is one that proves nothing. Without a decision there is no verdict: the shares
    that were not shown might open it.
    """

    broken: Step | None
    why: str = ""
    false: tuple[str, ...] = ()
    unproven: tuple[str, ...] = ()
    package: Package | None = None
    is_decided: bool = True

    @property
    def opens(self) -> bool:
        """Whether the buyer could have opened what was delivered."""
        return self.broken is None


def replay(
    case: Case,
    *,
    delivered: bytes,
    receiving_key: bytes,
    body: bytes | None,
    domain: Mapping[str, Any],
) -> Verdict:
    """Open the extract of a case again.

    `delivered` is the capsule's digest and `receiving_key` the digest in the CID of the buyer's
    public key, as the chain has them; `body` the sealed bytes under the entry's CID, or None if
    nobody has them; `domain` the consent registry's, for which releases are signed.
    """
    try:
        private = PrivateKey.from_bytes(case.private_key)
    except FormatError:
        return Verdict(Step.KEY, "What was revealed is no private key.")
    if content_digest(private.public_key.to_bytes()) != receiving_key:
        return Verdict(Step.KEY, "The key is not the one that the purchase named on chain.")
    try:
        entry = ListEntry.from_bytes(case.entry)
    except AcesoError as exc:
        return Verdict(Step.ENTRY, exc.message)
    capsule = entry.capsule
    if capsule.digest != delivered or capsule.context.order != case.order:
        return Verdict(Step.ENTRY, "The capsule is not the one that the committee attested.")

    shares, false, unproven = _shares(case, capsule, private, domain)
    found = replace(Verdict(None), false=false, unproven=unproven)
    try:
        key = join(capsule, shares, private)
    except OpeningError as exc:
        if len(shares) >= capsule.threshold:
            return replace(found, broken=Step.OPENING, why=exc.message)
        # Those who gave none, or none that counts, may have the right one.
        may_open = len(set(capsule.custodians) - set(false)) >= capsule.threshold
        return replace(found, broken=Step.SHARES, why=exc.message, is_decided=not may_open)
    if body is None:
        return replace(found, broken=Step.BODY, why="Nobody has the sealed body any more.")
    plain = io.BytesIO()
    try:
        open_stream(io.BytesIO(body), plain, key.dek, key.body)
    except OpeningError as exc:
        return replace(found, broken=Step.BODY, why=exc.message)
    try:
        package = Package.read(plain.getvalue())
        package.check()
    except AcesoError as exc:
        return replace(found, broken=Step.EXTRACT, why=exc.message)
    return replace(found, package=package)


def _shares(
    case: Case, capsule: Capsule, private: PrivateKey, domain: Mapping[str, Any]
) -> tuple[list[VerifiedShare], tuple[str, ...], tuple[str, ...]]:
    """The right ones; who signed a false one; in whose name there is one that proves nothing."""
    shares: dict[str, VerifiedShare] = {}
    false: dict[str, None] = {}
    unproven: dict[str, None] = {}
    for one in case.shares:
        if one.custodian not in capsule.custodians:
            # Of somebody who holds no share of this capsule.
            continue
        try:
            asked = digest("ReleaseRequest", one.request, domain)
            share = open_released(
                capsule, one.custodian, one.release.sealed, private, request=asked
            )
            shares[share.custodian] = share
        except FalseShareError:
            proof = FalseShareProof(
                custodian=one.custodian, request=one.request, capsule=capsule, release=one.release
            )
            try:
                proof.check(private, domain)
                false[one.custodian] = None
            except InputError:
                unproven[one.custodian] = None
        except (OpeningError, KeyError, ValueError, TypeError, AttributeError):
            # No request that anybody could have been asked.
            unproven[one.custodian] = None
    return list(shares.values()), tuple(false), tuple(unproven)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
