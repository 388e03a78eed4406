"""
aceso custodian
├── init makes the keys once, from an account's key on standard input if asked
├── rotate makes a new key beside the old one, and says what comes next
├── init and seal have a token seal the keys, and say what still opens without it
├── status says what a custodian sees, or that none answers
└── names what is missing, without ever showing a key
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from eth_account import Account

from tests.python.softhsm import LABEL, PIN, SoftHsm

HEALTH = {"status": "ok", "address": "0x1234", "block": 12, "confirmed": 11, "relays": "ok"}


def test_init_makes_the_keys_once(aceso, tmp_path):
    account = Account.create()
    made = aceso(
        "custodian",
        "init",
        "--folder",
        tmp_path / "c",
        "--private-key-stdin",
        "--json",
        typed=account.key.hex() + "\n",
    )
    assert made.code == 0
    assert made.document["address"] == account.address
    again = aceso("custodian", "init", "--folder", tmp_path / "c")
    assert again.code == 2
    assert "is not replaced" in again.err
    for text in (made.out, made.err, again.out, again.err):
        assert account.key.hex() not in text


def test_init_quotes_no_key_that_is_none(aceso, tmp_path):
    made = aceso(
        "custodian", "init", "--folder", tmp_path, "--private-key-stdin", typed="0xsecret\n"
    )
    assert made.code == 2
    assert "secret" not in made.out + made.err


def test_rotate_makes_a_new_key_beside_the_old_one(aceso, tmp_path):
    first = aceso("custodian", "init", "--folder", tmp_path, "--json").document
    second = aceso("custodian", "rotate", "--folder", tmp_path, "--json").document
    assert second["address"] == first["address"]
    assert second["publicKey"] != first["publicKey"]
    assert second["retired"] == 1
    assert "custodian publish" in aceso("custodian", "rotate", "--folder", tmp_path).out
    assert "열쇠 3개" in aceso("custodian", "rotate", "--folder", tmp_path, "--lang", "ko").out


def test_a_token_seals_the_keys(aceso, tmp_path, monkeypatch):
    hsm = SoftHsm.make(tmp_path / "hsm")
    for name, value in hsm.settings.items():
        monkeypatch.setenv(name, value)
    token = ("--pkcs11", hsm.token.module, "--token", LABEL)
    made = aceso("custodian", "init", "--folder", tmp_path / "made", *token)
    assert made.code == 0
    assert f"of token {LABEL} alone" in made.out
    aceso("custodian", "init", "--folder", tmp_path / "old")
    sealed = aceso("custodian", "seal", "--folder", tmp_path / "old", *token)
    assert sealed.code == 0
    assert "still opens without the token" in sealed.out
    for folder in ("made", "old"):
        assert json.loads((tmp_path / folder / "custodian.key").read_text())["token"] == LABEL
    again = aceso("custodian", "seal", "--folder", tmp_path / "old", *token, "--lang", "ko")
    assert again.code == 2
    assert "이미 토큰으로 봉인" in again.err
    monkeypatch.setenv("ACESO_CUSTODIAN_PIN", "wrong-pin")
    wrong = aceso("custodian", "rotate", "--folder", tmp_path / "old")
    assert wrong.code == 2
    assert "refuses the PIN" in wrong.err
    for told in (made, sealed, again, wrong):
        assert PIN not in told.out + told.err
        assert "wrong-pin" not in told.out + told.err


@pytest.fixture
def served() -> Iterator[str]:
    """Something that says it is well."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps(HEALTH).encode()
            self.send_response(200 if self.path == "/health" else 404)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_status_says_what_it_sees(aceso, served):
    told = aceso("custodian", "status", "--url", served)
    assert told.code == 0
    assert "0x1234" in told.out and "newest block" in told.out
    assert aceso("custodian", "status", "--url", served, "--json").document == HEALTH


def test_status_says_that_none_answers(aceso):
    told = aceso("custodian", "status", "--url", "http://127.0.0.1:1")
    assert told.code == 5
    assert "No custodian answers" in told.err


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (("init",), "--folder"),
        (("init", "--folder", "here", "--pkcs11", "/lib.so"), "--token"),
        (("seal", "--folder", "here", "--token", "hospital"), "--pkcs11"),
        (("status",), "--url"),
        (("serve", "--folder", "here"), "--rpc"),
        (("serve", "--rpc", "http://127.0.0.1:1"), "--folder"),
        (("answer", "--folder", "here", "--deployment", "there"), "--rpc"),
        (("publish", "--rpc", "http://127.0.0.1:1", "--folder", "here"), "--deployment"),
    ],
)
def test_names_what_is_missing(aceso, arguments, option):
    told = aceso("custodian", *arguments, "--json")
    assert told.code == 2
    assert option in told.err + told.out
