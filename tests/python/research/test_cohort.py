"""
criteria of a study
├── a document is a Group of persons that describes; its commitment is that of its canonical bytes
├── every characteristic holds: ages, genders, findings with their children, values, expressions
│   ├── exclude turns one around; a period bounds by date; what was a mistake or refuted is none
│   └── a value counts in its unit only, and a comparator in the record is no value
├── what is not understood is refused in a sentence, never passed over
└── whatever a document or a record holds, an evaluation ends, and without the network
expressions
├── the stated subset, as HL7's own examples have it
├── all else is refused when it is read
└── more work than an evaluation may take is refused
"""

from __future__ import annotations

import json
import socket
from datetime import date
from decimal import Decimal

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from aceso.errors import AcesoError, InputError
from aceso.ethereum import keccak
from aceso.research import Criteria, CriteriaError, ExpressionError, match
from aceso.research.cohort._fhirpath import Evaluator, parse

TODAY = date(2025, 6, 1)
ICD = "http://hl7.org/fhir/sid/icd-10"
TYPES = "http://hl7.org/fhir/resource-types"
LOINC = "http://loinc.org"
EXPRESSION = "http://hl7.org/fhir/StructureDefinition/cqf-expression"


def concept(system, *codes):
    return {"coding": [{"system": system, "code": code} for code in codes]}


def group(*characteristics, **more):
    document = {"resourceType": "Group", "type": "person", "actual": False, **more}
    return json.dumps(document | {"characteristic": list(characteristics)}).encode()


def finding(*codes, kind="Condition", exclude=False, system=ICD, **more):
    value = concept(system, *codes)
    code = concept(TYPES, kind)
    return {"code": code, "valueCodeableConcept": value, "exclude": exclude, **more}


def value(code, quantity, *, exclude=False, **more):
    key = "valueRange" if "low" in quantity or "high" in quantity else "valueQuantity"
    return {"code": concept(LOINC, code), key: quantity, "exclude": exclude, **more}


def expression(text, *, exclude=False):
    said = {"language": "text/fhirpath", "expression": text}
    return {
        "extension": [{"url": EXPRESSION, "valueExpression": said}],
        "code": {"text": "see the expression"},
        "valueBoolean": True,
        "exclude": exclude,
    }


def percent(number, **more):
    return {"value": number, "code": "%", **more}


RECORDS = [
    {"resourceType": "Patient", "birthDate": "1980-06-02", "gender": "female"},
    {
        "resourceType": "Condition",
        "code": concept(ICD, "E11.65"),
        "onsetDateTime": "2020-03-04T10:00:00Z",
    },
    {
        "resourceType": "Condition",
        "code": concept(ICD, "I10"),
        "verificationStatus": concept("x", "refuted"),
    },
    {
        "resourceType": "Observation",
        "status": "final",
        "code": concept(LOINC, "4548-4"),
        "effectiveDateTime": "2024-05-06",
        "valueQuantity": {"value": Decimal("7.10"), "unit": "%", "code": "%"},
    },
    {
        "resourceType": "Observation",
        "status": "final",
        "code": concept(LOINC, "85354-9"),
        "component": [
            {"code": concept(LOINC, "8480-6"), "valueQuantity": {"value": 131, "code": "mm[Hg]"}}
        ],
    },
    {
        "resourceType": "Observation",
        "status": "entered-in-error",
        "code": concept(LOINC, "2160-0"),
        "valueQuantity": {"value": 9, "code": "mg/dL"},
    },
    {
        "resourceType": "Observation",
        "status": "final",
        "code": concept(LOINC, "2093-3"),
        "valueQuantity": {"value": 200, "code": "mg/dL", "comparator": ">"},
    },
]


def holds(*characteristics):
    found = match(Criteria.read(group(*characteristics)), RECORDS, today=TODAY)
    return [one.holds for one in found.findings]


def age(**ends):
    return value("30525-0", {key: {"value": one, "code": "a"} for key, one in ends.items()})


@pytest.mark.parametrize(
    ("characteristic", "wanted"),
    [
        # Born on the day after today, 45 years ago.
        (age(low=44, high=44), True),
        (age(low=45), False),
        (value("30525-0", {"value": 44, "comparator": ">", "code": "a"}), False),
        (
            {
                "code": concept(LOINC, "76689-9"),
                "valueCodeableConcept": concept(
                    "http://hl7.org/fhir/administrative-gender", "female", "other"
                ),
                "exclude": False,
            },
            True,
        ),
        (finding("E11"), True),
        (finding("E11.6"), True),
        (finding("E11.65", "Q87"), True),
        (finding("E1"), False),
        (finding("E11.9"), False),
        (finding("E11", system="http://snomed.info/sct"), False),
        (finding("E11", kind="Procedure"), False),
        (finding("E11", exclude=True), False),
        (finding("Q87", exclude=True), True),
        (finding("I10"), False),
        (finding("E11", period={"start": "2020-03-04", "end": "2020-03-04"}), True),
        (finding("E11", period={"start": "2020-03-05"}), False),
        (value("4548-4", {"low": percent(6.5), "high": percent(7.1)}), True),
        (value("4548-4", percent(7.1, comparator=">")), False),
        (value("4548-4", percent(7.1, comparator=">=")), True),
        (value("4548-4", percent(7.1)), True),
        (value("4548-4", {"value": 7.1, "code": "mmol/mol"}), False),
        (value("4548-4", percent(6, comparator=">"), period={"end": "2024-05-05"}), False),
        (value("8480-6", {"value": 130, "comparator": ">=", "code": "mm[Hg]"}), True),
        (value("2160-0", {"value": 1, "comparator": ">", "code": "mg/dL"}), False),
        (value("2093-3", {"value": 200, "comparator": ">=", "code": "mg/dL"}), False),
        ({"code": concept(LOINC, "4548-4"), "valueBoolean": True, "exclude": False}, True),
        ({"code": concept(LOINC, "4548-5"), "valueBoolean": True, "exclude": False}, False),
        (expression("Condition.where(code.coding.code.startsWith('E11')).exists()"), True),
        (expression("Condition.exists()", exclude=True), False),
    ],
)
def test_a_characteristic_holds_or_does_not(characteristic, wanted):
    assert holds(characteristic) == [wanted]


def test_a_person_matches_when_every_characteristic_holds():
    both = Criteria.read(group(finding("E11"), age(low=18)))
    one = Criteria.read(group(finding("E11"), age(low=50)))

    assert match(both, RECORDS, today=TODAY).matches
    assert not match(one, RECORDS, today=TODAY).matches
    assert not match(both, [], today=TODAY).matches


def test_a_study_is_bound_to_the_canonical_bytes():
    data = group(finding("E11"), name="당뇨 연구")
    again = json.dumps(json.loads(data), indent=3, sort_keys=True).encode()
    other = group(finding("E12"), name="당뇨 연구")

    assert Criteria.read(data).commitment == keccak(rfc8785.dumps(json.loads(data)))
    assert Criteria.read(again).commitment == Criteria.read(data).commitment
    assert Criteria.read(other).commitment != Criteria.read(data).commitment


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff",
        b"[]",
        b'{"resourceType":"Group","resourceType":"Group"}',
        b'{"resourceType":"Patient"}',
        group(),
        group(finding("E11"), actual=True),
        group(finding("E11"), type="animal"),
        group(finding("E11"), member=[]),
        group(*[finding("E11")] * 41),
        group(finding("E11") | {"exclude": "no"}),
        group({key: one for key, one in finding("E11").items() if key != "exclude"}),
        group(finding("E11", modifierExtension=[])),
        group(finding("E11", kind="Patient")),
        group(finding("E11") | {"valueBoolean": True}),
        group(finding("E11") | {"valueCodeableConcept": {"text": "diabetes"}}),
        group(finding("E11", period={"start": "2020"})),
        group(value("4548-4", {"value": "7", "code": "%"})),
        group(value("4548-4", {"value": 7})),
        group(value("4548-4", {"value": True, "code": "%"})),
        group(value("4548-4", percent(7, comparator="~"))),
        group(value("4548-4", {"low": percent(7), "high": {"value": 8, "code": "g"}})),
        group(value("30525-0", {"value": 500, "comparator": ">", "code": "mo"})),
        group({"code": concept(LOINC, "4548-4"), "valueBoolean": False, "exclude": False}),
        group(expression("Condition.exists()") | {"valueBoolean": False}),
        group(expression("Condition.exists()") | {"extension": [{"url": "http://x"}]}),
        group(finding("E11"), name="x" * 70_000),
        group(finding("E11"), name=2**70),
    ],
)
def test_a_document_that_is_not_understood_is_refused(data):
    with pytest.raises(CriteriaError) as caught:
        Criteria.read(data)
    assert caught.value.message.endswith(".") and caught.value.code == "E_COHORT_DOCUMENT"


# Expressions


def values(text, *resources):
    return Evaluator(100_000).values(parse(text), list(resources or RECORDS))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Patient.gender", ["female"]),
        ("Patient.gender = 'female' and Condition.count() = 2", [True]),
        ("Observation.value.ofType(Quantity).where($this > 7 '%').exists()", [True]),
        ("Observation.where(code.coding.code = '4548-4').value = 7.1 '%'", [True]),
        ("Observation.where(code.coding.code = '4548-4').value < 50 'mmol/mol'", []),
        ("Patient.birthDate < @1990", [True]),
        ("Patient.birthDate >= @1980-06-03", [False]),
        ("Patient.birthDate = @1980-06", [True]),
        ("Patient.name.exists() or Patient.gender in ('male' | 'female')", [True]),
        ("Patient.name.empty() xor Patient.gender.empty()", [True]),
        ("Patient.active implies Patient.name.exists()", []),
        ("Patient.active and false", [False]),
        ("Condition.all(code.exists())", [True]),
        ("Condition.exists(code.coding.code = 'I10').not()", [False]),
        ("Condition.first().code.coding.code.contains('1.6')", [True]),
        ("Condition.code.coding.code.endsWith('65')", []),
        ("Condition.last().code.coding.code", ["I10"]),
        ("(1 | 2 | 3).where($this >= 2).count()", [Decimal(2)]),
        ("'it\\'s' = 'it\\'s'", [True]),
        ("1 = '1'", [False]),
        ("Patient.nothing.at.all", []),
        ("Patient.nothing = 1", []),
        ("Condition.nothing != Patient.nothing", []),
    ],
)
def test_the_subset_means_what_fhirpath_says(text, wanted):
    assert values(text) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1 + 1",
        "1 + + 2",
        "Patient.",
        "Patient..name",
        "Patient.name.matches('(a+)+$')",
        "Patient.repeat(contact)",
        "Patient.select(name)",
        "Patient.name[0]",
        "%context.exists()",
        "Patient.where()",
        "Patient.exists(1, 2)",
        "Patient.ofType('x')",
        "'unfinished",
        "Patient name",
        "and",
        "(" * 30 + "1" + ")" * 30,
        "a." * 400 + "a",
        "a" * 3000,
        "'\\x'",
        "@2020-1",
        "Patient.name = \u202e1",
    ],
)
def test_what_is_not_of_the_subset_is_refused(text):
    with pytest.raises(ExpressionError):
        parse(text)


def test_too_much_work_is_refused(monkeypatch):
    many = [{"resourceType": "Condition", "code": concept(ICD, "E11")} for _ in range(500)]
    criteria = Criteria.read(group(*[expression("Condition.code.coding.code.exists()")] * 5))
    monkeypatch.setattr("aceso.research.cohort._match.MAX_STEPS", 30_000)
    assert match(criteria, many, today=TODAY).matches
    monkeypatch.setattr("aceso.research.cohort._match.MAX_STEPS", 10_000)
    with pytest.raises(ExpressionError) as caught:
        match(criteria, many, today=TODAY)
    assert caught.value.code == "E_COHORT_TOO_MUCH"

    monkeypatch.setattr("aceso.research.cohort._match.MAX_RESOURCES", 499)
    with pytest.raises(InputError) as full:
        match(criteria, many, today=TODAY)
    assert full.value.code == "E_COHORT_RECORDS"


_KEYS = ("resourceType", "code", "coding", "system", "value", "valueQuantity", "component")
_MORE = ("birthDate", "gender", "status", "verificationStatus", "period", "start")
_ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(_KEYS + _MORE), inner, max_size=4)
    ),
    max_leaves=10,
)
_WORDS = """Condition Patient code value . ( ) = != < and or where exists ofType Quantity 1 'a'
@2020 $this | , in not count first"""
_WRITTEN = st.lists(st.sampled_from(_WORDS.split()), max_size=14).map(" ".join)
_BODIES = st.dictionaries(st.sampled_from(["code", "valueQuantity", "gender"]), _ANY)


@settings(max_examples=100, deadline=None)
@given(st.lists(_BODIES, max_size=3), _WRITTEN)
def test_whatever_stands_there_ends_in_an_answer_or_a_sentence(records, text):
    held = [{"resourceType": kind, **one} for one in records for kind in ("Patient", "Condition")]
    held += [{"resourceType": "Observation", **one} for one in records]
    asked = [finding("E11"), value("4548-4", percent(7)), age(low=1)]
    match(Criteria.read(group(*asked)), held, today=TODAY)
    try:
        match(Criteria.read(group(expression(text))), held, today=TODAY)
    except AcesoError as exc:
        assert isinstance(exc, InputError)


def test_an_evaluation_asks_nobody(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("it opened a socket")

    monkeypatch.setattr(socket.socket, "__init__", refuse)
    assert holds(finding("E11"), expression("Condition.exists()")) == [True, True]
