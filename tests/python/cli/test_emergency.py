"""
aceso emergency, on a real local network
├── card: a page that another reader's QR decoder reads; the secret is in no output; private to read
├── open: breaks the glass and writes what the person chose, from the page; the person sees it
│   ├── a class that the person didn't choose keeps back no other
│   └── a card that was withdrawn from, or is none: nothing is opened, and no bond taken
├── copy: what was left with a hospital stands for the card there, and opens at its gateway alone;
│   one that has no key any more keeps back no card
├── stop: the same command reads nothing any more, exit code of a denial
├── review, collect: two of other institutions, and the bond goes where they say, and what was
│   opened with a card is told and paid when another took its place, too
├── unshare emergency: withdraws
└── what is left out or misspelt: one sentence, exit code 2
"""

import json
import stat

import numpy
import pytest
import segno
import zxingcpp

from aceso.codes import Role
from aceso.devnet import Authority
from aceso.flows import Network, Profile
from aceso.vault import EmergencyCard, FormatError

from .conftest import PASSPHRASE

COIN = 10**18
FOREVER = 2**40 - 1


@pytest.fixture(scope="module")
def chain(network):
    with Network.read(network.folder) as opened:
        yield opened


@pytest.fixture
def actor(aceso, network, chain, tmp_path):
    """Somebody new, with a profile; accredited and a member of an institution if a role is said."""
    made = 0

    def make(kind="person", role=None):
        nonlocal made
        made += 1
        home = tmp_path / f"home-{made}"

        def run(*arguments, code=0):
            done = aceso(*arguments, "--home", home, "--network", network.folder, "--json")
            assert done.code == code, (done.out, done.err)
            return done.document

        run("init", "--kind", kind, "--yes")
        if role is None:
            return run
        profile = Profile.open(home, passphrase=PASSPHRASE)
        account = profile.seed.persona(0)
        profile.close()
        authority = Authority(network, chain.suite)
        authority.fund([account.address])
        authority.accredit({account.address: role})
        sender = chain.sender(account)
        place = authority.open_institution(account.address)
        sender.send(chain.suite.participants.set_member(place, account.address, FOREVER))
        sender.send(chain.suite.sale.buy(COIN))
        key = Profile.open(home, passphrase=PASSPHRASE)
        owner = key.seed.keys(chain.suite.chain_id).owner_key().public_key.to_bytes()
        key.close()
        if chain.synced().published_key(account.address) != owner:
            sender.send(chain.suite.participants.publish_key(owner))
        network.chain.mine(2)
        return run, account, place

    return make


@pytest.fixture
def scene(actor, tmp_path):
    """A person with an allergy and a laboratory value, a card for the first, and a paramedic."""
    history = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {"resource": {"resourceType": "Patient", "id": "p"}},
            {
                "resource": {
                    "resourceType": "AllergyIntolerance",
                    "id": "a",
                    "patient": {"reference": "Patient/p"},
                    "code": {"text": "penicillin"},
                    "recordedDate": "2024-01-02",
                }
            },
        ],
    }
    path = tmp_path / "history.json"
    path.write_text(json.dumps(history))
    person = actor()
    person("import", path)
    page = tmp_path / "card.html"
    made = person("emergency", "card", "--out", page, "--classes", "allergies", "--yes")
    return person, page, made, actor("professional", Role.EMERGENCY_CLINICIAN)


def test_a_card_opens_what_was_chosen_until_it_is_stopped(scene, tmp_path, actor, chain):
    person, page, made, (paramedic, account, place) = scene
    assert made["classes"] == ["allergies"]
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert "ACESO-E1" not in json.dumps(made)
    given = ("--institution", place, "--reason", "unconscious", "--yes")

    opened = paramedic("emergency", "open", page, *given, "--out", tmp_path / "out")

    assert opened["classes"] == ["allergies"] and opened["notListed"] == []
    more = ("--classes", "labs,allergies", "--out", tmp_path / "more")
    again = paramedic("emergency", "open", page, *more)
    assert len(again["files"]) == 1
    assert [(one["class"], one["code"]) for one in again["notListed"]] == [("labs", "E_DENIED")]
    assert any(b"penicillin" in path.read_bytes() for path in (tmp_path / "out").iterdir())
    (seen,) = person("emergency", "status")["openings"]
    assert (seen["open"], seen["clinician"], seen["reason"]) == (
        True,
        account.address,
        "UNCONSCIOUS",
    )
    assert seen["number"] == opened["number"]
    stands = {"kind": "emergency", "at": opened["until"], "who": account.address}
    assert person("who-can-see")["alarms"] == [stands]

    guardian = actor()
    theirs = guardian("guardian", "account", "--for", made["persona"])["account"]
    person("emergency", "let-stop", theirs)
    guardian("guardian", "accept", "--for", made["persona"])
    guardian("emergency", "stop", account.address, "--for", made["persona"])
    (seen,) = person("emergency", "status")["openings"]
    assert (seen["open"], seen["stopped"]) == (False, True)

    refused = paramedic("emergency", "open", page, *given, code=5)
    assert refused["error"]["code"] == "E_REFUSED_EMERGENCY_WAS_STOPPED"
    before = chain.suite.coin.balance_of(account.address)
    for _ in range(2):
        reviewer, _, theirs = actor("professional", Role.ETHICS_BOARD)
        said = reviewer(
            "emergency", "review", opened["number"], "--institution", theirs, "--unjustified"
        )
    assert said["outcome"] == "unjustified"
    bond = chain.suite.emergencies.bond()
    # Another card hides nothing of the one before, and keeps nothing back that is owed to it.
    person("emergency", "card", "--new", "--out", page, "--classes", "allergies", "--yes")
    (seen,) = person("emergency", "status")["openings"]
    assert (seen["persona"], seen["outcome"]) == (made["persona"], "unjustified")
    taken = person("emergency", "collect", account.address)
    assert taken["amount"] == str(bond)
    assert chain.suite.coin.balance_of(account.address) == before + bond
    person("unshare", "emergency", "--yes")
    assert person("consents")["consents"] == []


def test_a_card_that_opens_nothing_takes_no_bond(scene, chain, tmp_path):
    person, page, _, (paramedic, account, place) = scene
    given = ("--institution", place, "--reason", "unconscious", "--yes", "--out", tmp_path / "out")
    before = chain.suite.coin.balance_of(account.address)
    none = paramedic("emergency", "open", tmp_path / "history.json", *given, code=3)
    assert none["error"]["code"] == "E_EMERGENCY_CARD"
    person("unshare", "emergency", "--yes")

    refused = paramedic("emergency", "open", page, *given, code=4)

    assert refused["error"]["code"] == "E_EMERGENCY_NOTHING"
    assert chain.suite.coin.balance_of(account.address) == before
    assert person("emergency", "status")["openings"] == []


def test_a_copy_at_the_hospital_stands_for_a_card_at_home(
    scene, actor, aceso, network, tmp_path, monkeypatch
):
    person, page, _, (paramedic, _account, place) = scene
    made = person(
        *("emergency", "card", "--new", "--out", page, "--classes", "allergies"),
        *("--institution", place, "--yes"),
    )
    copy = made["files"][1]
    # --home is of the paramedic; the hospital's gateway is another's, but for this one place.
    given = ("--institution", place, "--reason", "unconscious", "--yes", "--classes", "allergies")
    monkeypatch.setenv("ACESO_GATEWAY_PASSPHRASE", PASSPHRASE)
    without = paramedic("emergency", "open", copy, *given, code=2)
    assert without["error"]["code"] == "E_EMERGENCY_OPTION"
    other = tmp_path / "home-1"
    refused = paramedic("emergency", "open", copy, *given, "--gateway", other, code=6)
    assert refused["error"]["code"] == "E_VAULT_NOT_OPENED"

    out = ("--out", tmp_path / "out")
    paramedic("emergency", "open", copy, *given, "--gateway", tmp_path / "home-2", *out)

    assert any(b"penicillin" in path.read_bytes() for path in (tmp_path / "out").iterdir())
    numbers = aceso(
        *("emergency", "statistics", "--institution", place, "--json"),
        *("--home", tmp_path / "nobody", "--network", network.folder),
    ).document
    assert (numbers["opened"], numbers["pending"], numbers["institution"]) == (1, 1, place)
    # The next card is for the same hospitals.
    again = person(
        *("emergency", "card", "--new", "--out", page, "--classes", "allergies", "--yes")
    )
    assert len(again["files"]) == 2
    # One that there is none of is not remembered, and one without a key keeps back no card.
    anew = ("emergency", "card", "--out", page, "--classes", "allergies", "--yes")
    refused = person(*anew, "--institution", 999, code=3)
    assert refused["error"]["code"] == "E_GRANTEE_UNKNOWN"
    paramedic("key", "revoke", "--yes")
    last = person(*anew)
    assert len(last["files"]) == 1
    assert [one["institution"] for one in last["unsealed"]] == [place]


def test_another_reader_reads_the_code(chain, scene):
    _, page, made, _ = scene
    text = page.read_text("utf-8")
    shown = text.split("<p><code>")[1].split("</code>")[0]
    card = EmergencyCard.from_text(shown)
    assert card.persona == made["persona"]
    assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org/2000/svg", "")

    drawn = segno.make(card.to_text(), error="q", micro=False)
    cells = numpy.array([list(row) for row in drawn.matrix_iter(scale=4, border=4)], numpy.uint8)
    (found,) = zxingcpp.read_barcodes(numpy.where(cells, 0, 255).astype(numpy.uint8))

    assert found.text == card.to_text()
    assert drawn.svg_inline(scale=5, dark="#000") in text


def test_a_misread_card_is_refused(scene):
    _, page, _, _ = scene
    text = page.read_text("utf-8").split("<p><code>")[1].split("</code>")[0].replace(" ", "")
    for at in (9, 40, len(text) - 2):
        wrong = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
        with pytest.raises(FormatError):
            EmergencyCard.from_text(wrong)
    for wrong in (text[:-8], "ACESO-E1:", "hello", ""):
        with pytest.raises(FormatError):
            EmergencyCard.from_text(wrong)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (("emergency", "review", "one"), "E_EMERGENCY_NUMBER"),
        (("emergency", "review", "1"), "E_EMERGENCY_OPTION"),
        (("emergency", "stop", "0x12"), "E_ADDRESS"),
    ],
)
def test_what_is_left_out_is_said(actor, given, code):
    assert actor("professional")(*given, code=2)["error"]["code"] == code


def test_an_emergency_is_shared_by_a_card_alone(actor):
    person = actor()
    said = person("share", "emergency", "--classes", "labs", "--uses", "ETREAT", "--yes", code=2)
    assert said["error"]["code"] == "E_EMERGENCY_SHARE"


def test_without_a_card_there_is_nothing_to_stop(actor):
    person = actor()
    assert person("emergency", "status")["openings"] == []
    said = person("emergency", "stop", "0x" + "11" * 20, code=3)
    assert said["error"]["code"] == "E_NO_EMERGENCY_CARD"
    assert person("emergency", "card", code=2)["error"]["code"] == "E_EMERGENCY_OPTION"
