"""How fast genomes are read: an array of 600,000 rows and a VCF of 200,000 variants.

    python -m bench.genome

The peers read the same files in the same run, where they are installed: `cyvcf2` the VCF, every
genotype looked at, and `pandas` the array. They check little of what is checked here.
"""

from __future__ import annotations

import importlib
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aceso import formats

__all__ = ["run"]

_ROWS, _VARIANTS = 600_000, 200_000


def run() -> list[dict[str, Any]]:
    """Measure, and give one row for each figure: name, value, unit, limit, ratio."""
    with tempfile.TemporaryDirectory() as folder:
        return [*_array(Path(folder) / "array"), *_vcf(Path(folder) / "genome.vcf")]


def _array(path: Path) -> list[dict[str, Any]]:
    chance = random.Random(1)
    with path.open("w", encoding="ascii") as stream:
        stream.write("# 23andMe, build 37\n# rsid\tchromosome\tposition\tgenotype\n")
        for number in range(_ROWS):
            genotype = "--" if number % 50 == 0 else "".join(chance.choices("ACGT", k=2))
            at = 10_000 + number // 22 * 80
            stream.write(f"rs{number * 7}\t{number % 22 + 1}\t{at}\t{genotype}\n")
    rows = [_row("Array of 600,000 genotypes", _seconds(lambda: _import(path)), 10)]
    pandas = _installed("pandas")
    if pandas is not None:
        read = pandas.read_csv
        peer = _seconds(lambda: read(path, sep="\t", comment="#", header=None, dtype=str))
        rows.append(_row("pandas.read_csv alone", peer, None))
    return rows


def _vcf(path: Path) -> list[dict[str, Any]]:
    columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tONE\n"
    with path.open("w", encoding="ascii") as stream:
        stream.write('##fileformat=VCFv4.3\n##FILTER=<ID=PASS,Description="x">\n')
        stream.write("##contig=<ID=chr1,length=248956422>\n")
        stream.write('##INFO=<ID=DP,Number=1,Type=Integer,Description="x">\n')
        stream.write('##INFO=<ID=AF,Number=A,Type=Float,Description="x">\n')
        stream.write('##FORMAT=<ID=GT,Number=1,Type=String,Description="x">\n')
        stream.write('##FORMAT=<ID=DP,Number=1,Type=Integer,Description="x">\n' + columns)
        for at in range(1, _VARIANTS + 1):
            stream.write(f"chr1\t{at}\t.\tA\tC\t50\tPASS\tDP=30;AF=0.5\tGT:DP\t0/1:30\n")
    rows = [_row("VCF of 200,000 variants, checked", _seconds(lambda: _import(path)), 20)]
    cyvcf2 = _installed("cyvcf2")
    if cyvcf2 is not None:
        reader = cyvcf2.VCF
        peer = _seconds(lambda: sum(len(one.genotypes) for one in reader(str(path))))
        rows.append(_row("cyvcf2 alone, checks little", peer, None))
    return rows


def _installed(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def _import(path: Path) -> int:
    with formats.import_file(path) as imported:
        return sum(record.pieces for record in imported.records())


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return max(time.process_time() - start, 1e-9)


def _row(name: str, value: float, limit: float | None) -> dict[str, Any]:
    ratio = None if limit is None else round(limit / value, 2)
    return {"name": name, "value": round(value, 2), "unit": "s", "limit": limit, "ratio": ratio}


if __name__ == "__main__":
    for row in run():
        limit = "" if row["limit"] is None else f"  limit {row['limit']:.1f}, {row['ratio']} x"
        print(f"{row['name']:34} {row['value']:8.2f} {row['unit']}{limit}")
