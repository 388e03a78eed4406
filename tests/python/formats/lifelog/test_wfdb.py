"""
WFDB
├── record 100 of MIT-BIH: 650,000 samples a signal, 2,274 annotations, the first samples in mV
├── each format of signals is read as PhysioNet specifies it
├── a header without its signal file is kept, and says to import both; in an archive it is found
├── samples that don't add up are refused, a short file gives what it has and says so
├── signals of several samples a frame, of a last group that is cut, and skewed ones come out right
├── of several segments: where each lies, and what its own header gives, doubled nowhere
├── a name that leads elsewhere is no name; odd formats are kept
├── marks keep their subtype, channel and number
└── a date is a local one, no date is none
"""

from __future__ import annotations

import json
import zipfile
from decimal import Decimal

import pytest

from aceso.formats import Kind
from aceso.formats.lifelog.wfdb_signal import FORMATS, read_marks
from tests.python.shared_data import SHARED, needs_shared

from ..conftest import import_all

FOLDER = SHARED / "lifelog"


def resources(read):
    return [
        entry["resource"]
        for record in read.records
        for entry in json.loads(record.canonical, parse_float=Decimal)["entry"]
    ]


def signals(read):
    found = [
        one
        for one in resources(read)
        if any("valueSampledData" in part for part in one.get("component", ()))
    ]
    return sorted(found, key=lambda one: one["extension"][0]["valueInteger"])


@needs_shared
def test_record_100_of_mit_bih():
    read = import_all(FOLDER / "100.hea")
    assert read.classes == {"BIOSIGNAL"}

    blocks = signals(read)
    data = [part["valueSampledData"]["data"].split() for part in blocks[0]["component"]]
    for index, label in enumerate(("MLII", "V5")):
        parts = [one["component"][index] for one in blocks]
        assert {part["code"]["text"] for part in parts} == {label}
        sampled = [part["valueSampledData"] for part in parts]
        assert sum(len(one["data"].split()) for one in sampled) == 650_000
        # PhysioNet's own first samples, in mV.
        first = [
            sampled[0]["origin"]["value"] + sampled[0]["factor"] * int(one)
            for one in data[index][:10]
        ]
        expected = {
            "MLII": "-.145 -.145 -.145 -.145 -.145 -.145 -.145 -.145 -.12 -.135",
            "V5": "-.065 -.065 -.065 -.065 -.065 -.065 -.065 -.065 -.08 -.08",
        }
        assert first == [Decimal(one) for one in expected[label].split()]
    marks = [
        part
        for one in resources(read)
        for part in one.get("component", ())
        if "valueInteger" in part
    ]
    assert len(marks) == 2274
    symbols = [part["code"]["coding"][0]["code"] for part in marks]
    assert {one: symbols.count(one) for one in set(symbols)} == {"N": 2239, "A": 33, "V": 1, "+": 1}
    assert (marks[0]["valueInteger"], marks[0]["interpretation"]) == (18, [{"text": "(N"}])
    assert (marks[1]["valueInteger"], marks[-1]["valueInteger"]) == (77, 649991)


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("16", b"\x01\x00\xff\xff\x00\x80", [1, -1, None]),
        ("61", b"\x00\x01\xff\xff\x80\x00", [1, -1, None]),
        ("160", b"\x01\x80\xff\x7f\x00\x00", [1, -1, None]),
        ("24", b"\x01\x00\x00\xff\xff\xff\x00\x00\x80", [1, -1, None]),
        ("32", b"\x01\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x80", [1, -1, None]),
        ("80", b"\x81\x7f\x00", [1, -1, None]),
        ("8", b"\x01\xff\x80", [1, -1, -128]),
        # 12 bits each: the low byte of the first, both high halves, the low byte of the second.
        ("212", b"\x01\xf0\xff\x00\x08\x02", [1, -1, None, 2]),
        # 10 bits each, shifted up by one; the third is in the five high bits of both words.
        ("310", b"\x02\x08\xfe\x07", [1, 1023 - 1024, 1]),
        ("311", (1 | 1023 << 10 | 512 << 20).to_bytes(4, "little"), [1, -1, None]),
    ],
)
def test_each_format_of_signals(name, data, expected):
    assert FORMATS[name][2](data) == expected


HEADER = """rec 2 250 4 10:00:00 1/5/2024
rec.dat 16 100/mV 12 0 1 10 0 I
rec.dat 16 100/mV 12 0 2 20 0 II
"""
SAMPLES = b"".join(
    value.to_bytes(2, "little") for pair in ((1, 2), (2, 4), (3, 6), (4, 8)) for value in pair
)


@pytest.fixture
def recording(tmp_path):
    def make(header=HEADER, data=SAMPLES, **more):
        (tmp_path / "rec.hea").write_text(header)
        if data is not None:
            (tmp_path / "rec.dat").write_bytes(data)
        for name, content in more.items():
            (tmp_path / f"rec.{name}").write_bytes(content)
        return tmp_path / "rec.hea"

    return make


def test_a_date_is_local(recording):
    read = import_all(recording())
    (found,) = signals(read)
    period = found["effectivePeriod"]
    assert period["start"] == "2024-05-01"
    assert period["_start"]["extension"][0]["valueTime"] == "10:00:00"
    assert [part["valueSampledData"]["data"] for part in found["component"]] == [
        "1 2 3 4",
        "2 4 6 8",
    ]
    assert found["component"][0]["valueSampledData"]["period"] == 4


def test_no_date_is_none(recording):
    read = import_all(recording(HEADER.replace(" 10:00:00 1/5/2024", "")))
    assert read.records[0].day is None
    assert not [key for key in signals(read)[0] if "effective" in key]


def test_without_its_signal_file(recording):
    (kept,) = import_all(recording(data=None)).outcomes
    assert (kept.kind, kept.code) == (Kind.KEPT, "signal_missing")


def test_in_an_archive(recording, tmp_path):
    path = recording()
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(path, "folder/rec.hea")
        archive.write(path.with_suffix(".dat"), "folder/rec.dat")
    read = import_all(tmp_path / "all.zip")
    assert len(signals(read)) == 1


def test_samples_that_do_not_add_up(recording):
    read = import_all(recording(data=SAMPLES[:-2] + b"\x09\x00"))
    assert [(one.kind.value, one.code) for one in read.outcomes] == [("refused", "checksum")]
    assert not read.records


def test_a_short_file(recording):
    read = import_all(recording(data=SAMPLES[:8]))
    assert [one.code for one in read.outcomes] == ["", "truncated"]
    assert signals(read)[0]["component"][0]["valueSampledData"]["data"] == "1 2"


@pytest.mark.parametrize(
    ("header", "kind", "code"),
    [
        (HEADER.replace("rec.dat 16", "../rec.dat 16"), "kept", "not_understood"),
        (HEADER.replace("rec.dat 16", "rec.dat 516"), "kept", "not_understood"),
        (HEADER.replace("rec.dat 16", "rec.dat 16:999999"), "refused", "too_large"),
        (HEADER.replace("rec.dat 16", "~ 0"), "skipped", "no_measurement"),
        (HEADER.replace("rec 2", "rec 3"), "refused", "wfdb"),
        (HEADER.replace("1/5/2024", "31/2/2024"), "refused", "wfdb"),
        (HEADER.replace("10:00:00", "25:00:00"), "refused", "wfdb"),
        ("rec/20000 2 250 8\nrec_1 4\nrec_2 4\n", "refused", "too_large"),
        ("rec/3 2 250 8\nrec_1 4\nrec_2 4\n", "refused", "wfdb"),
        ("rec/2 2 250 8\nrec_1 4\nrec_2 four\n", "refused", "wfdb"),
    ],
)
def test_headers_that_are_not_read(recording, header, kind, code):
    (only,) = import_all(recording(header)).outcomes
    assert (only.kind.value, only.code) == (kind, code)


def test_marks_that_break_off(recording):
    # N after 5 samples, then the word for a long step without its four bytes.
    cut = (1 << 10 | 5).to_bytes(2, "little") + (59 << 10).to_bytes(2, "little")
    read = import_all(recording(atr=cut))
    assert "truncated" in read.codes
    with pytest.raises(ValueError):
        list(read_marks(cut))


def test_a_long_step_between_marks():
    step = (59 << 10).to_bytes(2, "little") + b"\x01\x00\x02\x00"
    data = step + (5 << 10 | 3).to_bytes(2, "little") + b"\x00\x00"
    (mark,) = read_marks(data)
    assert (mark.sample, mark.symbol) == (65536 + 2 + 3, "V")


def data_of(observation):
    return [part["valueSampledData"]["data"] for part in observation["component"]]


def test_several_samples_a_frame(recording):
    # Three signals, of which the second has two samples in each frame; the sums are the file's.
    header = """rec 3 250 3
rec.dat 16 100/mV 12 0 1 12 0 I
rec.dat 16x2 100/mV 12 0 2 33 0 II
rec.dat 16 100/mV 12 0 4 24 0 III
"""
    data = b"".join(one.to_bytes(2, "little") for one in (1, 2, 3, 4, 4, 5, 6, 8, 7, 8, 9, 12))

    (found,) = signals(import_all(recording(header, data)))

    assert data_of(found) == ["1 4 7", "2 3 5 6 8 9", "4 8 12"]
    assert [part["valueSampledData"]["period"] for part in found["component"]] == [4, 2, 4]


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("212", b"\x01\xf0\xff\x07\x00", "1 -1 7"),
        ("310", b"\x02\x08\xfe\x07\x06\x00", "1 -1 1 3"),
        ("311", (5 | 6 << 10 | 7 << 20).to_bytes(4, "little") + b"\x08\x00", "5 6 7 8"),
        ("311", b"\x05\x18\x00", "5 6"),
    ],
)
def test_a_packed_group_that_ends_with_its_samples(recording, name, data, expected):
    header = f"rec 1 250 {len(expected.split())}\nrec.dat {name} 100/mV 12 0\n"

    read = import_all(recording(header, data))

    assert read.codes == {""}
    assert data_of(signals(read)[0]) == [expected]


def test_a_skewed_signal_is_moved_back(recording):
    header = HEADER.replace("rec.dat 16 100/mV 12 0 2 20 0 II", "rec.dat 16:1 100/mV 12 0 2 9 0 II")

    (found,) = signals(import_all(recording(header)))

    assert data_of(found) == ["1 2 3 4", "4 6 8 E"]


@pytest.fixture
def segments(tmp_path):
    def make(*, missing=()):
        (tmp_path / "long.hea").write_text(
            "long/4 2 250 12 10:00:00 1/5/2024\nlong_layout 0\none 4\n~ 4\ntwo 4\n"
        )
        (tmp_path / "long_layout.hea").write_text(
            "long_layout 2 250 0\n~ 0 100/mV 12 0 0 0 0 I\n~ 0 100/mV 12 0 0 0 0 II\n"
        )
        for name in ("one", "two"):
            if name not in missing:
                header = HEADER.replace("rec", name).replace(" 10:00:00 1/5/2024", "")
                (tmp_path / f"{name}.hea").write_text(header)
                (tmp_path / f"{name}.dat").write_bytes(SAMPLES)
        return tmp_path / "long.hea"

    return make


def test_several_segments(segments):
    read = import_all(segments())

    (index,) = [one for one in resources(read) if "valueRange" in one["component"][0]]
    told = [
        (part["code"]["coding"][0]["code"], part["code"]["text"],
         part["valueRange"]["low"]["value"], part["valueRange"]["high"]["value"])
        for part in index["component"]
    ]  # fmt: skip
    assert told == [("segment", "one", 0, 3), ("gap", "~", 4, 7), ("segment", "two", 8, 11)]
    assert index["effectivePeriod"]["_start"]["extension"][0]["valueTime"] == "10:00:00"
    assert [data_of(one) for one in signals(read)] == [["1 2 3 4", "2 4 6 8"]] * 2
    assert [one.place for one in read.outcomes] == [
        "segments 2 to 4",
        "segment 2, samples 1 to 4",
        "segment 4, samples 1 to 4",
    ]


def test_segments_are_doubled_nowhere(segments, tmp_path):
    path = segments()
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        for one in sorted(path.parent.iterdir()):
            if one.suffix in (".hea", ".dat"):
                archive.write(one, one.name)

    read = import_all(tmp_path / "all.zip")

    assert len(signals(read)) == 2
    assert [one.kind for one in read.outcomes].count(Kind.UNCHANGED) == 2


def test_a_segment_that_is_missing_is_said(segments):
    read = import_all(segments(missing=("two",)))

    assert len(signals(read)) == 1
    assert [(one.place, one.code) for one in read.outcomes if one.code] == [
        ("segment 4, header", "signal_missing")
    ]


def test_a_recording_is_no_segment_of_itself(tmp_path):
    (tmp_path / "rec.hea").write_text("rec/2 2 250 8\nrec 4\nrec 4\n")

    read = import_all(tmp_path / "rec.hea")

    assert [one.code for one in read.outcomes] == ["", "wfdb"]


def test_marks_keep_what_stands_beside_them(recording):
    def word(code, value):
        return (code << 10 | value).to_bytes(2, "little")

    # A beat of channel 1 and subtype 2; then one of the same channel, with the number -1.
    data = word(1, 5) + word(61, 2) + word(62, 1) + word(5, 3) + word(60, 255) + b"\x00\x00"

    read = import_all(recording(atr=data))

    marks = [
        (
            part["valueInteger"],
            {one["url"].rpartition("-")[2]: one["valueInteger"] for one in part["extension"]},
        )
        for one in resources(read)
        for part in one["component"]
        if "valueInteger" in part
    ]
    assert marks == [(5, {"subtype": 2, "channel": 1}), (8, {"channel": 1, "number": -1})]


def test_a_clock_without_hours(recording):
    (found,) = signals(import_all(recording(HEADER.replace("10:00:00", "31:51.982"))))
    start = found["effectivePeriod"]["_start"]["extension"][0]["valueTime"]
    assert start == "00:31:51.982"
