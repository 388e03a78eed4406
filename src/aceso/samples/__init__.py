"""Sample data that anyone can make again: a hospital's history, a laboratory's genome, a phone's
month.

    for sample in generate(folder, seed=1):
        print(sample.issuer, sample.path)   # hospital …/hangang_hospital.fhir.json
    generate_people(folder, 20)             # of whom a study may look for some

The same seed writes the same bytes. Nobody in them exists: the name, the numbers and the hospital
are invented, the genotypes are drawn by chance at real positions, and the files say so where their
format has a place for it (the tag HTEST in FHIR, a header line in VCF, a comment in XML).
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from pathlib import Path

from ._genome import write_genome
from ._hospital import write_history
from ._people import write_person
from ._phone import write_month

__all__ = ["SampleFile", "generate", "generate_people"]


@dataclass(frozen=True, slots=True)
class SampleFile:
    """A file of the sample person, and who gives it to them."""

    path: Path
    issuer: str  # hospital, laboratory or phone
    description: str


def generate(folder: str | os.PathLike[str], *, seed: int = 1) -> list[SampleFile]:
    """Write the sample files into `folder`, which is made if need be."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    history = target / "hangang_hospital.fhir.json"
    genome = target / "genome.vcf"
    month = target / "export.xml"
    write_history(history, random.Random(f"{seed} hospital"))
    write_genome(genome, random.Random(f"{seed} laboratory"))
    write_month(month, random.Random(f"{seed} phone"))
    return [
        SampleFile(
            history, "hospital", "a FHIR R4 history of four years, in the shapes of KR Core"
        ),
        SampleFile(
            genome, "laboratory", "a VCF 4.3 of some thousand variants, pharmacogenes among them"
        ),
        SampleFile(month, "phone", "a month of an Apple Health export"),
    ]


def generate_people(folder: str | os.PathLike[str], count: int, *, seed: int = 1) -> list[Path]:
    """Write a small FHIR R4 history for each of so many people, none of whom is like another."""
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    paths = [target / f"person-{number:02}.fhir.json" for number in range(1, count + 1)]
    for number, path in enumerate(paths, 1):
        write_person(path, random.Random(f"{seed} person {number}"))
    return paths
