"""What of a genome may be in an extract: the regions and variants asked for, as a VCF of its own.

VCF in, VCF out. A genome identifies by itself, so no extract holds one as a whole: a line stays
when its position lies in a region that was asked for, or when it has an rs number that was. The
sample becomes SUBJECT. Of the header only what the lines need stays, in words of the specification;
file dates, sources, commands, paths, pedigrees and comments go. Of INFO only END, SVTYPE and SVLEN
stay, of FORMAT only GT, AD, DP, GQ and PS.

Limits: a block of reference calls that begins before a region is left out, and one that ends behind
it is cut at the region's end. Rare variants in the regions can still single a person out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import BinaryIO, Final

from aceso.errors import UsageError
from aceso.formats import FormatError
from aceso.formats.genome._vcf_header import Header, VcfError

__all__ = ["SUBJECT", "Locus", "cut_genome"]

SUBJECT: Final = b"SUBJECT"
_MAX_LINE: Final = 32 << 20
_MAX_BYTES: Final = 32 << 20

_LOCUS: Final = re.compile(
    r"(?:chr)?([0-9]{1,2}|X|Y|M|MT):([0-9]{1,9})-([0-9]{1,9})@(GRCh37|GRCh38)\Z", re.ASCII
)
# By any other name, a contig may be called after somebody.
_CONTIG: Final = re.compile(
    rb"(?:chr)?(?:[0-9]{1,2}|X|Y|MT?)\Z|NC_0[0-9]{5}\.[0-9]{1,2}\Z|N[TW]_[0-9]{6,9}\.[0-9]{1,2}\Z"
)
_BASES: Final = re.compile(rb"[ACGTNacgtn]+\Z")
_ALT: Final = re.compile(
    rb"(?:[ACGTNacgtn]+|\*|\.|<(?:\*|NON_REF|DEL|INS|DUP|INV|CNV|DUP:TANDEM|DEL:ME|INS:ME|CN[0-9]{1,3})>)\Z"
)
_RS: Final = re.compile(rb"rs[0-9]{1,10}\Z")
_NUMBER: Final = re.compile(rb"[0-9]{1,9}(?:\.[0-9]{1,9})?(?:[eE][+-]?[0-9]{1,3})?\Z")
_INTEGER: Final = rb"(?:\.|-?[0-9]{1,9})"
_DEPTH: Final = rb"(?:\.|[0-9]{1,6})"
# What stays of INFO and FORMAT: the form of a value, and the definition in the header.
_INFO: Final[Mapping[bytes, tuple[re.Pattern[bytes], bytes]]] = MappingProxyType(
    {
        b"END": (
            re.compile(rb"[0-9]{1,10}\Z"),
            b'Number=1,Type=Integer,Description="End position"',
        ),
        b"SVTYPE": (
            re.compile(rb"(?:DEL|INS|DUP|INV|CNV)\Z"),
            b'Number=1,Type=String,Description="Type of structural variant"',
        ),
        b"SVLEN": (
            re.compile(rb"%b(?:,%b)*\Z" % (_INTEGER, _INTEGER)),
            b'Number=.,Type=Integer,Description="Length of structural variant"',
        ),
    }
)
_FORMAT: Final[Mapping[bytes, tuple[re.Pattern[bytes], bytes]]] = MappingProxyType(
    {
        b"GT": (
            re.compile(rb"[/|]?(?:\.|[0-9]{1,3})(?:[/|](?:\.|[0-9]{1,3}))*\Z"),
            b'Number=1,Type=String,Description="Genotype"',
        ),
        b"AD": (
            re.compile(rb"%b(?:,%b)*\Z" % (_DEPTH, _DEPTH)),
            b'Number=R,Type=Integer,Description="Read depth for each allele"',
        ),
        b"DP": (
            re.compile(rb"%b\Z" % _DEPTH),
            b'Number=1,Type=Integer,Description="Read depth"',
        ),
        b"GQ": (
            re.compile(rb"%b\Z" % _DEPTH),
            b'Number=1,Type=Integer,Description="Genotype quality"',
        ),
        b"PS": (re.compile(rb"%b\Z" % _INTEGER), b'Number=1,Type=Integer,Description="Phase set"'),
    }
)
_FAILED: Final = b"notpass"


@dataclass(frozen=True, slots=True, order=True)
class Locus:
    """A region of one assembly: both ends belong to it, and positions count from 1."""

    assembly: str
    chromosome: str
    first: int
    last: int

    @classmethod
    def parse(cls, text: str) -> Locus:
        """Read "10:94761900-94855547@GRCh38"; a region without its assembly is none."""
        found = _LOCUS.match(text.strip())
        if found is None or not 0 < int(found[2]) <= int(found[3]):
            raise UsageError(
                f"{text!r} is not a region. Write it as 10:94761900-94855547@GRCh38: chromosome, "
                "first and last position, and the assembly (GRCh37 or GRCh38).",
                code="E_LOCUS",
                details={"text": text},
            )
        return cls(found[4], _chromosome(found[1]), int(found[2]), int(found[3]))

    def __str__(self) -> str:
        return f"{self.chromosome}:{self.first}-{self.last}@{self.assembly}"


def _chromosome(name: str) -> str:
    return name.removeprefix("chr").replace("MT", "M")


def cut_genome(
    stream: BinaryIO,
    loci: Collection[Locus],
    variants: Collection[str],
    removed: dict[str, str],
) -> bytes | None:
    """The lines of a VCF that were asked for, as a VCF; None where there are none. What went is
    put into `removed`."""
    cut = _Cut(loci, frozenset(one.encode() for one in variants), removed)
    return cut.of(stream)


class _Cut:
    def __init__(
        self, loci: Collection[Locus], variants: frozenset[bytes], removed: dict[str, str]
    ):
        self._loci = loci
        self._variants = variants
        self._removed = removed
        self._header = Header()
        self._places: list[Locus] = []
        self._contigs: dict[bytes, None] = {}
        self._info: dict[bytes, None] = {}
        self._format: dict[bytes, None] = {}
        self._failed = False
        self._size = 0

    def of(self, stream: BinaryIO) -> bytes | None:
        lines = list(self._lines(stream))
        if not lines:
            return None
        minor = max(2, self._header.minor)
        head = [b"##fileformat=VCFv4.%d" % minor]
        if self._header.assembly:
            head.append(b"##reference=" + self._header.assembly.encode())
        head += [b"##contig=<ID=%b>" % name for name in self._contigs]
        if self._failed:
            head.append(b'##FILTER=<ID=%b,Description="A filter was not passed">' % _FAILED)
        head += [b"##INFO=<ID=%b,%b>" % (key, _INFO[key][1]) for key in self._info]
        head += [b"##FORMAT=<ID=%b,%b>" % (key, _FORMAT[key][1]) for key in self._format]
        columns = [b"#CHROM", b"POS", b"ID", b"REF", b"ALT", b"QUAL", b"FILTER", b"INFO"]
        if self._header.samples:
            columns += [b"FORMAT", SUBJECT]
        return b"\n".join([*head, b"\t".join(columns), *lines]) + b"\n"

    def _lines(self, stream: BinaryIO) -> Iterator[bytes]:
        number = 0
        while raw := stream.readline(_MAX_LINE):
            number += 1
            line = raw.rstrip(b"\r\n")
            if not self._header.width:
                self._take_header(number, line)
                continue
            made = self._line(line.split(b"\t"))
            if made is None:
                continue
            self._size += len(made) + 1
            if self._size > _MAX_BYTES:
                raise FormatError(
                    f"What was asked for of the genome is more than {_MAX_BYTES >> 20} MiB. Ask "
                    "for smaller regions.",
                    code="E_EXTRACT_TOO_LARGE",
                )
            yield made

    def _take_header(self, number: int, line: bytes) -> None:
        try:
            ends = self._header.take(number, line)
        except VcfError as exc:
            raise FormatError(
                f"A genome of the vault can't be put in an extract: line {exc.line}: {exc.reason}.",
                code="E_EXTRACT_GENOME",
            ) from exc
        self._removed.setdefault("VCF.header", "R")
        if not ends:
            return
        if len(self._header.samples) > 1:
            raise FormatError(
                "A genome of the vault is of several people. Import it for one of them.",
                code="E_EXTRACT_GENOME",
            )
        if self._header.samples:
            self._removed.setdefault("VCF.sample", "A")
        # A region means nothing on another assembly.
        self._places = [one for one in self._loci if one.assembly == self._header.assembly]

    def _line(self, cells: list[bytes]) -> bytes | None:
        """One line as it may stay, or None."""
        wanted = 10 if self._header.samples else 8
        if len(cells) < wanted or not cells[1].isdigit():
            return None
        chrom, place, ids, ref, alts, quality, filters, info = cells[:8]
        end = self._wanted(chrom, int(place), ids)
        if end is None:
            self._removed.setdefault("VCF.variants", "R")
            return None
        safe = (
            _CONTIG.match(chrom)
            and _BASES.match(ref)
            and all(_ALT.match(alt) for alt in alts.split(b","))
        )
        if not safe:
            self._removed.setdefault("VCF.ALT", "R")
            return None
        self._contigs.setdefault(chrom)
        kept = [one for one in ids.split(b";") if _RS.match(one)]
        if not kept and ids != b".":
            self._removed.setdefault("VCF.ID", "R")
        made = [chrom, place, b";".join(kept) or b".", ref, alts]
        made.append(quality if _NUMBER.match(quality) else b".")
        made.append(self._filter(filters))
        made.append(self._info_of(info, end))
        if self._header.samples:
            made += self._sample(cells[8], cells[9])
        return b"\t".join(made)

    def _wanted(self, chrom: bytes, place: int, ids: bytes) -> int | None:
        """The last position that the line may reach; None where it was not asked for."""
        name = _chromosome(chrom.decode("utf-8", "replace"))
        for one in self._places:
            if one.chromosome == name and one.first <= place <= one.last:
                return one.last
        return place if self._variants.intersection(ids.split(b";")) else None

    def _filter(self, filters: bytes) -> bytes:
        if filters in (b"PASS", b"."):
            return filters
        self._failed = True
        self._removed.setdefault("VCF.FILTER", "R")
        return _FAILED

    def _info_of(self, info: bytes, end: int) -> bytes:
        kept = []
        for part in info.split(b";"):
            key, _, value = part.partition(b"=")
            rule = _INFO.get(key)
            if rule is None or not rule[0].match(value):
                if part != b".":
                    self._removed.setdefault("VCF.INFO", "R")
                continue
            if key == b"END":
                value = b"%d" % min(int(value), end)
            self._info.setdefault(key)
            kept.append(key + b"=" + value)
        return b";".join(kept) or b"."

    def _sample(self, keys: bytes, sample: bytes) -> list[bytes]:
        values = sample.split(b":")
        names, kept = [], []
        for index, key in enumerate(keys.split(b":")):
            rule = _FORMAT.get(key)
            if rule is None:
                self._removed.setdefault("VCF.FORMAT", "R")
                continue
            value = values[index] if index < len(values) else b"."
            names.append(key)
            kept.append(value if rule[0].match(value) else b".")
            self._format.setdefault(key)
        return [b":".join(names) or b".", b":".join(kept) or b"."]
