"""
aceso import, records, reclassify
├── import
│   ├── each kind of bad input: one sentence, exit code 3 where nothing was understood, 0 where kept
│   ├── the same again: nothing new
│   ├── --report: every part, a line of JSON for each
│   ├── of two people: nothing without --whose, then what is theirs and not the file
│   └── --keys: a card is checked by those that are given
├── records: of a class
├── a corrected result takes the place of the first one, which --all still shows
├── two sources of one fact are linked, each with the other
└── reclassify: the record is under the other class, the old one is gone and stays so
"""

import gzip
import json
from collections import Counter

import pytest

from tests.python.health_cards import Issuer

from .conftest import BUNDLE, GLUCOSE

VCF = b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n" + b"".join(
    b"1\t%d\t.\tA\tG\t.\t.\t.\n" % place for place in range(1000, 9000)
)
ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE HealthData [<!ENTITY a "b">]>'
    b'<HealthData locale="ko_KR"><Record type="&a;"/></HealthData>'
)
# Of R5, which R4 knows nothing of.
R5 = {"resourceType": "InventoryItem", "status": "active"}
TWO_PEOPLE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"resource": {"resourceType": "Patient", "id": "p1", "name": [{"text": "가나다"}]}},
        {"resource": {"resourceType": "Patient", "id": "p2", "birthDate": "1961-04-05"}},
        {"resource": GLUCOSE | {"id": "other", "subject": {"reference": "Patient/p2"}}},
    ],
}


@pytest.mark.parametrize(
    ("name", "data", "code", "outcome"),
    [
        ("broken.json", b'{"resourceType": "Bundle", "entry": [{"resource"', 3, "refused"),
        ("version.json", json.dumps(R5).encode(), 0, "kept"),
        ("cut.vcf.gz", gzip.compress(VCF)[:-2000], 3, "refused"),
        ("entities.xml", ENTITIES, 3, "refused"),
        ("latin.json", b'{"resourceType": "Patient", "id": "\xe9\xff"}', 3, "refused"),
        ("empty.json", b"", 3, "refused"),
        ("letter.txt", b"Dear patient", 0, "kept"),
    ],
    ids=["broken", "version", "cut", "entities", "latin", "empty", "letter"],
)
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_import_says_what_is_wrong(person, tmp_path, name, data, code, outcome, lang):
    (tmp_path / name).write_bytes(data)

    run = person("import", tmp_path, "--lang", lang)

    assert run.code == code
    (file,) = run.document["files"]
    assert file["refused"] is (code == 3)
    assert outcome in {one["kind"] for one in file["notTaken"]}
    (reason, *_) = (one["reason"] for one in file["notTaken"] if one["kind"] == outcome)
    assert any("가" <= letter <= "힣" for letter in reason) is (lang == "ko")


def test_import_of_a_file_that_is_not_there(person, tmp_path):
    run = person("import", tmp_path / "nowhere.json", "--lang", "ko")

    assert run.code == 3
    assert run.document["files"][0]["error"] == "그런 파일이 없습니다. 경로를 확인하세요."


def test_import_of_the_same_again_adds_nothing(person, tmp_path):
    (tmp_path / "again.json").write_text(json.dumps(BUNDLE))

    run = person.says("import", tmp_path)

    assert run.code == 0
    assert "nothing new" in run.out
    assert "\x1b[" not in run.out


def test_import_writes_a_report_and_passes_hidden_files_by(person, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "again.json").write_text(json.dumps(BUNDLE))
    (tmp_path / "in" / ".hidden").write_text("x")

    run = person("import", tmp_path / "in", "--report", tmp_path / "report.json")

    assert run.document["hiddenSkipped"] == 1
    lines = [json.loads(line) for line in (tmp_path / "report.json").read_text().splitlines()]
    counted = Counter(line["kind"] for line in lines)
    assert sum(counted.values()) == sum(run.document["files"][0]["outcomes"].values())
    assert {line["place"] for line in lines} >= {"/", "/entry/0/resource"}
    assert all(line["reason"] for line in lines if line["kind"] != "imported")
    assert (tmp_path / "report.json").stat().st_mode & 0o077 == 0


def test_import_of_two_people_asks_whose_it_is(person, tmp_path):
    path = tmp_path / "two.json"
    path.write_text(json.dumps(TWO_PEOPLE))

    asked = person("import", path)

    assert asked.code == 3
    (file,) = asked.document["files"]
    assert [(one["key"], one["name"], one["born"]) for one in file["people"]] == [
        ("p1", "가나다", ""),
        ("p2", "", "1961-04-05"),
    ]
    assert (file["added"], file["class"]) == (0, None)
    said = person.says("import", path)
    assert "--whose p1  가나다" in said.out and "--whose p2" in said.out

    taken = person("import", path, "--whose", "p2")

    assert taken.code == 0
    (file,) = taken.document["files"]
    # The Patient and the Observation of p2, each of a class of its own; the file holds p1 too.
    assert (file["added"], file["records"], file["outcomes"]["imported"]) == (2, 2, 2)
    assert person("import", path, "--whose", "p2").document["added"] == 0
    assert person("import", path, "--whose", "nobody").code == 3


def test_a_card_is_checked_by_the_keys_that_are_given(person, tmp_path):
    issuer = Issuer()
    card, keys, report = (tmp_path / name for name in ("card", "issuer.jwks", "report"))
    card.write_text(json.dumps({"verifiableCredential": [issuer.card()]}))
    keys.write_text(json.dumps({"keys": [issuer.jwk]}))

    assert person("import", card, "--report", report, "--keys", keys).code == 0
    told = [json.loads(line)["code"] for line in report.read_text().splitlines()]
    assert "signature_right" in told

    keys.write_text(json.dumps({"keys": [Issuer().jwk | {"kid": issuer.kid}]}))
    assert person("import", card, "--report", report, "--keys", keys).code == 0
    assert "signature_unchecked" in report.read_text()

    missing = person("import", card, "--keys", tmp_path / "nowhere", "--lang", "ko")
    assert (missing.code, missing.document["error"]["code"]) == (2, "E_KEYS_MISSING")
    assert "열쇠가 없습니다" in missing.document["error"]["message"]


def test_records_of_a_class(person):
    labs = person("records", "--class", "labs").document["records"]

    assert [one["class"] for one in labs].count("labs") == len(labs) > 0
    assert all(one["selfReported"] for one in labs)
    assert labs[0]["id"][:16] in person.says("records", "--class", "labs").out


def test_reclassify_puts_a_record_under_another_class(person, tmp_path):
    path = tmp_path / "one.json"
    path.write_text(json.dumps(GLUCOSE | {"id": "mine", "valueQuantity": {"value": 96}}))
    person("import", path)
    before = {one["id"]: one["class"] for one in person("records").document["records"]}
    (record,) = [
        one["id"]
        for one in person("records", "--class", "labs").document["records"]
        if b'"mine"' in opened(person, one["id"], tmp_path)
        and b"collection" in opened(person, one["id"], tmp_path)
    ]

    run = person("reclassify", record, "--to", "mental-health")

    now, file = run.document["now"]
    after = {one["id"]: one["class"] for one in person("records").document["records"]}
    # The file holds the same, so it goes with the record; no other record or file does.
    gone = set(before) - set(after)
    assert len(gone) == 2 and record in gone
    assert after == {key: one for key, one in before.items() if key not in gone} | dict.fromkeys(
        (now, file), "mental-health"
    )
    assert b'"mine"' in opened(person, now, tmp_path)
    assert opened(person, file, tmp_path) == path.read_bytes()
    assert person("import", path).document["added"] == 0
    again = person("reclassify", now, "--to", "mental-health")
    assert (again.code, again.document["error"]["code"]) == (3, "E_SAME_CLASS")


def test_a_corrected_result_takes_the_place_of_the_first(person, tmp_path):
    number = [{"system": "urn:oid:1.2.410.100110.10.41100616", "value": "R-9"}]
    final = GLUCOSE | {"id": "r9", "identifier": number, "valueQuantity": {"value": 97}}
    corrected = final | {"status": "corrected", "valueQuantity": {"value": 79}}
    before = {one["id"] for one in person("records").document["records"]}
    for name, resource in (("final.json", final), ("corrected.json", corrected)):
        (tmp_path / name).write_text(json.dumps(resource))
        assert person("import", tmp_path / name).document["added"] == 2

    added = [
        one
        for one in person("records", "--all").document["records"]
        if one["id"] not in before and b"collection" in opened(person, one["id"], tmp_path)
    ]

    first, last = sorted(added, key=lambda one: one["supersededBy"] is None)
    assert first["supersededBy"] == last["id"]
    assert b'"value":79' in opened(person, last["id"], tmp_path)
    current = {one["id"] for one in person("records").document["records"]}
    assert last["id"] in current and first["id"] not in current
    assert person("import", tmp_path / "final.json").document["added"] == 0
    assert "a newer record" in person.says("records", "--all").out


def test_two_sources_of_one_fact_are_linked(person, tmp_path):
    found = []
    for name, when in (("one", "2025-03-01T09:00:00+09:00"), ("two", "2025-03-01T00:00:00Z")):
        resource = GLUCOSE | {"id": name, "effectiveDateTime": when}
        (tmp_path / name).write_text(json.dumps(resource))
        person("import", tmp_path / name)
    for one in person("records").document["records"]:
        if one["sameAs"] and one["day"] == "2025-03-01":
            found.append((one["id"], one["sameAs"], one["supersededBy"]))

    (first, second) = found
    assert (first[1], second[1]) == ([second[0]], [first[0]])
    assert first[2] is second[2] is None
    assert f"something that {first[0][:16]} says too" in person.says("records").out


def opened(person, record, folder):
    out = folder / f"{record[:16]}.json"
    person("open", record, "--out", out)
    return out.read_bytes()
