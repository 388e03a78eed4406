"""Draw a chart in a terminal, in Braille dots: two across and four down in each letter.

    for line in draw_text(chart, width=80, height=14):
        console.print(line)

A band is a field of light shade (░) behind the dots. Widths are counted in cells: a Korean letter
takes two.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.cells import cell_len, set_cell_size

from .chart import Chart, Dot

__all__ = ["draw_text"]

_BLANK = 0x2800
# The bit of the dot at (column, row) within a letter.
_BITS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_SHADE = "░"


def draw_text(chart: Chart, *, width: int = 80, height: int = 14, empty: str = "–") -> list[str]:
    """The lines of the picture, each no wider than `width` cells."""
    title = f"{chart.title} ({chart.unit})" if chart.unit else chart.title
    head = set_cell_size(title, min(width, cell_len(title)))
    if chart.is_empty:
        return [head, set_cell_size(empty, min(width, cell_len(empty)))]
    margin = max(len(words) for _, words in chart.y.marks) + 1
    columns = max(10, width - margin - 1)
    canvas = _Canvas(columns, height)
    for line in chart.lines:
        _draw_line(canvas, chart, line)
    for bar in chart.bars:
        _draw_bar(canvas, chart, bar)
    shaded = _shaded(chart, columns, height)
    rows = canvas.rows(shaded)
    labels = _labels(chart, height)
    made = [f"{labels.get(row, ''):>{margin}}│{text}" for row, text in enumerate(rows)]
    return [head, *made, " " * margin + "└" + "─" * columns, _time_marks(chart, margin, columns)]


class _Canvas:
    """Dots in letters."""

    def __init__(self, columns: int, height: int):
        self.across, self.down = columns * 2, height * 4
        self._cells = [[0] * columns for _ in range(height)]

    def put(self, x: int, y: int) -> None:
        if 0 <= x < self.across and 0 <= y < self.down:
            self._cells[y // 4][x // 2] |= _BITS[x % 2][y % 4]

    def rows(self, shaded: set[tuple[int, int]]) -> Iterator[str]:
        for row, cells in enumerate(self._cells):
            yield "".join(
                chr(_BLANK + bits) if bits else _SHADE if (column, row) in shaded else " "
                for column, bits in enumerate(cells)
            ).rstrip()


def _place(canvas: _Canvas, chart: Chart, dot: Dot) -> tuple[int, int]:
    x = round(chart.x.share(dot.x) * (canvas.across - 1))
    y = round((1 - chart.y.share(dot.y)) * (canvas.down - 1))
    return x, y


def _draw_line(canvas: _Canvas, chart: Chart, line: tuple[Dot, ...]) -> None:
    before: tuple[int, int] | None = None
    for dot in line:
        here = _place(canvas, chart, dot)
        for x, y in _between(before or here, here):
            canvas.put(x, y)
        before = here


def _between(start: tuple[int, int], end: tuple[int, int]) -> Iterator[tuple[int, int]]:
    across, down = end[0] - start[0], end[1] - start[1]
    steps = max(abs(across), abs(down), 1)
    for step in range(steps + 1):
        yield start[0] + round(across * step / steps), start[1] + round(down * step / steps)


def _draw_bar(canvas: _Canvas, chart: Chart, bar: Dot) -> None:
    left, top = _place(canvas, chart, Dot(bar.x - chart.bar_seconds * 0.35, bar.y))
    right, _ = _place(canvas, chart, Dot(bar.x + chart.bar_seconds * 0.35, bar.y))
    for x in range(left, max(left + 1, right)):
        for y in range(top, canvas.down):
            canvas.put(x, y)


def _shaded(chart: Chart, columns: int, height: int) -> set[tuple[int, int]]:
    """The letters whose middle lies in a band."""
    found = set()
    for row in range(height):
        value = chart.y.end - (row + 0.5) / height * (chart.y.end - chart.y.start)
        for band in chart.bands:
            low = chart.y.start if band.low is None else band.low
            high = chart.y.end if band.high is None else band.high
            if not low <= value <= high:
                continue
            first, last = (round(chart.x.share(one) * columns) for one in (band.start, band.end))
            found |= {(column, row) for column in range(max(0, first), min(columns, last))}
    return found


def _labels(chart: Chart, height: int) -> dict[int, str]:
    return {
        min(height - 1, round((1 - chart.y.share(value)) * (height - 1))): words
        for value, words in reversed(chart.y.marks)
    }


def _time_marks(chart: Chart, margin: int, columns: int) -> str:
    line = ""
    for value, words in chart.x.marks:
        at = margin + 1 + round(chart.x.share(value) * (columns - 1)) - len(words) // 2
        at = min(max(0, at), margin + 1 + columns - len(words))
        if at > len(line):
            line += " " * (at - len(line)) + words
        elif not line:
            line = words
    return line
