"""Files of a laboratory that are a genome, or go with one, and are kept as they are.

Reads (BAM, CRAM, SAM, FASTQ), sequences (FASTA, 2bit), regions and annotations (BED, GFF), PLINK.
None of them is unpacked or converted: what they hold is for a program of a laboratory, and the
person's copy is the file itself. The outcome says what it is, and under which class it belongs.

An index (TBI, CSI, BAI) is left out: it says where in another file something is, and is made anew
from that file at any time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from aceso.codes import DataClass

from .._head import Head
from .._model import Format, Item, Kind, Outcome
from .._reader import Reader, Source

__all__ = ["READERS"]

_BASES = rb"[ACGTUNRYSWKMBDHVacgtunryswkmbdhv*.-]"
_FASTQ = re.compile(rb"@[!-~][^\r\n]*\r?\n" + _BASES + rb"+\r?\n\+[^\r\n]*\r?\n[!-~]+")
_FASTA = re.compile(rb"(?:>[^\r\n]+\r?\n)(?:;[^\r\n]*\r?\n)*" + _BASES + rb"{10,}\s*(?:\n|\Z)")
_SAM = re.compile(rb"@(?:HD\tVN:[0-9.]+|SQ\tSN:|RG\tID:|PG\tID:)")
_BED = re.compile(
    rb"(?:(?:track|browser)\s[^\n]*\n|#[^\n]*\n)*chr[0-9XYMU][^\s]*\t[0-9]+\t[0-9]+(?:\t[^\n]*)?\r?\n"
)
_GFF = re.compile(
    rb"##gff-version|##gvf-version"
    rb"|(?:#[^\n]*\n)*[^\s#]+\t[^\t\n]+\t(?:gene|transcript|exon|CDS|mRNA)\t[0-9]+\t[0-9]+\t[0-9.eE-]+\t[.+-]\t"
)
_CHROMOSOME = rb"(?:chr)?(?:[0-9]{1,2}|X|Y|XY|MT?)"
_BIM = re.compile(
    rb"(?:" + _CHROMOSOME + rb"[ \t]+\S+[ \t]+[0-9.e-]+[ \t]+[0-9]+[ \t]+[ACGTDI0-9]+[ \t]+"
    rb"[ACGTDI0-9]+\r?\n){2}"
)
_MAP = re.compile(
    rb"(?:"
    + _CHROMOSOME
    + rb"[ \t]+(?:rs|kgp|exm|SNP|GSA|i)\S+[ \t]+(?:[0-9.e-]+[ \t]+)?[0-9]+\r?\n){2}"
)
_PED = re.compile(rb"(?:\S+[ \t]+){4}[012][ \t]+-?[0-9.]+(?:[ \t]+[ACGT0][ \t]+[ACGT0]){4}")
_FAM = re.compile(rb"(?:[^\s,;{<]+[ \t]+){4}[012][ \t]+(?:-9|[012])\r?\n")
_FAM_ONLY = re.compile(rb"(?:(?:[^\s,;{<]+[ \t]+){4}[012][ \t]+(?:-9|[012])\s*?(?:\r?\n|\Z))+\Z")


@dataclass(frozen=True, slots=True)
class _Known:
    """A kind of file: how it is told, what it is called, and the class it is of."""

    name: str
    en: str
    ko: str
    what: str
    is_it: Callable[[Head], bool]
    data_class: DataClass | None = None


def _starts(*magic: bytes) -> Callable[[Head], bool]:
    return lambda head: head.text.startswith(magic) or head.raw.startswith(magic)


def _matches(pattern: re.Pattern[bytes]) -> Callable[[Head], bool]:
    # What is in an archive is read when its member is, so that it isn't claimed twice.
    return lambda head: not head.is_gzip and pattern.match(head.text) is not None


def _is_fam(head: Head) -> bool:
    return head.is_whole and _FAM.match(head.text) is not None and bool(_FAM_ONLY.match(head.text))


_WHOLE = DataClass.GENOME_WHOLE
_PANEL = DataClass.GENOME_PANEL
_INDEXES = (
    _Known("tabix", "index of a VCF", "VCF 색인", "an index (TBI) of a VCF", _starts(b"TBI\x01")),
    _Known("csi", "index of a genome", "유전체 색인", "an index (CSI)", _starts(b"CSI\x01")),
    _Known("bai", "index of a BAM", "BAM 색인", "an index (BAI) of a BAM", _starts(b"BAI\x01")),
)
_KEPT = (
    _Known("bam", "BAM", "BAM", "reads of a genome (BAM)", _starts(b"BAM\x01"), _WHOLE),
    _Known(
        "cram",
        "CRAM",
        "CRAM",
        "reads of a genome (CRAM)",
        _starts(b"CRAM\x02", b"CRAM\x03", b"CRAM\x04"),
        _WHOLE,
    ),
    _Known("sam", "SAM", "SAM", "reads of a genome (SAM)", _matches(_SAM), _WHOLE),
    _Known("fastq", "FASTQ", "FASTQ", "raw reads of a sequencer (FASTQ)", _matches(_FASTQ), _WHOLE),
    _Known("fasta", "FASTA", "FASTA", "sequences (FASTA)", _matches(_FASTA), _PANEL),
    _Known(
        "2bit",
        "2bit",
        "2bit",
        "sequences (2bit)",
        _starts(b"\x43\x27\x41\x1a\x00", b"\x1a\x41\x27\x43\x00"),
        _WHOLE,
    ),
    _Known(
        "plink-bed",
        "PLINK genotypes",
        "PLINK 유전형",
        "genotypes of PLINK (.bed or .pgen), which are nothing without their .bim and .fam",
        _starts(b"\x6c\x1b\x01", b"\x6c\x1b\x00", b"\x6c\x1b\x02", b"\x6c\x1b\x10"),
        _WHOLE,
    ),
    _Known(
        "plink-ped",
        "PLINK pedigree",
        "PLINK 가계",
        "genotypes of PLINK (.ped), which are nothing without their .map",
        _matches(_PED),
        _WHOLE,
    ),
    _Known(
        "plink-bim", "PLINK variants", "PLINK 변이", "the variants of PLINK (.bim)", _matches(_BIM)
    ),
    _Known("plink-map", "PLINK map", "PLINK 지도", "the markers of PLINK (.map)", _matches(_MAP)),
    _Known("plink-fam", "PLINK samples", "PLINK 표본", "the people of PLINK (.fam)", _is_fam),
    _Known("gff", "GFF", "GFF", "annotations of a genome (GFF or GTF)", _matches(_GFF), _PANEL),
    _Known("bed", "BED", "BED", "regions of a genome (BED)", _matches(_BED), _PANEL),
)


def _reader(known: _Known, kind: Kind) -> Reader:
    def read(source: Source) -> Iterator[Item]:
        if kind is Kind.SKIPPED:
            reason = f"{known.what}, which holds nothing of its own; import the file beside it"
            yield Outcome(kind, "/", known.en, reason, "genome_index", source.path), None
            return
        reason = (
            f"{known.what}; it is kept whole as it is, for programs of laboratories; "
            "ask for a VCF to have the variants read"
        )
        outcome = Outcome(kind, "/", known.en, reason, "genome_file", source.path, known.data_class)
        yield outcome, None

    found = Format(known.name, "application/octet-stream", known.en, known.ko)
    return Reader(found, known.is_it, read, unpacks=True)


READERS = (
    *(_reader(known, Kind.SKIPPED) for known in _INDEXES),
    *(_reader(known, Kind.KEPT) for known in _KEPT),
)
