"""
the document of a study
├── what was made: is read as it was, with the commitment of its criteria
├── texts that nobody would be shown as they are: refused to whoever writes them
├── texts of somebody else's: shown short, and without what can't be seen
├── origin: shown unless it says otherwise; what a program doesn't know is not passed over
└── anything else: refused, in a sentence
"""

from __future__ import annotations

import json

import pytest

from aceso.errors import InputError
from aceso.research import Criteria, Origin, StudyDocument

GROUP = {
    "resourceType": "Group",
    "type": "person",
    "actual": False,
    "characteristic": [
        {
            "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
            "valueBoolean": True,
            "exclude": False,
        }
    ],
}
CRITERIA = json.dumps(GROUP).encode()


def made(**changes: str) -> StudyDocument:
    texts = {"title": "혈색소", "summary": "A year of it.", "protocol": "bafy"}
    return StudyDocument.make(CRITERIA, **texts | changes)


def test_what_was_made_is_read_as_it_was() -> None:
    document = made()
    found = StudyDocument.read(document.to_bytes())
    assert (found.title, found.summary, found.protocol) == ("혈색소", "A year of it.", "bafy")
    assert found.criteria.commitment == Criteria.read(CRITERIA).commitment
    assert Criteria.read(found.group_bytes()).commitment == found.criteria.commitment


@pytest.mark.parametrize(
    "changes",
    [{"title": ""}, {"title": "a\nb"}, {"title": "x" * 121}, {"summary": "\x1b[31mred"}],
)
def test_a_text_that_is_not_shown_as_it_is_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(InputError) as caught:
        made(**changes)
    assert caught.value.code == "E_STUDY_TEXT"


def test_the_text_of_somebody_else_is_shown_short_and_plain() -> None:
    said = json.loads(made().to_bytes())
    said |= {"title": "\x1b[2J" + "t" * 500, "summary": "a\u202eb\n" * 900}
    found = StudyDocument.read(json.dumps(said).encode())
    assert found.title == ("[2J" + "t" * 500)[:120]
    assert found.summary.isprintable() and len(found.summary) <= 2000


def test_a_study_takes_what_shows_its_origin_unless_it_says_otherwise() -> None:
    asks, takes_any = made(), StudyDocument.make(
        CRITERIA, title="Any", summary="Any.", protocol="bafy", origin=Origin.ANY
    )  # fmt: skip

    assert StudyDocument.read(asks.to_bytes()).origin is Origin.VOUCHED
    assert StudyDocument.read(takes_any.to_bytes()).origin is Origin.ANY
    # A program of before reads version 1 alone.
    said = json.loads(asks.to_bytes())
    assert (said["version"], said["origin"]) == (2, "vouched")
    for changed in ({"version": 1}, {"origin": "sworn"}, {"origin": None}):
        with pytest.raises(InputError):
            StudyDocument.read(json.dumps(said | changed).encode())


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"{}", b"[" * 50_000, b"\xff", json.dumps(GROUP).encode(), b" " * 300_000]
)
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(InputError) as caught:
        StudyDocument.read(data)
    assert caught.value.code == "E_STUDY_DOCUMENT"
