"""A command that runs in this process, on a home of its own, without a terminal."""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass

import pytest

from aceso.cli import main
from aceso.devnet import Devnet, with_suite

PASSPHRASE = "a passphrase of the tests"
LOCALES = ("LC_ALL", "LC_MESSAGES", "LANG")


@dataclass(frozen=True)
class Run:
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def document(self):
        return json.loads(self.out)


@pytest.fixture(scope="session")
def network(tmp_path_factory):
    """One for all of these tests: a chain, an IPFS node and three custodians."""
    with Devnet.start(tmp_path_factory.mktemp("network"), stages=[with_suite()]) as started:
        yield started


@pytest.fixture
def clean(monkeypatch, tmp_path):
    """No setting of whoever runs the tests, and a passphrase."""
    for name in (*LOCALES, "ACESO_NETWORK", "ACESO_RELAYER_KEY", "ACESO_GATEWAY_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ACESO_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("ACESO_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def aceso(clean, monkeypatch):
    """Run `aceso` with these arguments; `typed` is what standard input holds."""

    def run(*arguments, typed=""):
        out, err = io.StringIO(), io.StringIO()
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        with redirect_stdout(out), redirect_stderr(err):
            code = main([str(one) for one in arguments])
        return Run(code, out.getvalue(), err.getvalue())

    return run
