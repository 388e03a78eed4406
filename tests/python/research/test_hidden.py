"""
identifiers that somebody hides where an extract might not look
├── in every element of a resource that could hold them: text, extensions, contained resources,
│   displays, notes, titles, references, addresses, URLs, serial numbers, statuses, units
├── as what is kept: a number, a unit, a sample, a code in the shape of a published system's
├── as an age over 89, in any unit or in none
├── in a genome: in the header, the sample's name, the name of a contig, values
└── what only looks alike stays: large counts, units of UCUM, codes with their check digits
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from aceso.codes import DataClass
from aceso.formats import VCF, BytesBody, Piece
from aceso.research import QUALITATIVE_RESULTS, Package, Rules
from aceso.research import extract as make

EVERYTHING = DataClass((1 << 24) - 1)
LOINC, SCT, UCUM = "http://loinc.org", "http://snomed.info/sct", "http://unitsofmeasure.org"
HL7 = "http://terminology.hl7.org/CodeSystem"
GOOGLE = "https://developers.google.com/fit/datatypes"
OMH = "https://www.openmhealth.org/schemas/omh"
# Whom all of this is about, in every way that a source may write it.
NEEDLES = (
    *("M10123456", "19900101"),
    *("박아픔", "Kim", "Nguyen", "kim-nara", "효원로", "16444", "850312", "010-1234-5678"),
    *("1012345678", "01012345678", "SN-889-XK21", "0042117", "patients.example", "kim@"),
    *("1706659200", "1706659200000", "20240131", "2024-01-31", "31.01.2024", "Jan 31", "1/31/24"),
)


def coded(code: str, system: str = LOINC) -> dict[str, Any]:
    return {"coding": [{"system": system, "code": code}]}


def observed(code: str = "4548-4", /, **more: Any) -> dict[str, Any]:
    lab = coded("laboratory", f"{HL7}/observation-category")
    return {
        "resourceType": "Observation",
        "status": "final",
        "category": [lab],
        "code": coded(code),
        **more,
    }


def condition(**more: Any) -> dict[str, Any]:
    icd = coded("E11", "http://hl7.org/fhir/sid/icd-10")
    return {"resourceType": "Condition", "code": icd, **more}


def text_of(*resources: Any, **more: Any) -> str:
    rules = Rules(
        classes=EVERYTHING, key=b"k" * 32, region="state", recogniser=QUALITATIVE_RESULTS, **more
    )
    made = make(resources, rules)
    about = json.dumps(dict(Package.make(made, blind=bytes(32)).about), ensure_ascii=False)
    return b"\n".join(made.files().values()).decode() + about


def left_in(text: str) -> list[str]:
    folded = text.casefold()
    return [one for one in NEEDLES if one.casefold() in folded]


PERSON = {
    "resourceType": "Patient",
    "id": "0042117",
    "gender": "female",
    "name": [{"family": "박아픔", "given": ["Kim"]}],
    "address": [{"line": ["효원로 1"], "state": "경기도", "postalCode": "16444"}],
    "telecom": [{"value": "010-1234-5678"}],
    "_birthDate": {"extension": [{"url": "birthTime", "valueDateTime": "2024-01-31T08:15:00Z"}]},
    "contact": [{"name": {"family": "Nguyen"}}],
    "photo": [{"title": "Kim", "url": "https://patients.example/kim.png"}],
}
KOREAN = (
    *(("kpis-kdcode", "8806659002219"), ("hira-edi-medication", "653400910")),
    *(("hira-edi-procedure", "D0002010"), ("kostat-kcd-8", "N20.1")),
)
IN_ELEMENTS: dict[str, dict[str, Any]] = {
    "narrative": condition(text={"status": "generated", "div": "<div>박아픔, 16444</div>"}),
    "extension": condition(extension=[{"url": "https://patients.example", "valueString": "Kim"}]),
    "modifier": condition(modifierExtension=[{"url": "x", "valueDate": "2024-01-31"}]),
    "contained": condition(
        contained=[PERSON, {"resourceType": "Practitioner", "name": [{"text": "Nguyen"}]}]
    ),
    "display": condition(code={"coding": [{"system": SCT, "code": "44054006", "display": "Kim"}]}),
    "concept text": condition(bodySite=[{"text": "박아픔 010-1234-5678"}]),
    "note": condition(note=[{"text": "31.01.2024, Kim", "authorString": "Nguyen"}]),
    "reference": condition(subject={"reference": "Patient/0042117", "display": "박아픔"}),
    "recorder": condition(recorder={"identifier": {"value": "850312-1234567"}}),
    "id": condition(id="kim-nara", meta={"source": "https://patients.example"}, language="Kim"),
    "status": observed(status="Kim"),
    "text value": observed(valueString="Seen Jan 31, 2024, by Dr Nguyen"),
    "url value": observed(valueUri="https://patients.example/?mail=kim@patients.example"),
    "attachment": observed(valueAttachment={"title": "Kim", "data": "67CV7JWE7ZS0"}),
    "component": observed(component=[{"code": {"text": "Kim"}, "valueString": "850312-1234567"}]),
    "reference range": observed(referenceRange=[{"text": "Kim", "appliesTo": [{"text": "Kim"}]}]),
    "interpretation": observed(interpretation=[{"text": "Kim"}]),
    "device": observed(device={"display": "SN-889-XK21"}),
    "comparator": observed(valueQuantity={"value": 5, "comparator": "Kim"}),
    "report": {
        "resourceType": "DiagnosticReport",
        "status": "final",
        "code": coded("58410-2"),
        "conclusion": "박아픔",
        "presentedForm": [{"title": "Kim 2024-01-31", "url": "https://patients.example"}],
        "performer": [{"display": "Nguyen"}],
    },
    "serial number": {
        "resourceType": "Device",
        "serialNumber": "SN-889-XK21",
        "udiCarrier": [{"carrierHRF": "SN-889-XK21"}],
    },
    "practitioner": {"resourceType": "Practitioner", "name": [{"family": "Nguyen"}]},
    "person": PERSON,
}
AS_WHAT_IS_KEPT: dict[str, dict[str, Any]] = {
    "resident number": observed(valueInteger=8503121234567),
    "phone number": observed(valueQuantity={"value": 1012345678, "unit": "1"}),
    "epoch": observed(valueQuantity={"value": 1706659200, "unit": "s"}),
    "epoch in ms": observed(valueInteger=1706659200000),
    "a day as a number": observed(valueInteger=20240131),
    "a day as a decimal": observed(valueQuantity={"value": "20240131.0"}),
    "epoch as a limit": observed(referenceRange=[{"high": {"value": 1706659200}}]),
    "phone as unit": observed(valueQuantity={"value": 5, "unit": "010-1234-5678"}),
    "day as unit": observed(valueQuantity={"value": 5, "unit": "1/31/24"}),
    "zip as unit": observed(valueQuantity={"value": 5, "code": "164 44 m", "unit": "16444"}),
    "samples": observed(
        valueSampledData={"origin": {"value": 0}, "period": 1, "data": "1706659200 1012345678"}
    ),
    "days as samples": observed(
        valueSampledData={"origin": {"value": 0}, "period": 1, "data": "1 20240131 E"}
    ),
    "loinc": observed("850312-1"),
    "snomed": condition(code=coded("850312123456", SCT)),
    "rxnorm": condition(code=coded("01012345678", "http://www.nlm.nih.gov/research/umls/rxnorm")),
    "hl7": condition(category=[coded("KimNara", f"{HL7}/condition-category")]),
    "hl7 number": condition(category=[coded("0042117", f"{HL7}/condition-category")]),
    "passport": condition(code=coded("Kim0042117", "http://hl7.org/fhir/sid/passport-kor")),
    "korean code": condition(
        code=coded("8503121234567", "http://www.hl7korea.or.kr/CodeSystem/kpis-kdcode")
    ),
    "zip as a korean code": condition(
        code=coded("16444", "http://www.hl7korea.or.kr/CodeSystem/hira-edi-procedure")
    ),
    "name as a korean code": condition(
        category=[coded("kim-nara", "http://www.hl7korea.or.kr/CodeSystem/krcore-vcnt-types")],
        bodySite=[coded("M10123456", "http://www.hl7korea.or.kr/CodeSystem/kostat-kcd-8")],
    ),
    "name as a measure": observed(
        component=[
            {"code": coded("kim-nara", system), "valueInteger": 1}
            for system in (
                "https://developers.google.com/fit/datatypes",
                "https://developer.withings.com/api-reference",
                "https://www.openmhealth.org/schemas/omh",
                "urn:aceso:measure",
            )
        ]
    ),
    "name in capitals": condition(
        bodySite=[
            coded("KIM", system)
            for system in (
                "urn:oid:2.16.840.1.113883.6.12",
                "http://dicom.nema.org/resources/ontology/DCM",
                "http://www.cms.gov/Medicare/Coding/ICD10",
                "http://hl7.org/fhir/sid/icd-11",
            )
        ]
    ),
    "phone as a drug": condition(code=coded("01012345678", "http://hl7.org/fhir/sid/ndc")),
    "number as a status": {**PERSON, "gender": 850312},
    "day as snomed": condition(code=coded("19900101", SCT)),
    "apple": observed(
        component=[
            {
                "code": coded("KimNara", "https://developer.apple.com/documentation/healthkit"),
                "valueInteger": 1,
            }
        ]
    ),
}


@pytest.mark.parametrize("place", IN_ELEMENTS)
def test_an_element_hides_nothing(place: str) -> None:
    assert left_in(text_of(IN_ELEMENTS[place])) == []


@pytest.mark.parametrize("place", AS_WHAT_IS_KEPT)
def test_nothing_is_hidden_as_what_is_kept(place: str) -> None:
    assert left_in(text_of(AS_WHAT_IS_KEPT[place])) == []


@pytest.mark.parametrize(
    "value",
    [
        {"valueInteger": 97},
        {"valueQuantity": {"value": 97}},
        {"valueQuantity": {"value": 97, "unit": "{age}", "code": "1", "system": UCUM}},
        {"valueQuantity": {"value": 1150, "unit": "mo", "code": "mo", "system": UCUM}},
        {"valueRange": {"low": {"value": 97}}},
        {"component": [{"code": coded("30525-0"), "valueInteger": 97}]},
    ],
)
@pytest.mark.parametrize("code", ["30525-0", "21612-7", "29553-5"])
def test_no_age_over_89_is_left(value: dict[str, Any], code: str) -> None:
    text = text_of(observed(code, **value))

    assert "97" not in text and "1150" not in text


def test_an_age_of_less_stays() -> None:
    assert '"valueInteger":89' in text_of(observed("30525-0", valueInteger=89))


def test_a_genome_hides_nothing() -> None:
    lines = [
        "##fileformat=VCFv4.2",
        "##reference=file:///home/kim-nara/GRCh38.fa",
        "##source=Kim",
        "##commandline=call --sample 0042117 --out /home/Nguyen",
        '##INFO=<ID=DB,Number=0,Type=Flag,Description="Kim">',
        '##INFO=<ID=END,Number=1,Type=Integer,Description="Kim">',
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="박아픔">',
        '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Kim">',
        "##contig=<ID=kim-nara,length=1000>",
        "##contig=<ID=10,length=133797422,assembly=GRCh38>",
        "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t박아픔",
        "10\t94781859\trs4244285;Kim\tG\tA\t50\tPASS\tDB;END=94781859\tGT:DP\t0/1:30",
        "kim-nara\t31\trs4244285\tG\tA\t50\tPASS\t.\tGT:DP\t0/1:1012345678",
        "10\t94781860\trs4244285\tG\tA\t50\tKim\tNOTE=Kim\tGT:DP\t0/1:1012345678",
    ]
    body = BytesBody("\n".join(lines).encode() + b"\n")
    piece = Piece(
        data_class=DataClass.PHARMACOGENES,
        media_type=VCF,
        body=body,
        resource_type="",
        place="",
        why_class="",
    )
    text = text_of(piece, variants=frozenset({"rs4244285"}))

    assert "rs4244285" in text and left_in(text) == []


def test_what_only_looks_alike_stays() -> None:
    kept = [
        observed("20447-9", valueQuantity={"value": 1250000, "unit": "copies/mL"}),
        observed("29615-2", valueQuantity={"value": 1700000000, "unit": "IU/mL"}),
        observed("6690-2", valueQuantity={"value": 7.1, "unit": "x10*9/L"}),
        observed("98979-8", valueQuantity={"value": 88, "unit": "mL/min/{1.73_m2}"}),
        observed("55423-8", valueInteger=20481),
        condition(code=coded("44054006", SCT), severity=coded("24484000", SCT)),
        condition(code=coded("5A11", "http://hl7.org/fhir/sid/icd-11")),
        observed("55423-8", method=coded("com.google.step_count.delta", GOOGLE)),
        observed("55423-8", method=coded("resting-heart-rate", OMH)),
        *(
            condition(code=coded(code, f"http://www.hl7korea.or.kr/CodeSystem/{name}"))
            for name, code in KOREAN
        ),
    ]
    text = text_of(*kept)

    wanted = ("1250000", "1700000000", "7.1", "x10*9/L", "mL/min/{1.73_m2}", "20481")
    wanted += ("5A11", "com.google.step_count.delta", "resting-heart-rate")
    wanted += ("44054006", "24484000", *(code for _, code in KOREAN))
    assert [one for one in wanted if one not in text] == []
