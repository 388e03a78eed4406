"""Whatever is sent, the answer is a sentence and a code, and never a status of 500 or more.

bodies      not JSON, too large, never ending, deep, of other types, with unknown fields
fields      each field of each message taken away, and replaced by each of a list of nasty values
messages    have exactly the fields of the typed messages
key file    loose permissions, missing, something else
"""

from __future__ import annotations

import copy
import json
import os
import socket
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from aceso.custody import CustodianKeys, KeyFileError, SignedRequest, _wire
from aceso.custody.__main__ import main
from aceso.typed_data import TYPES

from .conftest import Network, Person, Shared

_NASTY: list[Any] = [
    None,
    True,
    0,
    -1,
    1 << 300,
    1.5,
    "",
    "0x",
    "0x00",
    "zz",
    "0x" + "ff" * 20,
    "0x" + "00" * 32,
    "0x" + "ab" * 5000,
    "\ud800",
    "\0",
    "9" * 5000,
    [],
    ["0x" + "11" * 20] * 17,
    {},
    {"a": {"b": []}},
    float("nan"),
]


def _bodies(network: Network, person: Person, shared: Shared) -> dict[str, dict[str, Any]]:
    """One good body for each address that takes one."""
    keeper = network.keepers[0]
    domain = network.suite.domain("ConsentRegistry")
    request = SignedRequest.sign(
        shared.reader.account, "ListRequest", shared.message(keeper), domain
    ).body()
    release = SignedRequest.sign(
        shared.reader.account, "ReleaseRequest", shared.message(keeper, "ReleaseRequest"), domain
    ).body()
    opening = person.opening()
    list_key = person.list_key.address
    word, signature = "0x" + "11" * 32, "0x" + "22" * 65
    opens = {
        "message": _wire.to_json(opening.opening.message()),
        "personaSignature": "0x" + opening.persona_signature.hex(),
        "listSignature": "0x" + opening.list_signature.hex(),
    }
    return {
        "/lists": opens,
        "/batches": {"acts": [opens | {"type": "open"}]},
        f"/lists/{list_key}/records": {
            "message": {
                "listKey": list_key,
                "recordId": word,
                "entry": word,
                "issuer": person.persona.address,
            },
            "signature": signature,
            "entry": "AAAA",
        },
        f"/lists/{list_key}/keys": {
            "message": {
                "listKey": list_key,
                "persona": person.persona.address,
                "grantee": word,
                "dataClass": 16,
                "epoch": 0,
                "receivingKey": word,
                "sealedKey": word,
            },
            "signature": signature,
            "sealedKey": "AAAA",
        },
        "/list": request | {"after": 0},
        "/release": release | {"capsule": word, "proof": [word]},
        "/heads": {
            "message": {"headKey": list_key, "version": 1, "cid": "bafkrei"},
            "signature": signature,
        },
        "/recoveries": {
            "message": {
                "persona": list_key,
                "version": 1,
                "custodian": keeper.keys.address,
                "deposit": word,
            },
            "signature": signature,
            "deposit": "AAAA",
        },
        "/recoveries/release": {
            "message": {
                "persona": list_key,
                "requester": list_key,
                "receivingKey": "0x" + "11" * 1216,
                "custodian": keeper.keys.address,
                "nonce": word,
                "deadline": 1,
            },
            "signature": signature,
        },
        "/recoveries/deletions": {
            "message": {"persona": list_key, "version": 1, "custodian": keeper.keys.address},
            "signature": signature,
        },
        "/wills": {
            "message": {
                "persona": list_key,
                "version": 1,
                "custodian": keeper.keys.address,
                "deposit": word,
            },
            "signature": signature,
            "deposit": "AAAA",
        },
        "/wills/release": {
            "message": {
                "persona": list_key,
                "requester": list_key,
                "receivingKey": "0x" + "11" * 1216,
                "custodian": keeper.keys.address,
                "nonce": word,
                "deadline": 1,
            },
            "signature": signature,
        },
        "/wills/deletions": {
            "message": {"persona": list_key, "version": 1, "custodian": keeper.keys.address},
            "signature": signature,
        },
        "/withdrawals": {
            "type": "Bar",
            "message": {"subject": list_key, "actor": list_key, "bars": 0},
            "signature": signature,
        },
        "/deletions": {"message": {"listKey": list_key, "recordId": word}, "signature": signature},
        "/orders/5/extract": {
            "message": {
                "order": 5,
                "subject": list_key,
                "recordId": word,
                "entry": word,
                "extract": word,
                "capsule": word,
            },
            "signature": signature,
            "entry": "AAAA",
        },
        "/orders/5/entry": request | {"proof": [word]},
        "/orders/5/held": {
            "part": word,
            "members": [person.persona.address],
            "threshold": 1,
            "signers": 1,
            "signatures": [signature],
        },
        "/orders/5/parts": {
            "message": {
                "reader": person.persona.address,
                "order": "5",
                "custodian": keeper.keys.address,
                "nonce": word,
                "deadline": 1,
            },
            "signature": signature,
        },
        "/orders/5/log": {
            "message": {
                "reader": person.persona.address,
                "order": "5",
                "custodian": keeper.keys.address,
                "nonce": word,
                "deadline": 1,
            },
            "signature": signature,
            "after": 0,
        },
        "/log": {
            "message": {
                "listKey": list_key,
                "custodian": keeper.keys.address,
                "nonce": word,
                "deadline": 1,
            },
            "signature": signature,
            "after": 0,
        },
    }


def _is_refusal(answer: httpx.Response) -> bool:
    said = answer.json()
    return (
        400 <= answer.status_code < 500
        and set(said) == {"code", "message", "details"}
        and said["code"].startswith("E_")
        and said["code"] != "E_DEFECT"
        and "Traceback" not in answer.text
        and len(said["message"]) < 400
    )


def test_every_field_of_every_body(network: Network, person: Person, shared: Shared) -> None:
    keeper = network.keepers[0]
    with httpx.Client(base_url=keeper.url, trust_env=False) as http:
        described = http.get("/openapi.json").json()["paths"]
        bodies = _bodies(network, person, shared)
        posts = {path for path, methods in described.items() if "post" in methods}
        # One takes no body.
        assert len(posts) == len(bodies) + 1

        def refused(path: str, body: Any) -> None:
            answer = http.post(path, content=json.dumps(body).encode("utf-8", "surrogatepass"))
            # A value that is as good as the one before may be taken.
            assert answer.status_code == 200 or _is_refusal(answer), (path, body, answer.text)

        for path, body in bodies.items():
            for place in (None, "message"):
                if place is not None and place not in body:
                    continue
                for name in body if place is None else body["message"]:
                    for value in ("missing", *_NASTY):
                        changed = copy.deepcopy(body)
                        inner = changed if place is None else changed["message"]
                        if value == "missing":
                            del inner[name]
                        else:
                            inner[name] = value
                        refused(path, changed)
            refused(path, body | {"unknown\ud800": 1})
            for value in _NASTY:
                refused(path, value)
    assert keeper.process.is_running


def test_bodies_that_are_none(network: Network) -> None:
    with httpx.Client(base_url=network.keepers[0].url, trust_env=False) as http:
        for content in (b"", b"{", b"\xff\xfe", b"[" * 60_000, b'"' + b"x" * 60_000 + b'"'):
            assert _is_refusal(http.post("/list", content=content)), content[:10]
        big = b"x" * (1 << 20)
        answer = http.post("/list", content=big)
        assert (answer.status_code, answer.json()["code"]) == (413, "E_TOO_LARGE")
        answer = http.post("/release", content=iter([big[:40_000]] * 4))
        assert (answer.status_code, answer.json()["code"]) == (413, "E_TOO_LARGE")
        for path in ("/", "/lists/", "/heads/zz", "/orders/x/entry", "/docs", "/%00", "/heads/0x"):
            for method in ("GET", "POST", "PUT", "DELETE"):
                answer = http.request(method, path)
                assert _is_refusal(answer), (method, path, answer.text)


def test_many_that_never_finish_stop_nobody_else(network: Network) -> None:
    host, port = network.keepers[0].url.removeprefix("http://").split(":")
    open_ones = []
    for _ in range(20):
        one = socket.create_connection((host, int(port)))
        one.sendall(b"POST /list HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        open_ones.append(one)
    began = time.monotonic()
    with httpx.Client(base_url=network.keepers[0].url, trust_env=False) as http:
        assert http.get("/health").status_code == 200
    assert time.monotonic() - began < 5
    for one in open_ones:
        one.close()


@pytest.mark.parametrize(
    "name", [name.removesuffix("Message") for name in dir(_wire) if name.endswith("Message")]
)
def test_messages_are_the_typed_ones(name: str) -> None:
    fields = [field["name"] for field in TYPES[name].types[name]]
    assert list(getattr(_wire, f"{name}Message").model_fields) == fields


def test_key_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = CustodianKeys.make(tmp_path / "one")
    file = tmp_path / "one" / "custodian.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert CustodianKeys.read(tmp_path / "one").address == made.address
    assert made.store_key.hex() not in repr(made)
    file.chmod(0o640)
    with pytest.raises(KeyFileError, match="chmod 600"):
        CustodianKeys.read(tmp_path / "one")
    with pytest.raises(KeyFileError, match="not replaced"):
        CustodianKeys.make(tmp_path / "one")
    with pytest.raises(KeyFileError, match="init"):
        CustodianKeys.read(tmp_path / "none")
    file.chmod(0o600)
    file.write_text("{}")
    assert os.listdir(tmp_path / "one") == ["custodian.key"]
    status = main(
        [
            "serve",
            "--folder",
            str(tmp_path / "one"),
            "--rpc",
            "http://x",
            "--deployment",
            str(tmp_path / "none.json"),
        ]
    )
    assert status == 2
    assert "E_KEY_FILE_FORMAT" in capsys.readouterr().err
