"""Tables of text, read strictly: which line is the header, and then row by row.

    layout = find_layout(head, lambda cells: "Glucose" in cells)
    for row in rows(source, layout):
        if isinstance(row, Bad): ...          # a row that can't be read, with its line
        row["Glucose"], row.line

The separator (comma, semicolon, tab) and the encoding (UTF-8, UTF-16, Windows-1252, CP949) are
those with which the header is found; nothing is guessed from the data. A row with more or fewer
cells than the header is refused by its line: a value in a wrong column would be another value. A
line may have 1 MiB, a cell 128 KiB.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from .._head import HEAD_BYTES, Head
from .._reader import Source

__all__ = ["Bad", "Layout", "Row", "decimal", "find_layout", "rows"]

_SEPARATORS = (",", ";", "\t")
_PREAMBLE = 16  # The header is one of the first lines.
_MAX_LINE = 1 << 20
_MAX_CELL = 1 << 17
_MAX_COLUMNS = 1000
_WRONG = re.compile("[\udc80-\udcff\x00]")
_DECIMAL = re.compile(r"(-?)(?:(\d+)(?:\.(\d+))?|\.(\d+))((?:[eE][+-]?\d{1,3})?)\Z", re.ASCII)

Find = Callable[[tuple[str, ...]], bool]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the header is and how the table is written."""

    encoding: str
    separator: str
    line: int
    columns: tuple[str, ...]
    preamble: tuple[tuple[str, ...], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Row:
    """One row by the names of its columns; a column that the table hasn't is empty."""

    line: int
    cells: dict[str, str] = field(repr=False)

    def __getitem__(self, name: str) -> str:
        return self.cells.get(name, "")

    @property
    def is_blank(self) -> bool:
        return not any(self.cells.values())


@dataclass(frozen=True, slots=True)
class Bad:
    """A line that is no row of the table."""

    line: int
    reason: str
    code: str


def find_layout(head: Head, find: Find) -> Layout | None:
    """How the table is written whose header `find` knows, if this is such a table."""
    if head.is_gzip or head.is_zip or head.text[:1] in (b"<", b"{", b"[") or not _is_text(head):
        return None
    for encoding, separator, lines in _candidates(head.text, head.raw[:2]):
        for index, cells in enumerate(lines):
            if len(cells) <= _MAX_COLUMNS and find(cells):
                return Layout(encoding, separator, index + 1, cells, lines[:index])
    return None


def _is_text(head: Head) -> bool:
    return b"\x00" not in head.text.partition(b"\n")[0]


def rows(source: Source, layout: Layout) -> Iterator[Row | Bad]:
    """The rows under the header. What can't be read is yielded as Bad, and the rest is read."""
    columns = _without_last_empty(layout.columns)
    named = [name for name in columns if name]
    if len(set(named)) != len(named):
        reason = "two columns have the same name, so a value could be either's; export it again"
        yield Bad(layout.line, reason, "duplicate_column")
        return
    with source.path.open("rb") as raw:
        text = io.TextIOWrapper(raw, encoding=layout.encoding, errors="surrogateescape", newline="")
        feed = _Feed(text)
        reader = csv.reader(feed, delimiter=layout.separator, strict=True)
        while True:
            csv.field_size_limit(_MAX_CELL)
            start = feed.line + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                yield _broken(start, feed)
                continue
            except UnicodeError:
                yield Bad(start, "the text breaks off within a character", "truncated")
                return
            if feed.too_long:
                feed.too_long = False
                yield Bad(start, "a line is longer than 1 MiB", "too_large")
            elif start > layout.line and cells:
                yield _row(start, columns, cells, feed)


def decimal(cell: str, *, comma: bool = False) -> str:
    """The JSON number that a cell says, digit for digit; ValueError if it says none.

    `comma` is for tables that write 5,8 for 5.8.
    """
    text = cell.strip()
    if comma and text.count(",") == 1 and "." not in text:
        text = text.replace(",", ".")
    found = _DECIMAL.match(text)
    if found is None or len(text) > 64:
        raise ValueError("no number")
    sign, whole, fraction, bare, exponent = found.groups()
    fraction = fraction or bare
    whole = (whole or "0").lstrip("0") or "0"
    return f"{sign}{whole}{'.' + fraction if fraction else ''}{exponent}"


class _Feed:
    """Lines for the csv reader, none of them endless."""

    def __init__(self, text: io.TextIOWrapper):
        self._text = text
        self.line = 0
        self.too_long = False
        self.wrong = False
        self.ended = True  # Whether the last line had its line end.

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        line = self._text.readline(_MAX_LINE)
        if not line:
            raise StopIteration
        self.line += 1
        if self.line == 1:
            line = line.removeprefix("\ufeff")
        self.ended = line.endswith(("\n", "\r"))
        if not self.ended and len(line) >= _MAX_LINE:
            self.too_long = True
            while line and not line.endswith(("\n", "\r")):
                line = self._text.readline(_MAX_LINE)
            return "\n"
        self.wrong |= _WRONG.search(line) is not None
        return line


def _broken(line: int, feed: _Feed) -> Bad:
    feed.wrong = False
    if not feed.ended:
        return Bad(line, "the file breaks off within this row; export it again", "truncated")
    return Bad(line, "a quote in this row is not closed, or a cell is too large", "broken_row")


def _row(line: int, columns: tuple[str, ...], cells: list[str], feed: _Feed) -> Row | Bad:
    if feed.wrong:
        feed.wrong = False
        return Bad(line, "this row holds bytes that are no text of the file's encoding", "not_text")
    more = cells[len(columns) :]
    if len(cells) < len(columns):
        if not any(cells):
            return Row(line, {})
        if not feed.ended:
            return Bad(line, "the file breaks off within this row; export it again", "truncated")
        return Bad(line, "this row has fewer cells than the header", "ragged_row")
    if any(more) or len(more) > 1:
        return Bad(line, "this row has more cells than the header", "ragged_row")
    return Row(
        line, {name: cell.strip() for name, cell in zip(columns, cells, strict=False) if name}
    )


def _without_last_empty(columns: tuple[str, ...]) -> tuple[str, ...]:
    return columns[:-1] if columns and not columns[-1] else columns


@lru_cache(4)
def _candidates(
    text: bytes, raw: bytes
) -> tuple[tuple[str, str, tuple[tuple[str, ...], ...]], ...]:
    """The first lines in each way in which they may be written."""
    found = []
    for encoding, decoded in _decodings(text, raw):
        lines = decoded.splitlines(keepends=True)[:_PREAMBLE]
        for separator in _SEPARATORS:
            if any(separator in line for line in lines):
                found.append((encoding, separator, _parsed(lines, separator)))
    return tuple(found)


def _decodings(text: bytes, raw: bytes) -> Iterator[tuple[str, str]]:
    if raw in (b"\xff\xfe", b"\xfe\xff"):
        yield "utf-16", text.decode("utf-8", "replace")
        return
    lines = text.splitlines(keepends=True)
    # The head cuts its last line, maybe within a character.
    whole = lines if len(text) < HEAD_BYTES // 2 else lines[:-1]
    start = b"".join(lines[:_PREAMBLE])
    for encoding in _encodings(whole):
        yield encoding, start.decode(encoding, "replace")


def _encodings(lines: list[bytes]) -> tuple[str, ...]:
    """UTF-8 if most lines that tell are; else what can be read as Korean, or as Western text."""
    telling = [line for line in lines if not line.isascii()]
    if 2 * sum(_decodes(line, "utf-8") for line in telling) > len(telling) or not telling:
        return ("utf-8",)
    western = "cp1252"
    if all(_decodes(line, "cp949") for line in telling):
        return ("cp949", western)
    return (western,)


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _parsed(lines: list[str], separator: str) -> tuple[tuple[str, ...], ...]:
    parsed = []
    for line in lines:
        try:
            cells = next(csv.reader([line], delimiter=separator), [])
        except csv.Error:
            cells = []
        parsed.append(tuple(cell.strip().removeprefix("\ufeff") for cell in cells))
    return tuple(parsed)
