"""Draw a chart as SVG 1.1: shapes and text only, nothing that runs or loads.

    text = draw_svg(chart, empty="Nothing to show.")

Colours pass for the colour-blind, and do without: the line is dark, a band pale, the grid thin. A
line of more points than pixels is drawn by the lowest and highest of each pixel, so that no peak is
lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from .chart import Band, Chart, Dot

__all__ = ["FONT", "HEIGHT", "WIDTH", "draw_svg", "thinned"]

WIDTH, HEIGHT = 860, 420
FONT = "Noto Sans KR"
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 22, 56, 44
_INK, _GREY, _GRID = "#191c21", "#696e76", "#e3e6ea"
_LINE, _BAND, _EDGE = "#10596f", "#d6ecd8", "#8cb894"
_MOST_DOTS = 60


def draw_svg(chart: Chart, *, empty: str = "–") -> str:
    """The picture as text."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}" font-family="\'{FONT}\', sans-serif" font-size="13">',
        f"<title>{escape(_title(chart))}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        _words(_LEFT, 30, _title(chart), size=18, colour=_INK),
    ]
    if chart.is_empty:
        parts.append(_words(WIDTH / 2, HEIGHT / 2, empty, anchor="middle"))
    else:
        parts += [*_bands(chart), *_axes(chart), *_bars(chart), *_lines(chart)]
    return "\n".join([*parts, "</svg>\n"])


def thinned(line: Sequence[Dot], columns: int, start: float, end: float) -> list[Dot]:
    """At most four points a column: the first, the lowest, the highest and the last."""
    if len(line) <= 4 * columns:
        return list(line)
    kept: dict[int, list[Dot]] = {}
    for dot in line:
        column = int((dot.x - start) / (end - start) * columns)
        known = kept.get(column)
        if known is None:
            kept[column] = [dot, dot, dot, dot]
            continue
        if dot.y < known[1].y:
            known[1] = dot
        if dot.y > known[2].y:
            known[2] = dot
        known[3] = dot
    found: list[Dot] = []
    for column in sorted(kept):
        found += sorted(dict.fromkeys(kept[column]), key=lambda dot: dot.x)
    return found


def _title(chart: Chart) -> str:
    return f"{chart.title} ({chart.unit})" if chart.unit else chart.title


def _x(chart: Chart, value: float) -> float:
    share = min(1.0, max(0.0, chart.x.share(value)))
    return _LEFT + share * (WIDTH - _LEFT - _RIGHT)


def _y(chart: Chart, value: float) -> float:
    share = min(1.0, max(0.0, chart.y.share(value)))
    return HEIGHT - _BOTTOM - share * (HEIGHT - _TOP - _BOTTOM)


def _words(
    x: float,
    y: float,
    text: str,
    *,
    size: int = 13,
    colour: str = _GREY,
    anchor: str = "start",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" '
        f'text-anchor="{anchor}">{escape(text)}</text>'
    )


def _bands(chart: Chart) -> Iterator[str]:
    for band in chart.bands:
        yield _band(chart, band)


def _band(chart: Chart, band: Band) -> str:
    left, right = _x(chart, band.start), _x(chart, band.end)
    top = _y(chart, chart.y.end if band.high is None else band.high)
    bottom = _y(chart, chart.y.start if band.low is None else band.low)
    return (
        f'<rect class="band" x="{left:.1f}" y="{top:.1f}" width="{right - left:.1f}" '
        f'height="{bottom - top:.1f}" fill="{_BAND}"/>'
        + "".join(
            f'<line x1="{left:.1f}" x2="{right:.1f}" y1="{y:.1f}" y2="{y:.1f}" '
            f'stroke="{_EDGE}" stroke-dasharray="4 3"/>'
            for bound, y in ((band.high, top), (band.low, bottom))
            if bound is not None
        )
    )


def _axes(chart: Chart) -> Iterator[str]:
    right, floor = WIDTH - _RIGHT, HEIGHT - _BOTTOM
    for value, words in chart.y.marks:
        y = _y(chart, value)
        yield (
            f'<line x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}" stroke="{_GRID}" '
            'stroke-opacity="0.9"/>'
        )
        yield _words(_LEFT - 8, y + 4.5, words, anchor="end")
    for value, words in chart.x.marks:
        x = _x(chart, value)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{floor}" y2="{floor + 5}" stroke="{_GREY}"/>'
        yield _words(x, floor + 21, words, anchor="middle")
    yield f'<line x1="{_LEFT}" x2="{right}" y1="{floor}" y2="{floor}" stroke="{_GREY}"/>'


def _bars(chart: Chart) -> Iterator[str]:
    for bar in chart.bars:
        left = _x(chart, bar.x - chart.bar_seconds * 0.42)
        right = _x(chart, bar.x + chart.bar_seconds * 0.42)
        top, bottom = _y(chart, bar.y), _y(chart, chart.y.start)
        yield (
            f'<rect class="bar" x="{left:.2f}" y="{top:.1f}" width="{max(0.5, right - left):.2f}" '
            f'height="{bottom - top:.1f}" fill="{_LINE}"/>'
        )


def _lines(chart: Chart) -> Iterator[str]:
    columns = WIDTH - _LEFT - _RIGHT
    with_dots = chart.dots <= _MOST_DOTS
    for line in chart.lines:
        shown = thinned(line, columns, chart.x.start, chart.x.end)
        if len(shown) > 1:
            places = " ".join(f"{_x(chart, dot.x):.1f},{_y(chart, dot.y):.1f}" for dot in shown)
            yield (
                f'<polyline points="{places}" fill="none" stroke="{_LINE}" '
                f'stroke-width="{2 if with_dots else 1.2}" stroke-linejoin="round"/>'
            )
        if with_dots or len(shown) == 1:
            radius = 3.5 if with_dots else 1.5
            for dot in shown:
                yield (
                    f'<circle cx="{_x(chart, dot.x):.1f}" cy="{_y(chart, dot.y):.1f}" '
                    f'r="{radius}" fill="{_LINE}"/>'
                )
