"""Put an extract together: which records go in, and what becomes of each."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from aceso.codes import GENOME, DataClass
from aceso.formats import FHIR_JSON, VCF, FormatError, Piece, RecordDraft, canonical_bytes
from aceso.formats._classify import classify
from aceso.formats.canonical import JsonError, parse

from ._fhir import FhirMaker, newest_year
from ._genome import cut_genome
from ._rules import Rules

__all__ = ["Extract", "Source", "extract"]

Source = bytes | dict[str, Any] | Piece | RecordDraft

_ORDINARY = frozenset(one for one in DataClass if one < DataClass.MENTAL_HEALTH) | {
    DataClass.UNCLASSIFIED
}


# Of these nothing is ever in an extract, whatever was asked for.
_NEVER = DataClass.UNCLASSIFIED | DataClass.LOCATION | DataClass.RESEARCH_EXTRACT


@dataclass(frozen=True, slots=True)
class Extract:
    """An extract before it is signed: FHIR resources and genomes, and what was removed."""

    resources: tuple[dict[str, Any], ...] = field(repr=False)
    genomes: tuple[bytes, ...] = field(repr=False)
    # Removed or replaced paths, with the paragraph of 45 CFR 164.514(b)(2)(i) by which each went.
    removed: Mapping[str, str]
    parameters: Mapping[str, Any]

    @property
    def count(self) -> int:
        """How many resources and genomes there are."""
        return len(self.resources) + len(self.genomes)

    @property
    def counts(self) -> dict[str, int]:
        """How many there are of each type."""
        found = Counter(str(one["resourceType"]) for one in self.resources)
        if self.genomes:
            found["VCF"] = len(self.genomes)
        return dict(sorted(found.items()))

    def files(self) -> dict[str, bytes]:
        """The standard files: NDJSON by resource type, as FHIR's bulk data have it, and VCF."""
        lines: dict[str, list[bytes]] = defaultdict(list)
        for resource in self.resources:
            lines[str(resource["resourceType"])].append(canonical_bytes(resource))
        made = {f"{kind}.ndjson": b"\n".join(sorted(them)) + b"\n" for kind, them in lines.items()}
        for index, genome in enumerate(sorted(self.genomes), 1):
            made[f"genome-{index}.vcf"] = genome
        return dict(sorted(made.items()))


def extract(records: Iterable[Source], rules: Rules) -> Extract:
    """Make the extract of those `records` that are of the classes of `rules`.

    A record is taken by its class; a FHIR resource by what its contents say, sensitive ones first.
    Bundles are opened. Nothing of an unasked class is in the result, and what is unclassified or
    says where somebody was never is.
    """
    classes = rules.classes & ~_NEVER
    removed: dict[str, str] = {}
    wanted: list[dict[str, Any]] = []
    genomes: list[bytes] = []
    for one in records:
        if isinstance(one, Piece | RecordDraft) and one.media_type == VCF:
            if one.data_class & classes & GENOME and (rules.loci or rules.variants):
                with one.body.open() as stream:
                    genome = cut_genome(stream, rules.loci, rules.variants, removed)
                if genome is not None and genome not in genomes:
                    genomes.append(genome)
            continue
        wanted += _resources(one, classes)
    maker = FhirMaker(rules, max(rules.year, newest_year(wanted)))
    made = [one for one in map(maker.resource, wanted) if one is not None]
    return Extract(
        resources=tuple(sorted(made, key=canonical_bytes)),
        genomes=tuple(sorted(genomes)),
        removed=dict(sorted((removed | maker.removed).items())),
        parameters=rules.parameters(),
    )


def _resources(one: Source, classes: DataClass) -> Iterator[dict[str, Any]]:
    if isinstance(one, Piece | RecordDraft):
        if not one.data_class & classes or one.media_type != FHIR_JSON:
            return
        with one.body.open() as stream:
            value = _parsed(stream.read())
    else:
        value = _parsed(one)
    for resource in _flat(value):
        if not isinstance(resource.get("resourceType"), str):
            continue
        # Judged again: a record may have been given a lower class by hand.
        if classify(resource).data_class & classes or _judged_lower(one, resource, classes):
            yield resource


def _parsed(data: bytes | dict[str, Any]) -> Any:
    try:
        value = parse(data if isinstance(data, bytes) else canonical_bytes(data))
        canonical_bytes(value)
    except (JsonError, TypeError, ValueError) as exc:
        why = exc.reason if isinstance(exc, JsonError) else "it holds what JSON can't"
        raise FormatError(
            f"A resource can't be put in an extract: {why}.", code="E_EXTRACT_RESOURCE"
        ) from exc
    return value


def _judged_lower(one: object, resource: dict[str, Any], classes: DataClass) -> bool:
    """Whether a record's own class lets in a resource that no sensitive list names."""
    if not isinstance(one, Piece | RecordDraft):
        return False
    contents = classify(resource).data_class
    return bool(one.data_class & classes) and contents in _ORDINARY


def _flat(value: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(value, dict):
        return
    if value.get("resourceType") == "Bundle":
        entries = value.get("entry")
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict):
                yield from _flat(entry.get("resource"))
    else:
        yield value
