"""What a buyer reveals of an order that can't be opened, and the opening done again from it.

    case = Case(order, entry, private_key, shares)      # the buyer's, for the panel's eyes only
    data = case.to_bytes()

    verdict = replay(Case.read(data), delivered=…, receiving_key=…, body=…)
    verdict.opens, verdict.broken, verdict.unverified

Nothing of the case is believed: the receiving key has to be the one that the purchase named on
chain, the capsule the one that the committee attested there, each share the one that the capsule
commits to, the body the one that the capsule has the digest of. So two people who replay one case
find the same. The key opens this order's extract and nothing else.

A share that doesn't verify names a custodian, and is no proof against them: releases are not
signed, so the buyer may have spoilt it. The panel asks that custodian, whose share, if it is right,
verifies for everybody.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from aceso.errors import AcesoError, InputError
from aceso.storage import content_digest
from aceso.vault import (
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
_VERSION: Final = 1


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
    """What a custodian released: sealed to the order's key, for the request of this digest."""

    custodian: str
    request: bytes
    sealed: bytes = field(repr=False)


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
                        "request": _text(one.request),
                        "sealed": _text(one.sealed),
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
                    CaseShare(str(one["custodian"]), _bytes(one["request"]), _bytes(one["sealed"]))
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

    `unverified` are custodians in whose name there is a share that is not the attested one.
    """

    broken: Step | None
    why: str = ""
    unverified: tuple[str, ...] = ()
    package: Package | None = None

    @property
    def opens(self) -> bool:
        """Whether the buyer could have opened what was delivered."""
        return self.broken is None


def replay(case: Case, *, delivered: bytes, receiving_key: bytes, body: bytes | None) -> Verdict:
    """Open the extract of a case again.

    `delivered` is the capsule's digest and `receiving_key` the digest in the CID of the buyer's
    public key, as the chain has them; `body` the sealed bytes under the entry's CID, or None if
    nobody has them.
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
    if entry.capsule.digest != delivered or entry.capsule.context.order != case.order:
        return Verdict(Step.ENTRY, "The capsule is not the one that the committee attested.")

    shares: dict[str, VerifiedShare] = {}
    unverified: list[str] = []
    for one in case.shares:
        try:
            share = open_released(
                entry.capsule, one.custodian, one.sealed, private, request=one.request
            )
            shares[share.custodian] = share
        except FalseShareError:
            unverified.append(one.custodian)
        except (OpeningError, ValueError):
            # Of somebody who holds no share of this capsule.
            continue
    found = tuple(unverified)
    try:
        key = join(entry.capsule, shares.values(), private)
    except OpeningError as exc:
        step = Step.SHARES if len(shares) < entry.capsule.threshold else Step.OPENING
        return Verdict(step, exc.message, found)
    if body is None:
        return Verdict(Step.BODY, "Nobody has the sealed body any more.", found)
    plain = io.BytesIO()
    try:
        open_stream(io.BytesIO(body), plain, key.dek, key.body)
    except OpeningError as exc:
        return Verdict(Step.BODY, exc.message, found)
    try:
        package = Package.read(plain.getvalue())
        package.check()
    except AcesoError as exc:
        return Verdict(Step.EXTRACT, exc.message, found)
    return Verdict(None, "", found, package)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
