"""
a name where a format wants a word of its own
├── an element of FHIR, a resource type, a key of a phenopacket, an element or workout of Apple:
│   an outcome says that it is there, and not what it is
└── an element that R4 does have is named, so that one can find it
a list or an object where VRS wants the word for a type: refused
"""

from __future__ import annotations

import json

import pytest

from .conftest import import_all, observation
from .fuzz.seeds import CANARY, SEEDS


def _phenopacket():
    value = json.loads(SEEDS["phenopacket"][0])
    return json.dumps(value | {CANARY: "p"}).encode()


def _apple(before, after):
    seed = SEEDS["apple-health"][0]
    assert before in seed
    return seed.replace(before, after)


NAME = CANARY.encode()
# Behind a known type, so that the structure is looked at.
CONTAINED = {"contained": [{"resourceType": CANARY, "id": "c"}]}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(json.dumps(observation(**{CANARY: 1})).encode(), id="fhir-element"),
        pytest.param(json.dumps(observation(**{f"_{CANARY}": {}})).encode(), id="fhir-sibling"),
        pytest.param(json.dumps({"resourceType": CANARY}).encode(), id="fhir-type"),
        pytest.param(json.dumps(observation(**CONTAINED)).encode(), id="fhir-contained"),
        pytest.param(_phenopacket(), id="phenopacket"),
        pytest.param(_apple(b"<ExportDate", b"<" + NAME), id="apple-element"),
        pytest.param(_apple(b'"HKWorkoutActivityTypeRunning"', b'"%s"' % NAME), id="apple-workout"),
    ],
)
def test_a_name_in_the_place_of_a_word_is_not_said(content, write):
    read = import_all(write(content))

    assert read.outcomes
    assert CANARY in content.decode()
    assert not [one for one in read.outcomes if CANARY in repr(one) + one.reason]


def test_an_element_of_r4_is_named(write):
    [outcome] = import_all(write(observation(valueQuantity={"value": "x"}))).outcomes

    assert outcome.kind.value == "refused"
    assert "Observation.valueQuantity.value" in outcome.reason


@pytest.mark.parametrize("kind", [["Allele"], {"Allele": 1}])
@pytest.mark.parametrize("part", ["/", "location"])
def test_a_type_that_is_no_word_is_refused(kind, part, write):
    value = json.loads(SEEDS["vrs"][0])
    (value if part == "/" else value[part])["type"] = kind
    read = import_all(write(value))

    assert read.format.name == "vrs"
    assert [(one.kind.value, one.code) for one in read.outcomes] == [("refused", "bad_value")]
