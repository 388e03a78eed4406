"""
published keys
├── aceso key: shown; revoked, nothing is released or sealed to it; a new one opens what was left
│   to the one before, and is never one that was revoked; a person has one for each ward alone
└── aceso custodian revoke: no list is opened and nothing is left at its key; what is there opens
"""

from __future__ import annotations

import json

import pytest

from aceso.chain import Deployment, Suite
from aceso.devnet import add_custodian

from .conftest import BUNDLE


def code_of(run):
    return run.code, run.document["error"]["code"]


@pytest.fixture
def doctor(actors):
    return actors("professional")


@pytest.fixture
def chart(person, doctor, tmp_path):
    """Open what the person shared with the doctor."""
    shared = person("share", doctor.account, "--classes", "labs", "--yes").document

    def opens():
        out = ("--classes", "labs", "--out", tmp_path / "chart")
        return doctor("open", "--persona", shared["persona"], *out)

    return opens


def test_a_holder_revokes_a_key_and_takes_a_new_one(person, doctor, chart, network):
    assert len(chart().document["opened"]) == 1
    first = doctor("key").document
    revoked = doctor("key", "revoke", "--yes").document
    assert (revoked["account"], revoked["published"]) == (first["account"], None)
    assert len(revoked["transactions"]) == 1

    assert code_of(chart()) == (3, "E_RECEIVING_KEY")
    sealed = person("share", doctor.account, "--classes", "clinical", "--yes")
    assert code_of(sealed) == (2, "E_NO_PUBLISHED_KEY")
    assert doctor("key", "revoke", "--yes").document["transactions"] == []

    second = doctor("key", "rotate").document
    network.chain.mine(2)
    assert second["published"] not in (None, first["published"])
    # The class key lies there for the key of before, which only opens that.
    assert len(chart().document["opened"]) == 1
    assert person("records", "--sync").code == 0
    assert len(chart().document["opened"]) == 1
    assert "철회" in doctor.says("key", "revoke", "--yes", "--lang", "ko").out


def test_a_person_has_one_for_each_ward_alone(person):
    assert code_of(person("key", "revoke", "--yes")) == (2, "E_KEY_WARD")


def test_others_have_one_key_whosever_guardian_they_are(doctor):
    before = doctor("key").document
    assert code_of(doctor("key", "rotate", "--for", "0x" + "11" * 20)) == (2, "E_KEY_ONE")
    assert doctor("key").document["published"] == before["published"]


def test_nothing_is_left_at_a_custodian_that_revoked_its_key(aceso, actors, network, tmp_path):
    deployment = network.folder / "deployment.json"
    suite = Suite.connect(network.chain.url, Deployment.read(deployment))
    fourth = add_custodian(network, suite, 4)
    suite.close()
    wider, file = tmp_path / "network.json", tmp_path / "history.json"
    custodians = [*network.state["custodians"], fourth]
    wider.write_text(json.dumps({**network.state, "custodians": custodians}))
    file.write_text(json.dumps(BUNDLE))
    someone = actors("person")
    someone.network = wider
    assert someone("import", file).code == 0
    (record, *_) = someone("records").document["records"]

    folder = ("--folder", network.folder / "custodian-4")
    chain = ("--rpc", network.chain.url, "--deployment", deployment)
    revoked = aceso("custodian", "revoke", *folder, *chain, "--yes", "--json")
    again = aceso("custodian", "revoke", *folder, *chain, "--yes", "--json")

    assert revoked.document == {"address": fourth["address"], "revoked": True}
    assert again.document["revoked"] is False
    file.write_text(json.dumps(BUNDLE).replace("95", "96"))
    assert code_of(someone("import", file))[1] == "E_CUSTODIAN_KEY"
    assert someone("open", record["id"], "--out", tmp_path / "record").code == 0
