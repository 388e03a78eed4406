"""
hostile input
├── each kind ends in one clear sentence with a place, without a traceback
├── a Bundle that is cut in the middle: what came before is read, the rest is refused
├── what is no file: a folder, a missing one, a loop of links, one that may not be read
├── a list that goes wrong says that what follows is not read
├── a number of any length is refused in linear time, and never told
├── a day that no calendar has is refused, by its path
├── XML entities are neither expanded nor fetched
├── a Bundle of 64 MiB and a VCF of 48 MiB are read in bounded memory
└── any bytes at all have an outcome
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import textwrap
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aceso.errors import InputError
from aceso.formats import FormatError, Kind, detect, import_file

from .conftest import bundle, import_all, observation

VCF = (
    b"##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tS\n"
    b"1\t5\t.\tA\tC\t.\tPASS\t.\tGT\t0/1\n"
)
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE HealthData [<!ENTITY a "aaaaaaaaaa">'
    '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>'
    "<HealthData>&c;</HealthData>"
)
XXE = (
    '<?xml version="1.0"?><!DOCTYPE HealthData [<!ENTITY x SYSTEM "file:///etc/hostname">]>'
    "<HealthData>&x;</HealthData>"
)
START = b'{"resourceType":"Observation","status":"final","code":{"text":"x"},'


@pytest.mark.parametrize(
    ("content", "kind", "code"),
    [
        (b"", "refused", "empty_file"),
        (b"\xff\xfe\x00\x01", "kept", "not_understood"),
        (b'{"broken": ', "refused", "broken_json"),
        (START, "refused", "broken_json"),
        (START + b'"valueQuantity":{"value":NaN}}', "refused", "not_a_number"),
        (START + b'"status":"final"}', "refused", "duplicate_key"),
        (START + b'"valueString":"\\ud800"}', "refused", "lone_surrogate"),
        (START + b'"valueString":"\xff"}', "refused", "not_utf8"),
        (START + b'"extension":' + b"[" * 9000 + b"]" * 9000 + b"}", "refused", "too_deep"),
        (b"[" * 200_000, "refused", "too_deep"),
        (b'{"resourceType":"Bundle","type":"collection"}', "refused", "empty_bundle"),
        (b'{"resourceType":"Bundle","type":"batch","entry":[[]]}', "refused", "not_r4"),
        (b'{"resourceType":"Bundle","type":"batch","entry":[1]}', "refused", "broken_json"),
        (VCF.replace(b"\t5\t", b"\t" + b"9" * 5000 + b"\t"), "refused", "vcf"),
        (VCF.replace(b"0/1", b"0/" + b"9" * 5000), "refused", "vcf"),
        (BOMB.encode(), "refused", "xml_entity"),
        (XXE.encode(), "refused", "xml_entity"),
        (b"<HealthData><Record", "refused", "truncated"),
        (b"<HealthData><Record><</HealthData>", "refused", "broken_xml"),
        (b"<HealthData>" + b"<a>" * 500, "refused", "too_deep"),
        (gzip.compress(VCF * 1)[:-9], "refused", "truncated"),
        (VCF.replace(b"4.3", b"4.9"), "refused", "vcf_version"),
        (VCF.replace(b"0/1", b"0/2"), "refused", "vcf"),
        (VCF + VCF.splitlines(keepends=True)[-1], "refused", "vcf"),
        (VCF.replace(b"\t5\t", b"\tx\t"), "refused", "vcf"),
        (VCF[: VCF.index(b"1\t5")], "refused", "no_variants"),
        (b"PK\x03\x04 not really", "refused", "damaged"),
    ],
)
def test_each_kind_has_one_sentence(content, kind, code, write):
    read = import_all(write(content))

    outcome = next(one for one in read.outcomes if one.kind.value != "imported")
    assert (outcome.kind.value, outcome.code) == (kind, code)
    assert outcome.place and outcome.reason
    assert "\n" not in outcome.reason and len(outcome.reason) < 300
    assert read.source.size == len(content)


def test_a_cut_bundle_is_read_up_to_the_cut(write):
    whole = json.dumps(bundle(observation(), observation(id="two"), observation(id="three")))
    read = import_all(write(whole[: whole.index('"three"')]))

    assert read.kinds == ["imported", "imported", "refused"]
    assert read.outcomes[-1].code == "truncated"


def test_broken_xml_is_read_up_to_the_break(write):
    when = 'startDate="2024-06-01 08:00:00 +0900" endDate="2024-06-01 08:00:00 +0900"'
    record = f'<Record type="HKQuantityTypeIdentifierStepCount" {when} value="1"/>'
    read = import_all(write(f"<HealthData>{record}<oops"))

    assert read.kinds == ["imported", "refused"]


@pytest.mark.parametrize(
    "content",
    [
        b'[{"resourceType":"Patient","id":"a"},1,{"resourceType":"Patient","id":"b"}]',
        b'{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient"}},"x",{}]}',
    ],
)
def test_what_follows_a_break_is_said_not_to_be_read(content, write):
    read = import_all(write(content))

    assert read.kinds == ["imported", "refused"]
    assert read.outcomes[-1].reason.endswith("what comes after it is not read")


def test_entries_that_are_no_list_are_refused(write):
    content = {"resourceType": "Bundle", "type": "collection", "entry": {"resource": {}}}
    (outcome,) = import_all(write(content)).outcomes

    assert (outcome.code, outcome.reason) == (
        "not_r4",
        "the entries of the Bundle are no list, so none of them is read",
    )


def test_a_number_of_any_length_is_refused_and_not_told(write):
    # Its length was taken by the square: a minute and more for these digits.
    read = import_all(write(START + b'"valueInteger":' + b"9" * 200_000 + b"}"))

    (outcome,) = read.outcomes
    assert outcome.code == "not_r4"
    assert "99" not in outcome.reason


@pytest.mark.parametrize(
    ("element", "path"),
    [
        ({"effectiveDateTime": "2024-02-30"}, "Observation.effectiveDateTime"),
        ({"issued": "2023-02-29T10:00:00Z"}, "Observation.issued"),
        (
            {"component": [{"code": {"text": "x"}, "valuePeriod": {"start": "2024-06-31"}}]},
            "Observation.component[0].valuePeriod.start",
        ),
        (
            {"contained": [{"resourceType": "Patient", "birthDate": "1980-11-31"}]},
            "Observation.contained[0].birthDate",
        ),
    ],
)
def test_a_day_that_no_calendar_has_is_refused(element, path, write):
    base = {key: one for key, one in observation().items() if key != "effectiveDateTime"}
    (outcome,) = import_all(write(base | element)).outcomes

    assert outcome.code == "not_r4"
    assert outcome.reason == f"at {path}: that month has no such day"


def test_a_leap_day_and_a_text_of_no_day_are_taken(write):
    day = {"effectiveDateTime": "2024-02-29", "valueQuantity": None, "valueString": "2024-02-30"}
    content = {key: one for key, one in (observation() | day).items() if one is not None}

    assert import_all(write(content)).kinds == ["imported"]


def test_a_zip_with_an_export_is_read_and_nothing_is_unpacked(tmp_path, sample_files):
    export = next(one.path for one in sample_files if one.issuer == "phone")
    path = tmp_path / "export"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(export, "apple_health_export/export.xml")
        archive.writestr("../../escape.txt", "x")

    read = import_all(path)

    assert read.classes == {"ACTIVITY", "BIOSIGNAL", "SLEEP"}
    assert {record.body.sha256 for record in read.records} == {
        record.body.sha256 for record in import_all(export).records
    }
    assert not (tmp_path.parent.parent / "escape.txt").exists()


def test_what_is_no_file_is_said(tmp_path):
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    for path, code in (
        (tmp_path, "E_FORMAT_FOLDER"),
        (tmp_path / "missing", "E_FORMAT_MISSING"),
        (loop, "E_FORMAT_LOOP"),
        (tmp_path / "a\x00b", "E_FORMAT_IO"),
    ):
        with pytest.raises(FormatError) as caught:
            detect(path)
        assert caught.value.code == code
        assert isinstance(caught.value, InputError)


def test_a_pipe_is_not_waited_for(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)

    with pytest.raises(FormatError) as caught:
        import_file(path)

    assert caught.value.code == "E_FORMAT_NOT_A_FILE"


@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    head=st.sampled_from(
        [
            b"",
            b'{"resourceType":"Bundle","entry":[',
            START,
            VCF,
            b"<HealthData>",
            b"PK\x03\x04",
            b"\x1f\x8b",
        ]
    ),
    tail=st.binary(max_size=120),
)
def test_any_bytes_have_an_outcome(head, tail, tmp_path):
    path = tmp_path / "any"
    path.write_bytes(head + tail)

    read = import_all(path)

    assert read.outcomes
    assert all(outcome.kind in Kind for outcome in read.outcomes)


def _peak(path, rss_mib):
    """Import in a process of its own that may not grow beyond `rss_mib`, and count the pieces."""
    script = textwrap.dedent(
        r"""
        import re, sys
        from aceso import formats
        with formats.import_file(sys.argv[1]) as imported:
            pieces = sum(record.pieces for record in imported.records())
            imported.source
        # Not ru_maxrss, which a new process inherits from the one that started it.
        peak = re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1]
        print(pieces, int(peak) // 1024)
        """
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    pieces, peak = done.stdout.split()
    assert int(peak) <= rss_mib
    return int(pieces)


def test_a_large_bundle_is_read_in_bounded_memory(tmp_path):
    path = tmp_path / "large"
    # 48 resources of 1.4 MiB: ordinary in count, 64 MiB in all.
    text = "x" * (1400 << 10)
    with path.open("w") as stream:
        stream.write('{"resourceType":"Bundle","type":"collection","entry":[')
        for index in range(48):
            resource = observation(id=f"r{index}", note=[{"text": text}])
            stream.write(("," if index else "") + json.dumps({"resource": resource}))
        stream.write("]}")

    assert _peak(path, 256) == 48


def test_a_large_vcf_is_read_in_bounded_memory(tmp_path):
    path = tmp_path / "large"
    head = VCF[: VCF.index(b"1\t5")]
    info = b"AA=" + b"A" * 2000
    with path.open("wb") as stream:
        stream.write(head)
        for position in range(1, 24_000):
            stream.write(b"1\t%d\t.\tA\tC\t.\tPASS\t%s\tGT\t0/1\n" % (position, info))

    assert _peak(path, 160) == 1
