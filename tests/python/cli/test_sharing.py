"""
aceso share, open, unshare, verify
├── share, who-can-see, open, unshare: what is said, done and refused
│   ├── open: classes that were not granted are named, and keep back no others
│   ├── to an institution that there is none of: refused
│   └── without a yes: nothing is done
├── verify: genuine, another file, contradicting evidence
└── open --c4gh: a Crypt4GH file for one reader
"""

import base64
import json
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from .conftest import GLUCOSE


def test_share_without_a_yes_does_nothing(person, physician):
    run = person("share", physician.account, "--classes", "labs", typed="n\n")

    assert (run.code, run.document["error"]["code"]) == (2, "E_DECLINED")
    assert "can't be unread" in run.err
    assert person("consents").document["consents"] == []


def test_share_with_an_institution_that_is_none(person):
    run = person("share", "institution:777", "--classes", "labs", "--yes")

    assert (run.code, run.document["error"]["code"]) == (3, "E_GRANTEE_UNKNOWN")


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

    more = physician(
        *("open", "--persona", persona, "--classes", "hiv,clinical", "--out", tmp_path / "more")
    )
    assert len(more.document["opened"]) == len(opened.document["opened"])
    assert {one["code"] for one in more.document["notListed"]} == {"E_DENIED"}
    assert {"problems", "hiv"} <= {one["class"] for one in more.document["notListed"]}
    other = ("--classes", "hiv,vitals", "--out", tmp_path / "none")
    assert physician("open", "--persona", persona, *other).code == 4

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
