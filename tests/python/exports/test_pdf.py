"""
the printed page
├── one page, however much there is
├── says the name, the problems and the newest results, in Korean and English
├── the Korean font is in the file
├── resident registration numbers are masked, wherever they stand
├── raised digits that the font lacks keep their meaning
├── what doesn't fit is counted
└── the same summary on the same day is the same file
"""

from __future__ import annotations

import io
import json
import re
import zlib
from datetime import date

import pytest

from aceso.codes import DataClass
from aceso.exports import Resources, Summary, write_pdf
from aceso.exports._text import masked

from .conftest import fhir_record
from .test_ips import condition, result

DAY = date(2024, 6, 1)


def patient(**more):
    return json.dumps(
        {
            "resourceType": "Patient",
            "id": "a",
            "name": [{"family": "홍", "given": ["길동"]}],
            "birthDate": "1990-01-01",
            **more,
        },
        ensure_ascii=False,
    )


def page_of(*held, language="ko"):
    with Resources.of(held) as resources:
        summary = Summary.of(resources, language=language)
    stream = io.BytesIO()
    write_pdf(summary, stream, today=DAY)
    return stream.getvalue()


def streams(data):
    for match in re.finditer(rb"stream\n(.*?)\nendstream", data, re.DOTALL):
        try:
            yield zlib.decompress(match[1])
        except zlib.error:
            yield match[1]


def words_of(data):
    """What stands on the page: glyph numbers, read back through the table that the file has."""
    tables = [one for one in streams(data) if b"beginbfchar" in one or b"beginbfrange" in one]
    letters = {}
    for table in tables:
        for glyph, letter in re.findall(rb"<([0-9A-Fa-f]{4})> <([0-9A-Fa-f]{4,8})>\n", table):
            letters[int(glyph, 16)] = bytes.fromhex(letter.decode()).decode("utf-16-be")
    lines = []
    for content in streams(data):
        for shown in re.findall(rb"\((.*?)(?<!\\)\) ?Tj", content, re.DOTALL):
            raw = (
                re.sub(rb"\\([()\\])", rb"\1", shown).replace(b"\\r", b"\r").replace(b"\\n", b"\n")
            )
            numbers = [int.from_bytes(raw[at : at + 2], "big") for at in range(0, len(raw) - 1, 2)]
            lines.append("".join(letters.get(number, "?") for number in numbers))
    return lines


@pytest.fixture
def simple():
    return [
        fhir_record(DataClass.ENCOUNTERS, patient()),
        fhir_record(DataClass.PROBLEMS, condition("44054006", "제2형 당뇨병")),
        fhir_record(DataClass.LABS, result("공복 혈당", "2024-03-01", 95)),
    ]


def test_it_says_who_and_what_in_korean(simple):
    words = words_of(page_of(*simple))
    assert {
        "건강 요약",
        "홍길동",
        "제2형 당뇨병",
        "2020-01-01 · 진행 중",
        "공복 혈당",
        "2024-03-01 · 95 mg/dL [70–99]",
    } <= set(words)


def test_it_says_who_and_what_in_english(simple):
    words = words_of(page_of(*simple, language="en"))
    assert {"Health summary", "Latest results", "제2형 당뇨병"} <= set(words)


def test_the_font_is_in_the_file(simple):
    data = page_of(*simple)
    assert b"/FontFile3" in data
    (font,) = (one for one in streams(data) if one.startswith(b"\x01\x00\x04"))
    assert b"NotoSansKR" in font[:64]
    assert len(data) < 60_000


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("900101-1234567", "900101-1******"),
        ("９００１０１-１２３４５６７", "９００１０１-１******"),
        ("환자 010203-4123456 님", "환자 010203-4****** 님"),
        ("900101-9234567", "900101-9234567"),  # No such sex and century.
        ("12345678901234", "12345678901234"),  # Longer: another number.
    ],
)
def test_registration_numbers_are_masked(text, shown):
    assert masked(text) == shown


def test_no_registration_number_is_on_the_page():
    data = page_of(
        fhir_record(
            DataClass.ENCOUNTERS,
            patient(identifier=[{"system": "urn:oid:1.2.410", "value": "9001011234567"}]),
        ),
        fhir_record(DataClass.PROBLEMS, condition("1", "천식 900101-1234567 메모")),
    )
    text = "\n".join(words_of(data))
    assert "1234567" not in text
    assert text.count("900101-1******") == 1
    assert text.count("9001011******") == 1


def test_a_raised_digit_keeps_its_meaning():
    record = json.loads(result("적혈구", "2024-03-01", 4.2))
    record["valueQuantity"]["unit"] = "10⁶/uL"
    words = words_of(page_of(fhir_record(DataClass.LABS, json.dumps(record, ensure_ascii=False))))
    assert any("4.2 10^6/uL" in line for line in words)


def test_it_is_one_page_and_counts_the_rest():
    problems = [
        condition(str(n), f"문제 {n:03}", day=f"2020-01-{n % 28 + 1:02}") for n in range(200)
    ]
    data = page_of(fhir_record(DataClass.PROBLEMS, *problems))
    assert len(re.findall(rb"/Type /Page\b", data)) == 1
    words = words_of(data)
    shown = [line for line in words if line.startswith("문제 ")]
    (more,) = (line for line in words if line.startswith("외 "))
    assert len(shown) + int(re.search(r"\d+", more)[0]) == 200


def test_the_same_summary_is_the_same_file(simple):
    assert page_of(*simple) == page_of(*simple)
