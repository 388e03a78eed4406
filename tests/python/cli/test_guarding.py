"""
aceso guardian and recovery, on a real local network
├── a seed is prepared, lost, and brought back by two of three guardians: the vault opens again
│   ├── before the delay is over: exit code 4
│   └── with one guardian's words: nothing is written
├── a veto: status shows none, and finish is refused
├── the words of a guardian are in a file that nobody else may read
├── guardians are listed with their powers; removed, they are gone
├── majority: a new seed takes a vault over, and the old one finds nothing
└── what is left out or misspelt: one sentence, exit code 2
"""

import stat

import pytest

from aceso.devnet import Devnet, with_suite

from .conftest import PASSPHRASE

DAY = 86_400


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    with Devnet.start(tmp_path_factory.mktemp("network"), stages=[with_suite()]) as started:
        yield started


@pytest.fixture
def actor(aceso, network, tmp_path):
    """Somebody new, with a profile."""
    made = 0

    def make(kind="person"):
        nonlocal made
        made += 1
        home = tmp_path / f"home-{made}"

        def run(*arguments, code=0):
            done = aceso(*arguments, "--home", home, "--network", network.folder, "--json")
            assert done.code == code, (done.out, done.err)
            return done.document

        run("init", "--kind", kind, "--yes")
        return run

    return make


@pytest.fixture
def scene(actor, tmp_path):
    """A person with three guardians, prepared two of three, and somebody who asks to recover."""
    person, asker = actor(), actor("professional")
    guardians = [actor("professional") for _ in range(3)]
    persona = person("guardian", "list")["persona"]
    accounts = [one("guardian", "account", "--for", persona)["account"] for one in guardians]
    prepared = person(
        "recovery", "prepare", *accounts, "--threshold", "2", "--out", tmp_path / "words", "--yes"
    )
    for one in guardians:
        one("guardian", "accept", "--for", persona)
    return person, asker, guardians, persona, accounts, prepared


def start(scene, tmp_path):
    _, asker, guardians, persona, _, _ = scene
    requester = asker("guardian", "account", "--for", persona)["account"]
    common = ("--for", persona, "--requester", requester)
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    said = guardians[0]("recovery", "support", *common, "--out", first)
    late = ("--deadline", said["deadline"])
    guardians[2]("recovery", "support", *common, *late, "--out", second)
    return asker("recovery", "start", first, second)


def wait(network, seconds):
    network.chain.advance_time(seconds)
    network.chain.mine(2)


def test_a_lost_seed_comes_back(scene, network, aceso, tmp_path, monkeypatch):
    person, asker, _, persona, _, prepared = scene
    history = tmp_path / "history.csv"
    history.write_text("date,weight (kg)\n2024-03-01,70.5\n")
    person("import", history)
    kept = len(person("records")["records"])
    started = start(scene, tmp_path)
    words = prepared["files"]
    found = tmp_path / "found.words"
    finish = ("recovery", "finish", "--for", persona, "--out", found)

    assert asker(*finish, words[0], words[1], code=4)["error"]["code"] == "E_RECOVERY_NOT_READY"
    assert asker("recovery", "status", "--for", persona)["readyAt"] == started["readyAt"]
    wait(network, 3 * DAY + 60)
    assert asker(*finish, words[1], code=6)["error"]["code"] == "E_VAULT_NOT_OPENED"
    assert not found.exists()
    asker(*finish, words[2], words[0])

    assert stat.S_IMODE(found.stat().st_mode) == 0o600
    monkeypatch.setenv("ACESO_PASSPHRASE", PASSPHRASE)
    again = aceso(
        *("init", "--restore", "--words", found, "--yes", "--json"),
        *("--home", tmp_path / "again", "--network", network.folder),
    )
    assert again.code == 0
    assert again.document["records"] == kept > 0


def test_a_veto_stops_it(scene, network, tmp_path):
    person, asker, _, persona, _, prepared = scene
    start(scene, tmp_path)
    assert person("recovery", "status")["requester"] is not None

    person("recovery", "veto")

    assert person("recovery", "status")["requester"] is None
    wait(network, 4 * DAY)
    out = ("--for", persona, "--out", tmp_path / "found.words")
    refused = asker("recovery", "finish", *out, *prepared["files"], code=4)
    assert refused["error"]["code"] == "E_RECOVERY_NOT_READY"


def test_words_are_for_nobody_else(scene, tmp_path):
    *_, accounts, prepared = scene
    assert len(prepared["files"]) == 3
    for account, file in zip(accounts, sorted(prepared["files"]), strict=False):
        assert account.startswith("0x")
        assert stat.S_IMODE((tmp_path / file).stat().st_mode) == 0o600


def test_guardians_are_listed_and_removed(scene):
    person, _, _, _, accounts, _ = scene
    listed = person("guardian", "list")["guardians"]
    assert {one["account"] for one in listed} == set(accounts)
    assert all(one["accepted"] and one["powers"] == ["stop", "recover"] for one in listed)

    person("guardian", "remove", accounts[1])

    left = {one["account"] for one in person("guardian", "list")["guardians"]}
    assert left == {accounts[0], accounts[2]}


def test_a_new_seed_takes_a_vault_over(actor, tmp_path, monkeypatch):
    old, new = actor(), actor()
    history = tmp_path / "weights.csv"
    history.write_text("date,weight (kg)\n2024-03-01,70.5\n2024-03-02,70.4\n")
    old("import", history)
    kept = {one["id"] for one in old("records")["records"]}
    monkeypatch.setenv("ACESO_OLD_PASSPHRASE", PASSPHRASE)

    done = new("majority", "--of", tmp_path / "home-1", "--yes")

    assert done["records"] == done["deleted"] == len(kept) > 0
    assert {one["id"] for one in new("records")["records"]} == kept
    assert old("records")["records"] == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("guardian", "accept"), "E_GUARDIAN_WARD"),
        (("guardian", "name"), "E_GUARDIAN_ACCOUNT"),
        (("guardian", "contest", "old-age"), "E_GUARDIAN_CLAIM"),
        (("guardian", "name", "0x" + "11" * 20, "--powers", "read"), "E_GUARDIAN_POWER"),
        (
            ("guardian", "name", "0x" + "11" * 20, "--majority", "soon", "--yes"),
            "E_GUARDIAN_DATE",
        ),
        (("recovery", "prepare", "0x" + "11" * 20), "E_RECOVERY_OUT"),
        (("recovery", "start", "nowhere.json"), "E_GUARDIAN_FILE"),
    ],
)
def test_what_is_left_out(actor, arguments, code):
    person = actor()
    refused = person(*arguments, code=3 if code == "E_GUARDIAN_FILE" else 2)
    assert refused["error"]["code"] == code
