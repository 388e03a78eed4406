"""
k-anonymity over a cohort
├── k is the size of the smallest class, as a plain count of another kind finds it, and pycanon
├── anonymise reaches k: by bands, then regions, then gender, and suppresses the few that are left
├── a code that fewer than k have becomes a parent that k have, or goes; laboratory values stay
├── nothing is invented, and no extract is lost
└── a cohort smaller than k is refused
"""

from __future__ import annotations

import itertools
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aceso.codes import DataClass
from aceso.errors import UsageError
from aceso.research import Rules, anonymise, extract, measured, quasi_identifiers
from tests.python.shared_data import ROOT

_ICD = "http://hl7.org/fhir/sid/icd-10"
_RULES = Rules(
    classes=DataClass.ENCOUNTERS | DataClass.PROBLEMS | DataClass.LABS,
    key=bytes(32),
    birth_band=1,
    region="state",
)


def subject(year, gender="female", state="MA", codes=(), value="5.1"):
    resources = [
        {
            "resourceType": "Patient",
            "gender": gender,
            "birthDate": f"{year}-03-04",
            "address": [{"state": state, "country": "US"}],
        },
        {
            "resourceType": "Observation",
            "status": "final",
            "category": [
                {
                    "coding": [
                        {
                            "system": "http://terminology.hl7.org/CodeSystem/observation-category",
                            "code": "laboratory",
                        }
                    ]
                }
            ],
            "code": {"coding": [{"system": "http://loinc.org", "code": "4548-4"}]},
            "effectiveDateTime": "2024-01-02",
            "valueQuantity": {"value": float(value), "unit": "%"},
        },
    ]
    resources += [
        {"resourceType": "Condition", "code": {"coding": [{"system": _ICD, "code": code}]}}
        for code in codes
    ]
    return extract(resources, _RULES)


VECTORS = json.loads((ROOT / "tests/vectors/k_anonymity.json").read_text())


def test_the_vectors_are_of_pycanon():
    assert VECTORS["tool"].startswith("pycanon ") and len(VECTORS["cohorts"]) >= 20
    # Some are anonymous to begin with, and some are not.
    assert len({one["k"] for one in VECTORS["cohorts"]}) >= 5


@pytest.mark.parametrize("cohort", VECTORS["cohorts"])
def test_k_is_what_pycanon_measured(cohort):
    extracts = [subject(year, gender, state) for year, gender, state in cohort["subjects"]]
    done = anonymise(extracts, cohort["asked"])

    assert measured(extracts) == cohort["k"]
    assert [list(quasi_identifiers(one)) for one in done.extracts] == cohort["rows"]
    assert (measured(done.extracts), done.k) == (cohort["reached"], cohort["reached"])
    assert cohort["reached"] >= cohort["asked"]


def codes_of(made):
    return sorted(
        one["code"]["coding"][0]["code"]
        for one in made.resources
        if one["resourceType"] == "Condition"
    )


def test_k_is_the_size_of_the_smallest_class():
    cohort = [subject(1980), subject(1980), subject(1981), subject(1980, "male")]

    assert measured(cohort) == 1
    assert measured(cohort[:2]) == 2
    assert measured([]) == 0


def test_a_band_is_enough_where_it_is():
    cohort = [subject(year) for year in (1980, 1981, 1982, 1983)]
    made = anonymise(cohort, 4)

    assert (made.k, made.suppressed) == (4, 0)
    assert {quasi_identifiers(one) for one in made.extracts} == {("1980", "female", "US-MA")}


def test_the_few_that_stand_out_lose_their_quasi_identifiers():
    many = [subject(1980 + index % 2) for index in range(28)]
    made = anonymise([*many, subject(1960, "male"), subject(1950, "male", "TX")], 2)

    assert (made.k, made.suppressed) == (2, 2)
    assert [quasi_identifiers(one) for one in made.extracts[-2:]] == [("", "", "")] * 2
    assert all(quasi_identifiers(one)[1] == "female" for one in made.extracts[:-2])


def test_a_rare_code_becomes_a_parent_that_k_have():
    cohort = [subject(1980, codes=["E11.9"]) for _ in range(3)]
    cohort += [subject(1980, codes=["E11.65", "Q87.1"])]
    made = anonymise(cohort, 3)

    assert [codes_of(one) for one in made.extracts] == [["E11.9"]] * 3 + [["E11"]]
    assert made.codes == 1


def test_a_cohort_smaller_than_k_is_refused():
    with pytest.raises(UsageError) as caught:
        anonymise([subject(1980)] * 4, 5)
    assert caught.value.code == "E_EXTRACT_COHORT"


_SUBJECTS = st.lists(
    st.tuples(
        st.integers(1940, 2010),
        st.sampled_from(["female", "male", "other"]),
        st.sampled_from(["MA", "TX"]),
        st.lists(st.sampled_from(["E11.9", "E11.65", "I10", "Q87.1"]), max_size=2, unique=True),
    ),
    min_size=5,
    max_size=30,
)


@settings(max_examples=30, deadline=None)
@given(_SUBJECTS, st.integers(2, 5))
def test_every_cohort_reaches_k_and_loses_no_value(people, k):
    cohort = [subject(*one, value=str(4 + index)) for index, one in enumerate(people)]
    made = anonymise(cohort, k)

    # Counted another way than the code counts: by sorting and grouping what is written.
    def written(one):
        patients = [line for line in one.files().get("Patient.ndjson", b"").splitlines()]
        return json.dumps([json.loads(line) for line in patients])

    rows = sorted(map(written, made.extracts))
    sizes = [len(list(group)) for _, group in itertools.groupby(rows)]
    assert min(sizes) == made.k == measured(made.extracts) >= k
    held = [set(codes_of(one)) for one in made.extracts]
    for code in set().union(*held):
        assert sum(code in one for one in held) >= 1
        assert code in {"E11.9", "E11.65", "E11.6", "E11", "I10", "Q87.1", "Q87"}
    for before, after in zip(cohort, made.extracts, strict=True):
        assert before.files()["Observation.ndjson"] == after.files()["Observation.ndjson"]


def test_the_order_of_a_cohort_does_not_matter():
    cohort = [subject(1940 + 3 * index, codes=["I10"]) for index in range(20)]
    mixed = cohort.copy()
    random.Random(1).shuffle(mixed)

    first, second = anonymise(cohort, 3), anonymise(mixed, 3)
    assert (first.k, first.step) == (second.k, second.step)
