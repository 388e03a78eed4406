"""
aceso init --restore, doctor, and what is done while something is down
├── init --restore: the records are back; of another seed: not permitted, and nothing is made
├── doctor: all ok; a custodian down is a note, two are a failure
└── down: chain, IPFS, two of three custodians: exit code 5, in both languages; one: goes on
    ├── a consent whose keys can't be left: said to stand, and its keys are left later
    └── another primary physician: the one of before is out all the same
"""

import json

import pytest

from .conftest import GLUCOSE, Actor, call


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


def test_a_consent_whose_keys_can_not_be_left_is_said_to_stand(
    person, physician, without, tmp_path
):
    arguments = ["share", physician.account, "--classes", "labs", "--yes", "--json"]
    # From before, as a new persona can't even be noted while too few custodians answer.
    assert person(*arguments).code == person("unshare", physician.account, "--yes").code == 0

    run = call(*arguments, "--home", person.home, "--network", without(0, 1))

    assert (run.code, run.document["error"]["code"]) == (5, "E_KEYS_NOT_LEFT")
    assert "in force" in run.document["error"]["message"]
    (row,) = person("consents").document["consents"]
    assert person("records", "--sync").code == 0
    opened = physician("open", "--persona", row["persona"], "--classes", "labs", "--out", tmp_path)
    assert opened.code == 0 and opened.document["opened"]
    assert person("unshare", physician.account, "--yes").code == 0


def test_another_physician_takes_the_place_while_custodians_are_down(
    person, physician, researcher, without
):
    for one in (physician, researcher):
        assert person("primary-physician", one.account, "--yes").code == 0
    arguments = ["primary-physician", physician.account, "--yes", "--json"]

    run = call(*arguments, "--home", person.home, "--network", without(0, 1))

    assert (run.code, run.document["error"]["code"]) == (5, "E_KEYS_NOT_LEFT")
    (row,) = person("consents").document["consents"]
    assert row["grantee"] == physician.account
    assert person("unshare", physician.account, "--yes").code == 0
