"""Tables whose columns mean one thing each, told by a specification instead of a reader of its own.

    Spec("daily-spo2", needs=("timestamp", "average_value"), start="timestamp",
         columns={"average_value": Column("oxygen_saturation")})

Each cell of a column that is listed becomes a reading; `parts` of a column go with it. An empty
cell is nothing measured, and no outcome; a row with nothing measured is one that is skipped. The
columns that no list names are told once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .._head import Head
from .._model import Item
from .._reader import Source
from ._measure import Reading, item, refuse, skip
from ._table import Bad, Layout, Row, decimal, find_layout, rows
from ._time import iso

__all__ = ["Column", "Spec", "find_spec", "read_spec"]

_NOTHING = frozenset({"", "nan", "NaN", "null", "NULL", "None", "NA", "N/A", "--", "-"})
Clock = Callable[[str, Row], str]


def _iso(cell: str, row: Row) -> str:
    return iso(cell)


@dataclass(frozen=True, slots=True)
class Column:
    """What a column measures; `parts` are columns whose cells go with it. A `bare` one has no
    value of its own beside them, such as a blood pressure, or is the sum of whole numbers in the
    columns of `total`, such as a night that is told only by its stages."""

    measure: str
    unit: str = ""
    is_text: bool = False
    bare: bool = False
    total: tuple[str, ...] = ()
    parts: Mapping[str, Column] = field(default_factory=dict)
    native: str = ""  # A column whose cell is the source's own name of the kind.


@dataclass(frozen=True, slots=True)
class Spec:
    """A table: the columns that tell it, when its rows are, and what its columns measure.

    `only` says that it has no other columns than those that tell it. `ignore` are columns that
    hold nothing of the person: numbers of rows, times of upload. Where `zero_is_none`, the device
    writes a zero for what it didn't measure.
    """

    name: str
    needs: Sequence[str]
    start: str
    columns: Mapping[str, Column]
    end: str = ""
    clock: Clock = _iso
    device: str = ""
    note: str = ""
    subject: str = ""
    only: bool = False
    ignore: Sequence[str] = ()
    system: str = ""
    skip_row: Callable[[Row], str] = lambda row: ""
    zero_is_none: bool = False

    def knows(self, cells: tuple[str, ...]) -> bool:
        held = {cell for cell in cells if cell}
        wanted = set(self.needs)
        return held == wanted if self.only else wanted <= held


def find_spec(head: Head, specs: Sequence[Spec]) -> tuple[Spec, Layout] | None:
    """The one specification whose header the first line is."""
    for spec in specs:
        layout = find_layout(head, spec.knows)
        if layout is not None and layout.line == 1:
            return spec, layout
    return None


def read_spec(source: Source, spec: Spec, layout: Layout) -> Iterator[Item]:
    """A reading for each cell that measures something."""
    yield from _left(source, spec, layout)
    for row in rows(source, layout):
        place = f"line {row.line}"
        if isinstance(row, Bad):
            yield refuse(source.path, place, row.reason, row.code)
        elif not row.is_blank:
            yield from _row(source, spec, row, place, layout.separator != ",")


def _left(source: Source, spec: Spec, layout: Layout) -> Iterator[Item]:
    known = {
        spec.start,
        spec.end,
        spec.device,
        spec.note,
        spec.subject,
        *spec.columns,
        *spec.ignore,
    }
    for column in spec.columns.values():
        known |= {column.native, *column.parts}
    left = [name for name in layout.columns if name and name not in known]
    if left:
        reason = f"{len(left)} more columns of this table are not read; the source file holds them"
        yield skip(source.path, f"line {layout.line}", reason, "columns_left")


def _row(source: Source, spec: Spec, row: Row, place: str, comma: bool) -> Iterator[Item]:
    why = spec.skip_row(row)
    if why:
        yield skip(source.path, place, why, "no_value")
        return
    try:
        readings = list(_readings(spec, row, comma))
    except ValueError:
        yield refuse(source.path, place, "its value or its time can't be read", "bad_value")
        return
    if not readings:
        yield skip(source.path, place, "nothing was measured in this row", "no_value")
    for reading in readings:
        yield item(source.path, reading, place=place)


def _readings(spec: Spec, row: Row, comma: bool) -> Iterator[Reading]:
    named = [name for name in spec.columns if _holds(spec, row[name])]
    if not named:
        return
    start = spec.clock(row[spec.start], row)
    end = spec.clock(row[spec.end], row) if row[spec.end] else ""
    for name in named:
        column = spec.columns[name]
        parts = tuple(
            _reading(spec, part, row, other, start, "", comma)
            for other, part in column.parts.items()
            if _holds(spec, row[other])
        )
        yield _reading(spec, column, row, name, start, end, comma, parts)


def _holds(spec: Spec, cell: str) -> bool:
    return cell not in _NOTHING and (not spec.zero_is_none or bool(cell.strip("0.")))


def _reading(
    spec: Spec,
    column: Column,
    row: Row,
    name: str,
    start: str,
    end: str,
    comma: bool,
    parts: tuple[Reading, ...] = (),
) -> Reading:
    kind = row[column.native] if column.native else ""
    return Reading(
        column.measure,
        start,
        end,
        value=_value(column, row, name, comma),
        text=row[name] if column.is_text else "",
        unit=column.unit,
        device=row[spec.device] if spec.device else "",
        native=(spec.system, kind) if kind and spec.system else None,
        parts=parts,
        note=row[spec.note] if spec.note else "",
        subject=row[spec.subject] if spec.subject else "",
    )


def _value(column: Column, row: Row, name: str, comma: bool) -> str:
    if column.total:
        cells = [row[one] for one in column.total]
        return str(sum(int(one) for one in cells)) if all(map(_is_whole, cells)) else ""
    return "" if column.is_text or column.bare else decimal(row[name], comma=comma)


def _is_whole(cell: str) -> bool:
    return cell.isascii() and cell.isdigit() and len(cell) < 10
