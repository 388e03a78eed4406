"""
hpke
├── opens what was sealed, with 1,136 bytes more
├── another key, another info, any flipped bit, any cut: one error
├── keys of the wrong length, or no keys at all, are refused
└── what Python seals the npm twin opens
"""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aceso import vault

TWIN = Path(__file__).parents[2] / "vectors" / "twin.mjs"


@settings(max_examples=20, deadline=None)
@given(st.binary(max_size=300), st.binary(max_size=300))
def test_round_trip(plaintext, info):
    private = vault.PrivateKey(bytes(32))

    sealed = vault.seal(private.public_key, plaintext, info=info)

    assert len(sealed) == len(plaintext) + 1_136
    assert vault.open_sealed(private, sealed, info=info) == plaintext


def test_refuses_what_was_changed(receiving):
    sealed = vault.seal(receiving.public_key, b"secret", info=b"a")
    wrong = [sealed[:-1], sealed[:10], b"", sealed + b"\0"]
    wrong += [
        bytes([*sealed[:at], sealed[at] ^ 1, *sealed[at + 1 :]])
        for at in (0, 500, 1_087, 1_088, 1_119, 1_120, len(sealed) - 1)
    ]
    for changed in wrong:
        with pytest.raises(vault.OpeningError):
            vault.open_sealed(receiving, changed, info=b"a")
    with pytest.raises(vault.OpeningError):
        vault.open_sealed(receiving, sealed, info=b"b")
    with pytest.raises(vault.OpeningError):
        vault.open_sealed(vault.PrivateKey.generate(), sealed, info=b"a")


def test_refuses_what_is_no_key(receiving):
    good = receiving.public_key.to_bytes()
    # The last two have an X25519 half of low order.
    low = [good[:1_184] + half for half in (bytes(32), b"\1" + bytes(31))]
    for bad in (b"", good[:-1], good + b"\0", b"\xff" * 1_216, *low):
        with pytest.raises(vault.FormatError):
            vault.PublicKey(bad)
    with pytest.raises(vault.FormatError):
        vault.PrivateKey(bytes(31))


def test_the_npm_twin_opens_it(receiving):
    node = shutil.which("node")
    assert node, "Node is part of the toolchain"
    sealed = vault.seal(receiving.public_key, b"from Python", info=b"aceso")
    request = {
        "does": "open",
        "privateKey": receiving.to_bytes().hex(),
        "info": b"aceso".hex(),
        "sealed": sealed.hex(),
    }

    answer = subprocess.run(
        [node, str(TWIN)], input=json.dumps(request), capture_output=True, text=True, check=True
    )

    assert bytes.fromhex(json.loads(answer.stdout)) == b"from Python"
