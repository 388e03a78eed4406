"""
HL7 v2
├── framing: CR, LF, CRLF and mixed line ends, MLLP, batches and odd separators give the same record
├── the second reader (python-hl7) finds the same segments in the shared messages
├── character sets: MSH-18, and CP949 that nobody states
├── escapes are undone, and what is no escape stays
├── values: digits, comparators, ranges, codes, times with their precision and zone, attachments
├── notes are on their observation; lines of one text are one
├── AL1, DG1, RXA and RXE become resources with their codes
├── each repetition of a value and of an attachment is there
├── fields, repetitions and components that no resource has are named
├── two people in one file stay two
└── what isn't understood or wrong is said by line, and never ends the import
"""

from __future__ import annotations

import base64
import json

import hl7
import pytest

from aceso.codes import DataClass
from aceso.formats import Kind, detect
from tests.python.shared_data import SHARED, needs_shared

LAB = (
    r"MSH|^~\&|LIS|HANGANG|ACESO|ME|20240501103000+0900||ORU^R01|1|P|2.5|||||||UNICODE UTF-8",
    "PID|1||M-1^^^HANGANG^MR||김^가상||19800202|F",
    "PV1|1|O|||||||||||||||||V-7",
    "OBR|1||F-9^LIS|24323-8^CMP^LN|||20240501093000|||||||||||||||20240501102000||LAB|F",
    "OBX|1|NM|2345-7^Glucose^LN||5.40|mmol/L^^UCUM|3.9-5.5|N|||F",
)


def resources(read, kind):
    found = []
    for record in read.records:
        for entry in json.loads(record.canonical)["entry"]:
            if entry["resource"]["resourceType"] == kind:
                found.append(entry["resource"])
    return found


@pytest.fixture
def reading(write, importing):
    """Import a message of the given lines after the head of the laboratory's."""

    def read(*lines, head=4, end="\r"):
        return importing(write(end.join([*LAB[:head], *lines]) + end))

    return read


def test_a_value_keeps_its_digits_and_what_belongs_to_it(reading):
    read = reading(LAB[4])
    (observation,) = resources(read, "Observation")

    (record,) = [one for one in read.records if one.data_class is DataClass.LABS]
    assert b'"value":5.40' in record.canonical
    assert observation["valueQuantity"]["code"] == "mmol/L"
    assert observation["code"]["coding"][0] == {
        "system": "http://loinc.org", "code": "2345-7", "display": "Glucose",
    }  # fmt: skip
    assert observation["effectiveDateTime"] == "2024-05-01T09:30:00+09:00"
    assert observation["interpretation"][0]["coding"][0]["code"] == "N"
    assert b'"low":{"code":"mmol/L"' in record.canonical and b'"value":3.9' in record.canonical
    (report,) = resources(read, "DiagnosticReport")
    assert report["issued"] == "2024-05-01T10:20:00+09:00"
    assert report["status"] == "final"
    assert report["result"] == [{"reference": f"Observation/{observation['id']}"}]
    (patient,) = resources(read, "Patient")
    assert patient["name"] == [{"family": "김", "given": ["가상"]}]
    assert observation["subject"] == {"reference": f"Patient/{patient['id']}"}
    assert patient["identifier"][0]["value"] == "M-1"


@pytest.mark.parametrize(
    "frame",
    [
        lambda text: text.replace("\r", "\n"),
        lambda text: text.replace("\r", "\r\n"),
        lambda text: text.replace("\r", "\n", 2).replace("\r", "\r\n", 1),
        lambda text: f"\x0b{text}\x1c\r",
        lambda text: f"\ufeff{text}",
        lambda text: f"FHS|^~\\&|A\rBHS|^~\\&|A\r{text}BTS|1\rFTS|1\r",
        lambda text: text.replace("^", "\x00").replace("|", "^").replace("\x00", "|"),
    ],
    ids=["lf", "crlf", "mixed", "mllp", "bom", "batch", "separators"],
)
def test_the_frame_makes_no_difference(frame, write, importing):
    plain = "\r".join(LAB) + "\r"
    expected = [record.canonical for record in importing(write(plain)).records]
    read = importing(write(frame(plain)))

    assert read.format.name == "hl7v2"
    assert [record.canonical for record in read.records] == expected
    assert not {"refused", "kept"} & set(read.kinds)


@needs_shared
@pytest.mark.parametrize("name", ["sample_unix", "sample_win", "ORU-multiline-short-mixed"])
def test_a_second_reader_finds_the_same(name, importing):
    path = SHARED / "clinical" / f"hl7v2_{name}.hl7"
    plain = "\r".join(path.read_text().splitlines())
    second = hl7.parse(plain)
    read = importing(path)

    covered = 0
    for outcome in read.outcomes:
        if outcome.code == "not_understood" and not outcome.resource_type:
            continue
        first, _, last = outcome.place.split()[1].partition("-")
        covered += int(last or first) - int(first) + 1
    assert covered == len(second)
    (patient,) = resources(read, "Patient")
    field = second.segment("PID")[5][0]
    assert patient["name"][0]["family"] == str(field[0] if len(field) else field)


@pytest.mark.parametrize(
    ("stated", "encoding"),
    [("KS X 1001", "cp949"), ("", "cp949"), ("ISO IR149", "euc-kr"), ("", "utf-8")],
)
def test_korean_in_the_character_sets_that_hospitals_write(stated, encoding, write, importing):
    text = (
        "\r".join(LAB)
        .replace("UNICODE UTF-8", stated)
        .replace("가상", "똠가상" if encoding == "cp949" else "가상")
    )
    (patient,) = resources(importing(write(text.encode(encoding))), "Patient")

    assert patient["name"][0]["given"] == ["똠가상" if encoding == "cp949" else "가상"]


def test_a_segment_in_no_character_set_is_refused_by_line(write, importing):
    text = "\r".join(LAB).encode().replace("가상".encode(), b"\xff\xfe\xff")
    read = importing(write(text))

    assert ("line 2", "not_utf8") in [(one.place, one.code) for one in read.outcomes]


def test_escapes_are_undone(reading):
    said = r"a\F\b\S\c\T\d\R\e\E\f \X41\ \X\ 5\.br\6 \H\x\N\ C:\temp"
    (observation,) = resources(reading(rf"OBX|1|ST|1^x^L||{said}||||||F"), "Observation")

    assert observation["valueString"] == "a|b^c&d~e\\f A \\X\\ 5\n6 x C:\\temp"


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("NM", "+007", b'"valueQuantity":{"unit":"u","value":7}'),
        ("NM", "<0.10", b'"valueQuantity":{"comparator":"<","unit":"u","value":0.10}'),
        ("NM", "hemolysed", b'"valueString":"hemolysed"'),
        ("NM", "NaN", b'"valueString":"NaN"'),
        ("SN", ">^100.0", b'"valueQuantity":{"comparator":">","unit":"u","value":100.0}'),
        ("SN", "^1^:^128", b'"valueRatio":{"denominator":{"unit":"u","value":128}'),
        ("SN", "^2^+", b'"valueString":"2+ u"'),
        ("CWE", "10828004^Positive^SCT", b'"system":"http://snomed.info/sct"'),
        ("DT", "202405", b'"valueDateTime":"2024-05"'),
        ("TS", "2024050107+0000", b'"valueString":"2024050107+0000"'),
        ("TS", "202405010730", b'"valueDateTime":"2024-05-01T07:30:00+09:00"'),
        ("TM", "0730", b'"valueTime":"07:30:00"'),
    ],
)
def test_values_of_each_type(kind, text, expected, reading):
    read = reading(f"OBX|1|{kind}|1^x^L||{text}|u|||||F")

    assert any(expected in record.canonical for record in read.records)


def test_a_time_without_a_zone_gets_none(reading):
    lines = [line.replace("+0900", "") for line in LAB]
    read = reading(*lines, head=0)

    (observation,) = resources(read, "Observation")
    assert observation["effectiveDateTime"] == "2024-05-01"
    assert observation["_effectiveDateTime"]["extension"][0]["valueTime"] == "09:30:00"


def test_notes_are_on_their_observation_and_lines_of_a_text_are_one(reading):
    read = reading(
        LAB[4],
        "NTE|1||hemolysed",
        "OBX|2|TX|22634-0^Report^LN||first||||||F",
        "OBX|3|TX|22634-0^Report^LN||||||||F",
        "OBX|4|TX|22634-0^Report^LN||second||||||F",
    )
    glucose, text = sorted(resources(read, "Observation"), key=lambda one: "note" not in one)

    assert glucose["note"] == [{"text": "hemolysed"}]
    assert text["valueString"] == "first\n\nsecond"
    assert "lines 7-9" in [one.place for one in read.outcomes]


def test_an_attachment_is_kept_as_it_is(reading):
    data = b"%PDF-1.4 " + bytes(range(256))
    read = reading(
        f"OBX|1|ED|PDF^Report^L||LIS^AP^PDF^Base64^{base64.b64encode(data).decode()}||||||F"
    )
    (document,) = resources(read, "DocumentReference")

    attachment = document["content"][0]["attachment"]
    assert base64.b64decode(attachment["data"]) == data
    assert (attachment["contentType"], attachment["size"]) == ("application/pdf", len(data))
    broken = reading("OBX|1|ED|PDF^Report^L||LIS^AP^PDF^Base64^###||||||F")
    assert "bad_value" in broken.codes


def test_what_a_hospital_writes_beside_results(reading):
    read = reading(
        "AL1|1|DA^^HL70127|7980^Penicillin^RXNORM|SV|Hives~Wheeze",
        "DG1|1|I10|E11.9^Type 2 diabetes^I10|||W",
        "PRB|AD|20240501|38341003^Hypertension^SCT|P1",
        "ZZZ|1|own",
        "GT1|1|somebody",
        head=3,
    )

    (allergy,) = resources(read, "AllergyIntolerance")
    assert (allergy["category"], allergy["criticality"]) == (["medication"], "high")
    assert [one["text"] for one in allergy["reaction"][0]["manifestation"]] == ["Hives", "Wheeze"]
    codes = {one["code"]["coding"][0]["code"]: one for one in resources(read, "Condition")}
    assert codes["E11.9"]["code"]["coding"][0]["system"] == "http://hl7.org/fhir/sid/icd-10"
    assert codes["38341003"]["code"]["coding"][0]["system"] == "http://snomed.info/sct"
    kept = [(one.place, one.resource_type) for one in read.outcomes if one.kind is Kind.KEPT]
    assert kept[:2] == [("line 7", ""), ("line 8", "GT1")]
    assert "DG1-6" in next(one.reason for one in read.outcomes if "DG1-6" in one.reason)


def test_a_vaccination(write, importing):
    read = importing(
        write(
            "\r".join(
                [
                    LAB[0].replace("ORU^R01", "VXU^V04"),
                    LAB[1],
                    "ORC|RE||I-1^LIS",
                    "RXA|0|1|20240311||208^COVID-19 mRNA^CVX|0.30|mL^^UCUM||01^Historical^NIP001"
                    "||||||EL9262|20240930|PFR^Pfizer^MVX|||CP",
                    "RXR|IM^Intramuscular^HL70162|LA^Left arm^HL70163",
                ]
            )
        )
    )

    (given,) = resources(read, "Immunization")
    assert given["vaccineCode"]["coding"][0]["system"] == "http://hl7.org/fhir/sid/cvx"
    assert (given["occurrenceDateTime"], given["lotNumber"]) == ("2024-03-11", "EL9262")
    assert (given["primarySource"], given["status"]) == (False, "completed")
    assert given["route"]["coding"][0]["code"] == "IM"
    assert b'"value":0.30' in b"".join(record.canonical for record in read.records)


def test_a_prescription(write, importing):
    read = importing(
        write(
            "\r".join(
                [
                    LAB[0].replace("ORU^R01", "RDE^O11"),
                    LAB[1],
                    "ORC|NW|R-5^HIS|||IP||||20240501093000|||12^이^의사",
                    "RXE|1^BID|860975^metformin 500 MG^RXNORM|500||mg^^UCUM||^with food|||60|TAB",
                ]
            )
        )
    )

    (order,) = resources(read, "MedicationRequest")
    assert (order["status"], order["authoredOn"]) == ("active", "2024-05-01T09:30:00+09:00")
    assert order["dispenseRequest"]["quantity"] == {"value": 60, "unit": "TAB"}
    assert read.classes == {"ENCOUNTERS", "MEDICATIONS"}


def test_two_people_are_never_mixed(write, importing):
    other = [LAB[1].replace("M-1", "M-2").replace("가상", "다른"), LAB[4]]
    read = importing(write("\r".join([*LAB, LAB[0], *other])))

    assert not read.records
    assert "several_people" in read.codes


def test_a_batch_that_lost_messages_says_so(write, importing):
    text = "\r".join([r"BHS|^~\&|A", *LAB])

    assert "truncated" in importing(write(text)).codes
    assert "truncated" in importing(write(text + "\rBTS|2")).codes


@pytest.mark.parametrize(
    "line",
    [
        "OBX|1|NM|||5||||||F|||20249999",
        "OBX",
        "OBX|1|XX|1^x||a^b~c",
        "DG1|1||\\",
        "OBX|1|ED|1^x||^^^Base64",
        "\x00\x01" + "^" * 1000,
        "OBX|1|ST|1^x||\\X00\\\\X1B\\",
    ],
)
def test_no_line_ends_an_import(line, reading):
    read = reading(line, LAB[4])

    assert b'"value":5.40' in b"".join(record.canonical for record in read.records)


def test_near_misses_are_no_messages(write):
    for text in ("MSH,a,b\n1,2,3\n", "MSH is a segment", "FHS|", "PID|1||x\r"):
        assert detect(write(text)).name != "hl7v2"


@pytest.mark.parametrize(
    ("kind", "said", "others"),
    [
        ("NM", "120~80", [{"valueQuantity": {"value": 80}}]),
        ("DT", "20240501~202406", [{"valueDateTime": "2024-06"}]),
        ("CWE", "1^a^L~2^b^L", None),
    ],
)
def test_each_repetition_of_a_value_is_there(kind, said, others, reading):
    read = reading(f"OBX|1|{kind}|a^A^L||{said}||||||F")
    (observation,) = resources(read, "Observation")

    found = [
        {key: one for key, one in component.items() if key != "code"}
        for component in observation["component"]
    ]
    assert {json.dumps(one["code"]) for one in observation["component"]} == {
        json.dumps(observation["code"])
    }
    if others is None:
        assert [one["valueCodeableConcept"]["text"] for one in found] == ["b"]
    else:
        assert found == others
    assert Kind.KEPT not in {one.kind for one in read.outcomes}


def test_each_repetition_of_an_attachment_is_there(reading):
    one, two = (base64.b64encode(text).decode() for text in (b"one", b"two"))
    (document,) = resources(
        reading(f"OBX|1|ED|a^A^L||^TX^^Base64^{one}~^TX^^Base64^{two}||||||F"), "DocumentReference"
    )

    assert [part["attachment"]["data"] for part in document["content"]] == [one, two]


@pytest.mark.parametrize(
    ("line", "named", "place"),
    [
        ("OBX|1|NM|a^A^L||1||||||F|||20240501~20240502", "OBX-14[2]", "line 5"),
        ("OBX|1|NM|a^A^L^^^^^^^b||1||||||F", "OBX-3.10", "line 5"),
        ("OBX|1|NM|a^A^L||1||||||F|||||77^Kim^A^^^^^^HOSP", "OBX-16.1, OBX-16.9", "line 5"),
        ("OBX|1|NM|a^A^L||1|||||0.5|F", "OBX-10", "line 5"),
        ("DG1|1||I10^x^I10|||||||||||9", "DG1-14", "line 5"),
    ],
)
def test_what_no_resource_has_is_named(line, named, place, reading):
    kept = [one for one in reading(line).outcomes if one.kind is Kind.KEPT]

    assert [one.place for one in kept] == [place]
    assert f"the fields {named} have no place" in kept[0].reason


def test_the_code_of_a_document_part_is_named(reading):
    read = reading("TXA|1|DS", "OBX|1|TX|a^A^L||words||||||F")

    assert any("OBX-3" in one.reason for one in read.outcomes if one.kind is Kind.KEPT)


def test_what_a_line_of_a_text_says_else_is_named(reading):
    first = "OBX|1|TX|a^A^L||one|||N|||F|||20240501"
    same, other = first.replace("one", "two"), first.replace("one|||N", "two|||A")

    assert Kind.KEPT not in {one.kind for one in reading(first, same).outcomes}
    read = reading(first, other)
    (kept,) = [one for one in read.outcomes if one.kind is Kind.KEPT]
    assert (kept.place, kept.reason.split(" have")[0]) == ("line 6", "the fields OBX-8")
    (observation,) = resources(read, "Observation")
    assert observation["valueString"] == "one\ntwo"
