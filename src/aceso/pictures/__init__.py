"""Pictures of health data: a timeline of records, trends with reference ranges, heart rate, sleep.

    for series in read_series(observations, language="ko"):
        chart = trend(series)
        svg = draw_svg(chart)               # a vector picture
        png = draw_png(chart)               # the same, as pixels
        lines = draw_text(chart, width=80)  # the same, in a terminal

What is in a picture is decided once, in a `Chart`; the three forms only draw it. A chart has one
unit, its gaps are gaps, and reference ranges are bands behind the line.

Limits: times are those of the clock where it was measured, without their zones: a journey may show
an hour twice. Pictures show; they judge nothing.
"""

from __future__ import annotations

from .chart import Band, Chart, trend
from .png import draw_png
from .series import Point, Series, read_series
from .sleep import Night, nights, sleep_chart
from .svg import draw_svg
from .terminal import draw_text
from .timeline import Timeline

__all__ = [
    "Band",
    "Chart",
    "Night",
    "Point",
    "Series",
    "Timeline",
    "draw_png",
    "draw_svg",
    "draw_text",
    "nights",
    "read_series",
    "sleep_chart",
    "trend",
]
