"""
what an import reads, put in order
├── a part that repeats is unchanged, wherever it comes again, and its record has it once
├── counts, outcomes and rows agree beyond one batch
├── what is about one person can be set aside, and only that
└── fields found by pattern are those of the parsed resource, however deep or odd it is
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aceso.codes import DataClass
from aceso.formats import FHIR_JSON, BytesBody, Kind, Outcome, Piece, canonical_bytes
from aceso.formats._fields import resource_fields
from aceso.formats._store import Store


@pytest.fixture
def store():
    store = Store()
    yield store
    store.close()


def piece(body: bytes, *, subject: str = "", event: str = "day 2024-05-01") -> Piece:
    return Piece(
        data_class=DataClass.ACTIVITY,
        media_type=FHIR_JSON,
        body=BytesBody(body),
        resource_type="Observation",
        place="line 1",
        why_class="a test",
        subject=subject,
        event=event,
    )


def imported(place: str) -> Outcome:
    return Outcome(Kind.IMPORTED, place, "Steps", "a test", "", Path(), DataClass.ACTIVITY)


def test_a_part_that_repeats_is_unchanged(store):
    for place, body in enumerate((b"{1}", b"{2}", b"{1}", b"{1}")):
        store.add(imported(f"line {place}"), piece(body))

    assert [one.kind.value for one in store.outcomes(Path())] == [
        "imported",
        "imported",
        "unchanged",
        "unchanged",
    ]
    (family,) = store.families()
    assert sorted(row[1] for row in store.rows(family)) == [b"{1}", b"{2}"]
    assert store.counts() == {Kind.IMPORTED: 2, Kind.UNCHANGED: 2}


def test_more_than_one_batch(store):
    for number in range(5001):
        store.add(imported(f"line {number}"), piece(b"{%d}" % (number % 5000)))
        if number == 2500:
            assert store.counts()[Kind.IMPORTED] == 2501

    assert store.counts() == {Kind.IMPORTED: 5000, Kind.UNCHANGED: 1}
    places = [one.place for one in store.outcomes(Path())]
    assert places == [f"line {number}" for number in range(5001)]


def test_what_is_about_one_person_is_set_aside(store):
    store.add(imported("line 1"), piece(b"{1}", subject="one"))
    store.add(imported("line 2"), piece(b"{1}", subject="other"))
    store.add(Outcome(Kind.REFUSED, "line 3", reason="broken", code="x"), None)
    store.set_aside("other", "it is about another person", "another_person")

    told = [(one.kind.value, one.code) for one in store.outcomes(Path())]
    assert told == [("imported", ""), ("skipped", "another_person"), ("refused", "x")]
    assert [len(list(store.rows(family))) for family in store.families()].count(1) == 1


values = st.recursive(
    st.none() | st.booleans() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=12,
)


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.text(max_size=5), values, max_size=5))
def test_fields_are_those_of_the_parsed_resource(resource):
    body = json.dumps(resource, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if "\\u0000" in body:
        return
    expected = {
        "/p/" + key.replace("~", "~0").replace("/", "~1"): canonical_bytes(value)
        for key, value in resource.items()
    }
    assert resource_fields(body.encode(), "/p") == expected


def test_fields_deeper_than_the_pattern():
    deep = b"[" * 40 + b"1.50" + b"]" * 40
    assert resource_fields(b'{"a":' + deep + b',"b":"}"}', "") == {"/a": deep, "/b": b'"}"'}
