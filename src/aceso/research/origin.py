"""Where the records of an extract come from, shown to whoever may open the extract.

    proof = OriginProof(key, shown)                 # the maker: the lineage's key, every source
    package = Package.make(extract, blind=…, origin=proof.to_document())

    OriginProof.of(opened).check(opened, asked, domain, standing_of)   # the buyer, and a panel

A certificate commits to the sources of its extract by the root of their lineage. With its key the
whole tree is made again, so that no source can be left out of what is shown. Each source is shown
as it would be filed for a reward (`rewards.Contribution`): its class and its issuer's tag of the
patient under its leaf, the leaf under a root, and the issuer's word that the seller is the patient
of this tag. How the chain has root and leaf is asked of `standing_of`.

What it can't show is that the values are those of the records: an extract has them without dates,
names and texts, and a large record has no leaf for each. What is in it is held against the classes
of what was shown. So nobody sells what they have no record of; who has one can still say other
values than it does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from aceso.codes import CLINICAL, GENOME, LIFELOG, SENSITIVE, DataClass
from aceso.errors import SPOILT, IntegrityError
from aceso.formats._classify import classify
from aceso.formats.canonical import JsonError, parse
from aceso.rewards import Contribution, ContributionError
from aceso.vault import lineage_of

from .package import Package

__all__ = [
    "Asked",
    "Origin",
    "OriginError",
    "OriginProof",
    "Patient",
    "Standing",
    "class_of_source",
]

_KEY_BYTES: Final = 32
# The chain is asked for each.
_MOST_SOURCES: Final = 1 << 16
# What a record of one class may look like, once its words are gone: a sensitive one like any other,
# what a device measured like a laboratory's, a vital sign without its category like a result.
_MAY_LOOK_LIKE: Final = (
    (SENSITIVE & ~DataClass.UNCLASSIFIED, CLINICAL),
    (LIFELOG, DataClass.LABS | DataClass.VITALS),
    (DataClass.VITALS, DataClass.LABS),
)


# An issuer, and its tag of a patient.
Patient = tuple[str, bytes]


class Origin(StrEnum):
    """What a study asks of where its data come from."""

    ANY = "any"
    VOUCHED = "vouched"


class OriginError(IntegrityError):
    """The origin of an extract is not shown; `code` says what about it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an order asks: whose records, of which classes, and how they stood when it was
    delivered, in seconds of the chain's time."""

    order: int
    subject: str
    classes: DataClass
    at: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What the chain says of a source, in seconds: when its issuer anchored it and retracted it, 0
    for never; and whether the issuer was accredited when it anchored it."""

    anchored_at: int
    accredited: bool
    retracted_at: int


@dataclass(frozen=True, slots=True)
class OriginProof:
    """Every source of an extract. It means nothing before `check`."""

    key: bytes = field(repr=False)
    shown: tuple[Contribution, ...]

    @classmethod
    def of(cls, package: Package) -> OriginProof:
        """The one in a package, or an `OriginError`."""
        said = package.origin
        if said is None:
            raise OriginError(
                "The extract doesn't show where its records come from, and the study asks for it.",
                code="E_ORIGIN_MISSING",
            )
        try:
            key = bytes.fromhex(said["lineageKey"])
            if len(key) != _KEY_BYTES or len(said["sources"]) > _MOST_SOURCES:
                raise ValueError("a key of another length, or more than anybody would check")
            return cls(key, tuple(Contribution.from_document(one) for one in said["sources"]))
        except (*SPOILT, ContributionError) as exc:
            raise OriginError(
                "What the extract shows of where its records come from can't be read.",
                code="E_ORIGIN_FORMAT",
            ) from exc

    def to_document(self) -> dict[str, Any]:
        """As the package has it."""
        return {
            "lineageKey": self.key.hex(),
            "sources": [one.to_document() for one in self.shown],
        }

    def check(
        self,
        package: Package,
        asked: Asked,
        domain: Mapping[str, Any],
        standing_of: Callable[[Contribution], Standing],
    ) -> frozenset[Patient]:
        """That every source is one of the order's subject, of a class that was sold, anchored by an
        accredited issuer and not retracted; else an `OriginError`. Gives whose patient the subject
        is: who is the same of one issuer in two extracts is one patient. `domain` is that of
        vouches; the package was checked before."""
        assert package.signed is not None  # noqa: S101 - `Package.check` refuses one without
        certificate = package.signed.certificate
        sources = [(one.record, one.issuer, one.root) for one in self.shown]
        tree = lineage_of(sources, key=self.key, record_id=certificate.record_id)
        if tree.root != certificate.lineage:
            raise OriginError(
                "The records that are shown are not all that the certificate says the extract was "
                "made from.",
                code="E_ORIGIN_LINEAGE",
            )
        classes, patients = DataClass(0), set()
        for one in self.shown:
            classes |= class_of_source(one, asked, domain, standing_of)
            patients.add((one.issuer, one.shown(domain)[1]))
        _check_contents(package, classes)
        return frozenset(patients)


def class_of_source(
    one: Contribution,
    asked: Asked,
    domain: Mapping[str, Any],
    standing_of: Callable[[Contribution], Standing],
) -> DataClass:
    """The class of one source, when all of it holds; else an `OriginError`."""
    details = {"issuer": one.issuer}
    if (one.order, one.account) != (asked.order, asked.subject):
        raise OriginError(
            f"A record of {one.issuer} is shown for another order or account than this one's.",
            code="E_ORIGIN_OTHER",
            details=details,
        )
    try:
        shown, _ = one.shown(domain)
    except ContributionError as exc:
        if exc.code == "E_VOUCH_OTHER":
            raise OriginError(
                f"A record is of another patient than the one that {one.issuer} vouched for as "
                f"{one.account}.",
                code="E_ORIGIN_PATIENT",
                details=details | {"account": one.account},
            ) from exc
        raise OriginError(
            f"What is shown of a record of {one.issuer} is not under the root that is named.",
            code="E_ORIGIN_RECORD",
            details=details,
        ) from exc
    data_class = DataClass(shown)
    if not data_class & asked.classes:
        raise OriginError(
            f"A record of {one.issuer} is of a class that was not sold with this order.",
            code="E_ORIGIN_CLASS",
            details=details,
        )
    found = standing_of(one)
    if not found.accredited or not 0 < found.anchored_at <= asked.at:
        raise OriginError(
            f"A record was not anchored by an accredited issuer before the delivery: {one.issuer} "
            "is none, or never anchored it.",
            code="E_ORIGIN_ISSUER",
            details=details,
        )
    if 0 < found.retracted_at <= asked.at:
        raise OriginError(
            f"{one.issuer} had retracted a record when the extract was delivered.",
            code="E_ORIGIN_RETRACTED",
            details=details,
        )
    return data_class


def _check_contents(package: Package, classes: DataClass) -> None:
    """That nothing is in the package of a class of which no record is shown. What tells its class
    by nothing that an extract keeps may be of any."""
    allowed = classes | DataClass.UNCLASSIFIED
    for shown, like in _MAY_LOOK_LIKE:
        if classes & shown:
            allowed |= like
    for found in _classes_in(package):
        if not found & allowed:
            raise OriginError(
                f"The extract holds {found.name}, and no record of that class is shown.",
                code="E_ORIGIN_CONTENTS",
                details={"class": found.name},
            )


def _classes_in(package: Package) -> set[DataClass]:
    found = set()
    for name, data in package.files.items():
        if name.endswith(".vcf"):
            found.add(GENOME)
            continue
        for line in data.splitlines():
            try:
                resource = parse(line)
            except JsonError:
                resource = None
            if not isinstance(resource, dict):
                raise OriginError(
                    f"A line of {name} is no resource, so that nobody can say of which class it "
                    "is.",
                    code="E_ORIGIN_FORMAT",
                )
            found.add(classify(resource).data_class)
    return found
