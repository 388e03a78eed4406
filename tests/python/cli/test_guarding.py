"""
aceso guardian and recovery, on a real local network
├── a seed is prepared, lost, and brought back by two of three guardians: the vault opens again
│   ├── before the delay is over: exit code 4
│   └── with one guardian's words: nothing is written
├── a guardian who has not accepted signs nothing for a recovery
├── a veto: status shows none, and finish is refused
├── the words of a guardian are in a file that nobody else may read
│   └── prepared anew for others into that folder: refused, until the words of before are gone
├── guardians are listed with their powers; removed, they are gone
├── a guardian is entrusted with classes, reads them, lets somebody in who reads, and resigns
├── a guardian's key is changed, and what is there opens; revoked, nothing is released to it
├── two physicians attest incapacity; the person objects
├── a will is written, shown, carried out and taken back
│  └── it is made with the first guardian, who carries it out after the death, without a file
├── majority: a new seed takes a vault over, and the old one finds nothing
│   └── a custodian that is away is named, exit code 5; done again, it is asked
└── what is left out or misspelt: one sentence, exit code 2
"""

import json
import stat
from datetime import UTC, datetime

import pytest

from .conftest import PASSPHRASE

DAY = 86_400


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
    assert asker(*finish, words[1], code=6)["error"]["code"] == "E_RECOVERY_WORDS"
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


def test_who_has_not_accepted_signs_nothing(actor, tmp_path):
    person, guardian = actor(), actor("professional")
    persona = person("guardian", "list")["persona"]
    account = guardian("guardian", "account", "--for", persona)["account"]
    other, out = "0x" + "11" * 20, tmp_path / "support.json"
    prepare = ("recovery", "prepare", account, other, "--out", tmp_path / "words", "--yes")
    person(*prepare)
    support = ("recovery", "support", "--for", persona, "--requester", other, "--out", out)

    refused = guardian(*support, code=4)["error"]

    assert (refused["code"], out.exists()) == ("E_RECOVERY_NO_GUARDIAN", False)
    guardian("guardian", "accept", "--for", persona)
    guardian(*support)
    assert json.loads(out.read_text())["guardian"] == account


def test_a_veto_stops_it(scene, network, tmp_path):
    person, asker, _, persona, _, prepared = scene
    start(scene, tmp_path)
    requester = person("recovery", "status")["requester"]
    (stands,) = person("records", "--sync")["alarms"]
    assert (stands["kind"], stands["who"]) == ("recovery", requester)

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


def test_words_of_before_are_not_left_beside_new_ones(scene, tmp_path):
    person, *_, accounts, _ = scene
    folder = tmp_path / "words"
    before = {path: path.read_text() for path in folder.iterdir()}
    anew = ("recovery", "prepare", *accounts[:2], "--out", folder, "--yes")

    refused = person(*anew, code=3)["error"]

    assert refused["code"] == "E_RECOVERY_FOLDER"
    assert f"{accounts[2]}.words" in refused["message"]
    assert {path: path.read_text() for path in folder.iterdir()} == before
    (folder / f"{accounts[2]}.words").unlink()
    assert len(person(*anew)["files"]) == 2
    assert all(path.read_text() != before[path] for path in folder.iterdir())


def test_guardians_are_listed_and_removed(scene):
    person, _, _, _, accounts, prepared = scene
    assert prepared["will"] == person("will", "show")["will"] is not None
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


def test_a_custodian_that_is_away_at_majority_is_named(
    actor, aceso, network, without, tmp_path, monkeypatch
):
    old, new = actor(), actor()
    history = tmp_path / "weights.csv"
    history.write_text("date,weight (kg)\n2024-03-01,70.5\n")
    old("import", history)
    monkeypatch.setenv("ACESO_OLD_PASSPHRASE", PASSPHRASE)
    majority = ("majority", "--of", tmp_path / "home-1", "--yes")
    away = network.state["custodians"][2]["address"]

    done = aceso(*majority, "--home", tmp_path / "home-2", "--network", without(2))

    assert done.code == 5
    assert away in done.out
    assert new(*majority)["waiting"] == []


def majority_of(network, days=200):
    moment = datetime.fromtimestamp(network.chain.now + days * DAY, UTC)
    return moment.date().isoformat()


def test_a_guardian_reads_what_was_entrusted_and_lets_somebody_in(actor, network, tmp_path):
    person, guardian, doctor = actor(), actor("person"), actor("professional")
    person("import", labs(tmp_path))
    persona = person("guardian", "list")["persona"]
    ward = ("--for", persona)
    account = guardian("guardian", "account", *ward)
    assert account["published"]
    name = ("guardian", "name", account["account"], "--powers", "share")
    person(*name, "--majority", majority_of(network), "--yes")
    guardian("guardian", "accept", *ward)
    person("guardian", "entrust", account["account"], "--classes", "labs", "--yes")
    shown = [one["grantee"] for one in person("consents")["consents"]]
    assert shown == [f"guardian:{account['account']}"]

    read = guardian("guardian", "read", *ward, "--classes", "labs", "--out", tmp_path / "read")
    reader = doctor("guardian", "account", *ward)["account"]
    guardian("guardian", "share", reader, *ward, "--until", "30d")

    assert len(read["opened"]) == 3
    opening = ("open", "--persona", persona, "--classes", "labs", "--out", tmp_path / "doctor")
    by = ("--guardian", account["account"])
    assert len(doctor(*opening, *by)["opened"]) == 3
    synced = guardian("guardian", "sync", *ward)
    assert (synced["keys"], set(synced["letIn"])) == (1, {reader, account["account"]})
    guardian("guardian", "resign", *ward)
    assert doctor(*opening, *by, code=4)["error"]["code"] == "E_DENIED"


def test_a_guardian_changes_and_revokes_the_key_for_a_ward(actor, network, tmp_path):
    person, guardian = actor(), actor("person")
    person("import", labs(tmp_path))
    persona = person("guardian", "list")["persona"]
    ward = ("--for", persona)
    account = guardian("guardian", "account", *ward)["account"]
    first = guardian("key", "show", *ward)
    name = ("guardian", "name", account, "--powers", "share")
    person(*name, "--majority", majority_of(network), "--yes")
    guardian("guardian", "accept", *ward)
    person("guardian", "entrust", account, "--classes", "labs", "--yes")
    read = ("guardian", "read", *ward, "--classes", "labs", "--out", tmp_path / "read")

    second = guardian("key", "rotate", *ward)
    network.chain.mine(2)

    assert (first["account"], second["account"]) == (account, account)
    assert second["published"] not in (None, first["published"])
    # Sealed to the key of before, and to the new one once the ward's device heard of it.
    assert len(guardian(*read)["opened"]) == 3
    person("records", "--sync")
    assert len(guardian(*read)["opened"]) == 3
    assert guardian("key", "revoke", *ward, "--yes")["published"] is None
    network.chain.mine(2)
    assert guardian(*read, code=3)["error"]["code"] == "E_RECEIVING_KEY"


def test_two_physicians_attest_and_the_person_objects(actor, aceso, network, tmp_path):
    person, physicians = actor(), [actor("institution"), actor("institution")]
    persona = person("guardian", "list")["persona"]
    ward = ("--for", persona)
    said = []
    for action, one in zip(("attest", "confirm"), physicians, strict=True):
        account = one("guardian", "account", *ward)["account"]
        done = one("accredit", account, "--role", "physician", "--institution")
        one("member", done["institution"], account, "--until", "90d")
        place = ("--institution", done["institution"])
        said.append(one("guardian", action, "incapacity", *ward, *place))
    assert [one["confirmed"] for one in said] == [False, True]
    claim = person("guardian", "status")["claims"]["incapacity"]
    assert claim == {"inForceFrom": said[1]["inForceFrom"], "inForce": False, "objections": 0}
    assert person("guardian", "status")["minor"] is False
    stands = {"kind": "incapacity", "at": claim["inForceFrom"], "who": None}
    assert person("who-can-see")["alarms"] == [stands]

    person("guardian", "contest", "incapacity")

    assert person("who-can-see")["alarms"] == []
    after = physicians[0]("guardian", "status", *ward)["claims"]["incapacity"]
    assert after == {"inForceFrom": None, "inForce": False, "objections": 1}


def test_a_will_is_written_shown_carried_out_and_taken_back(actor, aceso, network, tmp_path):
    person, one, other, executor = actor(), *(actor("professional") for _ in range(3))
    person("import", labs(tmp_path))
    accounts = [
        who("guardian", "account", "--for", "0x" + "11" * 20)["account"] for who in (one, other)
    ]
    for account in accounts:
        person("share", account, "--classes", "labs", "--yes")
    file = tmp_path / "will.json"

    written = person("will", "write", "--keep", accounts[1], "--out", file, "--yes")

    assert written["ends"] == [accounts[0]]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert person("will", "show")["will"] == written["digest"]
    shown = executor("will", "show", file)
    assert (shown["committedBy"], shown["digest"]) == (written["persona"], written["digest"])
    assert [one["grantee"] for one in shown["ends"]] == [accounts[0]]
    korean = aceso("will", "show", file, "--lang", "ko", "--network", network.folder)
    assert "끝내는 동의 1건" in korean.out
    assert executor("will", "carry", file, "--yes")["ended"] == 1
    assert [row["grantee"] for row in person("consents")["consents"]] == [accounts[1]]
    stands = aceso("guardian", "status", "--for", written["persona"], "--network", network.folder)
    assert "when the will is carried out" in stands.out
    assert person("will", "revoke", "--yes")["keptBy"] == {}
    assert person("guardian", "name", accounts[0], "--yes")["will"] is None
    assert person("will", "show") == {"will": None, "withCustodians": False, "keep": []}
    assert executor("will", "show", file)["committedBy"] is None
    ward = ("guardian", "status", "--for", written["persona"], "--network", network.folder)
    assert "유언이 없습니다" in aceso(*ward, "--lang", "ko").out


def test_a_guardian_carries_out_the_will_that_was_made_as_they_were_named(actor, network):
    person, guardian, reader = actor(), actor("professional"), actor("professional")
    physicians = [actor("institution"), actor("institution")]
    persona = person("guardian", "list")["persona"]
    ward = ("--for", persona)
    account = guardian("guardian", "account", *ward)["account"]
    made = person("guardian", "name", account, "--yes")
    shown = person("will", "show")
    assert shown == {"will": made["will"], "withCustodians": True, "keep": []}
    guardian("guardian", "accept", *ward)
    other = reader("guardian", "account", *ward)["account"]
    person("share", other, "--classes", "labs", "--yes")
    early = guardian("will", "carry", *ward, "--yes", code=4)
    assert early["error"]["code"] == "E_WILL_NOT_DUE"
    for action, physician in zip(("attest", "confirm"), physicians, strict=True):
        of = physician("guardian", "account", *ward)["account"]
        done = physician("accredit", of, "--role", "physician", "--institution")
        physician("member", done["institution"], of, "--until", "90d")
        physician("guardian", action, "death", *ward, "--institution", done["institution"])
    wait(network, 14 * DAY + 60)

    assert guardian("will", "carry", *ward, "--yes")["ended"] == 1

    assert person("consents")["consents"] == []


def labs(tmp_path):
    path = tmp_path / "labs.json"
    entries = [
        {
            "resource": {
                "resourceType": "Observation",
                "id": f"observation-{day}",
                "status": "final",
                "subject": {"reference": "Patient/1"},
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
                "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]},
                "effectiveDateTime": f"2024-01-0{day}",
                "valueQuantity": {"value": 13, "unit": "g/dL"},
            }
        }
        for day in (1, 2)
    ]
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    return path


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("guardian", "accept"), "E_GUARDIAN_WARD"),
        (("guardian", "name"), "E_GUARDIAN_ACCOUNT"),
        (("guardian", "entrust", "0x" + "11" * 20), "E_GUARDIAN_OPTION"),
        (("guardian", "attest", "death", "--for", "0x" + "11" * 20), "E_GUARDIAN_OPTION"),
        (("will", "carry"), "E_WILL_FILE"),
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
