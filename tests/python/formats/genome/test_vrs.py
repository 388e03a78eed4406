"""
VRS
├── computed identifiers are those of the specification's validation suites, 1.3 and 2.0
├── an object is a record of its own, the same in JSON and in YAML
├── an identifier that doesn't fit is refused, wherever it stands
├── what can't be computed is read, and its outcome says so
├── what the specification requires is required
└── other objects with a type are not taken for it
"""

from __future__ import annotations

import json

import pytest
import yaml

from aceso.formats import detect
from aceso.formats.canonical import parse
from aceso.formats.genome._vrs_digest import identify, sha512t24u
from tests.python.shared_data import SHARED, needs_shared

REFERENCE = {
    "type": "SequenceReference",
    "id": "NC_000007.14",
    "refgetAccession": "SQ.F-LrLMe1SRpfUZHkQmvkVKFEGaoDeHul",
}
CHR19 = {"type": "SequenceReference", "refgetAccession": "SQ.IIB53T8CNeJJdUqzn9V_JnRtQadwWCbl"}
APOE = {"type": "SequenceLocation", "start": 44908821, "end": 44908822, "sequenceReference": CHR19}
ALLELE = {
    "type": "Allele",
    "location": APOE,
    "state": {"type": "LiteralSequenceExpression", "sequence": "T"},
}
OLD_LOCATION = {
    "type": "SequenceLocation",
    "sequence_id": "ga4gh:SQ.IIB53T8CNeJJdUqzn9V_JnRtQadwWCbl",
    "interval": {
        "type": "SequenceInterval",
        "start": {"type": "Number", "value": 44908821},
        "end": {"type": "Number", "value": 44908822},
    },
}
OLD_ALLELE = ALLELE | {"location": OLD_LOCATION}


def at(start=None, end=None, reference=REFERENCE):
    found = {"type": "SequenceLocation", "sequenceReference": reference}
    return (
        found | ({} if start is None else {"start": start}) | ({} if end is None else {"end": end})
    )


def reference(accession):
    return {"type": "SequenceReference", "refgetAccession": f"SQ.{accession}"}


FIRST = at(start=456, reference=reference("9KdcA9ZpY1Cpvxvg8bMSLYDUpsX6GDLO"))
SECOND = at(end=123, reference=reference("S_KjnFVz-FE7M0W6yoaUDgYxLPc1jyWU"))
COPIES = at(44905795, 44909393, reference("jdEWLvLvT8827O59m1Agh5H3n6kTzBsJ"))


@pytest.mark.parametrize(
    ("value", "identifier"),
    [
        (at(44908821, 44908822), "SL.4t6JnYWqHwYw9WzBT_lmWBb3tLQNalkT"),
        (at([44908721, 44908821], [44908822, None]), "SL.XQAXpesghmuDHziAcDCAmESBOPKTBhwD"),
        (at([44908721, 44908821], [None, 44908822]), "SL.OYplG0vkUojmK2hDejylSykx-np3HPFP"),
        (APOE, "SL.wIlaGykfwHIpPY2Fcxtbx4TINbbODFVz"),
        (ALLELE, "VA.0AePZIWZUNsUlQTamyLrjm2HWUw2opLt"),
        (
            {"type": "Adjacency", "adjoinedSequences": [FIRST, SECOND]},
            "AJ.O0IbSYyhnBAtUsR51bpdoqeSo4YaDMFo",
        ),
        (
            {"type": "Adjacency", "adjoinedSequences": [SECOND, FIRST]},
            "AJ.8nZpyyB_ZRzvXIxWVdhTMRhxz0GlgkNU",
        ),
        (
            {"type": "CopyNumberCount", "copies": [3, None], "location": COPIES},
            "CN.ezEUXykQvIhX8jHADILwC9f8k-jp8tZC",
        ),
        (OLD_LOCATION, "VSL.QrRSuBj-VScAGV_gEdxNgsnh41jYH1Kg"),
        (OLD_ALLELE, "VA.CxiA_hvYbkD8Vqwjhx5AYuyul4mtlkpD"),
        ({"type": "Text", "definition": "APOE loss"}, "VT.7hhlAaPeqj-sd67nSWXl7WC1yJ-g15tp"),
        (
            {
                "type": "Haplotype",
                "members": [
                    "ga4gh:VA.Z_rYRxpUvwqCLsCBO3YLl70o2uf9_Op1",
                    "ga4gh:VA.-kUJh47Pu24Y3Wdsk1rXEDKsXWNY-68x",
                ],
            },
            "VH.i8owCOBHIlRCPtcw_WzRFNTunwJRy99-",
        ),
    ],
)
def test_identifiers_are_those_of_the_specification(value, identifier, write, importing):
    assert identify(parse(json.dumps(value).encode())) == f"ga4gh:{identifier}"

    read = importing(write(value | {"id" if "_" not in json.dumps(value) else "_id": "x"}))
    assert read.kinds == ["imported"] and read.classes == {"GENOME_PANEL"}


@pytest.mark.parametrize(
    ("blob", "digest"),
    [(b"", "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXc"), (b"ACGT", "aKF498dAxcJAqme6QYQ7EZ07-fiw8Kw2")],
)
def test_the_digest_of_the_specification(blob, digest):
    assert sha512t24u(blob) == digest


def test_json_and_yaml_are_one_record(write, importing):
    one = importing(write(ALLELE)).records
    other = importing(write(yaml.safe_dump(ALLELE))).records
    listed = importing(write([ALLELE, APOE])).records

    assert [record.canonical for record in one] == [record.canonical for record in other]
    assert one[0].canonical in [record.canonical for record in listed] and len(listed) == 2
    assert one[0].media_type == "application/vnd.ga4gh.vrs+json"
    assert one[0].fields["/state"] == b'{"sequence":"T","type":"LiteralSequenceExpression"}'


RIGHT = ALLELE | {
    "id": "ga4gh:VA.0AePZIWZUNsUlQTamyLrjm2HWUw2opLt",
    "digest": "0AePZIWZUNsUlQTamyLrjm2HWUw2opLt",
    "location": APOE | {"id": "ga4gh:SL.wIlaGykfwHIpPY2Fcxtbx4TINbbODFVz"},
}


def test_right_identifiers_are_counted(write, importing):
    (outcome,) = importing(write(RIGHT)).outcomes

    assert "2 computed identifiers are right" in outcome.reason


@pytest.mark.parametrize(
    "change",
    [
        {"state": {"type": "LiteralSequenceExpression", "sequence": "G"}},
        {"digest": "AAAAZIWZUNsUlQTamyLrjm2HWUw2opLt"},
        {"id": "ga4gh:VA.AAAAZIWZUNsUlQTamyLrjm2HWUw2opLt"},
        {"location": RIGHT["location"] | {"start": 44908820}},
    ],
)
def test_an_identifier_that_does_not_fit_is_refused(change, write, importing):
    assert importing(write(RIGHT | change)).codes == {"wrong_identifier"}


def test_what_cannot_be_computed_is_said(write, importing):
    value = {"type": "Genotype", "members": [], "_id": "ga4gh:GT.fz-TMM88G2hmK6cQ-JwrpVAr8d_3eTVq"}
    (outcome,) = importing(write(value)).outcomes

    assert outcome.kind.value == "imported" and "1 couldn't be computed" in outcome.reason


@pytest.mark.parametrize(
    "value",
    [
        {"type": "Allele", "location": APOE},
        ALLELE | {"location": APOE | {"start": -1}},
        ALLELE | {"location": APOE | {"start": 1.5}},
        ALLELE | {"location": APOE | {"start": 44908823}},
        ALLELE | {"state": {"type": "LiteralSequenceExpression", "sequence": "a b"}},
        {"type": "CopyNumberCount", "copies": "many", "location": APOE},
    ],
)
def test_what_is_wrong_is_refused(value, write, importing):
    assert importing(write(value)).codes == {"bad_value"}


@pytest.mark.parametrize("deep", [20, 5000])
def test_depth_is_bounded(deep, write, importing):
    text = '{"type":"Allele","location":{},"state":' + "[" * deep + "]" * deep + "}"

    assert importing(write(text)).codes == ({""} if deep == 20 else {"too_deep"})


@pytest.mark.parametrize(
    "value",
    [
        {"type": "Feature", "geometry": {}},
        {"type": "Bundle", "resourceType": "Bundle", "location": 1},
        {"type": "Location", "name": "x"},
        {"kind": "Allele", "location": 1, "state": 2},
    ],
)
def test_other_objects_are_not_taken_for_it(value, write):
    assert detect(write(value)).name != "vrs"


@pytest.mark.parametrize(
    ("name", "kind"),
    [("vrs_simple_haplotype.yaml", "CisPhasedBlock"), ("vrs_SPDI_expansion.yaml", "Allele")],
)
@needs_shared
def test_real_files(name, kind, importing):
    path = SHARED / "genome" / name

    (outcome,) = importing(path).outcomes
    assert (outcome.kind.value, outcome.resource_type) == ("imported", kind)
