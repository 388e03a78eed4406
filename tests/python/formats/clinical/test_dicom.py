"""
DICOM
├── the Korean picture of the shared data: 김희중, in the words that its Patient has
├── the picture is a record of its own, byte for byte
├── the same picture in four encodings says the same
├── a file without preamble, and a deflated one, are read
├── a cut picture says so, and is no record
├── a bomb is refused, an index is left out
├── a day of birth that is none is left out, and said
├── words in it, also those of a report, find its class; a document in it isn't opened
└── damaged bytes end in a reason
"""

from __future__ import annotations

import io
import json
import struct
import zlib

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import FileDataset, FileMetaDataset

from aceso.formats import Kind, detect
from tests.python.shared_data import SHARED, needs_shared


def picture(syntax=pydicom.uid.ExplicitVRLittleEndian, strict=True, **values):
    """A picture of nobody, two by two."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.1"
    meta.MediaStorageSOPInstanceUID = "1.2.3.4"
    meta.TransferSyntaxUID = syntax
    data = FileDataset("", {}, file_meta=meta, preamble=bytes(128))
    data.SOPClassUID, data.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.1", "1.2.3.4"
    data.StudyInstanceUID, data.SeriesInstanceUID = "1.2.3", "1.2.3.1"
    data.PatientID, data.PatientName, data.Modality = "P-1", "Kim^Gasang", "CR"
    data.StudyDate, data.StudyTime = "20240501", "093000"
    data.BodyPartExamined, data.SeriesNumber = "CHEST", "2"
    for name, value in values.items():
        setattr(data, name, value)
    data.PixelData = bytes(4)
    data["PixelData"].VR = "OB"
    out = io.BytesIO()
    pydicom.dcmwrite(out, data, enforce_file_format=strict)
    return out.getvalue()


def resource(read, kind):
    (found,) = [one for one in read.records if kind in one.resource_types]
    return json.loads(found.canonical)["entry"][0]["resource"]


@needs_shared
def test_the_korean_picture(importing):
    path = SHARED / "clinical" / "dicom_chrKoreanMulti.dcm"
    read = importing(path)

    assert resource(read, "Patient")["name"] == [{"family": "김희중"}]
    study = resource(read, "ImagingStudy")
    assert (study["started"], study["modality"][0]["code"]) == ("2008-05-04", "CR")
    assert study["_started"]["extension"][0]["valueTime"] == "17:17:15"
    assert study["series"][0]["bodySite"]["display"] == "CHEST"
    (whole,) = [one for one in read.records if one.media_type == "application/dicom"]
    assert whole.canonical == path.read_bytes()
    assert "no_pixels" in read.codes  # Its makers left them out.
    assert read.classes == {"IMAGING", "ENCOUNTERS"}


def test_what_a_picture_says(write, importing):
    read = importing(write(picture(TimezoneOffsetFromUTC="+0900", PatientSex="F")))
    study = resource(read, "ImagingStudy")

    assert read.format.name == "dicom"
    assert study["started"] == "2024-05-01T09:30:00+09:00"
    assert study["identifier"][0]["value"] == "urn:oid:1.2.3"
    assert study["series"][0]["instance"][0]["uid"] == "1.2.3.4"
    patient = resource(read, "Patient")
    assert study["subject"] == {"reference": f"Patient/{patient['id']}"}
    assert patient["gender"] == "female"


@pytest.mark.parametrize(
    "name", ["MR_small_implicit.dcm", "MR_small_bigendian.dcm", "MR_small_RLE.dcm"]
)
def test_encodings_of_one_picture_say_the_same(name, write, importing):
    def told(file):
        with open(get_testdata_file(file), "rb") as stream:
            read = importing(write(stream.read()))
        return resource(read, "Patient"), resource(read, "ImagingStudy")["started"]

    assert told(name) == told("MR_small.dcm")


def test_a_file_without_preamble(write, importing):
    whole = picture()
    assert importing(write(whole[132:])).format.name == "dicom"
    length = struct.unpack_from("<I", whole, 140)[0]
    read = importing(write(whole[144 + length :]))

    assert resource(read, "Patient")["identifier"][0]["value"] == "P-1"


@pytest.mark.parametrize("strict", [True, False])
def test_a_deflated_file(strict, write, importing):
    read = importing(write(picture(pydicom.uid.DeflatedExplicitVRLittleEndian, strict)))

    assert resource(read, "Patient")["identifier"][0]["value"] == "P-1"


def test_a_bomb_is_refused(write, importing):
    whole = picture(pydicom.uid.DeflatedExplicitVRLittleEndian)
    length = struct.unpack_from("<I", whole, 140)[0]
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(64)) + packer.flush()
    read = importing(write(whole[: 144 + length] + bomb))

    assert read.codes == {"bomb"}


def test_a_cut_picture_is_no_record(write, importing):
    read = importing(write(picture()[:-2]))

    assert "truncated" in read.codes
    assert not [one for one in read.records if one.media_type == "application/dicom"]


@pytest.mark.parametrize("cut", [132, 140, 200, 300, 400, 450])
def test_a_file_that_breaks_off_ends_in_a_reason(cut, write, importing):
    read = importing(write(picture()[:cut]))

    assert read.outcomes
    assert not [one for one in read.records if one.media_type == "application/dicom"]


def test_damaged_bytes_end_in_a_reason(write, importing):
    whole = picture()
    for at in range(132, len(whole), 7):
        read = importing(write(whole[:at] + b"\xff\xff\xff" + whole[at + 3 :]))
        assert all(one.reason for one in read.outcomes if one.kind is not Kind.IMPORTED)


def test_near_misses_are_no_pictures(write):
    for text in (b"\x08\x00" * 100, b"\x02\x00\x00\x00", b"08002024", bytes(200)):
        assert detect(write(text)).name != "dicom"


def test_a_day_of_birth_that_is_none_is_said(write, importing):
    data = picture()
    at = data.index(b"\x10\x00\x20\x00")
    element = b"\x10\x00\x30\x00DA" + struct.pack("<H", 8) + b"19801399"
    after = at + 8 + struct.unpack_from("<H", data, at + 6)[0]
    read = importing(write(data[:after] + element + data[after:]))

    assert "birthDate" not in resource(read, "Patient")
    (wrong,) = [one for one in read.outcomes if one.kind is Kind.REFUSED]
    assert wrong.reason == "PatientBirthDate is no date; it was left out"


@pytest.mark.parametrize("where", ["report", "history"])
def test_words_find_the_class(where, write, importing):
    item = pydicom.Dataset()
    item.ValueType, item.TextValue = "TEXT", "HIV 감염 확인"
    values = {
        "report": {"ContentSequence": [item]},
        "history": {"AdditionalPatientHistory": "HIV positive"},
    }[where]
    read = importing(write(picture(SpecificCharacterSet="ISO_IR 192", **values)))

    assert read.classes == {"HIV", "ENCOUNTERS"}
    assert {one.resource_type for one in read.outcomes if one.data_class.name == "HIV"} == {
        "ImagingStudy",
        "Media",
    }


def test_a_document_in_it_is_not_opened(write, importing):
    kind = "1.2.840.10008.5.1.4.1.1.104.1"
    read = importing(write(picture(SOPClassUID=kind, EncapsulatedDocument=b"%PDF-1.4 ")))
    assert read.classes == {"UNCLASSIFIED", "ENCOUNTERS"}


def test_a_file_that_ends_within_a_sequence_is_damaged(write, importing):
    opened = (
        b"\x40\x00\x75\x02SQ\x00\x00\xff\xff\xff\xff" + b"\xfe\xff\x00\xe0\xff\xff\xff\xff" * 99
    )
    for data in (bytes(128) + b"DICM\x08\x00\x05\x00CS\x0a\x00ISO_IR 192" + opened, opened * 3):
        read = importing(write(data))
        assert read.codes <= {"damaged", "not_understood"}


def test_a_value_too_large_to_be_read_is_passed_by(write, importing):
    read = importing(write(picture(EncapsulatedDocument=bytes(1 << 17), PatientComments="x")))

    assert read.classes == {"IMAGING", "ENCOUNTERS"}
