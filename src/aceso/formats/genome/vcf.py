"""VCF 4.0 to 4.5: plain, gzip or bgzip, checked line by line.

The common library (htslib) reads most of the files that the specification calls malformed. A genome
is kept for a lifetime, so here the first line that breaks the rules refuses the file, by line and
reason; the source is still kept whole. A genome stays VCF: the canonical bytes are those of the
file, unpacked.

Checked are the header and every line: types and numbers of INFO and FORMAT values as the header
declares them (`_vcf_header`), the order of positions, duplicates however they are written, and the
number of likelihoods (`_vcf_lines`). All must-fail files of hts-specs are refused but the ones that
docs/formats.md names. Classes: `_classes`.

A file of several people is not mixed into one person's vault: it is kept, and read when
`subject_hint` names the sample that is theirs. Then the record holds that column only.

Limits: without a reference genome nobody can say whether REF is right, nor left-align indels.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from .._head import Head
from .._model import VCF, Body, Format, Item, Kind, Outcome, Piece
from .._reader import Reader, Source
from ._blocks import Blocks
from ._classes import genome_class, in_pharmacogene
from ._vcf_header import Header, VcfError
from ._vcf_lines import Lines

__all__ = ["FORMAT", "READERS", "check", "check_end", "read_vcf", "unpacked"]

FORMAT = Format("vcf", "text/vcf", "VCF", "VCF")

_MAX_LINE = 32 << 20
_BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")


def _is_vcf(head: Head) -> bool:
    if head.text.startswith((b"##fileformat=VCF", b"#CHROM\tPOS")):
        return True
    return head.text.startswith(b"##") and b"\n#CHROM\tPOS" in head.text


@dataclass(frozen=True, slots=True)
class _Body:
    """The unpacked bytes of a VCF file, or one sample of it, read anew each time."""

    path: Path = field(repr=False)
    size: int
    sha256: bytes
    column: int | None = None

    def open(self) -> BinaryIO:
        if self.column is None:
            return unpacked(self.path)
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
class Reading:
    """What is known of a genome that was read."""

    header: Header
    blocks: Blocks
    reference_blocks: bool
    pharmacogenes: bool

    @property
    def samples(self) -> list[bytes]:
        return self.header.samples

    @property
    def variants(self) -> int:
        return self.blocks.lines


def read_vcf(source: Source) -> Iterator[Item]:
    """One outcome for the file: a genome is one record."""
    path, subject_hint = source.path, source.subject_hint
    try:
        reading = check(_numbered(path))
        column = _column(reading, subject_hint)
        if column is not None:
            reading = check(enumerate(_column_lines(path, column), 1))
    except VcfError as exc:
        yield Outcome(Kind.REFUSED, f"line {exc.line}", "VCF", exc.reason, exc.code, path), None
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
    body = _Body(path, reading.blocks.size, reading.blocks.sha256, column)
    yield from _piece_of(reading, body, path)


def _piece_of(reading: Reading, body: Body, path: Path) -> Iterator[Item]:
    """The outcome and the record of a genome that was read."""
    data_class, why = genome_class(
        reading.variants,
        pharmacogenes=reading.pharmacogenes,
        reference_blocks=reading.reference_blocks,
    )
    piece = Piece(
        data_class=data_class,
        media_type=VCF,
        body=body,
        resource_type="VCF",
        place="/",
        why_class=why,
        subject=reading.samples[0].decode("utf-8", "replace") if reading.samples else "",
        event="genome",
        issued_at=reading.header.date,
        fields=reading.blocks.fields,
        alone=True,
    )
    yield Outcome(Kind.IMPORTED, "/", "VCF", why, "", path, data_class), piece


def unpacked(path: Path) -> BinaryIO:
    with path.open("rb") as stream:
        packed = stream.read(2) == b"\x1f\x8b"
    return cast(BinaryIO, gzip.open(path, "rb")) if packed else path.open("rb")


def _numbered(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines of a file with their numbers, or VcfError where it can't be read on."""
    number = 0
    check_end(path)
    with unpacked(path) as stream:
        while True:
            try:
                line = stream.readline(_MAX_LINE)
            except EOFError as exc:
                raise VcfError(
                    number + 1, "the file is cut off here; get the whole file", "truncated"
                ) from exc
            except (gzip.BadGzipFile, zlib.error) as exc:
                raise VcfError(
                    number + 1, "the compressed data are damaged here; get the file anew", "damaged"
                ) from exc
            if not line:
                return
            number += 1
            if len(line) >= _MAX_LINE:
                raise VcfError(
                    number, "it is longer than 32 MiB, which no VCF line is", "too_large"
                )
            yield number, line


def check_end(path: Path) -> None:
    """A bgzip file ends with an empty block; without it, whole blocks may be missing."""
    with path.open("rb") as stream:
        head = stream.read(18)
        if head[:4] != b"\x1f\x8b\x08\x04" or head[12:14] != b"BC":
            return
        stream.seek(0, io.SEEK_END)
        stream.seek(max(0, stream.tell() - len(_BGZF_END)))
        if stream.read() != _BGZF_END:
            raise VcfError(
                1, "the end of the bgzip file is missing; get the whole file", "truncated"
            )


def _column(reading: Reading, subject_hint: str | None) -> int | None:
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


def check(lines: Iterator[tuple[int, bytes]]) -> Reading:
    """Check every line of a VCF, or raise VcfError at the first that breaks the rules."""
    header = Header()
    blocks = Blocks()
    checked = Lines(header)
    pharmacogenes = True
    number = 0
    raw = b""
    for number, raw in lines:
        line = raw.rstrip(b"\r\n")
        if not header.width:
            blocks.header(raw)
            if header.take(number, line):
                blocks.end_header()
            continue
        chrom, place = checked.take(number, line)
        if pharmacogenes and not in_pharmacogene(header.assembly, chrom, place):
            pharmacogenes = False
        blocks.row(raw)
    if not header.width:
        raise VcfError(max(1, number), "the header has no #CHROM line; the file is cut or no VCF")
    # As with the order of positions, hts-specs has one in 4.5 that must pass.
    if header.minor in (3, 4) and not raw.endswith(b"\n"):
        raise VcfError(
            number, "the last line has no end, so the file may be cut; get the whole", "truncated"
        )
    return Reading(header, blocks, checked.reference_blocks, pharmacogenes)


READERS = (Reader(FORMAT, _is_vcf, read_vcf, unpacks=True),)
