"""A VCF 4.3 of one invented person: random sites, and pharmacogenes at their real positions."""

from __future__ import annotations

import random
from pathlib import Path

__all__ = ["write_genome"]

_LENGTHS = {
    "chr1": 248956422, "chr2": 242193529, "chr6": 170805979, "chr7": 159345973, "chr10": 133797422,
    "chr12": 133275309, "chr13": 114364328, "chr16": 90338345, "chr19": 58617616, "chr22": 50818468,
}  # fmt: skip
_SITES = 320  # Of each chromosome.
# GRCh38 positions of variants that CPIC guidelines read. The genotypes here are invented.
_KNOWN = (
    ("chr10", 94761900, "rs12248560", "C", "T", "CYP2C19", "0/0"),
    ("chr10", 94781859, "rs4244285", "G", "A", "CYP2C19", "0/1"),
    ("chr10", 94780653, "rs4986893", "G", "A", "CYP2C19", "0/1"),
    ("chr10", 94942290, "rs1799853", "C", "T", "CYP2C9", "0/0"),
    ("chr10", 94981296, "rs1057910", "A", "C", "CYP2C9", "0/1"),
    ("chr12", 21178615, "rs4149056", "T", "C", "SLCO1B1", "0/1"),
    ("chr13", 48045719, "rs116855232", "C", "T", "NUDT15", "0/1"),
    ("chr16", 31096368, "rs9923231", "C", "T", "VKORC1", "1/1"),
    ("chr6", 18130918, "rs1142345", "T", "C", "TPMT", "0/0"),
    ("chr7", 99672916, "rs776746", "T", "C", "CYP3A5", "1/1"),
    ("chr22", 42126611, "rs1135840", "C", "G", "CYP2D6", "0/1"),
    ("chr1", 97450058, "rs3918290", "C", "T", "DPYD", "0/0"),
    ("chr2", 233760498, "rs4148323", "G", "A", "UGT1A1", "0/1"),
    ("chr19", 39248147, "rs12979860", "C", "T", "IFNL3", "0/0"),
)
_HEADER = """\
##fileformat=VCFv4.3
##fileDate=20240611
##source=aceso.samples
##note=invented genotypes of nobody, for tests and demonstrations
##reference=GRCh38
##FILTER=<ID=PASS,Description="All filters passed">
##INFO=<ID=GENE,Number=1,Type=String,Description="Gene">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Read depth">
"""


def write_genome(path: Path, rng: random.Random) -> None:
    """Write the VCF to `path`."""
    lines = [_HEADER]
    lines += [f"##contig=<ID={name},length={size}>\n" for name, size in _LENGTHS.items()]
    columns = ("#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", "SAMPLE")
    lines.append("\t".join(columns) + "\n")
    for name, size in _LENGTHS.items():
        sites = {
            position: (own, ref, alt, f"GENE={gene}", genotype)
            for chromosome, position, own, ref, alt, gene, genotype in _KNOWN
            if chromosome == name
        }
        while len(sites) < _SITES:
            position = rng.randrange(10_000, size - 10_000)
            ref = rng.choice("ACGT")
            alt = rng.choice([base for base in "ACGT" if base != ref])
            sites.setdefault(position, (".", ref, alt, ".", rng.choice(("0/1", "0/1", "1/1"))))
        for position in sorted(sites):
            own, ref, alt, info, genotype = sites[position]
            quality, depth = rng.randrange(30, 100), rng.randrange(12, 60)
            row = (name, str(position), own, ref, alt, str(quality), "PASS", info, "GT:DP",
                   f"{genotype}:{depth}")  # fmt: skip
            lines.append("\t".join(row) + "\n")
    path.write_text("".join(lines), encoding="ascii", newline="\n")
