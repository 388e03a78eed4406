"""What a buyer reveals of an order that can't be opened, and the opening done again from it.

    case = Case(order, entry, private_key, shares)      # the buyer's, for the panel's eyes only
    data = case.to_bytes()

    verdict = replay(Case.read(data), delivered=…, receiving_key=…, body=…, domain=…)
    verdict.opens, verdict.is_decided, verdict.broken, verdict.false

Nothing of the case is believed: the receiving key has to be the one that the purchase named on
chain, the capsule the one that the committee attested there, each share the one that the capsule
commits to, the body the one that the capsule has the digest of. So two people who replay one case
find the same. The key opens this order's extract and nothing else; of a union's order the case has
one member's part, which is shown to be in what was delivered (`CasePart`).

A share counts against its custodian where they signed it, for a request that they were asked, and
it is not the attested one (`FalseShareProof`). One that doesn't verify and that nobody signed
counts as not shown: the buyer may have spoilt it. Where those that were not shown might open it,
there is no verdict. The panel asks those custodians (`asked_of`), whose share, if it is right,
verifies for everybody; and whose answer, if it is false, is signed (`CaseFile`).
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from aceso.custody import FalseShareProof, Release
from aceso.errors import SPOILT, AcesoError, InputError, IntegrityError, StorageError
from aceso.ethereum import checksum
from aceso.signing import digest
from aceso.storage import content_digest
from aceso.vault import (
    Capsule,
    FalseShareError,
    ListEntry,
    OpeningError,
    PrivateKey,
    VerifiedShare,
    check_proof,
    join,
    open_released,
    open_stream,
    part_leaf,
)
from aceso.vault.errors import FormatError

from .origin import OriginError
from .package import Package

__all__ = ["Case", "CasePart", "CaseShare", "Step", "Verdict", "asked_of", "replay"]

_FORMAT: Final = "aceso-dispute"
_VERSION: Final = 2
# With a part of a union's order.
_VERSION_OF_PART: Final = 3


class Step(StrEnum):
    """The steps of an opening, in their order."""

    KEY = "key"
    ENTRY = "entry"
    SHARES = "shares"
    BODY = "body"
    OPENING = "opening"
    EXTRACT = "extract"
    ORIGIN = "origin"


@dataclass(frozen=True, slots=True)
class CaseShare:
    """What a custodian released, as it signed it, and the `ReleaseRequest` that it answers, as JSON
    takes it."""

    custodian: str
    request: Mapping[str, Any]
    release: Release

    def to_json(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            "custodian": self.custodian,
            "request": dict(self.request),
            "sealed": _text(self.release.sealed),
            "signature": _text(self.release.signature),
        }

    @classmethod
    def from_json(cls, said: Any) -> CaseShare:
        """What `to_json` made; `KeyError`, `TypeError` or `ValueError` for anything else."""
        release = Release(_bytes(said["sealed"]), _bytes(said["signature"]))
        return cls(str(said["custodian"]), dict(said["request"]), release)


@dataclass(frozen=True, slots=True)
class CasePart:
    """Which member's part of a union's order the entry is: the leaf of their extract, and the proof
    that leads from the part to the root of what was delivered."""

    member: str
    extract: bytes
    proof: tuple[bytes, ...]

    def capsule(self, entry: bytes, root: bytes) -> bytes:
        """The digest of the entry's capsule, if the part is under this root; else nothing."""
        try:
            found = ListEntry.from_bytes(entry).capsule.digest
            check_proof(root, part_leaf(self.member, self.extract, found), self.proof)
        except (AcesoError, ValueError):
            return b""
        return found


@dataclass(frozen=True, slots=True)
class Case:
    """An order's entry as the custodians gave it, its key, and the shares that were released."""

    order: int
    entry: bytes = field(repr=False)
    private_key: bytes = field(repr=False)
    shares: tuple[CaseShare, ...]
    # Custodians that released nothing, and the code of why.
    silent: Mapping[str, str] = field(default_factory=dict)
    # Of a union's order.
    part: CasePart | None = None

    def extract(self) -> tuple[ListEntry, PrivateKey]:
        """The entry and the key, or `InputError` where they are none."""
        try:
            return ListEntry.from_bytes(self.entry), PrivateKey.from_bytes(self.private_key)
        except AcesoError as exc:
            raise InputError(
                "The case has no entry and key of an extract, so no custodian can be asked about "
                "it. It is dismissed: see `aceso dispute replay`.",
                code="E_CASE_EXTRACT",
            ) from exc

    def to_bytes(self) -> bytes:
        """A JSON document. Whoever has it can open the extract of this order."""
        part = self.part
        of_part = {} if part is None else {"part": _part_json(part)}
        return json.dumps(
            {
                "format": _FORMAT,
                "version": _VERSION if part is None else _VERSION_OF_PART,
                "order": str(self.order),
                "entry": _text(self.entry),
                "privateKey": _text(self.private_key),
                "shares": [one.to_json() for one in self.shares],
                "silent": dict(self.silent),
            }
            | of_part,
            indent=1,
        ).encode()

    @classmethod
    def read(cls, data: bytes) -> Case:
        """Read what `to_bytes` wrote, or raise `InputError`."""
        try:
            said: Any = json.loads(data)
            wanted = _VERSION_OF_PART if "part" in said else _VERSION
            if (said["format"], said["version"]) != (_FORMAT, wanted):
                raise ValueError("another format or version")
            return cls(
                int(said["order"]),
                _bytes(said["entry"]),
                _bytes(said["privateKey"]),
                tuple(CaseShare.from_json(one) for one in said["shares"]),
                {str(who): str(code) for who, code in said["silent"].items()},
                _part_of(said["part"]) if "part" in said else None,
            )
        except SPOILT as exc:
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
    that were not shown might open it. `upholds` is how a panel votes.
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
        return self.broken in (None, Step.ORIGIN)

    @property
    def upholds(self) -> bool:
        """Whether a panel upholds the dispute: what was delivered does not open, or does not show
        where it comes from to a study that takes nothing else. A key or an entry
        that is not the order's is what the buyer alone shows, and says nothing of the delivery."""
        return self.is_decided and self.broken not in (None, Step.KEY, Step.ENTRY)


def replay(
    case: Case,
    *,
    delivered: bytes,
    receiving_key: bytes,
    body: bytes | None,
    domain: Mapping[str, Any],
    answers: Sequence[CaseShare] = (),
    check_certificate: Callable[[Package], object] | None = None,
    check_origin: Callable[[Package], object] | None = None,
) -> Verdict:
    """Open the extract of a case again, with the `answers` of custodians beside it, and have its
    certificate checked against the chain, and its origin, where its order asks for that.

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

    given = (*case.shares, *answers)
    shares, false, unproven = _shares(given, capsule, private, domain)
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
        certificate = package.check()
    except AcesoError as exc:
        return replace(found, broken=Step.EXTRACT, why=exc.message)
    if (certificate.order, certificate.record_id) != (case.order, entry.record_id):
        why = "The certificate is of another order or record than the one that was delivered."
        return replace(found, broken=Step.EXTRACT, why=why)
    if check_certificate is not None:
        try:
            check_certificate(package)
        except IntegrityError as exc:
            return replace(found, broken=Step.EXTRACT, why=exc.message)
    if check_origin is not None:
        try:
            check_origin(package)
        except OriginError as exc:
            return replace(found, broken=Step.ORIGIN, why=exc.message)
        except StorageError as exc:
            # What the study asks is not to be had, which whoever disputes may have seen to.
            return replace(found, broken=Step.ORIGIN, why=exc.message, is_decided=False)
    return replace(found, package=package)


def asked_of(
    case: Case, *, domain: Mapping[str, Any], answers: Sequence[CaseShare] = ()
) -> tuple[str, ...]:
    """The custodians that a panel asks: those who showed no right share, nor signed a false one."""
    entry, private = case.extract()
    capsule = entry.capsule
    shares, false, _ = _shares((*case.shares, *answers), capsule, private, domain)
    known = {one.custodian for one in shares} | set(false)
    return tuple(one for one in capsule.custodians if one not in known)


def _shares(
    given: Sequence[CaseShare], capsule: Capsule, private: PrivateKey, domain: Mapping[str, Any]
) -> tuple[list[VerifiedShare], tuple[str, ...], tuple[str, ...]]:
    """The right ones; who signed a false one; in whose name there is one that proves nothing."""
    shares: dict[str, VerifiedShare] = {}
    false: dict[str, None] = {}
    unproven: dict[str, None] = {}
    for one in given:
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


def _part_json(part: CasePart) -> dict[str, Any]:
    return {
        "member": part.member,
        "extract": _text(part.extract),
        "proof": [_text(one) for one in part.proof],
    }


def _part_of(said: Mapping[str, Any]) -> CasePart:
    # As the chain writes it: else one part, spelt twice, were the parts of two members.
    member = checksum(str(said["member"]))
    return CasePart(member, _bytes(said["extract"]), tuple(map(_bytes, said["proof"])))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
