"""Which class a genome is of: by where its variants lie, and how many there are.

1. Every variant lies in a gene of `codelists/pharmacogenes.toml`, on an assembly that the file
   states: PHARMACOGENES.
2. Else blocks of reference calls (gVCF), or 100,000 variants or more: GENOME_WHOLE.
3. Else GENOME_PANEL.
"""

from __future__ import annotations

from functools import cache

from aceso.codes import DataClass

from .._classify import load

__all__ = ["WHOLE_VARIANTS", "genome_class", "in_pharmacogene"]

WHOLE_VARIANTS = 100_000


@cache
def _regions() -> dict[str, dict[str, list[tuple[int, int]]]]:
    result: dict[str, dict[str, list[tuple[int, int]]]] = {}
    for assembly, genes in load("pharmacogenes.toml").items():
        by_chromosome = result.setdefault(assembly, {})
        for chromosome, first, last in genes.values():
            by_chromosome.setdefault(chromosome, []).append((first, last))
    return result


def in_pharmacogene(assembly: str | None, chrom: bytes, position: int) -> bool:
    """Whether a position lies in a gene of the list. Without an assembly nobody can say."""
    by_chromosome = _regions().get(assembly or "")
    if by_chromosome is None:
        return False
    name = chrom.decode("utf-8", "replace").removeprefix("chr").replace("MT", "M")
    return any(first <= position <= last for first, last in by_chromosome.get(name, ()))


def genome_class(
    count: int, *, pharmacogenes: bool, reference_blocks: bool = False, noun: str = "variants"
) -> tuple[DataClass, str]:
    """The class, and a sentence that says why."""
    said = f"{count:,} {noun}"
    if pharmacogenes:
        return DataClass.PHARMACOGENES, f"{said}, each of them in a pharmacogene"
    if reference_blocks:
        return DataClass.GENOME_WHOLE, f"{said} with blocks of reference calls"
    if count >= WHOLE_VARIANTS:
        return DataClass.GENOME_WHOLE, f"{said}, as many as a whole genome or exome has"
    return DataClass.GENOME_PANEL, f"{said}, fewer than {WHOLE_VARIANTS:,}"
