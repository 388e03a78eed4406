"""Inputs that fuzzing found and that once ended a reader; each must be answered, never fail."""

from __future__ import annotations

import zipfile

import pytest

from aceso.formats import Kind, import_file
from aceso.formats.canonical import JsonError, canonical_bytes
from aceso.formats.lifelog._time import utc_to_local


@pytest.mark.parametrize("text", ['\x00{"resourceType":"Patient"}', "\x001,2", "a\x00", "\\\x00"])
def test_a_text_is_never_written_as_json_of_ours(text):
    with pytest.raises(JsonError) as refused:
        canonical_bytes({"text": text})
    assert refused.value.code == "control_character"


def test_a_backslash_before_u0000_in_letters_is_a_text():
    assert canonical_bytes({"text": "\\u0000"}) == b'{"text":"\\\\u0000"}'


@pytest.mark.parametrize(
    ("text", "zone"), [("9999-12-31 23:00:00", "+09:00"), ("0001-01-01 01:00:00", "-09:00")]
)
def test_an_instant_outside_the_calendar_of_its_zone_is_refused(text, zone):
    with pytest.raises(ValueError, match="out of the calendar"):
        utc_to_local(text, zone)


def test_a_member_without_a_name_is_answered(tmp_path):
    path = tmp_path / "export.zip"
    with zipfile.ZipFile(path, "w") as archive:
        nameless = zipfile.ZipInfo("x")
        nameless.filename = ""
        archive.writestr(nameless, b"time,value\n")
    with import_file(path) as imported:
        assert [one for one in imported.outcomes()]


def test_dicom_lengths_that_promise_more_than_memory_are_refused(tmp_path):
    path = tmp_path / "image.dcm"
    head = bytes(6) + b"\xff" + bytes(76) + b"\x10" + bytes(44)
    path.write_bytes(head[:128].ljust(128, b"\x00") + b"DICM\x02" + bytes(13) + b"\xf0\x9f\x92\x89")
    with import_file(path) as imported:
        assert {one.kind for one in imported.outcomes()} == {Kind.REFUSED}
