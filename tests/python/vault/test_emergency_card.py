"""
The text of an emergency card
├── is what docs/vault-format.md says, put together by hand here
├── comes back as it was, also typed in small letters and groups
├── shows no secret in its representation
└── refused: another letter anywhere, cut, longer, another mark
"""

from __future__ import annotations

import base64
import hashlib

import pytest

from aceso.vault import EmergencyCard, FormatError, OpeningError, PrivateKey, Seed

CONTRACT, PERSONA = bytes(range(1, 21)), bytes(range(101, 121))
SECRET = bytes(range(32))
BODY = (31337).to_bytes(8, "big") + CONTRACT + PERSONA + SECRET
CHECK = hashlib.sha256(b"aceso/v1/emergency-card\0" + BODY).digest()[:4]
TEXT = "ACESO-E1:" + base64.b32encode(BODY + CHECK).decode().rstrip("=")


@pytest.fixture
def card() -> EmergencyCard:
    return EmergencyCard.from_text(TEXT)


def test_is_what_the_format_says(card: EmergencyCard) -> None:
    assert card.chain_id == 31337
    assert bytes.fromhex(card.contract[2:]) == CONTRACT
    assert bytes.fromhex(card.persona[2:]) == PERSONA
    assert card.secret.to_bytes() == SECRET
    assert card.to_text() == TEXT


def test_is_read_as_a_hand_types_it(card: EmergencyCard) -> None:
    typed = "\n".join(TEXT[at : at + 7].lower() + " " for at in range(0, len(TEXT), 7))

    assert EmergencyCard.from_text(typed).to_text() == TEXT


def test_shows_no_secret(card: EmergencyCard) -> None:
    assert SECRET.hex() not in repr(card)
    assert TEXT[40:] not in repr(card)


@pytest.mark.parametrize("at", range(9, len(TEXT)))
def test_refuses_another_letter(at: int) -> None:
    other = "A" if TEXT[at] != "A" else "Q"

    with pytest.raises(FormatError):
        EmergencyCard.from_text(TEXT[:at] + other + TEXT[at + 1 :])


@pytest.mark.parametrize("wrong", [TEXT[:-8], TEXT + "AAAAAAAA", TEXT[9:], "ACESO-E2:" + TEXT[9:]])
def test_refuses_another_form(wrong: str) -> None:
    with pytest.raises(FormatError):
        EmergencyCard.from_text(wrong)


def test_a_sealed_copy_is_for_one(card: EmergencyCard) -> None:
    ours = PrivateKey.generate()
    sealed = card.seal(ours.public_key)

    assert EmergencyCard.open(sealed, ours).to_text() == TEXT
    with pytest.raises(OpeningError):
        EmergencyCard.open(sealed, PrivateKey.generate())


def test_each_persona_has_a_secret_of_its_own() -> None:
    keys = Seed.make().keys(31337)
    secrets = {keys.emergency_key(index).to_bytes() for index in range(2, 6)}

    assert len(secrets | {keys.owner_key().to_bytes(), keys.class_key(1, 2).to_bytes()}) == 6
