"""
FIT
├── records are those of the CSV that another reader made of the same file
├── a session is one workout with its totals, in the zone of the watch
├── steps of a day are since the day began, and are whole steps
├── times since the watch was switched on become local times, where it says what its clock showed
├── what apps of others and messages without a name hold is kept, and said
├── several files in one are several
├── of a file with more messages than any watch writes, the first are read
├── what is damaged gives what came before the last message that was read, which may be wrong
└── a wrong checksum refuses all of it, a cut only what is gone; nothing in between is raised
"""

from __future__ import annotations

import csv
import json
import struct
from datetime import datetime

import pytest

from aceso.formats import Kind
from aceso.formats.lifelog import fit
from tests.python.shared_data import SHARED, needs_shared

from ..conftest import import_all
from ..fuzz.seeds import fit_file

FOLDER = SHARED / "lifelog"
pytestmark = needs_shared


def resources(read):
    return [
        entry["resource"]
        for record in read.records
        for entry in json.loads(record.canonical)["entry"]
    ]


def of(read, measure):
    return [
        one
        for one in resources(read)
        if {"system": "urn:aceso:measure", "code": measure} in one["code"]["coding"]
    ]


def series(read, measure):
    (found,) = [one for one in of(read, measure) if "valueSampledData" in one]
    return found["valueSampledData"]


@pytest.fixture(scope="module")
def run():
    return import_all(FOLDER / "fit_garmin-fenix-5-run.fit")


@pytest.fixture(scope="module")
def rows():
    with (FOLDER / "fit_garmin-fenix-5-run-records.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.mark.parametrize(
    ("measure", "column"),
    [
        ("heart_rate", "heart_rate"),
        ("cadence", "cadence"),
        ("speed", "speed"),
        ("distance", "distance"),
        ("air_temperature", "temperature"),
    ],
)
def test_records_are_those_of_the_csv(run, rows, measure, column):
    found = series(run, measure)
    assert found["period"] == 1000 and found["dimensions"] == 1

    begin = moment(rows[0])
    cells = found["data"].split()
    assert sum(cell != "E" for cell in cells) == len(rows)
    for row in rows:
        cell = cells[int((moment(row) - begin).total_seconds())]
        assert float(cell) == pytest.approx(float(row[column]), abs=1e-6)


def moment(row):
    return datetime.strptime(row["timestamp"].replace("PDT ", ""), "%a %b %d %H:%M:%S %Y")


def test_positions_are_those_of_the_csv(run, rows):
    (track,) = of(run, "location")
    assert run.records[0].data_class.name in run.classes >= {"LOCATION", "BIOSIGNAL", "ACTIVITY"}
    cells = iter(track["valueSampledData"]["data"].split())
    found = [one for one in zip(cells, cells, cells, strict=True) if one[0] != "E"]
    for (latitude, longitude, altitude), row in zip(found, rows, strict=True):
        assert round(float(latitude) * 2**31 / 180) == int(row["position_lat"])
        assert round(float(longitude) * 2**31 / 180) == int(row["position_long"])
        assert float(altitude) == pytest.approx(float(row["altitude"]), abs=1e-6)


def test_a_session_is_a_workout(run):
    session = next(one for one in of(run, "workout") if "session" in json.dumps(one))
    assert session["effectivePeriod"] == {
        "start": "2017-06-11T07:34:09-07:00",
        "end": "2017-06-11T07:35:05.887-07:00",
    }
    told = {
        part["code"]["coding"][-1]["code"]: part["valueQuantity"]["value"]
        for part in session["component"]
    }
    assert told["total_distance"] == 157.56
    assert told["total_calories"] == 5
    assert told["enhanced_max_speed"] == 3.658
    assert {
        one["valueQuantity"]["value"] for one in of(run, "heart_rate") if "valueQuantity" in one
    } == {90, 112}


def test_beats_are_in_their_order(run):
    cells = series(run, "rr_interval")["data"].split()
    offsets, beats = [float(one) for one in cells[::2]], [float(one) for one in cells[1::2]]
    assert offsets[-1] == pytest.approx(sum(beats))
    assert 300 < min(beats) <= max(beats) < 1500


def test_steps_are_since_the_day_began():
    read = import_all(FOLDER / "fit_MonitoringFile.fit")
    steps = of(read, "step_count")
    assert len(steps) == 81
    assert {one["effectivePeriod"]["start"] for one in steps} == {"2014-12-27T00:00:00-06:00"}
    first = min(steps, key=lambda one: one["effectivePeriod"]["end"])
    assert first["valueQuantity"]["value"] == 100


def test_times_since_the_start_become_local():
    read = import_all(FOLDER / "fit_compressed-speed-distance.fit")
    session = next(one for one in of(read, "workout") if "session.running" in json.dumps(one))
    # 17221751 s of the watch were 12:21:03 on its clock; the run began 3887 s before.
    start = session["effectivePeriod"]["_start"]["extension"][0]["valueTime"]
    assert (session["effectivePeriod"]["start"], start) == ("2012-02-13", "11:16:16")
    beats = [one for one in of(read, "heart_rate") if "valueSampledData" in one]
    cells = [cell for one in beats for cell in one["valueSampledData"]["data"].split()]
    assert "93" in cells


def test_what_nobody_names_is_kept():
    read = import_all(FOLDER / "fit_developer-types-sample.fit")
    kept = [one for one in read.outcomes if one.kind is Kind.KEPT]
    said = {one.place: one.reason for one in kept}
    # 3424 records with four such fields each.
    assert said["developer fields of record"].startswith("13696 values")
    assert said["records, vertical_oscillation"].startswith("3424 values")


def test_settings_hold_no_measurement():
    read = import_all(FOLDER / "fit_Settings.fit")
    assert read.kinds == ["skipped"]
    assert read.codes == {"settings"}


def test_several_files_in_one(write):
    run = (FOLDER / "fit_garmin-fenix-5-run.fit").read_bytes()
    day = (FOLDER / "fit_MonitoringFile.fit").read_bytes()
    read = import_all(write(run + day))
    assert len(of(read, "step_count")) == 81
    assert of(read, "location")
    assert any(one.place.startswith("file 2, ") for one in read.outcomes)


def test_a_wrong_checksum_refuses_all():
    read = import_all(FOLDER / "fit_activity-filecrc.fit")
    assert [(one.kind.value, one.code) for one in read.outcomes] == [("refused", "checksum")]
    assert not read.records


def test_a_cut_file_gives_what_came_before(write):
    data = (FOLDER / "fit_activity-small-fenix2-run.fit").read_bytes()
    read = import_all(write(data[: len(data) // 2]))
    assert [one.code for one in read.outcomes if one.kind is Kind.REFUSED] == ["truncated"]
    assert of(read, "location")


def test_the_message_before_the_damage_is_not_taken(write):
    def record(second, beats):
        return struct.pack("<BIB", 0, 1_000_000_000 + second, beats)

    definition = struct.pack("<BBBHB", 0x40, 0, 0, 20, 2) + bytes((253, 4, 0x86, 3, 1, 2))
    # A byte is lost in the third, so that what follows it is no message that was defined.
    lost = record(2, 92)[:-1]
    data = fit_file(definition + record(0, 90) + record(1, 91) + lost + record(3, 93))

    read = import_all(write(data))

    assert [one.code for one in read.outcomes if one.kind is Kind.REFUSED] == ["damaged"]
    assert series(read, "heart_rate")["data"] == "90 91"


def test_a_file_without_end_is_read_so_far(write, monkeypatch):
    monkeypatch.setattr(fit, "_MAX_MESSAGES", 3)
    definition = struct.pack("<BBBHB", 0x40, 0, 0, 20, 2) + bytes((253, 4, 0x86, 3, 1, 2))
    records = (struct.pack("<BIB", 0, 1_000_000_000 + at, 90 + at) for at in range(5))

    read = import_all(write(fit_file(definition + b"".join(records))))

    assert [one.code for one in read.outcomes if one.kind is Kind.REFUSED] == ["too_large"]
    assert series(read, "heart_rate")["data"] == "90 91 92"


@pytest.mark.parametrize("step", range(0, 5500, 113))
def test_a_flipped_byte_is_never_raised(write, step):
    data = bytearray((FOLDER / "fit_garmin-fenix-5-run.fit").read_bytes())
    data[step] ^= 0xFF
    assert import_all(write(bytes(data))).outcomes
