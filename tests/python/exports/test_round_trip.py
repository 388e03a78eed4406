"""
any records, exported and imported, are the same records
├── FHIR: whatever issuers, encounters, days, people and classes they have
└── VCF: whatever variants they have
"""

from __future__ import annotations

import io
import json
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from aceso.codes import SENSITIVE, DataClass
from aceso.exports import Held, Resources, write_body, write_bundle
from aceso.formats import FHIR_JSON, VCF, BytesBody

from .conftest import held_of, ids

NAMES = st.sampled_from(["a", "b", "홍길동", "5f0c2f5e-0000-4000-8000-0123456789ab"])
DAYS = st.sampled_from(["2024-05-01", "2024-05", "2024-05-01T10:00:00+09:00", "1999-12-31"])
CODES = st.sampled_from(
    [
        ("http://loinc.org", "2345-7"),
        ("http://loinc.org", "8867-4"),
        ("http://loinc.org", "75622-1"),  # HIV
        ("urn:aceso:measure", "heart_rate"),
        ("urn:aceso:measure", "stress"),
        (
            "https://developer.apple.com/documentation/healthkit",
            "HKQuantityTypeIdentifierHeartRate",
        ),
        ("http://example.org", "anything"),
    ]
)
# A decimal as it is written: its digits are kept.
NUMBERS = st.sampled_from(["1", "1.0", "1.00", "-0.5", "1e3", "12345678901234567890.12"])


@st.composite
def observations(draw):
    system, code = draw(CODES)
    resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": system, "code": code}]},
        "effectiveDateTime": draw(DAYS),
        "valueQuantity": {"value": "NUMBER", "unit": draw(st.sampled_from(["g", "회", '"']))},
    }
    if draw(st.booleans()):
        resource["id"] = draw(st.sampled_from(["1", "2", "5f0c2f5e-0000-4000-8000-0123456789ab"]))
    if draw(st.booleans()):
        resource["performer"] = [{"reference": f"Organization/{draw(NAMES)}"}]
    if draw(st.booleans()):
        resource["encounter"] = {"reference": f"Encounter/{draw(NAMES)}"}
    if draw(st.booleans()):
        resource["device"] = {"display": draw(NAMES)}
    text = json.dumps(resource, ensure_ascii=False)
    return text.replace('"NUMBER"', draw(NUMBERS))


def import_of(data, name):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(data)
        return held_of(path)


@given(st.lists(observations(), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_fhir_comes_back(resources):
    entries = ",".join('{"resource":' + one + "}" for one in resources)
    source = '{"resourceType":"Bundle","type":"collection","entry":[' + entries + "]}"
    held = import_of(source.encode(), "source.json")
    assert held
    stream = io.BytesIO()
    with Resources.of(held) as found:
        write_bundle(found, stream)
    assert ids(import_of(stream.getvalue(), "exported.json")) == ids(held)


RAISED = st.sampled_from([1, 4, 10, 12, 15])


@given(st.lists(st.tuples(observations(), RAISED), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_records_whose_class_was_raised_come_back(resources):
    """A class that is more sensitive than what the contents say stays; a mark can't lower one."""
    held = []
    for resource, bit in resources:
        (one,) = import_of(resource.encode(), "one.json")
        raised = DataClass(1 << bit)
        sensitive = bool(one.data_class & SENSITIVE)
        unknown = one.data_class == DataClass.UNCLASSIFIED
        if sensitive and not (unknown and raised & SENSITIVE):
            raised = one.data_class
        held.append(Held(raised, FHIR_JSON, one.body))
    stream = io.BytesIO()
    with Resources.of(held) as found:
        write_bundle(found, stream)
    assert ids(import_of(stream.getvalue(), "exported.json")) == ids(held)


@given(
    st.lists(
        st.tuples(st.integers(1, 10**6), st.sampled_from("ACGT"), st.sampled_from(["0/1", "1|1"])),
        min_size=1,
        max_size=20,
        unique_by=lambda row: row[0],
    ),
    st.sampled_from(["\n", "\r\n"]),
)
@settings(max_examples=30, deadline=None)
def test_vcf_comes_back(rows, end):
    lines = [
        "##fileformat=VCFv4.2",
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tme",
        *(
            f"chr1\t{position}\t.\t{base}\t{'A' if base != 'A' else 'C'}\t.\tPASS\t.\tGT\t{call}"
            for position, base, call in sorted(rows)
        ),
    ]
    (held,) = import_of("".join(line + end for line in lines).encode(), "mine.vcf")
    assert held.media_type == VCF
    stream = io.BytesIO()
    write_body(held, stream)
    assert ids(import_of(stream.getvalue(), "genome.vcf")) == ids([held])
    assert isinstance(held.body, BytesBody)
