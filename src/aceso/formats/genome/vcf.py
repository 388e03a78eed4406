"""VCF 4.0 to 4.5: plain, gzip or bgzip, checked line by line.

The common library (htslib) reads most of the files that the specification calls malformed. A genome
is kept for a lifetime, so here the first line that breaks the rules refuses the file, by line and
reason; the source is still kept whole. A genome stays VCF: the canonical bytes are those of the
file, unpacked.

Which class:

1. every variant lies in a gene of `codelists/pharmacogenes.toml`, on an assembly that the header
   states: PHARMACOGENES;
2. else, blocks of reference calls (gVCF), or 100,000 variants or more: GENOME_WHOLE;
3. else GENOME_PANEL.

A file of several people is not mixed into one person's vault: it is kept, and read when
`subject_hint` names the sample that is theirs. Then the record holds that column only.

Limits: the types of INFO and FORMAT values, and the order of positions, are not checked. A
duplicate is noticed when it follows the line that it repeats at the same position.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import BinaryIO, cast

from aceso.codes import DataClass

from .._classify import load
from .._head import Head
from .._model import VCF, Format, Item, Kind, Outcome, Piece
from .._reader import Reader, Source

__all__ = ["BLOCK_LINES", "FORMAT", "READERS", "WHOLE_VARIANTS"]

FORMAT = Format("vcf", "text/vcf", "VCF", "VCF")

BLOCK_LINES = 1000
WHOLE_VARIANTS = 100_000

_MAX_LINE = 32 << 20
_FIRST = re.compile(rb"##fileformat=VCFv4\.([0-9])\Z")
_COLUMNS = (b"#CHROM", b"POS", b"ID", b"REF", b"ALT", b"QUAL", b"FILTER", b"INFO")
_STRUCTURED = re.compile(rb"##(INFO|FORMAT|FILTER|ALT|contig)=(.*)\Z", re.DOTALL)
_CHROM = re.compile(rb"<[^<>\s:]+>\Z|[^\s:<>*=,][^\s:<>,]*\Z")
_REF = re.compile(rb"[ACGTNRYSWKMBDHVacgtnryswkmbdhv]+\Z")
_ALT = re.compile(
    rb"(?:[ACGTNRYSWKMBDHVacgtnryswkmbdhv]+|\*|\.|<[^<>\s,]+>"
    rb"|[ACGTNacgtn.]*[\[\]][^\[\]\s,]+[\[\]][ACGTNacgtn.]*|\.[ACGTNacgtn]+|[ACGTNacgtn]+\.)\Z"
)
_QUAL = re.compile(
    rb"(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z|[+]?[Ii]nf(?:inity)?\Z|\.\Z"
)
_INFO_KEY = re.compile(rb"(?:[A-Za-z_][0-9A-Za-z_.]*|1000G)\Z")
_FORMAT_KEY = re.compile(rb"[A-Za-z_][0-9A-Za-z_.]*\Z")
_GENOTYPE = re.compile(rb"[/|]?(?:\.|[0-9]{1,6})(?:[/|](?:\.|[0-9]{1,6}))*\Z")
_ALLELES = re.compile(rb"[0-9]+")
_BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_LENGTHS = {b"249250621": "GRCh37", b"248956422": "GRCh38"}


def _is_vcf(head: Head) -> bool:
    return head.text.startswith((b"##fileformat=VCF", b"#CHROM\tPOS"))


class _VcfError(Exception):
    def __init__(self, line: int, reason: str, code: str = "vcf"):
        super().__init__(reason)
        self.line = line
        self.reason = reason
        self.code = code


@dataclass(frozen=True, slots=True)
class _Body:
    """The unpacked bytes of a VCF file, or one sample of it, read anew each time."""

    path: Path = field(repr=False)
    size: int
    sha256: bytes
    column: int | None = None

    def open(self) -> BinaryIO:
        if self.column is None:
            return _unpacked(self.path)
        lines = _column_lines(self.path, self.column)
        return cast(BinaryIO, io.BufferedReader(_Lines(lines), 1 << 18))


class _Lines(io.RawIOBase):
    """A raw stream over an iterator of bytes."""

    def __init__(self, lines: Iterator[bytes]):
        self._lines = lines
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        if not self._rest:
            self._rest = next(self._lines, b"")
        count = min(len(buffer), len(self._rest))
        buffer[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


@dataclass(slots=True)
class _Reading:
    """What is known of the file so far."""

    samples: list[bytes] = field(default_factory=list)
    assembly: str | None = None
    date: str | None = None
    variants: int = 0
    reference_blocks: bool = False
    pharmacogenes: bool = True
    blocks: list[tuple[int, int, bytes]] = field(default_factory=list)
    header: tuple[int, bytes] = (0, b"")
    size: int = 0
    sha256: bytes = b""


def _read(source: Source) -> Iterator[Item]:
    """One outcome for the file: a genome is one record."""
    path, subject_hint = source.path, source.subject_hint
    try:
        reading = _check(_numbered(path))
        column = _column(reading, subject_hint)
        if column is not None:
            reading = _check(enumerate(_column_lines(path, column), 1))
    except _VcfError as exc:
        reason = f"line {exc.line}: {exc.reason}"
        yield Outcome(Kind.REFUSED, f"line {exc.line}", "VCF", reason, exc.code, path), None
        return
    if len(reading.samples) > 1:
        reason = (
            f"a well-formed VCF of {len(reading.samples)} people, who are not mixed; "
            "it is kept whole, name the sample that is yours to have it read"
        )
        samples = tuple(name.decode("utf-8", "replace") for name in reading.samples)
        outcome = Outcome(Kind.REFUSED, "/", "VCF", reason, "several_people", path, people=samples)
        yield outcome, None
        return
    if not reading.variants:
        reason = "a well-formed VCF without any variant; there is nothing to read in it"
        yield Outcome(Kind.REFUSED, "/", "VCF", reason, "no_variants", path), None
        return
    data_class, why = _class(reading)
    piece = Piece(
        data_class=data_class,
        media_type=VCF,
        body=_Body(path, reading.size, reading.sha256, column),
        resource_type="VCF",
        place="/",
        why_class=why,
        subject=reading.samples[0].decode("utf-8", "replace") if reading.samples else "",
        event="genome",
        issued_at=reading.date,
        fields=_fields(reading),
        alone=True,
    )
    yield Outcome(Kind.IMPORTED, "/", "VCF", why, "", path, data_class), piece


def _unpacked(path: Path) -> BinaryIO:
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path, "rb")) if packed else path.open("rb")


def _numbered(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file with their numbers, or _VcfError where it can't be read on."""
    number = 0
    _check_end(path)
    with _unpacked(path) as stream:
        while True:
            try:
                line = stream.readline(_MAX_LINE)
            except EOFError as exc:
                raise _VcfError(
                    number + 1, "the file is cut off here; get the whole file", "truncated"
                ) from exc
            except (gzip.BadGzipFile, zlib.error) as exc:
                raise _VcfError(
                    number + 1, "the compressed data are damaged here; get the file anew", "damaged"
                ) from exc
            if not line:
                return
            number += 1
            if len(line) >= _MAX_LINE:
                raise _VcfError(
                    number, "it is longer than 32 MiB, which no VCF line is", "too_large"
                )
            yield number, line


def _check_end(path: Path) -> None:
    """A bgzip file ends with an empty block; without it, whole blocks may be missing."""
    with path.open("rb") as stream:
        head = stream.read(18)
        if head[:4] != b"\x1f\x8b\x08\x04" or head[12:14] != b"BC":
            return
        stream.seek(0, io.SEEK_END)
        stream.seek(max(0, stream.tell() - len(_BGZF_END)))
        if stream.read() != _BGZF_END:
            raise _VcfError(
                1, "the end of the bgzip file is missing; get the whole file", "truncated"
            )


def _column(reading: _Reading, subject_hint: str | None) -> int | None:
    if subject_hint is None or len(reading.samples) < 2:
        return None
    try:
        return reading.samples.index(subject_hint.encode("utf-8", "surrogatepass"))
    except ValueError:
        return None


def _column_lines(path: Path, column: int) -> Iterator[bytes]:
    """The lines of a file with one of its samples only."""
    for _, line in _numbered(path):
        if line.startswith(b"##"):
            yield line
            continue
        cells = line.rstrip(b"\r\n").split(b"\t")
        if len(cells) < 10 + column:
            yield line
            continue
        yield b"\t".join([*cells[:9], cells[9 + column]]) + b"\n"


def _check(lines: Iterator[tuple[int, bytes]]) -> _Reading:
    reading = _Reading()
    whole, block = hashlib.sha256(), hashlib.sha256()
    block_size = block_lines = 0
    width = 0
    position: tuple[bytes, bytes] | None = None
    seen: set[tuple[bytes, bytes]] = set()
    number = 0
    for number, raw in lines:
        whole.update(raw)
        reading.size += len(raw)
        line = raw.rstrip(b"\r\n")
        if not width:
            _header_line(reading, number, line)
            block.update(raw)
            block_size += len(raw)
            if line.startswith(b"#CHROM"):
                width = _columns(reading, number, line)
                reading.header = (block_size, block.digest())
                block, block_size, block_lines = hashlib.sha256(), 0, 0
            continue
        if not line:
            raise _VcfError(number, "it is empty; a VCF has no empty lines among its variants")
        cells = line.split(b"\t")
        if len(cells) != width:
            raise _VcfError(number, f"it has {len(cells)} columns where the header has {width}")
        _variant(reading, number, cells)
        here = (cells[0], cells[1])
        if here != position:
            position = here
            seen.clear()
        alleles = (cells[3].upper(), cells[4].upper())
        if alleles in seen:
            raise _VcfError(number, "it repeats a variant (same CHROM, POS, REF and ALT)")
        seen.add(alleles)
        block.update(raw)
        block_size += len(raw)
        block_lines += 1
        reading.variants += 1
        if block_lines == BLOCK_LINES:
            reading.blocks.append((block_lines, block_size, block.digest()))
            block, block_size, block_lines = hashlib.sha256(), 0, 0
    if not width:
        raise _VcfError(max(1, number), "the header has no #CHROM line; the file is cut or no VCF")
    if block_lines:
        reading.blocks.append((block_lines, block_size, block.digest()))
    reading.sha256 = whole.digest()
    return reading


def _header_line(reading: _Reading, number: int, line: bytes) -> None:
    if number == 1:
        found = _FIRST.match(line)
        if found is None:
            raise _VcfError(1, "a VCF begins with ##fileformat=VCFv4.x, and this does not")
        if int(found[1]) > 5:
            raise _VcfError(1, "its version of VCF is newer than 4.5", "vcf_version")
        return
    if line.startswith(b"#CHROM"):
        return
    if not line.startswith(b"##"):
        raise _VcfError(number, "the header is not finished: a line without ## before #CHROM")
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise _VcfError(number, "it is not UTF-8; save the file as UTF-8", "not_utf8") from exc
    found = _STRUCTURED.match(line)
    if found is not None:
        kind, value = found[1], found[2]
        if kind in (b"INFO", b"FORMAT", b"FILTER", b"ALT", b"contig"):
            if not (value.startswith(b"<") and value.rstrip().endswith(b">")):
                raise _VcfError(number, f"its {kind.decode()} is not written as <ID=…>")
            if not re.search(rb"[<,]\s*ID=[^,>]", value):
                raise _VcfError(number, f"its {kind.decode()} has no ID")
            if kind in (b"INFO", b"FORMAT") and not (b"Number=" in value and b"Type=" in value):
                raise _VcfError(number, f"its {kind.decode()} has no Number or no Type")
    if reading.assembly is None:
        reading.assembly = _assembly(line)
    if line.startswith(b"##fileDate="):
        digits = re.match(rb"##fileDate=([0-9]{4})-?([0-9]{2})-?([0-9]{2})", line)
        if digits:
            reading.date = b"-".join(digits.groups()).decode()


def _assembly(line: bytes) -> str | None:
    text = line.lower()
    if text.startswith((b"##contig", b"##reference", b"##assembly")):
        if any(name in text for name in (b"grch38", b"hg38", b"b38")):
            return "GRCh38"
        if any(name in text for name in (b"grch37", b"hg19", b"b37", b"hs37")):
            return "GRCh37"
        for length, name in _LENGTHS.items():
            if b"length=" + length in text:
                return name
    return None


def _columns(reading: _Reading, number: int, line: bytes) -> int:
    cells = line.split(b"\t")
    for index, name in enumerate(_COLUMNS):
        if index >= len(cells) or cells[index] != name:
            raise _VcfError(
                number, f"column {index + 1} of the header is not {name.decode()}, parted by tabs"
            )
    if len(cells) > 8:
        if cells[8] != b"FORMAT":
            raise _VcfError(number, "column 9 of the header is not FORMAT")
        reading.samples = cells[9:]
        if not reading.samples:
            raise _VcfError(number, "the header has FORMAT and no sample")
        if any(not name.strip() for name in reading.samples):
            raise _VcfError(number, "a sample of the header has no name")
        if len(set(reading.samples)) != len(reading.samples):
            raise _VcfError(number, "two samples of the header have the same name")
    return len(cells)


def _variant(reading: _Reading, number: int, cells: list[bytes]) -> None:
    chrom, pos, ids, ref, alt, qual, filters, info = cells[:8]
    if not _CHROM.match(chrom):
        raise _VcfError(number, "CHROM is no name of a sequence")
    if not pos.isdigit() or len(pos) > 10:
        raise _VcfError(number, "POS is not a whole number from 0 up")
    if not ids or b" " in ids or b"\t" in ids:
        raise _VcfError(number, "ID is empty or has a space")
    if not _REF.match(ref):
        raise _VcfError(number, "REF is no sequence of bases")
    alts = alt.split(b",")
    for one in alts:
        if not _ALT.match(one):
            raise _VcfError(number, "ALT is neither bases, *, <ID>, a breakend nor a dot")
    if len(alts) > 1 and b"." in alts:
        raise _VcfError(number, "ALT has a dot among other alleles")
    if not _QUAL.match(qual):
        raise _VcfError(number, "QUAL is neither a number nor a dot")
    if not filters or b" " in filters or filters.startswith(b";") or filters == b"0":
        raise _VcfError(number, "FILTER is neither PASS, a list of names nor a dot")
    if info != b".":
        for part in info.rstrip(b";").split(b";"):
            if not _INFO_KEY.match(part.partition(b"=")[0].strip()):
                raise _VcfError(number, "INFO has a key that is no name")
    if len(cells) > 8:
        _genotypes(number, cells, 0 if alt == b"." else len(alts))
    if alt in (b"<NON_REF>", b"<*>") and b"END=" in info:
        reading.reference_blocks = True
    if reading.pharmacogenes and not _in_pharmacogene(reading.assembly, chrom, int(pos)):
        reading.pharmacogenes = False


def _genotypes(number: int, cells: list[bytes], alleles: int) -> None:
    keys = cells[8].split(b":")
    if cells[8] == b".":
        keys = []
    for key in keys:
        if not _FORMAT_KEY.match(key):
            raise _VcfError(number, "FORMAT has an empty sub-field, or one that is no name")
    if len(set(keys)) != len(keys):
        raise _VcfError(number, "FORMAT names a sub-field twice")
    if b"GT" in keys[1:]:
        raise _VcfError(number, "GT is not the first sub-field of FORMAT")
    for cell in cells[9:]:
        if not cell:
            raise _VcfError(number, "a sample has no value, not even a dot")
        if keys and cell.count(b":") >= len(keys):
            raise _VcfError(number, "a sample has more sub-fields than FORMAT")
        if keys and keys[0] == b"GT":
            genotype = cell.partition(b":")[0]
            if not _GENOTYPE.match(genotype):
                raise _VcfError(number, "a genotype is not written as alleles parted by / or |")
            if any(int(one) > alleles for one in _ALLELES.findall(genotype)):
                raise _VcfError(number, "a genotype names an allele that REF and ALT don't have")


@cache
def _regions() -> dict[str, dict[str, list[tuple[int, int]]]]:
    result: dict[str, dict[str, list[tuple[int, int]]]] = {}
    for assembly, genes in load("pharmacogenes.toml").items():
        by_chromosome = result.setdefault(assembly, {})
        for chromosome, first, last in genes.values():
            by_chromosome.setdefault(chromosome, []).append((first, last))
    return result


def _in_pharmacogene(assembly: str | None, chrom: bytes, position: int) -> bool:
    if assembly is None:
        return False
    name = chrom.decode("utf-8", "replace").removeprefix("chr").replace("MT", "M")
    return any(first <= position <= last for first, last in _regions()[assembly].get(name, ()))


def _class(reading: _Reading) -> tuple[DataClass, str]:
    count = f"{reading.variants:,} variants"
    if reading.pharmacogenes:
        return DataClass.PHARMACOGENES, f"{count}, each of them in a pharmacogene"
    if reading.reference_blocks:
        return DataClass.GENOME_WHOLE, f"{count} with blocks of reference calls"
    if reading.variants >= WHOLE_VARIANTS:
        return DataClass.GENOME_WHOLE, f"{count}, as many as a whole genome or exome has"
    return DataClass.GENOME_PANEL, f"{count}, fewer than {WHOLE_VARIANTS:,}"


def _fields(reading: _Reading) -> dict[str, bytes]:
    """A field for the header and one for each block of 1,000 variants: their length and digest.

    To show a block is to show the field and the bytes; the envelope stays small.
    """
    length, digest = reading.header
    fields = {"/header": _field(0, length, digest)}
    for index, (lines, length, digest) in enumerate(reading.blocks):
        fields[f"/block/{index:06d}"] = _field(lines, length, digest)
    return fields


def _field(lines: int, length: int, digest: bytes) -> bytes:
    value = {"length": length, "lines": lines, "sha256": digest.hex()}
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


READERS = (Reader(FORMAT, _is_vcf, _read),)
