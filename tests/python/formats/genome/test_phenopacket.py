"""
phenopackets
├── of version 2: person, features, diseases, measurements, variants, treatments
│   ├── what is excluded is refuted, and never a problem that the person has
│   ├── a time is a date, a period, an age or words, as it was said
│   └── numbers keep their digits, terms their systems
├── of version 1: its own words for the same
├── in YAML and with the names of protobuf's fields: the same records
├── families: several people are asked about
├── what has no place is kept, with its pointer
├── wrong parts are refused by their pointer, and the others are read
└── YAML that grows, or makes objects, is refused
"""

from __future__ import annotations

import json

import pytest
import yaml

from aceso.formats import import_file
from tests.python.shared_data import SHARED, needs_shared

PACKET = {
    "id": "packet",
    "subject": {"id": "P1", "sex": "FEMALE", "dateOfBirth": "1980-02-03T00:00:00Z"},
    "phenotypicFeatures": [
        {
            "type": {"id": "HP:0001945", "label": "Fever"},
            "onset": {"timestamp": "2020-03-17T00:00:00Z"},
        },
        {"type": {"id": "HP:0000218", "label": "High palate"}, "excluded": True},
        {
            "type": {"id": "HP:0001250", "label": "Seizure"},
            "onset": {"age": {"iso8601duration": "P6Y"}},
        },
    ],
    "diseases": [
        {
            "term": {"id": "OMIM:147791", "label": "Jacobsen syndrome"},
            "onset": {"ontologyClass": {"id": "HP:0003577", "label": "Congenital onset"}},
        },
    ],
    "measurements": [
        {
            "assay": {"id": "LOINC:26474-7", "label": "Lymphocytes"},
            "value": {
                "quantity": {"unit": {"id": "UCUM:10*3/uL", "label": "thousand"}, "value": "@1.40"}
            },
            "timeObserved": {"timestamp": "2020-03-20T00:00:00Z"},
        },
    ],
    "interpretations": [
        {
            "id": "i",
            "progressStatus": "SOLVED",
            "diagnosis": {
                "disease": {"id": "OMIM:147791", "label": "Jacobsen syndrome"},
                "genomicInterpretations": [
                    {
                        "subjectOrBiosampleId": "P1",
                        "variantInterpretation": {
                            "variationDescriptor": {
                                "id": "v",
                                "label": "11q deletion",
                                "geneContext": {"valueId": "HGNC:3489", "symbol": "ETS1"},
                                "expressions": [
                                    {"syntax": "hgvs.c", "value": "NM_005238.4:c.1A>G"}
                                ],
                                "allelicState": {"id": "GENO:0000135", "label": "heterozygous"},
                            }
                        },
                    }
                ],
            },
        },
    ],
    "biosamples": [{"id": "b"}],
    "metaData": {
        "created": "2024-03-05T13:15:24Z",
        "createdBy": "ORCID:0000",
        "phenopacketSchemaVersion": "2.0",
    },
}


def text(packet):
    return json.dumps(packet).replace('"@1.40"', "1.40")


def resources(read):
    found = {}
    for record in read.records:
        for entry in json.loads(record.canonical)["entry"]:
            resource = entry["resource"]
            found.setdefault(resource["resourceType"], []).append(resource)
    return found


def by_code(read, kind="Condition"):
    return {one["code"]["coding"][0]["code"]: one for one in resources(read)[kind]}


def test_a_packet_becomes_a_person_and_what_they_have(write, importing):
    read = importing(write(text(PACKET)))
    problems = by_code(read)
    (patient,) = resources(read)["Patient"]

    assert read.format.name == "phenopacket"
    assert (patient["gender"], patient["birthDate"]) == ("female", "1980-02-03")
    assert patient["identifier"][0]["value"] == "P1"
    assert {record.subject for record in read.records} == {patient["id"]}
    assert problems["HP:0001945"]["onsetDateTime"] == "2020-03-17T00:00:00Z"
    assert problems["HP:0001250"]["onsetAge"]["value"] == 6
    assert problems["HP:0001250"]["onsetAge"]["code"] == "a"
    assert problems["147791"]["onsetString"] == "Congenital onset (HP:0003577)"
    assert problems["147791"]["code"]["coding"][0]["system"] == "http://www.omim.org"


def test_what_is_excluded_is_refuted(write, importing):
    problems = by_code(importing(write(text(PACKET))))
    status = {
        code: one["verificationStatus"]["coding"][0]["code"] for code, one in problems.items()
    }

    assert status == {
        "HP:0001945": "confirmed",
        "HP:0000218": "refuted",
        "HP:0001250": "confirmed",
        "147791": "confirmed",
    }


def test_numbers_keep_their_digits(write, importing):
    read = importing(write(text(PACKET)))

    assert any(b'"value":1.40' in record.canonical for record in read.records)
    found = by_code(read, "Observation")["26474-7"]
    assert found["valueQuantity"]["code"] == "10*3/uL"
    assert found["effectiveDateTime"] == "2020-03-20T00:00:00Z"


def test_a_variant_is_an_observation_of_the_genome(write, importing):
    read = importing(write(text(PACKET)))
    variant = by_code(read, "Observation")["69548-6"]
    parts = {
        one["code"]["coding"][0]["code"]: one["valueCodeableConcept"]["text"]
        for one in variant["component"]
    }

    assert variant["valueString"] == "11q deletion"
    assert parts == {
        "48018-6": "ETS1",
        "48004-6": "NM_005238.4:c.1A>G",
        "53034-5": "heterozygous",
        "81259-4": "Jacobsen syndrome",
    }
    assert "GENOME_PANEL" in read.classes


def test_what_has_no_place_is_kept(write, importing):
    read = importing(write(text(PACKET)))

    assert [(one.kind.value, one.place) for one in read.outcomes if one.kind.value == "kept"] == [
        ("kept", "/biosamples")
    ]


OLD = {
    "id": "old",
    "subject": {"id": "P1", "ageAtCollection": {"age": "P27Y"}, "sex": "MALE"},
    "phenotypicFeatures": [
        {"type": {"id": "HP:0001945", "label": "Fever"}, "negated": True},
        {"type": {"id": "HP:0001250", "label": "Seizure"}, "ageOfOnset": {"age": "P3Y6M"}},
        {"type": {"id": "HP:0000252"}, "classOfOnset": {"id": "HP:0003577", "label": "Congenital"}},
    ],
    "variants": [
        {
            "hgvsAllele": {"hgvs": "NM_000226.3:c.470T>G"},
            "zygosity": {"id": "GENO:0000135", "label": "heterozygous"},
        },
        {
            "vcfAllele": {
                "genomeAssembly": "GRCh37",
                "chr": "2",
                "pos": 134327882,
                "ref": "A",
                "alt": "C",
            }
        },
    ],
    "metaData": {"createdBy": "x", "phenopacketSchemaVersion": "1.0"},
}


def test_version_1_has_its_own_words(write, importing):
    read = importing(write(OLD))
    problems = by_code(read)
    said = {one["valueString"] for one in resources(read)["Observation"]}

    assert problems["HP:0001945"]["verificationStatus"]["coding"][0]["code"] == "refuted"
    assert problems["HP:0001250"]["onsetString"] == "P3Y6M"
    assert problems["HP:0000252"]["onsetString"] == "Congenital (HP:0003577)"
    assert said == {"NM_000226.3:c.470T>G", "GRCh37 2 134327882 A C"}


def test_yaml_and_names_of_fields_give_the_same_records(write, importing):
    wanted = [one.canonical for one in importing(write(text(PACKET))).records]
    as_yaml = yaml.safe_dump(PACKET, sort_keys=False).replace("'@1.40'", "1.40")
    snake = text(PACKET)
    for old, new in (
        ("phenotypicFeatures", "phenotypic_features"),
        ("metaData", "meta_data"),
        ("createdBy", "created_by"),
        ("dateOfBirth", "date_of_birth"),
        ("timeObserved", "time_observed"),
        ("ontologyClass", "ontology_class"),
    ):
        snake = snake.replace(old, new)

    assert [one.canonical for one in importing(write(snake)).records] == wanted
    read = importing(write(as_yaml))
    # YAML has times of its own, which it quotes where they are texts.
    assert [one.canonical for one in read.records] == wanted


def test_a_family_is_asked_about(write, importing):
    sibling = PACKET | {"id": "two", "subject": {"id": "P2", "sex": "MALE"}}
    family = {
        "id": "f",
        "proband": PACKET,
        "relatives": [sibling],
        "pedigree": {},
        "metaData": PACKET["metaData"],
    }
    path = write(text(family))

    assert "several_people" in importing(path).codes and not importing(path).records
    with import_file(path) as imported:
        keys = [one.key for one in imported.people]
    assert len(keys) == 2
    chosen = importing(path, keys[1])
    assert resources(chosen)["Patient"][0]["gender"] == "male"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"phenotypicFeatures": ["Fever"]}, "/phenotypicFeatures/0"),
        ({"phenotypicFeatures": [{"type": {}}]}, "/phenotypicFeatures/0"),
        (
            {"phenotypicFeatures": [{"type": {"id": "HP:1"}, "onset": {"timestamp": "spring"}}]},
            "/phenotypicFeatures/0",
        ),
        (
            {
                "measurements": [
                    {"assay": {"id": "LOINC:1-8"}, "value": {"quantity": {"value": "x"}}}
                ]
            },
            "/measurements/0",
        ),
        (
            {"interpretations": [{"diagnosis": {"genomicInterpretations": [1]}}]},
            "/interpretations/0",
        ),
        ({"subject": {"id": "P1", "dateOfBirth": "long ago"}}, "/subject"),
    ],
)
def test_a_wrong_part_is_refused_and_the_others_are_read(change, place, write, importing):
    read = importing(write(text(PACKET | change)))

    assert [one.place for one in read.outcomes if one.kind.value == "refused"] == [place]
    assert read.kinds.count("imported") >= 4


GROWING = "subject: {id: &a x}\nphenotypicFeatures: [*a, *a]\nmetaData: {}\n"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (GROWING, "xml_entity"),
        ("subject: !!python/object/apply:os.system ['x']\nmetaData: {}\n", "broken_yaml"),
        ("subject: {id: x\nmetaData: {}\n", "broken_yaml"),
        ("subject: {}\nsubject: {}\nmetaData: {}\n", "duplicate_key"),
        ("subject: " + "[" * 300 + "\nmetaData: {}\n", "too_deep"),
        ("subject: {}\nmetaData: {}\n---\nsubject: {}\n", "broken_yaml"),
        ('{"subject":{},"metaData":{},"metaData":{}}', "duplicate_key"),
        ('{"subject":{},"metaData":', "broken_json"),
    ],
)
def test_hostile_text_is_refused(data, code, write, importing):
    assert importing(write(data)).codes == {code}


@pytest.mark.parametrize(
    ("name", "conditions", "refuted"),
    [("phenopacket_PMID_15266616_100.json", 64, 56), ("phenopacket_covid19.json", 14, 1)],
)
@needs_shared
def test_real_packets(name, conditions, refuted, importing):
    path = SHARED / "genome" / name
    packet = json.loads(path.read_bytes())
    said = [*packet["phenotypicFeatures"], *packet["diseases"]]
    found = resources(importing(path))["Condition"]
    status = [one["verificationStatus"]["coding"][0]["code"] for one in found]

    assert len(found) == len(said) == conditions
    assert status.count("refuted") == sum(one.get("excluded", False) for one in said) == refuted
