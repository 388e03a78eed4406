"""
GPX and TCX
├── the files of others: as many points as MANIFEST counts, in LOCATION, with their heart rate
├── times and digits are those of the file; a time without a zone gets none
├── prefixes, other namespaces and the extensions of several makers are told by name
├── a position that is none is refused by its line, and the rest is read
├── a track without times, a route and a course are kept
├── a pause cuts a series, a gap leaves a hole in it
└── a broken or hostile file is refused, and what came before is read
"""

from __future__ import annotations

import json

import pytest

from aceso.formats import Kind
from tests.python.shared_data import SHARED, needs_shared

from ..conftest import import_all

FOLDER = SHARED / "lifelog"


def of(read, measure):
    return [
        entry["resource"]
        for record in read.records
        for entry in json.loads(record.canonical)["entry"]
        if {"system": "urn:aceso:measure", "code": measure} in entry["resource"]["code"]["coding"]
    ]


def cells(resource):
    sampled = resource["valueSampledData"]
    data = sampled["data"].split()
    size = sampled["dimensions"]
    rows = [tuple(data[at : at + size]) for at in range(0, len(data), size)]
    return [row for row in rows if set(row) != {"E"}]


@needs_shared
@pytest.mark.parametrize(
    ("name", "points"),
    [
        # gpx_cerknicko-jezero: 296 track points and 4 waypoints, of which 6 have no time.
        ("tcx_sup_activity_1.tcx", 111),
        ("apple_workout_route.gpx", 2),
    ],
)
def test_as_many_points_as_the_file_has(name, points):
    read = import_all(FOLDER / name)
    assert sum(len(cells(one)) for one in of(read, "location")) == points
    assert "LOCATION" in read.classes


@needs_shared
def test_every_point_of_a_long_track():
    read = import_all(FOLDER / "gpx_cerknicko-jezero.gpx")
    tracked = sum(len(cells(one)) for one in of(read, "location"))
    said = "".join(one.reason for one in read.outcomes if one.code == "no_time")
    data = (FOLDER / "gpx_cerknicko-jezero.gpx").read_text()
    assert tracked + int(said.split()[0]) == data.count("<trkpt") + data.count("<wpt")


@needs_shared
def test_a_lap_of_tcx():
    read = import_all(FOLDER / "tcx_sup_activity_1.tcx")
    lap = min(
        (one for one in of(read, "workout") if "component" in one),
        key=lambda one: one["effectivePeriod"]["start"],
    )
    assert lap["effectivePeriod"] == {
        "start": "2022-07-16T16:08:25Z",
        "end": "2022-07-16T16:24:31.796Z",
    }
    told = {
        part["code"]["coding"][-1]["code"]: part["valueQuantity"]["value"]
        for part in lap["component"]
    }
    assert (told["TotalTimeSeconds"], told["DistanceMeters"], told["Calories"]) == (
        966.796,
        1000,
        80,
    )
    beats = [one for one in of(read, "heart_rate") if "valueSampledData" in one]
    assert cells(beats[0])[:2] == [("96",), ("92",)]


def gpx(*inside, root="gpx xmlns='http://www.topografix.com/GPX/1/1' creator='watch'"):
    return f"<?xml version='1.0'?><{root}>{''.join(inside)}</{root.split()[0]}>"


def point(second, more="", *, lat="37.50", lon="127.10", zone="Z"):
    time = f"<time>2024-05-01T23:00:{second:02}{zone}</time>"
    return f'\n<trkpt lat="{lat}" lon="{lon}"><ele>1.0</ele>{time}{more}</trkpt>'


def track(*points):
    return f"<trk><name>home</name><trkseg>{''.join(points)}</trkseg></trk>"


def test_digits_and_holes(write):
    read = import_all(write(gpx(track(point(0, lat="37.500"), point(1), point(4)))))
    (found,) = of(read, "location")
    assert found["valueSampledData"]["data"] == (
        "37.500 127.10 1.0 37.50 127.10 1.0 E E E E E E 37.50 127.10 1.0"
    )
    assert found["effectivePeriod"]["end"] == "2024-05-01T23:00:04Z"
    assert found["device"] == {"display": "watch"}
    assert "home" not in json.dumps([one.canonical.decode() for one in read.records])


def test_a_time_without_a_zone(write):
    read = import_all(write(gpx(track(point(0, zone=""), point(1, zone="")))))
    (found,) = of(read, "location")
    period = found["effectivePeriod"]
    assert period["start"] == "2024-05-01"
    assert period["_start"]["extension"][0]["valueTime"] == "23:00:00"


@pytest.mark.parametrize(
    "extension",
    [
        "<extensions><hr>88</hr></extensions>",
        "<extensions><g:TrackPointExtension xmlns:g='urn:x'><g:hr>88</g:hr>"
        "</g:TrackPointExtension></extensions>",
        "<extensions><heartrate>88</heartrate></extensions>",
    ],
)
@pytest.mark.parametrize("root", ["gpx", "a:gpx xmlns:a='http://www.topografix.com/GPX/1/0'"])
def test_a_heart_rate_is_told_by_its_name(write, extension, root):
    body = gpx(track(point(0, extension), point(1, extension)), root=root)
    (beats,) = of(import_all(write(body)), "heart_rate")
    assert cells(beats) == [("88",), ("88",)]


def test_wrong_positions_are_refused_by_line(write):
    wrong = [
        point(0, lat="91"),
        point(1, lon="NaN"),
        point(2, lat=""),
        point(3, lat="1e999"),
        point(4, "<hr>many</hr>"),
    ]
    read = import_all(write(gpx(track(*wrong, point(5)))))
    refused = [(one.place, one.code) for one in read.outcomes if one.kind is Kind.REFUSED]
    assert refused == [(f"line {line}", "not_a_position") for line in range(2, 6)] + [
        ("line 6", "bad_value")
    ]
    assert sum(len(cells(one)) for one in of(read, "location")) == 2


def test_plans_are_kept(write):
    route = "<rte><rtept lat='1' lon='2'/></rte>"
    timeless = track('<trkpt lat="1" lon="2"/>', '<trkpt lat="1" lon="3"/>')
    read = import_all(write(gpx(route, timeless)))
    assert read.kinds == ["kept", "kept"]
    assert read.outcomes[1].reason.startswith("2 points have no time")

    course = "<Courses><Course><Name>x</Name></Course></Courses>"
    planned = f"<TrainingCenterDatabase>{course}</TrainingCenterDatabase>"
    assert import_all(write(planned)).kinds == ["kept"]


def test_a_pause_cuts_a_series(write):
    later = point(0).replace("T23:00:00Z", "T23:50:00Z")
    read = import_all(write(gpx(track(point(0), point(1), later))))
    assert sorted(len(cells(one)) for one in of(read, "location")) == [1, 2]


def test_odd_milliseconds_have_their_own_times(write):
    points = [point(0).replace("00Z", f"{at}Z") for at in ("00.003", "01.101", "03.888")]
    (found,) = of(import_all(write(gpx(track(*points)))), "location")
    assert found["valueSampledData"]["dimensions"] == 4
    assert [row[0] for row in cells(found)] == ["0", "1098", "3885"]


def test_a_broken_file_gives_what_came_before(write):
    whole = gpx(track(point(0), point(1), point(2)))
    read = import_all(write(whole[: whole.index("23:00:02")]))
    assert read.codes >= {"truncated"}
    assert sum(len(cells(one)) for one in of(read, "location")) == 2


BOMB = '<!DOCTYPE gpx [<!ENTITY a "aaaa">]><gpx>&a;</gpx>'
OUTSIDE = '<!DOCTYPE gpx [<!ENTITY a SYSTEM "file:///etc/passwd">]><gpx>&a;</gpx>'


@pytest.mark.parametrize("text", [BOMB, OUTSIDE, "<gpx>" + "<a>" * 500])
def test_hostile(write, text):
    (refused,) = import_all(write(text)).outcomes
    assert refused.kind is Kind.REFUSED
    assert refused.code in ("xml_entity", "too_deep")


def test_empty(write):
    assert import_all(write("<gpx/>")).codes == {"no_measurement"}
