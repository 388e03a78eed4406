"""Draw a chart as PNG: the SVG, in pixels, with the font that comes with us.

Fonts of the machine are not looked at, so the picture is the same everywhere.
"""

from __future__ import annotations

import resvg_py
from pylopdf_fonts_ko import sans_path

from .chart import Chart
from .svg import FONT, draw_svg

__all__ = ["draw_png"]


def draw_png(chart: Chart, *, empty: str = "–", zoom: float = 1.5) -> bytes:
    """The picture as the bytes of a PNG file."""
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=draw_svg(chart, empty=empty),
            zoom=zoom,
            skip_system_fonts=True,
            font_files=[str(sans_path())],
            font_family=FONT,
            sans_serif_family=FONT,
        )
    )
