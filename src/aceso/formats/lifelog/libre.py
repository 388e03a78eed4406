"""FreeStyle Libre: the CSV of LibreView, in any language, and the table of its older program.

The columns stand in the same order in every language, and units are in their names. Times have no
zone, and their form is that of the account's country: day first, or month first with AM and PM.
Which one is told by the times themselves: one day above 12 is enough. Where no time of the file
tells, nothing is guessed, and the rows are kept.

Limits: who made the export stands above the table, and stays in the source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from .._head import Head
from .._model import Format, Item
from .._reader import Reader, Source
from ._measure import Reading, item, keep, refuse, skip, told
from ._table import Bad, Layout, Row, decimal, find_layout, rows
from ._time import day_order, slashed

__all__ = ["LIBREVIEW", "READERS"]

LIBREVIEW = Format("libreview", "text/csv", "FreeStyle Libre (LibreView)", "프리스타일 리브레")

_UNIT = re.compile(r"\(?(mg/dL|mmol/L)\)?\Z", re.IGNORECASE)
_UNITS = {"mg/dl": "mg/dL", "mmol/l": "mmol/L"}
_HALF = re.compile(r"[AaPp]\.?[Mm]\.?\Z")
# Where the values are: of LibreView, which begins with the device, and of the older program.
_NEW: Mapping[str, int] = {
    "device": 0, "time": 2, "type": 3, "historic": 4, "scan": 5, "rapid": 7, "carbs": 9, "long": 12,
    "notes": 13, "strip": 14, "ketone": 15, "meal": 16, "correction": 17,
}  # fmt: skip
_OLD: Mapping[str, int] = {
    "time": 1, "type": 2, "historic": 3, "scan": 4, "rapid": 6, "carbs": 8, "long": 10,
    "notes": 11, "strip": 12, "ketone": 13, "meal": 14, "correction": 15,
}  # fmt: skip
_WHOLE = 19  # The columns of the whole table; with fewer, only those up to the scan are certain.


def _places(cells: tuple[str, ...]) -> Mapping[str, int] | None:
    """Where the values are in a table with this header, if it is one."""
    for places, first in ((_NEW, 4), (_OLD, 3)):
        if len(cells) <= first + 1 or not all(_UNIT.search(cells[first + n]) for n in (0, 1)):
            continue
        if any(_UNIT.search(cell) for cell in cells[:first]):
            continue
        whole = len(cells) >= (_WHOLE if places is _NEW else 16)
        if whole and not all(_UNIT.search(cells[places[name]]) for name in ("strip", "ketone")):
            return None
        return {name: at for name, at in places.items() if whole or at <= first + 1}
    return None


def _is_header(cells: tuple[str, ...]) -> bool:
    return _places(cells) is not None


def _recognises(head: Head) -> bool:
    layout = find_layout(head, _is_header)
    # The first lines say who made it; a table that begins at once is another's.
    return layout is not None and 2 <= layout.line <= 4


def _read(source: Source) -> Iterator[Item]:
    layout = find_layout(source.head, _is_header)
    if layout is None:
        return
    reason = "who the export is of and who made it stays in the source file"
    yield skip(source.path, "line 1", reason, "me")
    places = _places(layout.columns) or {}
    order = _order(source, layout, layout.columns[places["time"]])
    for row in rows(source, layout):
        place = f"line {row.line}"
        if isinstance(row, Bad):
            yield refuse(source.path, place, row.reason, row.code)
        elif not row.is_blank:
            yield from _row(source, place, row, _Names(layout, places), order)


def _order(source: Source, layout: Layout, column: str) -> str:
    """The order of day and month that the times of the whole file prove, or nothing."""
    found: set[str] = set()
    for row in rows(source, layout):
        if isinstance(row, Row) and row[column]:
            text = row[column]
            if re.match(r"\d{4}", text):
                return "ymd"
            # AM and PM are written where the month is written first.
            found.add("mdy" if _HALF.search(text) else day_order(text))
    found.discard("")
    return found.pop() if len(found) == 1 else ""


class _Names:
    """The names of the columns by what they hold."""

    def __init__(self, layout: Layout, places: Mapping[str, int]):
        self._names = {name: layout.columns[at] for name, at in places.items()}
        self.comma = layout.separator != ","

    def cell(self, row: Row, name: str) -> str:
        return row[self._names.get(name, "")]

    def unit(self, name: str) -> str:
        found = _UNIT.search(self._names[name])
        return _UNITS[found[1].lower()] if found else ""


def _row(source: Source, place: str, row: Row, names: _Names, order: str) -> Iterator[Item]:
    if not order:
        reason = "the file doesn't tell whether the day or the month comes first in its dates"
        yield keep(source.path, place, reason, "ambiguous_date")
        return
    try:
        readings = list(_readings(row, names, order))
    except ValueError:
        yield refuse(source.path, place, "its value or its time can't be read", "bad_value")
        return
    if not readings:
        yield skip(source.path, place, "nothing was measured in this row", "no_value")
    for reading in readings:
        yield item(source.path, reading, place=place)


def _readings(row: Row, names: _Names, order: str) -> Iterator[Reading]:
    start, device = slashed(names.cell(row, "time"), order), names.cell(row, "device")
    note = names.cell(row, "notes")
    for name, measure in (
        ("historic", "interstitial_glucose"),
        ("scan", "interstitial_glucose"),
        ("strip", "blood_glucose"),
        ("ketone", "ketone"),
    ):
        if cell := names.cell(row, name):
            yield _value(measure, start, cell, names.unit(name), names.comma, device, name)
    insulin = [name for name in ("rapid", "long", "meal", "correction") if names.cell(row, name)]
    for name in insulin:
        # What the meal and the correction are of is in the rapid-acting insulin already.
        if name in ("meal", "correction") and "rapid" in insulin:
            continue
        value = decimal(names.cell(row, name), comma=names.comma)
        native = ("https://www.libreview.com", name)
        yield Reading("insulin", start, value=value, device=device, native=native, note=note)
    if cell := names.cell(row, "carbs"):
        value = decimal(cell, comma=names.comma)
        yield Reading("carbohydrate", start, value=value, device=device, note=note)
    elif note and not insulin:
        yield Reading("journal_note", start, text=note, device=device)


def _value(
    measure: str, start: str, cell: str, unit: str, comma: bool, device: str, name: str
) -> Reading:
    native = ("https://www.libreview.com", name)
    if cell.upper() not in ("LO", "HI") or measure != "interstitial_glucose":
        value = decimal(cell, comma=comma)
        return Reading(measure, start, value=value, unit=unit, device=device, native=native)
    low, high = {"mg/dL": ("40", "500"), "mmol/L": ("2.2", "27.8")}[unit]
    sign, limit = ("<", low) if cell.upper() == "LO" else (">", high)
    return Reading(
        measure,
        start,
        value=limit,
        comparator=sign,
        unit=unit,
        device=device,
        native=native,
        extra={"interpretation": [{"text": cell}]},
    )


READERS = (Reader(LIBREVIEW, _recognises, told(_read)),)
