"""
facts of two records
├── identity: the same by business identifiers, or by id with whom, what and when
├── statement: the same whatever the digits, the zone or the words; another value is another
├── version: by time, then number, then status
├── a number or a time beyond what a program reckons with is compared as it is written
└── what is no FHIR in JSON has none
"""

from __future__ import annotations

import json

import pytest

from aceso.formats import facts_of

from .conftest import bundle, observation

HOSPITAL = "urn:oid:1.2.410.100110.10.41100616"


def fact(resource):
    (found,) = facts_of(json.dumps(resource).encode())
    return found


def measured(value="5.60", **more):
    text = json.dumps(observation(**more) | {"valueQuantity": {"code": "%", "value": 0}})
    return facts_of(text.replace('"value": 0', f'"value": {value}').encode())[0]


def test_the_same_number_of_a_hospital_is_the_same_resource():
    number = [{"system": HOSPITAL, "value": " 77 "}]
    one = fact(observation(id="a", identifier=number))
    other = fact(observation(id="b", identifier=[{"system": HOSPITAL, "value": "77"}]))
    assert one.identity == other.identity != b""
    assert one.digest != other.digest


def test_an_id_alone_makes_no_two_resources_one():
    one = fact(observation(id="1"))
    assert one.identity == fact(observation(id="1", status="corrected")).identity
    for other in (
        observation(id="2"),
        observation(id="1", subject={"reference": "Patient/p2"}),
        observation("718-7", id="1"),
        observation(id="1", effectiveDateTime="2024-05-02"),
    ):
        assert fact(other).identity != one.identity
    nameless = observation()
    del nameless["id"]
    assert fact(nameless).identity == b""


@pytest.mark.parametrize("value", ["1e999999999", "1e99999999999999999999", "0e999999999"])
def test_a_number_that_nobody_reckons_with_is_compared_as_it_is_written(value):
    assert measured(value).statement == measured(value, id="other").statement != b""
    assert measured(value).statement != measured("5.6").statement


@pytest.mark.parametrize("when", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"])
def test_a_time_at_the_end_of_the_calendar_is_compared_as_it_is_written(when):
    one = measured(effectiveDateTime=when)
    assert one.statement == measured(effectiveDateTime=when, id="other").statement != b""


def test_two_sources_that_say_the_same():
    one = measured()
    for other in (
        measured("5.6"),
        measured(id="other", effectiveDateTime="2024-05-01T01:00:00Z"),
        measured(note=[{"text": "fasting"}]),
    ):
        assert one.statement == other.statement != b""
        assert one.digest != other.digest


@pytest.mark.parametrize(
    "other",
    [
        measured("5.7"),
        measured(effectiveDateTime="2024-05-01T10:00:00Z"),
        fact(observation(valueQuantity={"value": 5.6, "code": "mmol/L"})),
        fact(observation("718-7", valueQuantity={"value": 5.6, "code": "%"})),
    ],
)
def test_two_that_say_something_else(other):
    assert other.statement != measured().statement


def test_a_code_of_one_hospital_says_nothing_to_others():
    own = {"coding": [{"system": f"{HOSPITAL}.1", "code": "X1"}]}
    assert fact(observation() | {"code": own}).statement == b""


def test_the_newer_version_is_the_greater():
    order = [
        observation(status="preliminary"),
        observation(status="final"),
        observation(status="corrected"),
        observation(status="entered-in-error"),
        observation(meta={"versionId": "9"}),
        observation(meta={"versionId": "10"}),
        observation(meta={"lastUpdated": "2024-05-01T10:00:00+09:00", "versionId": "99"}),
        observation(meta={"lastUpdated": "2024-05-01T02:00:00Z"}),
    ]
    versions = [fact(one).version for one in order]
    assert versions == sorted(versions)
    assert len(set(versions)) == len(versions)


def test_a_bundle_has_a_fact_for_each_resource():
    assert len(facts_of(json.dumps(bundle(observation(), observation(id="two"))).encode())) == 2
    for body in (
        b"",
        b"[]",
        b"{",
        b"##fileformat=VCFv4.2",
        b'{"entry": 3, "resourceType": "Bundle"}',
    ):
        assert facts_of(body) == []
