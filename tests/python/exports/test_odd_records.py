"""
a record that an issuer sent may say anything
├── no form of export raises anything but an error of ours
├── what is no R4 is in the Bundle as it is, and in no summary
└── what is no JSON, or no resource, is counted
"""

from __future__ import annotations

import io
import json
from datetime import UTC, date, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from aceso.codes import DataClass
from aceso.errors import AcesoError
from aceso.exports import (
    Held,
    Resources,
    Summary,
    write_bundle,
    write_data_points,
    write_ips,
    write_ndjson,
    write_pdf,
)
from aceso.formats import FHIR_JSON, BytesBody
from aceso.pictures import nights, read_series, sleep_chart, trend

from .conftest import fhir_record
from .test_ips import condition, lines, summary_of

KEYS = st.sampled_from(
    [
        "id",
        "code",
        "coding",
        "text",
        "status",
        "subject",
        "reference",
        "name",
        "given",
        "family",
        "value",
        "unit",
        "low",
        "high",
        "start",
        "end",
        "clinicalStatus",
        "dosage",
        "reaction",
        "manifestation",
        "component",
        "valueQuantity",
        "valueSampledData",
        "period",
        "referenceRange",
        "effectiveDateTime",
        "effectivePeriod",
        "identifier",
        "system",
        "display",
        "meta",
        "source",
        "extension",
        "medicationReference",
        "medicationCodeableConcept",
        "vaccineCode",
        "gender",
        "birthDate",
        "data",
        "origin",
    ]
)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["", "a", "Patient/a", "2024-05-01", "active", "93832-4", "8867-4", "홍"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)
TYPES = st.sampled_from(
    [
        "Observation",
        "Patient",
        "Condition",
        "MedicationStatement",
        "MedicationRequest",
        "Medication",
        "AllergyIntolerance",
        "Immunization",
        "Procedure",
        "Encounter",
        "Nonsense",
    ]
)


@given(st.lists(st.tuples(TYPES, st.dictionaries(KEYS, JSON, max_size=8)), min_size=1, max_size=4))
@settings(max_examples=100, deadline=None)
def test_nothing_but_our_errors_is_raised(said):
    held = [
        fhir_record(DataClass.LABS, json.dumps({**one, "resourceType": kind})) for kind, one in said
    ]
    with Resources.of(held) as resources:
        write_bundle(resources, io.BytesIO())
        write_ndjson(resources, io.BytesIO())
        for write in (_points, _summaries, _pictures):
            try:
                write(resources)
            except AcesoError as exc:
                assert exc.code.startswith("E_EXPORT")


def _points(resources):
    write_data_points(resources, io.BytesIO())


def _summaries(resources):
    summary = Summary.of(resources, language="ko")
    write_ips(summary, io.BytesIO(), now=datetime.now(UTC))
    write_pdf(summary, io.BytesIO(), today=date(2024, 1, 1))


def _pictures(resources):
    observations = [one.parsed() for one in resources.of_type("Observation")]
    for series in read_series(observations, language="ko"):
        trend(series)
    sleep_chart(nights(observations), title="Sleep")


def test_what_is_no_r4_is_in_no_summary():
    odd = json.loads(condition("1", "Odd"))
    odd["onsetDateTime"] = "not a day"
    held = fhir_record(DataClass.PROBLEMS, json.dumps(odd), condition("2", "Good"))
    assert [what for what, _, _ in lines(summary_of(held), "problems")] == ["Good"]
    with Resources.of([held]) as resources:
        stream = io.BytesIO()
        assert write_bundle(resources, stream) == 2
    assert b"not a day" in stream.getvalue()


def test_what_can_not_be_read_is_counted():
    bodies = [b"", b"{", b"[]", b"{}", b'{"resourceType":"Bundle"}', b'"text"', b'{"a":NaN}']
    held = [Held(DataClass.LABS, FHIR_JSON, BytesBody(one)) for one in bodies]
    held.append(Held(DataClass.LABS, "application/pdf", BytesBody(b"%PDF")))
    with Resources.of(held) as resources:
        assert (resources.records, resources.unreadable, resources.others) == (0, len(bodies), 1)
