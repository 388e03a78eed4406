"""
documents and pictures
├── each kind is told by its bytes, and kept byte for byte beside what is said of it
├── a PDF's words find its class, in English and Korean; a scan is UNCLASSIFIED
├── a locked PDF says so; a cut one is refused
├── times come from the file, with its zone, or not at all
├── sentences are a document, tables and keys are not
├── attachments are checked against their hash and size
├── bombs in a PDF (streams, streams in streams, objects, pages, nesting) end in an outcome
└── damaged files end in a reason, and a slow one ends
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import struct
import zlib

import pypdf
import pytest

from aceso.formats import Kind, detect
from aceso.formats.clinical.document_check import check, wrong_attachment
from aceso.formats.clinical.document_picture import taken
from aceso.formats.clinical.document_words import words
from tests.python.shared_data import SHARED, needs_shared


def pdf(text="", created="D:20240501093000+09'00'", password=""):
    """A PDF of one page with `text` in Helvetica, made by hand but for the table at its end."""
    stream = f"BT /F1 12 Tf 10 100 Td ({text}) Tj ET".encode() if text else b""
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]/Contents 4 0 R"
        b"/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(stream), stream),
        b"<</CreationDate(%s)>>" % created.encode(),
    ]
    out = b"%PDF-1.4\n"
    places = []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, part)
    table = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % at for at in places)
    out += b"trailer<</Size 6/Root 1 0 R/Info 5 0 R>>\nstartxref\n%d\n%%%%EOF\n" % table
    if not password:
        return out
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(out))
    writer.encrypt(password, algorithm="RC4-128")
    locked = io.BytesIO()
    writer.write(locked)
    return locked.getvalue()


def png():
    def chunk(kind, data):
        whole = kind + data
        return struct.pack(">I", len(data)) + whole + struct.pack(">I", zlib.crc32(whole))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return (
        b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\0\0")) + chunk(b"IEND", b"")
    )


def exif(order="<"):
    """A TIFF header with one date and its zone, two directories deep."""
    text = b"2024:05:01 09:30:00\0"
    zone = b"+09:00\0"
    first = struct.pack(f"{order}HHHIII", 1, 0x8769, 4, 1, 26, 0)
    second = struct.pack(f"{order}H", 2)
    second += struct.pack(f"{order}HHII", 0x9003, 2, len(text), 56)
    second += struct.pack(f"{order}HHII", 0x9011, 2, len(zone), 76)
    second += bytes(4)
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + struct.pack(f"{order}I", 8) + first + second + text + zone


FILES = {
    "pdf": pdf("Hello there"),
    "png": png(),
    "jpeg": b"\xff\xd8\xff\xe1\x00\x70Exif\0\0" + exif() + b"\xff\xd9",
    "tiff": exif(">"),
    "gif": b"GIF89a\1\0\1\0\0\0\0\x3b",
    "heic": struct.pack(">I", 16) + b"ftypheic" + bytes(4) + struct.pack(">I", 8) + b"mdat",
    "webp": b"RIFF\4\0\0\0WEBP",
    "rtf": rb"{\rtf1\ansicpg949 plain words here}",
    "html": b"<!DOCTYPE html><html><body>plain <script>x()</script>words</body></html>",
    "text": b"The patient was seen today and feels well. He will come again in May.",
}


@pytest.mark.parametrize("name", FILES)
def test_each_kind_is_kept_byte_for_byte(name, write, importing):
    read = importing(write(FILES[name]))

    assert read.format.name == name
    assert read.kinds == ["imported", "imported"]
    said = [one for one in read.records if one.media_type == "application/fhir+json"]
    whole = [one for one in read.records if one.media_type != "application/fhir+json"]
    assert whole[0].canonical == FILES[name]
    attachment = json.loads(said[0].canonical)["entry"][0]["resource"]["content"][0]["attachment"]
    assert attachment["size"] == len(FILES[name])
    digest = hashlib.sha1(FILES[name], usedforsecurity=False).digest()
    assert base64.b64decode(attachment["hash"]) == digest


@pytest.mark.parametrize("name", ["pdf", "jpeg"])
def test_the_time_is_the_files_own(name, write, importing):
    read = importing(write(FILES[name]))

    assert any(b'"creation":"2024-05-01T09:30:00+09:00"' in one.canonical for one in read.records)


def test_exif_of_both_orders():
    assert taken(exif("<")) == taken(exif(">")) == ("2024:05:01 09:30:00", "+09:00")
    assert taken(exif()[:40]) == ("", "")


def rtf(text):
    """An RTF whose words are bytes of the Korean code page."""
    return "{\\rtf1\\ansicpg949 " + "".join(f"\\'{one:02x}" for one in text.encode("cp949")) + "}"


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (pdf("Blood pressure was normal"), "NOTES"),
        (pdf("Major depression, suicide attempt"), "MENTAL_HEALTH"),
        (pdf(), "UNCLASSIFIED"),
        (png(), "UNCLASSIFIED"),
        ("환자는 우울증으로 치료를 받고 있습니다.".encode("cp949"), "MENTAL_HEALTH"),
        ("환자는 오늘 진료를 받고 집으로 돌아갔습니다.", "NOTES"),
        (rtf("우울증 치료"), "MENTAL_HEALTH"),
        ("<html><body>우울증 치료</body></html>", "MENTAL_HEALTH"),
    ],
)
def test_words_find_the_class(content, expected, write, importing):
    assert importing(write(content)).classes == {expected}


def test_a_locked_pdf_says_so(write, importing):
    read = importing(write(pdf("Depression", password="secret")))

    assert "encrypted" in read.codes
    assert read.classes == {"UNCLASSIFIED"}


@pytest.mark.parametrize("name", ["pdf", "png", "jpeg", "gif", "heic"])
def test_a_cut_file_is_refused(name, write, importing):
    read = importing(write(FILES[name][:-6]))

    assert [(one.kind, one.code) for one in read.outcomes] == [(Kind.REFUSED, "truncated")]


@pytest.mark.parametrize(
    "text",
    [
        "id,name,value\n1,two,three\n2,four,five\n",
        "key: value\nother: more\n",
        "[section]\nname = value\n",
        "a\tb\tc\nd\te\tf\n",
        "0.1\n0.2\n",
    ],
)
def test_tables_and_keys_are_no_documents(text, write):
    assert detect(write(text)).name == "unknown"


def test_attachments_are_checked_against_what_they_say():
    data = bytes(8 << 20)
    right = base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()
    encoded = base64.b64encode(data).decode()

    assert check({"data": encoded, "hash": right, "size": f"\x00{len(data)}"}) is None
    assert "hash" in str(check({"data": encoded, "hash": "AAAA"}))
    assert "size" in str(check({"data": encoded, "hash": right, "size": "\x001"}))
    assert "base64" in str(check({"data": "§", "hash": right}))
    assert check({"hash": "AAAA", "url": "http://127.0.0.1/x"}) is None
    deep = {"content": [{"attachment": {"data": encoded, "hash": "AAAA"}}]}
    assert wrong_attachment(deep) and not wrong_attachment({"data": encoded})


def test_a_wrong_hash_in_fhir_is_refused(write, importing):
    attachment = {"contentType": "text/plain", "data": "aGVsbG8=", "hash": "AAAA"}
    document = {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [{"attachment": attachment}],
    }
    assert importing(write(document)).codes == {"wrong_hash"}
    attachment["hash"] = "qvTGHdzF6KLavt4PO0gs2a6pQ00="  # SHA-1 of «hello».
    assert importing(write(document)).kinds == ["imported"]


def test_damaged_pdfs_end_in_a_reason(write, importing):
    whole = FILES["pdf"]
    for at in range(9, len(whole) - 8, 90):
        read = importing(write(whole[:at] + b"\xff[<(" + whole[at + 4 :]))
        assert read.outcomes and all(one.reason for one in read.outcomes)


def test_a_pdf_that_is_none_is_said(write, importing):
    read = importing(write(b"%PDF-1.7\nnothing\n%%EOF"))

    assert read.codes == {"damaged"}


def test_the_reader_of_words_has_bounds(write):
    told = words(write(pdf("Hello there")))

    assert (told.pages, told.complete, told.text.strip()) == (1, True, "Hello there")


@needs_shared
def test_side_files_are_said_for_what_they_are(importing):
    expected = {
        "x12_835_mult_loops.txt": ("x12", "1 × 835"),
        "x12_834_deident_term.txt": ("x12", "1 × 834"),
        "x12_837_x12_multiple_isa.txt": ("x12", "2 × 837"),
        "duo.csv": ("codelist", "codes"),
        "ctgov_NCT00151216.xml": ("clinicaltrials", "clinical trial"),
        "ctgov_NCT04207047.json": ("clinicaltrials", "clinical trial"),
        "epcis_20_JumbledFieldsOrder.json": ("epcis", "supply chain"),
        "epcis_12_GS1_US_Pharma_Example_2_2_1_1.xml": ("epcis", "supply chain"),
    }
    for name, (form, words_of) in expected.items():
        read = importing(SHARED / "side" / name)
        assert read.format.name == form
        assert read.kinds == ["kept"] and words_of in read.outcomes[0].reason


def test_a_cut_insurers_message_is_refused(write, importing):
    head = (
        "ISA*00*          *00*          *ZZ*A              *ZZ*B              *260401*1500*^*00501"
    )
    text = head + "*000000003*0*T*:~ST*837*1~"

    assert "truncated" in importing(write(text)).codes
    assert "truncated" not in importing(write(text + "IEA*1*1~")).codes


def pdf_of(*objects):
    out = b"%PDF-1.7\n"
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % one for one in places)
    count = len(objects) + 1
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (count, len(out))
    return out + b"xref\n0 %d\n0000000000 65535 f \n" % count + table + end


def packed(data, more=b""):
    plain = zlib.compress(data, 9)
    return b"<</Length %d/Filter/FlateDecode%b>>\nstream\n%b\nendstream" % (len(plain), more, plain)


CATALOG = b"<</Type/Catalog/Pages 2 0 R>>"
PAGE = (b"<</Type/Pages/Kids[3 0 R]/Count 1>>", b"<</Type/Page/Parent 2 0 R/Contents 4 0 R>>")
BOMBS = {
    "stream": (CATALOG, *PAGE, packed(b"(a) Tj " * (12 << 20))),
    "twice": (
        CATALOG,
        *PAGE,
        packed(zlib.compress(bytes(90 << 20), 9)).replace(
            b"/FlateDecode", b"[/FlateDecode/FlateDecode]"
        ),
    ),
    "objects": (
        CATALOG,
        b"<</Type/Pages/Kids[]/Count 0>>",
        packed(b"1 0 " * (12 << 20), b"/Type/ObjStm/N 99999999/First 10"),
    ),
    "pages": (CATALOG, b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 99999999>>"),
    "nesting": (b"<</Type/Catalog/Pages 2 0 R/X " + b"[" * 99_999, b"<</Type/Pages/Kids[]>>"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_in_a_pdf_ends_in_an_outcome(name, write, importing):
    read = importing(write(pdf_of(*BOMBS[name])))

    # Nothing was read of it, so nobody is given it by accident.
    assert read.classes <= {"UNCLASSIFIED"}
    assert read.kinds in (["imported", "imported"], ["refused"])


@pytest.mark.parametrize("cut", [6, 20])
def test_a_cut_webp_is_refused(cut, write, importing):
    data = b"RIFF" + (20).to_bytes(4, "little") + b"WEBPVP8L" + bytes(12)

    assert importing(write(data)).kinds == ["imported", "imported"]
    assert importing(write(data[:-cut] if cut < 12 else data[:12])).codes == {"truncated"}


@pytest.mark.parametrize("order", ["<", ">"])
def test_a_cut_tiff_is_refused(order, write, importing):
    start = b"II*\0" if order == "<" else b"MM\0*"
    rows = [(256, 4, 1, 1), (273, 4, 1, 8), (282, 5, 1, 60)]
    directory = struct.pack(f"{order}H", len(rows)) + b"".join(
        struct.pack(f"{order}HHII", *row) for row in rows
    )
    data = start + struct.pack(f"{order}I", 10) + b"\0\0" + directory + bytes(4)
    whole = data + bytes(60 + 8 - len(data))

    assert importing(write(whole)).kinds == ["imported", "imported"]
    for cut in (
        whole[:-2],
        whole[:30],
        whole.replace(
            struct.pack(f"{order}HHII", *rows[1]), struct.pack(f"{order}HHII", 273, 4, 1, 999)
        ),
    ):
        assert importing(write(cut)).codes == {"truncated"}


@pytest.mark.parametrize(
    "start", [b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07\x01", b"\xfd7zXZ\x00", b"\0" * 257 + b"ustar\0"]
)
def test_other_archives_are_said_for_what_they_are(start, write, importing):
    (outcome,) = importing(write(start + b"\0" * 300)).outcomes

    assert "unpack it and import what is in it" in outcome.reason
