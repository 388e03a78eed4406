"""Genotyping arrays: the raw data of 23andMe, AncestryDNA, FTDNA, MyHeritage and Living DNA.

All of them become one table, so that the same genotypes are the same bytes whoever exports them
and in whatever order (media type `text/vnd.aceso.genotypes+tsv`):

    ##aceso-genotypes=1
    ##vendor=23andMe
    ##version=
    ##build=GRCh37
    #chromosome<tab>position<tab>name<tab>genotype
    1<tab>82154<tab>rs4477212<tab>AA

- chromosomes are 1–22, X, Y, XY (both: the pseudo-autosomal parts), MT, or `.` for a marker that
  the vendor doesn't place; its position is 0 then;
- a genotype is one allele (hemizygous) or two in alphabetical order, as an array doesn't say which
  parent an allele is from: A, C, G, T, D (deletion), I (insertion), `-` for an allele without a
  call. Longer alleles, which Living DNA writes, stay as written. `--` is no call;
- rows are ordered by chromosome, position, name. The build is the one that the file states.

**A row that is wrong is refused by its line, and the others are read.** A person who has 600,000
good rows should not lose them to one that an editor broke, and no row goes without a word. If more
than one row in a hundred is wrong (and more than a hundred are), or half of a short file, it is
not the file that it seems to be, and is refused whole. Rows that give one marker two different
genotypes are refused all: nobody can say which is right. A row that repeats another is skipped.

Limits: strand and probe quality are the vendor's; an array's rare variants are often wrong. The
table has no reference bases, so it can't be made a VCF without a reference genome.
"""

from __future__ import annotations

import hashlib
import io
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from .._head import Head
from .._model import Format, Item, Kind, Outcome, Piece
from .._reader import Reader, Source
from ._blocks import Blocks
from ._classes import genome_class, in_pharmacogene
from ._layout import Layout, is_header, layout_of, split_row

__all__ = ["FORMAT", "GENOTYPES", "READERS"]

FORMAT = Format("genotypes", "text/plain", "genotypes of a DNA test", "유전자 검사의 유전형 원자료")
GENOTYPES = "text/vnd.aceso.genotypes+tsv"

_TYPE = "Genotypes"
_MAX_LINE = 8192
_MAX_BAD = 100
_LONGEST = 250_000_000  # Longer than any human chromosome on any build.
_ORDER = [*(str(number).encode() for number in range(1, 23)), b"X", b"Y", b"XY", b"MT", b"."]
_RANKS = {name: rank for rank, name in enumerate(_ORDER)}
_OTHER_NAMES = {
    b"23": b"X",
    b"24": b"Y",
    b"25": b"XY",
    b"26": b"MT",
    b"M": b"MT",
    b"PAR": b"XY",
    b"0": b".",
    b"--": b".",
    b"-": b".",
    b"": b".",
}
_CHROMOSOMES = {
    spelt: (_RANKS[name], name)
    for plain, name in [*((one, one) for one in _ORDER), *_OTHER_NAMES.items()]
    for spelt in (plain, b"chr" + plain, plain.lower())
}
_NAME = re.compile(rb"[!-~]{1,100}\Z")
_ALLELES = b"ACGTDI"
_GENOTYPES = {
    **{bytes((a,)): bytes((a,)) for a in _ALLELES},
    **{bytes((a, b)): bytes(sorted((a, b))) for a in _ALLELES for b in _ALLELES},
    # One allele was called, the other wasn't.
    **{none + bytes((a,)): bytes((a,)) + b"-" for a in _ALLELES for none in (b"-", b"0")},
    **{bytes((a,)) + none: bytes((a,)) + b"-" for a in _ALLELES for none in (b"-", b"0")},
    **dict.fromkeys((b"--", b"-", b"00", b"0", b"---", b"??", b"#N/A", b"NC"), b"--"),
}
_LONG = re.compile(rb"[ACGT]{3,4000}\Z")
_UNPLACED = (b"0", b"--", b"-", b"", b".")
_SCHEMA = (
    "CREATE TABLE row (line INTEGER, rank INTEGER, position INTEGER, name BLOB, genotype BLOB)"
)
_AMBIGUOUS = """
CREATE TEMP TABLE ambiguous AS SELECT name FROM row WHERE genotype <> CAST('--' AS BLOB)
GROUP BY name HAVING count(*) > 1 AND min(genotype) <> max(genotype)
"""


@dataclass(frozen=True, slots=True)
class _FileBody:
    """The table, in the workspace of the import."""

    path: Path = field(repr=False)
    size: int
    sha256: bytes

    def open(self) -> BinaryIO:
        return self.path.open("rb")


@dataclass(slots=True)
class _Counts:
    good: int = 0
    bad: int = 0
    repeated: int = 0
    no_calls: int = 0
    first_bad: int = 0
    pharmacogenes: bool = True
    whole: bool = True  # The last line has its end.


def _is_array(head: Head) -> bool:
    if head.is_gzip or head.is_zip or head.text[:1] in (b"{", b"[", b"<"):
        return False
    if b"##fileformat=VCF" in head.text[:100]:
        return False
    return layout_of(head.text) is not None


def _read(source: Source) -> Iterator[Item]:
    """One outcome for the table, and one for each row that is not in it."""
    layout = layout_of(source.head.text)
    assert layout is not None  # noqa: S101 - `_is_array` said so.
    counts = _Counts()
    # Rows are put in order on disk: a file may be larger than memory.
    with closing(sqlite3.connect("", isolation_level=None)) as database:
        database.executescript(
            f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_SCHEMA}; BEGIN"
        )
        yield from _rows(source, layout, database, counts)
        if _too_many(counts):
            yield _hopeless(source.path, counts)
            return
        yield from _ambiguous(source.path, database, counts)
        yield from _table(source, layout, database, counts)


def _rows(
    source: Source, layout: Layout, database: sqlite3.Connection, counts: _Counts
) -> Iterator[Item]:
    """Put the good rows into the database, and say which ones are not good."""
    path = source.path
    insert = "INSERT INTO row VALUES (?, ?, ?, ?, ?)"
    batch: list[tuple[int, int, int, bytes, bytes]] = []
    separator, width = layout.separator, layout.width
    long_alleles = layout.vendor == "LivingDNA"
    for number, line in _numbered(source):
        if line.endswith(b"\n"):
            counts.whole = True
        elif len(line) < _MAX_LINE:
            counts.whole = False
        if line.startswith((b"#", b'"#')) or not line.strip():
            continue
        cells = split_row(line, separator)
        if is_header(cells):
            if counts.good:
                reason = "the names of the columns once more, as where two tables were joined"
                yield _outcome(path, Kind.SKIPPED, number, reason, "repeated_header"), None
            continue
        found = _row(cells, width, long_alleles)
        if isinstance(found, str):
            counts.bad += 1
            counts.first_bad = counts.first_bad or number
            code = "bad_value"
            if not counts.whole:
                found = "the file ends within this line; get the whole file"
                code = "truncated"
            yield _outcome(path, Kind.REFUSED, number, found, code), None
            if _too_many(counts, early=True):
                break
            continue
        counts.good += 1
        batch.append((number, *found))
        if len(batch) == 10_000:
            database.executemany(insert, batch)
            batch.clear()
    database.executemany(insert, batch)


def _row(cells: list[bytes], width: int, long_alleles: bool) -> tuple[int, int, bytes, bytes] | str:
    """Rank of the chromosome, position, name and genotype of a row; or what is wrong with it."""
    if len(cells) != width:
        return f"it has {len(cells)} columns where the table has {width}"
    name, chromosome, position, genotype = cells[0], cells[1], cells[2], cells[3]
    if width == 5:
        genotype += cells[4]
    elif len(genotype) == 3 and genotype[1:2] in (b"/", b"|"):
        genotype = genotype[:1] + genotype[2:]
    known = _CHROMOSOMES.get(chromosome)
    if known is None:
        return "its chromosome is none of a human being"
    rank = known[0]
    if position.isdigit() and len(position) <= 10:
        place = int(position)
        if place > _LONGEST:
            return "its position lies behind the end of every chromosome"
    elif position in _UNPLACED:
        place = 0
    else:
        return "its position is no whole number"
    if not place or known[1] == b".":
        rank, place = _RANKS[b"."], 0
    if not _NAME.match(name):
        return "its first column is no name of a marker"
    called = _GENOTYPES.get(genotype) or _GENOTYPES.get(genotype.upper())
    if called is None:
        if not long_alleles or not _LONG.match(genotype):
            return "its genotype is made of other signs than A, C, G, T, D, I and -"
        called = genotype
    return rank, place, name, called


def _too_many(counts: _Counts, *, early: bool = False) -> bool:
    total = counts.good + counts.bad
    if early:
        return counts.bad > 10 * _MAX_BAD and counts.bad > counts.good
    return counts.bad * 2 > total or (counts.bad > _MAX_BAD and counts.bad * 100 > total)


def _hopeless(path: Path, counts: _Counts) -> Item:
    reason = (
        f"{counts.bad:,} of {counts.bad + counts.good:,} rows are wrong, the first in line "
        f"{counts.first_bad}; none is read, get the file anew from where it came"
    )
    return _outcome(path, Kind.REFUSED, 0, reason, "too_many_bad_rows"), None


def _ambiguous(path: Path, database: sqlite3.Connection, counts: _Counts) -> Iterator[Item]:
    """Refuse the rows of a marker that has two genotypes."""
    database.execute(_AMBIGUOUS)
    rows = "FROM row WHERE name IN (SELECT name FROM ambiguous)"
    for (number,) in database.execute(f"SELECT line {rows} ORDER BY line"):
        counts.bad += 1
        counts.good -= 1
        reason = (
            "another row gives this marker another genotype; nobody can say which is right, "
            "so none of them is read"
        )
        yield _outcome(path, Kind.REFUSED, number, reason, "genotype_conflict"), None
    database.execute(f"DELETE {rows}")


def _table(
    source: Source, layout: Layout, database: sqlite3.Connection, counts: _Counts
) -> Iterator[Item]:
    """Write the rows in order; what repeats another row is left out and counted."""
    path = source.path
    if not counts.good:
        reason = "a table of genotypes without any row that can be read"
        yield _outcome(path, Kind.REFUSED, 0, reason, "no_variants"), None
        return
    target = source.workspace / f"genotypes-{hashlib.sha256(str(path).encode()).hexdigest()[:16]}"
    blocks = Blocks()
    with target.open("wb") as stream:
        for line in _header(layout):
            blocks.header(line)
            stream.write(line)
        blocks.end_header()
        for line in _ordered(layout, database, counts):
            blocks.row(line)
            stream.write(line)
    digest = blocks.sha256
    if counts.repeated:
        reason = f"{counts.repeated:,} rows say of a marker what another row says already"
        yield _outcome(path, Kind.SKIPPED, 0, reason, "repeated_row"), None
    data_class, why = genome_class(
        blocks.lines, pharmacogenes=counts.pharmacogenes, noun="genotypes"
    )
    missing = f", {counts.no_calls:,} of them without a call" if counts.no_calls else ""
    build = layout.build or "a build that the file doesn't name"
    why = f"{why}{missing}, on {build}"
    piece = Piece(
        data_class=data_class,
        media_type=GENOTYPES,
        body=_FileBody(target, blocks.size, digest),
        resource_type=_TYPE,
        place="/",
        why_class=why,
        issuer=layout.vendor,
        event="genome",
        issued_at=layout.made,
        fields=blocks.fields,
        alone=True,
    )
    yield Outcome(Kind.IMPORTED, "/", _TYPE, why, "", path, data_class), piece


def _header(layout: Layout) -> Iterator[bytes]:
    yield b"##aceso-genotypes=1\n"
    for name, value in (
        ("vendor", layout.vendor),
        ("version", layout.version),
        ("build", layout.build),
    ):
        yield f"##{name}={value}\n".encode("ascii")
    yield b"#chromosome\tposition\tname\tgenotype\n"


def _ordered(layout: Layout, database: sqlite3.Connection, counts: _Counts) -> Iterator[bytes]:
    before: tuple[int, int, bytes] | None = None
    # A call sorts behind no call, and descending it comes first.
    for rank, position, name, genotype in database.execute(
        "SELECT rank, position, name, genotype FROM row ORDER BY rank, position, name, "
        "genotype DESC"
    ):
        here = (rank, position, name)
        if here == before:
            counts.repeated += 1
            continue
        before = here
        chromosome = _ORDER[rank]
        if counts.pharmacogenes and not in_pharmacogene(layout.build, chromosome, position):
            counts.pharmacogenes = False
        if genotype == b"--":
            counts.no_calls += 1
        yield b"%s\t%d\t%s\t%s\n" % (chromosome, position, name, genotype)


def _numbered(source: Source) -> Iterator[tuple[int, bytes]]:
    """The lines of a file with their numbers; of one that is too long, the beginning."""
    number = 0
    with _opened(source) as stream:
        while line := stream.readline(_MAX_LINE):
            number += 1
            if number == 1:
                line = line.removeprefix(b"\xef\xbb\xbf")
            yield number, line
            while len(line) == _MAX_LINE and not line.endswith(b"\n"):
                line = stream.readline(_MAX_LINE)


class _Recoded:
    """Lines of a text in UTF-16, or with the line ends of an old Mac, as UTF-8 with \\n."""

    def __init__(self, path: Path, encoding: str):
        self._stream = path.open("r", encoding=encoding, errors="replace", newline=None)

    def __enter__(self) -> _Recoded:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()

    def readline(self, limit: int) -> bytes:
        return self._stream.readline(limit).encode("utf-8", "replace")


def _opened(source: Source) -> _Recoded | io.BufferedReader:
    raw = source.head.raw
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _Recoded(source.path, "utf-16")
    if b"\r" in raw and b"\n" not in raw:
        return _Recoded(source.path, "latin-1")
    return source.path.open("rb")


def _outcome(path: Path, kind: Kind, line: int, reason: str, code: str) -> Outcome:
    return Outcome(kind, f"line {line}" if line else "/", _TYPE, reason, code, path)


READERS = (Reader(FORMAT, _is_array, _read),)
