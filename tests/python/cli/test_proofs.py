"""
a custodian that signed a false share
├── its proof is in the profile's folder when a command ends, for nobody else to read
├── standard error says where, in both languages
├── a complaint without proof, and a command without a profile, leave no file
└── a folder that can't be written is said, and ends no command
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest
from eth_account import Account

from aceso.cli import _words
from aceso.cli._session import Session
from aceso.custody import FalseShareProof, ProvenFalseShareError, Release
from aceso.signing import digest, domain_of
from aceso.vault import (
    Body,
    CapsuleContext,
    FalseShareError,
    PrivateKey,
    RecordKey,
    make_capsule,
)

DOMAIN = domain_of(31_337, "0x" + "11" * 20)


@pytest.fixture(scope="module")
def receiving():
    return PrivateKey.generate()


@pytest.fixture(scope="module")
def complaint(receiving):
    """Of a custodian that signed another share than its own."""
    accounts = [Account.create() for _ in range(2)]
    liar, record = accounts[0], os.urandom(32)
    capsule = make_capsule(
        CapsuleContext(chain_id=31_337, record_id=record, data_class=16, epoch=0, order=7),
        RecordKey(os.urandom(32), Body(os.urandom(32), 4124, 100)),
        custodians=[(one.address, PrivateKey.generate().public_key) for one in accounts],
        threshold=2,
        reader_key=receiving.public_key,
        owner_key=PrivateKey.generate().public_key,
    )
    request = {
        "subject": liar.address,
        "actor": liar.address,
        "grantee": bytes(32),
        "use": 1,
        "dataClass": 16,
        "recordId": record,
        "receivingKey": receiving.public_key.to_bytes(),
        "custodian": liar.address,
        "nonce": os.urandom(32),
        "deadline": 1_900_000_000,
    }
    asked = digest("ReleaseRequest", request, DOMAIN)
    release = Release.sign(
        liar, b"of nothing", request=asked, capsule=capsule.digest, domain=DOMAIN
    )
    proof = FalseShareProof(
        custodian=liar.address, request=request, capsule=capsule, release=release
    )
    return ProvenFalseShareError(FalseShareError(liar.address, "it does not open"), proof)


@pytest.fixture
def end(tmp_path):
    """End a command to which these complaints came; gives the profile's folder."""

    def run(*complaints, home="home", lang="en"):
        folder = tmp_path / home
        folder.mkdir(exist_ok=True)
        if home != "nobody":
            (folder / "profile.json").write_text("{}")
        session = Session()
        session.take({"home": str(folder)})
        session._opened_network = SimpleNamespace(complaints=complaints, close=lambda: None)
        _words.use(lang)
        try:
            session.close()
        finally:
            _words.use("en")
        return folder

    return run


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_its_proof_is_kept_and_said(end, complaint, receiving, capsys, lang):
    folder = end(complaint, lang=lang)

    (path,) = (folder / "false-shares").iterdir()
    shown = FalseShareProof.read(path.read_bytes())
    assert shown.check(receiving, DOMAIN)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    said = capsys.readouterr()
    assert not said.out
    assert str(path) in said.err and complaint.custodian in said.err
    assert ("증거" in said.err) is (lang == "ko")


def test_what_is_not_proven_leaves_no_file(end, complaint, capsys):
    unsigned = FalseShareError(complaint.custodian, "it does not open")

    for folder in (end(unsigned), end(complaint, home="nobody")):
        assert not (folder / "false-shares").exists()
    assert not capsys.readouterr().err


def test_a_proof_that_can_t_be_written_is_said(end, complaint, tmp_path, capsys):
    (tmp_path / "home").mkdir()
    Path(tmp_path / "home" / "false-shares").write_text("a file in its place")

    end(complaint)

    assert "can't be written" in capsys.readouterr().err
