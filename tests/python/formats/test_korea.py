"""
resident registration numbers
├── are found with dash, blanks, full-width digits or none, in any text, by the published rule
├── a day that doesn't exist, and codes of medicines and moments, are none
├── since October 2020 the check digit says nothing
└── masking hides the last six digits and nothing else, also deep in a resource
"""

from __future__ import annotations

import copy

import pytest

from aceso.formats.korea import find_resident_numbers, mask, mask_json

# Worked out by hand from the rule of the ministry's regulation: weights 2 to 9, then 2 to 5.
# 9·2+0·3+0·4+1·5+0·6+1·7+1·8+2·9+3·2+4·3+5·4+6·5 = 124, 11 - 124 mod 11 = 8.
RIGHT = "900101-1234568"
# 8·2+5·3+0·4+5·5+0·6+5·7+5·8+6·9+7·2+8·3+9·4+0·5 = 259, 13 - 259 mod 11 = 7: a foreigner's.
FOREIGN = "850505-5678907"
BY_LOT = "210305-4111111"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (RIGHT, "900101-1******"),
        ("9001011234568", "9001011******"),
        ("주민번호:900101 1234568입니다", "주민번호:900101 1******입니다"),
        ("900101 - 1234568", "900101 - 1******"),
        ("900101–1234568", "900101–1******"),
        ("９００１０１－１２３４５６８", "９００１０１－１******"),
        (FOREIGN, "850505-5******"),
        ("8505055678907", "8505055******"),
        (BY_LOT, "210305-4******"),
        ("2103054111111", "2103054******"),
        ("(900101-1234567)", "(900101-1******)"),
        ("주민등록번호 9001011234567", "주민등록번호 9001011******"),
        ("RRN 9001011234567", "RRN 9001011******"),
        (f"{RIGHT} {FOREIGN}", "900101-1****** 850505-5******"),
        ("000229-3123456", "000229-3******"),
    ],
)
def test_a_number_is_found_and_masked(text, masked):
    assert mask(text) == masked
    assert len(mask(text)) == len(text)
    assert mask(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "901301-1234567",
        "900132-1234567",
        "010229-3123456",
        "8806659002219",  # The code of a vaccine (KPIS), from the KR Core examples.
        "1700000000000",
        "9001011234567",
        "900101-12345678",
        "1900101-1234567",
        "010-1234-5678",
        "900101-1******",
        "2024-05-01T10:00:00",
        "",
    ],
)
def test_other_numbers_are_left(text):
    assert find_resident_numbers(text) == []
    assert mask(text) == text


def test_what_is_known_of_a_number():
    (home,) = find_resident_numbers(f"환자 {RIGHT}, 010-1234-5678")
    (foreign,) = find_resident_numbers(FOREIGN)
    (lot,) = find_resident_numbers(BY_LOT)

    assert (home.start, home.end, home.foreigner, home.checked) == (3, 17, False, True)
    assert (foreign.foreigner, foreign.checked) == (True, True)
    assert (lot.foreigner, lot.checked) == (False, False)
    assert RIGHT not in repr(home)


def test_every_text_of_a_resource_is_masked():
    patient = {
        "resourceType": "Patient",
        "identifier": [
            {"system": "https://mois.go.kr/rrn", "value": "9001011234567"},
            {"type": {"coding": [{"code": "NNKOR"}]}, "value": "9001011234567"},
            {"system": "urn:oid:1.2.3", "value": "9001011234567"},
        ],
        "text": {"div": f"<div>{RIGHT}</div>"},
        "active": True,
        "multipleBirthInteger": 2,
    }
    before = copy.deepcopy(patient)

    shown = mask_json(patient)

    values = [one["value"] for one in shown["identifier"]]
    assert values == ["9001011******", "9001011******", "9001011234567"]
    assert shown["text"]["div"] == "<div>900101-1******</div>"
    assert shown["active"] is True
    assert patient == before
