"""
SMART Health Cards
├── a file of cards, a bare JWS, and digits of a QR code, whole or in parts, give the same records
├── the signature is checked with a key beside the card, and the outcome says so
│   ├── without a key it says that it was not; no key is fetched
│   └── a card that was changed, or signed by another, is refused whole
├── a key ring takes files and folders, and knows a key by its thumbprint
├── two people on two cards are two, one person on two cards is one
└── bombs, cuts, other algorithms and other kinds of card are refused
"""

from __future__ import annotations

import json
import zipfile

import pytest

from aceso.formats import import_file
from aceso.formats.clinical.health_card import KeyRing, Signature
from tests.python.health_cards import Issuer, b64
from tests.python.shared_data import SHARED, needs_shared

from ..conftest import import_all

# The example key of RFC 7517, A.1.
RFC_KEY = {
    "kty": "EC",
    "crv": "P-256",
    "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
    "use": "enc",
    "kid": "1",
}


@pytest.fixture(scope="module")
def issuer():
    return Issuer()


@pytest.fixture
def keys_beside(tmp_path, issuer):
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [issuer.jwk]}))


def digits(text):
    return "".join(f"{ord(one) - 45:02d}" for one in text)


def in_parts(card):
    half = len(card) // 2
    return f"shc:/2/2/{digits(card[half:])}\nshc:/1/2/{digits(card[:half])}\n"


SHAPES = [
    lambda card: json.dumps({"verifiableCredential": [card]}),
    lambda card: "\ufeff" + json.dumps({"verifiableCredential": [card]}, indent=2),
    lambda card: card,
    lambda card: f"\r\n{card}\r\n",
    lambda card: f"shc:/{digits(card)}",
    in_parts,
]


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_of_a_card_gives_the_same_records(shape, issuer, write, importing):
    card = issuer.card()
    read = importing(write(shape(card)))

    assert read.format.name == "health-card"
    assert read.kinds == ["skipped", "imported", "imported"]
    assert read.classes == {"ENCOUNTERS", "IMMUNIZATIONS"}
    plain = importing(write(card))
    assert [one.canonical for one in read.records] == [one.canonical for one in plain.records]


def test_without_a_key_the_outcome_says_so(issuer, write, importing):
    (frame, *_) = importing(write(issuer.card())).outcomes

    assert frame.code == "signature_unchecked"
    assert "signature not checked: no key of the issuer was given" in frame.reason


@pytest.mark.usefixtures("keys_beside")
def test_a_right_signature_is_said_to_be_right(issuer, write, importing):
    (frame, *rest) = importing(write(issuer.card())).outcomes

    assert frame.code == "signature_right"
    assert "signature is right" in frame.reason
    assert [one.kind.value for one in rest] == ["imported", "imported"]


def test_keys_can_be_given_to_the_import(issuer, write, tmp_path):
    folder = tmp_path / "keys"
    folder.mkdir()
    (folder / "issuer.jwks").write_text(json.dumps(issuer.jwk))

    with import_file(write(issuer.card()), keys=(folder,)) as imported:
        assert next(imported.outcomes()).code == "signature_right"


def test_a_key_in_one_archive_with_the_card_proves_nothing(issuer, tmp_path, importing):
    path = tmp_path / "cards"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("card", issuer.card())
        archive.writestr("jwks.json", json.dumps({"keys": [issuer.jwk]}))

    assert "signature_unchecked" in importing(path).codes
    assert "signature_right" not in importing(path).codes


@pytest.mark.usefixtures("keys_beside")
def test_a_changed_card_is_refused_whole(issuer, write, importing):
    head, _, tail = issuer.card().split(".")
    _, body, _ = issuer.card(name="남").split(".")
    other = Issuer()
    forged = other.sign(b"{}", kid=issuer.kid)

    for card in (f"{head}.{body}.{tail}", forged):
        read = importing(write(card))
        assert read.kinds == ["refused"]
        assert read.codes == {"signature_wrong"}
    by_another = importing(write(other.card()))
    assert by_another.outcomes[0].code == "signature_unchecked"


def test_a_key_is_known_by_its_thumbprint(issuer, tmp_path):
    (tmp_path / "one.json").write_text(json.dumps(RFC_KEY))
    (tmp_path / "two.jwks").write_text(json.dumps({"keys": [issuer.jwk, {"kty": "RSA"}, 7]}))
    (tmp_path / "three.json").write_text("no JSON at all")
    (tmp_path / "four.json").write_text(json.dumps(RFC_KEY | {"y": RFC_KEY["x"]}))
    (tmp_path / "note.txt").write_text(json.dumps(RFC_KEY))
    ring = KeyRing.of([tmp_path])

    assert len(ring) == 2
    # The thumbprint that RFC 9278 gives for this key.
    assert "cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s" in ring._keys
    assert ring.check(issuer.card()) is Signature.RIGHT
    assert ring.check(Issuer().card()) is Signature.UNCHECKED
    assert ring.check("no card") is Signature.WRONG
    assert len(KeyRing.of([tmp_path / "two.jwks"])) == 1


def test_two_people_are_two_and_one_is_one(issuer, write, importing):
    cards = [issuer.card(), issuer.card(code="207"), issuer.card(name="남")]
    one = importing(write(json.dumps({"verifiableCredential": cards[:2]})))
    two = importing(write(json.dumps({"verifiableCredential": cards})))

    assert len({record.subject for record in one.records}) == 1
    # The card says the same of the person twice, and two vaccines.
    assert one.kinds == ["skipped", "imported", "imported", "skipped", "unchanged", "imported"]
    assert "several_people" in two.codes
    assert not two.records


def test_a_bomb_is_not_unpacked(issuer, write, importing):
    read = importing(write(issuer.sign(b'{"vc":"' + b"a" * (64 << 20) + b'"}')))

    assert read.codes == {"bomb"}


def test_what_is_no_card_is_refused_with_its_place(issuer, write, importing):
    card = issuer.card()
    head, body, tail = card.split(".")
    bad = [
        card[:-20],
        f"{head}.{body[:-40]}.{tail}",
        f"{head}.{b64(b'no deflate')}.{tail}",
        issuer.sign(b"{}"),
        issuer.sign(b'{"vc": {"credentialSubject": {"fhirBundle": 1}}}'),
        issuer.sign(b"[NaN]"),
        issuer.sign(b"{}", alg="none"),
        issuer.sign(b"{}", zip="GZIP"),
        issuer.card(fhirVersion="5.0.0"),
        issuer.card(fhirBundle={"resourceType": "Bundle", "entry": []}),
        7,
    ]
    read = importing(write(json.dumps({"verifiableCredential": [*bad, card]})))

    assert read.kinds == ["refused"] * len(bad) + ["skipped", "imported", "imported"]
    places = [one.place for one in read.outcomes]
    assert places[3] == "/verifiableCredential/3"
    assert places[-1] == f"/verifiableCredential/{len(bad)}/entry/1/resource"


@pytest.mark.parametrize(
    "text",
    [
        '{"verifiableCredential": []}',
        '{"verifiableCredential": "x"}',
        '{"verifiableCredential": [',
        "shc:/123",
        "shc:/2/3/5656",
        "shc:/56\nnonsense",
        "eyJhbGciOiJFUzI1NiJ9.abc",
    ],
)
def test_a_broken_file_of_cards_is_refused(text, write, importing):
    read = importing(write(text))

    assert read.kinds == ["refused"]
    assert read.outcomes[0].reason


@needs_shared
def test_the_payload_of_a_published_card_is_read():
    read = import_all(SHARED / "clinical" / "shc_covid-vaccines-bundle.json")

    assert read.kinds.count("imported") == 4
    kinds = [kind for record in read.records for kind in record.resource_types]
    assert set(kinds) == {"Immunization", "Patient"}
