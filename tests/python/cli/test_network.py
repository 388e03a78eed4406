"""
aceso, on a real local network
├── import
│   ├── each kind of bad input: one sentence, exit code 3 where nothing was understood, 0 where kept
│   ├── the same again: nothing new
│   ├── --report: every part, a line of JSON for each
│   └── of two people: nothing without --whose, then what is theirs and not the file
├── a corrected result takes the place of the first one, which --all still shows
├── two sources of one fact are linked, each with the other
├── reclassify: the record is under the other class, the old one is gone and stays so
├── share, who-can-see, open, unshare: what is said, done and refused
│   └── without a yes: nothing is done
├── verify: genuine, another file, contradicting evidence
├── study match: told on the screen, another document than the one committed to is refused
├── station: entrusted, it fulfils orders in the place of who is not there
├── study: made, approved, asked and enrolled in, fulfilled, downloaded, closed by anybody
├── offer, buy, deliver, open --order, extract download, renew, settle
│   ├── without coin: refused, exit code 3
│   ├── withdrawn or over: not permitted, exit code 4
│   └── closed: refused
├── issue --patient-file, vouch, rewards file: what a person shows of a record, and nothing else
│   └── another patient's, somebody else's order: refused, exit code 3; without a yes: nothing
├── init --restore: the records are back; of another seed: not permitted, and nothing is made
├── doctor: all ok; a custodian down is a note, two are a failure
└── down: chain, IPFS, two of three custodians: exit code 5, in both languages; one: goes on
"""

import base64
import gzip
import io
import json
import re
import socket
import sys
from collections import Counter
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from aceso.cli import main
from aceso.rewards import TAG_FIELD, Contribution
from tests.python.health_cards import Issuer

from .conftest import LOCALES, PASSPHRASE, Run

PATIENT = {"resourceType": "Patient", "id": "p", "name": [{"family": "김"}]}
GLUCOSE = {
    "resourceType": "Observation",
    "id": "glucose",
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
    "code": {"coding": [{"system": "http://loinc.org", "code": "2339-0"}]},
    "subject": {"reference": "Patient/p"},
    "effectiveDateTime": "2024-03-01T09:00:00+09:00",
    "valueQuantity": {
        "value": 95,
        "unit": "mg/dL",
        "system": "http://unitsofmeasure.org",
        "code": "mg/dL",
    },
}
BUNDLE = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [{"resource": PATIENT}, {"resource": GLUCOSE}],
}
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


def call(*arguments, typed=""):
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdin", io.StringIO(typed))
        patch.setenv("ACESO_PASSPHRASE", PASSPHRASE)
        for name in (*LOCALES, "ACESO_NETWORK", "ACESO_HOME", "ACESO_RELAYER_KEY"):
            patch.delenv(name, raising=False)
        with redirect_stdout(out), redirect_stderr(err):
            code = main([str(one) for one in arguments])
    assert "Traceback" not in out.getvalue() + err.getvalue()
    assert code != 70, err.getvalue() + out.getvalue()
    return Run(code, out.getvalue(), err.getvalue())


class Actor:
    """Somebody with a profile, who runs commands."""

    def __init__(self, home, network):
        self.home = home
        self.network = network

    def __call__(self, *arguments, **options):
        return call(*arguments, "--home", self.home, "--network", self.network, "--json", **options)

    def says(self, *arguments, **options):
        return call(*arguments, "--home", self.home, "--network", self.network, **options)

    @property
    def account(self):
        return self("balance").document["account"]


@pytest.fixture(scope="module")
def actors(network, tmp_path_factory):
    """Make somebody of a kind."""

    def make(kind):
        actor = Actor(tmp_path_factory.mktemp(kind) / "home", network.folder)
        made = actor("init", "--kind", kind, "--yes")
        assert made.code == 0, made.out
        actor.words = " ".join(re.findall(r"\d+ ([a-z]+)", made.err))
        return actor

    return make


@pytest.fixture(scope="module")
def person(actors, tmp_path_factory):
    """Somebody whose vault holds a laboratory result."""
    made = actors("person")
    path = tmp_path_factory.mktemp("files") / "history.json"
    path.write_text(json.dumps(BUNDLE))
    assert made("import", path).code == 0
    return made


@pytest.fixture(scope="module")
def physician(actors):
    return actors("professional")


@pytest.fixture(scope="module")
def researcher(actors):
    made = actors("researcher")
    assert made("accredit", made.account, "--role", "researcher").code == 0
    return made


@pytest.fixture
def without(network, tmp_path):
    """The network, as it is for somebody who can't reach some of its parts."""

    def make(*parts):
        state = network.state
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            nowhere = f"http://127.0.0.1:{probe.getsockname()[1]}"
        for part in parts:
            if isinstance(part, int):
                custodians = [dict(one) for one in state["custodians"]]
                custodians[part]["url"] = nowhere
                state["custodians"] = custodians
            else:
                state[part] = {**state[part], "url": nowhere}
        path = tmp_path / "network.json"
        path.write_text(json.dumps(state))
        return path

    return make


# Import


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


def test_records_of_a_class(person):
    labs = person("records", "--class", "labs").document["records"]

    assert [one["class"] for one in labs].count("labs") == len(labs) > 0
    assert all(one["selfReported"] for one in labs)
    assert labs[0]["id"][:16] in person.says("records", "--class", "labs").out


# Consent


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


def test_share_without_a_yes_does_nothing(person, physician):
    run = person("share", physician.account, "--classes", "labs", typed="n\n")

    assert (run.code, run.document["error"]["code"]) == (2, "E_DECLINED")
    assert "can't be unread" in run.err
    assert person("consents").document["consents"] == []


def test_share_open_and_unshare(person, physician, tmp_path):
    shared = person("share", physician.account, "--classes", "labs", "--until", "30d", "--yes")
    assert shared.code == 0
    assert "laboratory results" in shared.document["noticeText"]
    persona = shared.document["persona"]

    (seer,) = person("who-can-see").document["seers"]
    assert (seer["grantee"], seer["classes"]) == (physician.account, ["labs"])
    asked = person("who-can-see", "--actor", physician.account, "--classes", "labs,hiv").document
    assert {one["class"]: one["permitted"] for one in asked["answers"]} == {
        "labs": True,
        "hiv": False,
    }

    arguments = ["open", "--persona", persona, "--classes", "labs", "--out", tmp_path / "chart"]
    opened = physician(*arguments, "--evidence")
    assert opened.code == 0
    assert any("2339-0" in Path(one["file"]).read_text() for one in opened.document["opened"])

    log = person("receipts", "--anchor").document
    assert (log["problems"], log["liars"], len(log["transactions"])) == ([], [], 3)
    assert {one["actor"] for one in log["accesses"]} == {physician.account}
    assert {one["act"] for one in log["accesses"]} == {"list", "release"}
    assert {one["use"] for one in log["accesses"]} == {"TREAT"}
    assert all(one["complete"] for one in log["accesses"])
    said = person.says("receipts", "--lang", "ko")
    assert said.code == 0 and "누가 무엇을 받아 갔나" in said.out

    assert person("unshare", physician.account, "--yes").code == 0
    denied = physician(*arguments, "--lang", "ko")
    assert (denied.code, denied.document["error"]["code"]) == (4, "E_DENIED")
    assert "철회" in denied.document["error"]["message"]
    assert person("who-can-see").document["seers"] == []
    (over,) = person("consents", "--all").document["consents"]
    assert over["live"] is False


def test_share_for_too_long_or_with_nobody(person, physician):
    long = person("share", physician.account, "--classes", "labs", "--until", "6y", "--yes")
    nobody = person("share", "somebody", "--classes", "labs", "--yes")
    keyless = person("share", "0x" + "11" * 20, "--classes", "labs", "--yes")

    assert (long.code, long.document["error"]["code"]) == (2, "E_TIME_TOO_LONG")
    assert (nobody.code, nobody.document["error"]["code"]) == (2, "E_GRANTEE")
    assert (keyless.code, keyless.document["error"]["code"]) == (2, "E_NO_PUBLISHED_KEY")


# Evidence


def test_verify(actors, person, tmp_path):
    hospital = actors("institution")
    assert hospital("accredit", hospital.account, "--role", "issuer").code == 0
    card = tmp_path / "card.json"
    person("card", "--for", hospital.account, "--classes", "clinical,sensitive", "--out", card)
    visit = tmp_path / "visit.json"
    visit.write_text(json.dumps({**GLUCOSE, "id": "second"}))
    assert hospital("issue", card, visit).code == 0
    assert person("records", "--sync").document["new"] == 1
    (record,) = (r for r in person("records").document["records"] if not r["selfReported"])
    out = tmp_path / "result.json"
    assert person("open", record["id"][:12], "--out", out, "--evidence").code == 0

    genuine = person("verify", out)
    assert genuine.code == 0
    assert genuine.document["genuine"] and genuine.document["issuer"] == hospital.account

    out.write_text(out.read_text().replace("95", "59"))
    changed = person("verify", out)
    assert (changed.code, changed.document["code"]) == (6, "E_EVIDENCE_OTHER_FILE")

    evidence = tmp_path / "result.json.evidence.json"
    said = json.loads(evidence.read_text())
    evidence.write_text(json.dumps({**said, "root": "00" * 32}))
    assert person("verify", out).code == 6
    evidence.write_text("{}")
    assert person("verify", out).code == 3


def test_open_as_crypt4gh(person, tmp_path):
    public = X25519PrivateKey.generate().public_key().public_bytes_raw()
    (tmp_path / "reader.pub").write_text(
        "-----BEGIN CRYPT4GH PUBLIC KEY-----\n"
        + base64.b64encode(public).decode()
        + "\n-----END CRYPT4GH PUBLIC KEY-----\n"
    )
    (record, *_) = person("records").document["records"]

    run = person(
        "open", record["id"], "--out", tmp_path / "x.c4gh", "--c4gh", "--reader-key",
        tmp_path / "reader.pub",
    )  # fmt: skip

    assert run.code == 0
    assert (tmp_path / "x.c4gh").read_bytes().startswith(b"crypt4gh")


# Market


def test_whether_one_matches_a_study(person, tmp_path):
    path = tmp_path / "criteria.json"
    expression = {"language": "text/fhirpath", "expression": "Observation.exists()"}
    url = "http://hl7.org/fhir/StructureDefinition/cqf-expression"
    one = {
        "extension": [{"url": url, "valueExpression": expression}],
        "code": {"text": "x"},
        "valueBoolean": True,
        "exclude": False,
    }
    group = {"resourceType": "Group", "type": "person", "actual": False, "characteristic": [one]}
    path.write_text(json.dumps(group))

    found = person("study", "match", path)
    assert found.code == 0 and found.document["matches"] is True
    assert [one["holds"] for one in found.document["criteria"]] == [True]
    other = person("study", "match", path, "--commitment", "0x" + "00" * 32)
    assert (other.code, other.document["error"]["code"]) == (6, "E_COHORT_OTHER")


def test_a_station_sells_for_who_is_not_there(actors, person, researcher, tmp_path):
    station = actors("institution")
    file = tmp_path / "mandate.json"
    assert station("accredit", station.account, "--role", "station").code == 0
    entrust = ("station", "entrust", station.account, "--classes", "labs", "--out", file)
    assert "--yes" not in entrust and person(*entrust).code != 0 and not file.exists()
    assert person(*entrust, "--yes").code == 0
    assert file.stat().st_mode & 0o077 == 0
    assert station("station", "accept", file).document["accredited"] is True
    assert station("station", "orders").document["orders"] == []

    offered = person("offer", "--classes", "labs", "--price", "1.5", "--yes").document["offer"]
    order = researcher("buy", offered, "--with-ether", "--yes").document["order"]
    assert [one["order"] for one in station("station", "orders").document["orders"]] == [order]
    few = station("station", "fulfil", "--k", "2", "--yes")
    assert (few.code, few.document["orders"][0]["error"]) == (2, "E_EXTRACT_COHORT")
    done = station("station", "fulfil", order, "--yes").document["orders"][0]
    assert done["certificate"]["maker"] == station.account
    got = researcher("extract", "download", order, "--out", tmp_path / "sold")
    assert got.document["certificate"] == done["certificate"]
    assert person("unshare", station.account, "--yes").code == 0


def test_a_study_from_both_sides(network, actors, person, tmp_path):
    lead, board = actors("researcher"), actors("institution")
    assert lead("accredit", lead.account, "--role", "researcher").code == 0
    made = board("accredit", board.account, "--role", "ethics-board", "--institution")
    institution = made.document["institution"]
    assert board("member", institution, board.account, "--until", "900d").code == 0
    group = {
        "resourceType": "Group",
        "type": "person",
        "actual": False,
        "characteristic": [
            {"code": {"coding": [{"system": "http://loinc.org", "code": "2339-0"}]},
             "valueBoolean": True, "exclude": False}
        ],
    }  # fmt: skip
    criteria, protocol = tmp_path / "criteria.json", tmp_path / "protocol.md"
    criteria.write_text(json.dumps(group))
    protocol.write_text("# Glucose")
    create = (
        *("study", "create", criteria, "--protocol", protocol, "--title", "포도당"),
        *("--summary", "공복 혈당의 변화", "--classes", "labs", "--price", "4", "--cap", "3"),
        *("--until", "10d", "--duration", "5d", "--delivery", "2d", "--conditions", "IRB"),
        *("--budget", "8", "--yes"),
    )
    poor = lead(*create)
    assert (poor.code, poor.document["error"]["code"]) == (3, "E_NO_COIN")
    # What is put in and bought is in the words that are agreed to, and the number is told early.
    asked = lead.says(*create[:-1], "--with-ether").err
    assert "8 coin become its budget" in asked and "lacks 8 coin, which it buys for" in asked
    study = lead(*create, "--with-ether").document["study"]
    assert lead("study", "status", study).document["budget"] == "8000000000000000000"

    early = person("study", "enrol", study, "--yes")
    assert (early.code, early.document["error"]["code"]) == (3, "E_STUDY_NOT_ATTESTED")
    attest = ("study", "attest", study, "--institution", institution, "--yes")
    # What it approves is what it read, not whatever is the newest.
    blind = board(*attest)
    assert (blind.code, blind.document["error"]["code"]) == (2, "E_STUDY_REVISION")
    assert board(*attest, "--revision", "1").document["attested"] == ["IRB"]
    assert person("study", "match", study).document["matches"] is True
    (listed,) = (
        one for one in person("study", "list").document["studies"] if one["study"] == study
    )
    assert (listed["price"], listed["enrolled"]) == ("4000000000000000000", None)

    # Nothing is signed without a yes, and what is signed was said in either language.
    assert person("study", "enrol", study).code != 0
    said = person.says("study", "show", study, "--lang", "ko")
    words = ("공복 혈당의 변화", "3.6 코인", lead.account, "5일", board.account, "aceso unshare")
    assert [one for one in words if one not in said.out] == []
    assert "you are paid for the time until then" in person.says("study", "show", study).out
    enrolled = person("study", "enrol", study, "--yes").document
    order = enrolled["order"]
    assert person("study", "fulfil", "--yes").document["orders"][0]["order"] == order
    got = lead("study", "download", study, "--out", tmp_path / "study")
    assert got.code == 0 and got.document["orders"][0]["order"] == order
    case = tmp_path / "case.json"
    disputed = lead("study", "dispute", order, "--out", case, "--with-ether", "--yes").document
    assert lead("dispute", "replay", case, "--dispute", disputed["dispute"]).document["opens"]
    amended = lead("study", "amend", study, "--price", "1", "--yes").document
    assert amended["revision"] == 2
    for act in ("show", "enrol"):
        stale = person("study", act, study, "--revision", "1", "--yes")
        assert (stale.code, stale.document["error"]["code"]) == (3, "E_STUDY_AMENDED")

    network.chain.advance_time(11 * 24 * 3600)
    over = lead("study", "status", study).document
    assert (over["over"], over["orders"][0]["state"]) == (True, "DISPUTED")
    assert person("study", "close", study, "--yes").code == 0
    assert lead("study", "status", study).document["closed"] is True

    # A consent to a study is withdrawn by its name; what is disputed can't be had meanwhile.
    assert person("unshare", f"study:{study}.1", "--yes").code == 0
    late = lead("study", "download", study, "--out", tmp_path / "late")
    assert (late.code, late.document["error"]["code"]) == (3, "E_STUDY_NOTHING")


def test_market(network, person, researcher, tmp_path):
    # Nothing is signed without a yes; what would be is told, with the disease.
    asked = person.says(
        "offer", "--classes", "labs", "--use", "DS", "--disease", "4711", "--price", "1"
    )
    assert asked.code != 0 and "4711" in asked.err
    # A share is shown as it is signed, in whole basis points.
    share = ("--institution", researcher.account, "--institution-share", "3.3377")
    rounded = person.says("offer", "--classes", "labs", "--price", "1", *share).err
    assert f"3.34 % goes to {researcher.account}" in rounded and "3.3377" not in rounded

    offered = person("offer", "--classes", "labs", "--price", "2.5", "--yes")
    number = offered.document["offer"]
    assert offered.document["price"] == "2500000000000000000"

    poor = researcher("buy", number, "--yes")
    assert (poor.code, poor.document["error"]["code"]) == (3, "E_NO_COIN")

    bought = researcher("buy", f"offer:{number}", "--with-ether", "--yes")
    assert bought.code == 0, bought.out
    order = bought.document["order"]
    assert researcher("open", "--order", order, "--out", tmp_path / "early.json").code != 0
    assert person("deliver", order, "--yes").document["resources"] >= 1
    assert researcher("open", "--order", order, "--out", tmp_path / "extract.json").code == 0
    assert "김" not in (tmp_path / "extract.json").read_text()
    got = researcher("extract", "download", order, "--out", tmp_path / "files").document
    assert {"Observation.ndjson", "certificate.json", "about.json"} <= set(got["files"])
    assert len((tmp_path / "files" / "Observation.ndjson").read_text().splitlines()) >= 1
    twice = researcher("extract", "download", order, "--out", tmp_path / "files")
    assert twice.document["error"]["code"] == "E_FOLDER_EXISTS"

    # What the order runs by is renewed, and not shared anew, which would give up its pay.
    shared = person("share", f"offer:{number}", "--classes", "labs", "--uses", "HMB", "--yes")
    assert (shared.code, shared.document["error"]["code"]) == (2, "E_SHARE_SOLD")
    asked = person.says("renew", f"offer:{number}", "--until", "60d")
    assert asked.code != 0 and f"Order {order} is then paid until" in asked.err
    renewed = person("renew", f"offer:{number}", "--until", "60d", "--yes")
    assert (renewed.code, len(renewed.document["transactions"])) == (0, 3)
    (covered,) = (one for one in person("consents").document["orders"] if one["order"] == order)
    assert (covered["whole"], covered["seeBy"]) == (True, None)
    (listed,) = (one for one in person("balance").document["orders"] if one["order"] == order)
    assert listed["paidUntil"] == covered["paidUntil"] == listed["until"] == covered["end"]
    assert "to its end" in person.says("consents").out.replace("\n", " ")

    assert person("unshare", f"offer:{number}", "--yes").code == 0
    assert researcher("open", "--order", order, "--out", tmp_path / "late.json").code == 4
    early = researcher("settle", order)
    assert (early.code, early.document["error"]["code"]) == (5, "E_REFUSED_ORDER_NOT_OVER")
    # What was delivered can be disputed for three days.
    network.chain.advance_time(3 * 24 * 3600)
    assert researcher("settle", order).code == 0
    (seen,) = (one for one in person("balance").document["orders"] if one["order"] == order)
    assert seen["state"] == "SETTLED"
    again = researcher("buy", number, "--with-ether", "--yes")
    assert (again.code, again.document["error"]["code"]) == (4, "E_DENIED")


def test_a_record_is_filed_for_an_order(actors, person, researcher, tmp_path):
    hospital, chart, other = actors("institution"), tmp_path / "chart", tmp_path / "other"
    assert hospital("accredit", hospital.account, "--role", "issuer").code == 0
    chart.write_text("chart 7\n")
    other.write_text("chart 8\n")
    card, visit, word = (tmp_path / name for name in ("card.json", "visit.json", "vouch.json"))
    person("card", "--for", hospital.account, "--classes", "labs", "--out", card)
    visit.write_text(json.dumps({**GLUCOSE, "id": "third", "effectiveDateTime": "2024-05-02"}))
    before = {one["id"] for one in person("records", "--sync").document["records"]}
    assert hospital("issue", card, visit, "--patient-file", chart).code == 0
    found = person("records", "--sync").document["records"]
    (record,) = {one["id"] for one in found} - before
    offered = person("offer", "--classes", "labs", "--price", "1", "--yes").document["offer"]
    order = researcher("buy", offered, "--with-ether", "--yes").document["order"]
    filing = ("rewards", "file", record, "--order", order, "--vouch", word)

    vouch = ("vouch", person.account, "--out", word)
    assert hospital(*vouch, "--patient-file", chart).code == 2 and not word.exists()
    assert hospital(*vouch, "--patient-file", other, "--yes").code == 0
    wrong = person(*filing, "--out", tmp_path / "filed", "--yes", "--lang", "ko")
    assert (wrong.code, wrong.document["error"]["code"]) == (3, "E_VOUCH_OTHER")
    assert "환자" in wrong.document["error"]["message"]
    assert hospital(*vouch, "--patient-file", chart, "--yes").code == 0
    assert word.stat().st_mode & 0o077 == 0 and "chart" not in word.read_text()
    done = person(*filing, "--out", tmp_path / "filed", "--yes")

    assert done.code == 0, done.out
    filed = Contribution.from_document(json.loads((tmp_path / "filed").read_text()))
    assert (str(filed.order), filed.issuer) == (order, hospital.account)
    assert filed.account == person.account
    shown = {one.path for one in filed.disclosure.fields}
    assert shown == {"class", TAG_FIELD}
    unsure = person(*filing, "--out", tmp_path / "unsure")
    assert (unsure.code, (tmp_path / "unsure").exists()) == (2, False)
    assert "can't be taken back" in unsure.err
    # An order of somebody else's, a record that its issuer didn't mark, and what is no vouch.
    for changed, code in (
        (("rewards", "file", record, "--order", 1, "--vouch", word), "E_ORDER_NOT_YOURS"),
        (
            ("rewards", "file", min(before), "--order", order, "--vouch", visit),
            "E_VOUCH_FILE",
        ),
    ):
        run = person(*changed, "--out", tmp_path / "no", "--yes")
        assert (run.code, run.document["error"]["code"]) == (3, code)
    assert person("rewards", "file", record, "--lang", "ko").code == 2


def test_buy_what_is_closed_over_or_not_there(network, person, researcher):
    closed = person("offer", "--classes", "labs", "--price", "1", "--yes").document["offer"]
    assert person("offer", "--close", closed, "--yes").code == 0
    over = person(
        "offer", "--classes", "labs", "--price", "1", "--duration", "1h", "--delivery", "1h",
        "--yes",
    ).document["offer"]  # fmt: skip
    network.chain.advance_time(3 * 3600)

    answers = {
        number: researcher("buy", number, "--with-ether", "--yes") for number in (closed, over, 999)
    }

    assert [(run.code, run.document["error"]["code"]) for run in answers.values()] == [
        (3, "E_OFFER_CLOSED"),
        (4, "E_DENIED"),
        (3, "E_NO_OFFER"),
    ]


# Seeds


def test_restore(person, network, tmp_path):
    before = {one["id"] for one in person("records").document["records"]}
    again = Actor(tmp_path / "again", network.folder)

    run = again("init", "--restore", typed=person.words + "\n")

    assert run.code == 0, run.out
    assert {one["id"] for one in again("records").document["records"]} == before


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("abandon " * 23 + "art", 4, "E_NO_VAULT"),
        ("abandon " * 23 + "abandon", 3, "E_SEED_CHECKSUM"),
        ("abandon abandon", 3, "E_SEED_LENGTH"),
        ("abandon " * 23 + "김치", 3, "E_SEED_WORD"),
    ],
)
def test_restore_of_a_wrong_seed(network, tmp_path, words, code, said):
    other = Actor(tmp_path / "other", network.folder)

    run = other("init", "--restore", typed=words + "\n")

    assert (run.code, run.document["error"]["code"]) == (code, said)
    assert "abandon" not in run.out + run.err
    assert not (tmp_path / "other" / "profile.json").exists()


# What is down


def test_doctor(person, without):
    fine = person("doctor")
    one = call("doctor", "--json", "--home", person.home, "--network", without(0))
    two = call("doctor", "--json", "--home", person.home, "--network", without(0, 1))
    chain = call("doctor", "--json", "--home", person.home, "--network", without("chain"))

    assert (fine.code, one.code, two.code, chain.code) == (0, 0, 5, 5)
    failed = {c["check"] for c in two.document["checks"] if c["state"] == "failed"}
    assert failed == {"committee"}


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        (["chain"], "E_CHAIN_DOWN"),
        (["ipfs"], "E_IPFS_DOWN"),
        ([0, 1], "E_CUSTODIANS_TOO_FEW"),
    ],
)
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_import_while_something_is_down(person, without, tmp_path, parts, code, lang):
    path = tmp_path / "new.json"
    path.write_text(json.dumps({**GLUCOSE, "id": f"{code}-{lang}", "effectiveDateTime": "2024"}))
    arguments = ["import", path, "--home", person.home, "--json", "--lang", lang]

    run = call(*arguments, "--network", without(*parts))

    assert (run.code, run.document["error"]["code"]) == (5, code)
    message = run.document["error"]["message"]
    assert any("가" <= letter <= "힣" for letter in message) is (lang == "ko")
    # Nothing is lost: the same command goes on where it was.
    later = person("import", path)
    assert later.code == 0


def test_import_while_one_custodian_is_down(person, without, tmp_path):
    path = tmp_path / "new.json"
    path.write_text(json.dumps({**GLUCOSE, "id": "one-down"}))

    run = call("import", path, "--home", person.home, "--json", "--network", without(2))

    assert run.code == 0
    assert run.document["added"] >= 1
