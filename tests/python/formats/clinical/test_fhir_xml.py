"""
FHIR in XML
├── gives the same bytes as the JSON of the same resource: an official example
│   ├── and by hand: numbers, flags, extensions of primitives, contained, narrative
│   └── whatever the encoding: UTF-16, CP949, a prefix for the namespace
├── a Bundle is read entry by entry, with the places of the JSON
├── one bad entry never ends an import; what came before a cut is read
├── document types, entities, nesting and other namespaces are refused
├── DSTU2 in XML is converted to what its JSON is converted to
└── a long attribute costs its length and not the square of it
"""

from __future__ import annotations

import json
import time

import pytest

from aceso.formats import canonical_bytes
from aceso.formats.canonical import parse
from tests.python.shared_data import SHARED, needs_shared

from ..conftest import bundle, import_all, observation

FHIR = 'xmlns="http://hl7.org/fhir"'
OBSERVATION = f"""<?xml version="1.0" encoding="UTF-8"?>
<Observation {FHIR}>
  <id value="o1"/>
  <text><status value="generated"/>
<div xmlns="http://www.w3.org/1999/xhtml">1 &lt; 2<br/>&quot;혈당&quot;</div></text>
  <contained><Patient><id value="p"/><active value="true"/></Patient></contained>
  <!-- a comment -->
  <status value="final"/>
  <category><text value="a"/></category>
  <code><coding><system value="http://loinc.org"/><code value="2339-0"/></coding></code>
  <subject><reference value="#p"/></subject>
  <performer><display value="한강병원"/></performer>
  <valueQuantity><value value="1.00"/><unit value="mg/dL"/></valueQuantity>
</Observation>"""
AS_JSON = {
    "resourceType": "Observation",
    "id": "o1",
    "text": {
        "status": "generated",
        "div": '<div xmlns="http://www.w3.org/1999/xhtml">1 &lt; 2<br/>&quot;혈당&quot;</div>',
    },
    "contained": [{"resourceType": "Patient", "id": "p", "active": True}],
    "status": "final",
    "category": [{"text": "a"}],
    "code": {"coding": [{"system": "http://loinc.org", "code": "2339-0"}]},
    "subject": {"reference": "#p"},
    "performer": [{"display": "한강병원"}],
    "valueQuantity": {"value": "VALUE", "unit": "mg/dL"},
}


def resources(path):
    """The resources that an import gave, as canonical bytes."""
    found = []
    for record in import_all(path).records:
        for entry in parse(record.canonical)["entry"]:
            found.append(canonical_bytes(entry["resource"]))
    return sorted(found)


def expected(value, number="1.00"):
    return json.dumps(value, ensure_ascii=False).replace('"VALUE"', number)


@needs_shared
def test_an_official_example_gives_the_bytes_of_its_json():
    folder = SHARED / "clinical"

    from_xml = resources(folder / "hl7ex_patient-example.xml")
    assert len(from_xml) == 1
    assert from_xml == resources(folder / "hl7ex_patient-example.json")


@needs_shared
def test_an_official_example_without_json_is_whole():
    (found,) = resources(SHARED / "clinical" / "hl7ex_observation-example-20minute-apgar-score.xml")
    value = json.loads(found)

    assert len(value["component"]) == 5
    assert value["contained"][0]["name"][0]["given"] == ["Peter", "James"]
    coding = value["component"][0]["valueCodeableConcept"]["coding"][0]
    assert coding["extension"][0]["valueDecimal"] == 2


@pytest.mark.parametrize(
    "text",
    [
        OBSERVATION.encode(),
        b"\xef\xbb\xbf" + OBSERVATION.encode(),
        OBSERVATION.replace("UTF-8", "UTF-16").encode("utf-16"),
        OBSERVATION.replace("UTF-8", "EUC-KR").encode("cp949"),
        OBSERVATION.replace("UTF-8", "ks_c_5601-1987").encode("cp949"),
        OBSERVATION.replace("\n  <", "\r\n  <").encode(),
    ],
)
def test_xml_and_json_give_the_same_bytes(text, write):
    found = resources(write(text))

    assert found == resources(write(expected(AS_JSON)))
    assert len(found) == 1
    assert b'"value":1.00' in found[0]


def test_prefixed_names_are_the_same_names(write):
    text = OBSERVATION.replace("xmlns=", "xmlns:f=", 1)
    for name in ("Observation", "Patient", "contained", "status", "category", "code", "coding",
                 "system", "subject", "reference", "performer", "display", "valueQuantity",
                 "value", "unit", "id", "active"):  # fmt: skip
        text = text.replace(f"<{name}>", f"<f:{name}>").replace(f"<{name} ", f"<f:{name} ")
        text = text.replace(f"</{name}>", f"</f:{name}>")
    text = text.replace("<text>", "<f:text>").replace("</text>", "</f:text>")
    text = text.replace("<text ", "<f:text ")
    text = text.replace('<div xmlns="', '<h:div xmlns:h="').replace("</div>", "</h:div>")
    text = text.replace("<br/>", "<h:br/>")

    assert resources(write(text)) == resources(write(expected(AS_JSON)))


def test_extensions_of_primitives_stay_beside_their_value(write):
    text = f"""<Patient {FHIR}>
      <name>
        <given value="가"/>
        <given><extension url="urn:x"><valueCode value="unknown"/></extension></given>
        <given id="g3" value="나"/>
      </name>
      <birthDate id="b"><extension url="urn:y"><valueDecimal value="0.10"/></extension></birthDate>
      <multipleBirthInteger value="2"/>
    </Patient>"""
    value = {
        "resourceType": "Patient",
        "name": [
            {
                "given": ["가", None, "나"],
                "_given": [
                    None,
                    {"extension": [{"url": "urn:x", "valueCode": "unknown"}]},
                    {"id": "g3"},
                ],
            }
        ],
        "_birthDate": {"id": "b", "extension": [{"url": "urn:y", "valueDecimal": "VALUE"}]},
        "multipleBirthInteger": 2,
    }

    found = resources(write(text))
    assert found == resources(write(expected(value, "0.10")))
    assert len(found) == 1


def as_xml(*resources):
    entries = "".join(
        f'<entry><fullUrl value="urn:uuid:{at}"/><resource>{one}</resource></entry>'
        for at, one in enumerate(resources)
    )
    return f'<Bundle {FHIR}><type value="collection"/>{entries}</Bundle>'


def measured(name, more=""):
    return (
        f'<Observation><id value="{name}"/><status value="final"/>{more}'
        f'<code><text value="x"/></code></Observation>'
    )


def test_a_bundle_is_read_as_its_json(write, importing):
    read = importing(write(as_xml(measured("a"), measured("b"))))

    assert read.format.name == "fhir-xml"
    assert read.kinds == ["imported", "imported", "skipped"]
    assert [one.place for one in read.outcomes][:2] == ["/entry/0/resource", "/entry/1/resource"]
    same = bundle(
        *(
            {"resourceType": "Observation", "id": i, "status": "final", "code": {"text": "x"}}
            for i in "ab"
        )
    )
    assert read.records[0].canonical == importing(write(same)).records[0].canonical


def test_one_bad_entry_never_ends_an_import(write, importing):
    deep = "<extension url='x'>" * 200 + "</extension>" * 200
    read = importing(
        write(
            as_xml(
                measured("a"),
                measured("b", "<nonsense/>"),
                measured("c", "박아픔"),
                measured("d", '<status value="final"/>'),
                measured("e", '<x xmlns="urn:other"><y/></x>'),
                measured("f", deep),
                measured("g", '<issued valu="박아픔"/>'),
                "<Nonsense/>",
                "",
                measured("z"),
            )
        )
    )

    kinds = [one.kind.value for one in read.outcomes if one.place.startswith("/entry")]
    assert kinds == ["imported", *["refused"] * 8, "imported"]
    assert not [one for one in read.outcomes if "박아픔" in one.reason]
    assert "too_deep" in read.codes


def test_what_came_before_a_cut_is_read(write, importing):
    text = as_xml(measured("a"), measured("b"))
    read = importing(write(text[: text.index('value="b"')]))

    assert read.kinds == ["imported", "refused"]
    assert read.outcomes[1].code == "truncated"


@pytest.mark.parametrize(
    ("before", "inside", "code"),
    [
        ('<!DOCTYPE x [<!ENTITY a "b">]>', "", "xml_entity"),
        ('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>', "&a;", "xml_entity"),
        ('<!DOCTYPE x SYSTEM "http://127.0.0.1/x.dtd">', "", "xml_entity"),
        ("", "&nbsp;", "broken_xml"),
        ("", "<a></b>", "broken_xml"),
        ('<?xml version="1.0" encoding="x-unknown"?>', "", "not_utf8"),
    ],
)
def test_hostile_xml_is_refused(before, inside, code, write, importing):
    text = before + as_xml(measured("a", inside))
    read = importing(write(text))

    assert read.kinds == ["refused"]
    assert read.codes == {code}


def test_bytes_in_another_encoding_are_refused(write, importing):
    text = OBSERVATION.replace("UTF-8", "EUC-KR").encode()
    read = importing(write(text.replace("혈당".encode(), b"\xff\xff")))

    assert read.codes == {"not_utf8"}


def test_digits_of_a_number_must_be_digits(write, importing):
    text = OBSERVATION.replace('value="1.00"', 'value="1,00"')

    assert importing(write(text)).codes == {"not_r4"}
    assert observation()["status"] == "final"


def test_dstu2_in_xml_is_converted_as_its_json(write):
    text = f"""<Condition {FHIR}>
      <patient><reference value="Patient/1"/></patient>
      <code><text value="x"/></code>
      <category><text value="y"/></category>
      <clinicalStatus value="active"/>
      <verificationStatus value="confirmed"/>
      <notes value="z"/>
    </Condition>"""
    value = {
        "resourceType": "Condition",
        "patient": {"reference": "Patient/1"},
        "code": {"text": "x"},
        "category": {"text": "y"},
        "clinicalStatus": "active",
        "verificationStatus": "confirmed",
        "notes": "z",
    }

    found = resources(write(text))
    assert found == resources(write(value))
    assert b'"subject"' in found[0]


def test_a_long_attribute_costs_its_length_only(write, importing):
    data = "QUJD" * (2 << 20)
    start = time.process_time()
    text = f'<Binary {FHIR}><contentType value="text/plain"/><data value="{data}"/></Binary>'
    read = importing(write(text))

    assert read.kinds == ["imported"]
    assert data.encode() in read.records[0].canonical
    assert time.process_time() - start < 10


def test_a_text_too_long_is_refused_in_time(write, importing):
    start = time.process_time()
    read = importing(write(f'<Binary {FHIR}><data value="' + "A" * (66 << 20)))

    assert read.codes == {"too_large"}
    assert time.process_time() - start < 20
