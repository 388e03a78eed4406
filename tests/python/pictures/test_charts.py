"""
a chart
├── has all values within its axes, and at least two round marks
├── a dense series is broken where its usual step is long exceeded; a sparse one is not
├── a missing value breaks the line
├── bands hold as long as the range is the same, to the edges; one-sided ones too
├── one point, equal points: an axis around them
└── time marks are in order, and the first says the year
nights
├── what two devices say of the same minutes counts once
├── awake and in bed do not count
├── a length that was written counts as it is
└── a night without data is no bar
drawn
├── SVG: as many dots and bars as there are values, a rectangle for each band, markup escaped
├── SVG of 10,000 points: small, and with the highest and lowest
├── PNG: a PNG of the right size, Korean letters in it, the same each time
├── terminal: no line is wider than asked, in Korean too; bands shaded
└── empty: the sentence for it
a timeline
└── counts by month and class
"""

from __future__ import annotations

import re
import struct
from datetime import datetime, timedelta
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from aceso.codes import DataClass
from aceso.pictures import (
    Point,
    Series,
    Timeline,
    draw_png,
    draw_svg,
    draw_text,
    nights,
    read_series,
    sleep_chart,
    trend,
)

from .conftest import measured

START = datetime(2024, 1, 1)
SVG = "{http://www.w3.org/2000/svg}"


def series_of(values, step=timedelta(days=30), **more):
    points = tuple(
        Point(START + index * step, value, more.get("low"), more.get("high"))
        for index, value in enumerate(values)
    )
    return Series("http://loinc.org|1", more.get("name", "Glucose"), "mg/dL", points)


@given(
    st.lists(st.floats(-1e15, 1e15), min_size=1, max_size=20),
    st.integers(1, 10**8),
)
@settings(max_examples=150, deadline=None)
def test_all_values_are_within_the_axes(values, step):
    chart = trend(series_of(values, timedelta(seconds=step)))
    assert chart.dots == len(values)
    for line in chart.lines:
        for dot in line:
            assert 0 <= chart.x.share(dot.x) <= 1
            assert -1e-9 <= chart.y.share(dot.y) <= 1 + 1e-9
    assert draw_svg(chart).endswith("</svg>\n")
    assert len(draw_text(chart)) == 17
    assert len(chart.y.marks) >= 2
    times = [at for at, _ in chart.x.marks]
    assert times == sorted(times)
    assert all(chart.x.start <= at <= chart.x.end for at in times)


def test_a_dense_series_is_broken_at_a_long_pause():
    before = [START + timedelta(minutes=n) for n in range(30)]
    after = [START + timedelta(hours=9, minutes=n) for n in range(20)]
    points = tuple(Point(at, 60.0) for at in (*before, *after))
    chart = trend(Series("c", "Heart rate", "/min", points))
    assert [len(line) for line in chart.lines] == [30, 20]


def test_a_sparse_series_is_not_broken():
    points = tuple(Point(START + timedelta(days=day), 5.0) for day in (0, 1, 2, 900))
    assert [len(line) for line in trend(Series("c", "HbA1c", "%", points)).lines] == [4]


def test_a_missing_value_breaks_the_line():
    chart = trend(series_of([1.0, 2.0, None, 3.0]))
    assert [[dot.y for dot in line] for line in chart.lines] == [[1.0, 2.0], [3.0]]


def test_bands_follow_the_ranges():
    ranges = [(70, 99), (70, 99), (70, 105), (None, 110)]
    points = tuple(
        Point(START + timedelta(days=30 * n), 90.0, low, high)
        for n, (low, high) in enumerate(ranges)
    )
    chart = trend(Series("c", "Glucose", "mg/dL", points))
    assert [(band.low, band.high) for band in chart.bands] == [(70, 99), (70, 105), (None, 110)]
    assert chart.bands[0].start == chart.x.start
    assert chart.bands[-1].end == chart.x.end
    assert chart.bands[0].end == chart.bands[1].start
    # Between the second and the third measurement.
    assert chart.bands[0].end == (START - datetime(1970, 1, 1) + timedelta(days=45)).total_seconds()


def test_a_range_is_within_the_axis():
    chart = trend(series_of([90.0], low=70, high=200))
    assert chart.y.start <= 70
    assert chart.y.end >= 200


@pytest.mark.parametrize("values", [[5.0], [5.0, 5.0], [0.0], [-3.0], [1e-9], [1e-310]])
def test_equal_values_have_an_axis(values):
    chart = trend(series_of(values))
    assert chart.y.start < values[0] < chart.y.end


@pytest.mark.parametrize(
    ("step", "first"),
    [
        (timedelta(seconds=30), "2024-01-01"),
        (timedelta(hours=5), "2024-01-01"),
        (timedelta(days=2), "2024-01-01"),
        (timedelta(days=100), "2024-01"),
        (timedelta(days=900), "2024"),
    ],
)
def test_the_first_mark_says_the_year(step, first):
    marks = trend(series_of([1.0, 2.0, 3.0, 4.0], step)).x.marks
    assert 2 <= len(marks) <= 9
    assert re.match(r"20\d\d", marks[0][1])
    assert marks[0][1].startswith(first)


# Nights


def slept(start, end, said=""):
    observation = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "93832-4"}]},
        "effectivePeriod": {"start": start, "end": end},
    }
    if said:
        observation["valueString"] = said
    return observation


def test_overlapping_spans_count_once():
    found = nights(
        [
            slept("2024-05-01T23:00:00+09:00", "2024-05-02T05:00:00+09:00"),
            slept("2024-05-02T04:00:00+09:00", "2024-05-02T06:30:00+09:00"),
        ]
    )
    assert [(one.day.isoformat(), one.hours) for one in found] == [("2024-05-02", 7.5)]


def test_awake_does_not_count():
    found = nights(
        [
            slept("2024-05-01T23:00:00Z", "2024-05-02T07:00:00Z", "InBed"),
            slept("2024-05-01T23:00:00Z", "2024-05-02T02:00:00Z", "AsleepDeep"),
            slept("2024-05-02T02:00:00Z", "2024-05-02T03:00:00Z", "Awake"),
            slept("2024-05-02T03:00:00Z", "2024-05-02T06:00:00Z", "AsleepREM"),
        ]
    )
    assert [one.hours for one in found] == [6.0]


def test_a_written_length_counts():
    observation = slept("2024-05-01T23:00:00Z", "2024-05-02T07:00:00Z")
    observation["valueQuantity"] = {"value": 432, "unit": "min", "code": "min"}
    assert [one.hours for one in nights([observation])] == [7.2]


def test_a_night_without_data_is_no_bar():
    found = nights(
        [
            slept("2024-05-01T23:00:00Z", "2024-05-02T06:00:00Z"),
            slept("2024-05-04T23:00:00Z", "2024-05-05T07:00:00Z"),
        ]
    )
    chart = sleep_chart(found, title="Sleep")
    assert [bar.y for bar in chart.bars] == [7.0, 8.0]
    assert chart.bars[1].x - chart.bars[0].x == 3 * 86_400
    assert chart.y.start == 0


# Drawn


def test_svg_shows_every_value():
    chart = trend(series_of([90.0, 95.0, None, 120.0], low=70, high=99, name="<b>&혈당"))
    picture = draw_svg(chart)
    tree = ElementTree.fromstring(picture)  # noqa: S314 - ours
    assert len(tree.findall(f"{SVG}circle")) == 3
    assert len(tree.findall(f"{SVG}polyline")) == 1
    assert len([one for one in tree.iter(f"{SVG}rect") if one.get("class") == "band"]) == 1
    assert tree.findtext(f"{SVG}title") == "<b>&혈당 (mg/dL)"
    assert "script" not in picture and "href" not in picture


def test_svg_of_many_points_keeps_the_extremes():
    values = [60.0 + (n % 7) for n in range(10_000)]
    # Several of each, so that not all are the first or the last of a pixel.
    for at in range(5_000, 5_013, 3):
        values[at], values[at + 2_000] = 180.0, 20.0
    values[5_006], values[7_006] = 200.0, 10.0
    chart = trend(series_of(values, timedelta(minutes=1)))
    picture = draw_svg(chart)
    assert chart.dots == 10_000
    assert len(picture) < 120_000
    ys = [float(y) for y in re.findall(r",([\d.]+)", picture.split('points="')[1].split('"')[0])]
    lowest, highest = 376 - 320 * chart.y.share(200.0), 376 - 320 * chart.y.share(10.0)
    assert min(ys) == pytest.approx(lowest, abs=0.06)
    assert max(ys) == pytest.approx(highest, abs=0.06)


def test_png_is_the_picture():
    chart = trend(series_of([90.0, 95.0], name="공복 혈당"))
    data = draw_png(chart)
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">II", data[16:24]) == (1290, 630)
    assert data == draw_png(chart)
    # Letters that have no shape would all look the same.
    assert data != draw_png(trend(series_of([90.0, 95.0], name="궁북 햘덩")))


@pytest.mark.parametrize("width", [40, 80, 120])
def test_terminal_lines_are_no_wider(width):
    chart = trend(series_of([90.0, 120.0, 80.0], low=70, high=99, name="공복 혈당 " * 12))
    lines = draw_text(chart, width=width, height=10)
    assert len(lines) == 13
    assert max(cell_len(line) for line in lines) <= width
    assert any("░" in line for line in lines)
    assert any(chr(0x2800) < letter <= chr(0x28FF) for line in lines for letter in line)


def test_empty_says_so():
    chart = sleep_chart([], title="수면")
    assert chart.is_empty
    assert "없음" in draw_svg(chart, empty="없음")
    assert draw_text(chart, empty="없음") == ["수면 (h)", "없음"]
    assert draw_png(chart, empty="없음").startswith(b"\x89PNG")


def test_one_point_is_a_dot():
    (series,) = read_series([measured("2339-0", 95, "mg/dL", "2024-01-01")], language="ko")
    assert series.name == "혈당"
    tree = ElementTree.fromstring(draw_svg(trend(series)))  # noqa: S314 - ours
    assert len(tree.findall(f"{SVG}circle")) == 1
    assert not tree.findall(f"{SVG}polyline")


def test_a_timeline_counts():
    timeline = Timeline.of(
        [
            ("2024-05-01", DataClass.LABS),
            ("2024-05-31", DataClass.LABS),
            ("2024-05", DataClass.SLEEP),
            ("2023-01-01", DataClass.SLEEP),
            ("2024", DataClass.NOTES),
            ("", DataClass.NOTES),
        ]
    )
    assert timeline.months == ("2023-01", "2024-05")
    assert timeline.classes == (DataClass.LABS, DataClass.NOTES, DataClass.SLEEP)
    assert timeline.count("2024-05", DataClass.LABS) == 2
    assert timeline.total("2024-05") == 3
    assert timeline.undated[DataClass.NOTES] == 2
    assert timeline.most == 2
