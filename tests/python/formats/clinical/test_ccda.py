"""
C-CDA
├── the CCD of the shared data: sections, codes, digits, times and negations as it has them
├── unstructured: the PDF is byte for byte what the document holds
├── a wrong hash is refused with its reason, a right one is taken
├── a section without entries is its words, as plain text
├── what isn't understood is kept by its place; absent is not nothing
├── what of the header, a section or an entry is in no resource is named by its path
├── what was written by mistake is in error, a medicine asked for has its time
├── encodings of Korea are read as they are declared
├── two people are never mixed
└── entities, cut files and deep nesting end in a reason
"""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from defusedxml import ElementTree as ET

from aceso.formats import Kind
from tests.python.shared_data import SHARED, needs_shared

IMMUNIZATION = "2.16.840.1.113883.10.20.22.4.52"
V3 = "{urn:hl7-org:v3}"

PERSON = """<recordTarget><patientRole><id root="1.2.3" extension="{id}"/><patient>
<name><given>가상</given><family>김</family></name>
<administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/><birthTime value="1980"/>
</patient></patientRole></recordTarget>"""
SECTION = """<component><section><code code="{code}" codeSystem="2.16.840.1.113883.6.1"/>
<title>{title}</title><text>{text}</text>{entries}</section></component>"""


def document(*sections, people=("M-1",), body=None, head=""):
    targets = "".join(PERSON.format(id=one) for one in people)
    body = body or f"<structuredBody>{''.join(sections)}</structuredBody>"
    return (
        f'{head}<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/'
        f'XMLSchema-instance"><id root="1.2.9" extension="D"/><title>T</title>'
        f'<effectiveTime value="20240501103000+0900"/>{targets}'
        f"<component>{body}</component></ClinicalDocument>"
    )


def section(code, *entries, text="words", title="Title"):
    wrapped = "".join(f"<entry>{one}</entry>" for one in entries)
    return SECTION.format(code=code, title=title, text=text, entries=wrapped)


def observation(value, *, attributes="", more=""):
    return (
        f'<observation classCode="OBS" moodCode="EVN" {attributes}><code code="2345-7" '
        f'codeSystem="2.16.840.1.113883.6.1"/><statusCode code="completed"/>'
        f'<effectiveTime value="20240501093000+0900"/>{value}{more}</observation>'
    )


def resources(read, kind):
    return [
        entry["resource"]
        for record in read.records
        for entry in json.loads(record.canonical)["entry"]
        if entry["resource"]["resourceType"] == kind
    ]


@needs_shared
def test_the_ccd_of_the_shared_data(importing):
    path = SHARED / "clinical" / "ccda_ccd1.xml"
    root = ET.parse(path).getroot()
    read = importing(path)

    numeric = {
        (one.find(f"{V3}code").get("code"), one.find(f"{V3}value").get("value"))
        for section in root.iter(f"{V3}section")
        if section.find(f"{V3}code").get("code") in ("30954-2", "8716-3")
        for one in section.iter(f"{V3}observation")
        if one.find(f"{V3}value") is not None
        and one.find(f"{V3}value").get("unit")
        and one.find(f"{V3}code") is not None
    }
    bodies = b"".join(record.canonical for record in read.records)
    found = {
        (one["code"]["coding"][0]["code"], one["valueQuantity"]["value"])
        for one in resources(read, "Observation")
        if "valueQuantity" in one
    }
    assert {code for code, _ in numeric} <= {code for code, _ in found}
    assert all(f'"value":{value}'.encode() in bodies for _, value in numeric)
    assert len(numeric) == 12

    given = resources(read, "Immunization")
    written = [
        one
        for one in root.iter(f"{V3}substanceAdministration")
        if f'root="{IMMUNIZATION}"' in ET.tostring(one, encoding="unicode")
    ]
    refused = [one for one in written if one.get("negationInd") == "true"]
    assert len(given) == len(written) == 5
    assert [one["status"] for one in given].count("not-done") == len(refused) == 2
    allergies = {one["code"]["coding"][0]["code"] for one in resources(read, "AllergyIntolerance")}
    assert "70618" in allergies
    nausea = [one for one in resources(read, "AllergyIntolerance") if "reaction" in one]
    assert nausea[0]["reaction"][0]["onset"] == "2008-02-26T08:05:00-08:00"
    conditions = {one["code"]["coding"][0]["code"] for one in resources(read, "Condition")}
    assert {"29857009", "194828000"} <= conditions
    (wrong,) = [one for one in read.outcomes if one.kind is Kind.REFUSED]
    assert wrong.code == "bad_value"  # The example itself has effectiveTime 200130311.


@needs_shared
def test_an_unstructured_document_is_what_it_holds(importing):
    path = SHARED / "clinical" / "ccda_unstructured_pdf.xml"
    text = ET.parse(path).getroot().find(f".//{V3}nonXMLBody/{V3}text").text
    read = importing(path)

    with_data = [
        one["content"][0]["attachment"]
        for one in resources(read, "DocumentReference")
        if "data" in one["content"][0]["attachment"]
    ]
    data = base64.b64decode(with_data[0]["data"])
    assert data == base64.b64decode("".join(text.split()))
    assert data.startswith(b"%PDF-") and with_data[0]["size"] == len(data)
    assert (
        base64.b64decode(with_data[0]["hash"]) == hashlib.sha1(data, usedforsecurity=False).digest()
    )


@pytest.mark.parametrize("algorithm", ["SHA-1", "SHA-256"])
@pytest.mark.parametrize("right", [True, False])
def test_a_hash_is_checked(algorithm, right, write, importing):
    data = bytes(range(256)) * 100
    digest = hashlib.new(algorithm.replace("-", "").lower(), data if right else b"other").digest()
    body = (
        f'<nonXMLBody><text mediaType="application/pdf" representation="B64" '
        f'integrityCheckAlgorithm="{algorithm}" '
        f'integrityCheck="{base64.b64encode(digest).decode()}">'
        f"{base64.b64encode(data).decode()}</text></nonXMLBody>"
    )
    read = importing(write(document(body=body)))

    assert ("wrong_hash" in read.codes) is not right
    assert (len(resources(read, "DocumentReference")) == 2) is right


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('<value xsi:type="PQ" value="5.40" unit="mmol/L"/>', b'"value":5.40'),
        ('<value xsi:type="CD" nullFlavor="ASKU"/>', b'"code":"asked-unknown"'),
        ('<value xsi:type="ST">글자</value>', '"valueString":"글자"'.encode()),
        ('<value xsi:type="IVL_PQ"><high value="0.10" unit="g"/></value>', b'"comparator":"<="'),
        (
            '<value xsi:type="CD" nullFlavor="OTH"><originalText><reference value="#a"/>'
            "</originalText></value>",
            b'"text":"from the narrative"',
        ),
    ],
)
def test_values(value, expected, write, importing):
    text = '<paragraph ID="a">from <content>the</content> narrative</paragraph>'
    read = importing(write(document(section("30954-2", observation(value), text=text))))

    assert any(expected in record.canonical for record in read.records)
    (made,) = resources(read, "Observation")
    assert made["effectiveDateTime"] == "2024-05-01T09:30:00+09:00"
    assert made["category"][0]["coding"][0]["code"] == "laboratory"


def test_words_without_entries_are_plain_text(write, importing):
    text = "<table><tr><td>one</td><td>two</td></tr></table><paragraph>&lt;script&gt;x</paragraph>"
    read = importing(write(document(section("8648-8", text=text, title="Hospital course"))))

    (told,) = [
        one["content"][0]["attachment"]
        for one in resources(read, "DocumentReference")
        if one["content"][0]["attachment"]["contentType"].startswith("text/plain")
    ]
    assert base64.b64decode(told["data"]).decode() == "one two\n<script>x"


def test_sensitive_words_of_a_section_raise_its_class(write, importing):
    read = importing(write(document(section("8648-8", text="depression, suicide attempt"))))

    assert "MENTAL_HEALTH" in read.classes


def test_what_is_not_understood_and_what_was_not_so(write, importing):
    negated = observation('<value xsi:type="ST">x</value>', attributes='negationInd="true"')
    read = importing(
        write(document(section("30954-2", negated, "<mystery/>", "<act nullFlavor='NI'/>")))
    )

    codes = [(one.place, one.code) for one in read.outcomes if one.place.startswith("section 1, e")]
    assert [code for _, code in codes] == ["negated", "not_understood", "null_flavor"]
    assert [place.split(",")[1] for place, _ in codes] == [" entry 1", " entry 2", " entry 3"]
    assert not resources(read, "Observation")


def test_a_document_about_two_people_is_never_mixed(write, importing):
    value = '<value xsi:type="PQ" value="5" unit="g"/>'
    read = importing(write(document(section("30954-2", observation(value)), people=("M-1", "M-2"))))

    assert not resources(read, "Observation")
    assert "several_people" in read.codes


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (document(head='<!DOCTYPE a [<!ENTITY b "c">]>'), "xml_entity"),
        (document(head='<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]>'), "xml_entity"),
        (document(section("30954-2"))[:-30], "truncated"),
        (document(section("30954-2", "<act>" * 120 + "</act>" * 120)), "too_deep"),
        (document(section("30954-2")).replace("<title>", "<title"), "broken_xml"),
    ],
    ids=["entity", "xxe", "cut", "deep", "broken"],
)
def test_a_hostile_document_ends_in_a_reason(text, code, write, importing):
    read = importing(write(text))

    assert code in read.codes


AUTHOR = """<author><time value="20240501"/><assignedAuthor><id root="1.2.8" extension="7"/>
<assignedPerson><name>Dr Kim</name></assignedPerson></assignedAuthor></author>"""


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        (
            "<birthTime",
            '<raceCode code="2028-9"/><birthTime',
            "recordTarget/patientRole/patient/raceCode",
        ),
        (
            "<component><structured",
            f"{AUTHOR}<component><structured",
            "author/time, author/assignedAuthor/id",
        ),
        (
            "<component><structured",
            "<Zq7Sujin><code code='1'/></Zq7Sujin><component><structured",
            "element",
        ),
        ("<text>", '<author><time value="2024"/></author><text>', "author"),
        ('unit="mg/dL"/>', 'unit="mg/dL"><translation value="3"/></value>', "value/translation"),
        (
            '<effectiveTime value="20240501093000',
            f'{AUTHOR}<effectiveTime value="20240501093000',
            "author/time",
        ),
        ("<statusCode", "<Zq7Sujin>x</Zq7Sujin><statusCode", "element"),
    ],
)
def test_what_no_resource_has_is_named_by_its_path(before, after, named, write, importing):
    entry = observation('<value xsi:type="PQ" value="54" unit="mg/dL"/>')
    text = document(section("30954-2", entry))
    assert before in text
    assert Kind.KEPT not in {one.kind for one in importing(write(text)).outcomes}

    read = importing(write(text.replace(before, after, 1)))

    (kept,) = [one for one in read.outcomes if one.kind is Kind.KEPT]
    assert named in kept.reason
    assert "Sujin" not in kept.reason


def test_what_was_written_by_mistake_is_in_error(write, importing):
    void = observation('<value xsi:type="PQ" value="54" unit="mg/dL"/>').replace(
        '"completed"', '"nullified"'
    )
    problem = void.replace("PQ", "CD").replace('value="54" unit="mg/dL"', 'code="I10"')
    concern = (
        '<act classCode="ACT" moodCode="EVN"><code code="CONC"/>'
        f'<entryRelationship typeCode="SUBJ">{problem}</entryRelationship></act>'
    )
    read = importing(write(document(section("30954-2", void), section("11450-4", concern))))

    (measured,) = resources(read, "Observation")
    (condition,) = resources(read, "Condition")
    assert measured["status"] == "entered-in-error"
    assert condition["verificationStatus"]["coding"][0]["code"] == "entered-in-error"
    assert "clinicalStatus" not in condition


@pytest.mark.parametrize(
    ("time", "timing"),
    [
        (
            '<effectiveTime xsi:type="IVL_TS"><low value="20240501"/><high value="20240510"/>'
            '</effectiveTime><effectiveTime xsi:type="PIVL_TS" operator="A"><period value="8" '
            'unit="h"/></effectiveTime>',
            {
                "repeat": {
                    "boundsPeriod": {"start": "2024-05-01", "end": "2024-05-10"},
                    "period": 8,
                    "periodUnit": "h",
                }
            },
        ),
        ('<effectiveTime value="20240501"/>', {"event": ["2024-05-01"]}),
    ],
)
def test_a_medicine_that_is_asked_for_has_its_time(time, timing, write, importing):
    entry = (
        '<substanceAdministration classCode="SBADM" moodCode="RQO"><statusCode code="active"/>'
        f"{time}<consumable><manufacturedProduct><manufacturedMaterial>"
        '<code code="197361" codeSystem="2.16.840.1.113883.6.88"/></manufacturedMaterial>'
        "</manufacturedProduct></consumable></substanceAdministration>"
    )
    (asked,) = resources(importing(write(document(section("10160-0", entry)))), "MedicationRequest")

    assert asked["dosageInstruction"][0]["timing"] == timing


@pytest.mark.parametrize(
    "name", ["EUC-KR", "CP949", "ks_c_5601-1987", "MS949", "UHC", "x-windows-949"]
)
def test_encodings_of_korea_are_read(name, write, importing):
    head = f'<?xml version="1.0" encoding="{name}"?>\n'
    text = document(section("11450-4", text="똠방각하 " * 40_000), head=head)

    read = importing(write(text.encode("cp949")))

    (patient,) = resources(read, "Patient")
    assert patient["name"][0]["family"] == "김"
    assert Kind.REFUSED not in {one.kind for one in read.outcomes}


def test_bytes_that_are_not_of_the_encoding_are_refused(write, importing):
    head = '<?xml version="1.0" encoding="EUC-KR"?>\n'
    read = importing(write(document(head=head).encode("cp949") + b"\xff\xff"))

    assert [one.code for one in read.outcomes if one.kind is Kind.REFUSED] == ["damaged"]
